//! The catalogue's own examples, read from every format they stand in: good ones say the same in all of
//! them and pass their contract; bad ones are refused by the reader or by the contract.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use adapters::{Expect, Limits, Unknown};
use contracts::{Catalog, Contract, Document, Format};

const CONTRACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");

/// The formats that examples are given in; a file's extension is its format's name.
const FORMATS: [Format; 5] = [Format::Json, Format::Xml, Format::Gml, Format::GeoJson, Format::JsonFg];

#[test]
fn good_examples_say_the_same_in_every_format_and_pass() {
    let mut twins = BTreeSet::new();
    each_example("ok", |contract, path, bytes| {
        let name = path.display();
        let document =
            read(contract, path, bytes, Unknown::Reject).unwrap_or_else(|rule| panic!("{name}: {rule}"));
        for record in records(&document) {
            contract.check(record, 100).unwrap_or_else(|violations| panic!("{name}: {violations:?}"));
        }
        let has_geometry = contract.shape().main_geometry().is_some();
        for format in FORMATS.into_iter().filter(|format| has_geometry || !asks_for_geometry(*format)) {
            let again = said_after(format, contract, &document);
            // GeoJSON moves to WGS 84: it comes back as itself, not as it went.
            if format != Format::GeoJson {
                assert_eq!(again, said(&document), "{name} as {format}");
            }
            let twin = path.with_extension(format.as_str());
            let Ok(bytes) = fs::read(&twin) else { continue };
            let other = read(contract, &twin, &bytes, Unknown::Reject).unwrap();
            if format == Format::GeoJson {
                assert_eq!(said_after(Format::GeoJson, contract, &other), again, "{name}");
            } else if format_of(path) != Format::GeoJson {
                assert_eq!(said(&other), said(&document), "{name}");
            }
            if twin != path {
                twins.insert(format);
            }
        }
    });
    assert_eq!(twins.len(), FORMATS.len(), "examples stand in each format beside another");
}

#[test]
fn bad_examples_are_refused() {
    each_example("bad", |contract, path, bytes| {
        assert!(!refused(contract, path, bytes).is_empty(), "{} was accepted", path.display());
    });
}

/// Why a bad geometry is refused: by the reader where no tree could say it, else by the contract.
const REASONS: &[(&str, &[&str])] = &[
    ("co-thanh-phan-crs", &["geojson-crs"]),
    ("he-toa-do-chi-o-danh-sach", &["srs-name-missing"]),
    ("he-toa-do-da-huy", &["geometry-crs", "srs-name-deprecated"]),
    ("he-toa-do-khac", &["geometry-crs", "srs-name-unknown"]),
    ("he-toa-do-viet-tat", &["geometry-crs", "srs-name-ambiguous"]),
    ("hinh-hoc-la-cung-tron", &["gml-geometry"]),
    ("id-khac-ma-tram", &["feature-id"]),
    ("thieu-he-toa-do", &["srs-name-missing"]),
    ("vi-tri-co-do-cao", &["geometry-dimension"]),
    ("vi-tri-dao-truc", &["geometry-area"]),
    ("vi-tri-dao-truc-vn2000-dia-ly", &["geometry-area"]),
    ("vi-tri-dao-truc-vn2000-mui-3-do", &["geometry-area"]),
    ("vi-tri-khong-phai-so", &["type"]),
    ("vi-tri-la-duong", &["geometry-kind"]),
    ("vi-tri-ngoai-pham-vi", &["geometry-area"]),
    ("vi-tri-rong", &["geometry-empty"]),
    ("vong-khong-khep-kin", &["geometry-ring"]),
    ("vong-qua-ngan", &["geometry-ring-size"]),
    ("vong-rong", &["geometry-empty"]),
];

#[test]
fn a_bad_geometry_is_refused_for_its_own_reason_in_every_format() {
    let (mut seen, mut formats) = (BTreeSet::new(), BTreeSet::new());
    each_example("bad", |contract, path, bytes| {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let Some((name, reasons)) = REASONS.iter().find(|(name, _)| *name == stem) else { return };
        let told = refused(contract, path, bytes);
        assert_eq!(told.len(), 1, "{}: {told:?}", path.display());
        assert!(told.iter().all(|rule| reasons.contains(rule)), "{}: {told:?}", path.display());
        seen.insert(*name);
        formats.insert(format_of(path));
    });
    assert_eq!(seen.len(), REASONS.len(), "each reason has its example: {seen:?}");
    assert_eq!(formats.len(), FORMATS.len());
}

/// The rules that an example breaks.
fn refused(contract: &Contract, path: &Path, bytes: &[u8]) -> Vec<&'static str> {
    match read(contract, path, bytes, Unknown::Keep) {
        Err(rule) => vec![rule],
        Ok(document) => {
            let violations = records(&document).iter().filter_map(|record| contract.check(record, 100).err());
            violations.flatten().map(|violation| violation.rule.code()).collect()
        }
    }
}

fn each_example(kind: &str, mut try_one: impl FnMut(&Contract, &Path, &[u8])) {
    let (catalog, _) = Catalog::load(Path::new(CONTRACTS)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let contracts: Vec<Arc<Contract>> = catalog.contracts().cloned().collect();
    assert!(!contracts.is_empty(), "the catalogue is empty");
    for contract in contracts {
        let id = contract.id();
        let folder = format!("{CONTRACTS}/catalog/{}/v{}/examples/{kind}", id.dataset, id.version);
        for entry in fs::read_dir(&folder).unwrap_or_else(|_| panic!("{folder} is missing")) {
            let path = entry.unwrap().path();
            try_one(&contract, &path, &fs::read(&path).unwrap());
        }
    }
}

fn read<'a>(
    contract: &'a Contract,
    path: &Path,
    bytes: &'a [u8],
    unknown: Unknown,
) -> Result<Document<'a>, &'static str> {
    let limits = Limits::default();
    let reading = adapters::read(format_of(path), bytes, contract, Expect::Either, unknown, &limits);
    reading.map(|reading| reading.document).map_err(|unreadable| unreadable.rule)
}

/// What a document says when it has been written in `format` and read again.
fn said_after(format: Format, contract: &Contract, document: &Document<'_>) -> String {
    let mut bytes = Vec::new();
    adapters::write(format, document, contract, &mut bytes);
    let reading =
        adapters::read(format, &bytes, contract, Expect::Either, Unknown::Reject, &Limits::default());
    said(&reading.unwrap_or_else(|unreadable| panic!("{format}: {unreadable}")).document)
}

fn format_of(path: &Path) -> Format {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap();
    extension.parse().unwrap_or_else(|_| panic!("{}: not a format", path.display()))
}

fn asks_for_geometry(format: Format) -> bool {
    matches!(format, Format::Gml | Format::GeoJson | Format::JsonFg)
}

fn records<'d, 'a>(document: &'d Document<'a>) -> &'d [Document<'a>] {
    document.as_list().unwrap_or(std::slice::from_ref(document))
}

/// What a document says, members by name: JSON may give them in any order.
fn said(document: &Document<'_>) -> String {
    match document {
        Document::Record(record) => {
            let mut members: Vec<String> =
                record.iter().map(|(name, value)| format!("{name:?}:{}", said(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Document::List(items) => format!("[{}]", items.iter().map(said).collect::<Vec<_>>().join(",")),
        leaf => format!("{leaf:?}"),
    }
}
