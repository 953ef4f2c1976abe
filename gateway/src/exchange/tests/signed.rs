//! Documents that bear an XML signature: refused, or carried as they are; never broken, never without it.

use super::stage::{SOME, Said, Stage, Who, reply};
use crate::journal::faulty::Faulty;

const NS: &str = "urn:lienthong:dataset:nhiem-vu:1";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const XML: &str = "Content-Type: application/xml\r\n";

/// The province's provider speaks XML; `signed` is what its document says.
async fn stage(signed: &str, script: impl Fn(&str) -> String + Send + Sync + 'static) -> Stage {
    let format = format!("format = \"xml\"\n{signed}");
    Stage::with(script, &[("services/G06/thu.toml", "format = \"json\"", &format)], Faulty::default()).await
}

fn task(key: &str, signature: &str) -> String {
    format!(
        "<NhiemVu xmlns=\"{NS}\"><MaSo>{key}</MaSo><TenNhiemVu>Nhiệm vụ mẫu</TenNhiemVu><MaLinhVuc>5</MaLinhVuc><ToChucChuTri><Ten>Hợp tác xã Mẫu</Ten><MaSoThue>9999000037</MaSoThue></ToChucChuTri><MaTinh>01</MaTinh><CapQuanLy>co-so</CapQuanLy><ChuNhiem><HoVaTen>Phạm Thị Ví Dụ</HoVaTen><SoDinhDanh>024188000004</SoDinhDanh></ChuNhiem><NoiDungChinh>Khảo sát.</NoiDungChinh><ThoiGianBatDau>2026-01-05</ThoiGianBatDau><ThoiGianKetThuc>2026-12-31</ThoiGianKetThuc><TinhTrang>dang-tien-hanh</TinhTrang>{signature}</NhiemVu>"
    )
}

/// The same inside a list, whose namespace is declared once.
fn in_list(key: &str) -> String {
    task(key, "").replacen(&format!(" xmlns=\"{NS}\""), "", 1)
}

fn signature(inside: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo><ds:Reference URI=\"\"><ds:Transforms><ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/></ds:Transforms><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>BBBB</ds:SignatureValue>{inside}</ds:Signature>"
    )
}

fn as_xml(body: &str) -> String {
    reply("200 OK", "Content-Type: application/xml\r\n", body)
}

async fn submit(stage: &Stage, body: &str) -> Said {
    stage.ask(Who::Hanoi, "POST", "/records", &format!("{XML}Accept: application/json\r\n"), body).await
}

/// What the journal says of the documents of an exchange: of the request's, and of the provider's.
fn recorded(stage: &Stage, said: &Said) -> (Option<String>, Option<String>) {
    let record = stage.record(said);
    (record.request_signed, record.response_signed)
}

fn word(word: &str) -> Option<String> {
    Some(word.to_owned())
}

async fn get(stage: &Stage, who: Who, accept: &str) -> Said {
    let accept = format!("Accept: {accept}, application/problem+json\r\n");
    stage.ask(who, "GET", "/records/A", &accept, "").await
}

#[tokio::test]
async fn a_signed_document_is_refused_unless_the_service_says_otherwise() {
    let stage = stage("", |_| as_xml(&task("A", &signature("")))).await;
    let said = submit(&stage, &task("S", &signature(""))).await;
    said.is_refused(422, "signed-document", "signed-refused");
    assert_eq!(recorded(&stage, &said), (word("refused"), None));
    assert!(stage.heard().is_empty());
    // Before, a reply's signature would have been dropped as an unknown field.
    for accept in ["application/json", "application/xml"] {
        let said = get(&stage, Who::Hanoi, accept).await;
        assert_eq!(said.status, 502, "{said:?}");
        assert!(said.body.contains("signed-document") && !said.body.contains("024188000004"), "{said:?}");
        assert_eq!(recorded(&stage, &said), (None, word("refused")));
    }
}

#[tokio::test]
async fn a_carried_document_reaches_the_provider_byte_for_byte() {
    let stage = stage("signed = \"carry\"", |_| reply("201 Created", "", "")).await;
    let original = task("S", &signature("<ds:KeyInfo/>")).replace("<MaSo>", "\n  <MaSo>");
    let said = submit(&stage, &original).await;
    assert_eq!(said.status, 201, "{said:?}");
    let heard = stage.heard().pop().unwrap();
    assert_eq!(heard.split_once("\r\n\r\n").unwrap().1, original);
    // The opening says it too: it is all that is left when a crash ends the exchange.
    assert_eq!(recorded(&stage, &said), (word("unchanged"), None));
    let told: Vec<_> =
        stage.lines().into_iter().filter_map(|line| line.get("request_signed").cloned()).collect();
    assert_eq!(told, ["unchanged", "unchanged"]);
    // Under another scope it goes nowhere.
    let said = submit(&stage, &original.replace("<MaTinh>01<", "<MaTinh>24<")).await;
    assert_eq!(recorded(&stage, &said), (word("refused"), None));
}

