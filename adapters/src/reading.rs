//! What a reader is asked for and what it gives.

use contracts::Document;

/// A document as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading<'a> {
    /// The tree.
    pub document: Document<'a>,
    /// Whether the bytes say exactly what the tree says and nothing else: UTF-8 without a byte order
    /// mark, text in NFC, no comment, no processing instruction, no element or attribute that was
    /// passed over, namespaces declared once and at the root. Only such bytes may be forwarded as
    /// they came; others are written anew from the tree.
    pub faithful: bool,
}

/// Which roots are acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// One record: a JSON object, the record's element in XML.
    Record,
    /// A list of records: a JSON array, the collection's element in XML.
    Collection,
    /// Either of the two; the root decides.
    Either,
}

impl Expect {
    pub(crate) fn accepts_record(self) -> bool {
        self != Self::Collection
    }

    pub(crate) fn accepts_collection(self) -> bool {
        self != Self::Record
    }
}

/// What becomes of elements and attributes that the shape does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Into the tree, so that `Contract::check` names them: for what consumers send. Where the tree
    /// has no place for a name (beside the items of a list, on the element of a text) it is refused.
    Keep,
    /// Passed over; the reading is then not faithful. For providers' replies.
    Drop,
    /// Refused.
    Reject,
}
