//! A gateway that goes on while everything about it changes, and one that is told to end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a step that fails fails the test"
)]
#![allow(clippy::print_stdout, reason = "measured times are told, never judged")]

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use journeys::{
    eventually,
    records::{fresh_number, task_json},
};
use rustix::process::Signal;
use support::{Ask, Behaviour, Caller, Http, Line, Plan, Sandbox};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";
const PLATFORM: &str = "G06/nen-tang-khcn";
const PARTNER: &str = "G03/thu-vien";
const INFORMATION_SYSTEM: &str = "G06/he-thong-khcn";
/// The documents promise a second; a busy machine gets more.
const SOON: Duration = Duration::from_secs(5);

fn started(name: &str, settings: impl Fn(&str) -> String) -> Sandbox {
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), &format!("living-{name}")).unwrap();
    let mut sandbox = Sandbox::lay_out(plan).unwrap();
    // A second anchor that brings nobody new until its file is replaced.
    fs::copy(sandbox.pki.ca(), sandbox.folder.join("pki/second.pem")).unwrap();
    let file = sandbox.documents.settings();
    let anchor = "\n[[tls.anchors]]\ncertificate = { file = \"pki/second.pem\" }\ncrl = \"none\"\n";
    let text = settings(&fs::read_to_string(&file).unwrap()) + anchor;
    fs::write(&file, text).unwrap();
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    sandbox
}

fn list() -> Ask {
    Ask::get(TASKS).purpose("quan-ly-nhiem-vu")
}

fn partners() -> Ask {
    Ask::get("/api/H26/nhiem-vu/v1/records").purpose("quan-ly-nhiem-vu")
}

fn line(sandbox: &Sandbox, system: &str, http: Http) -> Line {
    sandbox.caller(&sandbox.identity(system).unwrap(), http).unwrap().connect().unwrap()
}

/// A number of `/metrics`.
fn metric(admin: &Caller, name: &str) -> f64 {
    let text = admin.ask(Ask::get("/metrics")).unwrap().text();
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(value).unwrap_or_else(|| panic!("no `{name}` in {text}"))
}

/// Median, 99th percentile and the longest.
fn quantiles(times: &mut [Duration]) -> String {
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 100).or(times.last()).copied().unwrap_or_default();
    format!("{} exchanges, p50 {:?}, p99 {:?}, longest {:?}", times.len(), at(50), at(99), at(100))
}

