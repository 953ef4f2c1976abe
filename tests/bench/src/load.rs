//! The client: connections that each ask again as soon as they are answered.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use crate::{documents, pki, pki::Pki};

/// An answer that takes longer than this means that something hangs.
const SLOWEST: Duration = Duration::from_secs(10);

/// Open, warm connections.
pub struct Load {
    runtime: Runtime,
    connections: Vec<Connection>,
}

/// What a run brought. Every request was answered 200, or there is no outcome.
#[derive(Debug)]
pub struct Outcome {
    /// Each request's time from first byte out to last byte in, sorted.
    pub latencies: Vec<Duration>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Load {
    /// Opens `count` connections and asks once on each.
    pub fn connect(address: SocketAddr, pki: &Pki, count: usize) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let request: Arc<[u8]> = documents::request(address.port()).into();
        let connections = runtime.block_on(async {
            let mut connections = Vec::with_capacity(count);
            for _ in 0..count {
                let mut connection =
                    timeout(SLOWEST, Connection::open(address, pki, request.clone())).await??;
                connection.ask().await?;
                let body = connection.body();
                ensure!(
                    body == documents::RECORD.as_bytes(),
                    "the record came back changed: {}",
                    String::from_utf8_lossy(body)
                );
                connections.push(connection);
            }
            Ok(connections)
        })?;
        Ok(Self { runtime, connections })
    }

    /// Keeps every connection busy for `length`.
    pub fn run(self, length: Duration) -> Result<Outcome> {
        let Self { runtime, connections } = self;
        runtime.block_on(async {
            let begun = Instant::now();
            let mut tasks = JoinSet::new();
            for connection in connections {
                tasks.spawn(connection.ask_until(begun + length));
            }
            let mut latencies = Vec::new();
            while let Some(task) = tasks.join_next().await {
                latencies.append(&mut task??);
            }
            let elapsed = begun.elapsed();
            latencies.sort_unstable();
            Ok(Outcome { latencies, elapsed })
        })
    }
}

impl Outcome {
    /// The latency that `share` (0 to 1) of the requests did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let rank = (share * self.latencies.len().saturating_sub(1) as f64).round() as usize;
        self.latencies.get(rank).copied().unwrap_or_default()
    }
}

struct Connection {
    stream: TlsStream<TcpStream>,
    request: Arc<[u8]>,
    /// The last answer.
    answer: Vec<u8>,
    /// Where its body begins.
    body: usize,
}

impl Connection {
    async fn open(address: SocketAddr, pki: &Pki, request: Arc<[u8]>) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(pki::SERVER)?;
        let stream = TlsConnector::from(pki.client.clone()).connect(name, stream).await?;
        Ok(Self { stream, request, answer: Vec::with_capacity(16 * 1024), body: 0 })
    }

    async fn ask_until(mut self, end: Instant) -> Result<Vec<Duration>> {
        let mut latencies = Vec::new();
        loop {
            let begun = Instant::now();
            if begun >= end {
                return Ok(latencies);
            }
            timeout(SLOWEST, self.ask()).await.context("an answer took too long")??;
            latencies.push(begun.elapsed());
        }
    }

    /// One request and its whole answer, which must be 200.
    async fn ask(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (body, length) = loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the connection was closed");
            if let Some(head) = Head::read(&self.answer)? {
                break (head.end, head.body);
            }
        };
        while self.answer.len() < body + length {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the answer was cut");
        }
        self.body = body;
        Ok(())
    }

    fn body(&self) -> &[u8] {
        self.answer.get(self.body..).unwrap_or_default()
    }
}

/// What must be known of an answer's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
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
        ensure!(
            head.starts_with("HTTP/1.1 200 "),
            "answered with: {}",
            head.lines().next().unwrap_or_default()
        );
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        Ok(Some(Self { end, body: length.context("an answer without Content-Length")? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        assert_eq!(Head::read(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n").unwrap(), None);
        let answer = b"HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 3\r\n\r\nabc";
        assert_eq!(Head::read(answer).unwrap(), Some(Head { end: answer.len() - 3, body: 3 }));
    }

    #[test]
    fn anything_but_200_ends_the_measurement() {
        assert!(Head::read(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(Head::read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn quantiles_are_of_the_sorted_latencies() {
        let latencies = (1..=101).map(Duration::from_millis).collect();
        let outcome = Outcome { latencies, elapsed: Duration::from_secs(1) };
        assert_eq!(outcome.quantile(0.5), Duration::from_millis(51));
        assert_eq!(outcome.quantile(0.99), Duration::from_millis(100));
        let none = Outcome { latencies: Vec::new(), elapsed: Duration::ZERO };
        assert_eq!(none.quantile(0.5), Duration::ZERO);
    }
}
