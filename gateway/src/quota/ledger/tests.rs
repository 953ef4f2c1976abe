//! Several gateways and one real server: what is exact, what is leased, and what happens without it.

use std::{
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use policies::{Amounts, QuotaTerms};
use tempfile::TempDir;

use super::{
    Settings, WhenAway,
    account::{Account, Book},
    line::Line,
    script::{Item, Of, Script, What},
    server::{Server, block_on},
};
use crate::quota::{self, Admission, Clock, Counts, Denied, Meters, Permit, Quota, ask, meter::Quantity};

/// Sat 21 November 2026, 09:14 in Việt Nam.
fn now() -> Timestamp {
    "2026-11-21T02:14:00Z".parse().unwrap()
}

fn terms(key: &str) -> QuotaTerms {
    QuotaTerms { key: key.to_owned(), per_second: None, concurrent: None, per_day: None, per_month: None }
}

pub(super) fn daily(key: &str, requests: u64) -> QuotaTerms {
    QuotaTerms { per_day: Some(Amounts { requests: Some(requests), ..Amounts::default() }), ..terms(key) }
}

/// One gateway's quotas.
pub(super) struct Gateway {
    pub(super) quota: Quota,
    meters: Meters,
    _data: TempDir,
}

fn asked(meters: &Meters) -> Result<Permit<'_>, Denied> {
    block_on(async {
        match ask(meters, now()) {
            Admission::Done(done) => done,
            Admission::Asking(asking) => asking.answer().await,
        }
    })
}

impl Gateway {
    pub(super) fn open(settings: Settings, terms: &[QuotaTerms]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let settings = quota::Settings {
            flush_every: Duration::from_secs(3600),
            now,
            clock: Clock::machine(),
            ledger: Some(settings),
        };
        let quota = Quota::open(data.path(), "test", settings).unwrap();
        let meters = quota.shared_meters("G06/nhiem-vu", terms);
        let gateway = Self { quota, meters, _data: data };
        // A start waits two seconds for its server; here it has an answer, one or the other, from the beginning.
        let begun = Instant::now();
        while gateway.is_unanswered() && begun.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(5));
        }
        gateway
    }

    fn is_unanswered(&self) -> bool {
        let concern = self.quota.standing().and_then(|standing| standing.concern);
        concern.is_some_and(|why| {
            ["not reached yet", "does not answer in time"].iter().any(|word| why.en.contains(word))
        })
    }

    fn ask(&self) -> Result<Permit<'_>, Denied> {
        asked(&self.meters)
    }

    /// Admits and forwards; the rule that refused.
    pub(super) fn forward(&self) -> Result<Permit<'_>, &'static str> {
        self.forward_by(&self.meters)
    }

    /// The same by other meters of it.
    pub(super) fn forward_by<'m>(&self, meters: &'m Meters) -> Result<Permit<'m>, &'static str> {
        match asked(meters) {
            Ok(mut permit) => {
                permit.forwarded();
                Ok(permit)
            }
            Err(Denied::Spent(exceeded)) => Err(exceeded.rule),
            Err(Denied::Away(_)) => Err("away"),
        }
    }

    pub(super) fn is_present(&self) -> bool {
        self.quota.standing().unwrap().present
    }
}

pub(super) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The day's count as the server has it.
pub(super) fn counted(server: &Server, key: &str, field: &str) -> u64 {
    let said = server.say(&format!("HGET test:{{G06/nhiem-vu}}:{key}:day:2026-11-21 {field}"));
    said.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0)
}

