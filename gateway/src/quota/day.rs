//! The counts of one key on one day, and in the month so far.
//!
//! A day is Việt Nam's: it rolls at local midnight, seen from the time each admission passes in. What
//! was admitted before midnight and charged after it belongs to the day before, which is kept beside
//! the present one for that: nobody counts against that day any more, but its month may go on.
//!
//! A month is its days: what was charged on the days before is one sum, taken over at midnight and
//! corrected from the store within a second; the present day is added to it.
//!
//! Requests are *pending* from admission until they are charged or given up, so that many at once
//! cannot pass a limit between looking and charging. Records and bytes are known only afterwards: a
//! limit on them refuses what comes once it is reached, so a day may overshoot by the replies then
//! under way.

use std::{
    ops::Add,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
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

/// Seconds until the local end of the month, rounded up: 1 to 2,678,400.
pub(super) fn until_month_end(at: Timestamp) -> u64 {
    let today = date_of(day_number(at));
    // A month has at most 31 days.
    let days = today.days_in_month() - today.day();
    until_midnight(at) + u64::try_from(i64::from(days) * DAY).unwrap_or_default()
}

/// A calendar period that amounts are limited in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    Day,
    Month,
}

impl Period {
    /// Until it ends.
    pub(super) fn left(self, at: Timestamp) -> Duration {
        Duration::from_secs(match self {
            Self::Day => until_midnight(at),
            Self::Month => until_month_end(at),
        })
    }
}

/// Amounts of one day or month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests forwarded.
    pub requests: u64,
    /// Records released.
    pub records: u64,
    /// Bytes released.
    pub bytes: u64,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            records: self.records + other.records,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// One key's present day, and the one before it that late charges go to.
#[derive(Debug)]
pub(super) struct Days {
    /// Requests under way: of no day, but looked at and counted together with the present one.
    pub(super) in_flight: AtomicU32,
    current: ArcSwap<Day>,
    previous: ArcSwapOption<Day>,
}

/// One day's counts of one key. What every exchange writes lies together: the workers take it from each
/// other.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Day {
    /// Requests of this process.
    requests: Requests,
    /// Records that this process released.
    records: AtomicU64,
    /// Bytes that it released.
    bytes: AtomicU64,
    pub(super) number: i64,
    pub(super) date: Date,
    /// Charged by others on this day: processes before this one and beside it.
    others: Tally,
    /// Charged by anyone on the earlier days of this month.
    earlier: Tally,
    /// Charged since the last flush, and noted.
    dirty: AtomicBool,
    key: Arc<str>,
    notes: Arc<Notes>,
}

/// Which keys were charged since the last flush, and on which day: a flush looks at those alone, however
/// many there are.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Vec<(Arc<str>, i64)>>);

impl Notes {
    /// What was noted since the last call.
    pub(super) fn take(&self) -> Vec<(Arc<str>, i64)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, day: &Day) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !day.dirty.load(SeqCst) {
            notes.push((Arc::clone(&day.key), day.number));
            // After the note: who finds this set may read the epoch, and the flush that ends that epoch
            // has to find the note.
            day.dirty.store(true, SeqCst);
        }
    }
}

/// Requests that were charged, and those that were admitted and are neither charged nor given up, in one number: one
/// write moves a request from one to the other, and nobody sees it at both or at neither.
#[derive(Debug, Default)]
struct Requests(AtomicU64);

/// Pending requests are the lower bits: sixteen million at once, and 2^40 charged on a day.
const PENDING: u32 = 24;

impl Requests {
    /// Those charged and pending before this one.
    fn reserve(&self) -> u64 {
        let (charged, pending) = Self::parts(self.0.fetch_add(1, SeqCst));
        charged + pending
    }

    fn give_up(&self) {
        self.settle(0);
    }

    fn charge(&self) {
        self.settle(1);
    }

    /// Exactly at midnight a permit may have reserved on one meter's old day and another's new one: none pending
    /// stays none.
    fn settle(&self, charges: u64) {
        let _ = self.0.fetch_update(SeqCst, SeqCst, |count| {
            let (charged, pending) = Self::parts(count);
            Some((charged + charges) << PENDING | pending.saturating_sub(1))
        });
    }

