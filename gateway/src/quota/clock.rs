//! The time that rates are measured in: monotonic, so that setting the wall clock neither grants nor
//! withholds anything.
//!
//! It is the kernel's coarse one, which moves on every few milliseconds and is read in a quarter of the time:
//! a request asks three rates, and each allows a second's worth at once, so that steps even out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{clock, nanos::Nanos};
use rustix::time::{ClockId, clock_gettime};

/// A monotonic clock; a test moves its own by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's, counted from the moment it was made.
    Machine(Duration),
    /// A test's, in nanoseconds.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's clock.
    pub fn machine() -> Self {
        Self::Machine(coarse())
    }

    /// A clock that stands still until [`Clock::advance`].
    pub fn manual() -> Self {
        Self::Manual(Arc::default())
    }

    /// Nanoseconds since it was made.
    pub(super) fn nanoseconds(&self) -> u64 {
        match self {
            Self::Machine(start) => nanos(coarse().saturating_sub(*start)),
            Self::Manual(nanoseconds) => nanoseconds.load(Ordering::SeqCst),
        }
    }

    /// The same of a clock that is moved by hand; nothing of the machine's.
    pub(super) fn manual_nanoseconds(&self) -> Option<u64> {
        matches!(self, Self::Manual(_)).then(|| self.nanoseconds())
    }

    /// Moves a manual clock and all its clones; the machine's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(nanoseconds) = self {
            nanoseconds.fetch_add(nanos(by), Ordering::SeqCst);
        }
    }
}

impl clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.nanoseconds().into()
    }
}

/// The kernel's coarse monotonic clock; it never fails.
fn coarse() -> Duration {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    Duration::try_from(now).unwrap_or_default()
}

/// 584 years fit.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
