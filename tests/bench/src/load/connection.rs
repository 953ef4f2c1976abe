//! One connection of the client: a request goes out as it was written once, and an answer is read no
//! further than it takes to know where it ends and whether it is the right one.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, pki_types::ServerName},
};

use crate::pki;

/// An answer that takes longer than this means that something hangs.
const SLOWEST: Duration = Duration::from_secs(10);
/// What a small answer needs; a larger one makes more of it, once.
const ROOM: usize = 2 * 1024;

/// What is asked, and what must be answered.
#[derive(Clone, Debug)]
pub struct Question {
    /// The whole request.
    pub request: Vec<u8>,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer: one of these, byte for byte.
    pub answers: Vec<Vec<u8>>,
}

/// Opens a connection with a full or, where the configuration remembers sessions, a resumed handshake.
pub async fn handshake(address: SocketAddr, tls: Arc<ClientConfig>) -> Result<TlsStream<TcpStream>> {
    let connected = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(pki::SERVER)?;
        Ok(TlsConnector::from(tls).connect(name, stream).await?)
    };
    timeout(SLOWEST, connected).await.context("a handshake took too long")?
}

/// A connection that asks its questions in turn.
pub struct Connection {
    stream: TlsStream<TcpStream>,
    questions: Arc<[Question]>,
    next: usize,
    /// The last answer.
    answer: Vec<u8>,
}

impl Connection {
    /// Opens one, whose first question is the one at `first`.
    pub async fn open(
        address: SocketAddr,
        tls: Arc<ClientConfig>,
        questions: Arc<[Question]>,
        first: usize,
    ) -> Result<Self> {
        let stream = handshake(address, tls).await?;
        Ok(Self { stream, questions, next: first, answer: Vec::with_capacity(ROOM) })
    }

    /// One request and its whole answer, which must be one of those expected; says which.
    pub async fn ask(&mut self) -> Result<usize> {
        timeout(SLOWEST, self.exchange()).await.context("an answer took too long")?
    }

    /// One request and its whole answer, whatever it is: status and body.
    pub async fn hear(&mut self) -> Result<(u16, &[u8])> {
        let (_, head) = timeout(SLOWEST, self.answered()).await.context("an answer took too long")??;
        Ok((head.status, self.answer.get(head.end..).unwrap_or_default()))
    }

    async fn exchange(&mut self) -> Result<usize> {
        let (index, head) = self.answered().await?;
        let question = self.questions.get(index).context("there is nothing to ask")?;
        let body = self.answer.get(head.end..).unwrap_or_default();
        ensure!(head.status == question.status, "answered with {}: {}", head.status, beginning(body));
        question
            .answers
            .iter()
            .position(|answer| answer == body)
            .with_context(|| format!("not the answer that is expected: {}", beginning(body)))
    }

    /// Asks the next question and reads its answer; says which question it was.
    async fn answered(&mut self) -> Result<(usize, Head)> {
        let index = self.next % self.questions.len().max(1);
        self.next = self.next.wrapping_add(1);
        let question = self.questions.get(index).context("there is nothing to ask")?;
        self.stream.write_all(&question.request).await?;
        self.answer.clear();
        let head = loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the connection was closed");
            if let Some(head) = Head::read(&self.answer)? {
                break head;
            }
        };
        let whole = head.end.saturating_add(head.body);
        while self.answer.len() < whole {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the answer was cut");
        }
        Ok((index, head))
    }
}

/// Enough of an answer to see what it is.
fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..body.len().min(1000)).unwrap_or_default()).into_owned()
}

/// What must be known of an answer's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where it ends.
    end: usize,
    /// The length of what follows.
    body: usize,
}

impl Head {
    /// The head, once it is all there.
    fn read(answer: &[u8]) -> Result<Option<Self>> {
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let end = end + 4;
        let head = std::str::from_utf8(answer.get(..end).unwrap_or_default())?;
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.context("an answer that is not HTTP/1.1")?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        Ok(Some(Self { status, end, body: length.context("an answer without Content-Length")? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        assert_eq!(Head::read(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n").unwrap(), None);
        let answer = b"HTTP/1.1 429 Too Many Requests\r\nA: b\r\ncontent-length: 3\r\n\r\nabc";
        let head = Head { status: 429, end: answer.len() - 3, body: 3 };
        assert_eq!(Head::read(answer).unwrap(), Some(head));
    }

    #[test]
    fn what_does_not_say_where_it_ends_is_no_answer() {
        assert!(Head::read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(Head::read(b"SSH-2.0-x\r\n\r\n").is_err());
    }
}
