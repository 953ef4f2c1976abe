//! The part of a stream that has arrived and is not read yet.
//!
//! Bytes become text as they come: checked for UTF-8, for characters that no text holds and for the
//! [`Traits`] that spare readers a look into each text. What is wrong with the encoding is only told
//! when all that stands before it has been read, so that the same error comes at the same record
//! however the stream was cut.

use contracts::Place;
use memchr::{memchr_iter, memrchr};

use crate::{
    text::{self, BYTE_ORDER_MARK, Traits},
    unreadable::{Problem, Rule},
};

/// What has arrived, and how far it is read.
///
/// The two are apart so that documents can borrow the text while the reader moves on.
#[derive(Default)]
pub(super) struct Window {
    pub text: String,
    pub cursor: Cursor,
}

/// Where reading stands, and whether another look is worth it.
#[derive(Default)]
pub(super) struct Cursor {
    /// What is read already, in bytes of the text.
    start: usize,
    /// With fewer unread bytes than this another look would find what the last one found.
    enough: usize,
    traits: Traits,
    /// The bytes of a character that has begun to arrive.
    partial: Vec<u8>,
    /// What is wrong with the bytes after the text; there is no text behind it.
    fault: Option<Rule>,
    /// Whether a byte order mark is behind us, or known to be missing.
    marked: bool,
    ended: bool,
    /// The place of the text's first character, in lines and columns passed.
    lines: u32,
    columns: u32,
}

/// What a reader may look at.
#[derive(Clone, Copy)]
pub(super) struct Part<'w> {
    pub text: &'w str,
    pub traits: Traits,
}

impl Window {
    /// Takes more of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        // Once half of it is read, moving the rest costs less than what was read.
        if self.cursor.start >= self.text.len().div_ceil(2) {
            self.let_go();
        }
        let known = self.text.len();
        if self.cursor.fault.is_none() {
            self.decode(bytes);
        }
        self.survey(known);
    }

    /// Says that nothing more will come.
    pub fn end(&mut self) {
        let cursor = &mut self.cursor;
        cursor.ended = true;
        if !cursor.partial.is_empty() && cursor.fault.is_none() {
            cursor.fault = Some(Rule::Encoding);
        }
    }

    /// Drops the text that is read, and keeps count of its lines.
    fn let_go(&mut self) {
        let cursor = &mut self.cursor;
        let read = self.text.as_bytes().get(..cursor.start).unwrap_or_default();
        (cursor.lines, cursor.columns) = passed(read, cursor.lines, cursor.columns);
        self.text.drain(..cursor.start);
        cursor.start = 0;
        cursor.traits = Traits::of(&self.text);
    }

    fn decode(&mut self, mut bytes: &[u8]) {
        while !self.cursor.partial.is_empty() {
            let Some((byte, rest)) = bytes.split_first() else { return };
            self.cursor.partial.push(*byte);
            bytes = rest;
            let character = std::mem::take(&mut self.cursor.partial);
            self.append(&character);
            if self.cursor.fault.is_some() {
                return;
            }
        }
        self.append(bytes);
    }

    /// Appends `bytes` up to what is no text; a character that ends too early is kept for later.
    fn append(&mut self, bytes: &[u8]) {
        // Cut off first, since a piece often ends so and the quick check only knows all or nothing.
        let (whole, begun) = bytes.split_at_checked(whole_characters(bytes)).unwrap_or((bytes, &[]));
        match text::utf8(whole) {
            Ok(text) => {
                self.text.push_str(text);
                self.cursor.partial.extend_from_slice(begun);
            }
            Err(fault) => {
                let good = whole.get(..fault.valid_up_to()).unwrap_or_default();
                self.text.push_str(std::str::from_utf8(good).unwrap_or_default());
                self.cursor.fault = Some(Rule::Encoding);
            }
        }
    }

    /// Looks at the text from `known` on, which is new.
    fn survey(&mut self, known: usize) {
        let cursor = &mut self.cursor;
        if !cursor.marked && !self.text.is_empty() {
            cursor.marked = true;
            if self.text.starts_with(BYTE_ORDER_MARK) {
                self.text.drain(..BYTE_ORDER_MARK.len_utf8());
            }
        }
        let known = known.min(self.text.len());
        if let Some(offset) = self.text.get(known..).and_then(text::forbidden) {
            self.text.truncate(known + offset);
            cursor.partial.clear();
            cursor.fault = Some(Rule::ControlCharacter);
        }
        // With what stands just before: three bytes for `]]>`, and the character that a mark may follow.
        let mut from = known.saturating_sub(3).max(cursor.start);
        while !self.text.is_char_boundary(from) {
            from -= 1;
        }
        cursor.traits = cursor.traits.and(Traits::of(self.text.get(from..).unwrap_or_default()));
    }
}

