use std::{path::Path, sync::Arc};

use contracts::{Catalog, geometry::Geometry};
use proptest::prelude::*;

use super::*;
use crate::{Expect, Limits, Unknown, gml, json, sample, xml};
use contracts::{
    Contract, Document, Format,
    geometry::{Crs, position},
};

/// Monitoring stations: a place and, further in, an area.
fn stations() -> Arc<Contract> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let (catalog, _) = Catalog::load(&folder).unwrap();
    Arc::clone(catalog.contract(&"tram-quan-trac-phong-xa@1".parse().unwrap()).unwrap())
}

fn read_as<'a>(
    profile: Profile,
    text: &'a str,
    contract: &'a Contract,
) -> Result<Document<'a>, &'static str> {
    let reading =
        read(text.as_bytes(), contract, profile, Expect::Either, Unknown::Reject, &Limits::default());
    reading.map(|reading| reading.document).map_err(|unreadable| unreadable.rule)
}

fn written(profile: Profile, document: &Document<'_>, contract: &Contract) -> String {
    let mut out = Vec::new();
    write(document, contract, profile, &mut out);
    String::from_utf8(out).unwrap()
}

/// What stands in a record's member, as JSON.
fn member(document: &Document<'_>, name: &str) -> String {
    let mut out = Vec::new();
    json::write(document.as_record().unwrap().get(name).unwrap(), &mut out);
    String::from_utf8(out).unwrap()
}

const POINT: &str = r#"{"type":"Point","coordinates":[105.8560,21.02750]}"#;

