use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Record, ViolationRule};

fn form(keyword: serde_json::Value) -> GeometryForm {
    GeometryForm::of_keyword(&keyword).unwrap()
}

fn any_kind() -> GeometryForm {
    form(json!({
        "types": ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"],
        "crs": ["CRS84", "EPSG:4326", "EPSG:4756", "EPSG:5897"], "box": [101, 6, 118, 24],
    }))
}

/// A JSON text as a tree.
fn tree(value: &serde_json::Value) -> Document<'static> {
    match value {
        serde_json::Value::Null => Document::Null,
        serde_json::Value::Bool(value) => Document::Bool(*value),
        serde_json::Value::Number(number) => Document::Number(Number::new(number.to_string()).unwrap()),
        serde_json::Value::String(text) => Document::Text(text.clone().into()),
        serde_json::Value::Array(items) => Document::List(items.iter().map(tree).collect()),
        serde_json::Value::Object(members) => {
            let mut record = Record::default();
            members.iter().for_each(|(name, value)| record.push(name.clone(), tree(value)));
            Document::Record(record)
        }
    }
}

/// The rules that a geometry breaks, each with its place.
fn broken(form: &GeometryForm, geometry: serde_json::Value) -> Vec<(ViolationRule, String)> {
    let geometry = tree(&geometry);
    let found: Vec<_> =
        form.broken(&geometry, 100).into_iter().map(|broken| (broken.rule, broken.path)).collect();
    assert_eq!(found.is_empty(), form.conforms(&geometry));
    found
}

#[test]
fn the_decisions_parameters_put_vn_2000_where_they_should() {
    let [longitude, latitude] = Crs::VN2000.to_wgs84([21.0285, 105.8542]).unwrap();
    assert!((latitude - 21.027_513_98).abs() < 1e-8, "{latitude}");
    assert!((longitude - 105.856_082_64).abs() < 1e-8, "{longitude}");
}

#[test]
fn a_zones_meridian_is_its_easting_of_half_a_million() {
    for (code, meridian) in [(3405, 105.0), (3406, 111.0), (5897, 105.0), (9207, 104.5), (5899, 107.75)] {
        let crs = Crs::of_epsg(code).unwrap();
        let geographic = Crs::VN2000.to_wgs84([16.0, meridian]).unwrap();
        let [easting, northing] = crs.of_wgs84(geographic).unwrap();
        assert!((easting - 500_000.0).abs() < 0.001, "{crs}: {easting}");
        assert!((1_768_000.0..1_770_000.0).contains(&northing), "{crs}: {northing}");
    }
}

#[test]
fn names_say_the_axis_order_or_are_refused() {
    let named = Crs::named;
    for (name, crs) in [
        ("urn:ogc:def:crs:EPSG::4326", Crs::WGS84),
        ("urn:ogc:def:crs:EPSG:6.9:4326", Crs::WGS84),
        ("urn:x-ogc:def:crs:EPSG:4326", Crs::WGS84),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", Crs::WGS84),
        ("https://www.opengis.net/def/crs/EPSG/9.9.1/4756", Crs::VN2000),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::CRS84),
        ("urn:ogc:def:crs:OGC::CRS84", Crs::CRS84),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Crs::CRS84),
        ("http://www.opengis.net/def/crs/OGC/0/CRS84", Crs::CRS84),
    ] {
        assert_eq!(named(name), Ok(crs), "{name}");
    }
    for name in ["EPSG:4326", "epsg:3405", "http://www.opengis.net/gml/srs/epsg.xml#4326", "CRS:84"] {
        assert_eq!(named(name), Err(UnknownCrs::Ambiguous), "{name}");
    }
    for code in 6956..=6959 {
        assert_eq!(named(&format!("urn:ogc:def:crs:EPSG::{code}")), Err(UnknownCrs::Deprecated), "{code}");
    }
    for name in [
        "",
        "urn:ogc:def:crs:EPSG::",
        "urn:ogc:def:crs:EPSG::0",
        "urn:ogc:def:crs:EPSG::+4326",
        "urn:ogc:def:crs:EPSG::4326:1",
        "urn:ogc:def:crs:EPSG:a:4326",
        "urn:ogc:def:crs:EPSG::3857",
        "urn:ogc:def:crs:EPSG::99999999999999999999",
        "http://www.opengis.net/def/crs/EPSG/4326",
        "http://example.org/4326",
        "đ4326",
    ] {
        assert_eq!(named(name), Err(UnknownCrs::Unknown), "{name}");
    }
    for crs in Crs::all() {
        assert_eq!((Crs::of_uri(&crs.uri()), named(&crs.uri())), (Some(crs), Ok(crs)));
    }
    assert_eq!(Crs::of_uri("http://www.opengis.net/def/crs/EPSG/0/04326"), None);
}

