//! What is wrong with a document that an operator wrote: where, why, and what to do.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{Bilingual, Language};

/// A position in a text file, both counted from 1; columns count characters, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Place {
    /// The place of byte `offset` of `text`.
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }
}

/// One fault of one document. Loading reports all of them at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file, relative to the folder it was loaded from.
    pub file: PathBuf,
    /// Where in the file, when the fault has one place.
    pub place: Option<Place>,
    /// A stable code in kebab-case, such as `unknown-field`.
    pub rule: &'static str,
    /// What is wrong.
    pub message: Bilingual,
    /// What the operator can do about it.
    pub remedy: Bilingual,
    /// A warning leaves the document usable; anything else does not.
    pub warning: bool,
}

/// The rule of a place in a draft that is blank where only its owner can say what stands there.
pub(crate) const OPEN_ANSWER: &str = "open-answer";
/// The rules of places that a drafted contract leaves to its author ([`crate::draft`]).
const OPEN: [&str; 3] = [OPEN_ANSWER, "no-title", "class-question"];

impl Fault {
    /// Whether it is a question of a draft that its author has not answered yet, rather than a mistake.
    pub fn is_open_answer(&self) -> bool {
        OPEN.contains(&self.rule)
    }

    /// `file:line:column: message (rule). Remedy`, as compilers and editors expect it.
    pub fn display(&self, language: Language) -> String {
        let place = self.place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
        format!(
            "{}{place}: {} [{}]. {}",
            self.file.display(),
            self.message.get(language),
            self.rule,
            self.remedy.get(language)
        )
    }
}

impl Fault {
    /// The fault of a TOML text that cannot be read or has a key it should not.
    pub(crate) fn of_toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        // The parser's own words: they speak of the operator's document, never of a record.
        let reason = error.message();
        Self {
            file: file.to_owned(),
            place: error.span().map(|span| Place::of(text, span.start)),
            rule: "unreadable-toml",
            message: Bilingual::new(
                format!("Không đọc được tệp TOML: {reason}"),
                format!("The TOML file cannot be read: {reason}"),
            ),
            remedy: Bilingual::new(
                "Sửa khóa hoặc giá trị ở vị trí đã nêu.",
                "Correct the key or the value at the given place.",
            ),
            warning: false,
        }
    }
}
