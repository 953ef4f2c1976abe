//! SOAP on either side: consumers and providers that speak nothing else, judged by the same rules.

use anyhow::{Context, Result, ensure};
use roxmltree::Document;
use serde_json::{Value, json};
use support::Ask;

use crate::{
    Journey, Step,
    records::{PERSON_NUMBER, fresh_number, task_json},
};

const HANOI: &str = "H26/quan-ly-khcn";
const MINISTRY: &str = "G03/quan-ly-de-tai";
const INFORMATION_SYSTEM: &str = "G06/he-thong-khcn";
/// Tasks of a provider that speaks SOAP 1.1, and of one that speaks JSON.
const MINISTRY_TASKS: &str = "/api/G03/nhiem-vu/v1";
const NATIONAL_TASKS: &str = "/api/G06/nhiem-vu/v1";
/// The dataset's namespace, and the ministry's own for its operations.
const DATASET: &str = "urn:lienthong:dataset:nhiem-vu:1";
const WORDING: &str = "urn:mau:g03:quan-ly-de-tai";
const XROAD: &str = "http://x-road.eu/xsd/xroad.xsd";
const IDENTIFIERS: &str = "http://x-road.eu/xsd/identifiers";

/// What the ministry's system says of itself and of a person; none of it leaves.
const ITS_OWN: [&str; 4] = ["ORA-00001", "db-01.noi-bo", "session=of-the-provider", "001085000017"];

/// A version of SOAP on the wire.
#[derive(Clone, Copy)]
struct Version {
    namespace: &'static str,
    media: &'static str,
    /// Where a fault's code stands, and what the sender's is called.
    code: &'static str,
    sender: &'static str,
    sender_status: u16,
}

const V11: Version = Version {
    namespace: "http://schemas.xmlsoap.org/soap/envelope/",
    media: "text/xml",
    code: "faultcode",
    sender: "Client",
    sender_status: 500,
};
const V12: Version = Version {
    namespace: "http://www.w3.org/2003/05/soap-envelope",
    media: "application/soap+xml",
    code: "Value",
    sender: "Sender",
    sender_status: 400,
};

/// A consumer of JSON and a provider of SOAP.
pub const SOAP_PROVIDER: Journey = Journey {
    vi: "Hà Nội hỏi bằng JSON, hệ thống của một bộ chỉ nói SOAP 1.1 với tiêu đề X-Road",
    en: "Hà Nội asks in JSON a ministry's system that speaks nothing but SOAP 1.1 with X-Road's header",
    run: |scene| {
        let records = format!("{MINISTRY_TASKS}/records");
        let list = Ask::get(&format!("{records}?CapQuanLy=bo"))
            .purpose("quan-ly-nhiem-vu")
            .header("X-Road-Client", "VN/GOV/H26/quan-ly-khcn")
            .header("X-Road-Id", "hn-2026-0001")
            .header("X-Road-UserId", "cb-0042")
            .header("X-Road-Issue", "HS-17");
        let read = scene.ask(HANOI, list)?;
        read.granted(200, "TT-2026-031")?.hides(&ITS_OWN)?;
        ensure!(
            read.answer.header("x-road-id") == "hn-2026-0001"
                && read.answer.header("x-road-client") == "VN/GOV/H26/quan-ly-khcn"
                && read.answer.header("x-road-request-id") == read.answer.header("lt-exchange-id"),
            "X-Road's names must come back: {:?}",
            read.answer.headers
        );
        let keys: Vec<Value> =
            read.answer.json().as_array().into_iter().flatten().map(|task| task["MaSo"].clone()).collect();
        ensure!(keys == ["B2026-MAU-01", "B2025-MAU-07"], "the ministry's own tasks: {keys:?}");
        let task = &read.answer.json()[1];
        ensure!(
            task["ThoiGianKetThuc"].is_null() && task["NoiDungChinh"] == json!(["Thiết kế mẫu."]),
            "{task}"
        );

        // What was asked: one message of its version and wording, with X-Road's blocks and none of its headers.
        let seen = read.seen_by(MINISTRY)?;
        ensure!(
            (seen.method.as_str(), seen.path.as_str()) == ("POST", "/ws") && seen.query.is_empty(),
            "{seen:?}"
        );
        ensure!(seen.header("soapaction") == [format!("\"{WORDING}#TimNhiemVu\"")], "{seen:?}");
        ensure!(!seen.headers.iter().any(|(name, _)| name.starts_with("x-road-")), "{seen:?}");
        let message = Document::parse(&seen.body)?;
        let at = |namespace: &str, name: &str| {
            let found = message.descendants().find(|node| node.has_tag_name((namespace, name)));
            found.and_then(|node| node.text()).unwrap_or_default().to_owned()
        };
        ensure!(message.root_element().has_tag_name((V11.namespace, "Envelope")), "{}", seen.body);
        for (namespace, name, must) in [
            (WORDING, "CapQuanLy", "bo"),
            (XROAD, "userId", "cb-0042"),
            (XROAD, "issue", "HS-17"),
            (XROAD, "id", read.answer.header("lt-exchange-id")),
            (IDENTIFIERS, "serviceCode", "TimNhiemVu"),
        ] {
            ensure!(at(namespace, name) == must, "`{name}` is `{}`: {}", at(namespace, name), seen.body);
        }

        let one = |key: &str| Ask::get(&format!("{records}/{key}")).purpose("quan-ly-nhiem-vu");
        let known = scene.ask(HANOI, one("B2026-MAU-01"))?;
        known.granted(200, "TT-2026-031")?.hides(&ITS_OWN)?;
        ensure!(
            known.answer.json()["ChuNhiem"] == json!({"HoVaTen": "Đỗ Văn Ví Dụ"}),
            "{}",
            known.answer.text()
        );
        let unknown = scene.ask(HANOI, one("khong-co"))?;
        unknown.refused(404, "record-not-found", "record-not-found", "consumer")?;
        Ok(())
    },
};