#[test]
fn sound_geometries_of_every_kind_pass() {
    let form = any_kind();
    let ring = json!([[105, 20], [106, 20], [106, 21], [105.0, 20.00]]);
    for (kind, coordinates) in [
        ("Point", json!([105.85, 21.03])),
        ("LineString", json!([[105, 20], [106, 20]])),
        ("Polygon", json!([ring])),
        ("MultiPoint", json!([[105, 20]])),
        ("MultiLineString", json!([[[105, 20], [106, 20]], [[105, 21], [106, 21]]])),
        ("MultiPolygon", json!([[ring], [ring, ring]])),
    ] {
        assert_eq!(broken(&form, json!({ "type": kind, "coordinates": coordinates })), [], "{kind}");
    }
    let place = |code: u32, position: serde_json::Value| {
        json!({ "type": "Point", "coordinates": position,
            "coordRefSys": format!("http://www.opengis.net/def/crs/EPSG/0/{code}") })
    };
    assert_eq!(broken(&form, place(4326, json!([21.03, 105.85]))), []);
    assert_eq!(broken(&form, place(4756, json!([21.03, 105.85]))), []);
    assert_eq!(broken(&form, place(5897, json!([588_800.5, 2_325_700]))), []);
}

#[test]
fn each_rule_is_told_at_its_place() {
    use ViolationRule as Rule;
    let form = any_kind();
    let one = |rule: Rule, path: &str| vec![(rule, path.to_owned())];
    let of = |kind: &str, coordinates: serde_json::Value| {
        broken(&form, json!({ "type": kind, "coordinates": coordinates }))
    };
    assert_eq!(
        of("Polygon", json!([[[105, 20], [106, 20], [106, 21], [105, 21]]])),
        one(Rule::GeometryRing, "/coordinates/0")
    );
    assert_eq!(
        of("Polygon", json!([[[105, 20], [106, 20], [105, 20]]])),
        one(Rule::GeometryRingSize, "/coordinates/0")
    );
    assert_eq!(
        of("Polygon", json!([[[105, 20], [106, 20], [105, 20], [105, 20]]])),
        one(Rule::GeometryRingSize, "/coordinates/0")
    );
    assert_eq!(
        of("MultiLineString", json!([[[105, 20], [106, 20]], [[105, 20], [105.0, 2e1]]])),
        one(Rule::GeometryCurve, "/coordinates/1")
    );
    assert_eq!(of("LineString", json!([[105, 20]])), one(Rule::GeometryCurve, "/coordinates"));
    assert_eq!(of("LineString", json!([])), one(Rule::GeometryEmpty, "/coordinates"));
    assert_eq!(of("MultiPolygon", json!([[]])), one(Rule::GeometryEmpty, "/coordinates/0"));
    assert_eq!(of("Polygon", json!([[]])), one(Rule::GeometryEmpty, "/coordinates/0"));
    assert_eq!(of("Point", json!([])), one(Rule::GeometryEmpty, "/coordinates"));
    assert_eq!(of("Point", json!([105, 21, 3])), one(Rule::GeometryDimension, "/coordinates"));
    assert_eq!(of("Point", json!([105])), one(Rule::GeometryDimension, "/coordinates"));
    assert_eq!(of("Point", json!([105, "21"])), one(Rule::Type, "/coordinates/1"));
    assert_eq!(of("Point", json!("105 21")), one(Rule::Type, "/coordinates"));
    assert_eq!(of("MultiPoint", json!([[105, 21], 3])), one(Rule::Type, "/coordinates/1"));
    assert_eq!(of("Point", json!([21, 105])), one(Rule::GeometryArea, "/coordinates"), "axes swapped");
    assert_eq!(of("Circle", json!([105, 21])), one(Rule::GeometryKind, "/type"));
    let huge = Document::List(vec![
        Document::Number(Number::new("1e999").unwrap()),
        Document::Number(Number::new("21").unwrap()),
    ]);
    let mut record = Record::default();
    record.push("type", Document::Text("Point".into()));
    record.push("coordinates", huge);
    assert_eq!(form.broken(&Document::Record(record), 9)[0].rule, Rule::GeometryArea);

    assert_eq!(broken(&form, json!({ "type": "Point" })), one(Rule::Required, "/coordinates"));
    assert_eq!(broken(&form, json!({ "coordinates": [105, 21] })), one(Rule::Required, "/type"));
    assert_eq!(
        broken(&form, json!({ "type": "Point", "coordinates": [105, 21], "bbox": [1, 2, 3, 4] })),
        one(Rule::UnknownField, "")
    );
    for crs in [
        json!("EPSG:4326"),
        json!("urn:ogc:def:crs:EPSG::4326"),
        json!("http://www.opengis.net/def/crs/EPSG/0/6956"),
        json!("http://www.opengis.net/def/crs/EPSG/0/9209"),
        json!("http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
        json!(4326),
    ] {
        assert_eq!(
            broken(&form, json!({ "type": "Point", "coordinates": [105, 21], "coordRefSys": crs })),
            one(Rule::GeometryCrs, "/coordRefSys"),
        );
    }
    let swapped = json!({ "type": "Point", "coordinates": [2_325_700, 588_800],
        "coordRefSys": "http://www.opengis.net/def/crs/EPSG/0/5897" });
    assert_eq!(broken(&form, swapped), one(Rule::GeometryArea, "/coordinates"));
}

#[test]
fn a_contract_takes_only_its_kinds_and_systems() {
    let form = form(json!({ "types": ["Point"], "crs": ["EPSG:3405"], "box": [101, 6, 118, 24] }));
    let found = broken(&form, json!({ "type": "LineString", "coordinates": [[105, 20], [106, 20]] }));
    let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, [ViolationRule::GeometryKind, ViolationRule::GeometryCrs]);
}

