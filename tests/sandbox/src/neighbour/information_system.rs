//! `G06/he-thong-khcn`, simulated: the national information system, which speaks JSON.
//!
//! `/nhiem-vu`, `/to-chuc`, `/nhan-luc`, `/cong-bo`, `/sang-che`: `GET` of the collection (filters as query
//! parameters), `GET` of one record, `POST` of one record or an array, all of it or nothing.

use anyhow::Result;
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, value::RawValue};

use super::{
    Part, Received, Reply,
    store::{Kept, NotAdded, Store},
};

const JSON: &str = "application/json";

/// A dataset as this system offers it.
struct Offer {
    name: &'static str,
    path: &'static str,
    key: &'static str,
    filters: &'static [&'static str],
    /// Fields without which a record means nothing to this system.
    needed: &'static [&'static str],
    sample: &'static str,
}

const OFFERS: [Offer; 5] = [
    Offer {
        name: "nhiem-vu",
        path: "/nhiem-vu",
        key: "MaSo",
        filters: &["MaSo", "MaTinh", "MaLinhVuc", "CapQuanLy", "TinhTrang", "ToChucChuTri.MaSoThue"],
        needed: &["MaSo", "TenNhiemVu", "MaTinh", "ChuNhiem", "ThoiGianBatDau"],
        sample: include_str!("../../records/nhiem-vu.json"),
    },
    Offer {
        name: "to-chuc",
        path: "/to-chuc",
        key: "MaToChuc",
        filters: &["MaToChuc", "MaSoThue", "LoaiHinh", "DiaChi.MaTinh"],
        needed: &["MaToChuc", "TenToChuc"],
        sample: include_str!("../../records/to-chuc.json"),
    },
    Offer {
        name: "nhan-luc",
        path: "/nhan-luc",
        key: "MaNhanLuc",
        filters: &["MaNhanLuc", "HocVi", "CoQuanCongTac.MaTinh"],
        needed: &["MaNhanLuc", "HoVaTen"],
        sample: include_str!("../../records/nhan-luc.json"),
    },
    Offer {
        name: "cong-bo",
        path: "/cong-bo",
        key: "MaCongBo",
        filters: &["MaCongBo", "Loai", "TinhTrang", "DOI"],
        needed: &["MaCongBo", "NhanDe", "TacGia"],
        sample: include_str!("../../records/cong-bo.json"),
    },
    Offer {
        name: "sang-che",
        path: "/sang-che",
        key: "SoDon",
        filters: &["SoDon", "Loai", "TinhTrang", "SoBang"],
        needed: &["SoDon", "Ten", "NgayCongBo"],
        sample: include_str!("../../records/sang-che.json"),
    },
];

/// The system and its records.
pub struct InformationSystem {
    store: Store,
}

impl InformationSystem {
    /// Opens its records; a system that has none yet gets the invented ones of `records/`.
    ///
    /// # Errors
    /// When they cannot be kept.
    pub fn open(store: Store) -> Result<Self> {
        let system = Self { store };
        if system.store.is_empty() {
            for offer in &OFFERS {
                let records = offer.read(offer.sample.as_bytes()).map_err(anyhow::Error::msg)?;
                system.store.add(records).map_err(|why| anyhow::anyhow!("sample records: {why:?}"))?;
            }
        }
        Ok(system)
    }

    fn list(&self, offer: &Offer, request: &Received) -> Reply {
        let mut wanted: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in request.parameters() {
            if !offer.filters.contains(&name.as_str()) {
                return Reply::refusal(StatusCode::BAD_REQUEST, "a parameter this system does not know");
            }
            // A parameter given twice widens: one of the values.
            match wanted.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => wanted.push((name, vec![value])),
            }
        }
        let matches = |kept: &Kept| {
            let record: Value = serde_json::from_str(&kept.text).unwrap_or_default();
            wanted.iter().all(|(name, values)| {
                record
                    .get(name)
                    .and_then(Value::as_str)
                    .is_some_and(|is| values.iter().any(|value| value == is))
            })
        };
        let found: Vec<String> =
            self.store.all(offer.name).into_iter().filter(matches).map(|kept| kept.text).collect();
        Reply::new(StatusCode::OK, JSON, format!("[{}]", found.join(",")))
    }

    fn one(&self, offer: &Offer, key: &str) -> Reply {
        match self.store.all(offer.name).into_iter().find(|kept| kept.key == key) {
            Some(kept) => Reply::new(StatusCode::OK, JSON, kept.text),
            None => Reply::refusal(StatusCode::NOT_FOUND, "no such record"),
        }
    }

    fn submit(&self, offer: &Offer, request: &Received) -> Reply {
        if request.media() != JSON {
            return Reply::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "this system reads JSON only");
        }
        let records = match offer.read(&request.body) {
            Ok(records) => records,
            Err(why) => return Reply::refusal(StatusCode::BAD_REQUEST, &why),
        };
        let location = match records.as_slice() {
            [one] => Some(format!("{}/{}", offer.path, utf8_percent_encode(&one.key, NON_ALPHANUMERIC))),
            _ => None,
        };
        match self.store.add(records) {
            Ok(()) => Reply { location, ..Reply::new(StatusCode::CREATED, JSON, request.body.clone()) },
            Err(NotAdded::Duplicate) => {
                Reply::refusal(StatusCode::CONFLICT, "there is such a record already")
            }
            Err(NotAdded::Unwritten(error)) => {
                Reply::refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("not kept: {error}"))
            }
        }
    }
}