/// What a provider's fault is made of.
pub const SOAP_FAULTS: Journey = Journey {
    vi: "SOAP Fault của bên cung cấp thành thông báo lỗi nói rõ lỗi của ai, không lộ lời lẽ của nó",
    en: "A provider's SOAP fault becomes a problem that says whose fault it is, without its words",
    run: |scene| {
        let number = fresh_number("BG");
        let submit = || {
            Ask::post(&format!("{MINISTRY_TASKS}/records"), "application/json", task_json(&number, "01"))
                .purpose("cap-nhat-du-lieu")
        };
        let submitted = scene.ask(HANOI, submit())?;
        submitted.granted(201, "TT-2026-031")?;
        let seen = submitted.seen_by(MINISTRY)?;
        ensure!(
            seen.body.contains(&format!("<GuiNhiemVu xmlns=\"{WORDING}\">"))
                && seen.body.contains(&format!("<MaSo>{number}</MaSo>"))
                && seen.body.contains(">12.50<"),
            "{}",
            seen.body
        );

        // The same again is the sender's mistake to a system whose words nobody passes on.
        let again = scene.ask(HANOI, submit())?;
        again.refused(502, "provider-fault", "soap-fault-sender", "provider")?;
        again.hides(&ITS_OWN)?.hides(&[PERSON_NUMBER])?;
        ensure!(again.seen.len() == 1, "a change is never sent twice: {:?}", again.seen);

        // What answers is no longer SOAP: nothing was done, or nobody knows.
        let provider = scene.sandbox.neighbour(MINISTRY)?;
        provider.behave(&support::Behaviour::Fail)?;
        let read =
            scene.ask(HANOI, Ask::get(&format!("{MINISTRY_TASKS}/records")).purpose("quan-ly-nhiem-vu"));
        let sent = scene.ask(HANOI, submit());
        provider.behave(&support::Behaviour::Proper)?;
        read?.refused(502, "provider-error", "status-500", "provider")?;
        sent?.refused(504, "outcome-unknown", "outcome-unknown", "provider")?;

        // A record that breaks the contract is stopped, whatever envelope it came in.
        provider
            .behave(&support::Behaviour::Garble { field: "CapQuanLy".into(), value: json!("BI-MAT-77") })?;
        let broken =
            scene.ask(HANOI, Ask::get(&format!("{MINISTRY_TASKS}/records")).purpose("quan-ly-nhiem-vu"));
        provider.behave(&support::Behaviour::Proper)?;
        let broken = broken?;
        broken.refused(502, "provider-broke-contract", "nhiem-vu@1", "provider")?;
        broken.hides(&["BI-MAT-77", "Đỗ Văn Ví Dụ"])?;
        Ok(())
    },
};