/// One change: what it is, how it is made, and how its effect is seen by the partner, whose exchanges it may
/// touch. The traffic beside it is another's.
fn changes(sandbox: &Sandbox, effect: impl Fn(&str, &dyn Fn(), &mut dyn FnMut() -> bool)) {
    let admin = Caller::plain(sandbox.admin);
    let mut open = line(sandbox, PARTNER, Http::Two);
    let documents = &sandbox.documents;
    let mut answers = |status: u16| open.ask(partners()).unwrap().status == status;
    let edits = [
        ("agreement edited", "agreements/TT-2026-018.toml", "[\"quan-ly-nhiem-vu\"]", "[\"thong-ke\"]", 403),
        (
            "service edited",
            "services/H26/nhiem-vu.toml",
            "[versions.1]",
            "maintenance = [{ from = 2026-01-01T00:00:00, until = 2099-01-01T00:00:00 }]\n[versions.1]",
            503,
        ),
        ("member edited", "members/G03.toml", "environment = \"production\"", "environment = \"test\"", 403),
    ];
    for (what, document, from, to, status) in edits {
        let text = documents.text(document).unwrap();
        assert!(text.contains(from), "{document} does not hold `{from}`");
        let edited = text.replacen(from, to, 1);
        effect(what, &|| documents.put(document, &edited).unwrap(), &mut || answers(status));
        effect("as it was", &|| documents.put(document, &text).unwrap(), &mut || answers(200));
    }
    let agreement = "agreements/TT-2026-018.toml";
    let text = documents.text(agreement).unwrap();
    effect("agreement ended", &|| documents.remove(agreement).unwrap(), &mut || answers(403));
    effect("agreement added", &|| documents.put(agreement, &text).unwrap(), &mut || answers(200));
    let order = "suspensions/DC-2026-901.toml";
    let stop =
        "id = \"DC-2026-901\"\nagreement = \"TT-2026-018\"\nreason = { vi = \"Rà soát\", en = \"Review\" }\n";
    effect("suspension added", &|| documents.put(order, stop).unwrap(), &mut || answers(403));
    effect("suspension removed", &|| documents.remove(order).unwrap(), &mut || answers(200));

    // What no exchange of the partner's shows: how often something was taken into service.
    let taken = || metric(&admin, "lienthong_reloads_total");
    let counted = |what: &str, change: &dyn Fn()| {
        let before = taken();
        effect(what, change, &mut || taken() > before);
    };
    let purpose = "purposes/quan-ly-nhiem-vu.toml";
    let text = documents.text(purpose).unwrap();
    counted("purpose edited", &|| documents.put(purpose, &format!("{text}\n# sửa\n")).unwrap());
    counted("server certificate renewed", &|| sandbox.pki.renew_server().unwrap());
    counted("revocation list replaced", &|| sandbox.pki.revoke(&[]).unwrap());
    let stranger = sandbox.pki.stranger(PARTNER).unwrap();
    let caller = sandbox.caller(&stranger, Http::One).unwrap();
    assert!(caller.ask(partners()).is_err(), "a stranger was let in");
    let pki = sandbox.folder.join("pki");
    let anchor = || fs::rename(pki.join("untrusted-ca.pem"), pki.join("second.pem")).unwrap();
    let mut let_in = || caller.ask(partners()).is_ok_and(|answer| answer.status == 200);
    effect("trust anchor added", &anchor, &mut let_in);
}

#[test]
fn nothing_fails_while_everything_changes() {
    let sandbox = started("change", str::to_owned);
    let done = AtomicBool::new(false);
    let changing = AtomicBool::new(false);
    // Latencies before and during the changes.
    let times = [Mutex::new(Vec::new()), Mutex::new(Vec::new())];
    thread::scope(|scope| {
        let mut lines = Vec::new();
        for http in [Http::One, Http::One, Http::Two, Http::Two] {
            let mut line = line(&sandbox, HANOI, http);
            let (done, changing, times) = (&done, &changing, &times);
            lines.push(scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    let during = changing.load(Ordering::Relaxed);
                    let answer = line.ask(list()).unwrap_or_else(|error| panic!("{http:?}: {error:#}"));
                    assert_eq!(answer.status, 200, "{http:?}: {}", answer.text());
                    times[usize::from(during)].lock().unwrap().push(start.elapsed());
                    // Well below what the agreement allows in a second.
                    thread::sleep(Duration::from_millis(250));
                }
            }));
        }
        // Ends the lines however this ends: a failed change must not leave them asking.
        struct Ending<'a>(&'a AtomicBool);
        impl Drop for Ending<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let ending = Ending(&done);
        thread::sleep(Duration::from_secs(2));
        changing.store(true, Ordering::Relaxed);
        changes(&sandbox, |what, change, holds| {
            change();
            println!("{what}: in effect after {:?}", eventually(what, holds));
            assert!(lines.iter().all(|line| !line.is_finished()), "{what}: an exchange failed");
        });
        drop(ending);
        for line in lines {
            line.join().unwrap();
        }
    });
    for (when, times) in ["before", "during"].into_iter().zip(&times) {
        println!("{when} the changes: {}", quantiles(&mut times.lock().unwrap()));
    }
}

