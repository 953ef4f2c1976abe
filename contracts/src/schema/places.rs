//! Where each part of a JSON text stands, so that a fault of a schema can name line and column.
//!
//! The text has been parsed before, so the scan trusts its grammar. It also sees what a parsed tree
//! no longer shows: a member written twice.

use std::{collections::HashMap, ops::Range};

use crate::Place;

/// The places of a JSON text, by JSON pointer: of a member, its name; of an item, its value.
pub(crate) struct Places<'t> {
    text: &'t str,
    spans: HashMap<String, Range<usize>>,
    /// The pointers of members written a second time, with the second's offset.
    pub(super) repeated: Vec<(String, usize)>,
}

impl<'t> Places<'t> {
    /// Scans `text`, which `serde_json` has accepted.
    pub(crate) fn of(text: &'t str) -> Self {
        let mut places = Self { text, spans: HashMap::new(), repeated: Vec::new() };
        let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
        places.value(&mut scan, &mut String::new());
        places
    }

    /// The place of `pointer`, or of the nearest part above it that exists.
    pub(super) fn place(&self, pointer: &str) -> Place {
        let mut pointer = pointer;
        loop {
            if let Some(span) = self.spans.get(pointer) {
                return Place::of(self.text, span.start);
            }
            match pointer.rfind('/') {
                Some(cut) => pointer = pointer.get(..cut).unwrap_or_default(),
                None => return Place { line: 1, column: 1 },
            }
        }
    }

    /// The text of `pointer` as written: of a member, from its name to the end of its value.
    pub(super) fn written(&self, pointer: &str) -> Option<&'t str> {
        self.text.get(self.spans.get(pointer)?.clone())
    }

    /// The place of `pointer`, if it exists.
    pub(crate) fn known(&self, pointer: &str) -> Option<Place> {
        Some(Place::of(self.text, self.spans.get(pointer)?.start))
    }

    /// The pointer of what stands at `place`.
    pub(crate) fn pointer(&self, place: Place) -> Option<String> {
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let before: usize = self.text.split_inclusive('\n').take(line).map(str::len).sum();
        let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let within: usize = self.text.get(before..)?.chars().take(column).map(char::len_utf8).sum();
        let found = self.spans.iter().find(|(_, span)| span.start == before + within);
        found.map(|(pointer, _)| pointer.clone())
    }

    /// The place of byte `offset`.
    pub(super) fn at(&self, offset: usize) -> Place {
        Place::of(self.text, offset)
    }

    // serde_json refuses more than 128 levels, which bounds this recursion.
    fn value(&mut self, scan: &mut Scan<'_>, pointer: &mut String) {
        scan.blanks();
        let start = scan.at;
        match scan.peek() {
            Some(b'{') => self.object(scan, pointer),
            Some(b'[') => self.array(scan, pointer),
            Some(b'"') => {
                scan.string();
            }
            _ => scan.scalar(),
        }
        self.spans.entry(pointer.clone()).or_insert(start..start).end = scan.at;
    }

    fn object(&mut self, scan: &mut Scan<'_>, pointer: &mut String) {
        scan.at += 1;
        loop {
            scan.blanks();
            match scan.peek() {
                Some(b'"') => {
                    let (start, end) = scan.string();
                    let raw = self.text.get(start..end).unwrap_or_default();
                    let name: String = serde_json::from_str(raw).unwrap_or_default();
                    let length = pointer.len();
                    push_segment(pointer, &name);
                    if self.spans.insert(pointer.clone(), start..start).is_some() {
                        self.repeated.push((pointer.clone(), start));
                    }
                    scan.blanks();
                    scan.at += 1; // the colon
                    self.value(scan, pointer);
                    pointer.truncate(length);
                }
                Some(b',') => scan.at += 1,
                _ => break,
            }
        }
        scan.at += 1;
    }

    fn array(&mut self, scan: &mut Scan<'_>, pointer: &mut String) {
        scan.at += 1;
        let mut position = 0_usize;
        loop {
            scan.blanks();
            match scan.peek() {
                None | Some(b']') => break,
                Some(b',') => scan.at += 1,
                Some(_) => {
                    let length = pointer.len();
                    push_segment(pointer, &position.to_string());
                    self.value(scan, pointer);
                    pointer.truncate(length);
                    position += 1;
                }
            }
        }
        scan.at += 1;
    }
}

/// Adds `name` to a JSON pointer (RFC 6901).
pub(super) fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    for character in name.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// `pointer` with `name` added.
pub(crate) fn below(pointer: &str, name: &str) -> String {
    let mut below = pointer.to_owned();
    push_segment(&mut below, name);
    below
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Passes a string; its ends, quotes included.
    fn string(&mut self) -> (usize, usize) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    break;
                }
                _ => self.at += 1,
            }
        }
        (start, self.at)
    }

    /// Passes a number, `true`, `false` or `null`.
    fn scalar(&mut self) {
        let start = self.at;
        while !matches!(self.peek(), None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        // Always forward, whatever stands here.
        self.at = self.at.max(start + usize::from(start < self.bytes.len() && self.at == start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_have_their_places() {
        let text = "{\n  \"a\": [1, {\"b/c\": \"x\\\"y\"}],\n  \"đ\": null\n}";
        serde_json::from_str::<serde_json::Value>(text).unwrap();
        let places = Places::of(text);
        assert_eq!(places.place("/a"), Place { line: 2, column: 3 });
        assert_eq!(places.place("/a/1"), Place { line: 2, column: 12 });
        assert_eq!(places.place("/a/1/b~1c"), Place { line: 2, column: 13 });
        assert_eq!(places.place("/đ"), Place { line: 3, column: 3 });
        assert_eq!(places.place("/a/7/x"), Place { line: 2, column: 3 }, "the nearest part above");
        assert!(places.repeated.is_empty());
    }

    #[test]
    fn a_member_is_written_from_its_name_to_the_end_of_its_value() {
        let places = Places::of("{ \"a\" : { \"b\": [1, 2] } , \"c\": 3 }");
        assert_eq!(places.written("/a"), Some("\"a\" : { \"b\": [1, 2] }"));
        assert_eq!(places.written("/a/b/1"), Some("2"));
        assert_eq!(places.written("/d"), None);
    }

    #[test]
    fn a_member_written_twice_is_seen() {
        let places = Places::of("{\"a\": 1, \"b\": {\"a\": 2}, \"\\u0061\": 3}");
        assert_eq!(places.repeated.len(), 1);
        assert_eq!(places.repeated[0].0, "/a");
    }
}
