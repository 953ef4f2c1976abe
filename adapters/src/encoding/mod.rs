//! Older encodings of Vietnamese text, made UTF-8 before any reader sees it.
//!
//! Which encoding a system writes is declared with the system ([`Encoding`]), and only that one is read
//! besides UTF-8. A text may say itself what it is: by its media type's `charset`, by a byte order
//! mark, by its XML declaration. Who says something must say UTF-8 or what is declared; who says
//! nothing is taken to write what is declared. Nothing is guessed:
//!
//! - Statements that contradict each other are refused.
//! - A text that says nothing, should be in an encoding of one byte to a character and has a character
//!   of UTF-8 where its first letter beyond ASCII stands is refused as doubtful. Hardly any real text of
//!   those encodings has, and reading UTF-8 as one of them would store nonsense without an error.
//! - Text in TCVN3 and VNI was made with fonts, so its programs call it `windows-1252` or `iso-8859-1`;
//!   from a system that is declared so, these names say nothing.
//! - UTF-16 that nobody marked or named is not taken for it: XML and JSON without a mark are UTF-8.
//! - A byte that the encoding does not have, a mark without a letter that takes it, a lone surrogate and
//!   half a character are refused, with their place.
//!
//! The XML declaration of what was decoded says UTF-8 afterwards, padded so that places stay those of the
//! text as sent.

mod label;
mod letters;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use contracts::{Encoding, Place};

use self::{
    label::{Label, Order},
    letters::Said,
};
use crate::{
    Unreadable,
    unreadable::{Problem, Rule},
};

/// `bytes` from a system that is declared to write `declared`, as UTF-8; `charset` is what the media
/// type says. They are left as they are when they are to be UTF-8 anyway: whether they are, their reader
/// finds.
///
/// # Errors
/// The rule that the bytes, or what they say of themselves, break, and where.
pub fn decode<'a>(
    bytes: &'a [u8],
    declared: Encoding,
    charset: Option<&str>,
) -> Result<Cow<'a, [u8]>, Unreadable> {
    let mut decoder = Decoder::new(declared, charset)?;
    if decoder.encoding == Some(Encoding::Utf8) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 2);
    decoder.feed(bytes, &mut out)?;
    decoder.end(&mut out)?;
    Ok(Cow::Owned(out))
}

/// Whether the media type of a text from a system that is declared to write `declared` may say `charset`.
pub fn may_say(charset: &str, declared: Encoding) -> bool {
    Label::of(charset.as_bytes(), declared).is_some()
}

/// Text made UTF-8 as it comes, in pieces of any size.
pub struct Decoder {
    declared: Encoding,
    /// What the text is in, once that is known.
    encoding: Option<Encoding>,
    order: Option<Order>,
    /// Whether the text may not be in doubt: it says what it is, or has shown it.
    certain: bool,
    /// What has come and cannot be decoded yet: all, before the encoding is known; then the bytes of a
    /// character that has begun to arrive.
    waiting: Vec<u8>,
    /// A character that may yet get a mark.
    held: Option<char>,
    place: Place,
}

type Result<T, E = Rule> = std::result::Result<T, E>;

impl Decoder {
    /// For text from a system that is declared to write `declared`, whose media type says `charset`.
    ///
    /// # Errors
    /// The media type says what the system may not write.
    pub fn new(declared: Encoding, charset: Option<&str>) -> Result<Self, Unreadable> {
        let mut new = Self {
            declared,
            encoding: (declared == Encoding::Utf8).then_some(declared),
            order: None,
            certain: false,
            waiting: Vec::new(),
            held: None,
            place: Place { line: 1, column: 1 },
        };
        match charset.map(|charset| Label::of(charset.as_bytes(), declared)) {
            None | Some(Some(Label::Disguise)) => {}
            Some(Some(Label::Utf8)) => new.encoding = Some(Encoding::Utf8),
            Some(Some(Label::Declared(order))) => (new.order, new.certain) = (order, true),
            Some(None) => return Err(new.told(Rule::UndeclaredEncoding)),
        }
        Ok(new)
    }

