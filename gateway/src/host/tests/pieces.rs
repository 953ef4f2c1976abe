//! Answers in pieces: whole to their end, or seen to be cut.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Incoming as Arriving, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;
use crate::host::Gone;

/// More than any buffer between here and the caller holds.
const MANY: usize = 400;
const PIECE: usize = 64 * 1024;

/// Answers `/pieces/<way>`; what came of it is noted among what reached the application.
pub(super) async fn answer(mirror: &Mirror, request: &mut Incoming, way: &str) {
    let outcome = speak(mirror, request, way).await;
    let said = if outcome.is_ok() { "whole" } else { "gone" };
    mirror.reached.lock().unwrap().push(format!("{way}: {said}"));
}

async fn speak(mirror: &Mirror, request: &mut Incoming, way: &str) -> Result<(), Gone> {
    let mut sum = 0;
    if way == "sum" {
        // The body is taken in pieces too, and is longer than anything held whole.
        while let Ok(Some(piece)) = request.piece().await {
            sum += piece.len();
        }
    }
    let head = Answer::new(StatusCode::OK, if way == "sum" { sum.to_string() } else { "one,".to_owned() });
    let mut outgoing = request.begin(head).await?;
    match way {
        "three" => {
            for piece in ["two,", "", "three"] {
                outgoing.send(Bytes::from_static(piece.as_bytes())).await?;
            }
        }
        "cut" => {
            outgoing.send(Bytes::from_static(b"two,")).await?;
            return Ok(());
        }
        "panic" => panic!("an application's bug, midway"),
        "long" => {
            for number in 0..MANY {
                outgoing.send(Bytes::from(vec![b'x'; PIECE])).await?;
                mirror.reached.lock().unwrap().push(format!("sent {number}"));
            }
        }
        "wait" => {
            outgoing.gone().await;
            return Err(Gone);
        }
        _ => {}
    }
    outgoing.finish().await
}

/// The body of a chunked answer, and whether its last chunk came.
fn unchunked(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..at]).unwrap(), 16).unwrap();
        let rest = &bytes[at + 2..];
        if size == 0 {
            return (body, rest.starts_with(b"\r\n"));
        }
        if rest.len() < size + 2 {
            break;
        }
        body.extend_from_slice(&rest[..size]);
        bytes = &rest[size + 2..];
    }
    (body, false)
}

impl Caller {
    /// An answer in pieces: head, body, and whether it is whole.
    async fn hear_pieces(&mut self) -> (String, Vec<u8>, bool) {
        let all = async {
            loop {
                if let Some(at) = self.bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                    let (body, whole) = unchunked(&self.bytes[at + 4..]);
                    if whole {
                        return (at, body, whole);
                    }
                    if self.more().await.is_none() {
                        return (at, unchunked(&self.bytes[at + 4..]).0, false);
                    }
                } else {
                    self.more().await.expect("a head");
                }
            }
        };
        let (at, body, whole) = timeout(PATIENCE, all).await.unwrap();
        let head = String::from_utf8_lossy(&self.bytes[..at]).to_ascii_lowercase();
        self.bytes.clear();
        (head, body, whole)
    }
}

fn get(way: &str) -> String {
    format!("GET /pieces/{way} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn pieces_arrive_as_one_body_and_the_connection_goes_on() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    for _ in 0..2 {
        caller.send(get("three")).await;
        let (head, body, whole) = caller.hear_pieces().await;
        assert!(head.contains("transfer-encoding: chunked") && !head.contains("content-length"), "{head}");
        assert!(head.contains("connection: keep-alive") && head.contains("date: "), "{head}");
        assert_eq!((&body[..], whole), (&b"one,two,three"[..], true));
    }
    assert_eq!(caller.ask("GET /a?x HTTP/1.1\r\nHost: localhost\r\n\r\n").await.body, "x");
}

#[tokio::test]
async fn an_answer_that_ends_early_is_seen_to_be_cut() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    caller.send(get("cut")).await;
    let (_, body, whole) = caller.hear_pieces().await;
    assert_eq!((&body[..], whole), (&b"one,two,"[..], false), "what was sent arrives, the last chunk never");
    assert!(caller.is_ended().await);
}

#[tokio::test]
async fn a_next_request_sent_meanwhile_is_answered_after() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    caller.send(format!("{}{}", get("three"), get("three"))).await;
    let all = async {
        while caller.bytes.windows(5).filter(|window| *window == b"three").count() < 2 {
            caller.more().await.unwrap();
        }
    };
    timeout(PATIENCE, all).await.unwrap();
}

#[tokio::test]
async fn head_is_answered_without_the_pieces() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    caller.send("HEAD /pieces/three HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(timeout(PATIENCE, caller.hear_of(&Method::HEAD)).await.unwrap().unwrap().status, 200);
    assert_eq!(caller.ask("GET /a?x HTTP/1.1\r\nHost: localhost\r\n\r\n").await.body, "x");
}

