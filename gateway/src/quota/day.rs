//! The counts of one key on one day.
//!
//! A day is Việt Nam's: it rolls at local midnight, seen from the time each admission passes in. What
//! was admitted before midnight and charged after it belongs to the day before, which nobody counts
//! against any more, and is dropped.
//!
//! Requests are *pending* from admission until they are charged or given up, so that many at once
//! cannot pass a limit between looking and charging. Records and bytes are known only afterwards: a
//! limit on them refuses what comes once it is reached, so a day may overshoot by the replies then
//! under way.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use arc_swap::{ArcSwap, Guard};
use jiff::{
    Timestamp,
    civil::{Date, date},
};

/// Việt Nam is seven hours ahead of UTC and has had no summer time since 1975.
const OFFSET: i64 = 7 * 3600;
const DAY: i64 = 24 * 3600;

/// A day, counted from 1970-01-01 in Việt Nam.
pub(super) fn day_number(at: Timestamp) -> i64 {
    (at.as_second() + OFFSET).div_euclid(DAY)
}

/// The date of a day's number.
pub(super) fn date_of(number: i64) -> Date {
    let days = i32::try_from(number).unwrap_or(0);
    date(1970, 1, 1).saturating_add(jiff::Span::new().try_days(days).unwrap_or_default())
}

/// Seconds until local midnight, rounded up: 1 to 86,400.
pub(super) fn until_midnight(at: Timestamp) -> u64 {
    let passed = (at.as_second() + OFFSET).rem_euclid(DAY);
    u64::try_from(DAY - passed).unwrap_or(1)
}

/// Amounts of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests forwarded.
    pub requests: u64,
    /// Records released.
    pub records: u64,
    /// Bytes released.
    pub bytes: u64,
}

/// One key's present day.
#[derive(Debug)]
pub(super) struct Days {
    current: ArcSwap<Day>,
}

/// One day's counts of one key.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) number: i64,
    pub(super) date: Date,
    /// Admitted, neither charged nor given up.
    pending: AtomicU64,
    /// Charged by this process.
    own: Amounts,
    /// Charged by others on this day: processes before this one and beside it.
    others: Amounts,
    /// Charged since the last flush.
    dirty: AtomicBool,
}

#[derive(Debug, Default)]
struct Amounts {
    requests: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Days {
    pub(super) fn new(number: i64, others: Counts) -> Self {
        let day = Day::new(number);
        day.set_others(others);
        Self { current: ArcSwap::from_pointee(day) }
    }

    /// The day of `number`, begun if it is new. A number one behind the present day is a worker that
    /// read the time just before midnight, or a clock set back a little: it counts on the present
    /// day. Any other difference begins the day anew.
    pub(super) fn on(&self, number: i64) -> Guard<Arc<Day>> {
        let current = self.current.load();
        if current.number == number || current.number == number + 1 {
            return current;
        }
        // Whoever comes second finds the first one's day.
        self.current.compare_and_swap(&current, Arc::new(Day::new(number)));
        self.current.load()
    }

    /// The present day, whichever it is.
    pub(super) fn present(&self) -> Guard<Arc<Day>> {
        self.current.load()
    }
}

impl Day {
    fn new(number: i64) -> Self {
        Self {
            number,
            date: date_of(number),
            pending: AtomicU64::new(0),
            own: Amounts::default(),
            others: Amounts::default(),
            dirty: AtomicBool::new(false),
        }
    }

    /// Reserves one request under `limit`.
    pub(super) fn reserve(&self, limit: Option<u64>) -> bool {
        let ahead = self.pending.fetch_add(1, SeqCst);
        // Pending is read before the charged count and charged is raised before pending falls, so a
        // request on its way from one to the other is seen at least once.
        let used = self.own.requests.load(SeqCst) + self.others.requests.load(SeqCst);
        let fits = limit.is_none_or(|limit| used + ahead < limit);
        if !fits {
            self.give_up();
        }
        fits
    }

    /// Gives a reservation up. Exactly at midnight a permit may have reserved on one meter's old day
    /// and another's new one; saturating, since a day's count must not wrap for that.
    pub(super) fn give_up(&self) {
        let _ = self.pending.fetch_update(SeqCst, SeqCst, |pending| pending.checked_sub(1));
    }

    /// Turns a reservation into a charge.
    pub(super) fn charge_request(&self) {
        self.own.requests.fetch_add(1, SeqCst);
        self.give_up();
        self.dirty.store(true, SeqCst);
    }

    /// Charges a release.
    pub(super) fn charge_release(&self, records: u64, bytes: u64) {
        self.own.records.fetch_add(records, SeqCst);
        self.own.bytes.fetch_add(bytes, SeqCst);
        self.dirty.store(true, SeqCst);
    }

    /// Everything charged on this day, by anyone.
    pub(super) fn total(&self) -> Counts {
        let (own, others) = (self.own.read(), self.others.read());
        Counts {
            requests: own.requests + others.requests,
            records: own.records + others.records,
            bytes: own.bytes + others.bytes,
        }
    }

    /// What this process charged, if anything since the last call.
    pub(super) fn take_changed(&self) -> Option<Counts> {
        self.dirty.swap(false, SeqCst).then(|| self.own.read())
    }

    /// The counts were not kept after all.
    pub(super) fn mark_changed(&self) {
        self.dirty.store(true, SeqCst);
    }

    /// What the other processes charged.
    pub(super) fn set_others(&self, others: Counts) {
        self.others.requests.store(others.requests, SeqCst);
        self.others.records.store(others.records, SeqCst);
        self.others.bytes.store(others.bytes, SeqCst);
    }
}

impl Amounts {
    fn read(&self) -> Counts {
        Counts {
            requests: self.requests.load(SeqCst),
            records: self.records.load(SeqCst),
            bytes: self.bytes.load(SeqCst),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};

    use super::{Counts, Days, date_of, day_number, until_midnight};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_is_viet_nams() {
        let (before, after) = (at("2026-11-21T16:59:59.9Z"), at("2026-11-21T17:00:00Z"));
        assert_eq!(day_number(before) + 1, day_number(after));
        assert_eq!(date_of(day_number(before)), date(2026, 11, 21));
        assert_eq!(date_of(day_number(after)), date(2026, 11, 22));
        assert_eq!((until_midnight(before), until_midnight(after)), (1, 86_400));
    }

    #[test]
    fn midnight_begins_anew_once_and_a_late_worker_counts_on_the_new_day() {
        let days = Days::new(100, Counts { requests: 5, ..Counts::default() });
        assert!(!days.on(100).reserve(Some(5)));
        assert!(days.on(101).reserve(Some(1)));
        assert!(!days.on(100).reserve(Some(1)));
        assert_eq!(days.present().number, 101);
        // A clock that was a year ahead does not hold the counts for a year.
        assert_eq!(days.on(500).number, 500);
        assert_eq!(days.on(101).number, 101);
    }
}
