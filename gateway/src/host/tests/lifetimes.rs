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
        assert_eq!(stage.tally.over_cap.load(Ordering::Relaxed), 1);
        drop(first);
        stage.until(|stage| stage.serving.connections() == 1).await;
        let mut third = stage.dial().await;
        assert_eq!(third.ask(claim).await.body, "2");
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
