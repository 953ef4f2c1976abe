//! HTTP/2: many requests at once on a connection.
//!
//! The engine reads and frames; the task of this connection drives it and starts one task per
//! stream. Malformed streams are ended by the engine below the application and only counted.

use std::sync::Arc;

use http::header;
use jiff::Timestamp;
use pingora_core::protocols::{
    Digest,
    http::v2::server::{H2Accept, H2Options, HttpSession, handshake},
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    application::{Answer, Answered, Application, Refused},
    connection::{Connection, Tally},
    fields,
    incoming::{Incoming, Session},
    link::Link,
    listener::House,
    outgoing::Progress,
    settings::Limits,
};

/// Malformed streams after which a connection is closed: a broken client makes one, an attack many.
const MALFORMED: u32 = 32;

/// Streams reset by the caller that are remembered at once; beyond it the connection ends ("rapid
/// reset", CVE-2023-44487).
const RESETS: usize = 32;

/// Streams that we reset over a connection's life before it ends: each was a protocol error.
const OWN_RESETS: usize = 256;

/// What a stream may send before it is granted more: a typical batch of records whole.
const STREAM_WINDOW: u32 = 256 * 1024;

/// What a connection may send before it is granted more; bounds what it can make us hold.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How much of an answer a stream may hold in the engine.
const SEND_BUFFER: usize = 256 * 1024;

/// Serves a connection to its end.
pub(super) async fn serve<A: Application>(link: Link, connection: Arc<Connection>, house: House<A>) {
    let limits = &house.limits;
    let shaken = timeout(limits.head, handshake(Box::new(link), Some(options(limits)))).await;
    let Ok(Ok(mut engine)) = shaken else { return };
    let digest = Arc::new(Digest::default());
    let mut stopping = house.stopping.clone();
    let streams = Arc::new(());
    let mut idle_since = Instant::now();
    let mut malformed = 0;
    let mut leaving = false;
    loop {
        let next = tokio::select! {
            biased;
            _ = stopping.given(), if !leaving => {
                engine.graceful_shutdown();
                leaving = true;
                continue;
            }
            next = HttpSession::from_h2_conn(&mut engine, digest.clone()) => next,
            () = sleep(if leaving { limits.drain } else { limits.keep_alive / 4 }) => {
                if Arc::strong_count(&streams) > 1 {
                    idle_since = Instant::now();
                } else if leaving {
                    // It was told to go and does not; its caller may be asleep.
                    return;
                } else if idle_since.elapsed() >= limits.keep_alive {
                    engine.graceful_shutdown();
                    leaving = true;
                }
                continue;
            }
        };
        match next {
            Ok(Some(H2Accept::Session(session))) => {
                idle_since = Instant::now();
                let stream = stream(session, connection.clone(), house.clone());
                let mark = streams.clone();
                tokio::spawn(async move {
                    stream.await;
                    drop(mark);
                });
            }
            Ok(Some(H2Accept::Rejected)) => {
                Tally::count(&house.tally.malformed_streams);
                malformed += 1;
                if malformed >= MALFORMED {
                    return;
                }
            }
            Ok(None) | Err(_) => return,
        }
    }
}

fn options(limits: &Limits) -> H2Options {
    let mut options = H2Options::default();
    options
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_reset_streams(RESETS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(Some(OWN_RESETS))
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER);
    options
}

/// One request.
async fn stream<A: Application>(session: HttpSession, connection: Arc<Connection>, house: House<A>) {
    let head = session.req_header();
    let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
    let authority = authority.or_else(|| head.headers.get(header::HOST).map(|host| host.as_bytes()));
    let verdict = house.rules.check_fields(&head.method, head.raw_path(), authority, &head.headers);
    let mut request =
        Incoming::new(Session::H2(Box::new(session)), connection, Timestamp::now(), house.limits.clone());
    let answered = match verdict {
        Ok(()) => house.application.exchange(&mut request).await,
        Err(fault) => {
            Tally::count(&house.tally.unclean);
            house.application.refuse(&Refused::of(fault, &request)).await.into()
        }
    };
    let answer = match answered {
        Answered::Whole(answer) => answer,
        Answered::InPieces => {
            if request.progress != Progress::Whole
                && let Session::H2(session) = &mut request.session
            {
                session.shutdown();
            }
            return;
        }
    };
    let bodiless = fields::is_bodiless(answer.status) || *request.method() == http::Method::HEAD;
    let drained = request.drain().await;
    let Session::H2(session) = &mut request.session else { return };
    if write(session, answer, bodiless, &house.limits).await.is_err() {
        session.shutdown();
    } else if !drained {
        request.linger().await;
    }
    // A body that was not read is given up with the session: the engine resets the stream without
    // an error once the answer is out.
}

async fn write(session: &mut HttpSession, answer: Answer, bodiless: bool, limits: &Limits) -> Result<(), ()> {
    let head = fields::answer_head(&answer)?;
    let ends = bodiless || answer.body.is_empty();
    session.write_response_header(head, ends).map_err(drop)?;
    if ends {
        return Ok(());
    }
    let size = answer.body.len();
    match timeout(limits.transfer(size), session.write_body(answer.body, true)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}
