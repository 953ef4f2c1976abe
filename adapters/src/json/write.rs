//! A tree to JSON text: compact, in the tree's order, escaping only what must be.

use contracts::Document;

use super::plain::plain_length;

/// Appends `document` to `out` as UTF-8. The same tree always gives the same bytes.
///
/// It recurses as deep as the tree does; readers cap that.
pub fn write(document: &Document<'_>, out: &mut Vec<u8>) {
    match document {
        Document::Null => out.extend_from_slice(b"null"),
        Document::Bool(true) => out.extend_from_slice(b"true"),
        Document::Bool(false) => out.extend_from_slice(b"false"),
        Document::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
        Document::Text(text) => string(text, out),
        Document::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Document::Record(record) => {
            out.push(b'{');
            for (index, (name, value)) in record.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                string(name, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, [byte, after @ ..])) = rest.split_at_checked(plain_length(rest)) {
        out.extend_from_slice(plain);
        escape(*byte, out);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let hexadecimal = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    match byte {
        b'"' => out.extend_from_slice(br#"\""#),
        b'\\' => out.extend_from_slice(br"\\"),
        b'\n' => out.extend_from_slice(br"\n"),
        b'\r' => out.extend_from_slice(br"\r"),
        b'\t' => out.extend_from_slice(br"\t"),
        // Readers refuse these; a tree made by other means may hold them.
        control => out.extend_from_slice(&[
            b'\\',
            b'u',
            b'0',
            b'0',
            hexadecimal(control >> 4),
            hexadecimal(control & 0xF),
        ]),
    }
}
