//! Keywords of our own, and those whose built-in form would go through floating point.

use std::{cmp::Ordering, sync::Arc};

use jsonschema::{Keyword, ValidationError, paths::Location};
use serde_json::{Map, Value};

use super::{Options, tree::Tree};
use crate::{CodeList, CodeLists, Document, Number, identifiers::IdentifierKind, schema};

type Built<'a> = Result<Box<dyn for<'i> Keyword<'i, Tree>>, ValidationError<'a>>;

/// Adds the keywords to `options`.
pub(super) fn register(options: Options, code_lists: &Arc<CodeLists>) -> Options {
    let code_lists = Arc::clone(code_lists);
    options
        .with_keyword("minimum", |_: &Map<_, _>, limit: &Value, _: Location| numeric(limit, Test::AtLeast))
        .with_keyword("maximum", |_: &Map<_, _>, limit: &Value, _: Location| numeric(limit, Test::AtMost))
        .with_keyword("exclusiveMinimum", |_: &Map<_, _>, limit: &Value, _: Location| {
            numeric(limit, Test::Above)
        })
        .with_keyword("exclusiveMaximum", |_: &Map<_, _>, limit: &Value, _: Location| {
            numeric(limit, Test::Below)
        })
        .with_keyword("multipleOf", |_: &Map<_, _>, step: &Value, _: Location| {
            numeric(step, Test::MultipleOf)
        })
        .with_keyword("x-identifier", |_: &Map<_, _>, name: &Value, _: Location| identifier(name))
        .with_keyword("x-code-list", move |_: &Map<_, _>, name: &Value, _: Location| {
            listed(name, Arc::clone(&code_lists))
        })
}

fn numeric(limit: &Value, test: Test) -> Built<'static> {
    match Number::new(limit.to_string()) {
        Some(limit) => Ok(Box::new(Ruled(Numeric { limit, test }))),
        None => Err(ValidationError::schema("not a number")),
    }
}

fn identifier(name: &Value) -> Built<'static> {
    match name.as_str().and_then(|name| name.parse().ok()) {
        Some(kind) => Ok(Box::new(Ruled(Identifier(kind)))),
        None => Err(ValidationError::schema("not an identifier")),
    }
}

fn listed(name: &Value, code_lists: Arc<CodeLists>) -> Built<'static> {
    match schema::Listed::of(name).and_then(|listed| code_lists.list(listed.name)) {
        Some(list) => Ok(Box::new(Ruled(Listed(Arc::clone(list))))),
        None => Err(ValidationError::schema("not a code list")),
    }
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
    test: Test,
}

struct Identifier(IdentifierKind);

/// A code of some edition; that it is the right one is for [`super::editions`] to see, which knows the
/// record's date.
struct Listed(Arc<CodeList>);

/// A rule on one value; values of another type are `type`'s to refuse.
trait Rule: Send + Sync {
    fn holds(&self, value: &Document<'_>) -> bool;
}

impl Rule for Numeric {
    fn holds(&self, value: &Document<'_>) -> bool {
        value.as_number().is_none_or(|number| {
            let order = || number.compare(&self.limit);
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
struct Ruled<R>(R);

impl<'i, R: Rule> Keyword<'i, Tree> for Ruled<R> {
    fn validate(&self, value: &'i Document<'i>) -> Result<(), ValidationError<'i>> {
        // What it means is told from the schema by `report`; the error only says where.
        if self.0.holds(value) { Ok(()) } else { Err(ValidationError::custom("")) }
    }

    fn is_valid(&self, value: &'i Document<'i>) -> bool {
        self.0.holds(value)
    }
}
