//! The operators' address as operators and probes meet it, over a real gateway without a listener.

use std::fs;

use http_body_util::BodyExt;
use serde_json::Value;

use super::*;
use crate::{
    host::{self, Listener},
    journal::{Query, SubjectKey},
    world::fixture::{Fixture, TOKEN},
};

struct Desk {
    fixture: Fixture,
    admin: Admin,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    fn new() -> Self {
        let fixture = Fixture::new();
        let parts = fixture.parts();
        let (journal, quota, metrics) =
            (Arc::clone(&parts.journal), Arc::clone(&parts.quota), Arc::clone(&parts.metrics));
        let keeper = crate::world::Keeper::open(fixture.loaded(), parts).unwrap();
        let listener = Listener::bind(
            host::Settings {
                address: "127.0.0.1:0".parse().unwrap(),
                authorities: vec!["localhost".to_owned()],
                workers: 1,
                limits: host::Limits::default(),
            },
            Arc::clone(keeper.tls()),
        )
        .unwrap();
        let subjects = SubjectKey::new(&[7; 32]).unwrap();
        let admin = Admin {
            gateway: Arc::new(Gateway::new(keeper, journal, quota, metrics, subjects)),
            operators: vec![Operator { name: "truc-van-hanh".to_owned(), token: sha256(TOKEN.as_bytes()) }],
            tally: listener.tally(),
            census: listener.census(),
            leaving: AtomicBool::new(false),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { fixture, admin, runtime }
    }

    fn ask(&self, method: &str, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(()).unwrap();
        self.runtime.block_on(async {
            let answer = self.admin.answer(&request).await;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            (status, String::from_utf8(body.to_vec()).unwrap())
        })
    }

    fn acts(&self) -> Vec<(String, String)> {
        let acts = Query::default().acts(self.admin.gateway.journal().folder()).unwrap();
        acts.map(|act| act.unwrap())
            .map(|act| (act.actor.unwrap_or_default(), act.what.unwrap_or_default()))
            .collect()
    }
}

#[test]
fn health_and_metrics_need_no_token_and_acts_need_a_right_one() {
    let desk = Desk::new();
    assert_eq!(desk.ask("GET", "/healthz", None), (200, "ok\n".to_owned()));
    assert_eq!(desk.ask("GET", "/readyz", None).0, 200);
    assert_eq!(desk.ask("GET", "/metrics", None).0, 200);
    for (method, path) in [("GET", "/status"), ("POST", "/reload")] {
        assert_eq!(desk.ask(method, path, None).0, 401);
        assert_eq!(desk.ask(method, path, Some("00112233445566778899aabbccddeefe")).0, 401);
        assert_eq!(desk.ask(method, path, Some("")).0, 401);
        assert_eq!(desk.ask(method, path, Some(TOKEN)).0, 200);
    }
    assert_eq!(desk.ask("GET", "/reload", Some(TOKEN)).0, 405, "asking does not act");
    assert_eq!(desk.ask("GET", "/journal", Some(TOKEN)).0, 404);
}

#[test]
fn a_gateway_without_a_valid_certificate_is_not_ready_and_says_why() {
    let desk = Desk::new();
    let readiness = |days: i64| {
        let at = Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        Readiness::of(&desk.admin.gateway, at)
    };
    assert!(readiness(0).is_ready() && readiness(0).concerns.is_empty());
    // The fixture's list has 7 days and one of grace, its certificate 90.
    let due = readiness(7);
    assert!(due.is_ready() && due.to_string().contains("its authority's certificates are refused"), "{due}");
    assert!(readiness(10).concerns[0].vi.contains("quá ân hạn"));
    let ended = readiness(91);
    assert!(!ended.is_ready());
    assert!(ended.to_string().starts_with("not ready\nChứng thư máy chủ đã hết hạn"), "{ended}");
}

#[test]
fn a_reload_is_journalled_under_the_operators_name_whatever_it_finds() {
    let desk = Desk::new();
    let reload = || desk.ask("POST", "/reload", Some(TOKEN));
    assert_eq!(reload().0, 200);
    desk.fixture.edit("policies/agreements/TT-2026-017.toml", "2027-12-31", "2027-11-30");
    assert_eq!(reload().0, 200);
    desk.fixture.edit("policies/agreements/TT-2026-017.toml", "kind = ", "kindd = ");
    let (status, body) = reload();
    assert_eq!(status, 409, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let file = body["faults"][0]["file"].as_str().unwrap();
    assert!(file.ends_with("agreements/TT-2026-017.toml") && body["faults"][0]["place"]["line"].is_u64());
    let mine: Vec<_> = desk.acts().into_iter().filter(|(actor, _)| actor == "truc-van-hanh").collect();
    let whats: Vec<_> = mine.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(whats, ["reload-found-nothing", "snapshot-loaded", "snapshot-refused"]);
    // Traffic goes on; the probe's reader is told.
    let (status, text) = desk.ask("GET", "/readyz", None);
    assert!(status == 200 && text.contains("lienthong check"), "{text}");
}

#[test]
fn metrics_tell_what_is_as_prometheus_reads_it() {
    let desk = Desk::new();
    let (_, text) = desk.ask("GET", "/metrics", None);
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert_eq!(value("lienthong_journal_healthy "), 1.0);
    assert_eq!(value("lienthong_quota_healthy "), 1.0);
    assert_eq!(value("lienthong_connections_open "), 0.0);
    assert!(value("lienthong_journal_records_total ") >= 2.0, "the acts of the start");
    let left = value("lienthong_certificate_seconds_left ");
    assert!((88.0..=91.0).contains(&(left / 86_400.0)), "{left}");
    assert!(value("lienthong_crl_usable_seconds_left{file=") > value("lienthong_crl_due_seconds_left{file="));
    assert_eq!(value("lienthong_snapshot_info{hash="), 1.0);
    assert_eq!(value("lienthong_suspensions "), 1.0);
    // Every family is described once, and no sample stands without its family.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().fold(name, |name, end| name.trim_end_matches(end));
        assert_eq!(text.matches(&format!("# TYPE {family} ")).count(), 1, "{line}");
    }
}

#[test]
fn status_tells_what_serves_and_what_does_not() {
    let desk = Desk::new();
    fs::write(desk.fixture.path("policies/suspensions/DC-9.toml"), "id = ").unwrap();
    desk.ask("POST", "/reload", Some(TOKEN));
    let (_, text) = desk.ask("GET", "/status", Some(TOKEN));
    let status: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status["ready"], true);
    assert_eq!(status["snapshot"]["hash"], desk.admin.gateway.keeper().world().snapshot.hash());
    assert_eq!(status["suspensions"], 1);
    assert_eq!(status["documents"]["faults"].as_array().unwrap().len(), 1, "{text}");
    assert_eq!(status["revocation_lists"][0]["stale"], false);
    assert_eq!(status["journal"]["fault"], Value::Null);
    assert!(!text.contains(TOKEN));
}
