//! The neighbours as processes: they serve the gateway alone, judge what reaches them, remember, and
//! misbehave when told. A caller with the gateway's certificate stands in for the gateway.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a step that fails fails the test")]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::json;
use support::{Answer, Ask, Behaviour, Caller, Http, Identity, Neighbour, Pki, curl, ports};

struct Scene {
    folder: tempfile::TempDir,
    pki: Pki,
    neighbour: Option<Neighbour>,
    system: &'static str,
}

impl Scene {
    fn of(system: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::create(&folder.path().join("pki")).unwrap();
        pki.provider(system, &[]).unwrap();
        let mut scene = Self { folder, pki, neighbour: None, system };
        scene.restart();
        scene
    }

    fn restart(&mut self) {
        drop(self.neighbour.take());
        let program = Path::new(env!("CARGO_BIN_EXE_sandbox"));
        let (service, control) = (ports::free().unwrap(), ports::free().unwrap());
        self.neighbour =
            Some(Neighbour::start(program, self.folder.path(), self.system, service, control).unwrap());
    }

    fn neighbour(&self) -> &Neighbour {
        self.neighbour.as_ref().unwrap()
    }

    fn ca(&self) -> PathBuf {
        self.pki.ca()
    }

    fn as_gateway(&self, ask: Ask) -> anyhow::Result<Answer> {
        self.call(Some(self.pki.gateway_client()), proper(ask))
    }

    fn call(&self, identity: Option<&Identity>, ask: Ask) -> anyhow::Result<Answer> {
        Caller::new(self.neighbour().address, &self.ca(), identity, Http::One)?.ask(ask)
    }
}

/// With the identity headers that the gateway sends.
fn proper(ask: Ask) -> Ask {
    ask.header("Lt-Exchange-Id", "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
        .header("Lt-Consumer", "H26/quan-ly-khcn")
}

#[test]
fn only_the_gateway_may_call_and_only_with_a_proper_identity() {
    let scene = Scene::of("G06/he-thong-khcn");
    let list = || Ask::get("/nhiem-vu/");
    assert_eq!(scene.as_gateway(list()).unwrap().status, 200);
    assert!(scene.call(None, proper(list())).is_err(), "a caller without a certificate got an answer");
    let system = scene.pki.system("H26/quan-ly-khcn").unwrap();
    assert_eq!(scene.call(Some(&system), proper(list())).unwrap().status, 403);
    let gateway = Some(scene.pki.gateway_client());
    assert_eq!(scene.call(gateway, list()).unwrap().status, 400);
    assert_eq!(scene.call(gateway, proper(list()).header("Lt-Consumer", "G06/khac")).unwrap().status, 400);
}

#[test]
fn what_was_submitted_survives_a_restart_and_what_was_seen_is_told() {
    let mut scene = Scene::of("G06/he-thong-khcn");
    let record = r#"{"MaSo":"X-1","TenNhiemVu":"a","MaTinh":"01","ChuNhiem":{},"ThoiGianBatDau":"2026-01-01","S":1.10}"#;
    let posted = scene.as_gateway(Ask::post("/nhiem-vu/", "application/json", record)).unwrap();
    assert_eq!((posted.status, posted.text().as_str()), (201, record));
    let seen = scene.neighbour().seen().unwrap();
    assert_eq!((seen.len(), seen[0].method.as_str(), seen[0].body.as_str()), (1, "POST", record));
    assert_eq!(seen[0].header("lt-consumer"), ["H26/quan-ly-khcn"]);
    scene.neighbour().reset().unwrap();
    assert!(scene.neighbour().seen().unwrap().is_empty());

    scene.restart();
    let read = scene.as_gateway(Ask::get("/nhiem-vu/X-1")).unwrap();
    assert_eq!((read.status, read.text().as_str()), (200, record));
}

#[test]
fn each_way_to_misbehave_shows() {
    let scene = Scene::of("H26/quan-ly-khcn");
    let list = || scene.as_gateway(Ask::get("/nhiem-vu/"));
    let behave = |behaviour: Behaviour| scene.neighbour().behave(&behaviour).unwrap();
    let whole = list().unwrap();
    assert_eq!((whole.status, whole.header("content-type")), (200, "application/xml"));

    behave(Behaviour::Garble { field: "TenNhiemVu".into(), value: json!("CANARY") });
    assert!(list().unwrap().text().contains("<TenNhiemVu>CANARY</TenNhiemVu>"));
    behave(Behaviour::HangUp);
    assert!(list().is_err());
    behave(Behaviour::Fail);
    assert_eq!(list().unwrap().status, 500);
    behave(Behaviour::Mute);
    assert!(list().is_err());
    behave(Behaviour::Down);
    assert!(list().is_err());
    behave(Behaviour::Late(Duration::from_millis(300)));
    let start = Instant::now();
    assert_eq!(list().unwrap().status, 200);
    assert!(start.elapsed() >= Duration::from_millis(300));
    behave(Behaviour::Proper);
    assert_eq!(list().unwrap().body, whole.body);
}

#[test]
fn curl_reaches_a_neighbour_too() {
    let scene = Scene::of("G01/he-thong-dan-cu");
    let url = format!("https://{}/dan-cu", scene.neighbour().address);
    let id = [
        "-H",
        "Lt-Exchange-Id: 0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "-H",
        "Lt-Consumer: G06/he-thong-khcn",
    ];
    let soap = ["-H", "Content-Type: text/xml", "--data", "<a/>"];
    let arguments: Vec<&str> =
        ["--http1.1"].iter().chain(&id).chain(&soap).copied().chain([url.as_str()]).collect();
    let answer = curl::run(&scene.ca(), scene.pki.gateway_client(), &arguments).unwrap();
    assert_eq!((answer.status, answer.version), (500, http::Version::HTTP_11));
    assert!(answer.text().contains("SOAPAction"));
}
