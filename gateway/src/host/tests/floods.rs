//! HTTP/2 as an attacker speaks it, frame by frame: each flood ends at a bound, is counted by it, costs
//! nothing afterwards, and the gateway still answers.

use std::{sync::atomic::Ordering, time::Duration};

use super::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const PRIORITY_UPDATE: u8 = 16;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Frames that a caller may send to no purpose are few; these are more.
const MANY: usize = 6000;

/// What `/large` answers with.
const LARGE: u32 = 300_000;

/// A frame as it was received.
#[derive(Clone, Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    /// The error code of RST_STREAM and GOAWAY.
    fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field written out (RFC 7541 section 6.2.2), names and values of up to 126 bytes.
fn field(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
}

fn fields(list: &[(&str, &str)]) -> Vec<u8> {
    list.iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// The pseudo-header fields of an honest request, and more.
fn request(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let own = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)];
    fields(&[&own[..], more].concat())
}

/// A request without a body on `stream`.
fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &request("GET", path, &[]))
}

/// The head of a request whose body does not come yet.
fn open(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &request("POST", path, &[]))
}

/// The streams that a caller may open.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

impl Stage {
    async fn dial_frames(&self) -> Caller {
        let mut caller =
            self.dial_with(client_config(&self.authority, Some(&self.caller), &["h2"])).await.unwrap();
        caller.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        caller.send(frame(SETTINGS, 0, 0, &[])).await;
        caller
    }

    /// A new connection is served and every old one is gone: what a flood cost has been given back.
    async fn is_well(&self, what: &str) {
        let answer = self.dial().await.ask("GET /a?well HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert_eq!(answer.body, "well", "{what}");
        self.until(|stage| stage.serving.connections() == 0).await;
    }

    fn reached(&self, line: &str) -> usize {
        self.mirror.reached.lock().unwrap().iter().filter(|reached| *reached == line).count()
    }
}

impl Caller {
    /// Sends what the far end takes; it may hang up meanwhile.
    async fn push(&mut self, bytes: &[u8]) -> bool {
        let sent = timeout(PATIENCE, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        });
        sent.await.expect("the far end takes it or hangs up").is_ok()
    }

    async fn frame(&mut self) -> Option<Frame> {
        let one = async {
            while self.bytes.len() < 9 {
                self.more().await?;
            }
            let length = usize::from(self.bytes[1]) << 8 | usize::from(self.bytes[2]);
            while self.bytes.len() < 9 + length {
                self.more().await?;
            }
            let all: Vec<u8> = self.bytes.drain(..9 + length).collect();
            let stream = u32::from_be_bytes(all[5..9].try_into().unwrap());
            Some(Frame { kind: all[3], flags: all[4], stream, payload: all[9..].to_vec() })
        };
        timeout(PATIENCE, one).await.expect("a frame or the end, in time")
    }

    /// All frames up to the first for which `last` holds, or to the end of the connection.
    async fn frames(&mut self, last: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        let mut all = Vec::new();
        while let Some(frame) = self.frame().await {
            let is_last = last(&frame);
            all.push(frame);
            if is_last {
                break;
            }
        }
        all
    }

    /// The code of the goodbye with which the connection ends.
    async fn goodbye(&mut self) -> Option<u32> {
        let frames = self.frames(|_| false).await;
        frames.iter().rev().find(|frame| frame.kind == GOAWAY).map(Frame::code)
    }
}

const CALM: Option<u32> = Some(11);

