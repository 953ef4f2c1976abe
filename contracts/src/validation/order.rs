//! `x-order`: fields of one record whose values may not go back.
//!
//! JSON Schema compares a value with the schema and never with another value, so an end before its
//! start passes it. `"x-order": [["NgayNopDon", "NgayCap"]]` at a record names rows of its fields: days,
//! times or numbers, each of which may not come before the ones that stand before it in its row. What
//! is absent or null is passed over, and so is what is no day: that is another rule's to refuse.

use std::cmp::Ordering;

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use crate::{Document, Record};

/// The rows of one record.
pub(crate) struct Order(Vec<Vec<String>>);

impl Order {
    /// The value of the keyword.
    pub(crate) fn of(written: &Value) -> Option<Self> {
        let row = |row: &Value| -> Option<Vec<String>> {
            row.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
        };
        Some(Self(written.as_array()?.iter().map(row).collect::<Option<_>>()?))
    }

    /// Exchanges values until the rows are in order, or often enough to give up.
    pub(crate) fn arrange(&self, record: &mut Record<'_>) {
        for _ in 0..MOST_EXCHANGES {
            let broken = self.broken(record).next().map(|(one, two)| (one.to_owned(), two.to_owned()));
            let Some((first, second)) = broken else { return };
            let (earlier, later) = (record.get(&first).cloned(), record.get(&second).cloned());
            for (name, value) in [(first, later), (second, earlier)] {
                if let (Some(held), Some(value)) = (record.get_mut(&name), value) {
                    *held = value;
                }
            }
        }
    }

    /// The names of neighbours of which the second comes before the first.
    pub(super) fn broken<'o>(&'o self, record: &'o Record<'o>) -> impl Iterator<Item = (&'o str, &'o str)> {
        self.0.iter().flat_map(move |row| {
            let mut before: Option<(&str, &Document<'_>)> = None;
            row.iter().filter_map(move |name| {
                let value = record.get(name).filter(|value| !matches!(value, Document::Null))?;
                let (first, earlier) = before.replace((name, value))?;
                (compared(earlier, value) == Some(Ordering::Greater)).then_some((first, name.as_str()))
            })
        })
    }
}

/// How two days, two times or two numbers stand to each other; nothing where they are surely in order or
/// cannot be compared.
fn compared(one: &Document<'_>, two: &Document<'_>) -> Option<Ordering> {
    if let (Some(one), Some(two)) = (one.as_number(), two.as_number()) {
        return Some(one.compare(two));
    }
    let (one, two) = (one.as_text()?, two.as_text()?);
    if one.len() != DAY || two.len() != DAY {
        return Some(one.parse::<Timestamp>().ok()?.cmp(&two.parse::<Timestamp>().ok()?));
    }
    // Days as written sort as days; only two that look out of order are worth reading.
    if one <= two {
        return None;
    }
    Some(one.parse::<Date>().ok()?.cmp(&two.parse::<Date>().ok()?))
}

/// `2026-01-31`.
const DAY: usize = 10;

/// More than two rows of eight need.
const MOST_EXCHANGES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;

    fn text(value: &'static str) -> Document<'static> {
        Document::Text(value.into())
    }

    fn number(value: &'static str) -> Document<'static> {
        Document::Number(Number::new(value).unwrap())
    }

    fn broken(values: Vec<(&'static str, Document<'static>)>) -> Vec<(String, String)> {
        let order = Order::of(&serde_json::json!([["A", "B", "C"]])).unwrap();
        let mut record = Record::with_capacity(values.len());
        for (name, value) in values {
            record.push(name, value);
        }
        order.broken(&record).map(|(one, two)| (one.to_owned(), two.to_owned())).collect()
    }

    fn pair(one: &str, two: &str) -> Vec<(String, String)> {
        vec![(one.to_owned(), two.to_owned())]
    }

    #[test]
    fn the_same_day_is_in_order_and_the_day_before_is_not() {
        assert_eq!(broken(vec![("A", text("2026-02-28")), ("B", text("2026-02-28"))]), []);
        assert_eq!(broken(vec![("A", text("2026-03-01")), ("B", text("2026-02-28"))]), pair("A", "B"));
        assert_eq!(broken(vec![("B", text("2026-02-28")), ("A", text("2026-03-01"))]), pair("A", "B"));
    }

    #[test]
    fn what_is_absent_null_or_no_day_is_passed_over() {
        assert_eq!(broken(vec![("A", text("2026-03-01"))]), []);
        assert_eq!(broken(vec![("A", text("2026-03-01")), ("B", Document::Null)]), []);
        assert_eq!(broken(vec![("A", text("2026-03-01")), ("B", text("2025-02-30"))]), []);
        assert_eq!(broken(vec![("A", text("2026-03-01")), ("B", number("1"))]), []);
        let around = vec![("A", text("2026-03-01")), ("B", Document::Null), ("C", text("2025-01-01"))];
        assert_eq!(broken(around), pair("A", "C"), "the ones around what is null are held to each other");
    }

    #[test]
    fn values_out_of_order_are_exchanged_and_what_is_null_stays() {
        let order = Order::of(&serde_json::json!([["A", "B", "C"], ["C", "D"]])).unwrap();
        let mut record = Record::with_capacity(4);
        for (name, value) in
            [("A", number("3")), ("B", Document::Null), ("C", number("2")), ("D", number("1"))]
        {
            record.push(name, value);
        }
        order.arrange(&mut record);
        let left: Vec<_> =
            record.iter().map(|(_, value)| value.as_number().map(|n| n.as_str().to_owned())).collect();
        assert_eq!(left, [Some("1".to_owned()), None, Some("2".to_owned()), Some("3".to_owned())]);
    }

    #[test]
    fn times_are_compared_as_moments_and_numbers_as_written() {
        let morning = text("2026-01-01T08:00:00+07:00");
        assert_eq!(broken(vec![("A", morning.clone()), ("B", text("2026-01-01T01:00:00Z"))]), []);
        assert_eq!(broken(vec![("A", morning), ("B", text("2026-01-01T00:59:59Z"))]), pair("A", "B"));
        assert_eq!(broken(vec![("A", number("9")), ("B", number("10"))]), []);
        assert_eq!(broken(vec![("A", number("10")), ("B", number("9.99"))]), pair("A", "B"));
    }
}
