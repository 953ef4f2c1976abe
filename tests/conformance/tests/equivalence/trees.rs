//! The theorem: XML → tree → JSON → tree → XML is canonically identical, and so is every other way round.
//!
//! "Canonically" is said in three steps, from the strictest:
//!
//! 1. What our writers write comes back byte for byte, through any format and any number of them. The one
//!    thing that XML does not carry is an exponent, and an integer's point (`1.50e1` becomes `15.0`, and in an
//!    integer `5.0` becomes `5`): values are equal, and after the first XML digits are too.
//! 2. What others write is the same tree: other prefixes, quotes, references, CDATA, white space between
//!    elements, comments, notations of numbers, escapes, orders of members, NFD.
//! 3. Where Canonical XML 1.0 takes two documents for the same, xmllint says so of what came in and what
//!    goes out.

use std::{cmp::Ordering, collections::BTreeSet, fs, path::PathBuf, process::Command, sync::Arc};

use adapters::{
    Expect, Limits, Unknown, read,
    stream::{Next, Records},
    write,
};
use contracts::{
    Contract, Document, Form, Format, Record, RecordShape,
    geometry::{COORD_REF_SYS, Crs},
};

use super::{
    Chance, Contracts, specimen,
    wild::{self, Wildness},
};

/// Records tried of each contract made up, and of the others all together.
const MADE_UP: u64 = 80;
const TOTAL: usize = 1_000;

fn written(format: Format, document: &Document<'_>, contract: &Contract) -> Vec<u8> {
    let mut out = Vec::new();
    write(format, document, contract, &mut out);
    out
}

/// What is read from `bytes`, and whether they are faithful to it.
fn told(format: Format, bytes: &[u8], contract: &Contract) -> (Document<'static>, bool) {
    let limits = Limits::default();
    let read = read(format, bytes, contract, Expect::Either, Unknown::Reject, &limits);
    let reading = read.unwrap_or_else(|unreadable| {
        panic!("{}: {}: {}", contract.id(), unreadable.rule, String::from_utf8_lossy(bytes))
    });
    (reading.document.into_owned(), reading.faithful)
}

#[track_caller]
fn same(contract: &Contract, what: &str, one: &[u8], other: &[u8]) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(one == other, "{}: {what}\n{}\n{}", contract.id(), text(one), text(other));
}

