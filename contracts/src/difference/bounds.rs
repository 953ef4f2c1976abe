//! Lower and upper bounds of lengths, counts and numbers.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Aspect, Comparison, Direction};
use crate::{FieldPath, Number};

/// A bound on one side of a line.
struct Bound {
    at: Number<'static>,
    /// Whether the bound itself is outside.
    exclusive: bool,
}

/// The keywords of one end: the inclusive one, and the exclusive one where there is one.
struct End {
    keyword: &'static str,
    exclusive: Option<&'static str>,
    lower: bool,
}

const ENDS: [(Aspect, End); 6] = [
    (Aspect::Length, End { keyword: "minLength", exclusive: None, lower: true }),
    (Aspect::Length, End { keyword: "maxLength", exclusive: None, lower: false }),
    (Aspect::Items, End { keyword: "minItems", exclusive: None, lower: true }),
    (Aspect::Items, End { keyword: "maxItems", exclusive: None, lower: false }),
    (Aspect::Range, End { keyword: "minimum", exclusive: Some("exclusiveMinimum"), lower: true }),
    (Aspect::Range, End { keyword: "maximum", exclusive: Some("exclusiveMaximum"), lower: false }),
];

/// Whether `keyword` is compared here.
pub(super) fn is_bound(keyword: &str) -> bool {
    ENDS.iter().any(|(_, end)| end.keyword == keyword || end.exclusive == Some(keyword))
}

impl Comparison<'_> {
    pub(super) fn bounds(&mut self, path: Option<&FieldPath>, old: &Value, new: &Value) {
        for (aspect, end) in &ENDS {
            let (was, is) = (end.bound(old), end.bound(new));
            let direction = match (&was, &is) {
                (None, None) => continue,
                (None, Some(_)) => Direction::Narrowed,
                (Some(_), None) => Direction::Widened,
                (Some(was), Some(is)) => match end.tightness(was, is) {
                    Ordering::Equal => continue,
                    Ordering::Less => Direction::Narrowed,
                    Ordering::Greater => Direction::Widened,
                },
            };
            let shown = |bound: Option<Bound>| bound.map(|bound| end.show(&bound));
            self.push(path, *aspect, direction, shown(was), shown(is));
        }
    }
}

impl End {
    /// The tighter of the two keywords' bounds; nothing where the bound bounds nothing.
    fn bound(&self, schema: &Value) -> Option<Bound> {
        let number = |keyword: &str| Number::new(schema.get(keyword)?.to_string());
        let inclusive = number(self.keyword).map(|at| Bound { at, exclusive: false });
        let exclusive = self.exclusive.and_then(number).map(|at| Bound { at, exclusive: true });
        let bound = match (inclusive, exclusive) {
            (Some(one), Some(two)) => {
                Some(if self.tightness(&one, &two) == Ordering::Less { two } else { one })
            }
            (one, two) => one.or(two),
        };
        // No text is shorter than nothing.
        let counts = self.exclusive.is_none() && self.lower;
        bound.filter(|bound| !(counts && bound.at.as_str() == "0"))
    }

    /// `Greater` when `one` leaves less than `two`.
    fn tightness(&self, one: &Bound, two: &Bound) -> Ordering {
        let order = one.at.compare(&two.at);
        let order = if self.lower { order } else { order.reverse() };
        order.then(one.exclusive.cmp(&two.exclusive))
    }

    fn show(&self, bound: &Bound) -> String {
        let keyword = self.exclusive.filter(|_| bound.exclusive).unwrap_or(self.keyword);
        format!("{keyword} {}", bound.at.as_str())
    }
}
