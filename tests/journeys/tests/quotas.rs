//! Three gateways, each a process with providers of its own, and one Redis that all of them share.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a step that fails fails the test")]

use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::SocketAddr,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use journeys::eventually;
use rustix::process::Signal;
use support::{Ask, Caller, Http, Plan, Process, Sandbox, ports, process};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";
const AGREEMENT: &str = "agreements/TT-2026-017.toml";
const DAY: &str = "lienthong:{G06/nhiem-vu}:agreement:TT-2026-017:day:";

/// A Redis of the tests' own, with nothing on the disk.
struct Redis {
    address: SocketAddr,
    process: Process,
}

impl Redis {
    fn start(folder: &Path, address: SocketAddr) -> Self {
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save", "", "--dir"])
            .arg(folder);
        let process = Process::start("redis-server", &mut command, &folder.join("redis.log")).unwrap();
        let mut redis = Self { address, process };
        let answers = || std::net::TcpStream::connect(address).is_ok();
        redis.process.wait_until("an answer", Duration::from_secs(20), answers).unwrap();
        redis
    }

    /// What an operator sees.
    fn cli(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.address.port().to_string()]).args(arguments);
        process::run(&mut command, Duration::from_secs(20)).unwrap().out
    }

    /// The day's count of the agreement, whichever day it is.
    fn counted(&self) -> u64 {
        let keys = self.cli(&["--scan", "--pattern", &format!("{DAY}*").replace('{', "\\{")]);
        keys.lines().map(|key| self.cli(&["HGET", key, "requests"]).trim().parse().unwrap_or(0)).sum::<u64>()
    }

    /// How many scripts it ran.
    fn scripts(&self) -> u64 {
        let said = self.cli(&["INFO", "commandstats"]);
        let calls = said.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.and_then(|calls| calls.split(',').next()?.parse().ok()).unwrap_or(0)
    }
}

/// A gateway that shares its quotas; the agreement allows `requests` a day, and nothing else is limited.
fn gateway(name: &str, redis: SocketAddr, requests: u64) -> Sandbox {
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), &format!("quotas-{name}")).unwrap();
    let mut sandbox = Sandbox::lay_out(plan).unwrap();
    let documents = &sandbox.documents;
    let text = documents.text(AGREEMENT).unwrap();
    let (before, _) = text.split_once("[quota]").unwrap();
    documents.put(AGREEMENT, &format!("{before}[quota]\nper_day = {{ requests = {requests} }}\n")).unwrap();
    documents.edit("services/G06/nhiem-vu.toml", "limits = ", "# limits = ").unwrap();
    let mut settings = OpenOptions::new().append(true).open(documents.settings()).unwrap();
    write!(settings, "\n[quota.redis]\naddresses = [\"{redis}\"]\ngateways = 3\ntimeout = \"500ms\"\n")
        .unwrap();
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    sandbox
}

fn gateways(name: &str, redis: SocketAddr, requests: u64) -> Vec<Sandbox> {
    (0..3).map(|number| gateway(&format!("{name}-{number}"), redis, requests)).collect()
}

/// Asks so many times over one connection; gives the statuses.
fn ask(sandbox: &Sandbox, times: usize) -> Vec<u16> {
    let identity = sandbox.identity(HANOI).unwrap();
    let mut line = sandbox.caller(&identity, Http::One).unwrap().connect().unwrap();
    let list = || Ask::get(&format!("{TASKS}?limit=1")).purpose("quan-ly-nhiem-vu");
    (0..times).map(|_| line.ask(list()).unwrap().status).collect()
}

fn granted(sandbox: &Sandbox, times: usize) -> usize {
    let statuses = ask(sandbox, times);
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}\n{}", sandbox.log());
    statuses.iter().filter(|status| **status == 200).count()
}

/// What `lienthong status` says of the shared quotas.
fn status(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let settings = sandbox.documents.settings();
    sandbox
        .lienthong(&[&["status", "--lang", "en", "-c", &settings.to_string_lossy()], arguments].concat())
        .unwrap()
        .out
}

fn metric(sandbox: &Sandbox, name: &str) -> String {
    let page = Caller::plain(sandbox.admin).ask(Ask::get("/metrics")).unwrap().text();
    let line = page.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn three_gateways_share_a_small_window_exactly_while_redis_dies_hangs_and_returns() {
    let folder = tempfile::tempdir().unwrap();
    let redis = Redis::start(folder.path(), ports::free().unwrap());
    let address = redis.address;
    let gateways = gateways("small", address, 90);
    let present = || gateways.iter().all(|gateway| metric(gateway, "lienthong_quota_shared_present ") == "1");
    eventually("all there", present);
    assert!(status(&gateways[0], &[]).contains("shared on Redis"));

    let all: usize = thread::scope(|scope| {
        let threads: Vec<_> = gateways.iter().map(|gateway| scope.spawn(|| granted(gateway, 15))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((all, redis.counted()), (45, 45));

    // Killed: each admits a third of what was left when it was last heard, and says so.
    redis.process.crash().unwrap();
    let shares: Vec<usize> = gateways.iter().map(|gateway| granted(gateway, 25)).collect();
    assert!(shares.iter().all(|share| (15..=20).contains(share)), "{shares:?}");
    for gateway in &gateways {
        assert!(status(gateway, &[]).contains("REDIS IS AWAY (local-share)"), "{}", status(gateway, &[]));
        assert_eq!(metric(gateway, "lienthong_quota_shared_present "), "0");
        assert_eq!(gateway.log().matches("the quota server is away").count(), 1, "{}", gateway.log());
    }
    let told: serde_json::Value = serde_json::from_str(&status(&gateways[0], &["--json"])).unwrap();
    assert_eq!(told["quota"]["redis"]["present"], false);
    assert!(told["quota"]["redis"]["concern"]["vi"].as_str().unwrap().contains("Redis"));

    // Started again, empty: it is told everything, what passed meanwhile included.
    let redis = Redis::start(folder.path(), address);
    let passed = 45 + shares.iter().sum::<usize>();
    eventually("all back", present);
    eventually("all told", || redis.counted() == passed as u64);
    let rest: usize = gateways.iter().map(|gateway| granted(gateway, 20)).sum();
    assert_eq!(rest, 90_usize.saturating_sub(passed));

    // Hung: a few wait for the timeout, the others do not.
    redis.process.signal(Signal::STOP).unwrap();
    let start = Instant::now();
    let statuses = ask(&gateways[0], 40);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(statuses.iter().all(|status| *status == 429), "a spent window stays spent: {statuses:?}");
    redis.process.signal(Signal::CONT).unwrap();
    eventually("all back", present);
}

#[test]
fn three_gateways_lease_a_large_window_with_one_round_trip_in_a_hundred_requests() {
    let folder = tempfile::tempdir().unwrap();
    let redis = Redis::start(folder.path(), ports::free().unwrap());
    let mut gateways = gateways("large", redis.address, 30_000);
    // The first of each asks, and brings a lease.
    assert_eq!(gateways.iter().map(|gateway| granted(gateway, 1)).sum::<usize>(), 3);
    let before = redis.scripts();
    let all: usize = thread::scope(|scope| {
        let threads: Vec<_> = gateways.iter().map(|gateway| scope.spawn(|| granted(gateway, 500))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let trips = redis.scripts() - before;
    assert_eq!(all, 1_500);
    assert!(trips <= 15, "{trips} round trips for 1500 requests");
    // Nothing is lost or kept: what was leased and not used goes back when gateways end.
    gateways.iter_mut().for_each(|gateway| gateway.stop_gateway().unwrap());
    assert_eq!(redis.counted(), 1_503);
}
