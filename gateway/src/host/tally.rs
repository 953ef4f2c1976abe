//! What happened below the application, for the metrics and the log: these never became exchanges.

use std::{
    net::SocketAddr,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::time::Instant;

/// Counts of one listener.
#[derive(Debug, Default)]
pub struct Tally {
    /// Connections accepted by the kernel.
    pub accepted: AtomicU64,
    /// Connections closed at once because a cap was reached.
    pub over_cap: Alarm,
    /// Connections closed at once because too many others were in their handshake.
    pub half_open: Alarm,
    /// Handshakes that failed, refused certificates among them.
    pub handshakes_failed: AtomicU64,
    /// Handshakes that resumed a session of the same PKI generation.
    pub resumed: AtomicU64,
    /// HTTP/2 streams that ended below the application because they were malformed.
    pub malformed_streams: AtomicU64,
    /// HTTP/2 streams reset because their caller broke the protocol on them.
    pub reset_streams: AtomicU64,
    /// HTTP/2 streams refused because too many exchanges of streams that their caller had reset were under way.
    pub refused_streams: Alarm,
    /// HTTP/2 streams ended because their connection holds too many answers that its caller does not take.
    pub unsent: Alarm,
    /// HTTP/2 connections ended because of too many resets, ours and the caller's.
    pub reset_floods: Alarm,
    /// HTTP/2 connections ended because of too many frames that carry nothing.
    pub frame_floods: Alarm,
    /// HTTP/2 connections ended by a cap of the engine's: CONTINUATION, HPACK, small DATA frames, resets.
    pub calmed: Alarm,
    /// HTTP/2 connections ended because too many of their streams were malformed.
    pub malformed_connections: Alarm,
    /// HTTP/2 connections ended because their caller broke the protocol.
    pub broken_connections: AtomicU64,
    /// Answers given up because their caller did not take them in time.
    pub stalled: Alarm,
    /// Requests refused by hygiene.
    pub unclean: AtomicU64,
    /// Errors of `accept` itself (out of file descriptors, say).
    pub accept_errors: AtomicU64,
}

impl Tally {
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A counter of limits reached, of which the log hears at once and then at most once a minute: the
/// log of a flood must not become one.
#[derive(Debug, Default)]
pub struct Alarm {
    count: AtomicU64,
    /// The second of the process's life until which nothing is logged.
    quiet_until: AtomicU64,
}

/// How long the log hears nothing more of the same limit.
const QUIET: u64 = 60;

/// The instant that `quiet_until` counts from.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Alarm {
    /// How often the limit was reached.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Counts, and logs if it is time to. `limit` is the name in the table of limits.
    pub(super) fn ring(&self, limit: &'static str, address: SocketAddr) {
        if self.is_loud(EPOCH.elapsed().as_secs()) {
            let count = self.count();
            tracing::warn!(
                target: "lienthong::listener", limit, %address, count,
                "a limit was reached; the next minute of it is only counted"
            );
        }
    }

    fn is_loud(&self, now: u64) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed);
        let until = self.quiet_until.load(Ordering::Relaxed);
        now >= until
            && self
                .quiet_until
                .compare_exchange(until, now + QUIET, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hears_of_a_flood_once_a_minute() {
        let alarm = Alarm::default();
        let loud: Vec<u64> = (0..130).filter(|second| alarm.is_loud(*second)).collect();
        assert_eq!(loud, [0, 60, 120]);
        assert_eq!(alarm.count(), 130);
    }
}
