//! A request's bytes on their way to a provider.
//!
//! The engine's request head would be built field by field, each name checked and hashed again, only to
//! be written out and dropped; that is a tenth of what an exchange costs. Here the bytes are written once,
//! from names and values that are checked by their types.

use std::io;

use http::Method;
use tokio::{io::AsyncWriteExt, time::Instant};

use super::{Call, DEADLINE, Endpoint, Provider};
use crate::host::link::Link;

/// How a request's body is framed (RFC 9112 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// By the length of the call's body.
    Length,
    /// In chunks, given one by one.
    Chunks,
}

/// Room for nearly every head.
const USUAL: usize = 768;

impl Provider {
    /// A request's head as it is sent. Fails on a target that would not stay one: a space or line end in an
    /// operator's path.
    pub(super) fn head(
        &self,
        endpoint: &Endpoint,
        call: &Call<'_>,
        now: Instant,
        framing: Framing,
    ) -> Result<Vec<u8>, ()> {
        let below = match call.path_and_query.strip_prefix('/') {
            // A path of `/` alone means the base itself, which often has no slash at its end.
            Some(rest) if !endpoint.base.is_empty() && (rest.is_empty() || rest.starts_with('?')) => rest,
            _ => call.path_and_query,
        };
        let is_target = |part: &str| part.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_target(&endpoint.base) || !is_target(below) {
            return Err(());
        }
        let left = call.errand.left_at(now).as_millis();
        let mut wire = Vec::with_capacity(USUAL);
        for part in [
            call.method.as_str().as_bytes(),
            b" ",
            endpoint.base.as_bytes(),
            below.as_bytes(),
            b" HTTP/1.1\r\nHost: ",
            self.host.as_bytes(),
            b"\r\n",
            call.fields.as_bytes(),
            b"Accept-Encoding: identity\r\n",
            DEADLINE.as_str().as_bytes(),
            b": ",
            itoa::Buffer::new().format(left).as_bytes(),
        ] {
            wire.extend_from_slice(part);
        }
        let takes_body = matches!(call.method, Method::POST | Method::PUT | Method::PATCH);
        if framing == Framing::Chunks {
            wire.extend_from_slice(b"\r\nTransfer-Encoding: chunked");
        } else if takes_body || !call.body.is_empty() {
            wire.extend_from_slice(b"\r\nContent-Length: ");
            wire.extend_from_slice(itoa::Buffer::new().format(call.body.len()).as_bytes());
        }
        wire.extend_from_slice(b"\r\n\r\n");
        Ok(wire)
    }
}

/// Sends `parts` together.
pub(super) async fn send(stream: &mut Link, parts: &[&[u8]]) -> io::Result<()> {
    // The stream collects them, and flushing sends them at once.
    for part in parts {
        stream.write_all(part).await?;
    }
    stream.flush().await
}

/// Sends one chunk; an empty one would end the body.
pub(super) async fn send_chunk(stream: &mut Link, piece: &[u8]) -> io::Result<()> {
    let size = format!("{:x}\r\n", piece.len());
    send(stream, &[size.as_bytes(), piece, b"\r\n"]).await
}

/// The end of a body in chunks.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
