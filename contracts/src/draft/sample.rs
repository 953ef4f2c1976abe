//! Samples as a source: what records have in common becomes the schema.
//!
//! A sample shows what can be, not what may not be: no bound, pattern or list of values is taken from it.
//! A field that every sample has is required. Texts that all look like days or times get that format.
//! Where samples contradict each other, or show nothing of a value (a null, an empty list), nothing is
//! guessed.
//!
//! Days as people here write them (`31/01/2026`) and numbers with separators (`125.000.000`) stay texts, since
//! that is what the source sends; it is remarked, with what to do if they are to be days and numbers.
//!
//! XML and CSV have texts only. There a field is a number when all its values look like numbers and its
//! name is not that of a code; which is remarked, since only the author knows. And a list of one item looks
//! like no list in XML: one sample with two items settles it for all.

use std::{collections::HashMap, path::Path};

use serde_json::{Map, Value, json};

use super::{Source, fault};
use crate::{Fault, Place, schema};

/// A value of a sample, with where it stands.
#[derive(Clone, Debug)]
pub enum Sample {
    /// No value.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number; `integer` when written without a fraction.
    Number {
        /// Whether it has no fraction.
        integer: bool,
    },
    /// A text. Only its look is kept: what it says is somebody's data.
    Text(Look),
    /// An element with nothing in it: an empty text, list or record.
    Empty,
    /// A list.
    List {
        /// Its items, each with its place.
        items: Vec<(Sample, Option<Place>)>,
        /// The element of each item; none in JSON.
        item_name: Option<String>,
        /// Whether the list has an element of its own.
        wrapped: bool,
    },
    /// A record.
    Record(Vec<Member>),
}

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// `2026-01-31`.
    Date,
    /// `2026-01-31T08:00:00+07:00`.
    DateTime,
    /// A whole number, where numbers are written as text.
    Integer,
    /// A number, where numbers are written as text.
    Decimal,
    /// `true` or `false`, where they are written as text.
    Boolean,
    /// `31/01/2026`, as people here write a day and no format of data does.
    LocalDate,
    /// `125.000.000` or `12,5`: a number with separators, of which only a person knows which is which.
    Separated,
    /// `125.000`: as `Separated`, or a number with three places.
    Doubtful,
    /// Anything else.
    Plain,
}

/// A member of a record.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Sample,
    /// Where it stands.
    pub place: Option<Place>,
    /// How it stands in XML: `attribute` or `text`; none for an element.
    pub node: Option<&'static str>,
}

impl Look {
    /// The look of `text`.
    pub fn of(text: &str) -> Self {
        let shape: String = text.chars().take(26).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        match shape.as_str() {
            "0000-00-00" => Self::Date,
            "0000-00-00T00:00:00Z" | "0000-00-00T00:00:00+00:00" | "0000-00-00T00:00:00-00:00" => {
                Self::DateTime
            }
            _ if is_local_date(text) => Self::LocalDate,
            _ if is_separated(text) => Self::Separated,
            _ => Self::Plain,
        }
    }

    /// The look of `text` in a format that has nothing but texts. A number with zeros in front is a code.
    pub fn of_written(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) =
            digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
        let plain = |text: &str| {
            (1..=LONGEST_NUMBER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let leads = whole.len() > 1 && whole.starts_with('0');
        match part {
            _ if text == "true" || text == "false" => Self::Boolean,
            None if plain(whole) && !leads => Self::Integer,
            Some(part)
                if plain(whole) && plain(part) && whole.len() < 4 && part.len() == 3 && whole != "0" =>
            {
                Self::Doubtful
            }
            Some(part) if plain(whole) && plain(part) && !leads => Self::Decimal,
            _ => Self::of(text),
        }
    }
}

/// `31/01/2026`, `1-1-2026` or `31.01.2026`.
fn is_local_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [day, month, year] = parts.as_slice() else { return false };
    let number = |part: &str, most: u32| {
        part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u32>().is_ok_and(|number| (1..=most).contains(&number))
    };
    day.len() < 3
        && month.len() < 3
        && year.len() == 4
        && number(day, 31)
        && number(month, 12)
        && number(year, 9999)
}

