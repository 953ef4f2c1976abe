//! Records that surely conform, told without the library.
//!
//! Nearly every record conforms, and the library asks each of its fields about each keyword by a call
//! of its own: half the cost of translating a collection. [`Quick`] walks a record once, in the order of
//! the schema, and says either "surely valid" or nothing. It never says "invalid": what it does not
//! accept, for whatever reason, goes to the library, which alone refuses and explains. So a rule has one
//! author of verdicts; a keyword that is not known here costs speed where it stands and nothing else,
//! and the tests hold that whatever is accepted here the library accepts too.
//!
//! Rules of our own keywords and formats are the very ones that the library calls.

use serde_json::{Map, Value};

use super::{
    formats,
    keywords::{self, Rule},
    matcher::Matcher,
    order::Order,
    tree,
};
use crate::{CodeLists, Document, Record, schema::ORDER};

/// Keywords that say nothing of a value.
const ANNOTATIONS: &[&str] =
    &["$schema", "$id", "$comment", "title", "description", "x-title", "x-classification", "xml"];

/// Fields of one record: a bit for each, so that what was seen is one number.
const MOST_FIELDS: usize = 128;

/// What is surely valid of one schema.
pub(super) enum Quick {
    Text(Text),
    Number {
        integer: bool,
        rules: Vec<Box<dyn Rule>>,
    },
    Boolean,
    List {
        least: usize,
        most: usize,
        distinct: bool,
        item: Box<Quick>,
    },
    Record(Fields),
    Nullable(Box<Quick>),
    /// Nothing is sure: the schema has a keyword that is not known here.
    Unsure,
}

/// The rules of a text.
pub(super) struct Text {
    /// In characters.
    least: usize,
    most: usize,
    options: Option<Vec<Box<str>>>,
    pattern: Option<Matcher>,
    format: Option<fn(&str) -> bool>,
    rules: Vec<Box<dyn Rule>>,
}

/// The rules of a record.
pub(super) struct Fields {
    /// In the schema's order, which is the order that most records have.
    fields: Vec<(Box<str>, Quick)>,
    /// The fields that must be there, by their bits.
    required: u128,
    conditions: Vec<Condition>,
    order: Option<Order>,
}

/// A rule between fields. It is exact both ways, since it may be negated.
enum Condition {
    /// All these fields are there.
    Has(u128),
    /// The field, if it is there, is among these values, or it is not.
    Among {
        bit: u128,
        name: Box<str>,
        options: Vec<Value>,
        is: bool,
    },
    /// The field, if it is there and a text, has this pattern, or it has not.
    Matches {
        name: Box<str>,
        pattern: Matcher,
        is: bool,
    },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    One(Vec<Condition>),
    Not(Box<Condition>),
    Choice {
        when: Box<Condition>,
        then: Box<Condition>,
        otherwise: Box<Condition>,
    },
}

impl Quick {
    /// What can be told of `schema`, whose references are written out.
    pub(super) fn of(schema: &Value, code_lists: &CodeLists) -> Self {
        Self::known(schema, code_lists).unwrap_or(Self::Unsure)
    }

    /// Whether `value` surely conforms.
    pub(super) fn accepts(&self, value: &Document<'_>) -> bool {
        match (self, value) {
            (Self::Text(rules), Document::Text(text)) => rules.accept(text, value),
            (Self::Number { integer, rules }, Document::Number(number)) => {
                (!integer || number.is_integer()) && rules.iter().all(|rule| rule.holds(value))
            }
            (Self::Boolean, Document::Bool(_)) | (Self::Nullable(_), Document::Null) => true,
            (Self::List { least, most, distinct, item }, Document::List(items)) => {
                (*least..=*most).contains(&items.len())
                    && items.iter().all(|value| item.accepts(value))
                    && (!distinct || tree::are_distinct(items))
            }
            (Self::Record(fields), Document::Record(record)) => fields.accept(record),
            (Self::Nullable(rules), value) => rules.accepts(value),
            _ => false,
        }
    }

    fn known(schema: &Value, code_lists: &CodeLists) -> Option<Self> {
        let said: Map<String, Value> = schema
            .as_object()?
            .iter()
            .filter(|(keyword, _)| !ANNOTATIONS.contains(&keyword.as_str()))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        match said.get("type")? {
            Value::String(name) => Self::of_type(name, &said, code_lists),
            Value::Array(names) => {
                let [Value::String(name), Value::String(null)] = names.as_slice() else { return None };
                // A null would have to be among the texts of `enum` and `const`.
                let listed = said.contains_key("enum") || said.contains_key("const");
                (null == "null" && !listed)
                    .then(|| Self::of_type(name, &said, code_lists))
                    .flatten()
                    .map(|rules| Self::Nullable(Box::new(rules)))
            }
            _ => None,
        }
    }

