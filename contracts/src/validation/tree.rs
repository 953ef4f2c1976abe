//! A [`Document`] as the validator sees it.
//!
//! Comparison (`const`, `enum`, `uniqueItems`) works on the tree itself and on numbers' digits.
//! [`Node::to_value`] is what the library puts into its errors; it is always `null` here, so that an
//! error cannot carry a value of the record, and costs nothing.

use std::{borrow::Cow, cmp::Ordering, collections::HashSet};

use jsonschema::{
    JsonType,
    json::{Array, Json, JsonNumber, Node, NodeIdentity, Object},
};
use serde_json::Value;

use crate::{Document, Number, Record};

/// The representation: documents by reference.
pub(super) struct Tree;

impl Json for Tree {
    type Node<'a> = &'a Document<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Self::Node<'_>) -> T) -> T {
        f(&Document::Text(Cow::Borrowed(string)))
    }
}

impl<'a> Node<'a, Tree> for &'a Document<'a> {
    type Object = &'a Record<'a>;
    type Array = &'a [Document<'a>];
    type Number = &'a Number<'a>;

    fn as_object(&self) -> Option<&'a Record<'a>> {
        self.as_record()
    }

    fn as_array(&self) -> Option<&'a [Document<'a>]> {
        self.as_list()
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.as_text().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number<'a>> {
        Document::as_number(self)
    }

    fn as_boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_null(&self) -> bool {
        matches!(self, Document::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Document::Null => JsonType::Null,
            Document::Bool(_) => JsonType::Boolean,
            Document::Number(_) => JsonType::Number,
            Document::Text(_) => JsonType::String,
            Document::List(_) => JsonType::Array,
            Document::Record(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        equal(self, expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        // Identity serves reference cycles and caches of `$ref`; a compiled schema has no `$ref`.
        None
    }
}

impl JsonNumber for &Number<'_> {
    fn as_u64(&self) -> Option<u64> {
        Number::as_str(self).parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        Number::as_str(self).parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        Number::as_str(self).parse().ok()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(Number::as_str(self))
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        // Nothing here decides by it: bounds and steps are keywords of our own, equality and
        // `integer` are answered on the digits. A number beyond f64 has no such form.
        Cow::Owned(Number::as_str(self).parse().unwrap_or_else(|_| serde_json::Number::from(0)))
    }

    fn is_integer(&self) -> bool {
        Number::is_integer(self)
    }

    fn is_written_as_integer(&self) -> bool {
        !Number::as_str(self).contains(['.', 'e', 'E'])
    }
}

/// A record's members, as the validator walks them.
pub(super) struct Members<'a>(crate::document::Members<'a, 'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a Document<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (&**name, value))
    }
}

impl<'a> Object<'a, Tree> for &'a Record<'a> {
    type Node = &'a Document<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        Record::len(self)
    }

    fn get(&self, key: &Box<str>) -> Option<&'a Document<'a>> {
        Record::get(self, key)
    }

    fn members(&self) -> Members<'a> {
        Members(self.raw())
    }
}

impl<'a> Array<'a, Tree> for &'a [Document<'a>] {
    type Node = &'a Document<'a>;
    type ElementsIter = std::slice::Iter<'a, Document<'a>>;

    fn len(&self) -> usize {
        <[Document<'_>]>::len(self)
    }

    fn elements(&self) -> Self::ElementsIter {
        self.iter()
    }

    fn is_unique(&self) -> bool {
        are_distinct(self)
    }
}

/// Whether no two items are equal, as JSON Schema has it.
pub(super) fn are_distinct(items: &[Document<'_>]) -> bool {
    // By hash, since a sender chooses the list's length; comparing pairs would be its square.
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| {
        let mut key = Vec::new();
        canonical(item, &mut key);
        seen.insert(key)
    })
}

/// Equality with a value of the schema; numbers by value.
pub(super) fn equal(document: &Document<'_>, expected: &Value) -> bool {
    match (document, expected) {
        (Document::Null, Value::Null) => true,
        (Document::Bool(one), Value::Bool(two)) => one == two,
        (Document::Text(one), Value::String(two)) => one == two,
        (Document::Number(one), Value::Number(two)) => {
            Number::new(two.to_string()).is_some_and(|two| one.compare(&two) == Ordering::Equal)
        }
        (Document::List(items), Value::Array(expected)) => {
            items.len() == expected.len() && items.iter().zip(expected).all(|(one, two)| equal(one, two))
        }
        (Document::Record(record), Value::Object(expected)) => {
            record.len() == expected.len()
                && expected.iter().all(|(name, two)| record.get(name).is_some_and(|one| equal(one, two)))
        }
        _ => false,
    }
}

/// Bytes that are the same exactly for values that JSON Schema calls equal: a record's members in
/// any order, numbers by value. Readers bound the depth.
fn canonical(document: &Document<'_>, out: &mut Vec<u8>) {
    let framed = |out: &mut Vec<u8>, tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(&bytes.len().to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match document {
        Document::Null => out.push(b'0'),
        Document::Bool(value) => out.push(if *value { b't' } else { b'f' }),
        Document::Number(number) => {
            let mut digits = Vec::new();
            number.canonical(&mut digits);
            framed(out, b'n', &digits);
        }
        Document::Text(text) => framed(out, b's', text.as_bytes()),
        Document::List(items) => {
            framed(out, b'l', &items.len().to_le_bytes());
            items.iter().for_each(|item| canonical(item, out));
        }
        Document::Record(record) => {
            let mut members: Vec<_> = record.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            framed(out, b'r', &members.len().to_le_bytes());
            for (name, value) in members {
                framed(out, b'm', name.as_bytes());
                canonical(value, out);
            }
        }
    }
}
