//! A contract drafted from what the gateway itself publishes is the contract that was published: the XML
//! Schema of each contract of the catalogue goes into a draft, the draft is answered as its author would
//! answer it, and the XML Schema of what comes out is held against the first by xmllint, on records of all
//! kinds and on the same with something broken in each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails fails the test")]

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::Arc};

use adapters::sources;
use contracts::{Catalog, Contract, ContractId, Fault, Format, Language, description, draft::Draft};
use serde_json::{Value, json};

/// Specimens of each contract.
const SPECIMENS: u64 = 6;

fn catalogue() -> Catalog {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    Catalog::load(&folder).unwrap().0
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(|fault| fault.display(Language::En)).collect::<Vec<_>>().join("\n")
}

/// Answers every question of a draft: titles where there are none, the class that was proposed.
fn answer(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(class) = members.get_mut("x-classification") {
                *class = json!(class.as_str().unwrap().trim_end_matches('?'));
            }
            if let Some(title) = members.get_mut("x-title").and_then(Value::as_object_mut) {
                for (_, text) in title.iter_mut().filter(|(_, text)| *text == "") {
                    *text = json!("x");
                }
            }
            members.iter_mut().for_each(|(_, value)| answer(value));
        }
        Value::Array(items) => items.iter_mut().for_each(answer),
        _ => {}
    }
}

/// The contract that comes of a draft once its author has answered.
fn answered(id: &ContractId, draft: &Draft, key: &str) -> Arc<Contract> {
    let folder = tempfile::tempdir().unwrap();
    let version = folder.path().join(format!("catalog/{}/v{}", id.dataset, id.version));
    fs::create_dir_all(&version).unwrap();
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/code-lists");
    std::os::unix::fs::symlink(lists, folder.path().join("code-lists")).unwrap();
    let contract = draft
        .contract
        .replace("owner = \"\"", "owner = \"G06\"")
        .replace("legal_basis = []", "legal_basis = [\"Văn bản mẫu\"]")
        .replace("status = \"\"", "status = \"active\"")
        .replace("update = \"\"", "update = \"daily\"")
        .replace("key = \"\"", &format!("key = {key:?}"));
    fs::write(version.join("contract.toml"), contract).unwrap();
    let mut schema: Value = serde_json::from_str(&draft.schema).unwrap();
    answer(&mut schema);
    fs::write(version.join("schema.json"), schema.to_string()).unwrap();
    match Catalog::load(folder.path()) {
        Ok((catalog, _)) => catalog.contract(id).unwrap().clone(),
        Err(faults) => panic!("{id}: {}\n{:#}", told(&faults), schema),
    }
}

/// A record with something broken in each of its elements, one at a time.
fn broken(text: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(text).unwrap();
    let mut all = Vec::new();
    for element in document.root_element().descendants().filter(roxmltree::Node::is_element).skip(1) {
        let range = element.range();
        let (before, rest) = text.split_at(range.start);
        let (own, after) = rest.split_at(range.end - range.start);
        all.push(format!("{before}{after}"));
        all.push(format!("{before}{own}{own}{after}"));
        if element.text().is_some() && element.children().count() == 1 {
            let name = element.tag_name().name();
            for other in ["", "?", "0", "12", "2026-02-30", "Đỗ Văn Mẫu", &"x".repeat(5_000)] {
                all.push(format!("{before}<{name}>{other}</{name}>{after}"));
            }
        }
    }
    all
}

/// What xmllint says of each document, by its number.
fn verdicts(folder: &Path, schema: &str, documents: &[String]) -> BTreeMap<usize, bool> {
    let file = folder.join("schema.xsd");
    fs::write(&file, schema).unwrap();
    let mut found = BTreeMap::new();
    for (start, part) in documents.chunks(400).enumerate().map(|(chunk, part)| (chunk * 400, part)) {
        let mut command = Command::new("xmllint");
        command.args(["--noout", "--nonet", "--schema"]).arg(&file).current_dir(folder);
        for (number, document) in part.iter().enumerate() {
            let name = format!("{}.xml", start + number);
            fs::write(folder.join(&name), document).unwrap();
            command.arg(name);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        for line in said.lines() {
            let verdict = |end: &str| line.strip_suffix(end)?.strip_suffix(".xml")?.parse::<usize>().ok();
            if let Some(number) = verdict(" validates") {
                found.insert(number, true);
            } else if let Some(number) = verdict(" fails to validate") {
                found.insert(number, false);
            }
        }
    }
    assert_eq!(found.len(), documents.len(), "xmllint judged all of them");
    found
}

#[test]
fn the_schema_that_is_published_makes_the_contract_that_published_it() {
    let catalogue = catalogue();
    let (mut judged, mut refused, mut contracts) = (0, 0, 0);
    for contract in catalogue.contracts() {
        let published = description::xsd(contract, &contract.whole_view()).document;
        let file = Path::new("published.xsd");
        let source = sources::of_xsd(file, &published, None)
            .unwrap_or_else(|faults| panic!("{}: {}", contract.id(), told(&faults)));
        assert_eq!(source.record.as_deref(), Some(&*contract.shape().record));
        assert_eq!(source.collection.as_deref(), Some(&*contract.shape().collection));
        let draft = Draft::of(contract.id(), source, contract.code_lists())
            .unwrap_or_else(|faults| panic!("{}: {}", contract.id(), told(&faults)));
        assert!(draft.contract.contains(&contract.title().vi), "the title is there");
        let drafted = answered(contract.id(), &draft, &contract.key().to_string());
        let again = description::xsd(&drafted, &drafted.whole_view()).document;
        assert_eq!(drafted.shape().namespace, contract.shape().namespace);

        let specimens = contract.specimens();
        let mut documents = Vec::new();
        for record in (0..SPECIMENS).filter_map(|seed| specimens.record(seed)) {
            let mut text = Vec::new();
            adapters::write(Format::Xml, &record, contract, &mut text);
            let text = String::from_utf8(text).unwrap();
            documents.extend(broken(&text));
            documents.push(text);
        }
        assert!(documents.len() > 20, "{}: {}", contract.id(), documents.len());
        let folder = tempfile::tempdir().unwrap();
        let first = verdicts(folder.path(), &published, &documents);
        let second = verdicts(folder.path(), &again, &documents);
        for (number, verdict) in &first {
            assert_eq!(
                second.get(number),
                Some(verdict),
                "{}, {}\n{again}",
                contract.id(),
                documents.get(*number).unwrap()
            );
        }
        judged += first.len();
        refused += first.values().filter(|valid| !**valid).count();
        contracts += 1;
    }
    assert!(contracts >= 5 && judged > 1_000 && refused > 300, "{contracts} {judged} {refused}");
}
