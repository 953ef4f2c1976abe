//! What operators do and what happens to them: documents, crashes, full disks, revocations. Each test
//! has a sandbox of its own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a step that fails fails the test")]

use std::{path::Path, thread, time::Duration};

use journeys::{
    Scene, Step, Voice, eventually,
    records::{PERSON_NUMBER, fresh_number, task_json},
};
use serde_json::{Value, json};
use support::{Ask, Behaviour, Caller, Http, Plan, Sandbox, process::Ended};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";
const PLATFORM: &str = "G06/nen-tang-khcn";
const PARTNER: &str = "G03/thu-vien";
const INFORMATION_SYSTEM: &str = "G06/he-thong-khcn";

fn laid_out(name: &str) -> Sandbox {
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), &format!("operating-{name}")).unwrap();
    Sandbox::lay_out(plan).unwrap()
}

fn started(name: &str) -> Sandbox {
    let mut sandbox = laid_out(name);
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    sandbox
}

fn ask(sandbox: &Sandbox, system: &str, ask: Ask) -> Step {
    Scene { sandbox, voice: Voice::Own(Http::One), tell: &mut |_| {} }.ask(system, ask).unwrap()
}

fn list() -> Ask {
    Ask::get(TASKS).purpose("quan-ly-nhiem-vu")
}

fn push(number: &str) -> Ask {
    Ask::post(TASKS, "application/json", task_json(number, "01")).purpose("cap-nhat-du-lieu")
}

/// `lienthong` with the sandbox's settings, in English.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ended {
    let settings = sandbox.documents.settings();
    sandbox.lienthong(&[arguments, &["--lang", "en", "-c", &settings.to_string_lossy()]].concat()).unwrap()
}