/// A consumer of SOAP and a provider of JSON.
pub const SOAP_CONSUMER: Journey = Journey {
    vi: "Hệ thống chỉ nói SOAP của một bộ đọc Hệ thống thông tin nói JSON, bằng SOAP 1.1 và 1.2",
    en: "A ministry's system that speaks nothing but SOAP reads the information system, which speaks JSON",
    run: |scene| {
        for version in [V11, V12] {
            let query = format!("<QueryNhiemVu xmlns=\"{DATASET}\"><MaTinh>01</MaTinh></QueryNhiemVu>");
            let asked = message(
                NATIONAL_TASKS,
                version,
                "QueryNhiemVu",
                &(purpose() + &xroad("QueryNhiemVu")),
                &query,
            );
            let read = scene.ask(MINISTRY, asked)?;
            read.granted(200, "TT-2026-032")?.recorded("format", &json!("soap"))?;
            read.hides(&[PERSON_NUMBER, "001199000021", "session=of-the-provider"])?;
            ensure!(
                read.answer.header("content-type").starts_with(version.media),
                "{:?}",
                read.answer.headers
            );
            let text = read.answer.text();
            let document = Document::parse(&text).with_context(|| text.clone())?;
            let named = |namespace: &str, name: &str| {
                document.descendants().find(|node| node.has_tag_name((namespace, name)))
            };
            let list = named(DATASET, "QueryNhiemVuResponse").and_then(|node| node.first_element_child());
            let list = list.filter(|node| node.has_tag_name((DATASET, "DanhSachNhiemVu")));
            let records =
                list.context("a list in its wrapper")?.children().filter(roxmltree::Node::is_element);
            ensure!(records.clone().count() >= 2, "{text}");
            ensure!(document.root_element().has_tag_name((version.namespace, "Envelope")), "{text}");
            // Its protocol has every block of the request repeated.
            for (name, must) in [("id", "bg-0001"), ("userId", "cb-0099"), ("protocolVersion", "4.0")] {
                let is = named(XROAD, name).and_then(|node| node.text());
                ensure!(is == Some(must), "`{name}` is {is:?}: {text}");
            }
            ensure!(named(XROAD, "client").is_some() && named(XROAD, "service").is_some(), "{text}");
            let seen = read.seen_by(INFORMATION_SYSTEM)?;
            ensure!((seen.method.as_str(), seen.path.as_str()) == ("GET", "/nhiem-vu"), "{seen:?}");
            ensure!(seen.query.split('&').any(|pair| pair == "MaTinh=01"), "{seen:?}");
            ensure!(
                seen.header("lt-purpose") == ["quan-ly-nhiem-vu"] && seen.header("lt-user") == ["cb-0099"],
                "{seen:?}"
            );
        }
        Ok(())
    },
};

/// What is refused to a consumer of SOAP.
pub const SOAP_REFUSALS: Journey = Journey {
    vi: "Thông điệp SOAP không hợp lệ bị từ chối bằng SOAP Fault, bên cung cấp không nhận được gì",
    en: "SOAP messages that must be refused are, as faults, and the provider saw nothing",
    run: |scene| {
        let read = format!("<ReadNhiemVu xmlns=\"{DATASET}\"><id>DTDL-2025-011</id></ReadNhiemVu>");
        for version in [V11, V12] {
            let ask =
                |header: &str, body: &str| message(NATIONAL_TASKS, version, "ReadNhiemVu", header, body);
            let sender = (version.sender_status, version.sender);
            let both = format!("{read}{read}");
            let other = read.replace("ReadNhiemVu", "QueryNhiemVu");
            let astray = xroad("ReadNhiemVu").replace("<i:memberCode>G03<", "<i:memberCode>H26<");
            let demanded = "<w:Security xmlns:w=\"urn:wsse\" s:mustUnderstand=\"1\"/>";
            let another = match version.media {
                "text/xml" => V12.namespace,
                _ => V11.namespace,
            };
            let signed = "<d:Signature xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"/>";
            for (asked, (http, code), status, kind) in [
                (ask("", &read), sender, "403", "purpose-missing"),
                (ask(&purpose(), &both), sender, "400", "unreadable"),
                (ask(&purpose(), &other), sender, "400", "soap-message"),
                (ask(&(purpose() + &astray), &read), sender, "403", "xroad-client"),
                (ask(&(purpose() + demanded), &read), (500, "MustUnderstand"), "400", "unreadable"),
                (ask(&(purpose() + signed), &read), sender, "422", "signed-document"),
                (
                    replaced(ask(&purpose(), &read), version.namespace, another),
                    (500, "VersionMismatch"),
                    "400",
                    "soap-message",
                ),
                (ask(&purpose(), &read).header("Lt-Purpose", "thong-ke"), sender, "400", "contradiction"),
                (
                    ask(&purpose(), &format!("<SubmitNhiemVu xmlns=\"{DATASET}\"/>")).header("X-Sai", "1"),
                    sender,
                    "400",
                    "soap-message",
                ),
            ] {
                let refused = scene.ask(MINISTRY, asked)?;
                is_fault(&refused, version, http, code, status, kind)?.unseen()?;
                refused.recorded("decision", &json!("refused"))?.recorded("fault", &json!("consumer"))?;
            }
        }
        // A caller whose agreement names other formats is not answered in XML for want of SOAP.
        let asked = message("/api/H26/nhiem-vu/v1", V11, "ReadNhiemVu", &purpose(), &read);
        let refused = scene.ask("G03/thu-vien", asked)?;
        is_fault(&refused, V11, 500, "Client", "403", "format-not-agreed")?.unseen()?;
        Ok(())
    },
};