impl Cursor {
    /// What to look at in `text`, the window's: at most `most` bytes, and whether that is all of it.
    pub fn part<'w>(&self, text: &'w str, most: usize) -> (Part<'w>, bool) {
        let unread = text.get(self.start..).unwrap_or_default();
        let mut end = most.min(unread.len());
        while !unread.is_char_boundary(end) {
            end -= 1;
        }
        let part = Part { text: unread.get(..end).unwrap_or(unread), traits: self.traits };
        (part, end == unread.len())
    }

    /// Whether it is worth looking.
    pub fn is_ready(&self, text: &str) -> bool {
        let complete = self.ended || self.fault.is_some();
        complete || text.len() - self.start >= self.enough
    }

    /// Goes on by `length` bytes.
    pub fn pass(&mut self, length: usize) {
        self.start += length;
        self.enough = 0;
    }

    /// Notes that what is there does not suffice. It is looked at again when half as much again is
    /// there (or as much as is ever looked at), so that a stream that comes byte by byte costs no more
    /// than a few readings of each byte.
    pub fn wait(&mut self, text: &str, most: usize) {
        let unread = text.len() - self.start;
        self.enough = (unread + unread / 2 + 1).min(most.saturating_add(1)).max(unread + 1);
    }

    /// Whether nothing will come after the text.
    pub fn is_complete(&self) -> bool {
        self.ended || self.fault.is_some()
    }

    /// What is wrong at the end of `text`, if anything is.
    pub fn fault(&self, text: &str) -> Option<Problem<'static>> {
        self.fault.map(|rule| Problem::new(rule, text.len() - self.start))
    }

    /// The place in the stream of byte `offset` of what is unread.
    pub fn place(&self, text: &str, offset: usize) -> Place {
        let before = text.as_bytes().get(..self.start + offset).unwrap_or(text.as_bytes());
        let (lines, columns) = passed(before, self.lines, self.columns);
        Place { line: lines.saturating_add(1), column: columns.saturating_add(1) }
    }
}

/// How much of `bytes` is left without a character at their end that has begun and may go on.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.get(bytes.len().saturating_sub(3)..).unwrap_or_default();
    let begun = (1..=tail.len()).find(|length| {
        let tail = tail.get(tail.len() - length..).unwrap_or_default();
        tail.first().is_some_and(|lead| *lead >= 0xC0)
            && std::str::from_utf8(tail).is_err_and(|fault| fault.error_len().is_none())
    });
    bytes.len() - begun.unwrap_or(0)
}

/// Lines and columns passed after `bytes`, given those before.
fn passed(bytes: &[u8], lines: u32, columns: u32) -> (u32, u32) {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let characters = |bytes: &[u8]| count(bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count());
    match memrchr(b'\n', bytes) {
        None => (lines, columns.saturating_add(characters(bytes))),
        Some(last) => {
            let ends = count(memchr_iter(b'\n', bytes).count());
            (lines.saturating_add(ends), characters(bytes.get(last + 1..).unwrap_or_default()))
        }
    }
}
