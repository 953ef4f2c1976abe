use contracts::{
    Bilingual, Classification, Field, Form, NodeKind, RecordShape, Shape, XmlName,
    geometry::{Area, Crs, GeometryForm, Kind},
};
use proptest::prelude::*;

use super::*;
use crate::{Expect, Limits, Unknown, json, sample};

/// A record with a text and a geometry of any kind.
fn shape() -> Shape {
    let field = |name: &str, form| Field {
        name: name.to_owned(),
        path: name.parse().unwrap(),
        form,
        required: false,
        nullable: true,
        xml: XmlName { kind: NodeKind::Element, name: name.to_owned() },
        classification: Classification::Open,
        title: Bilingual::new(name, name),
        code_list: None,
        identifier: None,
        dated_by: None,
    };
    let geometry = GeometryForm {
        kinds: Kind::ALL.to_vec(),
        crs: Crs::all().collect(),
        area: Area { west: 101.0, south: 6.0, east: 118.0, north: 24.0 },
    };
    Shape {
        namespace: "urn:tram".to_owned(),
        record: "Tram".to_owned(),
        collection: "DanhSachTram".to_owned(),
        root: RecordShape {
            fields: vec![field("MaSo", Form::Text), field("ViTri", Form::Geometry(Box::new(geometry)))],
            closed: true,
        },
    }
}

/// The geometry in `gml`, as JSON, or the rule that it breaks.
fn read_geometry(namespace: &str, gml: &str) -> Result<String, &'static str> {
    let shape = shape();
    let xml = format!(r#"<Tram xmlns="urn:tram" xmlns:gml="{namespace}"><ViTri>{gml}</ViTri></Tram>"#);
    let reading =
        crate::xml::read(xml.as_bytes(), &shape, Expect::Record, Unknown::Reject, &Limits::default());
    let reading = reading.map_err(|unreadable| unreadable.rule)?;
    assert!(!reading.faithful);
    let mut json = Vec::new();
    json::write(reading.document.as_record().unwrap().get("ViTri").unwrap(), &mut json);
    Ok(String::from_utf8(json).unwrap())
}

fn read_32(gml: &str) -> Result<String, &'static str> {
    read_geometry(GML_32, gml)
}

const SRS: &str = "srsName='urn:ogc:def:crs:EPSG::4326'";

fn said(kind: &str, coordinates: &str) -> Result<String, &'static str> {
    Ok(format!(
        r#"{{"type":"{kind}","coordinates":{coordinates},"coordRefSys":"http://www.opengis.net/def/crs/EPSG/0/4326"}}"#
    ))
}

#[test]
fn each_kind_is_read_with_its_digits() {
    let ring = "<gml:LinearRing><gml:posList>20 105 20 106.50 21e0 106 20 105</gml:posList></gml:LinearRing>";
    let numbers = "[[20,105],[20,106.50],[21e0,106],[20,105]]";
    let polygon = format!("<gml:exterior>{ring}</gml:exterior><gml:interior>{ring}</gml:interior>");
    for (kind, gml, coordinates) in [
        (
            "Point",
            format!("<gml:Point gml:id='a' {SRS}><gml:pos> 21.030\n+105.8 </gml:pos></gml:Point>"),
            "[21.030,105.8]".to_owned(),
        ),
        (
            "LineString",
            format!(
                "<gml:LineString {SRS}><gml:posList srsDimension='2'>20 105 21 106</gml:posList></gml:LineString>"
            ),
            "[[20,105],[21,106]]".to_owned(),
        ),
        (
            "LineString",
            format!(
                "<gml:LineString {SRS}><gml:pos>20 105</gml:pos><gml:pos>21 106</gml:pos></gml:LineString>"
            ),
            "[[20,105],[21,106]]".to_owned(),
        ),
        (
            "LineString",
            format!(
                "<gml:Curve {SRS}><gml:segments><gml:LineStringSegment interpolation='linear'><gml:posList>20 105 21 106</gml:posList></gml:LineStringSegment><gml:LineStringSegment><gml:posList>21 106 22 107</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>"
            ),
            "[[20,105],[21,106],[22,107]]".to_owned(),
        ),
        ("Polygon", format!("<gml:Polygon {SRS}>{polygon}</gml:Polygon>"), format!("[{numbers},{numbers}]")),
        (
            "Polygon",
            format!(
                "<gml:Surface {SRS}><gml:patches><gml:PolygonPatch>{polygon}</gml:PolygonPatch></gml:patches></gml:Surface>"
            ),
            format!("[{numbers},{numbers}]"),
        ),
        (
            "MultiPoint",
            format!(
                "<gml:MultiPoint {SRS}><gml:pointMember><gml:Point><gml:pos>20 105</gml:pos></gml:Point></gml:pointMember><gml:pointMembers><gml:Point {SRS}><gml:pos>21 106</gml:pos></gml:Point></gml:pointMembers></gml:MultiPoint>"
            ),
            "[[20,105],[21,106]]".to_owned(),
        ),
        (
            "MultiLineString",
            format!(
                "<gml:MultiCurve {SRS}><gml:curveMember><gml:LineString><gml:posList>20 105 21 106</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve>"
            ),
            "[[[20,105],[21,106]]]".to_owned(),
        ),
        (
            "MultiPolygon",
            format!(
                "<gml:MultiSurface {SRS}><gml:surfaceMember><gml:Polygon>{polygon}</gml:Polygon></gml:surfaceMember></gml:MultiSurface>"
            ),
            format!("[[{numbers},{numbers}]]"),
        ),
    ] {
        assert_eq!(read_32(&gml), said(kind, &coordinates), "{gml}");
        assert_eq!(read_geometry(GML_31, &gml), said(kind, &coordinates), "{gml}");
    }
}

