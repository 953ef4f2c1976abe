//! Quotas as a whole: admission under threads, reloads, restarts, kills.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use jiff::Timestamp;
use policies::{Amounts, QuotaTerms};
use proptest::{prelude::*, test_runner::TestRunner};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    Admission, Clock, Counts, Denied, Exceeded, Meters, Permit, Quota, Settings, ask,
    ledger::server::{Server, block_on},
};
use crate::journal::{self, Durability, Entry, Journal};

/// Sat 21 November 2026, 09:14 in Việt Nam.
fn now() -> Timestamp {
    "2026-11-21T02:14:00Z".parse().unwrap()
}

fn settings() -> Settings {
    // No flush but the ones a test asks for.
    Settings { flush_every: Duration::from_secs(3600), now, clock: Clock::manual(), ledger: None }
}

fn terms(key: &str) -> QuotaTerms {
    QuotaTerms { key: key.to_owned(), per_second: None, concurrent: None, per_day: None, per_month: None }
}

fn daily(key: &str, requests: u64) -> QuotaTerms {
    QuotaTerms { per_day: Some(Amounts { requests: Some(requests), ..Amounts::default() }), ..terms(key) }
}

fn refusal(meters: &Meters) -> Exceeded {
    *admit(meters, now()).unwrap_err()
}

fn forward(meters: &Meters) -> Permit<'_> {
    let mut permit = admit(meters, now()).unwrap();
    permit.forwarded();
    permit
}

fn requests(quota: &Quota, key: &str) -> u64 {
    quota.usage(key, now()).unwrap().day.requests.used
}

/// What holds however quotas are kept. Each runs on both.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[test]
            fn $name() {
                super::$name(&super::Home::embedded());
            })*
        }

        mod shared {
            $(#[test]
            fn $name() {
                super::$name(&super::Home::shared());
            })*
        }
    };
}

on_both! {
    a_rate_lets_a_seconds_worth_through_and_then_its_pace,
    places_are_given_back_when_permits_end,
    a_refusal_by_one_meter_takes_nothing_from_the_others,
    the_services_numbers_are_not_told_to_callers,
    only_what_was_forwarded_counts_for_the_day,
    what_was_admitted_before_midnight_is_not_charged_to_the_day_after,
    records_and_bytes_refuse_once_reached,
    none_is_none,
    a_reload_keeps_days_and_places_and_with_equal_terms_the_rate,
    no_limit_is_passed_under_threads,
    no_rate_is_passed_under_threads,
    counts_survive_a_restart,
    a_month_is_the_sum_of_its_days_over_restarts,
    admission_keeps_its_limits,
}

/// Where quotas are kept.
struct Home {
    data: TempDir,
    server: Option<Server>,
}

impl Home {
    /// In the process and its folder.
    fn embedded() -> Self {
        Self { data: tempfile::tempdir().unwrap(), server: None }
    }

    /// On a server of their own.
    fn shared() -> Self {
        Self { data: tempfile::tempdir().unwrap(), server: Some(Server::start()) }
    }

    fn open(&self, process: &str, settings: Settings) -> Quota {
        let ledger = self.server.as_ref().map(Server::settings);
        let quota = Quota::open(self.data.path(), process, Settings { ledger, ..settings }).unwrap();
        // A start waits two seconds for the server; a machine that stood still for longer is not what is tested.
        let begun = std::time::Instant::now();
        while quota.standing().is_some_and(|standing| !standing.present) {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server is not there");
            std::thread::sleep(Duration::from_millis(5));
        }
        quota
    }

    fn meters<'t>(&self, quota: &Quota, terms: impl IntoIterator<Item = &'t QuotaTerms>) -> Meters {
        quota.shared_meters("G06/nhiem-vu", terms)
    }
}