    fn of_type(name: &str, said: &Map<String, Value>, code_lists: &CodeLists) -> Option<Self> {
        let has_only = |known: &[&str]| said.keys().all(|keyword| known.contains(&keyword.as_str()));
        match name {
            "string" => Text::of(said, code_lists).map(Self::Text),
            "integer" | "number" => Some(Self::Number {
                integer: name == "integer",
                rules: said
                    .iter()
                    .filter(|(keyword, _)| *keyword != "type")
                    .map(|(keyword, value)| {
                        let numeric = keywords::NUMERIC.contains(&keyword.as_str());
                        if numeric { keywords::rule(keyword, value, code_lists) } else { None }
                    })
                    .collect::<Option<_>>()?,
            }),
            "boolean" => has_only(&["type"]).then_some(Self::Boolean),
            "array" => has_only(&["type", "items", "minItems", "maxItems", "uniqueItems"])
                .then(|| {
                    Some(Self::List {
                        least: count(said, "minItems", 0)?,
                        most: count(said, "maxItems", usize::MAX)?,
                        distinct: said.get("uniqueItems").is_some_and(|unique| unique != &Value::Bool(false)),
                        item: Box::new(Self::of(said.get("items")?, code_lists)),
                    })
                })
                .flatten(),
            "object" => Fields::of(said, code_lists).map(Self::Record),
            _ => None,
        }
    }
}

impl Text {
    fn of(said: &Map<String, Value>, code_lists: &CodeLists) -> Option<Self> {
        let mut text = Self {
            least: count(said, "minLength", 0)?,
            most: count(said, "maxLength", usize::MAX)?,
            options: None,
            pattern: None,
            format: None,
            rules: Vec::new(),
        };
        for (keyword, value) in said {
            match keyword.as_str() {
                "type" | "minLength" | "maxLength" => {}
                "enum" if text.options.is_none() => text.options = Some(texts(value)?),
                "const" if text.options.is_none() => text.options = Some(vec![value.as_str()?.into()]),
                "pattern" => text.pattern = Some(Matcher::of(value.as_str()?)?),
                "format" => text.format = Some(formats::ours(value.as_str()?)?),
                "x-code-list" | "x-identifier" => {
                    text.rules.push(keywords::rule(keyword, value, code_lists)?)
                }
                _ => return None,
            }
        }
        Some(text)
    }

    fn accept(&self, text: &str, value: &Document<'_>) -> bool {
        // A character has one byte at least and four at most: few texts need counting.
        let bytes = text.len();
        let sure = bytes <= self.most && bytes.div_ceil(4) >= self.least;
        (sure || (self.least..=self.most).contains(&text.chars().count()))
            && self.options.as_ref().is_none_or(|options| options.iter().any(|option| **option == *text))
            && self.format.is_none_or(|is_so| is_so(text))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
            && self.rules.iter().all(|rule| rule.holds(value))
    }
}

impl Fields {
    fn of(said: &Map<String, Value>, code_lists: &CodeLists) -> Option<Self> {
        if said.get("additionalProperties") != Some(&Value::Bool(false)) {
            return None;
        }
        let properties = said.get("properties")?.as_object()?;
        if properties.len() > MOST_FIELDS {
            return None;
        }
        let bits = |name: &str| Some(1 << properties.keys().position(|known| known == name)?);
        let required = match said.get("required") {
            Some(names) => all_bits(names, &bits)?,
            None => 0,
        };
        let rules = Map::from_iter(
            said.iter()
                .filter(|(keyword, _)| {
                    !["type", "properties", "required", "additionalProperties", ORDER]
                        .contains(&keyword.as_str())
                })
                .map(|(keyword, rule)| (keyword.clone(), rule.clone())),
        );
        Some(Self {
            fields: properties
                .iter()
                .map(|(name, rules)| (name.as_str().into(), Quick::of(rules, code_lists)))
                .collect(),
            required,
            conditions: conditions(&rules, &bits)?,
            order: match said.get(ORDER) {
                Some(rows) => Some(Order::of(rows)?),
                None => None,
            },
        })
    }

    /// The field called `name`: most records are in the schema's order, so it is the one at `next` or soon
    /// after.
    fn find(&self, name: &str, next: usize) -> Option<(usize, &Quick)> {
        match self.fields.get(next) {
            Some((known, rules)) if **known == *name => return Some((next, rules)),
            _ => {}
        }
        let is_meant = |(_, (known, _)): &(usize, &(Box<str>, Quick))| **known == *name;
        let fields = || self.fields.iter().enumerate();
        let found = fields().skip(next).find(is_meant).or_else(|| fields().take(next).find(is_meant));
        found.map(|(position, (_, rules))| (position, rules))
    }

    fn accept(&self, record: &Record<'_>) -> bool {
        let mut seen = 0_u128;
        let mut next = 0;
        for (name, value) in record.iter() {
            let Some((position, rules)) = self.find(name, next) else { return false };
            let bit = 1 << position;
            if seen & bit != 0 || !rules.accepts(value) {
                return false;
            }
            seen |= bit;
            next = position + 1;
        }
        self.required & !seen == 0
            && self.conditions.iter().all(|condition| condition.holds(seen, record))
            && self.order.as_ref().is_none_or(|order| order.broken(record).next().is_none())
    }
}

