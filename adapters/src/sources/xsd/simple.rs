//! Simple types: what a chain of restrictions says of a text, as the keywords of a leaf.

use contracts::draft;
use serde_json::{Map, Value, json};

use super::{
    At, Reader,
    digits::{MOST_DIGITS, hundreds, lengths, number},
    elements, pattern, place, said,
};

/// A simple type on its way through its restrictions.
#[derive(Clone)]
pub(super) struct Simple {
    base: Base,
    /// Each an `xs:pattern` that must hold, in XML Schema's words; those of one restriction are one.
    patterns: Vec<(String, At)>,
    values: Option<Vec<String>>,
    least_length: Option<u64>,
    most_length: Option<u64>,
    /// Bounds as schema keywords.
    bounds: Map<String, Value>,
    total: Option<(u32, At)>,
    fraction: Option<u32>,
    /// The code list that the type is called after, as our own schemas call them.
    code_list: Option<String>,
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Text,
    /// A text in one of the contracts' formats, by its name.
    Format(&'static str),
    Boolean,
    Number {
        integer: bool,
    },
}

/// The types of XML Schema that a contract has: what they are, the least and the most of them.
const NUMBERS: [(&str, Option<i128>, Option<i128>); 13] = [
    ("integer", None, None),
    ("nonNegativeInteger", Some(0), None),
    ("positiveInteger", Some(1), None),
    ("nonPositiveInteger", None, Some(0)),
    ("negativeInteger", None, Some(-1)),
    ("byte", Some(-128), Some(127)),
    ("short", Some(-32_768), Some(32_767)),
    ("int", Some(-2_147_483_648), Some(2_147_483_647)),
    ("long", Some(-9_223_372_036_854_775_808), Some(9_223_372_036_854_775_807)),
    ("unsignedByte", Some(0), Some(255)),
    ("unsignedShort", Some(0), Some(65_535)),
    ("unsignedInt", Some(0), Some(4_294_967_295)),
    ("unsignedLong", Some(0), Some(18_446_744_073_709_551_615)),
];

impl Simple {
    fn plain(base: Base) -> Self {
        Self {
            base,
            patterns: Vec::new(),
            values: None,
            least_length: None,
            most_length: None,
            bounds: Map::new(),
            total: None,
            fraction: None,
            code_list: None,
        }
    }

    /// Remembers that the type is called after `list`.
    pub(super) fn listed(self, list: &str) -> Self {
        Self { code_list: Some(list.to_owned()), ..self }
    }
}

impl<'d> Reader<'_, 'd> {
    /// The type of XML Schema's own called `name`, used at `node`.
    pub(super) fn builtin(&mut self, name: &str, node: roxmltree::Node<'_, 'd>) -> Option<Simple> {
        let at = place(&node);
        let text = |pattern: &str| {
            let mut simple = Simple::plain(Base::Text);
            simple.patterns.push((pattern.to_owned(), at));
            simple
        };
        if let Some((_, least, most)) = NUMBERS.iter().find(|(known, ..)| *known == name) {
            let mut simple = Simple::plain(Base::Number { integer: true });
            let bound = |value: &i128| value.to_string().parse::<serde_json::Number>().ok();
            for (keyword, value) in [("minimum", least), ("maximum", most)] {
                if let Some(value) = value.as_ref().and_then(bound) {
                    simple.bounds.insert(keyword.to_owned(), Value::Number(value));
                }
            }
            return Some(simple);
        }
        Some(match name {
            // Any text is an address of some kind to XML Schema.
            "string" | "anyURI" => Simple::plain(Base::Text),
            "normalizedString" | "token" => {
                self.remark(at, &said::WHITE_SPACE, &format!("xs:{name}"));
                Simple::plain(Base::Text)
            }
            "boolean" => Simple::plain(Base::Boolean),
            "decimal" => Simple::plain(Base::Number { integer: false }),
            "float" | "double" => {
                self.remark(at, &said::FLOAT, &format!("xs:{name}"));
                Simple::plain(Base::Number { integer: false })
            }
            "date" => Simple::plain(Base::Format("date")),
            "dateTime" => Simple::plain(Base::Format("date-time")),
            "time" => Simple::plain(Base::Format("time")),
            "gYear" => {
                self.remark(at, &said::OFFSET, "");
                Simple::plain(Base::Format("year"))
            }
            "gYearMonth" => {
                self.remark(at, &said::OFFSET, "");
                text("[0-9]{4}-(0[1-9]|1[0-2])")
            }
            "language" => text("[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"),
            "Name" | "NCName" | "NMTOKEN" => {
                self.remark(at, &said::NAME_CHARACTERS, &format!("xs:{name}"));
                text(if name == "NMTOKEN" { "[A-Za-z0-9._-]+" } else { "[A-Za-z_][A-Za-z0-9._-]*" })
            }
            "anyType" | "anySimpleType" => {
                self.fault(at, &said::NO_TYPE, node.attribute("name").unwrap_or(name));
                return None;
            }
            _ => {
                self.fault(at, &said::TYPE, &format!("xs:{name}"));
                return None;
            }
        })
    }

