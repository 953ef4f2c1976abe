use std::fs;

use super::*;
use crate::{Document, Language, Number, Record};

/// The shipped contracts and code lists.
fn shipped() -> Catalog {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    match Catalog::load(folder) {
        Ok((catalog, warnings)) => {
            assert_eq!(warnings, []);
            catalog
        }
        Err(faults) => {
            let told: Vec<_> = faults.iter().map(|fault| fault.display(Language::En)).collect();
            panic!("{}", told.join("\n"));
        }
    }
}

/// Numbers here go through `serde_json` and so through f64: enough for examples, whose exactness
/// the readers' own tests hold.
fn document(value: &serde_json::Value) -> Document<'static> {
    use serde_json::Value;
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => Document::Number(Number::new(number.to_string()).unwrap()),
        Value::String(text) => Document::Text(text.clone().into()),
        Value::Array(items) => Document::List(items.iter().map(document).collect()),
        Value::Object(members) => {
            let mut record = Record::with_capacity(members.len());
            for (name, value) in members {
                record.push(name.clone(), document(value));
            }
            Document::Record(record)
        }
    }
}

/// The records of every JSON example of `kind`, with the example's name: a list is its records.
fn examples(contract: &Contract, kind: &str) -> Vec<(String, Vec<Document<'static>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
        "catalog/{}/v{}/examples/{kind}",
        contract.id().dataset,
        contract.id().version
    ));
    let mut examples = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let records = match document(&value) {
                Document::List(records) => records,
                record => vec![record],
            };
            examples.push((path.display().to_string(), records));
        }
    }
    assert!(!examples.is_empty(), "{} has {kind} examples", contract.id());
    examples
}

#[test]
fn every_good_example_conforms() {
    for contract in shipped().contracts() {
        for (name, records) in examples(contract, "ok") {
            for record in &records {
                assert_eq!(contract.check(record, 100), Ok(()), "{name}");
            }
        }
    }
}

#[test]
fn every_bad_example_is_refused_for_one_reason() {
    for contract in shipped().contracts() {
        for (name, records) in examples(contract, "bad") {
            let violations: Vec<_> =
                records.iter().filter_map(|record| contract.check(record, 100).err()).flatten().collect();
            assert_eq!(violations.len(), 1, "{name}: {violations:?}");
        }
    }
}