/// `125.000.000`, `1,250,000.5` or `12,5`, with or without a sign.
fn is_separated(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    if text.len() > LONGEST_NUMBER * 2 || !text.contains(['.', ',']) {
        return false;
    }
    let groups = |text: &str, separator: char| {
        let mut groups = text.split(separator);
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let first = groups.next().is_some_and(|first| digits(first) && first.len() < 4);
        let mut more = groups.peekable();
        first && more.peek().is_some() && more.all(|part| digits(part) && part.len() == 3)
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    [('.', ','), (',', '.')].into_iter().any(|(thousands, decimal)| match text.rsplit_once(decimal) {
        Some((whole, part)) if digits(part) => {
            groups(whole, thousands) || (decimal == ',' && digits(whole)) || groups(text, decimal)
        }
        _ => groups(text, thousands),
    })
}

/// Members of one record: the widest dataset of the trade has a few hundred, and they are compared.
const MOST_MEMBERS: usize = 1_000;

/// More digits are an identifier's.
const LONGEST_NUMBER: usize = 15;

impl Sample {
    /// A JSON value that has no place of its own, such as one in a cell of a table.
    pub fn of_json(value: &Value) -> Self {
        json_value(value, "", &schema::Places::of(""))
    }
}

/// Reads a JSON record, or a list of records.
///
/// # Errors
/// The text is not JSON, holds no record, or contradicts itself.
pub fn of_json_sample<'s>(file: &'s Path, text: &'s str) -> Result<Source<'s>, Vec<Fault>> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| vec![schema::not_json(file, text, &error)])?;
    let places = schema::Places::of(text);
    let records = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| json_value(item, &format!("/{index}"), &places))
            .collect(),
        record => vec![json_value(&record, "", &places)],
    };
    of_samples(file, records)
}

/// The schema of what `records` have in common.
///
/// # Errors
/// There is no record, or the samples contradict each other.
pub fn of_samples(file: &Path, records: Vec<Sample>) -> Result<Source<'_>, Vec<Fault>> {
    let mut inference = Inference { file, faults: Vec::new(), remarks: Vec::new(), places: HashMap::new() };
    let samples: Vec<(&Sample, Option<Place>)> = records.iter().map(|record| (record, None)).collect();
    let schema = match records.first() {
        Some(Sample::Record(_)) => inference.value(&samples, None, ""),
        _ => {
            inference.faults.push(fault(
                file,
                None,
                "not-a-record",
                [
                    "Mẫu phải là một bản ghi hoặc một danh sách bản ghi",
                    "A sample is a record or a list of records",
                ],
                ["Đưa vào ít nhất một bản ghi.", "Give at least one record."],
            ));
            None
        }
    };
    match schema {
        Some(schema) if inference.faults.is_empty() => {
            let places = inference.places;
            Ok(Source {
                file,
                schema,
                record: None,
                collection: None,
                namespace: None,
                title: None,
                remarks: inference.remarks,
                place: Box::new(move |pointer| places.get(pointer).copied()),
            })
        }
        _ => Err(inference.faults),
    }
}

fn json_value(value: &Value, pointer: &str, places: &schema::Places<'_>) -> Sample {
    match value {
        Value::Null => Sample::Null,
        Value::Bool(_) => Sample::Boolean,
        Value::Number(number) => Sample::Number { integer: number.is_i64() || number.is_u64() },
        Value::String(text) => Sample::Text(Look::of(text)),
        Value::Array(items) => Sample::List {
            items: items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let at = schema::below(pointer, &index.to_string());
                    let place = places.known(&at);
                    (json_value(item, &at, places), place)
                })
                .collect(),
            item_name: None,
            wrapped: true,
        },
        Value::Object(members) => Sample::Record(
            members
                .iter()
                .map(|(name, value)| {
                    let at = schema::below(pointer, name);
                    let place = places.known(&at);
                    Member { name: name.clone(), value: json_value(value, &at, places), place, node: None }
                })
                .collect(),
        ),
    }
}

struct Inference<'f> {
    file: &'f Path,
    faults: Vec<Fault>,
    remarks: Vec<Fault>,
    /// Where each part of the schema was first seen.
    places: HashMap<String, Place>,
}

