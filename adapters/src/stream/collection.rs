//! A collection written record by record.

use contracts::{Document, Format, Shape};

use super::csv;
use crate::{json, xml};

/// Writes a collection in pieces: [`Collection::begin`], each record, [`Collection::end`]. Together they
/// are what the format's own writer makes of the whole list, but that an empty XML collection has an
/// end tag and that `xsi` is declared at the root whether or not something is null.
pub struct Collection<'s> {
    form: Form,
    shape: &'s Shape,
    /// Whether a record has been written.
    begun: bool,
    /// How many geometries have been written: their ids count on.
    geometries: usize,
}

enum Form {
    Json,
    Xml,
    NdJson,
    Csv(csv::Columns),
}

impl<'s> Collection<'s> {
    /// A writer of `format`; none when collections in it are not written record by record.
    pub fn new(format: Format, shape: &'s Shape) -> Option<Self> {
        let form = match format {
            Format::Json => Form::Json,
            Format::Xml => Form::Xml,
            Format::NdJson => Form::NdJson,
            Format::Csv => Form::Csv(csv::Columns::of(shape)),
            _ => return None,
        };
        Some(Self { form, shape, begun: false, geometries: 0 })
    }

    /// Appends to `out` what stands before the first record.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        match &self.form {
            Form::Json => out.push(b'['),
            Form::Xml => xml::begin_collection(self.shape, out),
            Form::NdJson => {}
            Form::Csv(columns) => columns.header(out),
        }
    }

    /// Appends one record; meant, as whole writers are, for a record that the contract has checked.
    pub fn record(&mut self, record: &Document<'_>, out: &mut Vec<u8>) {
        match &self.form {
            Form::Json => {
                if self.begun {
                    out.push(b',');
                }
                json::write(record, out);
            }
            Form::Xml => xml::write_in_collection(record, self.shape, &mut self.geometries, out),
            Form::NdJson => {
                json::write(record, out);
                out.push(b'\n');
            }
            Form::Csv(columns) => columns.row(record, out),
        }
        self.begun = true;
    }

    /// Appends what stands after the last record.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        match &self.form {
            Form::Json => out.push(b']'),
            Form::Xml => xml::end_collection(self.shape, out),
            Form::NdJson | Form::Csv(_) => {}
        }
    }
}
