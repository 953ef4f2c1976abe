use std::fs;

use super::*;
use crate::{Catalog, CodeLists, Language};

const FILE: &str = "nguon.json";

fn id() -> ContractId {
    "mau@1".parse().unwrap()
}

fn drafted(source: Source<'_>) -> Result<Draft, Vec<Fault>> {
    Draft::of(&id(), source, &CodeLists::default())
}

fn of_schema(text: &str) -> Result<Draft, Vec<Fault>> {
    drafted(of_json_schema(Path::new(FILE), text)?)
}

fn of_sample(text: &str) -> Result<Draft, Vec<Fault>> {
    drafted(of_json_sample(Path::new(FILE), text)?)
}

/// The rules of what is refused, each with its line.
fn refused(result: Result<Draft, Vec<Fault>>) -> Vec<(&'static str, u32)> {
    let Err(faults) = result else { panic!("it was taken") };
    assert!(faults.iter().all(|fault| fault.file == Path::new(FILE)));
    faults.iter().map(|fault| (fault.rule, fault.place.map_or(0, |place| place.line))).collect()
}

/// A schema whose field under test stands on line 4.
fn with(field: &str) -> String {
    format!(
        "{{ \"type\": \"object\", \"additionalProperties\": false,\n\"properties\": {{\n\"A\": {{ \"type\": \"string\" }},\n\"B\": {field}\n}} }}"
    )
}

/// Writes a draft as the dataset `mau` of a folder of its own, and loads the folder.
fn loaded(draft: &Draft, fill: impl Fn(&str) -> String) -> Result<(Catalog, Vec<Fault>), Vec<Fault>> {
    let folder = tempfile::tempdir().unwrap();
    let version = folder.path().join("catalog/mau/v1");
    fs::create_dir_all(&version).unwrap();
    fs::create_dir_all(folder.path().join("code-lists")).unwrap();
    fs::write(version.join("contract.toml"), fill(&draft.contract)).unwrap();
    fs::write(version.join("schema.json"), fill(&draft.schema)).unwrap();
    Catalog::load(folder.path())
}

#[test]
fn a_draft_is_refused_until_its_author_has_filled_it_in() {
    let draft = of_schema(
        r##"{ "type": "object", "additionalProperties": false, "required": ["Ma"], "definitions": {
            "Nguoi": { "type": "object", "additionalProperties": false, "properties": { "Ten": { "type": ["null", "string"], "title": "Tên" } } } },
        "properties": { "Ma": { "type": "string", "maxLength": 9, "examples": ["x"] },
            "Nguoi": { "$ref": "#/definitions/Nguoi" },
            "Nhan": { "type": "array", "items": { "type": "string" } } } }"##,
    )
    .unwrap();
    let (catalog, _) = loaded(&draft, str::to_owned).unwrap();
    assert!(catalog.contract(&id()).is_none());
    let (_, open) = catalog.open_drafts().next().unwrap();
    let faults = open.faults();
    let rules: Vec<_> = faults.iter().map(|fault| fault.rule).collect();
    let count = |rule: &str| rules.iter().filter(|known| **known == rule).count();
    assert_eq!((count("open-answer"), count("no-title"), count("class-question")), (6, 4, 3), "{rules:?}");
    assert_eq!(open.questions(), faults.len(), "nothing but questions: {rules:?}");
    assert!(draft.schema.contains("\"restricted?\"") && draft.schema.contains("\"personal?\""));
    assert!(faults.iter().any(|fault| fault.file.ends_with("contract.toml")), "{rules:?}");
    assert!(faults.iter().all(|fault| fault.place.is_some()));

    // Filled in as an author would, it loads.
    let filled = loaded(&draft, |text| {
        text.replace("\"vi\": \"\"", "\"vi\": \"V\"")
            .replace("\"en\": \"\"", "\"en\": \"E\"")
            .replace("?\"", "\"")
            .replace("vi = \"\", en = \"\"", "vi = \"V\", en = \"E\"")
            .replace("owner = \"\"", "owner = \"G06\"")
            .replace("legal_basis = []", "legal_basis = [\"Văn bản mẫu\"]")
            .replace("status = \"\"", "status = \"active\"")
            .replace("update = \"\"", "update = \"daily\"")
            .replace("key = \"\"", "key = \"Ma\"")
    });
    let told =
        |faults: Vec<Fault>| faults.iter().map(|fault| fault.display(Language::En)).collect::<Vec<_>>();
    let (catalog, _) = filled.map_err(told).unwrap();
    let contract = catalog.contract(&id()).unwrap();
    assert_eq!(contract.shape().record, "Mau");
    assert_eq!(contract.shape().collection, "DanhSachMau");
    let name = contract.shape().field(&"Nguoi.Ten".parse().unwrap()).unwrap();
    assert!(name.nullable && name.title.vi == "Tên");
    let example: Value = serde_json::from_str(&draft.example).unwrap();
    assert_eq!(example, json!({ "Ma": "M" }));
}