    fn charged(&self) -> u64 {
        Self::parts(self.0.load(SeqCst)).0
    }

    fn parts(count: u64) -> (u64, u64) {
        (count >> PENDING, count & ((1 << PENDING) - 1))
    }
}

#[derive(Debug, Default)]
struct Tally {
    requests: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Days {
    pub(super) fn new(key: &str, notes: &Arc<Notes>, number: i64, [others, earlier]: [Counts; 2]) -> Self {
        let day = Day::new(key.into(), Arc::clone(notes), number, earlier);
        day.set_others(others);
        Self {
            in_flight: AtomicU32::new(0),
            current: ArcSwap::from_pointee(day),
            previous: ArcSwapOption::empty(),
        }
    }

    /// The day of `number`, begun if it is new. A number one behind the present day is a worker that
    /// read the time just before midnight, or a clock set back a little: it counts on the present
    /// day. Any other difference begins the day anew.
    pub(super) fn on(&self, number: i64) -> Guard<Arc<Day>> {
        let current = self.current.load();
        if current.number == number || current.number == number + 1 {
            return current;
        }
        let next = Arc::new(Day::after(&current, number));
        self.previous.store(Some(Arc::clone(&current)));
        // Whoever comes second finds the first one's day.
        self.current.compare_and_swap(&current, next);
        self.current.load()
    }

    /// Acts on the day of `number`, if it is the present one or the one before.
    pub(super) fn with<T>(&self, number: i64, act: impl FnOnce(&Day) -> T) -> Option<T> {
        let current = self.current.load();
        if current.number == number {
            return Some(act(&current));
        }
        let previous = self.previous.load();
        previous.as_deref().filter(|day| day.number == number).map(act)
    }

    /// The days that charges may still go to.
    pub(super) fn open(&self) -> impl Iterator<Item = Arc<Day>> {
        self.previous.load_full().into_iter().chain([self.current.load_full()])
    }

    /// The present day, whichever it is.
    pub(super) fn present(&self) -> Guard<Arc<Day>> {
        self.current.load()
    }
}

impl Day {
    /// The day that follows `before`, with what its month has so far.
    fn after(before: &Self, number: i64) -> Self {
        let goes_on =
            number > before.number && before.date.first_of_month() == date_of(number).first_of_month();
        let earlier = if goes_on { before.month() } else { Counts::default() };
        Self::new(Arc::clone(&before.key), Arc::clone(&before.notes), number, earlier)
    }

    fn new(key: Arc<str>, notes: Arc<Notes>, number: i64, earlier: Counts) -> Self {
        Self {
            number,
            date: date_of(number),
            requests: Requests::default(),
            records: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            others: Tally::default(),
            earlier: Tally::of(earlier),
            dirty: AtomicBool::new(false),
            key,
            notes,
        }
    }

    /// Reserves one request under the limits of the day and of the month.
    ///
    /// # Errors
    /// The period whose limit is reached.
    pub(super) fn reserve(&self, limit: Option<u64>, month: Option<u64>) -> Result<(), Period> {
        let used = self.requests.reserve() + self.others.requests.load(SeqCst);
        let full = if limit.is_some_and(|limit| used >= limit) {
            Period::Day
        } else if month.is_some_and(|limit| self.earlier.requests.load(SeqCst) + used >= limit) {
            Period::Month
        } else {
            return Ok(());
        };
        self.give_up();
        Err(full)
    }

    /// Gives a reservation up.
    pub(super) fn give_up(&self) {
        self.requests.give_up();
    }

    /// Turns a reservation into a charge.
    pub(super) fn charge_request(&self) {
        self.requests.charge();
        self.mark_changed();
    }

    /// Charges a release.
    pub(super) fn charge_release(&self, records: u64, bytes: u64) {
        self.records.fetch_add(records, SeqCst);
        self.bytes.fetch_add(bytes, SeqCst);
        self.mark_changed();
    }

    /// What this process charged.
    fn own(&self) -> Counts {
        Counts {
            requests: self.requests.charged(),
            records: self.records.load(SeqCst),
            bytes: self.bytes.load(SeqCst),
        }
    }

    /// Everything charged on this day, by anyone.
    pub(super) fn total(&self) -> Counts {
        self.own() + self.others.read()
    }

