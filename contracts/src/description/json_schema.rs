//! The published JSON Schema 2020-12.
//!
//! The schema that the gateway validates with, with a few additions. What our own keywords ask is said in
//! standard ones as far as those reach: a code list that decides is an `enum`, an identifier or a format
//! a `pattern` (formats are annotations to most validators). And every `x-title` is a `title` too. A draft
//! says in `x-status` and in its description that it is one.

use serde_json::{Map, Value, json};

use super::Listed;
use crate::{
    Bilingual, CodeLists, Contract, View,
    identifiers::IdentifierKind,
    validation::{self, Xsd},
};

/// The JSON Schema of `contract` as `view` has it.
pub fn json_schema(contract: &Contract, view: &View) -> Value {
    let mut schema = view.schema.clone();
    publish(&mut schema, contract.code_lists());
    if let Some(members) = schema.as_object_mut() {
        let title = contract.title();
        members.insert("title".to_owned(), both(title).into());
        members.insert("x-status".to_owned(), contract.status().as_str().into());
        if let Some(caution) = contract.status().caution() {
            let own = members.get("description").and_then(Value::as_str).unwrap_or_default();
            let told = format!("{} {own}", both(&caution));
            members.insert("description".to_owned(), told.trim_end().into());
        }
    }
    schema
}

fn both(title: &Bilingual) -> String {
    format!("{} / {}", title.vi, title.en)
}

fn publish(schema: &mut Value, lists: &CodeLists) {
    let Some(members) = schema.as_object_mut() else { return };
    let said = said(members, lists);
    if let Some(title) = super::title(members) {
        members.entry("title").or_insert_with(|| both(&title).into());
    }
    let mut also = Vec::new();
    for (keyword, value) in said {
        if members.contains_key(&keyword) {
            also.push(json!({ keyword: value }));
        } else {
            members.insert(keyword, value);
        }
    }
    if !also.is_empty() {
        members.insert("allOf".to_owned(), Value::Array(also));
    }
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.iter_mut().for_each(|(_, field)| publish(field, lists));
    }
    if let Some(items) = members.get_mut("items") {
        publish(items, lists);
    }
}

/// What a leaf's own keywords ask, in standard ones.
fn said(schema: &Map<String, Value>, lists: &CodeLists) -> Vec<(String, Value)> {
    let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    let nullable = schema.get("type").is_some_and(Value::is_array);
    let mut said = Vec::new();
    if let Some(kind) = text("x-identifier").and_then(|name| name.parse::<IdentifierKind>().ok()) {
        let written = kind.written();
        said.push(("pattern".to_owned(), written.pattern.into()));
        if let Some(longest) = written.longest {
            said.push(("maxLength".to_owned(), Value::from(longest)));
        }
    }
    if let Some(format) = text("format").and_then(validation::format)
        && format.xsd != Xsd::Roughly
    {
        said.push(("pattern".to_owned(), format.pattern.into()));
    }
    if let Some(codes) = Listed::of(schema, lists).and_then(|listed| listed.codes()) {
        let null = nullable.then_some(Value::Null);
        said.push(("enum".to_owned(), codes.into_iter().map(|(code, _)| code.into()).chain(null).collect()));
    }
    said
}
