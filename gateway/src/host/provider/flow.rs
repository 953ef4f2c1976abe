//! Bodies too long to be held: a reply taken piece by piece, and a request given piece by piece.
//!
//! Nobody knows how long such a call takes, so its deadline is per progress: every piece within the
//! call's own time, and over all no slower than [`RATE`]. Only time spent waiting for the provider
//! counts; a consumer that reads slowly is the listener's to judge. A [`Flow`] or an [`Upload`] that
//! is dropped before its end closes its connection, which the provider sees as what it is.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{
    Call, CallFault, Provider, Reply,
    breaker::Failure,
    call::tls_fault,
    pool,
    reply::{Head, Source, cause, hear},
    request::{self, Framing, LAST_CHUNK},
    standing::Ticket,
};
use crate::host::{Beginning, link::Link};

/// Bytes per second below which a provider is too slow, once its time is up: as for consumers.
const RATE: u64 = 4 * 1024;

/// A reply whose head has come.
pub struct Flow {
    head: Head,
    source: Source,
    sent_at: Timestamp,
    pace: Pace,
    /// Where its stream rests afterwards, how long, and with how many others.
    rests: (pool::Key, Duration, usize),
    ticket: Ticket,
}

/// How patient we are with a provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    deadline: Duration,
    bytes: u64,
    waited: Duration,
}

impl Pace {
    pub(super) fn new(deadline: Duration) -> Self {
        Self { deadline, bytes: 0, waited: Duration::ZERO }
    }

    /// How long the next piece may take.
    fn patience(&self) -> Duration {
        let earned = Duration::from_millis(self.bytes.saturating_mul(1000) / RATE);
        self.deadline.min((self.deadline + earned).saturating_sub(self.waited))
    }

    fn moved(&mut self, bytes: usize, since: Instant) {
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        self.waited += since.elapsed();
    }
}

impl Flow {
    pub(super) fn new(
        head: Head,
        source: Source,
        sent_at: Timestamp,
        deadline: Duration,
        rests: (pool::Key, Duration, usize),
        ticket: Ticket,
    ) -> Self {
        Self { head, source, sent_at, pace: Pace::new(deadline), rests, ticket }
    }

    /// The status; never 1xx.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The header fields without the hop-by-hop ones.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// When the request began to go out.
    pub fn sent_at(&self) -> Timestamp {
        self.sent_at
    }

    /// The next piece of the body, `None` at its end. It may be dropped and asked again: nothing is
    /// lost.
    ///
    /// # Errors
    /// Too slow, or broken off. A reply without any framing ends with its connection, so only its
    /// content can tell that one was broken off.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, CallFault> {
        let session = match &mut self.source {
            Source::Engine(session) => session,
            Source::Here(body, _) if !body.is_empty() => return Ok(Some(std::mem::take(body))),
            Source::Here(..) => {
                self.rest().await;
                return Ok(None);
            }
            Source::Ended => return Ok(None),
        };
        let asked = Instant::now();
        let read = timeout(self.pace.patience(), session.read_body_bytes()).await;
        self.pace.moved(0, asked);
        match read {
            Ok(Ok(Some(piece))) => {
                self.pace.bytes += piece.len() as u64;
                Ok(Some(piece))
            }
            Ok(Ok(None)) => {
                self.rest().await;
                Ok(None)
            }
            Ok(Err(_)) => {
                self.source = Source::Ended;
                self.ticket.failed(Failure::NoAnswer);
                Err(CallFault::Broken { sent: true })
            }
            Err(_) => {
                self.source = Source::Ended;
                self.ticket.failed(Failure::NoAnswer);
                Err(CallFault::TimedOut { sent: true })
            }
        }
    }

    /// The body up to the first piece that exceeds `limit`; [`Flow::piece`] gives the rest.
    ///
    /// # Errors
    /// As [`Flow::piece`].
    pub async fn beginning(&mut self, limit: usize) -> Result<Beginning, CallFault> {
        // From here on its pace counts, and who reads it may stop at any time.
        self.ticket.excuse();
        let mut body = BytesMut::with_capacity(self.head.declared.unwrap_or(0).min(limit));
        while body.len() <= limit {
            let Some(piece) = self.piece().await? else { return Ok(Beginning::All(body.freeze())) };
            body.extend_from_slice(&piece);
        }
        Ok(Beginning::More(body.freeze()))
    }

    /// The whole reply, if its body keeps to `limit`.
    pub(super) async fn whole(mut self: Box<Self>, limit: usize) -> Result<Box<Reply>, CallFault> {
        if self.head.declared.is_some_and(|declared| declared > limit) {
            return Err(CallFault::TooLarge);
        }
        let body = match &mut self.source {
            Source::Here(body, _) => std::mem::take(body),
            Source::Engine(session) => {
                let mut body = BytesMut::with_capacity(self.head.declared.unwrap_or(0));
                loop {
                    match session.read_body_ref().await {
                        Ok(Some(piece)) if body.len() + piece.len() > limit => {
                            return Err(CallFault::TooLarge);
                        }
                        Ok(Some(piece)) => body.extend_from_slice(piece),
                        Ok(None) => break body.freeze(),
                        Err(error) => {
                            self.ticket.failed(Failure::NoAnswer);
                            return Err(cause(Some(&error)).unwrap_or(CallFault::Broken { sent: true }));
                        }
                    }
                }
            }
            Source::Ended => Bytes::new(),
        };
        let received_at = Timestamp::now();
        self.rest().await;
        let Head { status, headers, .. } = self.head;
        Ok(Box::new(Reply { status, headers, body, sent_at: self.sent_at, received_at }))
    }

    /// Keeps the stream for the next call, if the provider does.
    async fn rest(&mut self) {
        self.ticket.succeeded();
        let (key, idle, most) = self.rests;
        std::mem::replace(&mut self.source, Source::Ended).rest(key, idle, most).await;
    }
}