/// Admits, and waits for the ledger where there is one.
fn admit(meters: &Meters, now: Timestamp) -> Result<Permit<'_>, Box<Exceeded>> {
    match block_on(async {
        match ask(meters, now) {
            Admission::Done(done) => done,
            Admission::Asking(asking) => asking.answer().await,
        }
    }) {
        Ok(permit) => Ok(permit),
        Err(Denied::Spent(exceeded)) => Err(exceeded),
        Err(Denied::Away(_)) => panic!("the ledger is away"),
    }
}

fn a_rate_lets_a_seconds_worth_through_and_then_its_pace(home: &Home) {
    let clock = Clock::manual();
    let quota = home.open("test", Settings { clock: clock.clone(), ..settings() });
    let meters = home.meters(&quota, &[QuotaTerms { per_second: Some(4), ..terms("agreement:a") }]);
    for left in (0..4).rev() {
        let permit = admit(&meters, now()).unwrap();
        assert_eq!(permit.rate_limit().limit, format!("\"rate\";r={left};t=1"));
        assert_eq!(permit.rate_limit().policy, "\"rate\";q=4;w=1");
    }
    let exceeded = refusal(&meters);
    assert_eq!((exceeded.rule, &*exceeded.which, exceeded.limit), ("rate", "agreement:a", 4));
    assert!(exceeded.retry_after > Duration::ZERO && exceeded.retry_after <= Duration::from_millis(250));
    assert_eq!(exceeded.retry_after_seconds(), 1);
    assert_eq!(exceeded.rate_limit.limit, "\"rate\";r=0;t=1");
    clock.advance(Duration::from_millis(251));
    assert!(admit(&meters, now()).is_ok());
    assert_eq!(refusal(&meters).rule, "rate");
}

fn places_are_given_back_when_permits_end(home: &Home) {
    let quota = home.open("test", settings());
    let meters = home.meters(&quota, &[QuotaTerms { concurrent: Some(2), ..terms("agreement:a") }]);
    let (one, _two) = (admit(&meters, now()).unwrap(), admit(&meters, now()).unwrap());
    assert_eq!(refusal(&meters).rule, "concurrent");
    drop(one);
    assert!(admit(&meters, now()).is_ok());
    assert_eq!(quota.usage("agreement:a", now()).unwrap().concurrent.used, 1);
}

fn a_refusal_by_one_meter_takes_nothing_from_the_others(home: &Home) {
    let quota = home.open("test", settings());
    let own = QuotaTerms { per_second: Some(1), concurrent: Some(5), ..daily("agreement:a", 10) };
    let shared = QuotaTerms { per_second: Some(3), concurrent: Some(5), ..daily("service:s", 10) };
    let both = home.meters(&quota, &[own, shared.clone()]);
    drop(admit(&both, now()).unwrap());
    // The caller's own rate is spent; the service's must not be touched by its insistence.
    for _ in 0..50 {
        let exceeded = refusal(&both);
        assert_eq!((exceeded.rule, &*exceeded.which), ("rate", "agreement:a"));
    }
    let service = home.meters(&quota, &[shared]);
    drop(admit(&service, now()).unwrap());
    drop(admit(&service, now()).unwrap());
    assert_eq!(refusal(&service).rule, "rate");
    for key in ["agreement:a", "service:s"] {
        let usage = quota.usage(key, now()).unwrap();
        assert_eq!((usage.concurrent.used, usage.day.requests.used), (0, 0), "{key}");
    }
}

fn the_services_numbers_are_not_told_to_callers(home: &Home) {
    let quota = home.open("test", settings());
    let meters = home.meters(
        &quota,
        &[
            QuotaTerms { per_second: Some(50), concurrent: Some(20), ..daily("agreement:a", 20_000) },
            QuotaTerms { per_second: Some(2), ..terms("service:s") },
        ],
    );
    let permit = forward(&meters);
    let told = permit.rate_limit();
    assert_eq!(told.limit, "\"rate\";r=49;t=1, \"concurrent\";r=19, \"day\";r=19999;t=53160");
    assert_eq!(
        told.policy,
        "\"rate\";q=50;w=1, \"concurrent\";q=20;qu=\"concurrent-requests\", \"day\";q=20000;w=86400"
    );
    drop(admit(&meters, now()).unwrap());
    let exceeded = refusal(&meters);
    assert_eq!((&*exceeded.which, exceeded.rate_limit.limit.as_str()), ("service:s", ""));
}

