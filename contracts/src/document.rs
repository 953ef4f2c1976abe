//! Data in flight: a tree of values that borrows from the bytes it was read from.

use std::borrow::Cow;

use crate::{FieldPath, Number, field_path};

/// One value. `'a` is the text (or the contract's names) it borrows from.
///
/// Numbers stay as written ([`Number`]) and members keep their order, so that reading and writing
/// again changes nothing that the format can carry.
#[derive(Clone, Debug, PartialEq)]
pub enum Document<'a> {
    /// JSON `null`, XML `xsi:nil="true"`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(Number<'a>),
    /// Text: Unicode, NFC after reading.
    Text(Cow<'a, str>),
    /// A list, in order.
    List(Vec<Document<'a>>),
    /// A record: named members, in order.
    Record(Record<'a>),
}

/// Named members in the order written; names are distinct, which readers enforce.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record<'a> {
    members: Vec<(Cow<'a, str>, Document<'a>)>,
}

/// A record's members by reference.
pub(crate) type Members<'r, 'a> = std::slice::Iter<'r, (Cow<'a, str>, Document<'a>)>;

impl<'a> Record<'a> {
    /// An empty record with room for `members`.
    pub fn with_capacity(members: usize) -> Self {
        Self { members: Vec::with_capacity(members) }
    }

    /// Adds a member at the end. The caller guarantees that the name is new.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: Document<'a>) {
        self.members.push((name.into(), value));
    }

    /// Adds a member at the end, null for now, and gives the place to put its value in: a value that is made
    /// elsewhere is copied here, and a copy so soon behind the making waits for it. The caller guarantees that
    /// the name is new.
    #[inline]
    pub fn place(&mut self, name: Cow<'a, str>) -> Option<&mut Document<'a>> {
        self.members.push((name, Document::Null));
        self.members.last_mut().map(|(_, value)| value)
    }

    /// The member called `name`. Records are short: a scan beats a hash.
    pub fn get(&self, name: &str) -> Option<&Document<'a>> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The member called `name`, changeable.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Document<'a>> {
        self.members.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Takes the member called `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Document<'a>> {
        let position = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.remove(position).1)
    }

    /// Members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Document<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }

    /// The member at `position`, its name as it was read.
    pub fn member(&self, position: usize) -> Option<(&Cow<'a, str>, &Document<'a>)> {
        self.members.get(position).map(|(name, value)| (name, value))
    }

    /// Members in order, as an iterator that can be named.
    pub(crate) fn raw(&self) -> Members<'_, 'a> {
        self.members.iter()
    }

    /// Members in order, values changeable.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Document<'a>)> {
        self.members.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// Keeps the members that `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Document<'a>) -> bool) {
        self.members.retain_mut(|(name, value)| keep(name, value));
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<'a> IntoIterator for Record<'a> {
    type Item = (Cow<'a, str>, Document<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<'a> Document<'a> {
    /// The text, when this is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The record, when this is one.
    pub fn as_record(&self) -> Option<&Record<'a>> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// The list's items, when this is one.
    pub fn as_list(&self) -> Option<&[Document<'a>]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The record, when this is one, changeable.
    pub fn as_record_mut(&mut self) -> Option<&mut Record<'a>> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// The list's items, when this is one, changeable.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Document<'a>>> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The number, when this is one.
    pub fn as_number(&self) -> Option<&Number<'a>> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// The truth value, when this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The first value at `path`, through lists; the value itself may be a list.
    pub fn at(&self, path: &FieldPath) -> Option<&Self> {
        let mut found = None;
        self.visit(path, &mut |value| {
            found.get_or_insert(value);
        });
        found
    }

    /// Shows `see` every value at `path`, in document order. Lists on the way are walked through;
    /// a list at the path's end is shown once, as a list. From a list of records, all of them.
    pub fn visit<'d>(&'d self, path: &FieldPath, see: &mut dyn FnMut(&'d Self)) {
        self.descend(Some(path.as_str()), see);
    }

    /// [`Document::visit`], and the values may be changed.
    pub fn visit_mut(&mut self, path: &FieldPath, change: &mut dyn FnMut(&mut Self)) {
        self.descend_mut(Some(path.as_str()), change);
    }

    /// Every value at `path` that is not a list, with the items of lists one by one: what a
    /// condition or a mask on a field speaks of.
    pub fn each_at<'d>(&'d self, path: &FieldPath, see: &mut dyn FnMut(&'d Self)) {
        self.visit(path, &mut |value| match value {
            Self::List(items) => items.iter().for_each(&mut *see),
            single => see(single),
        });
    }

    /// [`Document::each_at`], and the values may be changed.
    pub fn each_at_mut(&mut self, path: &FieldPath, change: &mut dyn FnMut(&mut Self)) {
        self.visit_mut(path, &mut |value| match value {
            Self::List(items) => items.iter_mut().for_each(&mut *change),
            single => change(single),
        });
    }

    // The depth of both is the path's, and one more for each list on the way; readers allow no
    // list within a list that a path could run through without end.
    /// `path`: what is left of it.
    fn descend<'d>(&'d self, path: Option<&str>, see: &mut dyn FnMut(&'d Self)) {
        match (path, self) {
            (None, value) => see(value),
            (Some(names), Self::Record(record)) => {
                let (name, rest) = field_path::first(names);
                if let Some(value) = record.get(name) {
                    value.descend(rest, see);
                }
            }
            (path, Self::List(items)) => items.iter().for_each(|item| item.descend(path, see)),
            _ => {}
        }
    }

    fn descend_mut(&mut self, path: Option<&str>, change: &mut dyn FnMut(&mut Self)) {
        match (path, self) {
            (None, value) => change(value),
            (Some(names), Self::Record(record)) => {
                let (name, rest) = field_path::first(names);
                if let Some(value) = record.get_mut(name) {
                    value.descend_mut(rest, change);
                }
            }
            (path, Self::List(items)) => items.iter_mut().for_each(|item| item.descend_mut(path, change)),
            _ => {}
        }
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Document<'static> {
        match self {
            Self::Null => Document::Null,
            Self::Bool(value) => Document::Bool(value),
            Self::Number(number) => Document::Number(number.into_owned()),
            Self::Text(text) => Document::Text(Cow::Owned(text.into_owned())),
            Self::List(items) => Document::List(items.into_iter().map(Document::into_owned).collect()),
            Self::Record(record) => Document::Record(Record {
                members: record
                    .members
                    .into_iter()
                    .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                    .collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &'static str) -> Document<'static> {
        Document::Text(value.into())
    }

    fn record(members: impl IntoIterator<Item = (&'static str, Document<'static>)>) -> Document<'static> {
        let mut record = Record::default();
        for (name, value) in members {
            record.push(name, value);
        }
        Document::Record(record)
    }

    fn task() -> Document<'static> {
        record([
            ("MaSo", text("A")),
            ("Nguoi", Document::List(vec![record([("Ten", text("x"))]), record([("Ten", text("y"))])])),
            ("LinhVuc", Document::List(vec![text("1"), text("2")])),
        ])
    }

    fn path(text: &str) -> FieldPath {
        text.parse().unwrap()
    }

    #[test]
    fn paths_run_through_lists() {
        let task = task();
        let mut seen = Vec::new();
        task.visit(&path("Nguoi.Ten"), &mut |value| seen.push(value.as_text().unwrap().to_owned()));
        assert_eq!(seen, ["x", "y"]);
        assert_eq!(task.at(&path("MaSo")).and_then(Document::as_text), Some("A"));
        assert!(task.at(&path("Nguoi.Tuoi")).is_none());
        assert_eq!(task.at(&path("LinhVuc")).and_then(Document::as_list).map(<[_]>::len), Some(2));
    }

    #[test]
    fn each_value_of_a_list_is_its_own() {
        let mut task = task();
        task.each_at_mut(&path("LinhVuc"), &mut |value| *value = text("*"));
        let mut seen = 0;
        task.each_at(&path("LinhVuc"), &mut |value| seen += usize::from(value.as_text() == Some("*")));
        assert_eq!(seen, 2);
    }
}
