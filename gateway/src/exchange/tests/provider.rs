//! A provider that says more, or other, than it may.

use super::stage::{NUMBER, Stage, Who, json, of_province, reply, task};

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn no_header_of_a_provider_leaves_but_the_tag_of_an_unchanged_body() {
    let smuggled = "Content-Type: application/json\r\nSet-Cookie: a=b\r\nLt-Exchange-Id: 1\r\nLocation: https://evil.example\r\n\
                    X-Person: 024188000004\r\nCache-Control: public\r\nWarning: 199\r\nLink: <x>\r\nETag: \"v1\"\r\n";
    let stage = Stage::set(move |_| reply("200 OK", smuggled, &format!("[{}]", task("A")))).await;
    let whole = stage.get(Who::Hanoi, "/records").await;
    assert_eq!((whole.header("etag"), whole.body.clone()), ("\"v1\"", format!("[{}]", task("A"))));
    let reduced = stage.get(Who::Partner, "/records").await;
    assert_eq!(reduced.header("etag"), "", "a tag made of the record tells of what is withheld");
    assert_eq!(reduced.body, r#"[{"TenNhiemVu":"Nhiệm vụ cấp cơ sở mẫu","MaTinh":"01"}]"#);
    let translated = stage.ask(Who::Hanoi, "GET", "/records", "Accept: application/xml\r\n", "").await;
    assert!(translated.header("etag").is_empty() && translated.body.starts_with("<?xml"), "{translated:?}");
    for said in [whole, reduced, translated] {
        let head = said.head.to_lowercase();
        for absent in ["set-cookie", "evil", "person", "public", "warning", "link"] {
            assert!(!head.contains(absent), "{absent}: {head}");
        }
        assert_eq!(head.matches("lt-exchange-id").count(), 1);
        assert_eq!(said.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_reply_that_is_not_what_was_declared_is_stopped() {
    for (answer, rule) in [
        (reply("200 OK", "Content-Type: text/html\r\n", "[]"), "content-type"),
        (reply("200 OK", "Content-Type: application/json; charset=latin1\r\n", "[]"), "content-type"),
        (reply("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), "[]"), "content-coding"),
        (json(&task("A")), "wrong-root"),
        (json("[1"), "not-well-formed"),
    ] {
        let stage = Stage::set(move |_| answer.clone()).await;
        let (status, kind, told) = stage.get(Who::Hanoi, "/records").await.refusal();
        assert_eq!((status, kind.as_str()), (502, "provider-broke-contract"), "{rule}: {told}");
        if rule != "wrong-root" {
            assert_eq!(told, rule);
        }
    }
}

#[tokio::test]
async fn only_a_clear_yes_brings_data() {
    for status in
        ["204 No Content", "206 Partial Content", "302 Found", "304 Not Modified", "500 Oops", "201 Created"]
    {
        let stage = Stage::set(move |_| reply(status, JSON, &format!("[{}]", task("A")))).await;
        let said = stage.get(Who::Hanoi, "/records").await;
        assert_eq!(said.status, 502, "{status}: {said:?}");
        assert!(!said.body.contains("Khảo sát"));
    }
}

#[tokio::test]
async fn a_record_under_another_key_is_stopped() {
    let stage = Stage::set(|_| json(&task("B"))).await;
    stage.get(Who::Hanoi, "/records/A").await.is_refused(502, "provider-broke-contract", "wrong-record");
}

#[tokio::test]
async fn violations_of_a_reply_tell_fields_and_nothing_of_the_records() {
    let bad = of_province("B", "24").replace(r#""MaLinhVuc":"5""#, &format!(r#""MaLinhVuc":"{NUMBER}""#));
    let stage = Stage::set(move |_| json(&format!("[{},{bad}]", task("A")))).await;
    let said = stage.get(Who::Hanoi, "/records").await;
    said.is_refused(502, "provider-broke-contract", "nhiem-vu@1");
    assert_eq!(said.json()["violations"][0]["path"], "/*/MaLinhVuc");
    assert!(!said.body.contains(NUMBER));
}

#[tokio::test]
async fn what_a_provider_did_is_never_told_as_undone() {
    let unclear = [
        json("[1"),
        json(&format!("[{},{}]", task("A"), task("B"))),
        json("{\"MaSo\":1}"),
        reply("202 Accepted", "", ""),
        reply("307 Temporary Redirect", "Location: /x\r\n", ""),
        reply("500 Oops", "", ""),
        String::new(),
    ];
    for answer in unclear {
        let shown = answer.clone();
        let stage = Stage::set(move |_| answer.clone()).await;
        let said = stage.send(Who::Hanoi, "POST", "/records", &task("A")).await;
        let (status, kind, _) = said.refusal();
        assert_eq!((status, kind.as_str()), (504, "outcome-unknown"), "{shown}");
        assert_eq!(stage.heard().len(), 1, "a submission is sent once");
    }
}

#[tokio::test]
async fn a_change_that_was_made_is_told_whatever_scope_its_reply_has() {
    let stage = Stage::set(|_| json(&of_province("A", "24"))).await;
    let said = stage.send(Who::Hanoi, "POST", "/records", &task("A")).await;
    assert_eq!((said.status, said.body.as_str(), said.header("location")), (201, "", ""), "{said:?}");
}

#[tokio::test]
async fn a_key_that_is_not_released_is_not_in_location_either() {
    let stage = Stage::set(|_| reply("201 Created", JSON, &task("KHOA-KIN"))).await;
    let said = stage.send(Who::Partner, "POST", "/records", &task("A")).await;
    assert_eq!(said.status, 201);
    assert!(!said.head.contains("KHOA") && !said.body.contains("KHOA"), "{said:?}");
    let said = stage.send(Who::Hanoi, "POST", "/records", &task("A")).await;
    assert_eq!(said.header("location"), "/api/G06/thu/v1/records/KHOA%2DKIN");
}

#[tokio::test]
async fn a_large_reply_is_filtered_as_a_small_one() {
    let records: Vec<String> =
        (0..600).map(|n| of_province(&format!("K{n}"), if n % 3 == 0 { "01" } else { "24" })).collect();
    let body = format!("[{}]", records.join(","));
    let stage = Stage::set(move |_| json(&body)).await;
    let said = stage.get(Who::Hanoi, "/records").await;
    assert_eq!(said.json().as_array().map(Vec::len), Some(200));
    assert_eq!(stage.record(&said).records, Some(200));
    let few = stage.get(Who::Hanoi, "/records?limit=7").await;
    assert_eq!(few.json().as_array().map(Vec::len), Some(7), "of those in scope");
}

#[tokio::test]
async fn a_reply_beyond_its_limit_is_stopped() {
    let stage = Stage::set(|_| reply("200 OK", JSON, &" ".repeat(1024 * 1024 + 1))).await;
    stage.get(Who::Hanoi, "/records").await.is_refused(502, "provider-too-large", "provider-too-large");
}