/// A request whose body is given piece by piece, in chunks (RFC 9112 section 7.1).
pub struct Upload {
    stream: Box<Link>,
    sent_at: Timestamp,
    pace: Pace,
    /// The provider takes no more.
    refused: bool,
    rests: (pool::Key, Duration, usize),
    ticket: Ticket,
}

impl Provider {
    /// Sends a request's head and leaves the body, of a length that nobody knows yet, to be given;
    /// `call` has none. Always on a fresh connection: one that rested may be dead, and what was given
    /// once cannot be given again.
    ///
    /// # Errors
    /// The provider cannot be reached. Nothing was done then.
    pub async fn upload(&self, call: Call<'_>) -> Result<Upload, CallFault> {
        let begin = async {
            let (mut stream, index, mut ticket) = self.fresh().await?;
            let endpoint = self.endpoints.get(index).ok_or(CallFault::Unreachable)?;
            let head = self.head(endpoint, &call, Instant::now(), Framing::Chunks);
            let head = head.map_err(|()| CallFault::Broken { sent: false })?;
            let sent_at = Timestamp::now();
            if let Err(error) = request::send(&mut stream, &[&head]).await {
                ticket.failed(Failure::NoAnswer);
                return Err(tls_fault(&error).unwrap_or(CallFault::Broken { sent: true }));
            }
            // How long the consumer takes to give the body says nothing of the provider.
            ticket.excuse();
            let rests = ((self.id, index), self.idle, self.idle_streams);
            let pace = Pace::new(call.errand.whole());
            Ok(Upload { stream, sent_at, pace, refused: false, rests, ticket })
        };
        timeout(call.errand.left(), begin).await.unwrap_or(Err(CallFault::TimedOut { sent: true }))
    }
}

impl Upload {
    /// Gives a piece; whether the provider still takes more. One that does not may have said why:
    /// [`Upload::finish`] hears it. Nothing is sent for an empty piece.
    pub async fn send(&mut self, piece: &[u8]) -> bool {
        if piece.is_empty() || self.refused {
            return !self.refused;
        }
        let asked = Instant::now();
        let written = timeout(self.pace.patience(), request::send_chunk(&mut self.stream, piece)).await;
        self.pace.moved(piece.len(), asked);
        self.refused = !matches!(written, Ok(Ok(())));
        !self.refused
    }

    /// Ends the body and waits for the reply's head. After a piece that was not taken the body is not
    /// ended: the provider can tell that it did not get everything.
    ///
    /// # Errors
    /// There is no reply. What was sent may have been done.
    pub async fn finish(mut self) -> Result<Flow, CallFault> {
        let deadline = self.pace.deadline;
        let end = async {
            let ended = match self.refused {
                true => Ok(()),
                // A provider may answer before it has taken everything, and close: its answer counts.
                false => request::send(&mut self.stream, &[LAST_CHUNK]).await,
            };
            let heard = hear(self.stream).await;
            heard.map_err(|unheard| ended.err().as_ref().and_then(tls_fault).unwrap_or(unheard.fault))
        };
        match timeout(deadline, end).await.unwrap_or(Err(CallFault::TimedOut { sent: true })) {
            Ok((head, source)) => {
                self.ticket.heard(head.status);
                Ok(Flow::new(head, source, self.sent_at, deadline, self.rests, self.ticket))
            }
            Err(fault) => {
                self.ticket.failed(Failure::NoAnswer);
                Err(fault)
            }
        }
    }

    /// Whether the provider stopped taking before everything was given.
    pub fn is_refused(&self) -> bool {
        self.refused
    }
}
