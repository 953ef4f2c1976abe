//! Data in flight: a tree of values that borrows from the bytes it was read from.

use std::borrow::Cow;

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

/// A number in JSON's lexical form (RFC 8259 section 6), never converted to a machine number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

/// Named members in the order written; names are distinct, which readers enforce.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record<'a> {
    members: Vec<(Cow<'a, str>, Document<'a>)>,
}

impl<'a> Number<'a> {
    /// Accepts `text` when it is a number of JSON's grammar; XML readers normalise first
    /// (`+5` and `.5` are XML numbers that JSON has not).
    pub fn new(text: impl Into<Cow<'a, str>>) -> Option<Self> {
        let text = text.into();
        is_json_number(text.as_bytes()).then_some(Self(text))
    }

    /// The digits as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> Record<'a> {
    /// An empty record with room for `members`.
    pub fn with_capacity(members: usize) -> Self {
        Self { members: Vec::with_capacity(members) }
    }

    /// Adds a member at the end. The caller guarantees that the name is new.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: Document<'a>) {
        self.members.push((name.into(), value));
    }

    /// The member called `name`. Records are short: a scan beats a hash.
    pub fn get(&self, name: &str) -> Option<&Document<'a>> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Document<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, value))
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

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Document<'static> {
        match self {
            Self::Null => Document::Null,
            Self::Bool(value) => Document::Bool(value),
            Self::Number(Number(text)) => Document::Number(Number(Cow::Owned(text.into_owned()))),
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

fn is_json_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> (&[u8], bool) {
        let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
        let (head, rest) = text.split_at(end);
        (rest, !head.is_empty())
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut rest = match text {
        [b'0', rest @ ..] => rest,
        [b'1'..=b'9', rest @ ..] => digits(rest).0,
        _ => return false,
    };
    if let [b'.', fraction @ ..] = rest {
        let (after, some) = digits(fraction);
        if !some {
            return false;
        }
        rest = after;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let unsigned = match exponent {
            [b'+' | b'-', unsigned @ ..] => unsigned,
            unsigned => unsigned,
        };
        let (after, some) = digits(unsigned);
        if !some {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}
