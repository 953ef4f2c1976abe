//! Which field's day a code is read by.
//!
//! `"x-code-list": { "list": …, "at": "ThoiGianBatDau" }` names a field as one would in speech: the
//! nearest. It is looked for in the record that holds the code, then in each record around it, up to
//! the root; so a part that several datasets refer to finds the date of the one it stands in. A
//! dotted name goes down into a record within. What is found is a text of format `date`, `date-time`
//! or `year`, and one value for each code: no list may stand between it and the record of both.

use serde_json::{Map, Value};

use super::{Compiler, said};
use crate::{FieldPath, Form, RecordShape};

/// The formats of texts that tell when.
const TELLING: &[&str] = &["date", "date-time", "year"];

/// A code that is read by a date of its record.
pub(super) struct Dated {
    /// The code's path.
    pub(super) path: FieldPath,
    /// The field that `at` names.
    pub(super) field: String,
    /// The JSON pointer of `at`.
    pub(super) at: String,
}

impl Compiler<'_> {
    /// Looks up the date of every code that has one.
    pub(super) fn dates_of_codes(&mut self, record: &mut RecordShape, schema: &Map<String, Value>) {
        for dated in std::mem::take(&mut self.dated) {
            match dated.found(record, schema) {
                Some(date) => set(record, &dated.path, date),
                None => self.fault(&dated.at, &said::CODE_DATE, &dated.field),
            }
        }
    }
}

impl Dated {
    /// The path of the date, innermost record first.
    fn found(&self, record: &RecordShape, schema: &Map<String, Value>) -> Option<FieldPath> {
        let code: Vec<&str> = self.path.segments().collect();
        (0..code.len()).rev().find_map(|depth| {
            let around = code.get(..depth)?;
            let names: Vec<&str> = around.iter().copied().chain(self.field.split('.')).collect();
            tells(record, schema, &names, depth).then(|| names.join(".").parse().ok())?
        })
    }
}

/// Whether `names` lead to a text that tells when, through no list below `depth`.
fn tells(record: &RecordShape, schema: &Map<String, Value>, names: &[&str], depth: usize) -> bool {
    let (mut record, mut schema) = (Some(record), Some(schema));
    for (position, name) in names.iter().enumerate() {
        let Some((_, field)) = record.and_then(|record| record.field(name)) else { return false };
        if position >= depth && matches!(field.form, Form::List(_)) {
            return false;
        }
        let written = schema.and_then(|schema| schema.get("properties")?.get(*name));
        let below = written.map(|written| written.get("items").unwrap_or(written));
        (record, schema) = (field.form.record(), below.and_then(Value::as_object));
        if position + 1 == names.len() {
            let format = schema.and_then(|schema| schema.get("format")?.as_str());
            return matches!(field.form, Form::Text)
                && format.is_some_and(|format| TELLING.contains(&format));
        }
    }
    false
}

/// Notes at the field of `path` which field dates it.
fn set(record: &mut RecordShape, path: &FieldPath, date: FieldPath) {
    let mut record = Some(record);
    let mut segments = path.segments().peekable();
    while let Some(name) = segments.next() {
        let Some(field) = record.and_then(|record| record.fields.iter_mut().find(|field| field.name == name))
        else {
            return;
        };
        if segments.peek().is_none() {
            field.dated_by = Some(date);
            return;
        }
        record = match &mut field.form {
            Form::Record(record) => Some(record),
            Form::List(list) => match &mut list.item {
                Form::Record(record) => Some(record),
                _ => None,
            },
            _ => None,
        };
    }
}