#[tokio::test]
async fn frames_that_carry_nothing_end_the_connection() {
    let first = || frame(HEADERS, END_HEADERS, 1, &request("POST", "/hold", &[]));
    let many = |one: Vec<u8>| one.repeat(MANY);
    let pairs = |stream: u32| frame(PRIORITY, 0, stream, &[0, 0, 0, 0, 16]);
    // What it is, what is sent, and whether it is we who count it or the engine.
    let floods: Vec<(&str, Vec<u8>, bool)> = vec![
        ("SETTINGS", many(frame(SETTINGS, 0, 0, &[])), true),
        ("SETTINGS with a window each", many(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 1, 0])), true),
        ("PING", many(frame(PING, 0, 0, &[0; 8])), true),
        ("PING acknowledged that was never sent", many(frame(PING, 1, 0, &[0; 8])), true),
        ("PRIORITY", streams(6000).flat_map(pairs).collect(), true),
        ("PRIORITY_UPDATE", many(frame(PRIORITY_UPDATE, 0, 0, &[0, 0, 0, 1, b'u', b'=', b'1'])), true),
        ("frames nobody knows", many(frame(0xfa, 0, 0, &[1, 2, 3])), true),
        ("WINDOW_UPDATE", [first(), many(frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]))].concat(), true),
        ("empty DATA", [first(), many(frame(DATA, 0, 1, &[]))].concat(), false),
        ("DATA of a byte", [first(), many(frame(DATA, 0, 1, b"x"))].concat(), false),
        (
            "empty CONTINUATION",
            [frame(HEADERS, 0, 1, &request("GET", "/a", &[])), many(frame(CONTINUATION, 0, 1, &[]))].concat(),
            false,
        ),
    ];
    for (what, sent, ours) in floods {
        let stage = Stage::set(Limits { drain: Duration::from_millis(100), ..brisk() });
        let mut caller = stage.dial_frames().await;
        for piece in sent.chunks(8 * 1024) {
            if !caller.push(piece).await {
                break;
            }
        }
        assert_eq!(caller.goodbye().await, CALM, "{what}");
        drop(caller);
        stage.until(|stage| stage.tally.frame_floods.count() + stage.tally.calmed.count() > 0).await;
        let counted = (stage.tally.frame_floods.count(), stage.tally.calmed.count());
        assert_eq!(counted, if ours { (1, 0) } else { (0, 1) }, "{what}");
        // Not before: an exchange that ended would read its body to the end, and there would be no flood.
        stage.mirror.gate.add_permits(1);
        stage.is_well(what).await;
    }
}

#[tokio::test]
async fn a_caller_that_takes_its_time_with_useful_frames_is_no_flood() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial_frames().await;
    for stream in streams(300) {
        caller
            .send(
                [
                    get(stream, "/a?x"),
                    frame(PING, 0, 0, &[0; 8]),
                    frame(PRIORITY, 0, stream, &[0, 0, 0, 0, 16]),
                ]
                .concat(),
            )
            .await;
        let frames = caller.frames(|frame| frame.kind == DATA && frame.flags & END_STREAM != 0).await;
        assert_eq!(frames.last().map(|frame| &frame.payload[..]), Some(&b"x"[..]));
        caller.send(frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).await;
    }
    assert_eq!((stage.tally.frame_floods.count(), stage.tally.reset_floods.count()), (0, 0));
}

#[tokio::test]
async fn rapid_reset_ends_the_connection_and_bounds_the_exchanges() {
    // All at once: the engine sees them reset before we took them up.
    let stage = Stage::set(Limits { drain: Duration::from_millis(100), ..brisk() });
    let mut caller = stage.dial_frames().await;
    let all: Vec<u8> = streams(1000)
        .flat_map(|stream| [get(stream, "/hold"), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat())
        .collect();
    caller.push(&all).await;
    assert_eq!(caller.goodbye().await, CALM);
    drop(caller);
    stage.until(|stage| stage.tally.reset_floods.count() + stage.tally.calmed.count() == 1).await;
    stage.mirror.gate.add_permits(1000);
    stage.is_well("at once").await;

    // One by one, each taken up before it is reset.
    let stage = Stage::set(Limits { drain: Duration::from_millis(100), streams: 4, ..brisk() });
    let mut caller = stage.dial_frames().await;
    for (number, stream) in streams(1000).enumerate() {
        let ping = u64::try_from(number).unwrap().to_be_bytes();
        let pair = [get(stream, "/hold"), frame(PING, 0, 0, &ping)].concat();
        if !caller.push(&pair).await {
            break;
        }
        caller.frames(|frame| frame.kind == PING && frame.payload == ping).await;
        if !caller.push(&frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])).await {
            break;
        }
    }
    drop(caller);
    stage.until(|stage| stage.tally.reset_floods.count() == 1).await;
    assert!(stage.reached("GET /hold") <= 2 * 4, "{}", stage.reached("GET /hold"));
    assert!(stage.tally.refused_streams.count() > 100, "{}", stage.tally.refused_streams.count());
    stage.mirror.gate.add_permits(1000);
    stage.is_well("one by one").await;
}

