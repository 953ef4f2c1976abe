//! Whole documents, by format: the one place that knows which reader and which writer a [`Format`] has.

use contracts::{Contract, Document, Format, Shape};

use crate::{
    Expect, Limits, Reading, Unknown, Unreadable,
    geojson::{self, Profile},
    gml, json,
    stream::Collection,
    unreadable::{Problem, Rule},
    xml,
};

/// Whether documents in `format` can be read.
pub fn reads(format: Format) -> bool {
    matches!(format, Format::Json | Format::Xml | Format::GeoJson | Format::JsonFg | Format::Gml)
}

/// Whether documents can be written in `format`.
pub fn writes(format: Format) -> bool {
    reads(format) || matches!(format, Format::NdJson | Format::Csv)
}

/// Reads a record of `contract`, or a list of them.
///
/// # Errors
/// The first rule that the bytes break, and where; `format-not-read` for a format that [`reads`] does
/// not have.
pub fn read<'a>(
    format: Format,
    bytes: &'a [u8],
    contract: &'a Contract,
    expect: Expect,
    unknown: Unknown,
    limits: &Limits,
) -> Result<Reading<'a>, Unreadable> {
    match format {
        Format::Json => json::read(bytes, expect, limits),
        Format::Xml => xml::read(bytes, contract.shape(), expect, unknown, limits),
        Format::Gml => gml::read(bytes, contract.shape(), expect, unknown, limits),
        Format::GeoJson => geojson::read(bytes, contract, Profile::GeoJson, expect, unknown, limits),
        Format::JsonFg => geojson::read(bytes, contract, Profile::JsonFg, expect, unknown, limits),
        Format::NdJson | Format::Csv | Format::Soap => {
            Err(Unreadable::new(bytes, Problem::new(Rule::FormatNotRead, 0)))
        }
    }
}

/// Appends `document`, a record of `contract` or a list of them, to `out` in a format that [`writes`]
/// has; in any other it is written as JSON.
pub fn write(format: Format, document: &Document<'_>, contract: &Contract, out: &mut Vec<u8>) {
    match (format, document) {
        (Format::Xml, _) => xml::write(document, contract.shape(), out),
        (Format::Gml, _) => gml::write(document, contract.shape(), out),
        (Format::GeoJson, _) => geojson::write(document, contract, Profile::GeoJson, out),
        (Format::JsonFg, _) => geojson::write(document, contract, Profile::JsonFg, out),
        (Format::NdJson, Document::List(records)) => {
            for record in records {
                json::write(record, out);
                out.push(b'\n');
            }
        }
        (Format::NdJson, record) => {
            json::write(record, out);
            out.push(b'\n');
        }
        (Format::Csv, _) => write_rows(format, document, contract, contract.shape(), out),
        _ => json::write(document, out),
    }
}

/// Appends records in a format whose head tells of every field, of which a reader may see some:
/// `sight` is what it sees of `contract`'s shape. Other formats tell only of what a record has.
pub fn write_rows(
    format: Format,
    document: &Document<'_>,
    contract: &Contract,
    sight: &Shape,
    out: &mut Vec<u8>,
) {
    let Some(mut collection) = Collection::new(format, contract, sight) else { return };
    collection.begin(out);
    for record in document.as_list().unwrap_or(std::slice::from_ref(document)) {
        collection.record(record, out);
    }
    collection.end(out);
}
