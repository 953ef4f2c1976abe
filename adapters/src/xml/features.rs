//! GML documents, where records are features: the frame around what [`read`](super::read) and
//! [`write`](super::write) do with each record. What collections are taken is told in [`gml`].

use contracts::{Document, Record, Shape};

use super::{
    read::{Opened, Reader, about},
    tokens::{Open, Tokens},
    write::{Writer, holds_null},
};
use crate::{
    Expect, Limits, Reading, Unknown, Unreadable,
    gml::{self, GML_32},
    unreadable::{Problem, Rule},
};

type Result<'a, T> = std::result::Result<T, Problem<'a>>;

/// Reads one GML document: a record's feature, or a collection of them, as `expect` allows.
///
/// # Errors
/// The first rule that the bytes break, and where.
pub(crate) fn read_features<'a>(
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
    reader.features = true;
    let document = match open(&mut reader, shape, expect)? {
        Opened::Record => reader.record(&shape.root, &shape.record)?,
        Opened::Collection => collection(&mut reader, shape)?,
    };
    reader.tokens.end()?;
    // Ids and the frame are written anew, whatever they were.
    Ok(Reading { document, faithful: false })
}

/// Opens the document's root: a feature, or a collection of features.
pub(crate) fn open<'a>(reader: &mut Reader<'a, '_>, shape: &'a Shape, expect: Expect) -> Result<'a, Opened> {
    let root = reader.tokens.root()?;
    if root.local == "FeatureCollection" && expect.accepts_collection() {
        if !holds_features(reader, root, shape) {
            return Err(reader.problem(Rule::WrongNamespace, GML_32));
        }
        return Ok(Opened::Collection);
    }
    match reader.opened(root, shape, expect)? {
        Opened::Record => Ok(Opened::Record),
        Opened::Collection => Err(reader.problem(Rule::NotAFeature, &shape.collection)),
    }
}

/// The features of a collection whose element has just opened. What it says of itself (its bounds, counts
/// and times) is not data and passed over; that it was cut short is not.
fn collection<'a>(reader: &mut Reader<'a, '_>, shape: &'a Shape) -> Result<'a, Document<'a>> {
    reader.tokens.attributes().clear();
    let mut records = Vec::new();
    while let Some(member) = next_member(reader, shape)? {
        match member {
            Member::One => records.push(only_feature(reader, shape)?),
            Member::Several => {
                while let Some(record) = next_feature(reader, shape)? {
                    records.push(record);
                }
            }
        }
    }
    Ok(Document::List(records))
}

/// How a part of a collection holds features.
pub(crate) enum Member {
    /// Exactly one.
    One,
    /// Any number of them.
    Several,
}

/// Opens the collection's next part that holds features; none when the collection closes.
pub(crate) fn next_member<'a>(reader: &mut Reader<'a, '_>, shape: &'a Shape) -> Result<'a, Option<Member>> {
    let owner = shape.record.as_str();
    while let Some(open) = reader.tokens.next_child().map_err(about(owner))? {
        reader.unsigned(open)?;
        match open.local {
            _ if !holds_features(reader, open, shape) => {
                return Err(reader.problem(Rule::UnknownElement, owner));
            }
            "boundedBy" => reader.skip()?,
            "member" | "featureMember" => return Ok(Some(Member::One)),
            "featureMembers" => return Ok(Some(Member::Several)),
            _ => return Err(reader.problem(Rule::UnknownElement, owner)),
        }
    }
    Ok(None)
}

/// The feature of a [`Member::One`] that has just opened, up to the member's end.
pub(crate) fn only_feature<'a>(reader: &mut Reader<'a, '_>, shape: &'a Shape) -> Result<'a, Document<'a>> {
    let owner = shape.record.as_str();
    let start = reader.tokens.start();
    // A member may refer to its feature instead of holding it.
    let Some(record) = next_feature(reader, shape)? else {
        return Err(Problem::about(Rule::NotAFeature, start, owner));
    };
    match reader.tokens.next_child().map_err(about(owner))? {
        None => Ok(record),
        Some(open) => {
            reader.unsigned(open)?;
            Err(reader.problem(Rule::UnknownElement, owner))
        }
    }
}

/// The next feature of a [`Member::Several`]; none when the member closes.
pub(crate) fn next_feature<'a>(
    reader: &mut Reader<'a, '_>,
    shape: &'a Shape,
) -> Result<'a, Option<Document<'a>>> {
    let owner = shape.record.as_str();
    let Some(open) = reader.tokens.next_child().map_err(about(owner))? else { return Ok(None) };
    reader.unsigned(open)?;
    if open.space != reader.space || open.local != shape.record {
        return Err(reader.problem(Rule::UnknownElement, owner));
    }
    match reader.record(&shape.root, owner)? {
        Document::Null => Err(reader.problem(Rule::Nil, owner)),
        record => Ok(Some(record)),
    }
}

fn holds_features(reader: &Reader<'_, '_>, open: Open<'_>, shape: &Shape) -> bool {
    gml::holds_features(reader.tokens.name(open.space), &shape.namespace)
}

const COLLECTION: &str = "gml:FeatureCollection";
const MEMBER: &str = "gml:featureMember";

/// Appends `document` to `out` as one GML document: a `gml:FeatureCollection` when it is a list, else the
/// record's feature.
pub(crate) fn write_features(document: &Document<'_>, shape: &Shape, out: &mut Vec<u8>) {
    let mut geometries = 0;
    let mut writer = Writer { out, geometries: &mut geometries };
    let nulls = holds_null(document);
    match document {
        Document::List(records) => {
            writer.root(COLLECTION, shape, nulls, true);
            writer.attribute("gml:id", "c1");
            writer.children(COLLECTION, records.is_empty(), |writer| {
                for (index, record) in records.iter().filter_map(Document::as_record).enumerate() {
                    member(writer, record, index, shape);
                }
            });
        }
        one => {
            writer.root(&shape.record, shape, nulls, true);
            writer.attribute("gml:id", "r1");
            match one.as_record() {
                Some(record) => writer.record(&shape.record, record, &shape.root),
                None => writer.children(&shape.record, true, |_| ()),
            }
        }
    }
}

/// Appends the beginning of a collection whose features follow one by one. `xsi` is declared, since one of
/// them may hold a null.
pub(crate) fn begin_features(shape: &Shape, out: &mut Vec<u8>) {
    let mut writer = Writer { out, geometries: &mut 0 };
    writer.root(COLLECTION, shape, true, true);
    writer.attribute("gml:id", "c1");
    writer.out.push(b'>');
}

/// Appends one feature of a collection that has begun, behind `index` others and `geometries` geometries.
pub(crate) fn write_in_features(
    record: &Document<'_>,
    index: usize,
    shape: &Shape,
    geometries: &mut usize,
    out: &mut Vec<u8>,
) {
    if let Some(record) = record.as_record() {
        member(&mut Writer { out, geometries }, record, index, shape);
    }
}

/// Appends the end of a collection that has begun.
pub(crate) fn end_features(out: &mut Vec<u8>) {
    Writer { out, geometries: &mut 0 }.end(COLLECTION);
}

fn member(writer: &mut Writer<'_>, record: &Record<'_>, index: usize, shape: &Shape) {
    writer.start(MEMBER);
    writer.children(MEMBER, false, |writer| {
        writer.start(&shape.record);
        writer.attribute("gml:id", &format!("r{}", index + 1));
        writer.record(&shape.record, record, &shape.root);
    });
}
