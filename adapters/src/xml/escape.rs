//! Characters that markup would swallow, written as Canonical XML writes them.

use crate::text::first;

/// Appends `text` as an element's content.
pub(crate) fn text(text: &str, out: &mut Vec<u8>) {
    escape(text, out, |byte| match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        // Needed after `]]` only; Canonical XML does it always.
        b'>' => Some(b"&gt;"),
        // A reader would make a line feed of it.
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

/// Appends `value` as an attribute's value, without the quotation marks, which are double.
pub(crate) fn attribute(value: &str, out: &mut Vec<u8>) {
    escape(value, out, |byte| match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'"' => Some(b"&quot;"),
        // A reader would make spaces of them.
        b'\t' => Some(b"&#x9;"),
        b'\n' => Some(b"&#xA;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

fn escape(text: &str, out: &mut Vec<u8>, special: impl Fn(u8) -> Option<&'static [u8]>) {
    let mut rest = text.as_bytes();
    // All of these stand apart in ASCII, or lead U+FFFE and U+FFFF.
    let may_be = |byte: u8| {
        byte < 0x20 || byte == b'"' || byte == b'&' || byte == b'<' || byte == b'>' || byte == 0xEF
    };
    while let Some(at) = first(rest, may_be) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some(byte) = from.first() else { break };
        let (written, length): (&[u8], usize) = match (special(*byte), *byte) {
            (Some(reference), _) => (reference, 1),
            // XML has no way to say these. Readers refuse them; a tree made by other means must not
            // make a document that nobody can read.
            (None, 0..0x20) if !matches!(byte, b'\t' | b'\n') => ("\u{FFFD}".as_bytes(), 1),
            (None, 0xEF) if matches!(from, [_, 0xBF, 0xBE | 0xBF, ..]) => ("\u{FFFD}".as_bytes(), 3),
            _ => (from.get(..1).unwrap_or_default(), 1),
        };
        out.extend_from_slice(written);
        rest = from.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    fn escaped(write: fn(&str, &mut Vec<u8>), text: &str) -> String {
        let mut out = Vec::new();
        write(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_must_be_is_escaped() {
        assert_eq!(escaped(super::text, "a<b&c]]>\"'\n\t\rđ"), "a&lt;b&amp;c]]&gt;\"'\n\t&#xD;đ");
        assert_eq!(escaped(super::attribute, "a<b&c>\"'\n\t\rđ"), "a&lt;b&amp;c>&quot;'&#xA;&#x9;&#xD;đ");
        assert_eq!(
            escaped(super::text, "\0\u{1F}\u{FFFE}a\u{FFFF}\u{FFFD}"),
            "\u{FFFD}\u{FFFD}\u{FFFD}a\u{FFFD}\u{FFFD}"
        );
    }
}