#[tokio::test]
async fn what_is_carried_is_what_was_checked() {
    let stage = stage("signed = \"carry\"", |_| reply("201 Created", "", "")).await;
    let good = task("S", &signature(""));
    let wrapped = task("S", &signature(&format!("<ds:Object Id=\"x\">{}</ds:Object>", task("GOC", ""))));
    for (body, kind, rule) in [
        // Wrapping: the signed original inside the signature, another document around it.
        (wrapped.clone(), "signed-document", "signature-form"),
        (wrapped.replace("URI=\"\"", "URI=\"#x\""), "signed-document", "signature-form"),
        // A manifest's references are nobody's duty to follow.
        (
            good.replace("<ds:SignedInfo><ds:Reference", "<ds:SignedInfo><ds:Reference URI=\"#m\"/></ds:SignedInfo><ds:Object><ds:Manifest Id=\"m\"><ds:Reference")
                .replace("</ds:SignedInfo><ds:SignatureValue>", "</ds:Manifest></ds:Object><ds:SignatureValue>"),
            "signed-document",
            "signature-form",
        ),
        (good.replace("URI=\"\"", "x:URI=\"\" URI=\"#x\" xmlns:x=\"urn:x\""), "signed-document", "signature-form"),
        (
            task("S", &signature("<ds:Object><La xmlns=\"urn:la\">không ai kiểm tra</La></ds:Object>")),
            "signed-document",
            "signature-form",
        ),
        (good.replace("URI=\"\"", "URI=\"#x\""), "signed-document", "signature-form"),
        (
            good.replace(
                &format!("{DSIG}enveloped-signature"),
                "http://www.w3.org/TR/1999/REC-xslt-19991116",
            ),
            "signed-document",
            "signature-form",
        ),
        (
            task("S", "").replace("</ChuNhiem>", &format!("{}</ChuNhiem>", signature(""))),
            "signed-document",
            "signature-form",
        ),
        (
            signature(&format!("<ds:Object>{}</ds:Object>", task("S", ""))),
            "signed-document",
            "signature-form",
        ),
        // What two parsers could read differently.
        (good.replace("co-so", "co-<!-- -->so"), "signed-document", "signature-beside"),
        (good.replace("<MaSo>", "<?chi-thi x?><MaSo>"), "signed-document", "signature-beside"),
        // Checked like any other.
        (good.replace("co-so", "SAI"), "contract-violation", "nhiem-vu@1"),
        (good.replace("<MaTinh>01<", "<MaTinh>24<"), "record-outside-scope", "record-outside-scope"),
        (good.replace("</NhiemVu>", "<La/></NhiemVu>"), "contract-violation", "nhiem-vu@1"),
        (format!("<!DOCTYPE a>{good}"), "unreadable", "doctype"),
    ] {
        let said = submit(&stage, &body).await;
        let (_, told, by) = said.refusal();
        assert_eq!((told.as_str(), by.as_str()), (kind, rule), "{body}\n{said:?}");
    }
    assert!(stage.heard().is_empty());
}

/// The parts of a body in two, by their heads and bytes.
fn parts(content_type: &str, body: &str) -> Vec<(String, String)> {
    let boundary = content_type.split("boundary=").nth(1).unwrap().split(';').next().unwrap();
    let inner = body.strip_prefix(&format!("--{boundary}\r\n")).unwrap();
    let inner = inner.strip_suffix(&format!("\r\n--{boundary}--\r\n")).unwrap();
    let delimiter = format!("\r\n--{boundary}\r\n");
    let all = inner.split(&delimiter);
    all.map(|part| part.split_once("\r\n\r\n").unwrap()).map(|(h, b)| (h.to_owned(), b.to_owned())).collect()
}

