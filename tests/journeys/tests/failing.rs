//! Providers that die, hang and come back in the middle of load: what was declared happens, and
//! nothing else. The gateway and each machine of a provider are processes of their own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a step that fails fails the test"
)]

use std::{path::Path, thread, time::Duration};

use journeys::{
    eventually,
    load::{PROVIDER, READER, SERVICE, TASKS, counted, ending, lift_limits, under_load},
};
use serde_json::Value;
use support::{Answer, Ask, Behaviour, Caller, Http, Neighbour, Plan, Sandbox};

/// Rests and times that a test can wait for.
const TERMS: &str = concat!(
    "timeout = { connect = \"1s\", request = \"3s\", attempt = \"300ms\" }\n",
    "breaker = { failures = 3, rest = \"200ms\", longest_rest = \"800ms\" }\n",
    "health = { every = \"500ms\", timeout = \"300ms\", fall = 2, rise = 1 }\n",
);

fn laid_out(name: &str) -> Sandbox {
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), &format!("failing-{name}")).unwrap();
    let sandbox = Sandbox::lay_out(plan).unwrap();
    let documents = &sandbox.documents;
    documents.edit(SERVICE, "timeout = { connect = \"1s\", request = \"10s\" }\n", TERMS).unwrap();
    lift_limits(documents).unwrap();
    sandbox
}

/// A sandbox in which the provider has two machines.
fn doubled(name: &str) -> (Sandbox, Neighbour) {
    let mut sandbox = laid_out(name);
    sandbox.start_neighbours().unwrap();
    let twin = sandbox.start_twin(PROVIDER).unwrap();
    let port = |address: std::net::SocketAddr| format!("https://127.0.0.1:{}/nhiem-vu", address.port());
    let (first, second) = (port(sandbox.neighbour(PROVIDER).unwrap().address), port(twin.address));
    let both = format!("{first}\" }}, {{ url = \"{second}");
    sandbox.documents.edit(SERVICE, &first, &both).unwrap();
    sandbox.start_gateway().unwrap();
    (sandbox, twin)
}

/// How often each machine holds a record, by what is on its disk.
fn held(sandbox: &Sandbox, data: &str, number: &str) -> usize {
    let file = format!("{data}/{}.json", support::pki::file_name(PROVIDER));
    let text = std::fs::read_to_string(sandbox.folder.join(file)).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    kept.as_array().unwrap().iter().filter(|one| one["key"] == number).count()
}

fn status(sandbox: &Sandbox) -> Value {
    let settings = sandbox.documents.settings();
    let ended = sandbox.lienthong(&["status", "--json", "-c", &settings.to_string_lossy()]).unwrap();
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"))
}

fn metrics(sandbox: &Sandbox) -> String {
    Caller::plain(sandbox.admin).ask(Ask::get("/metrics")).unwrap().text()
}

fn retried(sandbox: &Sandbox) -> Vec<Value> {
    let settings = sandbox.documents.settings();
    let query = ["journal", "query", "--json", "--limit", "100000", "-c", &settings.to_string_lossy()];
    let found = sandbox.lienthong(&query).unwrap();
    let records = found.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|record| record["retries"].as_u64().is_some_and(|retries| retries > 0)).collect()
}

/// Nothing that changes something was done twice, and what was confirmed was done.
fn done_once(sandbox: &Sandbox, submits: &[(String, String)]) {
    for (number, ending) in submits {
        let times = held(sandbox, "data", number) + held(sandbox, "data-twin", number);
        match ending.as_str() {
            "201" => assert_eq!(times, 1, "{number} was confirmed"),
            "504 outcome-unknown" => assert!(times <= 1, "{number} was done {times} times"),
            other => panic!("{number} ended in {other}"),
        }
    }
}

