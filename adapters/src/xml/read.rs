//! XML to a tree, the shape in hand.

use std::{borrow::Cow, cmp::Reverse};

use contracts::{Document, Field, Form, ListForm, NodeKind, Number, Record, RecordShape, Shape};

use super::{
    lexical::{self, is_space},
    namespaces::Space,
    signature::is_signature,
    tokens::{Open, Token, Tokens},
};
use crate::{
    Expect, Limits, Reading, Unknown, Unreadable, gml,
    unreadable::{Problem, Rule},
};

type Result<'a, T> = std::result::Result<T, Problem<'a>>;

/// Unknown names kept in one record. They are kept to be reported, and these many tell the story;
/// further ones would only make the search for repeats longer.
const STRANGERS: usize = 16;

/// Reads one document: a record or a collection of `shape`, as `expect` allows.
///
/// # Errors
/// The first rule that the bytes break, and where.
pub fn read<'a>(
    bytes: &'a [u8],
    shape: &'a Shape,
    expect: Expect,
    unknown: Unknown,
    limits: &Limits,
) -> std::result::Result<Reading<'a>, Unreadable> {
    read_document(bytes, shape, expect, unknown, limits).map_err(|problem| Unreadable::new(bytes, problem))
}

fn read_document<'a>(
    bytes: &'a [u8],
    shape: &'a Shape,
    expect: Expect,
    unknown: Unknown,
    limits: &Limits,
) -> Result<'a, Reading<'a>> {
    let mut reader = Reader::new(Tokens::new(bytes, limits)?, shape, unknown, limits);
    let document = match reader.open(shape, expect)? {
        Opened::Record => reader.record(&shape.root, &shape.record)?,
        Opened::Collection => reader.collection(shape)?,
    };
    reader.tokens.end()?;
    Ok(Reading { document, faithful: reader.tokens.faithful() })
}

/// Reads the values of a shape.
pub(crate) struct Reader<'a, 'l> {
    pub tokens: Tokens<'a, 'l>,
    /// The contract's namespace.
    pub space: Space,
    unknown: Unknown,
    limits: &'l Limits,
    /// Whether records are GML features, which bear an id and bounds that are not data.
    pub features: bool,
}

/// What a document turns out to be.
#[derive(Clone, Copy)]
pub(crate) enum Opened {
    Record,
    Collection,
}

/// What the attributes of an element said.
#[derive(Default)]
struct Attributes<'a> {
    nil: bool,
    /// Attribute fields by their position in the shape, the last one first.
    fields: Vec<(usize, &'a Field, Document<'a>)>,
    strangers: Record<'a>,
}

impl<'a, 'l> Reader<'a, 'l> {
    /// A reader of `tokens`, of which none has been read.
    pub fn new(mut tokens: Tokens<'a, 'l>, shape: &'a Shape, unknown: Unknown, limits: &'l Limits) -> Self {
        let space = tokens.announce(&shape.namespace);
        Self { tokens, space, unknown, limits, features: false }
    }

    /// Opens the document's root.
    pub fn open(&mut self, shape: &'a Shape, expect: Expect) -> Result<'a, Opened> {
        let root = self.tokens.root()?;
        self.opened(root, shape, expect)
    }

    /// What `root`, which has just opened, is.
    pub fn opened(&mut self, root: Open<'a>, shape: &'a Shape, expect: Expect) -> Result<'a, Opened> {
        let found = if root.local == shape.record && expect.accepts_record() {
            Opened::Record
        } else if root.local == shape.collection && expect.accepts_collection() {
            Opened::Collection
        } else {
            self.unsigned(root)?;
            let expected = if expect.accepts_record() { &shape.record } else { &shape.collection };
            return Err(self.problem(Rule::WrongRoot, expected));
        };
        let ours = root.space == self.space;
        if ours { Ok(found) } else { Err(self.problem(Rule::WrongNamespace, &shape.namespace)) }
    }

