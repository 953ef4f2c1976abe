//! From the validator's errors to violations a sender can act on.
//!
//! A message says which rule and what it asks, from the schema alone: types, limits, names of
//! fields and lists. What the record says never comes in. The one text of the sender's that can
//! show is the name of an unknown field, and only when it looks like a field's name: personal data
//! written where a name belongs stays out of the path.

use std::collections::HashSet;

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind},
    paths::LocationSegment,
};
use serde_json::Value;

use super::{At, FORMATS, order::Order};
use crate::{
    Bilingual, Check, CodeLists, Document, Violation, ViolationRule,
    identifiers::IdentifierKind,
    schema::{Listed, ORDER},
};

/// The longest name of an unknown field that a path shows; no contract has a longer one.
const LONGEST_NAME: usize = 64;

/// The most digits in the name of an unknown field that a path shows.
const MOST_DIGITS: usize = 3;

/// Enumerations longer than this are counted, not listed.
const MOST_LISTED: usize = 24;

/// Tells the violations of one level.
pub(super) struct Reporter<'r> {
    pub(super) schema: &'r Value,
    pub(super) code_lists: &'r CodeLists,
    /// The record, or the list's item.
    pub(super) value: &'r Document<'r>,
    pub(super) at: &'r At,
    pub(super) limit: usize,
}

/// A violation with its position in the document: what violations are sorted by.
pub(super) type Placed = (Vec<usize>, Violation);

