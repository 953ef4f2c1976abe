//! What the project's own keywords say of a field, and the values of the draft's that need more
//! than the meta-schema knows.

use serde_json::Value;

use super::{Compiler, dates::Dated, places::below, said, site::Site};
use crate::{
    Bilingual, Classification, FieldPath, geometry::GeometryForm, identifiers::IdentifierKind,
    pattern::Pattern, validation::FORMATS,
};

/// What `x-code-list` says.
pub(crate) struct Listed<'s> {
    /// The list.
    pub(crate) name: &'s str,
    /// The field whose day chooses the edition.
    pub(crate) at: Option<&'s str>,
}

impl<'s> Listed<'s> {
    /// Reads the keyword's value; nothing when it has neither form.
    pub(crate) fn of(written: &'s Value) -> Option<Self> {
        match written {
            Value::String(name) => Some(Self { name, at: None }),
            Value::Object(members) if members.len() == 2 => {
                Some(Self { name: members.get("list")?.as_str()?, at: Some(members.get("at")?.as_str()?) })
            }
            _ => None,
        }
    }
}

impl Compiler<'_> {
    /// `x-title`, which every field has.
    pub(super) fn title(&mut self, site: &Site<'_>) -> Option<Bilingual> {
        let title: Option<Bilingual> = site
            .get("x-title")
            .and_then(|title| serde_json::from_value(title.clone()).ok())
            .filter(|title: &Bilingual| !title.vi.trim().is_empty() && !title.en.trim().is_empty());
        if title.is_none() {
            let has = |language: &str| {
                let said = site.get("x-title").and_then(|title| title.get(language)?.as_str());
                said.is_some_and(|said| !said.trim().is_empty())
            };
            let [vi, en] = match (has("vi"), has("en")) {
                (true, false) => ["tiếng Anh (`en`)", "English (`en`)"],
                (false, true) => ["tiếng Việt (`vi`)", "Vietnamese (`vi`)"],
                _ => ["tiếng Việt và tiếng Anh", "Vietnamese and English"],
            };
            let name = site.own_at.rsplit('/').next().unwrap_or_default().to_owned();
            self.fault(&site.at("x-title"), &said::NO_TITLE, &name);
            if let Some(message) = self.faults.last_mut().map(|fault| &mut fault.message) {
                message.vi = message.vi.replace("{languages}", vi);
                message.en = message.en.replace("{languages}", en);
            }
        }
        title
    }

    /// `x-classification`, when written here. One with a question mark is a draft's proposal.
    pub(super) fn classification(&mut self, site: &Site<'_>) -> Option<Classification> {
        let written = site.get("x-classification")?;
        let at = site.at("x-classification");
        let proposed = written.as_str().and_then(|text| text.strip_suffix('?'));
        let known = |text: &str| serde_json::from_value(Value::from(text)).ok();
        if let Some(class) = proposed.and_then(known) {
            self.fault(&at, &said::CLASS_QUESTION, proposed.unwrap_or_default());
            let field = site.own_at.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("–");
            if let Some(Bilingual { vi, en }) = self.faults.last_mut().map(|fault| &mut fault.message) {
                *vi = vi.replace("{field}", field);
                *en = en.replace("{field}", field);
            }
            return Some(class);
        }
        Some(written.as_str().and_then(known).unwrap_or_else(|| {
            self.fault(&at, &said::UNKNOWN_CLASSIFICATION, "");
            // One fault is enough: what has a class that is none is not told to have none besides.
            Classification::PersonalSensitive
        }))
    }

    /// `x-code-list`, as a name or as `{ "list": …, "at": … }`. The field that `at` names is looked up
    /// when the whole record is known ([`Compiler::dates_of_codes`]).
    pub(super) fn code_list(&mut self, site: &Site<'_>, path: Option<&FieldPath>) -> Option<String> {
        let written = site.get("x-code-list")?;
        let at = site.at("x-code-list");
        let Some(listed) = Listed::of(written) else {
            self.fault(&at, &said::CODE_LIST, "");
            return None;
        };
        if self.code_lists.list(listed.name).is_none() {
            self.fault(&at, &said::UNKNOWN_CODE_LIST, listed.name);
            return None;
        }
        if let (Some(path), Some(field)) = (path, listed.at) {
            let at = below(&at, "at");
            self.dated.push(Dated { path: path.clone(), field: field.to_owned(), at });
        }
        Some(listed.name.to_owned())
    }

    /// `x-identifier`.
    pub(super) fn identifier(&mut self, site: &Site<'_>) -> Option<IdentifierKind> {
        let name = site.get("x-identifier")?;
        let known = name.as_str().and_then(|name| name.parse().ok());
        if known.is_none() {
            let all = ticked(IdentifierKind::ALL.iter().map(|kind| kind.as_str()));
            self.fault(&site.at("x-identifier"), &said::UNKNOWN_IDENTIFIER, &all);
        }
        known
    }

    /// `x-geometry`, which is there.
    pub(super) fn geometry(&mut self, site: &Site<'_>) -> Option<GeometryForm> {
        let geometry = GeometryForm::of_keyword(site.get("x-geometry")?);
        if geometry.is_none() {
            self.fault(&site.at("x-geometry"), &said::GEOMETRY, "");
        }
        geometry
    }

    /// The value of a keyword of the draft's own, beyond what its meta-schema says.
    pub(super) fn check_value(&mut self, keyword: &str, value: &Value, at: &str) {
        match (keyword, value) {
            ("format", Value::String(name)) if !FORMATS.iter().any(|format| format.name == name) => {
                let all = ticked(FORMATS.iter().map(|format| format.name));
                self.fault(at, &said::UNKNOWN_FORMAT, &all);
            }
            ("pattern", Value::String(pattern)) if !is_pattern(pattern) => self.fault(at, &said::PATTERN, ""),
            ("pattern", Value::String(pattern)) if Pattern::parse(pattern).is_none() => {
                self.fault(at, &said::PATTERN_XSD, "");
            }
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
