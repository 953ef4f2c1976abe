//! Requests that two readers could read differently, over a raw socket and on to a provider whose bytes are
//! looked at: what is refused reaches it never, and no byte of one request becomes another.

use std::time::Duration;

use super::*;
use crate::host::provider::tests::{Neighbour, ok};

/// Stands behind every request of doubtful length; whoever answers it has been smuggled to.
const POISON: &str = "GET /relay/poison HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// The honest next request of a connection that goes on.
const NEXT: &str = "GET /relay/next HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What must come of a row.
enum Fate {
    /// This answer, and the end of the connection; the provider sees nothing.
    Cut(u16, &'static str),
    /// This answer, and the connection goes on; the provider sees only what comes next.
    Kept(u16, &'static str),
    /// An answer for each of these requests, which the provider sees: first line's start and body.
    Served(&'static [(&'static str, &'static str)]),
}

use Fate::{Cut, Kept, Served};

type Row = (&'static str, String, Fate);

fn post(fields: &str, body: &str) -> String {
    format!("POST /relay/a HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{body}")
}

fn get(line: &str, fields: &str) -> String {
    format!("{line}\r\n{fields}\r\n\r\n")
}

const ABC: &[(&str, &str)] = &[("POST /ws/relay/a", "abc")];
const CHUNKED: &str = "3\r\nabc\r\n0\r\n\r\n";

/// Where the body ends: lengths and codings.
fn lengths() -> Vec<Row> {
    const BOTH: &str = "content-length-and-transfer-encoding";
    const TWICE: &str = "repeated-content-length";
    const NUMBER: &str = "content-length";
    const CODING: &str = "unknown-transfer-coding";
    let mut rows: Vec<Row> = vec![
        ("CL.TE", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), Cut(400, BOTH)),
        ("TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 3", CHUNKED), Cut(400, BOTH)),
        (
            "an empty length beside a coding",
            post("Content-Length: 0\r\nTransfer-Encoding: chunked", CHUNKED),
            Cut(400, BOTH),
        ),
        (
            "TE.TE",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNKED),
            Cut(400, CODING),
        ),
        (
            "TE.TE, one unknown",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", CHUNKED),
            Cut(400, CODING),
        ),
        (
            "TE.TE, other letters",
            post("Transfer-Encoding: x\r\ntransfer-encoding: chunked", CHUNKED),
            Cut(400, CODING),
        ),
        ("a coding in any letters", post("tRANSFER-eNCODING: cHUNKED", CHUNKED), Served(ABC)),
        ("a coding among tabs", post("Transfer-Encoding:\tchunked\t", CHUNKED), Served(ABC)),
        (
            "a coding under another name",
            post("Transfer_Encoding: chunked\r\nContent-Length: 3", "abc"),
            Served(ABC),
        ),
        ("a length among spaces", post("Content-Length:  3 \t", "abc"), Served(ABC)),
        ("a length with zeros", post("Content-Length: 0003", "abc"), Served(ABC)),
        ("a length twice", post("Content-Length: 3\r\nContent-Length: 3", "abc"), Cut(400, TWICE)),
        ("two lengths", post("Content-Length: 3\r\nContent-Length: 0", "abc"), Cut(400, TWICE)),
        (
            "two lengths, other letters",
            post("Content-Length: 0\r\ncontent-length: 3", "abc"),
            Cut(400, TWICE),
        ),
        ("two lengths in one", post("Content-Length: 3, 0", "abc"), Cut(400, TWICE)),
        ("a length twice in one", post("Content-Length: 3,3", "abc"), Cut(400, TWICE)),
        ("a form feed before a length", post("Content-Length: \x0c3", "abc"), Cut(400, "control-character")),
        (
            "a form feed after a coding",
            post("Transfer-Encoding: chunked\x0c", CHUNKED),
            Cut(400, "control-character"),
        ),
        (
            "a vertical tab before a coding",
            post("Transfer-Encoding: \x0bchunked", CHUNKED),
            Cut(400, "control-character"),
        ),
        (
            "a coding behind a bare CR",
            post("X: y\rTransfer-Encoding: chunked", CHUNKED),
            Cut(400, "bare-cr-or-lf"),
        ),
        (
            "a coding behind a bare LF",
            post("X: y\nTransfer-Encoding: chunked", CHUNKED),
            Cut(400, "bare-cr-or-lf"),
        ),
        ("a coding folded", post("Transfer-Encoding:\r\n chunked", CHUNKED), Cut(400, CODING)),
        (
            "a coding before a fold",
            post("Transfer-Encoding: chunked\r\n\t, identity", CHUNKED),
            Cut(400, "folded-header"),
        ),
        (
            "a coding before a space",
            post("Transfer-Encoding : chunked", CHUNKED),
            Cut(400, "space-before-colon"),
        ),
        (
            "a coding before a tab",
            post("Transfer-Encoding\t: chunked", CHUNKED),
            Cut(400, "space-before-colon"),
        ),
        ("a length before a space", post("Content-Length : 3", "abc"), Cut(400, "space-before-colon")),
        ("a coding in a name", post("Transfer-Encoding\0: chunked", CHUNKED), Cut(400, "header-name")),
        ("a length without its colon", post("Content-Length 3", "abc"), Cut(400, "header-name")),
    ];
    for value in [
        "",
        "identity",
        "chunked, identity",
        "identity, chunked",
        "chunked, chunked",
        "chunked,",
        ",chunked",
        "xchunked",
        "chunkedx",
        "chun ked",
        "\"chunked\"",
        "chunked;q=1",
        "gzip",
        "gzip, chunked",
        "chunked\u{a0}",
        "chunкed",
    ] {
        rows.push((
            "a coding that is none",
            post(&format!("Transfer-Encoding: {value}"), CHUNKED),
            Cut(400, CODING),
        ));
    }
    for value in [
        "",
        "+3",
        "-3",
        "0x3",
        "3.0",
        "3e0",
        "3 3",
        "3;",
        "'3'",
        "３",
        "abc",
        "18446744073709551619",
        "9999999999999999999",
    ] {
        rows.push((
            "a length that is none",
            post(&format!("Content-Length: {value}"), "abc"),
            Cut(400, NUMBER),
        ));
    }
    rows
}

/// Where chunks end.
fn chunks() -> Vec<Row> {
    let chunked = |body: &str| post("Transfer-Encoding: chunked", body);
    let mut rows: Vec<Row> = vec![
        ("extensions", chunked("3;a=b;c\r\nabc\r\n0;d\r\n\r\n"), Served(ABC)),
        ("a trailer", chunked("3\r\nabc\r\n0\r\nX-Tong: 1\r\n\r\n"), Served(ABC)),
        (
            "a size in capitals",
            chunked("0A\r\n0123456789\r\n0\r\n\r\n"),
            Served(&[("POST /ws/relay/a", "0123456789")]),
        ),
        ("line ends as data", chunked("3\r\n\r\n\n\r\n0\r\n\r\n"), Served(&[("POST /ws/relay/a", "\r\n\n")])),
    ];
    let long = format!("3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(5000));
    let trailers = format!("3\r\nabc\r\n0\r\n{}\r\n", "A: bcdef\r\n".repeat(600));
    for body in [
        // The end of a size's line.
        "3\nabc\r\n0\r\n\r\n",
        "3\r\r\nabc\r\n0\r\n\r\n",
        "3;a\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "3;\0\r\nabc\r\n0\r\n\r\n",
        // Sizes.
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "zz\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        "3_\r\nabc\r\n0\r\n\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        // Data longer and shorter than its size, and its line end.
        "3\r\nabcd\r\n0\r\n\r\n",
        "4\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        // The end: the poison behind would be a trailer.
        "3\r\nabc\r\n0\r\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\r\nabc\r\n0\r\n\n",
        // Trailers that frame or address, or are none.
        "3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n",
        "3\r\nabc\r\n0\r\nTransfer-Encoding: x\r\n\r\n",
        "3\r\nabc\r\n0\r\nHost: khac.example\r\n\r\n",
        "3\r\nabc\r\n0\r\nA : b\r\n\r\n",
        "3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n",
        "3\r\nabc\r\n0\r\nA: \0\r\n\r\n",
        "3\r\nabc\r\n0\r\nA: b\rc\r\n\r\n",
        &long,
        &trailers,
    ] {
        rows.push(("chunks that are none", chunked(body), Cut(400, "chunk-framing")));
    }
    rows.push(("a chunk without end", chunked("7fffffffffffffff\r\nabc"), Cut(408, "too slow")));
    rows.push(("a chunk of all there is", chunked("ffffffffffffffff\r\nabc"), Cut(400, "broken")));
    rows
}

/// What a head may look like.
fn heads() -> Vec<Row> {
    let host = "Host: localhost";
    let line = "GET /relay/a HTTP/1.1";
    let served: &[(&str, &str)] = &[("GET /ws/relay/a", "")];
    let with = |fields: &str| get(line, fields);
    vec![
        ("HTTP/0.9", "GET /relay/a\r\n\r\n".to_owned(), Cut(400, "request-line")),
        ("HTTP/1.0", get("GET /relay/a HTTP/1.0", host), Cut(505, "http-version")),
        ("HTTP/1.2", get("GET /relay/a HTTP/1.2", host), Cut(505, "http-version")),
        ("HTTP/2 by name", get("GET /relay/a HTTP/2", host), Cut(400, "request-line")),
        ("HTTP/2 by its preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), Cut(505, "http-version")),
        ("a space before the method", get(" GET /relay/a HTTP/1.1", host), Cut(400, "request-line")),
        ("two spaces", get("GET  /relay/a HTTP/1.1", host), Cut(400, "request-line")),
        ("a tab for a space", get("GET\t/relay/a HTTP/1.1", host), Cut(400, "request-line")),
        ("a space after the version", get("GET /relay/a HTTP/1.1 ", host), Cut(400, "request-line")),
        ("a target with a space", get("GET /relay/a b HTTP/1.1", host), Cut(400, "request-line")),
        ("a NUL in the target", get("GET /relay/\0 HTTP/1.1", host), Cut(400, "request-line")),
        ("a NUL in the method", get("G\0T /relay/a HTTP/1.1", host), Cut(400, "request-line")),
        ("a CR in the target", get("GET /relay/a\rb HTTP/1.1", host), Cut(400, "bare-cr-or-lf")),
        ("a LF in the target", get("GET /relay/a\nb HTTP/1.1", host), Cut(400, "bare-cr-or-lf")),
        ("lines that end in LF", format!("{line}\n{host}\n\n"), Cut(400, "bare-cr-or-lf")),
        ("a first line that ends in LF", format!("{line}\n{host}\r\n\r\n"), Cut(400, "bare-cr-or-lf")),
        ("an empty line that is LF", format!("{line}\r\n{host}\r\n\n"), Cut(400, "bare-cr-or-lf")),
        ("a LF before all", format!("\n{line}\r\n{host}\r\n\r\n"), Cut(400, "bare-cr-or-lf")),
        ("a CR before a line end", format!("{line}\r\n{host}\r\r\n\r\n"), Cut(400, "bare-cr-or-lf")),
        ("an empty line before all", format!("\r\n{line}\r\n{host}\r\n\r\n"), Served(served)),
        ("two empty lines before all", format!("\r\n\r\n{line}\r\n{host}\r\n\r\n"), Cut(400, "request-line")),
        ("a first field after a space", format!("{line}\r\n {host}\r\n\r\n"), Cut(400, "folded-header")),
        ("a field folded", with("Host: localhost\r\nA: b\r\n\tc"), Cut(400, "folded-header")),
        ("a NUL in a name", with("Host: localhost\r\nA\0: b"), Cut(400, "header-name")),
        ("a NUL in a value", with("Host: localhost\r\nA: b\0"), Cut(400, "control-character")),
        ("a DEL in a value", with("Host: localhost\r\nA: b\x7f"), Cut(400, "control-character")),
        ("a name that is none", with("Host: localhost\r\nA(b): c"), Cut(400, "header-name")),
        ("a name of nothing", with("Host: localhost\r\n: c"), Cut(400, "header-name")),
        ("no host", with("A: b"), Cut(400, "missing-host")),
        ("an empty host", with("Host:"), Cut(400, "authority")),
        ("two hosts", with("Host: localhost\r\nHost: khac.example"), Cut(400, "repeated-host")),
        ("a host twice", with("Host: localhost\r\nhost: localhost"), Cut(400, "repeated-host")),
        ("two hosts in one", with("Host: localhost, khac.example"), Cut(400, "authority")),
        ("a host with a user", with("Host: localhost@khac.example"), Cut(400, "authority")),
        ("a host with a path", with("Host: localhost/relay"), Cut(400, "authority")),
        ("another host", with("Host: khac.example"), Kept(421, "misdirected")),
        ("another port", with("Host: localhost:1"), Kept(421, "misdirected")),
        ("an absolute target", get("GET https://localhost/relay/a HTTP/1.1", host), Served(served)),
        (
            "an absolute target elsewhere",
            get("GET https://khac.example/relay/a HTTP/1.1", host),
            Cut(400, "authority"),
        ),
        (
            "an absolute target, host elsewhere",
            get("GET https://localhost/relay/a HTTP/1.1", "Host: khac.example"),
            Cut(400, "authority"),
        ),
        (
            "an absolute target of another scheme",
            get("GET http://localhost/relay/a HTTP/1.1", host),
            Cut(400, "target-form"),
        ),
        (
            "an absolute target with a user",
            get("GET https://a@localhost/relay/a HTTP/1.1", host),
            Cut(400, "authority"),
        ),
        ("two slashes", get("GET //localhost/relay/a HTTP/1.1", host), Cut(400, "target-form")),
        ("a path upwards", get("GET /relay/../a HTTP/1.1", host), Kept(400, "dot-segment")),
        ("a line end in escapes", get("GET /relay/a%0d%0aX:y HTTP/1.1", host), Kept(400, "escaped-control")),
        (
            "h2c",
            with(
                "Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
            ),
            Served(served),
        ),
        (
            "a web socket",
            with(
                "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            ),
            Served(served),
        ),
        (
            "fields that a hop names its own",
            with("Host: localhost\r\nConnection: Host, Content-Length, Transfer-Encoding"),
            Served(served),
        ),
        (
            "a GET with a body",
            with("Host: localhost\r\nContent-Length: 3") + "abc",
            Served(&[("GET /ws/relay/a", "abc")]),
        ),
        (
            "an expectation twice",
            post("Content-Length: 0\r\nExpect: 200-ok\r\nExpect: 100-continue", ""),
            Kept(417, "expectation"),
        ),
        (
            "an unknown expectation",
            post("Content-Length: 0\r\nExpect: 100-continue, x", ""),
            Kept(417, "expectation"),
        ),
        (
            "an unknown expectation of a body",
            post("Content-Length: 48\r\nExpect: x", ""),
            Cut(417, "expectation"),
        ),
    ]
}

/// A request as the provider got it, byte by byte.
fn forwarded(neighbour: &Neighbour, line: &str, body: &str) -> String {
    let host = format!("khcn.example:{}", neighbour.address.port());
    let length = match (line.starts_with("POST"), body.len()) {
        (false, 0) => String::new(),
        (_, length) => format!("Content-Length: {length}\r\n"),
    };
    format!("{line} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n{length}\r\n{body}")
}

/// What the provider got since it had `before` requests, without the time that was left for each.
fn reached(neighbour: &Neighbour, before: usize) -> Vec<String> {
    let heard = neighbour.heard().into_iter().skip(before);
    heard
        .map(|(_, text)| {
            let lines = text.split_inclusive("\r\n");
            lines.filter(|line| !line.to_ascii_lowercase().starts_with("lt-deadline-ms: ")).collect()
        })
        .collect()
}

#[tokio::test]
async fn no_byte_of_one_request_becomes_another() {
    let neighbour = Neighbour::open(|_, _| ok("seen")).await;
    let stage = Stage::set(Limits { body_idle: Duration::from_millis(300), head_bytes: 32_000, ..brisk() });
    assert!(stage.mirror.way_out.set(neighbour.provider()).is_ok());
    let mut wrong = Vec::new();
    for (what, sent, fate) in lengths().into_iter().chain(chunks()).chain(heads()) {
        let what = format!("{what}: {:?}", sent.chars().take(200).collect::<String>());
        if let Err(told) = meets(&stage, &neighbour, &sent, fate).await {
            wrong.push(format!("{what}: {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether `sent`, and a request behind it, meet their fate.
async fn meets(stage: &Stage, neighbour: &Neighbour, sent: &str, fate: Fate) -> Result<(), String> {
    let before = neighbour.heard().len();
    let mut caller = stage.dial().await;
    let behind = if matches!(fate, Cut(..)) { POISON } else { NEXT };
    caller.send(format!("{sent}{behind}")).await;
    let mut answers = Vec::new();
    let mut expected = Vec::new();
    let mut forwards = Vec::new();
    let (wanted, ends) = match &fate {
        Cut(status, rule) => (vec![(*status, *rule)], true),
        Kept(status, rule) => (vec![(*status, *rule), (200, "seen")], false),
        Served(requests) => (vec![(200, "seen"); requests.len() + 1], false),
    };
    if let Served(requests) = &fate {
        forwards.extend_from_slice(requests);
    }
    if !ends {
        forwards.push(("GET /ws/relay/next", ""));
    }
    expected.extend(forwards.iter().map(|(line, body)| forwarded(neighbour, line, body)));
    let mut closes = false;
    for _ in &wanted {
        let heard = timeout(PATIENCE, caller.hear_of(&Method::GET)).await.map_err(|_| "no answer in time")?;
        let heard = heard.ok_or("no answer")?;
        closes = heard.closes();
        answers.push((heard.status, heard.body));
    }
    let alike = answers.iter().zip(&wanted).all(|((status, body), (code, rule))| {
        // What does not fit the first read is found out while the body is read.
        let later = *rule == "chunk-framing" && body == "broken";
        status == code && (body == rule || later)
    });
    if !alike || closes != ends {
        return Err(format!("{answers:?}, closing: {closes}"));
    }
    if ends && !caller.is_ended().await || !caller.bytes.is_empty() {
        return Err("more came".to_owned());
    }
    match reached(neighbour, before) {
        reached if reached == expected => Ok(()),
        reached => Err(format!("{reached:?} reached the provider")),
    }
}

#[tokio::test]
async fn chunks_that_go_wrong_later_end_the_request_and_its_connection() {
    let neighbour = Neighbour::open(|_, _| ok("seen")).await;
    let stage = Stage::set(brisk());
    assert!(stage.mirror.way_out.set(neighbour.provider()).is_ok());
    for later in [
        "3;a\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\r\nHost: a\r\n\r\n",
        "0\r\nGET /a HTTP/1.1\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
    ] {
        let mut caller = stage.dial().await;
        caller.send(post("Transfer-Encoding: chunked", "2\r\nxy\r\n")).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        caller.send(format!("{later}{POISON}")).await;
        let heard = caller.hear().await;
        assert_eq!((heard.status, heard.body.as_str()), (400, "broken"), "{later:?}");
        assert!(heard.closes() && caller.is_ended().await && caller.bytes.is_empty(), "{later:?}");
    }
    // A body that is watched and clean leaves the connection as it was, also when it comes byte by byte.
    let mut caller = stage.dial().await;
    for byte in post("Transfer-Encoding: chunked", "3;x\r\nabc\r\n0\r\nX-Tong: 1\r\n\r\n").into_bytes() {
        caller.send([byte]).await;
    }
    assert_eq!(caller.hear().await.body, "seen");
    assert_eq!(caller.ask(NEXT).await.body, "seen");
    let expected = [("POST /ws/relay/a", "abc"), ("GET /ws/relay/next", "")];
    assert_eq!(reached(&neighbour, 0), expected.map(|(line, body)| forwarded(&neighbour, line, body)));
}

#[tokio::test]
async fn what_is_left_of_a_refused_body_is_never_a_request() {
    let neighbour = Neighbour::open(|_, _| ok("seen")).await;
    let stage = Stage::set(brisk());
    assert!(stage.mirror.way_out.set(neighbour.provider()).is_ok());
    let refuse = |fields: &str, body: &str| {
        format!("POST /refuse HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{body}")
    };
    let size = POISON.len();
    // Taken in whole, so that the connection goes on.
    let chunked = format!("{size:x}\r\n{POISON}\r\n0\r\n\r\n");
    for request in [
        refuse(&format!("Content-Length: {size}"), POISON),
        refuse("Transfer-Encoding: chunked", &chunked),
        post(&format!("Content-Length: {size}\r\nContent-Encoding: gzip"), POISON).replace("relay/a", "a"),
        post(&format!("Content-Length: {size}"), POISON).replace("relay/a", "a/../b"),
        post(&format!("Content-Length: {size}"), POISON).replacen("localhost", "khac.example", 1),
    ] {
        let mut caller = stage.dial().await;
        let heard = caller.ask(format!("{request}{NEXT}")).await;
        assert!(heard.status >= 400 && !heard.closes(), "{request:?}: {heard:?}");
        assert_eq!(caller.hear().await.body, "seen", "{request:?}");
    }
    // Too long, unfinished or still to be asked for: the connection ends, whatever follows.
    for request in [
        refuse("Content-Length: 100000", POISON),
        refuse("Content-Length: 1000", POISON),
        refuse("Transfer-Encoding: chunked", &format!("ffff\r\n{POISON}")),
        refuse(&format!("Content-Length: {size}\r\nExpect: 100-continue"), POISON),
    ] {
        let mut caller = stage.dial().await;
        let heard = caller.ask(format!("{request}{POISON}{POISON}")).await;
        assert!(heard.status == 403 && heard.closes(), "{request:?}: {heard:?}");
        assert!(caller.is_ended().await && caller.bytes.is_empty(), "{request:?}");
    }
    assert_eq!(reached(&neighbour, 0), vec![forwarded(&neighbour, "GET /ws/relay/next", ""); 5]);
    assert!(stage.mirror.reached.lock().unwrap().iter().all(|line| !line.contains("poison")));
}

#[tokio::test]
async fn an_upgrade_that_is_not_taken_leaves_the_connection_as_it_was() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket";
    caller
        .send(format!(
            "POST /pieces/sum HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\nContent-Length: 3\r\n\r\nabc\
             GET /a?next HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n\r\n"
        ))
        .await;
    let all = async {
        while !caller.bytes.ends_with(b"next") {
            caller.more().await.expect("both answers");
        }
    };
    timeout(PATIENCE, all).await.unwrap();
    let text = String::from_utf8_lossy(&caller.bytes).to_ascii_lowercase();
    assert_eq!(text.matches("http/1.1 200 ok").count(), 2, "{text}");
    assert!(text.contains("1\r\n3\r\n0\r\n\r\n"), "the sum of three bytes: {text}");
}