#[test]
fn notations_that_gml_3_2_gave_up_are_read_in_3_1_only() {
    let ring =
        "<gml:LinearRing><gml:coordinates>20,105 20,106 21,106 20,105</gml:coordinates></gml:LinearRing>";
    let numbers = "[[20,105],[20,106],[21,106],[20,105]]";
    for (kind, gml, coordinates) in [
        (
            "Point",
            format!(
                "<gml:Point {SRS}><gml:coordinates decimal='.' cs=',' ts=' '>21.5,105</gml:coordinates></gml:Point>"
            ),
            "[21.5,105]".to_owned(),
        ),
        (
            "MultiPolygon",
            format!(
                "<gml:MultiPolygon {SRS}><gml:polygonMember><gml:Polygon><gml:outerBoundaryIs>{ring}</gml:outerBoundaryIs></gml:Polygon></gml:polygonMember></gml:MultiPolygon>"
            ),
            format!("[[{numbers}]]"),
        ),
    ] {
        assert_eq!(read_geometry(GML_31, &gml), said(kind, &coordinates), "{gml}");
        if kind == "Point" {
            assert_eq!(read_32(&gml), Err("gml-geometry"));
        }
    }
    let turned =
        format!("<gml:Point {SRS}><gml:coordinates decimal=','>21.5 105</gml:coordinates></gml:Point>");
    assert_eq!(read_geometry(GML_31, &turned), Err("gml-geometry"));
}

