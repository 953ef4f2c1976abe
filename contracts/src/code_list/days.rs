//! When a record was made, as far as it tells.

use jiff::{Timestamp, civil::Date, tz::Offset};

/// The days a record tells of: one day, or all of a year when it tells no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    from: Date,
    until: Date,
}

/// Viet Nam's time, without daylight saving: the day of a moment is the day there.
const VIET_NAM: Offset = Offset::constant(7);

impl Days {
    /// One day.
    pub fn of(day: Date) -> Self {
        Self { from: day, until: day }
    }

    /// What `text` tells: a day (`2026-01-31`), the day in Viet Nam of a moment with its offset
    /// (`2026-01-31T23:30:00Z` is the 1st of February), or a year (`2026`). Nothing when it is none of
    /// these; whether it should be is the field's own rule.
    pub fn told_by(text: &str) -> Option<Self> {
        match text.len() {
            4 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                let year = text.parse().ok()?;
                Some(Self { from: Date::new(year, 1, 1).ok()?, until: Date::new(year, 12, 31).ok()? })
            }
            10 => Some(Self::of(text.parse().ok()?)),
            _ => {
                let moment: Timestamp = text.parse().ok()?;
                Some(Self::of(VIET_NAM.to_datetime(moment).date()))
            }
        }
    }

    /// The first day.
    pub fn from(self) -> Date {
        self.from
    }

    /// The last day.
    pub fn until(self) -> Date {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_a_moment_and_a_year_tell_days() {
        let told = |text| Days::told_by(text).map(|days| (days.from(), days.until()));
        let one = |day| Some((day, day));
        assert_eq!(told("2025-06-30"), one(date(2025, 6, 30)));
        assert_eq!(told("2025-06-30T16:59:59Z"), one(date(2025, 6, 30)));
        assert_eq!(told("2025-06-30T17:00:00Z"), one(date(2025, 7, 1)), "midnight in Viet Nam");
        assert_eq!(told("2025-07-01T00:30:00+07:00"), one(date(2025, 7, 1)));
        assert_eq!(told("2025"), Some((date(2025, 1, 1), date(2025, 12, 31))));
        for text in ["", "25", "2025-02-30", "30/06/2025", "2025-06-30T10:00:00", "nay", "+025", "năm"] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_tells_days_or_nothing(text in "\\PC{0,32}") {
            if let Some(days) = Days::told_by(&text) {
                prop_assert!(days.from() <= days.until());
            }
        }
    }
}