fn only_what_was_forwarded_counts_for_the_day(home: &Home) {
    let quota = home.open("test", settings());
    let meters = home.meters(&quota, &[daily("agreement:a", 2)]);
    for _ in 0..10 {
        drop(admit(&meters, now()).unwrap());
    }
    let _one = forward(&meters);
    let reserved = admit(&meters, now()).unwrap();
    // One is charged and one may yet be.
    assert_eq!(refusal(&meters).rule, "per-day-requests");
    drop(reserved);
    let mut two = forward(&meters);
    two.forwarded();
    let exceeded = refusal(&meters);
    assert_eq!((exceeded.rule, exceeded.retry_after_seconds()), ("per-day-requests", 53_160));
    assert_eq!(requests(&quota, "agreement:a"), 2);
    // After midnight in Việt Nam.
    assert!(admit(&meters, "2026-11-21T17:00:00Z".parse().unwrap()).is_ok());
}

fn what_was_admitted_before_midnight_is_not_charged_to_the_day_after(home: &Home) {
    let quota = home.open("test", settings());
    let meters = home.meters(&quota, &[daily("agreement:a", 1)]);
    let tomorrow = "2026-11-21T17:00:00Z".parse().unwrap();
    let mut late = admit(&meters, now()).unwrap();
    let early = admit(&meters, tomorrow).unwrap();
    late.forwarded();
    late.released(5, 5);
    drop((late, early));
    let usage = quota.usage("agreement:a", tomorrow).unwrap();
    assert_eq!((usage.day.requests.used, usage.day.records.used), (0, 0));
    assert!(admit(&meters, tomorrow).is_ok());
}

fn records_and_bytes_refuse_once_reached(home: &Home) {
    let quota = home.open("test", settings());
    let per_day = Amounts { records: Some(100), bytes: Some(1000), ..Amounts::default() };
    let a = home.meters(&quota, &[QuotaTerms { per_day: Some(per_day), ..terms("agreement:a") }]);
    forward(&a).released(99, 10);
    forward(&a).released(30, 10);
    assert_eq!(refusal(&a).rule, "per-day-records");
    let b = home.meters(&quota, &[QuotaTerms { per_day: Some(per_day), ..terms("agreement:b") }]);
    forward(&b).released(1, 1000);
    let exceeded = refusal(&b);
    assert_eq!(
        (exceeded.rule, exceeded.rate_limit.limit.as_str()),
        ("per-day-bytes", "\"day-bytes\";r=0;t=53160")
    );
}

fn none_is_none(home: &Home) {
    let quota = home.open("test", settings());
    for none in [
        QuotaTerms { per_second: Some(0), ..terms("agreement:a") },
        QuotaTerms { concurrent: Some(0), ..terms("agreement:b") },
        daily("agreement:c", 0),
    ] {
        assert!(admit(&home.meters(&quota, &[none]), now()).is_err());
    }
    assert!(admit(&home.meters(&quota, &[]), now()).unwrap().rate_limit().limit.is_empty());
}

