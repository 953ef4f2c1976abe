//! Collections of any length, record by record, in memory that one record bounds.
//!
//! **Reading** ([`Records`]) takes a stream in whatever pieces it comes and lends one record after the
//! other. A record is read where it lies in the window, by the same code and under the same
//! [`Limits`] as in a whole document; the limits count for each record, not for the collection. When
//! the window ends inside a record, nothing is kept of the attempt: it is read again when enough more
//! has come. However a stream is cut, the records and the error are the same. What surrounds the
//! records is checked too: the root and what it declares, what stands between records, and that
//! nothing follows.
//!
//! **Writing** ([`Collection`]) is the same form as that of whole documents, in pieces.
//!
//! | format | read | written |
//! |---|---|---|
//! | JSON | an array, or one object | an array |
//! | XML | the collection's element, or one record's | the collection's element |
//! | NDJSON | one object to a line | one object to a line |
//! | GML | a collection of features, or one | a `gml:FeatureCollection` |
//! | GeoJSON, JSON-FG | a `FeatureCollection`, or one feature | a `FeatureCollection` |
//! | CSV | no | a header and a row to each record: see [`csv`] |

mod collection;
pub mod csv;
mod geojson;
mod gml;
mod json;
mod ndjson;
#[cfg(test)]
mod tests;
mod window;
mod xml;

use std::sync::Arc;

use contracts::{Contract, Document, Format};

pub use self::collection::Collection;
use self::window::{Cursor, Part, Window};
use crate::{
    Expect, Limits, Unknown, Unreadable,
    geojson::Profile,
    unreadable::{Problem, Rule},
};

/// The records of a stream.
///
/// ```
/// # use adapters::{Limits, Unknown, stream::{Next, Records}};
/// # use contracts::{Catalog, Format};
/// # let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts"));
/// # let (catalog, _) = Catalog::load(folder).unwrap();
/// # let contract = catalog.contract(&"nhiem-vu@1".parse().unwrap()).unwrap();
/// let mut records = Records::new(Format::Json, contract.clone(), Unknown::Keep, Limits::default()).unwrap();
/// let mut pieces = [r#"[{"MaSo": "A"}, {"Ma"#, r#"So": "B"}]"#].into_iter();
/// let mut seen = 0;
/// loop {
///     match records.next()? {
///         Next::Record { index, document } => {
///             assert_eq!(index, seen);
///             assert!(contract.check(&document, 1).is_err());
///             seen += 1;
///         }
///         Next::More => match pieces.next() {
///             Some(piece) => records.feed(piece.as_bytes()),
///             None => records.end(),
///         },
///         Next::End => break,
///     }
/// }
/// assert_eq!(seen, 2);
/// # Ok::<_, adapters::Unreadable>(())
/// ```
pub struct Records {
    contract: Arc<Contract>,
    reader: Reader,
    terms: Terms,
    window: Window,
    /// How many records were lent.
    count: usize,
}

/// What comes next in a stream.
#[derive(Debug)]
pub enum Next<'r> {
    /// A record. It is as read: whether it keeps the contract is for `Contract::check` to say.
    Record {
        /// Its position in the stream, from 0.
        index: usize,
        /// The record.
        document: Document<'r>,
    },
    /// What has been fed is used up: feed more, or end.
    More,
    /// The stream is over, and it was whole.
    End,
}

/// What a stream turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// One record.
    Record,
    /// A list of records.
    Collection,
}

/// What was agreed before the first byte.
struct Terms {
    expect: Expect,
    unknown: Unknown,
    limits: Limits,
}

/// How a format strings records together.
enum Reader {
    Json(json::Array),
    Xml(xml::Root),
    NdJson(ndjson::Lines),
    Gml(gml::Features),
    GeoJson(geojson::Features),
}

/// What a reader finds when it has passed over what stands between records.
enum Between {
    /// A record begins.
    Record,
    /// The collection is over and nothing but blanks followed so far.
    Over,
}

/// Whether [`Records`] reads `format`.
pub fn reads(format: Format) -> bool {
    matches!(
        format,
        Format::Json | Format::Xml | Format::NdJson | Format::Gml | Format::GeoJson | Format::JsonFg
    )
}

/// Whether [`Collection`] writes `format`.
pub fn writes(format: Format) -> bool {
    reads(format) || format == Format::Csv
}

type Result<'a, T> = std::result::Result<T, Problem<'a>>;

impl Records {
    /// A stream in `format` that is to be a collection of `contract`'s records; none when the format is
    /// not read record by record.
    pub fn new(format: Format, contract: Arc<Contract>, unknown: Unknown, limits: Limits) -> Option<Self> {
        let reader = match format {
            Format::Json => Reader::Json(json::Array::default()),
            Format::Xml => Reader::Xml(xml::Root::default()),
            Format::NdJson => Reader::NdJson(ndjson::Lines),
            Format::Gml => Reader::Gml(gml::Features::default()),
            Format::GeoJson => Reader::GeoJson(geojson::Features::new(Profile::GeoJson)),
            Format::JsonFg => Reader::GeoJson(geojson::Features::new(Profile::JsonFg)),
            Format::Csv | Format::Soap => return None,
        };
        let terms = Terms { expect: Expect::Collection, unknown, limits };
        Some(Self { contract, reader, terms, window: Window::default(), count: 0 })
    }

