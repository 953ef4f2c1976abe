//! HTTP/2: many requests at once on a connection.
//!
//! The engine reads and frames; the task of this connection drives it and starts one task per
//! stream. Malformed streams are ended by the engine below the application and only counted.
//!
//! What a caller can make us hold of answers that it asked for and does not take is bounded by
//! [`unsent`](super::unsent). What it can make us do without asking for anything is bounded twice: by the engine's own caps, set
//! below, and by what [`frames`](super::frames) counts. A connection beyond either ends with GOAWAY
//! `ENHANCE_YOUR_CALM`.

use std::sync::{Arc, atomic::Ordering};

use h2::Reason;
use http::header;
use jiff::Timestamp;
use pingora_core::protocols::{
    Digest,
    http::v2::server::{H2Accept, H2Options, HttpSession, handshake},
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    application::{Answer, Answered, Application, Refused},
    connection::Connection,
    frames::{Flood, Frames, Notice},
    heads,
    incoming::{Incoming, Session},
    link::{Link, Watch},
    listener::House,
    outgoing::Progress,
    settings::Limits,
    tally::Tally,
    unsent::{NoRoom, Unsent},
};

/// Malformed streams after which a connection is closed: a broken client makes one, an attack many.
const MALFORMED: u32 = 32;

/// Streams reset by the caller before we took them up, and streams that we reset, remembered at once; beyond
/// it the connection ends.
const RESETS: usize = 32;

/// Streams that we reset over a connection's life before it ends: each was a protocol error.
const OWN_RESETS: usize = 256;

/// What a stream may send before it is granted more: a typical batch of records whole.
const STREAM_WINDOW: u32 = 256 * 1024;

/// What a connection may send before it is granted more; bounds what it can make us hold.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Small DATA frames that may wait unread on a connection, in bytes of what keeping them costs (256 for each,
/// less what it carries): as much again as the connection's window. The engine takes at most a hundred empty
/// ones over a connection's life.
const SMALL_FRAMES: usize = CONNECTION_WINDOW as usize;

/// Exchanges of one connection under way at once, as a multiple of the streams that may be open: an exchange
/// runs to its end although its caller resets the stream, and so may open the next.
const EXCHANGES: usize = 2;

/// An answer is handed to the engine in pieces of this size, each of which must make progress.
const PIECE: usize = 64 * 1024;

/// How much of an answer a stream may hold in the engine.
const SEND_BUFFER: usize = 256 * 1024;

/// Serves a connection to its end.
pub(super) async fn serve<A: Application>(
    mut link: Box<Link>,
    connection: Arc<Connection>,
    house: Arc<House<A>>,
) {
    let notice = Arc::new(Notice::default());
    link.watch(Watch::Frames(Box::new(Frames::new(notice.clone(), &house.limits))));
    drive(link, connection, &house, &notice).await;
    house.tally.reset_streams.fetch_add(notice.broken.load(Ordering::Relaxed), Ordering::Relaxed);
}

