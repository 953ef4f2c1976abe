//! What changed between two contracts, and whom it breaks.
//!
//! A change of a contract touches three kinds of people, and what is harmless to one breaks another:
//!
//! | who | what they rest on | so a change is compatible when |
//! |---|---|---|
//! | those who send | what was valid stays valid | every valid record of the old contract is valid under the new one |
//! | those who read | what comes is what they know | every valid record of the new contract, without the fields that the old one lacks, is valid under the old one |
//! | agreements | what `*` and the sharing modes cover, and the fields they name | the same fields leave, on the same grounds |
//!
//! The comparison is made part by part: a field, a facet, a rule. Each part is *widened*, *narrowed* or
//! *replaced*; where neither of the first two can be shown, it counts as replaced, so that nothing is
//! called compatible by mistake. A keyword that this module does not know is compared as it is written,
//! and any difference in it counts as replaced too.
//!
//! Some things hold by convention and not by what a validator says. A reader leaves out fields it does
//! not know, so a new field breaks no reader. A removed field does break readers, even an optional one:
//! whoever used it waits in vain. The order of elements and their names break XML alone, but XML is one
//! of the formats. Only the namespace follows the version: between two versions it always differs, and
//! who moves to another version changes the address and the namespace anyway.

mod bounds;
mod codes;
mod keywords;
mod rules;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::{
    Bilingual, Classification, Contract, ContractId, Field, FieldPath, Form, ListForm, NodeKind, RecordShape,
    Status,
};

/// What changed between two contracts.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The contract compared from.
    pub from: ContractId,
    /// The contract compared to.
    pub to: ContractId,
    /// Every change, in the order of the old contract's fields; a record's own come after its fields'.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// The field; none when the change is one of the contract itself or of its record.
    pub path: Option<FieldPath>,
    /// What of it.
    pub aspect: Aspect,
    /// How it was written; none when it was not there.
    pub was: Option<String>,
    /// How it is written now; none when it is no longer there.
    pub is: Option<String>,
    /// What it means to those who read records.
    pub readers: Effect,
    /// What it means to those who send records.
    pub senders: Effect,
    /// What it means to agreements and sharing modes.
    pub agreements: Effect,
}

/// What a change means to someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Whether it may break them.
    pub breaking: bool,
    /// Why, or why not.
    pub why: Bilingual,
}

/// The part of a contract that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// The field is there or not.
    Field,
    /// Its type.
    Type,
    /// Whether a record must have it.
    Required,
    /// Whether it may be null.
    Nullable,
    /// `enum` and `const`.
    Values,
    /// `minLength` and `maxLength`.
    Length,
    /// `minItems` and `maxItems`.
    Items,
    /// `minimum`, `maximum` and the exclusive ones.
    Range,
    /// `multipleOf`.
    Step,
    /// `pattern`.
    Pattern,
    /// `format`.
    Format,
    /// `uniqueItems`.
    Distinct,
    /// `x-code-list`, or the codes of the list it names.
    CodeList,
    /// `x-identifier`.
    Identifier,
    /// A keyword of another kind.
    Keyword,
    /// `x-classification`.
    Class,
    /// The name or place in XML.
    Xml,
    /// The order of elements.
    Order,
    /// A rule between fields.
    Rule,
    /// The title or the description.
    Wording,
    /// The XML namespace.
    Namespace,
    /// The field that identifies a record.
    Key,
    /// Draft or active.
    Status,
    /// Owner, legal basis, frequency of update.
    About,
}

/// How one part stands to what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// Whatever was valid still is, and more.
    Widened,
    /// Whatever is valid was so before, but not the other way round.
    Narrowed,
    /// Neither could be shown.
    Replaced,
    /// Nothing is judged by it.
    Told,
}

impl Difference {
    /// Compares `old` to `new`.
    pub fn between(old: &Contract, new: &Contract) -> Self {
        let mut comparison = Comparison { old, new, changes: Vec::new() };
        comparison.contract();
        let sides = (Side::of(old), Side::of(new));
        comparison.record(None, sides.0, sides.1, false);
        Self { from: old.id.clone(), to: new.id.clone(), changes: comparison.changes }
    }

