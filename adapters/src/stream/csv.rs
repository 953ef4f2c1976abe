//! CSV (RFC 4180) for people and their spreadsheets; only written, never read.
//!
//! **Columns** follow from the shape alone, so that every file of a dataset has the same: one for each
//! leaf, named by its path (`ChuNhiem.HoVaTen`), in the shape's order. Null and absent are both an empty
//! cell; an empty text is `""`.
//!
//! **Lists** have no form in a table. A list is one column, and its cell holds the list as JSON text:
//! nothing is lost, and no separator has to be agreed on.
//!
//! A geometry is one column too, as JSON text.
//!
//! **Formulas.** A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula and runs
//! it, whoever wrote it; a tab or a carriage return before it hides it. Such a text gets an apostrophe
//! in front, which spreadsheets do not show, and so does a text that begins with an apostrophe: who
//! takes one away from every text that has one gets the data back. Numbers are left as they are.

use contracts::{Document, Form, RecordShape, Shape};

use crate::json;

/// The columns of a dataset.
pub(super) struct Columns {
    /// The names that lead to each column's value.
    paths: Vec<Vec<String>>,
}

impl Columns {
    /// The columns of `shape`'s records.
    pub fn of(shape: &Shape) -> Self {
        let mut columns = Self { paths: Vec::new() };
        columns.add(&shape.root, &mut Vec::new());
        columns
    }

    // As deep as the shape.
    fn add(&mut self, shape: &RecordShape, path: &mut Vec<String>) {
        for field in &shape.fields {
            path.push(field.name.clone());
            match &field.form {
                Form::Record(inner) => self.add(inner, path),
                Form::Text | Form::Number { .. } | Form::Boolean | Form::List(_) | Form::Geometry(_) => {
                    self.paths.push(path.clone());
                }
            }
            path.pop();
        }
    }

    /// Appends the row of names.
    pub fn header(&self, out: &mut Vec<u8>) {
        self.line(out, |path, out| out.extend_from_slice(path.join(".").as_bytes()));
    }

    /// Appends a record's row.
    pub fn row(&self, record: &Document<'_>, out: &mut Vec<u8>) {
        self.line(out, |path, out| {
            let value = path.iter().try_fold(record, |value, name| value.as_record()?.get(name));
            if let Some(value) = value {
                cell(value, out);
            }
        });
    }

    fn line(&self, out: &mut Vec<u8>, write: impl Fn(&[String], &mut Vec<u8>)) {
        for (index, path) in self.paths.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write(path, out);
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn cell(value: &Document<'_>, out: &mut Vec<u8>) {
    match value {
        Document::Null => {}
        Document::Bool(true) => out.extend_from_slice(b"true"),
        Document::Bool(false) => out.extend_from_slice(b"false"),
        Document::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
        Document::Text(text) => {
            if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) {
                quoted(&[b"'", text.as_bytes()], out);
            } else if text.is_empty() || text.contains(['"', ',', '\r', '\n']) {
                quoted(&[text.as_bytes()], out);
            } else {
                out.extend_from_slice(text.as_bytes());
            }
        }
        Document::List(_) | Document::Record(_) => {
            let mut text = Vec::new();
            json::write(value, &mut text);
            quoted(&[&text], out);
        }
    }
}

fn quoted(parts: &[&[u8]], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in parts.iter().copied().flatten() {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Document<'_>) -> String {
        let mut out = Vec::new();
        cell(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn text(text: &'static str) -> Document<'static> {
        Document::Text(text.into())
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(written(&text("Nguyễn Văn Mẫu")), "Nguyễn Văn Mẫu");
        assert_eq!(written(&text("a,b")), "\"a,b\"");
        assert_eq!(written(&text("a\"b\r\nc")), "\"a\"\"b\r\nc\"");
        assert_eq!(written(&text("")), "\"\"");
        assert_eq!(written(&Document::Null), "");
        assert_eq!(written(&Document::List(vec![text("a"), text("b")])), r#""[""a"",""b""]""#);
    }

    #[test]
    fn no_text_is_a_formula() {
        assert_eq!(written(&text("=HYPERLINK(1)")), "\"'=HYPERLINK(1)\"");
        assert_eq!(written(&text("'x")), "\"''x\"");
        for start in ["+", "-", "@", "\t=", "\r="] {
            let cell = Document::Text(format!("{start}1").into());
            assert!(written(&cell).starts_with("\"'"), "{start}");
        }
        let number = contracts::Number::new("-1").unwrap();
        assert_eq!(written(&Document::Number(number)), "-1");
    }
}
