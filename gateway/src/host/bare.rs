//! A request without a body, read without the engine.
//!
//! Most requests are a head and nothing else. Its bytes were judged already ([`super::hygiene`]); what the
//! engine would add is a second list of fields with their letters' case, a state for a body that does not
//! come and one for an answer that is written elsewhere: a tenth of an exchange. So a plain head is read
//! here, and the engine is woken for whatever is not plain, and for answers in pieces.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, request::Parts};
use pingora_core::protocols::{Stream, http::v1::server::HttpSession};

/// The most fields that are read here; who sends more is served by the engine.
const FIELDS: usize = 32;

/// A request that ended with its head.
pub(super) struct Bare {
    pub(super) head: Box<Parts>,
    /// None once the engine was woken.
    pub(super) stream: Option<Stream>,
    /// The head as it came, for the engine.
    raw: Bytes,
    /// What came after it.
    pub(super) rest: BytesMut,
}

impl Bare {
    /// The request whose clean head is the first `length` bytes of `bytes`, and what follows it. The stream
    /// and the bytes come back when it is more than that.
    pub(super) fn read(
        stream: Stream,
        mut bytes: BytesMut,
        length: usize,
    ) -> Result<Self, (Stream, BytesMut)> {
        // Nearly always nothing follows: two holders of one room count each other.
        let (raw, bytes) = match length < bytes.len() {
            true => (bytes.split_to(length).freeze(), bytes),
            false => (bytes.freeze(), BytesMut::new()),
        };
        match head(&raw) {
            Some(head) => Ok(Self { head: Box::new(head), stream: Some(stream), raw, rest: bytes }),
            None => Err((stream, together(&raw, &bytes))),
        }
    }

    /// The same request as the engine reads it.
    pub(super) async fn wake(&mut self) -> Option<Box<HttpSession>> {
        let mut session = engine(self.stream.take()?, together(&self.raw, &self.rest));
        let read = session.read_request().await;
        matches!(read, Ok(Some(_))).then_some(session)
    }
}

/// The engine's session for a request whose head is in `bytes`.
pub(super) fn engine(stream: Stream, bytes: BytesMut) -> Box<HttpSession> {
    let mut session = Box::new(HttpSession::new(stream));
    session.set_pipelining_enabled(true);
    session.set_pipelined_prefix(bytes);
    session.set_read_timeout(None);
    session
}

fn together(head: &[u8], rest: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::with_capacity(head.len() + rest.len());
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(rest);
    bytes
}

/// The head, if it is one of a request without a body that says nothing of its connection.
fn head(raw: &Bytes) -> Option<Parts> {
    let mut fields = [const { MaybeUninit::uninit() }; FIELDS];
    let mut request = httparse::Request::new(&mut []);
    if request.parse_with_uninit_headers(raw, &mut fields).ok()?.is_partial() {
        return None;
    }
    let target = request.path.filter(|path| path.starts_with('/'))?;
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for field in &*request.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        if needs_engine(&name, field.value) {
            return None;
        }
        headers.append(name, HeaderValue::from_maybe_shared(raw.slice_ref(field.value)).ok()?);
    }
    let (mut head, ()) = http::Request::new(()).into_parts();
    head.method = Method::from_bytes(request.method?.as_bytes()).ok()?;
    head.uri = Uri::from_maybe_shared(raw.slice_ref(target.as_bytes())).ok()?;
    head.headers = headers;
    Some(head)
}

/// Whether a field says that a body comes, or what is to become of the connection.
fn needs_engine(name: &HeaderName, value: &[u8]) -> bool {
    *name == header::CONTENT_LENGTH
        || *name == header::TRANSFER_ENCODING
        || *name == header::EXPECT
        || *name == header::UPGRADE
        || (*name == header::CONNECTION && !value.eq_ignore_ascii_case(b"keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Parts> {
        head(&Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn a_plain_head_is_read_as_it_stands() {
        let head = read(
            "GET /api/G06/nhiem-vu/v1/records?MaSo=%C4%90T HTTP/1.1\r\nHost: cong.vn\r\nX-Ten: H\u{e0}\r\nAccept: a/b\r\naccept: c/d\r\n\r\n",
        )
        .unwrap();
        assert_eq!((head.method, head.uri.path()), (Method::GET, "/api/G06/nhiem-vu/v1/records"));
        assert_eq!(head.uri.query(), Some("MaSo=%C4%90T"));
        assert_eq!(head.headers.get_all(header::ACCEPT).iter().count(), 2);
        assert_eq!(head.headers["x-ten"].as_bytes(), "H\u{e0}".as_bytes());
    }

    #[test]
    fn what_is_more_than_a_plain_head_is_the_engines() {
        for field in [
            "Content-Length: 0",
            "content-length: 5",
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Upgrade: websocket",
            "Connection: close",
            "Connection: keep-alive, x-ten",
        ] {
            assert!(
                read(&format!("POST /a HTTP/1.1\r\nHost: cong.vn\r\n{field}\r\n\r\n")).is_none(),
                "{field}"
            );
        }
        assert!(read("GET /a HTTP/1.1\r\nHost: cong.vn\r\nConnection: Keep-Alive\r\n\r\n").is_some());
        assert!(read("GET https://cong.vn/a HTTP/1.1\r\nHost: cong.vn\r\n\r\n").is_none());
        assert!(read("GET /a HTTP/1.1\r\nHost: cong.vn\r\n").is_none());
        let many = "A: b\r\n".repeat(FIELDS);
        assert!(read(&format!("GET /a HTTP/1.1\r\nHost: cong.vn\r\n{many}\r\n")).is_none());
    }
}