fn a_reload_keeps_days_and_places_and_with_equal_terms_the_rate(home: &Home) {
    let quota = home.open("test", settings());
    let first = QuotaTerms { per_second: Some(2), concurrent: Some(3), ..daily("agreement:a", 10) };
    let before = home.meters(&quota, std::slice::from_ref(&first));
    let _held = forward(&before);
    drop(forward(&before));
    let equal = home.meters(&quota, std::slice::from_ref(&first));
    assert_eq!(refusal(&equal).rule, "rate");
    let wider = home.meters(
        &quota,
        &[QuotaTerms { per_second: Some(5), concurrent: Some(1), ..daily("agreement:a", 10) }],
    );
    assert_eq!(refusal(&wider).rule, "concurrent");
    let fewer = home.meters(&quota, &[QuotaTerms { per_second: Some(5), ..daily("agreement:a", 2) }]);
    assert_eq!(refusal(&fewer).rule, "per-day-requests");
    // Only the day changed: the rate that was running goes on.
    let same_rate = home.meters(&quota, &[QuotaTerms { per_second: Some(5), ..daily("agreement:a", 4) }]);
    let used = (0..5).take_while(|_| admit(&same_rate, now()).is_ok()).count();
    assert_eq!(used, 5);
    let again = home.meters(&quota, &[QuotaTerms { per_second: Some(5), ..daily("agreement:a", 5) }]);
    assert_eq!(refusal(&again).rule, "rate");
}

fn no_limit_is_passed_under_threads(home: &Home) {
    let quota = home.open("test", settings());
    let own = QuotaTerms { concurrent: Some(3), ..daily("agreement:a", 500) };
    let shared = daily("service:s", 450);
    let meters = home.meters(&quota, &[own, shared]);
    let (inside, most, forwarded) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (meters, inside, most, forwarded) = (&meters, &inside, &most, &forwarded);
            scope.spawn(move || {
                for round in 0..2000 {
                    if let Ok(mut permit) = admit(meters, now()) {
                        most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
                        if (round + thread) % 3 != 0 {
                            permit.forwarded();
                            forwarded.fetch_add(1, SeqCst);
                        }
                        inside.fetch_sub(1, SeqCst);
                    }
                }
            });
        }
    });
    assert!(most.load(SeqCst) <= 3);
    assert_eq!(forwarded.load(SeqCst), 450);
    assert_eq!(requests(&quota, "service:s"), forwarded.load(SeqCst));
    assert_eq!(requests(&quota, "agreement:a"), forwarded.load(SeqCst));
    for key in ["agreement:a", "service:s"] {
        assert_eq!(quota.usage(key, now()).unwrap().concurrent.used, 0);
    }
}

fn no_rate_is_passed_under_threads(home: &Home) {
    let quota = home.open("test", settings());
    let meters = home.meters(&quota, &[QuotaTerms { per_second: Some(100), ..terms("agreement:a") }]);
    let admitted = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let passed = (0..500).filter(|_| admit(&meters, now()).is_ok()).count();
                admitted.fetch_add(passed as u64, SeqCst);
            });
        }
    });
    // The clock stands still.
    assert_eq!(admitted.load(SeqCst), 100);
}

fn counts_survive_a_restart(home: &Home) {
    for expected in [0, 3, 6] {
        let process = format!("p{expected}");
        let quota = home.open(&process, settings());
        let meters = home.meters(&quota, &[daily("agreement:a", 9)]);
        assert_eq!(requests(&quota, "agreement:a"), expected);
        for _ in 0..3 {
            forward(&meters).released(2, 20);
        }
        let usage = quota.usage("agreement:a", now()).unwrap();
        assert_eq!((usage.day.records.used, usage.day.bytes.used), (2 * (expected + 3), 20 * (expected + 3)));
    }
    let quota = home.open("last", settings());
    let meters = home.meters(&quota, &[daily("agreement:a", 9)]);
    assert_eq!(refusal(&meters).rule, "per-day-requests");
}

/// A gateway in small: a journal and quotas that are killed together.
struct Gateway {
    journal: Journal,
    quota: Quota,
    meters: Meters,
}

impl Gateway {
    fn start(data: &Path) -> Self {
        let journal =
            Journal::open(data, journal::Settings { now, ..journal::Settings::default() }).unwrap().0;
        let quota = Quota::open(data, journal.process(), settings()).unwrap();
        let meters = quota.meters(&[daily("agreement:a", 1000), daily("service:s", 1000)]);
        Self { journal, quota, meters }
    }

