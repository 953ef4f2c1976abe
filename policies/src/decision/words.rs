//! Pieces of sentences that several rules use.

use contracts::Bilingual;
use jiff::civil::{DateTime, Weekday};

use crate::calendar::Dates;

pub(super) fn text(vi: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual::new(vi, en)
}

/// A clause as a sentence of its own: with a capital and a full stop.
pub(super) fn sentence(clause: &Bilingual) -> Bilingual {
    let whole = |clause: &str| {
        let mut letters = clause.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{}.", letters.as_str())
    };
    text(whole(&clause.vi), whole(&clause.en))
}

/// Names in backticks; a dash for none.
pub(super) fn quoted<'t>(names: impl Iterator<Item = &'t str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

pub(super) fn days(dates: &Dates) -> Bilingual {
    match (dates.from, dates.until) {
        (Some(from), Some(until)) => {
            text(format!("từ {from} đến hết {until}"), format!("from {from} to {until}"))
        }
        (Some(from), None) => text(format!("từ {from}"), format!("from {from}")),
        (None, Some(until)) => text(format!("đến hết {until}"), format!("until {until}")),
        (None, None) => text("không thời hạn", "without end"),
    }
}

pub(super) fn weekday(local: DateTime) -> (&'static str, &'static str) {
    match local.weekday() {
        Weekday::Monday => ("T2", "Monday"),
        Weekday::Tuesday => ("T3", "Tuesday"),
        Weekday::Wednesday => ("T4", "Wednesday"),
        Weekday::Thursday => ("T5", "Thursday"),
        Weekday::Friday => ("T6", "Friday"),
        Weekday::Saturday => ("T7", "Saturday"),
        Weekday::Sunday => ("CN", "Sunday"),
    }
}
