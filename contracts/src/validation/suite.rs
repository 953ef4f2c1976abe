//! The JSON Schema test suite, asked of the tree that contracts are checked on.
//!
//! The library passes it over its own values; what is judged here is [`Tree`]: that a document
//! borrowed from its bytes, with numbers as written, looks to every keyword like the JSON it came
//! from. Contracts use a small part of these keywords; the rest costs nothing to hold right.

use std::{env, fs, path::PathBuf};

use serde_json::Value;

use super::*;
use crate::{Number, Record};

/// Files that are not asked, with the reason.
const NOT_ASKED: &[(&str, &str)] = &[
    ("format.json", "says that formats are only told, not checked; contracts check theirs"),
    ("refRemote.json", "fetches schemas; a contract refers to its own catalogue only"),
    ("vocabulary.json", "fetches meta-schemas"),
];

/// Groups that are known to fail, with the reason.
const KNOWN_FAILURES: &[(&str, &str)] = &[
    ("dynamicRef.json: strict-tree schema, guards against misspelled properties (does not compile)", FETCHES),
    (
        "dynamicRef.json: tests for implementation dynamic anchor and reference link (does not compile)",
        FETCHES,
    ),
    (
        "dynamicRef.json: $ref and $dynamicAnchor are independent of order - $defs first (does not compile)",
        FETCHES,
    ),
    (
        "dynamicRef.json: $ref and $dynamicAnchor are independent of order - $ref first (does not compile)",
        FETCHES,
    ),
    ("dynamicRef.json: $ref to $dynamicRef finds detached $dynamicAnchor (does not compile)", FETCHES),
];

const FETCHES: &str = "refers to a schema that would have to be fetched";

fn suite() -> PathBuf {
    let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    let tools = env::var_os("LIENTHONG_TOOLS").map_or(checkout, PathBuf::from);
    let suite = tools.join("json-schema-suite/json/tests/draft2020-12");
    assert!(
        suite.is_dir(),
        "{} is missing: run tests/tools/packages, or `make test`, which does",
        suite.display()
    );
    suite
}

fn document(value: &Value) -> Document<'static> {
    match value {
        Value::Null => Document::Null,
        Value::Bool(truth) => Document::Bool(*truth),
        Value::Number(number) => Document::Number(Number::new(number.to_string()).unwrap()),
        Value::String(text) => Document::Text(text.clone().into()),
        Value::Array(items) => Document::List(items.iter().map(document).collect()),
        Value::Object(members) => {
            let mut record = Record::default();
            for (name, value) in members {
                record.push(name.clone(), document(value));
            }
            Document::Record(record)
        }
    }
}

/// `schema` over the tree, without what contracts add.
fn compile(schema: &Value) -> Result<jsonschema::Validator<Tree>, String> {
    jsonschema::options_for::<Tree>()
        .with_draft(jsonschema::Draft::Draft202012)
        .offline()
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| error.instance_path().as_str().to_owned())
}

#[test]
fn the_tree_looks_to_every_keyword_like_json() {
    let mut files: Vec<PathBuf> = fs::read_dir(suite())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let (mut passed, mut failed) = (0, Vec::new());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        if NOT_ASKED.iter().any(|(skipped, _)| *skipped == name) {
            continue;
        }
        let groups: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for group in groups.as_array().unwrap() {
            let title = format!("{name}: {}", group["description"].as_str().unwrap());
            let Ok(validator) = compile(&group["schema"]) else {
                failed.push(format!("{title} (does not compile)"));
                continue;
            };
            for test in group["tests"].as_array().unwrap() {
                if validator.is_valid(&document(&test["data"])) == test["valid"].as_bool().unwrap() {
                    passed += 1;
                } else {
                    failed.push(format!("{title}: {}", test["description"].as_str().unwrap()));
                }
            }
        }
    }
    let known: Vec<&str> = KNOWN_FAILURES.iter().map(|(case, _)| *case).collect();
    assert_eq!(failed, known);
    assert!(passed > 1000, "the suite has more than a thousand cases, not {passed}");
}
