//! A timer that is put off.
//!
//! Most timers guard against what seldom happens, and are put off long before they are due: by the next request,
//! by the answer. To set the runtime's timer each time would touch the worker's list of timers twice for every
//! exchange. So it is left as it is when it rings too early rather than too late, and set anew when it rings.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// It.
#[derive(Debug)]
pub(super) struct Alarm {
    timer: Pin<Box<Sleep>>,
    due: Instant,
}

impl Alarm {
    /// One that is due then.
    pub(super) fn new(due: Instant) -> Self {
        Self { timer: Box::pin(sleep_until(due)), due }
    }

    /// Due then, and no longer when it was.
    pub(super) fn put(&mut self, due: Instant) {
        self.due = due;
        if due < self.timer.deadline() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(due);
        }
    }

    /// Ready once it is due.
    pub(super) fn poll_due(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            if self.timer.deadline() >= self.due {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.due);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_due_when_it_was_put_to_last() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut alarm = Alarm::new(at(10));
        // Later than it was set to, earlier, and both after it has rung.
        for puts in [&[20, 30][..], &[60, 40], &[50], &[55, 70, 90, 80]] {
            puts.iter().for_each(|seconds| alarm.put(at(*seconds)));
            poll_fn(|context| alarm.poll_due(context)).await;
            assert_eq!(begun.elapsed().as_secs(), *puts.last().unwrap());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_rings_once_for_all_that_put_it_off() {
        let begun = Instant::now();
        let mut alarm = Alarm::new(begun + Duration::from_secs(1));
        (0..1000).for_each(|seconds| alarm.put(begun + Duration::from_secs(2 + seconds)));
        assert_eq!(alarm.timer.deadline(), begun + Duration::from_secs(1));
        poll_fn(|context| alarm.poll_due(context)).await;
        assert_eq!(begun.elapsed().as_secs(), 1001);
    }
}
