//! What a text, or its media type, says of its encoding.

use std::ops::Range;

use contracts::Encoding;

/// How far an XML declaration may reach. The longest that standard tools write is about 60 characters.
pub(super) const DECLARATION: usize = 256;

/// What a name of an encoding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// UTF-8, which everybody may write.
    Utf8,
    /// What is declared, in this byte order if the name has one.
    Declared(Option<Order>),
    /// What programs call text that was made with fonts. It states nothing.
    Disguise,
}

/// Which byte of UTF-16 comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

impl Label {
    /// What `name` means in a text of a system that is declared to write `declared`; none if it may not
    /// be said there.
    pub fn of(name: &[u8], declared: Encoding) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        let its_own: &[&str] = match declared {
            _ if is(&["utf-8"]) => return Some(Self::Utf8),
            Encoding::Utf16 if is(&["utf-16be"]) => return Some(Self::Declared(Some(Order::Big))),
            Encoding::Utf16 if is(&["utf-16le"]) => return Some(Self::Declared(Some(Order::Little))),
            Encoding::Tcvn3 | Encoding::Vni if is(&["windows-1252", "iso-8859-1"]) => {
                return Some(Self::Disguise);
            }
            Encoding::Utf8 => &[],
            Encoding::Utf16 => &["utf-16"],
            Encoding::Windows1258 => &["windows-1258", "cp1258"],
            Encoding::Tcvn3 => &["tcvn3", "tcvn-5712", "x-viet-tcvn5712"],
            Encoding::Vni => &["vni", "x-viet-vni"],
        };
        is(its_own).then_some(Self::Declared(None))
    }
}

/// Whether `opening` may be a text's XML declaration that has not ended.
pub(super) fn may_go_on(opening: &[u8]) -> bool {
    const START: &[u8] = b"<?xml";
    let begun = opening.get(..START.len().min(opening.len())).unwrap_or_default();
    opening.len() < DECLARATION && START.starts_with(begun) && memchr::memmem::find(opening, b"?>").is_none()
}

/// Where the XML declaration that `opening` begins with names an encoding: the name, and its closing
/// quotation mark behind it.
pub(super) fn named(opening: &[u8]) -> Option<Range<usize>> {
    const ENCODING: &[u8] = b"encoding";
    if !opening.starts_with(b"<?xml") {
        return None;
    }
    let end = memchr::memmem::find(opening, b"?>").filter(|end| *end < DECLARATION)?;
    let declaration = opening.get(..end)?;
    let at = memchr::memmem::find(declaration, ENCODING)? + ENCODING.len();
    let blank = |at: usize| {
        let rest = declaration.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
    };
    let equals = blank(at);
    (declaration.get(equals) == Some(&b'=')).then_some(())?;
    let opened = blank(equals + 1);
    let quote = *declaration.get(opened).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let start = opened + 1;
    let length = declaration.get(start..)?.iter().position(|byte| *byte == quote)?;
    Some(start..start + length)
}

/// Makes the declaration say UTF-8, padded so that what follows keeps its place.
pub(super) fn rename(text: &mut Vec<u8>, name: Range<usize>) {
    const UTF_8: &[u8] = b"UTF-8";
    let Some(quote) = text.get(name.end).copied() else { return };
    let padding = name.len().saturating_sub(UTF_8.len());
    let new = UTF_8.iter().copied().chain([quote]).chain(std::iter::repeat_n(b' ', padding));
    drop(text.splice(name.start..=name.end, new));
}