    /// A `simpleType`.
    pub(super) fn simple(&mut self, node: roxmltree::Node<'_, 'd>) -> Option<Simple> {
        let within = self.enter(node)?;
        let simple = self.derived(node);
        self.leave(within);
        let simple = simple?;
        let list = node.attribute("name").and_then(|name| name.strip_prefix(super::CODE_LIST));
        Some(match list {
            Some(list) => simple.listed(list),
            None => simple,
        })
    }

    fn derived(&mut self, node: roxmltree::Node<'_, 'd>) -> Option<Simple> {
        for child in elements(node) {
            match child.tag_name().name() {
                "restriction" => return self.restricted(child),
                "list" => {
                    self.fault(place(&child), &said::LIST, "");
                    return None;
                }
                "union" => return self.united(child),
                _ => {}
            }
        }
        self.fault(place(&node), &said::NO_TYPE, node.attribute("name").unwrap_or("simpleType"));
        None
    }

    /// A restriction of a simple type, or of the text of a complex one.
    pub(super) fn restricted(&mut self, node: roxmltree::Node<'_, 'd>) -> Option<Simple> {
        let inner = elements(node).find(|child| child.tag_name().name() == "simpleType");
        let base = match (inner, node.attribute("base")) {
            (Some(inner), _) => self.simple(inner)?,
            (None, Some(base)) => self.simple_named(base, node)?,
            (None, None) => {
                self.fault(place(&node), &said::NO_TYPE, "restriction");
                return None;
            }
        };
        self.facets(node, base)
    }

    pub(super) fn simple_named(&mut self, name: &str, node: roxmltree::Node<'_, 'd>) -> Option<Simple> {
        match self.named(name, node)? {
            super::Named::Builtin(name) => self.builtin(&name, node),
            super::Named::Own(name) => match self.types.get(name.as_str()).copied() {
                Some(found) if found.tag_name().name() == "simpleType" => self.simple(found),
                Some(found) => {
                    // The text of a complex type with simple content.
                    let content = elements(found).find(|child| child.tag_name().name() == "simpleContent");
                    let derived = content
                        .and_then(|content| elements(content).find(|child| child.has_attribute("base")));
                    match derived {
                        Some(derived) => self.restricted(derived),
                        None => {
                            self.fault(place(&node), &said::UNKNOWN, &name);
                            None
                        }
                    }
                }
                None => {
                    self.fault(place(&node), &said::UNKNOWN, &name);
                    None
                }
            },
        }
    }

