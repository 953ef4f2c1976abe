//! Consumers that speak SOAP: asked by the same rules, answered in their own words.

use super::stage::{OPERATIONS, Said, Stage, Who, json, of_province, reply, task};
use crate::journal::faulty::Faulty;

const NS: &str = "urn:lienthong:dataset:nhiem-vu:1";
const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const V12: &str = "http://www.w3.org/2003/05/soap-envelope";
const EXCHANGE: &str = "urn:lienthong:soap:1";
const XROAD: &str = "http://x-road.eu/xsd/xroad.xsd";
const IDENTIFIERS: &str = "http://x-road.eu/xsd/identifiers";

/// Hà Nội's agreement names SOAP, the partner's does not; Hà Nội and the provider have X-Road names.
async fn stage(script: impl Fn(&str) -> String + Send + Sync + 'static) -> Stage {
    let alias = |id: &str| format!("aliases = {{ xroad = \"VN/GOV/{id}\" }}\nkind = \"ministry\"");
    let edits = [
        ("agreements/TT-2026-001.toml", "[\"json\", \"xml\"]", "[\"json\", \"xml\", \"soap\"]"),
        ("members/H26.toml", "kind = \"ministry\"", &alias("H26")),
        ("members/G06.toml", "kind = \"ministry\"", &alias("G06")),
    ];
    Stage::with(script, &edits, Faulty::default()).await
}

