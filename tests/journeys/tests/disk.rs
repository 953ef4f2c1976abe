//! A journal whose disk is full in the middle of load: no exchange without a record, nothing else is lost, and
//! the gateway recovers by itself.
//!
//! The disk is a real one: a small file system in memory under the gateway's data folder, in a mount namespace
//! of the test's own, where no privilege is needed; a file of the test's fills it. A test in a namespace is this
//! program run again by itself. Where the system permits no namespace, files of the gateway may not grow for a
//! while instead: every write fails then as on a full disk, only that none fails in the middle of a line. Which
//! it was is printed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a step that fails fails the test"
)]
#![allow(clippy::print_stdout, reason = "which disk it was, and what was counted")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use journeys::{
    eventually,
    load::{Endings, PROVIDER, READER, TASKS, counted, ending, lift_limits, under_load},
};
use serde_json::Value;
use support::{Answer, Ask, Caller, Http, Plan, Sandbox, process};

/// Tells a test that it runs in a namespace of its own.
const INSIDE: &str = "OWN_NAMESPACE";
/// Room for all that a test records, and filled in a moment.
const DISK: &str = "size=24m";
const EDITED: &str = "agreements/TT-2026-018.toml";

/// The disk under the gateway's data.
enum Disk {
    /// A file system of its own; the file that fills it.
    Own(PathBuf),
    /// Files may not grow.
    Limited,
}

impl Disk {
    fn fill(&self, sandbox: &Sandbox) {
        match self {
            Self::Own(ballast) => {
                let mut file = OpenOptions::new().create(true).append(true).open(ballast).unwrap();
                while file.write_all(&[0; 4096]).is_ok() {}
            }
            Self::Limited => sandbox.forbid_writing(true).unwrap(),
        }
    }

    fn free(&self, sandbox: &Sandbox) {
        match self {
            Self::Own(ballast) => fs::remove_file(ballast).unwrap(),
            Self::Limited => sandbox.forbid_writing(false).unwrap(),
        }
    }
}

/// Runs `story` on a disk of its own, by running the test of this name again in a namespace.
fn on_a_small_disk(test: &str, story: impl FnOnce(Sandbox, &Disk)) {
    let inside = env::var_os(INSIDE).is_some();
    if !inside && let Some(namespace) = namespace() {
        // Brought up to date out here, so that nothing is left to build within.
        support::Binaries::built().unwrap();
        let mut again = Command::new("unshare");
        again.args(namespace).arg(env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
        let ended = process::run(again.env(INSIDE, "1"), Duration::from_secs(240)).unwrap();
        println!("{}", ended.out);
        assert!(ended.status.success() && ended.out.contains("1 passed"), "{}\n{}", ended.out, ended.err);
        return;
    }
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), &format!("disk-{test}")).unwrap();
    let mut sandbox = Sandbox::lay_out(plan).unwrap();
    lift_limits(&sandbox.documents).unwrap();
    let data = sandbox.folder.join("data/gateway");
    let disk = if inside {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(&data);
        assert!(mount.status().unwrap().success());
        println!("{test}: on a file system of its own ({DISK})");
        Disk::Own(data.join("ballast"))
    } else {
        println!("{test}: no mount namespace is permitted here: files that may not grow stand for the disk");
        Disk::Limited
    };
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    story(sandbox, &disk);
}