#[tokio::test]
async fn a_provider_of_json_gets_the_original_beside_its_translation() {
    let edit = ("services/G06/thu.toml", "format = \"json\"", "format = \"json\"\nsigned = \"carry\"");
    let stage = Stage::with(|_| reply("201 Created", "", ""), &[edit], Faulty::default()).await;
    let original = task("S", &signature("<ds:KeyInfo/>")).replace("<MaSo>", "\r\n  <MaSo>");
    let said = submit(&stage, &original).await;
    assert_eq!(said.status, 201, "{said:?}");
    let heard = stage.heard().pop().unwrap();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let typed = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap();
    assert!(
        typed.starts_with("multipart/related; boundary=") && typed.ends_with("; type=\"application/json\"")
    );
    let parts = parts(typed, body);
    assert!(
        parts[0].0 == "Content-Type: application/json" && parts[1].0.contains("Content-ID: <nguyen-ban>")
    );
    let translation: serde_json::Value = serde_json::from_str(&parts[0].1).unwrap();
    assert_eq!(translation["MaSo"], "S");
    assert_eq!((parts.len(), parts[1].1.as_str()), (2, original.as_str()));
    assert_eq!(recorded(&stage, &said), (word("beside"), None));
    // What bears no signature comes as ever.
    let said = submit(&stage, &task("S", "")).await;
    assert_eq!((said.status, recorded(&stage, &said)), (201, (None, None)));
    assert!(stage.heard().pop().unwrap().contains("Content-Type: application/json\r\n"));
}

#[tokio::test]
async fn a_signed_reply_leaves_whole_or_not_at_all() {
    let original = task("A", &signature(""));
    let sent = original.clone();
    let stage = Stage::with(
        move |_| as_xml(&sent),
        &[
            ("services/G06/thu.toml", "format = \"json\"", "format = \"xml\"\nsigned = \"carry\""),
            ("agreements/TT-2026-002.toml", SOME, &SOME.replace("release = [", "release = [\"MaSo\", ")),
            ("agreements/TT-2026-001.toml", "[\"json\", \"xml\"]", "[\"json\", \"xml\", \"soap\"]"),
        ],
        Faulty::default(),
    )
    .await;
    let said = get(&stage, Who::Hanoi, "application/xml").await;
    assert_eq!((said.status, said.body.as_str()), (200, original.as_str()), "{said:?}");
    assert_eq!(recorded(&stage, &said), (None, word("unchanged")));
    // Translated it would have lost its signature; to the partner it would show what it may not see.
    get(&stage, Who::Hanoi, "application/json").await.is_refused(406, "signed-document", "signed-format");
    get(&stage, Who::Hanoi, "*/*").await.is_refused(406, "signed-document", "signed-format");
    let said = get(&stage, Who::Hanoi, "application/json, multipart/related").await;
    assert_eq!(said.status, 200, "{said:?}");
    let parts = parts(said.header("content-type"), &said.body);
    assert!(parts[0].0 == "Content-Type: application/json" && parts[0].1.contains("\"MaSo\":\"A\""));
    assert_eq!((parts.len(), parts[1].1.as_str()), (2, original.as_str()));
    assert_eq!(recorded(&stage, &said), (None, word("beside")));
    for accept in ["application/json", "application/xml", "application/json, multipart/related"] {
        let said = get(&stage, Who::Partner, accept).await;
        said.is_refused(403, "signed-document", "signed-withheld");
        assert!(!said.body.contains("024188000004"), "{said:?}");
        assert_eq!(stage.record(&said).rule.as_deref(), Some("signed-document"));
        assert_eq!(recorded(&stage, &said), (None, word("refused")));
    }
    let message = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><ReadNhiemVu xmlns=\"{NS}\"><id>A</id></ReadNhiemVu></s:Body></s:Envelope>"
    );
    let said = stage.ask(Who::Hanoi, "POST", "/soap", "Content-Type: text/xml\r\n", &message).await;
    assert!(said.status == 500 && said.body.contains("signed-format"), "{said:?}");
}

#[tokio::test]
async fn what_is_done_is_told_without_the_signed_answer_that_cannot_be() {
    let stage = stage("signed = \"carry\"", |_| as_xml(&task("S", &signature("")))).await;
    let said = submit(&stage, &task("S", "")).await;
    assert_eq!((said.status, said.body.as_str()), (201, ""), "{said:?}");
    assert_eq!(recorded(&stage, &said), (None, word("kept-back")));
}

#[tokio::test]
async fn a_record_beyond_the_agreement_is_not_told_of_by_its_signature() {
    let stage = stage("signed = \"carry\"", |request| {
        let province =
            if request.contains("/records/B ") || request.contains("/ws/B ") { "24" } else { "01" };
        if request.starts_with("GET /ws?") {
            let key = if request.contains("MaSo=B") { "B" } else { "A" };
            let records = match key {
                "A" => String::new(),
                key => in_list(key).replace("<MaTinh>01", "<MaTinh>24"),
            };
            return as_xml(&format!(
                "<DanhSachNhiemVu xmlns=\"{NS}\">{records}{}</DanhSachNhiemVu>",
                signature("")
            ));
        }
        let key = if province == "24" { "B" } else { "A" };
        as_xml(&task(key, &signature("")).replace("<MaTinh>01", &format!("<MaTinh>{province}")))
    })
    .await;
    let xml = "Accept: application/xml, application/problem+json\r\n";
    // One that exists and one that does not look the same, in a list and alone.
    for key in ["A", "B"] {
        let said = stage.ask(Who::Hanoi, "GET", &format!("/records?MaSo={key}"), xml, "").await;
        said.is_refused(403, "signed-document", "signed-withheld");
    }
    let said = stage.ask(Who::Hanoi, "GET", "/records/B", xml, "").await;
    said.is_refused(404, "record-not-found", "record-not-found");
    assert_eq!(stage.ask(Who::Hanoi, "GET", "/records/A", xml, "").await.status, 200);
}

