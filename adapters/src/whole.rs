//! Whole documents, by format: the one place that knows which reader and which writer a [`Format`] has.

use contracts::{Contract, Document, Format};

use crate::{
    Expect, Limits, Reading, Unknown, Unreadable, json,
    unreadable::{Problem, Rule},
    xml,
};

/// Whether documents in `format` can be read.
pub fn reads(format: Format) -> bool {
    matches!(format, Format::Json | Format::Xml)
}

/// Whether documents can be written in `format`.
pub fn writes(format: Format) -> bool {
    matches!(format, Format::Json | Format::Xml | Format::NdJson)
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
        Format::GeoJson | Format::JsonFg | Format::Gml | Format::NdJson | Format::Csv | Format::Soap => {
            Err(Unreadable::new(bytes, Problem::new(Rule::FormatNotRead, 0)))
        }
    }
}

/// Appends `document`, a record of `contract` or a list of them, to `out` in a format that [`writes`]
/// has; in any other it is written as JSON.
pub fn write(format: Format, document: &Document<'_>, contract: &Contract, out: &mut Vec<u8>) {
    match (format, document) {
        (Format::Xml, _) => xml::write(document, contract.shape(), out),
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
        _ => json::write(document, out),
    }
}