    fn united(&mut self, node: roxmltree::Node<'_, 'd>) -> Option<Simple> {
        let mut members = Vec::new();
        for name in node.attribute("memberTypes").unwrap_or_default().split_ascii_whitespace() {
            members.push(self.simple_named(name, node)?);
        }
        for child in elements(node).filter(|child| child.tag_name().name() == "simpleType") {
            members.push(self.simple(child)?);
        }
        let lists = members
            .iter()
            .all(|member| member.values.is_some() && member.base == Base::Text && member.patterns.is_empty());
        if members.is_empty() || !lists {
            self.fault(place(&node), &said::UNION, "");
            return None;
        }
        let mut values: Vec<String> = Vec::new();
        for value in members.into_iter().flat_map(|member| member.values.unwrap_or_default()) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Some(Simple { values: Some(values), ..Simple::plain(Base::Text) })
    }

    fn facets(&mut self, node: roxmltree::Node<'_, 'd>, mut simple: Simple) -> Option<Simple> {
        let mut alternatives: Vec<&str> = Vec::new();
        let mut values: Vec<String> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut sound = true;
        for child in elements(node) {
            let facet = child.tag_name().name();
            let value = child.attribute("value").unwrap_or_default();
            let at = place(&child);
            self.step(at)?;
            let text = matches!(simple.base, Base::Text | Base::Format(_));
            let count = value.trim().parse::<u64>().ok();
            let held = match facet {
                "annotation" | "simpleType" | "attribute" | "attributeGroup" => true,
                "anyAttribute" => {
                    self.fault(at, &said::ANY, "xs:anyAttribute");
                    sound = false;
                    true
                }
                "pattern" => {
                    alternatives.push(value);
                    true
                }
                "enumeration" => {
                    if seen.insert(value) {
                        values.push(value.to_owned());
                    }
                    true
                }
                // A day or a time has no length in XML Schema.
                "length" | "minLength" | "maxLength" if simple.base == Base::Text && count.is_some() => {
                    if facet != "maxLength" {
                        simple.least_length = simple.least_length.max(count);
                    }
                    if facet != "minLength" {
                        simple.most_length = simple.most_length.into_iter().chain(count).min();
                    }
                    true
                }
                "minInclusive" | "maxInclusive" | "minExclusive" | "maxExclusive" if !text => {
                    let keyword = match facet {
                        "minInclusive" => "minimum",
                        "maxInclusive" => "maximum",
                        "minExclusive" => "exclusiveMinimum",
                        _ => "exclusiveMaximum",
                    };
                    match number(value) {
                        // A restriction's bounds are within those of what it restricts.
                        Some(bound) => drop(simple.bounds.insert(keyword.to_owned(), bound)),
                        None => {
                            self.fault(at, &said::NUMBER, facet);
                            sound = false;
                        }
                    }
                    true
                }
                "fractionDigits" if !text => {
                    simple.fraction = count.and_then(|count| u32::try_from(count).ok());
                    simple.fraction.is_some_and(|digits| digits <= MOST_DIGITS)
                }
                "totalDigits" if !text => {
                    let digits = count.and_then(|count| u32::try_from(count).ok());
                    simple.total = digits.map(|digits| (digits, at));
                    digits.is_some_and(|digits| (1..=MOST_DIGITS).contains(&digits))
                }
                "whiteSpace" => {
                    if value != "preserve" && text {
                        self.remark(at, &said::WHITE_SPACE, "xs:whiteSpace");
                    }
                    true
                }
                "assertion" | "explicitTimezone" => {
                    self.fault(at, &said::NEWER, &format!("xs:{facet}"));
                    sound = false;
                    true
                }
                _ => false,
            };
            if !held {
                self.fault(at, &said::FACET, &format!("xs:{facet}"));
                sound = false;
            }
        }
        if !alternatives.is_empty() {
            simple.patterns.push((alternatives.join("|"), place(&node)));
        }
        if !values.is_empty() {
            // What is restricted has these among its own.
            simple.values = Some(values);
            simple.code_list = None;
        }
        sound.then_some(simple)
    }

