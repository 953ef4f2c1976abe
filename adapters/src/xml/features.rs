//! GML documents, where records are features: the frame around what [`read`](super::read) and
//! [`write`](super::write) do with each record. What collections are taken is told in [`gml`].

use contracts::{Document, Shape};

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
    let root = reader.tokens.root()?;
    let document = if root.local == "FeatureCollection" && expect.accepts_collection() {
        if !holds_features(&reader, root, shape) {
            return Err(reader.problem(Rule::WrongNamespace, GML_32));
        }
        collection(&mut reader, shape)?
    } else {
        match reader.opened(root, shape, expect)? {
            Opened::Record => reader.record(&shape.root, &shape.record)?,
            Opened::Collection => return Err(reader.problem(Rule::NotAFeature, &shape.collection)),
        }
    };
    reader.tokens.end()?;
    // Ids and the frame are written anew, whatever they were.
    Ok(Reading { document, faithful: false })
}

/// The features of a collection whose element has just opened. What it says of itself (its bounds, counts
/// and times) is not data and passed over; that it was cut short is not.
fn collection<'a>(reader: &mut Reader<'a, '_>, shape: &'a Shape) -> Result<'a, Document<'a>> {
    let owner = shape.record.as_str();
    reader.tokens.attributes().clear();
    let mut records = Vec::new();
    while let Some(open) = reader.tokens.next_child().map_err(about(owner))? {
        reader.unsigned(open)?;
        let several = match open.local {
            _ if !holds_features(reader, open, shape) => {
                return Err(reader.problem(Rule::UnknownElement, owner));
            }
            "boundedBy" => {
                reader.skip()?;
                continue;
            }
            "member" | "featureMember" => false,
            "featureMembers" => true,
            _ => return Err(reader.problem(Rule::UnknownElement, owner)),
        };
        let start = reader.tokens.start();
        let mut found = 0;
        while let Some(open) = reader.tokens.next_child().map_err(about(owner))? {
            found += 1;
            reader.unsigned(open)?;
            if open.space != reader.space || open.local != shape.record || (found > 1 && !several) {
                return Err(reader.problem(Rule::UnknownElement, owner));
            }
            match reader.record(&shape.root, owner)? {
                Document::Null => return Err(reader.problem(Rule::Nil, owner)),
                record => records.push(record),
            }
        }
        // A member that refers to its feature instead of holding it.
        if found == 0 && !several {
            return Err(Problem::about(Rule::NotAFeature, start, owner));
        }
    }
    Ok(Document::List(records))
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
                    writer.start(MEMBER);
                    writer.children(MEMBER, false, |writer| {
                        writer.start(&shape.record);
                        writer.attribute("gml:id", &format!("r{}", index + 1));
                        writer.record(&shape.record, record, &shape.root);
                    });
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
