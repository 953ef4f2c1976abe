use std::{path::Path, sync::LazyLock};

use contracts::{Catalog, Place};
use proptest::prelude::*;

use super::*;
use crate::json;

static CONTRACT: LazyLock<Arc<Contract>> = LazyLock::new(|| contract("nhiem-vu@1"));
/// Stations: they have a place.
static STATIONS: LazyLock<Arc<Contract>> = LazyLock::new(|| contract("tram-quan-trac-phong-xa@1"));

fn contract(id: &str) -> Arc<Contract> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let (catalog, _) = Catalog::load(&folder).unwrap();
    catalog.contract(&id.parse().unwrap()).unwrap().clone()
}

/// The records as JSON, then how it ended.
type Told = (Vec<String>, std::result::Result<(), (&'static str, Place)>);

fn told_by<'b>(mut records: Records, pieces: impl IntoIterator<Item = &'b [u8]>) -> Told {
    let mut pieces = pieces.into_iter();
    let (mut told, mut ended) = (Vec::new(), false);
    loop {
        match records.next() {
            Ok(Next::Record { index, document }) => {
                assert_eq!(index, told.len());
                let mut out = Vec::new();
                json::write(&document, &mut out);
                told.push(String::from_utf8(out).unwrap());
            }
            Ok(Next::More) => {
                assert!(!ended, "asks for more after the end");
                match pieces.next() {
                    Some(piece) => records.feed(piece),
                    None => {
                        ended = true;
                        records.end();
                    }
                }
            }
            Ok(Next::End) => return (told, Ok(())),
            Err(fault) => {
                assert_eq!(records.next().err().map(|again| again.rule), Some(fault.rule));
                return (told, Err((fault.rule, fault.place)));
            }
        }
    }
}

fn records(format: Format, limits: Limits) -> Records {
    Records::new(format, CONTRACT.clone(), Unknown::Keep, limits).unwrap().expecting(Expect::Either)
}

/// What a stream of stations says.
fn told_stations(format: Format, text: &str) -> Told {
    let records = Records::new(format, STATIONS.clone(), Unknown::Keep, Limits::default()).unwrap();
    told_by(records.expecting(Expect::Either), text.as_bytes().chunks(7))
}

fn told(format: Format, bytes: &[u8], piece: usize) -> Told {
    told_by(records(format, Limits::default()), bytes.chunks(piece.max(1)))
}

fn rule(format: Format, text: &str) -> &'static str {
    told(format, text.as_bytes(), usize::MAX).1.err().map_or("", |(rule, _)| rule)
}

/// A collection in the contract's namespace.
fn collection(content: &str) -> String {
    format!("<DanhSachNhiemVu xmlns=\"{}\">{content}</DanhSachNhiemVu>", CONTRACT.shape().namespace)
}

/// Every example of the dataset.
fn examples() -> Vec<(Format, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/catalog/nhiem-vu/v1/examples");
    let mut found = Vec::new();
    for kind in ["ok", "bad"] {
        for entry in std::fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => found.push((Format::Json, std::fs::read(&path).unwrap())),
                Some("xml") => found.push((Format::Xml, std::fs::read(&path).unwrap())),
                _ => {}
            }
        }
    }
    assert!(found.len() > 50);
    found
}

#[test]
fn every_example_reads_the_same_whole_and_in_pieces() {
    for (format, bytes) in examples() {
        let whole = told(format, &bytes, usize::MAX);
        for piece in [1, 7, 100] {
            assert_eq!(told(format, &bytes, piece), whole, "{}", String::from_utf8_lossy(&bytes));
        }
        let limits = Limits::default();
        match crate::read(format, &bytes, &CONTRACT, Expect::Either, Unknown::Keep, &limits) {
            Err(fault) => assert_eq!(whole.1, Err((fault.rule, fault.place))),
            Ok(reading) => {
                let records = match reading.document {
                    Document::List(records) => records,
                    record => vec![record],
                };
                let said = |record| {
                    let mut out = Vec::new();
                    json::write(record, &mut out);
                    String::from_utf8(out).unwrap()
                };
                assert_eq!(whole, (records.iter().map(said).collect(), Ok(())));
            }
        }
    }
}

