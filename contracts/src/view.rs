//! A contract as one caller sees it.
//!
//! Whoever is given part of a record would be misled by the whole contract: it promises fields that
//! never come and asks of masked ones a form that they lost. A [`View`] is what is left of a contract
//! when some of its leaves are withheld and others changed: a shape and a schema of its own, from which
//! every description follows as it does from the whole. It describes what the release leaves of a valid
//! record, and names nothing else:
//!
//! - A withheld leaf is gone, also from `required`; a record or a list of records of which nothing is
//!   left is gone with its last leaf.
//! - A changed leaf has the schema of what it became. It stays required when the change always leaves
//!   something.
//! - A rule between fields stays as far as it asks nothing of what is gone or changed. Whether a field is
//!   there survives a change, so a rule about that stays too.
//! - Items that were different may no longer be, so `uniqueItems` needs whole items.
//! - What a description says of a record that is no longer whole may be about what is gone, so it goes; and
//!   so does any other that holds the name or the title of a field that is gone, unless a field that is left
//!   is called so too.

mod hush;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    Classification, Contract, Field, FieldPath, Form, ListForm, RecordShape, Shape,
    schema::{ORDER, RULES},
};
use hush::{Gone, hush};

/// What is left of a contract for one caller.
#[derive(Clone, Debug)]
pub struct View {
    /// The fields that are left.
    pub shape: Shape,
    /// Their JSON Schema, without references.
    pub schema: Value,
}

/// What a caller sees of a leaf.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It as it is.
    Whole,
    /// Nothing, not even its name.
    Withheld,
    /// Something else in its place.
    Changed {
        /// The JSON Schema of what stands there: `type` (one that is no record and no list; `null` is
        /// added where the field may be null) and the rules of that type. Of a list, of its items.
        schema: Value,
        /// Whether the change leaves something of every value. If not, what was there may be gone.
        always: bool,
    },
}

impl Contract {
    /// The contract as whoever may see everything sees it.
    pub fn whole_view(&self) -> View {
        View { shape: self.shape.clone(), schema: self.schema.clone() }
    }

    /// The contract as whoever sees of each leaf what `seen` says.
    pub fn view(&self, seen: &dyn Fn(&Field) -> Seen) -> View {
        let empty = Map::new();
        let written = self.schema.as_object().unwrap_or(&empty);
        let left = record(&self.shape.root, written, seen);
        let mut schema = Value::Object(left.schema);
        let mut root = left.shape;
        let is_whole =
            |date: &FieldPath| self.shape.field(date).is_some_and(|field| seen(field) == Seen::Whole);
        undate(&mut root, &mut schema, &is_whole);
        if !left.whole {
            // The name is that of the whole.
            schema.as_object_mut().map(|members| members.shift_remove("$id"));
            hush(&mut schema, &Gone::between(&self.shape.root, &root));
        }
        View { shape: Shape { root, ..self.shape.clone() }, schema }
    }

    /// The schema of the values at `path`, through lists: of a list, that of its items.
    pub fn schema_of(&self, path: &FieldPath) -> Option<&Value> {
        schema_of(&self.schema, path)
    }
}

impl View {
    /// The schema of the values at `path`, through lists: of a list, that of its items.
    pub fn schema_of(&self, path: &FieldPath) -> Option<&Value> {
        schema_of(&self.schema, path)
    }
}

fn schema_of<'s>(schema: &'s Value, path: &FieldPath) -> Option<&'s Value> {
    let item = |schema: &'s Value| schema.get("items").unwrap_or(schema);
    path.segments().try_fold(schema, |schema, name| Some(item(schema.get("properties")?.get(name)?)))
}

/// What became of a field, as far as rules between fields ask.
enum Fate {
    Whole,
    /// A record that is there whenever it was, though less is in it.
    Record(Fates),
    Changed {
        always: bool,
    },
    Gone,
}

type Fates = BTreeMap<String, Fate>;

/// What is left of a field and of its schema.
type Part = (Field, Map<String, Value>);

/// What is left of a record.
struct Left {
    shape: RecordShape,
    schema: Map<String, Value>,
    fates: Fates,
    whole: bool,
}

