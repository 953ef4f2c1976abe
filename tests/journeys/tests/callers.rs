//! Callers of every kind in one sandbox: curl, HTTP/2, the careless, the curious, the forbidden, and
//! providers that fail them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a step that fails fails the test")]

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use http::{Method, Version};
use journeys::{
    Scene, Step, Voice,
    records::{PERSON, PERSON_NUMBER, fresh_number, task_json, task_xml},
};
use serde_json::{Value, json};
use support::{Ask, Behaviour, Caller, Http, Plan, Sandbox, curl, process};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";
const PLATFORM: &str = "G06/nen-tang-khcn";
const INFORMATION_SYSTEM: &str = "G06/he-thong-khcn";

/// The sandbox of these tests, for one at a time; neighbours have seen nothing and behave.
fn sandbox() -> MutexGuard<'static, Sandbox> {
    static SANDBOX: OnceLock<Mutex<Sandbox>> = OnceLock::new();
    let shared = SANDBOX.get_or_init(|| {
        let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), "callers").unwrap();
        let mut sandbox = Sandbox::lay_out(plan).unwrap();
        // A provider that is late must not make these tests late.
        for service in ["nhiem-vu", "to-chuc", "nhan-luc", "cong-bo", "sang-che"] {
            let document = format!("services/G06/{service}.toml");
            sandbox.documents.edit(&document, r#"request = "10s""#, r#"request = "500ms""#).unwrap();
        }
        sandbox.start_neighbours().unwrap();
        sandbox.start_gateway().unwrap();
        Mutex::new(sandbox)
    });
    let sandbox = shared.lock().unwrap_or_else(PoisonError::into_inner);
    sandbox.neighbours().iter().for_each(|neighbour| neighbour.reset().unwrap());
    sandbox
}

fn ask(sandbox: &Sandbox, system: &str, ask: Ask) -> Step {
    Scene { sandbox, voice: Voice::Own(Http::One), tell: &mut |_| {} }.ask(system, ask).unwrap()
}

fn list() -> Ask {
    Ask::get(TASKS).purpose("quan-ly-nhiem-vu")
}

fn push(body: impl Into<String>) -> Ask {
    Ask::post(TASKS, "application/json", body.into()).purpose("cap-nhat-du-lieu")
}

#[test]
fn curl_speaks_both_versions_of_http() {
    let sandbox = sandbox();
    let url = format!("https://localhost:{}{TASKS}", sandbox.address.port());
    let hanoi = sandbox.identity(HANOI).unwrap();
    let run =
        |arguments: &[&str]| curl::run(&sandbox.pki.ca(), &hanoi, &[arguments, &[&url]].concat()).unwrap();
    for (flag, version) in [("--http1.1", Version::HTTP_11), ("--http2", Version::HTTP_2)] {
        let read = run(&[flag, "-H", "Lt-Purpose: quan-ly-nhiem-vu"]);
        assert_eq!((read.status, read.version), (200, version), "{}", read.text());
        assert!(read.json().as_array().is_some_and(|records| !records.is_empty()), "{}", read.text());

        let task = task_xml(&fresh_number("CURL"), "01");
        let head = ["-H", "Lt-Purpose: cap-nhat-du-lieu", "-H", "Content-Type: application/xml"];
        let sent =
            run(&[&[flag][..], &head, &["-H", "Expect: 100-continue", "--data-binary", &task]].concat());
        assert_eq!((sent.status, sent.version), (201, version), "{}", sent.text());

        let refused = run(&[flag, "-H", "Accept-Language: en"]);
        assert_eq!((refused.status, refused.version), (403, version));
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.json()["rule"], "purpose-missing");
    }
}

#[test]
fn one_connection_carries_many_requests_over_either_version() {
    let sandbox = sandbox();
    let hanoi = sandbox.identity(HANOI).unwrap();
    for http in [Http::One, Http::Two] {
        let mut line = sandbox.caller(&hanoi, http).unwrap().connect().unwrap();
        for round in 0..5 {
            let answer = line.ask(list()).unwrap();
            assert_eq!(answer.status, 200, "{http:?}, round {round}: {}", answer.text());
            // A refusal keeps the connection open, its unread body drained.
            let refused = line
                .ask(push(task_json(&fresh_number("X"), "01").repeat(20)).header("Lt-Purpose", "a b"))
                .unwrap();
            assert!((400..500).contains(&refused.status), "{http:?}: {}", refused.status);
        }
    }
}

