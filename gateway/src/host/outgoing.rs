//! An answer whose body is made piece by piece.
//!
//! The head goes out before the whole body is known, so nothing can be taken back: an answer that
//! fails midway is *cut*, and is seen to be. HTTP/1.1 gets no final chunk and the end of its
//! connection, HTTP/2 a reset of its stream; no client takes either for the end of a body. An
//! [`Outgoing`] that is dropped before [`Outgoing::finish`] is cut.
//!
//! Back-pressure is the caller's own pace: [`Outgoing::send`] returns when the piece has been taken,
//! within a deadline that what was taken before has earned, since a whole answer of unknown length has none. While
//! nothing is being sent, [`Outgoing::gone`] tells when the caller goes away.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::time::{Instant, timeout};

use super::{
    application::Answer,
    heads,
    incoming::{Incoming, Session},
    settings::Limits,
};

/// The caller takes nothing any more: it went away, or took too long over a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the caller takes no more of its answer")]
pub struct Gone;

/// How far an answer in pieces has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is none: the answer is a whole one.
    None,
    /// Its head has gone out and its end has not.
    Begun,
    /// The caller took too long over it.
    Stalled,
    /// It went out to its end.
    Whole,
}

/// An answer in the making.
#[must_use]
pub struct Outgoing<'r> {
    request: &'r mut Incoming,
    /// Nothing but the head is wanted (`HEAD`).
    head_only: bool,
    /// Bytes that were taken, and how long the caller let us wait for that: time that we spent otherwise,
    /// making pieces, is not held against it.
    given: usize,
    waited: Duration,
}

impl Incoming {
    /// Pieces are framed by the engine.
    async fn wake(&mut self) -> Result<(), Gone> {
        if let Session::Bare(bare) = &mut self.session {
            self.session = Session::H1(bare.wake().await.ok_or(Gone)?);
        }
        Ok(())
    }

    /// Begins an answer in pieces: sends its head, and its body, if it has one, as the first piece.
    /// A body of the request that was not read is drained first, within the limits.
    ///
    /// # Errors
    /// The caller is gone; nothing may have reached it.
    pub async fn begin(&mut self, answer: Answer) -> Result<Outgoing<'_>, Gone> {
        let drained = self.drain().await;
        self.wake().await?;
        let head =
            heads::head_in_pieces(&answer, matches!(self.session, Session::H1(_))).map_err(|()| Gone)?;
        self.progress = Progress::Begun;
        if let Some(room) = &mut self.room {
            room.for_pieces();
        }
        let within = self.limits().transfer(0);
        let begun = match &mut self.session {
            Session::Bare(_) => false,
            Session::H1(session) => {
                session.set_server_keepalive(if drained && !answer.close { Some(0) } else { None });
                timeout(within, session.write_response_header(head)).await.is_ok_and(|sent| sent.is_ok())
            }
            Session::H2(session) => session.write_response_header(head, false).is_ok(),
        };
        if !begun {
            return Err(Gone);
        }
        let head_only = *self.method() == Method::HEAD;
        let mut outgoing = Outgoing { request: self, head_only, given: 0, waited: Duration::ZERO };
        outgoing.send(answer.body).await?;
        Ok(outgoing)
    }
}

impl Outgoing<'_> {
    /// Sends a piece; returns when the connection has taken it. Nothing is sent for an empty one.
    ///
    /// # Errors
    /// The caller is gone or too slow: the answer is cut.
    pub async fn send(&mut self, piece: Bytes) -> Result<(), Gone> {
        // An empty chunk would be the last one (RFC 9112 section 7.1).
        if piece.is_empty() || self.head_only {
            return Ok(());
        }
        self.given += piece.len();
        let within = self.limits().transfer(self.given).saturating_sub(self.waited);
        let within = within.min(self.limits().transfer(piece.len()));
        let asked = Instant::now();
        let sent = match &mut self.request.session {
            Session::Bare(_) => return Err(Gone),
            Session::H1(session) => {
                timeout(within, session.write_body(&piece)).await.map(|sent| sent.is_ok())
            }
            Session::H2(session) => {
                let room = self.request.room.as_ref();
                let send = async {
                    let piece = match room {
                        Some(room) => room.keep_piece(piece).await,
                        None => Ok(piece),
                    };
                    let Ok(piece) = piece else { return false };
                    session.write_body(piece, false).await.is_ok()
                };
                timeout(within, send).await
            }
        };
        self.waited += asked.elapsed();
        match sent {
            Ok(true) => Ok(()),
            Ok(false) => Err(Gone),
            Err(_) => {
                self.request.progress = Progress::Stalled;
                Err(Gone)
            }
        }
    }

    /// Ends the answer: only now is it whole.
    ///
    /// # Errors
    /// The caller is gone: the answer is cut.
    pub async fn finish(self) -> Result<(), Gone> {
        let within = self.limits().transfer(0);
        let finished = match &mut self.request.session {
            Session::Bare(_) => false,
            Session::H1(session) => {
                timeout(within, session.finish_body()).await.is_ok_and(|sent| sent.is_ok())
            }
            Session::H2(session) => session.finish().is_ok(),
        };
        if !finished {
            return Err(Gone);
        }
        self.request.progress = Progress::Whole;
        Ok(())
    }

    /// Returns when the caller has gone away. It may be dropped and asked again at any time; bytes of
    /// a next request that come meanwhile are kept for it.
    pub async fn gone(&mut self) {
        let watched = match &mut self.request.session {
            Session::Bare(_) => false,
            // What is left of a body that was not drained is not read here.
            Session::H1(session) => session.read_body_or_idle(true).await.is_err(),
            Session::H2(session) => session.idle().await.is_ok(),
        };
        if !watched {
            // It cannot be told: the next piece will.
            std::future::pending::<()>().await;
        }
    }

    fn limits(&self) -> &Limits {
        self.request.limits()
    }
}