fn envelope(version: &str, header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{version}\"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// Sends a message without any `Lt-` header.
async fn bare(stage: &Stage, who: Who, fields: &str, message: &str) -> Said {
    let length = message.len();
    let text = format!(
        "POST /api/G06/thu/v1/soap HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n{fields}Content-Length: {length}\r\n\r\n{message}"
    );
    stage.send_text(who, "POST", &text).await
}

async fn v11(stage: &Stage, who: Who, message: &str) -> Said {
    bare(stage, who, "Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"\"\r\n", message).await
}

fn purpose(text: &str) -> String {
    format!("<x:Exchange xmlns:x=\"{EXCHANGE}\"><x:Purpose>{text}</x:Purpose></x:Exchange>")
}

fn query() -> String {
    format!("<QueryNhiemVu xmlns=\"{NS}\"><MaSo>A</MaSo><limit>5</limit></QueryNhiemVu>")
}

fn read(id: &str) -> String {
    format!("<n:ReadNhiemVu xmlns:n=\"{NS}\"><n:id>{id}</n:id></n:ReadNhiemVu>")
}

/// Text of the first element of that local name.
fn text(said: &Said, name: &str) -> String {
    let document = roxmltree::Document::parse(&said.body).unwrap_or_else(|_| panic!("{said:?}"));
    let found = document.descendants().find(|node| node.tag_name().name() == name);
    found.and_then(|node| node.text()).unwrap_or_default().to_owned()
}

/// Everything the journal's lines say of an exchange.
fn recorded(stage: &Stage, said: &Said) -> serde_json::Value {
    let id = said.header("lt-exchange-id");
    let lines = stage.lines().into_iter().filter(|line| line["exchange"] == id);
    serde_json::Value::Object(lines.filter_map(|line| line.as_object().cloned()).flatten().collect())
}

/// HTTP status, fault code, the problem's status, stable code and rule.
#[track_caller]
fn is_fault(said: &Said, http: u16, code: &str, status: &str, kind: &str, rule: &str) {
    let told = if said.body.contains(V12) { "Value" } else { "faultcode" };
    let is = (said.status, text(said, told), text(said, "status"), text(said, "type"), text(said, "rule"));
    let must = (
        http,
        format!("soapenv:{code}"),
        status.to_owned(),
        format!("urn:lienthong:problem:{kind}"),
        rule.to_owned(),
    );
    assert_eq!(is, must, "{said:?}");
    assert_eq!(text(said, "exchange"), said.header("lt-exchange-id"), "{said:?}");
}

#[tokio::test]
async fn a_query_is_judged_and_answered_like_any_other() {
    let everything = format!("[{},{},{}]", task("A"), task("B"), of_province("A", "24"));
    let stage = stage(move |_| json(&everything)).await;
    for (version, fields) in [
        (
            V11,
            "Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"urn:lienthong:dataset:nhiem-vu:1/QueryNhiemVu\"\r\n",
        ),
        (V11, "Content-Type: text/xml\r\n"),
        (
            V12,
            "Content-Type: application/soap+xml; charset=utf-8; action=\"urn:lienthong:dataset:nhiem-vu:1/QueryNhiemVu\"\r\n",
        ),
    ] {
        let said = bare(&stage, Who::Hanoi, fields, &envelope(version, &purpose("quan-ly"), &query())).await;
        assert_eq!(said.status, 200, "{said:?}");
        assert_eq!(said.header("content-type").split(';').next(), fields[14..].split([';', '\r']).next());
        let document = roxmltree::Document::parse(&said.body).unwrap();
        let body = document.root_element().first_element_child().unwrap();
        assert!(body.has_tag_name((version, "Body")), "{said:?}");
        let response = body.first_element_child().unwrap();
        assert!(response.has_tag_name((NS, "QueryNhiemVuResponse")), "{said:?}");
        let list = response.first_element_child().unwrap();
        assert!(list.has_tag_name((NS, "DanhSachNhiemVu")), "{said:?}");
        let keys: Vec<_> =
            list.children().map(|record| record.first_element_child().unwrap().text()).collect();
        assert_eq!(keys, [Some("A")], "the filter and the agreement's province hold");
    }
    assert!(stage.heard()[0].starts_with("GET /ws?MaSo=A HTTP/1.1"), "{}", stage.heard()[0]);
    assert!(stage.heard()[0].contains("lt-purpose: quan-ly"), "{}", stage.heard()[0]);
}

#[tokio::test]
async fn a_message_is_recorded_as_what_it_asks_with_its_length_and_digest() {
    let stage = stage(|_| json(&task("A"))).await;
    let message = envelope(V11, &purpose("quan-ly"), &read("A"));
    let said = v11(&stage, Who::Hanoi, &message).await;
    assert_eq!((said.status, text(&said, "MaSo")), (200, "A".to_owned()), "{said:?}");
    let record = recorded(&stage, &said);
    assert_eq!(record["operation"], "read");
    assert_eq!(record["format"], "soap");
    assert_eq!(record["purpose"], "quan-ly");
    assert_eq!(record["route"], "POST /api/{member}/{service}/v{n}/soap");
    assert_eq!(record["request_bytes"], message.len());
    assert_eq!(record["response_bytes"], said.body.len());
}

#[tokio::test]
async fn a_submitted_record_is_checked_and_reaches_the_provider_in_its_own_format() {
    let stage = stage(|request| {
        let body = request.split_once("\r\n\r\n").unwrap().1;
        reply("201 Created", "Content-Type: application/json\r\n", body)
    })
    .await;
    let record = |province: &str| {
        format!(
            "<NhiemVu><MaSo>S-1</MaSo><TenNhiemVu>Nhiệm vụ &amp; mẫu</TenNhiemVu><MaLinhVuc>5</MaLinhVuc><ToChucChuTri><Ten>Hợp tác xã Mẫu</Ten><MaSoThue>9999000037</MaSoThue></ToChucChuTri><MaTinh>{province}</MaTinh><CapQuanLy>co-so</CapQuanLy><ChuNhiem><HoVaTen>Phạm Thị Ví Dụ</HoVaTen><SoDinhDanh>024188000004</SoDinhDanh></ChuNhiem><NoiDungChinh>Khảo sát.</NoiDungChinh><ThoiGianBatDau>2026-01-05</ThoiGianBatDau><ThoiGianKetThuc>2026-12-31</ThoiGianKetThuc><TinhTrang>dang-tien-hanh</TinhTrang></NhiemVu>"
        )
    };
    let submit = |inner: &str| {
        let key = "<x:IdempotencyKey>k-1</x:IdempotencyKey></x:Exchange>";
        let header = purpose("quan-ly").replace("</x:Exchange>", key);
        envelope(V12, &header, &format!("<SubmitNhiemVu xmlns=\"{NS}\">{inner}</SubmitNhiemVu>"))
    };
    let send = async |inner: &str| {
        bare(&stage, Who::Hanoi, "Content-Type: application/soap+xml\r\n", &submit(inner)).await
    };
    let said = send(&record("01")).await;
    assert_eq!((said.status, text(&said, "MaSo").as_str()), (200, "S-1"), "{said:?}");
    assert!(said.body.contains("SubmitNhiemVuResponse"), "{said:?}");
    let heard = stage.heard();
    assert!(
        heard[0].starts_with("POST /ws HTTP/1.1") && heard[0].contains("\"TenNhiemVu\":\"Nhiệm vụ & mẫu\""),
        "{}",
        heard[0]
    );
    assert!(heard[0].contains("idempotency-key: "), "{}", heard[0]);

    // What breaks the contract or lies outside the agreement reaches nobody.
    let broken = send(&record("01").replace("co-so", "SAI")).await;
    is_fault(&broken, 400, "Sender", "422", "contract-violation", "nhiem-vu@1");
    assert_eq!(text(&broken, "path"), "/CapQuanLy", "{broken:?}");
    let outside = send(&record("24")).await;
    is_fault(&outside, 400, "Sender", "403", "record-outside-scope", "record-outside-scope");
    let typed = send(
        &record("01")
            .replace("<MaSo>", "<MaSo xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='x'>"),
    )
    .await;
    is_fault(&typed, 400, "Sender", "400", "unreadable", "xsi-type");
    for parts in [String::new(), record("01").repeat(2), "<id>S-1</id>".to_owned() + &record("01")] {
        is_fault(&send(&parts).await, 400, "Sender", "400", "soap-message", "soap-part");
    }
    assert_eq!(stage.heard().len(), 1);
}

#[tokio::test]
async fn an_update_names_its_record_and_a_withdrawal_needs_no_other() {
    let stage = stage(|request| match request {
        request if request.starts_with("GET") => json(&task("A")),
        _ => reply("204 No Content", "", ""),
    })
    .await;
    let withdraw = format!("<WithdrawNhiemVu xmlns=\"{NS}\"><id>A</id></WithdrawNhiemVu>");
    let said = v11(&stage, Who::Hanoi, &envelope(V11, &purpose("quan-ly"), &withdraw)).await;
    assert_eq!(said.status, 200, "{said:?}");
    assert!(
        said.body.contains(
            "<WithdrawNhiemVuResponse xmlns=\"urn:lienthong:dataset:nhiem-vu:1\"></WithdrawNhiemVuResponse>"
        ),
        "{said:?}"
    );
    let last = stage.heard().pop().unwrap();
    assert!(last.starts_with("DELETE /ws/A HTTP/1.1"), "{last}");
    let wrong = withdraw.replace("<id>A</id>", "<id>../b</id>");
    let said = v11(&stage, Who::Hanoi, &envelope(V11, &purpose("quan-ly"), &wrong)).await;
    is_fault(&said, 500, "Client", "400", "parameter", "parameter");
}

#[tokio::test]
async fn a_format_that_was_not_agreed_is_a_fault_and_not_xml() {
    let stage = stage(|_| json(&task("A"))).await;
    let query = format!("<QueryNhiemVu xmlns=\"{NS}\"><MaTinh>01</MaTinh></QueryNhiemVu>");
    let said = v11(&stage, Who::Partner, &envelope(V11, &purpose("quan-ly"), &query)).await;
    is_fault(&said, 500, "Client", "403", "format-not-agreed", "format-not-agreed");
    assert!(stage.heard().is_empty());
}

#[tokio::test]
async fn a_hidden_field_is_neither_filtered_by_nor_told() {
    let stage = Stage::with(
        |_| json(&format!("[{}]", task("A"))),
        &[("agreements/TT-2026-002.toml", "[\"json\", \"xml\"]", "[\"soap\"]")],
        Faulty::default(),
    )
    .await;
    let ask = |filter: &str| {
        envelope(V11, &purpose("quan-ly"), &format!("<QueryNhiemVu xmlns=\"{NS}\">{filter}</QueryNhiemVu>"))
    };
    let said = v11(&stage, Who::Partner, &ask("<MaTinh>01</MaTinh>")).await;
    assert_eq!(said.status, 200, "{said:?}");
    assert!(!said.body.contains("024188000004") && !said.body.contains("<MaSo>"), "{said:?}");
    let said =
        v11(&stage, Who::Partner, &ask("<ChuNhiem.SoDinhDanh>024188000004</ChuNhiem.SoDinhDanh>")).await;
    is_fault(&said, 500, "Client", "403", "filter-not-released", "filter-not-released");
    assert!(!said.body.contains("024188000004"), "{said:?}");
    assert_eq!(stage.heard().len(), 1);
}

#[tokio::test]
async fn a_message_that_contradicts_itself_is_refused_whichever_half_would_be_allowed() {
    let stage = stage(|_| json(&task("A"))).await;
    let good = envelope(V11, &purpose("quan-ly"), &read("A"));
    let typed = "Content-Type: text/xml\r\n";
    for (fields, message, kind, rule) in [
        // The body reads, the action queries, and the other way round.
        (format!("{typed}SOAPAction: \"{NS}/QueryNhiemVu\"\r\n"), good.clone(), "soap-message", "soap-action"),
        (format!("{typed}SOAPAction: \"{NS}/ReadNhiemVu\"\r\n"), good.replace("ReadNhiemVu", "QueryNhiemVu"), "soap-message", "soap-action"),
        (typed.to_owned(), good.replace(V11, V12), "soap-message", "soap-version"),
        (typed.to_owned(), good.replace(V11, "urn:soap"), "unreadable", "soap-version"),
        (format!("{typed}Lt-Purpose: thong-ke\r\n"), good.clone(), "contradiction", "contradiction"),
        (typed.to_owned(), good.replace("</s:Body>", &format!("{}</s:Body>", query())), "unreadable", "soap-body"),
        (typed.to_owned(), good.replace("ReadNhiemVu", "DeleteNhiemVu"), "soap-message", "unknown-operation"),
        (typed.to_owned(), good.replace(NS, "urn:other"), "soap-message", "unknown-operation"),
        (typed.to_owned(), good.replace("n:id>", "n:key>"), "soap-message", "soap-part"),
        (typed.to_owned(), good.replace("</n:ReadNhiemVu>", "<n:MaTinh>24</n:MaTinh></n:ReadNhiemVu>"), "soap-message", "soap-part"),
        (typed.to_owned(), good.replace("</s:Header>", "<w:Security s:mustUnderstand='1' xmlns:w='urn:w'/></s:Header>"), "unreadable", "must-understand"),
        (typed.to_owned(), format!("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>{}", good.replace(">A<", ">&b;<")), "unreadable", "doctype"),
        (typed.to_owned(), good.replace("</n:ReadNhiemVu>", "<d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'/></n:ReadNhiemVu>"), "signed-document", "signed-message"),
        (typed.to_owned(), good.replace("</s:Header>", "<w:Security xmlns:w='urn:w'><d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'/></w:Security></s:Header>"), "signed-document", "signed-message"),
    ] {
        let said = bare(&stage, Who::Hanoi, &fields, &message).await;
        let told = (said.status, text(&said, "type"), text(&said, "rule"));
        let must = (500, format!("urn:lienthong:problem:{kind}"), rule.to_owned());
        assert_eq!(told, must, "{message}\n{said:?}");
        let code = text(&said, "faultcode");
        match rule {
            "soap-version" => assert_eq!(code, "soapenv:VersionMismatch"),
            "must-understand" => assert_eq!(code, "soapenv:MustUnderstand"),
            _ => assert_eq!(code, "soapenv:Client"),
        }
    }
    assert!(stage.heard().is_empty());
}

#[tokio::test]
async fn every_refusal_of_a_message_is_a_fault_in_its_version_and_language() {
    let stage = stage(|_| reply("500 Internal Server Error", "", "bí mật của bên cung cấp")).await;
    let message = envelope(V12, &purpose("quan-ly"), &read("A"));
    let at = async |path: &str, method: &str, fields: &str, body: &str| {
        stage.ask(Who::Hanoi, method, path, fields, body).await
    };
    let soap12 = "Content-Type: application/soap+xml\r\n";
    let nowhere = at("/api/G06/khong-co/v1/soap", "POST", soap12, &message).await;
    is_fault(&nowhere, 400, "Sender", "404", "not-found", "not-found");
    let astray = at("/api/G06/thu/v1/record", "POST", soap12, &message).await;
    is_fault(&astray, 400, "Sender", "404", "not-found", "not-found");
    let version = at("/api/G06/thu/v9/soap", "POST", soap12, &message).await;
    is_fault(&version, 400, "Sender", "404", "version-unknown", "version-unknown");
    let media = at("/api/G06/thu/v1/soap", "POST", "Content-Type: application/json\r\n", "{}").await;
    is_fault(&media, 500, "Client", "415", "media-type", "media-type");
    // Messages with attachments, of both kinds, and in another encoding.
    for related in [
        "multipart/related; boundary=b; type=\"application/xop+xml\"; start-info=\"application/soap+xml\"",
        "multipart/related; boundary=b; type=\"text/xml\"",
        "application/xop+xml",
        "application/soap+xml; charset=utf-16",
    ] {
        let fields = format!("Content-Type: {related}\r\n");
        let attached = format!("--b\r\nContent-Type: application/soap+xml\r\n\r\n{message}\r\n--b--\r\n");
        let said = at("/api/G06/thu/v1/soap", "POST", &fields, &attached).await;
        assert_eq!(
            (text(&said, "status"), text(&said, "rule")),
            ("415".into(), "media-type".into()),
            "{said:?}"
        );
    }
    let xop = "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:a\"/>";
    let referring = message.replace(">A<", &format!(">{xop}<"));
    let said = at("/api/G06/thu/v1/soap", "POST", soap12, &referring).await;
    is_fault(&said, 400, "Sender", "400", "parameter", "parameter");
    let submitted = envelope(
        V12,
        &purpose("quan-ly"),
        &format!(
            "<SubmitNhiemVu xmlns=\"{NS}\">{}</SubmitNhiemVu>",
            task_xml("S", "01").replace(">Nhiệm vụ mẫu<", &format!(">{xop}<"))
        ),
    );
    let said = at("/api/G06/thu/v1/soap", "POST", soap12, &submitted).await;
    is_fault(&said, 400, "Sender", "400", "unreadable", "mixed-content");
    let query = at("/api/G06/thu/v1/soap?MaTinh=24", "POST", soap12, &message).await;
    is_fault(&query, 400, "Sender", "400", "parameter", "unknown-parameter");
    let large = format!("{soap12}X: y\r\n");
    let large = at("/api/G06/thu/v1/soap", "POST", &large, &" ".repeat(2 * 1024 * 1024)).await;
    is_fault(&large, 400, "Sender", "413", "body-too-large", "body-too-large");
    let elsewhere = "POST /api/G06/thu/v1/soap HTTP/1.1\r\nHost: khong-phai-day\r\nContent-Type: application/soap+xml\r\nContent-Length: 0\r\nAccept-Language: en\r\n\r\n";
    let unclean = stage.send_text(Who::Hanoi, "POST", elsewhere).await;
    assert_eq!((unclean.status, text(&unclean, "status").as_str()), (400, "421"), "{unclean:?}");
    let provider = at("/api/G06/thu/v1/soap", "POST", soap12, &message).await;
    is_fault(&provider, 500, "Receiver", "502", "provider-error", "status-500");
    assert!(!provider.body.contains("bí mật"), "{provider:?}");
    let asked = at("/api/G06/thu/v1/soap", "GET", "", "").await;
    assert_eq!((asked.status, asked.header("allow")), (405, "POST"), "{asked:?}");
    let vietnamese = bare(
        &stage,
        Who::Partner,
        "Content-Type: text/xml\r\nAccept-Language: vi\r\n",
        &message.replace(V12, V11),
    )
    .await;
    assert!(vietnamese.status == 500, "{vietnamese:?}");
}

#[tokio::test]
async fn x_road_names_are_taken_for_ours_and_given_back() {
    let stage = stage(|_| json(&task("A"))).await;
    let client = |member: &str| {
        format!(
            "<r:client xmlns:r=\"{XROAD}\" xmlns:i=\"{IDENTIFIERS}\" i:objectType=\"SUBSYSTEM\"><i:xRoadInstance>VN</i:xRoadInstance><i:memberClass>GOV</i:memberClass><i:memberCode>{member}</i:memberCode><i:subsystemCode>he-thong</i:subsystemCode></r:client>"
        )
    };
    let rest = format!(
        "<r:id xmlns:r=\"{XROAD}\">m-1</r:id><r:userId xmlns:r=\"{XROAD}\">cb-01</r:userId><r:issue xmlns:r=\"{XROAD}\">Hồ sơ 12</r:issue><r:protocolVersion xmlns:r=\"{XROAD}\">4.0</r:protocolVersion>"
    );
    let service = |code: &str, member: &str| {
        format!(
            "<r:service xmlns:r=\"{XROAD}\" xmlns:i=\"{IDENTIFIERS}\" i:objectType=\"SERVICE\"><i:xRoadInstance>VN</i:xRoadInstance><i:memberClass>GOV</i:memberClass><i:memberCode>{member}</i:memberCode><i:serviceCode>{code}</i:serviceCode></r:service>"
        )
    };
    let message = |client: &str, service: &str| {
        envelope(V11, &format!("{}{client}{service}{rest}", purpose("quan-ly")), &read("A"))
    };
    let said = v11(&stage, Who::Hanoi, &message(&client("H26"), &service("ReadNhiemVu", "G06"))).await;
    assert_eq!(said.status, 200, "{said:?}");
    for (block, value) in [
        ("id", "m-1"),
        ("userId", "cb-01"),
        ("issue", "Hồ sơ 12"),
        ("protocolVersion", "4.0"),
        ("memberCode", "H26"),
        ("serviceCode", "ReadNhiemVu"),
    ] {
        assert_eq!(text(&said, block), value, "{said:?}");
    }
    let heard = stage.heard().pop().unwrap();
    assert!(heard.contains("lt-user: cb-01") && !heard.contains("x-road"), "{heard}");
    let record = recorded(&stage, &said).to_string();
    assert!(record.contains("cb-01") && !record.contains("Hồ sơ"), "{record}");

    // Somebody else's name, another service, another officer.
    let other = v11(&stage, Who::Hanoi, &message(&client("G01"), "")).await;
    is_fault(&other, 500, "Client", "403", "xroad-client", "xroad-client");
    let nobody = v11(&stage, Who::Partner, &message(&client("G03"), "")).await;
    is_fault(&nobody, 500, "Client", "403", "xroad-client", "xroad-client");
    for service in [service("QueryNhiemVu", "G06"), service("ReadNhiemVu", "G01")] {
        let said = v11(&stage, Who::Hanoi, &message(&client("H26"), &service)).await;
        is_fault(&said, 500, "Client", "400", "soap-message", "xroad-service");
    }
    let fields = "Content-Type: text/xml\r\nLt-User: cb-02\r\n";
    let said = bare(&stage, Who::Hanoi, fields, &message(&client("H26"), "")).await;
    is_fault(&said, 500, "Client", "400", "contradiction", "contradiction");
    assert_eq!(stage.heard().len(), 1);
}

#[tokio::test]
async fn x_road_headers_are_second_names_of_ours() {
    let stage = stage(|_| json(&task("A"))).await;
    let get = async |fields: &str| stage.ask(Who::Hanoi, "GET", "/records/A", fields, "").await;
    let said = get("X-Road-Client: VN/GOV/H26/he-thong\r\nX-Road-Id: m-1\r\nX-Road-UserId: cb-01\r\nX-Road-Issue: HS 12\r\n").await;
    assert_eq!((said.status, said.header("x-road-id")), (200, "m-1"), "{said:?}");
    assert_eq!(said.header("x-road-client"), "VN/GOV/H26/he-thong");
    assert_eq!(said.header("x-road-request-id"), said.header("lt-exchange-id"));
    assert!(stage.heard()[0].contains("lt-user: cb-01"), "{}", stage.heard()[0]);
    assert!(get("X-Road-Client: VN/GOV/H26\r\n").await.status == 200);
    assert!(get("X-Road-UserId: cb-01\r\nLt-User: cb-01\r\n").await.status == 200);
    let heard = stage.heard().len();
    for (fields, status, kind) in [
        ("X-Road-Client: VN/GOV/G03/he-thong\r\n", 403, "xroad-client"),
        ("X-Road-Client: VN/GOV/H26/he-thong-khac\r\n", 403, "xroad-client"),
        ("X-Road-Client: VN/GOV/%48%32%37\r\n", 403, "xroad-client"),
        ("X-Road-Client: H26\r\n", 400, "header"),
        ("X-Road-Client: VN/GOV/H26\r\nX-Road-Client: VN/GOV/H26\r\n", 400, "header"),
        ("X-Road-UserId: cb-01\r\nLt-User: cb-02\r\n", 400, "contradiction"),
        ("X-Road-UserId: VN024188000004\r\n", 400, "header"),
        ("X-Road-UserId: 024188000004\r\n", 400, "header"),
        ("X-Road-Represented-Party: GOV/G03\r\n", 403, "relay-not-allowed"),
    ] {
        let said = get(fields).await;
        assert_eq!((said.status, said.refusal().1.as_str()), (status, kind), "{fields} {said:?}");
        assert!(!said.body.contains("024188000004"), "{said:?}");
        let told = said.header("x-road-client");
        assert!(told.is_empty(), "nobody is called by a name that is not its own: {told}");
    }
    assert_eq!(stage.heard().len(), heard);
}

#[tokio::test]
async fn a_relay_names_the_party_it_speaks_for_by_either_name() {
    let stage = Stage::with(
        |_| json(&task("A")),
        &[
            (
                "members/H26.toml",
                "kind = \"ministry\"",
                "kind = \"ministry\"\naliases = { xroad = \"VN/GOV/HN\" }",
            ),
            ("members/G03.toml", "security_level = 3", "security_level = 3\nrelays_for = [\"H26\"]"),
        ],
        Faulty::default(),
    )
    .await;
    let get = async |fields: &str| stage.ask(Who::Partner, "GET", "/records/A", fields, "").await;
    for fields in [
        "X-Road-Represented-Party: GOV/HN\r\n",
        "X-Road-Represented-Party: HN\r\n",
        "X-Road-Represented-Party: H26\r\n",
        "X-Road-Represented-Party: GOV/HN\r\nLt-On-Behalf-Of: H26\r\n",
    ] {
        let said = get(fields).await;
        assert_eq!(said.status, 200, "{fields} {said:?}");
        assert_eq!(recorded(&stage, &said)["represented"], "H26");
    }
    for fields in [
        "X-Road-Represented-Party: COM/HN\r\n",
        "X-Road-Represented-Party: G06\r\n",
        "X-Road-Represented-Party: VN/GOV/HN\r\n",
    ] {
        assert_eq!(get(fields).await.refusal().1, "relay-not-allowed", "{fields}");
    }
    let block = format!(
        "<x:Exchange xmlns:x=\"{EXCHANGE}\"><x:Purpose>quan-ly</x:Purpose><x:OnBehalfOf>G06</x:OnBehalfOf></x:Exchange>"
    );
    let said = v11(&stage, Who::Partner, &envelope(V11, &block, &read("A"))).await;
    is_fault(&said, 500, "Client", "403", "relay-not-allowed", "relay-not-allowed");
}

/// A service whose provider speaks SOAP, worded as `keys` say.
async fn before_a_provider(keys: &str, script: impl Fn(&str) -> String + Send + Sync + 'static) -> Stage {
    let format = format!("format = \"soap\"\n{keys}");
    let edits = [
        ("services/G06/thu.toml", "format = \"json\"", format.as_str()),
        ("services/G06/thu.toml", "query = { method = \"GET\"", "query = { method = \"POST\""),
        (
            "services/G06/thu.toml",
            "read = { method = \"GET\", path = \"/{id}\" }",
            "read = { method = \"POST\", path = \"/doc\" }",
        ),
        (
            "services/G06/thu.toml",
            "update = { method = \"PUT\", path = \"/{id}\" }",
            "update = { method = \"POST\", path = \"/\" }",
        ),
        (
            "services/G06/thu.toml",
            "withdraw = { method = \"DELETE\", path = \"/{id}\" }",
            "withdraw = { method = \"POST\", path = \"/\" }",
        ),
        ("agreements/TT-2026-001.toml", "[\"json\", \"xml\"]", "[\"json\", \"xml\", \"soap\"]"),
    ];
    Stage::with(script, &edits, Faulty::default()).await
}

/// The invented task in XML.
fn task_xml(key: &str, province: &str) -> String {
    format!(
        "<NhiemVu xmlns=\"{NS}\"><MaSo>{key}</MaSo><TenNhiemVu>Nhiệm vụ mẫu</TenNhiemVu><MaLinhVuc>5</MaLinhVuc><ToChucChuTri><Ten>Hợp tác xã Mẫu</Ten><MaSoThue>9999000037</MaSoThue></ToChucChuTri><MaTinh>{province}</MaTinh><CapQuanLy>co-so</CapQuanLy><ChuNhiem><HoVaTen>Phạm Thị Ví Dụ</HoVaTen><SoDinhDanh>024188000004</SoDinhDanh></ChuNhiem><NoiDungChinh>Khảo sát.</NoiDungChinh><ThoiGianBatDau>2026-01-05</ThoiGianBatDau><ThoiGianKetThuc>2026-12-31</ThoiGianKetThuc><TinhTrang>dang-tien-hanh</TinhTrang></NhiemVu>"
    )
}

fn answered(version: &str, header: &str, body: &str) -> String {
    let media = if version == V11 { "text/xml" } else { "application/soap+xml" };
    reply("200 OK", &format!("Content-Type: {media}; charset=utf-8\r\n"), &envelope(version, header, body))
}

/// The message in a request that the provider heard.
fn heard(request: &str) -> roxmltree::Document<'_> {
    roxmltree::Document::parse(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn wrapper<'a, 'i>(document: &'a roxmltree::Document<'i>) -> roxmltree::Node<'a, 'i> {
    let body = document.descendants().find(|node| node.tag_name().name() == "Body").unwrap();
    body.first_element_child().unwrap()
}

#[tokio::test]
async fn a_provider_that_speaks_soap_is_asked_by_the_convention() {
    let stage = before_a_provider("", |request| {
        let document = heard(request);
        let asked = wrapper(&document).tag_name().name().to_owned();
        let content = match asked.as_str() {
            "QueryNhiemVu" => {
                format!("<DanhSachNhiemVu>{}{}</DanhSachNhiemVu>", task_xml("A", "01"), task_xml("B", "24"))
            }
            "WithdrawNhiemVu" => String::new(),
            _ => task_xml("A", "01"),
        };
        answered(V11, "", &format!("<{asked}Response xmlns=\"{NS}\">{content}</{asked}Response>"))
    })
    .await;
    let said = stage.get(Who::Hanoi, "/records?MaSo=A").await;
    assert_eq!(said.json().as_array().unwrap().len(), 1, "{said:?}");
    let request = stage.heard().pop().unwrap();
    assert!(request.starts_with("POST /ws HTTP/1.1"), "{request}");
    assert!(request.contains(&format!("soapaction: \"{NS}/QueryNhiemVu\"\r\n")), "{request}");
    assert!(
        request.contains("Content-Type: text/xml; charset=utf-8\r\n")
            && request.contains("lt-consumer: H26/he-thong"),
        "{request}"
    );
    let document = heard(&request);
    assert!(wrapper(&document).has_tag_name((NS, "QueryNhiemVu")));
    let filter = wrapper(&document).first_element_child().unwrap();
    assert!(filter.has_tag_name((NS, "MaSo")) && filter.text() == Some("A"));

    let said = stage.get(Who::Hanoi, "/records/A").await;
    assert_eq!((said.status, said.json()["MaSo"].as_str()), (200, Some("A")), "{said:?}");
    assert!(stage.heard().pop().unwrap().starts_with("POST /ws/doc HTTP/1.1"));

    let said = stage.send(Who::Hanoi, "POST", "/records", &task("A")).await;
    assert_eq!(said.status, 201, "{said:?}");
    let request = stage.heard().pop().unwrap();
    let document = heard(&request);
    let record = wrapper(&document).first_element_child().unwrap();
    assert!(record.has_tag_name((NS, "NhiemVu")), "{request}");

    // The record is looked at by a message too, before it is changed.
    let before = stage.heard().len();
    let said = stage.send(Who::Hanoi, "PUT", "/records/A", &task("A")).await;
    assert_eq!(said.status, 200, "{said:?}");
    let later = stage.heard().split_off(before);
    let names: Vec<_> =
        later.iter().map(|request| wrapper(&heard(request)).tag_name().name().to_owned()).collect();
    assert_eq!(names, ["ReadNhiemVu", "UpdateNhiemVu"]);
    let document = heard(&later[1]);
    let parts: Vec<_> = wrapper(&document).children().map(|part| part.tag_name().name()).collect();
    assert_eq!(parts, ["id", "NhiemVu"]);
    let said = stage.ask(Who::Hanoi, "POST", "/records/A/withdraw", "", "").await;
    assert_eq!((said.status, said.body.as_str()), (200, ""), "{said:?}");

    // Message in, message out: a new one each way.
    let said = v11(&stage, Who::Hanoi, &envelope(V11, &purpose("quan-ly"), &read("A"))).await;
    assert_eq!((said.status, text(&said, "MaSo").as_str()), (200, "A"), "{said:?}");
}

#[tokio::test]
async fn a_provider_is_asked_in_its_own_words_and_with_x_roads_header() {
    let keys = "soap = { version = \"1.2\", namespace = \"urn:khac\" }\nxroad = { client = \"VN/GOV/G06/lien-thong\", service = \"VN/GOV/G03/csdl\", service_version = \"v1\" }";
    let stage = Stage::with(
        |request| {
            let document = heard(request);
            let text = |name: &str| {
                document.descendants().find(|node| node.tag_name().name() == name).and_then(|node| node.text()).unwrap_or_default().to_owned()
            };
            assert!(wrapper(&document).has_tag_name(("urn:khac", "LayNhiemVu")), "{request}");
            assert_eq!((text("serviceCode"), text("serviceVersion"), text("userId"), text("issue")), ("LayNhiemVu".into(), "v1".into(), "cb-01".into(), "HS 12".into()));
            let id = if request.contains(">SAI<") { "khac".to_owned() } else { text("id") };
            let header = {
                let start = request.find("<soapenv:Header>").unwrap() + "<soapenv:Header>".len();
                let header = &request[start..request.find("</soapenv:Header>").unwrap()];
                header.replace(&text("id"), &id)
            };
            answered(V12, &header, &format!("<k:KetQua xmlns:k=\"urn:khac\">{}</k:KetQua>", task_xml("A", "01")))
        },
        &[
            ("services/G06/thu.toml", "format = \"json\"", &format!("format = \"soap\"\n{keys}")),
            ("services/G06/thu.toml", OPERATIONS, "[versions.1.operations]\nread = { method = \"POST\", path = \"/\", soap = { action = \"urn:khac#lay\", request = \"LayNhiemVu\", response = \"KetQua\" } }\n"),
            ("agreements/TT-2026-001.toml", "operations = [\"query\", \"read\", \"submit\", \"update\", \"withdraw\"]", "operations = [\"read\"]"),
            ("agreements/TT-2026-001.toml", "filter = [\"MaSo\", \"MaLinhVuc\"]", ""),
            ("agreements/TT-2026-002.toml", "operations = [\"query\", \"read\", \"submit\", \"withdraw\"]", "operations = [\"read\"]"),
            ("agreements/TT-2026-002.toml", "filter = [\"MaTinh\"]", ""),
        ],
        Faulty::default(),
    )
    .await;
    let fields = "X-Road-UserId: cb-01\r\nX-Road-Issue: HS 12\r\n";
    let said = stage.ask(Who::Hanoi, "GET", "/records/A", fields, "").await;
    assert_eq!((said.status, said.json()["MaSo"].as_str()), (200, Some("A")), "{said:?}");
    let request = stage.heard().pop().unwrap();
    assert!(
        request.contains("Content-Type: application/soap+xml; charset=utf-8; action=\"urn:khac#lay\"\r\n"),
        "{request}"
    );
    assert!(!request.to_lowercase().contains("x-road-"), "{request}");
    // Who gives another message's id back answers somebody else.
    let said = stage.ask(Who::Hanoi, "GET", "/records/SAI", fields, "").await;
    said.is_refused(502, "provider-broke-contract", "xroad-id");
}

#[tokio::test]
async fn a_providers_fault_is_told_without_its_words() {
    let stage = before_a_provider("", |request| {
        let key = heard(request);
        let key = wrapper(&key).descendants().find_map(|node| node.text()).unwrap_or_default().to_owned();
        let fault = |code: &str, detail: &str| {
            let body = format!("<s:Fault><faultcode>s:{code}</faultcode><faultstring>BÍ MẬT 024188000004</faultstring><detail>{detail}</detail></s:Fault>");
            answered(V11, "", &body).replace("200 OK", "500 Internal Server Error")
        };
        let problem = |status: u16| format!("<problem xmlns=\"urn:ietf:rfc:7807\"><status>{status}</status><detail>BÍ MẬT</detail></problem>");
        match key.as_str() {
            "client" => fault("Client", "BÍ MẬT"),
            "server" => fault("Server.ServerProxy.AccessDenied", ""),
            "gone" => fault("Client", &problem(404)),
            "conflict" => fault("Client", &problem(409)),
            "ok-fault" => fault("Server", "").replace("500 Internal Server Error", "200 OK"),
            "empty" => answered(V11, "", &format!("<ReadNhiemVuResponse xmlns=\"{NS}\"/>")),
            "other" => answered(V11, "", &format!("<QueryNhiemVuResponse xmlns=\"{NS}\">{}</QueryNhiemVuResponse>", task_xml("other", "01"))),
            "version" => answered(V11, "", &format!("<ReadNhiemVuResponse xmlns=\"{NS}\"/>")).replace(V11, V12),
            "page" => reply("200 OK", "Content-Type: text/html\r\n", "<html/>"),
            "broken" => answered(V11, "", &format!("<ReadNhiemVuResponse xmlns=\"{NS}\">{}</ReadNhiemVuResponse>", task_xml("broken", "01").replace("co-so", "BIMAT"))),
            "signed" => answered(V11, "<d:Signature xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"/>", &format!("<ReadNhiemVuResponse xmlns=\"{NS}\">{}</ReadNhiemVuResponse>", task_xml("signed", "01"))),
            "xxe" => answered(V11, "", "<a/>").replace("<s:Envelope", "<!DOCTYPE a><s:Envelope"),
            other => panic!("{other}"),
        }
        .pipe_length()
    })
    .await;
    for (key, status, kind, rule) in [
        ("client", 502, "provider-fault", "soap-fault-sender"),
        ("server", 502, "provider-fault", "soap-fault-receiver"),
        ("ok-fault", 502, "provider-fault", "soap-fault-receiver"),
        ("gone", 404, "record-not-found", "record-not-found"),
        ("conflict", 409, "provider-conflict", "status-409"),
        ("empty", 404, "record-not-found", "record-not-found"),
        ("other", 502, "provider-broke-contract", "wrong-response"),
        ("version", 502, "provider-broke-contract", "soap-version"),
        ("page", 502, "provider-broke-contract", "content-type"),
        ("broken", 502, "provider-broke-contract", "nhiem-vu@1"),
        ("signed", 502, "provider-broke-contract", "signed-document"),
        ("xxe", 502, "provider-broke-contract", "doctype"),
    ] {
        let said = stage.get(Who::Hanoi, &format!("/records/{key}")).await;
        said.is_refused(status, kind, rule);
        assert!(
            !said.body.contains("MẬT") && !said.body.contains("BIMAT") && !said.body.contains("024188000004"),
            "{said:?}"
        );
        assert!(!recorded(&stage, &said).to_string().contains("MẬT"));
    }
    // A change that failed for the message's sake was not made; any other is in doubt.
    for (key, status, kind) in [
        ("client", 502, "provider-fault"),
        ("server", 504, "outcome-unknown"),
        ("conflict", 409, "provider-conflict"),
    ] {
        let said = stage.send(Who::Hanoi, "POST", "/records", &task(key)).await;
        assert_eq!((said.status, said.refusal().1.as_str()), (status, kind), "{said:?}");
    }
}

trait Lengthened {
    fn pipe_length(self) -> String;
}

impl Lengthened for String {
    /// A reply whose body was edited, with the length that it has now.
    fn pipe_length(self) -> String {
        let (head, body) = self.split_once("\r\n\r\n").unwrap();
        let lines = head.lines().map(|line| match line.starts_with("Content-Length") {
            true => format!("Content-Length: {}", body.len()),
            false => line.to_owned(),
        });
        format!("{}\r\n\r\n{body}", lines.collect::<Vec<_>>().join("\r\n"))
    }
}
