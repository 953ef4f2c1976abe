//! `H26/quan-ly-khcn`, simulated: Hà Nội's task management, which speaks XML.
//!
//! `/nhiem-vu`: `GET` of the collection (filters as query parameters), `GET` of one record,
//! `POST` of one record. It reads strictly: the contract's namespace, every element of a record in
//! its place, none it does not know.

use anyhow::Result;
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node};

use super::{
    Part, Received, Reply,
    store::{Kept, NotAdded, Store},
};

const XML: &str = "application/xml";
const PATH: &str = "/nhiem-vu";
const DATASET: &str = "nhiem-vu";
/// The dataset's namespace.
pub(super) const NAMESPACE: &str = "urn:lienthong:dataset:nhiem-vu:1";
const SAMPLE: &str = include_str!("../../records/nhiem-vu.xml");

/// A record's elements in the order they must come, and whether each must be there; written down
/// from the draft circular (Điều 8.1a), not taken from the contract.
const ELEMENTS: [(&str, bool); 22] = [
    ("MaSo", true),
    ("TenNhiemVu", true),
    ("ChuongTrinh", false),
    ("MaLinhVuc", true),
    ("LinhVuc", false),
    ("ToChucChuTri", true),
    ("MaTinh", true),
    ("CoQuanChuQuan", false),
    ("CapQuanLy", true),
    ("ChuNhiem", true),
    ("ThanhVien", false),
    ("MucTieu", false),
    ("NoiDungChinh", true),
    ("SanPham", false),
    ("ThoiGianBatDau", true),
    ("ThoiGianKetThuc", true),
    ("KinhPhi", false),
    ("ToChucPhoiHop", false),
    ("KetQua", false),
    ("TinhTrang", true),
    ("UngDung", false),
    ("CapNhatLuc", false),
];
/// Fields it can search by.
const FILTERS: [&str; 5] = ["MaSo", "MaTinh", "MaLinhVuc", "CapQuanLy", "TinhTrang"];

/// The system and its records.
pub struct Province {
    store: Store,
}

impl Province {
    /// Opens its records; a system that has none yet gets the invented ones of `records/`.
    ///
    /// # Errors
    /// When they cannot be kept.
    pub fn open(store: Store) -> Result<Self> {
        if store.is_empty() {
            let document = Document::parse(SAMPLE)?;
            let elements = document.root_element().children().filter(Node::is_element);
            let records: Result<Vec<Kept>, String> = elements.map(keep).collect();
            store
                .add(records.map_err(anyhow::Error::msg)?)
                .map_err(|why| anyhow::anyhow!("sample records: {why:?}"))?;
        }
        Ok(Self { store })
    }

    fn list(&self, request: &Received) -> Reply {
        let wanted = request.parameters();
        if wanted.iter().any(|(name, _)| !FILTERS.contains(&name.as_str())) {
            return Reply::refusal(StatusCode::BAD_REQUEST, "a parameter this system does not know");
        }
        let matches = |kept: &Kept| {
            let Ok(document) = Document::parse(&kept.text) else { return false };
            FILTERS.iter().all(|field| {
                let mut values =
                    wanted.iter().filter(|(name, _)| name == field).map(|(_, value)| value).peekable();
                let is = child(document.root_element(), field).and_then(|node| node.text());
                values.peek().is_none() || values.any(|value| is == Some(value))
            })
        };
        let found: String =
            self.store.all(DATASET).into_iter().filter(matches).map(|kept| kept.text).collect();
        let body = format!("{PROLOGUE}<DanhSachNhiemVu xmlns=\"{NAMESPACE}\">{found}</DanhSachNhiemVu>");
        Reply::new(StatusCode::OK, XML, body)
    }

    fn one(&self, key: &str) -> Reply {
        match self.store.all(DATASET).into_iter().find(|kept| kept.key == key) {
            Some(kept) => Reply::new(StatusCode::OK, XML, format!("{PROLOGUE}{}", kept.text)),
            None => Reply::refusal(StatusCode::NOT_FOUND, "no such record"),
        }
    }

    fn submit(&self, request: &Received) -> Reply {
        if request.media() != XML {
            return Reply::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "this system reads XML only");
        }
        let text = String::from_utf8_lossy(&request.body);
        let record = match Document::parse(&text) {
            Ok(document) => keep(document.root_element()),
            Err(error) => Err(error.to_string()),
        };
        let record = match record {
            Ok(record) => record,
            Err(why) => return Reply::refusal(StatusCode::BAD_REQUEST, &why),
        };
        let location = format!("{PATH}/{}", utf8_percent_encode(&record.key, NON_ALPHANUMERIC));
        match self.store.add(vec![record]) {
            Ok(()) => Reply {
                location: Some(location),
                ..Reply::new(StatusCode::CREATED, XML, request.body.clone())
            },
            Err(NotAdded::Duplicate) => {
                Reply::refusal(StatusCode::CONFLICT, "there is such a record already")
            }
            Err(NotAdded::Unwritten(error)) => {
                Reply::refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("not kept: {error}"))
            }
        }
    }
}

impl Part for Province {
    fn answer(&self, request: &Received) -> Reply {
        let Some(below) = request.below(PATH) else {
            return Reply::refusal(StatusCode::NOT_FOUND, "no such resource");
        };
        match (&request.method, below.as_str()) {
            (&Method::GET, "") => self.list(request),
            (&Method::GET, key) => self.one(key),
            (&Method::POST, "") => self.submit(request),
            _ => Reply::refusal(StatusCode::METHOD_NOT_ALLOWED, "not here"),
        }
    }
}