impl Condition {
    /// Whether it holds of `record`, in which the fields `seen` are.
    fn holds(&self, seen: u128, record: &Record<'_>) -> bool {
        match self {
            Self::Has(bits) => bits & !seen == 0,
            Self::Among { bit, name, options, is } => {
                let among = |value: &Document<'_>| options.iter().any(|option| tree::equal(value, option));
                seen & bit == 0 || record.get(name).is_some_and(|value| among(value) == *is)
            }
            Self::Matches { name, pattern, is } => record
                .get(name)
                .is_none_or(|value| value.as_text().is_none_or(|text| pattern.is_match(text)) == *is),
            Self::All(all) => all.iter().all(|one| one.holds(seen, record)),
            Self::Any(any) => any.iter().any(|one| one.holds(seen, record)),
            Self::One(of) => of.iter().filter(|one| one.holds(seen, record)).count() == 1,
            Self::Not(not) => !not.holds(seen, record),
            Self::Choice { when, then, otherwise } => {
                if when.holds(seen, record) {
                    then.holds(seen, record)
                } else {
                    otherwise.holds(seen, record)
                }
            }
        }
    }

    fn of(schema: &Value, bits: &dyn Fn(&str) -> Option<u128>) -> Option<Self> {
        Some(Self::All(conditions(schema.as_object()?, bits)?))
    }

    /// What a rule asks of the field `name`.
    fn of_field(name: &str, schema: &Value, bits: &dyn Fn(&str) -> Option<u128>) -> Option<Self> {
        let mut said = schema.as_object()?;
        let mut is = true;
        while let (1, Some(Value::Object(negated))) = (said.len(), said.get("not")) {
            (said, is) = (negated, !is);
        }
        if let (1, Some(written)) = (said.len(), said.get("pattern")) {
            return Some(Self::Matches { name: name.into(), pattern: Matcher::of(written.as_str()?)?, is });
        }
        let options = match (said.len(), said.get("const"), said.get("enum")) {
            (1, Some(value), None) => vec![value.clone()],
            (1, None, Some(options)) => options.as_array()?.clone(),
            _ => return None,
        };
        Some(Self::Among { bit: bits(name)?, name: name.into(), options, is })
    }
}

/// The rules between fields that `said` states, all of them; `bits` tells a field's.
fn conditions(said: &Map<String, Value>, bits: &dyn Fn(&str) -> Option<u128>) -> Option<Vec<Condition>> {
    let branches = |value: &Value| -> Option<Vec<Condition>> {
        value.as_array()?.iter().map(|branch| Condition::of(branch, bits)).collect()
    };
    let branch = |keyword: &str| match said.get(keyword) {
        Some(schema) => Condition::of(schema, bits).map(Box::new),
        None => Some(Box::new(Condition::All(Vec::new()))),
    };
    let mut found = Vec::new();
    for (keyword, value) in said {
        found.push(match keyword.as_str() {
            "required" => Condition::Has(all_bits(value, bits)?),
            "properties" => {
                let fields = value.as_object()?.iter();
                Condition::All(
                    fields
                        .map(|(name, rule)| Condition::of_field(name, rule, bits))
                        .collect::<Option<_>>()?,
                )
            }
            "allOf" => Condition::All(branches(value)?),
            "anyOf" => Condition::Any(branches(value)?),
            "oneOf" => Condition::One(branches(value)?),
            "not" => Condition::Not(Box::new(Condition::of(value, bits)?)),
            "if" => Condition::Choice {
                when: Box::new(Condition::of(value, bits)?),
                then: branch("then")?,
                otherwise: branch("else")?,
            },
            // Told by their `if`; without one they say nothing.
            "then" | "else" => continue,
            "dependentRequired" => {
                let needs = value.as_object()?.iter().map(|(name, needed)| {
                    let absent = Condition::Not(Box::new(Condition::Has(bits(name)?)));
                    Some(Condition::Any(vec![absent, Condition::Has(all_bits(needed, bits)?)]))
                });
                Condition::All(needs.collect::<Option<_>>()?)
            }
            _ => return None,
        });
    }
    Some(found)
}

/// The bits of all fields in a list of names.
fn all_bits(names: &Value, bits: &dyn Fn(&str) -> Option<u128>) -> Option<u128> {
    names.as_array()?.iter().try_fold(0, |all, name| Some(all | bits(name.as_str()?)?))
}

/// A count that `said` states, or `default`.
fn count(said: &Map<String, Value>, keyword: &str, default: usize) -> Option<usize> {
    said.get(keyword).map_or(Some(default), |count| usize::try_from(count.as_u64()?).ok())
}

fn texts(options: &Value) -> Option<Vec<Box<str>>> {
    options.as_array()?.iter().map(|option| option.as_str().map(Box::from)).collect()
}

#[cfg(test)]
mod tests;
