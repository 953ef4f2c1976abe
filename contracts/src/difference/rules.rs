//! Rules between fields. A record conforms when all of them hold, so they are compared as a set: one
//! more narrows the contract, one less widens it, and one that is written otherwise is one less and
//! one more.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Aspect, Comparison, Direction, members};
use crate::{
    FieldPath,
    schema::{ORDER, RULES},
};

/// The parts of a rule that has `if`; told with it.
const BRANCHES: [&str; 3] = ["if", "then", "else"];

/// Keywords whose items may stand in any order.
const UNORDERED: [&str; 5] = ["allOf", "anyOf", "oneOf", "required", "enum"];

/// Whether `keyword` is, or belongs to, a rule between fields.
pub(super) fn is_rule(keyword: &str) -> bool {
    BRANCHES.contains(&keyword) || RULES.contains(&keyword) || keyword == ORDER
}

/// Whether a rule of `schema` compares the values of field `name` as wholes.
pub(super) fn compare_wholes(schema: &Value, name: &str) -> bool {
    let rules = of(schema);
    let name = format!("\"{name}\"");
    rules.iter().any(|rule| {
        rule.contains(&name)
            && ["\"uniqueItems\"", "\"enum\"", "\"const\""].iter().any(|keyword| rule.contains(keyword))
    })
}

impl Comparison<'_> {
    pub(super) fn rules(&mut self, path: Option<&FieldPath>, old: &Value, new: &Value) {
        let (was, is) = (of(old), of(new));
        for gone in was.difference(&is) {
            self.push(path, Aspect::Rule, Direction::Widened, Some(gone.clone()), None);
        }
        for added in is.difference(&was) {
            self.push(path, Aspect::Rule, Direction::Narrowed, None, Some(added.clone()));
        }
    }
}

/// Every rule of a record, in a form that does not depend on how it is laid out.
fn of(schema: &Value) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    for (keyword, value) in members(schema) {
        match (keyword, value) {
            ("allOf", Value::Array(branches)) => {
                rules.extend(branches.iter().map(|branch| canonical(branch).to_string()));
            }
            ("dependentRequired", Value::Object(needs)) => {
                let each = needs.iter().flat_map(|(name, needed)| {
                    needed.as_array().into_iter().flatten().map(move |needed| (name, needed))
                });
                rules.extend(
                    each.map(|(name, needed)| json!({ "dependentRequired": { name: [needed] } }).to_string()),
                );
            }
            // Of three in a row, each two are in order, the third absent or not.
            (ORDER, Value::Array(rows)) => {
                for row in rows.iter().filter_map(Value::as_array) {
                    let pairs = row.iter().enumerate().flat_map(|(position, first)| {
                        row.iter().skip(position + 1).map(move |second| (first, second))
                    });
                    rules
                        .extend(pairs.map(|(first, second)| json!({ ORDER: [[first, second]] }).to_string()));
                }
            }
            ("anyOf" | "oneOf" | "not", value) => {
                rules.insert(canonical(&json!({ keyword: value })).to_string());
            }
            ("if", condition) => {
                let mut rule = Map::new();
                rule.insert("if".to_owned(), condition.clone());
                for branch in ["then", "else"] {
                    rule.extend(schema.get(branch).map(|value| (branch.to_owned(), value.clone())));
                }
                rules.insert(canonical(&Value::Object(rule)).to_string());
            }
            _ => {}
        }
    }
    rules
}

/// The same rule with members and unordered lists sorted.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members
                .iter()
                .map(|(keyword, value)| {
                    let mut value = canonical(value);
                    if let (true, Value::Array(items)) = (UNORDERED.contains(&keyword.as_str()), &mut value) {
                        items.sort_by_key(ToString::to_string);
                    }
                    (keyword.clone(), value)
                })
                .collect();
            sorted.sort_by(|(one, _), (two, _)| one.cmp(two));
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}
