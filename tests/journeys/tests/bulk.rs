//! Collections too long to be held, seen from outside by curl and by the system's own books on memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a step that fails fails the test")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use journeys::{Scene, Voice, eventually};
use serde_json::{Value, json};
use support::{Ask, Behaviour, Http, Plan, Sandbox};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";
const INFORMATION_SYSTEM: &str = "G06/he-thong-khcn";
const SERVICE: &str = "services/G06/nhiem-vu.toml";
const AGREEMENT: &str = "agreements/TT-2026-017.toml";

/// By how much any number of long exchanges at once may raise the gateway's memory, in KiB. Each holds its
/// provider's beginning (64 KiB here), a window of the reader, a piece of the answer, and what TLS and the
/// sockets keep, under 1 MiB in all; the rest is the allocator's.
const BOUND: u64 = 16 * 1024;
/// How long the long reply is, in MB; `LIENTHONG_BULK_MB` says otherwise. Several times the bound.
const LENGTH: u64 = 48;

fn started(name: &str, bad_records: &str) -> Sandbox {
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), &format!("bulk-{name}")).unwrap();
    let mut sandbox = Sandbox::lay_out(plan).unwrap();
    let documents = &sandbox.documents;
    let streams = format!("query = {{ stream = {{ bad_records = \"{bad_records}\" }}, method");
    documents.edit(SERVICE, "query = { method", &streams).unwrap();
    documents.edit(SERVICE, "concurrent = 50 }", "concurrent = 50, body = \"64KiB\" }").unwrap();
    documents.edit(AGREEMENT, "formats = [\"xml\", \"json\"]", ALL_FORMATS).unwrap();
    documents.edit(AGREEMENT, "per_day = {", "# per_day = {").unwrap();
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    sandbox
}

const ALL_FORMATS: &str = "formats = [\"xml\", \"json\", \"ndjson\", \"csv\"]";

fn flow(sandbox: &Sandbox, records: Option<u64>, bad: Option<u64>, breaks_at: Option<u64>) {
    let behaviour = Behaviour::Flow { records, bad, breaks_at };
    sandbox.neighbour(INFORMATION_SYSTEM).unwrap().behave(&behaviour).unwrap();
}

/// curl at work: what it was answered goes to files.
struct Fetch {
    child: Child,
    head: PathBuf,
    body: PathBuf,
}

