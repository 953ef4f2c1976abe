//! What stops an exchange from outside: suspensions, maintenance, the one exchange of a one-off
//! agreement, a provider that cannot be asked.

use super::stage::{Stage, Who, json, reply};
use crate::journal::faulty::Faulty;

const SUSPENSION: &str = r#"
id = "DC-1"
reason = { vi = "Lộ khóa", en = "A key has leaked" }
"#;

async fn with(edits: &[(&str, &str, &str)]) -> Stage {
    Stage::with(|_| json("[]"), edits, Faulty::default()).await
}

#[tokio::test]
async fn whatever_takes_part_can_be_suspended() {
    for (whom, agreement) in [
        ("system = \"H26/he-thong\"", None),
        ("member = \"H26\"", None),
        ("system = \"G06/he-thong\"", Some("TT-2026-001")),
        ("member = \"G06\"", Some("TT-2026-001")),
        ("service = \"G06/thu\"", Some("TT-2026-001")),
        ("agreement = \"TT-2026-001\"", Some("TT-2026-001")),
    ] {
        let text = format!("{SUSPENSION}{whom}\n");
        let stage = with(&[("suspensions/DC-1.toml", "", &text)]).await;
        let said = stage.get(Who::Hanoi, "/records").await;
        said.is_refused(403, "suspended", "suspended");
        assert!(said.body.contains("A key has leaked"));
        assert!(stage.heard().is_empty(), "{whom}");
        let record = stage.record(&said);
        assert_eq!(record.agreement.as_deref(), agreement, "{whom}");
        assert_eq!(record.caller.as_deref(), Some("H26/he-thong"), "{whom}: whose attempt it was is known");
    }
}

#[tokio::test]
async fn a_service_in_maintenance_says_for_how_long() {
    let now = policies::local(jiff::Timestamp::now());
    let (from, until) = (now - jiff::Span::new().hours(1), now + jiff::Span::new().hours(1));
    let seconds = "%Y-%m-%dT%H:%M:%S";
    let stretch = format!(
        "maintenance = [{{ from = {}, until = {} }}]\n[versions.1]\n",
        from.strftime(seconds),
        until.strftime(seconds)
    );
    let stage = with(&[("services/G06/thu.toml", "[versions.1]\n", &stretch)]).await;
    let said = stage.get(Who::Hanoi, "/records").await;
    said.is_refused(503, "maintenance", "maintenance");
    let wait: i64 = said.header("retry-after").parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
    assert!(stage.heard().is_empty());
}

const ONE_OFF: (&str, &str, &str) = ("agreements/TT-2026-001.toml", "\"standing\"", "\"one-off\"");

#[tokio::test]
async fn a_one_off_agreement_gives_one_exchange() {
    let stage = with(&[ONE_OFF]).await;
    stage.send(Who::Hanoi, "POST", "/records", "{").await.is_refused(400, "unreadable", "not-well-formed");
    assert_eq!(stage.get(Who::Hanoi, "/records").await.status, 200, "what was refused did not use it");
    let again = stage.get(Who::Hanoi, "/records").await;
    again.is_refused(403, "one-off-used", "one-off-used");
    assert_eq!(stage.record(&again).agreement.as_deref(), Some("TT-2026-001"));
    assert_eq!(stage.heard().len(), 1);
}

#[tokio::test]
async fn a_provider_that_was_never_reached_uses_nothing_up() {
    let stranger =
        ("services/G06/thu.toml", "server_name = \"khcn.example\"", "server_name = \"khac.example\"");
    let stage = with(&[ONE_OFF, stranger]).await;
    for _ in 0..2 {
        let said = stage.get(Who::Hanoi, "/records").await;
        said.is_refused(502, "provider-unreachable", "provider-unreachable");
        assert_eq!(stage.record(&said).request_out, None, "nothing was sent");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_looked_at_cannot_be_changed() {
    let stage = with(&[
        ("services/G06/thu.toml", "read = { method = \"GET\", path = \"/{id}\" }\n", ""),
        ("agreements/TT-2026-001.toml", "\"read\", ", ""),
        ("agreements/TT-2026-002.toml", "\"read\", ", ""),
    ])
    .await;
    let said = stage.ask(Who::Hanoi, "POST", "/records/A/withdraw", "", "").await;
    said.is_refused(501, "not-implemented", "change-needs-read");
    assert!(stage.heard().is_empty());
    assert_eq!(stage.kinds(&said), ["exchange"], "nothing was opened");
}

const VERIFY: &str = r#"
operations = ["verify"]
[fields]
release = ["KetQua"]
"#;

/// A stage whose service asks the population database.
async fn verification(answer: String) -> Stage {
    let file = "agreements/TT-2026-001.toml";
    let all = super::stage::ALL;
    let edits = [
        ("services/G06/thu.toml", "format = \"json\"", "format = \"soap\"\nadapter = \"population\""),
        ("services/G06/thu.toml", "contract = \"nhiem-vu@1\"", "contract = \"xac-thuc-dan-cu@1\""),
        ("services/G06/thu.toml", super::stage::OPERATIONS, POPULATION),
        (file, all, VERIFY),
        (file, "contract = \"nhiem-vu@1\"", "contract = \"xac-thuc-dan-cu@1\""),
        ("agreements/TT-2026-002.toml", "contract = \"nhiem-vu@1\"", "contract = \"xac-thuc-dan-cu@1\""),
        ("agreements/TT-2026-002.toml", super::stage::SOME, VERIFY),
    ];
    Stage::with(move |_| answer.clone(), &edits, Faulty::default()).await
}

const POPULATION: &str = r#"
[versions.1.operations]
verify = { method = "POST", path = "/", reply = "ket-qua-xac-thuc@1" }
[versions.1.population]
namespace = "http://dancuquocgia.bca"
ma_dvc = "MAU"
ma_tich_hop = "037"
ma_don_vi = "G06"
date_form = "yyyyMMdd"
"#;

const PERSON: &str = r#"{"SoDinhDanh":"001099000001","HoVaTen":"NGUYỄN VĂN MẪU","NgaySinh":"1999"}"#;

#[tokio::test]
async fn an_outage_is_never_a_yes() {
    let xml = "Content-Type: text/xml; charset=utf-8\r\n";
    let yes = "<KetQua>true</KetQua>";
    for answer in [
        reply("500 Oops", xml, yes),
        reply("503 Busy", xml, yes),
        reply("202 Accepted", xml, yes),
        reply("200 OK", "Content-Type: text/html\r\n", "<html>khop</html>"),
        reply("200 OK", xml, yes),
        reply("200 OK", xml, ""),
        json("{\"KetQua\":\"khop\"}"),
        String::new(),
    ] {
        let shown = answer.clone();
        let stage = verification(answer).await;
        let fields = "Content-Type: application/json\r\nLt-User: cb-1\r\n";
        let said = stage.ask(Who::Hanoi, "POST", "/verify", fields, PERSON).await;
        assert_eq!(said.status, 502, "{shown}: {said:?}");
        assert!(!said.body.contains("KetQua\""), "{said:?}");
        let record = stage.record(&said);
        assert_eq!(record.fault.as_deref(), Some("provider"));
        assert!(record.subject.is_some(), "whom it was about");
        assert_eq!(stage.kinds(&said), ["opening", "closing"]);
        let lines: String = stage.lines().iter().map(ToString::to_string).collect();
        assert!(!lines.contains("001099000001") && !lines.contains("NGUYỄN"), "{lines}");
    }
}