/// Messages on both sides.
pub const SOAP_BOTH: Journey = Journey {
    vi: "SOAP 1.2 ở bên gọi, SOAP 1.1 ở bên cung cấp: hai thông điệp khác nhau, cùng một bản ghi",
    en: "SOAP 1.2 from the caller, SOAP 1.1 to the provider: two messages, one record",
    run: |scene| {
        let read = |key: &str| {
            let body = format!("<n:ReadNhiemVu xmlns:n=\"{DATASET}\"><n:id>{key}</n:id></n:ReadNhiemVu>");
            message(MINISTRY_TASKS, V12, "ReadNhiemVu", &purpose(), &body)
        };
        let known = scene.ask(HANOI, read("B2025-MAU-07"))?;
        known.granted(200, "TT-2026-031")?.hides(&ITS_OWN)?.hides(&["00X0000009"])?;
        let text = known.answer.text();
        let document = Document::parse(&text).with_context(|| text.clone())?;
        let record = document.descendants().find(|node| node.has_tag_name((DATASET, "NhiemVu")));
        let record = record.context("a record")?;
        let key = record.first_element_child().and_then(|key| key.text());
        ensure!(key == Some("B2025-MAU-07") && text.contains("nil=\"true\""), "{text}");
        ensure!(known.seen_by(MINISTRY)?.body.contains(V11.namespace), "the provider speaks 1.1");
        let unknown = scene.ask(HANOI, read("khong-co"))?;
        is_fault(&unknown, V12, 400, "Sender", "404", "record-not-found")?;
        Ok(())
    },
};

fn purpose() -> String {
    "<l:Exchange xmlns:l=\"urn:lienthong:soap:1\"><l:Purpose>quan-ly-nhiem-vu</l:Purpose></l:Exchange>"
        .to_owned()
}

/// The ministry as X-Road's client of the information system's tasks.
fn xroad(operation: &str) -> String {
    let member = |code: &str| {
        format!(
            "<i:xRoadInstance>VN</i:xRoadInstance><i:memberClass>GOV</i:memberClass><i:memberCode>{code}</i:memberCode>"
        )
    };
    format!(
        "<x:client xmlns:x=\"{XROAD}\" xmlns:i=\"{IDENTIFIERS}\" i:objectType=\"SUBSYSTEM\">{}<i:subsystemCode>quan-ly-de-tai</i:subsystemCode></x:client><x:service xmlns:x=\"{XROAD}\" xmlns:i=\"{IDENTIFIERS}\" i:objectType=\"SERVICE\">{}<i:subsystemCode>nhiem-vu</i:subsystemCode><i:serviceCode>{operation}</i:serviceCode></x:service><x:id xmlns:x=\"{XROAD}\">bg-0001</x:id><x:userId xmlns:x=\"{XROAD}\">cb-0099</x:userId><x:protocolVersion xmlns:x=\"{XROAD}\">4.0</x:protocolVersion>",
        member("G03"),
        member("G06"),
    )
}

fn message(base: &str, version: Version, operation: &str, header: &str, body: &str) -> Ask {
    let envelope = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope xmlns:s=\"{}\"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>",
        version.namespace
    );
    let action = format!("{DATASET}/{operation}");
    let path = format!("{base}/soap");
    match version.media {
        "text/xml" => Ask::post(&path, "text/xml; charset=utf-8", envelope)
            .header("SOAPAction", &format!("\"{action}\"")),
        media => Ask::post(&path, &format!("{media}; charset=utf-8; action=\"{action}\""), envelope),
    }
}

/// A fault of its version, with the problem in its detail.
fn is_fault<'s>(
    step: &'s Step,
    version: Version,
    http: u16,
    code: &str,
    status: &str,
    kind: &str,
) -> Result<&'s Step> {
    let text = step.answer.text();
    let document = Document::parse(&text).with_context(|| text.clone())?;
    let at = |name: &str| {
        let found = document.descendants().find(|node| node.tag_name().name() == name);
        found.and_then(|node| node.text()).unwrap_or_default().to_owned()
    };
    let is = (step.answer.status, at(version.code), at("status"), at("type"));
    let must = (http, format!("soapenv:{code}"), status.to_owned(), format!("urn:lienthong:problem:{kind}"));
    ensure!(is == must, "{is:?}, not {must:?}: {text}");
    ensure!(document.root_element().has_tag_name((version.namespace, "Envelope")), "{text}");
    ensure!(at("exchange") == step.answer.header("lt-exchange-id"), "{text}");
    step.recorded("rule", &json!(kind))?;
    Ok(step)
}

/// The same with a passage of its body replaced.
fn replaced(ask: Ask, from: &str, to: &str) -> Ask {
    let body = String::from_utf8_lossy(ask.content()).replace(from, to);
    ask.body(body)
}