    /// Everything charged in this month up to this day, by anyone.
    pub(super) fn month(&self) -> Counts {
        self.earlier.read() + self.total()
    }

    /// What this process charged, if anything since the last call.
    pub(super) fn take_changed(&self) -> Option<Counts> {
        self.dirty.swap(false, SeqCst).then(|| self.own())
    }

    /// There are counts to keep: new ones, or those that a flush could not keep.
    pub(super) fn mark_changed(&self) {
        if !self.dirty.load(SeqCst) {
            self.notes.note(self);
        }
    }

    /// What the other processes charged.
    pub(super) fn set_others(&self, others: Counts) {
        self.others.set(others);
    }

    /// What anyone charged on the earlier days of the month.
    pub(super) fn set_earlier(&self, earlier: Counts) {
        self.earlier.set(earlier);
    }
}

impl Tally {
    fn of(counts: Counts) -> Self {
        let tally = Self::default();
        tally.set(counts);
        tally
    }

    fn set(&self, counts: Counts) {
        self.requests.store(counts.requests, SeqCst);
        self.records.store(counts.records, SeqCst);
        self.bytes.store(counts.bytes, SeqCst);
    }

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
    use std::sync::Arc;

    use jiff::{Timestamp, civil::date};

    use super::{Counts, Days, Period, date_of, day_number, until_midnight, until_month_end};

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
        assert_eq!((until_month_end(before), until_month_end(after)), (9 * 86_400 + 1, 9 * 86_400));
        assert_eq!(until_month_end(at("2028-02-28T16:59:59Z")), 86_401);
    }

    #[test]
    fn midnight_begins_anew_once_and_a_late_worker_counts_on_the_new_day() {
        let days = days(100, requests(5), Counts::default());
        assert!(days.on(100).reserve(Some(5), None).is_err());
        assert!(days.on(101).reserve(Some(1), None).is_ok());
        assert!(days.on(100).reserve(Some(1), None).is_err());
        assert_eq!(days.present().number, 101);
        // A clock that was a year ahead does not hold the counts for a year.
        assert_eq!(days.on(500).number, 500);
        assert_eq!(days.on(101).number, 101);
    }

    fn days(number: i64, others: Counts, earlier: Counts) -> Days {
        Days::new("agreement:TT-1", &Arc::default(), number, [others, earlier])
    }

    fn requests(requests: u64) -> Counts {
        Counts { requests, ..Counts::default() }
    }

    #[test]
    fn a_month_goes_on_over_midnight_and_ends_with_its_last_day() {
        let thirtieth = day_number(at("2026-11-29T20:00:00Z"));
        let days = days(thirtieth - 1, requests(5), requests(100));
        let yesterday = days.on(thirtieth - 1);
        assert_eq!(yesterday.reserve(Some(6), Some(105)), Err(Period::Month));
        assert_eq!(yesterday.reserve(Some(6), Some(106)), Ok(()));
        yesterday.charge_request();
        assert_eq!(days.on(thirtieth).month().requests, 106);
        assert_eq!(days.on(thirtieth).total().requests, 0);
        assert_eq!(days.on(thirtieth + 1).month().requests, 0);
    }

    #[test]
    fn what_was_never_reserved_takes_nothing_from_what_was_charged() {
        let days = days(100, Counts::default(), Counts::default());
        let day = days.on(100);
        // As for a permit that was reserved on the day before, by a worker that saw midnight late.
        day.charge_request();
        day.give_up();
        assert_eq!(day.total().requests, 1);
        assert_eq!(day.reserve(Some(2), None), Ok(()));
        assert_eq!(day.reserve(Some(2), None), Err(Period::Day));
        day.charge_request();
        assert_eq!(day.total().requests, 2);
    }

    #[test]
    fn a_late_charge_is_kept_for_the_day_it_was_admitted_on() {
        let days = days(100, Counts::default(), Counts::default());
        assert_eq!(days.on(100).reserve(None, None), Ok(()));
        let _ = days.on(101);
        days.with(100, |day| day.charge_request()).unwrap();
        let kept: Vec<_> =
            days.open().filter_map(|day| Some((day.number, day.take_changed()?.requests))).collect();
        assert_eq!(kept, [(100, 1)]);
        assert!(days.with(99, |_| ()).is_none());
    }
}
