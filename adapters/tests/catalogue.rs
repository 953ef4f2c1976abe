//! The catalogue's own examples, tried ([`adapters::examples`]): good ones say the same in all formats they
//! stand in and pass their contract; bad ones are refused by the reader or by the contract. And what the
//! trying itself finds in a contract that is not as it should be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use adapters::examples::{self, FORMATS, Kind, Problem, Tried};
use contracts::Catalog;

const CONTRACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");

/// The examples of the whole catalogue.
fn all() -> Vec<Tried> {
    let (catalog, _) = Catalog::load(Path::new(CONTRACTS)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let tried = |contract: &contracts::Contract| {
        let id = contract.id();
        let folder = PathBuf::from(format!("{CONTRACTS}/catalog/{}/v{}", id.dataset, id.version));
        let (mut tried, faults) = examples::tried(contract, &folder);
        assert!(faults.is_empty(), "{id}: {faults:?}");
        for example in &mut tried {
            example.file = Path::new(&*id.to_string()).join(&example.file);
        }
        tried
    };
    catalog.contracts().flat_map(|contract| tried(contract)).collect()
}

fn stem(example: &Tried) -> &str {
    example.file.file_stem().unwrap().to_str().unwrap()
}

fn ending(example: &Tried) -> &str {
    example.file.extension().unwrap().to_str().unwrap()
}

#[test]
fn every_example_is_what_its_folder_says() {
    let all = all();
    let wrong: Vec<_> = all.iter().filter(|example| !example.problems.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(all.iter().all(|example| (example.kind == Kind::Bad) == (example.reasons.len() == 1)));
    let mut twins: BTreeMap<PathBuf, BTreeSet<&str>> = BTreeMap::new();
    for example in all.iter().filter(|example| example.kind == Kind::Good) {
        twins.entry(example.file.with_extension("")).or_default().insert(ending(example));
    }
    let in_several: BTreeSet<&str> =
        twins.values().filter(|endings| endings.len() > 1).flatten().copied().collect();
    assert_eq!(in_several.len(), FORMATS.len(), "examples stand in each format beside another");
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
    for example in all().iter().filter(|example| example.kind == Kind::Bad) {
        let Some((name, reasons)) = REASONS.iter().find(|(name, _)| *name == stem(example)) else { continue };
        assert_eq!(example.reasons.len(), 1, "{example:?}");
        assert!(example.reasons.iter().all(|reason| reasons.contains(&reason.rule)), "{example:?}");
        seen.insert(*name);
        formats.insert(ending(example).to_owned());
    }
    assert_eq!(seen.len(), REASONS.len(), "each reason has its example: {seen:?}");
    assert_eq!(formats.len(), FORMATS.len());
}

#[test]
fn an_example_that_is_none_is_told_for_what_it_is() {
    let (catalog, _) = Catalog::load(Path::new(CONTRACTS)).unwrap();
    let contract = catalog.contract(&"nhiem-vu@1".parse().unwrap()).unwrap();
    let own = PathBuf::from(format!("{CONTRACTS}/catalog/nhiem-vu/v1/examples"));
    let good = fs::read_to_string(own.join("ok/toi-thieu.json")).unwrap();
    let xml = fs::read_to_string(own.join("ok/da-ung-dung.xml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let put = |file: &str, text: &str| {
        let file = folder.path().join("examples").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let rules = || {
        let faults = examples::tried(contract, folder.path()).1;
        faults
            .iter()
            .map(|fault| (fault.rule, fault.file.file_name().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(rules(), [("no-example", "ok".into()), ("no-example", "bad".into())]);
    put("ok/tot.json", &good);
    put("ok/tot.xml", &xml);
    put("ok/sai.json", "{ \"MaSo\": 7 }");
    put("ok/hong.json", "{ \"MaSo\":");
    put("ok/ghi-chu.txt", "x");
    put("ok/.an", "x");
    assert_eq!(rules(), [("no-example", "bad".into())]);
    put("bad/tot.json", &good);
    put("bad/nhieu.json", "{ \"MaSo\": 7 }");
    put("bad/hong.json", "{ \"MaSo\":");
    let (tried, faults) = examples::tried(contract, folder.path());
    assert!(faults.is_empty(), "{faults:?}");
    let told: Vec<_> = tried
        .iter()
        .map(|example| (example.file.to_str().unwrap(), example.problems.as_slice(), example.reasons.len()))
        .collect();
    let several = tried.iter().find(|example| example.file.ends_with("ok/sai.json")).unwrap().reasons.len();
    assert!(several > 1);
    assert_eq!(
        told,
        [
            ("examples/ok/ghi-chu.txt", &[Problem::NoFormat][..], 0),
            ("examples/ok/hong.json", &[Problem::Refused][..], 1),
            ("examples/ok/sai.json", &[Problem::Refused][..], several),
            ("examples/ok/tot.json", &[Problem::Differs("examples/ok/tot.xml".into())][..], 0),
            ("examples/ok/tot.xml", &[Problem::Differs("examples/ok/tot.json".into())][..], 0),
            ("examples/bad/hong.json", &[][..], 1),
            ("examples/bad/nhieu.json", &[Problem::ManyReasons][..], several),
            ("examples/bad/tot.json", &[Problem::Taken][..], 0),
        ]
    );
}
