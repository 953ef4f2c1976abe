//! Contracts made up: every keyword of the subset, in combinations that no dataset has.

use std::{fs, path::Path};

use contracts::Catalog;
use serde_json::{Map, Value, json};

use super::{CONTRACTS, Chance};

/// What the names of their datasets begin with; no agency's does.
pub const NAME: &str = "thu-";

/// A catalogue of `count` contracts, written to `folder` and loaded.
pub fn catalog(folder: &Path, count: u32) -> Catalog {
    let lists = folder.join("code-lists");
    for list in fs::read_dir(format!("{CONTRACTS}/code-lists")).unwrap() {
        let list = list.unwrap();
        let to = lists.join(list.file_name());
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(list.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    for number in 0..count {
        let place = folder.join(format!("catalog/thu-{number}/v1"));
        fs::create_dir_all(&place).unwrap();
        let mut chance = Chance::of(&format!("thu-{number}"));
        let mut properties = Map::new();
        properties
            .insert("Khoa".to_owned(), field(json!({ "type": "string", "minLength": 1, "maxLength": 40 })));
        // One of each, so that every kind of rule stands in some contract.
        for (position, value) in every_leaf().into_iter().enumerate() {
            if (position as u32 + number).is_multiple_of(2) {
                properties.insert(format!("Don{position}"), field(value));
            }
        }
        for position in 0..6 {
            properties.insert(format!("Truong{position}"), any(2, &mut chance));
        }
        let names: Vec<String> = properties.keys().cloned().collect();
        let mut schema = record(properties, &mut chance);
        schema["required"].as_array_mut().unwrap().retain(|name| name != "Khoa");
        schema["required"].as_array_mut().unwrap().push("Khoa".into());
        if let [.., one, two] = names.as_slice() {
            schema["dependentRequired"] = json!({ one.as_str(): [two] });
        }
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["$id"] = format!("urn:lienthong:contract:thu-{number}:1").into();
        fs::write(place.join("schema.json"), schema.to_string()).unwrap();
        fs::write(
            place.join("contract.toml"),
            format!(
                "id = \"thu-{number}@1\"\ntitle = {{ vi = \"Thử\", en = \"Trial\" }}\nowner = \"G06\"\n\
                 legal_basis = [\"thử\"]\nstatus = \"draft\"\nupdate = \"daily\"\nkey = \"Khoa\"\n\
                 [xml]\nnamespace = \"urn:lienthong:dataset:thu-{number}:1\"\nrecord = \"Thu\"\ncollection = \"DanhSachThu\"\n"
            ),
        )
        .unwrap();
    }
    let (catalog, _) = Catalog::load(folder).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(|fault| fault.display(contracts::Language::En)).collect::<String>())
    });
    catalog
}

fn field(mut value: Value) -> Value {
    value["x-title"] = json!({ "vi": "Trường", "en": "Field" });
    value["x-classification"] = "open".into();
    value
}

