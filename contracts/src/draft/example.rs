//! A first example of a draft: an invented record with every required field, so that the author sees its
//! form. Where an identifier, a code list or a rule between fields asks for more, the author writes what
//! satisfies it; nothing is taken from a sample, which may be about somebody.

use serde_json::{Map, Value, json};

use crate::pattern::Pattern;

/// The longest text that is made up; a schema may ask for any length.
const LONGEST: u64 = 200;
/// The most items that are made up.
const MOST: u64 = 3;

/// A record of `schema`.
pub(super) fn of(schema: &Value) -> Value {
    value(schema, schema)
}

fn value(schema: &Value, root: &Value) -> Value {
    let referred =
        schema.get("$ref").and_then(Value::as_str).and_then(|at| root.pointer(at.strip_prefix('#')?));
    // A draft's references end: it was compiled.
    let schema = referred.unwrap_or(schema);
    if let Some(only) = schema.get("const").or_else(|| schema.get("enum").and_then(|values| values.get(0))) {
        return only.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    let number = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    match kind {
        Some("object") if schema.get("x-geometry").is_some() => {
            json!({ "type": "Point", "coordinates": [105.8, 21.0] })
        }
        Some("object") => {
            let required: Vec<&str> = schema
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let fields = schema.get("properties").and_then(Value::as_object).map(Map::iter);
            let fields = fields.into_iter().flatten().filter(|(name, _)| required.contains(&name.as_str()));
            let fields = fields.map(|(name, field)| (name.clone(), value(field, root)));
            Value::Object(fields.collect())
        }
        Some("array") => {
            let item = schema.get("items").map(|items| value(items, root));
            let count = number("minItems").unwrap_or(1).clamp(1, MOST);
            (0..count).filter_map(|_| item.clone()).collect()
        }
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(true),
        _ if schema.get("pattern").is_some() => {
            let pattern = schema.get("pattern").and_then(Value::as_str).and_then(Pattern::parse);
            json!(pattern.map(|pattern| pattern.sample(&mut |_| 0)).unwrap_or_default())
        }
        _ => json!(match schema.get("format").and_then(Value::as_str) {
            Some("date") => "2026-01-31".to_owned(),
            Some("date-time") => "2026-01-31T08:00:00+07:00".to_owned(),
            Some("time") => "08:00:00+07:00".to_owned(),
            Some("year") => "2026".to_owned(),
            Some("email") => "mau@example.org".to_owned(),
            Some("uri") => "https://example.org/".to_owned(),
            Some("uuid") => "00000000-0000-7000-8000-000000000000".to_owned(),
            _ => {
                let least = number("minLength").unwrap_or(0).min(LONGEST);
                let most = number("maxLength").unwrap_or(LONGEST);
                let length = usize::try_from(least.max(1).min(most)).unwrap_or(1);
                "Mau ".chars().cycle().take(length).collect()
            }
        }),
    }
}
