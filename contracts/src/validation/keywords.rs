//! Keywords of our own, and those whose built-in form would go through floating point.

use std::{cmp::Ordering, sync::Arc};

use jsonschema::{Keyword, ValidationError, paths::Location};
use serde_json::{Map, Value};

use super::{Options, order::Order, tree::Tree};
use crate::{CodeList, CodeLists, Document, Number, identifiers::IdentifierKind, schema};

/// The keywords that speak of numbers.
pub(super) const NUMERIC: &[&str] =
    &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/// Adds the keywords to `options`.
pub(super) fn register(options: Options, code_lists: &Arc<CodeLists>) -> Options {
    let ours = NUMERIC.iter().chain(&["x-identifier", "x-code-list", schema::ORDER]);
    ours.fold(options, |options, keyword| {
        let code_lists = Arc::clone(code_lists);
        options.with_keyword(*keyword, move |_: &Map<_, _>, value: &Value, _: Location| {
            match rule(keyword, value, &code_lists) {
                Some(rule) => Ok(Box::new(Ruled(rule)) as Box<dyn for<'i> Keyword<'i, Tree>>),
                None => Err(ValidationError::schema("not a value of this keyword")),
            }
        })
    })
}

/// The rule that `keyword` states with `value`; none when there is no such rule.
pub(super) fn rule(keyword: &str, value: &Value, code_lists: &CodeLists) -> Option<Box<dyn Rule>> {
    let test = match keyword {
        "minimum" => Test::AtLeast,
        "maximum" => Test::AtMost,
        "exclusiveMinimum" => Test::Above,
        "exclusiveMaximum" => Test::Below,
        "multipleOf" => Test::MultipleOf,
        "x-identifier" => return Some(Box::new(Identifier(value.as_str()?.parse().ok()?))),
        schema::ORDER => return Some(Box::new(Order::of(value)?)),
        "x-code-list" => {
            let list = code_lists.list(schema::Listed::of(value)?.name)?;
            return Some(Box::new(Listed(Arc::clone(list))));
        }
        _ => return None,
    };
    let limit = Number::new(value.to_string())?;
    let whole = limit.as_str().parse().ok();
    Some(Box::new(Numeric { limit, whole, test }))
}

/// How a number stands to the schema's.
#[derive(Clone, Copy)]
enum Test {
    AtLeast,
    AtMost,
    Above,
    Below,
    MultipleOf,
}

struct Numeric {
    limit: Number<'static>,
    /// The same, when it is written as a machine's integer: so are most numbers and most limits, and
    /// comparing those costs a tenth.
    whole: Option<i64>,
    test: Test,
}

struct Identifier(IdentifierKind);

/// A code of some edition; that it is the right one is for [`super::editions`] to see, which knows the
/// record's date.
struct Listed(Arc<CodeList>);

/// A rule on one value; values of another type are `type`'s to refuse.
pub(super) trait Rule: Send + Sync {
    /// Whether `value` keeps it.
    fn holds(&self, value: &Document<'_>) -> bool;
}

impl Rule for Numeric {
    fn holds(&self, value: &Document<'_>) -> bool {
        value.as_number().is_none_or(|number| {
            let order = || match (self.whole, number.as_str().parse::<i64>()) {
                (Some(limit), Ok(number)) => number.cmp(&limit),
                _ => number.compare(&self.limit),
            };
            match self.test {
                Test::AtLeast => order() != Ordering::Less,
                Test::AtMost => order() != Ordering::Greater,
                Test::Above => order() == Ordering::Greater,
                Test::Below => order() == Ordering::Less,
                Test::MultipleOf => number.is_multiple_of(&self.limit),
            }
        })
    }
}

impl Rule for Order {
    fn holds(&self, value: &Document<'_>) -> bool {
        value.as_record().is_none_or(|record| self.broken(record).next().is_none())
    }
}

impl Rule for Identifier {
    fn holds(&self, value: &Document<'_>) -> bool {
        value.as_text().is_none_or(|text| self.0.accepts(text))
    }
}

impl Rule for Listed {
    fn holds(&self, value: &Document<'_>) -> bool {
        value.as_text().is_none_or(|code| self.0.permits(code))
    }
}

/// A rule as the library takes it.
struct Ruled(Box<dyn Rule>);

impl<'i> Keyword<'i, Tree> for Ruled {
    fn validate(&self, value: &'i Document<'i>) -> Result<(), ValidationError<'i>> {
        // What it means is told from the schema by `report`; the error only says where.
        if self.0.holds(value) { Ok(()) } else { Err(ValidationError::custom("")) }
    }

    fn is_valid(&self, value: &'i Document<'i>) -> bool {
        self.0.holds(value)
    }
}