const PROLOGUE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// A record as it stands, when it is one.
pub(super) fn keep(record: Node<'_, '_>) -> Result<Kept, String> {
    if record.tag_name().name() != "NhiemVu" || record.tag_name().namespace() != Some(NAMESPACE) {
        return Err("the root is not `NhiemVu` of the contract's namespace".into());
    }
    let mut places = ELEMENTS.iter();
    let mut before = "";
    for node in record.children() {
        if node.is_text() && node.text().is_some_and(|text| !text.trim().is_empty()) {
            return Err("text between elements".into());
        }
        let name = node.tag_name().name();
        if !node.is_element() || (name == before && name == "NoiDungChinh") {
            continue;
        }
        if node.tag_name().namespace() != Some(NAMESPACE) {
            return Err(format!("`{name}` is not of the contract's namespace"));
        }
        loop {
            match places.next() {
                Some((place, _)) if *place == name => break,
                Some((place, true)) => return Err(format!("`{place}` is missing before `{name}`")),
                Some(_) => {}
                None => return Err(format!("`{name}` is unknown or out of place")),
            }
        }
        before = name;
    }
    if let Some((missing, _)) = places.find(|(_, needed)| *needed) {
        return Err(format!("`{missing}` is missing"));
    }
    let key = child(record, "MaSo").and_then(|node| node.text()).ok_or("`MaSo` is empty")?;
    Ok(Kept { dataset: DATASET.into(), key: key.into(), text: alone(record) })
}

pub(super) fn child<'a, 'i>(record: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    record.children().find(|node| node.tag_name().name() == name)
}

/// The record's text with the namespaces in scope declared on it, so that it stands anywhere.
fn alone(record: Node<'_, '_>) -> String {
    let text = record.document().input_text().get(record.range()).unwrap_or_default();
    let tag = text.split('>').next().unwrap_or_default();
    let mut declared = String::new();
    for namespace in record.namespaces() {
        let name = namespace.name().map_or_else(|| "xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        if namespace.name() != Some("xml") && !tag.contains(&format!("{name}=")) {
            declared.push_str(&format!(" {name}=\"{}\"", namespace.uri()));
        }
    }
    let name_end = text.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    format!("{name}{declared}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    fn system() -> (tempfile::TempDir, Province) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("data.json")).unwrap();
        (folder, Province::open(store).unwrap())
    }

    fn ask(system: &Province, method: Method, path: &str, query: &str, body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", XML.parse().unwrap());
        let body = Bytes::from(body.to_owned());
        system.answer(&Received { method, path: path.into(), query: query.into(), headers, body })
    }

    fn keys(reply: &Reply) -> Vec<String> {
        let text = std::str::from_utf8(&reply.body).unwrap();
        let document = Document::parse(text).unwrap();
        let records = document.root_element().children().filter(Node::is_element);
        records.map(|record| child(record, "MaSo").unwrap().text().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_samples_are_records_and_can_be_searched() {
        let (_folder, system) = system();
        let all = keys(&ask(&system, Method::GET, "/nhiem-vu/", "", ""));
        assert!(all.len() >= 3, "{all:?}");
        let query = format!("MaSo={}", utf8_percent_encode(&all[0], NON_ALPHANUMERIC));
        assert_eq!(keys(&ask(&system, Method::GET, "/nhiem-vu", &query, "")), all[..1]);
        let one = ask(
            &system,
            Method::GET,
            &format!("/nhiem-vu/{}", utf8_percent_encode(&all[0], NON_ALPHANUMERIC)),
            "",
            "",
        );
        assert_eq!(one.status, 200);
        assert!(Document::parse(std::str::from_utf8(&one.body).unwrap()).is_ok());
    }

    #[test]
    fn a_record_is_kept_once_and_only_in_order() {
        let (_folder, system) = system();
        let one = r#"<n:NhiemVu xmlns:n="urn:lienthong:dataset:nhiem-vu:1"><n:MaSo>X-1</n:MaSo><n:TenNhiemVu>a</n:TenNhiemVu><n:MaLinhVuc>1</n:MaLinhVuc><n:ToChucChuTri/><n:MaTinh>01</n:MaTinh><n:CapQuanLy>tinh</n:CapQuanLy><n:ChuNhiem/><n:NoiDungChinh>a</n:NoiDungChinh><n:NoiDungChinh>b</n:NoiDungChinh><n:ThoiGianBatDau>2026-01-01</n:ThoiGianBatDau><n:ThoiGianKetThuc/><n:TinhTrang>dang-tien-hanh</n:TinhTrang></n:NhiemVu>"#;
        let post = |body: &str| ask(&system, Method::POST, "/nhiem-vu", "", body).status.as_u16();
        assert_eq!(post(one), 201);
        assert_eq!(post(one), 409);
        let swapped = one.replace("X-1", "X-2").replace("<n:MaTinh>01</n:MaTinh>", "");
        assert_eq!(post(&swapped), 400);
        assert_eq!(post(&one.replace("nhiem-vu:1", "nhiem-vu:2")), 400);
        assert_eq!(post("{}"), 400);
        assert!(keys(&ask(&system, Method::GET, "/nhiem-vu", "", "")).contains(&"X-1".to_owned()));
    }
}