impl Inference<'_> {
    /// The schema of values that one field has.
    fn value(
        &mut self,
        samples: &[(&Sample, Option<Place>)],
        place: Option<Place>,
        pointer: &str,
    ) -> Option<Value> {
        if let Some(place) = place {
            self.places.entry(pointer.to_owned()).or_insert(place);
        }
        let nullable = samples.iter().any(|(sample, _)| matches!(sample, Sample::Null));
        let shown: Vec<_> = samples
            .iter()
            .copied()
            .filter(|(sample, _)| !matches!(sample, Sample::Null | Sample::Empty))
            .collect();
        let Some((first, _)) = shown.first() else {
            self.unknown(place);
            return None;
        };
        let lists: Vec<&Sample> = shown
            .iter()
            .map(|(sample, _)| *sample)
            .filter(|sample| matches!(sample, Sample::List { .. }))
            .collect();
        let other = shown.iter().find(|(sample, _)| match lists.first() {
            Some(list) => !is_item(sample, list),
            None => word(sample) != word(first),
        });
        if let Some((_, at)) = other {
            self.faults.push(fault(
                self.file,
                at.or(place),
                "contradiction",
                ["Cùng một trường có hai kiểu giá trị khác nhau", "One field has values of two types"],
                [
                    "Dùng một kiểu trong mọi bản ghi mẫu, hoặc tách thành hai trường.",
                    "Use one type in every sample, or make two fields of it.",
                ],
            ));
            return None;
        }
        let mut schema = match lists.first().unwrap_or(first) {
            Sample::Null | Sample::Empty => return None,
            Sample::Boolean => json!({ "type": "boolean" }),
            Sample::Number { .. } => {
                let integer =
                    shown.iter().all(|(sample, _)| matches!(sample, Sample::Number { integer: true }));
                json!({ "type": if integer { "integer" } else { "number" } })
            }
            Sample::Text(_) => {
                let seen_empty = samples.iter().any(|(sample, _)| matches!(sample, Sample::Empty));
                self.text(&shown, place, pointer, seen_empty)
            }
            Sample::List { .. } => self.list(&shown, place, pointer)?,
            Sample::Record(_) => self.record(&shown, pointer)?,
        };
        if let (true, Some(members)) = (nullable, schema.as_object_mut()) {
            let kind = members.get("type").cloned().unwrap_or_default();
            members.insert("type".to_owned(), json!([kind, "null"]));
        }
        Some(schema)
    }

    /// Texts, or what is written as text.
    fn text(
        &mut self,
        samples: &[(&Sample, Option<Place>)],
        place: Option<Place>,
        pointer: &str,
        seen_empty: bool,
    ) -> Value {
        let looks: Vec<Look> = samples
            .iter()
            .filter_map(|(sample, _)| if let Sample::Text(look) = sample { Some(*look) } else { None })
            .collect();
        let all = |known: &[Look]| !seen_empty && looks.iter().all(|look| known.contains(look));
        if all(&[Look::Date]) {
            return json!({ "type": "string", "format": "date" });
        }
        if all(&[Look::DateTime]) {
            return json!({ "type": "string", "format": "date-time" });
        }
        if all(&[Look::Boolean]) {
            return json!({ "type": "boolean" });
        }
        let name = pointer.rsplit('/').find(|part| *part != "items").unwrap_or_default();
        let seen = |look: Look| looks.contains(&look);
        // Of numbers with three places, one with another number of them settles what they are.
        let numbers = all(&[Look::Integer, Look::Decimal, Look::Doubtful])
            && (seen(Look::Decimal) || !seen(Look::Doubtful));
        if !numbers || names_code(name) {
            let place = |look: Look| {
                let found =
                    samples.iter().find(|(sample, _)| matches!(sample, Sample::Text(its) if *its == look));
                found.and_then(|(_, at)| *at).or(place)
            };
            if seen(Look::LocalDate) {
                self.remark(place(Look::LocalDate), &LOCAL_DATE, name);
            }
            let separated = [Look::Separated, Look::Doubtful].into_iter().find(|look| seen(*look));
            if let Some(look) = separated.filter(|_| !names_code(name)) {
                self.remark(place(look), &SEPARATED, name);
            }
            return json!({ "type": "string" });
        }
        self.remark(place, &NUMBER_OR_CODE, name);
        json!({ "type": if all(&[Look::Integer]) { "integer" } else { "number" } })
    }

    fn remark(&mut self, place: Option<Place>, said: &Remark, name: &str) {
        let [vi, en] = said.message.map(|text| text.replace("{}", name));
        let [vi_remedy, en_remedy] = said.remedy.map(|text| text.replace("{}", name));
        let remark = fault(self.file, place, said.rule, [&vi, &en], [&vi_remedy, &en_remedy]);
        self.remarks.push(Fault { warning: true, ..remark });
    }

    fn list(
        &mut self,
        samples: &[(&Sample, Option<Place>)],
        place: Option<Place>,
        pointer: &str,
    ) -> Option<Value> {
        let mut all = Vec::new();
        let (mut name, mut unwrapped) = (None, false);
        for (sample, at) in samples {
            match sample {
                Sample::List { items, item_name, wrapped } => {
                    all.extend(items.iter().map(|(item, place)| (item, *place)));
                    name = name.or(item_name.clone());
                    unwrapped |= !wrapped;
                }
                // The one item of a list with an element of its own.
                Sample::Record(members) if samples.iter().any(|(list, _)| is_wrapped(list)) => {
                    all.extend(members.iter().map(|member| (&member.value, member.place)));
                }
                only => all.push((*only, *at)),
            }
        }
        if all.is_empty() {
            self.unknown(place);
            return None;
        }
        let mut items =
            self.value(&all, all.first().and_then(|(_, place)| *place), &schema::below(pointer, "items"))?;
        if unwrapped {
            return Some(
                json!({ "type": "array", "minItems": 1, "items": items, "xml": { "nodeType": "none" } }),
            );
        }
        if let (Some(name), Some(members)) = (name, items.as_object_mut()) {
            members.insert("xml".to_owned(), json!({ "name": name }));
        }
        Some(json!({ "type": "array", "items": items }))
    }

    fn record(&mut self, samples: &[(&Sample, Option<Place>)], pointer: &str) -> Option<Value> {
        let records: Vec<&Vec<Member>> = samples
            .iter()
            .filter_map(|(sample, _)| if let Sample::Record(members) = sample { Some(members) } else { None })
            .collect();
        if let Some(wide) = records.iter().find(|members| members.len() > MOST_MEMBERS) {
            self.faults.push(fault(
                self.file,
                wide.first().and_then(|member| member.place),
                "too-many-fields",
                ["Bản ghi mẫu có quá nhiều trường", "The sample record has too many fields"],
                ["Chia thành nhiều bộ dữ liệu.", "Make several datasets of it."],
            ));
            return None;
        }
        // In the order first seen, which is the order in XML.
        let mut names: Vec<&str> = Vec::new();
        for member in records.iter().flat_map(|members| members.iter()) {
            if !names.contains(&member.name.as_str()) {
                names.push(&member.name);
            }
        }
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut sound = true;
        for name in names {
            let found: Vec<&Member> = records
                .iter()
                .filter_map(|members| members.iter().find(|member| member.name == name))
                .collect();
            let values: Vec<_> = found.iter().map(|member| (&member.value, member.place)).collect();
            let at = schema::below(&schema::below(pointer, "properties"), name);
            let place = found.first().and_then(|member| member.place);
            let Some(mut schema) = self.value(&values, place, &at) else {
                sound = false;
                continue;
            };
            if let (Some(node), Some(members)) =
                (found.first().and_then(|member| member.node), schema.as_object_mut())
            {
                members.insert("xml".to_owned(), json!({ "nodeType": node }));
            }
            if found.len() == records.len() {
                required.push(json!(name));
            }
            properties.insert(name.to_owned(), schema);
        }
        sound.then(|| {
            json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
        })
    }

    fn unknown(&mut self, place: Option<Place>) {
        self.faults.push(fault(
            self.file,
            place,
            "nothing-shown",
            [
                "Mẫu không cho biết kiểu giá trị: chỉ có null hoặc danh sách rỗng",
                "The sample does not show what the value is: a null or an empty list alone",
            ],
            ["Thêm một bản ghi mẫu có giá trị ở đây.", "Add a sample record that has a value here."],
        ));
    }
}