impl Part for InformationSystem {
    fn answer(&self, request: &Received) -> Reply {
        let found = OFFERS.iter().find_map(|offer| Some((offer, request.below(offer.path)?)));
        let Some((offer, below)) = found else {
            return Reply::refusal(StatusCode::NOT_FOUND, "no such resource");
        };
        match (&request.method, below.as_str()) {
            (&Method::GET, "") => self.list(offer, request),
            (&Method::GET, key) => self.one(offer, key),
            (&Method::POST, "") => self.submit(offer, request),
            _ => Reply::refusal(StatusCode::METHOD_NOT_ALLOWED, "not here"),
        }
    }
}

impl Offer {
    /// Reads one record or an array of them, keeping each one's text.
    fn read(&self, bytes: &[u8]) -> Result<Vec<Kept>, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
        let texts: Vec<Box<RawValue>> = if text.trim_start().starts_with('[') {
            serde_json::from_str(text).map_err(|error| error.to_string())?
        } else {
            vec![serde_json::from_str(text).map_err(|error| error.to_string())?]
        };
        texts.iter().map(|text| self.keep(text.get())).collect()
    }

    fn keep(&self, text: &str) -> Result<Kept, String> {
        let record: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if let Some(missing) = self.needed.iter().find(|name| record.get(**name).is_none_or(Value::is_null)) {
            return Err(format!("`{missing}` is missing"));
        }
        let key = record
            .get(self.key)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("`{}` is not text", self.key))?;
        Ok(Kept { dataset: self.name.into(), key: key.into(), text: text.trim().into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    fn system() -> (tempfile::TempDir, InformationSystem) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("data.json")).unwrap();
        (folder, InformationSystem::open(store).unwrap())
    }

    fn ask(
        system: &InformationSystem,
        method: Method,
        path: &str,
        query: &str,
        media: &str,
        body: &str,
    ) -> Reply {
        let mut headers = HeaderMap::new();
        if !media.is_empty() {
            headers.insert("content-type", media.parse().unwrap());
        }
        let body = Bytes::from(body.to_owned());
        system.answer(&Received { method, path: path.into(), query: query.into(), headers, body })
    }

    fn records(reply: &Reply) -> Vec<Value> {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn lists_are_filtered_by_known_fields_only() {
        let (_folder, system) = system();
        let all = records(&ask(&system, Method::GET, "/nhiem-vu/", "", "", ""));
        let hanoi = records(&ask(&system, Method::GET, "/nhiem-vu", "MaTinh=01", "", ""));
        assert!(!hanoi.is_empty() && hanoi.len() < all.len());
        assert!(hanoi.iter().all(|record| record["MaTinh"] == "01"));
        let both = records(&ask(&system, Method::GET, "/nhiem-vu", "MaTinh=01&MaTinh=79", "", ""));
        assert!(both.len() > hanoi.len());
        assert_eq!(ask(&system, Method::GET, "/nhiem-vu", "KinhPhi=1", "", "").status, 400);
    }

    #[test]
    fn a_submitted_record_is_kept_as_written_and_found() {
        let (_folder, system) = system();
        let text = r#"{"MaSo":"a/b","TenNhiemVu":"x","MaTinh":"01","ChuNhiem":{},"ThoiGianBatDau":"2026-01-01","So":1.10}"#;
        let reply = ask(&system, Method::POST, "/nhiem-vu/", "", "application/json; charset=utf-8", text);
        assert_eq!((reply.status.as_u16(), reply.location.as_deref()), (201, Some("/nhiem-vu/a%2Fb")));
        assert_eq!(ask(&system, Method::GET, "/nhiem-vu/a%2Fb", "", "", "").body, text);
        assert_eq!(ask(&system, Method::POST, "/nhiem-vu/", "", JSON, text).status, 409);
    }

    #[test]
    fn what_is_not_a_record_in_json_is_refused() {
        let (_folder, system) = system();
        let post = |media: &str, body: &str| {
            ask(&system, Method::POST, "/nhiem-vu", "", media, body).status.as_u16()
        };
        assert_eq!(post("application/xml", "<NhiemVu/>"), 415);
        assert_eq!(post(JSON, "<NhiemVu/>"), 400);
        assert_eq!(post(JSON, r#"{"MaSo":"x"}"#), 400);
        assert_eq!(ask(&system, Method::GET, "/khac", "", "", "").status, 404);
        assert_eq!(ask(&system, Method::DELETE, "/nhiem-vu/x", "", "", "").status, 405);
    }
}