/// A push whose provider takes its time, on a connection of its own, once it has arrived there.
fn slow_push(sandbox: &Sandbox, late: Duration) -> thread::JoinHandle<anyhow::Result<u16>> {
    let provider = sandbox.neighbour(INFORMATION_SYSTEM).unwrap();
    provider.behave(&Behaviour::Late(late)).unwrap();
    let caller = sandbox.caller(&sandbox.identity(PLATFORM).unwrap(), Http::One).unwrap();
    let push = Ask::post(TASKS, "application/json", task_json(&fresh_number("DUNG"), "01"));
    let pushing = thread::spawn(move || Ok(caller.ask(push.purpose("cap-nhat-du-lieu"))?.status));
    eventually("the request at the provider", || !provider.seen().unwrap().is_empty());
    pushing
}

fn verified(sandbox: &Sandbox) -> bool {
    let settings = sandbox.documents.settings();
    let ended = sandbox.lienthong(&["journal", "verify", "-c", &settings.to_string_lossy()]).unwrap();
    ended.status.success()
}

#[test]
fn a_gateway_told_to_end_says_so_first_lets_exchanges_end_and_loses_nothing() {
    let delayed = |text: &str| format!("shutdown_delay = \"1500ms\"\n{text}");
    let mut sandbox = started("end", delayed);
    let admin = Caller::plain(sandbox.admin);
    let mut idle = [line(&sandbox, HANOI, Http::One), line(&sandbox, HANOI, Http::Two)];
    for line in &mut idle {
        assert_eq!(line.ask(list()).unwrap().status, 200);
    }
    sandbox.neighbour(INFORMATION_SYSTEM).unwrap().reset().unwrap();
    let pushing = slow_push(&sandbox, Duration::from_secs(8));

    sandbox.gateway().unwrap().signal(Signal::TERM).unwrap();
    eventually("readiness that says no", || admin.ask(Ask::get("/readyz")).unwrap().status == 503);
    // Balancers need time to notice: whoever they send meanwhile is served.
    let caller = sandbox.caller(&sandbox.identity(PARTNER).unwrap(), Http::One).unwrap();
    assert_eq!(caller.ask(partners()).unwrap().status, 200, "not yet");
    let start = Instant::now();
    let open = || metric(&admin, "lienthong_connections_open");
    assert!(open() >= 3.0);
    eventually("the end of idle connections", || open() <= 1.0);
    println!("idle connections ended {:?} after the signal", start.elapsed());
    assert!(caller.ask(partners()).is_err(), "a new connection was served");
    for line in &mut idle {
        assert!(line.ask(list()).is_err(), "an idle connection was left open");
    }
    assert!(!pushing.is_finished(), "the exchange under way was not awaited");
    assert_eq!(pushing.join().unwrap().unwrap(), 201);
    assert!(sandbox.gateway().unwrap().wait(SOON).unwrap().success());
    assert!(verified(&sandbox));
    sandbox.crash_gateway().unwrap();
    sandbox.start_gateway().unwrap();
    assert!(!sandbox.log().contains("was interrupted"), "{}", sandbox.log());
}

#[test]
fn who_tells_it_twice_does_not_wait() {
    let mut sandbox = started("twice", str::to_owned);
    let pushing = slow_push(&sandbox, Duration::from_secs(20));
    let gateway = sandbox.gateway().unwrap();
    gateway.signal(Signal::TERM).unwrap();
    thread::sleep(Duration::from_millis(500));
    assert!(gateway.runs(), "the exchange under way was not awaited");
    gateway.signal(Signal::TERM).unwrap();
    assert!(gateway.wait(SOON).unwrap().success());
    assert!(pushing.join().unwrap().is_err(), "an exchange that was cut got an answer");
    assert!(verified(&sandbox));
    // It had time to say so itself: no exchange is left open for the next start to find.
    let settings = sandbox.documents.settings();
    let query = ["journal", "query", "-c", &settings.to_string_lossy(), "--rule", "abandoned", "--json"];
    let told = sandbox.lienthong(&query).unwrap();
    assert!(told.out.contains("abandoned"), "nobody is told of what was cut: {}", told.out);
}