/// Hà Nội asks for all tasks.
fn fetch(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Fetch {
    let hanoi = sandbox.identity(HANOI).unwrap();
    let (head, body) =
        (sandbox.folder.join(format!("{name}.head")), sandbox.folder.join(format!("{name}.body")));
    let mut curl = Command::new("curl");
    curl.args(["-q", "--silent", "--max-time", "300", "--noproxy", "*", "--cacert"]).arg(sandbox.pki.ca());
    curl.arg("--cert").arg(&hanoi.certificate).arg("--key").arg(&hanoi.key);
    curl.arg("--dump-header").arg(&head).arg("--output").arg(&body).arg("--no-buffer");
    curl.args(["-H", "Lt-Purpose: quan-ly-nhiem-vu"]).args(arguments);
    curl.arg(format!("https://localhost:{}{TASKS}", sandbox.address.port()));
    let child = curl.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Fetch { child, head, body }
}

impl Fetch {
    /// How curl ended: 0 only when the answer was whole.
    fn ended(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    fn size(&self) -> u64 {
        fs::metadata(&self.body).map_or(0, |found| found.len())
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.body).unwrap_or_default()
    }

    /// The exchange's id.
    fn exchange(&self) -> String {
        let head = fs::read_to_string(&self.head).unwrap_or_default().to_lowercase();
        let found = head.lines().find_map(|line| line.strip_prefix("lt-exchange-id: "));
        assert!(found.is_some(), "no exchange is named: {head}");
        found.unwrap().trim().to_owned()
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        // Gone already, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The journal's record of an exchange.
fn record(sandbox: &Sandbox, exchange: &str) -> Value {
    Scene { sandbox, voice: Voice::Own(Http::One), tell: &mut |_| {} }.record(exchange).unwrap()
}

/// A line of `/proc/<gateway>/status`, in KiB.
fn memory(sandbox: &mut Sandbox, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", sandbox.gateway().unwrap().id())).unwrap();
    let found = status.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(':'));
    found.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn what_breaks_off_never_looks_complete() {
    let sandbox = started("cut", "stop");
    let agreed = ["application/json", "application/xml", "application/x-ndjson", "text/csv"];
    for version in ["--http1.1", "--http2"] {
        for media in agreed {
            let accept = format!("Accept: {media}");
            let asked = |name: &str| fetch(&sandbox, name, &[version, "-H", &accept]);
            flow(&sandbox, Some(3_000), None, None);
            let mut whole = asked("whole");
            assert_eq!(whole.ended(), 0, "{version}, {media}");
            assert!(whole.text().contains("LAP-00002999"), "{version}, {media}");
            assert_eq!(record(&sandbox, &whole.exchange())["records"], 3_000);

            // curl's own verdict: 18 and 56 for HTTP/1.1, 92 for HTTP/2.
            for (bad, breaks_at, cause) in [(None, Some(2_500), "provider"), (Some(2_500), None, "contract")]
            {
                flow(&sandbox, Some(3_000), bad, breaks_at);
                let mut cut = asked("cut");
                let ended = cut.ended();
                assert!([18, 56, 92].contains(&ended), "{version}, {media}, {cause}: {ended}");
                assert!(!cut.text().contains("LAP-00002500"), "{version}, {media}");
                let record = record(&sandbox, &cut.exchange());
                assert_eq!((&record["decision"], &record["fault"]), (&json!("cut"), &json!("provider")));
                assert_eq!(record["bad_at"], bad.map_or(Value::Null, |at| json!(at.to_string())), "{record}");
                assert!(record["records"].as_u64().unwrap() <= 2_500, "{record}");
            }
        }
    }
}

#[test]
fn a_bad_record_is_set_aside_and_told_by_position() {
    let sandbox = started("aside", "set-aside");
    flow(&sandbox, Some(3_000), Some(2_500), None);
    let mut fetched = fetch(&sandbox, "aside", &[]);
    assert_eq!(fetched.ended(), 0);
    let records: Vec<Value> = serde_json::from_str(&fetched.text()).unwrap();
    assert_eq!(records.len(), 2_999);
    let record = record(&sandbox, &fetched.exchange());
    assert_eq!((&record["set_aside"], &record["bad_at"]), (&json!(1), &json!("2500")), "{record}");
    assert_eq!(record["records"], 2_999);
}

#[test]
fn what_a_crash_cut_is_told_after_the_restart() {
    let mut sandbox = started("crash", "stop");
    flow(&sandbox, None, None, None);
    let mut fetched = fetch(&sandbox, "crash", &[]);
    eventually("an answer under way", || fetched.size() > 500_000);
    sandbox.crash_gateway().unwrap();
    assert_ne!(fetched.ended(), 0, "a dead gateway ended an answer well");

    sandbox.start_gateway().unwrap();
    let exchange = fetched.exchange();
    assert!(sandbox.log().contains(&exchange), "the operator is not told");
    let record = record(&sandbox, &exchange);
    assert_eq!((&record["kind"], &record["operation"]), (&json!("interrupted"), &json!("query")), "{record}");
}

#[test]
fn a_suspended_agreement_ends_an_answer_that_has_no_end() {
    let sandbox = started("suspended", "stop");
    flow(&sandbox, None, None, None);
    let mut fetched = fetch(&sandbox, "suspended", &["--http2"]);
    eventually("an answer under way", || fetched.size() > 500_000);
    let text = "id = \"DC-BULK\"\nreason = { vi = \"Lộ khóa\", en = \"A key has leaked\" }\nagreement = \"TT-2026-017\"\n";
    sandbox.documents.put("suspensions/DC-BULK.toml", text).unwrap();
    eventually("the end of it", || fetched.is_over());
    assert_eq!(fetched.ended(), 92);
    let record = record(&sandbox, &fetched.exchange());
    assert_eq!((&record["decision"], &record["rule"]), (&json!("cut"), &json!("suspended")), "{record}");
}

#[test]
fn a_long_reply_and_slow_callers_cost_bounded_memory() {
    let mut sandbox = started("memory", "stop");
    let megabytes = env::var("LIENTHONG_BULK_MB").map_or(LENGTH, |said| said.parse().unwrap());
    // Everything that is loaded once is loaded now.
    flow(&sandbox, Some(3_000), None, None);
    let mut warm = fetch(&sandbox, "warm", &[]);
    assert_eq!(warm.ended(), 0);
    let per_record = warm.size() / 3_000;
    let before = memory(&mut sandbox, "VmHWM");

    flow(&sandbox, Some(megabytes * 1_000_000 / per_record + 1), None, None);
    let mut long = fetch(&sandbox, "long", &[]);
    assert_eq!(long.ended(), 0);
    assert!(long.size() >= megabytes * 1_000_000, "{} bytes", long.size());
    let after = memory(&mut sandbox, "VmHWM");
    println!("{megabytes} MB: {before} KiB at most before, {after} KiB after");
    // The kernel counts each thread's share now and then: a peak may be told a little lower later.
    let more = after.saturating_sub(before);
    assert!(more < BOUND, "{more} KiB more for one answer of {megabytes} MB");

    // Eight callers who read slowly, of a reply without an end.
    flow(&sandbox, None, None, None);
    let mut slow: Vec<Fetch> =
        (0..8).map(|number| fetch(&sandbox, &format!("slow-{number}"), &["--limit-rate", "50k"])).collect();
    eventually("slow answers", || slow.iter().all(|one| one.size() > 100_000));
    assert!(slow.iter_mut().all(|one| !one.is_over()), "none of them ends");
    let crowded = memory(&mut sandbox, "VmHWM");
    println!("8 slow callers: {crowded} KiB at most");
    let more = crowded.saturating_sub(before);
    assert!(more < BOUND, "{more} KiB more for eight slow callers");

    // And another caller is served between.
    sandbox.neighbour(INFORMATION_SYSTEM).unwrap().reset().unwrap();
    let read = Ask::get(&format!("{TASKS}/DTDL-2025-011")).purpose("quan-ly-nhiem-vu");
    let mut scene = Scene { sandbox: &sandbox, voice: Voice::Own(Http::One), tell: &mut |_| {} };
    scene.ask(HANOI, read).unwrap().granted(200, "TT-2026-017").unwrap();
}