    fn exchange(&self, opened: bool, closed: bool) {
        let mut permit = admit(&self.meters, now()).unwrap();
        let id = Uuid::now_v7();
        permit.forwarded();
        if opened {
            let opening = Entry { exchange: id, charge: Some(permit.charge()), ..Entry::default() };
            run(self.journal.opening(&opening, Durability::Written));
        }
        if closed {
            permit.released(2, 20);
            let entry = Entry { exchange: id, charge: Some(permit.charge()), ..Entry::default() };
            if opened {
                run(self.journal.closing(&entry, Durability::Written));
            } else {
                run(self.journal.whole(&entry, Durability::Written));
            }
        }
    }

    fn used(&self) -> Counts {
        let own = self.quota.usage("agreement:a", now()).unwrap();
        let service = self.quota.usage("service:s", now()).unwrap();
        assert_eq!(
            (own.day.requests.used, own.day.records.used),
            (service.day.requests.used, service.day.records.used)
        );
        Counts { requests: own.day.requests.used, records: own.day.records.used, bytes: own.day.bytes.used }
    }

    fn kill(self) {
        self.quota.die();
    }
}

fn run(future: impl Future<Output = Result<(), journal::JournalFault>>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future).unwrap();
}

#[test]
fn a_kill_loses_nothing_that_the_journal_has_and_counts_nothing_twice() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    for _ in 0..3 {
        gateway.exchange(false, true);
    }
    gateway.quota.flush().unwrap();
    for opened in [true, false, true, true] {
        gateway.exchange(opened, true);
    }
    // Forwarded, then killed: it may have reached the provider.
    gateway.exchange(true, false);
    let expected = Counts { requests: 8, records: 14, bytes: 140 };
    assert_eq!(gateway.used(), expected);
    gateway.kill();

    let gateway = Gateway::start(data.path());
    assert_eq!(gateway.used(), expected);
    gateway.kill();
    let gateway = Gateway::start(data.path());
    assert_eq!(gateway.used(), expected);
    gateway.exchange(false, true);
    gateway.quota.flush().unwrap();
    gateway.kill();
    let gateway = Gateway::start(data.path());
    assert_eq!(gateway.used(), Counts { requests: 9, records: 16, bytes: 160 });
}

/// Not a test of its own: the process that the next test kills. Without its variable it does nothing.
#[test]
fn a_process_to_kill() {
    let Some(data) = std::env::var_os(VICTIM) else { return };
    let gateway = Gateway::start(Path::new(&data));
    loop {
        gateway.exchange(true, true);
        // Past the test harness, which would keep it.
        writeln!(std::io::stderr().lock(), "{DONE}").unwrap();
    }
}

const VICTIM: &str = "LIENTHONG_TEST_VICTIM";
const DONE: &str = "exchange done";

#[test]
fn a_process_killed_amid_its_work_loses_no_confirmed_exchange() {
    let data = tempfile::tempdir().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "quota::tests::a_process_to_kill", "--nocapture"])
        .env(VICTIM, data.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stderr.take().unwrap()).lines();
    let mut done = lines.by_ref().map(Result::unwrap).filter(|line| line == DONE).take(40).count() as u64;
    assert_eq!(done, 40);
    victim.kill().unwrap();
    victim.wait().unwrap();
    done += lines.map(Result::unwrap).filter(|line| line == DONE).count() as u64;

    let gateway = Gateway::start(data.path());
    let exchanges: Vec<_> =
        journal::Query::default().exchanges(gateway.journal.folder()).unwrap().map(Result::unwrap).collect();
    let known =
        exchanges.iter().filter(|exchange| exchange.outcome == journal::Outcome::Known).count() as u64;
    // The last one may have been recorded and not yet told.
    assert!((done..=done + 1).contains(&known), "{known} of {done}");
    assert_eq!(gateway.used().requests, exchanges.len() as u64);
    assert_eq!(gateway.used().records, 2 * known);
    assert!(journal::verify(gateway.journal.folder()).unwrap().is_sound());
}