    /// Whether a change may break those who read.
    pub fn breaks_readers(&self) -> bool {
        self.changes.iter().any(|change| change.readers.breaking)
    }

    /// Whether a change may break those who send.
    pub fn breaks_senders(&self) -> bool {
        self.changes.iter().any(|change| change.senders.breaking)
    }

    /// Whether a change alters what agreements or sharing modes cover.
    pub fn breaks_agreements(&self) -> bool {
        self.changes.iter().any(|change| change.agreements.breaking)
    }

    /// Whether a change may break anyone.
    pub fn is_breaking(&self) -> bool {
        self.changes.iter().any(Change::is_breaking)
    }
}

impl Change {
    /// Whether it may break anyone.
    pub fn is_breaking(&self) -> bool {
        self.readers.breaking || self.senders.breaking || self.agreements.breaking
    }
}

/// A record's shape beside its schema.
#[derive(Clone, Copy)]
struct Side<'c> {
    shape: &'c RecordShape,
    schema: &'c Value,
}

impl<'c> Side<'c> {
    fn of(contract: &'c Contract) -> Self {
        Self { shape: &contract.shape.root, schema: &contract.schema }
    }

    /// The schema of field `name`.
    fn property(self, name: &str) -> &'c Value {
        self.schema.get("properties").and_then(|fields| fields.get(name)).unwrap_or(&Value::Null)
    }
}

struct Comparison<'c> {
    old: &'c Contract,
    new: &'c Contract,
    changes: Vec<Change>,
}

impl<'c> Comparison<'c> {
    /// What the contract says of itself.
    fn contract(&mut self) {
        let (old, new) = (self.old, self.new);
        let bilingual = |title: &Bilingual| format!("{} / {}", title.vi, title.en);
        self.text(None, Aspect::Wording, Direction::Told, bilingual(&old.title), bilingual(&new.title));
        self.text(None, Aspect::About, Direction::Told, old.owner.clone(), new.owner.clone());
        self.text(
            None,
            Aspect::About,
            Direction::Told,
            old.legal_basis.join("; "),
            new.legal_basis.join("; "),
        );
        let frequency = |contract: &Contract| format!("{:?}", contract.update);
        self.text(None, Aspect::About, Direction::Told, frequency(old), frequency(new));
        let status = match (old.status, new.status) {
            (Status::Active, Status::Draft) => Direction::Replaced,
            _ => Direction::Told,
        };
        self.text(
            None,
            Aspect::Status,
            status,
            old.status.as_str().to_owned(),
            new.status.as_str().to_owned(),
        );
        self.text(None, Aspect::Key, Direction::Replaced, old.key.to_string(), new.key.to_string());
        let moved = old.id.dataset == new.id.dataset && old.id.version != new.id.version;
        let namespace = if moved { Direction::Told } else { Direction::Replaced };
        let (was, is) = (&old.shape, &new.shape);
        self.text(None, Aspect::Namespace, namespace, was.namespace.clone(), is.namespace.clone());
        self.text(None, Aspect::Xml, Direction::Replaced, was.record.clone(), is.record.clone());
        self.text(None, Aspect::Xml, Direction::Replaced, was.collection.clone(), is.collection.clone());
        let said = |contract: &Contract| said(&contract.schema, &["title", "description"]);
        let (was, is) = (said(old), said(new));
        if was != is {
            self.push(None, Aspect::Wording, Direction::Told, was, is);
        }
    }

