//! The kinds of geometry, by the names that GeoJSON (RFC 7946) gives them.

/// A kind of geometry: those that GML's simple features profile (level SF-0, OGC 10-100r3) and GeoJSON
/// both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One position.
    Point,
    /// A curve of straight pieces; GML `LineString`, or a `Curve` of such segments.
    LineString,
    /// A surface within one ring, without what its further rings enclose.
    Polygon,
    /// Several positions.
    MultiPoint,
    /// Several curves; GML `MultiCurve`.
    MultiLineString,
    /// Several surfaces; GML `MultiSurface`.
    MultiPolygon,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Point,
        Self::LineString,
        Self::Polygon,
        Self::MultiPoint,
        Self::MultiLineString,
        Self::MultiPolygon,
    ];

    /// Its name in GeoJSON, in the tree and in contracts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::LineString => "LineString",
            Self::Polygon => "Polygon",
            Self::MultiPoint => "MultiPoint",
            Self::MultiLineString => "MultiLineString",
            Self::MultiPolygon => "MultiPolygon",
        }
    }

    /// The kind called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// How many lists stand around a position.
    pub fn depth(self) -> usize {
        match self {
            Self::Point => 0,
            Self::LineString | Self::MultiPoint => 1,
            Self::Polygon | Self::MultiLineString => 2,
            Self::MultiPolygon => 3,
        }
    }
}
