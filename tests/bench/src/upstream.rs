//! The provider: gives every request the same answer, as cheaply as it can be done.
//!
//! It reads a request to its end, keeps the first body for whoever wants to know what was forwarded, and
//! understands nothing else of it.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    sync::{Arc, OnceLock},
    thread,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::pki::Pki;

/// Our requests are a few kilobytes; what does not fit is not one of ours.
const LONGEST_REQUEST: usize = 64 * 1024;
/// What a request's head needs; a body makes more of it.
const ROOM: usize = 1024;

/// What the provider says, whatever it is asked.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status line's end, such as `200 OK`.
    pub status: &'static str,
    /// Its body, JSON or nothing.
    pub body: Vec<u8>,
}

impl Answer {
    fn bytes(&self) -> Vec<u8> {
        let typed = if self.body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let head = format!("HTTP/1.1 {}\r\n{typed}Content-Length: {}\r\n\r\n", self.status, self.body.len());
        [head.as_bytes(), &self.body].concat()
    }
}

/// A provider that serves on a thread of its own until the program ends.
pub struct Provider {
    /// Where it listens.
    pub address: SocketAddr,
    first: Arc<OnceLock<Vec<u8>>>,
}

impl Provider {
    /// Starts one at this port, or at any free one where it is 0.
    pub fn start(pki: &Pki, answer: &Answer, port: u16) -> Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let provider = Self { address: listener.local_addr()?, first: Arc::default() };
        let acceptor = TlsAcceptor::from(pki.provider.clone());
        let answer: Arc<[u8]> = answer.bytes().into();
        let first = provider.first.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || {
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener)?;
                loop {
                    let (stream, _) = listener.accept().await?;
                    stream.set_nodelay(true)?;
                    // A connection that ends, however it ends, is over; the client's side counts faults.
                    tokio::spawn(converse(acceptor.clone(), stream, answer.clone(), first.clone()));
                }
                #[allow(unreachable_code, reason = "names the error type of the loop")]
                std::io::Result::Ok(())
            })
        });
        Ok(provider)
    }

    /// The body of the first request that reached it.
    pub fn first_body(&self) -> Option<&[u8]> {
        self.first.get().map(Vec::as_slice)
    }
}

async fn converse(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    answer: Arc<[u8]>,
    first: Arc<OnceLock<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut request = Vec::with_capacity(ROOM);
    loop {
        request.clear();
        while body(&request).is_none() {
            if request.len() > LONGEST_REQUEST || stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        first.get_or_init(|| body(&request).unwrap_or_default().to_vec());
        stream.write_all(&answer).await?;
        stream.flush().await?;
    }
}

/// The body, once the request is whole.
fn body(request: &[u8]) -> Option<&[u8]> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let body = request.get(end..)?;
    let head = std::str::from_utf8(request.get(..end)?).ok()?;
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let declared = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = declared.map_or(Some(0), |(_, length)| length.trim().parse().ok())?;
    (body.len() >= length).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_with_its_body() {
        assert_eq!(body(b"GET / HTTP/1.1\r\nHost: a\r\n"), None);
        assert_eq!(body(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Some(&b""[..]));
        assert_eq!(body(b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nab"), None);
        assert_eq!(body(b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc"), Some(&b"abc"[..]));
    }

    #[test]
    fn an_answer_says_its_length() {
        let answer = |body: &[u8]| Answer { status: "201 Created", body: body.to_vec() }.bytes();
        assert_eq!(answer(b""), b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        assert!(answer(b"{}").ends_with(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
    }
}
