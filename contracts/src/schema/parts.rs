//! Parts that contracts share, defined once: `catalog/parts.json`.
//!
//! A person, an organisation, an address are the same wherever they stand, so their definitions live in
//! one file beside the datasets, and a schema refers to them as `parts.json#/$defs/<name>`. That text
//! is a fixed name and no path: nothing outside the catalog can be reached by it. A part refers to other
//! parts as `#/$defs/<name>`, its own file's. At compile both kinds of reference are written out, so that
//! a contract is whole and what it says of its fields does not hang on another file any more.
//!
//! A part may leave `x-classification` to the place that refers to it: an organisation's address is
//! `open`, a person's is `personal`.

use std::path::Path;

use serde_json::{Map, Value};

use super::{
    DIALECT, Said, Text,
    places::{Places, below},
    said,
};
use crate::Fault;

/// What a reference to a part begins with, and pointers into the parts do: a URI reference whose
/// fragment is a JSON pointer.
pub(super) const WITHIN: &str = "parts.json#";

/// What the file may say of itself.
const ROOT: &[&str] = &["$schema", "$id", "$defs", "title", "description"];

/// The definitions of `parts.json`. They are checked where a contract uses them, like a schema's own.
pub(crate) struct Parts<'t> {
    text: Text<'t>,
    root: Value,
}

impl<'t> Parts<'t> {
    /// Reads the text of `file`.
    ///
    /// # Errors
    /// Every fault of the file as a whole.
    pub(crate) fn read(file: &'t Path, text: &'t str) -> Result<Self, Vec<Fault>> {
        let root: Value =
            serde_json::from_str(text).map_err(|error| vec![super::not_json(file, text, &error)])?;
        let mut parts = Self { text: Text { file, places: Places::of(text) }, root };
        let mut faults = parts.text.repeated_members();
        let mut fault = |at: &str, said: &Said, name: &str| faults.push(parts.text.fault(at, said, name));
        if let Err(error) = jsonschema::draft202012::meta::validate(&parts.root) {
            fault(error.instance_path().as_str(), &said::NOT_A_SCHEMA, "");
        }
        if parts.root.get("$schema").is_none_or(|dialect| dialect != DIALECT) {
            fault("/$schema", &said::DIALECT, DIALECT);
        }
        for keyword in parts.root.as_object().into_iter().flat_map(Map::keys) {
            if !ROOT.contains(&keyword.as_str()) {
                fault(&below("", keyword), &said::PARTS_ONLY, keyword);
            }
        }
        if faults.is_empty() { Ok(parts) } else { Err(faults) }
    }

    /// The definitions by name.
    pub(super) fn defs(&self) -> Option<&Map<String, Value>> {
        self.root.get("$defs").and_then(Value::as_object)
    }

    /// The file with its places.
    pub(super) fn text(&self) -> &Text<'t> {
        &self.text
    }

    /// Every name, in the order of the file.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.defs().into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The definition `name` as written, its name included: what the revision of a contract that
    /// uses it covers.
    pub(crate) fn written(&self, name: &str) -> Option<&'t str> {
        self.text.places.written(&below("/$defs", name))
    }

    /// That no contract uses the definition `name`.
    pub(crate) fn unused(&self, name: &str) -> Fault {
        self.text.fault(&below("/$defs", name), &said::UNUSED_PART, name)
    }
}
