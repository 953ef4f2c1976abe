//! A tree to XML, the shape in hand.

use std::borrow::Cow;

use contracts::{Document, Field, Form, NodeKind, Record, RecordShape, Shape};

use super::{escape, lexical, namespaces::XSI};
use crate::gml::{self, GML_32};

/// Appends `document` to `out` as one XML document: a collection when it is a list, else a record. The
/// same tree always gives the same bytes. Meant for trees that the contract has checked (or that a
/// release has made smaller); what has no place in the shape is not written.
pub fn write(document: &Document<'_>, shape: &Shape, out: &mut Vec<u8>) {
    let root = if document.as_list().is_some() { &shape.collection } else { &shape.record };
    let mut geometries = 0;
    let mut writer = Writer { out, geometries: &mut geometries };
    writer.root(root, shape, holds_null(document), shape.has_geometry());
    match document {
        Document::List(records) => {
            writer.children(root, records.is_empty(), |writer| {
                records.iter().for_each(|record| writer.record_of(record, shape));
            });
        }
        Document::Record(record) => writer.record(root, record, &shape.root),
        Document::Null => writer.nil(),
        Document::Bool(_) | Document::Number(_) | Document::Text(_) => writer.children(root, true, |_| ()),
    }
}

/// Appends the beginning of a collection whose records follow one by one. `xsi` is declared, since one of
/// them may hold a null.
pub(crate) fn begin_collection(shape: &Shape, out: &mut Vec<u8>) {
    let mut writer = Writer { out, geometries: &mut 0 };
    writer.root(&shape.collection, shape, true, shape.has_geometry());
    writer.out.push(b'>');
}

/// Appends one record of a collection that has begun, in which `geometries` were written so far.
pub(crate) fn write_in_collection(
    record: &Document<'_>,
    shape: &Shape,
    geometries: &mut usize,
    out: &mut Vec<u8>,
) {
    Writer { out, geometries }.record_of(record, shape);
}

/// Appends the end of a collection that has begun.
pub(crate) fn end_collection(shape: &Shape, out: &mut Vec<u8>) {
    Writer { out, geometries: &mut 0 }.end(&shape.collection);
}

/// Writes the values of a shape.
pub(super) struct Writer<'o> {
    pub out: &'o mut Vec<u8>,
    /// Geometries written so far: what their ids count.
    pub geometries: &'o mut usize,
}