#[test]
fn a_machine_killed_under_load_fails_no_read_and_no_change_is_done_twice() {
    let (sandbox, twin) = doubled("killed");
    let (address, control) = (twin.address, twin.control);
    // Everything that is sent there is under way for long enough to be seen and to be there still when it dies.
    twin.behave(&Behaviour::Late(Duration::from_millis(400))).unwrap();
    let mut revived = None;
    let endings = under_load(&sandbox, || {
        thread::sleep(Duration::from_millis(1200));
        let before = twin.seen().unwrap().len();
        eventually("a read is under way there", || {
            twin.seen().unwrap().iter().skip(before).any(|seen| seen.method == "GET")
        });
        twin.crash().unwrap();
        thread::sleep(Duration::from_millis(1500));
        let told = status(&sandbox)["upstreams"].clone();
        assert_eq!(
            told["troubled"][0]["endpoint"],
            format!("127.0.0.1:{}/nhiem-vu", address.port()),
            "{told}"
        );
        // Now and then a call looks whether it is back, and for that moment the circuit is not open.
        eventually("metrics tell of it", || metrics(&sandbox).contains("state=\"open\"} 1"));
        revived = Some(sandbox.start_twin_at(PROVIDER, address, control).unwrap());
        eventually("the machine that came back takes its share", || {
            revived.as_ref().unwrap().seen().unwrap().len() > 20
        });
    })
    .unwrap();
    let reads: usize = endings.reads.values().sum();
    assert!(reads > 100 && endings.reads["200"] == reads, "{:?}", endings.reads);
    let counts = counted(&endings.submits);
    assert!(counts["201"] > 20, "{counts:?}");
    done_once(&sandbox, &endings.submits);
    eventually("well again", || {
        let told = status(&sandbox)["upstreams"].clone();
        told["troubled"].as_array().unwrap().is_empty() && told["well"] == told["endpoints"]
    });
    let retried = retried(&sandbox);
    assert!(!retried.is_empty(), "reads were under way there when it died");
    assert!(retried.iter().all(|record| record["operation"] == "query"), "{retried:?}");
    let log = sandbox.log();
    let lines = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert!((1..=2).contains(&lines("circuit opened")), "told when it changes, and no more often:\n{log}");
}

#[test]
fn a_machine_that_hangs_under_load_fails_no_read_and_no_change_is_done_twice() {
    let (sandbox, twin) = doubled("hung");
    let endings = under_load(&sandbox, || {
        thread::sleep(Duration::from_millis(500));
        twin.freeze(true).unwrap();
        thread::sleep(Duration::from_secs(4));
        twin.freeze(false).unwrap();
        thread::sleep(Duration::from_secs(1));
    })
    .unwrap();
    let reads: usize = endings.reads.values().sum();
    assert!(reads > 100 && endings.reads["200"] == reads, "{:?}", endings.reads);
    assert!(endings.slowest_read < Duration::from_millis(2500), "{:?}", endings.slowest_read);
    assert!(counted(&endings.submits)["201"] > 20, "{:?}", counted(&endings.submits));
    // What it had taken in before it froze, it does now; that is what an unknown outcome is.
    done_once(&sandbox, &endings.submits);
    let retried = retried(&sandbox);
    assert!(
        !retried.is_empty() && retried.iter().all(|record| record["operation"] == "query"),
        "{retried:?}"
    );
}

#[test]
fn the_only_machine_killed_under_load_is_refused_as_declared_and_comes_back() {
    let mut sandbox = laid_out("alone");
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    let only = sandbox.take_neighbour(PROVIDER).unwrap();
    let mut revived = None;
    let endings = under_load(&sandbox, || {
        thread::sleep(Duration::from_millis(800));
        only.crash().unwrap();
        thread::sleep(Duration::from_millis(1500));
        let refused = refused_now(&sandbox);
        assert_eq!((refused.status, ending(&refused).as_str()), (503, "503 circuit-open"));
        assert_eq!(
            (refused.header("retry-after"), refused.json()["fault"].as_str()),
            ("1", Some("provider"))
        );
        revived = Some(sandbox.revive(PROVIDER).unwrap());
        eventually("answers again", || refused_now(&sandbox).status == 200);
        thread::sleep(Duration::from_millis(300));
    })
    .unwrap();
    for ending in endings.reads.keys().map(String::as_str).chain(counted(&endings.submits).into_keys()) {
        let declared = [
            "200",
            "201",
            "502 provider-unreachable",
            "502 provider-broken",
            "503 circuit-open",
            "504 outcome-unknown",
        ];
        assert!(declared.contains(&ending), "{ending}: {:?} {:?}", endings.reads, counted(&endings.submits));
    }
    // Most were told at once, and only few had to find out.
    let reads = |ending: &str| endings.reads.get(ending).copied().unwrap_or_default();
    let found_out = reads("502 provider-unreachable") + reads("502 provider-broken");
    assert!(reads("503 circuit-open") > 3 * found_out && reads("200") > 20, "{:?}", endings.reads);
    for (number, ending) in &endings.submits {
        let times = held(&sandbox, "data", number);
        match ending.as_str() {
            "201" => assert_eq!(times, 1, "{number}"),
            "504 outcome-unknown" => assert!(times <= 1, "{number}"),
            _ => assert_eq!(times, 0, "{number} was said not to have been sent: {ending}"),
        }
    }
    drop(revived);
}

fn refused_now(sandbox: &Sandbox) -> Answer {
    let caller = sandbox.caller(&sandbox.identity(READER).unwrap(), Http::One).unwrap();
    caller.ask(Ask::get(TASKS).purpose("quan-ly-nhiem-vu")).unwrap()
}
