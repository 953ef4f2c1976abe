//! Reference systems, and the names they go by.
//!
//! A name says the axis order too, so only forms that say it without doubt are taken:
//!
//! | form | axis order |
//! |---|---|
//! | `urn:ogc:def:crs:EPSG::4326` (also with a version, and the older `urn:x-ogc:`) | as the authority defines it |
//! | `http://www.opengis.net/def/crs/EPSG/0/4326` (also `https`, and with a version) | as the authority defines it |
//! | `urn:ogc:def:crs:OGC:1.3:CRS84`, `http://www.opengis.net/def/crs/OGC/1.3/CRS84` | longitude, latitude |
//! | `EPSG:4326`, `http://www.opengis.net/gml/srs/epsg.xml#4326` | read both ways in practice: refused |
//!
//! VN-2000 has one geographic system, two UTM zones and a TM-3 zone for each central meridian in use
//! (Thông tư 973/2001/TT-TCĐC; EPSG dataset). EPSG:6956–6959 were withdrawn because easting and northing were
//! swapped in them: the same numbers would be read two ways, so they are refused by name.

use std::fmt;

/// A reference system that geometries can be given in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crs(u32);

/// What the axes of a reference system are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Axes {
    /// WGS 84, longitude first.
    Wgs84LongitudeFirst,
    /// WGS 84, latitude first.
    Wgs84LatitudeFirst,
    /// VN-2000, latitude first.
    Vn2000LatitudeFirst,
    /// VN-2000 in Transverse Mercator, easting first, in metres; false easting 500 km, false northing 0.
    Vn2000Projected {
        /// The central meridian, degrees.
        meridian: f64,
        /// The scale on it.
        scale: f64,
    },
}

/// UTM's scale on the central meridian, and TM-3's.
const UTM: f64 = 0.9996;
const TM3: f64 = 0.9999;

/// EPSG codes with their axes; 0 stands for OGC CRS84, which has no EPSG code.
const TABLE: &[(u32, Axes)] = &[
    (0, Axes::Wgs84LongitudeFirst),
    (4326, Axes::Wgs84LatitudeFirst),
    (4756, Axes::Vn2000LatitudeFirst),
    (3405, projected(105.0, UTM)),
    (3406, projected(111.0, UTM)),
    (5896, projected(102.0, TM3)),
    (9205, projected(103.0, TM3)),
    (9206, projected(104.0, TM3)),
    (9207, projected(104.5, TM3)),
    (9208, projected(104.75, TM3)),
    (5897, projected(105.0, TM3)),
    (9209, projected(105.5, TM3)),
    (9210, projected(105.75, TM3)),
    (9211, projected(106.0, TM3)),
    (9212, projected(106.25, TM3)),
    (9213, projected(106.5, TM3)),
    (9214, projected(107.0, TM3)),
    (9215, projected(107.25, TM3)),
    (9216, projected(107.5, TM3)),
    (5899, projected(107.75, TM3)),
    (5898, projected(108.0, TM3)),
    (9217, projected(108.25, TM3)),
    (9218, projected(108.5, TM3)),
];

const fn projected(meridian: f64, scale: f64) -> Axes {
    Axes::Vn2000Projected { meridian, scale }
}

/// Withdrawn from the EPSG dataset: easting and northing were swapped in their definitions.
const DEPRECATED: std::ops::RangeInclusive<u32> = 6956..=6959;

const EPSG_URI: &str = "http://www.opengis.net/def/crs/EPSG/0/";
const CRS84_URI: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Why a name stands for no reference system here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownCrs {
    /// A form of name that is read in both axis orders, such as `EPSG:4326`.
    Ambiguous,
    /// One of EPSG:6956–6959, withdrawn because easting and northing were swapped.
    Deprecated,
    /// A system, or a form of name, that is not known here.
    Unknown,
}

impl Crs {
    /// WGS 84 in longitude and latitude (OGC CRS84): what GeoJSON speaks, and what a geometry without
    /// `coordRefSys` is in.
    pub const CRS84: Self = Self(0);
    /// WGS 84 in latitude and longitude (EPSG:4326).
    pub const WGS84: Self = Self(4326);
    /// VN-2000 in latitude and longitude (EPSG:4756).
    pub const VN2000: Self = Self(4756);