#[test]
fn what_is_shared_by_default_needs_no_agreement_and_stops_at_shared_fields() {
    let sandbox = sandbox();
    let read =
        ask(&sandbox, "G03/thu-vien", Ask::get("/api/G06/to-chuc/v1/records").purpose("quan-ly-nhiem-vu"));
    assert_eq!(read.answer.status, 200, "{}", read.answer.text());
    read.recorded("agreement", &Value::Null)
        .or_else(|error| match read.record.get("agreement") {
            None => Ok(&read),
            Some(_) => Err(error),
        })
        .unwrap();
    let text = read.answer.text();
    assert!(
        text.contains("KinhPhiHoatDong") && text.contains("12000000000"),
        "a shared field is missing: {text}"
    );
    assert!(!text.contains("NguonKhac") && !text.contains("GiaTriThietBi"), "a restricted field: {text}");
    read.hides(&["800000000"]).unwrap();
    let people =
        ask(&sandbox, "G03/thu-vien", Ask::get("/api/G06/nhan-luc/v1/records").purpose("quan-ly-nhan-luc"));
    people.refused(403, "no-agreement", "no-agreement", "consumer").unwrap().unseen().unwrap();
}

#[test]
fn open_publications_name_nobody_and_an_agreement_names_authors() {
    const PUBLICATIONS: &str = "/api/G06/cong-bo/v1/records";
    let sandbox = sandbox();
    let open = ask(&sandbox, "G03/thu-vien", Ask::get(PUBLICATIONS).purpose("thong-ke"));
    assert_eq!(open.answer.status, 200, "{}", open.answer.text());
    let text = open.answer.text();
    for there in ["10.5555/mau.2026.000123", "9999-0016", "9786049999017", "SoLanTrichDan", "ToanVan"] {
        assert!(text.contains(there), "no `{there}`: {text}");
    }
    for closed in ["TacGia", "NgayNhanBai", "SHA256"] {
        assert!(!text.contains(closed), "`{closed}` is not open: {text}");
    }
    open.hides(&["Nguyễn Văn Mẫu", "001099000001", "0000-0099-9999-0012"]).unwrap();
    let named =
        ask(&sandbox, HANOI, Ask::get(&format!("{PUBLICATIONS}/CB-2026-000123")).purpose("quan-ly-nhiem-vu"));
    named.granted(200, "TT-2026-033").unwrap().hides(&["001099000001", "00X0000001"]).unwrap();
    let author = &named.answer.json()["TacGia"][0];
    assert_eq!(author["HoVaTen"], "Nguyễn Văn Mẫu");
    assert!(author["SoDinhDanh"].as_str().is_some_and(|pseudonym| pseudonym.len() > 12), "{author}");
}

#[test]
fn a_patent_is_found_by_its_number_and_its_price_by_nobody() {
    const PATENTS: &str = "/api/G06/sang-che/v1/records";
    let sandbox = sandbox();
    let shared =
        ask(&sandbox, "G03/thu-vien", Ask::get(&format!("{PATENTS}?SoBang=1-0099001")).purpose("thong-ke"));
    assert_eq!(shared.answer.status, 200, "{}", shared.answer.text());
    let body = shared.answer.json();
    let found = body.as_array().unwrap();
    assert_eq!((found.len(), &found[0]["SoDon"]), (1, &"1-2021-99123".into()), "{body}");
    assert_eq!(found[0]["PhanLoaiIPC"][0], "G08B 21/10");
    shared.hides(&["Nguyễn Văn Mẫu", "001099000001", "1500000000"]).unwrap();
    let named = ask(
        &sandbox,
        HANOI,
        Ask::get(&format!("{PATENTS}/1-2021-99123"))
            .purpose("quan-ly-nhiem-vu")
            .header("Accept", "application/xml"),
    );
    named.granted(200, "TT-2026-034").unwrap().hides(&["001099000001", "1500000000"]).unwrap();
    assert!(named.answer.text().contains("<HoVaTen>Nguyễn Văn Mẫu</HoVaTen>"), "{}", named.answer.text());
}