#[tokio::test]
async fn a_caller_that_goes_away_is_noticed_at_once() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    caller.send(get("wait")).await;
    stage.until(|stage| stage.mirror.reached.lock().unwrap().is_empty()).await;
    caller.more().await.unwrap();
    drop(caller);
    stage.until(|stage| stage.mirror.reached.lock().unwrap().contains(&"wait: gone".to_owned())).await;
}

#[tokio::test]
async fn a_caller_that_stops_reading_holds_the_answer_and_is_cut() {
    let limits = Limits {
        transfer_grace: Duration::from_millis(300),
        rate: 1024 * 1024,
        write_stall: Duration::from_millis(300),
        ..brisk()
    };
    let stage = Stage::set(limits);
    let mut caller = stage.dial().await;
    caller.send(get("long")).await;
    stage.until(|stage| stage.mirror.reached.lock().unwrap().contains(&"long: gone".to_owned())).await;
    let sent = stage.mirror.reached.lock().unwrap().iter().filter(|line| line.starts_with("sent")).count();
    assert!(sent < MANY, "{sent} pieces were taken by nobody");
}

#[tokio::test]
async fn a_body_of_any_length_is_taken_in_pieces() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    let piece = vec![b'x'; PIECE];
    caller.send("POST /pieces/sum HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for _ in 0..100 {
        caller.send(format!("{:x}\r\n", piece.len())).await;
        caller.send(&piece).await;
        caller.send("\r\n").await;
    }
    caller.send("0\r\n\r\n").await;
    let (_, body, whole) = caller.hear_pieces().await;
    assert_eq!((String::from_utf8(body).unwrap(), whole), ((100 * PIECE).to_string(), true));
}

async fn dial_h2(stage: &Stage) -> http2::SendRequest<Full<Bytes>> {
    let config = client_config(&stage.authority, Some(&stage.caller), &["h2"]);
    let caller = stage.dial_with(config).await.unwrap();
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(caller.stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn get_h2(sender: &mut http2::SendRequest<Full<Bytes>>, way: &str) -> http::Response<Arriving> {
    try_h2(sender, way).await.unwrap()
}

async fn try_h2(
    sender: &mut http2::SendRequest<Full<Bytes>>,
    way: &str,
) -> hyper::Result<http::Response<Arriving>> {
    let request = Request::builder().uri(format!("https://localhost/pieces/{way}"));
    let request = request.version(http::Version::HTTP_2).body(Full::new(Bytes::new())).unwrap();
    timeout(PATIENCE, sender.send_request(request)).await.unwrap()
}

#[tokio::test]
async fn http_2_has_the_same_ends() {
    let stage = Stage::set(brisk());
    let mut sender = dial_h2(&stage).await;
    let whole = get_h2(&mut sender, "three").await;
    assert!(!whole.headers().contains_key("content-length"));
    assert_eq!(whole.into_body().collect().await.unwrap().to_bytes(), "one,two,three");
    for way in ["cut", "panic"] {
        // The reset may overtake what was sent before it; nobody takes it for an end either way.
        if let Ok(cut) = try_h2(&mut sender, way).await {
            assert!(timeout(PATIENCE, cut.into_body().collect()).await.unwrap().is_err(), "{way}");
        }
    }
    // The connection is none the worse.
    let long = get_h2(&mut sender, "long").await;
    let long = timeout(PATIENCE, long.into_body().collect()).await.unwrap().unwrap().to_bytes();
    assert_eq!(long.len(), 4 + MANY * PIECE);
}

#[tokio::test]
async fn over_http_2_a_caller_that_goes_away_is_noticed_at_once() {
    let stage = Stage::set(brisk());
    let mut sender = dial_h2(&stage).await;
    let mut answer = get_h2(&mut sender, "wait").await;
    assert!(answer.body_mut().frame().await.is_some());
    drop(answer);
    stage.until(|stage| stage.mirror.reached.lock().unwrap().contains(&"wait: gone".to_owned())).await;
}

#[tokio::test]
async fn over_http_2_a_caller_that_stops_reading_is_cut_and_the_others_are_not() {
    let limits = Limits { transfer_grace: Duration::from_millis(300), rate: 1024 * 1024, ..brisk() };
    let stage = Stage::set(limits);
    let mut sender = dial_h2(&stage).await;
    let stalled = get_h2(&mut sender, "long").await;
    let three = get_h2(&mut sender, "three").await;
    assert_eq!(three.into_body().collect().await.unwrap().to_bytes(), "one,two,three");
    stage.until(|stage| stage.mirror.reached.lock().unwrap().contains(&"long: gone".to_owned())).await;
    drop(stalled);
}
