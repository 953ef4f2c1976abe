//! GML to and from the tree: geometries inside a record's XML, and collections of features.
//!
//! **A geometry inside a record** stands in its field's element, in XML and in GML alike:
//! `<ViTri><gml:Point srsName="…">…`. GML 3.2 is written; 3.2 and 3.1 are read, by their namespaces. What
//! is read is the simple features profile (OGC 10-100r3, level SF-0): the six kinds of
//! [`Kind`](contracts::geometry::Kind), a `Curve` of straight segments and a `Surface` of one patch for the
//! simple kinds they are, and the members and coordinate notations of 3.1 that 3.2 gave up (`polygonMember`,
//! `lineStringMember`, `outerBoundaryIs`, `coordinates`). Arcs, solids and references (`xlink:href`) are
//! refused.
//!
//! **`srsName` says the axis order**, so it is required: on the geometry, on one that encloses it, or on the
//! positions themselves. It is never taken from a collection's `boundedBy`, which is passed over, nor from the
//! contract. Every part of one geometry is in one reference system.
//!
//! **A collection** is a `FeatureCollection` of GML, of WFS 2.0 or 1.1, or of the contract's
//! own namespace (as application schemas derive one), its features in `member`, `featureMember` or
//! `featureMembers`. Written is `gml:FeatureCollection`, which needs no clock, unlike WFS's.
//!
//! `gml:id`, which GML 3.2 asks for, is written by position in the document (`r1`, `g1`, `g1.1`): it says
//! nothing of the record, so nothing leaks through it. What comes in as `gml:id` is passed over.

pub(crate) mod read;
#[cfg(test)]
mod tests;
pub(crate) mod write;

use contracts::{Document, Shape};

use crate::{Expect, Limits, Reading, Unknown, Unreadable, xml};

/// The namespace of GML 3.2.
pub(crate) const GML_32: &str = "http://www.opengis.net/gml/3.2";
/// The namespace of GML 3.1 and 3.0.
pub(crate) const GML_31: &str = "http://www.opengis.net/gml";

/// The namespaces of WFS 2.0 and 1.1.
const WFS: &[&str] = &["http://www.opengis.net/wfs/2.0", "http://www.opengis.net/wfs"];

/// Reads one document: a record's feature, or a collection of them, as `expect` allows. It never is faithful: ids
/// and the frame are written anew.
///
/// # Errors
/// The first rule that the bytes break, and where.
pub fn read<'a>(
    bytes: &'a [u8],
    shape: &'a Shape,
    expect: Expect,
    unknown: Unknown,
    limits: &Limits,
) -> Result<Reading<'a>, Unreadable> {
    xml::read_features(bytes, shape, expect, unknown, limits)
}

/// Appends `document` to `out` as one GML document: a `gml:FeatureCollection` when it is a list, else the
/// record's feature. The same tree always gives the same bytes.
pub fn write(document: &Document<'_>, shape: &Shape, out: &mut Vec<u8>) {
    xml::write_features(document, shape, out);
}

/// Whether elements of a collection of features stand in `namespace`: GML's, WFS's, or the contract's own.
pub(crate) fn holds_features(namespace: &str, own: &str) -> bool {
    is_gml(namespace) || WFS.contains(&namespace) || namespace == own
}

/// Whether `namespace` is that of an edition of GML that is read.
pub(crate) fn is_gml(namespace: &str) -> bool {
    matches!(namespace, GML_32 | GML_31)
}