#[tokio::test]
async fn streams_that_a_caller_makes_us_reset_are_its_resets() {
    // A window that grows by nothing is an error of its stream, and so is a body longer than announced.
    for (what, head, wrong) in [
        ("a window of nothing", &[][..], frame(WINDOW_UPDATE, 0, 1, &[0; 4])),
        ("a window beyond all", &[], frame(WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff])),
        ("a body beyond its length", &[("content-length", "1")], frame(DATA, 0, 1, b"abc")),
        ("a stream that depends on itself", &[], frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 16])),
    ] {
        let stage = Stage::set(Limits { drain: Duration::from_millis(100), streams: 4, ..brisk() });
        let mut caller = stage.dial_frames().await;
        for stream in streams(1000) {
            let mut wrong = wrong.clone();
            wrong[5..9].copy_from_slice(&stream.to_be_bytes());
            if what.contains("itself") {
                wrong[9..13].copy_from_slice(&stream.to_be_bytes());
            }
            let head = frame(HEADERS, END_HEADERS, stream, &request("POST", "/hold", head));
            if !caller.push(&[head, wrong].concat()).await {
                break;
            }
        }
        // For some of these the engine ends the whole connection at the first.
        let code = caller.goodbye().await;
        assert!(code.is_some_and(|code| [1, 3, 11].contains(&code)), "{what}: {code:?}");
        drop(caller);
        let counted = |tally: &crate::host::Tally| {
            tally.reset_floods.count()
                + tally.calmed.count()
                + tally.broken_connections.load(Ordering::Relaxed)
        };
        stage.until(|stage| counted(&stage.tally) == 1).await;
        assert!(stage.reached("POST /hold") <= 2 * 4, "{what}: {}", stage.reached("POST /hold"));
        stage.mirror.gate.add_permits(1000);
        stage.is_well(what).await;
    }
}

#[tokio::test]
async fn streams_beyond_the_cap_are_refused() {
    let stage = Stage::set(Limits { streams: 4, ..brisk() });
    let mut caller = stage.dial_frames().await;
    let all: Vec<u8> = streams(10).flat_map(|stream| open(stream, "/hold")).collect();
    caller.send(all).await;
    let mut refused = Vec::new();
    while refused.len() < 6 {
        let frame = caller.frame().await.expect("the connection goes on");
        if frame.kind == RST_STREAM {
            assert_eq!(frame.code(), 7, "REFUSED_STREAM");
            refused.push(frame.stream);
        }
    }
    assert_eq!(refused, [9, 11, 13, 15, 17, 19]);
    stage.until(|stage| stage.reached("POST /hold") == 4).await;
    stage.mirror.gate.add_permits(4);
}

#[tokio::test]
async fn heads_that_unfold_beyond_the_cap_are_not_taken() {
    let start = request("GET", "/a", &[]);
    // A field of 3,000 bytes put into the table, and named again and again by one byte (RFC 7541 section 6.1).
    let long = [&[0x40, 1, b'a', 0x7f, 0xb9, 0x16][..], &[b'x'; 3000]].concat();
    let bomb = |times: usize| [&start[..], &long, &vec![0xbe; times]].concat();
    let wide: Vec<u8> = (0..40).flat_map(|number| field(&format!("a-{number}"), "")).collect();
    for (what, block, ends) in [
        ("a little too large", bomb(2), false),
        ("far too large", bomb(1000), true),
        ("too many", [&start[..], &wide].concat(), false),
    ] {
        let stage = Stage::set(Limits { drain: Duration::from_millis(100), ..brisk() });
        let mut caller = stage.dial_frames().await;
        caller.push(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)).await;
        if ends {
            assert_eq!(caller.goodbye().await, CALM, "{what}");
            stage.until(|stage| stage.tally.calmed.count() == 1).await;
        } else {
            caller.push(&get(3, "/a?next")).await;
            let frames = caller.frames(|frame| frame.stream == 3 && frame.kind == DATA).await;
            assert_eq!(frames.last().map(|frame| &frame.payload[..]), Some(&b"next"[..]), "{what}");
            assert!(frames.iter().any(|frame| frame.stream == 1), "{what}: it is told");
        }
        assert_eq!(stage.reached("GET /a"), usize::from(!ends), "{what}");
        drop(caller);
        stage.is_well(what).await;
    }
}