#[test]
fn a_root_is_known_once_it_has_been_seen() {
    let mut one = records(Format::Json, Limits::default());
    assert_eq!(one.root(), None);
    one.feed(b" {\"MaSo\": 1");
    assert!(matches!(one.next(), Ok(Next::More)));
    assert_eq!(one.root(), Some(Root::Record));
    let mut looked = records(Format::Xml, Limits::default());
    assert_eq!(looked.look().unwrap(), None);
    looked.feed(collection("<NhiemVu/>").as_bytes());
    assert_eq!(looked.look().unwrap(), Some(Root::Collection));
    assert!(matches!(looked.next(), Ok(Next::Record { index: 0, .. })));
    looked = records(Format::Json, Limits::default());
    looked.feed(b"1");
    assert_eq!(looked.look().unwrap_err().rule, "wrong-root");
    let mut many = records(Format::Xml, Limits::default());
    many.feed(collection("").as_bytes());
    assert!(matches!(many.next(), Ok(Next::More)));
    assert_eq!(many.root(), Some(Root::Collection));
}

#[test]
fn what_surrounds_records_is_checked() {
    for (text, expected) in [
        ("", "not-well-formed"),
        (" ", "not-well-formed"),
        ("1", "wrong-root"),
        ("[", "not-well-formed"),
        ("[1 2]", "not-well-formed"),
        ("[{}", "not-well-formed"),
        ("[{},", "not-well-formed"),
        ("[{},]", "not-well-formed"),
        ("[,{}]", "not-well-formed"),
        ("[{}]]", "trailing-bytes"),
        ("[] []", "trailing-bytes"),
        ("{} ,", "trailing-bytes"),
        ("{", "not-well-formed"),
    ] {
        assert_eq!(rule(Format::Json, text), expected, "{text}");
    }
    for (text, expected) in [
        ("", "not-well-formed"),
        ("<a/>", "wrong-root"),
        ("<DanhSachNhiemVu/>", "wrong-namespace"),
        ("<!DOCTYPE a><a/>", "doctype"),
    ] {
        assert_eq!(rule(Format::Xml, text), expected, "{text}");
    }
    for (content, expected) in [
        ("", ""),
        (" <!-- không có gì --> ", ""),
        ("x", "mixed-content"),
        ("<NhiemVu/>x<NhiemVu/>", "mixed-content"),
        ("<La/>", "unknown-element"),
        ("</DanhSach>", "not-well-formed"),
        ("<?xml version='1.0'?>", "not-well-formed"),
        ("<NhiemVu xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil='true'/>", "nil"),
    ] {
        assert_eq!(rule(Format::Xml, &collection(content)), expected, "{content}");
        for after in ["<a/>", "x", "&amp;", "<![CDATA[]]>"] {
            let expected = if expected.is_empty() { "not-well-formed" } else { expected };
            assert_eq!(rule(Format::Xml, &format!("{}{after}", collection(content))), expected);
        }
    }
    assert_eq!(rule(Format::Xml, &format!("{}<!-- hết --> ", collection("<NhiemVu/>"))), "");
    for (text, expected) in [
        ("", ""),
        ("\n\n", ""),
        ("{}\r\n\n{}", ""),
        ("{} {}", "trailing-bytes"),
        ("{\n}", "not-well-formed"),
        ("{}\n[]\n", "wrong-root"),
        ("{\"a\":", "not-well-formed"),
    ] {
        assert_eq!(rule(Format::NdJson, text), expected, "{text}");
    }
}