async fn drive<A: Application>(
    link: Box<Link>,
    connection: Arc<Connection>,
    house: &Arc<House<A>>,
    notice: &Notice,
) {
    let limits = &house.limits;
    let shaken = timeout(limits.head, handshake(link, Some(options(limits)))).await;
    let Ok(Ok(mut engine)) = shaken else { return };
    let digest = Arc::new(Digest::default());
    let mut stopping = house.stopping.clone();
    let streams = Arc::new(());
    let unsent = Arc::new(Unsent::new(limits.unsent));
    let mut idle_since = Instant::now();
    let mut malformed = 0;
    let mut leaving = false;
    let mut calmed = false;
    loop {
        let next = tokio::select! {
            biased;
            _ = stopping.given(), if !leaving => {
                engine.graceful_shutdown();
                leaving = true;
                continue;
            }
            flood = notice.given(), if !calmed => {
                let (alarm, limit) = match flood {
                    Flood::Resets => (&house.tally.reset_floods, "resets"),
                    Flood::Idle => (&house.tally.frame_floods, "idle_frames"),
                };
                alarm.ring(limit, connection.peer_address);
                engine.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                (leaving, calmed) = (true, true);
                continue;
            }
            next = HttpSession::from_h2_conn(&mut engine, digest.clone()) => next,
            () = sleep(if leaving { limits.drain } else { limits.keep_alive / 4 }) => {
                if calmed {
                    return;
                } else if Arc::strong_count(&streams) > 1 {
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
            Ok(Some(H2Accept::Session(mut session))) => {
                idle_since = Instant::now();
                if Arc::strong_count(&streams) > EXCHANGES * limits.streams as usize {
                    house.tally.refused_streams.ring("exchanges_per_connection", connection.peer_address);
                    session.shutdown_with_reason(Reason::REFUSED_STREAM);
                    continue;
                }
                let stream = stream(session, connection.clone(), house.clone(), unsent.clone());
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
                    house.tally.malformed_connections.ring("malformed_streams", connection.peer_address);
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                let cause = error.cause.as_ref().and_then(|cause| cause.downcast_ref::<h2::Error>());
                match cause.filter(|cause| cause.is_library()).and_then(h2::Error::reason) {
                    Some(Reason::ENHANCE_YOUR_CALM) => {
                        house.tally.calmed.ring("engine", connection.peer_address)
                    }
                    Some(_) => Tally::count(&house.tally.broken_connections),
                    None => {}
                }
                return;
            }
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
        .data_frame_budget(SMALL_FRAMES)
        .max_send_buffer_size(SEND_BUFFER);
    options
}

/// One request.
async fn stream<A: Application>(
    mut session: HttpSession,
    connection: Arc<Connection>,
    house: Arc<House<A>>,
    unsent: Arc<Unsent>,
) {
    let room = tokio::select! {
        biased;
        room = timeout(house.limits.write_stall, unsent.one_more()) => room,
        _ = session.idle() => return,
    };
    let Ok(Ok(room)) = room else {
        house.tally.unsent.ring("unsent", connection.peer_address);
        return session.shutdown_with_reason(Reason::REFUSED_STREAM);
    };
    let head = session.req_header();
    let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
    let authority = authority.or_else(|| head.headers.get(header::HOST).map(|host| host.as_bytes()));
    let verdict = house.rules.check_fields(&head.method, head.raw_path(), authority, &head.headers);
    let address = connection.peer_address;
    let mut request = Incoming::new(Session::H2(Box::new(session)), connection, Timestamp::now());
    request.room = Some(room);
    let answered = match verdict {
        Ok(()) => house.application.exchange(&mut request).await,
        Err(fault) => {
            Tally::count(&house.tally.unclean);
            house.application.refuse(&Refused::of(fault, &request)).await.into()
        }
    };
    let mut answer = match answered {
        Answered::Whole(answer) => answer,
        Answered::InPieces => {
            if request.progress == Progress::Stalled {
                house.tally.stalled.ring("write_stall", address);
            }
            if request.progress != Progress::Whole
                && let Session::H2(session) = &mut request.session
            {
                session.shutdown();
            }
            return;
        }
    };
    let bodiless = heads::is_bodiless(answer.status) || *request.method() == http::Method::HEAD;
    let kept = request.room.take().map_or(Err(NoRoom), |room| room.keep(std::mem::take(&mut answer.body)));
    match (kept, &mut request.session) {
        (Ok(body), _) => answer.body = body,
        (Err(NoRoom), Session::H2(session)) => {
            house.tally.unsent.ring("unsent", address);
            return session.shutdown_with_reason(Reason::ENHANCE_YOUR_CALM);
        }
        (Err(NoRoom), _) => return,
    }
    let drained = request.drain().await;
    let Session::H2(session) = &mut request.session else { return };
    if let Err(lost) = write(session, answer, bodiless, &house.limits).await {
        if lost == Lost::Stalled {
            house.tally.stalled.ring("write_stall", address);
        }
        session.shutdown();
    } else if !drained {
        request.linger().await;
    }
    // A body that was not read is given up with the session: the engine resets the stream without
    // an error once the answer is out.
}

/// Why an answer did not go out whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// The stream ended.
    Gone,
    /// The caller opened its window too slowly, or not at all.
    Stalled,
}

async fn write(
    session: &mut HttpSession,
    answer: Answer,
    bodiless: bool,
    limits: &Limits,
) -> Result<(), Lost> {
    let head = heads::answer_head(&answer).map_err(|()| Lost::Gone)?;
    let ends = bodiless || answer.body.is_empty();
    session.write_response_header(head, ends).map_err(|_| Lost::Gone)?;
    if ends {
        return Ok(());
    }
    let by = Instant::now() + limits.transfer(answer.body.len());
    let mut rest = answer.body;
    while !rest.is_empty() {
        let piece = rest.split_to(rest.len().min(PIECE));
        let by = by.min(Instant::now() + limits.write_stall);
        match timeout_at(by, session.write_body(piece, rest.is_empty())).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Lost::Gone),
            Err(_) => return Err(Lost::Stalled),
        }
    }
    Ok(())
}