#[tokio::test]
async fn heads_that_are_none_reach_nobody() {
    let with = |more: &[(&str, &str)]| request("GET", "/no", more);
    let pseudo = |list: &[(&str, &str)]| fields(list);
    let (method, scheme, authority, path) =
        ((":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/no"));
    let rows: Vec<(&str, Vec<u8>)> = vec![
        ("a path twice", pseudo(&[method, scheme, authority, path, path])),
        ("a method twice", pseudo(&[method, method, scheme, authority, path])),
        ("an authority twice", pseudo(&[method, scheme, authority, authority, path])),
        ("an authority that differs from host", with(&[("host", "khac.example")])),
        ("host twice", pseudo(&[method, scheme, path, ("host", "localhost"), ("host", "localhost")])),
        ("an authority with a user", pseudo(&[method, scheme, (":authority", "a@localhost"), path])),
        ("no authority and no host", pseudo(&[method, scheme, path])),
        ("no path", pseudo(&[method, scheme, authority])),
        ("an empty path", pseudo(&[method, scheme, authority, (":path", "")])),
        ("no method", pseudo(&[scheme, authority, path])),
        ("no scheme", pseudo(&[method, authority, path])),
        ("a pseudo field late", [request("GET", "/no", &[("a", "b")]), field(":path", "/no")].concat()),
        ("a pseudo field that is none", pseudo(&[method, scheme, authority, path, (":x", "y")])),
        ("a status", pseudo(&[method, scheme, authority, path, (":status", "200")])),
        ("an absolute path", pseudo(&[method, scheme, authority, (":path", "https://localhost/no")])),
        ("a path with a line end", pseudo(&[method, scheme, authority, (":path", "/no\r\nX: y")])),
        ("a path with a space", pseudo(&[method, scheme, authority, (":path", "/no HTTP/1.1")])),
        ("a path without a slash", pseudo(&[method, scheme, authority, (":path", "no")])),
        ("a method with a space", pseudo(&[(":method", "GET /no"), scheme, authority, path])),
        ("CONNECT", pseudo(&[(":method", "CONNECT"), authority])),
        (
            "CONNECT to a protocol",
            pseudo(&[(":method", "CONNECT"), (":protocol", "websocket"), scheme, authority, path]),
        ),
        ("a name in capitals", with(&[("X-A", "b")])),
        ("a name of nothing", with(&[("", "b")])),
        ("a name with a colon", with(&[("a:b", "c")])),
        ("a name with a line end", with(&[("a\r\nb", "c")])),
        ("a value with a line end", with(&[("a", "b\r\nc")])),
        ("a value with a NUL", with(&[("a", "b\0")])),
        ("connection", with(&[("connection", "close")])),
        ("keep-alive", with(&[("keep-alive", "1")])),
        ("proxy-connection", with(&[("proxy-connection", "close")])),
        ("transfer-encoding", with(&[("transfer-encoding", "chunked")])),
        ("upgrade", with(&[("upgrade", "h2c")])),
        ("te", with(&[("te", "gzip")])),
        ("a length of a body that does not come", with(&[("content-length", "3")])),
        ("two lengths", with(&[("content-length", "0"), ("content-length", "3")])),
        ("a length twice", with(&[("content-length", "0"), ("content-length", "0")])),
        ("a length that is none", with(&[("content-length", "+0")])),
    ];
    for (what, block) in rows {
        let stage = Stage::set(Limits { drain: Duration::from_millis(100), ..brisk() });
        let mut caller = stage.dial_frames().await;
        caller.push(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)).await;
        caller.push(&get(3, "/a?next")).await;
        let is_end = |frame: &Frame| {
            frame.kind == GOAWAY || frame.stream == 3 && frame.flags & END_STREAM != 0 && frame.kind == DATA
        };
        let frames = caller.frames(is_end).await;
        let ended = frames.iter().any(|frame| frame.kind == GOAWAY);
        assert!(ended || frames.last().is_some_and(|last| last.payload == b"next"), "{what}: {frames:?}");
        assert!(ended || frames.iter().any(|frame| frame.stream == 1), "{what}: it is told: {frames:?}");
        let reached = stage.mirror.reached.lock().unwrap().clone();
        assert_eq!(reached, if ended { vec![] } else { vec!["GET /a"] }, "{what}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_says_is_no_body() {
    let stage = Stage::set(brisk());
    let head =
        |stream| frame(HEADERS, END_HEADERS, stream, &request("POST", "/a", &[("content-length", "3")]));
    let mut caller = stage.dial_frames().await;
    for (stream, body) in [(1, &b"abcde"[..]), (3, b"a")] {
        caller.send([head(stream), frame(DATA, END_STREAM, stream, body)].concat()).await;
        let frames = caller
            .frames(|frame| {
                frame.stream == stream && (frame.kind == RST_STREAM || frame.flags & END_STREAM != 0)
            })
            .await;
        let served = frames.iter().any(|frame| frame.kind == DATA && frame.payload == body);
        assert!(!served, "{frames:?}");
    }
    // Trailers end a body and say nothing to anybody.
    let trailers = frame(
        HEADERS,
        END_STREAM | END_HEADERS,
        5,
        &fields(&[("host", "khac.example"), ("content-length", "9")]),
    );
    caller.send([open(5, "/a"), frame(DATA, 0, 5, b"abc"), trailers].concat()).await;
    let frames =
        caller.frames(|frame| frame.stream == 5 && frame.kind == DATA || frame.kind == RST_STREAM).await;
    assert!(
        frames.last().is_some_and(|last| last.kind == RST_STREAM || last.payload == b"abc"),
        "{frames:?}"
    );
}

#[tokio::test]
async fn a_window_that_never_opens_gives_the_answer_up() {
    let limits =
        Limits { write_stall: Duration::from_millis(300), drain: Duration::from_millis(100), ..brisk() };
    let stage = Stage::set(limits);
    let mut caller = stage.dial_frames().await;
    // Windows of nothing, and of a few bytes.
    caller.send(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await;
    for stream in streams(20) {
        caller.send(get(stream, "/large")).await;
    }
    let mut reset = 0;
    while reset < 20 {
        let frame = caller.frame().await.expect("the connection goes on");
        assert_ne!(frame.kind, DATA);
        reset += u32::from(frame.kind == RST_STREAM);
    }
    assert_eq!(stage.tally.stalled.count(), 20);
    // The connection itself did nothing wrong.
    caller.send([frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]), get(41, "/a?next")].concat()).await;
    let frames = caller.frames(|frame| frame.kind == DATA).await;
    assert_eq!(frames.last().map(|frame| &frame.payload[..]), Some(&b"next"[..]));
    drop(caller);
    stage.is_well("a closed window").await;
}