impl Reporter<'_> {
    /// The violations that `errors` stand for, in document order.
    pub(super) fn violations<'e>(&self, errors: impl Iterator<Item = ValidationError<'e>>) -> Vec<Placed> {
        let mut placed: Vec<Placed> = Vec::new();
        for error in errors.filter(|error| !self.is_told_by_identifier(error)) {
            self.place(&error, &mut placed);
        }
        // A value of the wrong type has no fields that a rule between fields could speak of.
        let mistyped: HashSet<Vec<usize>> = placed
            .iter()
            .filter(|(_, violation)| violation.rule == ViolationRule::Type)
            .map(|(position, _)| position.clone())
            .collect();
        placed.retain(|(position, violation)| {
            violation.rule != ViolationRule::CrossField || !mistyped.contains(position)
        });
        placed.sort_by(|(one, _), (two, _)| one.cmp(two));
        // Two branches of a rule can ask the same of the same field.
        placed.dedup();
        placed
    }

    /// Whether the error is of a list that asks for a form which the field's `x-identifier` asks for
    /// too: told once.
    fn is_told_by_identifier(&self, error: &ValidationError<'_>) -> bool {
        let path = error.schema_path().as_str();
        let beside = || self.schema.pointer(path.strip_suffix("/x-code-list")?)?.as_object();
        let Some(beside) = beside() else { return false };
        let list = beside.get("x-code-list").and_then(Listed::of).map(|listed| listed.name);
        let list = list.and_then(|name| self.code_lists.list(name));
        let form = list.filter(|list| list.check() == Check::Form).and_then(|list| list.form());
        form.is_some_and(|form| beside.get("x-identifier").is_some_and(|name| name == form.as_str()))
    }

    fn place(&self, error: &ValidationError<'_>, out: &mut Vec<Placed>) {
        let position = self.position(error);
        let path = &format!("{}{}", self.at.path, error.instance_path().as_str());
        let mut push = |position: Vec<usize>, path: String, rule, message| {
            out.push((position, Violation { path, rule, message }));
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for name in unexpected.iter().take(self.limit) {
                    let mut at = position.clone();
                    at.push(self.member(error, name).unwrap_or(usize::MAX));
                    let (path, message) = if is_showable(name) {
                        (
                            format!("{path}/{name}"),
                            bilingual("Hợp đồng không có trường này.", "The contract has no such field."),
                        )
                    } else {
                        (
                            path.clone(),
                            bilingual(
                                "Bản ghi có một trường mà hợp đồng không có; tên của nó không được nêu vì không có dạng tên trường.",
                                "The record has a field that the contract does not; it is not named because it does not look like a field's name.",
                            ),
                        )
                    };
                    push(at, path, ViolationRule::UnknownField, message);
                }
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let mut at = position;
                // A missing field has no place of its own: after all that is there.
                at.push(usize::MAX);
                let (rule, message) = match self.condition(error, name) {
                    None => (
                        ViolationRule::Required,
                        bilingual("Thiếu trường bắt buộc.", "A required field is missing."),
                    ),
                    Some(causes) if causes.is_empty() => (
                        ViolationRule::CrossField,
                        bilingual(
                            "Trường này phải có theo một quy tắc giữa các trường.",
                            "A rule between fields asks for this field.",
                        ),
                    ),
                    Some(causes) => (
                        ViolationRule::CrossField,
                        Bilingual::new(
                            format!("Phải có trường này, xét theo {}.", ticked(&causes, "và")),
                            format!("This field is needed, given {}.", ticked(&causes, "and")),
                        ),
                    ),
                };
                push(at, format!("{path}/{}", escaped(name)), rule, message);
            }
            ValidationErrorKind::Custom { keyword, .. } if keyword == ORDER => {
                let rows = self.schema.pointer(error.schema_path().as_str()).and_then(Order::of);
                let record = self.found(error).and_then(Document::as_record);
                let (Some(rows), Some(record)) = (rows, record) else { return };
                for (first, second) in rows.broken(record) {
                    let mut at = position.clone();
                    at.push(self.member(error, second).unwrap_or(usize::MAX));
                    let number = record.get(second).and_then(Document::as_number);
                    let (vi, en) = if number.is_some() {
                        ("nhỏ hơn", "be less than")
                    } else {
                        ("trước", "come before")
                    };
                    let message = Bilingual::new(
                        format!("Giá trị không được {vi} giá trị của `{first}`."),
                        format!("The value may not {en} that of `{first}`."),
                    );
                    push(at, format!("{path}/{second}"), ViolationRule::Order, message);
                }
            }
            kind => {
                let (rule, message) = self.explain(kind, error);
                let rule = if self.condition(error, "").is_some() { ViolationRule::CrossField } else { rule };
                push(position, path.clone(), rule, message);
            }
        }
    }

    fn explain(&self, kind: &ValidationErrorKind, error: &ValidationError<'_>) -> (ViolationRule, Bilingual) {
        use ValidationErrorKind as Kind;
        match kind {
            Kind::Type { kind } => (ViolationRule::Type, expected_type(kind)),
            Kind::Enum { options } => (ViolationRule::Enum, one_of(options)),
            Kind::Constant { expected_value } => {
                let expected = plain(expected_value);
                (
                    ViolationRule::Enum,
                    Bilingual::new(
                        format!("Giá trị phải là `{expected}`."),
                        format!("The value is to be `{expected}`."),
                    ),
                )
            }
            Kind::MinLength { limit: 1 } => (
                ViolationRule::Length,
                bilingual("Văn bản không được để trống.", "The text may not be empty."),
            ),
            Kind::MinLength { limit } => (
                ViolationRule::Length,
                Bilingual::new(
                    format!("Văn bản phải có ít nhất {limit} ký tự."),
                    format!("The text is to have at least {limit} characters."),
                ),
            ),
            Kind::MaxLength { limit } => (
                ViolationRule::Length,
                Bilingual::new(
                    format!("Văn bản chỉ được có tối đa {limit} ký tự."),
                    format!("The text may have at most {limit} characters."),
                ),
            ),
            Kind::Pattern { pattern } => (
                ViolationRule::Pattern,
                Bilingual::new(
                    format!("Văn bản phải theo mẫu `{pattern}`."),
                    format!("The text is to match the pattern `{pattern}`."),
                ),
            ),
            Kind::Format { format } => (ViolationRule::Format, of_format(format)),
            Kind::MinItems { limit } => (
                ViolationRule::Items,
                Bilingual::new(
                    format!("Danh sách phải có ít nhất {limit} phần tử."),
                    format!("The list is to have at least {limit} items."),
                ),
            ),
            Kind::MaxItems { limit } => (
                ViolationRule::Items,
                Bilingual::new(
                    format!("Danh sách chỉ được có tối đa {limit} phần tử."),
                    format!("The list may have at most {limit} items."),
                ),
            ),
            Kind::UniqueItems => (
                ViolationRule::Items,
                bilingual(
                    "Các phần tử của danh sách phải khác nhau.",
                    "The list's items are to differ from each other.",
                ),
            ),
            Kind::Custom { keyword, .. } => self.own_keyword(keyword, error),
            Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
                (ViolationRule::CrossField, self.alternatives(kind, error))
            }
            _ => (
                ViolationRule::CrossField,
                bilingual(
                    "Các trường của bản ghi này không thỏa một quy tắc giữa các trường của hợp đồng.",
                    "The fields of this record break one of the contract's rules between fields.",
                ),
            ),
        }
    }

    /// The rules of `keywords`.
    fn own_keyword(&self, keyword: &str, error: &ValidationError<'_>) -> (ViolationRule, Bilingual) {
        let asked = self.schema.pointer(error.schema_path().as_str());
        let limit = asked.map(plain).unwrap_or_default();
        let range = |vi: &str, en: &str| {
            (
                ViolationRule::Range,
                Bilingual::new(
                    format!("Số phải {vi} {limit}."),
                    format!("The number is to be {en} {limit}."),
                ),
            )
        };
        match keyword {
            "minimum" => range("lớn hơn hoặc bằng", "at least"),
            "maximum" => range("nhỏ hơn hoặc bằng", "at most"),
            "exclusiveMinimum" => range("lớn hơn", "above"),
            "exclusiveMaximum" => range("nhỏ hơn", "below"),
            "multipleOf" => range("là bội số của", "a multiple of"),
            "x-identifier" => {
                let kind = limit.parse::<IdentifierKind>().map(IdentifierKind::asks);
                let message = kind.unwrap_or_else(|_| {
                    bilingual("Mã định danh không đúng quy tắc.", "The identifier breaks its rule.")
                });
                (ViolationRule::Identifier, message)
            }
            _ => {
                let name = asked.and_then(Listed::of).map_or("", |listed| listed.name);
                let list = self.code_lists.list(name);
                let by_form = list.filter(|list| list.check() == Check::Form).and_then(|list| list.form());
                if let Some(form) = by_form {
                    return (ViolationRule::CodeList, form.asks());
                }
                let title = list.map(|list| list.title().clone());
                let title = title.unwrap_or_else(|| Bilingual::new(name, name));
                (
                    ViolationRule::CodeList,
                    Bilingual::new(
                        format!("Mã không có trong danh mục `{name}` ({}).", title.vi),
                        format!("The code is not in the list `{name}` ({}).", title.en),
                    ),
                )
            }
        }
    }

    /// What `anyOf` or `oneOf` asks, by the fields its branches require.
    fn alternatives(&self, kind: &ValidationErrorKind, error: &ValidationError<'_>) -> Bilingual {
        let branches = self.schema.pointer(error.schema_path().as_str()).and_then(Value::as_array);
        let mut fields: Vec<&str> = Vec::new();
        for branch in branches.into_iter().flatten() {
            for name in branch.get("required").and_then(Value::as_array).into_iter().flatten() {
                if let Some(name) = name.as_str().filter(|name| !fields.contains(name)) {
                    fields.push(name);
                }
            }
        }
        let conditional = branches.into_iter().flatten().any(|branch| {
            branch.as_object().is_none_or(|branch| branch.keys().any(|keyword| keyword != "required"))
        });
        let (vi, en) = if conditional {
            (", đúng điều kiện của hợp đồng", ", as the contract's conditions ask")
        } else {
            ("", "")
        };
        match kind {
            _ if fields.is_empty() => bilingual(
                "Bản ghi không thỏa phương án nào mà hợp đồng cho phép.",
                "The record fits none of the alternatives that the contract allows.",
            ),
            ValidationErrorKind::OneOfMultipleValid { .. } => Bilingual::new(
                format!("Chỉ được có một trong các trường {}{vi}.", ticked(&fields, "và")),
                format!("Only one of the fields {} may be there{en}.", ticked(&fields, "and")),
            ),
            _ => Bilingual::new(
                format!("Phải có ít nhất một trong các trường {}{vi}.", ticked(&fields, "hoặc")),
                format!("At least one of the fields {} is needed{en}.", ticked(&fields, "or")),
            ),
        }
    }

    /// When the error's rule hangs on other fields: which ones, as far as the schema says. `None`
    /// for a rule of the field alone. `missing` is the field a `required` misses.
    fn condition(&self, error: &ValidationError<'_>, missing: &str) -> Option<Vec<&str>> {
        let path = error.schema_path().as_str();
        let mut above = self.schema;
        let mut rest = path;
        let mut is_name = false;
        while let Some(tail) = rest.strip_prefix('/') {
            let (segment, next) = tail
                .split_once('/')
                .map_or((tail, ""), |(segment, _)| (segment, tail.get(segment.len()..).unwrap_or_default()));
            if !is_name {
                match segment {
                    "then" | "else" => return Some(conditioned(above.get("if"))),
                    "dependentRequired" => {
                        let needs = above.get("dependentRequired").and_then(Value::as_object);
                        let causes = needs.into_iter().flatten().filter(|(_, needed)| {
                            needed.as_array().is_some_and(|needed| needed.iter().any(|name| name == missing))
                        });
                        return Some(causes.map(|(name, _)| name.as_str()).collect());
                    }
                    "if" | "allOf" | "anyOf" | "oneOf" | "not" => return Some(Vec::new()),
                    _ => {}
                }
            }
            is_name = !is_name && segment == "properties";
            above = step(above, segment)?;
            rest = next;
        }
        None
    }

    /// Where the error's value stands: its index at each level, members and items alike.
    fn position(&self, error: &ValidationError<'_>) -> Vec<usize> {
        let mut found = Some(self.value);
        let mut position = self.at.position.clone();
        for segment in error.instance_path().iter() {
            let (index, next) = match (&segment, found) {
                (LocationSegment::Index(index), Some(Document::List(items))) => (*index, items.get(*index)),
                (LocationSegment::Property(name), Some(Document::Record(record))) => {
                    match record.iter().enumerate().find(|(_, (known, _))| known == name) {
                        Some((index, (_, value))) => (index, Some(value)),
                        None => (usize::MAX, None),
                    }
                }
                _ => (usize::MAX, None),
            };
            position.push(index);
            found = next;
        }
        position
    }

    /// The index of member `name` of the record that the error is about.
    fn member(&self, error: &ValidationError<'_>, name: &str) -> Option<usize> {
        self.found(error)?.as_record()?.iter().position(|(known, _)| known == name)
    }

    /// The value that the error is about.
    fn found(&self, error: &ValidationError<'_>) -> Option<&Document<'_>> {
        let mut found = self.value;
        for segment in error.instance_path().iter() {
            found = match (&segment, found) {
                (LocationSegment::Index(index), Document::List(items)) => items.get(*index)?,
                (LocationSegment::Property(name), Document::Record(record)) => record.get(name)?,
                _ => return None,
            };
        }
        Some(found)
    }
}

