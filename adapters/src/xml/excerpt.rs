//! An element of a larger document as a document of its own, so that a record inside a message is read
//! by the same reader, under the same rules, as a record that came alone.
//!
//! The namespaces that it had from the elements around it are declared on it. Everything after its name
//! stays at the line and column where it stood in the whole, so that a reader's complaint still tells
//! the sender the place in what was sent.

use std::ops::Range;

use super::escape;

/// The element at `range` of `text`, alone; `inherited` are the namespaces in force around it.
pub(crate) fn alone(text: &str, range: Range<usize>, inherited: &[(&str, String)]) -> Vec<u8> {
    let before = text.get(..range.start).unwrap_or_default();
    let element = text.get(range).unwrap_or_default();
    let ends_name = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '/' | '>');
    let (name, rest) = element.split_at_checked(element.find(ends_name).unwrap_or(0)).unwrap_or_default();
    let mut out = Vec::with_capacity(element.len() + 256);
    out.extend_from_slice(name.as_bytes());
    for (prefix, namespace) in inherited {
        out.extend_from_slice(if prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
        out.extend_from_slice(prefix.as_bytes());
        out.extend_from_slice(b"=\"");
        escape::attribute(namespace, &mut out);
        out.push(b'"');
    }
    // White space inside the start tag stands for all that stood before it.
    let lines = before.bytes().filter(|byte| *byte == b'\n').count();
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    let column = last_line.chars().count() + name.chars().count();
    let written = std::str::from_utf8(&out).map_or(0, |text| text.chars().count());
    out.extend(std::iter::repeat_n(b'\n', lines));
    out.extend(std::iter::repeat_n(b' ', if lines == 0 { column.saturating_sub(written) } else { column }));
    out.extend_from_slice(rest.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Limits,
        xml::tokens::{Token, Tokens},
    };

    /// The first element called `R` in `text`, alone.
    fn taken(text: &str) -> String {
        let limits = Limits::default();
        let mut tokens = Tokens::new(text.as_bytes(), &limits).unwrap();
        loop {
            if let Token::Open(open) = tokens.next().unwrap()
                && open.local == "R"
            {
                let (start, inherited) = (tokens.start(), tokens.inherited());
                tokens.skip().unwrap();
                let range = start..tokens.end_of_last();
                return String::from_utf8(alone(tokens.source(), range, &inherited)).unwrap();
            }
        }
    }

    fn squeezed(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" >", ">").replace(" />", "/>")
    }

    #[test]
    fn the_namespaces_around_it_come_along_and_no_others() {
        let text = "<e:E xmlns:e='urn:e' xmlns='urn:d'><w xmlns:a='urn:a' xmlns=''><a:R xmlns:b='urn:b' x='1'>t</a:R></w></e:E>";
        assert_eq!(
            squeezed(&taken(text)),
            r#"<a:R xmlns:a="urn:a" xmlns:e="urn:e" xmlns:b='urn:b' x='1'>t</a:R>"#
        );
        let redeclared = "<a:E xmlns:a='urn:1'><R xmlns:a='urn:2'/></a:E>";
        assert_eq!(squeezed(&taken(redeclared)), "<R xmlns:a='urn:2'/>");
        assert_eq!(squeezed(&taken("<E xmlns='urn:&lt;'><R/></E>")), r#"<R xmlns="urn:&lt;"/>"#);
    }

    #[test]
    fn what_follows_its_name_stays_in_its_place() {
        let place = |text: &str, what: &str| {
            let before = &text[..text.find(what).unwrap()];
            (before.matches('\n').count(), before.rsplit('\n').next().unwrap().chars().count())
        };
        for text in [
            "<envelope xmlns='urn:a'><body>tiếng Việt</body><R><wrong/></R></envelope>",
            "<envelope\n xmlns='urn:a'>\n\n  <R>\n   <wrong/></R></envelope>",
            "<envelope xmlns='urn:a'>\n  <R><wrong/>\n</R></envelope>",
        ] {
            assert_eq!(place(&taken(text), "<wrong"), place(text, "<wrong"), "{text}");
        }
    }
}
