//! How much may be sent a second time.
//!
//! A retry helps one caller and costs the provider a call, and a provider fails most when it has too
//! many of them. So retries are paid for: each call earns a share of one, a second earns a few
//! besides, and what was saved is bounded. In any stretch of time there are at most so many retries as
//! the reserve holds, plus the share of the calls, plus the minimum of each second.
//!
//! What was not sent at all costs nothing: to ask another endpoint then is not to ask twice.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use policies::Retry;

/// A retry, in hundredths.
const ONE: u64 = 100;

/// For how many seconds the minimum is saved up: the calls that one dying endpoint had under way come
/// all at once.
const SAVED: u64 = 10;

/// What may be saved where no minimum is declared.
const LEAST: u64 = 10;

/// What is left to retry with. Earning is one addition; only a retry takes the lock.
#[derive(Debug, Default)]
pub(super) struct Budget {
    earned: AtomicU64,
    purse: Mutex<Option<Purse>>,
}

#[derive(Clone, Copy, Debug)]
struct Purse {
    /// Hundredths of a retry.
    holds: u64,
    at: u64,
}

impl Budget {
    /// A call is made.
    pub(super) fn earn(&self, rules: &Retry) {
        self.earned.fetch_add(u64::from(rules.percent), Ordering::Relaxed);
    }

    /// Pays for a retry at `now`, milliseconds; whether it can be.
    pub(super) fn pay(&self, rules: &Retry, now: u64) -> bool {
        let mut slot = self.purse.lock().unwrap_or_else(PoisonError::into_inner);
        let most = most(rules);
        let purse = slot.get_or_insert(Purse { holds: most, at: now });
        let waited = now.saturating_sub(purse.at).saturating_mul(u64::from(rules.per_second)) * ONE / 1000;
        let earned = self.earned.swap(0, Ordering::Relaxed);
        purse.holds = purse.holds.saturating_add(waited).saturating_add(earned).min(most);
        // What a moment too short to earn anything brings is not lost.
        if waited > 0 || rules.per_second == 0 {
            purse.at = now;
        }
        let paid = purse.holds >= ONE;
        if paid {
            purse.holds -= ONE;
        }
        paid
    }
}

/// What may be saved.
fn most(rules: &Retry) -> u64 {
    match (rules.percent, u64::from(rules.per_second)) {
        (0, 0) => 0,
        (_, per_second) => (per_second * SAVED).max(LEAST) * ONE,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(percent: u32, per_second: u32) -> Retry {
        Retry { percent, per_second, idempotency_key: false }
    }

    #[test]
    fn a_share_and_a_minimum() {
        let budget = Budget::default();
        let fifth = rules(20, 0);
        let spend = |now| (0..1000).filter(|_| budget.pay(&fifth, now)).count();
        assert_eq!(spend(0), 10, "the reserve");
        for _ in 0..25 {
            budget.earn(&fifth);
        }
        assert_eq!(spend(0), 5);
        assert_eq!(spend(100_000), 0, "time alone earns nothing without a minimum");
        let minimum = rules(0, 2);
        let budget = Budget::default();
        let spend = |now| (0..1000).filter(|_| budget.pay(&minimum, now)).count();
        assert_eq!((spend(0), spend(400), spend(500), spend(1_000_000)), (20, 0, 1, 20));
        let none = Budget::default();
        none.earn(&rules(0, 0));
        assert!(!none.pay(&rules(0, 0), 1_000_000));
    }

    proptest! {
        #[test]
        fn it_is_never_exceeded(
            percent in 0..=100_u32,
            per_second in 0..50_u32,
            deeds in prop::collection::vec((any::<bool>(), 0..700_u64), 0..400),
        ) {
            let (budget, rules) = (Budget::default(), rules(percent, per_second));
            let (mut now, mut calls, mut retries) = (0, 0_u64, 0_u64);
            for (call, pause) in deeds {
                now += pause;
                if call {
                    budget.earn(&rules);
                    calls += 1;
                } else if budget.pay(&rules, now) {
                    retries += 1;
                }
                let bound = most(&rules) + calls * u64::from(percent) + now * u64::from(per_second) / 10;
                prop_assert!(retries * ONE <= bound, "{retries} retries of {calls} calls in {now} ms");
            }
        }
    }
}
