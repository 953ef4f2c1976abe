//! A leaf's rules as facets.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{
    super::{Listed, markup::Markup},
    UnsaidRule,
};
use crate::{
    CodeLists, Form, Number,
    identifiers::IdentifierKind,
    pattern::Pattern,
    validation::{self, Xsd},
};

/// A facet and its value.
type Facet = (&'static str, String);

/// A simple type.
pub(super) struct Leaf<'v> {
    /// The type of XML Schema's own that it restricts.
    pub(super) base: &'static str,
    /// The code list whose type it restricts instead.
    pub(super) listed: Option<&'v str>,
    /// Facets other than patterns.
    facets: Vec<Facet>,
    /// Regular expressions, all of which hold. Patterns of one restriction are alternatives, so each
    /// has one of its own.
    patterns: Vec<String>,
    /// What is left unsaid.
    pub(super) unsaid: Vec<UnsaidRule>,
}

impl<'v> Leaf<'v> {
    /// The rules of `schema` on a value of `form`.
    pub(super) fn of(form: &Form, schema: &Map<String, Value>, lists: &'v CodeLists) -> Self {
        let mut leaf = Self {
            base: "xs:string",
            listed: None,
            facets: Vec::new(),
            patterns: Vec::new(),
            unsaid: Vec::new(),
        };
        match form {
            Form::Number { integer } => leaf.number(*integer, schema),
            Form::Boolean => leaf.boolean(schema),
            Form::Text | Form::Record(_) | Form::List(_) => leaf.text(schema, lists),
            // A type of its own, with elements in it.
            Form::Geometry(_) => leaf.unsaid.push(UnsaidRule::Geometry),
        }
        leaf
    }

    /// Whether the base type says it all.
    pub(super) fn is_plain(&self) -> bool {
        self.listed.is_none() && self.facets.is_empty() && self.patterns.is_empty()
    }

    fn text(&mut self, schema: &Map<String, Value>, lists: &'v CodeLists) {
        let values: Option<Vec<String>> = listed_values(schema)
            .map(|values| values.into_iter().filter_map(Value::as_str).map(str::to_owned).collect());
        let format = schema.get("format").and_then(Value::as_str).and_then(validation::format);
        if let Some(format) = format {
            match format.xsd {
                // Of types with values of their own, equal values can have different texts.
                Xsd::Type(base) if values.is_none() => {
                    self.base = base;
                    self.unsaid.push(UnsaidRule::Blanks);
                }
                Xsd::Type(_) | Xsd::Pattern => {}
                Xsd::Roughly => self.unsaid.push(UnsaidRule::Format),
            }
            self.patterns.extend(Pattern::parse(format.pattern).map(|pattern| pattern.xsd()));
        }
        let mut longest = schema.get("maxLength").and_then(Value::as_u64);
        if let Some(kind) = schema
            .get("x-identifier")
            .and_then(Value::as_str)
            .and_then(|name| name.parse::<IdentifierKind>().ok())
        {
            let written = kind.written();
            self.patterns.extend(Pattern::parse(written.pattern).map(|pattern| pattern.xsd()));
            let own = written.longest.and_then(|longest| u64::try_from(longest).ok());
            longest = longest.into_iter().chain(own).min();
            if !written.exact {
                self.unsaid.push(UnsaidRule::CheckDigit);
            }
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str).and_then(Pattern::parse) {
            self.patterns.push(pattern.xsd());
        }
        let listed = Listed::of(schema, lists).and_then(|listed| {
            let codes = listed.codes()?;
            Some((listed.list.name(), listed.dated, codes))
        });
        if let Some((name, dated, codes)) = listed {
            if dated {
                self.unsaid.push(UnsaidRule::CodeAtDate);
            }
            match &values {
                // A type's values are among those of the type it restricts.
                Some(values) => {
                    let both = values.iter().filter(|value| codes.iter().any(|(code, _)| code == value));
                    self.facets.extend(both.map(|value| ("xs:enumeration", value.clone())));
                }
                None => self.listed = Some(name),
            }
        } else {
            self.facets.extend(values.into_iter().flatten().map(|value| ("xs:enumeration", value)));
        }
        let least = schema.get("minLength").and_then(Value::as_u64).filter(|least| *least > 0);
        if self.base == "xs:string" {
            self.facets.extend(least.map(|least| ("xs:minLength", least.to_string())));
            self.facets.extend(longest.map(|longest| ("xs:maxLength", longest.to_string())));
        } else if self.base != "xs:date" || longest.is_some_and(|most| most < 10) || least > Some(10) {
            // Days and times have no length but that of their text. A day's is always 10.
            if least.is_some() || longest.is_some() {
                let least = least.unwrap_or(0);
                let most = longest.map(|most| most.to_string()).unwrap_or_default();
                self.patterns.push(format!(".{{{least},{most}}}"));
            }
        }
    }

    fn boolean(&mut self, schema: &Map<String, Value>) {
        self.base = "xs:boolean";
        if let Some(values) = listed_values(schema) {
            let forms = values.iter().filter_map(|value| value.as_bool());
            let forms: Vec<_> = forms.map(|value| if value { "true|1" } else { "false|0" }).collect();
            self.patterns.push(forms.join("|"));
        }
    }