/// How a namespace is made in which this test may mount, if in any way.
fn namespace() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["--user", "--map-root-user", "--mount"], &["--mount"]];
    let folder = tempfile::tempdir().unwrap();
    let permits = |way: &&&[&str]| {
        let mut mount = Command::new("unshare");
        mount.args(**way).args(["mount", "-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|tried| tried.status.success())
    };
    WAYS.iter().find(permits).copied()
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> process::Ended {
    let settings = sandbox.documents.settings();
    sandbox.lienthong(&[arguments, &["-c", &settings.to_string_lossy()]].concat()).unwrap()
}

fn status(sandbox: &Sandbox) -> Value {
    let told = run(sandbox, &["status", "--json"]);
    serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{told:?}"))
}

/// A number of `/metrics`.
fn metric(sandbox: &Sandbox, name: &str) -> f64 {
    let text = Caller::plain(sandbox.admin).ask(Ask::get("/metrics")).unwrap().text();
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(value).unwrap_or_else(|| panic!("no `{name}` in {text}"))
}

fn ready(sandbox: &Sandbox) -> u16 {
    Caller::plain(sandbox.admin).ask(Ask::get("/readyz")).unwrap().status
}

fn read(sandbox: &Sandbox) -> Answer {
    let caller = sandbox.caller(&sandbox.identity(READER).unwrap(), Http::One).unwrap();
    caller.ask(Ask::get(TASKS).purpose("quan-ly-nhiem-vu")).unwrap()
}

/// The journal's last record of every exchange.
fn journal(sandbox: &Sandbox) -> BTreeMap<String, Value> {
    let told = run(sandbox, &["journal", "query", "--json", "--limit", "1000000"]);
    let records = told.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.map(|record| (record["exchange"].as_str().unwrap().to_owned(), record)).collect()
}

/// Everything that tells operators says that the journal fails, and a read is refused for it.
fn told_everywhere(sandbox: &Sandbox) -> bool {
    let refused = read(sandbox);
    let problem = refused.json();
    ready(sandbox) == 503
        && metric(sandbox, "lienthong_journal_healthy") == 0.0
        && status(sandbox)["journal"]["fault"]["en"]
            .as_str()
            .is_some_and(|fault| fault.contains("disk space"))
        && ending(&refused) == "503 evidence-unavailable"
        && (&problem["rule"], &problem["fault"]) == (&"evidence-unavailable".into(), &"gateway".into())
        && !refused.header("retry-after").is_empty()
        && !refused.text().contains("MaSo")
}

/// How many records of a number the provider has on its own disk.
fn held(provider: &[Value], number: &str) -> usize {
    provider.iter().filter(|one| one["key"] == number).count()
}

#[test]
fn a_disk_that_is_full_under_load_stops_exchanges_and_loses_none() {
    on_a_small_disk("a_disk_that_is_full_under_load_stops_exchanges_and_loses_none", |mut sandbox, disk| {
        let load = Duration::from_millis(800);
        let endings = under_load(&sandbox, || {
            for time in ["first", "second"] {
                thread::sleep(load);
                disk.fill(&sandbox);
                let told = eventually("the full disk is told everywhere", || told_everywhere(&sandbox));
                thread::sleep(load);
                assert!(told_everywhere(&sandbox), "a full disk is told for as long as it is full");
                disk.free(&sandbox);
                let well =
                    eventually("evidence again", || ready(&sandbox) == 200 && read(&sandbox).status == 200);
                println!("the {time} time: told after {told:?}, well {well:?} after there was room");
            }
            thread::sleep(load);
        })
        .unwrap();
        // Without traffic as well, and of everything.
        eventually("all is well", || {
            let told = status(&sandbox);
            told["journal"]["fault"].is_null()
                && told["quota"]["fault"].is_null()
                && metric(&sandbox, "lienthong_journal_healthy") == 1.0
        });
        assert!(metric(&sandbox, "lienthong_journal_faults_total") > 0.0);
        answered_is_recorded(&sandbox, &endings);

        // What was under way when the disk filled up is told of once, at the next start.
        let open = of_kind(&journal(&sandbox), "opening");
        assert!(sandbox.stop_gateway().is_ok(), "{}", sandbox.log());
        sandbox.start_gateway().unwrap();
        assert_eq!(of_kind(&journal(&sandbox), "interrupted"), open);
        println!("{} exchanges were under way when the disk was full", open.len());
        sound(&sandbox);
    });
}

fn of_kind(journal: &BTreeMap<String, Value>, kind: &str) -> BTreeSet<String> {
    let found = journal.iter().filter(|(_, record)| record["kind"] == kind);
    found.map(|(exchange, _)| exchange.clone()).collect()
}

/// No line is damaged or torn, and no number is missing.
fn sound(sandbox: &Sandbox) {
    let verified = run(sandbox, &["journal", "verify", "--json"]);
    let told: Value = serde_json::from_str(&verified.out).unwrap_or_else(|_| panic!("{verified:?}"));
    assert!(verified.status.success(), "{told}");
    assert_eq!(told["problems"], Value::Array(Vec::new()), "{told}");
}

/// What was answered is in the journal as it was answered, what could not be recorded was refused as declared
/// and never sent to a provider, and no change was done twice or behind the journal's back.
fn answered_is_recorded(sandbox: &Sandbox, endings: &Endings) {
    sound(sandbox);
    let journal = journal(sandbox);
    let mut counts = BTreeMap::<&str, (usize, usize)>::new();
    for (exchange, ending) in &endings.exchanges {
        let record = journal.get(exchange);
        let (answered, recorded) = counts.entry(ending).or_default();
        *answered += 1;
        *recorded += usize::from(record.is_some());
        match ending.as_str() {
            "200" | "201" => {
                let record =
                    record.unwrap_or_else(|| panic!("{exchange} ended in {ending} and left no record"));
                assert_eq!(record["status"].to_string(), *ending, "{record}");
            }
            // Refused before it was forwarded, or kept back after: then its opening stands, and no closing.
            "503 evidence-unavailable" | "503 outcome-unknown" => {
                assert!(record.is_none_or(|record| record["kind"] == "opening"), "{ending}: {record:?}");
            }
            other => panic!("{exchange} ended in {other}, which nobody declared"),
        }
    }
    println!("ending: (answered, recorded): {counts:?}");
    assert!(counts["200"].0 > 100 && counts["201"].0 > 20, "{counts:?}");
    assert!(counts["503 evidence-unavailable"].0 > 50, "{counts:?}");

    let provider = sandbox.neighbour(PROVIDER).unwrap();
    for seen in provider.seen().unwrap() {
        for exchange in seen.header("lt-exchange-id") {
            assert!(journal.contains_key(exchange), "{exchange} was forwarded and is in no record: {seen:?}");
        }
    }
    let file = sandbox.folder.join(format!("data/{}.json", support::pki::file_name(PROVIDER)));
    let kept: Vec<Value> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for (number, ending) in &endings.submits {
        let times = held(&kept, number);
        match ending.as_str() {
            "201" => assert_eq!(times, 1, "{number} was confirmed"),
            "503 outcome-unknown" => assert!(times <= 1, "{number} was done {times} times"),
            _ => assert_eq!(
                times,
                0,
                "{number} was said not to have been sent: {:?}",
                counted(&endings.submits)
            ),
        }
    }
}

#[test]
fn an_edit_made_while_the_disk_is_full_acts_once_there_is_room() {
    on_a_small_disk("an_edit_made_while_the_disk_is_full_acts_once_there_is_room", |sandbox, disk| {
        let partner = sandbox.caller(&sandbox.identity("G03/thu-vien").unwrap(), Http::One).unwrap();
        let ask =
            || partner.ask(Ask::get("/api/H26/nhiem-vu/v1/records").purpose("quan-ly-nhiem-vu")).unwrap();
        assert_eq!(ask().status, 200);
        let loaded = status(&sandbox)["snapshot"].clone();
        disk.fill(&sandbox);
        eventually("the full disk is told everywhere", || told_everywhere(&sandbox));
        sandbox.documents.edit(EDITED, "[\"quan-ly-nhiem-vu\"]", "[\"thong-ke\"]").unwrap();
        let faults = || metric(&sandbox, "lienthong_reload_faults_total");
        eventually("the edit is refused, since no evidence of it can be kept", || faults() > 0.0);
        assert_eq!(status(&sandbox)["snapshot"], loaded, "what could not be recorded decides nothing");
        disk.free(&sandbox);
        // Nobody touches a file again.
        eventually("the edit acts", || ask().status == 403);
        assert_ne!(status(&sandbox)["snapshot"], loaded);
        eventually("no document is out of service", || {
            ready(&sandbox) == 200 && metric(&sandbox, "lienthong_journal_healthy") == 1.0
        });
        sound(&sandbox);
    });
}