    /// The same, with other roots acceptable. To be said before anything is fed.
    pub fn expecting(mut self, expect: Expect) -> Self {
        self.terms.expect = expect;
        self
    }

    /// Takes more of the stream. What is fed without being asked for by [`Next::More`] is kept too, so
    /// the caller bounds memory by feeding pieces of a fixed size only then.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.window.feed(bytes);
    }

    /// Says that the stream is complete. [`Next::More`] does not come after that.
    pub fn end(&mut self) {
        self.window.end();
    }

    /// Looks for the stream's root before the first record is asked for; none when more must be fed.
    ///
    /// # Errors
    /// As [`Records::next`].
    pub fn look(&mut self) -> std::result::Result<Option<Root>, Unreadable> {
        let Window { text, cursor } = &mut self.window;
        if self.reader.root().is_none() && cursor.is_ready(text) {
            // Whatever else is found is found again.
            if let Err(problem) = self.reader.between(text, cursor, &self.contract, &self.terms) {
                more(problem, text, cursor, &self.terms.limits)?;
            }
        }
        Ok(self.root())
    }

    /// What the stream's root is, once it has been seen.
    pub fn root(&self) -> Option<Root> {
        self.reader.root()
    }

    /// What comes next. The record is lent until the next call.
    ///
    /// # Errors
    /// The first rule that the bytes break, and where in the stream. The records before it were good;
    /// nothing comes after it: asked again, it tells the same.
    // Not an iterator: what it gives is borrowed from it.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> std::result::Result<Next<'_>, Unreadable> {
        let Self { contract, reader, terms, window: Window { text, cursor }, count } = self;
        let shape = contract.shape();
        if !cursor.is_ready(text) {
            return Ok(Next::More);
        }
        match reader.between(text, cursor, contract, terms) {
            Ok(Between::Record) => {}
            Ok(Between::Over) => return over(text, cursor),
            Err(problem) => return more(problem, text, cursor, &terms.limits),
        }
        let (part, _) = cursor.part(text, terms.limits.record);
        let record = match reader {
            Reader::Json(array) => array.record(part, &terms.limits),
            Reader::Xml(root) => root.record(part, shape, terms),
            Reader::NdJson(lines) => lines.record(part, &terms.limits, cursor.is_complete()),
            Reader::Gml(features) => features.record(part, shape, terms),
            Reader::GeoJson(features) => features.record(part, contract, terms),
        };
        match record {
            Ok((document, length)) => {
                cursor.pass(length);
                let index = *count;
                *count += 1;
                Ok(Next::Record { index, document })
            }
            Err(problem) => more(problem, text, cursor, &terms.limits),
        }
    }
}

impl Reader {
    fn root(&self) -> Option<Root> {
        match self {
            Self::Json(array) => array.root(),
            Self::Xml(root) => root.root(),
            Self::NdJson(_) => Some(Root::Collection),
            Self::Gml(features) => features.root(),
            Self::GeoJson(features) => features.root(),
        }
    }

    /// Passes over what stands before the first record, between two, or behind the last.
    fn between<'s>(
        &'s mut self,
        text: &'s str,
        cursor: &mut Cursor,
        contract: &'s Contract,
        terms: &Terms,
    ) -> Result<'s, Between> {
        let shape = contract.shape();
        match self {
            Self::Json(array) => array.between(text, cursor, terms),
            Self::Xml(root) => root.between(text, cursor, shape, terms),
            Self::NdJson(lines) => lines.between(text, cursor),
            Self::Gml(features) => features.between(text, cursor, shape, terms),
            Self::GeoJson(features) => features.between(text, cursor, contract, terms),
        }
    }
}

/// After the collection: is that all?
fn over<'r>(text: &str, cursor: &mut Cursor) -> std::result::Result<Next<'r>, Unreadable> {
    match cursor.fault(text) {
        Some(fault) => Err(told(fault, text, cursor)),
        None if cursor.is_complete() => Ok(Next::End),
        None => {
            cursor.wait(text, usize::MAX);
            Ok(Next::More)
        }
    }
}

/// What an error means: that more is needed, or that the stream is broken.
fn more<'r>(
    problem: Problem<'_>,
    text: &str,
    cursor: &mut Cursor,
    limits: &Limits,
) -> std::result::Result<Next<'r>, Unreadable> {
    if problem.rule != Rule::Unfinished {
        return Err(told(problem, text, cursor));
    }
    let (_, all) = cursor.part(text, limits.record);
    if !all {
        return Err(told(Problem::new(Rule::RecordTooLarge, 0), text, cursor));
    }
    if cursor.is_complete() {
        return Err(told(cursor.fault(text).unwrap_or(problem), text, cursor));
    }
    cursor.wait(text, limits.record);
    Ok(Next::More)
}

fn told(problem: Problem<'_>, text: &str, cursor: &Cursor) -> Unreadable {
    Unreadable::at(cursor.place(text, problem.offset), problem)
}