    /// A record's fields and the rules between them. `whole` says that the old contract compares the
    /// record as a whole with others, so that a field more or less matters.
    fn record(&mut self, path: Option<&FieldPath>, old: Side<'c>, new: Side<'c>, whole: bool) {
        for field in &old.shape.fields {
            match new.shape.field(&field.name) {
                Some((_, now)) => {
                    let schemas = (old.property(&field.name), new.property(&field.name));
                    let whole = whole || rules::compare_wholes(old.schema, &field.name);
                    self.field(field, now, schemas, whole);
                }
                None => {
                    self.push(Some(&field.path), Aspect::Field, Direction::Narrowed, Some(kind(field)), None)
                }
            }
        }
        for field in &new.shape.fields {
            if old.shape.field(&field.name).is_none() {
                self.added(field, whole);
            }
        }
        self.order(path, old.shape, new.shape);
        self.rules(path, old.schema, new.schema);
    }

    fn added(&mut self, field: &Field, whole: bool) {
        self.push(Some(&field.path), Aspect::Field, Direction::Widened, None, Some(kind(field)));
        if let Some(change) = self.changes.last_mut() {
            if field.required {
                change.senders = words::missing();
            }
            if whole {
                change.readers = words::compared_whole();
            }
        }
    }

    fn field(&mut self, old: &'c Field, new: &'c Field, schemas: (&'c Value, &'c Value), whole: bool) {
        let path = Some(&old.path);
        let wording = |field: &Field, schema: &Value| {
            let description = said(schema, &["description"]).unwrap_or_default();
            format!("{} / {} {description}", field.title.vi, field.title.en).trim_end().to_owned()
        };
        self.text(path, Aspect::Wording, Direction::Told, wording(old, schemas.0), wording(new, schemas.1));
        self.flag(path, Aspect::Required, old.required, new.required, Direction::Narrowed);
        self.flag(path, Aspect::Nullable, old.nullable, new.nullable, Direction::Widened);
        self.text(path, Aspect::Xml, Direction::Replaced, in_xml(old), in_xml(new));
        if old.form.record().is_none() && new.form.record().is_none() {
            self.class(path, old.classification, new.classification);
        }
        self.form(path, (&old.form, &new.form), schemas, whole);
    }

    /// What a value looks like, and what its schema asks of it.
    fn form(
        &mut self,
        path: Option<&FieldPath>,
        forms: (&'c Form, &'c Form),
        schemas: (&'c Value, &'c Value),
        whole: bool,
    ) {
        match forms {
            (Form::Record(old), Form::Record(new)) => {
                self.keywords(path, schemas.0, schemas.1);
                let whole = whole || keywords::names_values(schemas.0);
                let old = Side { shape: old, schema: schemas.0 };
                self.record(path, old, Side { shape: new, schema: schemas.1 }, whole);
            }
            (Form::List(old), Form::List(new)) => {
                self.keywords(path, schemas.0, schemas.1);
                self.text(path, Aspect::Xml, Direction::Replaced, items_in_xml(old), items_in_xml(new));
                let whole = whole || keywords::compares_items(schemas.0) || keywords::names_values(schemas.0);
                let items = (item(schemas.0), item(schemas.1));
                self.form(path, (&old.item, &new.item), items, whole);
            }
            (old, new) if word(old) == word(new) => self.keywords(path, schemas.0, schemas.1),
            (old, new) => {
                let direction = match (old, new) {
                    (Form::Number { integer: true }, Form::Number { .. }) => Direction::Widened,
                    (Form::Number { .. }, Form::Number { integer: true }) => Direction::Narrowed,
                    _ => Direction::Replaced,
                };
                self.push(path, Aspect::Type, direction, Some(word(old).into()), Some(word(new).into()));
                if direction != Direction::Replaced {
                    self.keywords(path, schemas.0, schemas.1);
                }
            }
        }
    }

    fn class(&mut self, path: Option<&FieldPath>, old: Classification, new: Classification) {
        if old == new {
            return;
        }
        let name = |class| serde_json::to_value(class).ok().and_then(|name| Some(name.as_str()?.to_owned()));
        self.push(path, Aspect::Class, Direction::Told, name(old), name(new));
        if let Some(change) = self.changes.last_mut() {
            change.agreements = words::class(old, new);
            if new > old && old.by_default() {
                change.readers = words::withdrawn();
            }
        }
    }