    /// The records of a collection whose element has just opened.
    fn collection(&mut self, shape: &'a Shape) -> Result<'a, Document<'a>> {
        self.collection_attributes(shape)?;
        let mut records = Vec::new();
        while let Some(record) = self.next_record(shape)? {
            records.push(record);
        }
        Ok(Document::List(records))
    }

    /// The attributes of a collection whose element has just opened.
    pub fn collection_attributes(&mut self, shape: &'a Shape) -> Result<'a, ()> {
        let nil = self.attributes(None, &shape.collection)?.nil;
        if nil { Err(self.problem(Rule::Nil, &shape.collection)) } else { Ok(()) }
    }

    /// The next record of a collection; none when it closes.
    pub fn next_record(&mut self, shape: &'a Shape) -> Result<'a, Option<Document<'a>>> {
        if !self.next_item(&shape.record, &shape.collection)? {
            return Ok(None);
        }
        let record = self.record(&shape.root, &shape.record)?;
        if matches!(record, Document::Null) {
            return Err(self.problem(Rule::Nil, &shape.record));
        }
        Ok(Some(record))
    }

    /// The record whose element has just opened; null when it is nil. `owner` is the element's field.
    pub fn record(&mut self, shape: &'a RecordShape, owner: &'a str) -> Result<'a, Document<'a>> {
        let attributes = self.attributes(Some(shape), owner)?;
        if attributes.nil {
            return self.nothing(owner);
        }
        let mut unfinished = Unfinished::new(shape, attributes);
        if let Some((position, field)) = text_field(shape) {
            let text = self.text(&field.name)?;
            if field.required || !text.is_empty() {
                let value = self.typed(&field.form, text, &field.name)?;
                unfinished.push(position, field, value);
            }
            return Ok(unfinished.finish());
        }
        loop {
            let (position, field) = if let Some(expected) = self.expected(shape, unfinished.next) {
                expected
            } else {
                let Some(open) = self.tokens.next_child().map_err(about(owner))? else { break };
                let Some(found) = self.locate(shape, open, unfinished.next) else {
                    self.stranger(shape, open, owner, &mut unfinished.strangers)?;
                    continue;
                };
                found
            };
            if let Some(rule) = unfinished.misplaced(position, field) {
                return Err(self.problem(rule, &field.name));
            }
            match &field.form {
                Form::List(list) if !list.wrapped => {
                    let item = self.value(&list.item, &field.name)?;
                    unfinished.push_item(position, field, item);
                }
                form => {
                    let value = self.value(form, &field.name)?;
                    unfinished.push(position, field, value);
                }
            }
        }
        Ok(unfinished.finish())
    }

    /// The field at `next`, if its element stands right there as most writers write it; it has then
    /// opened.
    fn expected(&mut self, shape: &'a RecordShape, next: usize) -> Option<(usize, &'a Field)> {
        let field = shape.fields.get(next).filter(|field| field.xml.kind == NodeKind::Element)?;
        self.tokens.opens(self.space, &field.xml.name).then_some((next, field))
    }

    /// The field that `open` stands for: most often the one at `next`, else one after, else before.
    fn locate(&self, shape: &'a RecordShape, open: Open<'a>, next: usize) -> Option<(usize, &'a Field)> {
        if open.space != self.space {
            return None;
        }
        let is_meant = |(_, field): &(usize, &Field)| {
            field.xml.kind == NodeKind::Element && field.xml.name == open.local
        };
        let fields = || shape.fields.iter().enumerate();
        fields().skip(next).find(is_meant).or_else(|| fields().take(next).find(is_meant))
    }

    /// The value whose element has just opened.
    fn value(&mut self, form: &'a Form, owner: &'a str) -> Result<'a, Document<'a>> {
        match form {
            Form::Record(shape) => self.record(shape, owner),
            Form::List(list) => self.list(list, owner),
            Form::Geometry(_) => {
                if self.attributes(None, owner)?.nil {
                    return self.nothing(owner);
                }
                gml::read::property(&mut self.tokens, self.limits).map_err(about(owner))
            }
            Form::Text | Form::Number { .. } | Form::Boolean => {
                if self.attributes(None, owner)?.nil {
                    return self.nothing(owner);
                }
                let text = self.text(owner)?;
                self.typed(form, text, owner)
            }
        }
    }

    /// The wrapped list whose element has just opened.
    fn list(&mut self, list: &'a ListForm, owner: &'a str) -> Result<'a, Document<'a>> {
        if self.attributes(None, owner)?.nil {
            return self.nothing(owner);
        }
        let mut items = Vec::new();
        while self.next_item(&list.item_name, owner)? {
            items.push(self.value(&list.item, owner)?);
        }
        Ok(Document::List(items))
    }

    /// Goes to the next element called `name` inside the list `owner`; false when the list is over.
    pub fn next_item(&mut self, name: &'a str, owner: &'a str) -> Result<'a, bool> {
        if self.tokens.opens(self.space, name) {
            return Ok(true);
        }
        while let Some(open) = self.tokens.next_child().map_err(about(owner))? {
            if open.space == self.space && open.local == name {
                return Ok(true);
            }
            self.unsigned(open)?;
            // A list's tree has no place for a name, so a stranger cannot be kept either.
            if self.unknown != Unknown::Drop {
                return Err(self.problem(Rule::UnknownElement, owner));
            }
            self.skip()?;
        }
        Ok(false)
    }

