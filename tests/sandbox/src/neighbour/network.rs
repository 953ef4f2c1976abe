//! `G06/quan-trac-phong-xa`, simulated: the operating centre of the radiation monitoring network, which speaks
//! GML 3.2 the way a WFS does.
//!
//! `/tram`: `GET` of the collection (filters as query parameters), `GET` of one station. A collection says
//! how many features matched, when it was made and what they are bounded by; each station is in the
//! reference system that it was surveyed in, VN-2000 mostly.

use anyhow::{Result, ensure};
use http::{Method, StatusCode};
use roxmltree::{Document, Node};

use super::{Part, Received, Reply};

const GML: &str = "application/gml+xml; version=3.2";
const PATH: &str = "/tram";
const DATASET: &str = "urn:lienthong:dataset:tram-quan-trac-phong-xa:1";
const NAMESPACES: &str =
    r#"xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:q="urn:lienthong:dataset:tram-quan-trac-phong-xa:1""#;
const SAMPLE: &str = include_str!("../../records/tram-quan-trac.gml");
/// Elements that it can search by; the key is an attribute.
const FILTERS: [&str; 2] = ["MaTinh", "LoaiTram"];
const KEY: &str = "MaTram";

/// The system and its stations, which nobody changes.
pub struct Network {
    stations: Vec<Station>,
}

struct Station {
    key: String,
    /// What it can be found by: name and value.
    marks: Vec<(&'static str, String)>,
    /// Its feature, with the prefixes of [`NAMESPACES`] undeclared.
    text: &'static str,
}

impl Network {
    /// Reads its stations, the invented ones of `records/`.
    ///
    /// # Errors
    /// When they are not what they should be.
    pub fn open() -> Result<Self> {
        let document = Document::parse(SAMPLE)?;
        let features = document.descendants().filter(|node| node.has_tag_name((DATASET, "TramQuanTrac")));
        let stations: Vec<Station> = features.filter_map(Station::of).collect();
        ensure!(stations.len() >= 4, "stations without a key or a province");
        Ok(Self { stations })
    }

    fn list(&self, request: &Received) -> Reply {
        let wanted = request.parameters();
        if wanted.iter().any(|(name, _)| name != KEY && !FILTERS.contains(&name.as_str())) {
            return Reply::refusal(StatusCode::BAD_REQUEST, "a parameter this system does not know");
        }
        let matches = |station: &&Station| {
            let marks = station.marks.iter().map(|(name, is)| (*name, is));
            marks.chain([(KEY, &station.key)]).all(|(name, is)| {
                let mut values = wanted.iter().filter(|(known, _)| known == name).peekable();
                values.peek().is_none() || values.any(|(_, value)| value == is)
            })
        };
        let found: Vec<&Station> = self.stations.iter().filter(matches).collect();
        let members: String =
            found.iter().map(|station| format!("<wfs:member>{}</wfs:member>", station.text)).collect();
        let count = found.len();
        Reply::new(
            StatusCode::OK,
            GML,
            format!(
                r#"<?xml version="1.0" encoding="UTF-8"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" {NAMESPACES} timeStamp="2026-11-01T00:00:00Z" numberMatched="{count}" numberReturned="{count}"><wfs:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::4326"><gml:lowerCorner>8 102</gml:lowerCorner><gml:upperCorner>24 110</gml:upperCorner></gml:Envelope></wfs:boundedBy>{members}</wfs:FeatureCollection>"#
            ),
        )
    }

    fn one(&self, key: &str) -> Reply {
        match self.stations.iter().find(|station| station.key == key) {
            Some(station) => {
                let declared =
                    station.text.replacen("<q:TramQuanTrac", &format!("<q:TramQuanTrac {NAMESPACES}"), 1);
                Reply::new(StatusCode::OK, GML, declared)
            }
            None => Reply::refusal(StatusCode::NOT_FOUND, "no such station"),
        }
    }
}

impl Station {
    fn of(feature: Node<'_, '_>) -> Option<Self> {
        let child = |name: &str| {
            let found = feature.children().find(|node| node.has_tag_name((DATASET, name)));
            found.and_then(|node| node.text()).map(str::to_owned)
        };
        let marks: Option<Vec<_>> = FILTERS.iter().map(|name| Some((*name, child(name)?))).collect();
        let text = SAMPLE.get(feature.range())?;
        Some(Self { key: feature.attribute(KEY)?.to_owned(), marks: marks?, text })
    }
}

impl Part for Network {
    fn answer(&self, request: &Received) -> Reply {
        let Some(below) = request.below(PATH) else {
            return Reply::refusal(StatusCode::NOT_FOUND, "no such resource");
        };
        match (&request.method, below.as_str()) {
            (&Method::GET, "") => self.list(request),
            (&Method::GET, key) => self.one(key),
            _ => Reply::refusal(StatusCode::METHOD_NOT_ALLOWED, "this system is read only"),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    #[test]
    fn stations_are_found_by_what_it_knows_and_only_read() {
        let network = Network::open().unwrap();
        let ask = |method: Method, path: &str, query: &str| {
            let (path, query) = (path.into(), query.into());
            network.answer(&Received { method, path, query, headers: HeaderMap::new(), body: Bytes::new() })
        };
        let found = |query: &str| {
            let reply = ask(Method::GET, "/tram/", query);
            let text = std::str::from_utf8(&reply.body).unwrap().to_owned();
            let document = Document::parse(&text).unwrap();
            let counted = document.root_element().attribute("numberMatched").unwrap().to_owned();
            let features = document.descendants().filter(|node| node.has_tag_name((DATASET, "TramQuanTrac")));
            assert_eq!(features.count().to_string(), counted);
            counted
        };
        assert_eq!(
            (found(""), found("MaTinh=01"), found("MaTinh=01&LoaiTram=tram-vung")),
            ("4".into(), "2".into(), "1".into())
        );
        assert_eq!(ask(Method::GET, "/tram", "KinhPhi=1").status, 400);
        assert_eq!(ask(Method::GET, "/tram/TQT-99-11", "").status, 200);
        assert_eq!(ask(Method::GET, "/tram/khac", "").status, 404);
        assert_eq!(ask(Method::POST, "/tram", "").status, 405);
    }
}
