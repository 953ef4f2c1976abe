//! GDAL as a judge of geometry: that it reads what is written here as it was meant, and that what it
//! writes is read here as it meant it. Its own PROJ judges the way between VN-2000 and WGS 84, by EPSG:6960 as
//! its own EPSG dataset has it.
//!
//! Records are made up from fixed seeds for a contract of its own, which has every kind of geometry in every
//! reference system, and for every shipped contract that has a geometry. A file is in one reference
//! system, because a layer of GDAL's is. What GDAL writes is read as a submission is: nothing that the
//! contract does not have may stand among a feature's properties.
//!
//! GDAL takes no help from our XML Schema: it wants features derived from GML's, and finds out by itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a step that fails fails the test"
)]

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use adapters::{Expect, Limits, Unknown};
use contracts::{
    Catalog, Contract, Document, Format,
    geometry::{COORD_REF_SYS, Crs, Geometry, Kind, position},
};
use serde_json::Value;
use support::tools;
use tempfile::TempDir;

const JUDGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gdal/judge.py");

/// A centimetre, in metres.
const CENTIMETRE: f64 = 0.01;
/// What a number may lose by being written with 15 digits: less than a micrometre.
const DIGITS: f64 = 1e-6;
/// Records of each kind, reference system and format.
const RECORDS: usize = 3;
/// Points for each reference system in each direction.
const POINTS: u64 = 400;

const MANIFEST: &str = r#"id = "hinh-hoc@1"
title = { vi = "Hình học", en = "Geometry" }
owner = "G06"
legal_basis = ["thử"]
status = "draft"
update = "monthly"
key = "MaSo"
[xml]
namespace = "urn:lienthong:dataset:hinh-hoc:1"
record = "Hinh"
collection = "DanhSachHinh"
"#;

/// The geometry has the name and the place that GDAL gives it.
const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
  "required": [PLACE "MaSo", "SoLuong"], "properties": {
    "geometryProperty": { "x-title": { "vi": "Hình", "en": "Geometry" }, "x-classification": "open", "type": "object",
      "x-geometry": { "types": [KIND], "crs": [CRS], "box": [101, 6, 118, 24] } },
    "MaSo": { "x-title": { "vi": "Mã", "en": "Code" }, "x-classification": "open", "type": "string",
      "pattern": "^[A-Z0-9]+$", "minLength": 1, "maxLength": 12 },
    "SoLuong": { "x-title": { "vi": "Số", "en": "Number" }, "x-classification": "open", "type": "integer",
      "minimum": 1, "maximum": 1000 }
  }
}"#;

/// A contract with geometries of one kind in one reference system, which every record has.
fn geometry_contract(kind: Kind, crs: Crs) -> Arc<Contract> {
    place_contract(kind, crs, true)
}

fn place_contract(kind: Kind, crs: Crs, required: bool) -> Arc<Contract> {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("catalog/hinh-hoc/v1");
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(folder.path().join("code-lists")).unwrap();
    let schema = SCHEMA.replace("KIND", &format!("{:?}", kind.name())).replace("CRS", &format!("\"{crs}\""));
    let schema = schema.replace("PLACE", if required { "\"geometryProperty\"," } else { "" });
    fs::write(home.join("contract.toml"), MANIFEST).unwrap();
    fs::write(home.join("schema.json"), schema).unwrap();
    let (catalog, _) = Catalog::load(folder.path()).unwrap_or_else(|faults| panic!("{faults:?}"));
    Arc::clone(catalog.contracts().next().unwrap())
}

/// Some records made up for a contract.
fn records(contract: &Contract) -> Vec<Document<'static>> {
    let specimens = contract.specimens();
    let records: Vec<_> = (0..100).filter_map(|seed| specimens.record(seed)).take(RECORDS).collect();
    assert_eq!(records.len(), RECORDS, "{}", contract.id());
    records
}

/// Files for GDAL, and what is in them.
struct Files {
    folder: TempDir,
    written: BTreeMap<String, Written>,
}

