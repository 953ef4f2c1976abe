//! GeoJSON (RFC 7946) and OGC JSON-FG 1.0 (OGC 21-045r1) to and from the tree.
//!
//! A record is a `Feature`, a list of records a `FeatureCollection`. The first geometry of the record's own
//! fields ([`Shape::main_geometry`](contracts::Shape::main_geometry)) is the feature's `geometry`; all other fields
//! are in `properties`, further geometries too. `id` is the key, when the record has one: a key that is
//! not released is not there, and then there is no `id`. No `bbox` is written: it would tell of a geometry that
//! is withheld.
//!
//! **GeoJSON** knows WGS 84 in longitude and latitude only. A geometry that is so in the tree keeps its digits;
//! one in latitude and longitude (EPSG:4326) has its axes exchanged and keeps its digits too; VN-2000 is
//! transformed and written to 9 decimals of a degree (0.1 mm). Outer rings run against the clock, inner ones with
//! it (RFC 7946 3.1.6). Read, it is CRS84; if the contract does not take that, it is transformed to the first
//! reference system that the contract names: metres to 4 decimals, degrees to 9.
//!
//! **JSON-FG** is the same with `place` beside `geometry`: the tree's own geometry with its `coordRefSys`, every
//! digit and ring as it is, so that VN-2000 comes back as it went. Where the tree is in CRS84 `place` is null and
//! `geometry` says it all. Read, `place` comes before `geometry`; `coordRefSys` may stand on it, on the feature
//! or on the collection. There is no `time` in contracts, so it is null.
//!
//! Reading borrows the JSON reader: the same text, the same refusals. Data stands in `geometry` (or `place`), in `id`
//! and in `properties`, where whatever the contract does not have is an unknown field like any other. What
//! else a collection and its features have (`name`, `bbox`, `xy_coordinate_resolution` and whatever programs write
//! of themselves: RFC 7946, 6.1) is nobody's data: it is passed over and never passed on, also of a submission.
//! Refused are the members that are not so harmless:
//!
//! | member | rule | when it is refused |
//! |---|---|---|
//! | `crs`, and in GeoJSON `coordRefSys`, wherever they stand | `geojson-crs` | unless they name CRS84: they say that the numbers do not mean what they seem to |
//! | a field of the contract beside `properties`, `place` in GeoJSON, `time` in JSON-FG | `beside-properties` | unless null: what was meant as data would be lost |
//! | what makes it something else (RFC 7946, 7.1): `coordinates` in a feature, `properties` in a collection … | `not-a-feature` | always |
//!
//! Of a provider whose unknown fields are dropped ([`Unknown::Drop`](crate::Unknown::Drop)) only `crs` and
//! `coordRefSys` are.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub(crate) use read::{COLLECTION, FEATURES, Features, IN_FEATURES, not_a_feature};
pub use write::write;
pub(crate) use write::{begin_collection, end_collection, write_in_collection};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// RFC 7946.
    GeoJson,
    /// OGC JSON-FG 1.0.
    JsonFg,
}
