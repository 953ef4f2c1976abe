//! The seam between the host and what it serves.

use std::future::Future;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

use super::{connection::Connection, fields::Fields, hygiene::HygieneFault, incoming::Incoming};

/// What answers requests. One value serves all connections of all workers.
///
/// An exchange is never cancelled because its caller went away: once begun it runs to its answer,
/// so that what was forwarded is also recorded. Only the end of the shutdown grace cuts it. An
/// answer in pieces learns that its caller went away, and ends as it sees fit.
pub trait Application: Send + Sync + 'static {
    /// Answers a request whose head is clean. Runs on the worker that accepted the connection.
    fn exchange<'a>(&'a self, request: &'a mut Incoming) -> impl Future<Output = Answered> + Send + 'a;

    /// The answer to a request that never became one: the host writes it and closes or drains.
    fn refuse<'a>(&'a self, refused: &'a Refused<'a>) -> impl Future<Output = Answer> + Send + 'a;

    /// Lets go of what the calling worker keeps from exchange to exchange and has no use for; called every few
    /// seconds.
    fn sweep(&self) {}
}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum Answered {
    /// The host is to send this.
    Whole(Answer),
    /// It went out in pieces through [`Incoming::begin`], to its end or not.
    InPieces,
}

impl From<Answer> for Answered {
    fn from(answer: Answer) -> Self {
        Self::Whole(answer)
    }
}

/// A whole answer. The host adds `Content-Length` and `Date`, and nothing that names the software.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status; never 1xx.
    pub status: StatusCode,
    /// The header fields, in order. Hop-by-hop fields and `Content-Length` are the host's.
    pub fields: Fields,
    /// The body; not sent in answer to `HEAD`, nor with 204 and 304.
    pub body: Bytes,
    /// Whether the connection ends after this answer (HTTP/1.1 only: a stream always ends).
    pub close: bool,
}

impl Answer {
    /// An answer without header fields of its own.
    pub fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, fields: Fields::new(), body: body.into(), close: false }
    }

    /// The same answer, after which the connection ends.
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}

/// A request refused by the host itself. What is not known is `None`: a head that cannot be framed
/// has no fields that could be believed.
#[derive(Debug)]
pub struct Refused<'a> {
    /// What is wrong with it: status, rule, words.
    pub fault: HygieneFault,
    /// The connection it came on.
    pub connection: &'a Connection,
    /// When its head had arrived (or was given up).
    pub received_at: Timestamp,
    /// Its method.
    pub method: Option<&'a Method>,
    /// Its path, as it was sent.
    pub path: Option<&'a str>,
    /// Its header fields, for the words' language and format.
    pub headers: Option<&'a HeaderMap>,
}

impl<'a> Refused<'a> {
    /// What is no request that could be framed.
    pub(super) fn unframed(fault: HygieneFault, connection: &'a Connection, received_at: Timestamp) -> Self {
        Self { fault, connection, received_at, method: None, path: None, headers: None }
    }

    /// A request whose framing is sound.
    pub(super) fn of(fault: HygieneFault, request: &'a Incoming) -> Self {
        Self {
            fault,
            connection: request.connection(),
            received_at: request.received_at(),
            method: Some(request.method()),
            path: Some(request.path()),
            headers: Some(request.headers()),
        }
    }
}
