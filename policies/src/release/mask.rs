//! Masks: what is left of a value.
//!
//! `pseudonym` replaces a value by a text that is the same for the same value under one agreement
//! and says nothing without the master key: HMAC-SHA256 under `HMAC-SHA256(master, agreement)`, so
//! that two consumers cannot join what they hold. It is visibly no identifier: a word, a hyphen and
//! letters (`bidanh-k7m2…`), never twelve digits.

use std::cell::OnceCell;

use contracts::{Document, Form, Seen};
use ring::hmac;
use serde_json::json;

use crate::written::words;

/// What is left of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// A text that stands for the value, the same each time under one agreement.
    Pseudonym,
    /// The first letter of each word: `N.V.A.`.
    Initials,
    /// The year of a date.
    Year,
    /// The last four characters behind three stars, of values of eight or more.
    Last4,
}

words! {
    Mask: "cách che", "a mask",
    "pseudonym" => Self::Pseudonym, "initials" => Self::Initials, "year" => Self::Year, "last4" => Self::Last4,
}

impl Mask {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pseudonym => "pseudonym",
            Self::Initials => "initials",
            Self::Year => "year",
            Self::Last4 => "last4",
        }
    }

    /// Whether values of this form can be masked so.
    pub(crate) fn suits(self, form: &Form) -> bool {
        match form {
            Form::Text => true,
            Form::Number { .. } => self == Self::Pseudonym,
            Form::List(list) => self.suits(&list.item),
            // Two values: anything that tells them apart gives them away. And a place that is blurred is
            // still a place: no mask of today's does that honestly.
            Form::Boolean | Form::Record(_) | Form::Geometry(_) => false,
        }
    }

    /// What a caller sees of values masked so: texts that the mask makes. `format` is the one that the
    /// contract asks of them.
    pub(super) fn leaves(self, format: Option<&str>) -> Seen {
        let schema = match self {
            Self::Pseudonym => json!({
                "type": "string",
                "minLength": PSEUDONYM.len() + LETTERS, "maxLength": PSEUDONYM.len() + LETTERS,
                "pattern": format!("^{PSEUDONYM}[a-km-np-z2-9]{{{LETTERS}}}$"),
            }),
            // One letter becomes at most three when it is made a capital.
            Self::Initials => json!({ "type": "string", "pattern": "^(.{1,3}\\.)*$" }),
            Self::Year => json!({ "type": "string", "format": "year" }),
            Self::Last4 => json!({
                "type": "string", "minLength": STARS.len(), "maxLength": STARS.len() + SHOWN, "pattern": "^\\*\\*\\*",
            }),
        };
        // Other masks leave something of every text; a year is there where a date must be.
        let always = self != Self::Year || matches!(format, Some("date" | "date-time" | "year"));
        Seen::Changed { schema, always }
    }
}

/// The master key of pseudonyms.
#[derive(Clone)]
pub struct MaskKeys {
    master: hmac::Key,
}

impl MaskKeys {
    /// Keys that follow from `master`, a secret of at least 32 random bytes.
    pub fn new(master: &[u8]) -> Self {
        Self { master: hmac::Key::new(hmac::HMAC_SHA256, master) }
    }
}

impl std::fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskKeys(…)")
    }
}

/// The keys of one agreement, derived when first needed.
pub(super) struct Masker<'k> {
    keys: &'k MaskKeys,
    agreement: &'k str,
    key: OnceCell<hmac::Key>,
}

/// Less than this and the last four characters would be half of the value or more.
const SHORTEST_FOR_LAST4: usize = 8;
/// The characters that are shown.
const SHOWN: usize = 4;
/// What every pseudonym begins with.
const PSEUDONYM: &str = "bidanh-";
/// What stands for the characters that are hidden.
const STARS: &str = "***";
/// Base 32 without letters that people confuse (`l`, `o`, `0`, `1`).
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits: no two persons of the country share a pseudonym by chance.
const LETTERS: usize = 20;

impl<'k> Masker<'k> {
    pub(super) fn new(keys: &'k MaskKeys, agreement: &'k str) -> Self {
        Self { keys, agreement, key: OnceCell::new() }
    }

    /// Masks a value in place; `false` when the mask has nothing to leave of it.
    pub(super) fn mask(&self, mask: Mask, value: &mut Document<'_>) -> bool {
        let masked = match (mask, &*value) {
            (_, Document::Null) => return true,
            (Mask::Pseudonym, Document::Text(text)) => Some(self.pseudonym(text)),
            (Mask::Pseudonym, Document::Number(number)) => Some(self.pseudonym(number.as_str())),
            (Mask::Initials, Document::Text(text)) => Some(initials(text)),
            (Mask::Year, Document::Text(text)) => year(text),
            (Mask::Last4, Document::Text(text)) => Some(last4(text)),
            _ => None,
        };
        let Some(masked) = masked else { return false };
        *value = Document::Text(masked.into());
        true
    }

