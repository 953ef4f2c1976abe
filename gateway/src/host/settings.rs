//! What the listener needs to know, and every cap and deadline it keeps, each with its reason.

use std::{net::SocketAddr, time::Duration};

/// Where to listen and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to bind; port 0 picks a free one.
    pub address: SocketAddr,
    /// The authorities that are ours, `host` or `host:port`; letter case is ignored. Anything else
    /// is answered with 421, so that a request meant for another gateway is never served here.
    pub authorities: Vec<String>,
    /// How many worker threads accept and serve; at least one.
    pub workers: usize,
    /// Caps and deadlines.
    pub limits: Limits,
}

/// Caps and deadlines of the listener. Untrusted size and time are bounded before they are used.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once, over all workers.
    pub connections: usize,
    /// Connections open at once from one address; a ministry may sit behind one address translator.
    pub connections_per_address: usize,
    /// Connections in their handshake at once: whoever has shown no certificate yet never takes the places of
    /// those who have.
    pub half_open: usize,
    /// The same from one address. After an outage all systems behind one translator come back together.
    pub half_open_per_address: usize,
    /// TLS handshakes under way at once, over all workers: each costs about a millisecond of CPU,
    /// so that a storm of newcomers leaves time for those already served. One that waits for its caller
    /// gives its turn away.
    pub handshakes: usize,
    /// From the accepted connection to the finished handshake.
    pub handshake: Duration,
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// A connection without a request under way is closed after this long.
    pub keep_alive: Duration,
    /// Between two pieces of a request's body.
    pub body_idle: Duration,
    /// Bytes per second below which a body (either way) is too slow, once `grace` has passed.
    pub rate: u32,
    /// What a transfer is given on top of its size divided by `rate`.
    pub transfer_grace: Duration,
    /// A write that makes no progress for this long ends its connection.
    pub write_stall: Duration,
    /// Bytes of a request's head; an `Lt-*` request with a trace header takes under 2 KiB.
    pub head_bytes: usize,
    /// Header fields of one request.
    pub headers: usize,
    /// Bytes of a request target.
    pub target_bytes: usize,
    /// Streams of one HTTP/2 connection open at once.
    pub streams: u32,
    /// Bytes of answers that one HTTP/2 connection may hold because its caller does not take them.
    pub unsent: u32,
    /// Streams of one HTTP/2 connection that its caller may reset at once; a sixteenth of it is forgotten each
    /// second.
    pub resets: u32,
    /// Frames of one HTTP/2 connection that carry nothing and may come at once; an eighth of it is forgotten
    /// each second.
    pub idle_frames: u32,
    /// Bytes of an unread body taken in after a refusal so that the connection can stay open.
    pub drain_bytes: usize,
    /// How long that may take.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_address: 4_000,
            half_open: 4_000,
            half_open_per_address: 1_000,
            handshakes: 256,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body_idle: Duration::from_secs(10),
            rate: 4 * 1024,
            transfer_grace: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            head_bytes: 32 * 1024,
            headers: 64,
            target_bytes: 8 * 1024,
            streams: 128,
            unsent: 16 * 1024 * 1024,
            resets: 256,
            idle_frames: 1024,
            drain_bytes: 64 * 1024,
            drain: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// How long a transfer of `bytes` may take in all.
    pub(super) fn transfer(&self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.transfer_grace + Duration::from_millis(bytes.saturating_mul(1000) / u64::from(self.rate.max(1)))
    }
}