fn every_leaf() -> Vec<Value> {
    vec![
        json!({ "type": "string", "format": "date" }),
        json!({ "type": ["string", "null"], "format": "date-time", "maxLength": 30 }),
        json!({ "type": "string", "format": "time" }),
        json!({ "type": "string", "format": "year" }),
        json!({ "type": "string", "format": "email" }),
        json!({ "type": "string", "format": "uri", "maxLength": 60 }),
        json!({ "type": "string", "format": "uuid" }),
        json!({ "type": "string", "pattern": "^[A-Z]{2}[0-9]+(-[a-z]*)?$", "maxLength": 12 }),
        json!({ "type": "string", "pattern": "b|^\\d", "minLength": 2 }),
        json!({ "type": "string", "pattern": "^[^<&]*\\.$" }),
        json!({ "type": ["string", "null"], "enum": ["một", "hai & ba", "<4>", null] }),
        json!({ "type": ["string", "null"], "enum": ["a b", " c"] }),
        json!({ "type": "string", "const": "2026-01-31", "format": "date" }),
        json!({ "type": "string", "x-identifier": "ma-so-thue", "maxLength": 14 }),
        json!({ "type": "string", "x-identifier": "ma-co-quan" }),
        json!({ "type": "string", "x-identifier": "ipc", "pattern": "^G" }),
        json!({ "type": "string", "x-code-list": "don-vi-hanh-chinh-tinh", "maxLength": 2 }),
        json!({ "type": "string", "x-code-list": "cap-quan-ly", "enum": ["bo", "tinh", "khong-co"] }),
        json!({ "type": "integer", "minimum": -3, "exclusiveMaximum": 12 }),
        json!({ "type": "integer", "minimum": 0.5, "maximum": 99.5, "multipleOf": 10 }),
        json!({ "type": "number", "exclusiveMinimum": 0, "minimum": -5, "maximum": 100, "multipleOf": 0.01 }),
        json!({ "type": "number", "minimum": 0, "maximum": 50, "multipleOf": 0.5 }),
        json!({ "type": ["integer", "null"], "enum": [1, 2, 30, null] }),
        json!({ "type": "number", "enum": [0.5, 2] }),
        json!({ "type": ["integer", "null"] }),
        json!({ "type": "number" }),
        json!({ "type": "boolean", "const": true }),
        json!({ "type": ["boolean", "null"] }),
        json!({ "type": ["object", "null"], "x-geometry": {
            "types": ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"],
            "crs": ["CRS84", "EPSG:4756", "EPSG:4326", "EPSG:3405"], "box": [102, 8, 110, 24]
        } }),
        json!({ "type": "array", "maxItems": 3, "items": { "type": "object", "xml": { "name": "Hinh" }, "x-geometry": {
            "types": ["Point"], "crs": ["CRS84"], "box": [102, 8, 110, 24]
        } } }),
        json!({ "type": "array", "uniqueItems": true, "maxItems": 4, "items": { "type": "integer", "minimum": 0, "maximum": 9, "xml": { "name": "So" } } }),
        json!({ "type": "array", "uniqueItems": true, "minItems": 2, "items": { "type": "string", "maxLength": 9 }, "xml": { "nodeType": "none" } }),
        json!({ "type": "array", "uniqueItems": true, "items": { "type": "string", "format": "date-time", "xml": { "name": "Luc" } } }),
        json!({ "type": ["array", "null"], "minItems": 1, "items": { "type": "boolean", "xml": { "name": "Co" } } }),
        json!({ "type": "array", "uniqueItems": true, "items": {
            "type": "object", "additionalProperties": false, "required": ["A"], "xml": { "name": "Muc" },
            "properties": {
                "A": field(json!({ "type": "integer", "minimum": 0, "maximum": 9 })),
                "B": field(json!({ "type": "boolean", "xml": { "nodeType": "attribute" } }))
            }
        } }),
        json!({ "type": "array", "uniqueItems": true, "items": {
            "type": "object", "additionalProperties": false, "required": ["A", "B"], "xml": { "name": "Muc" },
            "properties": {
                "A": field(json!({ "type": "integer", "minimum": 0, "maximum": 9, "xml": { "nodeType": "attribute" } })),
                "B": field(json!({ "type": "string", "maxLength": 8, "xml": { "nodeType": "text" } }))
            }
        } }),
    ]
}

/// How many of [`every_leaf`] have no parts.
const LEAVES: usize = 28;

fn any(depth: u32, chance: &mut Chance) -> Value {
    let leaves = every_leaf();
    let scalar = |chance: &mut Chance| chance.pick(&leaves[..LEAVES]);
    match chance.below(if depth == 0 { 2 } else { 5 }) {
        0 | 1 => field(scalar(chance)),
        2 | 3 => {
            let properties =
                (0..1 + chance.below(4)).map(|position| (format!("Con{position}"), any(depth - 1, chance)));
            let properties: Map<_, _> = properties.collect();
            field(record(properties, chance))
        }
        _ => {
            let mut item = if chance.below(2) == 0 {
                let mut leaf = scalar(chance);
                // An item is never null.
                if let Value::Array(kinds) = &leaf["type"] {
                    leaf["type"] = kinds[0].clone();
                    if let Some(values) = leaf.get_mut("enum").and_then(Value::as_array_mut) {
                        values.retain(|value| !value.is_null());
                    }
                }
                leaf
            } else {
                record([("Con".to_owned(), any(0, chance))].into_iter().collect(), chance)
            };
            if chance.below(2) == 0 {
                item["xml"] = json!({ "name": "Muc" });
                field(json!({ "type": "array", "maxItems": chance.below(5), "items": item }))
            } else {
                let least = 1 + chance.below(2);
                field(json!({
                    "type": "array", "minItems": least, "maxItems": least + 2, "items": item, "xml": { "nodeType": "none" },
                }))
            }
        }
    }
}

fn record(properties: Map<String, Value>, chance: &mut Chance) -> Value {
    let required: Vec<&String> = properties.keys().filter(|_| chance.below(2) == 0).collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}