struct Written {
    contract: Arc<Contract>,
    format: Format,
    records: Vec<Document<'static>>,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), written: BTreeMap::new() }
    }

    fn put(&mut self, name: &str, format: Format, contract: &Arc<Contract>, records: &[Document<'static>]) {
        let mut bytes = Vec::new();
        adapters::write(format, &Document::List(records.to_vec()), contract, &mut bytes);
        let file = format!("{name}.{format}");
        fs::write(self.path().join(&file), bytes).unwrap();
        let written = Written { contract: Arc::clone(contract), format, records: records.to_vec() };
        self.written.insert(file, written);
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn judge(arguments: &[&str]) -> String {
    let output = Command::new(tools::python().unwrap()).arg(JUDGE).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What GDAL read in each file.
fn judged(files: &Files) -> BTreeMap<String, Value> {
    serde_json::from_str(&judge(&["read", files.path().to_str().unwrap()])).unwrap()
}

/// A record's first geometry.
fn geometry<'d>(contract: &Contract, record: &'d Document<'static>) -> Geometry<'d, 'static> {
    place(contract, record).unwrap()
}

/// A record's first geometry, where it has one.
fn place<'d>(contract: &Contract, record: &'d Document<'static>) -> Option<Geometry<'d, 'static>> {
    let place = record.as_record().unwrap().get(&contract.shape().main_geometry().unwrap().name)?;
    (*place != Document::Null).then(|| Geometry::of(place).unwrap())
}

/// The positions of a geometry, nested as they are, after `way`.
fn nested(coordinates: &Document<'_>, way: &dyn Fn([f64; 2]) -> [f64; 2]) -> Value {
    match position(coordinates) {
        Some(position) => serde_json::json!(way(position)),
        None => coordinates.as_list().unwrap().iter().map(|item| nested(item, way)).collect(),
    }
}

fn east_first(crs: Crs) -> impl Fn([f64; 2]) -> [f64; 2] {
    move |[first, second]| if crs.is_latitude_first() { [second, first] } else { [first, second] }
}

fn pair(value: &Value) -> Option<[f64; 2]> {
    match value.as_array()?.as_slice() {
        [first, second] => Some([first.as_f64()?, second.as_f64()?]),
        _ => None,
    }
}

/// How far apart two positions are, metres on the plane.
fn apart(one: [f64; 2], two: [f64; 2], degrees: bool) -> f64 {
    let (north, east) = match degrees {
        true => (111_320.0, 111_320.0 * one[1].to_radians().cos()),
        false => (1.0, 1.0),
    };
    ((one[0] - two[0]) * east).hypot((one[1] - two[1]) * north)
}

/// The largest distance between positions that correspond; nothing where they do not. A ring may run the
/// other way round: GeoJSON prescribes which.
fn farthest(one: &Value, two: &Value, degrees: bool) -> Option<f64> {
    if let (Some(one), Some(two)) = (pair(one), pair(two)) {
        return Some(apart(one, two, degrees));
    }
    let (one, two) = (one.as_array()?, two.as_array()?);
    let all = |two: &mut dyn Iterator<Item = &Value>| {
        one.iter().zip(two).try_fold(0.0_f64, |most, (one, two)| Some(most.max(farthest(one, two, degrees)?)))
    };
    let straight = all(&mut two.iter());
    let of_positions = one.iter().all(|item| pair(item).is_some());
    let least = match (straight, of_positions) {
        (Some(straight), true) => straight.min(all(&mut two.iter().rev())?),
        (straight, _) => straight?,
    };
    (one.len() == two.len()).then_some(least)
}

fn hold(name: &str, what: &str, expected: &Value, told: &Value, degrees: bool, within: f64) {
    let far = farthest(expected, told, degrees);
    assert!(far.is_some_and(|far| far <= within), "{name}, {what}: {far:?} m apart\n{expected}\n{told}");
}

#[test]
fn gdal_reads_what_is_written_here_as_it_was_meant() {
    let mut files = Files::new();
    for crs in Crs::all() {
        for kind in Kind::ALL.iter().copied() {
            let contract = geometry_contract(kind, crs);
            let records = records(&contract);
            for format in [Format::Gml, Format::GeoJson, Format::JsonFg] {
                let name = format!("{}-{}", kind.name(), crs.to_string().replace(':', "-"));
                files.put(&name, format, &contract, &records);
            }
        }
    }
    let told = judged(&files);
    assert_eq!(told.len(), files.written.len());
    for (name, written) in &files.written {
        judge_file(name, written, &told[name]);
    }
}

fn judge_file(name: &str, written: &Written, told: &Value) {
    let crs = geometry(&written.contract, &written.records[0]).crs;
    let in_file = if written.format == Format::GeoJson { Crs::CRS84 } else { crs };
    let said = told["crs"].as_str().unwrap_or_else(|| panic!("{name}: no reference system"));
    match in_file.epsg() {
        Some(code) => assert_eq!(said, format!("EPSG:{code}"), "{name}"),
        None => assert!(said.contains("CRS84") || said == "EPSG:4326", "{name}: {said}"),
    }
    assert_eq!(told["native"].as_array().unwrap().len(), written.records.len(), "{name}");
    for (index, record) in written.records.iter().enumerate() {
        let Some(geometry) = place(&written.contract, record) else {
            let told = (&told["native"][index], &told["wgs84"][index]);
            assert_eq!(told, (&Value::Null, &Value::Null), "{name}: a place where none was written");
            continue;
        };
        let wgs84 = nested(geometry.coordinates, &|position| crs.to_wgs84(position).unwrap());
        if written.format == Format::GeoJson {
            hold(name, "in the file", &wgs84, &told["native"][index], true, CENTIMETRE);
        } else {
            let native = nested(geometry.coordinates, &east_first(crs));
            hold(name, "in the file", &native, &told["native"][index], !crs.is_projected(), DIGITS);
        }
        hold(name, "moved to CRS84", &wgs84, &told["wgs84"][index], true, CENTIMETRE);
    }
}

#[test]
fn gdal_reads_the_shipped_contracts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let (catalog, _) = Catalog::load(&root.join("contracts")).unwrap();
    let (mut files, mut placeless) = (Files::new(), 0);
    for contract in catalog.contracts() {
        let Some(main) = contract.shape().main_geometry() else { continue };
        // GDAL would put a second geometry into the first.
        let is_other = |name: &str| {
            name != main.name
                && contract
                    .shape()
                    .field(&name.parse().unwrap())
                    .is_some_and(|field| matches!(field.form, contracts::Form::Geometry(_)))
        };
        let specimens = contract.specimens();
        let mut by_crs: BTreeMap<String, Vec<Document<'static>>> = BTreeMap::new();
        let mut nowhere: Vec<Document<'static>> = Vec::new();
        for mut record in (0..60).filter_map(|seed| specimens.record(seed)) {
            record.as_record_mut().unwrap().retain(|name, _| !is_other(name));
            match place(contract, &record).map(|place| place.crs) {
                Some(crs) => by_crs.entry(crs.to_string().replace(':', "-")).or_default().push(record),
                // Where a place need not be told, some have none.
                None => nowhere.push(record),
            }
        }
        placeless += nowhere.len();
        // GDAL learns a file's reference system from its first places.
        by_crs.values_mut().for_each(|records| records.extend(nowhere.first().cloned()));
        assert!(by_crs.len() > 5, "{}: various reference systems", contract.id());
        for (crs, records) in by_crs {
            for format in [Format::Gml, Format::GeoJson, Format::JsonFg] {
                files.put(&format!("{}-{crs}", contract.id().dataset), format, contract, &records);
            }
        }
    }
    assert!(placeless > 0, "no contract lets a place be left out");
    let told = judged(&files);
    assert!(!told.is_empty() && told.len() == files.written.len());
    for (name, written) in &files.written {
        judge_file(name, written, &told[name]);
    }
}

