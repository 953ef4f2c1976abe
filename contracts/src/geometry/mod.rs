//! Geometry: where something is, in which reference system, and what makes it sound.
//!
//! A geometry is a value of the tree like any other: a record of `type` (one of the kinds of
//! [`Kind`]), `coordinates` (lists of numbers, kept lexically like all numbers) and, unless it is WGS 84
//! in longitude and latitude (OGC CRS84), `coordRefSys`. Coordinates stand in the axis order of their
//! reference system as its authority defines it: latitude first in EPSG:4326 and EPSG:4756, easting first
//! in projected VN-2000. So a tree says the same whatever format it came from, a translation that keeps
//! the reference system changes no digit, and nobody has to guess an axis.
//!
//! A contract says with `x-geometry` which kinds and which reference systems it takes and in which
//! [box](Area) positions must lie ([`keyword`]). What XML Schema and JSON Schema cannot check is checked
//! here ([`check`]): closed rings, curves that go somewhere, nothing empty, positions of two finite
//! numbers that lie in the box after transformation to WGS 84 ([`Crs::to_wgs84`]).
//!
//! What is not here: heights (the transformation of QĐ 05/2007 is used for the plane; a third number is
//! refused rather than dropped), arcs, and the topology of rings (a ring that crosses itself, a hole
//! outside its polygon).

mod check;
mod crs;
mod keyword;
mod kind;
mod specimen;
#[cfg(test)]
mod tests;
mod transform;

pub(crate) use self::keyword::take_back;
pub use self::{
    crs::{Crs, UnknownCrs},
    kind::Kind,
};
use crate::{Document, Number};

/// What a contract asks of a geometry field (`x-geometry`).
#[derive(Clone, Debug, PartialEq)]
pub struct GeometryForm {
    /// The kinds it may be; never empty.
    pub kinds: Vec<Kind>,
    /// The reference systems it may be given in, the usual one first; never empty.
    pub crs: Vec<Crs>,
    /// Where every position lies.
    pub area: Area,
}

/// A box in WGS 84, degrees, its edges included. It does not cross the antimeridian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The least longitude.
    pub west: f64,
    /// The least latitude.
    pub south: f64,
    /// The greatest longitude.
    pub east: f64,
    /// The greatest latitude.
    pub north: f64,
}

impl Area {
    /// Whether a position, longitude first, lies in it.
    pub fn contains(&self, [longitude, latitude]: [f64; 2]) -> bool {
        (self.west..=self.east).contains(&longitude) && (self.south..=self.north).contains(&latitude)
    }
}

/// The member of a geometry that names its kind.
pub const KIND: &str = "type";
/// The member of a geometry that holds its positions.
pub const COORDINATES: &str = "coordinates";
/// The member of a geometry that names its reference system, absent for CRS84.
pub const COORD_REF_SYS: &str = "coordRefSys";

/// Removes the members that no geometry has, and says how many.
pub(crate) fn drop_unknown(geometry: &mut Document<'_>) -> usize {
    let Some(record) = geometry.as_record_mut() else { return 0 };
    let before = record.len();
    record.retain(|name, _| is_member(name));
    before - record.len()
}

/// Whether a geometry has a member called `name`.
pub fn is_member(name: &str) -> bool {
    matches!(name, KIND | COORDINATES | COORD_REF_SYS)
}

/// A geometry of the tree, looked at: what writers need of one that its contract has checked.
#[derive(Clone, Copy, Debug)]
pub struct Geometry<'d, 'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its reference system.
    pub crs: Crs,
    /// Its positions, in lists as deep as the kind asks ([`Kind::depth`]).
    pub coordinates: &'d Document<'a>,
}

impl<'d, 'a> Geometry<'d, 'a> {
    /// Looks at `document`; `None` when it is no geometry of a kind and reference system known here.
    pub fn of(document: &'d Document<'a>) -> Option<Self> {
        let record = document.as_record()?;
        let kind = Kind::named(record.get(KIND)?.as_text()?)?;
        let crs = match record.get(COORD_REF_SYS) {
            None => Crs::CRS84,
            Some(name) => Crs::of_uri(name.as_text()?)?,
        };
        Some(Self { kind, crs, coordinates: record.get(COORDINATES)? })
    }
}

/// The two numbers of a position as the machine's, in its reference system's own axis order; `None` when it
/// does not have two, or one is not finite.
pub fn position(document: &Document<'_>) -> Option<[f64; 2]> {
    match document.as_list()? {
        [first, second] => Some([finite(first.as_number()?)?, finite(second.as_number()?)?]),
        _ => None,
    }
}

/// A number of the tree as the machine's, unless it is too large to be one.
fn finite(number: &Number<'_>) -> Option<f64> {
    number.as_str().parse().ok().filter(|value: &f64| value.is_finite())
}
