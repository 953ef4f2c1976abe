//! What the project's own keywords say of a field, and the values of the draft's that need more
//! than the meta-schema knows.

use serde_json::Value;

use super::{Compiler, said, site::Site};
use crate::{Bilingual, Classification, identifiers::IdentifierKind, validation::FORMATS};

impl Compiler<'_> {
    /// `x-title`, which every field has.
    pub(super) fn title(&mut self, site: &Site<'_>) -> Option<Bilingual> {
        let title: Option<Bilingual> = site
            .get("x-title")
            .and_then(|title| serde_json::from_value(title.clone()).ok())
            .filter(|title: &Bilingual| !title.vi.trim().is_empty() && !title.en.trim().is_empty());
        if title.is_none() {
            self.fault(&site.at("x-title"), &said::NO_TITLE, "");
        }
        title
    }

    /// `x-classification`, when written here.
    pub(super) fn classification(&mut self, site: &Site<'_>) -> Option<Classification> {
        let class = serde_json::from_value(site.get("x-classification")?.clone()).ok();
        if class.is_none() {
            self.fault(&site.at("x-classification"), &said::UNKNOWN_CLASSIFICATION, "");
        }
        class
    }

    /// `x-code-list` and `x-identifier`.
    pub(super) fn codes(&mut self, site: &Site<'_>) -> (Option<String>, Option<IdentifierKind>) {
        let code_list = site.get("x-code-list").and_then(|name| {
            let known = name.as_str().filter(|name| self.code_lists.list(name).is_some());
            if known.is_none() {
                self.fault(&site.at("x-code-list"), &said::UNKNOWN_CODE_LIST, "");
            }
            known.map(str::to_owned)
        });
        let identifier = site.get("x-identifier").and_then(|name| {
            let known = name.as_str().and_then(|name| name.parse().ok());
            if known.is_none() {
                let all = ticked(IdentifierKind::ALL.iter().map(|kind| kind.as_str()));
                self.fault(&site.at("x-identifier"), &said::UNKNOWN_IDENTIFIER, &all);
            }
            known
        });
        (code_list, identifier)
    }

    /// The value of a keyword of the draft's own, beyond what its meta-schema says.
    pub(super) fn check_value(&mut self, keyword: &str, value: &Value, at: &str) {
        match (keyword, value) {
            ("format", Value::String(name)) if !FORMATS.iter().any(|format| format.name == name) => {
                let all = ticked(FORMATS.iter().map(|format| format.name));
                self.fault(at, &said::UNKNOWN_FORMAT, &all);
            }
            ("pattern", Value::String(pattern)) if !is_pattern(pattern) => self.fault(at, &said::PATTERN, ""),
            _ => {}
        }
    }
}

fn ticked(names: impl Iterator<Item = &'static str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Whether the validator's linear-time engine can run `pattern`.
fn is_pattern(pattern: &str) -> bool {
    jsonschema::options()
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&serde_json::json!({ "pattern": pattern }))
        .is_ok()
}