#[test]
fn a_caller_learns_what_it_may_use_and_nothing_of_others() {
    let sandbox = sandbox();
    let api = ask(&sandbox, "G03/thu-vien", Ask::get("/api"));
    let text = api.answer.text();
    assert_eq!(api.answer.status, 200, "{text}");
    for known in ["H26/nhiem-vu", "G06/nhiem-vu", "G06/to-chuc"] {
        assert!(text.contains(known), "`{known}` is missing: {text}");
    }
    for foreign in ["G01/dan-cu", "G06/nhan-luc", "TT-2026-017", "HoVaTen"] {
        assert!(!text.contains(foreign), "`{foreign}` is none of its business: {text}");
    }
    let me = ask(&sandbox, "G03/thu-vien", Ask::get("/api/me")).answer.json();
    assert_eq!(me["system"], "G03/thu-vien");
    assert!(me["certificate"]["days_left"].as_i64().is_some_and(|days| (25..=30).contains(&days)), "{me}");
}

#[test]
fn a_granted_answer_tells_what_is_left() {
    let sandbox = sandbox();
    let read = ask(&sandbox, HANOI, list());
    for header in ["ratelimit", "ratelimit-policy"] {
        assert!(!read.answer.header(header).is_empty(), "no `{header}`: {:?}", read.answer.headers);
    }
    assert_eq!(read.answer.header("content-type"), "application/json");
}

#[test]
fn wrong_paths_methods_and_formats_are_told_apart() {
    let sandbox = sandbox();
    let cases = [
        (Ask::get("/"), 404, "not-found"),
        (Ask::get("/api/G06/khong-co/v1/records"), 404, "not-found"),
        (Ask::get("/api/G06/nhiem-vu/v9/records").purpose("quan-ly-nhiem-vu"), 404, "version-unknown"),
        (Ask::new(Method::DELETE, TASKS), 405, "method-not-allowed"),
        (list().header("Accept", "text/html"), 406, "not-acceptable"),
        (Ask::post(TASKS, "text/csv", "a").purpose("cap-nhat-du-lieu"), 415, "media-type"),
        (push("{}").header("Content-Encoding", "gzip"), 415, "content-coding"),
        (Ask::get(&format!("{TASKS}?limit=0")).purpose("quan-ly-nhiem-vu"), 400, "parameter"),
        (Ask::get(&format!("{TASKS}?MaSo=1&MaSo=2")).purpose("quan-ly-nhiem-vu"), 400, "repeated-parameter"),
        (Ask::get(&format!("{TASKS}/a%2Fb")).purpose("quan-ly-nhiem-vu"), 400, "encoded-slash"),
        (Ask::get("/api/G06/../G06/nhiem-vu/v1/records").purpose("quan-ly-nhiem-vu"), 400, "dot-segment"),
    ];
    for (asked, status, rule) in cases {
        let line = asked.line();
        let step = ask(&sandbox, HANOI, asked);
        let problem = step.answer.json();
        assert_eq!((step.answer.status, &problem["rule"]), (status, &json!(rule)), "{line}: {problem}");
        assert_eq!(problem["fault"], "consumer", "{line}: {problem}");
        step.unseen().unwrap();
    }
    let allowed = ask(&sandbox, HANOI, Ask::new(Method::DELETE, TASKS));
    assert_eq!(allowed.answer.header("allow"), "GET, POST");
}

#[test]
fn a_body_beyond_the_limit_is_refused_and_can_be_read_about() {
    let sandbox = sandbox();
    let large = format!("[{}]", vec![task_json("X", "01"); 2_000].join(","));
    assert!(large.len() > 1 << 20);
    let step = ask(&sandbox, PLATFORM, push(large));
    step.refused(413, "body-too-large", "body-too-large", "consumer").unwrap().unseen().unwrap();
}

