//! A contract in the making: from a schema or a sample that someone has, to the files of a dataset.
//!
//! What the source says is taken over; what only the dataset's owner can say is left open, and a contract
//! with an open place is left out of the catalogue: titles are empty, owner, legal basis, status, frequency
//! and key are blank, and a class is a proposal with a question mark (`"personal?"`), the more guarded one
//! wherever a name hints at a person. So a draft cannot be served by mistake, and loading it alone lists what
//! is still to be answered, all of it at once ([`crate::Fault::is_open_answer`]).
//!
//! What the subset of contracts cannot hold (open records, lists of lists, text between elements, a choice
//! of elements) is refused here, with its place in the source: the schema is compiled once with the open
//! places filled by stand-ins, and every fault is told where the source says what caused it. Readers of
//! sources (JSON Schema and JSON samples here, XML in the adapters) therefore only translate; what may
//! stand is decided in one place, by the compiler of contracts.

mod classes;
mod example;
mod json_schema;
mod sample;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::{Map, Value, json};

pub use self::{
    json_schema::of_json_schema,
    sample::{Look, Member, Sample, of_json_sample, of_samples},
};
use crate::{
    Bilingual, CodeLists, ContractId, Fault, Place, UpdateFrequency, pattern::Pattern, schema, validation,
};

/// What a source says of a dataset, as a schema in the making.
pub struct Source<'s> {
    /// The file it was read from.
    pub file: &'s Path,
    /// The record's schema. Titles and classes may be missing.
    pub schema: Value,
    /// What the dataset is called, where the source says that. Either language may be empty.
    pub title: Option<Bilingual>,
    /// The XML root of one record, where the source names one.
    pub record: Option<String>,
    /// The XML root of a list of records, where the source names one.
    pub collection: Option<String>,
    /// The XML namespace, where the source names one.
    pub namespace: Option<String>,
    /// What the author should look at: where the contract is stricter than the source, or a guess was made.
    pub remarks: Vec<Fault>,
    /// The place in the file of a part of the schema, by JSON pointer.
    pub place: Places<'s>,
}

/// Where in a file a part of a schema stands, by JSON pointer.
pub type Places<'s> = Box<dyn Fn(&str) -> Option<Place> + 's>;

/// The files of a new dataset.
#[derive(Clone, Debug)]
pub struct Draft {
    /// `contract.toml`.
    pub contract: String,
    /// `schema.json`.
    pub schema: String,
    /// `examples/ok/mau.json`: an invented record with every required field.
    pub example: String,
    /// What the author should look at, each with its place in the source.
    pub remarks: Vec<Fault>,
}

impl Draft {
    /// The draft of contract `id` from `source`.
    ///
    /// # Errors
    /// Whatever the subset cannot hold, with its place in the source.
    pub fn of(id: &ContractId, source: Source<'_>, code_lists: &CodeLists) -> Result<Self, Vec<Fault>> {
        let mut written = source.schema;
        if let Some(members) = written.as_object_mut() {
            let mut head = Map::new();
            head.insert("$schema".to_owned(), json!(schema::DIALECT));
            head.insert(
                "$id".to_owned(),
                json!(format!("urn:lienthong:contract:{}:{}", id.dataset, id.version)),
            );
            members.shift_remove("$schema");
            members.shift_remove("$id");
            head.extend(std::mem::take(members));
            *members = head;
        }
        open_places(&mut written);
        classes::propose(&mut written);
        probe(&written, source.file, &*source.place, code_lists)?;
        let record = source.record.unwrap_or_else(|| pascal(&id.dataset));
        let collection = source.collection.unwrap_or_else(|| format!("DanhSach{record}"));
        let namespace = source
            .namespace
            .unwrap_or_else(|| format!("urn:lienthong:dataset:{}:{}", id.dataset, id.version));
        let text = |value: &Value| format!("{value:#}\n");
        Ok(Self {
            contract: manifest(id, source.title.as_ref(), [&record, &collection, &namespace]),
            example: text(&example::of(&written)),
            schema: text(&written),
            remarks: source.remarks,
        })
    }
}

/// Compiles the schema with its open places filled, and tells faults where the source has their cause.
fn probe(
    written: &Value,
    file: &Path,
    place: &dyn Fn(&str) -> Option<Place>,
    code_lists: &CodeLists,
) -> Result<(), Vec<Fault>> {
    let mut filled = written.clone();
    stand_in(&mut filled);
    let text = format!("{filled:#}");
    let Err(faults) = schema::compile(file, &text, None, code_lists) else { return Ok(()) };
    let places = schema::Places::of(&text);
    Err(faults
        .into_iter()
        .map(|mut fault| {
            let mut pointer = fault.place.and_then(|at| places.pointer(at)).unwrap_or_default();
            // The nearest part above that the source has a place for.
            fault.place = loop {
                match (place(&pointer), pointer.rfind('/')) {
                    (Some(found), _) => break Some(found),
                    (None, Some(cut)) => pointer.truncate(cut),
                    (None, None) => break None,
                }
            };
            fault
        })
        .collect())
}