#[tokio::test]
async fn a_window_that_opens_byte_by_byte_gives_the_answer_up() {
    let limits = Limits { transfer_grace: Duration::from_millis(600), rate: 1_000_000, ..brisk() };
    let stage = Stage::set(limits);
    let mut caller = stage.dial_frames().await;
    caller.send([frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 1]), get(1, "/large")].concat()).await;
    let mut taken = 0;
    loop {
        let frame = caller.frame().await.expect("the connection goes on");
        match frame.kind {
            RST_STREAM => break,
            DATA => {
                taken += frame.payload.len();
                tokio::time::sleep(Duration::from_millis(20)).await;
                caller.send(super::floods::frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])).await;
            }
            _ => {}
        }
    }
    assert!((1..300_000).contains(&taken), "{taken}");
    assert_eq!(stage.tally.stalled.count(), 1);
}

#[tokio::test]
async fn slow_heads_and_bodies_end_on_this_protocol_too() {
    // A head that is never finished keeps nothing but its connection, and that not for long.
    let limits = Limits {
        keep_alive: Duration::from_millis(400),
        body_idle: Duration::from_millis(300),
        drain: Duration::from_millis(100),
        ..brisk()
    };
    let stage = Stage::set(limits);
    let mut caller = stage.dial_frames().await;
    caller.send(frame(HEADERS, 0, 1, &request("GET", "/a", &[]))).await;
    assert_eq!(caller.goodbye().await, Some(0));
    drop(caller);
    stage.is_well("half a head").await;

    // A body that does not come, beside one that does.
    let mut caller = stage.dial_frames().await;
    caller.send([open(1, "/a"), open(3, "/a"), frame(DATA, END_STREAM, 3, b"abc")].concat()).await;
    let is_answer = |stream: u32| move |frame: &Frame| frame.stream == stream && frame.kind == DATA;
    assert_eq!(
        caller.frames(is_answer(3)).await.last().map(|frame| frame.payload.clone()),
        Some(b"abc".to_vec())
    );
    assert_eq!(
        caller.frames(is_answer(1)).await.last().map(|frame| frame.payload.clone()),
        Some(b"too slow".to_vec())
    );

    // A connection whose caller sends its preface and no more.
    let mut silent =
        stage.dial_with(client_config(&stage.authority, Some(&stage.caller), &["h2"])).await.unwrap();
    silent.send(b"PRI * HTTP/2.0\r\n").await;
    drop(caller);
    stage.until(|stage| stage.serving.connections() <= 1).await;
}

