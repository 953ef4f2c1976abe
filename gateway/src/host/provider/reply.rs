//! A reply's head, and where its body comes from.
//!
//! Most replies are small, say their length, and are there at the first read: such a one is taken as it
//! stands, and its connection is free for the next call. Everything else (chunks, no length, interim
//! replies, a word about the connection, anything odd) is put back and read by the engine.

use std::{io, mem::MaybeUninit, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use pingora_core::{BError, protocols::http::v1::client::HttpSession};
use tokio::{io::AsyncReadExt, time::Instant};

use super::{CallFault, call::tls_fault, pool};
use crate::host::{heads::is_hop_by_hop, link::Link, room};

/// Interim (1xx) replies taken before the real one.
const INTERIM: usize = 8;

/// The longest reply, head included, that is taken at once; most single records are shorter.
const ROOM: usize = 8 * 1024;
/// The most fields of one; who sends more is read by the engine.
const FIELDS: usize = 32;

/// A reply's head.
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// Without the hop-by-hop ones.
    pub(super) headers: HeaderMap,
    /// The length that its body is said to have, if it has one.
    pub(super) declared: Option<usize>,
}

/// Where a reply's body comes from.
pub(super) enum Source {
    /// It is here, and nothing else came with it.
    Here(Bytes, Box<Link>),
    /// The engine reads it.
    Engine(Box<HttpSession>),
    /// It has ended or failed.
    Ended,
}

/// Why there is no reply's head, and how many bytes had been read on the connection by then.
pub(super) struct Unheard {
    pub(super) fault: CallFault,
    pub(super) read: u64,
}

/// Waits for a reply's head.
pub(super) async fn hear(mut link: Box<Link>) -> Result<(Head, Source), Unheard> {
    match at_once(&mut link).await {
        Ok(Some((head, body))) => return Ok((head, Source::Here(body, link))),
        Ok(None) => {}
        Err(error) => {
            let fault = tls_fault(&error).unwrap_or(CallFault::Broken { sent: true });
            return Err(Unheard { fault, read: link.bytes_read() });
        }
    }
    let mut session = Box::new(HttpSession::new(link));
    match receive_head(&mut session).await {
        Ok(head) => Ok((head, Source::Engine(session))),
        Err(error) => {
            let fault = cause(error.as_ref()).unwrap_or(CallFault::Broken { sent: true });
            Err(Unheard { fault, read: as_link(&session).map_or(u64::MAX, Link::bytes_read) })
        }
    }
}

impl Source {
    /// Keeps the connection for the next call, if the provider does.
    pub(super) async fn rest(self, key: pool::Key, idle: Duration, most: usize) {
        let link = match self {
            Self::Here(_, link) => Some(link),
            Self::Engine(mut session) => {
                session.respect_keepalive();
                session.reuse().await.and_then(|stream| stream.into_any().downcast().ok())
            }
            Self::Ended => None,
        };
        if let Some(link) = link {
            pool::keep(key, link, Instant::now() + idle, most);
        }
    }
}

/// A whole reply that is there at the first reads and plain in every way; what was read of any other is put
/// back.
async fn at_once(link: &mut Link) -> io::Result<Option<(Head, Bytes)>> {
    let mut bytes = room::read(link, ROOM).await?;
    let mut came = bytes.len();
    while came > 0 {
        match plain(&bytes) {
            Plain::Whole { head, length } => {
                // The declared length is what came, to the byte: what follows would be nobody's.
                bytes.advance(length);
                return Ok(Some((head, bytes.freeze())));
            }
            Plain::Partial if bytes.len() < ROOM => {
                bytes.reserve(ROOM - bytes.len());
                came = link.read_buf(&mut bytes).await?;
            }
            // How patient to be with a body that has only begun to come is not decided here.
            Plain::Partial | Plain::No => break,
        }
    }
    link.unread(bytes);
    Ok(None)
}

/// What the bytes read so far are.
enum Plain {
    /// All of a plain reply, whose head has this length.
    Whole { head: Head, length: usize },
    /// The beginning of a head.
    Partial,
    /// Not that, or not all of it.
    No,
}

fn plain(bytes: &BytesMut) -> Plain {
    let mut fields = [const { MaybeUninit::uninit() }; FIELDS];
    let mut reply = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let length = match parser.parse_response_with_uninit_headers(&mut reply, bytes, &mut fields) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Plain::Partial,
        Err(_) => return Plain::No,
    };
    let status = reply.code.and_then(|code| StatusCode::from_u16(code).ok());
    // What has no body by definition, or is no answer yet, is the engine's.
    let Some(status) = status.filter(|status| {
        !status.is_informational() && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(status)
    }) else {
        return Plain::No;
    };
    let (mut headers, mut declared) = (HeaderMap::with_capacity(reply.headers.len()), None);
    for field in &*reply.headers {
        let Ok(name) = HeaderName::from_bytes(field.name.as_bytes()) else { return Plain::No };
        if name == header::CONTENT_LENGTH {
            let digits = std::str::from_utf8(field.value).ok();
            let number = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            match (declared, number.and_then(|text| text.parse::<usize>().ok())) {
                (None, Some(number)) => declared = Some(number),
                _ => return Plain::No,
            }
        } else if name == header::TRANSFER_ENCODING || name == header::CONNECTION {
            return Plain::No;
        } else if !is_hop_by_hop(&name) {
            let Ok(value) = HeaderValue::from_bytes(field.value) else { return Plain::No };
            headers.append(name, value);
        }
    }
    let Some(all) = declared.filter(|_| reply.version == Some(1)).and_then(|body| length.checked_add(body))
    else {
        return Plain::No;
    };
    match bytes.len() == all {
        true => Plain::Whole { head: Head { status, headers, declared }, length },
        false => Plain::No,
    }
}

