//! Rules between fields: conditions over what the record already has.

use serde_json::{Map, Value};

use super::{Compiler, LIST, NUMBER, places::below, said};
use crate::{Form, RecordShape};

/// The keywords of rules between fields.
pub(crate) const KEYWORDS: &[&str] =
    &["if", "then", "else", "allOf", "anyOf", "oneOf", "not", "dependentRequired"];

/// Fields whose values may not go back: days, times or numbers of one record, in rows.
pub(crate) const ORDER: &str = "x-order";

/// What a rule may ask of one field.
const OF_A_VALUE: &[&str] = &["type", "enum", "const", "minLength", "maxLength", "pattern", "not", "anyOf"];

impl Compiler<'_> {
    /// Checks the rule `keyword`, written at `at` in the schema of `record`.
    pub(super) fn rule(&mut self, keyword: &str, value: &Value, at: &str, record: &RecordShape) {
        match (keyword, value) {
            ("dependentRequired", Value::Object(needs)) => {
                for (name, needed) in needs {
                    let at = below(at, name);
                    if record.field(name).is_none() {
                        self.fault(&at, &said::UNKNOWN_FIELD, name);
                    }
                    self.names(needed, &at, record);
                }
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                for (position, branch) in branches.iter().enumerate() {
                    self.condition(branch, &below(at, &position.to_string()), Subject::Record(record));
                }
            }
            _ => self.condition(value, at, Subject::Record(record)),
        }
    }

    /// Checks the rows of fields in order: two or more each, of this record, all days, all times or all
    /// numbers, as `schemas` says of them.
    pub(super) fn order(
        &mut self,
        rows: &Value,
        at: &str,
        record: &RecordShape,
        schemas: &Map<String, Value>,
    ) {
        let rows = rows.as_array().filter(|rows| !rows.is_empty());
        if rows.is_none() {
            self.fault(at, &said::ORDER, "");
        }
        for (position, row) in rows.into_iter().flatten().enumerate() {
            let at = below(at, &position.to_string());
            self.names(row, &at, record);
            let kind = |name: &Value| {
                let (_, field) = record.field(name.as_str()?)?;
                let format = schemas.get(&field.name)?.get("format").and_then(Value::as_str);
                match (&field.form, format) {
                    (Form::Number { .. }, _) => Some("number"),
                    (Form::Text, Some(format @ ("date" | "date-time"))) => Some(format),
                    _ => None,
                }
            };
            let kinds: Vec<_> = row.as_array().into_iter().flatten().map(kind).collect();
            let known = |name: &Value| name.as_str().is_none_or(|name| record.field(name).is_some());
            // A name that is no field's has been told.
            if row.as_array().is_none_or(|names| names.iter().all(known))
                && (kinds.len() < 2
                    || kinds.contains(&None)
                    || kinds.windows(2).any(|two| two.first() != two.last()))
            {
                self.fault(&at, &said::ORDER, "");
            }
        }
    }

    /// A condition on a whole record or on one field's value.
    fn condition(&mut self, schema: &Value, at: &str, subject: Subject<'_>) {
        let Some(schema) = schema.as_object() else {
            self.fault(at, &said::RULE, &schema.to_string());
            return;
        };
        for (keyword, value) in schema {
            let at = below(at, keyword);
            match (keyword.as_str(), subject) {
                ("required", Subject::Record(record)) => self.names(value, &at, record),
                ("properties", Subject::Record(record)) => {
                    for (name, condition) in value.as_object().into_iter().flatten() {
                        let at = below(&at, name);
                        match record.field(name) {
                            Some((_, field)) => self.condition(condition, &at, Subject::of(&field.form)),
                            None => self.fault(&at, &said::UNKNOWN_FIELD, name),
                        }
                    }
                }
                (rule, Subject::Record(record)) if KEYWORDS.contains(&rule) => {
                    self.rule(rule, value, &at, record)
                }
                ("not", Subject::Value) => self.condition(value, &at, subject),
                ("anyOf", Subject::Value) => {
                    for (position, branch) in value.as_array().into_iter().flatten().enumerate() {
                        self.condition(branch, &below(&at, &position.to_string()), subject);
                    }
                }
                (keyword, Subject::Value)
                    if OF_A_VALUE.contains(&keyword)
                        || NUMBER.contains(&keyword)
                        || (LIST.contains(&keyword) && keyword != "items") =>
                {
                    self.check_value(keyword, value, &at);
                }
                (keyword, _) => self.fault(&at, &said::RULE, keyword),
            }
        }
    }

    /// A list of names of the record's fields.
    fn names(&mut self, names: &Value, at: &str, record: &RecordShape) {
        for (position, name) in names.as_array().into_iter().flatten().enumerate() {
            if let Some(name) = name.as_str().filter(|name| record.field(name).is_none()) {
                self.fault(&below(at, &position.to_string()), &said::UNKNOWN_FIELD, name);
            }
        }
    }
}

/// What a condition speaks of.
#[derive(Clone, Copy)]
enum Subject<'r> {
    Record(&'r RecordShape),
    Value,
}

impl<'r> Subject<'r> {
    fn of(form: &'r Form) -> Self {
        match form {
            Form::Record(record) => Self::Record(record),
            Form::Text | Form::Number { .. } | Form::Boolean | Form::List(_) | Form::Geometry(_) => {
                Self::Value
            }
        }
    }
}