/// The journal's answers to a query.
fn journal(sandbox: &Sandbox, query: &[&str]) -> Vec<Value> {
    let found = run(sandbox, &[&["journal", "query", "--json"], query].concat());
    assert!(found.status.success(), "{found:?}");
    found.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn check_tells_every_fault_of_every_document() {
    let sandbox = laid_out("check");
    let good = run(&sandbox, &["check"]);
    assert!(good.status.success(), "the repository's documents have faults: {}", good.out);

    let documents = &sandbox.documents;
    documents.put("agreements/TT-2026-901.toml", "id = \"TT-2026-901\"\nconsumer = \n").unwrap();
    documents
        .edit("agreements/TT-2026-020.toml", r#""MaSo", "TenNhiemVu","#, r#""MaSo", "TenNhiemVuu","#)
        .unwrap();
    documents.edit("agreements/TT-2026-021.toml", "G06/cong-du-lieu-mo", "G06/khong-co").unwrap();
    documents.edit("agreements/TT-2026-019.toml", "ground = ", "# ground = ").unwrap();
    documents.edit("purposes/thong-ke.toml", "title", "tieu_de").unwrap();
    let bad = run(&sandbox, &["check"]);
    assert_eq!(bad.status.code(), Some(1), "{}", bad.out);
    for file in
        ["TT-2026-901.toml", "TT-2026-020.toml", "TT-2026-021.toml", "TT-2026-019.toml", "thong-ke.toml"]
    {
        let line = bad.out.lines().find(|line| line.contains(file) && line.starts_with("error"));
        let line = line.unwrap_or_else(|| panic!("no fault of {file}:\n{}", bad.out));
        assert!(line.contains(&format!("{file}:")), "no place in: {line}");
    }
    assert!(
        bad.out.contains("TenNhiemVuu") && bad.out.contains("TenNhiemVu`"),
        "no remedy names the field meant: {}",
        bad.out
    );
    let json = run(&sandbox, &["check", "--json"]);
    let faults: Value = serde_json::from_str(&json.out).unwrap();
    assert!(faults.to_string().contains("TT-2026-901"), "{faults}");
}

#[test]
fn explain_and_the_journal_answer_an_operators_questions() {
    let sandbox = started("questions");
    let question = ["explain", "--consumer", HANOI, "--service", "G06/nhiem-vu", "--operation", "query"];
    let yes = run(&sandbox, &[&question[..], &["--purpose", "quan-ly-nhiem-vu"]].concat());
    assert!(yes.status.success() && yes.out.contains("TT-2026-017"), "{yes:?}");
    let no = run(&sandbox, &question);
    assert_eq!(no.status.code(), Some(1));
    assert!(no.out.contains("purpose-missing"), "{no:?}");
    let later =
        run(&sandbox, &[&question[..], &["--purpose", "quan-ly-nhiem-vu", "--at", "2029-01-01"]].concat());
    assert!(later.status.code() == Some(1) && later.out.contains("agreement-expired"), "{later:?}");

    let number = fresh_number("HOI");
    let pushed = ask(&sandbox, PLATFORM, push(&number));
    let read = ask(&sandbox, HANOI, list());
    let refused = ask(&sandbox, HANOI, Ask::get(TASKS));
    let id = |step: &Step| step.answer.header("lt-exchange-id").to_owned();
    let ids = |query: &[&str]| -> Vec<String> {
        journal(&sandbox, query)
            .iter()
            .map(|record| record["exchange"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&[]), [id(&pushed), id(&read), id(&refused)]);
    assert_eq!(ids(&["--agreement", "TT-2026-017"]).first(), Some(&id(&read)));
    assert_eq!(ids(&["--rule", "purpose-missing"]), [id(&refused)]);
    assert_eq!(ids(&["--member", "H26"]), [id(&read), id(&refused)]);
    assert_eq!(ids(&["--service", "G06/nhiem-vu"]).len(), 3);
    assert!(ids(&["--service", "G01/dan-cu"]).is_empty());
    assert!(ids(&["--from", "2099-01-01"]).is_empty() && ids(&["--until", "2020-01-01"]).is_empty());

    let person = json!({"SoDinhDanh": PERSON_NUMBER, "HoVaTen": "LÝ THỊ HƯ CẤU", "NgaySinh": "1991-02-03"});
    let verify = Ask::post("/api/G01/dan-cu/v1/verify", "application/json", person.to_string());
    let verified = ask(&sandbox, HANOI, verify.purpose("xac-thuc-nhan-luc").header("Lt-User", "cb-7"));
    verified.granted(200, "TT-2026-019").unwrap();
    let subject = sandbox.folder.join("subject");
    std::fs::write(&subject, PERSON_NUMBER).unwrap();
    assert_eq!(ids(&["--subject", &subject.to_string_lossy()]), [id(&verified)]);

    // The four moments, in order; the sizes and hashes of what passed.
    let record = &journal(&sandbox, &["--exchange", &id(&pushed)])[0];
    let moments: Vec<i64> = ["request_in", "request_out", "response_in", "response_out"]
        .iter()
        .map(|name| record[name].as_i64().unwrap())
        .collect();
    assert!(moments.is_sorted(), "{moments:?}");
    assert_eq!(record["request_bytes"], task_json(&number, "01").len());
    assert!(record["request_sha256"].as_str().is_some_and(|hash| hash.len() == 64), "{record}");
    let whole = run(&sandbox, &["journal", "verify"]);
    assert!(whole.status.success(), "{whole:?}");
}

#[test]
fn a_revocation_reaches_connections_that_are_open() {
    let sandbox = started("revocation");
    let partner = sandbox.identity(PARTNER).unwrap();
    for http in [Http::One, Http::Two] {
        sandbox.pki.revoke(&[]).unwrap();
        let caller = sandbox.caller(&partner, http).unwrap();
        let ask = || Ask::get("/api/H26/nhiem-vu/v1/records").purpose("quan-ly-nhiem-vu");
        eventually("trust again", || caller.ask(ask()).is_ok_and(|answer| answer.status == 200));
        let mut line = caller.connect().unwrap();
        assert_eq!(line.ask(ask()).unwrap().status, 200);
        sandbox.pki.revoke(&[&partner]).unwrap();
        let mut last = None;
        eventually("the revocation on an open connection", || {
            let answer = line.ask(ask()).unwrap();
            let refused = answer.status == 403;
            last = Some(answer);
            refused
        });
        assert_eq!(last.unwrap().json()["rule"], "certificate-revoked", "{http:?}");
        // The alert itself can be lost when the connection closes; the operator's line cannot.
        assert!(caller.ask(ask()).is_err(), "a new connection got an answer");
        let told = || {
            let log = sandbox.log();
            log.lines()
                .any(|line| line.contains("client certificate refused") && line.contains(&partner.serial()))
        };
        eventually("the operator's line", told);
    }
}

#[test]
fn a_suspension_reaches_connections_that_are_open() {
    let sandbox = started("suspension");
    let mut line = sandbox.caller(&sandbox.identity(PARTNER).unwrap(), Http::Two).unwrap().connect().unwrap();
    let ask = || Ask::get("/api/H26/nhiem-vu/v1/records").purpose("quan-ly-nhiem-vu");
    assert_eq!(line.ask(ask()).unwrap().status, 200);
    let order = "id = \"DC-2026-900\"\nagreement = \"TT-2026-018\"\nfrom = 2026-01-01\nreason = { vi = \"Rà soát\", en = \"Review\" }\n";
    sandbox.documents.put("suspensions/DC-2026-900.toml", order).unwrap();
    eventually("the suspension", || line.ask(ask()).unwrap().json()["rule"] == "suspended");
    // Only what is suspended: the same system under another agreement.
    let other = line.ask(Ask::get(TASKS).purpose("thong-ke")).unwrap();
    assert_eq!(other.status, 200, "{}", other.text());
}

#[test]
fn no_evidence_no_exchange() {
    let sandbox = started("evidence");
    ask(&sandbox, HANOI, list()).granted(200, "TT-2026-017").unwrap();
    sandbox.neighbour(INFORMATION_SYSTEM).unwrap().reset().unwrap();
    sandbox.forbid_writing(true).unwrap();
    let caller = sandbox.caller(&sandbox.identity(PLATFORM).unwrap(), Http::One).unwrap();
    let refused = caller.ask(push(&fresh_number("CC"))).unwrap();
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(
        (&refused.json()["rule"], &refused.json()["fault"]),
        (&json!("evidence-unavailable"), &json!("gateway"))
    );
    assert!(!refused.header("retry-after").is_empty());
    let unseen = sandbox.neighbour(INFORMATION_SYSTEM).unwrap().seen().unwrap();
    assert!(unseen.is_empty(), "what has no opening record reached a provider: {unseen:?}");
    let reader = sandbox.caller(&sandbox.identity("G06/cong-du-lieu-mo").unwrap(), Http::One).unwrap();
    let read = reader.ask(Ask::get(TASKS).purpose("cong-bo-du-lieu-mo")).unwrap();
    assert_eq!(read.status, 503, "{}", read.text());
    assert!(!read.text().contains("MaSo"), "data left without evidence: {}", read.text());
    let ready = Caller::plain(sandbox.admin).ask(Ask::get("/readyz")).unwrap();
    assert_eq!(ready.status, 503, "{}", ready.text());

    sandbox.forbid_writing(false).unwrap();
    ask(&sandbox, PLATFORM, push(&fresh_number("CC"))).granted(201, "TT-2026-001").unwrap();
    let admin = Caller::plain(sandbox.admin);
    eventually("readiness", || admin.ask(Ask::get("/readyz")).is_ok_and(|answer| answer.status == 200));
    assert!(run(&sandbox, &["journal", "verify"]).status.success());
}

#[test]
fn what_a_crash_interrupted_is_told_after_the_restart() {
    let mut sandbox = started("crash");
    let number = fresh_number("NGAT");
    sandbox.neighbour(INFORMATION_SYSTEM).unwrap().behave(&Behaviour::Late(Duration::from_secs(5))).unwrap();
    let caller = sandbox.caller(&sandbox.identity(PLATFORM).unwrap(), Http::One).unwrap();
    let asked = number.clone();
    let asking = thread::spawn(move || caller.ask(push(&asked)));
    let provider = sandbox.neighbour(INFORMATION_SYSTEM).unwrap();
    eventually("the request at the provider", || !provider.seen().unwrap().is_empty());
    let exchange = provider.seen().unwrap()[0].header("lt-exchange-id")[0].to_owned();
    sandbox.crash_gateway().unwrap();
    assert!(asking.join().unwrap().is_err(), "a dead gateway answered");

    sandbox.start_gateway().unwrap();
    let log = sandbox.gateway().unwrap().log();
    assert!(log.contains(&exchange) && log.contains("interrupted"), "{log}");
    let record = &journal(&sandbox, &["--exchange", &exchange])[0];
    assert_eq!(record["kind"], "interrupted", "{record}");
    assert_eq!((&record["caller"], &record["operation"]), (&json!(PLATFORM), &json!("submit")));
    assert!(run(&sandbox, &["journal", "verify"]).status.success());
    // The provider had it all along: the outcome was unknown, not lost.
    sandbox.neighbour(INFORMATION_SYSTEM).unwrap().reset().unwrap();
    let found = ask(&sandbox, HANOI, Ask::get(&format!("{TASKS}/{number}")).purpose("quan-ly-nhiem-vu"));
    found.granted(200, "TT-2026-017").unwrap();
}

#[test]
fn the_last_good_world_survives_a_restart() {
    let mut sandbox = started("last-good");
    ask(&sandbox, HANOI, list()).granted(200, "TT-2026-017").unwrap();
    sandbox.documents.put("members/H99.toml", "id = ").unwrap();
    // Nor does a good change beside a broken one count: all or nothing.
    sandbox.documents.edit("agreements/TT-2026-017.toml", r#""quan-ly-nhiem-vu", "#, "").unwrap();
    sandbox.stop_gateway().unwrap();
    sandbox.start_gateway().unwrap();
    ask(&sandbox, HANOI, list()).granted(200, "TT-2026-017").unwrap();
    let log = sandbox.log();
    assert!(log.contains("serving the last good ones"), "the operator is not told: {log}");
    let told = run(&sandbox, &["check"]);
    assert!(told.status.code() == Some(1) && told.out.contains("members/H99.toml:1:"), "{told:?}");

    sandbox.documents.remove("members/H99.toml").unwrap();
    let caller = sandbox.caller(&sandbox.identity(HANOI).unwrap(), Http::One).unwrap();
    eventually("the mended documents", || caller.ask(list()).unwrap().status == 403);
    ask(&sandbox, HANOI, list())
        .refused(403, "purpose-not-agreed", "purpose-not-agreed", "consumer")
        .unwrap();
}

#[test]
fn a_days_count_survives_a_restart_and_a_crash() {
    let mut sandbox = started("count");
    let one = |sandbox: &Sandbox| ask(sandbox, PARTNER, Ask::get(TASKS).purpose("thong-ke"));
    for _ in 0..2 {
        one(&sandbox).granted(200, "TT-2026-022").unwrap();
    }
    sandbox.stop_gateway().unwrap();
    sandbox.start_gateway().unwrap();
    for _ in 0..2 {
        one(&sandbox).granted(200, "TT-2026-022").unwrap();
    }
    sandbox.crash_gateway().unwrap();
    sandbox.start_gateway().unwrap();
    one(&sandbox).granted(200, "TT-2026-022").unwrap();
    one(&sandbox).refused(429, "quota-exceeded", "per-day-requests", "consumer").unwrap().unseen().unwrap();
}

#[test]
fn operators_reload_by_signal_and_by_token_and_are_named() {
    let mut sandbox = started("reload");
    let token = std::fs::read_to_string(sandbox.folder.join("keys/admin.token")).unwrap();
    let admin = Caller::plain(sandbox.admin);
    let reload = || Ask::new(http::Method::POST, "/reload");
    assert_eq!(admin.ask(reload()).unwrap().status, 401);
    let done = admin.ask(reload().header("Authorization", &format!("Bearer {token}"))).unwrap();
    assert_eq!(done.status, 200, "{}", done.text());
    sandbox.documents.put("purposes/hong.toml", "id = ").unwrap();
    let refused = admin.ask(reload().header("Authorization", &format!("Bearer {token}"))).unwrap();
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains("hong.toml"), "{}", refused.text());
    sandbox.documents.remove("purposes/hong.toml").unwrap();
    sandbox.gateway().unwrap().signal(rustix::process::Signal::HUP).unwrap();
    ask(&sandbox, HANOI, list()).granted(200, "TT-2026-017").unwrap();
    sandbox.stop_gateway().unwrap();
}

#[test]
fn every_document_is_obeyed() {
    let sandbox = started("documents");
    let caller = sandbox.caller(&sandbox.identity(HANOI).unwrap(), Http::One).unwrap();
    // Two hours from now in Viet Nam, for one hour: not now, whenever this runs.
    let hour =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 3600 + 7;
    let window =
        format!("windows = [\"T2-CN {:02}:00-{:02}:00\"]\noperations =", (hour + 2) % 24, (hour + 3) % 24);
    let closed =
        "maintenance = [{ from = 2026-01-01T00:00:00, until = 2099-01-01T00:00:00 }]\n\n[versions.1]";
    let service = "services/G06/nhiem-vu.toml";
    let cases = [
        (
            "members/H26.toml",
            "environment = \"production\"",
            "environment = \"test\"",
            403,
            "environment",
            "consumer",
        ),
        ("members/H26.toml", "127.0.0.0/8", "10.1.0.0/16", 403, "address-not-allowed", "consumer"),
        ("agreements/TT-2026-017.toml", "operations =", window.as_str(), 403, "outside-window", "consumer"),
        (
            "agreements/TT-2026-017.toml",
            "until = 2027-12-31",
            "until = 2026-06-30",
            403,
            "agreement-expired",
            "consumer",
        ),
        (
            service,
            "[versions.1]\n",
            "[versions.1]\nretired_from = 2026-01-01\n",
            410,
            "version-retired",
            "consumer",
        ),
        (service, "[versions.1]", closed, 503, "maintenance", "provider"),
        (
            service,
            "server_name = \"localhost\"",
            "server_name = \"khac.localhost\"",
            502,
            "provider-unreachable",
            "provider",
        ),
    ];
    for (document, from, to, status, rule, fault) in cases {
        let text = sandbox.documents.text(document).unwrap();
        sandbox.documents.put(document, &text.replacen(from, to, 1)).unwrap();
        assert_ne!(text, sandbox.documents.text(document).unwrap(), "{document} does not hold `{from}`");
        eventually(&format!("{document}: {rule}"), || caller.ask(list()).unwrap().status != 200);
        sandbox.neighbour(INFORMATION_SYSTEM).unwrap().reset().unwrap();
        let step = ask(&sandbox, HANOI, list());
        step.refused(status, rule, rule, fault)
            .unwrap_or_else(|error| panic!("{document}: {error:#}"))
            .unseen()
            .unwrap();
        let waits = !step.answer.header("retry-after").is_empty();
        assert!(waits || fault == "consumer", "{rule} tells no time to come back: {:?}", step.answer.headers);
        sandbox.documents.put(document, &text).unwrap();
        eventually(&format!("{document} as it was"), || caller.ask(list()).unwrap().status == 200);
    }
}