    fn number(&mut self, integer: bool, schema: &Map<String, Value>) {
        self.base = if integer { "xs:integer" } else { "xs:decimal" };
        let bound = |keyword: &str| schema.get(keyword).and_then(number);
        let inner = |included: Option<Number<'static>>, excluded: Option<Number<'static>>, tighter| match (
            included, excluded,
        ) {
            (Some(one), Some(two)) if one.compare(&two) == tighter => Some((one, true)),
            (_, Some(two)) => Some((two, false)),
            (Some(one), None) => Some((one, true)),
            (None, None) => None,
        };
        let least = inner(bound("minimum"), bound("exclusiveMinimum"), Ordering::Greater);
        let most = inner(bound("maximum"), bound("exclusiveMaximum"), Ordering::Less);
        if let Some((limit, included)) = least {
            self.bound(integer, &limit, included, ["xs:minInclusive", "xs:minExclusive"]);
        }
        if let Some((limit, included)) = most {
            self.bound(integer, &limit, included, ["xs:maxInclusive", "xs:maxExclusive"]);
        }
        if let Some(step) = bound("multipleOf") {
            self.step(integer, &step);
        }
        for value in listed_values(schema).into_iter().flatten().filter_map(number) {
            if value.is_integer() {
                self.facets.push(("xs:enumeration", value.plain_integer().into_owned()));
            } else if !integer {
                self.facets.push(("xs:enumeration", value.plain().into_owned()));
            }
        }
    }

    fn bound(&mut self, integer: bool, limit: &Number<'_>, included: bool, facets: [&'static str; 2]) {
        let [inclusive, exclusive] = facets;
        let facet = if included { inclusive } else { exclusive };
        if limit.plain_length() > LONGEST_BOUND {
            self.unsaid.push(UnsaidRule::Step);
        } else if !integer {
            self.facets.push((facet, limit.plain().into_owned()));
        } else if limit.is_integer() {
            self.facets.push((facet, limit.plain_integer().into_owned()));
        } else {
            // Between two whole numbers, so whether it is included does not matter: the nearer one in.
            let plain = limit.plain();
            let toward_zero = plain.split_once('.').map_or(&*plain, |(whole, _)| whole);
            let whole: Option<i128> = toward_zero.parse().ok();
            let negative = plain.starts_with('-');
            let inward = match (inclusive == "xs:minInclusive", negative) {
                (true, false) => whole.map(|whole| whole + 1),
                (false, true) => whole.map(|whole| whole - 1),
                (true, true) | (false, false) => whole,
            };
            match inward {
                Some(limit) => self.facets.push((inclusive, limit.to_string())),
                None => self.unsaid.push(UnsaidRule::Step),
            }
        }
    }

    fn step(&mut self, integer: bool, step: &Number<'_>) {
        let plain = step.plain();
        let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
        let decimals = decimals.trim_end_matches('0');
        let zeros = whole.strip_prefix('1').filter(|zeros| zeros.bytes().all(|digit| digit == b'0'));
        match (whole, decimals, zeros) {
            ("1", "", _) if integer => {}
            (_, "", Some(zeros)) if integer => {
                self.patterns.push(format!(r"[\-+]?([0-9]*0{{{}}}|0+)", zeros.len()));
            }
            ("1", "", _) => self.facets.push(("xs:fractionDigits", "0".to_owned())),
            ("0", decimals, _) if decimals.trim_start_matches('0') == "1" => {
                if !integer {
                    self.facets.push(("xs:fractionDigits", decimals.len().to_string()));
                }
            }
            _ => self.unsaid.push(UnsaidRule::Step),
        }
    }

    /// The type, anonymous or as `attributes` say.
    pub(super) fn write(&self, markup: &mut Markup, attributes: &[(&str, &str)], base: &str) {
        self.write_with(markup, attributes, base, |_| ());
    }

    /// The type with what `annotate` says first.
    pub(super) fn write_with(
        &self,
        markup: &mut Markup,
        attributes: &[(&str, &str)],
        base: &str,
        annotate: impl FnOnce(&mut Markup),
    ) {
        // A pattern stands with the facets; each further one restricts what was restricted.
        let (last, inner) =
            self.patterns.split_last().map_or((None, &[][..]), |(last, inner)| (Some(last), inner));
        markup.element("xs:simpleType", attributes, |markup| {
            annotate(markup);
            match inner {
                [] => markup.element("xs:restriction", &[("base", base)], |markup| self.facets(markup, last)),
                inner => markup.element("xs:restriction", &[], |markup| {
                    patterned(markup, base, inner);
                    self.facets(markup, last);
                }),
            }
        });
    }

    fn facets(&self, markup: &mut Markup, pattern: Option<&String>) {
        if let Some(pattern) = pattern {
            markup.empty("xs:pattern", &[("value", pattern)]);
        }
        for (facet, value) in &self.facets {
            markup.empty(facet, &[("value", value)]);
        }
    }
}

/// No bound of a schema has more digits; beyond, nothing in XML Schema reads it either.
const LONGEST_BOUND: usize = 64;

fn patterned(markup: &mut Markup, base: &str, patterns: &[String]) {
    let Some((last, inner)) = patterns.split_last() else { return };
    let attributes = [("base", base)];
    let attributes = if inner.is_empty() { &attributes[..] } else { &[] };
    markup.element("xs:simpleType", &[], |markup| {
        markup.element("xs:restriction", attributes, |markup| {
            patterned(markup, base, inner);
            markup.empty("xs:pattern", &[("value", last)]);
        });
    });
}

/// The values of `enum` and `const`, when there are any: those that both list.
fn listed_values(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (schema.get("enum").and_then(Value::as_array), schema.get("const")) {
        (Some(values), Some(only)) => Some(values.iter().filter(|value| *value == only).collect()),
        (Some(values), None) => Some(values.iter().collect()),
        (None, Some(only)) => Some(vec![only]),
        (None, None) => None,
    }
}

fn number(value: &Value) -> Option<Number<'static>> {
    value.as_number().and_then(|number| Number::new(number.to_string()))
}
