//! Digits: numbers as XML Schema writes them, how many digits they have, and what our own schemas say about
//! digits by patterns.

use std::cmp::Ordering;

use contracts::Number;
use serde_json::{Map, Value};

use super::{At, Reader, said};

impl Reader<'_, '_> {
    /// How many digits a number has, as bounds and a step; `whole` numbers have no fraction.
    pub(super) fn digits(
        &mut self,
        whole: bool,
        total: Option<(u32, At)>,
        fraction: Option<u32>,
        step: Option<usize>,
        schema: &mut Map<String, Value>,
    ) -> Option<()> {
        let put = |schema: &mut Map<String, Value>, keyword: &str, text: &str| {
            if let Some(value) = number(text) {
                schema.insert(keyword.to_owned(), value);
            }
        };
        if let Some(zeros) = step {
            put(schema, "multipleOf", &format!("1{}", "0".repeat(zeros)));
        }
        if let Some(digits) = fraction.filter(|_| !whole) {
            put(schema, "multipleOf", &small(digits));
        }
        let Some((total, place)) = total else { return Some(()) };
        let fraction = match (whole, fraction) {
            (true, _) => 0,
            (false, Some(fraction)) if fraction <= total => fraction,
            (false, _) => {
                self.fault(place, &said::TOTAL_DIGITS, "");
                return None;
            }
        };
        if fraction > 0 {
            self.remark(place, &said::DECIMAL, "");
        }
        let nines = |count: u32| "9".repeat(usize::try_from(count).unwrap_or(0));
        let most = match (nines(total - fraction), nines(fraction)) {
            (whole, part) if part.is_empty() => whole,
            (whole, part) if whole.is_empty() => format!("0.{part}"),
            (whole, part) => format!("{whole}.{part}"),
        };
        // The tighter of this bound and one that is there already.
        let mut narrow = |keyword: &str, bound: &str, tighter: Ordering| {
            let known = schema.get(keyword).and_then(Value::as_number).map(ToString::to_string);
            let known = known.and_then(Number::new);
            let is_tighter = match (known, Number::new(bound.to_owned())) {
                (Some(known), Some(bound)) => bound.compare(&known) == tighter,
                _ => true,
            };
            if is_tighter {
                put(schema, keyword, bound);
            }
        };
        narrow("minimum", &format!("-{most}"), Ordering::Greater);
        narrow("maximum", &most, Ordering::Less);
        Some(())
    }
}

/// More digits are no amount of anything.
pub(super) const MOST_DIGITS: u32 = 38;

/// A step of so many decimals: `0.01`.
fn small(digits: u32) -> String {
    match digits {
        0 => "1".to_owned(),
        digits => format!("0.{}1", "0".repeat(usize::try_from(digits - 1).unwrap_or(0))),
    }
}

/// A number of XML Schema as JSON has it: no sign of plus, no leading zeros, digits before the point.
pub(super) fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let written = if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") };
    written.parse::<serde_json::Number>().ok().map(Value::Number)
}

/// The lengths that our own schemas say by `.{2,9}`, where a type has none.
pub(super) fn lengths(pattern: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (least, most) = pattern.strip_prefix(".{")?.strip_suffix('}')?.split_once(',')?;
    let most = if most.is_empty() { None } else { Some(most.parse().ok()?) };
    Some((Some(least.parse().ok()?), most))
}

/// The zeros at a whole number's end that our own schemas ask for by a pattern.
pub(super) fn hundreds(pattern: &str) -> Option<usize> {
    pattern.strip_prefix(r"[\-+]?([0-9]*0{")?.strip_suffix("}|0+)")?.parse().ok().filter(|zeros| *zeros < 30)
}
