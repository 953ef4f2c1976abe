//! A sample in CSV (RFC 4180): the first row names the fields, each further row is a record.
//!
//! The separator is whichever of comma, semicolon and tab the first row has most of: spreadsheets use the
//! one of their country. A name with dots (`ChuNhiem.HoVaTen`) is a field within a record, and a cell that
//! holds a JSON list is a list, as in the CSV that the gateway writes. An empty cell is an absent field.
//!
//! A heading in people's own words (`Mã thiết bị`) becomes the field's Vietnamese title, and its unaccented
//! form the field's name (`MaThietBi`, [`names`]).

use std::{collections::HashMap, path::Path};

use contracts::{
    Fault, Place,
    draft::{self, Look, Member, Sample, Source},
};
use serde_json::Value;

use super::{Said, names};

/// More rows say nothing new.
const MOST_ROWS: usize = 2_000;
/// The widest table of the trade has some two hundred columns.
const MOST_COLUMNS: usize = 1_000;

/// Reads a table as sample records.
///
/// # Errors
/// It is no table, a row has other columns than the first, or the samples contradict each other.
pub fn of_csv_sample<'s>(file: &'s Path, text: &str) -> Result<Source<'s>, Vec<Fault>> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let first = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    let separator =
        [',', ';', '\t'].into_iter().max_by_key(|separator| first.matches(*separator).count()).unwrap_or(',');
    let fault = |line: usize, said: &Said, name: &str| {
        let place = Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
        vec![said.of(file, Some(place), name, false)]
    };
    let mut rows = Rows { rest: text, line: 1, separator };
    let (line, header) = match rows.next() {
        Some(Ok((line, header))) if header.len() <= MOST_COLUMNS => (line, header),
        Some(Err(line)) => return Err(fault(line, &QUOTES, "")),
        _ => return Err(fault(1, &HEADER, "")),
    };
    let columns = Columns::of(file, line, &header)?;
    let names: Vec<Vec<&str>> = columns.names.iter().map(|name| name.split('.').collect()).collect();
    let mut records = Vec::new();
    for row in rows.take(MOST_ROWS) {
        let (line, cells) = row.map_err(|line| fault(line, &QUOTES, ""))?;
        if cells.len() != names.len() {
            return Err(fault(line, &RAGGED, ""));
        }
        let mut record = Vec::new();
        let place = Some(Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 });
        for (path, cell) in names.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty()) {
            insert(&mut record, path, value(cell), place);
        }
        records.push(Sample::Record(record));
    }
    let mut source = draft::of_samples(file, records)?;
    for (name, title) in columns.names.iter().zip(columns.titles) {
        let field = source.schema.get_mut("properties").and_then(|fields| fields.get_mut(name));
        if let (Some(title), Some(field)) = (title, field.and_then(Value::as_object_mut)) {
            field.insert("title".to_owned(), title.into());
        }
    }
    Ok(source)
}

/// The columns of a table.
struct Columns {
    /// The name of each column's field.
    names: Vec<String>,
    /// What people call it, where the heading says that.
    titles: Vec<Option<String>>,
}

impl Columns {
    /// The columns under the headings of line `line`.
    ///
    /// # Errors
    /// Every heading of which no name can be made, and every two that make the same one.
    fn of(file: &Path, line: usize, headings: &[String]) -> Result<Self, Vec<Fault>> {
        let place = Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
        let fault = |said: &Said, name: &str| said.of(file, Some(place), name, false);
        let mut faults = Vec::new();
        let mut columns = Self { names: Vec::new(), titles: Vec::new() };
        let mut first: HashMap<String, &str> = HashMap::new();
        for (position, heading) in headings.iter().enumerate() {
            let Some(name) = names::field(heading) else {
                let told = told(heading);
                if told.is_empty() {
                    faults.push(fault(&UNNAMED, &(position + 1).to_string()));
                } else {
                    faults.push(fault(&NO_NAME, &told));
                }
                continue;
            };
            match first.insert(name.clone(), heading) {
                Some(other) if other.trim() == heading.trim() => {
                    faults.push(fault(&REPEATED, &told(heading)))
                }
                Some(other) => {
                    let both = format!("`{}`, `{}` → `{name}`", told(other), told(heading));
                    faults.push(fault(&COLLAPSED, &both));
                }
                None => {}
            }
            columns.titles.push((name != heading.trim()).then(|| spaced(heading)));
            columns.names.push(name);
        }
        if faults.is_empty() { Ok(columns) } else { Err(faults) }
    }
}

