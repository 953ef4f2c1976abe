//! A geometry of the tree to GML 3.2.
//!
//! `srsName` is the URI of the tree's own reference system, and the numbers are the tree's own: writing
//! transforms nothing and rounds nothing.

use contracts::{
    Document,
    geometry::{Geometry, Kind},
};

use crate::xml::escape;

/// Appends the geometry, its elements under the prefix `gml`; `id` becomes its `gml:id`, and with a number
/// behind it that of each member. What is no geometry is not written.
pub(crate) fn geometry(document: &Document<'_>, id: &str, out: &mut Vec<u8>) {
    let Some(geometry) = Geometry::of(document) else { return };
    let uri = geometry.crs.uri();
    let mut writer = Writer { out };
    let items = geometry.coordinates.as_list().unwrap_or_default();
    let members = match geometry.kind {
        Kind::Point | Kind::LineString | Kind::Polygon => {
            return writer.simple(geometry.kind, geometry.coordinates, id, Some(&uri));
        }
        Kind::MultiPoint => ("MultiPoint", "pointMember", Kind::Point),
        Kind::MultiLineString => ("MultiCurve", "curveMember", Kind::LineString),
        Kind::MultiPolygon => ("MultiSurface", "surfaceMember", Kind::Polygon),
    };
    let (name, member, kind) = members;
    writer.start(name, id, Some(&uri));
    for (index, item) in items.iter().enumerate() {
        writer.open(member);
        writer.simple(kind, item, &format!("{id}.{}", index + 1), None);
        writer.close(member);
    }
    writer.close(name);
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl Writer<'_> {
    /// A point, line or polygon.
    fn simple(&mut self, kind: Kind, coordinates: &Document<'_>, id: &str, uri: Option<&str>) {
        let name = match kind {
            Kind::Point | Kind::MultiPoint => "Point",
            Kind::LineString | Kind::MultiLineString => "LineString",
            Kind::Polygon | Kind::MultiPolygon => "Polygon",
        };
        self.start(name, id, uri);
        match name {
            "Point" => {
                self.open("pos");
                self.position(coordinates, true);
                self.close("pos");
            }
            "LineString" => self.list(coordinates),
            _ => {
                for (index, ring) in coordinates.as_list().unwrap_or_default().iter().enumerate() {
                    let boundary = if index == 0 { "exterior" } else { "interior" };
                    self.open(boundary);
                    self.open("LinearRing");
                    self.list(ring);
                    self.close("LinearRing");
                    self.close(boundary);
                }
            }
        }
        self.close(name);
    }

    fn list(&mut self, positions: &Document<'_>) {
        self.open("posList");
        let mut first = true;
        for position in positions.as_list().unwrap_or_default() {
            self.position(position, first);
            first = false;
        }
        self.close("posList");
    }

    fn position(&mut self, position: &Document<'_>, mut first: bool) {
        for number in position.as_list().unwrap_or_default().iter().filter_map(Document::as_number) {
            if !first {
                self.out.push(b' ');
            }
            self.out.extend_from_slice(number.as_str().as_bytes());
            first = false;
        }
    }

    fn start(&mut self, name: &str, id: &str, uri: Option<&str>) {
        self.out.extend_from_slice(b"<gml:");
        self.out.extend_from_slice(name.as_bytes());
        self.attribute(" gml:id=\"", id);
        if let Some(uri) = uri {
            self.attribute(" srsName=\"", uri);
        }
        self.out.push(b'>');
    }

    fn attribute(&mut self, start: &str, value: &str) {
        self.out.extend_from_slice(start.as_bytes());
        escape::attribute(value, self.out);
        self.out.push(b'"');
    }

    fn open(&mut self, name: &str) {
        self.out.extend_from_slice(b"<gml:");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    fn close(&mut self, name: &str) {
        self.out.extend_from_slice(b"</gml:");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }
}