/// The engine's reading of a head; the error is the engine's own, if there is one.
async fn receive_head(session: &mut HttpSession) -> Result<Head, Option<BError>> {
    let mut interim = 0;
    let status = loop {
        session.read_response().await.map_err(Some)?;
        match session.get_status() {
            Some(StatusCode::SWITCHING_PROTOCOLS) | None => return Err(None),
            Some(status) if status.is_informational() => interim += 1,
            Some(status) => break status,
        }
        if interim > INTERIM {
            return Err(None);
        }
    };
    if !is_framed_once(&session.get_headers_raw_bytes()) {
        return Err(None);
    }
    let headers = end_to_end(session.resp_header().map(|head| &head.headers));
    let declared: Option<usize> = session
        .get_header(header::CONTENT_LENGTH)
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok()?.trim().parse().ok());
    // HEAD is never asked of a provider.
    Ok(Head { status, headers, declared: declared.filter(|_| status != StatusCode::NOT_MODIFIED) })
}

/// Whether the raw head frames its body in one way: one length, or chunked once, or neither. The
/// engine repairs the rest, and a repaired reply may be someone else's.
fn is_framed_once(head: &[u8]) -> bool {
    let mut lengths = 0;
    let mut codings = 0;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return false;
        }
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or(b"").trim_ascii();
        if name.trim_ascii().eq_ignore_ascii_case(b"content-length") {
            lengths += 1;
            if !value.iter().all(u8::is_ascii_digit) {
                return false;
            }
        } else if name.trim_ascii().eq_ignore_ascii_case(b"transfer-encoding") {
            codings += 1;
            if !value.eq_ignore_ascii_case(b"chunked") {
                return false;
            }
        }
    }
    lengths + codings <= 1
}

/// The fields that are not of this connection alone, nor named by its `Connection` field.
fn end_to_end(headers: Option<&HeaderMap>) -> HeaderMap {
    let Some(headers) = headers else { return HeaderMap::new() };
    let named: Vec<&str> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(',').map(str::trim))
        .collect();
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let of_connection = is_hop_by_hop(name) || *name == header::CONTENT_LENGTH;
        if !of_connection && !named.iter().any(|other| name.as_str().eq_ignore_ascii_case(other)) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

fn as_link(session: &HttpSession) -> Option<&Link> {
    session.stream().as_any().downcast_ref()
}

/// A TLS fault behind an engine's error.
pub(super) fn cause(error: Option<&BError>) -> Option<CallFault> {
    let cause = error?.cause.as_ref()?;
    tls_fault(cause.downcast_ref::<io::Error>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain(text: &str) -> bool {
        matches!(plain(&BytesMut::from(text)), Plain::Whole { .. })
    }

    #[test]
    fn a_whole_small_reply_with_a_length_is_plain() {
        let text =
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nKeep-Alive: timeout=5\r\nContent-Length: 3\r\n\r\nabc";
        let Plain::Whole { head, length } = plain(&BytesMut::from(text)) else { panic!("{text}") };
        assert_eq!((head.status, head.declared, length), (StatusCode::OK, Some(3), text.len() - 3));
        assert_eq!(head.headers.keys().collect::<Vec<_>>(), [header::CONTENT_TYPE]);
    }

    #[test]
    fn whatever_is_not_plain_is_the_engines() {
        let head = "HTTP/1.1 200 OK\r\n";
        for text in [
            format!("{head}Content-Length: 3\r\n\r\nabcd"),
            format!("{head}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
            format!("{head}Content-Length: +3\r\n\r\nabc"),
            format!("{head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"),
            format!("{head}Content-Length: 3\r\nConnection: close\r\n\r\nabc"),
            format!("{head}Content-Length: 3\r\n X: folded\r\n\r\nabc"),
            format!("{head}\r\nabc"),
            "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc".to_owned(),
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            "SSH-2.0-x\r\n\r\n".to_owned(),
        ] {
            assert!(!is_plain(&text), "{text}");
        }
    }

    #[test]
    fn a_head_is_waited_for_and_a_body_is_not() {
        assert!(matches!(plain(&BytesMut::from("HTTP/1.1 200 OK\r\nContent-Len")), Plain::Partial));
        let begun = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab";
        assert!(matches!(plain(&BytesMut::from(begun)), Plain::No));
    }
}