/// A heading on one line.
fn spaced(heading: &str) -> String {
    heading.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As much of a heading as tells which it is.
fn told(heading: &str) -> String {
    spaced(heading).chars().take(40).collect()
}

/// The value of a cell. A spreadsheet's apostrophe is no part of it.
fn value(cell: &str) -> Sample {
    let list =
        Some(cell).filter(|cell| cell.starts_with('[')).and_then(|cell| serde_json::from_str(cell).ok());
    match list {
        Some(list @ Value::Array(_)) => Sample::of_json(&list),
        _ => Sample::Text(Look::of_written(cell.strip_prefix('\'').unwrap_or(cell))),
    }
}

fn insert(record: &mut Vec<Member>, path: &[&str], value: Sample, place: Option<Place>) {
    let Some((name, rest)) = path.split_first() else { return };
    let member = |value| Member { name: (*name).to_owned(), value, place, node: None };
    if rest.is_empty() {
        return record.push(member(value));
    }
    let known = record.iter().position(|member| member.name == *name);
    let at = known.unwrap_or_else(|| {
        record.push(member(Sample::Record(Vec::new())));
        record.len() - 1
    });
    if let Some(Member { value: Sample::Record(inner), .. }) = record.get_mut(at) {
        insert(inner, rest, value, place);
    }
}

/// The rows of a table, each with its line; an error is the line of a quote that is not closed.
struct Rows<'t> {
    rest: &'t str,
    line: usize,
    separator: char,
}

impl Iterator for Rows<'_> {
    type Item = Result<(usize, Vec<String>), usize>;

    fn next(&mut self) -> Option<Self::Item> {
        // Empty lines are no rows.
        while let Some(rest) = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n')) {
            self.rest = rest;
            self.line += 1;
        }
        if self.rest.is_empty() {
            return None;
        }
        let started = self.line;
        let mut cells = vec![String::new()];
        let mut quoted = false;
        let mut characters = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, character)) = characters.next() {
            let Some(cell) = cells.last_mut() else { break };
            match character {
                '"' if quoted && characters.peek().is_some_and(|(_, next)| *next == '"') => {
                    characters.next();
                    cell.push('"');
                }
                '"' if quoted => quoted = false,
                '"' if cell.is_empty() => quoted = true,
                '\n' if !quoted => {
                    self.line += 1;
                    end = at + 1;
                    break;
                }
                '\r' if !quoted && characters.peek().is_some_and(|(_, next)| *next == '\n') => {}
                other if other == self.separator && !quoted => {
                    // One more than is taken, so that too many are seen without being kept.
                    if cells.len() <= MOST_COLUMNS {
                        cells.push(String::new());
                    }
                }
                other => {
                    if other == '\n' {
                        self.line += 1;
                    }
                    cell.push(other);
                }
            }
        }
        if quoted {
            self.rest = "";
            return Some(Err(started));
        }
        self.rest = self.rest.get(end..).unwrap_or_default();
        Some(Ok((started, cells)))
    }
}

const HEADER: Said = Said {
    rule: "no-header",
    message: ["Dòng đầu phải ghi tên các cột, tối đa 1000", "The first row names the columns, at most 1000"],
    remedy: [
        "Thêm dòng tên cột, như `Mã số,Tên thiết bị`; trường trong trường viết có dấu chấm, như `ToChuc.Ten`.",
        "Add a row of names such as `Mã số,Tên thiết bị`; a field within a field has a dot, as in `ToChuc.Ten`.",
    ],
};

const UNNAMED: Said = Said {
    rule: "no-header",
    message: ["Cột thứ {} không có tên ở dòng đầu", "Column {} has no name in the first row"],
    remedy: [
        "Ghi tên cột, hoặc xóa cột; dòng đầu của tệp phải là dòng tên cột, không phải tiêu đề của bảng.",
        "Name it, or remove the column; the first row is that of the columns' names, not the table's heading.",
    ],
};

const NO_NAME: Said = Said {
    rule: "field-name",
    message: ["Không đặt được tên trường từ tên cột `{}`", "No field can be named after the column `{}`"],
    remedy: [
        "Đổi tên cột thành chữ, như `Tỷ lệ` hoặc `TyLe`; tên trường bắt đầu bằng chữ cái, không phải `xml`.",
        "Name the column in words, such as `Tỷ lệ` or `TyLe`; a field begins with a letter, and not with `xml`.",
    ],
};

const COLLAPSED: Said = Said {
    rule: "column-twice",
    message: ["Hai cột trở thành cùng một trường: {}", "Two columns become one field: {}"],
    remedy: [
        "Đổi tên một trong hai cột để khác nhau cả khi bỏ dấu.",
        "Rename one of the two, so that they differ without accents too.",
    ],
};

const REPEATED: Said = Said {
    rule: "column-twice",
    message: ["Cột `{}` có hai lần", "The column `{}` is there twice"],
    remedy: ["Đổi tên hoặc xóa một cột.", "Rename or remove one of them."],
};

const RAGGED: Said = Said {
    rule: "ragged-row",
    message: ["Số ô của dòng này khác số cột", "This row has not as many cells as there are columns"],
    remedy: [
        "Đặt trong ngoặc kép ô có chứa dấu phân cách.",
        "Put a cell that holds the separator in quotes.",
    ],
};

const QUOTES: Said = Said {
    rule: "open-quote",
    message: ["Ngoặc kép mở mà không đóng", "A quote opens and does not close"],
    remedy: ["Đóng ngoặc kép; trong ô, viết hai lần.", "Close it; within a cell, write it twice."],
};