fn record(shape: &RecordShape, written: &Map<String, Value>, seen: &dyn Fn(&Field) -> Seen) -> Left {
    let mut left = Left {
        shape: RecordShape { fields: Vec::new(), closed: shape.closed },
        schema: Map::new(),
        fates: Fates::new(),
        whole: true,
    };
    let empty = Map::new();
    let properties = written.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut kept = Map::new();
    for known in &shape.fields {
        let own = properties.get(&known.name).and_then(Value::as_object).unwrap_or(&empty);
        let (fate, part) = field(known, own, seen);
        left.whole &= matches!(fate, Fate::Whole);
        left.fates.insert(known.name.clone(), fate);
        if let Some((field, schema)) = part {
            kept.insert(known.name.clone(), Value::Object(schema));
            left.shape.fields.push(field);
        }
    }
    if left.whole {
        left.schema = written.clone();
        return left;
    }
    left.schema = narrowed(written, &left.fates);
    left.schema.shift_remove("description");
    left.schema.insert("properties".to_owned(), Value::Object(kept));
    left
}

fn field(field: &Field, written: &Map<String, Value>, seen: &dyn Fn(&Field) -> Seen) -> (Fate, Option<Part>) {
    match &field.form {
        Form::Record(shape) => {
            let left = record(shape, written, seen);
            if left.shape.fields.is_empty() {
                return (Fate::Gone, None);
            }
            let fate = if left.whole { Fate::Whole } else { Fate::Record(left.fates) };
            let field = Field {
                classification: most_guarded(&left.shape, field),
                form: Form::Record(left.shape),
                ..field.clone()
            };
            (fate, Some((field, left.schema)))
        }
        Form::List(list) if list.item.record().is_some() => list_of_records(field, list, written, seen),
        Form::Text | Form::Number { .. } | Form::Boolean | Form::List(_) | Form::Geometry(_) => {
            match seen(field) {
                Seen::Whole => (Fate::Whole, Some((field.clone(), written.clone()))),
                Seen::Withheld => (Fate::Gone, None),
                Seen::Changed { schema, always } => changed(field, written, schema, always),
            }
        }
    }
}

fn list_of_records(
    field: &Field,
    list: &ListForm,
    written: &Map<String, Value>,
    seen: &dyn Fn(&Field) -> Seen,
) -> (Fate, Option<Part>) {
    let (Some(shape), Some(items)) = (list.item.record(), written.get("items").and_then(Value::as_object))
    else {
        return (Fate::Gone, None);
    };
    let left = record(shape, items, seen);
    if left.shape.fields.is_empty() {
        return (Fate::Gone, None);
    }
    if left.whole {
        return (Fate::Whole, Some((field.clone(), written.clone())));
    }
    let mut schema = written.clone();
    for gone in ["uniqueItems", "enum", "const", "description"] {
        schema.shift_remove(gone);
    }
    schema.insert("items".to_owned(), Value::Object(left.schema));
    let field = Field {
        classification: most_guarded(&left.shape, field),
        form: Form::List(Box::new(ListForm { item: Form::Record(left.shape), ..list.clone() })),
        ..field.clone()
    };
    (Fate::Changed { always: true }, Some((field, schema)))
}

/// A leaf in whose place stands something else.
fn changed(field: &Field, written: &Map<String, Value>, schema: Value, always: bool) -> (Fate, Option<Part>) {
    // Of the place, not of the value.
    let of_place = |written: &Map<String, Value>| -> Map<String, Value> {
        let of_place = |keyword: &str| matches!(keyword, "x-title" | "x-classification" | "xml");
        written
            .iter()
            .filter(|(keyword, _)| of_place(keyword))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect()
    };
    let Value::Object(mut given) = schema else { return (Fate::Gone, None) };
    let leaf = match given.get("type").and_then(Value::as_str) {
        Some("integer") => Form::Number { integer: true },
        Some("number") => Form::Number { integer: false },
        Some("boolean") => Form::Boolean,
        _ => Form::Text,
    };
    let mut left = of_place(written);
    let form = if let Form::List(list) = &field.form {
        left.extend(written.get_key_value("type").map(|(keyword, value)| (keyword.clone(), value.clone())));
        for kept in ["maxItems", "minItems"].into_iter().filter(|kept| always || *kept == "maxItems") {
            left.extend(written.get(kept).map(|value| (kept.to_owned(), value.clone())));
        }
        let mut items = written.get("items").and_then(Value::as_object).map(of_place).unwrap_or_default();
        items.extend(given);
        left.insert("items".to_owned(), Value::Object(items));
        Form::List(Box::new(ListForm { item: leaf, ..(**list).clone() }))
    } else {
        if field.nullable
            && let Some(kind) = given.get_mut("type")
        {
            *kind = Value::Array(vec![kind.take(), Value::from("null")]);
        }
        left.extend(given);
        leaf
    };
    // A list whose items are all gone is there still, but unwrapped nothing of it shows.
    let there = always || matches!(&form, Form::List(list) if list.wrapped);
    let field = Field {
        form,
        required: field.required && there,
        code_list: None,
        dated_by: None,
        identifier: None,
        ..field.clone()
    };
    (Fate::Changed { always: there }, Some((field, left)))
}

