//! One key's meter: its rate, its concurrency and its day.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{
    NotUntil, RateLimiter,
    clock::Clock as _,
    middleware::{StateInformationMiddleware, StateSnapshot},
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use jiff::{Timestamp, civil::Date};
use policies::{Amounts, QuotaTerms};

use super::{
    clock::Clock,
    day::{Day, Days, Period, day_number},
    headers,
    ledger::{self, Account, Desk},
    usage::{Measure, Spent, Usage},
};

/// A meter. Its terms never change; a reload with other terms makes another meter, which shares the
/// day and the concurrency with this one.
#[derive(Debug)]
pub struct Meter {
    pub(super) key: Arc<str>,
    pub(super) terms: QuotaTerms,
    pub(super) rate: Option<Arc<Rate>>,
    pub(super) days: Arc<Days>,
    /// Its account in the shared ledger, where there is one.
    pub(super) account: Option<Arc<Account>>,
    /// What `RateLimit-Policy` says of it; none when it tells callers nothing.
    pub(super) policy: String,
}

/// The rate of a key: GCRA with a burst of one second's worth.
#[derive(Debug)]
pub(super) struct Rate {
    limiter: Option<Limiter>,
    clock: Clock,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Clock, StateInformationMiddleware>;

impl Meter {
    pub(super) fn new(
        terms: QuotaTerms,
        rate: Option<Arc<Rate>>,
        days: Arc<Days>,
        account: Option<Arc<Account>>,
    ) -> Self {
        let key = Arc::from(terms.key.as_str());
        let mut meter = Self { key, terms, rate, days, account, policy: String::new() };
        if meter.is_callers_own() {
            meter.policy = headers::policy(&meter.terms);
        }
        meter
    }

    /// What its counts belong to.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it allows.
    pub fn terms(&self) -> &QuotaTerms {
        &self.terms
    }

    /// How much of it is used.
    pub fn usage(&self, now: Timestamp) -> Usage {
        let (date, concurrent, [day, month]) = self.used(now);
        Usage { key: Arc::clone(&self.key), per_second: self.terms.per_second, concurrent, date, day, month }
    }

    /// The same without saying of what: on which date, at once, on that day and in its month.
    pub(super) fn used(&self, now: Timestamp) -> (Date, Measure, [Spent; 2]) {
        let day = self.days.on(day_number(now));
        let spent = match &self.account {
            None => {
                [Spent::of(day.total(), self.terms.per_day), Spent::of(day.month(), self.terms.per_month)]
            }
            Some(account) => ledger::usage(self, account, now, [day.total(), day.month()]),
        };
        let concurrent = Measure {
            used: u64::from(self.days.in_flight.load(Ordering::Relaxed)),
            limit: self.terms.concurrent.map(u64::from),
        };
        (day.date, concurrent, spent)
    }

    /// Most requests of a day and of a month.
    pub(super) fn requests(&self) -> (Option<u64>, Option<u64>) {
        let of = |amounts: Option<Amounts>| amounts.and_then(|amounts| amounts.requests);
        (of(self.terms.per_day), of(self.terms.per_month))
    }

    /// The first limit on records or bytes that would be passed by that many more than were released
    /// on `day` and in its month, or that is reached already.
    pub(super) fn passed(&self, day: &Day, records: u64, bytes: u64) -> Option<Passed> {
        // Most terms have neither.
        let (daily, monthly) = (self.terms.per_day, self.terms.per_month);
        let limited = |amounts: &Amounts| amounts.records.is_some() || amounts.bytes.is_some();
        let of_day = daily.filter(limited).map(|limits| (Period::Day, limits, day.total()));
        let of_month = monthly.filter(limited).map(|limits| (Period::Month, limits, day.month()));
        of_day.into_iter().chain(of_month).find_map(|(period, limits, used)| {
            let over = |limit: Option<u64>, used: u64, more: u64| {
                limit.filter(|limit| if more == 0 { used >= *limit } else { used + more > *limit })
            };
            over(limits.records, used.records, records)
                .map(|limit| Passed { period, quantity: Quantity::Records, limit })
                .or_else(|| {
                    over(limits.bytes, used.bytes, bytes).map(|limit| Passed {
                        period,
                        quantity: Quantity::Bytes,
                        limit,
                    })
                })
        })
    }