#[test]
fn another_authority_is_not_ours() {
    let sandbox = sandbox();
    let url = format!("https://localhost:{}/api", sandbox.address.port());
    let hanoi = sandbox.identity(HANOI).unwrap();
    for http in ["--http1.1", "--http2"] {
        let answer = curl::run(&sandbox.pki.ca(), &hanoi, &[http, "-H", "Host: khac.example", &url]).unwrap();
        assert_eq!(answer.status, 421, "{http}: {}", answer.text());
        assert_eq!(answer.json()["rule"], "misdirected");
    }
}

#[test]
fn no_certificate_no_conversation() {
    let sandbox = sandbox();
    for http in [Http::One, Http::Two] {
        let nobody = Caller::new(sandbox.address, &sandbox.pki.ca(), None, http).unwrap();
        assert!(nobody.ask(list()).is_err());
    }
    assert!(sandbox.neighbours().iter().all(|neighbour| neighbour.seen().unwrap().is_empty()));
}

#[test]
fn a_failing_provider_is_the_providers_fault() {
    let sandbox = sandbox();
    let provider = sandbox.neighbour(INFORMATION_SYSTEM).unwrap();
    let cases = [
        (Behaviour::Fail, 502, "provider-error", "status-500"),
        (Behaviour::HangUp, 502, "provider-broken", "provider-broken"),
        (Behaviour::Late(Duration::from_millis(900)), 504, "provider-timeout", "provider-timeout"),
        (Behaviour::Down, 502, "provider-unreachable", "provider-unreachable"),
    ];
    for (behaviour, status, kind, rule) in cases {
        provider.behave(&behaviour).unwrap();
        let step = ask(&sandbox, HANOI, list());
        step.refused(status, kind, rule, "provider")
            .unwrap_or_else(|error| panic!("{behaviour:?}: {error:#}"));
        // Not a word of the provider's own.
        step.hides(&["told to fail"]).unwrap();
    }
    provider.behave(&Behaviour::Proper).unwrap();
    ask(&sandbox, HANOI, list()).granted(200, "TT-2026-017").unwrap();
}

#[test]
fn a_field_that_the_contract_does_not_have_reaches_nobody() {
    let sandbox = sandbox();
    let garble = Behaviour::Garble { field: "TruongMoi".into(), value: json!("BI-MAT-78") };
    sandbox.neighbour(INFORMATION_SYSTEM).unwrap().behave(&garble).unwrap();
    // To who reads everything too: unchanged bytes would carry it along.
    for (caller, purpose) in [(HANOI, "quan-ly-nhiem-vu"), ("G06/cong-du-lieu-mo", "cong-bo-du-lieu-mo")] {
        let step = ask(&sandbox, caller, Ask::get(TASKS).purpose(purpose));
        assert_eq!(step.answer.status, 200, "{}", step.answer.text());
        step.hides(&["TruongMoi", "BI-MAT-78"]).unwrap();
    }
}

#[test]
fn a_submit_whose_answer_is_lost_has_an_unknown_outcome() {
    let sandbox = sandbox();
    let provider = sandbox.neighbour(INFORMATION_SYSTEM).unwrap();
    for behaviour in [Behaviour::Mute, Behaviour::Late(Duration::from_millis(900)), Behaviour::HangUp] {
        let number = fresh_number("MAT");
        provider.behave(&behaviour).unwrap();
        let lost = ask(&sandbox, PLATFORM, push(task_json(&number, "01")));
        lost.refused(504, "outcome-unknown", "outcome-unknown", "provider")
            .unwrap_or_else(|e| panic!("{behaviour:?}: {e:#}"));
        // Sent once, whatever happened to the answer.
        assert_eq!(lost.seen.len(), 1, "{behaviour:?}: {:?}", lost.seen);
        provider.behave(&Behaviour::Proper).unwrap();
        let found = ask(&sandbox, HANOI, Ask::get(&format!("{TASKS}/{number}")).purpose("quan-ly-nhiem-vu"));
        found.granted(200, "TT-2026-017").unwrap();
    }
}

