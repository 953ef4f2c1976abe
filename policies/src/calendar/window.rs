//! Hours of the week in which an agreement holds: `T2-T6 18:00-06:00`.
//!
//! Days are `T2` (Monday) to `T7` (Saturday) and `CN` (Sunday), as a range (`T7-T2` runs over the
//! week's end) or a list (`T2,T4,CN`). The window opens on each of those days at the first hour and
//! closes at the second; when the second is not later it closes on the following day, so the window
//! above lets the small hours of Saturday through and not those of Monday. The closing minute is the
//! first one outside. `24:00` is the end of the day.

use std::{fmt, str::FromStr};

use jiff::civil::DateTime;

const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;
const NAMES: [&str; 7] = ["T2", "T3", "T4", "T5", "T6", "T7", "CN"];

/// Hours of certain days of the week, in Viet Nam's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    written: String,
    /// Minutes of the week counted from Monday 00:00; the end may lie in the following week.
    stretches: Vec<(u16, u16)>,
}

impl Window {
    /// Whether `local`, a date and hour in Viet Nam, lies in the window.
    pub fn contains(&self, local: DateTime) -> bool {
        // A weekday counted from Monday is 0 to 6 and the product below 10,080: neither can overflow.
        let day = u16::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        let minute = day * DAY
            + u16::from(local.hour().unsigned_abs()) * 60
            + u16::from(local.minute().unsigned_abs());
        let inside =
            |minute: u16| self.stretches.iter().any(|(from, until)| (*from..*until).contains(&minute));
        inside(minute) || inside(minute + WEEK)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// The text is not a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a window such as `T2-T6 18:00-06:00`")]
pub struct NotAWindow;

impl FromStr for Window {
    type Err = NotAWindow;

    fn from_str(text: &str) -> Result<Self, NotAWindow> {
        let (days, hours) = text.trim().split_once(' ').ok_or(NotAWindow)?;
        let (opens, closes) = hours.trim().split_once('-').ok_or(NotAWindow)?;
        let (opens, closes) = (minutes(opens)?, minutes(closes)?);
        if opens == closes || opens == DAY {
            return Err(NotAWindow);
        }
        let length = if closes > opens { closes - opens } else { DAY - opens + closes };
        let stretches =
            weekdays(days)?.into_iter().map(|day| (day * DAY + opens, day * DAY + opens + length)).collect();
        Ok(Self { written: text.trim().to_owned(), stretches })
    }
}

fn weekdays(text: &str) -> Result<Vec<u16>, NotAWindow> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (weekday(first)?, weekday(last)?);
        loop {
            if days.contains(&day) {
                return Err(NotAWindow);
            }
            days.push(day);
            if day == last {
                break;
            }
            day = (day + 1) % 7;
        }
    }
    Ok(days)
}

fn weekday(text: &str) -> Result<u16, NotAWindow> {
    let day = NAMES.iter().position(|name| *name == text).ok_or(NotAWindow)?;
    u16::try_from(day).map_err(|_| NotAWindow)
}

/// `HH:MM` in minutes of the day; `24:00` is its end.
fn minutes(text: &str) -> Result<u16, NotAWindow> {
    let (hour, minute) = text.split_once(':').ok_or(NotAWindow)?;
    let number = |text: &str| {
        let two_digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        if two_digits { text.parse::<u16>().map_err(|_| NotAWindow) } else { Err(NotAWindow) }
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let total = hour * 60 + minute;
    if minute < 60 && total <= DAY { Ok(total) } else { Err(NotAWindow) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn within(window: &str, day: i8, hour: i8, minute: i8) -> bool {
        // 2026-11-02 is a Monday.
        window.parse::<Window>().unwrap().contains(date(2026, 11, 1 + day).at(hour, minute, 59, 0))
    }

    #[test]
    fn working_nights_run_into_the_next_morning() {
        let nights = "T2-T6 18:00-06:00";
        assert!(!within(nights, 1, 17, 59), "Monday before it opens");
        assert!(within(nights, 1, 18, 0), "Monday when it opens");
        assert!(within(nights, 2, 5, 59), "Tuesday, before it closes");
        assert!(!within(nights, 2, 6, 0), "Tuesday, when it closes");
        assert!(within(nights, 6, 5, 0), "Saturday's small hours belong to Friday");
        assert!(!within(nights, 6, 18, 0), "Saturday evening");
        assert!(!within(nights, 1, 5, 0), "Monday's small hours would belong to Sunday");
    }

    #[test]
    fn sunday_night_runs_into_monday() {
        assert!(within("CN 22:00-02:00", 1, 1, 0));
        assert!(within("CN 22:00-02:00", 7, 22, 0));
        assert!(!within("CN 22:00-02:00", 1, 2, 0));
    }

    #[test]
    fn days_can_be_listed_and_run_over_the_weeks_end() {
        assert!(within("T7-T2 08:00-17:00", 7, 9, 0) && within("T7-T2 08:00-17:00", 1, 9, 0));
        assert!(!within("T7-T2 08:00-17:00", 2, 9, 0));
        assert!(within("T2,T4,CN 00:00-24:00", 3, 23, 59) && !within("T2,T4,CN 00:00-24:00", 4, 0, 0));
    }

    #[test]
    fn anything_else_is_not_a_window() {
        for bad in [
            "",
            "T2",
            "T2-T6",
            "T8 08:00-09:00",
            "T2 8:00-9:00",
            "T2 08:00",
            "T2 08:00-08:00",
            "T2 24:00-06:00",
            "T2 08:60-09:00",
            "T2 08:00-25:00",
            "T2-T3-T4 08:00-09:00",
            "T2,T2 08:00-09:00",
            "Mon 08:00-09:00",
            "T2 +8:00-09:00",
        ] {
            assert_eq!(bad.parse::<Window>(), Err(NotAWindow), "{bad}");
        }
    }
}
