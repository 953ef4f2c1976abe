use std::{path::Path, sync::Arc};

use serde_json::json;

use super::*;
use crate::{Catalog, CodeLists, Document, Number, Record, Shape, schema, validation::Validator};

/// A contract with this schema, code lists apart.
fn contract(version: u32, mut written: Value) -> Contract {
    written["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    let code_lists = Arc::new(CodeLists::default());
    let compiled = schema::compile(Path::new("schema.json"), &written.to_string(), None, &code_lists)
        .unwrap_or_else(|faults| panic!("{faults:#?}\n{written:#}"));
    Contract {
        name: format!("mau@{version}").into(),
        id: format!("mau@{version}").parse().unwrap(),
        title: Bilingual::new("Mẫu", "Sample"),
        owner: "G06".to_owned(),
        legal_basis: vec!["Thông tư".to_owned()],
        status: Status::Active,
        update: crate::UpdateFrequency::Daily,
        key: "A".parse().unwrap(),
        validator: Validator::compile(compiled.schema.clone(), &compiled.record, &code_lists).unwrap(),
        schema: compiled.schema,
        shape: Shape {
            namespace: format!("urn:mau:{version}"),
            record: "Mau".to_owned(),
            collection: "DanhSachMau".to_owned(),
            root: compiled.record,
        },
        revision: [0; 32],
    }
}

fn field(more: Value) -> Value {
    let mut field =
        json!({ "x-title": { "vi": "T", "en": "T" }, "x-classification": "open", "type": "string" });
    field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    field
}

/// A schema whose fields are `A`, required, and those given.
fn schema_of(fields: &[(&str, Value)], more: Value) -> Value {
    let mut properties = json!({ "A": field(json!({})) });
    for (name, keywords) in fields {
        properties[*name] = field(keywords.clone());
    }
    let mut schema = json!({ "type": "object", "additionalProperties": false, "required": ["A"], "properties": properties });
    schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    schema
}

/// What changed when field `B` changes: aspect, and whether readers, senders, agreements break.
fn changed(old: Value, new: Value) -> Vec<(&'static str, bool, bool, bool)> {
    of(schema_of(&[("B", old)], json!({})), schema_of(&[("B", new)], json!({})))
}

fn of(old: Value, new: Value) -> Vec<(&'static str, bool, bool, bool)> {
    let difference = Difference::between(&contract(1, old), &contract(1, new));
    difference
        .changes
        .iter()
        .map(|change| {
            let broken = (change.readers.breaking, change.senders.breaking, change.agreements.breaking);
            (change.aspect.as_str(), broken.0, broken.1, broken.2)
        })
        .collect()
}

#[test]
fn every_facet_is_told_to_those_it_breaks() {
    // Each pair is a narrower and a wider form of one field.
    let pairs = [
        ("length", json!({ "maxLength": 5 }), json!({ "maxLength": 6 })),
        ("length", json!({ "minLength": 1 }), json!({})),
        ("items", list(json!({ "minItems": 2 })), list(json!({ "minItems": 1 }))),
        ("items", list(json!({ "maxItems": 2 })), list(json!({}))),
        ("range", number(json!({ "minimum": 1 })), number(json!({ "minimum": 0.5 }))),
        ("range", number(json!({ "exclusiveMinimum": 1 })), number(json!({ "minimum": 1 }))),
        ("range", number(json!({ "maximum": 9 })), number(json!({ "exclusiveMaximum": 10 }))),
        ("step", number(json!({ "multipleOf": 0.2 })), number(json!({ "multipleOf": 0.1 }))),
        ("values", json!({ "enum": ["a"] }), json!({ "enum": ["b", "a"] })),
        ("values", json!({ "const": "a" }), json!({ "enum": ["b", "a"] })),
        ("values", json!({ "enum": ["a"] }), json!({})),
        ("pattern", json!({ "pattern": "^a$" }), json!({})),
        ("format", json!({ "format": "date" }), json!({})),
        ("identifier", json!({ "x-identifier": "ma-tinh" }), json!({})),
        ("distinct-items", list(json!({ "uniqueItems": true })), list(json!({ "uniqueItems": false }))),
        ("type", json!({ "type": "integer" }), json!({ "type": "number" })),
        ("nullable", json!({}), json!({ "type": ["string", "null"] })),
    ];
    for (aspect, narrow, wide) in pairs {
        assert_eq!(changed(narrow.clone(), wide.clone()), [(aspect, true, false, false)], "{narrow} {wide}");
        assert_eq!(changed(wide.clone(), narrow.clone()), [(aspect, false, true, false)], "{wide} {narrow}");
        assert_eq!(changed(wide.clone(), wide), []);
    }
    let other = [
        ("pattern", json!({ "pattern": "^a$" }), json!({ "pattern": "^b$" })),
        ("format", json!({ "format": "date" }), json!({ "format": "year" })),
        ("step", number(json!({ "multipleOf": 2 })), number(json!({ "multipleOf": 3 }))),
        ("values", json!({ "enum": ["a", "b"] }), json!({ "enum": ["b", "c"] })),
        ("type", json!({}), json!({ "type": "integer" })),
        ("xml", json!({}), json!({ "xml": { "name": "C" } })),
        ("xml", json!({}), json!({ "xml": { "nodeType": "attribute" } })),
        ("xml", list(json!({})), {
            let mut other = list(json!({}));
            other["items"]["xml"]["name"] = json!("J");
            other
        }),
    ];
    for (aspect, old, new) in other {
        assert_eq!(changed(old.clone(), new.clone()), [(aspect, true, true, false)], "{old} {new}");
    }
}

fn number(mut more: Value) -> Value {
    more["type"] = json!("number");
    more
}

fn list(mut more: Value) -> Value {
    more["type"] = json!("array");
    more["items"] = json!({ "type": "string", "xml": { "name": "I" } });
    more
}

#[test]
fn bounds_that_bound_nothing_and_words_break_nobody() {
    assert_eq!(changed(json!({}), json!({ "minLength": 0 })), []);
    assert_eq!(changed(number(json!({ "minimum": 1 })), number(json!({ "minimum": 1.0 }))), []);
    let redundant = number(json!({ "minimum": 1, "exclusiveMinimum": 1 }));
    assert_eq!(changed(number(json!({ "exclusiveMinimum": 1 })), redundant), []);
    assert_eq!(changed(json!({}), json!({ "description": "d" })), [("wording", false, false, false)]);
}

#[test]
fn a_field_more_or_less() {
    let none = schema_of(&[], json!({}));
    let optional = schema_of(&[("B", json!({}))], json!({}));
    let required = schema_of(&[("B", json!({}))], json!({ "required": ["A", "B"] }));
    assert_eq!(of(none.clone(), optional.clone()), [("field", false, false, false)]);
    assert_eq!(of(none.clone(), required.clone()), [("field", false, true, false)]);
    assert_eq!(of(optional.clone(), none), [("field", true, true, true)]);
    assert_eq!(of(optional.clone(), required.clone()), [("required", false, true, false)]);
    assert_eq!(of(required, optional), [("required", true, false, false)]);
}

#[test]
fn a_new_field_breaks_who_compares_whole_records() {
    let with = |fields: Value, more: Value| {
        let mut list = json!({ "type": "array", "items": { "type": "object", "additionalProperties": false,
            "properties": fields, "xml": { "name": "I" } } });
        list.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema_of(&[("B", list)], json!({}))
    };
    let (one, two) =
        (json!({ "X": field(json!({})) }), json!({ "X": field(json!({})), "Y": field(json!({})) }));
    assert_eq!(
        of(with(one.clone(), json!({})), with(two.clone(), json!({}))),
        [("field", false, false, false)]
    );
    let distinct = json!({ "uniqueItems": true });
    assert_eq!(of(with(one, distinct.clone()), with(two, distinct)), [("field", true, false, false)]);
}

#[test]
fn a_class_is_the_business_of_agreements() {
    let class = |class: &str| json!({ "x-classification": class });
    for (old, new, readers, agreements) in [
        ("open", "shared", true, true),
        ("shared", "restricted", true, true),
        ("restricted", "personal", false, true),
        ("personal", "personal-sensitive", false, true),
        ("restricted", "shared", false, true),
        ("shared", "open", false, true),
        ("personal", "restricted", false, false),
    ] {
        let expected = [("classification", readers, false, agreements)];
        assert_eq!(changed(class(old), class(new)), expected, "{old} {new}");
    }
}

#[test]
fn rules_are_a_set() {
    let with = |rules: Value| schema_of(&[("B", json!({})), ("C", json!({}))], rules);
    let none = with(json!({}));
    let either = with(json!({ "anyOf": [{ "required": ["B"] }, { "required": ["C"] }] }));
    let shuffled = with(json!({ "allOf": [{ "anyOf": [{ "required": ["C"] }, { "required": ["B"] }] }] }));
    let needs = with(json!({ "dependentRequired": { "B": ["C"] } }));
    assert_eq!(of(none.clone(), either.clone()), [("rule", false, true, false)]);
    assert_eq!(of(either.clone(), none), [("rule", true, false, false)]);
    assert_eq!(of(either.clone(), shuffled), [], "the same rule in other words");
    assert_eq!(of(either, needs), [("rule", true, false, false), ("rule", false, true, false)]);
}

#[test]
fn fields_in_order_are_a_rule_for_each_two() {
    let number = || json!({ "type": "number" });
    let with = |rows: Value| {
        schema_of(&[("B", number()), ("C", number()), ("D", number())], json!({ "x-order": rows }))
    };
    let none = schema_of(&[("B", number()), ("C", number()), ("D", number())], json!({}));
    let (row, pairs) = (with(json!([["B", "C", "D"]])), with(json!([["C", "D"], ["B", "D"], ["B", "C"]])));
    assert_eq!(of(row.clone(), pairs), [], "the same order in other words");
    assert_eq!(of(none, with(json!([["B", "D"]]))), [("rule", false, true, false)]);
    assert_eq!(of(row.clone(), with(json!([["B", "D"], ["B", "C"]]))), [("rule", true, false, false)]);
    let turned = with(json!([["C", "B", "D"]]));
    assert_eq!(of(row, turned), [("rule", true, false, false), ("rule", false, true, false)]);
}

#[test]
fn order_and_names_are_xml_and_the_namespace_follows_the_version() {
    let one = schema_of(&[("B", json!({})), ("C", json!({})), ("D", json!({}))], json!({}));
    let two = schema_of(&[("C", json!({})), ("B", json!({})), ("D", json!({}))], json!({}));
    let difference = Difference::between(&contract(1, one.clone()), &contract(1, two));
    let [change] = &*difference.changes else { panic!("{difference:?}") };
    assert_eq!((change.was.as_deref(), change.is.as_deref()), (Some("B, C"), Some("C, B")));
    assert!(change.readers.breaking && change.senders.breaking);

    let moved = Difference::between(&contract(1, one.clone()), &contract(2, one.clone()));
    let [change] = &*moved.changes else { panic!("{moved:?}") };
    assert_eq!((change.aspect, moved.is_breaking()), (Aspect::Namespace, false));
    let mut renamed = contract(1, one.clone());
    renamed.shape.namespace = "urn:khac".to_owned();
    renamed.key = "B".parse().unwrap();
    let renamed = Difference::between(&contract(1, one), &renamed);
    let aspects: Vec<_> = renamed.changes.iter().map(|change| change.aspect).collect();
    assert_eq!(aspects, [Aspect::Key, Aspect::Namespace]);
    assert!(renamed.breaks_readers() && renamed.breaks_senders() && renamed.breaks_agreements());
}

/// A catalog of one contract, whose field `B` takes the codes of a list.
fn catalog(codes: &str, check: &str) -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let mut schema = schema_of(&[("B", json!({ "x-code-list": "mau" }))], json!({}));
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    write("catalog/mau/v1/schema.json", &schema.to_string());
    write(
        "catalog/mau/v1/contract.toml",
        "id = \"mau@1\"\ntitle = { vi = \"M\", en = \"S\" }\nowner = \"G06\"\nlegal_basis = [\"T\"]\n\
         status = \"active\"\nupdate = \"daily\"\nkey = \"A\"\n[xml]\nnamespace = \"urn:mau:1\"\n\
         record = \"Mau\"\ncollection = \"DanhSachMau\"\n",
    );
    write("code-lists/mau/2025.csv", &format!("code,name\n{codes}"));
    write(
        "code-lists/mau/list.toml",
        &format!(
            "id = \"mau\"\ntitle = {{ vi = \"M\", en = \"S\" }}\nsource = \"T\"\ncomplete = true\n\
             check = \"{check}\"\n[[editions]]\nid = \"2025\"\nfile = \"2025.csv\"\n"
        ),
    );
    match Catalog::load(folder.path()) {
        Ok((catalog, _)) => catalog,
        Err(faults) => panic!("{faults:#?}"),
    }
}