/// Codes that are read at the date of a field which is not whole are read at any date. The field may
/// stand in a record around theirs, so this is done once all is known.
fn undate(shape: &mut RecordShape, schema: &mut Value, is_whole: &dyn Fn(&FieldPath) -> bool) {
    for field in &mut shape.fields {
        let own = schema.get_mut("properties").and_then(|all| all.get_mut(&field.name));
        let Some(own) = own else { continue };
        let value = if own.get("items").is_some() { own.get_mut("items") } else { Some(own) };
        let Some(value) = value else { continue };
        if field.dated_by.as_ref().is_some_and(|date| !is_whole(date)) {
            field.dated_by = None;
            if let Some(list) = value.get_mut("x-code-list")
                && let Some(name) = list.get_mut("list").map(Value::take)
            {
                *list = name;
            }
        }
        let inner = match &mut field.form {
            Form::Record(inner) => Some(inner),
            Form::List(list) => match &mut list.item {
                Form::Record(inner) => Some(inner),
                _ => None,
            },
            _ => None,
        };
        if let Some(inner) = inner {
            undate(inner, value, is_whole);
        }
    }
}

/// The most guarded class of what is left: that of what is gone would tell of it.
fn most_guarded(left: &RecordShape, field: &Field) -> Classification {
    left.fields.iter().map(|field| field.classification).max().unwrap_or(field.classification)
}

/// What still holds of `schema`, each of whose keywords asks something of its own. `properties` is left
/// to the caller.
fn narrowed(schema: &Map<String, Value>, fates: &Fates) -> Map<String, Value> {
    let mut left = Map::new();
    let holds = |keyword: &str| {
        schema.get(keyword).and_then(Value::as_object).is_none_or(|condition| is_clear(condition, fates))
    };
    let conditional = holds("if");
    for (keyword, value) in schema {
        let value = match (keyword.as_str(), value) {
            ("required", Value::Array(names)) => Some(Value::Array(still_there(names, fates))),
            ("dependentRequired", Value::Object(needs)) => {
                let needs: Map<_, _> = needs
                    .iter()
                    .filter(|(name, _)| is_there(name, fates))
                    .map(|(name, needed)| {
                        (name.clone(), still_there(needed.as_array().map_or(&[], Vec::as_slice), fates))
                    })
                    .filter(|(_, needed)| !needed.is_empty())
                    .map(|(name, needed)| (name, Value::Array(needed)))
                    .collect();
                (!needs.is_empty()).then_some(Value::Object(needs))
            }
            ("allOf", Value::Array(branches)) => {
                let branches: Vec<_> = branches
                    .iter()
                    .filter_map(Value::as_object)
                    .map(|branch| narrowed_branch(branch, fates))
                    .filter(|branch| !branch.is_empty())
                    .map(Value::Object)
                    .collect();
                (!branches.is_empty()).then_some(Value::Array(branches))
            }
            // What is left of a row is in the same order.
            (ORDER, Value::Array(rows)) if rows.iter().all(Value::is_array) => {
                let rows: Vec<_> = rows
                    .iter()
                    .filter_map(Value::as_array)
                    .map(|row| row.iter().filter(|name| names_only_whole(name, fates)).cloned().collect())
                    .filter(|row: &Vec<_>| row.len() > 1)
                    .map(Value::Array)
                    .collect();
                (!rows.is_empty()).then_some(Value::Array(rows))
            }
            ("if", _) => conditional.then(|| value.clone()),
            ("then" | "else", Value::Object(branch)) if conditional => {
                let branch = narrowed_branch(branch, fates);
                (!branch.is_empty()).then_some(Value::Object(branch))
            }
            ("then" | "else" | "enum" | "const" | "properties", _) => None,
            (rule, _) if RULES.contains(&rule) => clear_rule(rule, value, fates).then(|| value.clone()),
            ("type" | "title" | "description" | "additionalProperties" | "xml" | "$schema" | "$id", _)
            | ("x-title" | "x-classification", _) => Some(value.clone()),
            // A keyword of which only this is known: it must name nothing that is not whole.
            _ => names_only_whole(value, fates).then(|| value.clone()),
        };
        left.extend(value.map(|value| (keyword.clone(), value)));
    }
    // A condition with nothing to decide.
    if !left.contains_key("then") && !left.contains_key("else") {
        left.shift_remove("if");
    }
    left
}

