//! The time that an exchange has with its provider, and what was done with it.
//!
//! One errand is for everything that one exchange asks of its provider: the look at a record before it
//! is changed, the change itself, and every time that either is sent again. So nothing is tried beyond
//! the time that was given for all of it, and each call tells the provider what is left
//! ([`DEADLINE`]).

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use http::HeaderName;
use tokio::time::Instant;

/// How many milliseconds are left for the answer, counted from the arrival of the request; asked by
/// consumers of the gateway and told by the gateway to providers. There is no registered field for
/// this; the form is that of gRPC's `grpc-timeout` with the unit in the name.
pub const DEADLINE: HeaderName = HeaderName::from_static("lt-deadline-ms");

/// The time for an exchange's calls.
#[derive(Debug)]
pub struct Errand {
    begun: Instant,
    deadline: Instant,
    shortened: bool,
    retries: AtomicU32,
}

impl Errand {
    /// Begins now, with `allowed` as the provider's document has it, or `asked` where the consumer has
    /// less time than that.
    pub fn begin(allowed: Duration, asked: Option<Duration>) -> Self {
        let begun = Instant::now();
        let shortened = asked.is_some_and(|asked| asked < allowed);
        let time = asked.filter(|_| shortened).unwrap_or(allowed);
        Self { begun, deadline: begun + time, shortened, retries: AtomicU32::new(0) }
    }

    /// All of it.
    pub(super) fn whole(&self) -> Duration {
        self.deadline - self.begun
    }

    /// When it ends.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What is left of it.
    pub fn left(&self) -> Duration {
        self.left_at(Instant::now())
    }

    /// What is left of it at a moment that is known: clocks are not read for nothing.
    pub(super) fn left_at(&self, now: Instant) -> Duration {
        self.deadline.saturating_duration_since(now)
    }

    /// Whether it ends when the consumer asked for, and not when the provider's document says.
    pub fn is_shortened(&self) -> bool {
        self.shortened
    }

    /// How often something was sent again that may have reached the provider before.
    pub fn retries(&self) -> u32 {
        self.retries.load(Relaxed)
    }

    pub(super) fn sends_again(&self) {
        self.retries.fetch_add(1, Relaxed);
    }
}
