//! Classes proposed for fields that have none, by their names.
//!
//! A proposal is a class with a question mark, which loading refuses: how freely a field leaves is decided
//! by a person who answers for it, and never by its name. The proposal is the more guarded of what it
//! might be, so that who only strikes the question marks out shares too little and not too much.

use serde_json::{Map, Value, json};

use crate::Classification;

/// Parts of names, without accents and in lower case, of what is about a person.
const PERSONAL: [&str; 38] = [
    "hovaten",
    "hoten",
    "hodem",
    "tengoi",
    "nguoi",
    "canhan",
    "sodinhdanh",
    "cccd",
    "cmnd",
    "hochieu",
    "giayto",
    "ngaysinh",
    "namsinh",
    "gioitinh",
    "dienthoai",
    "didong",
    "thudientu",
    "email",
    "quequan",
    "thuongtru",
    "cutru",
    "noisinh",
    "quoctich",
    "taikhoan",
    "chunhiem",
    "person",
    "firstname",
    "lastname",
    "fullname",
    "surname",
    "birth",
    "gender",
    "phone",
    "mobile",
    "passport",
    "nationality",
    "address",
    "diachi",
];

/// The same of what the law calls sensitive (Nghị định 356/2025: ethnicity, belief, health, and the doses of
/// radiation that a person has received).
const SENSITIVE: [&str; 14] = [
    "dantoc",
    "tongiao",
    "suckhoe",
    "benh",
    "lieubucxa",
    "lieuchieu",
    "sinhtrac",
    "vantay",
    "ethnic",
    "religion",
    "health",
    "disease",
    "dose",
    "biometric",
];

/// Adds a proposal to every leaf that has no class and inherits none.
pub(super) fn propose(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    let classified = members.contains_key("x-classification");
    // Definitions are classified where they stand, by their own names.
    if let Some(Value::Object(definitions)) = members.get_mut("$defs") {
        let mut as_record = Map::new();
        as_record.insert("properties".to_owned(), Value::Object(std::mem::take(definitions)));
        let mut as_record = Value::Object(as_record);
        within(&mut as_record, "", false);
        if let Some(Value::Object(classified)) = as_record.get_mut("properties").map(Value::take) {
            *definitions = classified;
        }
    }
    within(schema, "", classified);
}

// As deep as the source, which its reader has bounded.
fn within(schema: &mut Value, path: &str, classified: bool) {
    let Some(members) = schema.as_object_mut() else { return };
    for (name, field) in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        let path = format!("{path}.{}", name.to_ascii_lowercase());
        let Some(field) = field.as_object_mut() else { continue };
        let classified = classified || field.contains_key("x-classification");
        if !classified && is_leaf(field) {
            let class = serde_json::to_value(proposed(&path)).unwrap_or_default();
            let question = format!("{}?", class.as_str().unwrap_or_default());
            field.insert("x-classification".to_owned(), json!(question));
        }
        let mut inner = Value::Object(std::mem::take(field));
        match inner.get_mut("items") {
            Some(items) => within(items, &path, classified),
            None => within(&mut inner, &path, classified),
        }
        if let Value::Object(inner) = inner {
            *field = inner;
        }
    }
}

/// A value, or a list of values; no record, no reference.
fn is_leaf(field: &Map<String, Value>) -> bool {
    let schema = field.get("items").and_then(Value::as_object).unwrap_or(field);
    !schema.contains_key("properties") && !schema.contains_key("$ref")
}

/// The class of a field at `path`, names in lower case, if it is what its name says.
fn proposed(path: &str) -> Classification {
    let plain: String = path.chars().filter(|character| !matches!(character, '_' | '-')).collect();
    let hints = |known: &[&str]| known.iter().any(|part| plain.contains(part));
    if hints(&SENSITIVE) {
        Classification::PersonalSensitive
    } else if hints(&PERSONAL) {
        Classification::Personal
    } else {
        Classification::Restricted
    }
}