/// What an author is to look at. `{}` stands for the field's name.
struct Remark {
    rule: &'static str,
    message: [&'static str; 2],
    remedy: [&'static str; 2],
}

const NUMBER_OR_CODE: Remark = Remark {
    rule: "number-or-code",
    message: ["`{}` được coi là số", "`{}` is taken for a number"],
    remedy: [
        "Nếu là mã (không để tính toán), đổi `type` thành `string`.",
        "If it is a code, nothing to count with, make its `type` a `string`.",
    ],
};

const LOCAL_DATE: Remark = Remark {
    rule: "local-date",
    message: [
        "`{}` được coi là văn bản: mẫu ghi ngày dạng 31/01/2026, không kiểm tra và so sánh được như ngày",
        "`{}` is taken for a text: the sample writes days like 31/01/2026, which are not checked or compared as days",
    ],
    remedy: [
        "Nếu bên gửi sẽ ghi `2026-01-31`, sửa mẫu rồi soạn lại, hoặc thêm `\"format\": \"date\"` cho `{}`. Nếu không, thêm `\"pattern\": \"^[0-9]{2}/[0-9]{2}/[0-9]{4}$\"`.",
        "If senders will write `2026-01-31`, correct the sample and draft again, or give `{}` a `\"format\": \"date\"`. If not, a `\"pattern\": \"^[0-9]{2}/[0-9]{2}/[0-9]{4}$\"`.",
    ],
};

const SEPARATED: Remark = Remark {
    rule: "separated-number",
    message: [
        "`{}` được coi là văn bản: mẫu ghi số có dấu phân cách (như 125.000.000 hay 12,5), chưa rõ phần nghìn hay phần thập phân",
        "`{}` is taken for a text: the sample writes numbers with separators (such as 125.000.000 or 12,5), thousands or decimals being in doubt",
    ],
    remedy: [
        "Nếu là số, bên gửi phải ghi `125000000` hoặc `12.5`: sửa mẫu rồi soạn lại, hoặc đổi `type` của `{}` thành `number` (số nguyên: `integer`).",
        "If it is a number, senders have to write `125000000` or `12.5`: correct the sample and draft again, or make the `type` of `{}` a `number` (an `integer` if whole).",
    ],
};

fn word(sample: &Sample) -> u8 {
    match sample {
        Sample::Null | Sample::Empty => 0,
        Sample::Boolean => 1,
        Sample::Number { .. } => 2,
        Sample::Text(_) => 3,
        Sample::List { .. } => 4,
        Sample::Record(_) => 5,
    }
}

fn is_wrapped(sample: &Sample) -> bool {
    matches!(sample, Sample::List { wrapped: true, item_name: Some(_), .. })
}

/// Whether `sample` can be of the same field as `list`: a list of the same kind, or in XML its only item.
fn is_item(sample: &Sample, list: &Sample) -> bool {
    match (sample, list) {
        (Sample::List { wrapped: one, .. }, Sample::List { wrapped: other, .. }) => one == other,
        (Sample::Record(members), Sample::List { wrapped: true, item_name: Some(name), .. }) => {
            members.iter().all(|member| member.name == *name && member.node.is_none())
        }
        (Sample::Number { .. } | Sample::Boolean, _) => false,
        (_, Sample::List { wrapped, .. }) => !wrapped,
        _ => false,
    }
}

/// Whether a field called so holds a code, however much it looks like a number: provinces and persons have
/// codes of digits, and a code that loses its zeros names another.
fn names_code(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    const CODES: [&str; 12] = [
        "ma",
        "code",
        "dinhdanh",
        "dienthoai",
        "phone",
        "cccd",
        "cmnd",
        "sothue",
        "masothue",
        "taikhoan",
        "giayto",
        "zip",
    ];
    CODES.iter().any(|code| match *code {
        "ma" => name.starts_with("ma") && !name.starts_with("mau"),
        code => name.contains(code),
    }) || name == "id"
}