#[test]
fn many_records_travel_at_once_and_all_or_nothing() {
    let sandbox = sandbox();
    let numbers = [fresh_number("LO"), fresh_number("LO")];
    let both = format!("[{},{}]", task_json(&numbers[0], "01"), task_json(&numbers[1], "79"));
    let sent = ask(&sandbox, PLATFORM, push(both.clone()));
    sent.granted(201, "TT-2026-001").unwrap().recorded("records", &json!(2)).unwrap();
    assert_eq!(sent.seen_by(INFORMATION_SYSTEM).unwrap().body, both);

    let bad = format!("[{},{{}}]", task_json(&fresh_number("LO"), "01"));
    let refused = ask(&sandbox, PLATFORM, push(bad));
    refused.refused(422, "contract-violation", "nhiem-vu@1", "consumer").unwrap().unseen().unwrap();
    let problem = refused.answer.json();
    let paths: Vec<&str> =
        problem["violations"].as_array().unwrap().iter().filter_map(|v| v["path"].as_str()).collect();
    assert!(!paths.is_empty() && paths.iter().all(|path| path.starts_with("/1")), "{problem}");
}

#[test]
fn nothing_personal_is_kept_anywhere_but_at_the_provider() {
    let mut sandbox = sandbox();
    let number = fresh_number("KIN");
    ask(&sandbox, PLATFORM, push(task_json(&number, "01"))).granted(201, "TT-2026-001").unwrap();
    ask(&sandbox, PLATFORM, push(task_json(&number, "01").replace(PERSON_NUMBER, "00119100004X")));
    ask(
        &sandbox,
        HANOI,
        Ask::get(&format!("{TASKS}?ChuNhiem.SoDinhDanh={PERSON_NUMBER}")).purpose("quan-ly-nhiem-vu"),
    );
    ask(&sandbox, HANOI, Ask::get(&format!("{TASKS}/{PERSON_NUMBER}")).purpose("quan-ly-nhiem-vu"));
    let person = json!({"SoDinhDanh": PERSON_NUMBER, "HoVaTen": PERSON, "NgaySinh": "1991-02-03"});
    let verify = Ask::post("/api/G01/dan-cu/v1/verify", "application/json", person.to_string());
    ask(&sandbox, HANOI, verify.purpose("xac-thuc-nhan-luc").header("Lt-User", "cb-7"))
        .granted(200, "TT-2026-019")
        .unwrap();

    let log = sandbox.gateway().unwrap().log();
    for text in [PERSON, PERSON_NUMBER, "00119100004X"] {
        assert!(!log.contains(text), "`{text}` stands in the log");
        let mut grep = std::process::Command::new("grep");
        grep.args(["-rlF", text]).arg(sandbox.folder.join("data/gateway"));
        let found = process::run(&mut grep, Duration::from_secs(10)).unwrap();
        assert_eq!(found.out, "", "`{text}` stands in the gateway's data");
    }
    let metrics = Caller::plain(sandbox.admin).ask(Ask::get("/metrics")).unwrap();
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.text().contains("G06/nhiem-vu") && !metrics.text().contains(&number),
        "{}",
        metrics.text()
    );
}

#[test]
fn who_runs_the_gateway_needs_a_token() {
    let sandbox = sandbox();
    let admin = Caller::plain(sandbox.admin);
    assert_eq!(admin.ask(Ask::get("/healthz")).unwrap().status, 200);
    assert_eq!(admin.ask(Ask::get("/status")).unwrap().status, 401);
    assert_eq!(admin.ask(Ask::get("/status").header("Authorization", "Bearer sai")).unwrap().status, 401);
    let token = std::fs::read_to_string(sandbox.folder.join("keys/admin.token")).unwrap();
    let status = admin.ask(Ask::get("/status").header("Authorization", &format!("Bearer {token}"))).unwrap();
    assert_eq!(status.status, 200);
    assert_eq!(status.json()["environment"], "production", "{}", status.text());
    let settings = sandbox.documents.settings();
    let told = sandbox.lienthong(&["status", "--lang", "en", "-c", &settings.to_string_lossy()]).unwrap();
    assert!(told.status.success() && !told.out.is_empty(), "{told:?}");
}