/// A condition that holds of every record, as far as it still can be told.
fn narrowed_branch(branch: &Map<String, Value>, fates: &Fates) -> Map<String, Value> {
    let mut left = narrowed(branch, fates);
    if left.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        left.shift_remove("required");
    }
    let properties: Map<_, _> = branch
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(name, condition)| is_clear_of(name, condition, fates))
        .map(|(name, condition)| (name.clone(), condition.clone()))
        .collect();
    if !properties.is_empty() {
        left.insert("properties".to_owned(), Value::Object(properties));
    }
    left
}

/// Whether a condition on a record asks only what can still be told.
fn is_clear(condition: &Map<String, Value>, fates: &Fates) -> bool {
    condition.iter().all(|(keyword, value)| match (keyword.as_str(), value) {
        ("required", Value::Array(names)) => {
            names.iter().all(|name| name.as_str().is_some_and(|name| is_there(name, fates)))
        }
        ("properties", Value::Object(conditions)) => {
            conditions.iter().all(|(name, condition)| is_clear_of(name, condition, fates))
        }
        (rule, _) if RULES.contains(&rule) => clear_rule(rule, value, fates),
        _ => names_only_whole(value, fates),
    })
}

fn clear_rule(rule: &str, value: &Value, fates: &Fates) -> bool {
    match (rule, value) {
        ("dependentRequired", Value::Object(needs)) => needs.iter().all(|(name, needed)| {
            is_there(name, fates)
                && needed
                    .as_array()
                    .into_iter()
                    .flatten()
                    .all(|name| name.as_str().is_some_and(|name| is_there(name, fates)))
        }),
        (_, Value::Array(branches)) => {
            branches.iter().all(|branch| branch.as_object().is_some_and(|branch| is_clear(branch, fates)))
        }
        (_, Value::Object(condition)) => is_clear(condition, fates),
        _ => false,
    }
}

fn is_clear_of(name: &str, condition: &Value, fates: &Fates) -> bool {
    match (fates.get(name), condition) {
        (Some(Fate::Whole), _) => true,
        (Some(Fate::Record(inner)), Value::Object(condition)) => is_clear(condition, inner),
        _ => false,
    }
}

/// Whether the field is there exactly when it was.
fn is_there(name: &str, fates: &Fates) -> bool {
    matches!(fates.get(name), Some(Fate::Whole | Fate::Record(_) | Fate::Changed { always: true }))
}

fn still_there(names: &[Value], fates: &Fates) -> Vec<Value> {
    names.iter().filter(|name| name.as_str().is_some_and(|name| is_there(name, fates))).cloned().collect()
}

/// Whether no text in `value` is the name, or a path that leads to, a field that is not whole.
fn names_only_whole(value: &Value, fates: &Fates) -> bool {
    match value {
        Value::String(text) => is_whole_path(text, fates),
        Value::Array(items) => items.iter().all(|item| names_only_whole(item, fates)),
        Value::Object(members) => {
            members.iter().all(|(name, value)| is_whole_path(name, fates) && names_only_whole(value, fates))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn is_whole_path(text: &str, fates: &Fates) -> bool {
    let (name, rest) = text.split_once('.').map_or((text, None), |(name, rest)| (name, Some(rest)));
    match (fates.get(name), rest) {
        (None | Some(Fate::Whole), _) => true,
        (Some(Fate::Record(inner)), Some(rest)) => is_whole_path(rest, inner),
        (Some(Fate::Record(_) | Fate::Changed { .. } | Fate::Gone), _) => false,
    }
}

#[cfg(test)]
mod tests;
