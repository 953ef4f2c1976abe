use std::{path::Path, sync::LazyLock};

use jsonschema::PatternOptions;
use proptest::prelude::*;

use super::*;
use crate::{Catalog, Contract, Number};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let (catalog, _) = Catalog::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    catalog
});

fn document(value: &Value) -> Document<'static> {
    match value {
        Value::Null => Document::Null,
        Value::Bool(truth) => Document::Bool(*truth),
        Value::Number(number) => Document::Number(Number::new(number.to_string()).unwrap()),
        Value::String(text) => Document::Text(text.clone().into()),
        Value::Array(items) => Document::List(items.iter().map(document).collect()),
        Value::Object(members) => {
            let mut record = Record::default();
            members.iter().for_each(|(name, value)| record.push(name.clone(), document(value)));
            Document::Record(record)
        }
    }
}

/// The records of every example of every contract, and whether they are good ones.
fn examples() -> Vec<(&'static Contract, Value, bool)> {
    let mut found = Vec::new();
    for contract in CATALOG.contracts() {
        let id = contract.id();
        let folder = format!("catalog/{}/v{}/examples", id.dataset, id.version);
        for kind in ["ok", "bad"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).join(kind);
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "json") {
                    continue;
                }
                match serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap() {
                    Value::Array(records) => {
                        found.extend(records.into_iter().map(|record| (&**contract, record, kind == "ok")));
                    }
                    record => found.push((&**contract, record, kind == "ok")),
                }
            }
        }
    }
    assert!(found.len() > 40);
    found
}

fn is_sound(contract: &Contract, record: &Value) -> bool {
    let record = document(record);
    !contract.validator.quick.accepts(&record) || contract.validator.root.conforms(&record)
}

#[test]
fn good_examples_never_need_the_library_where_every_keyword_is_known() {
    let mut sure = 0;
    for (contract, record, good) in examples() {
        let accepted = contract.validator.quick.accepts(&document(&record));
        if good && &*contract.id().dataset == "nhiem-vu" {
            assert!(accepted, "{}: {record}", contract.id());
            sure += 1;
        }
    }
    assert!(sure > 5, "{sure}");
}

#[test]
fn no_example_is_accepted_that_the_library_refuses() {
    for (contract, record, _) in examples() {
        assert!(is_sound(contract, &record), "{}: {record}", contract.id());
    }
}

#[test]
fn an_unknown_keyword_makes_nothing_sure() {
    let rules = |schema: &str| Quick::of(&serde_json::from_str(schema).unwrap(), &CodeLists::default());
    assert!(rules(r#"{ "type": "string" }"#).accepts(&Document::Text("a".into())));
    for unknown in [
        r#"{ "type": "string", "x-geometry": "point" }"#,
        r#"{ "type": "string", "format": "email" }"#,
        r#"{ "type": "string", "pattern": "^(?=a)" }"#,
        r#"{ "type": ["string", "null"], "enum": ["a"] }"#,
        r#"{ "type": ["string", "number"] }"#,
        r#"{ "minLength": 1 }"#,
        "true",
    ] {
        assert!(!rules(unknown).accepts(&Document::Text("a".into())), "{unknown}");
    }
    let list = rules(r#"{ "type": "array", "uniqueItems": true, "items": { "type": "string" } }"#);
    let items =
        |texts: [&'static str; 2]| Document::List(texts.map(|text| Document::Text(text.into())).into());
    assert!(list.accepts(&items(["a", "b"])) && !list.accepts(&items(["a", "a"])));
    let open = r#"{ "type": "object", "properties": {} }"#;
    assert!(!rules(open).accepts(&Document::Record(Record::default())));
    // Where a record does not have the field, its rules matter to nobody.
    let beside =
        r#"{ "type": "object", "additionalProperties": false, "properties": { "A": { "type": "x" } } }"#;
    assert!(rules(beside).accepts(&Document::Record(Record::default())));
}

#[test]
fn a_name_given_twice_is_never_sure() {
    let schema = r#"{ "type": "object", "additionalProperties": false, "properties": { "A": { "type": "boolean" } } }"#;
    let rules = Quick::of(&serde_json::from_str(schema).unwrap(), &CodeLists::default());
    let mut record = Record::default();
    record.push("A", Document::Bool(true));
    record.push("A", Document::Bool(false));
    assert!(!rules.accepts(&Document::Record(record)));
}

/// A record of the catalogue with values changed, taken out, renamed or put into another order.
fn mutated() -> impl Strategy<Value = (&'static Contract, Value)> {
    let odd = prop::sample::select(vec![
        Value::Null,
        Value::Bool(true),
        Value::from(0),
        Value::from(-1),
        Value::from(1.5),
        Value::from(1e300),
        Value::from(""),
        Value::from("da-ung-dung"),
        Value::from("01"),
        Value::from("2026-02-29"),
        Value::from("2024-02-29"),
        Value::from("2026-05-01T24:00:00Z"),
        Value::from("001099000001"),
        Value::from("ệ".repeat(64)),
        Value::from("x".repeat(1001)),
        Value::Array(vec![]),
        Value::Array(vec![Value::from("a"), Value::Null]),
        Value::Object(Map::new()),
    ]);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, odd), 1..4);
    (prop::sample::select(examples()), changes).prop_map(|((contract, mut record, _), changes)| {
        for (place, how, odd) in changes {
            let mut places = Vec::new();
            pointers(&record, &mut String::new(), &mut places);
            let chosen: String = place.get(&places).clone();
            let (parent, name) = chosen.rsplit_once('/').unwrap_or(("", ""));
            match (how, record.pointer_mut(parent)) {
                (0, Some(Value::Object(members))) => drop(members.shift_remove(name)),
                (1, Some(Value::Object(members))) => {
                    if let Some(value) = members.shift_remove(name) {
                        members.shift_insert(0, name.to_owned(), value);
                    }
                }
                (2, Some(Value::Object(members))) => drop(members.insert("La".to_owned(), odd)),
                _ => {
                    if let Some(value) = record.pointer_mut(&chosen) {
                        *value = odd;
                    }
                }
            }
        }
        (contract, record)
    })
}

/// The JSON pointers of everything in `value`.
fn pointers(value: &Value, at: &mut String, found: &mut Vec<String>) {
    found.push(at.clone());
    let length = at.len();
    let mut below = |name: &str, value: &Value, found: &mut Vec<String>| {
        at.push('/');
        at.push_str(name);
        pointers(value, at, found);
        at.truncate(length);
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| below(&index.to_string(), item, found));
        }
        Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value, found)),
        _ => {}
    }
}