#[test]
fn a_flood_of_faults_is_told_up_to_the_limit() {
    let form = any_kind();
    let coordinates: Vec<_> = (0..10_000).map(|_| json!([0, 0])).collect();
    let geometry = tree(&json!({ "type": "MultiPoint", "coordinates": coordinates }));
    assert_eq!(form.broken(&geometry, 7).len(), 7);
}

#[test]
fn a_keyword_is_whole_or_a_fault() {
    let good = json!({ "types": ["Point"], "crs": ["CRS84"], "box": [101, 6, 118, 24] });
    assert!(GeometryForm::of_keyword(&good).is_some());
    for (member, value) in [
        ("types", json!([])),
        ("types", json!(["Point", "Point"])),
        ("types", json!(["GeometryCollection"])),
        ("types", json!("Point")),
        ("crs", json!([])),
        ("crs", json!(["EPSG:6956"])),
        ("crs", json!([4326])),
        ("crs", json!(["EPSG:0"])),
        ("box", json!([118, 6, 101, 24])),
        ("box", json!([101, 6, 118])),
        ("box", json!([101, 6, 118, 124])),
        ("more", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert!(GeometryForm::of_keyword(&bad).is_none(), "{bad}");
    }
}

#[test]
fn the_schema_written_out_shows_the_structure() {
    let mut schema = serde_json::Map::new();
    form(json!({ "types": ["Point", "Polygon"], "crs": ["EPSG:4756"], "box": [101, 6, 118, 24] }))
        .write_out(&mut schema);
    let validator = jsonschema::validator_for(&serde_json::Value::Object(schema.clone())).unwrap();
    let vn2000 = "http://www.opengis.net/def/crs/EPSG/0/4756";
    let judged = |kind: &str, coordinates: serde_json::Value, crs: Option<&str>| {
        let mut geometry = json!({ "type": kind, "coordinates": coordinates });
        if let Some(crs) = crs {
            geometry["coordRefSys"] = json!(crs);
        }
        validator.is_valid(&geometry)
    };
    assert!(judged("Point", json!([21, 105]), Some(vn2000)));
    assert!(judged("Polygon", json!([[[21, 105], [21, 106], [22, 106], [21, 105]]]), Some(vn2000)));
    assert!(!judged("Polygon", json!([21, 105]), Some(vn2000)));
    assert!(!judged("Point", json!([21, 105, 3]), Some(vn2000)));
    assert!(!judged("Point", json!([21, 105]), None), "the default is not among the contract's");
    assert!(!judged("LineString", json!([[21, 105], [22, 105]]), Some(vn2000)));
    take_back(&mut schema);
    assert!(schema.is_empty());
}

proptest! {
    #[test]
    fn there_and_back_is_the_same_to_far_below_a_millimetre(
        longitude in 102.0_f64..118.0, latitude in 6.0_f64..24.0,
    ) {
        for crs in Crs::all() {
            let there = crs.of_wgs84([longitude, latitude]).unwrap();
            let [east, north] = crs.to_wgs84(there).unwrap();
            let metres = 111_320.0 * (east - longitude).hypot(north - latitude);
            prop_assert!(metres < 0.001, "{crs}: {metres} m");
        }
    }

    #[test]
    fn no_position_makes_a_transformation_panic(first: f64, second: f64) {
        for crs in Crs::all() {
            if let Some([longitude, latitude]) = crs.to_wgs84([first, second]) {
                prop_assert!(longitude.abs() <= 180.0 && latitude.abs() <= 90.0);
            }
            let _ = crs.of_wgs84([first, second]);
        }
    }

    #[test]
    fn no_name_makes_a_panic(name in "\\PC{0,60}") {
        if let Ok(crs) = Crs::named(&name) {
            prop_assert_eq!(Crs::of_uri(&crs.uri()), Some(crs));
        }
    }
}

#[test]
fn specimens_are_sound() {
    let form = any_kind();
    let mut state = 7_u32;
    let mut below = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % limit
    };
    let mut kinds = std::collections::HashSet::new();
    for _ in 0..200 {
        let geometry = form.specimen(&mut below).unwrap();
        kinds.insert(Geometry::of(&geometry).unwrap().kind);
        assert!(form.conforms(&geometry), "{geometry:?}");
    }
    assert_eq!(kinds.len(), Kind::ALL.len());
}