#[test]
fn what_the_subset_cannot_hold_is_refused_with_its_place() {
    for (field, rule) in [
        (r#"{ "type": "object", "properties": { "C": { "type": "string" } } }"#, "open-record"),
        (
            r#"{ "type": "object", "additionalProperties": true, "properties": { "C": { "type": "string" } } }"#,
            "open-record",
        ),
        (
            r#"{ "type": "object", "additionalProperties": false, "patternProperties": {}, "properties": { "C": { "type": "string" } } }"#,
            "unknown-keyword",
        ),
        (r#"{ "type": "array", "items": { "type": "array", "items": { "type": "string" } } }"#, "list-item"),
        (r#"{ "type": "array", "prefixItems": [{}], "items": { "type": "string" } }"#, "unknown-keyword"),
        (r#"{ "type": ["string", "integer"] }"#, "type"),
        (r#"{ "enum": ["a"] }"#, "type"),
        (r#"{ "type": "string", "default": "a" }"#, "unknown-keyword"),
        (r#"{ "type": "string", "format": "hostname" }"#, "unknown-format"),
        (r#"{ "$ref": "https://example.org/x" }"#, "unknown-reference"),
        (
            r#"{ "type": "object", "additionalProperties": false, "properties": { "C": { "type": "string" } }, "oneOf": [{ "properties": { "D": { "const": 1 } } }] }"#,
            "unknown-field",
        ),
    ] {
        assert_eq!(refused(of_schema(&with(field))), [(rule, 4)], "{field}");
    }
    assert_eq!(
        refused(of_schema(&with("{ \"type\": \"string\" }").replace("\"B\"", "\"Tên\""))),
        [("field-name", 4)]
    );
    assert_eq!(refused(of_schema("{\n\"a\": ,\n}")), [("not-json", 2)]);
    let faults = of_schema(&with(r#"{ "type": "array", "items": true }"#)).map(|_| ()).unwrap_err();
    assert!(faults.iter().all(|fault| !fault.message.vi.is_empty() && !fault.remedy.en.is_empty()));
}

#[test]
fn samples_show_types_and_what_is_always_there() {
    let draft = of_sample(
        r#"[{ "Ma": "a", "So": 1, "Ngay": "2026-01-31", "Nguoi": [{ "Ten": "x", "Nam": 1 }, { "Ten": "y" }], "Co": null },
            { "Ma": "b", "So": 1.5, "Ngay": "2026-02-01", "Luc": "2026-01-31T08:00:00+07:00", "Co": true, "Nguoi": [] }]"#,
    )
    .unwrap();
    let schema: Value = serde_json::from_str(&draft.schema).unwrap();
    assert_eq!(schema["required"], json!(["Ma", "So", "Ngay", "Nguoi", "Co"]));
    let of = |name: &str| schema["properties"][name].clone();
    assert_eq!((&of("So")["type"], &of("Ngay")["format"]), (&json!("number"), &json!("date")));
    assert_eq!((&of("Co")["type"], &of("Luc")["format"]), (&json!(["boolean", "null"]), &json!("date-time")));
    assert_eq!(of("Nguoi")["items"]["required"], json!(["Ten"]));
    assert_eq!(of("Nguoi")["items"]["xml"]["name"], "Muc");
    assert!(of("Ma").get("enum").is_none() && !draft.example.contains("\"b\""), "no value is taken over");
}

#[test]
fn samples_that_show_nothing_or_contradict_are_refused() {
    assert_eq!(refused(of_sample("[{ \"A\": 1 },\n{ \"A\": \"x\" }]")), [("contradiction", 2)]);
    assert_eq!(refused(of_sample("{ \"A\": 1,\n\"B\": null }")), [("nothing-shown", 2)]);
    assert_eq!(refused(of_sample("{ \"A\": 1,\n\"B\": [] }")), [("nothing-shown", 2)]);
    assert_eq!(refused(of_sample("{ \"A\": 1,\n\"B\": [[1]] }")), [("list-item", 2)]);
    assert_eq!(refused(of_sample("{ \"A\": 1,\n\"B\": [1, null] }")), [("list-item", 2)]);
    assert_eq!(refused(of_sample("{ \"A\": 1,\n\"Tên\": 1 }")), [("field-name", 2)]);
    assert_eq!(refused(of_sample("[]")), [("not-a-record", 0)]);
    assert_eq!(refused(of_sample("3")), [("not-a-record", 0)]);
    assert_eq!(refused(of_sample("{ \"A\": 1,\n\"B\": {} }")), [("no-fields", 2)]);
}
