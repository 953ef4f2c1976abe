//! A request as the application sees it: a clean head, and a body that is read when asked for.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Version, header, request::Parts};
use jiff::Timestamp;
use pingora_core::protocols::http::{v1, v2};
use tokio::time::{Instant, timeout};

use super::{bare::Bare, connection::Connection, outgoing::Progress, settings::Limits, unsent::Room};

/// Why a body could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// Larger than the limit: 413.
    #[error("the body is larger than its limit")]
    TooLarge,
    /// Too long between two pieces, or too slow over all: 408.
    #[error("the body arrived too slowly")]
    TooSlow,
    /// A content coding that is not taken: 415.
    #[error("the body has a content coding")]
    Coding,
    /// Broken off or framed wrongly: 400.
    #[error("the body broke off or is framed wrongly")]
    Broken,
}

/// The engine's session for this one request.
pub(super) enum Session {
    /// None: the request ended with its head.
    Bare(Bare),
    H1(Box<v1::server::HttpSession>),
    H2(Box<v2::server::HttpSession>),
}

impl Session {
    pub(super) fn head(&self) -> &Parts {
        match self {
            Self::Bare(bare) => &bare.head,
            Self::H1(session) => session.req_header(),
            Self::H2(session) => session.req_header(),
        }
    }

    pub(super) fn body_done(&mut self) -> bool {
        match self {
            Self::Bare(_) => true,
            Self::H1(session) => session.is_body_done(),
            Self::H2(session) => session.is_body_done(),
        }
    }

    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, BodyFault> {
        let piece = match self {
            Self::Bare(_) => Ok(None),
            Self::H1(session) => session.read_body_bytes().await,
            Self::H2(session) => session.read_body_bytes().await,
        };
        // The engine's error text may quote the caller's bytes; only that it failed is kept.
        piece.map_err(|_| BodyFault::Broken)
    }
}

/// A request with a clean head.
pub struct Incoming {
    pub(super) session: Session,
    /// Reading the body failed: nobody knows where it ends, whatever the engine says.
    lost: bool,
    connection: Arc<Connection>,
    received_at: Timestamp,
    pub(super) continuation: Continuation,
    taken: Taken,
    pub(super) progress: Progress,
    /// Where an answer may lie that its caller does not take; on HTTP/1.1 there is never but one.
    pub(super) room: Option<Room>,
}

/// What was read of a body, and how long the caller let us wait for it: time that we spent
/// otherwise, passing pieces on, is not held against it.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    bytes: usize,
    waited: Duration,
}

/// As much of a body as may be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The whole body.
    All(Bytes),
    /// More than was asked for, and more follows.
    More(Bytes),
}

/// Where an `Expect: 100-continue` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuation {
    /// Not asked for, or already sent: the body is on its way.
    Settled,
    /// The caller waits for 100 before it sends its body.
    Awaited,
}

impl Incoming {
    pub(super) fn new(session: Session, connection: Arc<Connection>, received_at: Timestamp) -> Self {
        let awaited =
            matches!(session, Session::H1(_)) && session.head().headers.contains_key(header::EXPECT);
        let continuation = if awaited { Continuation::Awaited } else { Continuation::Settled };
        Self {
            session,
            lost: false,
            connection,
            received_at,
            continuation,
            taken: Taken::default(),
            progress: Progress::None,
            room: None,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.connection.limits
    }

    /// The connection it came on.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.session.head().method
    }

    /// The path, still escaped, beginning with `/`: without dot segments, escaped separators,
    /// control characters or invalid UTF-8.
    pub fn path(&self) -> &str {
        self.session.head().uri.path()
    }

    /// What follows `?`, still escaped.
    pub fn query(&self) -> Option<&str> {
        self.session.head().uri.query()
    }

    /// HTTP/1.1 or HTTP/2.
    pub fn version(&self) -> Version {
        match self.session {
            Session::Bare(_) | Session::H1(_) => Version::HTTP_11,
            Session::H2(_) => Version::HTTP_2,
        }
    }

