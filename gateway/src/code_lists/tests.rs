use std::path::Path;

use contracts::Catalog;
use http::header::HeaderName;

use super::*;

struct Shown {
    catalog: Catalog,
    pages: Pages,
}

impl Shown {
    fn shipped() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
        let (catalog, _) = Catalog::load(&folder).unwrap();
        let pages = Pages::of(catalog.code_lists());
        Self { catalog, pages }
    }

    fn ask(&self, target: &str, headers: &[(HeaderName, &'static str)]) -> Result<Answer, Refusal> {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        let (name, query) =
            target.split_once('?').map_or((target, None), |(name, query)| (name, Some(query)));
        match name {
            "" => self.pages.index(query, &headers),
            name => self.pages.list(self.catalog.code_lists(), name, query, &headers),
        }
    }

    fn json(&self, target: &str) -> serde_json::Value {
        serde_json::from_slice(&self.ask(target, &[]).unwrap().body).unwrap()
    }

    fn refused(&self, target: &str) -> (u16, &'static str) {
        let face = self.ask(target, &[]).map(|answer| answer.status).unwrap_err().face();
        (face.status.as_u16(), face.kind)
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.fields.get(name).map_or("", |value| std::str::from_utf8(value).unwrap())
}

const PROVINCES: &str = "don-vi-hanh-chinh-tinh";

#[test]
fn every_list_says_what_it_is_and_how_much_of_it_is_had() {
    let shown = Shown::shipped();
    let index = shown.json("");
    let lists = index["lists"].as_array().unwrap();
    assert_eq!(lists.len(), shown.catalog.code_lists().iter().count());
    let of = |name: &str| lists.iter().find(|list| list["list"] == name).unwrap();
    assert_eq!(of(PROVINCES)["complete"], true);
    assert_eq!(of(PROVINCES)["editions"][1]["codes"], 34);
    assert_eq!(of(PROVINCES)["url"], format!("/api/danh-muc/{PROVINCES}"));
    assert_eq!(of("don-vi-hanh-chinh-xa")["complete"], false);
    assert_eq!(of("don-vi-hanh-chinh-xa")["form"]["rule"], "ma-xa");
    for list in lists {
        for text in [&list["title"]["vi"], &list["title"]["en"], &list["source"]] {
            assert!(!text.as_str().unwrap().is_empty(), "{list}");
        }
    }
}

#[test]
fn a_code_is_looked_up_by_edition_by_day_and_by_itself() {
    let shown = Shown::shipped();
    let names = |target: &str| {
        let page = shown.json(&format!("{PROVINCES}?{target}"));
        let editions = page["editions"].as_array().unwrap().clone();
        let names = editions.iter().flat_map(|edition| edition["entries"].as_array().unwrap().clone());
        names.map(|entry| entry["name"]["vi"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("edition=63").len(), 63);
    assert_eq!(names("on=2025-06-30").len(), 63);
    assert_eq!(names("on=2025-07-01").len(), 34);
    assert_eq!(names("on=2025-06-30&code=24"), ["Tỉnh Bắc Giang"]);
    assert_eq!(names("on=2025-07-01&code=24"), ["Tỉnh Bắc Ninh"]);
    assert_eq!(names("code=24"), ["Tỉnh Bắc Giang", "Tỉnh Bắc Ninh", "Tỉnh Bắc Ninh"]);
    let old = shown.json(&format!("{PROVINCES}?edition=63&code=27"));
    assert_eq!(
        old["editions"][0]["entries"][0]["successors"],
        serde_json::json!([{"edition": "34", "code": "24"}, {"edition": "34-2026", "code": "24"}])
    );
    let new = shown.json(&format!("{PROVINCES}?edition=34&code=24"));
    assert_eq!(
        new["editions"][0]["entries"][0]["predecessors"],
        serde_json::json!([{"edition": "63", "code": "24"}, {"edition": "63", "code": "27"}])
    );
    let fields = shown.json("linh-vuc-nghien-cuu?code=3");
    assert_eq!(fields["editions"][0]["entries"][0]["name"]["en"], "Medical and pharmaceutical sciences");
    assert_eq!(shown.json("linh-vuc-nghien-cuu")["mappings"][0]["pairs"].as_array().unwrap().len(), 6);
}

#[test]
fn what_is_not_there_is_said_with_what_to_do() {
    let shown = Shown::shipped();
    assert_eq!(shown.refused("khong-co"), (404, "code-list-unknown"));
    assert_eq!(shown.refused(&format!("{PROVINCES}?edition=35")), (404, "edition-unknown"));
    assert_eq!(shown.refused("don-vi-hanh-chinh-xa?on=2025-06-30"), (404, "edition-unknown"));
    assert_eq!(shown.refused(&format!("{PROVINCES}?code=99")), (404, "code-unknown"));
    assert_eq!(shown.refused(&format!("{PROVINCES}?edition=34&code=27")), (404, "code-unknown"));
    for bad in [
        "on=30/6/2025",
        "on=2025-02-30",
        "edition=34&on=2025-07-01",
        "code=1&code=2",
        "code=",
        "ma=24",
        "code=%FF",
        "%63ode=24",
    ] {
        assert_eq!(shown.refused(&format!("{PROVINCES}?{bad}")), (400, "parameter"), "{bad}");
    }
    assert_eq!(shown.refused("?code=24"), (400, "parameter"));
    let refusal = shown.ask("khong-co", &[]).map(|answer| answer.status).unwrap_err();
    assert!(refusal.face().detail.en.contains("GET /api/danh-muc"));
}

#[test]
fn each_format_is_given_by_accept() {
    let shown = Shown::shipped();
    let given = |target: &str, accept| shown.ask(target, &[(header::ACCEPT, accept)]);
    for target in
        ["", PROVINCES, "nganh-kinh-te", "phan-loai-sang-che?code=G", "linh-vuc-nghien-cuu?edition=2025"]
    {
        let xml = given(target, "application/xml").unwrap();
        let text = String::from_utf8(xml.body.to_vec()).unwrap();
        let read = roxmltree::Document::parse(&text).unwrap();
        assert_eq!(read.root_element().tag_name().namespace(), Some("urn:lienthong:danh-muc:1"));
        let json = shown.json(target);
        let codes =
            read.descendants().filter(|node| node.has_tag_name(("urn:lienthong:danh-muc:1", "entry")));
        let editions = json["editions"].as_array().cloned().unwrap_or_default();
        let entries = editions.iter().filter_map(|edition| edition["entries"].as_array()).map(Vec::len);
        assert_eq!(codes.count(), entries.sum::<usize>(), "{target}");
        assert_eq!(header(&xml, "content-type"), "application/xml");
    }
    let table = given(&format!("{PROVINCES}?edition=34"), "text/csv").unwrap();
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    assert_eq!(text.lines().count(), 35);
    assert_eq!(text.lines().nth(1), Some("34,2025-07-01,2026-04-29,01,Thành phố Hà Nội,,"));
    assert_eq!(header(&table, "content-type"), "text/csv; charset=utf-8");
    let quoted = given("linh-vuc-nghien-cuu?edition=2025&code=3", "text/csv").unwrap();
    assert!(String::from_utf8(quoted.body.to_vec()).unwrap().contains("\"Khoa học y, dược\""));
    assert!(matches!(given(PROVINCES, "text/html").map(|_| ()), Err(Refusal::NotAcceptable)));
}

#[test]
fn who_has_a_page_is_not_given_it_again() {
    let shown = Shown::shipped();
    let first = shown.ask(PROVINCES, &[]).unwrap();
    let tag: &'static str = Box::leak(header(&first, "etag").to_owned().into_boxed_str());
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34, "{tag}");
    for value in [tag, "*", Box::leak(format!("\"x\", W/{tag}").into_boxed_str())] {
        let again = shown.ask(PROVINCES, &[(header::IF_NONE_MATCH, value)]).unwrap();
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        assert_eq!(header(&again, "etag"), tag);
    }
    let other = [(header::IF_NONE_MATCH, tag), (header::ACCEPT, "application/xml")];
    assert_eq!(shown.ask(PROVINCES, &other).unwrap().status.as_u16(), 200, "another format");
    assert_eq!(shown.ask("", &other[..1]).unwrap().status.as_u16(), 200, "another page");
    assert_eq!(header(&first, "cache-control"), CACHE_CONTROL);
    assert_eq!(header(&first, "vary"), "accept");
}