/// The ways in which the judge writes.
const WAYS: [&str; 7] =
    ["urn.gml", "url.gml", "short.gml", "older.gml", "rfc.geojson", "plain.geojson", "fg.jsonfg"];

#[test]
fn what_gdal_writes_is_read_as_it_meant_it() {
    let mut files = Files::new();
    for crs in ["CRS84", "EPSG:4326", "EPSG:4756", "EPSG:3405", "EPSG:5899", "EPSG:9218"] {
        let crs = Crs::all().find(|known| known.to_string() == crs).unwrap();
        for kind in Kind::ALL.iter().copied() {
            let contract = geometry_contract(kind, crs);
            let name = format!("{}-{}", kind.name(), crs.to_string().replace(':', "-"));
            files.put(&name, Format::Gml, &contract, &records(&contract));
        }
    }
    judged(&files);
    let out = tempfile::tempdir().unwrap();
    judge(&["write", files.path().to_str().unwrap(), out.path().to_str().unwrap()]);
    let (mut read, mut refused) = (0, 0);
    for (name, written) in &files.written {
        for way in WAYS {
            let file = out.path().join(format!("{}.{way}", name.trim_end_matches(".gml")));
            match read_again(&file, written, way) {
                Ok(()) => read += 1,
                Err(rule) => {
                    // `EPSG:4756` is written east first, and read so by some and north first by others.
                    // `OGC:CRS84` is a short form of a name that has no number.
                    let expected =
                        if name.contains("CRS84") { "srs-name-unknown" } else { "srs-name-ambiguous" };
                    assert_eq!((way, rule), ("short.gml", expected), "{}", file.display());
                    refused += 1;
                }
            }
        }
    }
    assert!(read >= 6 * 6 * 6 && refused > 0, "{read} read, {refused} refused");
}

