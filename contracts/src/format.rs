//! The forms in which data is written. All of them say the same tree; what each can hold follows from
//! the contract's shape.

use std::{fmt, str::FromStr};

/// A format, as a consumer reads or sends it or as a provider speaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// XML 1.0 in the contract's namespace.
    Xml,
    /// GeoJSON (RFC 7946).
    GeoJson,
    /// OGC Features and Geometries JSON 1.0: GeoJSON that keeps the contract's own reference system.
    JsonFg,
    /// GML 3.2.
    Gml,
    /// One JSON record per line.
    NdJson,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// SOAP 1.1 around the contract's XML.
    Soap,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 8] =
        [Self::Json, Self::Xml, Self::GeoJson, Self::JsonFg, Self::Gml, Self::NdJson, Self::Csv, Self::Soap];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::GeoJson => "geojson",
            Self::JsonFg => "jsonfg",
            Self::Gml => "gml",
            Self::NdJson => "ndjson",
            Self::Csv => "csv",
            Self::Soap => "soap",
        }
    }

    /// The media type in `Content-Type` and `Accept` (DESIGN 6).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml",
            Self::GeoJson => "application/geo+json",
            Self::JsonFg => "application/vnd.ogc.fg+json",
            Self::Gml => "application/gml+xml",
            Self::NdJson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Soap => "text/xml",
        }
    }
}

impl FromStr for Format {
    type Err = NotAFormat;

    fn from_str(text: &str) -> Result<Self, NotAFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or(NotAFormat)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text does not name a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a format: json, xml, geojson, jsonfg, gml, ndjson, csv or soap")]
pub struct NotAFormat;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_own_name_and_media_type() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
            let same = Format::ALL.into_iter().filter(|other| other.media_type() == format.media_type());
            assert_eq!(same.count(), 1, "{format}");
        }
    }
}