    /// Every reference system.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(code, _)| Self(*code))
    }

    /// The system of an EPSG code.
    ///
    /// # Errors
    /// A code that is withdrawn or not known here.
    pub fn of_epsg(code: u32) -> Result<Self, UnknownCrs> {
        if DEPRECATED.contains(&code) {
            return Err(UnknownCrs::Deprecated);
        }
        let known = code > 0 && TABLE.iter().any(|(known, _)| *known == code);
        if known { Ok(Self(code)) } else { Err(UnknownCrs::Unknown) }
    }

    /// Its EPSG code; CRS84 has none.
    pub fn epsg(self) -> Option<u32> {
        (self.0 > 0).then_some(self.0)
    }

    /// The name it has in the tree and in all that is written.
    pub fn uri(self) -> String {
        match self.epsg() {
            Some(code) => format!("{EPSG_URI}{code}"),
            None => CRS84_URI.to_owned(),
        }
    }

    /// The system that the tree calls `uri`, which is exactly what [`Crs::uri`] gives.
    pub fn of_uri(uri: &str) -> Option<Self> {
        if uri == CRS84_URI {
            return Some(Self::CRS84);
        }
        let code = uri.strip_prefix(EPSG_URI)?;
        let found = Self::of_epsg(number(code)?).ok()?;
        (found.0.to_string() == code).then_some(found)
    }

    /// The system that a `srsName` (GML) or a `coordRefSys` (JSON-FG) of any known form means.
    ///
    /// # Errors
    /// Why the name is not taken; see the table of this module.
    pub fn named(name: &str) -> Result<Self, UnknownCrs> {
        const ENDS_IN_CODE: &[&str] = &["http://www.opengis.net/gml/srs/epsg.xml#"];
        if name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("EPSG:"))
            || name.eq_ignore_ascii_case("CRS:84")
            || ENDS_IN_CODE.iter().any(|form| name.starts_with(form))
        {
            return Err(UnknownCrs::Ambiguous);
        }
        let parts = ["urn:ogc:def:crs:", "urn:x-ogc:def:crs:"]
            .iter()
            .find_map(|form| name.strip_prefix(form))
            .map(|rest| (rest, ':'))
            .or_else(|| {
                let forms = ["http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/"];
                forms.iter().find_map(|form| name.strip_prefix(form)).map(|rest| (rest, '/'))
            });
        let Some((rest, separator)) = parts else { return Err(UnknownCrs::Unknown) };
        let mut parts = rest.split(separator);
        // Authority, version, code; the older URN leaves an empty version out.
        let (authority, version, code) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(authority), Some(version), Some(code), None) => (authority, version, code),
            (Some(authority), Some(code), None, None) if separator == ':' => (authority, "", code),
            _ => return Err(UnknownCrs::Unknown),
        };
        if !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(UnknownCrs::Unknown);
        }
        match (authority, code) {
            ("OGC", "CRS84") => Ok(Self::CRS84),
            ("EPSG", code) => number(code).map_or(Err(UnknownCrs::Unknown), Self::of_epsg),
            _ => Err(UnknownCrs::Unknown),
        }
    }

    /// Whether the first axis is the one that runs north.
    pub fn is_latitude_first(self) -> bool {
        matches!(self.axes(), Axes::Wgs84LatitudeFirst | Axes::Vn2000LatitudeFirst)
    }

    /// Whether coordinates are metres.
    pub fn is_projected(self) -> bool {
        matches!(self.axes(), Axes::Vn2000Projected { .. })
    }

    /// Whether it is WGS 84, in either axis order: no transformation away from GeoJSON.
    pub fn is_wgs84(self) -> bool {
        matches!(self.axes(), Axes::Wgs84LatitudeFirst | Axes::Wgs84LongitudeFirst)
    }

    pub(super) fn axes(self) -> Axes {
        // Constructors take codes of the table only.
        TABLE.iter().find(|(code, _)| *code == self.0).map_or(Axes::Wgs84LongitudeFirst, |(_, axes)| *axes)
    }
}

/// Digits alone: no sign, no blank.
fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// As contracts write it: `CRS84` or `EPSG:4756`.
impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epsg() {
            Some(code) => write!(f, "EPSG:{code}"),
            None => f.write_str("CRS84"),
        }
    }
}

impl fmt::Debug for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
