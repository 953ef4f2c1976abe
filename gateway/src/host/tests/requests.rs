//! HTTP/1.1 over a raw socket.

use super::*;

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    for number in 0..3 {
        let heard = caller.ask(format!("GET /a?{number} HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n")).await;
        assert_eq!((heard.status, heard.body.as_str()), (200, number.to_string().as_str()));
        assert!(!heard.closes());
        assert!(heard.head.contains("lt-exchange-id: 1") && heard.head.contains("date: "));
        assert!(!heard.head.contains("server:") && !heard.head.contains("transfer-encoding"));
        assert_eq!(heard.head.matches("content-length").count(), 1);
    }
    let heard = caller.ask("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nxin c").await;
    assert_eq!(heard.body, "xin c");
    let chunked = "POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_eq!(caller.ask(chunked).await.body, "abcde");
    assert_eq!(caller.ask("\r\nGET /a?x HTTP/1.1\r\nHost: localhost\r\n\r\n").await.body, "x");
    let heard = caller.ask("GET https://localhost/b?y HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(heard.body, "y");
    assert_eq!(stage.mirror.reached.lock().unwrap().last().unwrap(), "GET /b");
    let heard = caller.ask("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(heard.closes());
    assert!(caller.is_ended().await);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    caller
        .send(
            "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n\
             POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\none\
             GET /a?two HTTP/1.1\r\nHost: localhost\r\n\r\n",
        )
        .await;
    assert_eq!(caller.hear().await.body, "slow");
    assert_eq!(caller.hear().await.body, "one");
    assert_eq!(caller.hear().await.body, "two");
}

#[tokio::test]
async fn answers_without_bodies_have_none() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    caller.send("HEAD /a?abc HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let heard = caller.hear_of(&Method::HEAD).await.unwrap();
    assert!(heard.head.contains("content-length: 3"));
    let heard = caller.ask("GET /empty HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(heard.status == 204 && !heard.head.contains("content-length"));
    let heard = caller.ask("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(heard.body.len(), 300_000);
    assert_eq!(caller.ask("GET /a?x HTTP/1.1\r\nHost: localhost\r\n\r\n").await.body, "x");
}

#[tokio::test]
async fn what_is_not_clean_never_reaches_the_application() {
    let stage = Stage::set(brisk());
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(1000));
    let longest = format!("GET /{}", "a".repeat(5000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "A: b\r\n".repeat(20));
    let large = format!("GET / HTTP/1.1\r\nHost: localhost\r\nA: {}\r\n\r\n", "a".repeat(4000));
    let post = |fields: &str| format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // Request, status, rule, whether the connection goes on.
    let cases: Vec<(String, u16, &str, bool)> = vec![
        (
            post("Content-Length: 3\r\nTransfer-Encoding: chunked"),
            400,
            "content-length-and-transfer-encoding",
            false,
        ),
        (post("Content-Length: 3\r\nContent-Length: 3"), 400, "repeated-content-length", false),
        (post("Content-Length: 3, 3"), 400, "repeated-content-length", false),
        (post("Content-Length: -1"), 400, "content-length", false),
        (post("Transfer-Encoding: gzip"), 400, "unknown-transfer-coding", false),
        (post("Transfer-Encoding: chunked, chunked"), 400, "unknown-transfer-coding", false),
        ("GET / HTTP/1.1\nHost: localhost\n\n".to_owned(), 400, "bare-cr-or-lf", false),
        ("GET / HTTP/1.1\r\nHost: localhost\rA: b\r\n\r\n".to_owned(), 400, "bare-cr-or-lf", false),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n".to_owned(), 400, "folded-header", false),
        ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n".to_owned(), 400, "space-before-colon", false),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nA: \0\r\n\r\n".to_owned(), 400, "control-character", false),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "missing-host", false),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n".to_owned(),
            400,
            "repeated-host",
            false,
        ),
        ("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n".to_owned(), 505, "http-version", false),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505, "http-version", false),
        ("hello\r\n\r\n".to_owned(), 400, "request-line", false),
        ("CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 400, "target-form", false),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 400, "target-form", false),
        ("GET / HTTP/1.1\r\nHost: khac.example\r\n\r\n".to_owned(), 421, "misdirected", true),
        ("GET https://khac.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 400, "authority", false),
        (get("/a%2Fb"), 400, "encoded-slash", true),
        (get("/a%5cb"), 400, "encoded-slash", true),
        (get("/a/../b"), 400, "dot-segment", true),
        (get("/a/%2e%2e/b"), 400, "dot-segment", true),
        (get("/a%c0%af"), 400, "overlong-utf-8", true),
        (get("/a%zz"), 400, "bad-escape", true),
        (get("/a%00"), 400, "escaped-control", true),
        (get("/a#b"), 400, "target-character", true),
        (get("/a\"b"), 400, "target-character", true),
        (post("Expect: 200-ok"), 417, "expectation", true),
        (long, 414, "target-too-long", true),
        (longest, 414, "target-too-long", false),
        (many, 431, "too-many-headers", true),
        (large, 431, "headers-too-large", false),
    ];
    for (request, status, rule, goes_on) in cases {
        let mut caller = stage.dial().await;
        let heard = caller.ask(&request).await;
        assert_eq!((heard.status, heard.body.as_str()), (status, rule), "{request:?}");
        assert_eq!(heard.closes(), !goes_on, "{request:?}");
        if goes_on {
            assert_eq!(caller.ask(get("/a?next")).await.body, "next", "{request:?}");
        } else {
            assert!(caller.is_ended().await, "{request:?}");
        }
    }
    let reached = stage.mirror.reached.lock().unwrap();
    assert!(reached.iter().all(|line| line == "GET /a"), "{reached:?}");
}

#[tokio::test]
async fn a_refusal_takes_in_a_small_body_and_goes_on() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    let body = "x".repeat(20_000);
    let heard = caller
        .ask(format!("POST /refuse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n{body}"))
        .await;
    assert!(heard.status == 403 && !heard.closes());
    let heard = caller
        .ask(format!("POST /a/../b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n{body}"))
        .await;
    assert!(heard.status == 400 && !heard.closes());
    let heard = caller
        .ask(format!("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n{body}"))
        .await;
    assert!(heard.status == 413 && !heard.closes());
    assert_eq!(caller.ask("GET /a?next HTTP/1.1\r\nHost: localhost\r\n\r\n").await.body, "next");
}

