//! Features of the tree's records.

use contracts::{
    Contract, Document, Field, Form, Record, RecordShape,
    geometry::{Crs, Geometry, Kind, position},
};

use super::Profile;
use crate::json;

/// The classes of JSON-FG that what is written here conforms to.
const CONFORMS_TO: &str = r#""conformsTo":["http://www.opengis.net/spec/json-fg-1/1.0/conf/core","http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas"]"#;

/// Appends `document`, a record of `contract` or a list of them, to `out`. The same tree always gives the
/// same bytes. What has no place in the contract's shape is not written.
pub fn write(document: &Document<'_>, contract: &Contract, profile: Profile, out: &mut Vec<u8>) {
    match document {
        Document::List(records) => {
            begin_collection(contract, profile, out);
            for (index, record) in records.iter().filter(|record| record.as_record().is_some()).enumerate() {
                write_in_collection(record, index, contract, profile, out);
            }
            end_collection(out);
        }
        Document::Record(record) => Writer { contract, profile, out }.feature(record, true),
        Document::Null | Document::Bool(_) | Document::Number(_) | Document::Text(_) => {
            out.extend_from_slice(b"null");
        }
    }
}

/// Appends the beginning of a collection whose features follow one by one.
pub(crate) fn begin_collection(contract: &Contract, profile: Profile, out: &mut Vec<u8>) {
    let mut writer = Writer { contract, profile, out };
    writer.raw(r#"{"type":"FeatureCollection""#);
    writer.conformance();
    writer.raw(r#","features":["#);
}

/// Appends one feature of a collection that has begun, behind `index` others.
pub(crate) fn write_in_collection(
    record: &Document<'_>,
    index: usize,
    contract: &Contract,
    profile: Profile,
    out: &mut Vec<u8>,
) {
    let mut writer = Writer { contract, profile, out };
    if let Some(record) = record.as_record() {
        if index > 0 {
            writer.raw(",");
        }
        writer.feature(record, false);
    }
}

/// Appends the end of a collection that has begun.
pub(crate) fn end_collection(out: &mut Vec<u8>) {
    out.extend_from_slice(b"]}");
}

struct Writer<'w> {
    contract: &'w Contract,
    profile: Profile,
    out: &'w mut Vec<u8>,
}

impl Writer<'_> {
    /// What the root of a JSON-FG document says of itself.
    fn conformance(&mut self) {
        if self.profile == Profile::JsonFg {
            self.raw(",");
            self.raw(CONFORMS_TO);
            self.raw(r#","featureType":"#);
            json::write(&Document::Text(self.contract.shape().record.as_str().into()), self.out);
        }
    }

    fn feature(&mut self, record: &Record<'_>, root: bool) {
        let shape = self.contract.shape();
        let main = shape.main_geometry();
        self.raw(r#"{"type":"Feature""#);
        if root {
            self.conformance();
        }
        let key = self.contract.key().as_str();
        if let Some(id @ (Document::Text(_) | Document::Number(_))) = record.get(key) {
            self.raw(r#","id":"#);
            json::write(id, self.out);
        }
        let geometry = main.and_then(|field| record.get(&field.name));
        let known = geometry.and_then(Geometry::of);
        if self.profile == Profile::JsonFg {
            self.raw(r#","time":null,"place":"#);
            match geometry.filter(|_| known.is_some_and(|known| known.crs != Crs::CRS84)) {
                Some(place) => json::write(place, self.out),
                None => self.raw("null"),
            }
        }
        self.raw(r#","geometry":"#);
        self.wgs84(known);
        self.raw(r#","properties":"#);
        // A null of the contract's is not the absence that `geometry: null` is.
        let is_left_out = |field: &Field, value: &Document<'_>| {
            main.is_some_and(|main| main.name == field.name) && *value != Document::Null
        };
        self.record(record, &shape.root, &is_left_out);
        self.raw("}");
    }

    fn record(
        &mut self,
        record: &Record<'_>,
        shape: &RecordShape,
        is_left_out: &dyn Fn(&Field, &Document<'_>) -> bool,
    ) {
        self.raw("{");
        let mut first = true;
        for (name, value) in record.iter() {
            let Some((_, field)) = shape.field(name) else { continue };
            if is_left_out(field, value) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.raw(",");
            }
            json::write(&Document::Text(name.into()), self.out);
            self.raw(":");
            self.value(value, &field.form);
        }
        self.raw("}");
    }

    fn value(&mut self, value: &Document<'_>, form: &Form) {
        match (value, form) {
            (Document::Record(record), Form::Record(shape)) => self.record(record, shape, &|_, _| false),
            (Document::List(items), Form::List(list)) => {
                self.raw("[");
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.raw(",");
                    }
                    self.value(item, &list.item);
                }
                self.raw("]");
            }
            (Document::Record(_), Form::Geometry(_)) if self.profile == Profile::GeoJson => {
                self.wgs84(Geometry::of(value));
            }
            (value, _) => json::write(value, self.out),
        }
    }

    /// A geometry as GeoJSON has it; null when there is none, or it is nowhere.
    fn wgs84(&mut self, geometry: Option<Geometry<'_, '_>>) {
        let start = self.out.len();
        let written = geometry.and_then(|geometry| {
            self.raw(r#"{"type":""#);
            self.raw(geometry.kind.name());
            self.raw(r#"","coordinates":"#);
            self.coordinates(geometry.kind, geometry.crs, geometry.coordinates)?;
            self.raw("}");
            Some(())
        });
        if written.is_none() {
            self.out.truncate(start);
            self.raw("null");
        }
    }

    fn coordinates(&mut self, kind: Kind, crs: Crs, value: &Document<'_>) -> Option<()> {
        match kind {
            Kind::Point => self.position(crs, value),
            Kind::LineString | Kind::MultiPoint => {
                self.list(value.as_list()?.iter(), |writer, item| writer.position(crs, item))
            }
            Kind::MultiLineString => self.list(value.as_list()?.iter(), |writer, line| {
                writer.list(line.as_list()?.iter(), |writer, item| writer.position(crs, item))
            }),
            Kind::Polygon => self.polygon(crs, value),
            Kind::MultiPolygon => {
                self.list(value.as_list()?.iter(), |writer, polygon| writer.polygon(crs, polygon))
            }
        }
    }

    fn polygon(&mut self, crs: Crs, rings: &Document<'_>) -> Option<()> {
        let rings = rings.as_list()?;
        self.list(rings.iter().enumerate(), |writer, (index, ring)| {
            let positions = ring.as_list()?;
            let at = |writer: &mut Self, item| writer.position(crs, item);
            if runs_against_the_clock(crs, positions)? == (index == 0) {
                writer.list(positions.iter(), at)
            } else {
                writer.list(positions.iter().rev(), at)
            }
        })
    }

    fn list<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Option<()>,
    ) -> Option<()> {
        self.raw("[");
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.raw(",");
            }
            write(self, item)?;
        }
        self.raw("]");
        Some(())
    }

    /// Longitude and latitude: the tree's own digits where they are WGS 84's.
    fn position(&mut self, crs: Crs, value: &Document<'_>) -> Option<()> {
        self.raw("[");
        if crs.is_wgs84() {
            let [first, second] = value.as_list()? else { return None };
            let (east, north) = if crs.is_latitude_first() { (second, first) } else { (first, second) };
            self.raw(east.as_number()?.as_str());
            self.raw(",");
            self.raw(north.as_number()?.as_str());
        } else {
            let [longitude, latitude] = crs.to_wgs84(position(value)?)?;
            self.raw(&format!("{longitude:.9},{latitude:.9}"));
        }
        self.raw("]");
        Some(())
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Whether a ring runs against the clock, seen with east to the right and north up. Areas are taken from the
/// first position, so that large eastings cost no digits; a ring without area passes as it is.
fn runs_against_the_clock(crs: Crs, ring: &[Document<'_>]) -> Option<bool> {
    let mut positions = ring.iter().map(position);
    let Some(first) = positions.next() else { return Some(true) };
    let [x0, y0] = first?;
    let (mut twice_the_area, mut before) = (0.0, [0.0, 0.0]);
    for position in positions {
        let [x, y] = position?;
        let here = [x - x0, y - y0];
        twice_the_area += before[0] * here[1] - here[0] * before[1];
        before = here;
    }
    let area = if crs.is_latitude_first() { -twice_the_area } else { twice_the_area };
    Some(area >= 0.0)
}