/// Shows every `visit`ed property and item of a schema, parents first. Depth is the source's, which its
/// reader has bounded.
fn each_schema(schema: &mut Value, is_field: bool, visit: &mut impl FnMut(&mut Map<String, Value>, bool)) {
    let Some(members) = schema.as_object_mut() else { return };
    visit(members, is_field);
    for (_, field) in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        each_schema(field, true, visit);
    }
    for (_, part) in members.get_mut("$defs").and_then(Value::as_object_mut).into_iter().flatten() {
        each_schema(part, false, visit);
    }
    if let Some(items) = members.get_mut("items") {
        each_schema(items, false, visit);
    }
}

/// Adds what the author fills in: titles where the source has none, names of list items.
fn open_places(schema: &mut Value) {
    each_schema(schema, false, &mut |members, is_field| {
        if is_field && !members.contains_key("x-title") {
            // What the source calls the field is a title in one of the two languages at best.
            let said = members.shift_remove("title").unwrap_or_else(|| json!(""));
            let mut titled = Map::new();
            titled.insert("x-title".to_owned(), json!({ "vi": said, "en": "" }));
            titled.extend(std::mem::take(members));
            *members = titled;
        }
        let wrapped = members.get("type").is_some_and(names_list)
            && members.get("xml").and_then(|xml| xml.get("nodeType")).is_none_or(|node| node != "none");
        if wrapped
            && let Some(items) = members.get_mut("items").and_then(Value::as_object_mut)
            && items.get("xml").and_then(|xml| xml.get("name")).is_none()
        {
            items.insert("xml".to_owned(), json!({ "name": "Muc" }));
        }
    });
}

fn names_list(kind: &Value) -> bool {
    kind == "array" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "array"))
}

/// Fills the open places, so that only what the source says can be at fault.
fn stand_in(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        members.entry("x-classification").or_insert_with(|| json!("open"));
    }
    each_schema(schema, false, &mut |members, is_field| {
        if is_field {
            members.insert("x-title".to_owned(), json!({ "vi": "x", "en": "x" }));
        }
        if members.get("x-classification").and_then(Value::as_str).is_some_and(|class| class.ends_with('?')) {
            members.insert("x-classification".to_owned(), json!("open"));
        }
    });
}

/// `nhiem-vu` as an element: `NhiemVu`.
fn pascal(dataset: &str) -> String {
    dataset
        .split('-')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}

fn manifest(
    id: &ContractId,
    title: Option<&Bilingual>,
    [record, collection, namespace]: [&str; 3],
) -> String {
    let (vi, en) = title.map_or(("", ""), |title| (&title.vi, &title.en));
    let quoted = |text: &str| Value::from(text).to_string();
    format!(
        "# Mọi chỗ để trống phải được điền; `lienthong contract check {id}` nêu từng chỗ.\n\
         # Every blank is to be filled in; `lienthong contract check {id}` names each.\n\
         id = \"{id}\"\n\
         title = {{ vi = {}, en = {} }}\n\
         # Mã cơ quan chịu trách nhiệm, như G06. / The agency that answers for it, such as G06.\n\
         owner = \"\"\n\
         # Căn cứ pháp lý: [\"Thông tư …, Điều …\"]. / The texts that it rests on.\n\
         legal_basis = []\n\
         # active: trường đã chốt, đổi là phiên bản mới. draft: trường còn có thể đổi, chỉ ai ghi\n\
         # `draft = true` mới dùng được. / active: fields are settled, and to change them is a new version.\n\
         # draft: fields may still change, and only who says `draft = true` may use it.\n\
         status = \"\"\n\
         # {}\n\
         update = \"\"\n\
         # Trường nhận biết một bản ghi. / The field that identifies a record.\n\
         key = \"\"\n\n\
         [xml]\n\
         namespace = {}\n\
         record = {}\n\
         collection = {}\n",
        quoted(vi),
        quoted(en),
        UpdateFrequency::ALL.map(UpdateFrequency::as_str).join(", "),
        quoted(namespace),
        quoted(record),
        quoted(collection)
    )
}

/// How XML Schema says a text's `format`, beside a type of its own: what [`crate::description::xsd`] writes,
/// for those who read it back.
pub fn pattern_of(format: &str) -> Option<String> {
    Some(Pattern::parse(validation::format(format)?.pattern)?.xsd())
}

/// A fault of a source.
fn fault(
    file: &Path,
    place: Option<Place>,
    rule: &'static str,
    message: [&str; 2],
    remedy: [&str; 2],
) -> Fault {
    Fault {
        file: file.to_owned(),
        place,
        rule,
        message: Bilingual::new(message[0], message[1]),
        remedy: Bilingual::new(remedy[0], remedy[1]),
        warning: false,
    }
}
