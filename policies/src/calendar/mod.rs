//! Dates and hours as an agreement means them: Asia/Ho_Chi_Minh, both ends of a range included.
//!
//! Viet Nam has had one offset and no daylight saving since 1975, so the zone is a constant and not
//! a time-zone database: no file to mount, none to go stale, and a decision shown again years later
//! reads the clock as it did on the day.

mod window;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};

pub use window::{NotAWindow, Window};

/// Asia/Ho_Chi_Minh.
pub const VIET_NAM: Offset = Offset::constant(7);

/// The date and hour in Viet Nam at `at`.
pub fn local(at: Timestamp) -> DateTime {
    VIET_NAM.to_datetime(at)
}

/// The instant of a date and hour in Viet Nam; `None` at the far ends of the calendar, where UTC
/// has no such instant.
pub fn instant(local: DateTime) -> Option<Timestamp> {
    VIET_NAM.to_timestamp(local).ok()
}

/// Dates from one to another, both included; an open end has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Dates {
    /// Whether `day` is one of them.
    pub fn contains(&self, day: Date) -> bool {
        !self.begins_after(day) && !self.ended_before(day)
    }

    /// Whether the first day is still to come.
    pub fn begins_after(&self, day: Date) -> bool {
        self.from.is_some_and(|from| day < from)
    }

    /// Whether the last day is over.
    pub fn ended_before(&self, day: Date) -> bool {
        self.until.is_some_and(|until| day > until)
    }

    /// Whether a day belongs to both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let starts_in_time = |a: &Self, b: &Self| match (a.from, b.until) {
            (Some(from), Some(until)) => from <= until,
            _ => true,
        };
        starts_in_time(self, other) && starts_in_time(other, self)
    }
}

/// A stretch of time, in Viet Nam's date and hour; the end is the first moment after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first moment.
    pub from: DateTime,
    /// The first moment after.
    pub until: DateTime,
}

impl Stretch {
    /// Whether `at` lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        let now = local(at);
        self.from <= now && now < self.until
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn dates(from: Option<Date>, until: Option<Date>) -> Dates {
        Dates { from, until }
    }

    #[test]
    fn midnight_is_viet_nams() {
        let last_second: Timestamp = "2026-12-31T16:59:59Z".parse().unwrap();
        let next: Timestamp = "2026-12-31T17:00:00Z".parse().unwrap();
        assert_eq!(local(last_second).date(), date(2026, 12, 31));
        assert_eq!(local(next).date(), date(2027, 1, 1));
        assert_eq!(instant(local(next)), Some(next));
    }

    #[test]
    fn both_ends_are_included() {
        let year = dates(Some(date(2026, 1, 1)), Some(date(2026, 12, 31)));
        assert!(year.contains(date(2026, 1, 1)) && year.contains(date(2026, 12, 31)));
        assert!(year.begins_after(date(2025, 12, 31)) && year.ended_before(date(2027, 1, 1)));
        assert!(Dates::default().contains(date(1900, 1, 1)));
    }

    #[test]
    fn ranges_overlap_when_they_share_a_day() {
        let first = dates(Some(date(2026, 1, 1)), Some(date(2026, 6, 30)));
        let touching = dates(Some(date(2026, 6, 30)), None);
        let after = dates(Some(date(2026, 7, 1)), None);
        assert!(first.overlaps(&touching) && touching.overlaps(&first));
        assert!(!first.overlaps(&after) && !after.overlaps(&first));
        assert!(Dates::default().overlaps(&after));
    }

    #[test]
    fn a_stretch_ends_before_its_end() {
        let night =
            Stretch { from: date(2026, 12, 1).at(22, 0, 0, 0), until: date(2026, 12, 2).at(2, 0, 0, 0) };
        assert!(night.contains("2026-12-01T15:00:00Z".parse().unwrap()));
        assert!(night.contains("2026-12-01T18:59:59Z".parse().unwrap()));
        assert!(!night.contains("2026-12-01T19:00:00Z".parse().unwrap()));
        assert!(!night.contains("2026-12-01T14:59:59Z".parse().unwrap()));
    }
}