#[test]
fn records_before_a_fault_are_given_and_its_place_is_the_streams() {
    let text = "\u{FEFF}[\n{\"MaSo\":\"ệ\"},\n  {\"MaSo\":\"ố\", 1}]";
    for piece in [1, 5, 1000] {
        let (told, end) = told(Format::Json, text.as_bytes(), piece);
        assert_eq!(told, [r#"{"MaSo":"ệ"}"#]);
        assert_eq!(end, Err(("not-well-formed", Place { line: 3, column: 16 })));
    }
    let text = collection("<NhiemVu><MaSo>ệ</MaSo></NhiemVu>\n<NhiemVu>\n  <MaSo>\u{1}</MaSo></NhiemVu>");
    for piece in [1, 5, 1000] {
        let (told, end) = told(Format::Xml, text.as_bytes(), piece);
        assert_eq!(told, [r#"{"MaSo":"ệ"}"#]);
        assert_eq!(end, Err(("control-character", Place { line: 3, column: 9 })));
    }
}

#[test]
fn limits_count_for_each_record() {
    let limits = Limits { nodes: 3, references: 2, ..Limits::default() };
    let record = "<NhiemVu><MaSo>&#65;&#66;</MaSo><TenNhiemVu/></NhiemVu>";
    let (told, end) =
        told_by(records(Format::Xml, limits.clone()), [collection(&record.repeat(50)).as_bytes()]);
    assert_eq!((told.len(), end), (50, Ok(())));
    let wide = collection(&format!("{record}<NhiemVu><MaSo/><TenNhiemVu/><LinhVuc/></NhiemVu>"));
    let (told, end) = told_by(records(Format::Xml, limits), [wide.as_bytes()]);
    assert_eq!((told.len(), end.map_err(|(rule, _)| rule)), (1, Err("too-many-nodes")));
}

#[test]
fn a_record_that_never_ends_is_stopped() {
    let limits = Limits { record: 1000, ..Limits::default() };
    let long = "x".repeat(300);
    let json = format!(
        "[{{\"MaSo\":\"{long}\"}},{{\"A\":\"{long}\",\"B\":\"{long}\",\"C\":\"{long}\",\"D\":\"{long}\"}}]"
    );
    let xml = collection(&format!(
        "<NhiemVu><MaSo>{long}</MaSo></NhiemVu><NhiemVu>{}</NhiemVu>",
        format!("<NoiDungChinh>{long}</NoiDungChinh>").repeat(4)
    ));
    let lines = format!("{{\"MaSo\":\"{long}\"}}\n{{\"A\":\"{long}{long}{long}{long}\"}}\n");
    for (format, text) in [(Format::Json, json), (Format::Xml, xml), (Format::NdJson, lines)] {
        for piece in [1, 64, 10_000] {
            let (told, end) = told_by(records(format, limits.clone()), text.as_bytes().chunks(piece));
            let rule = end.map_err(|(rule, _)| rule);
            assert_eq!((told.len(), rule), (1, Err("record-too-large")), "{format} {piece}");
        }
    }
}

#[test]
fn a_stream_that_comes_byte_by_byte_is_not_read_again_for_each_byte() {
    let text = format!("[{{\"MaSo\":\"{}\"}}]", "x".repeat(100_000));
    let mut records = records(Format::Json, Limits::default());
    let mut looks = 0;
    for byte in text.bytes() {
        looks += usize::from(records.window.cursor.is_ready(&records.window.text));
        assert!(matches!(records.next(), Ok(Next::More | Next::Record { .. })));
        records.feed(&[byte]);
    }
    assert!(looks < 60, "{looks}");
}

/// The beginning of a collection and, again and again, a record of it, in every format that is read.
fn endless() -> [(Format, String, String); 6] {
    let text = "ệ".repeat(500);
    let start = collection("").split("</").next().unwrap().to_owned();
    let space = &STATIONS.shape().namespace;
    let record = &STATIONS.shape().record;
    let gml = format!(
        "<gml:FeatureCollection xmlns:gml='http://www.opengis.net/gml/3.2' xmlns='{space}'><gml:featureMembers>"
    );
    let feature =
        format!("{{\"type\":\"Feature\",\"geometry\":null,\"properties\":{{\"Ten\":\"{text}\"}}}},");
    let features = "{\"type\":\"FeatureCollection\",\"features\":[".to_owned();
    [
        (Format::Json, "[".into(), format!("{{\"MaSo\":\"{text}\"}},")),
        (Format::Xml, start, format!("<NhiemVu><MaSo>{text}</MaSo></NhiemVu>")),
        (Format::NdJson, String::new(), format!("{{\"MaSo\":\"{text}\"}}\n")),
        (Format::Gml, gml, format!("<{record}><La>{text}</La></{record}>")),
        (Format::GeoJson, features.clone(), feature.clone()),
        (Format::JsonFg, features, feature),
    ]
}

#[test]
fn memory_does_not_grow_with_the_stream() {
    for (format, start, record) in endless() {
        let stations = matches!(format, Format::Gml | Format::GeoJson | Format::JsonFg);
        let contract = if stations { &STATIONS } else { &CONTRACT };
        let mut records =
            Records::new(format, Arc::clone(contract), Unknown::Keep, Limits::default()).unwrap();
        records.feed(start.as_bytes());
        let (mut most, mut seen) = (0, 0);
        for _ in 0..2000 {
            records.feed(record.as_bytes());
            while let Next::Record { .. } = records.next().unwrap() {
                seen += 1;
            }
            most = most.max(records.window.text.capacity());
        }
        assert!(seen >= 1999, "{format} {seen}");
        assert!(most < 16 * record.len(), "{format} {most}");
    }
}

#[test]
fn blanks_and_comments_without_end_are_stopped() {
    let limits = Limits { record: 1000, ..Limits::default() };
    for (format, start, _) in endless() {
        let stations = matches!(format, Format::Gml | Format::GeoJson | Format::JsonFg);
        let contract = if stations { &STATIONS } else { &CONTRACT };
        for endless in [" ", "<!-- -->", "\""] {
            let mut records =
                Records::new(format, Arc::clone(contract), Unknown::Keep, limits.clone()).unwrap();
            records.feed(start.as_bytes());
            let mut most = 0;
            let mut given = 0;
            while given < 5000 && records.next().is_ok() {
                records.feed(endless.as_bytes());
                most = most.max(records.window.text.capacity());
                given += 1;
            }
            assert!(most < 200_000, "{format} {endless} {most}");
        }
    }
}

#[test]
fn what_surrounds_features_is_checked() {
    let feature = r#"{"type":"Feature","geometry":null,"properties":{}}"#;
    for (text, records, expected) in [
        (r#" {"type":"FeatureCollection","features":[]} "#.to_owned(), 0, ""),
        (format!(r#"{{"features":[{feature}],"type":"FeatureCollection"}}"#), 1, ""),
        (
            format!(
                r#"{{"type":"FeatureCollection","bbox":[1,2],"features":[{feature},{feature}],"name":"x"}}"#
            ),
            2,
            "",
        ),
        (feature.to_owned(), 1, ""),
        (r#"{"geometry":null,"properties":null,"type":"Feature"}"#.to_owned(), 1, ""),
        (format!(r#"{{"features":[{feature}]}}"#), 1, "not-a-feature"),
        (format!(r#"{{"features":[{feature}],"type":"Feature"}}"#), 1, "not-a-feature"),
        (
            format!(r#"{{"type":"FeatureCollection","features":[{feature}],"features":[]}}"#),
            1,
            "duplicate-key",
        ),
        (
            format!(r#"{{"type":"FeatureCollection","features":[{feature}],"type":"FeatureCollection"}}"#),
            1,
            "duplicate-key",
        ),
        (r#"{"name":1,"name":1,"type":"FeatureCollection","features":[]}"#.to_owned(), 0, "duplicate-key"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature}"#), 1, "not-well-formed"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature}]"#), 1, "not-well-formed"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature},]}}"#), 1, "not-well-formed"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature} {feature}]}}"#), 1, "not-well-formed"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature}],}}"#), 1, "not-well-formed"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature}]}} 1"#), 1, "trailing-bytes"),
        (format!(r#"{{"type":"FeatureCollection","features":{feature}}}"#), 0, "not-a-feature"),
        (format!(r#"{{"type":"FeatureCollection","crs":{{}},"features":[{feature}]}}"#), 0, "geojson-crs"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature}],"crs":{{}}}}"#), 1, "geojson-crs"),
        (format!(r#"{{"type":"FeatureCollection","features":[{feature}],"la":1}}"#), 1, ""),
        (
            format!(r#"{{"type":"FeatureCollection","features":[{feature}],"properties":{{}}}}"#),
            1,
            "not-a-feature",
        ),
        (format!("[{feature}]"), 0, "wrong-root"),
        ("{}".to_owned(), 0, "not-a-feature"),
        (String::new(), 0, "not-well-formed"),
    ] {
        let (told, end) = told_stations(Format::GeoJson, &text);
        assert_eq!((told.len(), end.err().map_or("", |(rule, _)| rule)), (records, expected), "{text}");
    }
    let members: String = (0..100).map(|index| format!("\"m{index}\":1,")).collect();
    let flood = format!("{{{members}\"type\":\"FeatureCollection\",\"features\":[]}}");
    assert_eq!(told_stations(Format::GeoJson, &flood).1.unwrap_err().0, "too-many-nodes");
}

#[test]
fn a_reference_system_is_told_before_the_features_that_are_read_by_it() {
    let feature = r#"{"type":"Feature","place":{"type":"Point","coordinates":[587000,2325000]},"geometry":null,"properties":{}}"#;
    let reference = r#""coordRefSys":"http://www.opengis.net/def/crs/EPSG/0/3405""#;
    let before = format!(r#"{{"type":"FeatureCollection",{reference},"features":[{feature}]}}"#);
    let (told, end) = told_stations(Format::JsonFg, &before);
    assert!(told.len() == 1 && told[0].contains("EPSG/0/3405") && end.is_ok(), "{told:?} {end:?}");
    let behind = format!(r#"{{"type":"FeatureCollection","features":[{feature}],{reference}}}"#);
    assert_eq!(told_stations(Format::JsonFg, &behind).1.unwrap_err().0, "coord-ref-sys-late");
}

#[test]
fn features_stand_in_members_of_every_form() {
    let shape = STATIONS.shape();
    let (record, space) = (&shape.record, &shape.namespace);
    let one = format!("<{record}/>");
    for (content, records, expected) in [
        (format!("<gml:member>{one}</gml:member><gml:featureMember>{one}</gml:featureMember>"), 2, ""),
        (
            format!("<gml:featureMembers>{one} {one}</gml:featureMembers><gml:member>{one}</gml:member>"),
            3,
            "",
        ),
        (
            format!("<gml:boundedBy><x/></gml:boundedBy><gml:featureMembers/><gml:member>{one}</gml:member>"),
            1,
            "",
        ),
        (format!("<gml:featureMembers><!-- -->{one}<!-- --></gml:featureMembers> "), 1, ""),
        (
            format!(
                "<gml:featureMembers xmlns:m='{space}'><m:{record}></m:{record}>{one}</gml:featureMembers>"
            ),
            2,
            "",
        ),
        (String::new(), 0, ""),
        ("<gml:member/>".to_owned(), 0, "not-a-feature"),
        (format!("<gml:member>{one}{one}</gml:member>"), 0, "unknown-element"),
        (format!("<gml:member>{one}</gml:member><La/>"), 1, "unknown-element"),
        (format!("<gml:featureMembers>{one}<La/></gml:featureMembers>"), 1, "unknown-element"),
        (format!("<gml:featureMembers>{one}</gml:member>"), 1, "not-well-formed"),
        (format!("<gml:featureMembers>{one}x</gml:featureMembers>"), 1, "mixed-content"),
        (format!("<gml:featureMembers>{one}"), 1, "not-well-formed"),
    ] {
        let text = format!(
            "<gml:FeatureCollection xmlns:gml='http://www.opengis.net/gml/3.2' xmlns='{space}'>{content}</gml:FeatureCollection>"
        );
        let (told, end) = told_stations(Format::Gml, &text);
        assert_eq!((told.len(), end.err().map_or("", |(rule, _)| rule)), (records, expected), "{text}");
    }
}

#[test]
fn prefixes_declared_at_the_root_hold_in_every_record() {
    let namespace = &CONTRACT.shape().namespace;
    let text = format!(
        "<n:DanhSachNhiemVu xmlns:n='{namespace}' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'>
           <n:NhiemVu><n:MaSo>1</n:MaSo></n:NhiemVu>
           <NhiemVu xmlns='{namespace}'><MaSo>2</MaSo></NhiemVu>
           <n:NhiemVu><n:MaSo i:nil='1'/></n:NhiemVu></n:DanhSachNhiemVu>"
    );
    for piece in [1, 1000] {
        let (told, end) = told(Format::Xml, text.as_bytes(), piece);
        assert_eq!(told, [r#"{"MaSo":"1"}"#, r#"{"MaSo":"2"}"#, r#"{"MaSo":null}"#]);
        assert_eq!(end, Ok(()));
    }
    let unprefixed = text.replace("<NhiemVu xmlns", "<NhiemVu y");
    assert_eq!(rule(Format::Xml, &unprefixed), "unknown-element");
}

#[test]
fn a_collection_written_in_pieces_reads_as_it_was() {
    let (_, list) = examples()
        .into_iter()
        .find(|(format, bytes)| *format == Format::Json && bytes.starts_with(b"["))
        .unwrap();
    let limits = Limits::default();
    let list = crate::read(Format::Json, &list, &CONTRACT, Expect::Collection, Unknown::Keep, &limits);
    let list = list.unwrap().document;
    for format in [Format::Json, Format::Xml, Format::NdJson] {
        let mut collection = Collection::new(format, &CONTRACT, CONTRACT.shape()).unwrap();
        let mut out = Vec::new();
        collection.begin(&mut out);
        list.as_list().unwrap().iter().for_each(|record| collection.record(record, &mut out));
        collection.end(&mut out);
        let (read, end) = told(format, &out, 10);
        let mut expected = Vec::new();
        json::write(&list, &mut expected);
        assert_eq!((format!("[{}]", read.join(",")).into_bytes(), end), (expected, Ok(())), "{format}");
    }
    assert!(Collection::new(Format::Soap, &CONTRACT, CONTRACT.shape()).is_none());
}

#[test]
fn a_table_has_the_shapes_columns_whatever_a_record_has() {
    let mut collection = Collection::new(Format::Csv, &CONTRACT, CONTRACT.shape()).unwrap();
    let mut out = Vec::new();
    collection.begin(&mut out);
    let columns = out.iter().filter(|byte| **byte == b',').count();
    assert!(String::from_utf8_lossy(&out).contains(",ChuNhiem.HoVaTen,"));
    out.clear();
    collection.record(&Document::Record(contracts::Record::default()), &mut out);
    collection.end(&mut out);
    assert_eq!(out, format!("{}\r\n", ",".repeat(columns)).into_bytes());
}

#[test]
fn formats_are_streamed_exactly_where_they_are_said_to_be() {
    for format in Format::ALL {
        let records = Records::new(format, CONTRACT.clone(), Unknown::Keep, Limits::default());
        assert_eq!(records.is_some(), reads(format), "{format}");
        assert_eq!(
            Collection::new(format, &CONTRACT, CONTRACT.shape()).is_some(),
            writes(format),
            "{format}"
        );
    }
}

/// An example with some bytes changed, taken out or said twice.
fn mutated() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let example = prop::sample::select(examples());
    let odd = prop::sample::select(vec![
        &b"<"[..],
        b"&",
        b"]]>",
        b"\r",
        b"\xFF",
        b"\x01",
        b"<!-- -->",
        b"<![CDATA[",
        b"\"",
        b"\\",
        b"{",
        b"[",
        b",",
        b"</",
        b">",
        b"/>",
        b"e\xCC\x81",
        b"\xCC\x81",
        b"\xE1",
        b"<?p ?>",
        b"\\ud800",
        b" ",
        b"\n",
        b"1",
    ]);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, odd), 0..3);
    (example, changes).prop_map(|((format, mut bytes), changes)| {
        for (at, length, odd) in changes {
            let start = at.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, odd.iter().copied());
        }
        (format, bytes)
    })
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_it_says_the_same(
        (format, bytes) in mutated(),
        lines: bool,
        sizes in prop::collection::vec(0..300_usize, 0..40),
    ) {
        let format = if lines && format == Format::Json { Format::NdJson } else { format };
        let whole = told(format, &bytes, usize::MAX);
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for size in sizes {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(told_by(records(format, Limits::default()), pieces), whole.clone());
        prop_assert_eq!(told(format, &bytes, 1), whole);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, piece in 1..50_usize) {
        for format in Format::ALL.into_iter().filter(|format| reads(*format)) {
            let _ = told(format, &bytes, piece);
        }
    }

    #[test]
    fn a_mutated_document_breaks_the_same_rule_whole_and_as_a_stream((format, bytes) in mutated()) {
        let limits = Limits::default();
        let whole = crate::read(format, &bytes, &CONTRACT, Expect::Either, Unknown::Keep, &limits);
        let (_, end) = told(format, &bytes, 100);
        prop_assert_eq!(whole.is_ok(), end.is_ok(), "{:?} {:?}", whole.err(), end);
    }
}
