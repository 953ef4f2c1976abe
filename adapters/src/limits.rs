//! How much a reader takes before it stops.

/// Nesting of elements, objects and arrays. Contracts nest less than ten deep and GML geometry less than
/// twenty; the readers recurse, and this many of their frames fit in any thread's stack.
const DEPTH: usize = 64;
/// Values in one document. A value costs about 56 bytes of tree and as little as two bytes of input,
/// so this keeps a tree under 12 MB: some 5,000 records of a wide dataset in one body.
const NODES: usize = 200_000;
/// Bytes of one name. The catalogue's longest is about forty; XML adds a prefix.
const NAME: usize = 128;
/// Bytes of one text. A task's "main content" runs to some tens of kilobytes; attachments travel
/// outside records.
const TEXT: usize = 256 * 1024;
/// Characters of one number. Amounts in đồng and coordinates need under thirty; far more is an attempt
/// at somebody's arithmetic.
const NUMBER: usize = 64;
/// Attributes of one element, namespace declarations included. They are compared pair by pair.
const ATTRIBUTES: usize = 32;
/// Entity and character references in one document. Old writers that know only ASCII give every
/// Vietnamese letter as a reference, so a long abstract has thousands.
const REFERENCES: usize = 100_000;
/// Bytes of one record of a stream. A wide record with all its texts has some tens of kilobytes; the
/// window of a stream grows up to this, and a record's tree takes a few times as much.
const RECORD: usize = 2 * 1024 * 1024;
/// The depth that no setting exceeds: readers, writers and the tree's own destructor recurse, and 2 MB
/// of stack (Rust's default for threads) must suffice in an unoptimised build too.
const DEEPEST: usize = 256;

/// The caps of a reader; what exceeds one is [`Unreadable`](crate::Unreadable) by a rule of its own.
/// The length of the whole is the caller's to cap, who has it before the bytes are complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of elements, objects and arrays; above 256 it counts as 256.
    pub depth: usize,
    /// Values in one document: texts, numbers, records, lists, attributes.
    pub nodes: usize,
    /// Bytes of one name.
    pub name: usize,
    /// Bytes of one text, escapes resolved.
    pub text: usize,
    /// Characters of one number.
    pub number: usize,
    /// Attributes of one XML element, namespace declarations included.
    pub attributes: usize,
    /// Entity and character references in one XML document.
    pub references: usize,
    /// Bytes of one record of a stream, what stands before it included. Of a document that is read
    /// whole the caller has the length before.
    pub record: usize,
}

impl Limits {
    pub(crate) fn allows_depth(&self, depth: usize) -> bool {
        depth <= self.depth.min(DEEPEST)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: DEPTH,
            nodes: NODES,
            name: NAME,
            text: TEXT,
            number: NUMBER,
            attributes: ATTRIBUTES,
            references: REFERENCES,
            record: RECORD,
        }
    }
}