/// The records of a file, read as what consumers submit.
fn submitted(file: &Path, contract: &Contract) -> Result<Vec<Document<'static>>, &'static str> {
    let bytes = fs::read(file).unwrap_or_else(|_| panic!("{} was not written", file.display()));
    let format: Format = file.extension().unwrap().to_str().unwrap().parse().unwrap();
    let (expect, unknown) = (Expect::Collection, Unknown::Keep);
    let reading = adapters::read(format, &bytes, contract, expect, unknown, &Limits::default());
    let document = reading.map_err(|unreadable| unreadable.rule)?.document.into_owned();
    Ok(document.as_list().unwrap().to_vec())
}

fn read_again(file: &Path, written: &Written, way: &str) -> Result<(), &'static str> {
    let format: Format = file.extension().unwrap().to_str().unwrap().parse().unwrap();
    let (contract, name) = (&written.contract, file.display().to_string());
    let again = submitted(file, contract)?;
    assert_eq!(again.len(), written.records.len(), "{name}");
    for (record, before) in again.iter().zip(&written.records) {
        let mut record = record.clone();
        contract.check(&record, 10).unwrap_or_else(|violations| panic!("{name}: {violations:?}"));
        let mut before = before.clone();
        let (one, two) = (geometry(contract, &before), geometry(contract, &record));
        assert_eq!((one.kind, one.crs), (two.kind, two.crs), "{name}");
        // Through GeoJSON it went to WGS 84 and back.
        let within = if format == Format::GeoJson { CENTIMETRE } else { DIGITS };
        let [one, two] = [one, two].map(|geometry| nested(geometry.coordinates, &east_first(geometry.crs)));
        let degrees = !geometry(contract, &before).crs.is_projected();
        hold(&name, way, &one, &two, degrees, within);
        for record in [&mut record, &mut before] {
            record.as_record_mut().unwrap().remove("geometryProperty");
        }
        let [record, before] = [&record, &before].map(|record| record.as_record().unwrap());
        assert_eq!(record.get("MaSo"), before.get("MaSo"), "{name}");
        // GDAL knows the number and not how it was written.
        let [one, two] = [record, before].map(|record| record.get("SoLuong").unwrap().as_number().unwrap());
        assert_eq!(one.compare(two), Ordering::Equal, "{name}");
    }
    Ok(())
}

#[test]
fn a_feature_that_gdal_writes_without_a_place_is_the_contracts_to_judge() {
    let crs = Crs::of_epsg(4756).unwrap();
    let mut files = Files::new();
    for required in [true, false] {
        let contract = place_contract(Kind::Point, crs, required);
        let mut records = records(&geometry_contract(Kind::Point, crs));
        records[1].as_record_mut().unwrap().remove("geometryProperty");
        files.put(&format!("required-{required}"), Format::Gml, &contract, &records);
    }
    let told = judged(&files);
    let out = tempfile::tempdir().unwrap();
    judge(&["write", files.path().to_str().unwrap(), out.path().to_str().unwrap()]);
    for (name, written) in &files.written {
        judge_file(name, written, &told[name]);
        let required = name.contains("true");
        for way in WAYS.iter().filter(|way| **way != "short.gml") {
            let file = out.path().join(format!("{}.{way}", name.trim_end_matches(".gml")));
            let again = submitted(&file, &written.contract).unwrap();
            let broken: Vec<_> = again
                .iter()
                .enumerate()
                .filter_map(|(index, record)| Some((index, written.contract.check(record, 10).err()?)))
                .flat_map(|(index, broken)| broken.into_iter().map(move |one| (index, one)))
                .map(|(index, one)| (index, one.rule.code(), one.path))
                .collect();
            let expected = (1, "required", "/geometryProperty".to_owned());
            assert_eq!(broken, Vec::from_iter(required.then_some(expected)), "{}", file.display());
            assert!(place(&written.contract, &again[1]).is_none(), "{}", file.display());
        }
    }
}

/// Ways to name a reference system, and whether GDAL knows them.
const FORMS: &[(&str, bool)] = &[
    ("urn:ogc:def:crs:EPSG::{}", true),
    ("urn:ogc:def:crs:EPSG:9.9.1:{}", true),
    ("urn:x-ogc:def:crs:EPSG:{}", true),
    ("http://www.opengis.net/def/crs/EPSG/0/{}", true),
    ("https://www.opengis.net/def/crs/EPSG/0/{}", false),
];