/// The same values as XML has them.
fn in_xml(document: &Document<'_>, shape: &RecordShape) -> Document<'static> {
    let record = document.as_record().unwrap();
    let mut out = Record::with_capacity(record.len());
    for (name, value) in record.iter() {
        out.push(name.to_owned(), in_form(value, &shape.field(name).unwrap().1.form));
    }
    Document::Record(out)
}

fn in_form(value: &Document<'_>, form: &Form) -> Document<'static> {
    match (value, form) {
        (Document::Record(_), Form::Record(shape)) => in_xml(value, shape),
        (Document::List(items), Form::List(list)) => {
            Document::List(items.iter().map(|item| in_form(item, &list.item)).collect())
        }
        (Document::Number(number), form) => {
            let plain = wild::in_xml(number, form);
            assert_eq!(plain.compare(number), Ordering::Equal);
            Document::Number(plain)
        }
        (value, _) => value.clone().into_owned(),
    }
}

#[test]
fn what_is_written_in_one_format_comes_back_from_every_other() {
    let contracts = Contracts::load();
    let mut sights = BTreeSet::new();
    for contract in &contracts.all {
        let specimens = contract.specimens();
        for seed in 0..contracts.share(contract, MADE_UP, TOTAL) {
            let record = specimen(&specimens, contract, seed);
            see(&record, &contract.shape().root, &mut sights);
            round_trips(contract, &record);
        }
        let several: Vec<_> = (0..4).map(|seed| specimen(&specimens, contract, seed)).collect();
        collections(contract, several);
    }
    // What the theorem is about was there.
    let expected = [
        "absent",
        "null",
        "empty list",
        "empty text",
        "attribute",
        "text beside attributes",
        "unwrapped list",
        "record in a list",
        "trailing zero",
        "exponent",
        "beyond 64 bits",
        "outside the BMP",
        "carriage return",
        "white space first",
        "markup",
        "geometry",
        "geometry in VN-2000",
    ];
    assert_eq!(sights, BTreeSet::from(expected));
}

fn round_trips(contract: &Contract, record: &Document<'static>) {
    let plain = in_xml(record, &contract.shape().root);
    let (xml, json) = (written(Format::Xml, record, contract), written(Format::Json, record, contract));
    // XML → tree → JSON → tree → XML.
    let (from_xml, faithful) = told(Format::Xml, &xml, contract);
    assert_eq!(from_xml, plain, "{}", contract.id());
    assert!(faithful || contract.shape().has_geometry(), "{}: its own XML", contract.id());
    let as_json = written(Format::Json, &from_xml, contract);
    let (from_json, faithful) = told(Format::Json, &as_json, contract);
    assert_eq!(from_json, from_xml, "{}", contract.id());
    assert!(faithful, "{}: its own JSON", contract.id());
    same(contract, "XML by way of JSON", &xml, &written(Format::Xml, &from_json, contract));
    // JSON → tree → XML → tree → JSON.
    assert_eq!(&told(Format::Json, &json, contract).0, record, "{}", contract.id());
    same(contract, "JSON by way of XML", &written(Format::Json, &plain, contract), &as_json);
    assert_eq!(contract.check(record, 9), Ok(()), "{}", contract.id());
    assert_eq!(contract.check(&plain, 9), Ok(()), "{}", contract.id());
    if contract.shape().main_geometry().is_some() {
        by_way_of_features(contract, &plain, &xml);
    }
}

/// GML and JSON-FG lose nothing. GeoJSON knows one reference system and turns rings as its RFC asks.
fn by_way_of_features(contract: &Contract, record: &Document<'static>, xml: &[u8]) {
    for format in [Format::Gml, Format::JsonFg] {
        let bytes = written(format, record, contract);
        let (tree, _) = told(format, &bytes, contract);
        same(contract, format.as_str(), xml, &written(Format::Xml, &tree, contract));
        same(contract, format.as_str(), &bytes, &written(format, &tree, contract));
    }
    let geojson = written(Format::GeoJson, record, contract);
    let (tree, _) = told(Format::GeoJson, &geojson, contract);
    assert_eq!(contract.check(&tree, 9), Ok(()), "{}", contract.id());
    let without = |tree: &Document<'static>| {
        let mut tree = tree.clone();
        let is_geometry = |name: &str| {
            let field = contract.shape().root.field(name);
            field.is_some_and(|(_, field)| matches!(field.form, Form::Geometry(_)))
        };
        tree.as_record_mut().unwrap().retain(|name, _| !is_geometry(name));
        written(Format::Xml, &tree, contract)
    };
    same(contract, "GeoJSON, but for geometries", &without(record), &without(&tree));
    let takes_crs84 = contract.shape().walk().all(|field| match &field.form {
        Form::Geometry(form) => form.crs.contains(&Crs::CRS84),
        _ => true,
    });
    if takes_crs84 {
        let gml = written(Format::Gml, &tree, contract);
        let (again, _) = told(Format::Gml, &gml, contract);
        same(contract, "GeoJSON by way of GML", &geojson, &written(Format::GeoJson, &again, contract));
    }
}

/// Lists of none, one and several, read whole and as streams in odd pieces.
fn collections(contract: &Arc<Contract>, records: Vec<Document<'static>>) {
    for count in [0, 1, records.len()] {
        let plain: Vec<_> =
            records[..count].iter().map(|record| in_xml(record, &contract.shape().root)).collect();
        let document = Document::List(plain.clone());
        let (xml, json) =
            (written(Format::Xml, &document, contract), written(Format::Json, &document, contract));
        assert_eq!(told(Format::Xml, &xml, contract).0, document, "{}", contract.id());
        assert_eq!(told(Format::Json, &json, contract).0, document, "{}", contract.id());
        for (format, bytes) in [(Format::Xml, &xml), (Format::Json, &json)] {
            for size in [1, 7, 4096] {
                assert_eq!(streamed(contract, format, bytes, size), plain, "{}", contract.id());
            }
        }
    }
}

fn streamed(contract: &Arc<Contract>, format: Format, bytes: &[u8], size: usize) -> Vec<Document<'static>> {
    let mut records = Records::new(format, Arc::clone(contract), Unknown::Reject, Limits::default()).unwrap();
    let mut pieces = bytes.chunks(size);
    let mut found = Vec::new();
    loop {
        match records.next().unwrap() {
            Next::Record { document, .. } => found.push(document.into_owned()),
            Next::More => match pieces.next() {
                Some(piece) => records.feed(piece),
                None => records.end(),
            },
            Next::End => return found,
        }
    }
}

