//! HTTP/1.1: one request after another on a connection.
//!
//! Heads are read here, under one deadline over the whole head, and judged as raw bytes; only clean
//! ones are handed to the engine, which parses them again and reads the body. What came after the
//! head travels along, so pipelined requests are served in their order.

use std::sync::Arc;

use bytes::{Buf, BytesMut};
use http::{Method, StatusCode};
use jiff::Timestamp;
use pingora_core::protocols::{
    Shutdown, Stream,
    http::{date::get_cached_date, v1::server::HttpSession},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use super::{
    application::{Answer, Answered, Application, Refused},
    connection::{Connection, Tally},
    fields,
    hygiene::{self, HygieneFault},
    incoming::{Incoming, Session},
    link::Link,
    listener::{House, Stopping},
    outgoing::Progress,
    settings::Limits,
};

/// How much room is made for each read of a head; most heads fit at once.
const READ: usize = 4 * 1024;

/// Serves a connection to its end.
pub(super) async fn serve<A: Application>(link: Link, connection: Arc<Connection>, house: House<A>) {
    let mut stream: Stream = Box::new(link);
    let mut bytes = BytesMut::new();
    let mut stopping = house.stopping.clone();
    loop {
        let arrival = read_head(&mut stream, &mut bytes, &house.limits, &mut stopping).await;
        let received_at = Timestamp::now();
        let verdict = match arrival {
            Arrival::Gone => {
                Shutdown::shutdown(stream.as_mut()).await;
                return;
            }
            Arrival::Unfit(fault) => Err(fault),
            Arrival::Head(length) => match house.rules.check_head(bytes.get(..length).unwrap_or(&bytes)) {
                Err(fault) if fault.framing_is_sound() => Ok(Some(fault)),
                Err(fault) => Err(fault),
                Ok(()) => Ok(None),
            },
        };
        let fault = match verdict {
            Ok(fault) => fault,
            Err(fault) => {
                Tally::count(&house.tally.unclean);
                let refused = Refused::unframed(fault, &connection, received_at);
                last_words(stream, &house.application.refuse(&refused).await, &house.limits).await;
                return;
            }
        };
        match one(stream, std::mem::take(&mut bytes), fault, received_at, &connection, &house).await {
            Some((next, rest)) => (stream, bytes) = (next, rest),
            None => return,
        }
    }
}

/// One request whose framing is sound; gives the connection back if it goes on.
async fn one<A: Application>(
    stream: Stream,
    bytes: BytesMut,
    fault: Option<HygieneFault>,
    received_at: Timestamp,
    connection: &Arc<Connection>,
    house: &House<A>,
) -> Option<(Stream, BytesMut)> {
    let mut session = Box::new(HttpSession::new(stream));
    session.set_pipelining_enabled(true);
    session.set_pipelined_prefix(bytes);
    session.set_read_timeout(None);
    // The whole head is there: the engine has nothing to wait for.
    let read = timeout(house.limits.head, session.read_request()).await;
    if !matches!(read, Ok(Ok(Some(_)))) {
        // Cleaner than the engine asks, and still refused: its reason may quote the request.
        Tally::count(&house.tally.unclean);
        let answer = house
            .application
            .refuse(&Refused::unframed(HygieneFault::RequestLine, connection, received_at))
            .await;
        let _ = write(&mut session, answer, true, false, &house.limits).await;
        session.shutdown().await;
        return None;
    }
    let mut request =
        Incoming::new(Session::H1(session), connection.clone(), received_at, house.limits.clone());
    let answered = match fault {
        None => house.application.exchange(&mut request).await,
        Some(fault) => {
            Tally::count(&house.tally.unclean);
            house.application.refuse(&Refused::of(fault, &request)).await.into()
        }
    };
    let answer = match answered {
        Answered::Whole(answer) => answer,
        Answered::InPieces => return after_pieces(request, house).await,
    };
    let drained = request.drain().await;
    let close = answer.close || !drained || house.stopping.is_given();
    let to_head = *request.method() == Method::HEAD;
    let Session::H1(session) = &mut request.session else { return None };
    write(session, answer, close, to_head, &house.limits).await.ok()?;
    let Session::H1(session) = request.session else { return None };
    let (stream, rest) = session.reuse().await.ok()??.into_parts();
    Some((stream, rest.unwrap_or_default()))
}

/// The connection after an answer in pieces, if that was whole and the connection goes on.
async fn after_pieces<A>(request: Incoming, house: &House<A>) -> Option<(Stream, BytesMut)> {
    let whole = request.progress == Progress::Whole;
    let Session::H1(mut session) = request.session else { return None };
    if !whole || house.stopping.is_given() {
        // Cut: what was sent still arrives, the final chunk never does, and the end is seen at once.
        let _ = timeout(house.limits.drain, session.shutdown()).await;
        return None;
    }
    let (stream, rest) = session.reuse().await.ok()??.into_parts();
    Some((stream, rest.unwrap_or_default()))
}

enum Arrival {
    /// A head of this many bytes is there.
    Head(usize),
    /// There is no request: closed, idle too long, or on the way down.
    Gone,
    /// What came is no head within the caps.
    Unfit(HygieneFault),
}

/// Reads until `bytes` begins with a whole head.
async fn read_head(
    stream: &mut Stream,
    bytes: &mut BytesMut,
    limits: &Limits,
    stopping: &mut Stopping,
) -> Arrival {
    let mut looked = 0;
    let mut by = Instant::now() + if bytes.is_empty() { limits.keep_alive } else { limits.head };
    loop {
        // RFC 9112 section 2.2: an empty line before a request is left over from an old client's body.
        if looked == 0 && bytes.starts_with(b"\r\n") {
            bytes.advance(2);
        }
        match hygiene::end(bytes, looked) {
            Some(length) if length <= limits.head_bytes => return Arrival::Head(length),
            Some(_) => return Arrival::Unfit(HygieneFault::HeadersTooLarge),
            None => looked = bytes.len(),
        }
        if bytes.len() >= limits.head_bytes {
            let in_target = memchr::memchr(b'\n', bytes).is_none();
            let fault = if in_target { HygieneFault::TargetTooLong } else { HygieneFault::HeadersTooLarge };
            return Arrival::Unfit(fault);
        }
        let begun = !bytes.is_empty();
        bytes.reserve(READ);
        let read = tokio::select! {
            biased;
            read = timeout_at(by, stream.read_buf(bytes)) => read,
            _ = stopping.given(), if !begun => return Arrival::Gone,
        };
        match read {
            Err(_) if begun => return Arrival::Unfit(HygieneFault::SlowHeaders),
            Ok(Ok(count)) if count > 0 => {
                if !begun {
                    by = Instant::now() + limits.head;
                }
            }
            _ => return Arrival::Gone,
        }
    }
}

/// Writes an answer through the engine.
async fn write(
    session: &mut HttpSession,
    answer: Answer,
    close: bool,
    to_head: bool,
    limits: &Limits,
) -> Result<(), ()> {
    let head = fields::answer_head(&answer)?;
    session.set_server_keepalive(if close { None } else { Some(0) });
    let bodiless = fields::is_bodiless(answer.status) || to_head;
    let write = async {
        session.write_response_header(head).await?;
        if !bodiless && !answer.body.is_empty() {
            session.write_body(&answer.body).await?;
        }
        session.finish_body().await
    };
    match timeout(limits.transfer(answer.body.len()), write).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(()),
    }
}

/// The answer to what is no request, written without the engine, and the end of the connection.
async fn last_words(mut stream: Stream, answer: &Answer, limits: &Limits) {
    let status = answer.status;
    let mut wire =
        format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or("")).into_bytes();
    let mut field = |name: &[u8], value: &[u8]| {
        for part in [name, b": ", value, b"\r\n"] {
            wire.extend_from_slice(part);
        }
    };
    for (name, value) in answer.headers.iter().filter(|(name, _)| !fields::is_hosts_own(name)) {
        field(name.as_str().as_bytes(), value.as_bytes());
    }
    field(b"content-length", answer.body.len().to_string().as_bytes());
    field(b"date", get_cached_date().as_bytes());
    field(b"connection", b"close");
    wire.extend_from_slice(b"\r\n");
    if status != StatusCode::NO_CONTENT {
        wire.extend_from_slice(&answer.body);
    }
    let written = timeout(limits.transfer(wire.len()), async {
        stream.write_all(&wire).await?;
        stream.flush().await
    });
    if !matches!(written.await, Ok(Ok(()))) {
        return;
    }
    Shutdown::shutdown(stream.as_mut()).await;
}