/// A caller that opens no window: it asks and takes nothing but heads.
async fn dial_shut(stage: &Stage) -> Caller {
    let mut caller = stage.dial_frames().await;
    const INITIAL_WINDOW_SIZE: [u8; 6] = [0, 4, 0, 0, 0, 0];
    caller.send(frame(SETTINGS, 0, 0, &INITIAL_WINDOW_SIZE)).await;
    caller
}

#[tokio::test]
async fn answers_that_nobody_takes_keep_the_next_exchange_from_beginning() {
    let stall = Duration::from_millis(1500);
    let stage = Stage::set(Limits { unsent: 4 * LARGE, write_stall: stall, ..brisk() });
    let mut caller = dial_shut(&stage).await;
    let all: Vec<u8> = streams(100).flat_map(|stream| get(stream, "/large")).collect();
    assert!(caller.push(&all).await);
    let mut refused = 0;
    while refused < 90 {
        let frame = caller.frames(|frame| frame.kind == RST_STREAM).await.pop().unwrap();
        if frame.code() == 7 {
            refused += 1;
        }
    }
    // An answer is expected to be long until shorter ones were made.
    let begun = stage.reached("GET /large");
    assert!((1..=10).contains(&begun), "{begun} of 100");
    assert!(stage.tally.unsent.count() >= 90);
    // The connection is as good as before for a caller that takes its answers.
    let after = 2 * 100 + 1;
    caller.send([get(after, "/empty"), get(after + 2, "/empty")].concat()).await;
    caller.frames(|frame| frame.kind == HEADERS && frame.stream == after + 2).await;
    drop(caller);
    stage.is_well("unsent").await;
}

#[tokio::test]
async fn who_asks_for_little_and_then_for_much_is_cut_where_the_room_ends() {
    let stage = Stage::set(Limits { unsent: 4 * LARGE, ..brisk() });
    let mut caller = dial_shut(&stage).await;
    for stream in streams(100) {
        caller.send(get(stream, "/empty")).await;
        caller.frames(|frame| frame.kind == HEADERS && frame.stream == stream).await;
    }
    let many: Vec<u8> = (101..151).flat_map(|number| get(2 * number + 1, "/hold?large")).collect();
    assert!(caller.push(&many).await);
    stage.until(|stage| stage.reached("GET /hold") == 50).await;
    stage.mirror.gate.add_permits(50);
    let mut cut = 0;
    while cut < 46 {
        let frame = caller.frames(|frame| frame.kind == RST_STREAM).await.pop().unwrap();
        assert_eq!(frame.code(), 11, "calm, not a fault");
        cut += 1;
    }
    assert_eq!(stage.tally.unsent.count(), 46);
    // What was kept is whole for a caller that opens its windows after all.
    let wide = (4 * LARGE).to_be_bytes();
    let windows = [0].into_iter().chain((101..151).map(|number| 2 * number + 1));
    let windows: Vec<u8> = windows.flat_map(|stream| frame(WINDOW_UPDATE, 0, stream, &wide)).collect();
    assert!(caller.push(&windows).await);
    for _ in 0..4 {
        caller.frames(|frame| frame.kind == DATA && frame.flags & END_STREAM != 0).await;
    }
    // All of the room is free again.
    let again: Vec<u8> = (201..204).flat_map(|number| get(2 * number + 1, "/large")).collect();
    assert!(caller.push(&again).await);
    for _ in 0..3 {
        caller.frames(|frame| frame.kind == HEADERS).await;
    }
    assert_eq!(stage.tally.unsent.count(), 46);
    drop(caller);
    stage.is_well("unsent").await;
}
