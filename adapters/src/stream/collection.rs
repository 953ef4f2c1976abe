//! A collection written record by record.

use contracts::{Contract, Document, Format, Shape};

use super::csv;
use crate::{
    geojson::{self, Profile},
    json,
    xml::{self, features},
};

/// Writes a collection in pieces: [`Collection::begin`], each record, [`Collection::end`]. Together they
/// are what the format's own writer makes of the whole list, but that an empty XML or GML collection has
/// an end tag and that `xsi` is declared at the root whether or not something is null.
pub struct Collection<'s> {
    form: Form,
    contract: &'s Contract,
    sight: &'s Shape,
    /// How many records have been written.
    records: usize,
    /// How many geometries have been written: their ids count on.
    geometries: usize,
}

enum Form {
    Json,
    Xml,
    NdJson,
    Csv(csv::Columns),
    Gml,
    GeoJson(Profile),
}

impl<'s> Collection<'s> {
    /// A writer of `contract`'s records in `format`; none when collections in it are not written record
    /// by record. `sight` is the contract's shape, or what of it the receiver may see: a table has
    /// columns for that and for nothing else.
    pub fn new(format: Format, contract: &'s Contract, sight: &'s Shape) -> Option<Self> {
        let form = match format {
            Format::Json => Form::Json,
            Format::Xml => Form::Xml,
            Format::NdJson => Form::NdJson,
            Format::Csv => Form::Csv(csv::Columns::of(sight)),
            Format::Gml => Form::Gml,
            Format::GeoJson => Form::GeoJson(Profile::GeoJson),
            Format::JsonFg => Form::GeoJson(Profile::JsonFg),
            Format::Soap => return None,
        };
        Some(Self { form, contract, sight, records: 0, geometries: 0 })
    }

    /// Appends to `out` what stands before the first record.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        match &self.form {
            Form::Json => out.push(b'['),
            Form::Xml => xml::begin_collection(self.sight, out),
            Form::NdJson => {}
            Form::Csv(columns) => columns.header(out),
            Form::Gml => features::begin_features(self.sight, out),
            Form::GeoJson(profile) => geojson::begin_collection(self.contract, *profile, out),
        }
    }

    /// Appends one record; meant, as whole writers are, for a record that the contract has checked.
    pub fn record(&mut self, record: &Document<'_>, out: &mut Vec<u8>) {
        match &self.form {
            Form::Json => {
                if self.records > 0 {
                    out.push(b',');
                }
                json::write(record, out);
            }
            Form::Xml => xml::write_in_collection(record, self.sight, &mut self.geometries, out),
            Form::NdJson => {
                json::write(record, out);
                out.push(b'\n');
            }
            Form::Csv(columns) => columns.row(record, out),
            Form::Gml => {
                features::write_in_features(record, self.records, self.sight, &mut self.geometries, out);
            }
            Form::GeoJson(profile) => {
                geojson::write_in_collection(record, self.records, self.contract, *profile, out);
            }
        }
        self.records += 1;
    }

    /// Appends what stands after the last record.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        match &self.form {
            Form::Json => out.push(b']'),
            Form::Xml => xml::end_collection(self.sight, out),
            Form::NdJson | Form::Csv(_) => {}
            Form::Gml => features::end_features(out),
            Form::GeoJson(_) => geojson::end_collection(out),
        }
    }
}
