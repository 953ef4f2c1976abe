//! Text as every reader wants it: UTF-8, free of characters that XML 1.0 cannot carry, NFC.
//!
//! The rule about characters holds for JSON too: what one format cannot carry would be lost, or
//! refused, on the other side of a translation, so it is refused on this one.

use std::{borrow::Cow, str::Utf8Error};

use contracts::Place;
use memchr::{memchr, memmem};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc, is_nfc_quick};

use crate::unreadable::{Problem, Rule};

pub(crate) const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// An input after the passes that concern all of it.
pub(crate) struct Surveyed<'a> {
    /// The input without its byte order mark.
    pub text: &'a str,
    /// Whether there was one.
    pub marked: bool,
    /// What a reader need not look for in each of its texts.
    pub traits: Traits,
}

/// What is known of a text as a whole, so that its parts need not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Whether every part of the text that stands between ASCII characters is surely NFC. (Any part
    /// of a text in NFC is in NFC.)
    pub normal: bool,
    /// Whether there is a carriage return anywhere.
    pub returns: bool,
    /// Whether `]]>` may stand anywhere: in XML's text it is an error.
    pub section_ends: bool,
}

impl Traits {
    /// Those of `text`, which holds allowed characters only.
    pub fn of(text: &str) -> Self {
        Self {
            normal: plain(text.as_bytes()) || is_nfc_quick(text.chars()) == IsNormalized::Yes,
            returns: memchr(b'\r', text.as_bytes()).is_some(),
            section_ends: memmem::find(text.as_bytes(), b"]]>").is_some(),
        }
    }

    /// What holds for two texts taken together.
    pub fn and(self, other: Self) -> Self {
        Self {
            normal: self.normal && other.normal,
            returns: self.returns || other.returns,
            section_ends: self.section_ends || other.section_ends,
        }
    }

    /// Whether text between two tags is what it says as it stands.
    pub fn smooth(self) -> bool {
        self.normal && !self.returns && !self.section_ends
    }
}

impl Default for Traits {
    /// Those of no text.
    fn default() -> Self {
        Self { normal: true, returns: false, section_ends: false }
    }
}

/// Checks the whole input at once: a few passes over plain bytes cost less than asking again for each
/// of its texts.
pub(crate) fn survey(bytes: &[u8]) -> Result<Surveyed<'_>, Problem<'static>> {
    let unmarked = bytes.strip_prefix(BYTE_ORDER_MARK.encode_utf8(&mut [0; 4]).as_bytes());
    let bytes = unmarked.unwrap_or(bytes);
    let text = utf8(bytes).map_err(|fault| Problem::new(Rule::Encoding, fault.valid_up_to()))?;
    match forbidden(text) {
        Some(offset) => Err(Problem::new(Rule::ControlCharacter, offset)),
        None => Ok(Surveyed { text, marked: unmarked.is_some(), traits: Traits::of(text) }),
    }
}

/// The `Char` of XML 1.0 (production 2); surrogates are no `char` to begin with.
pub(crate) fn allowed(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// `text` in NFC; `changed` is set when it was not.
///
/// # Errors
/// It begins with a mark that composes with what stands before it. In this text that is nothing, but
/// in a document it would be a quotation mark or a `>`: normalisation of the whole would break the one
/// or the other, so W3C's *Character Model* keeps such characters from the start of any text.
pub(crate) fn normal<'a>(text: Cow<'a, str>, changed: &mut bool) -> Result<Cow<'a, str>, Rule> {
    if plain(text.as_bytes()) {
        return Ok(text);
    }
    let text = if is_nfc(&text) {
        text
    } else {
        *changed = true;
        Cow::Owned(text.nfc().collect())
    };
    // Asked of the outcome: a few characters are not marks and become some (U+0344).
    match text.chars().next() {
        Some(first) if is_nfc_quick([first].into_iter()) == IsNormalized::Maybe => Err(Rule::UnpairedMark),
        _ => Ok(text),
    }
}

/// The place of `offset`, counted after the byte order mark, in bytes that need not be UTF-8.
pub(crate) fn place(bytes: &[u8], offset: usize) -> Place {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK.encode_utf8(&mut [0; 4]).as_bytes()).unwrap_or(bytes);
    let before = bytes.get(..offset).unwrap_or(bytes);
    let text = std::str::from_utf8(before)
        .or_else(|fault| std::str::from_utf8(before.get(..fault.valid_up_to()).unwrap_or_default()))
        .unwrap_or_default();
    Place::of(text, text.len())
}

/// Where the first character stands that XML 1.0 cannot carry.
pub(crate) fn forbidden(text: &str) -> Option<usize> {
    let control = control(text.as_bytes());
    let before = text.get(..control.unwrap_or(text.len()))?;
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF, and their first byte is seldom met.
    memchr(0xEF, before.as_bytes())
        .and_then(|_| before.char_indices().find(|(_, character)| !allowed(*character)))
        .map_or(control, |(offset, _)| Some(offset))
}