#[tokio::test]
async fn a_large_body_is_refused_and_the_answer_still_arrives() {
    let stage = Stage::set(brisk());
    let piece = vec![b'x'; 64 * 1024];
    let declared =
        format!("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", 32 * piece.len());
    let mut caller = stage.dial().await;
    caller.send(&declared).await;
    // A caller that writes all before it reads, as many do.
    for _ in 0..32 {
        caller.send(&piece).await;
    }
    let heard = caller.hear().await;
    assert!(heard.status == 413 && heard.closes(), "{heard:?}");

    let mut caller = stage.dial().await;
    caller.send("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for _ in 0..32 {
        caller.send(format!("{:x}\r\n", piece.len())).await;
        caller.send(&piece).await;
        caller.send("\r\n").await;
    }
    let heard = caller.hear().await;
    assert!(heard.status == 413 && heard.closes(), "{heard:?}");
}

#[tokio::test]
async fn permission_to_send_a_body_comes_only_when_it_is_wanted() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    let head = |path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    let heard = caller.ask(head("/a", 3)).await;
    assert_eq!(heard.status, 100);
    assert_eq!(caller.ask("abc").await.body, "abc");

    let heard = caller.ask(head("/a", 5000)).await;
    assert!(heard.status == 413 && heard.closes(), "no permission for what is too large");
    assert!(caller.is_ended().await);

    let mut caller = stage.dial().await;
    let heard = caller.ask(head("/refuse", 3)).await;
    assert!(heard.status == 403 && heard.closes(), "nor for what is refused");
}

#[tokio::test]
async fn content_codings_are_refused() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    let post = |coding: &str| {
        format!(
            "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: {coding}\r\nContent-Length: 3\r\n\r\nabc"
        )
    };
    assert_eq!(caller.ask(post("gzip")).await.status, 415);
    assert_eq!(caller.ask(post("Identity")).await.body, "abc");
}

#[tokio::test]
async fn a_body_that_breaks_off_or_is_misframed_is_no_body() {
    let stage = Stage::set(brisk());
    let mut caller = stage.dial().await;
    let heard = caller
        .ask(
            "POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        )
        .await;
    assert_eq!((heard.status, heard.body.as_str()), (400, "chunk-framing"));
    assert!(heard.closes());
}
