//! HTTP/2, through another implementation's client.

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming as Arriving, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

type Sender = http2::SendRequest<Full<Bytes>>;

async fn dial(stage: &Stage) -> Sender {
    let config = client_config(&stage.authority, Some(&stage.caller), &["h2"]);
    let caller = stage.dial_with(config).await.unwrap();
    assert_eq!(caller.stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(caller.stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(method: Method, uri: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(uri).version(Version::HTTP_2);
    request.body(Full::new(body.into())).unwrap()
}

async fn ask(sender: &mut Sender, request: Request<Full<Bytes>>) -> (u16, String) {
    let (status, body) = hear(sender.send_request(request).await.unwrap()).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn hear(response: Response<Arriving>) -> (u16, Bytes) {
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn exchanges_share_a_connection() {
    let stage = Stage::set(brisk());
    let mut sender = dial(&stage).await;
    let slow = sender.send_request(request(Method::GET, "https://localhost/slow", ""));
    let mut second = sender.clone();
    assert_eq!(
        ask(&mut second, request(Method::GET, "https://localhost/a?x", "")).await,
        (200, "x".to_owned())
    );
    assert_eq!(
        ask(&mut second, request(Method::POST, "https://localhost/a", "thân")).await,
        (200, "thân".to_owned())
    );
    let (status, body) = hear(slow.await.unwrap()).await;
    assert_eq!((status, &body[..]), (200, &b"slow"[..]));
    let large = second.send_request(request(Method::GET, "https://localhost/large", "")).await.unwrap();
    assert_eq!(large.headers()["content-length"], "300000");
    assert!(!large.headers().contains_key("server") && large.headers().contains_key("date"));
    assert_eq!(hear(large).await.1.len(), 300_000);
    assert_eq!(
        ask(&mut second, request(Method::HEAD, "https://localhost/a?x", "")).await,
        (200, String::new())
    );
    assert_eq!(
        ask(&mut second, request(Method::GET, "https://localhost/empty", "")).await,
        (204, String::new())
    );
}

#[tokio::test]
async fn the_same_rules_hold() {
    let stage = Stage::set(brisk());
    let mut sender = dial(&stage).await;
    for (uri, status, rule) in [
        ("https://khac.example/", 421, "misdirected"),
        ("https://localhost/a%2Fb", 400, "encoded-slash"),
        ("https://localhost/a/%2e%2e/b", 400, "dot-segment"),
        ("https://localhost/a%c0%af", 400, "overlong-utf-8"),
        ("https://localhost//khac.example/", 400, "target-form"),
    ] {
        assert_eq!(ask(&mut sender, request(Method::GET, uri, "")).await, (status, rule.to_owned()), "{uri}");
    }
    let long = format!("https://localhost/{}", "a".repeat(1001));
    assert_eq!(ask(&mut sender, request(Method::GET, &long, "")).await.0, 414);
    let mut many = request(Method::GET, "https://localhost/a", "");
    for number in 0..25 {
        many.headers_mut()
            .insert(http::HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap(), 1.into());
    }
    assert_eq!(ask(&mut sender, many).await.0, 431);
    let mut coded = request(Method::POST, "https://localhost/a", "abc");
    coded.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(ask(&mut sender, coded).await, (415, "coding".to_owned()));
    assert_eq!(ask(&mut sender, request(Method::GET, "https://localhost/a?still", "")).await.1, "still");
    assert_eq!(stage.mirror.reached.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_large_body_is_refused_and_the_connection_goes_on() {
    let stage = Stage::set(brisk());
    let mut sender = dial(&stage).await;
    let large = request(Method::POST, "https://localhost/a", vec![b'x'; 3_000_000]);
    assert_eq!(ask(&mut sender, large).await, (413, "too large".to_owned()));
    let unread = request(Method::POST, "https://localhost/refuse", vec![b'x'; 3_000_000]);
    assert_eq!(ask(&mut sender, unread).await.0, 403);
    assert_eq!(ask(&mut sender, request(Method::GET, "https://localhost/a?x", "")).await.1, "x");
}

/// A frame: its type, flags, stream and payload.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test]
async fn an_early_answer_has_time_to_be_read_before_the_stream_is_reset() {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    let stage = Stage::set(brisk());
    let mut caller =
        stage.dial_with(client_config(&stage.authority, Some(&stage.caller), &["h2"])).await.unwrap();
    // POST, https, /refuse, localhost (RFC 7541 appendix A), and a body that does not end.
    let fields = [&[0x83, 0x87, 0x44, 7][..], b"/refuse", &[0x41, 9], b"localhost"].concat();
    caller.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    caller.send(frame(4, 0, 0, &[])).await;
    caller.send(frame(HEADERS, 4, 1, &fields)).await;
    for _ in 0..3 {
        caller.send(frame(DATA, 0, 1, &[0; 16_384])).await;
    }
    let mut answered = None;
    let reset = loop {
        while caller.bytes.len() < 9 {
            timeout(PATIENCE, caller.more()).await.expect("a frame in time").expect("a frame");
        }
        let length = usize::from(caller.bytes[1]) << 8 | usize::from(caller.bytes[2]);
        while caller.bytes.len() < 9 + length {
            timeout(PATIENCE, caller.more()).await.expect("a frame in time").expect("a frame");
        }
        let one: Vec<u8> = caller.bytes.drain(..9 + length).collect();
        match (one[3], one[4], one[8]) {
            (DATA, 1, 1) => answered = Some(std::time::Instant::now()),
            (RESET, _, 1) => break one[9..].to_vec(),
            _ => {}
        }
    };
    let between = answered.expect("the answer came before the reset").elapsed();
    assert!(between > Duration::from_millis(200), "{between:?}");
    assert_eq!(reset, [0, 0, 0, 0], "NO_ERROR");
}

#[tokio::test]
async fn revocation_reaches_open_connections() {
    let stage = Stage::set(brisk());
    let mut sender = dial(&stage).await;
    assert_eq!(ask(&mut sender, request(Method::GET, "https://localhost/a?x", "")).await.0, 200);
    stage.authority.publish(&[&stage.caller], 7);
    stage.reload(&stage.server);
    let heard = ask(&mut sender, request(Method::GET, "https://localhost/a?x", "")).await;
    assert_eq!(heard, (403, "certificate-revoked".to_owned()));
}

#[tokio::test]
async fn going_down_finishes_streams_and_says_goodbye() {
    let stage = Stage::set(brisk());
    let mut sender = dial(&stage).await;
    let slow = sender.send_request(request(Method::GET, "https://localhost/slow", ""));
    let slow = tokio::spawn(slow);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let serving = stage.serving;
    let stopping = tokio::task::spawn_blocking(move || serving.stop(Duration::from_secs(5)));
    let (status, body) = hear(slow.await.unwrap().unwrap()).await;
    assert_eq!((status, &body[..]), (200, &b"slow"[..]));
    assert_eq!(stopping.await.unwrap(), 0);
    assert!(sender.send_request(request(Method::GET, "https://localhost/a", "")).await.is_err());
}

#[tokio::test]
async fn going_down_does_not_wait_for_a_caller_that_sleeps() {
    let stage = Stage::set(brisk());
    let mut asleep =
        stage.dial_with(client_config(&stage.authority, Some(&stage.caller), &["h2"])).await.unwrap();
    // Preface and an empty SETTINGS frame; nothing is read or acknowledged any more.
    asleep.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    stage.until(|stage| stage.serving.connections() == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = std::time::Instant::now();
    let serving = stage.serving;
    let cut = tokio::task::spawn_blocking(move || serving.stop(Duration::from_secs(8))).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(cut, 0);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let stage = Stage::set(Limits { keep_alive: Duration::from_millis(200), ..brisk() });
    let mut sender = dial(&stage).await;
    assert_eq!(ask(&mut sender, request(Method::GET, "https://localhost/a?x", "")).await.1, "x");
    stage.until(|stage| stage.serving.connections() == 0).await;
}