#[tokio::test]
async fn a_signed_list_leaves_whole_or_not_at_all() {
    let list = format!(
        "<DanhSachNhiemVu xmlns=\"{NS}\">{}{}{}</DanhSachNhiemVu>",
        in_list("A"),
        in_list("B"),
        signature("")
    );
    let sent = list.clone();
    let stage = Stage::with(
        move |_| as_xml(&sent),
        &[
            ("services/G06/thu.toml", "format = \"json\"", "format = \"xml\"\nsigned = \"carry\""),
            ("agreements/TT-2026-001.toml", "[records]\nMaTinh = { in = [\"01\"] }\n", ""),
        ],
        Faulty::default(),
    )
    .await;
    let xml = "Accept: application/xml, application/problem+json\r\n";
    let said = stage.ask(Who::Hanoi, "GET", "/records", xml, "").await;
    assert_eq!((said.status, said.body.as_str()), (200, list.as_str()), "{said:?}");
    for filter in ["?MaSo=A", "?limit=1"] {
        let said = stage.ask(Who::Hanoi, "GET", &format!("/records{filter}"), xml, "").await;
        said.is_refused(406, "signed-document", "signed-not-whole");
        assert!(!said.body.contains("024188000004"), "{said:?}");
    }
}

#[tokio::test]
async fn a_providers_signature_cannot_hide_whatever_its_dress() {
    let good = task("A", &signature(""));
    let veiled = good.replacen("xmldsig#", "xmldsi&#x67;#", 1);
    let renamed = good.replace("ds:", "x-1:").replace("xmlns:ds=", "xmlns:x-1=");
    let plain = signature("").replace("ds:", "").replace("xmlns:ds=", "xmlns=");
    let unprefixed = task("A", &plain);
    let deep = task("A", &format!("<La xmlns=\"urn:la\"><B>{plain}</B></La>"));
    let header = task("A", &format!("<w:Security xmlns:w=\"urn:wsse\">{}</w:Security>", signature("")));
    let commented = good.replace("<ds:Signature ", "<!-- --><ds:Signature ");
    let enveloping = signature(&format!("<ds:Object>{}</ds:Object>", task("A", "")));
    for (reply, carried) in [
        (veiled, true),
        (renamed, true),
        (unprefixed, true),
        (deep, false),
        (header, false),
        (commented, false),
        (enveloping, false),
        // What the contract does not have would leave with the rest.
        (good.replace("<ds:Signature ", "<La/><ds:Signature "), false),
    ] {
        for policy in ["", "signed = \"carry\""] {
            let sent = reply.clone();
            let stage = stage(policy, move |_| as_xml(&sent)).await;
            let said = get(&stage, Who::Hanoi, "application/xml").await;
            if carried && !policy.is_empty() {
                assert_eq!((said.status, said.body.as_str()), (200, reply.as_str()), "{said:?}");
                continue;
            }
            assert_eq!(said.status, 502, "{reply} {said:?}");
            assert!(said.body.contains("provider-broke-contract") && !said.body.contains("024188000004"));
        }
    }
    // In a comment or in character data there is none.
    let stage = stage("", move |_| {
        as_xml(
            &task("A", "")
                .replace("<MaSo>", "<!-- xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" --><MaSo>"),
        )
    })
    .await;
    let said = get(&stage, Who::Hanoi, "application/xml").await;
    assert!(said.status == 200 && !said.body.contains("xmldsig"), "{said:?}");
}

#[tokio::test]
async fn a_signed_record_can_be_looked_at_and_replaced() {
    for (policy, done) in [("signed = \"carry\"", true), ("", false)] {
        let stage = stage(policy, |request| match request.starts_with("GET") {
            true => as_xml(&task("A", &signature(""))),
            false => reply("204 No Content", "", ""),
        })
        .await;
        let body = task("A", &if done { signature("") } else { String::new() });
        let said = stage.ask(Who::Hanoi, "PUT", "/records/A", XML, &body).await;
        let put = stage.heard().into_iter().any(|request| request.starts_with("PUT"));
        assert_eq!((said.status == 200, put), (done, done), "{said:?}");
    }
}