    fn pseudonym(&self, value: &str) -> String {
        let key = self.key.get_or_init(|| {
            let derived = hmac::sign(&self.keys.master, self.agreement.as_bytes());
            hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
        });
        let tag = hmac::sign(key, value.as_bytes());
        let mut text = String::from(PSEUDONYM);
        let (mut bits, mut held) = (0_u32, 0_u32);
        let mut bytes = tag.as_ref().iter();
        for _ in 0..LETTERS {
            if held < 5 {
                bits = (bits << 8) | bytes.next().copied().map_or(0, u32::from);
                held += 8;
            }
            held -= 5;
            let letter = ALPHABET.get(((bits >> held) & 31) as usize).copied().unwrap_or(b'a');
            text.push(char::from(letter));
        }
        text
    }
}

fn initials(text: &str) -> String {
    let mut initials = String::new();
    for letter in text.split_whitespace().filter_map(|word| word.chars().next()) {
        initials.extend(letter.to_uppercase());
        initials.push('.');
    }
    initials
}

/// The year of `2019`, `2019-05` or `2019-05-01…`.
fn year(text: &str) -> Option<String> {
    let (year, rest) = text.split_at_checked(4)?;
    let good = year.bytes().all(|b| b.is_ascii_digit()) && (rest.is_empty() || rest.starts_with('-'));
    good.then(|| year.to_owned())
}

fn last4(text: &str) -> String {
    if text.chars().count() < SHORTEST_FOR_LAST4 {
        return STARS.to_owned();
    }
    let shown = text.char_indices().rev().nth(SHOWN - 1).and_then(|(start, _)| text.get(start..));
    [STARS, shown.unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use contracts::Number;

    use super::*;

    fn masked(mask: Mask, agreement: &str, mut value: Document<'static>) -> Option<Document<'static>> {
        let keys = MaskKeys::new(b"a master key for tests, not a secret");
        Masker::new(&keys, agreement).mask(mask, &mut value).then_some(value)
    }

    fn text(text: &'static str) -> Document<'static> {
        Document::Text(text.into())
    }

    fn word(mask: Mask, value: &'static str) -> Option<String> {
        masked(mask, "TT-1", text(value)).and_then(|value| value.as_text().map(str::to_owned))
    }

    #[test]
    fn a_pseudonym_is_the_same_under_one_agreement_and_another_under_the_next() {
        let first = masked(Mask::Pseudonym, "TT-1", text("001099000001")).unwrap();
        assert_eq!(masked(Mask::Pseudonym, "TT-1", text("001099000001")).unwrap(), first);
        assert_ne!(masked(Mask::Pseudonym, "TT-2", text("001099000001")).unwrap(), first);
        assert_ne!(masked(Mask::Pseudonym, "TT-1", text("001099000002")).unwrap(), first);
        let other = MaskKeys::new(b"another master key");
        let mut value = text("001099000001");
        assert!(Masker::new(&other, "TT-1").mask(Mask::Pseudonym, &mut value));
        assert_ne!(value, first, "depends on the master key");
    }

    #[test]
    fn a_pseudonym_is_visibly_no_identifier() {
        let pseudonym = word(Mask::Pseudonym, "001099000001").unwrap();
        assert!(pseudonym.starts_with("bidanh-") && pseudonym.len() == 27, "{pseudonym}");
        assert!(pseudonym.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        assert!(!pseudonym.contains("001099"));
    }

    #[test]
    fn masks_leave_what_they_say() {
        assert_eq!(word(Mask::Initials, "Nguyễn văn  An").as_deref(), Some("N.V.A."));
        assert_eq!(word(Mask::Initials, "đỗ").as_deref(), Some("Đ."));
        assert_eq!(word(Mask::Year, "1990-05-17").as_deref(), Some("1990"));
        assert_eq!(word(Mask::Year, "17/05/1990"), None, "not a date of the contract: nothing leaves");
        assert_eq!(word(Mask::Year, "199"), None);
        assert_eq!(word(Mask::Last4, "0123456789").as_deref(), Some("***6789"));
        assert_eq!(word(Mask::Last4, "2026/Đ-Ắếữ").as_deref(), Some("***-Ắếữ"));
        assert_eq!(word(Mask::Last4, "Đệ trình").as_deref(), Some("***rình"));
        assert_eq!(word(Mask::Last4, "1234567").as_deref(), Some("***"), "four of seven would be too much");
    }

    #[test]
    fn other_values_than_text_are_masked_sanely_or_not_at_all() {
        let number = || Document::Number(Number::new("5").unwrap());
        assert!(matches!(masked(Mask::Pseudonym, "TT-1", number()), Some(Document::Text(_))));
        assert_eq!(masked(Mask::Last4, "TT-1", number()), None);
        assert_eq!(masked(Mask::Pseudonym, "TT-1", Document::Bool(true)), None);
        assert_eq!(masked(Mask::Pseudonym, "TT-1", Document::Null), Some(Document::Null));
        assert_eq!(masked(Mask::Pseudonym, "TT-1", Document::List(vec![text("x")])), None);
    }
}