    /// Takes more of the text and appends to `out` what it says.
    ///
    /// # Errors
    /// The first rule that the bytes break, and where. Nothing good comes after it.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        self.take(bytes, false, out).map_err(|rule| self.told(rule))
    }

    /// Says that the text is complete.
    ///
    /// # Errors
    /// As for [`Decoder::feed`]; also when it ends within a character.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        self.take(&[], true, out).map_err(|rule| self.told(rule))?;
        if !self.waiting.is_empty() {
            return Err(self.told(Rule::Encoding));
        }
        self.settle(out);
        Ok(())
    }

    fn told(&self, rule: Rule) -> Unreadable {
        let mut place = self.place;
        place.column = place.column.saturating_add(self.held.is_some().into());
        Unreadable::at(place, Problem::new(rule, 0))
    }

    fn take(&mut self, bytes: &[u8], complete: bool, out: &mut Vec<u8>) -> Result<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let bytes = if waiting.is_empty() {
            bytes
        } else {
            waiting.extend_from_slice(bytes);
            &waiting
        };
        if let Some(encoding) = self.encoding {
            return self.decode(encoding, bytes, complete, out);
        }
        // Four bytes hold any mark.
        if !complete && (bytes.len() < 4 || label::may_go_on(bytes)) {
            self.waiting = bytes.to_vec();
            return Ok(());
        }
        let encoding = self.identify(bytes)?;
        self.encoding = Some(encoding);
        let start = out.len();
        let mark = if encoding == Encoding::Utf16 && matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..]) {
            2
        } else {
            0
        };
        self.decode(encoding, bytes.get(mark..).unwrap_or_default(), complete, out)?;
        if encoding != Encoding::Utf8 {
            self.relabel(start, out)?;
        }
        Ok(())
    }

    /// What the text is in, by how it begins and by what is declared.
    fn identify(&mut self, opening: &[u8]) -> Result<Encoding> {
        let mark = match opening {
            [0xEF, 0xBB, 0xBF, ..] => return self.says_utf8(),
            [0xFE, 0xFF, ..] => Some(Order::Big),
            [0xFF, 0xFE, ..] => Some(Order::Little),
            _ => None,
        };
        if self.declared == Encoding::Utf16 {
            let named = self.order;
            self.order = mark.or(named);
            return match (mark, named) {
                (Some(mark), Some(named)) if mark != named => Err(Rule::UndeclaredEncoding),
                (None, None) if self.certain => Err(Rule::Encoding),
                (None, None) => Ok(Encoding::Utf8),
                _ => Ok(Encoding::Utf16),
            };
        }
        let name = label::named(opening).and_then(|name| opening.get(name));
        match name.map(|name| Label::of(name, self.declared)) {
            Some(Some(Label::Utf8)) => return self.says_utf8(),
            Some(Some(Label::Declared(_))) => self.certain = true,
            None | Some(Some(Label::Disguise)) => {}
            Some(None) => return Err(Rule::UndeclaredEncoding),
        }
        Ok(self.declared)
    }

    /// The text says that it is UTF-8; its media type must not have said something else.
    fn says_utf8(&self) -> Result<Encoding> {
        if self.certain { Err(Rule::UndeclaredEncoding) } else { Ok(Encoding::Utf8) }
    }

    /// Makes the XML declaration of what was decoded, from `start` on in `out`, say what it is now.
    fn relabel(&self, start: usize, out: &mut Vec<u8>) -> Result<()> {
        let mut text = out.split_off(start);
        if let Some(name) = label::named(&text) {
            let label = text.get(name.clone()).and_then(|name| Label::of(name, self.declared));
            if matches!(label, None | Some(Label::Utf8)) {
                return Err(Rule::UndeclaredEncoding);
            }
            label::rename(&mut text, name);
        }
        out.append(&mut text);
        Ok(())
    }

    fn decode(&mut self, encoding: Encoding, bytes: &[u8], complete: bool, out: &mut Vec<u8>) -> Result<()> {
        match encoding {
            Encoding::Utf8 => out.extend_from_slice(bytes),
            Encoding::Utf16 => self.units(bytes, out)?,
            Encoding::Windows1258 | Encoding::Tcvn3 | Encoding::Vni => {
                self.letters(encoding, bytes, complete, out)?;
            }
        }
        Ok(())
    }

    /// UTF-16, two bytes to a unit and one or two units to a character.
    fn units(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let big = self.order == Some(Order::Big);
        let unit = |pair: [u8; 2]| if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
        let (pairs, odd) = bytes.as_chunks::<2>();
        let mut read = 0;
        for character in char::decode_utf16(pairs.iter().copied().map(unit)) {
            match character {
                Ok(character) => {
                    read += character.len_utf16();
                    self.emit(character, out);
                }
                // The other half may be on its way.
                Err(lone)
                    if read + 1 == pairs.len() && (0xD800..0xDC00).contains(&lone.unpaired_surrogate()) => {}
                Err(_) => return Err(Rule::LoneSurrogate),
            }
        }
        self.waiting = bytes.get(read * 2..).unwrap_or(odd).to_vec();
        Ok(())
    }

    /// An encoding of one byte to a letter or to what stands above or below it.
    fn letters(&mut self, encoding: Encoding, bytes: &[u8], complete: bool, out: &mut Vec<u8>) -> Result<()> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if byte.is_ascii() {
                self.pass(char::from(*byte), out);
                rest = after;
                continue;
            }
            if !self.certain {
                match begins_utf8(rest, complete) {
                    Some(true) => return Err(Rule::DoubtfulEncoding),
                    Some(false) => self.certain = true,
                    None => {
                        self.waiting = rest.to_vec();
                        return Ok(());
                    }
                }
            }
            match Said::by(*byte, encoding) {
                Said::Letter(letter) => self.pass(letter, out),
                Said::Marks(marks) => {
                    let marked = self.held.and_then(|letter| letters::marked(letter, marks, *byte, encoding));
                    self.held = Some(marked.ok_or(Rule::UnpairedMark)?);
                }
                Said::Nothing => return Err(Rule::Encoding),
            }
            rest = after;
        }
        Ok(())
    }

    /// Takes the next character. A letter waits for its marks.
    fn pass(&mut self, character: char, out: &mut Vec<u8>) {
        self.settle(out);
        if character.is_alphabetic() {
            self.held = Some(character);
        } else {
            self.emit(character, out);
        }
    }

    fn settle(&mut self, out: &mut Vec<u8>) {
        if let Some(letter) = self.held.take() {
            self.emit(letter, out);
        }
    }

    fn emit(&mut self, character: char, out: &mut Vec<u8>) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        if character == '\n' {
            self.place = Place { line: self.place.line.saturating_add(1), column: 1 };
        } else {
            self.place.column = self.place.column.saturating_add(1);
        }
    }
}

/// Whether `bytes`, the first of which is not ASCII, begin with a character of UTF-8; none as long as more
/// of them must come to tell.
fn begins_utf8(bytes: &[u8], complete: bool) -> Option<bool> {
    match std::str::from_utf8(bytes.get(..4).unwrap_or(bytes)) {
        Ok(_) => Some(true),
        Err(fault) if fault.valid_up_to() > 0 => Some(true),
        Err(fault) if fault.error_len().is_none() && !complete => None,
        Err(_) => Some(false),
    }
}