    /// The elements that both have stand in the same order.
    fn order(&mut self, path: Option<&FieldPath>, old: &RecordShape, new: &RecordShape) {
        let kept = |of: &RecordShape, other: &RecordShape| -> Vec<String> {
            let elements = of.fields.iter().filter(|field| field.xml.kind == NodeKind::Element);
            let known: HashSet<&str> = other.fields.iter().map(|field| field.name.as_str()).collect();
            elements.filter(|field| known.contains(&*field.name)).map(|field| field.name.clone()).collect()
        };
        let (mut was, mut is) = (kept(old, new), kept(new, old));
        if was.len() != is.len() || was == is {
            // Of another length, some are attributes now, which is told of the field itself.
            return;
        }
        let same = |(one, two): &(&String, &String)| one == two;
        let before = was.iter().zip(&is).take_while(same).count();
        let after = was.iter().rev().zip(is.iter().rev()).take_while(same).count();
        for names in [&mut was, &mut is] {
            names.truncate(names.len() - after);
            names.drain(..before);
        }
        self.push(path, Aspect::Order, Direction::Replaced, Some(was.join(", ")), Some(is.join(", ")));
    }

    /// A part that is there or not; what `on` says is what it means that it is there now.
    fn flag(&mut self, path: Option<&FieldPath>, aspect: Aspect, was: bool, is: bool, on: Direction) {
        let direction = match (was, is) {
            (false, true) => on,
            (true, false) => on.reversed(),
            _ => return,
        };
        self.push(path, aspect, direction, Some(was.to_string()), Some(is.to_string()));
    }

    fn text(
        &mut self,
        path: Option<&FieldPath>,
        aspect: Aspect,
        direction: Direction,
        was: String,
        is: String,
    ) {
        if was != is {
            self.push(path, aspect, direction, Some(was), Some(is));
        }
    }

    fn push(
        &mut self,
        path: Option<&FieldPath>,
        aspect: Aspect,
        direction: Direction,
        was: Option<String>,
        is: Option<String>,
    ) {
        self.changes.push(Change {
            path: path.cloned(),
            aspect,
            was,
            is,
            readers: words::readers(aspect, direction),
            senders: words::senders(aspect, direction),
            agreements: words::agreements(aspect, direction),
        });
    }
}

impl Direction {
    fn reversed(self) -> Self {
        match self {
            Self::Widened => Self::Narrowed,
            Self::Narrowed => Self::Widened,
            Self::Replaced => Self::Replaced,
            Self::Told => Self::Told,
        }
    }
}

/// What a new or removed field was, in one line.
fn kind(field: &Field) -> String {
    let required = if field.required { "required" } else { "optional" };
    format!("{}, {required}", word(&field.form))
}

/// The type's name in schemas.
fn word(form: &Form) -> &'static str {
    match form {
        Form::Text => "string",
        Form::Number { integer: true } => "integer",
        Form::Number { integer: false } => "number",
        Form::Boolean => "boolean",
        Form::Record(_) => "object",
        Form::List(_) => "array",
        Form::Geometry(_) => "geometry",
    }
}

fn in_xml(field: &Field) -> String {
    let kind = match field.xml.kind {
        NodeKind::Element => "element",
        NodeKind::Attribute => "attribute",
        NodeKind::Text => "text",
    };
    format!("{kind} {}", field.xml.name)
}

fn items_in_xml(list: &ListForm) -> String {
    format!("{} {}", if list.wrapped { "wrapped" } else { "unwrapped" }, list.item_name)
}

fn item(schema: &Value) -> &Value {
    schema.get("items").unwrap_or(&Value::Null)
}

/// The texts under `keywords`, joined.
fn said(schema: &Value, keywords: &[&str]) -> Option<String> {
    let texts: Vec<&str> =
        keywords.iter().filter_map(|keyword| schema.get(*keyword)).filter_map(Value::as_str).collect();
    (!texts.is_empty()).then(|| texts.join(" – "))
}

/// A schema's keywords.
fn members(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema.as_object().into_iter().flat_map(Map::iter).map(|(keyword, value)| (keyword.as_str(), value))
}