#[test]
fn a_reference_system_is_named_without_doubt_or_refused() {
    let point = |srs: &str| read_32(&format!("<gml:Point {srs}><gml:pos>21 105</gml:pos></gml:Point>"));
    assert_eq!(point(""), Err("srs-name-missing"));
    assert_eq!(point("srsName='EPSG:4326'"), Err("srs-name-ambiguous"));
    assert_eq!(point("srsName='http://www.opengis.net/gml/srs/epsg.xml#4326'"), Err("srs-name-ambiguous"));
    assert_eq!(point("srsName='urn:ogc:def:crs:EPSG::6957'"), Err("srs-name-deprecated"));
    assert_eq!(point("srsName='urn:ogc:def:crs:EPSG::3857'"), Err("srs-name-unknown"));
    assert_eq!(
        point("srsName='urn:ogc:def:crs:OGC:1.3:CRS84'"),
        Ok(r#"{"type":"Point","coordinates":[21,105]}"#.to_owned())
    );
    // Of two points the second is in no reference system: its neighbour's is not its own.
    let half = format!(
        "<gml:MultiPoint><gml:pointMember><gml:Point {SRS}><gml:pos>20 105</gml:pos></gml:Point></gml:pointMember>\
         <gml:pointMember><gml:Point><gml:pos>20 105</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint>"
    );
    assert_eq!(read_32(&half), Err("srs-name-missing"));
    let both = half.replace("<gml:Point>", "<gml:Point srsName='urn:ogc:def:crs:EPSG::4756'>");
    assert_eq!(read_32(&both), Err("srs-name-mixed"));
    let within = format!(
        "<gml:LineString {SRS}><gml:posList srsName='urn:ogc:def:crs:EPSG::4756'>20 105 21 106</gml:posList></gml:LineString>"
    );
    assert_eq!(read_32(&within), Err("srs-name-mixed"));
    let on_the_list =
        format!("<gml:LineString><gml:posList {SRS}>20 105 21 106</gml:posList></gml:LineString>");
    assert_eq!(read_32(&on_the_list), said("LineString", "[[20,105],[21,106]]"));
}

#[test]
fn what_is_no_simple_geometry_is_refused() {
    for (gml, rule) in [
        (String::new(), "gml-geometry"),
        ("<Point/>".to_owned(), "gml-geometry"),
        (format!("<gml:Solid {SRS}/>"), "gml-geometry"),
        (
            "<gml:Point xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='#a'/>".to_owned(),
            "unknown-attribute",
        ),
        (format!("<gml:Point {SRS}><gml:pos>1 2</gml:pos></gml:Point><gml:Point/>"), "repeated-element"),
        (
            format!("<gml:Point {SRS}><gml:pos>1 2</gml:pos><gml:pos>1 2</gml:pos></gml:Point>"),
            "gml-geometry",
        ),
        (format!("<gml:Curve {SRS}><gml:segments><gml:Arc/></gml:segments></gml:Curve>"), "gml-geometry"),
        (
            format!(
                "<gml:Curve {SRS}><gml:segments><gml:LineStringSegment interpolation='geodesic'/></gml:segments></gml:Curve>"
            ),
            "gml-geometry",
        ),
        (
            format!(
                "<gml:Curve {SRS}><gml:segments><gml:LineStringSegment><gml:posList>1 2 3 4</gml:posList></gml:LineStringSegment><gml:LineStringSegment><gml:posList>5 6 7 8</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>"
            ),
            "gml-geometry",
        ),
        (format!("<gml:Polygon {SRS}><gml:interior/></gml:Polygon>"), "order"),
        (format!("<gml:Point {SRS}>21 105</gml:Point>"), "mixed-content"),
        (format!("<gml:Point {SRS} srsDimension='9'><gml:pos>1 2</gml:pos></gml:Point>"), "gml-geometry"),
    ] {
        assert_eq!(read_32(&gml), Err(rule), "{gml}");
    }
}

#[test]
fn what_is_wrong_with_positions_reaches_the_contract() {
    let line = |attributes: &str, numbers: &str| {
        read_32(&format!(
            "<gml:LineString {SRS}><gml:posList {attributes}>{numbers}</gml:posList></gml:LineString>"
        ))
    };
    assert_eq!(line("", "1 2 x 4"), said("LineString", r#"[[1,2],["x",4]]"#));
    assert_eq!(line("", "1 2 3"), said("LineString", "[[1,2],[3]]"));
    assert_eq!(line("srsDimension='3'", "1 2 3 4 5 6"), said("LineString", "[[1,2,3],[4,5,6]]"));
    assert_eq!(line("", ""), said("LineString", "[]"));
    assert_eq!(line("", "NaN INF"), said("LineString", r#"[["NaN","INF"]]"#));
    assert_eq!(read_32(&format!("<gml:Point {SRS}/>")), said("Point", "[]"));
    assert_eq!(read_32(&format!("<gml:Polygon {SRS}/>")), said("Polygon", "[]"));
}

/// `srsDimension` says how numbers group, not what they are: a lie shows as positions of the wrong length.
#[test]
fn a_dimension_that_lies_shows_in_the_positions() {
    let line = |dimension: &str| {
        read_32(&format!(
            "<gml:LineString {SRS} srsDimension='{dimension}'><gml:posList>20 105 21 106</gml:posList></gml:LineString>"
        ))
    };
    assert_eq!(line("2"), said("LineString", "[[20,105],[21,106]]"));
    assert_eq!(line("3"), said("LineString", "[[20,105,21],[106]]"));
    for lie in ["0", "1", "-2", "4294967296", "18446744073709551616", "", "two", "2.0"] {
        assert_eq!(line(lie), Err("gml-geometry"), "{lie}");
    }
    let within = format!(
        "<gml:LineString {SRS} srsDimension='3'><gml:posList srsDimension='2'>20 105 21 106</gml:posList></gml:LineString>"
    );
    assert_eq!(read_32(&within), said("LineString", "[[20,105],[21,106]]"), "the nearest word counts");
}

#[test]
fn geometries_within_geometries_end_at_a_cap() {
    let nested = |levels: usize| {
        let open = "<gml:MultiSurface><gml:surfaceMember>".repeat(levels);
        let close = "</gml:surfaceMember></gml:MultiSurface>".repeat(levels);
        read_32(&format!(
            "<gml:MultiSurface {SRS}><gml:surfaceMember>{open}{close}</gml:surfaceMember></gml:MultiSurface>"
        ))
    };
    assert_eq!(nested(1), Err("gml-geometry"));
    assert_eq!(nested(100_000), Err("too-deep"));
}

/// A million positions in one ring end at the cap for one text, in separate elements at the one for values.
#[test]
fn positions_without_end_end_at_a_cap() {
    let line = |positions: String| read_32(&format!("<gml:LineString {SRS}>{positions}</gml:LineString>"));
    let list = "20 105 ".repeat(1_000_000);
    assert_eq!(line(format!("<gml:posList>{list}</gml:posList>")), Err("text-too-long"));
    assert_eq!(line("<gml:pos>20 105</gml:pos>".repeat(1_000_000)), Err("too-many-nodes"));
    let digits = "1".repeat(1_000);
    assert_eq!(line(format!("<gml:posList>{digits} 105</gml:posList>")), Err("number-too-long"));
}

/// Each feature is in its own reference system, and no feature lends its to another.
#[test]
fn a_collection_may_mix_reference_systems_and_a_geometry_may_not() {
    let shape = shape();
    let feature = |srs: &str| {
        format!("<t:Tram><t:ViTri><gml:Point {srs}><gml:pos>21 105</gml:pos></gml:Point></t:ViTri></t:Tram>")
    };
    let read_all = |features: [String; 2]| {
        let members =
            features.map(|feature| format!("<gml:featureMember>{feature}</gml:featureMember>")).concat();
        let gml = format!(
            "<gml:FeatureCollection xmlns:gml='{GML_32}' xmlns:t='urn:tram'>{members}</gml:FeatureCollection>"
        );
        let reading = read(gml.as_bytes(), &shape, Expect::Either, Unknown::Reject, &Limits::default());
        let mut json = Vec::new();
        json::write(&reading.map_err(|unreadable| unreadable.rule)?.document, &mut json);
        Ok(String::from_utf8(json).unwrap())
    };
    let mixed = read_all([feature(SRS), feature("srsName='urn:ogc:def:crs:EPSG::4756'")]).unwrap();
    assert!(mixed.contains("EPSG/0/4326") && mixed.contains("EPSG/0/4756"), "{mixed}");
    assert_eq!(read_all([feature(SRS), feature("")]), Err("srs-name-missing"));
}

#[test]
fn numbers_count_as_values_of_the_document() {
    let shape = shape();
    let many = "1 ".repeat(2_000);
    let xml = format!(
        r#"<Tram xmlns="urn:tram"><ViTri><g:LineString xmlns:g="{GML_32}" {SRS}><g:posList>{many}</g:posList></g:LineString></ViTri></Tram>"#
    );
    let limits = Limits { nodes: 1_000, ..Limits::default() };
    let unreadable = crate::xml::read(xml.as_bytes(), &shape, Expect::Record, Unknown::Drop, &limits);
    assert_eq!(unreadable.unwrap_err().rule, "too-many-nodes");
}

#[test]
fn features_come_in_collections_of_gml_and_wfs() {
    let shape = shape();
    let feature = format!(
        "<t:Tram gml:id='Tram.1'><gml:boundedBy><gml:Envelope srsName='EPSG:4326'/></gml:boundedBy><t:MaSo>A</t:MaSo>\
         <t:ViTri><gml:Point {SRS}><gml:pos>21 105</gml:pos></gml:Point></t:ViTri></t:Tram>"
    );
    let (wfs_2, wfs_1) = ("http://www.opengis.net/wfs/2.0", "http://www.opengis.net/wfs");
    let read_all = |root: &str, gml: &str, content: String| {
        let xml = format!(
            "<c:FeatureCollection xmlns:c='{root}' xmlns:gml='{gml}' xmlns:t='urn:tram' timeStamp='2026-01-01T00:00:00Z' numberMatched='2'>{content}</c:FeatureCollection>"
        );
        let reading = read(xml.as_bytes(), &shape, Expect::Either, Unknown::Reject, &Limits::default());
        reading.map(|reading| reading.document.as_list().unwrap().len()).map_err(|unreadable| unreadable.rule)
    };
    let bounds = "<gml:boundedBy><gml:Envelope srsName='urn:ogc:def:crs:EPSG::4326'><gml:lowerCorner>1 2</gml:lowerCorner></gml:Envelope></gml:boundedBy>";
    let two = |member: &str| {
        format!("{bounds}<c:{member}>{feature}</c:{member}><c:{member}>{feature}</c:{member}>")
    };
    assert_eq!(read_all(wfs_2, GML_32, two("member")), Ok(2));
    assert_eq!(read_all(GML_32, GML_32, two("featureMember")), Ok(2));
    assert_eq!(read_all(GML_31, GML_31, two("featureMember")), Ok(2));
    assert_eq!(read_all("urn:tram", GML_32, two("featureMember")), Ok(2));
    let many = format!("<gml:featureMembers>{feature}{feature}</gml:featureMembers>");
    assert_eq!(read_all(wfs_1, GML_31, many), Ok(2));
    assert_eq!(read_all(wfs_2, GML_32, String::new()), Ok(0));
    assert_eq!(read_all("urn:other", GML_32, two("member")), Err("wrong-namespace"));
    assert_eq!(read_all(wfs_2, GML_32, "<c:member/>".to_owned()), Err("not-a-feature"));
    assert_eq!(read_all(wfs_2, GML_32, "<c:truncatedResponse/>".to_owned()), Err("unknown-element"));
    assert_eq!(
        read_all(wfs_2, GML_32, format!("<c:member>{feature}{feature}</c:member>")),
        Err("unknown-element")
    );
    // A collection's bounds name a reference system; its features do not inherit it.
    let unnamed = format!("{bounds}<c:member>{}</c:member>", feature.replace(SRS, ""));
    assert_eq!(read_all(wfs_2, GML_32, unnamed), Err("srs-name-missing"));
}

#[test]
fn ids_tell_the_place_in_the_document_and_nothing_else() {
    let shape = shape();
    let json = br#"[{"MaSo":"A-1","ViTri":{"type":"MultiPoint","coordinates":[[105.10,21],[106,22]]}},
        {"ViTri":{"type":"Point","coordinates":[2325700,588800.50],"coordRefSys":"http://www.opengis.net/def/crs/EPSG/0/5897"}}]"#;
    let document = json::read(json, Expect::Either, &Limits::default()).unwrap().document;
    let mut gml = Vec::new();
    write(&document, &shape, &mut gml);
    assert_eq!(
        String::from_utf8(gml).unwrap(),
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><gml:FeatureCollection xmlns="urn:tram" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="c1">"#,
            r#"<gml:featureMember><Tram gml:id="r1"><MaSo>A-1</MaSo><ViTri><gml:MultiPoint gml:id="g1" srsName="http://www.opengis.net/def/crs/OGC/1.3/CRS84">"#,
            r#"<gml:pointMember><gml:Point gml:id="g1.1"><gml:pos>105.10 21</gml:pos></gml:Point></gml:pointMember>"#,
            r#"<gml:pointMember><gml:Point gml:id="g1.2"><gml:pos>106 22</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint></ViTri></Tram></gml:featureMember>"#,
            r#"<gml:featureMember><Tram gml:id="r2"><ViTri><gml:Point gml:id="g2" srsName="http://www.opengis.net/def/crs/EPSG/0/5897">"#,
            r#"<gml:pos>2325700 588800.50</gml:pos></gml:Point></ViTri></Tram></gml:featureMember></gml:FeatureCollection>"#,
        )
    );
}

proptest! {
    #[test]
    fn gml_written_and_read_again_is_equal((shape, document) in sample::shape_and_document()) {
        let mut bytes = Vec::new();
        write(&document, &shape, &mut bytes);
        let reading = read(&bytes, &shape, Expect::Either, Unknown::Reject, &Limits::default());
        let reading = reading.map_err(|unreadable| TestCaseError::fail(unreadable.to_string()))?;
        prop_assert_eq!(&reading.document, &document);
        let mut again = Vec::new();
        write(&reading.document, &shape, &mut again);
        prop_assert_eq!(&again, &bytes);
    }

    #[test]
    fn mutated_gml_never_panics(
        (shape, document) in sample::shape_and_document(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        let mut bytes = Vec::new();
        write(&document, &shape, &mut bytes);
        for (at, byte, change) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"<>&;'\"/=! []?:"[usize::from(byte) % 14]),
                _ => { bytes.remove(at); }
            }
        }
        for unknown in [Unknown::Keep, Unknown::Drop, Unknown::Reject] {
            let _ = read(&bytes, &shape, Expect::Either, unknown, &Limits::default());
        }
    }
}