    /// The text of the element that has just opened, up to its end.
    fn text(&mut self, owner: &'a str) -> Result<'a, Cow<'a, str>> {
        self.tokens.content().map_err(about(owner))
    }

    /// A leaf's text as its form has it.
    fn typed(&mut self, form: &Form, text: Cow<'a, str>, owner: &'a str) -> Result<'a, Document<'a>> {
        Ok(match form {
            Form::Boolean => lexical::boolean(&text).map_or(Document::Text(text), Document::Bool),
            Form::Number { integer } => match lexical::decimal(text, *integer) {
                Ok(number) => Document::Number(self.short(number, owner)?),
                Err(text) => Document::Text(text),
            },
            Form::Text | Form::Record(_) | Form::List(_) | Form::Geometry(_) => Document::Text(text),
        })
    }

    fn short(&self, number: Number<'a>, owner: &'a str) -> Result<'a, Number<'a>> {
        if number.as_str().len() > self.limits.number {
            return Err(self.problem(Rule::NumberTooLong, owner));
        }
        Ok(number)
    }

    /// The rest of a nil element, which must be empty.
    fn nothing(&mut self, owner: &'a str) -> Result<'a, Document<'a>> {
        let start = self.tokens.start();
        match self.tokens.content() {
            Ok(text) if is_space(&text) => Ok(Document::Null),
            Ok(_) | Err(Problem { rule: Rule::MixedContent, .. }) => {
                Err(Problem::about(Rule::Nil, start, owner))
            }
            Err(problem) => Err(problem),
        }
    }