/// One step down a schema by an escaped segment of a JSON pointer.
fn step<'s>(schema: &'s Value, segment: &str) -> Option<&'s Value> {
    match schema {
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        Value::Object(members) => members.get(&segment.replace("~1", "/").replace("~0", "~")),
        _ => None,
    }
}

/// The fields that an `if` looks at.
fn conditioned(condition: Option<&Value>) -> Vec<&str> {
    let Some(condition) = condition else { return Vec::new() };
    let mut names: Vec<&str> = condition
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    for name in
        condition.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn expected_type(kind: &TypeKind) -> Bilingual {
    let types: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(set) => set.iter().collect(),
    };
    let named = |name: fn(JsonType) -> (&'static str, &'static str)| {
        types.iter().map(|kind| name(*kind)).collect::<Vec<_>>()
    };
    let names = named(|kind| match kind {
        JsonType::Array => ("danh sách", "a list"),
        JsonType::Boolean => ("giá trị logic (true hoặc false)", "a truth value (true or false)"),
        JsonType::Integer => ("số nguyên", "a whole number"),
        JsonType::Null => ("null", "null"),
        JsonType::Number => ("số", "a number"),
        JsonType::Object => ("bản ghi gồm các trường", "a record with fields"),
        JsonType::String => ("văn bản", "text"),
    });
    let vi: Vec<&str> = names.iter().map(|(vi, _)| *vi).collect();
    let en: Vec<&str> = names.iter().map(|(_, en)| *en).collect();
    Bilingual::new(
        format!("Sai kiểu dữ liệu: cần {}.", vi.join(" hoặc ")),
        format!("Wrong type: {} is wanted.", en.join(" or ")),
    )
}

