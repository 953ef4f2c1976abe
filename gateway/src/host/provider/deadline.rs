//! Deadlines of what is asked of providers.
//!
//! A timer made for each call would take the lock of the worker's timers twice. Nearly every call ends long before
//! its deadline, and nearly each deadline is later than the one before; so timers are kept, and put off.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Poll, ready},
};

use tokio::time::Instant;

use crate::host::alarm::Alarm;

/// The time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Elapsed;

thread_local! {
    /// Timers that nobody waits for now, each worker its own.
    static SPARE: RefCell<Vec<Alarm>> = const { RefCell::new(Vec::new()) };
}

/// A timer of this worker, given back when it is dropped.
struct Timer(Option<Alarm>);

impl Timer {
    fn until(deadline: Instant) -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        Self(Some(match spare {
            Some(mut timer) => {
                timer.put(deadline);
                timer
            }
            None => Alarm::new(deadline),
        }))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // Forgotten with the thread, where that has ended.
        let _ = SPARE.try_with(|spare| spare.borrow_mut().extend(self.0.take()));
    }
}

/// What `work` comes to, if that is before `deadline`. It stays where it is: moved, a call's state would be copied.
pub(super) async fn by<T>(
    deadline: Instant,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Result<T, Elapsed> {
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        let Timer(timer) = timer.get_or_insert_with(|| Timer::until(deadline));
        if let Some(timer) = timer {
            ready!(timer.poll_due(context));
        }
        Poll::Ready(Err(Elapsed))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::{future::pending, pin::pin, time::Duration};

    use tokio::time::sleep;

    use super::*;

    async fn within<T>(deadline: Instant, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        by(deadline, pin!(work)).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_serves_one_after_another_and_each_to_its_own_deadline() {
        let after = |milliseconds| Instant::now() + Duration::from_millis(milliseconds);
        let late = within(after(1000), sleep(Duration::from_millis(10)));
        assert_eq!(late.await, Ok(()));
        // Earlier than what it was set to before, and then later than what it has reached.
        for milliseconds in [20, 5000, 1] {
            let begun = Instant::now();
            assert_eq!(within(after(milliseconds), pending::<()>()).await, Err(Elapsed));
            assert_eq!(begun.elapsed().as_millis(), u128::from(milliseconds));
        }
        assert_eq!(SPARE.with_borrow(Vec::len), 1);
        let (one, other) = tokio::join!(
            within(after(7), pending::<()>()),
            within(after(9), sleep(Duration::from_millis(8)))
        );
        assert_eq!((one, other), (Err(Elapsed), Ok(())));
        assert_eq!(SPARE.with_borrow(Vec::len), 2);
    }
}