fn library(schema: &Value) -> Option<jsonschema::Validator> {
    let options = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true);
    options.build(schema).ok()
}

/// A record of three texts and a number, and rules between them.
fn rules() -> impl Strategy<Value = Value> {
    let name = || prop::sample::select(vec!["A", "B", "C"]);
    let names = || prop::collection::vec(name(), 0..3);
    let leaf = prop_oneof![
        names().prop_map(|names| serde_json::json!({ "required": names })),
        (name(), name()).prop_map(
            |(name, text)| serde_json::json!({ "properties": { name: { "not": { "const": text } } } })
        ),
        (name(), name())
            .prop_map(|(name, text)| serde_json::json!({ "properties": { name: { "const": text } } })),
        (name(), names())
            .prop_map(|(name, texts)| serde_json::json!({ "properties": { name: { "enum": texts } } })),
        (name(), names())
            .prop_map(|(name, needed)| serde_json::json!({ "dependentRequired": { name: needed } })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            (prop::sample::select(vec!["allOf", "anyOf", "oneOf"]), some)
                .prop_map(|(keyword, some)| serde_json::json!({ keyword: some })),
            inner.clone().prop_map(|not| serde_json::json!({ "not": not })),
            (inner.clone(), inner.clone(), prop::option::of(inner)).prop_map(
                |(when, then, other)| match other {
                    Some(other) => serde_json::json!({ "if": when, "then": then, "else": other }),
                    None => serde_json::json!({ "if": when, "then": then }),
                }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_surely_valid_the_library_accepts((contract, record) in mutated()) {
        prop_assert!(is_sound(contract, &record), "{}: {}", contract.id(), record);
    }

    #[test]
    fn rules_between_fields_are_judged_as_the_library_does(
        rules in rules(),
        record in prop::collection::hash_map(
            prop::sample::select(vec!["A", "B", "C"]), prop::sample::select(vec!["A", "B", "C", "x"]), 0..4),
    ) {
        let text = serde_json::json!({ "type": "string" });
        let mut schema = serde_json::json!({
            "type": "object", "additionalProperties": false, "properties": { "A": text, "B": text, "C": text }
        });
        schema.as_object_mut().unwrap().insert("allOf".into(), Value::Array(vec![rules]));
        if let Some(library) = library(&schema) {
            let record = serde_json::to_value(record).unwrap();
            let quick = Quick::of(&schema, &CodeLists::default());
            prop_assert_eq!(quick.accepts(&document(&record)), library.is_valid(&record), "{} {}", schema, record);
        }
    }

    #[test]
    fn patterns_mean_what_they_mean_to_the_library(pattern in "\\^?[a-c\\[\\](){}|*+\\-^$,2]{1,10}\\$?", text in "[a-d\\-\\]2\n]{0,6}") {
        let library = library(&serde_json::json!({ "pattern": pattern }));
        if let (Some(ours), Some(library)) = (Matcher::of(&pattern), library) {
            prop_assert_eq!(ours.is_match(&text), library.is_valid(&Value::from(text.as_str())), "{} {:?}", pattern, text);
        }
    }
}