/// Notes what a record has of the things that conversions lose.
fn see(document: &Document<'_>, shape: &RecordShape, sights: &mut BTreeSet<&'static str>) {
    use contracts::NodeKind;
    let record = document.as_record().unwrap();
    for field in &shape.fields {
        let Some(value) = record.get(&field.name) else {
            sights.insert("absent");
            continue;
        };
        match field.xml.kind {
            NodeKind::Attribute => drop(sights.insert("attribute")),
            NodeKind::Text => drop(sights.insert("text beside attributes")),
            NodeKind::Element => {}
        }
        match (value, &field.form) {
            (Document::List(items), Form::List(list)) => {
                if items.is_empty() {
                    sights.insert("empty list");
                }
                if !list.wrapped {
                    sights.insert("unwrapped list");
                }
                for item in items {
                    if let Form::Record(inner) = &list.item {
                        sights.insert("record in a list");
                        see(item, inner, sights);
                    } else {
                        see_leaf(item, sights);
                    }
                }
            }
            (Document::Record(_), Form::Record(inner)) => see(value, inner, sights),
            (Document::Record(geometry), _) => {
                sights.insert("geometry");
                if geometry.get(COORD_REF_SYS).is_some() {
                    sights.insert("geometry in VN-2000");
                }
            }
            _ => see_leaf(value, sights),
        }
    }
}

fn see_leaf(value: &Document<'_>, sights: &mut BTreeSet<&'static str>) {
    match value {
        Document::Null => drop(sights.insert("null")),
        Document::Number(number) => {
            let text = number.as_str();
            if text.contains(['e', 'E']) {
                sights.insert("exponent");
            } else if text.contains('.') && text.ends_with('0') {
                sights.insert("trailing zero");
            }
            if text.len() > 20 {
                sights.insert("beyond 64 bits");
            }
        }
        Document::Text(text) => {
            let mut note = |is_so: bool, sight| is_so && sights.insert(sight);
            note(text.is_empty(), "empty text");
            note(text.contains('\r'), "carriage return");
            note(text.chars().any(|letter| u32::from(letter) > 0xFFFF), "outside the BMP");
            note(text.starts_with([' ', '\n']), "white space first");
            note(text.contains("<") && text.contains('&'), "markup");
        }
        Document::Bool(_) | Document::List(_) | Document::Record(_) => {}
    }
}

#[test]
fn what_others_write_is_the_same_tree() {
    let contracts = Contracts::load();
    for contract in &contracts.all {
        let mut chance = Chance::of(&contract.id().to_string());
        let specimens = contract.specimens();
        for seed in 0..contracts.share(contract, MADE_UP, TOTAL) {
            let record = specimen(&specimens, contract, seed);
            let xml = written(Format::Xml, &record, contract);
            let plain = std::str::from_utf8(&xml).unwrap();
            for wildness in [Wildness::Canonical, Wildness::Valid, Wildness::Decomposed] {
                let wild = wild::xml(&record, contract.shape(), plain, wildness, &mut chance);
                let (tree, _) = told(Format::Xml, &wild, contract);
                let shown = String::from_utf8_lossy(&wild);
                assert_eq!(tree, in_xml(&record, &contract.shape().root), "{}: {shown}", contract.id());
            }
            let decomposed = chance.once_in(2);
            let wild = wild::json(&record, decomposed, &mut chance);
            let (tree, _) = told(Format::Json, &wild, contract);
            same(contract, "JSON of others", &xml, &written(Format::Xml, &tree, contract));
        }
    }
}

/// Canonical XML 1.0, as xmllint has it, of files one after the other.
fn canonical(files: &[PathBuf]) -> Vec<u8> {
    let output = Command::new("xmllint").args(["--nonet", "--c14n"]).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn what_goes_out_is_canonically_what_came_in() {
    let contracts = Contracts::load();
    for contract in &contracts.all {
        let folder = contracts.folder.path().join(contract.id().to_string());
        fs::create_dir(&folder).unwrap();
        let mut chance = Chance::of(&contract.id().to_string());
        let specimens = contract.specimens();
        let (mut came, mut went, mut differ) = (Vec::new(), Vec::new(), false);
        for seed in 0..contracts.share(contract, MADE_UP / 4, TOTAL / 4) {
            let record = specimen(&specimens, contract, seed);
            let xml = written(Format::Xml, &record, contract);
            let plain = std::str::from_utf8(&xml).unwrap();
            let wild = wild::xml(&record, contract.shape(), plain, Wildness::Canonical, &mut chance);
            let json = written(Format::Json, &told(Format::Xml, &wild, contract).0, contract);
            let out = written(Format::Xml, &told(Format::Json, &json, contract).0, contract);
            differ |= wild != out;
            for (files, bytes, name) in [(&mut came, wild, "in"), (&mut went, out, "out")] {
                let file = folder.join(format!("{seed}-{name}.xml"));
                fs::write(&file, bytes).unwrap();
                files.push(file);
            }
        }
        let (before, after) = (canonical(&came), canonical(&went));
        if before != after {
            for (came, went) in came.iter().zip(&went) {
                let one = std::slice::from_ref;
                same(contract, "Canonical XML", &canonical(one(came)), &canonical(one(went)));
            }
        }
        assert!(differ, "{}: nothing was wild", contract.id());
    }
}
