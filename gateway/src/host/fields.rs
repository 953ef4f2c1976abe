//! The fields of a head that is to be sent.
//!
//! They are kept as HTTP/1.1 writes them, one line after another: nearly every head is sent so, and then it is
//! one copy of them. A name is a constant, and which names are the host's to say is known while compiling.

use http::HeaderValue;

/// Room for the fields of nearly every head.
const USUAL: usize = 512;

/// Fields that belong to one connection (RFC 9110 section 7.6.1, and the older ones still seen), that frame a
/// message, or that the host computes.
const HOSTS_OWN: [&str; 13] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "date",
    "host",
    "accept-encoding",
    "expect",
    "lt-deadline-ms",
];

pub(crate) const ACCEPT: Name = Name::of("Accept");
pub(crate) const ALLOW: Name = Name::of("Allow");
pub(crate) const CACHE_CONTROL: Name = Name::of("Cache-Control");
pub(crate) const CONTENT_LANGUAGE: Name = Name::of("Content-Language");
pub(crate) const CONTENT_TYPE: Name = Name::of("Content-Type");
pub(crate) const ETAG: Name = Name::of("ETag");
pub(crate) const IF_MATCH: Name = Name::of("If-Match");
pub(crate) const LINK: Name = Name::of("Link");
pub(crate) const LOCATION: Name = Name::of("Location");
pub(crate) const RETRY_AFTER: Name = Name::of("Retry-After");
pub(crate) const VARY: Name = Name::of("Vary");
/// By which an exchange is named, to both sides.
pub(crate) const EXCHANGE_ID: Name = Name::of("lt-exchange-id");

/// The name of a field. Names have no case (RFC 9110 section 5.1), but some old servers know the oldest ones only by
/// the letters that HTTP/1.1 programs have always written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(&'static str);

impl Name {
    /// A name, in the letters it is sent in; for constants.
    ///
    /// # Panics
    /// For what is the host's to say, which in a constant is an error of compilation.
    pub const fn of(name: &'static str) -> Self {
        let mut others: &[&str] = &HOSTS_OWN;
        while let [own, rest @ ..] = others {
            assert!(!own.eq_ignore_ascii_case(name), "this field is the host's to say");
            others = rest;
        }
        Self(name)
    }

    /// It.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Fields, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<u8>);

#[cfg(test)]
impl Fields {
    /// None, for calls without any.
    pub(crate) const NONE: &Self = &Self(Vec::new());
}

impl Fields {
    /// None yet.
    pub fn new() -> Self {
        Self(Vec::with_capacity(USUAL))
    }

    /// Adds a field with a text for its value. What no field can hold (RFC 9110 section 5.5) is left out: nothing that a
    /// caller wrote comes here unchecked, and a line end would make two fields of one.
    pub fn push(&mut self, name: Name, text: &str) {
        // Looked at to its end, many bytes at once: nearly no text has one that stops it.
        let bad = text.bytes().fold(false, |bad, byte| bad | !matches!(byte, b' '..=b'~' | b'\t'));
        if !bad {
            self.write(name.0, text.as_bytes());
        }
    }

    /// Adds a field with a value that came in one.
    pub fn pass(&mut self, name: Name, value: &HeaderValue) {
        self.write(name.0, value.as_bytes());
    }

    /// Adds a field of the host's.
    pub(super) fn write(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            self.0.extend_from_slice(part);
        }
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let lines = self.0.split_inclusive(|byte| *byte == b'\n');
        lines.filter_map(|line| {
            let line = line.strip_suffix(b"\r\n")?;
            let colon = memchr::memchr(b':', line)?;
            let name = std::str::from_utf8(line.get(..colon)?).ok()?;
            Some((name, line.get(colon + 2..)?))
        })
    }

    /// The first value under a name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// How HTTP/1.1 writes them.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_read_again_and_written_as_it_is() {
        let mut fields = Fields::new();
        fields.push(ETAG, "\"a: b\"");
        fields.pass(EXCHANGE_ID, &HeaderValue::from_bytes(b"H\xe0 N\xf4i").unwrap());
        fields.push(VARY, "");
        let read: Vec<_> = fields.iter().collect();
        assert_eq!(read, [("ETag", &b"\"a: b\""[..]), ("lt-exchange-id", b"H\xe0 N\xf4i"), ("Vary", b"")]);
        assert_eq!(fields.as_bytes(), b"ETag: \"a: b\"\r\nlt-exchange-id: H\xe0 N\xf4i\r\nVary: \r\n");
        assert_eq!((fields.get("etag"), fields.get("vari")), (Some(&b"\"a: b\""[..]), None));
    }

    #[test]
    fn what_would_be_another_line_is_no_value() {
        let mut fields = Fields::new();
        for text in ["a\r\nb: c", "a\nb", "a\rb", "a\0", "đ", "\u{7f}"] {
            fields.push(LOCATION, text);
            assert_eq!(fields, Fields::new(), "{text:?}");
        }
    }

    #[test]
    fn what_is_the_hosts_to_say_is_no_name() {
        for name in
            ["Content-Length", "transfer-encoding", "CONNECTION", "Host", "Date", "Upgrade", "lt-deadline-ms"]
        {
            assert!(std::panic::catch_unwind(|| Name::of(name)).is_err(), "{name}");
        }
        assert_eq!(Name::of("content-lengths").as_str(), "content-lengths");
    }
}
