//! Every exit has its record, and the record says what happened and no more.

use std::sync::atomic::Ordering::SeqCst;

use tokio::io::AsyncWriteExt;

use super::stage::{NUMBER, SILENCE, Stage, Who, json, reply, request, task};
use crate::journal::faulty::Faulty;

#[tokio::test]
async fn what_touches_persons_is_opened_before_it_leaves_and_closed_before_it_is_answered() {
    let stage = Stage::set(|_| json(&format!("[{}]", task("A")))).await;
    let said = stage.get(Who::Hanoi, "/records?MaLinhVuc=5").await;
    assert_eq!(stage.kinds(&said), ["opening", "closing"]);
    let opening = &stage.lines()[0];
    assert_eq!(opening.get("request_out"), None, "not sent yet: {opening}");
    let record = stage.record(&said);
    let times = [record.request_in, record.request_out, record.response_in, record.response_out];
    assert!(times.iter().all(Option::is_some) && times.is_sorted(), "{times:?}");
    assert_eq!(record.agreement.as_deref(), Some("TT-2026-001"));
    assert_eq!((record.format.as_deref(), record.records), (Some("json"), Some(1)));
    assert_eq!(record.filters, ["MaLinhVuc"]);
    let said_not = stage.lines().iter().map(ToString::to_string).collect::<String>();
    for value in [NUMBER, "Phạm Thị", "Khảo sát", "/records?"] {
        assert!(!said_not.contains(value), "{value}");
    }
}

#[tokio::test]
async fn every_refusal_has_one_record_with_what_was_known() {
    let stage = Stage::set(|_| reply("409 Conflict", "", "")).await;
    let cases = [
        (stage.get(Who::Partner, "/records/A").await, "filter-not-released", Some("TT-2026-002"), false),
        (stage.get(Who::Hanoi, "/nothing").await, "not-found", None, false),
        (
            stage.ask(Who::Hanoi, "GET", "/records", "Accept: image/png\r\n", "").await,
            "not-acceptable",
            None,
            false,
        ),
        (stage.send(Who::Hanoi, "POST", "/records", "{").await, "unreadable", Some("TT-2026-001"), false),
        (
            stage.send(Who::Hanoi, "POST", "/records", &task("A")).await,
            "provider-conflict",
            Some("TT-2026-001"),
            true,
        ),
    ];
    for (said, rule, agreement, reached) in cases {
        let record = stage.record(&said);
        assert_eq!(record.rule.as_deref(), Some(rule));
        assert_eq!(record.agreement.as_deref(), agreement, "{rule}");
        assert!(record.caller.is_some() && record.snapshot.is_some(), "{rule}");
        assert_eq!(
            (record.request_out.is_some(), record.response_in.is_some()),
            (reached, reached),
            "{rule}"
        );
        let kinds = stage.kinds(&said);
        assert_eq!(kinds, if reached { vec!["opening", "closing"] } else { vec!["exchange"] }, "{rule}");
    }
}

#[tokio::test]
async fn own_pages_are_recorded_too() {
    let stage = Stage::set(|_| json("[]")).await;
    let said = stage.get(Who::Hanoi, "/api/me").await;
    let record = stage.record(&said);
    assert_eq!(record.route.as_deref(), Some("GET /api/me"));
    assert_eq!((said.status, record.caller.as_deref()), (200, Some("H26/he-thong")));
}

#[tokio::test]
async fn the_format_recorded_is_the_one_decided_on() {
    let stage = Stage::set(|_| json("[]")).await;
    let said = stage.ask(Who::Hanoi, "GET", "/records", "Accept: application/json;q=0, */*\r\n", "").await;
    assert_eq!(said.header("content-type"), "application/xml");
    assert_eq!(stage.record(&said).format.as_deref(), Some("xml"));
}

#[tokio::test]
async fn an_exchange_that_is_cut_off_is_recorded_all_the_same() {
    let mut stage = Stage::set(|_| SILENCE.to_owned()).await;
    let mut line = stage.dial(Who::Hanoi).await;
    line.write_all(request("GET", "/records", "", "").as_bytes()).await.unwrap();
    stage.until_heard().await;
    stage.cut().await;
    let lines = stage.lines();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ["opening", "closing"], "{lines:?}");
    assert_eq!(lines[1]["rule"], "abandoned");
    assert!(lines[1].get("request_out").is_some());
}

#[tokio::test]
async fn what_cannot_be_opened_does_not_leave() {
    for full in [true, false] {
        let disk = Faulty::default();
        let stage = Stage::with(|_| json("[]"), &[], disk.clone()).await;
        if full {
            disk.room.store(0, SeqCst);
        } else {
            disk.syncs_fail.store(true, SeqCst);
        }
        let said = stage.get(Who::Hanoi, "/records").await;
        said.is_refused(503, "evidence-unavailable", "evidence-unavailable");
        assert!(stage.heard().is_empty(), "no evidence, no exchange");
        assert!(!said.header("retry-after").is_empty());
    }
}

#[tokio::test]
async fn what_cannot_be_closed_is_not_released() {
    let disk = Faulty::default();
    let filling = disk.clone();
    let script = move |_: &str| {
        filling.room.store(0, SeqCst);
        json(&format!("[{}]", task("A")))
    };
    let stage = Stage::with(script, &[], disk).await;
    let said = stage.get(Who::Hanoi, "/records").await;
    said.is_refused(503, "evidence-unavailable", "evidence-unavailable");
    assert_eq!(stage.heard().len(), 1);
    assert!(!said.body.contains("Khảo sát") && said.header("etag").is_empty());
}

#[tokio::test]
async fn a_change_that_cannot_be_closed_is_not_told_as_undone() {
    let disk = Faulty::default();
    let filling = disk.clone();
    let script = move |_: &str| {
        filling.room.store(0, SeqCst);
        reply("201 Created", "", "")
    };
    let stage = Stage::with(script, &[], disk).await;
    let said = stage.send(Who::Hanoi, "POST", "/records", &task("A")).await;
    said.is_refused(503, "outcome-unknown", "evidence-unavailable");
    assert_eq!(said.header("retry-after"), "", "who sends again may do it twice");
}

#[tokio::test]
async fn a_person_is_found_again_by_who_asked_and_never_by_number() {
    let stage = Stage::set(|_| json("[]")).await;
    let said = stage.ask(Who::Hanoi, "GET", "/records", &format!("Lt-User: {NUMBER}\r\n"), "").await;
    said.is_refused(400, "header", "header");
    let other = "Lt-Purpose: Nguyen-Van-A\r\n";
    let text = request("GET", "/records", "", "").replace("Lt-Purpose: quan-ly\r\n", other);
    assert!(text.contains(other));
    let said = stage.send_text(Who::Hanoi, "GET", &text).await;
    said.is_refused(403, "purpose-unknown", "purpose-unknown");
    let lines: String = stage.lines().iter().map(ToString::to_string).collect();
    assert!(!lines.contains(NUMBER) && !lines.contains("Nguyen-Van-A"), "{lines}");
}