#[test]
fn codes_that_a_list_gained_or_lost_count() {
    let (few, many) = (catalog("1,Mot\n2,Hai\n", "codes"), catalog("1,Mot\n2,Hai\n3,Ba\n", "codes"));
    let again = catalog("1,Mot\n2,Hai\n", "codes");
    let any = catalog("1,Mot\n2,Hai\n", "form");
    let id: ContractId = "mau@1".parse().unwrap();
    let between = |old: &Catalog, new: &Catalog| {
        let difference = Difference::between(old.contract(&id).unwrap(), new.contract(&id).unwrap());
        let told = difference.changes.iter().map(|change| {
            (
                change.aspect.as_str(),
                change.was.clone(),
                change.is.clone(),
                change.readers.breaking,
                change.senders.breaking,
            )
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(between(&few, &again), []);
    assert_eq!(between(&few, &many), [("code-list", None, Some("3".to_owned()), true, false)]);
    assert_eq!(between(&many, &few), [("code-list", Some("3".to_owned()), None, false, true)]);
    assert_eq!(between(&few, &any), [("code-list", None, None, true, false)]);
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn happens(&mut self, one_in: u64) -> bool {
        self.roll(one_in) == 0
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        let chosen = self.roll(choices.len() as u64);
        choices[usize::try_from(chosen).unwrap()].clone()
    }

    /// A schema of a record, `depth` levels deep.
    fn record(&mut self, depth: u32) -> Value {
        let names: Vec<&str> =
            ["A", "B", "C", "D", "E"][..usize::try_from(1 + self.roll(5)).unwrap()].to_vec();
        let mut properties = serde_json::Map::new();
        for name in &names {
            properties.insert((*name).to_owned(), self.value(depth));
        }
        let required: Vec<&&str> = names.iter().filter(|_| self.happens(2)).collect();
        let mut record = json!({ "type": "object", "additionalProperties": false, "properties": properties,
            "required": required });
        if self.happens(3) {
            let (keyword, rule) = self.rule(&names);
            record[keyword] = rule;
        }
        record
    }

    fn rule(&mut self, names: &[&str]) -> (&'static str, Value) {
        let (one, two) = (self.of(names), self.of(names));
        match self.roll(4) {
            0 => ("anyOf", json!([{ "required": [one] }, { "required": [two] }])),
            1 if one == two => ("not", json!({ "required": [one] })),
            1 => ("not", json!({ "required": [one, two] })),
            2 => ("dependentRequired", json!({ one: [two] })),
            _ => ("allOf", json!([{ "if": { "required": [one] }, "then": { "required": [two] } }])),
        }
    }

    /// A field's schema.
    fn value(&mut self, depth: u32) -> Value {
        let class = self.of(&["open", "shared", "restricted", "personal"]);
        let mut value = json!({ "x-title": { "vi": "T", "en": "T" }, "x-classification": class });
        let more = match self.roll(if depth == 0 { 3 } else { 5 }) {
            0 => json!({ "type": "string" }),
            1 => json!({ "type": self.of(&["number", "integer"]) }),
            2 => json!({ "type": "boolean" }),
            3 => self.record(depth - 1),
            _ => {
                let mut items =
                    if self.happens(2) { self.record(depth - 1) } else { json!({ "type": "string" }) };
                items["xml"] = json!({ "name": "I" });
                json!({ "type": "array", "items": items })
            }
        };
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        for _ in 0..self.roll(3) {
            self.facet(&mut value);
        }
        value
    }

    /// Sets, changes or takes away one facet.
    fn facet(&mut self, value: &mut Value) {
        let kind = match &value["type"] {
            Value::Array(names) => names[0].clone(),
            name => name.clone(),
        };
        let (keyword, chosen) = match kind.as_str().unwrap() {
            "string" => match self.roll(4) {
                0 => ("minLength", json!(self.roll(3))),
                1 => ("maxLength", json!(self.roll(4))),
                2 => ("pattern", json!(self.of(&["^a*$", "b", "^.?$"]))),
                _ => ("enum", self.of(&[json!(["a"]), json!(["a", "b"]), json!(["b", "", "aa"])])),
            },
            "number" | "integer" => match self.roll(5) {
                0 => ("minimum", json!(self.roll(3))),
                1 => ("maximum", json!(self.roll(5))),
                2 => ("exclusiveMinimum", json!(self.roll(3))),
                3 => ("exclusiveMaximum", json!(self.roll(5))),
                _ => ("multipleOf", self.of(&[json!(0.5), json!(1), json!(2)])),
            },
            "array" => match self.roll(3) {
                0 => ("minItems", json!(self.roll(3))),
                1 => ("maxItems", json!(self.roll(3))),
                _ => ("uniqueItems", json!(self.happens(2))),
            },
            "boolean" => ("const", json!(true)),
            _ => return,
        };
        if self.happens(3) {
            value.as_object_mut().unwrap().shift_remove(keyword);
        } else {
            value[keyword] = chosen;
        }
    }

    /// Changes a record's schema in one place, mostly a little.
    fn mutate(&mut self, record: &mut Value, depth: u32) {
        let names: Vec<String> = record["properties"].as_object().unwrap().keys().cloned().collect();
        let name = self.of(&names);
        let field = &mut record["properties"][&name];
        match self.roll(9) {
            0 => {
                let new = self.value(0);
                record["properties"][self.of(&["F", "G"])] = new;
            }
            1 if names.len() > 1 => {
                record["properties"].as_object_mut().unwrap().shift_remove(&name);
                record["required"].as_array_mut().unwrap().retain(|known| known.as_str() != Some(&name));
                for rules in ["anyOf", "not", "dependentRequired", "allOf"] {
                    record.as_object_mut().unwrap().shift_remove(rules);
                }
            }
            2 => {
                let required = record["required"].as_array_mut().unwrap();
                let before = required.len();
                required.retain(|known| known.as_str() != Some(&name));
                if required.len() == before {
                    required.push(json!(name));
                }
            }
            3 => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let (keyword, rule) = self.rule(&names);
                if record.get(keyword).is_some() {
                    record.as_object_mut().unwrap().shift_remove(keyword);
                } else {
                    record[keyword] = rule;
                }
            }
            4 => {
                field["type"] = match &field["type"] {
                    Value::Array(names) => names[0].clone(),
                    name if *name == "integer" => json!("number"),
                    name => json!([name, "null"]),
                };
            }
            5 => *field = self.value(depth),
            _ if field["type"] == "object" => self.mutate(field, depth.saturating_sub(1)),
            _ if field["type"] == "array" && field["items"]["type"] == "object" && self.happens(2) => {
                self.mutate(&mut field["items"], depth.saturating_sub(1));
            }
            _ => self.facet(field),
        }
    }

    /// A record that may or may not conform to `schema`; the small world of values makes both likely.
    fn document(&mut self, schema: &Value) -> Document<'static> {
        let kind = match &schema["type"] {
            Value::Array(_) if self.happens(4) => return Document::Null,
            Value::Array(names) => names[0].clone(),
            name => name.clone(),
        };
        match kind.as_str().unwrap() {
            "string" => Document::Text(self.of(&["", "a", "b", "aa", "aaa"]).into()),
            "number" => Document::Number(Number::new(self.of(&["0", "1", "1.5", "2", "4", "0.25"])).unwrap()),
            "integer" => Document::Number(Number::new(self.of(&["0", "1", "2", "4"])).unwrap()),
            "boolean" => Document::Bool(self.happens(2)),
            "array" => {
                let items = (0..self.roll(4)).map(|_| self.document(&schema["items"])).collect();
                Document::List(items)
            }
            _ => {
                let mut record = Record::default();
                for (name, field) in schema["properties"].as_object().unwrap() {
                    let required = schema["required"].as_array().unwrap().iter().any(|known| known == name);
                    if if required { !self.happens(20) } else { self.happens(2) } {
                        record.push(name.clone(), self.document(field));
                    }
                }
                Document::Record(record)
            }
        }
    }
}

/// The theorem: whatever is called compatible for senders, every valid record of the old contract is
/// valid under the new one; for readers, the other way round, without the fields they do not know.
#[test]
fn what_is_called_compatible_is() {
    const RECORDS: usize = 60;
    let (mut kept_senders, mut kept_readers, mut sent, mut read) = (0, 0, 0, 0);
    let mut broke = 0;
    for seed in 0..500 {
        let mut dice = Dice(seed);
        let written = dice.record(2);
        let mut changed = written.clone();
        for _ in 0..=dice.roll(2) {
            dice.mutate(&mut changed, 1);
        }
        let (old, new) = (contract(1, written.clone()), contract(2, changed.clone()));
        let difference = Difference::between(&old, &new);
        let told = || format!("seed {seed}\n{written:#}\n{changed:#}\n{difference:#?}");
        let real = difference.changes.len() > 1;
        kept_senders += usize::from(real && !difference.breaks_senders());
        kept_readers += usize::from(real && !difference.breaks_readers());
        broke += usize::from(difference.breaks_senders());
        for _ in 0..RECORDS {
            let document = dice.document(&old.schema);
            if !difference.breaks_senders() && old.check(&document, 1).is_ok() {
                sent += usize::from(real);
                assert!(new.check(&document, 1).is_ok(), "{}\n{document:?}", told());
            }
            let mut document = dice.document(&new.schema);
            if !difference.breaks_readers() && new.check(&document, 1).is_ok() {
                read += usize::from(real);
                old.drop_unknown(&mut document);
                assert!(old.check(&document, 1).is_ok(), "{}\n{document:?}", told());
            }
        }
    }
    // The theorem says nothing where everything breaks, or no record is valid.
    assert!(kept_senders > 50 && kept_readers > 50 && broke > 100, "{kept_senders} {kept_readers} {broke}");
    assert!(sent > 200 && read > 200, "{sent} {read}");
}