#[test]
fn three_gateways_share_small_windows_exactly() {
    let server = Server::start();
    let own = QuotaTerms { per_second: Some(100_000), ..daily("agreement:a", 200) };
    let gateways: Vec<_> =
        (0..3).map(|_| Gateway::open(server.settings(), &[own.clone(), daily("service:s", 150)])).collect();
    let admitted: usize = thread::scope(|scope| {
        let threads: Vec<_> = gateways
            .iter()
            .map(|gateway| scope.spawn(move || (0..100).filter(|_| gateway.forward().is_ok()).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 150);
    assert_eq!(
        (counted(&server, "agreement:a", "requests"), counted(&server, "service:s", "requests")),
        (150, 150)
    );
    for gateway in &gateways {
        assert_eq!(gateway.forward().unwrap_err(), "per-day-requests");
    }
}

#[test]
fn a_rate_is_one_for_all_gateways() {
    let server = Server::start();
    let own = QuotaTerms { per_second: Some(50), ..terms("agreement:a") };
    let gateways: Vec<_> =
        (0..3).map(|_| Gateway::open(server.settings(), std::slice::from_ref(&own))).collect();
    let start = Instant::now();
    let mut admitted = 0_u32;
    while start.elapsed() < Duration::from_secs(2) {
        admitted += gateways.iter().map(|gateway| u32::from(gateway.ask().is_ok())).sum::<u32>();
    }
    // A second's worth at once, and then the pace.
    let most = 50.0 * (1.0 + start.elapsed().as_secs_f64());
    assert!(f64::from(admitted) <= most + 1.0 && f64::from(admitted) >= 0.8 * most, "{admitted} of {most}");
}

#[test]
fn large_windows_cost_one_round_trip_in_a_hundred_and_pass_by_one_hundredth_at_most() {
    let server = Server::start();
    let limit = 30_000;
    let gateways: Vec<_> =
        (0..3).map(|_| Gateway::open(server.settings(), &[daily("agreement:a", limit)])).collect();
    let before = server.scripts_run();
    let steady: u64 = thread::scope(|scope| {
        let threads: Vec<_> = gateways
            .iter()
            .map(|gateway| {
                scope.spawn(move || {
                    let request = |_: &u32| {
                        // Some thousands a second: more than one worker carries out.
                        thread::sleep(Duration::from_micros(100));
                        gateway.forward().is_ok()
                    };
                    (0..9_000).filter(request).count() as u64
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let trips = server.scripts_run() - before;
    assert_eq!(steady, 27_000);
    assert!(trips <= steady / 100, "{trips} round trips for {steady} requests");
    let rest: u64 = thread::scope(|scope| {
        let threads: Vec<_> = gateways
            .iter()
            .map(|gateway| {
                scope.spawn(move || (0..2_000).filter(|_| gateway.forward().is_ok()).count() as u64)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let admitted = steady + rest;
    assert!((limit * 99 / 100..=limit * 101 / 100).contains(&admitted), "{admitted} of {limit}");
    drop(gateways);
    // Leases went back, and everything that was owed was told.
    assert_eq!(counted(&server, "agreement:a", "requests"), admitted);
}

#[test]
fn unused_leases_go_back_at_the_end() {
    let server = Server::start();
    let gateway = Gateway::open(server.settings(), &[daily("agreement:a", 300_000)]);
    drop(gateway.forward().unwrap());
    assert_eq!(counted(&server, "agreement:a", "requests"), 1_000);
    drop(gateway);
    assert_eq!(counted(&server, "agreement:a", "requests"), 1);
}

#[test]
fn records_and_bytes_are_told_when_they_are_known() {
    let server = Server::start();
    let amounts = Amounts { records: Some(100), bytes: Some(60_000), ..Amounts::default() };
    let own = QuotaTerms { per_day: Some(amounts), ..terms("agreement:a") };
    let [one, other] = [(); 2].map(|()| Gateway::open(server.settings(), std::slice::from_ref(&own)));
    one.forward().unwrap().released(99, 50);
    eventually("records told", || counted(&server, "agreement:a", "records") == 99);
    other.forward().unwrap().released(1, 50);
    eventually("records told", || counted(&server, "agreement:a", "records") == 100);
    assert_eq!(one.forward().unwrap_err(), "per-day-records");
    assert_eq!(other.forward().unwrap_err(), "per-day-records");
}

#[test]
fn a_server_that_lost_everything_is_told_again() {
    let mut server = Server::start();
    let own = daily("agreement:a", 100);
    let [one, other] = [(); 2].map(|()| Gateway::open(server.settings(), std::slice::from_ref(&own)));
    for gateway in [&one, &other] {
        (0..30).for_each(|_| drop(gateway.forward().unwrap()));
    }
    assert_eq!(counted(&server, "agreement:a", "requests"), 60);
    server.lose_everything();
    // The quiet ones too: silence is broken every second.
    eventually("told again", || counted(&server, "agreement:a", "requests") == 60);
    eventually("back", || one.is_present() && other.is_present());
    let admitted = (0..60).filter(|_| one.forward().is_ok()).count();
    assert_eq!(admitted, 40);
}

#[test]
fn without_the_server_each_gateway_has_its_share_and_nothing_is_forgiven() {
    let mut server = Server::start();
    let settings = Settings { gateways: 3, timeout: Duration::from_millis(200), ..server.settings() };
    let own = daily("agreement:a", 100);
    let [one, other] = [(); 2].map(|()| Gateway::open(settings.clone(), std::slice::from_ref(&own)));
    for gateway in [&one, &other] {
        (0..5).for_each(|_| drop(gateway.forward().unwrap()));
    }
    server.stop();
    // Five are known to one, ten to the other: a third of what was left.
    for (gateway, share) in [(&one, 31), (&other, 30)] {
        let admitted = (0..50).filter(|_| gateway.forward().is_ok()).count();
        assert_eq!(admitted, share);
        assert_eq!(gateway.forward().unwrap_err(), "local-share");
        let standing = gateway.quota.standing().unwrap();
        assert!(!standing.present && standing.concern.is_some() && standing.admitted_away >= 30);
    }
    // What is given back can be used again.
    drop(one.ask());
    server.lose_everything();
    eventually("back", || one.is_present() && other.is_present());
    eventually("told", || counted(&server, "agreement:a", "requests") == 71);
    let admitted = (0..50).filter(|_| one.forward().is_ok()).count();
    assert_eq!(admitted, 29);
}

#[test]
fn closed_refuses_and_open_admits() {
    let mut server = Server::start();
    let own = QuotaTerms { per_second: Some(3), ..daily("agreement:a", 5) };
    let of = |when_away| Settings { when_away, timeout: Duration::from_millis(200), ..server.settings() };
    let (closed, open) = (of(WhenAway::Closed), of(WhenAway::Open));
    let closed = Gateway::open(closed, std::slice::from_ref(&own));
    let open = Gateway::open(open, std::slice::from_ref(&own));
    server.stop();
    assert_eq!((0..20).filter(|_| closed.forward().is_ok()).count(), 0);
    assert_eq!(closed.forward().unwrap_err(), "away");
    assert_eq!((0..20).filter(|_| open.forward().is_ok()).count(), 20);
    server.lose_everything();
    eventually("told", || counted(&server, "agreement:a", "requests") == 20);
    eventually("back", || closed.is_present());
    assert_eq!(closed.forward().unwrap_err(), "per-day-requests");
}

#[test]
fn a_server_that_hangs_is_waited_for_a_few_times_only() {
    let server = Server::start();
    let settings = Settings { gateways: 2, timeout: Duration::from_millis(100), ..server.settings() };
    let gateway = Gateway::open(settings, &[daily("agreement:a", 1_000)]);
    drop(gateway.forward().unwrap());
    let hung = server.hang();
    let start = Instant::now();
    for _ in 0..200 {
        drop(gateway.forward().unwrap());
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(!gateway.is_present());
    drop(hung);
    eventually("back", || gateway.is_present());
    // All of them, and at most the few that were asked for in vain besides.
    eventually("told", || (201..=204).contains(&counted(&server, "agreement:a", "requests")));
}

#[test]
fn a_charge_that_is_sent_twice_counts_once() {
    let server = Server::start();
    let settings = server.settings();
    let book = std::sync::Arc::new(Book::new("G06/nhiem-vu".into()));
    let own = daily("agreement:a", 100);
    let day = quota::day::day_number(now());
    let account = Account::new(book, &own, day, [Counts::default(); 2], &Clock::machine());
    let account = std::sync::Arc::new(account);
    let [today, _] = account.on(day);
    let item = Item { of: Of::Window(account, today, Quantity::Requests), what: What::Charge(7) };
    let script = Script::new("one");
    block_on(async {
        let mut line = Line::connect(&settings).await.unwrap();
        for sequence in [1, 1, 2, 1] {
            let items = std::slice::from_ref(&item);
            let reply =
                script.run(&mut line, "test:", "G06/nhiem-vu", Some(sequence), None, items).await.unwrap();
            assert!(reply.refused.is_none());
        }
    });
    assert_eq!(counted(&server, "agreement:a", "requests"), 14);
}
