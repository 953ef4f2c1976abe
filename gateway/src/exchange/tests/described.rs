//! Descriptions as callers get them, and what answers of a version on its way out say.

use super::stage::{SOME, Stage, Who, json, task};
use crate::journal::faulty::Faulty;

const SERVICE: &str = "services/G06/thu.toml";
const PARTNERS: &str = "agreements/TT-2026-002.toml";

async fn with(edits: &[(&str, &str, &str)]) -> Stage {
    Stage::with(|_| json(&format!("[{}]", task("A"))), edits, Faulty::default()).await
}

#[tokio::test]
async fn a_description_is_served_by_the_right_to_the_data() {
    let read_only = SOME.replace("\"submit\", \"withdraw\"", "").replace("\"read\", ", "");
    assert_ne!(read_only, SOME);
    let (agreed, more) = ("formats = [", "formats = [\"soap\", ");
    let hanois = "agreements/TT-2026-001.toml";
    let stage = with(&[(PARTNERS, SOME, &read_only), (PARTNERS, agreed, more), (hanois, agreed, more)]).await;
    for file in ["openapi.json", "schema.json", "schema.xsd", "soap?wsdl", "dictionary"] {
        let path = format!("/{file}");
        let whole = stage.get(Who::Hanoi, &path).await;
        assert_eq!(whole.status, 200, "{whole:?}");
        assert!(whole.body.contains("SoDinhDanh") && whole.header("cache-control").contains("private"));
        let part = stage.get(Who::Partner, &path).await;
        assert_eq!(part.status, 200, "{part:?}");
        assert!(
            part.body.contains("TenNhiemVu")
                && !part.body.contains("SoDinhDanh")
                && !part.body.contains("MaSo")
        );
        assert_ne!(whole.header("etag"), part.header("etag"));
        let fields = format!("If-None-Match: {}\r\n", part.header("etag"));
        let again = stage.ask(Who::Partner, "GET", &path, &fields, "").await;
        assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", part.header("etag")));
        let other = stage.ask(Who::Hanoi, "GET", &path, &fields, "").await;
        assert_eq!(other.status, 200, "another's tag is no tag of this caller's");
        let posted = stage.ask(Who::Hanoi, "POST", &path, "", "").await;
        assert!(posted.status == 405 || file.starts_with("soap"), "{posted:?}");
        let record = stage.record(&part);
        assert_eq!(record.route.as_deref(), Some(&*format!("GET /api/{{member}}/{{service}}/v{{n}}/{file}")));
    }
    assert!(stage.heard().is_empty(), "nobody asks the provider");
    let page = stage.ask(Who::Partner, "GET", "/dictionary", "Accept: text/html\r\n", "").await;
    assert!(
        page.header("content-type").starts_with("text/html") && !page.body.contains("SoDinhDanh"),
        "{page:?}"
    );
    let wsdl = stage.get(Who::Partner, "/soap?WSDL").await;
    assert!(wsdl.body.contains("location=\"https://localhost/api/G06/thu/v1/soap\""), "{}", wsdl.body);
    assert!(
        wsdl.body.contains("QueryNhiemVu")
            && !wsdl.body.contains("Submit")
            && !wsdl.body.contains("UpdateNhiemVu")
    );
    assert_eq!(stage.get(Who::Partner, "/soap").await.status, 405);
    let shown = stage.get(Who::Partner, "/api").await.json();
    assert_eq!(shown["services"][0]["descriptions"]["openapi"], "/api/G06/thu/v1/openapi.json");
    let settled = (&shown["services"][0]["status"], &shown["services"][0]["caution"]);
    assert_eq!(settled, (&serde_json::json!("active"), &serde_json::Value::Null));
    for nowhere in
        ["/api/G06/khac/v1/openapi.json", "/api/G06/thu/v01/openapi.json", "/api/G06/thu/x/openapi.json"]
    {
        stage.get(Who::Hanoi, nowhere).await.is_refused(404, "not-found", "not-found");
    }
    stage.get(Who::Hanoi, "/api/G06/thu/v7/openapi.json").await.is_refused(
        404,
        "version-unknown",
        "version-unknown",
    );
}

#[tokio::test]
async fn without_an_agreement_there_is_no_description() {
    let stage = with(&[]).await;
    stage.get(Who::Hanoi, "/soap?wsdl").await.is_refused(403, "format-not-agreed", "format-not-agreed");
    let stage = with(&[(PARTNERS, "until = 2099-12-31", "until = 2026-01-31")]).await;
    let said = stage.get(Who::Partner, "/openapi.json").await;
    said.is_refused(403, "agreement-expired", "agreement-expired");
    assert!(!said.body.contains("TenNhiemVu"));
    let text =
        "id = \"DC-1\"\nreason = { vi = \"Lộ khóa\", en = \"A key has leaked\" }\nservice = \"G06/thu\"\n";
    let stage = with(&[("suspensions/DC-1.toml", "", text)]).await;
    stage.get(Who::Hanoi, "/openapi.json").await.is_refused(403, "suspended", "suspended");
}

#[tokio::test]
async fn every_answer_of_a_deprecated_version_says_so_and_a_retired_one_is_gone() {
    let named = "contract = \"nhiem-vu@1\"\n";
    let deprecated = format!("{named}deprecated_from = 2026-01-01\nretired_from = 2098-01-01\n");
    let stage = with(&[(SERVICE, named, &deprecated)]).await;
    let good = stage.get(Who::Hanoi, "/records").await;
    let refused = stage.get(Who::Hanoi, "/records?Khac=1").await;
    let described = stage.get(Who::Hanoi, "/openapi.json").await;
    assert_eq!((good.status, refused.status / 100, described.status), (200, 4, 200));
    for said in [&good, &refused, &described] {
        assert_eq!(said.header("deprecation"), "@1767200400", "{said:?}");
        assert_eq!(said.header("sunset"), "Tue, 31 Dec 2097 17:00:00 GMT");
        assert!(said.header("link").contains("rel=\"deprecation\""), "{said:?}");
    }
    assert!(stage.get(Who::Hanoi, "/api").await.header("deprecation").is_empty());

    let retired = format!("{named}deprecated_from = 2026-01-01\nretired_from = 2026-02-01\n");
    let stage = with(&[(SERVICE, named, &retired)]).await;
    for path in ["/records", "/openapi.json"] {
        let said = stage.get(Who::Hanoi, path).await;
        said.is_refused(410, "version-retired", "version-retired");
        assert_eq!(said.header("sunset"), "Sat, 31 Jan 2026 17:00:00 GMT");
    }
    assert!(stage.heard().is_empty());
}