#[test]
fn a_lost_store_is_rebuilt_from_the_journal() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    for _ in 0..5 {
        gateway.exchange(true, true);
    }
    gateway.quota.flush().unwrap();
    gateway.kill();
    for file in ["quota.sqlite", "quota.sqlite-wal", "quota.sqlite-shm"] {
        let _ = std::fs::remove_file(data.path().join(file));
    }
    assert_eq!(Gateway::start(data.path()).used(), Counts { requests: 5, records: 10, bytes: 100 });
}

#[test]
fn two_processes_overlap_and_the_survivor_inherits() {
    let data = tempfile::tempdir().unwrap();
    let old = Gateway::start(data.path());
    old.exchange(false, true);
    old.quota.flush().unwrap();
    let new = Gateway::start(data.path());
    assert_eq!(new.used().requests, 1);
    new.exchange(false, true);
    old.exchange(false, true);
    old.quota.flush().unwrap();
    new.quota.flush().unwrap();
    old.quota.flush().unwrap();
    assert_eq!((old.used().requests, new.used().requests), (3, 3));
    // A key that gets its meter only now knows what was charged before.
    let late = new.quota.meters(&[daily("agreement:b", 1)]);
    assert!(admit(&late, now()).is_ok());
    old.exchange(false, true);
    old.kill();
    drop(new);
    assert_eq!(Gateway::start(data.path()).used().requests, 4);
}

#[test]
fn a_store_that_refuses_is_told_and_caught_up_with() {
    let data = tempfile::tempdir().unwrap();
    let quota = Quota::open(data.path(), "one", settings()).unwrap();
    let meters = quota.meters(&[daily("agreement:a", 10)]);
    drop(forward(&meters));
    let other = rusqlite::Connection::open(data.path().join("quota.sqlite")).unwrap();
    other.execute_batch("ALTER TABLE day_count RENAME TO elsewhere").unwrap();
    assert!(quota.flush().is_err());
    assert!(quota.fault().is_some());
    drop(forward(&meters));
    other.execute_batch("ALTER TABLE elsewhere RENAME TO day_count").unwrap();
    quota.flush().unwrap();
    assert!(quota.fault().is_none());
    quota.die();
    let quota = Quota::open(data.path(), "two", settings()).unwrap();
    quota.meters(&[daily("agreement:a", 10)]);
    assert_eq!(requests(&quota, "agreement:a"), 2);
}

#[test]
fn a_new_day_begins_at_nothing_and_forgets_idle_keys() {
    static WALL: AtomicI64 = AtomicI64::new(0);
    let set = |text: &str| WALL.store(text.parse::<Timestamp>().unwrap().as_microsecond(), SeqCst);
    let wall = || Timestamp::from_microsecond(WALL.load(SeqCst)).unwrap();
    let data = tempfile::tempdir().unwrap();
    set("2026-11-21T16:00:00Z");
    let quota = Quota::open(data.path(), "one", Settings { now: wall, ..settings() }).unwrap();
    let kept = quota.meters(&[daily("agreement:kept", 1)]);
    drop(quota.meters(&[daily("agreement:idle", 1)]));
    admit(&kept, wall()).unwrap().forwarded();
    quota.flush().unwrap();
    set("2026-11-21T18:00:00Z");
    quota.flush().unwrap();
    assert!(admit(&kept, wall()).is_ok());
    let keys: Vec<Arc<str>> = quota.usages(wall()).into_iter().map(|usage| usage.key).collect();
    assert_eq!(keys, [Arc::<str>::from("agreement:kept")]);
    drop(quota);
    let quota = Quota::open(data.path(), "two", Settings { now: wall, ..settings() }).unwrap();
    quota.meters(&[daily("agreement:kept", 1)]);
    assert_eq!(quota.usage("agreement:kept", wall()).unwrap().day.requests.used, 0);
}

