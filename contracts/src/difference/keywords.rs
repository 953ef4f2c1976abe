//! What a schema asks of one value.

use serde_json::Value;

use super::{Aspect, Comparison, Direction, bounds, members, rules};
use crate::{FieldPath, Number};

/// Compared from the compiled shape, or by the walk itself.
const OF_THE_SHAPE: &[&str] = &[
    "type",
    "title",
    "description",
    "x-title",
    "x-classification",
    "xml",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "$schema",
    "$id",
];

/// Compared one by one here.
const COMPARED: &[&str] =
    &["enum", "const", "multipleOf", "uniqueItems", "pattern", "format", "x-identifier", "x-code-list"];

/// Whether the schema names the values it allows, and so compares a record as a whole.
pub(super) fn names_values(schema: &Value) -> bool {
    schema.get("enum").is_some() || schema.get("const").is_some()
}

/// Whether a list's items are compared with each other.
pub(super) fn compares_items(schema: &Value) -> bool {
    schema.get("uniqueItems") == Some(&Value::Bool(true))
}

impl Comparison<'_> {
    pub(super) fn keywords(&mut self, path: Option<&FieldPath>, old: &Value, new: &Value) {
        self.bounds(path, old, new);
        self.values(path, old, new);
        self.step(path, old, new);
        self.flag(path, Aspect::Distinct, compares_items(old), compares_items(new), Direction::Narrowed);
        for (aspect, keyword) in
            [(Aspect::Pattern, "pattern"), (Aspect::Format, "format"), (Aspect::Identifier, "x-identifier")]
        {
            self.demand(path, aspect, old.get(keyword), new.get(keyword));
        }
        self.code_list(path, old.get("x-code-list"), new.get("x-code-list"));
        for (keyword, was) in members(old).filter(|(keyword, _)| is_other(keyword)) {
            let is = new.get(keyword);
            if is != Some(was) {
                let written = |value: &Value| format!("{keyword} {value}");
                self.push(path, Aspect::Keyword, Direction::Replaced, Some(written(was)), is.map(written));
            }
        }
        for (keyword, is) in members(new).filter(|(keyword, _)| is_other(keyword)) {
            if old.get(keyword).is_none() {
                let written = Some(format!("{keyword} {is}"));
                self.push(path, Aspect::Keyword, Direction::Replaced, None, written);
            }
        }
    }

    /// A demand that holds or does not: two different ones are not held against each other.
    pub(super) fn demand(
        &mut self,
        path: Option<&FieldPath>,
        aspect: Aspect,
        old: Option<&Value>,
        new: Option<&Value>,
    ) {
        let direction = match (old, new) {
            (None, Some(_)) => Direction::Narrowed,
            (Some(_), None) => Direction::Widened,
            (Some(was), Some(is)) if was != is => Direction::Replaced,
            _ => return,
        };
        let written = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.push(path, aspect, direction, old.map(written), new.map(written));
    }

    /// `enum` and `const`: what was taken away, and what was added.
    fn values(&mut self, path: Option<&FieldPath>, old: &Value, new: &Value) {
        let (was, is) = (allowed(old), allowed(new));
        let list =
            |values: &[&Value]| values.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ");
        match (was, is) {
            (None, None) => {}
            (None, Some(is)) => {
                self.push(path, Aspect::Values, Direction::Narrowed, None, Some(list(&is)));
            }
            (Some(was), None) => {
                self.push(path, Aspect::Values, Direction::Widened, Some(list(&was)), None);
            }
            (Some(was), Some(is)) => {
                let gone: Vec<_> = was.iter().copied().filter(|value| !is.contains(value)).collect();
                let new: Vec<_> = is.iter().copied().filter(|value| !was.contains(value)).collect();
                let direction = match (gone.is_empty(), new.is_empty()) {
                    (true, true) => return,
                    (true, false) => Direction::Widened,
                    (false, true) => Direction::Narrowed,
                    (false, false) => Direction::Replaced,
                };
                let shown = |values: &[&Value]| (!values.is_empty()).then(|| list(values));
                self.push(path, Aspect::Values, direction, shown(&gone), shown(&new));
            }
        }
    }

    fn step(&mut self, path: Option<&FieldPath>, old: &Value, new: &Value) {
        let step = |schema: &Value| Number::new(schema.get("multipleOf")?.to_string());
        let (was, is) = (step(old), step(new));
        let direction = match (&was, &is) {
            (None, None) => return,
            (None, Some(_)) => Direction::Narrowed,
            (Some(_), None) => Direction::Widened,
            (Some(was), Some(is)) => match (was.is_multiple_of(is), is.is_multiple_of(was)) {
                (true, true) => return,
                (true, false) => Direction::Widened,
                (false, true) => Direction::Narrowed,
                (false, false) => Direction::Replaced,
            },
        };
        let shown = |step: Option<Number<'_>>| step.map(|step| format!("multipleOf {}", step.as_str()));
        self.push(path, Aspect::Step, direction, shown(was), shown(is));
    }
}

fn is_other(keyword: &str) -> bool {
    !OF_THE_SHAPE.contains(&keyword)
        && !COMPARED.contains(&keyword)
        && !bounds::is_bound(keyword)
        && !rules::is_rule(keyword)
}

/// The values that a schema allows by name.
fn allowed(schema: &Value) -> Option<Vec<&Value>> {
    let listed = schema.get("enum").and_then(Value::as_array);
    let only = schema.get("const");
    match (listed, only) {
        (None, None) => None,
        (Some(listed), None) => Some(listed.iter().collect()),
        (listed, Some(only)) => Some(
            [only].into_iter().filter(|only| listed.is_none_or(|listed| listed.contains(only))).collect(),
        ),
    }
}
