//! HTTP/1.1: one request after another on a connection.
//!
//! Heads are read here, under one deadline over the whole head, and judged as raw bytes; only clean
//! ones are handed to the engine, which parses them again and reads the body. What came after the
//! head travels along, so pipelined requests are served in their order.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::{Buf, BytesMut};
use http::Method;
use jiff::Timestamp;
use pingora_core::protocols::{
    Shutdown, Stream,
    http::{date::get_cached_date, v1::server::HttpSession},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use super::{
    alarm::Alarm,
    application::{Answer, Answered, Application, Refused},
    bare::{self, Bare},
    connection::Connection,
    heads,
    hygiene::{self, Chunks, HygieneFault},
    incoming::{Incoming, Session},
    link::{Link, Watch},
    listener::House,
    outgoing::Progress,
    room,
    settings::Limits,
    tally::Tally,
};

/// Room for what a head has besides an answer's own fields.
const HEAD: usize = 160;
/// How much is read at once of a head. Most heads fit.
const READ: usize = 1024;

/// How long a connection keeps its state after an answer: whoever asks again within that is busy. An exchange has
/// a dozen KiB of it, too much to be made anew for each one and too much to be held by silent connections.
const LIVELY: Duration = Duration::from_secs(1);

/// Serves a connection to its end.
pub(super) async fn serve<A: Application>(
    link: Box<Link>,
    connection: Arc<Connection>,
    house: Arc<House<A>>,
) {
    let mut stream: Stream = link;
    let mut bytes = BytesMut::new();
    let mut stopping = house.stopping.clone();
    // Set up once: each time anew, they would take and leave locks of the whole worker and of all workers.
    let mut going = pin!(stopping.given());
    let mut alarm = Alarm::new(Instant::now() + house.limits.keep_alive);
    let mut patience = house.limits.keep_alive;
    loop {
        let arrival =
            read_head(&mut stream, &mut bytes, &house.limits, patience, &mut alarm, going.as_mut()).await;
        if matches!(arrival, Arrival::None) {
            return Shutdown::shutdown(stream.as_mut()).await;
        }
        let came = (stream, std::mem::take(&mut bytes), arrival);
        match Box::pin(lively(came, &connection, &house, &mut alarm, going.as_mut())).await {
            Some(silent) => stream = silent,
            None => return,
        }
        patience = house.limits.keep_alive.saturating_sub(LIVELY);
    }
}

/// A request that has come, and those that follow soon; gives the connection back when it falls silent.
async fn lively<A: Application>(
    (mut stream, mut bytes, mut arrival): (Stream, BytesMut, Arrival),
    connection: &Arc<Connection>,
    house: &House<A>,
    alarm: &mut Alarm,
    mut going: Pin<&mut impl Future<Output = Instant>>,
) -> Option<Stream> {
    let patience = LIVELY.min(house.limits.keep_alive);
    loop {
        let received_at = Timestamp::now();
        let verdict = match arrival {
            Arrival::None => return Some(stream),
            Arrival::Gone => {
                Shutdown::shutdown(stream.as_mut()).await;
                return None;
            }
            Arrival::Unfit(fault) => Err(fault),
            Arrival::Head(length) => match house.rules.check_head(bytes.get(..length).unwrap_or(&bytes)) {
                Err(fault) if fault.framing_is_sound() => Ok((length, Some(fault))),
                Err(fault) => Err(fault),
                Ok(()) => Ok((length, None)),
            },
        };
        let verdict = match verdict {
            Ok((length, fault)) => {
                let (next, watched) = watched(stream, &bytes, length)?;
                stream = next;
                watched.map(|()| (length, fault))
            }
            Err(fault) => Err(fault),
        };
        let (length, fault) = match verdict {
            Ok(judged) => judged,
            Err(fault) => {
                Tally::count(&house.tally.unclean);
                let refused = Refused::unframed(fault, connection, received_at);
                let answer = house.application.refuse(&refused).await;
                last_words(stream, &answer, false, connection, house).await;
                return None;
            }
        };
        (stream, bytes) = one(stream, bytes, length, fault, received_at, connection, house).await?;
        arrival = read_head(&mut stream, &mut bytes, &house.limits, patience, alarm, going.as_mut()).await;
    }
}

/// The connection, on which a chunked body is watched from here on: the engine takes the pieces out of their
/// chunks and passes over whatever else is in them. `bytes` begin with a head of `length`. Gives no connection
/// only if it is none of ours.
fn watched(stream: Stream, bytes: &[u8], length: usize) -> Option<(Stream, Result<(), HygieneFault>)> {
    let (head, rest) = bytes.split_at_checked(length)?;
    if !hygiene::is_chunked(head) {
        return Some((stream, Ok(())));
    }
    let mut chunks = Box::new(Chunks::default());
    let verdict = chunks.watch(rest);
    let mut link: Box<Link> = stream.into_any().downcast().ok()?;
    link.watch(Watch::Chunks(chunks));
    Some((link, verdict))
}

/// One request whose framing is sound and whose head is the first `length` bytes; gives the connection back
/// if it goes on.
async fn one<A: Application>(
    stream: Stream,
    bytes: BytesMut,
    length: usize,
    fault: Option<HygieneFault>,
    received_at: Timestamp,
    connection: &Arc<Connection>,
    house: &House<A>,
) -> Option<(Stream, BytesMut)> {
    let plain = match fault {
        None => Bare::read(stream, bytes, length),
        Some(_) => Err((stream, bytes)),
    };
    let session = match plain {
        Ok(bare) => Session::Bare(bare),
        Err((stream, bytes)) => match awake(stream, bytes, &house.limits).await {
            Ok(session) => Session::H1(session),
            Err(session) => {
                // Cleaner than the engine asks, and still refused: its reason may quote the request.
                Tally::count(&house.tally.unclean);
                let refused = Refused::unframed(HygieneFault::RequestLine, connection, received_at);
                let answer = house.application.refuse(&refused).await;
                last_words(session.into_inner(), &answer, false, connection, house).await;
                return None;
            }
        },
    };
    let mut request = Incoming::new(session, connection.clone(), received_at);
    let answered = match fault {
        None => house.application.exchange(&mut request).await,
        Some(fault) => {
            Tally::count(&house.tally.unclean);
            house.application.refuse(&Refused::of(fault, &request)).await.into()
        }
    };
    let answer = match answered {
        Answered::Whole(answer) => answer,
        Answered::InPieces => return after_pieces(request, connection, house).await,
    };
    let drained = request.drain().await;
    let close = answer.close || !drained || house.stopping.is_given();
    let to_head = *request.method() == Method::HEAD;
    let (mut stream, rest) = match request.session {
        Session::Bare(bare) => (bare.stream?, Some(bare.rest)),
        Session::H1(mut session) => {
            session.set_server_keepalive(if close { None } else { Some(0) });
            match session.will_keepalive() {
                true => session.reuse().await.ok()??.into_parts(),
                false => {
                    last_words(session.into_inner(), &answer, to_head, connection, house).await;
                    return None;
                }
            }
        }
        Session::H2(_) => return None,
    };
    if close {
        last_words(stream, &answer, to_head, connection, house).await;
        return None;
    }
    // The engine is done: it wrote heads through a second list of fields, each name hashed again.
    write(&mut stream, &answer, to_head, After::GoesOn, connection, house).await.ok()?;
    Some((stream, rest.unwrap_or_default()))
}

/// The engine's reading of a request whose whole head is there.
async fn awake(
    stream: Stream,
    bytes: BytesMut,
    limits: &Limits,
) -> Result<Box<HttpSession>, Box<HttpSession>> {
    let mut session = bare::engine(stream, bytes);
    // The whole head is there: the engine has nothing to wait for.
    match timeout(limits.head, session.read_request()).await {
        Ok(Ok(Some(_))) => Ok(session),
        _ => Err(session),
    }
}

/// The connection after an answer in pieces, if that was whole and the connection goes on.
async fn after_pieces<A>(
    request: Incoming,
    connection: &Connection,
    house: &House<A>,
) -> Option<(Stream, BytesMut)> {
    let whole = request.progress == Progress::Whole;
    if request.progress == Progress::Stalled {
        house.tally.stalled.ring("write_stall", connection.peer_address);
    }
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
    /// Nothing, for as long as was waited.
    None,
    /// There is no request any more: closed, or on the way down.
    Gone,
    /// What came is no head within the caps.
    Unfit(HygieneFault),
}

/// Reads until `bytes` begins with a whole head; waits for its first byte as long as `patience` is. `alarm` is
/// set here; `going` ends a silent connection.
async fn read_head(
    stream: &mut Stream,
    bytes: &mut BytesMut,
    limits: &Limits,
    patience: Duration,
    alarm: &mut Alarm,
    mut going: Pin<&mut impl Future<Output = Instant>>,
) -> Arrival {
    let mut looked = 0;
    let mut empty_line = false;
    let mut own = false;
    let mut timed = None;
    loop {
        // RFC 9112 section 2.2: an empty line before a request is left over from an old client's body. One is;
        // many would be a way to stay without asking anything.
        if !empty_line && bytes.starts_with(b"\r\n") {
            bytes.advance(2);
            (empty_line, looked, timed) = (true, 0, None);
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
        // One deadline for the silence, and one for the whole of a head.
        if timed.replace(begun) != Some(begun) {
            alarm.put(Instant::now() + if begun { limits.head } else { patience });
        }
        if !begun {
            (own, *bytes) = (false, BytesMut::new());
        } else if own {
            bytes.reserve(READ);
        } else {
            let mut room = BytesMut::with_capacity(bytes.len() + READ);
            room.extend_from_slice(bytes);
            (own, *bytes) = (true, room);
        }
        tokio::select! {
            biased;
            read = more(stream, bytes, begun) => match read {
                Ok(count) if count > 0 => {}
                _ => return Arrival::Gone,
            },
            () = poll_fn(|context| alarm.poll_due(context)) => return match begun {
                true => Arrival::Unfit(HygieneFault::SlowHeaders),
                false => Arrival::None,
            },
            _ = going.as_mut(), if !begun => return Arrival::Gone,
        }
    }
}

/// Reads on behind `bytes`. Who has begun has room of its own: kept in the worker's, a few bytes of a slow caller
/// would keep all of that.
async fn more(stream: &mut Stream, bytes: &mut BytesMut, begun: bool) -> io::Result<usize> {
    if begun {
        return stream.read_buf(bytes).await;
    }
    *bytes = room::read(stream, READ).await?;
    Ok(bytes.len())
}

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    GoesOn,
    Ends,
}

/// Writes a whole answer.
async fn write<A>(
    stream: &mut Stream,
    answer: &Answer,
    to_head: bool,
    after: After,
    connection: &Connection,
    house: &House<A>,
) -> Result<(), ()> {
    let mut wire = Vec::with_capacity(answer.fields.as_bytes().len() + HEAD);
    wire.extend_from_slice(b"HTTP/1.1 ");
    wire.extend_from_slice(answer.status.as_str().as_bytes());
    wire.push(b' ');
    wire.extend_from_slice(answer.status.canonical_reason().unwrap_or_default().as_bytes());
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(answer.fields.as_bytes());
    let bodiless = heads::is_bodiless(answer.status);
    if !bodiless {
        wire.extend_from_slice(b"Content-Length: ");
        wire.extend_from_slice(itoa::Buffer::new().format(answer.body.len()).as_bytes());
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"Date: ");
    wire.extend_from_slice(get_cached_date().as_bytes());
    wire.extend_from_slice(match after {
        After::Ends => b"\r\nConnection: close\r\n\r\n",
        After::GoesOn => b"\r\n\r\n",
    });
    let body: &[u8] = if bodiless || to_head { &[] } else { &answer.body };
    // The connection collects what is small, so that head and body leave together.
    let mut write = pin!(async {
        stream.write_all(&wire).await?;
        stream.write_all(body).await?;
        stream.flush().await
    });
    // Nearly every answer leaves at once, and needs no clock.
    let outcome = match poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await {
        Poll::Ready(outcome) => Ok(outcome),
        Poll::Pending => timeout(house.limits.transfer(wire.len() + body.len()), write).await,
    };
    let error = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.kind(),
        Err(_) => io::ErrorKind::TimedOut,
    };
    if error == io::ErrorKind::TimedOut {
        house.tally.stalled.ring("write_stall", connection.peer_address);
    }
    Err(())
}

/// An answer, and the end of the connection.
async fn last_words<A>(
    mut stream: Stream,
    answer: &Answer,
    to_head: bool,
    connection: &Connection,
    house: &House<A>,
) {
    if write(&mut stream, answer, to_head, After::Ends, connection, house).await.is_ok() {
        Shutdown::shutdown(stream.as_mut()).await;
    }
}