fn a_month_is_the_sum_of_its_days_over_restarts(home: &Home) {
    // One wall for both.
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock();
    static WALL: AtomicI64 = AtomicI64::new(0);
    let set = |text: &str| WALL.store(text.parse::<Timestamp>().unwrap().as_microsecond(), SeqCst);
    let wall = || Timestamp::from_microsecond(WALL.load(SeqCst)).unwrap();
    let monthly = QuotaTerms {
        per_month: Some(Amounts { requests: Some(4), records: Some(10), ..Amounts::default() }),
        ..daily("agreement:a", 2)
    };
    set("2026-11-28T10:00:00Z");
    let quota = home.open("one", Settings { now: wall, ..settings() });
    let meters = home.meters(&quota, std::slice::from_ref(&monthly));
    admit(&meters, wall()).unwrap().forwarded();
    let mut late = admit(&meters, wall()).unwrap();
    quota.flush().unwrap();
    set("2026-11-28T18:00:00Z");
    admit(&meters, wall()).unwrap().forwarded();
    // Admitted yesterday, charged today: yesterday's, and the month's all the same.
    late.forwarded();
    drop(late);
    quota.flush().unwrap();
    quota.flush().unwrap();
    let usage = quota.usage("agreement:a", wall()).unwrap();
    assert_eq!((usage.day.requests.used, usage.month.requests.used), (1, 3));
    drop((meters, quota));

    let quota = home.open("two", Settings { now: wall, ..settings() });
    let meters = home.meters(&quota, &[monthly]);
    let mut last = admit(&meters, wall()).unwrap();
    assert_eq!(last.rate_limit().policy, "\"day\";q=2;w=86400, \"month\";q=4");
    last.forwarded();
    drop(last);
    set("2026-11-29T18:00:00Z");
    let exceeded = *admit(&meters, wall()).unwrap_err();
    assert_eq!(
        (exceeded.rule, exceeded.limit, exceeded.retry_after_seconds()),
        ("per-month-requests", 4, 23 * 3600)
    );
    assert_eq!(exceeded.rate_limit.limit, "\"month\";r=0;t=82800");
    assert!(exceeded.explain().vi.contains("trong tháng"));
    set("2026-11-30T17:00:00Z");
    let mut first = admit(&meters, wall()).unwrap();
    first.forwarded();
    first.released(10, 1);
    let exceeded = *admit(&meters, wall()).unwrap_err();
    assert_eq!((exceeded.rule, exceeded.limit), ("per-month-records", 10));
}

/// Whatever is admitted, forwarded, released and dropped in whatever order: the day never passes its
/// limit, places are never over-given and all return.
fn admission_keeps_its_limits(home: &Home) {
    let acts = prop::collection::vec((0u8..4, 0usize..8), 1..80);
    let case = AtomicU64::new(0);
    let held_to = |acts: Vec<(u8, usize)>| {
        let quota = home.open(&format!("p{}", case.load(SeqCst)), settings());
        // Keys of its own: what a case before charged is kept.
        let own = format!("agreement:{}", case.fetch_add(1, SeqCst));
        let terms = [QuotaTerms { concurrent: Some(4), ..daily(&own, 6) }, terms("service:s")];
        let meters = home.meters(&quota, &terms);
        let mut held: Vec<Permit<'_>> = Vec::new();
        let mut forwarded = 0;
        for (act, index) in acts {
            match act {
                0 => held.extend(admit(&meters, now()).ok()),
                1 if index < held.len() => {
                    forwarded += u64::from(held[index].forwarded.is_none());
                    held[index].forwarded();
                }
                2 if index < held.len() => held[index].released(1, 1),
                3 if index < held.len() => drop(held.swap_remove(index)),
                _ => {}
            }
            prop_assert!(held.len() <= 4);
            prop_assert!(forwarded <= 6);
        }
        drop(held);
        prop_assert_eq!(quota.usage("service:s", now()).unwrap().concurrent.used, 0);
        let room = (0..10)
            .take_while(|_| admit(&meters, now()).map(|mut permit| permit.forwarded()).is_ok())
            .count();
        prop_assert_eq!(room as u64, 6 - forwarded);
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    runner.run(&acts, held_to).unwrap();
}
