//! A JSON Schema as a source.

use std::path::Path;

use serde_json::{Map, Value};

use super::Source;
use crate::{Fault, schema};

/// Said for readers or tools and judged by nobody: left out.
const REMARKS: &[&str] =
    &["$comment", "examples", "example", "$id", "id", "$anchor", "deprecated", "readOnly", "writeOnly"];

/// Reads a JSON Schema. `definitions` of older drafts become `$defs`, a type list that begins with `null`
/// ends with it, and remarks are left out; all else stays as it is written, and is judged as that.
///
/// # Errors
/// The text is not JSON.
pub fn of_json_schema<'s>(file: &'s Path, text: &'s str) -> Result<Source<'s>, Vec<Fault>> {
    let mut schema: Value =
        serde_json::from_str(text).map_err(|error| vec![schema::not_json(file, text, &error)])?;
    normalise(&mut schema);
    let places = schema::Places::of(text);
    Ok(Source {
        file,
        schema,
        record: None,
        collection: None,
        namespace: None,
        title: None,
        remarks: Vec::new(),
        place: Box::new(move |pointer| {
            let older = pointer.strip_prefix("/$defs").map(|rest| format!("/definitions{rest}"));
            places.known(pointer).or_else(|| places.known(&older?))
        }),
    })
}

// serde_json refuses more than 128 levels, which bounds this recursion.
fn normalise(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    for remark in REMARKS {
        members.shift_remove(*remark);
    }
    if let Some(older) = members.shift_remove("definitions") {
        members.insert("$defs".to_owned(), older);
    }
    if let Some(Value::String(reference)) = members.get_mut("$ref")
        && let Some(name) = reference.strip_prefix("#/definitions/")
    {
        *reference = format!("#/$defs/{name}");
    }
    // Until draft 4, an excluded bound was a bound with a mark beside it.
    for (mark, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match members.get(mark) {
            Some(Value::Bool(true)) if members.get(bound).is_some_and(Value::is_number) => {
                let limit = members.shift_remove(bound).unwrap_or_default();
                members.insert(mark.to_owned(), limit);
            }
            Some(Value::Bool(false)) => drop(members.shift_remove(mark)),
            _ => {}
        }
    }
    if let Some(Value::Array(kinds)) = members.get_mut("type")
        && let [first, _] = kinds.as_mut_slice()
        && first == "null"
    {
        kinds.reverse();
    }
    for keyword in ["properties", "$defs"] {
        let fields = members.get_mut(keyword).and_then(Value::as_object_mut).map(Map::iter_mut);
        fields.into_iter().flatten().for_each(|(_, field)| normalise(field));
    }
    if let Some(items) = members.get_mut("items") {
        normalise(items);
    }
}
