//! Deadlines, caps and the way down.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use super::*;

const GET: &str = "GET /a?x HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn a_head_has_one_deadline_however_it_trickles() {
    let stage = Stage::set(Limits { head: Duration::from_millis(400), ..brisk() });
    let mut caller = stage.dial().await;
    let began = Instant::now();
    let trickle = async {
        loop {
            caller.send("G").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            if began.elapsed() > Duration::from_millis(350) {
                break;
            }
        }
        caller.hear().await
    };
    let heard = trickle.await;
    assert_eq!((heard.status, heard.body.as_str()), (408, "slow-headers"));
    assert!(heard.closes() && began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(stage.refused(), ["slow-headers"]);
}

#[tokio::test]
async fn a_slow_body_is_given_up() {
    let stage = Stage::set(Limits { body_idle: Duration::from_millis(300), ..brisk() });
    let mut caller = stage.dial().await;
    let began = Instant::now();
    let heard = caller.ask("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc").await;
    assert_eq!((heard.status, heard.body.as_str()), (408, "too slow"));
    assert!(heard.closes() && began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());

    // Never idle for long, and still too slow over all.
    let stage = Stage::set(Limits { transfer_grace: Duration::from_millis(600), rate: 1000, ..brisk() });
    let mut caller = stage.dial().await;
    caller.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n").await;
    let mut sent = 0;
    while sent < 9 && timeout(Duration::from_millis(1), caller.more()).await.is_err() {
        caller.send("abc").await;
        sent += 1;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let heard = caller.hear().await;
    assert_eq!((heard.status, heard.body.as_str()), (408, "too slow"));
}

#[tokio::test]
async fn a_caller_that_does_not_read_loses_its_connection() {
    let stage = Stage::set(Limits { write_stall: Duration::from_millis(300), ..brisk() });
    let mut caller = stage.dial().await;
    // More than both kernels' buffers hold, never read.
    for _ in 0..100 {
        if timeout(
            Duration::from_millis(50),
            caller.stream.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        )
        .await
        .is_err()
        {
            break;
        }
    }
    stage.until(|stage| stage.serving.connections() == 0).await;
}

#[tokio::test]
async fn idle_connections_and_half_handshakes_are_closed() {
    let stage = Stage::set(Limits {
        keep_alive: Duration::from_millis(200),
        handshake: Duration::from_millis(800),
        ..brisk()
    });
    let mut caller = stage.dial().await;
    assert_eq!(caller.ask(GET).await.body, "x");
    assert!(caller.is_ended().await);
    let mut silent = TcpStream::connect(stage.address).await.unwrap();
    let mut buffer = [0; 1];
    assert_eq!(timeout(PATIENCE, silent.read(&mut buffer)).await.unwrap().unwrap_or(0), 0);
    stage.until(|stage| stage.tally.handshakes_failed.load(Ordering::Relaxed) == 1).await;
    stage.until(|stage| stage.serving.connections() == 0).await;
    assert!(stage.refused().is_empty(), "nothing was asked, so nothing is refused");
}

#[tokio::test]
async fn connections_are_capped_in_all_by_address_and_counted_by_owner() {
    for limits in [Limits { connections: 2, ..brisk() }, Limits { connections_per_address: 2, ..brisk() }] {
        let stage = Stage::set(limits);
        let mut first = stage.dial().await;
        let mut second = stage.dial().await;
        let claim = "GET /claim HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assert_eq!(first.ask(claim).await.body, "1");
        assert_eq!(second.ask(claim).await.body, "2");
        assert_eq!(first.ask(claim).await.body, "2");
        assert!(stage.dial_as(Some(&stage.caller)).await.is_err());
        assert_eq!(stage.tally.over_cap.count(), 1);
        drop(first);
        stage.until(|stage| stage.serving.connections() == 1).await;
        let mut third = stage.dial().await;
        assert_eq!(third.ask(claim).await.body, "2");
    }
}

#[tokio::test]
async fn empty_lines_do_not_keep_a_connection_alive() {
    let stage = Stage::set(Limits {
        keep_alive: Duration::from_millis(500),
        head: Duration::from_millis(500),
        ..brisk()
    });
    let mut caller = stage.dial().await;
    let began = Instant::now();
    let drip = async {
        while caller.stream.write_all(b"\r\n").await.is_ok() && caller.stream.flush().await.is_ok() {
            if timeout(Duration::from_millis(100), caller.more()).await.is_ok() {
                break;
            }
        }
    };
    timeout(PATIENCE, drip).await.expect("the connection ends although something comes");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    // One, left over from an old client's body, is no request under way either.
    let mut caller = stage.dial().await;
    assert_eq!(caller.ask(format!("{GET}\r\n")).await.body, "x");
    assert!(
        caller.is_ended().await && caller.bytes.is_empty(),
        "closed as an idle one is, without an answer"
    );
}

#[tokio::test]
async fn callers_that_fall_silent_in_their_handshake_keep_nobody_out() {
    let stage = Stage::set(Limits { handshakes: 2, handshake: Duration::from_secs(8), ..brisk() });
    let mut silent = Vec::new();
    for number in 0..12 {
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        if number % 2 == 0 {
            stream.write_all(&client_hello(&stage)).await.unwrap();
        }
        silent.push(stream);
    }
    stage.until(|stage| stage.serving.connections() == 12).await;
    let began = Instant::now();
    assert_eq!(stage.dial().await.ask(GET).await.body, "x");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// The first message of a handshake.
fn client_hello(stage: &Stage) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = rustls::ClientConnection::new(stage.config(None), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

#[tokio::test]
async fn strangers_never_take_the_places_of_the_recognised() {
    for (limits, of_address) in
        [(Limits { half_open: 3, ..brisk() }, false), (Limits { half_open_per_address: 3, ..brisk() }, true)]
    {
        let stage = Stage::set(limits);
        let mut known = Vec::new();
        for _ in 0..6 {
            let mut caller = stage.dial().await;
            assert_eq!(caller.ask(GET).await.body, "x", "the recognised are not half open");
            known.push(caller);
        }
        let mut strangers = Vec::new();
        for _ in 0..6 {
            strangers.push(TcpStream::connect(stage.address).await.unwrap());
        }
        stage.until(|stage| stage.tally.half_open.count() == 3).await;
        assert_eq!((stage.serving.connections(), stage.tally.over_cap.count()), (9, 0), "{of_address}");
        for caller in &mut known {
            assert_eq!(caller.ask(GET).await.body, "x");
        }
        drop(strangers);
        stage.until(|stage| stage.serving.connections() == 6).await;
        assert_eq!(stage.dial().await.ask(GET).await.body, "x");
    }
}

#[tokio::test]
async fn a_reader_of_a_byte_now_and_then_loses_its_answer() {
    // Never silent for as long as a stalled write may be, and still too slow over all.
    for path in ["/large", "/pieces/long"] {
        let stage = Stage::set(Limits {
            transfer_grace: Duration::from_millis(800),
            rate: 10_000_000,
            drain: Duration::from_millis(100),
            ..brisk()
        });
        let mut caller = stage.dial().await;
        for _ in 0..40 {
            let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let _ = timeout(Duration::from_millis(20), caller.stream.write_all(ask.as_bytes())).await;
        }
        let began = Instant::now();
        let mut byte = [0];
        while stage.serving.connections() > 0 && began.elapsed() < PATIENCE {
            let _ = timeout(Duration::from_millis(20), caller.stream.read(&mut byte)).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(stage.serving.connections(), 0, "{path}");
        assert_eq!(stage.tally.stalled.count(), 1, "{path}");
    }
}

#[tokio::test]
async fn going_down_finishes_what_was_begun() {
    let stage = Stage::set(brisk());
    let mut idle = stage.dial().await;
    assert_eq!(idle.ask(GET).await.body, "x");
    let mut busy = stage.dial().await;
    busy.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    let (serving, address) = (stage.serving, stage.address);
    let stopping = tokio::task::spawn_blocking(move || serving.stop(Duration::from_secs(5)));
    assert!(idle.is_ended().await, "an idle connection is woken and closed");
    let heard = busy.hear().await;
    assert_eq!(heard.body, "slow");
    assert!(heard.closes());
    assert_eq!(stopping.await.unwrap(), 0);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_grace_of_going_down_ends() {
    let stage = Stage::set(brisk());
    let mut busy = stage.dial().await;
    busy.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let serving = stage.serving;
    let cut = tokio::task::spawn_blocking(move || serving.stop(Duration::from_millis(50))).await.unwrap();
    assert!(busy.hear_of(&Method::GET).await.is_none());
    assert_eq!(cut, 1);
}

#[tokio::test]
async fn a_bug_in_one_exchange_costs_one_connection() {
    let stage = Stage::set(brisk());
    let mut other = stage.dial().await;
    let mut broken = stage.dial().await;
    broken.send("GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(broken.hear_of(&Method::GET).await.is_none());
    for _ in 0..4 {
        assert_eq!(other.ask(GET).await.body, "x");
        assert_eq!(stage.dial().await.ask(GET).await.body, "x");
    }
}
