//! What a dataset looks like, told in the languages of other systems.
//!
//! Each description is made from a [`View`](crate::View), its shape and its schema, and from nothing
//! else: a rule added to a contract shows up in all of them. They agree with the gateway's own check as
//! far as their language reaches; what it has no words for is listed with the description
//! ([`Unsaid`]), so that nobody takes silence for permission.
//!
//! - [`xsd`]: XML Schema 1.0, for validators and code generators.
//! - [`json_schema`]: JSON Schema 2020-12 for any validator, our own keywords said in standard ones too.
//! - [`dictionary`]: for people, in Vietnamese and English, as Markdown or HTML.
//! - [`index`]: all contracts on one page, for people.
//!
//! Every one of them says of a draft that it is one ([`crate::Status::caution`]).

pub mod dictionary;
mod index;
mod json_schema;
mod markup;
mod xsd;

use serde_json::{Map, Value};

pub use self::{
    index::index,
    json_schema::json_schema,
    xsd::{Unsaid, UnsaidRule, Xsd, xsd},
};
use crate::{
    Bilingual, CodeList, CodeLists, Contract,
    schema::{ORDER, RULES},
};

/// The code list that a leaf's schema names.
pub(crate) struct Listed<'l> {
    list: &'l CodeList,
    /// Whether a code is read at the date of another field.
    dated: bool,
}

impl<'l> Listed<'l> {
    pub(crate) fn of(schema: &Map<String, Value>, lists: &'l CodeLists) -> Option<Self> {
        let written = schema.get("x-code-list")?;
        let name = written.as_str().or_else(|| written.get("list")?.as_str())?;
        Some(Self { list: lists.list(name)?, dated: written.get("at").is_some() })
    }

    /// Every code of every edition, first met first; `None` when the list does not decide.
    pub(crate) fn codes(&self) -> Option<Vec<(&'l str, &'l str)>> {
        (self.list.check() == crate::Check::Codes).then(|| self.known())
    }

    /// Every code that is had, first met first, whether the list decides or not.
    pub(crate) fn known(&self) -> Vec<(&'l str, &'l str)> {
        let mut seen = std::collections::HashSet::new();
        // The latest names come first: a code keeps the one it has now.
        let entries = self.list.editions().iter().rev().flat_map(crate::Edition::entries);
        entries
            .map(|entry| (entry.code.as_str(), entry.name.as_str()))
            .filter(|(code, _)| seen.insert(*code))
            .collect()
    }
}

/// The rules between fields of a record, each as the schema writes it; fields in order as `A ≤ B`.
fn rules(schema: &Map<String, Value>) -> Vec<String> {
    let mut rules = Vec::new();
    for (keyword, value) in schema {
        match keyword.as_str() {
            // They are one rule, told under `if`.
            "then" | "else" => {}
            "if" => {
                let parts = ["if", "then", "else"].into_iter();
                let rule =
                    parts.filter_map(|part| Some((part.to_owned(), schema.get(part)?.clone()))).collect();
                rules.push(Value::Object(rule).to_string());
            }
            ORDER => rules.extend(
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_array)
                    .map(|row| row.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ≤ ")),
            ),
            known if RULES.contains(&known) || !STRUCTURE.contains(&known) => {
                let rule = [(keyword.clone(), value.clone())].into_iter().collect();
                rules.push(Value::Object(rule).to_string());
            }
            _ => {}
        }
    }
    rules
}

/// The keywords of a record that are no rules between fields.
const STRUCTURE: &[&str] = &[
    "$schema",
    "$id",
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "enum",
    "const",
    "x-title",
    "x-classification",
    "xml",
];

/// A schema's `x-title`.
fn title(schema: &Map<String, Value>) -> Option<Bilingual> {
    schema.get("x-title").and_then(|title| serde_json::from_value(title.clone()).ok())
}

/// SHA-256 as people compare it.
fn revision(contract: &Contract) -> String {
    contract.revision().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