fn feature(geometry: &str, more: &str) -> String {
    format!(r#"{{"type":"Feature","geometry":{geometry},"properties":{{"MaTram":"A"}}{more}}}"#)
}

#[test]
fn a_feature_is_the_record_with_its_place_outside() {
    let contract = stations();
    let text = feature(POINT, r#","id":"A","bbox":[1,2,3,4]"#);
    let document = read_as(Profile::GeoJson, &text, &contract).unwrap();
    let mut json = Vec::new();
    json::write(&document, &mut json);
    assert_eq!(String::from_utf8(json).unwrap(), format!(r#"{{"MaTram":"A","ViTri":{POINT}}}"#));
    assert_eq!(
        written(Profile::GeoJson, &document, &contract),
        format!(r#"{{"type":"Feature","id":"A","geometry":{POINT},"properties":{{"MaTram":"A"}}}}"#)
    );
}

#[test]
fn json_fg_says_the_reference_system_on_the_place_the_feature_or_the_collection() {
    let contract = stations();
    let place = |crs: &str| format!(r#"{{"type":"Point","coordinates":[21.0,105.8]{crs}}}"#);
    let named = |code: u32| format!(r#","coordRefSys":"http://www.opengis.net/def/crs/EPSG/0/{code}""#);
    let feature = |place: &str, more: &str| feature(POINT, &format!(r#","time":null,"place":{place}{more}"#));
    let expected = |code: u32| place(&named(code));
    for text in [feature(&place(&named(4756)), ""), feature(&place(""), &named(4756))] {
        assert_eq!(member(&read_as(Profile::JsonFg, &text, &contract).unwrap(), "ViTri"), expected(4756));
    }
    // Each feature of a collection is in its own, and the nearest word counts.
    let all = format!(
        r#"{{"type":"FeatureCollection"{},"features":[{},{},{}]}}"#,
        named(4756),
        feature(&place(""), ""),
        feature(&place(""), &named(4326)),
        feature("null", "")
    );
    let document = read_as(Profile::JsonFg, &all, &contract).unwrap();
    let told: Vec<_> = document.as_list().unwrap().iter().map(|record| member(record, "ViTri")).collect();
    assert_eq!(told, [expected(4756), expected(4326), POINT.to_owned()]);
    // GeoJSON has no place and no other reference system.
    for (text, rule) in [
        (feature(&place(""), ""), "beside-properties"),
        (super::tests::feature(POINT, &named(4756)), "geojson-crs"),
        (super::tests::feature(&place(&named(4756)), ""), "geojson-crs"),
    ] {
        assert_eq!(read_as(Profile::GeoJson, &text, &contract).err(), Some(rule), "{text}");
    }
}

#[test]
fn what_is_no_feature_of_the_contract_is_refused() {
    let contract = stations();
    let crs = |name: &str| format!(r#","crs":{{"type":"name","properties":{{"name":"{name}"}}}}"#);
    let within = |more: &str| format!(r#"{{"type":"Point","coordinates":[105.8,21]{more}}}"#);
    for (text, rule) in [
        ("[]".to_owned(), "wrong-root"),
        (r#"{"type":"Point","coordinates":[105.8,21]}"#.to_owned(), "not-a-feature"),
        (r#"{"type":"FeatureCollection"}"#.to_owned(), "not-a-feature"),
        (r#"{"type":"FeatureCollection","features":[1]}"#.to_owned(), "not-a-feature"),
        (r#"{"type":"Feature","properties":{}}"#.to_owned(), "not-a-feature"),
        (r#"{"type":"Feature","geometry":null}"#.to_owned(), "not-a-feature"),
        (feature(POINT, r#","TenTram":"A""#), "beside-properties"),
        (feature("null", &format!(r#","ViTri":{POINT}"#)), "beside-properties"),
        (feature("null", &format!(r#","place":{POINT}"#)), "beside-properties"),
        (feature(POINT, r#","coordinates":[105.8,21]"#), "not-a-feature"),
        (feature(POINT, r#","features":[]"#), "not-a-feature"),
        (r#"{"type":"FeatureCollection","features":[],"properties":{}}"#.to_owned(), "not-a-feature"),
        (feature(POINT, r#","id":"B""#), "feature-id"),
        (feature(POINT, r#","id":1"#), "feature-id"),
        (feature(POINT, &crs("urn:ogc:def:crs:EPSG::4756")), "geojson-crs"),
        (feature(POINT, &crs("EPSG:4326")), "geojson-crs"),
        (feature(POINT, r#","crs":null"#), "geojson-crs"),
        (feature(&within(&crs("urn:ogc:def:crs:EPSG::3405")), ""), "geojson-crs"),
        (
            feature(&within(r#","coordRefSys":"http://www.opengis.net/def/crs/EPSG/0/4756""#), ""),
            "geojson-crs",
        ),
        (
            format!(r#"{{"type":"Feature","geometry":{POINT},"properties":{{"ViTri":{POINT}}}}}"#),
            "not-a-feature",
        ),
    ] {
        assert_eq!(read_as(Profile::GeoJson, &text, &contract).err(), Some(rule), "{text}");
    }
    // What GDAL writes where it says nothing new.
    for name in ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84"] {
        let text = feature(&within(&crs(name)), &crs(name));
        let document = read_as(Profile::GeoJson, &text, &contract).unwrap();
        assert_eq!(member(&document, "ViTri"), r#"{"type":"Point","coordinates":[105.8,21]}"#);
    }
    let fg = |place: &str| feature(POINT, &format!(r#","place":{place}"#));
    assert_eq!(
        read_as(Profile::JsonFg, &feature(POINT, r#","time":{"date":"2026-01-01"}"#), &contract).err(),
        Some("beside-properties")
    );
    for (name, rule) in [
        ("EPSG:4756", "srs-name-ambiguous"),
        ("http://www.opengis.net/def/crs/EPSG/0/6957", "srs-name-deprecated"),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", "srs-name-unknown"),
    ] {
        let text = fg(&within(&format!(r#","coordRefSys":"{name}""#)));
        assert_eq!(read_as(Profile::JsonFg, &text, &contract).err(), Some(rule), "{name}");
    }
}

/// RFC 7946, 6.1, and what GDAL, QGIS and others write of themselves.
#[test]
fn what_is_foreign_to_the_standard_is_no_data_and_passed_over() {
    let contract = stations();
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}"#;
    let around = r#""name":"105.9999","description":"x","xy_coordinate_resolution":1E-9,"bbox":[1,2,3,4]"#;
    let beside = r#","id":"A","title":"x","la":{"sau":[1]},"place":null,"TenTram":null,"bbox":[1,2,3,4]"#;
    let plain = feature(POINT, "");
    let plain = read_as(Profile::GeoJson, &plain, &contract).unwrap();
    let text = format!(
        r#"{{"type":"FeatureCollection",{around},{crs},"features":[{}],"la":null}}"#,
        feature(POINT, beside)
    );
    for profile in [Profile::GeoJson, Profile::JsonFg] {
        for unknown in [Unknown::Keep, Unknown::Drop, Unknown::Reject] {
            let reading =
                read(text.as_bytes(), &contract, profile, Expect::Collection, unknown, &Limits::default());
            let reading = reading.unwrap();
            assert!(!reading.faithful, "it is not passed on");
            assert_eq!(reading.document.as_list().unwrap(), std::slice::from_ref(&plain), "{unknown:?}");
        }
    }
    // Within `properties` everything is data.
    let text = format!(r#"{{"type":"Feature","geometry":{POINT},"properties":{{"MaTram":"A","la":1}}}}"#);
    let document = read_as(Profile::GeoJson, &text, &contract).unwrap();
    let broken = contract.check(&document, 100).unwrap_err();
    assert!(broken.iter().any(|one| one.path == "/la" && one.rule.code() == "unknown-field"), "{broken:?}");
}

#[test]
fn what_is_wrong_in_a_collection_is_told_by_its_place_and_name() {
    let contract = stations();
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3405"}}"#;
    let good = feature(POINT, "");
    let around = |more: &str, second: &str| {
        format!("{{\"type\":\"FeatureCollection\",{more}\n\"features\":[{good},\n {second}]}}")
    };
    for (text, line, column, named) in [
        (around(&format!("\"name\":1,\n{crs},"), &good), 2, 1, "`crs`"),
        (around("", &feature(POINT, &format!(",{crs}"))), 3, 2, "`crs`"),
        (around("", &feature(POINT, r#","TenTram":"A""#)), 3, 2, "`TenTram`"),
        (around("", "7"), 3, 2, ""),
        (feature(POINT, &format!(",{crs}")), 1, 1, "`crs`"),
    ] {
        let read = |expect| {
            let unknown = Unknown::Keep;
            read(text.as_bytes(), &contract, Profile::GeoJson, expect, unknown, &Limits::default())
        };
        let told = read(Expect::Either).unwrap_err();
        assert_eq!((told.place.line, told.place.column), (line, column), "{text}");
        assert!(told.message.en.ends_with(named) && told.message.vi.ends_with(named), "{told}");
        if text.starts_with(r#"{"type":"FeatureCollection"#) {
            let told = read(Expect::Record).unwrap_err();
            assert_eq!((told.rule, told.place.line), ("wrong-root", 1));
        }
    }
}

/// What is wrong with the numbers reaches the contract, which tells the place; nothing panics on the way.
#[test]
fn hostile_coordinates_are_the_contracts_to_refuse() {
    let contract = stations();
    let ring = |positions: &str| format!(r#"{{"type":"Polygon","coordinates":[[{positions}]]}}"#);
    for (geometry, rule) in [
        (r#"{"type":"Point","coordinates":[1e50,-9e50]}"#.to_owned(), "geometry-area"),
        (r#"{"type":"Point","coordinates":["NaN","Infinity"]}"#.to_owned(), "type"),
        (r#"{"type":"Point","coordinates":[105.8,null]}"#.to_owned(), "type"),
        (r#"{"type":"Point","coordinates":[181,21]}"#.to_owned(), "geometry-area"),
        (r#"{"type":"Point","coordinates":[-180,21]}"#.to_owned(), "geometry-area"),
        (r#"{"type":"Point","coordinates":[[105.8,21]]}"#.to_owned(), "type"),
        (r#"{"type":"Point","coordinates":{"0":105.8}}"#.to_owned(), "type"),
        (r#"{"type":"Point","coordinates":[105.8]}"#.to_owned(), "geometry-dimension"),
        (r#"{"type":"GeometryCollection","geometries":[]}"#.to_owned(), "unknown-field"),
        (ring("[105,21],[106,21],[106,22],[105.0000000001,21]"), "geometry-kind"),
    ] {
        let text = feature(&geometry, "");
        let document = read_as(Profile::GeoJson, &text, &contract).unwrap();
        let told = contract.check(&document, 100).unwrap_err();
        let told: Vec<_> = told
            .iter()
            .filter(|violation| violation.path.starts_with("/ViTri"))
            .map(|violation| violation.rule.code())
            .collect();
        assert!(told.contains(&rule), "{geometry}: {told:?}");
        // A writer that is handed it all the same gives something that can be read.
        for profile in [Profile::GeoJson, Profile::JsonFg] {
            let again = written(profile, &document, &contract);
            json::read(again.as_bytes(), Expect::Either, &Limits::default()).unwrap();
        }
    }
    // What other formats could not write out is no number of ours.
    for number in ["1e400", "-1e999999999999"] {
        let text = feature(&format!(r#"{{"type":"Point","coordinates":[{number},21]}}"#), "");
        assert_eq!(read_as(Profile::GeoJson, &text, &contract).err(), Some("number-too-long"), "{number}");
    }
    for number in ["NaN", "Infinity", "-Infinity", "0x10", "1.", "+1"] {
        let text = feature(&format!(r#"{{"type":"Point","coordinates":[{number},21]}}"#), "");
        assert_eq!(read_as(Profile::GeoJson, &text, &contract).err(), Some("not-well-formed"), "{number}");
    }
}

#[test]
fn a_geometry_is_read_within_the_limits_of_any_document() {
    let contract = stations();
    let many = vec!["[105,21]"; 1_000_000].join(",");
    let text = feature(&format!(r#"{{"type":"LineString","coordinates":[{many}]}}"#), "");
    assert_eq!(read_as(Profile::GeoJson, &text, &contract).err(), Some("too-many-nodes"));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = feature(&format!(r#"{{"type":"MultiPolygon","coordinates":{deep}}}"#), "");
    assert_eq!(read_as(Profile::GeoJson, &text, &contract).err(), Some("too-deep"));
    let long = format!(r#"{{"type":"Point","coordinates":[105.{},21]}}"#, "0".repeat(1_000));
    assert_eq!(read_as(Profile::GeoJson, &feature(&long, ""), &contract).err(), Some("number-too-long"));
}

/// Neither a ring that crosses itself nor one without area has an orientation to mend.
#[test]
fn rings_that_touch_themselves_pass_as_they_are() {
    let contract = stations();
    for ring in [
        "[[105,21],[106,22],[106,21],[105,22],[105,21]]",
        "[[105,21],[106,21],[107,21],[105,21]]",
        "[[105,21],[106,21],[106,22],[105.5,21],[105,22],[105,21]]",
    ] {
        let text = format!(
            r#"{{"type":"Feature","geometry":{POINT},"properties":{{"VungBaoPhu":{{"type":"Polygon","coordinates":[{ring}]}}}}}}"#
        );
        let document = read_as(Profile::GeoJson, &text, &contract).unwrap();
        let broken = contract.check(&document, 100).unwrap_err();
        assert!(broken.iter().all(|violation| !violation.path.starts_with("/VungBaoPhu")), "{ring}");
        let again = written(Profile::GeoJson, &document, &contract);
        assert_eq!(read_as(Profile::GeoJson, &again, &contract).unwrap(), document, "{ring}");
    }
}

/// A position on the other side of the antimeridian is another position, not one nearby.
#[test]
fn nothing_wraps_around_the_antimeridian() {
    assert_eq!(Crs::CRS84.to_wgs84([180.0, 0.0]), Some([180.0, 0.0]));
    for far in [[180.000_001, 0.0], [-181.0, 0.0], [360.0 + 105.8, 21.0]] {
        assert_eq!(Crs::CRS84.to_wgs84(far), None, "{far:?}");
        assert_eq!(Crs::VN2000.of_wgs84(far), None, "{far:?}");
    }
    let far = Crs::of_epsg(5897).unwrap();
    assert_eq!(far.to_wgs84([40_075_017.0 + 500_000.0, 2_325_000.0]), None, "once around");
}

/// A geometry that was not released is in no format, nor what would tell of it.
#[test]
fn what_is_withheld_is_told_by_no_format() {
    let contract = stations();
    let provider = feature(POINT, r#","bbox":[105.8560,21.02750,105.8560,21.02750]"#);
    let mut document = read_as(Profile::GeoJson, &provider, &contract).unwrap();
    document.as_record_mut().unwrap().remove("ViTri");
    for document in [document.clone(), Document::List(vec![document])] {
        for format in Format::ALL.into_iter().filter(|format| crate::writes(*format)) {
            let mut out = Vec::new();
            crate::write(format, &document, &contract, &mut out);
            let text = String::from_utf8(out).unwrap();
            for telling in ["105", "21.0", "bbox", "nvelope", "boundedBy", "ViTri", "srsName", "coordRefSys"]
            {
                // A row names the columns of the shape that it is written by; a caller's has its own.
                let of_shape = format == Format::Csv && telling == "ViTri";
                assert!(of_shape || !text.contains(telling), "{format} tells `{telling}`: {text}");
            }
        }
    }
    // Of GML what stands around the geometry is passed over too.
    let feature = r#"<t:TramQuanTrac xmlns:t="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="x105" MaTram="A"><gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::4326"><gml:lowerCorner>21.02750 105.8560</gml:lowerCorner><gml:upperCorner>21.02750 105.8560</gml:upperCorner></gml:Envelope></gml:boundedBy></t:TramQuanTrac>"#;
    let limits = Limits::default();
    let reading =
        gml::read(feature.as_bytes(), contract.shape(), Expect::Record, Unknown::Reject, &limits).unwrap();
    assert!(!reading.faithful, "what is passed over is not passed on");
    let mut out = Vec::new();
    xml::write(&reading.document, contract.shape(), &mut out);
    assert!(!String::from_utf8(out).unwrap().contains("105"));
}

/// A place that is withheld leaves the area where it was: it does not become the place.
#[test]
fn another_geometry_does_not_take_the_place_of_one_that_is_not_there() {
    let contract = stations();
    let area = r#"{"type":"Polygon","coordinates":[[[105,21],[106,21],[106,22],[105,21]]]}"#;
    let text = format!(r#"{{"MaTram":"A","VungBaoPhu":{area}}}"#);
    let document = json::read(text.as_bytes(), Expect::Record, &Limits::default()).unwrap().document;
    assert_eq!(
        written(Profile::GeoJson, &document, &contract),
        format!(
            r#"{{"type":"Feature","id":"A","geometry":null,"properties":{{"MaTram":"A","VungBaoPhu":{area}}}}}"#
        )
    );
}

/// How far apart the geometries of two documents are, degrees of WGS 84; nothing where they differ otherwise.
fn apart(one: &Document<'_>, two: &Document<'_>) -> Option<f64> {
    let (one, two) = (Geometry::of(one)?, Geometry::of(two)?);
    fn walk(one: &Document<'_>, of: Crs, two: &Document<'_>, to: Crs) -> Option<f64> {
        if let (Some(one), Some(two)) = (position(one), position(two)) {
            let (one, two) = (of.to_wgs84(one)?, to.to_wgs84(two)?);
            return Some((one[0] - two[0]).abs().max((one[1] - two[1]).abs()));
        }
        let (one, two) = (one.as_list()?, two.as_list()?);
        let pairs = one.iter().zip(two);
        (one.len() == two.len()).then_some(())?;
        pairs.map(|(one, two)| walk(one, of, two, to)).try_fold(0.0, |most: f64, far| Some(most.max(far?)))
    }
    (one.kind == two.kind).then_some(())?;
    walk(one.coordinates, one.crs, two.coordinates, two.crs)
}

fn some_stations() -> impl Strategy<Value = (Arc<Contract>, Document<'static>)> {
    let contract = stations();
    let record = sample::record(&contract.shape().root);
    let document = prop_oneof![record.clone(), prop::collection::vec(record, 0..4).prop_map(Document::List),];
    document.prop_map(move |document| (Arc::clone(&contract), document))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn json_fg_written_and_read_again_is_equal((contract, document) in some_stations()) {
        let text = written(Profile::JsonFg, &document, &contract);
        let again = read_as(Profile::JsonFg, &text, &contract).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&again, &document);
        prop_assert_eq!(written(Profile::JsonFg, &again, &contract), text);
    }

    #[test]
    fn geojson_moves_each_position_to_wgs84_and_keeps_the_rest((contract, document) in some_stations()) {
        let text = written(Profile::GeoJson, &document, &contract);
        let again = read_as(Profile::GeoJson, &text, &contract).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&written(Profile::GeoJson, &again, &contract), &text);
        let records = |document: &Document<'static>| document.as_list().map_or(vec![document.clone()], <[_]>::to_vec);
        for (before, after) in records(&document).iter().zip(&records(&again.into_owned())) {
            let (before, after) = (before.as_record().unwrap(), after.as_record().unwrap());
            for (name, value) in before.iter() {
                let now = after.get(name).unwrap();
                if let Some(geometry) = Geometry::of(value) {
                    prop_assert!(apart(value, now).is_some_and(|far| far < 1e-9), "{name}");
                    prop_assert!(geometry.crs != Crs::CRS84 || value == now, "digits stay");
                } else {
                    prop_assert_eq!(value, now);
                }
            }
        }
    }

    #[test]
    fn mutated_features_never_panic(
        (contract, document) in some_stations(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        for profile in [Profile::GeoJson, Profile::JsonFg] {
            let mut bytes = written(profile, &document, &contract).into_bytes();
            for (at, byte, change) in &changes {
                let at = at.index(bytes.len());
                match change {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, b"[]{},:\"0"[usize::from(*byte) % 8]),
                    _ => { bytes.remove(at); }
                }
            }
            for unknown in [Unknown::Keep, Unknown::Drop, Unknown::Reject] {
                let limits = Limits::default();
                if let Ok(reading) = read(&bytes, &contract, profile, Expect::Either, unknown, &limits) {
                    let records = reading.document.as_list().unwrap_or(std::slice::from_ref(&reading.document));
                    records.iter().for_each(|record| drop(contract.check(record, 10)));
                    written(profile, &reading.document, &contract);
                }
            }
        }
    }

    /// The way to VN-2000 and back, whatever number stands there.
    #[test]
    fn any_number_is_somewhere_or_nowhere(first in any::<f64>(), second in any::<f64>()) {
        for crs in Crs::all() {
            for place in [crs.to_wgs84([first, second]), crs.of_wgs84([first, second])].into_iter().flatten() {
                prop_assert!(place.iter().all(|number| number.is_finite()));
            }
        }
    }
}