fn one_of(options: &Value) -> Bilingual {
    let options: Vec<String> = options.as_array().into_iter().flatten().map(plain).collect();
    if options.len() > MOST_LISTED {
        let count = options.len();
        return Bilingual::new(
            format!("Giá trị phải là một trong {count} giá trị mà hợp đồng liệt kê."),
            format!("The value is to be one of the {count} that the contract lists."),
        );
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Bilingual::new(
        format!("Giá trị phải là một trong {}.", ticked(&options, "hoặc")),
        format!("The value is to be one of {}.", ticked(&options, "or")),
    )
}

fn of_format(format: &str) -> Bilingual {
    let (vi, en) =
        FORMATS.iter().find(|known| known.name == format).map_or((format, format), |known| known.asks);
    Bilingual::new(format!("Văn bản phải là {vi}."), format!("The text is to be {en}."))
}

/// A schema's value as a reader writes it: text without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `a`, `b` and `c`.
fn ticked(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., end] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} {last} `{end}`", first.join(", "))
        }
    }
}

/// Whether a member's name may stand in a path. It begins with a letter and has few digits, so that
/// no number of a person or passport passes, and no blank or dot, so that no name or address does.
fn is_showable(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().filter(u8::is_ascii_digit).count() <= MOST_DIGITS
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn bilingual(vi: &str, en: &str) -> Bilingual {
    Bilingual::new(vi, en)
}