    /// The keywords of a leaf of type `simple` that stands at `place`.
    pub(super) fn leaf(&mut self, simple: Simple, at: At) -> Option<Map<String, Value>> {
        let mut schema = Map::new();
        let put = |schema: &mut Map<String, Value>, keyword: &str, value: Value| {
            schema.insert(keyword.to_owned(), value);
        };
        let kind = match simple.base {
            Base::Text | Base::Format(_) => "string",
            Base::Boolean => "boolean",
            Base::Number { integer: true } => "integer",
            Base::Number { integer: false } => "number",
        };
        put(&mut schema, "type", json!(kind));
        let (mut least, mut most) = (simple.least_length, simple.most_length);
        let mut patterns = simple.patterns;
        // Which of the two values is a pattern of a boolean in our own schemas.
        let mut only = None;
        let mut step = None;
        match simple.base {
            Base::Format(format) => {
                put(&mut schema, "format", json!(format));
                let own = draft::pattern_of(format);
                let before = patterns.len();
                patterns.retain(|(pattern, _)| Some(pattern) != own.as_ref());
                // What has the pattern is as strict as the contract.
                if before == patterns.len() && format != "year" {
                    self.remark(at, &said::OFFSET, "");
                }
                patterns.retain(|(pattern, _)| match lengths(pattern) {
                    Some((from, to)) => {
                        least = least.max(from);
                        most = most.into_iter().chain(to).min();
                        false
                    }
                    None => true,
                });
            }
            Base::Boolean => patterns.retain(|(pattern, _)| match pattern.as_str() {
                "true|1" => only.replace(true).is_some(),
                "false|0" => only.replace(false).is_some(),
                _ => true,
            }),
            Base::Number { integer: true } => patterns.retain(|(pattern, _)| match hundreds(pattern) {
                Some(zeros) => step.replace(zeros).is_some(),
                None => true,
            }),
            Base::Text | Base::Number { integer: false } => {}
        }
        if simple.base == Base::Text {
            for (keyword, count) in [("minLength", least.filter(|least| *least > 0)), ("maxLength", most)] {
                count.into_iter().for_each(|count| put(&mut schema, keyword, json!(count)));
            }
        } else if matches!(simple.base, Base::Format(_)) {
            for (keyword, count) in [("minLength", least), ("maxLength", most)] {
                count.into_iter().for_each(|count| put(&mut schema, keyword, json!(count)));
            }
        }
        patterns.dedup_by(|one, two| one.0 == two.0);
        match &*patterns {
            [] => {}
            [(pattern, place)] if matches!(simple.base, Base::Text | Base::Format(_)) => {
                match pattern::ecma(pattern) {
                    Ok(said) => {
                        if said.narrower {
                            self.remark(*place, &said::DIGITS, "");
                        }
                        put(&mut schema, "pattern", json!(said.pattern));
                    }
                    Err(pattern::Unsayable(part)) => {
                        self.fault(*place, &said::PATTERN, part);
                        return None;
                    }
                }
            }
            [(_, place)] => {
                self.fault(*place, &said::FACET, "xs:pattern");
                return None;
            }
            [_, (_, place), ..] => {
                self.fault(*place, &said::TWO_PATTERNS, "");
                return None;
            }
        }
        schema.extend(simple.bounds);
        self.digits(
            simple.base == Base::Number { integer: true },
            simple.total,
            simple.fraction,
            step,
            &mut schema,
        )?;
        if let Some(only) = only {
            put(&mut schema, "const", json!(only));
        }
        if let Some(list) = simple.code_list {
            put(&mut schema, "x-code-list", json!(list));
        } else if let Some(values) = simple.values {
            let values: Option<Vec<Value>> = match simple.base {
                Base::Number { .. } => values.iter().map(|value| number(value)).collect(),
                _ => Some(values.into_iter().map(Value::String).collect()),
            };
            put(&mut schema, "enum", json!(values?));
        }
        Some(schema)
    }
}