/// The first control character that is neither tab, line feed nor carriage return.
fn control(bytes: &[u8]) -> Option<usize> {
    first(bytes, |byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// Where the first byte stands that `is_meant`. Without an early exit inside a chunk the compiler makes
/// vector code of the test, whatever it is: ten times as fast as byte by byte.
#[inline]
pub(crate) fn first(bytes: &[u8], is_meant: impl Fn(u8) -> bool) -> Option<usize> {
    const CHUNK: usize = 64;
    let mut start = 0;
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    for chunk in chunks {
        if chunk.iter().fold(false, |any, byte| any | is_meant(*byte)) {
            break;
        }
        start += CHUNK;
    }
    let from = if start < bytes.len() - rest.len() { bytes.get(start..)? } else { rest };
    from.iter().position(|byte| is_meant(*byte)).map(|offset| start + offset)
}

/// What stands before and behind the first `mark`, which is ASCII. Names and attributes are too short for the
/// library's search, which is set up first.
pub(crate) fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Text, by vector instructions where the machine has them; a fault is told by the standard library.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Utf8Error> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => std::str::from_utf8(bytes),
    }
}

/// Whether the text holds only characters that are NFC wherever they stand, told from bytes alone:
/// U+0000–02FF, U+1E80–1EFF (Vietnamese letters) and U+2002–203F (dashes, quotation marks). False
/// means nothing.
fn plain(bytes: &[u8]) -> bool {
    let body = bytes.iter().zip(bytes.get(1..).unwrap_or_default()).zip(bytes.get(2..).unwrap_or_default());
    let body = body.fold(true, |plain, ((lead, second), third)| {
        plain
            & ((*lead < 0xCC)
                | ((*lead == 0xE1) & (*second & 0xFE == 0xBA))
                | ((*lead == 0xE2) & (*second == 0x80) & (*third >= 0x82)))
    });
    // The last two bytes lead no window; a character of three bytes cannot begin there.
    body && bytes.iter().rev().take(2).all(|byte| *byte < 0xCC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::char::canonical_combining_class;

    use super::*;

    #[test]
    fn plain_characters_are_nfc_wherever_they_stand() {
        let mut buffer = [0; 4];
        for character in '\0'..=char::MAX {
            if plain(character.encode_utf8(&mut buffer).as_bytes()) {
                assert_eq!(is_nfc_quick([character].into_iter()), IsNormalized::Yes, "{character:?}");
                assert_eq!(canonical_combining_class(character), 0, "{character:?}");
            }
        }
        assert!(plain("Nhiệm vụ khoa học và công nghệ – “thử”".as_bytes()));
    }

    #[test]
    fn a_combining_mark_at_the_end_is_seen() {
        assert!(!plain("e\u{301}".as_bytes()));
        assert!(!plain("\u{301}".as_bytes()));
        let mut changed = false;
        assert_eq!(normal("e\u{301}".into(), &mut changed).as_deref(), Ok("é"));
        assert!(changed);
    }

    #[test]
    fn a_mark_that_no_letter_carries_is_no_text() {
        for text in ["\u{301}a", "\u{309}", "\u{31B}o", "\u{344}a"] {
            assert_eq!(normal(text.into(), &mut false), Err(Rule::UnpairedMark));
        }
    }

    #[test]
    fn survey_refuses_what_no_text_holds() {
        let rule = |bytes: &[u8]| survey(bytes).err().map(|problem| (problem.rule, problem.offset));
        assert_eq!(rule(b"ab\xFFc"), Some((Rule::Encoding, 2)));
        assert_eq!(rule(b"\xFF\xFEa\0"), Some((Rule::Encoding, 0)));
        assert_eq!(rule(b"ab\0c"), Some((Rule::ControlCharacter, 2)));
        assert_eq!(rule("ab\u{FFFF}c".as_bytes()), Some((Rule::ControlCharacter, 2)));
        let long = format!("{}\u{1}", "x".repeat(300));
        assert_eq!(rule(long.as_bytes()), Some((Rule::ControlCharacter, 300)));
        assert_eq!(rule("a\tb\r\n\u{7F}".as_bytes()), None);
    }

    proptest! {
        #[test]
        fn survey_never_calls_normal_what_is_not(text in "\\PC{0,40}") {
            if let Ok(surveyed) = survey(text.as_bytes()) {
                prop_assert!(!surveyed.traits.normal || is_nfc(surveyed.text));
            }
        }

        #[test]
        fn text_is_cut_at_the_first_mark(text in "[a-cé:=]{0,12}") {
            prop_assert_eq!(cut(&text, b':'), text.split_once(':'));
        }

        #[test]
        fn places_exist_for_any_offset(bytes: Vec<u8>, offset: usize) {
            let place = place(&bytes, offset);
            prop_assert!(place.line >= 1 && place.column >= 1);
        }
    }
}
