//! Bytes that no client would send, to the real gateway: requests that could be read in two ways, floods of
//! frames, heads and handshakes. No provider sees any of it, each bound is counted and logged once, memory is
//! what it was, and whoever asks properly is answered.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a step that fails fails the test"
)]

use std::{
    fs,
    io::Write,
    net::TcpStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use journeys::{Scene, Voice, records::fresh_number, records::task_json};
use support::{Ask, Caller, Http, Plan, Sandbox};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";

/// How much more memory the gateway may hold after a second round of everything than after the first, in KiB:
/// the first fills pools and tables once. A leak of one kilobyte for each hostile stream would be more.
const MOST_GROWTH: u64 = 8 * 1024;

/// Longer than a busy machine needs to answer, shorter than a deadline.
const QUIET: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(20);

/// Requests of doubtful length, each before one that must never be answered: what is sent, the status, the rule.
fn doubtful(host: &str) -> Vec<(String, u16, &'static str)> {
    let post = |fields: &str, body: &str| {
        format!(
            "POST {TASKS} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{fields}\r\n\r\n{body}"
        )
    };
    vec![
        (
            post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            400,
            "content-length-and-transfer-encoding",
        ),
        (
            post("Transfer-Encoding: chunked\r\nContent-Length: 2", "2\r\n{}\r\n0\r\n\r\n"),
            400,
            "content-length-and-transfer-encoding",
        ),
        (post("Content-Length: 2\r\nContent-Length: 0", "{}"), 400, "repeated-content-length"),
        (post("Content-Length: +2", "{}"), 400, "content-length"),
        (post("Transfer-Encoding: xchunked", "2\r\n{}\r\n0\r\n\r\n"), 400, "unknown-transfer-coding"),
        (post("Transfer-Encoding: chunked", "2;a\n{}\r\n0\r\n\r\n"), 400, "chunk-framing"),
        (
            post("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n"),
            400,
            "chunk-framing",
        ),
        (post("Transfer-Encoding : chunked", "2\r\n{}\r\n0\r\n\r\n"), 400, "space-before-colon"),
        (post("Transfer-Encoding:\r\n chunked", "2\r\n{}\r\n0\r\n\r\n"), 400, "unknown-transfer-coding"),
        (post("X: y\nContent-Length: 2", "{}"), 400, "bare-cr-or-lf"),
        (format!("GET {TASKS} HTTP/1.0\r\nHost: {host}\r\n\r\n"), 505, "http-version"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505, "http-version"),
    ]
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A head as HPACK writes it without its tables (RFC 7541 section 6.2.2).
fn head(host: &str, method: &str) -> Vec<u8> {
    [
        (":method", method),
        (":scheme", "https"),
        (":authority", host),
        (":path", TASKS),
        ("lt-purpose", "quan-ly-nhiem-vu"),
    ]
    .iter()
    .flat_map(|(name, value)| {
        let length = |text: &str| u8::try_from(text.len()).unwrap();
        [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
    })
    .collect()
}

/// What floods a connection of HTTP/2, by the name of the limit that ends it.
fn floods(host: &str) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let streams = || (0..1000_u32).map(|number| 2 * number + 1);
    let query = head(host, "GET");
    let bomb = [&query[..], &[0x40, 1, b'a', 0x7f, 0xb9, 0x16], &[b'x'; 3000], &[0xbe; 2000]].concat();
    let reset = |stream| [frame(1, 5, stream, &query), frame(3, 0, stream, &[0, 0, 0, 8])].concat();
    let wrong = |stream| {
        [frame(1, 4, stream, &head(host, "POST")), frame(8, 0, stream, &[0x7f, 0xff, 0xff, 0xff])].concat()
    };
    vec![
        ("PING", "idle_frames", frame(6, 0, 0, &[0; 8]).repeat(4000)),
        ("SETTINGS", "idle_frames", frame(4, 0, 0, &[]).repeat(4000)),
        ("PRIORITY", "idle_frames", frame(2, 0, 1, &[0, 0, 0, 0, 16]).repeat(4000)),
        ("rapid reset", "", streams().flat_map(reset).collect()),
        ("resets provoked", "", streams().flat_map(wrong).collect()),
        ("CONTINUATION", "engine", [frame(1, 0, 1, &query), frame(9, 0, 1, &[]).repeat(4000)].concat()),
        ("HPACK", "engine", frame(1, 5, 1, &bomb)),
    ]
}

/// How much memory a process holds, in KiB.
fn held(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A number as operators see it.
fn metric(sandbox: &Sandbox, name: &str) -> u64 {
    let metrics = Caller::plain(sandbox.admin).ask(Ask::get("/metrics")).unwrap().text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

/// How often a limit was reached.
fn reached(sandbox: &Sandbox, limit: &str) -> u64 {
    metric(sandbox, &format!("lienthong_limits_reached_total{{limit=\"{limit}\"}}"))
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let by = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < by, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How often a connection ended by a limit of HTTP/2.
fn all_reached(sandbox: &Sandbox) -> u64 {
    ["idle_frames", "resets", "engine"].iter().map(|limit| reached(sandbox, limit)).sum()
}

fn one_round(sandbox: &Sandbox) {
    let identity = sandbox.identity(HANOI).unwrap();
    let host = format!("localhost:{}", sandbox.address.port());
    let poison = format!("GET {TASKS} HTTP/1.1\r\nHost: {host}\r\nLt-Purpose: quan-ly-nhiem-vu\r\n\r\n");
    let one = sandbox.caller(&identity, Http::One).unwrap();
    for (sent, status, rule) in doubtful(&host) {
        let mut raw = one.raw().unwrap();
        raw.send(format!("{sent}{poison}").as_bytes());
        let (heard, ended) = raw.hear(QUIET);
        let text = String::from_utf8_lossy(&heard);
        assert!(ended && text.starts_with(&format!("HTTP/1.1 {status} ")), "{sent:?}: {text}");
        let answers = text.lines().filter(|line| line.starts_with("HTTP/1.1 ")).count();
        assert!(text.contains(rule) && answers == 1, "{sent:?}: {text}");
    }
    let two = sandbox.caller(&identity, Http::Two).unwrap();
    for (what, limit, sent) in floods(&host) {
        let before = all_reached(sandbox);
        let mut raw = two.raw().unwrap();
        raw.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        raw.send(&frame(4, 0, 0, &[]));
        for piece in sent.chunks(8 * 1024) {
            if !raw.send(piece) {
                break;
            }
        }
        let (heard, ended) = raw.hear(QUIET);
        assert!(ended, "{what}");
        // GOAWAY, ENHANCE_YOUR_CALM.
        let calm = |part: &[u8]| part[3] == 7 && part[13..17] == [0, 0, 0, 11];
        assert!(heard.windows(17).any(calm), "{what}");
        // It is counted when the connection has ended here too.
        until(what, || all_reached(sandbox) > before);
        assert_eq!(all_reached(sandbox), before + 1, "{what}");
        if !limit.is_empty() {
            assert!(reached(sandbox, limit) > 0, "{what}");
        }
    }
    // Connections that never shake hands, that begin to, and that begin a request, a hundred of each.
    let mut crowd: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(sandbox.address).unwrap()).collect();
    for stream in crowd.iter_mut().take(100) {
        stream.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]).unwrap();
    }
    let mut slow: Vec<_> = (0..100).map(|_| one.raw().unwrap()).collect();
    for raw in &mut slow {
        assert!(raw.send(format!("GET {TASKS} HTTP/1.1\r\nHost: {host}\r\nX: ").as_bytes()));
    }
    assert_eq!(one.ask(Ask::get("/api/me")).unwrap().status, 200, "beside all of them");
    drop((crowd, slow));
    until("all have gone", || metric(sandbox, "lienthong_connections_open") == 0);
    // Rapid reset's exchanges asked properly, and are counted against this second's quota.
    thread::sleep(Duration::from_secs(1));
}

#[test]
fn what_no_client_would_send_costs_nothing_that_lasts() {
    let plan = Plan::for_tests(Path::new(env!("CARGO_TARGET_TMPDIR")), "floods").unwrap();
    let mut sandbox = Sandbox::lay_out(plan).unwrap();
    sandbox.start_neighbours().unwrap();
    sandbox.start_gateway().unwrap();
    let gateway = sandbox.gateway().unwrap().id();
    let good = |sandbox: &Sandbox| {
        let ask = Ask::post(TASKS, "application/json", task_json(&fresh_number("LANH"), "01"))
            .purpose("cap-nhat-du-lieu");
        let voice = Voice::Own(Http::Two);
        let step = Scene { sandbox, voice, tell: &mut |_| {} }.ask(HANOI, ask).unwrap();
        assert_eq!(step.answer.status, 201, "{}", step.answer.text());
        step.seen_by("G06/he-thong-khcn").unwrap();
    };
    good(&sandbox);
    one_round(&sandbox);
    let after_first = held(gateway);
    one_round(&sandbox);
    good(&sandbox);
    let growth = held(gateway).saturating_sub(after_first);
    assert!(growth < MOST_GROWTH, "the gateway holds {growth} KiB more");

    for system in sandbox.neighbours() {
        for seen in system.seen().unwrap() {
            assert!(seen.method != "POST" || seen.body.contains("LANH"), "{}: {seen:?}", system.system);
        }
    }
    let log = sandbox.log();
    let told = log.lines().filter(|line| line.contains("\"limit\":\"idle_frames\"")).count();
    assert!((1..=2).contains(&told), "once a minute: {told}");
}