    /// The attributes of the element that has just opened; `shape` when it is a record's.
    fn attributes(&mut self, shape: Option<&'a RecordShape>, owner: &'a str) -> Result<'a, Attributes<'a>> {
        let mut found = Attributes::default();
        if self.tokens.attributes().is_empty() {
            return Ok(found);
        }
        for attribute in std::mem::take(self.tokens.attributes()) {
            let problem = |rule| Problem::about(rule, attribute.offset, owner);
            match (attribute.space, attribute.local) {
                (Space::XSI, "nil") => {
                    found.nil = lexical::boolean(&attribute.value).ok_or(problem(Rule::Nil))?;
                    continue;
                }
                (space, "id") if self.features && gml::is_gml(self.tokens.name(space)) => {
                    self.tokens.pass_over();
                    continue;
                }
                (Space::XSI, "type") => return Err(problem(Rule::XsiType)),
                (Space::XSI, "schemaLocation" | "noNamespaceSchemaLocation")
                | (Space::XML, "lang" | "space") => {
                    self.tokens.pass_over();
                    continue;
                }
                _ => {}
            }
            let is_meant = |(_, field): &(usize, &Field)| {
                field.xml.kind == NodeKind::Attribute && field.xml.name == attribute.local
            };
            let field = shape
                .filter(|_| attribute.space == Space::NONE)
                .and_then(|shape| shape.fields.iter().enumerate().find(is_meant));
            match (field, self.unknown, shape) {
                (Some((position, field)), _, _) => {
                    let value = self.typed(&field.form, attribute.value, &field.name)?;
                    found.fields.push((position, field, value));
                }
                (None, Unknown::Drop, _) => self.tokens.pass_over(),
                (None, Unknown::Keep, Some(_)) => {
                    // No field's name holds an at sign, so that `check` will not take it for one.
                    let name = Cow::Owned(format!("@{}", self.tokens.normalised(attribute.local)));
                    keep(&mut found.strangers, name, Document::Text(attribute.value));
                }
                (None, Unknown::Keep | Unknown::Reject, _) => return Err(problem(Rule::UnknownAttribute)),
            }
        }
        found.fields.sort_by_key(|(position, _, _)| Reverse(*position));
        if found.nil && !found.fields.is_empty() {
            return Err(self.problem(Rule::Nil, owner));
        }
        Ok(found)
    }

    /// An element that the shape does not have, which has just opened.
    fn stranger(
        &mut self,
        shape: &'a RecordShape,
        open: Open<'a>,
        owner: &'a str,
        strangers: &mut Record<'a>,
    ) -> Result<'a, ()> {
        self.unsigned(open)?;
        let is_bounds =
            self.features && open.local == "boundedBy" && gml::is_gml(self.tokens.name(open.space));
        match self.unknown {
            _ if is_bounds => self.skip(),
            Unknown::Reject => Err(self.problem(Rule::UnknownElement, owner)),
            Unknown::Drop => self.skip(),
            Unknown::Keep => {
                let mut name = self.tokens.normalised(open.local);
                if open.space != self.space || shape.field(&name).is_some() {
                    // In Clark's notation, so that `check` will not take it for the field.
                    name = Cow::Owned(format!("{{{}}}{name}", self.tokens.name(open.space)));
                }
                let value = self.unshaped()?;
                keep(strangers, name, value);
                self.tokens.pass_over();
                Ok(())
            }
        }
    }

    /// The content of an element that no shape describes: a record of its children, or its text.
    fn unshaped(&mut self) -> Result<'a, Document<'a>> {
        let mut text = Cow::Borrowed("");
        let mut children = Record::default();
        loop {
            match self.tokens.next()? {
                Token::Text(found) => text = found,
                Token::Open(open) => {
                    self.unsigned(open)?;
                    let name = self.tokens.normalised(open.local);
                    let value = self.unshaped()?;
                    keep(&mut children, name, value);
                }
                Token::Close if children.is_empty() => return Ok(Document::Text(text)),
                Token::Close => return Ok(Document::Record(children)),
                Token::End => return Err(Problem::new(Rule::NotWellFormed, self.tokens.start())),
            }
        }
    }

    /// Passes over the element that has just opened.
    pub fn skip(&mut self) -> Result<'a, ()> {
        self.tokens.pass_over();
        let mut open_elements = 1_usize;
        while open_elements > 0 {
            match self.tokens.next()? {
                Token::Open(open) => {
                    self.unsigned(open)?;
                    open_elements += 1;
                }
                Token::Close => open_elements -= 1,
                Token::Text(_) => {}
                Token::End => return Err(Problem::new(Rule::NotWellFormed, self.tokens.start())),
            }
        }
        Ok(())
    }

    /// Stops at a signature: neither what is dropped nor what is kept to be reported may hide one.
    pub fn unsigned(&self, open: Open<'_>) -> Result<'a, ()> {
        if is_signature(&self.tokens, open) {
            return Err(Problem::new(Rule::Signed, self.tokens.start()));
        }
        Ok(())
    }

    pub fn problem(&self, rule: Rule, name: &'a str) -> Problem<'a> {
        Problem::about(rule, self.tokens.start(), name)
    }
}

/// Names the field in whose element a problem was found.
pub(super) fn about<'a>(owner: &'a str) -> impl Fn(Problem<'static>) -> Problem<'a> {
    move |problem| Problem { name: Some(owner), ..problem }
}

/// A record whose elements are still being read.
struct Unfinished<'a> {
    record: Record<'a>,
    /// Unknown members to be reported; they come last.
    strangers: Record<'a>,
    /// Attribute fields that stand, by the shape, after what the record holds so far; the next one is last.
    attributes: Vec<(usize, &'a Field, Document<'a>)>,
    /// The position after the field read last.
    next: usize,
    /// The unwrapped list whose items are being read.
    list: Option<(usize, &'a Field, Vec<Document<'a>>)>,
}

