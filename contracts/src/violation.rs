//! What is wrong with a record, without saying what the record says.

use crate::{Bilingual, Language};

/// One broken rule of a contract. It never holds a value of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer into the record or collection, e.g. `/ThanhVien/0/SoDinhDanh`.
    pub path: String,
    /// Which rule.
    pub rule: ViolationRule,
    /// What the rule asks, in both languages.
    pub message: Bilingual,
}

/// The rules a record can break; the stable code is [`ViolationRule::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ViolationRule {
    /// A value of another type than the contract's.
    Type,
    /// A required field is missing.
    Required,
    /// A field that the contract does not have.
    UnknownField,
    /// A value outside the listed ones.
    Enum,
    /// A text too short or too long.
    Length,
    /// A text of another form than the pattern.
    Pattern,
    /// A text that is not of the named format (date, time, e-mail, …).
    Format,
    /// An identifier that breaks its own rule (FACTS of the identifier, e.g. a tax code's digit).
    Identifier,
    /// A code that its code list does not have.
    CodeList,
    /// A code of another edition of its list than the one valid when the record was made.
    CodeEdition,
    /// A number outside its bounds or off its step.
    Range,
    /// A list too short, too long or with repeats.
    Items,
    /// A rule between fields (`if`/`then`, `dependentRequired`, `oneOf`, …).
    CrossField,
    /// A value that comes before one which it may not precede (`x-order`), such as an end before its
    /// start.
    Order,
    /// A geometry of a kind that the contract does not take.
    GeometryKind,
    /// A geometry in a reference system that is not known, withdrawn, or not the contract's.
    GeometryCrs,
    /// A geometry without positions.
    GeometryEmpty,
    /// A position of more or fewer than two coordinates.
    GeometryDimension,
    /// A curve without two different positions.
    GeometryCurve,
    /// A ring that is not closed.
    GeometryRing,
    /// A ring of fewer than four positions, or without three different ones.
    GeometryRingSize,
    /// A position outside the contract's box.
    GeometryArea,
}

impl ViolationRule {
    /// The stable code, as problem documents carry it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Required => "required",
            Self::UnknownField => "unknown-field",
            Self::Enum => "enum",
            Self::Length => "length",
            Self::Pattern => "pattern",
            Self::Format => "format",
            Self::Identifier => "identifier",
            Self::CodeList => "code-list",
            Self::CodeEdition => "code-edition",
            Self::Range => "range",
            Self::Items => "items",
            Self::CrossField => "cross-field",
            Self::Order => "order",
            Self::GeometryKind => "geometry-kind",
            Self::GeometryCrs => "geometry-crs",
            Self::GeometryEmpty => "geometry-empty",
            Self::GeometryDimension => "geometry-dimension",
            Self::GeometryCurve => "geometry-curve",
            Self::GeometryRing => "geometry-ring",
            Self::GeometryRingSize => "geometry-ring-size",
            Self::GeometryArea => "geometry-area",
        }
    }
}

impl Violation {
    /// The message in `language`.
    pub fn message(&self, language: Language) -> &str {
        self.message.get(language)
    }
}
