//! A fixed rate: requests fall due by the clock, whether or not the ones before were answered.
//!
//! Request *k* is due *k*/rate after the beginning. Whichever connection is free takes it; when none is,
//! it waits, and its latency still counts from when it was due. A client that waits with asking until
//! it is answered would ask least just when the server is slowest, and report latencies that nobody
//! who arrives by the clock would see ("coordinated omission").

use std::{
    cell::Cell,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use anyhow::Result;
use nix::{
    sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
    unistd,
};
use tokio::{io::unix::AsyncFd, sync::Semaphore};

/// The clock is not looked at more often: a request is late by this much at most, and tens of
/// thousands a second still come a few at a time. (Timers of tokio have a resolution of 1 ms.)
const SHORTEST_TICK: Duration = Duration::from_micros(100);

/// Requests that fall due.
pub struct Pace {
    begun: Instant,
    interval: Duration,
    /// How many there will be.
    total: u64,
    due: Semaphore,
    taken: Cell<u64>,
}

impl Pace {
    /// `rate` requests a second for `length`, from now on.
    pub fn new(rate: f64, length: Duration) -> Self {
        let interval = Duration::from_secs_f64(1.0 / rate.max(1.0));
        Self {
            begun: Instant::now(),
            interval,
            total: index_at(length, interval),
            due: Semaphore::new(0),
            taken: Cell::new(0),
        }
    }

    /// Lets requests fall due until all have.
    pub async fn keep(&self) -> Result<()> {
        let timer = Ticks::new(self.interval.max(SHORTEST_TICK))?;
        let mut let_go = 0;
        while let_go < self.total {
            timer.next().await?;
            let now_due = (index_at(self.begun.elapsed(), self.interval) + 1).min(self.total);
            self.due.add_permits(usize::try_from(now_due.saturating_sub(let_go))?);
            let_go = now_due;
        }
        Ok(())
    }

    /// Waits for the next request to fall due, and says when it did; `None` when there are no more.
    pub async fn next(&self) -> Option<Instant> {
        if self.taken.get() >= self.total {
            return None;
        }
        self.due.acquire().await.ok()?.forget();
        let number = self.taken.get();
        self.taken.set(number + 1);
        if number + 1 == self.total {
            // The others wait for nothing.
            self.due.close();
        }
        Some(self.begun + times(self.interval, number))
    }
}

/// How many whole intervals have passed.
fn index_at(elapsed: Duration, interval: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos() / interval.as_nanos().max(1)).unwrap_or(u64::MAX)
}

/// `Duration` itself multiplies by 32 bits only.
fn times(interval: Duration, number: u64) -> Duration {
    let nanos = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(nanos.saturating_mul(number))
}

/// The kernel's own timer.
struct Ticks {
    timer: AsyncFd<OwnedFd>,
}

impl Ticks {
    fn new(interval: Duration) -> Result<Self> {
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        timer.set(Expiration::Interval(TimeSpec::from_duration(interval)), TimerSetTimeFlags::empty())?;
        #[allow(
            deprecated,
            reason = "`register` is unsafe for the sake of types that may change descriptors"
        )]
        let timer = AsyncFd::new(timer.into())?;
        Ok(Self { timer })
    }

    /// Waits until at least one tick has passed since the last time.
    async fn next(&self) -> Result<()> {
        loop {
            let mut ready = self.timer.readable().await?;
            let mut passed = [0; 8];
            if let Ok(read) = ready.try_io(|timer| Ok(unistd::read(timer.get_ref(), &mut passed)?)) {
                read?;
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_fall_due_by_the_clock_though_nobody_answers() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pace = Pace::new(1000.0, Duration::from_millis(20));
            pace.keep().await.unwrap();
            // One slow client takes them all afterwards: what was due is due from its own time on.
            let mut dues = Vec::new();
            while let Some(due) = pace.next().await {
                dues.push(due - pace.begun);
            }
            let expected: Vec<Duration> = (0..20).map(Duration::from_millis).collect();
            assert_eq!(dues, expected);
        });
    }

    #[test]
    fn nobody_waits_for_more_than_there_is() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pace = Pace::new(1000.0, Duration::from_millis(3));
            let client = async || {
                let mut count = 0;
                while pace.next().await.is_some() {
                    count += 1;
                }
                count
            };
            let (kept, one, two) = tokio::join!(pace.keep(), client(), client());
            kept.unwrap();
            assert_eq!(one + two, 3);
        });
    }
}