impl<'a> Unfinished<'a> {
    fn new(shape: &RecordShape, attributes: Attributes<'a>) -> Self {
        Self {
            record: Record::with_capacity(shape.fields.len()),
            strangers: attributes.strangers,
            attributes: attributes.fields,
            next: 0,
            list: None,
        }
    }

    /// The rule that `field` at `position` breaks by standing here, if any.
    fn misplaced(&self, position: usize, field: &Field) -> Option<Rule> {
        if position >= self.next {
            return None;
        }
        match &self.list {
            Some((open, _, _)) if *open == position => None,
            _ if self.record.get(&field.name).is_some() => Some(match &field.form {
                Form::List(list) if !list.wrapped => Rule::Order,
                _ => Rule::RepeatedElement,
            }),
            _ => Some(Rule::Order),
        }
    }

    fn push(&mut self, position: usize, field: &'a Field, value: Document<'a>) {
        self.end_list();
        self.push_attributes_before(position);
        self.record.push(field.name.as_str(), value);
        self.next = position + 1;
    }

    fn push_item(&mut self, position: usize, field: &'a Field, item: Document<'a>) {
        if let Some((open, _, items)) = &mut self.list
            && *open == position
        {
            items.push(item);
            return;
        }
        self.end_list();
        self.list = Some((position, field, vec![item]));
        self.next = position + 1;
    }

    fn end_list(&mut self) {
        if let Some((position, field, items)) = self.list.take() {
            self.push_attributes_before(position);
            self.record.push(field.name.as_str(), Document::List(items));
        }
    }

    fn push_attributes_before(&mut self, position: usize) {
        while let Some((_, field, value)) = self.attributes.pop_if(|(own, _, _)| *own < position) {
            self.record.push(field.name.as_str(), value);
        }
    }

    fn finish(mut self) -> Document<'a> {
        self.end_list();
        self.push_attributes_before(usize::MAX);
        for (name, value) in self.strangers {
            self.record.push(name, value);
        }
        Document::Record(self.record)
    }
}

/// The field that is the element's own text. The subset allows one beside attributes only.
fn text_field(shape: &RecordShape) -> Option<(usize, &Field)> {
    let mut fields = shape.fields.iter().enumerate();
    fields
        .find(|(_, field)| field.xml.kind != NodeKind::Attribute)
        .filter(|(_, field)| field.xml.kind == NodeKind::Text)
}

/// Adds an unknown member unless its name is there already or enough are.
fn keep<'a>(strangers: &mut Record<'a>, name: Cow<'a, str>, value: Document<'a>) {
    if strangers.len() < STRANGERS && strangers.get(&name).is_none() {
        strangers.push(name, value);
    }
}