    /// The first field of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.headers().get(name)?.as_bytes()).ok()
    }

    /// All header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.session.head().headers
    }

    /// When the head had arrived.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// Whether a body follows that has not been read.
    pub fn expects_body(&mut self) -> bool {
        !self.session.body_done()
    }

    /// The whole body. A caller that waits for `100 Continue` gets it now, unless its declared
    /// length is already too large. One piece is handed on without copying.
    ///
    /// # Errors
    /// Why there is no body; what was read so far is dropped.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, BodyFault> {
        if !has_coding(self.headers())
            && declared_length(self.headers()).is_some_and(|declared| declared > limit as u64)
        {
            return Err(BodyFault::TooLarge);
        }
        match self.beginning(limit).await? {
            Beginning::All(body) => Ok(body),
            Beginning::More(_) => Err(BodyFault::TooLarge),
        }
    }

    /// The body up to the first piece that exceeds `limit`; [`Incoming::piece`] gives the rest.
    /// A caller that waits for `100 Continue` gets it now.
    ///
    /// # Errors
    /// Why there is no body; what was read so far is dropped.
    pub async fn beginning(&mut self, limit: usize) -> Result<Beginning, BodyFault> {
        if has_coding(self.headers()) {
            return Err(BodyFault::Coding);
        }
        self.proceed().await?;
        let mut first: Option<Bytes> = None;
        let mut joined = BytesMut::new();
        let mut size = 0;
        while size <= limit {
            let Some(piece) = self.piece().await? else {
                return Ok(Beginning::All(first.unwrap_or_else(|| joined.freeze())));
            };
            size += piece.len();
            match first.take() {
                None if joined.is_empty() => first = Some(piece),
                None => joined.extend_from_slice(&piece),
                Some(one) => {
                    joined.reserve(one.len() + piece.len());
                    joined.extend_from_slice(&one);
                    joined.extend_from_slice(&piece);
                }
            }
        }
        Ok(Beginning::More(first.unwrap_or_else(|| joined.freeze())))
    }

    /// The next piece of the body, `None` at its end. It may be dropped and asked again: nothing is
    /// lost.
    ///
    /// # Errors
    /// Why there is none; the body is lost then.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, BodyFault> {
        let left = self.limits().transfer(self.taken.bytes).saturating_sub(self.taken.waited);
        let asked = Instant::now();
        let piece = timeout(self.limits().body_idle.min(left), self.session.piece())
            .await
            .unwrap_or(Err(BodyFault::TooSlow));
        self.taken.waited += asked.elapsed();
        self.lost |= piece.is_err();
        if let Ok(Some(piece)) = &piece {
            self.taken.bytes += piece.len();
        }
        piece
    }

    /// Sends `100 Continue` to a caller that waits for it.
    async fn proceed(&mut self) -> Result<(), BodyFault> {
        if self.continuation == Continuation::Settled {
            return Ok(());
        }
        self.continuation = Continuation::Settled;
        let Session::H1(session) = &mut self.session else { return Ok(()) };
        if session.is_body_done() {
            return Ok(());
        }
        match timeout(self.connection.limits.write_stall, session.write_continue_response()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(BodyFault::Broken),
            Err(_) => Err(BodyFault::TooSlow),
        }
    }

    /// Takes in what is left of an unread body, up to the drain limits; whether nothing is left.
    pub(super) async fn drain(&mut self) -> bool {
        if self.lost {
            return false;
        }
        if self.session.body_done() {
            return true;
        }
        // A caller still waiting for 100 may or may not send its body now: nobody can tell.
        if self.continuation == Continuation::Awaited {
            return false;
        }
        let limit = self.limits().drain_bytes;
        if declared_length(self.headers()).is_some_and(|declared| declared > limit as u64) {
            return false;
        }
        discard(&mut self.session, limit, self.connection.limits.drain).await
    }

    /// After the answer on a stream whose request has not ended: takes in for a moment what still
    /// comes. Giving the stream up resets it, and callers (curl 7.88 for one) that see the reset while
    /// they still send never look at the answer before it.
    pub(super) async fn linger(&mut self) {
        if !self.lost {
            discard(&mut self.session, LINGER_BYTES, self.connection.limits.drain).await;
        }
    }
}

/// What is taken in at most after an answer that did not wait for the end of its request.
const LINGER_BYTES: usize = 16 * 1024 * 1024;

async fn discard(session: &mut Session, limit: usize, within: Duration) -> bool {
    let all = async {
        let mut size = 0;
        while let Ok(piece) = session.piece().await {
            let Some(piece) = piece else { return true };
            size += piece.len();
            if size > limit {
                return false;
            }
        }
        false
    };
    timeout(within, all).await.unwrap_or(false)
}

/// Whether a body comes in a content coding other than `identity`; those are answered with 415.
pub fn has_coding(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    std::str::from_utf8(headers.get(header::CONTENT_LENGTH)?.as_bytes()).ok()?.trim().parse().ok()
}