    /// Whether the counts are one caller's alone. Those of a service are everybody's, and are not
    /// told to callers, who could read each other's traffic from them.
    pub(super) fn is_callers_own(&self) -> bool {
        !self.key.starts_with("service:")
    }

    /// Takes a place among the concurrent.
    pub(super) fn enter(&self) -> bool {
        let limit = self.terms.concurrent.unwrap_or(u32::MAX);
        // Taken first: workers that look first take it from each other, and look again.
        let free = self.days.in_flight.fetch_add(1, Ordering::AcqRel) < limit;
        if !free {
            self.leave();
        }
        free
    }

    /// Gives it back.
    pub(super) fn leave(&self) {
        self.days.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Rate {
    pub(super) fn new(per_second: u32, clock: &Clock) -> Self {
        let limiter = NonZeroU32::new(per_second).map(|per_second| {
            RateLimiter::direct_with_clock(governor::Quota::per_second(per_second), clock.clone())
                .with_middleware::<StateInformationMiddleware>()
        });
        Self { limiter, clock: clock.clone() }
    }

    /// Takes one token: how many are left, or how long until there is one.
    pub(super) fn take(&self) -> Result<u32, Duration> {
        // A rate of none allows nothing, now or later.
        let Some(limiter) = &self.limiter else { return Err(Duration::from_secs(1)) };
        let left: Result<StateSnapshot, NotUntil<Nanos>> = limiter.check();
        match left {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(until) => Err(until.wait_time_from(self.clock.now())),
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Requests,
    Records,
    Bytes,
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) period: Period,
    pub(super) quantity: Quantity,
    pub(super) limit: u64,
}

impl Quantity {
    /// What the shared ledger calls it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Records => "records",
            Self::Bytes => "bytes",
        }
    }
}

impl Passed {
    /// The rule's name, which is stable.
    pub(super) fn rule(self) -> &'static str {
        match (self.period, self.quantity) {
            (Period::Day, Quantity::Requests) => "per-day-requests",
            (Period::Day, Quantity::Records) => "per-day-records",
            (Period::Day, Quantity::Bytes) => "per-day-bytes",
            (Period::Month, Quantity::Requests) => "per-month-requests",
            (Period::Month, Quantity::Records) => "per-month-records",
            (Period::Month, Quantity::Bytes) => "per-month-bytes",
        }
    }
}

/// Meters that are admitted together: an agreement's, its service's. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Meters(Arc<Set>);

#[derive(Debug)]
struct Set {
    meters: Vec<Arc<Meter>>,
    /// Their keys, as the journal's charges name them.
    keys: Vec<Arc<str>>,
    epoch: Arc<AtomicU64>,
    /// Where they are counted together with other gateways'.
    desk: Option<Arc<Desk>>,
}

impl Meters {
    pub(super) fn new(meters: Vec<Arc<Meter>>, epoch: Arc<AtomicU64>, desk: Option<Arc<Desk>>) -> Self {
        let keys = meters.iter().map(|meter| Arc::clone(&meter.key)).collect();
        Self(Arc::new(Set { meters, keys, epoch, desk }))
    }

    /// Each of them, in the order of the terms.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Meter>> {
        self.0.meters.iter()
    }

    pub(super) fn desk(&self) -> Option<&Arc<Desk>> {
        self.0.desk.as_ref()
    }

    pub(super) fn keys(&self) -> &[Arc<str>] {
        &self.0.keys
    }

    /// The flush epoch; read after a charge, never before (see the module `flush`).
    pub(super) fn epoch(&self) -> u64 {
        self.0.epoch.load(Ordering::SeqCst)
    }
}
