//! What a contract may say and its author should look at: a schema that is sound and yet lets through what
//! nobody means. Told of a draft when it is made and whenever a contract is checked by its author; nothing
//! is refused for it, since a text without a bound may be one on purpose.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{
    Bilingual, Fault,
    schema::{Places, below},
};

/// The most fields that are named in one remark; the count is told besides.
const MOST_LISTED: usize = 8;

/// Keywords that bound a text, or say which texts there may be.
const BOUNDS: [&str; 7] = ["maxLength", "enum", "const", "pattern", "format", "x-code-list", "x-identifier"];

/// Keywords that say which texts there may be: whether the empty one is among them is their author's word.
const NOT_EMPTY: [&str; 6] = ["enum", "const", "pattern", "format", "x-code-list", "x-identifier"];

/// What to look at in the text of the schema `file`, whose records are told apart by the field `key`, if
/// that is known. Shared parts are their own authors' to look at.
pub fn review(file: &Path, text: &str, key: Option<&str>) -> Vec<Fault> {
    let Ok(schema) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let places = Places::of(text);
    let mut remarks = Vec::new();
    let mut unbounded = Vec::new();
    texts(&schema, "", &mut |pointer, members| {
        if !BOUNDS.iter().any(|keyword| members.contains_key(*keyword)) {
            unbounded.push(pointer.to_owned());
        }
    });
    if let Some(first) = unbounded.first() {
        let named = unbounded.iter().take(MOST_LISTED).map(|pointer| format!("`{}`", path(pointer)));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = if unbounded.len() > MOST_LISTED { ", …" } else { "" };
        let count = unbounded.len();
        remarks.push(Fault {
            file: file.to_owned(),
            place: places.known(first),
            rule: "unbounded-text",
            message: Bilingual::new(
                format!("{count} trường văn bản không giới hạn độ dài: {named}{more}"),
                format!("{count} texts have no bound to their length: {named}{more}"),
            ),
            remedy: Bilingual::new(
                "Thêm `maxLength` (như 255), hoặc `enum`, `pattern`, `x-code-list`, `x-identifier` nếu giá trị có quy định.",
                "Add `maxLength` (such as 255), or `enum`, `pattern`, `x-code-list`, `x-identifier` where there is a rule.",
            ),
            warning: true,
        });
    }
    let field = key.and_then(|key| schema.get("properties")?.get(key)?.as_object().map(|field| (key, field)));
    if let Some((key, field)) = field
        && field.get("type").is_some_and(|kind| kind == "string")
        && !NOT_EMPTY.iter().any(|keyword| field.contains_key(*keyword))
        && field.get("minLength").and_then(Value::as_u64).is_none_or(|least| least == 0)
    {
        remarks.push(Fault {
            file: file.to_owned(),
            place: places.known(&below("/properties", key)),
            rule: "empty-key",
            message: Bilingual::new(
                format!("Khóa `{key}` có thể là văn bản rỗng"),
                format!("The key `{key}` may be an empty text"),
            ),
            remedy: Bilingual::new(
                "Thêm `\"minLength\": 1`, hoặc `pattern` nếu mã có quy cách.",
                "Add `\"minLength\": 1`, or a `pattern` where the code has a form.",
            ),
            warning: true,
        });
    }
    remarks
}

/// Shows `visit` every text of a schema, the items of lists included, with its pointer.
// serde_json refuses more than 128 levels, which bounds this recursion.
fn texts(schema: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    let Some(members) = schema.as_object() else { return };
    let is_text = |kind: &Value| kind == "string" || kind.get(0).is_some_and(|first| first == "string");
    if members.get("type").is_some_and(is_text) {
        visit(pointer, members);
    }
    if let Some(items) = members.get("items") {
        texts(items, &below(pointer, "items"), visit);
    }
    for keyword in ["properties", "$defs"] {
        let fields = members.get(keyword).and_then(Value::as_object);
        for (name, field) in fields.into_iter().flatten() {
            texts(field, &below(&below(pointer, keyword), name), visit);
        }
    }
}

/// The field's path as people write it.
fn path(pointer: &str) -> String {
    let names = pointer.split('/').filter(|part| !matches!(*part, "" | "properties" | "items" | "$defs"));
    names.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "schema.json";

    fn told(properties: &str, key: Option<&str>) -> Vec<(&'static str, u32)> {
        let text = format!("{{ \"type\": \"object\",\n\"properties\": {{\n{properties}\n}} }}");
        let remarks = review(Path::new(FILE), &text, key);
        assert!(remarks.iter().all(|remark| remark.warning));
        remarks.iter().map(|remark| (remark.rule, remark.place.unwrap().line)).collect()
    }

    #[test]
    fn a_text_without_a_bound_is_remarked_once_for_all() {
        let fields = r#""A": { "type": "string", "maxLength": 9 },
            "B": { "type": ["string", "null"] },
            "C": { "type": "array", "items": { "type": "string" } },
            "D": { "type": "object", "properties": { "E": { "type": "string", "minLength": 1 } } }"#;
        assert_eq!(told(fields, None), [("unbounded-text", 4)]);
        let text = format!("{{ \"properties\": {{ {fields} }} }}");
        let remark = review(Path::new(FILE), &text, None).remove(0);
        assert!(remark.message.en.contains("3 texts") && remark.message.en.contains("`B`, `C`, `D.E`"));
        assert_eq!(
            told(r#""A": { "type": "string", "format": "date" }, "B": { "type": "integer" }"#, None),
            []
        );
    }

    #[test]
    fn a_key_that_may_be_empty_is_remarked() {
        let key = Some("A");
        assert_eq!(told(r#""A": { "type": "string", "maxLength": 9 }"#, key), [("empty-key", 3)]);
        for sound in
            ["\"minLength\": 1, \"maxLength\": 9", "\"pattern\": \"^A\"", "\"x-identifier\": \"issn\""]
        {
            assert_eq!(told(&format!(r#""A": {{ "type": "string", {sound} }}"#), key), []);
        }
        assert_eq!(told(r#""A": { "type": "integer" }"#, key), []);
    }
}