impl Writer<'_> {
    /// Everything up to the root's attributes.
    pub fn root(&mut self, name: &str, shape: &Shape, nulls: bool, gml: bool) {
        self.out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        self.start(name);
        if !shape.namespace.is_empty() {
            self.attribute("xmlns", &shape.namespace);
        }
        if gml {
            self.attribute("xmlns:gml", GML_32);
        }
        if nulls {
            self.attribute("xmlns:xsi", XSI);
        }
    }

    /// One record of a collection.
    fn record_of(&mut self, record: &Document<'_>, shape: &Shape) {
        if let Some(record) = record.as_record() {
            self.start(&shape.record);
            self.record(&shape.record, record, &shape.root);
        }
    }

    /// The rest of a record's element, whose start is written up to its attributes.
    pub fn record(&mut self, name: &str, record: &Record<'_>, shape: &RecordShape) {
        let is_attribute = |field: &Field| field.xml.kind == NodeKind::Attribute;
        if shape.fields.iter().any(is_attribute) {
            for (field, value) in fields(record, shape).filter(|(field, _)| is_attribute(field)) {
                if let Some(text) = leaf(value, &field.form) {
                    self.attribute(&field.xml.name, &text);
                }
            }
        }
        let mut content = fields(record, shape).filter(|(field, _)| !is_attribute(field)).peekable();
        let empty = content.peek().is_none();
        self.children(name, empty, |writer| {
            for (field, value) in content {
                match field.xml.kind {
                    NodeKind::Text => {
                        escape::text(&leaf(value, &field.form).unwrap_or_default(), writer.out);
                    }
                    NodeKind::Element | NodeKind::Attribute => {
                        writer.element(&field.xml.name, value, &field.form)
                    }
                }
            }
        });
    }

    /// The element or elements called `name` that say `value`.
    fn element(&mut self, name: &str, value: &Document<'_>, form: &Form) {
        match (value, form) {
            (Document::List(items), Form::List(list)) if list.wrapped => {
                self.start(name);
                self.children(name, items.is_empty(), |writer| {
                    items.iter().for_each(|item| writer.element(&list.item_name, item, &list.item));
                });
            }
            (Document::List(items), Form::List(list)) => {
                items.iter().for_each(|item| self.element(name, item, &list.item));
            }
            // One nil element would be a list of one null.
            (Document::Null, Form::List(list)) if !list.wrapped => {}
            (Document::Null, _) => {
                self.start(name);
                self.nil();
            }
            (Document::Record(record), Form::Record(shape)) => {
                self.start(name);
                self.record(name, record, shape);
            }
            (value @ Document::Record(_), Form::Geometry(_)) => {
                self.start(name);
                *self.geometries += 1;
                let id = format!("g{}", self.geometries);
                self.children(name, false, |writer| gml::write::geometry(value, &id, writer.out));
            }
            (value, Form::Text | Form::Number { .. } | Form::Boolean) => {
                if let Some(text) = leaf(value, form) {
                    self.start(name);
                    self.children(name, text.is_empty(), |writer| escape::text(&text, writer.out));
                }
            }
            (_, Form::Record(_) | Form::List(_) | Form::Geometry(_)) => {}
        }
    }

    /// `<name`, to be followed by attributes and then by [`Writer::children`] or [`Writer::nil`].
    pub fn start(&mut self, name: &str) {
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
    }

    pub fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        escape::attribute(value, self.out);
        self.out.push(b'"');
    }

    pub fn children(&mut self, name: &str, empty: bool, write: impl FnOnce(&mut Self)) {
        if empty {
            self.out.extend_from_slice(b"/>");
            return;
        }
        self.out.push(b'>');
        write(self);
        self.end(name);
    }

    pub fn end(&mut self, name: &str) {
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    fn nil(&mut self) {
        self.out.extend_from_slice(b" xsi:nil=\"true\"/>");
    }
}

/// The fields of a shape that a record has, in the shape's order.
fn fields<'r, 'd>(
    record: &'r Record<'d>,
    shape: &'r RecordShape,
) -> impl Iterator<Item = (&'r Field, &'r Document<'d>)> {
    // Most trees are in the shape's order already, so the next member is looked at first.
    let mut members = record.iter().peekable();
    shape.fields.iter().filter_map(move |field| {
        let value = match members.next_if(|(name, _)| *name == field.name) {
            Some((_, value)) => value,
            None => record.get(&field.name)?,
        };
        Some((field, value))
    })
}

/// The characters of a value that has no parts.
fn leaf<'v>(value: &'v Document<'_>, form: &Form) -> Option<Cow<'v, str>> {
    let integer = matches!(form, Form::Number { integer: true });
    match value {
        Document::Bool(true) => Some(Cow::Borrowed("true")),
        Document::Bool(false) => Some(Cow::Borrowed("false")),
        Document::Number(number) => Some(match lexical::plain(number, integer) {
            Some(plain) => Cow::Owned(plain),
            None => Cow::Borrowed(number.as_str()),
        }),
        Document::Text(text) => Some(Cow::Borrowed(text)),
        Document::Null | Document::List(_) | Document::Record(_) => None,
    }
}

pub(super) fn holds_null(document: &Document<'_>) -> bool {
    match document {
        Document::Null => true,
        Document::Bool(_) | Document::Number(_) | Document::Text(_) => false,
        Document::List(items) => items.iter().any(holds_null),
        Document::Record(record) => record.iter().any(|(_, value)| holds_null(value)),
    }
}