#[test]
fn every_form_of_srs_name_has_the_axis_order_that_gdal_gives_it() {
    let mut files = Files::new();
    let mut names = Vec::new();
    for code in [4326, 4756, 3405, 5899] {
        let crs = Crs::of_epsg(code).unwrap();
        let contract = geometry_contract(Kind::LineString, crs);
        let records = records(&contract);
        for (index, (form, gdal_knows)) in FORMS.iter().enumerate() {
            let name = format!("{code}-{index}");
            files.put(&name, Format::Gml, &contract, &records);
            let path: PathBuf = files.path().join(format!("{name}.gml"));
            let text = fs::read_to_string(&path).unwrap();
            let renamed = text.replace(&crs.uri(), &form.replace("{}", &code.to_string()));
            assert!(renamed != text || form.starts_with("http://"));
            // What is meant stays the same to us, whatever the form.
            let reading = adapters::read(
                Format::Gml,
                renamed.as_bytes(),
                &contract,
                Expect::Collection,
                Unknown::Reject,
                &Limits::default(),
            );
            let reading = reading.unwrap();
            let places = |records: &[Document<'_>]| -> Vec<Document<'static>> {
                let place = |record: &Document<'_>| {
                    record.as_record().unwrap().get("geometryProperty").unwrap().clone().into_owned()
                };
                records.iter().map(place).collect()
            };
            assert_eq!(places(reading.document.as_list().unwrap()), places(&records), "{name}");
            if *gdal_knows {
                fs::write(&path, renamed).unwrap();
                names.push(format!("{name}.gml"));
            } else {
                fs::remove_file(&path).unwrap();
            }
        }
    }
    let told = judged(&files);
    assert_eq!(told.len(), names.len());
    for name in names {
        judge_file(&name, &files.written[&name], &told[&name]);
    }
}

/// A point of Viet Nam's box for every number, spread evenly and without order.
fn point(index: u64) -> [f64; 2] {
    // The two-dimensional golden ratio's sequence.
    let part = |step: f64| (0.5 + step * (index + 1) as f64).fract();
    [101.0 + 17.0 * part(0.754_877_666_246_693), 6.0 + 18.0 * part(0.569_840_290_998_053)]
}

/// `points`, moved by PROJ as GDAL carries it.
fn moved(points: &[[f64; 2]], from: &str, to: &str) -> Vec<[f64; 2]> {
    let folder = tempfile::tempdir().unwrap();
    let features: Vec<Value> = points
        .iter()
        .map(|point| serde_json::json!({ "type": "Feature", "properties": {}, "geometry": { "type": "Point", "coordinates": point } }))
        .collect();
    let collection = serde_json::json!({ "type": "FeatureCollection", "features": features });
    fs::write(folder.path().join("points.geojson"), collection.to_string()).unwrap();
    let told: Value =
        serde_json::from_str(&judge(&["move", folder.path().to_str().unwrap(), from, to])).unwrap();
    told.as_array().unwrap().iter().map(|value| pair(value).unwrap()).collect()
}

#[test]
fn vn2000_and_wgs84_are_a_centimetre_apart_from_proj_at_most() {
    let points: Vec<_> = (0..POINTS).map(point).collect();
    let mut farthest = 0.0_f64;
    for crs in Crs::all().filter(|crs| !crs.is_wgs84()) {
        let (degrees, turned) = (!crs.is_projected(), east_first(crs));
        let there = moved(&points, "OGC:CRS84", &crs.to_string());
        for (point, proj) in points.iter().zip(&there) {
            let ours = turned(crs.of_wgs84(*point).unwrap());
            farthest = farthest.max(apart(ours, *proj, degrees));
        }
        let back = moved(&there, &crs.to_string(), "OGC:CRS84");
        for (there, proj) in there.iter().zip(&back) {
            let ours = crs.to_wgs84(turned(*there)).unwrap();
            farthest = farthest.max(apart(ours, *proj, true));
        }
        assert!(farthest <= CENTIMETRE, "{crs}: {farthest} m");
    }
    println!("at most {farthest:e} m");
    assert!(farthest > 0.0, "two implementations never agree to the last bit");
}

#[test]
fn json_fg_keeps_vn2000_digit_by_digit() {
    for crs in Crs::all() {
        let contract = geometry_contract(Kind::MultiPolygon, crs);
        for record in records(&contract) {
            let mut bytes = Vec::new();
            adapters::write(Format::JsonFg, &record, &contract, &mut bytes);
            let reading = adapters::read(
                Format::JsonFg,
                &bytes,
                &contract,
                Expect::Record,
                Unknown::Reject,
                &Limits::default(),
            );
            assert_eq!(reading.unwrap().document, record, "{crs}");
            let uri = record.as_record().unwrap().get("geometryProperty").unwrap();
            let uri = uri.as_record().unwrap().get(COORD_REF_SYS).and_then(Document::as_text);
            assert_eq!(uri.map(str::to_owned), crs.epsg().map(|_| crs.uri()));
        }
    }
}
