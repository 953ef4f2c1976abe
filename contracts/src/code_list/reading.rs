//! `list.toml` and its CSV files, as written.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::Date;
use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{Check, CodeList, CodeLists, Edition, Entry, Mapping, Pair, Validity};
use crate::{
    Bilingual, Fault, Place,
    files::{folders, read},
    identifiers::IdentifierKind,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Option<Spanned<String>>,
    title: Bilingual,
    source: String,
    complete: Spanned<bool>,
    check: Spanned<Check>,
    form: Option<Spanned<String>>,
    editions: Spanned<Vec<Spanned<WrittenEdition>>>,
    #[serde(default)]
    mappings: Vec<Spanned<WrittenMapping>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEdition {
    id: Spanned<String>,
    file: Spanned<PathBuf>,
    valid_from: Option<Spanned<Datetime>>,
    valid_until: Option<Spanned<Datetime>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMapping {
    from: Spanned<String>,
    to: Spanned<String>,
    file: Spanned<PathBuf>,
    source: String,
    complete: bool,
}

/// A row of a mapping's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappedRow {
    from: String,
    to: String,
    #[serde(default)]
    valid_from: Option<Date>,
    #[serde(default)]
    valid_until: Option<Date>,
}

/// A row of an edition's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    name: String,
    #[serde(default)]
    name_en: Option<String>,
    #[serde(default)]
    successor: Option<String>,
    #[serde(default)]
    valid_from: Option<Date>,
    #[serde(default)]
    valid_until: Option<Date>,
}

impl CodeLists {
    /// Reads `<folder>/code-lists`, with every fault of every list. A faulty list is there all the
    /// same: a schema that names it is not at fault, and nothing is served from a folder with faults.
    pub(crate) fn load(folder: &Path) -> (Self, Vec<Fault>) {
        let mut lists = Self::default();
        let mut faults = Vec::new();
        for list_folder in folders(folder, Path::new("code-lists"), &mut faults) {
            let mut reading = Reading {
                folder,
                file: list_folder.join("list.toml"),
                text: String::new(),
                faults: Vec::new(),
            };
            if let Some(list) = reading.list(&list_folder) {
                lists.lists.insert(list.name.clone(), Arc::new(list));
            } else if let Some(name) = list_folder.file_name().and_then(|name| name.to_str()) {
                lists.lists.insert(name.to_owned(), Arc::new(unread(name)));
            }
            faults.append(&mut reading.faults);
        }
        (lists, faults)
    }
}

#[cfg(test)]
impl CodeLists {
    /// The project's own lists, whose only faults are that some are not had in full.
    pub(crate) fn shipped() -> Self {
        let (lists, faults) = Self::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert!(faults.iter().all(|fault| fault.rule == "incomplete-list" && fault.warning), "{faults:?}");
        lists
    }
}

/// Stands for a list that cannot be read.
fn unread(name: &str) -> CodeList {
    CodeList {
        name: name.to_owned(),
        title: Bilingual::new(name, name),
        source: String::new(),
        complete: false,
        check: Check::Form,
        form: None,
        editions: Vec::new(),
        mappings: Vec::new(),
    }
}

/// The reading of one list.
struct Reading<'a> {
    folder: &'a Path,
    /// `list.toml`, relative to `folder`.
    file: PathBuf,
    text: String,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn list(&mut self, list_folder: &Path) -> Option<CodeList> {
        let name = list_folder.file_name()?.to_str()?.to_owned();
        self.text = match read(self.folder, &self.file) {
            Ok(text) => text,
            Err(fault) => {
                self.faults.push(fault);
                return None;
            }
        };
        let written: Written = match toml::from_str(&self.text) {
            Ok(written) => written,
            Err(error) => {
                self.faults.push(Fault::of_toml(&self.file, &self.text, &error));
                return None;
            }
        };
        if let Some(id) = written.id.as_ref().filter(|id| *id.get_ref() != name) {
            self.fault(
                id.span().start,
                "wrong-id",
                (format!("`id` khác tên thư mục `{name}`"), format!("`id` differs from the folder `{name}`")),
                ("Đặt `id` bằng tên thư mục.", "Make `id` the folder's name."),
            );
        }
        let complete = *written.complete.get_ref();
        if !complete {
            self.warn_incomplete(&written);
        }
        if *written.check.get_ref() == Check::Codes && !complete {
            self.fault(
                written.check.span().start,
                "incomplete-list-checked",
                (
                    "Danh mục chưa đầy đủ (`complete = false`) mà đòi kiểm tra từng mã, sẽ từ chối nhầm mã hợp lệ".to_owned(),
                    "The list is not complete (`complete = false`) yet codes are checked against it: valid codes would be refused".to_owned(),
                ),
                ("Đặt `check = \"form\"`, hoặc bổ sung đủ mã rồi đặt `complete = true`.", "Set `check = \"form\"`, or add the missing codes and set `complete = true`."),
            );
        }
        let form = self.form(&written);
        let editions = self.editions(&written, list_folder);
        self.check_order(&written, &editions);
        self.check_successors(&written, list_folder, &editions);
        let mappings = self.mappings(&written, list_folder, &editions);
        Some(CodeList {
            name,
            title: written.title,
            source: written.source,
            complete,
            check: *written.check.get_ref(),
            form,
            editions,
            mappings,
        })
    }

    /// A list that is not had in full says so at every load: whoever runs the gateway should know which
    /// codes nothing holds against a table.
    fn warn_incomplete(&mut self, written: &Written) {
        self.fault(
            written.complete.span().start,
            "incomplete-list",
            (
                "Danh mục chưa có đủ mã nên mã chỉ được kiểm tra theo dạng".to_owned(),
                "The list does not have all codes, so a code is checked by its form only".to_owned(),
            ),
            (
                "Khi có bảng mã chính thức, bổ sung vào tệp CSV rồi đặt `complete = true`, `check = \"codes\"`.",
                "Once the official table is had, add it to the CSV file and set `complete = true`, `check = \"codes\"`.",
            ),
        );
        if let Some(fault) = self.faults.last_mut() {
            fault.warning = true;
        }
    }

    fn form(&mut self, written: &Written) -> Option<IdentifierKind> {
        let name = written.form.as_ref()?;
        let form = name.get_ref().parse().ok();
        if form.is_none() {
            let all: Vec<_> = IdentifierKind::ALL.iter().map(|kind| format!("`{kind}`")).collect();
            let all = all.join(", ");
            self.fault(
                name.span().start,
                "unknown-form",
                (
                    format!("`form` phải là một quy tắc định danh: {all}"),
                    format!("`form` is to be a rule of identifiers: {all}"),
                ),
                ("Sửa tên, hoặc bỏ `form`.", "Correct the name, or drop `form`."),
            );
        }
        form
    }

    /// Reads the mappings: tables of which code of one edition is which of another, where one code can
    /// become several and several one.
    fn mappings(&mut self, written: &Written, list_folder: &Path, editions: &[Edition]) -> Vec<Mapping> {
        let mut mappings = Vec::new();
        for mapping in &written.mappings {
            let mapping = mapping.get_ref();
            let known =
                |id: &Spanned<String>| editions.iter().position(|edition| edition.id == *id.get_ref());
            let (from, to) = (known(&mapping.from), known(&mapping.to));
            let (Some(from), Some(to)) = (from, to) else {
                let unknown = if from.is_none() { &mapping.from } else { &mapping.to };
                self.fault(
                    unknown.span().start,
                    "unknown-edition",
                    ("Danh mục không có ấn bản này".to_owned(), "The list has no such edition".to_owned()),
                    ("Ghi `id` của một ấn bản ở trên.", "Write the `id` of an edition above."),
                );
                continue;
            };
            if to != from + 1 || editions.get(from).is_some_and(|edition| edition.names_successors) {
                self.fault(
                    mapping.to.span().start,
                    "mapping-order",
                    (
                        "Bảng chuyển đổi nối một ấn bản với ấn bản ngay sau nó, khi tệp của ấn bản chưa có cột `successor`".to_owned(),
                        "A mapping leads from an edition to the very next, whose file has no `successor` column".to_owned(),
                    ),
                    ("Sửa `from`, `to`, hoặc bỏ cột `successor`.", "Correct `from` and `to`, or drop the column `successor`."),
                );
            }
            let file = mapping.file.get_ref();
            if file.components().count() != 1 {
                self.outside(mapping.file.span().start);
                continue;
            }
            let pairs = self.pairs(&list_folder.join(file), editions.get(from), editions.get(to));
            mappings.push(Mapping {
                from: mapping.from.get_ref().clone(),
                to: mapping.to.get_ref().clone(),
                source: mapping.source.clone(),
                complete: mapping.complete,
                pairs,
            });
        }
        mappings
    }

    fn pairs(&mut self, file: &Path, from: Option<&Edition>, to: Option<&Edition>) -> Vec<Pair> {
        let text = match read(self.folder, file) {
            Ok(text) => text,
            Err(fault) => {
                self.faults.push(fault);
                return Vec::new();
            }
        };
        let mut pairs: Vec<Pair> = Vec::new();
        let mut seen = BTreeSet::new();
        for (row, line) in csv::Reader::from_reader(text.as_bytes()).deserialize::<MappedRow>().zip(2_u64..) {
            let known = |edition: Option<&Edition>, code: &str| {
                edition.is_some_and(|edition| edition.entry(code).is_some())
            };
            match row {
                Ok(row)
                    if known(from, &row.from)
                        && known(to, &row.to)
                        && seen.insert((row.from.clone(), row.to.clone())) =>
                {
                    let valid = Validity { from: row.valid_from, until: row.valid_until };
                    pairs.push(Pair { from: row.from, to: row.to, valid });
                }
                _ => self.row_fault(
                    file,
                    line,
                    "mapping-row",
                    (
                        "Dòng không đọc được, lặp lại, hoặc nêu mã không có trong hai ấn bản; các cột là `from`, `to` và chỉ thêm `valid_from`, `valid_until`".to_owned(),
                        "The row cannot be read, is a repeat, or names a code that the two editions do not have; the columns are `from`, `to` and only `valid_from`, `valid_until` besides".to_owned(),
                    ),
                    ("Sửa dòng theo hai ấn bản.", "Correct the row after the two editions."),
                ),
            }
        }
        pairs
    }

    fn outside(&mut self, at: usize) {
        self.fault(
            at,
            "file-outside",
            (
                "`file` phải nằm ngay trong thư mục của danh mục".to_owned(),
                "`file` must lie in the list's own folder".to_owned(),
            ),
            ("Ghi tên tệp, không kèm thư mục.", "Write the file's name without a folder."),
        );
    }

    fn editions(&mut self, written: &Written, list_folder: &Path) -> Vec<Edition> {
        let mut ids = BTreeSet::new();
        if written.editions.get_ref().is_empty() {
            self.fault(
                written.editions.span().start,
                "no-edition",
                ("Danh mục không có ấn bản nào".to_owned(), "The list has no edition".to_owned()),
                ("Thêm một mục `[[editions]]`.", "Add an `[[editions]]` entry."),
            );
        }
        let mut editions = Vec::new();
        for edition in written.editions.get_ref() {
            let edition = edition.get_ref();
            if !ids.insert(edition.id.get_ref()) {
                self.fault(
                    edition.id.span().start,
                    "repeated-edition",
                    ("Ấn bản này đã có ở trên".to_owned(), "This edition stands above already".to_owned()),
                    ("Đặt `id` khác nhau cho mỗi ấn bản.", "Give each edition an `id` of its own."),
                );
            }
            let valid =
                Validity { from: self.day(&edition.valid_from), until: self.day(&edition.valid_until) };
            let file = edition.file.get_ref();
            if file.components().count() != 1 {
                self.outside(edition.file.span().start);
                continue;
            }
            if let Some((entries, names_successors)) = self.entries(&list_folder.join(file)) {
                let positions = entries
                    .iter()
                    .enumerate()
                    .map(|(position, entry)| (entry.code.clone(), position))
                    .collect();
                editions.push(Edition {
                    id: edition.id.get_ref().clone(),
                    valid,
                    entries,
                    positions,
                    names_successors,
                });
            }
        }
        editions
    }

    fn day(&mut self, written: &Option<Spanned<Datetime>>) -> Option<Date> {
        let written = written.as_ref()?;
        let day = match written.get_ref() {
            Datetime { date: Some(date), time: None, offset: None } => Date::new(
                date.year.try_into().unwrap_or_default(),
                date.month.try_into().unwrap_or_default(),
                date.day.try_into().unwrap_or_default(),
            )
            .ok(),
            _ => None,
        };
        if day.is_none() {
            self.fault(
                written.span().start,
                "not-a-day",
                ("Cần một ngày, không kèm giờ".to_owned(), "A day is wanted, without a time".to_owned()),
                ("Ghi dạng `2025-07-01`, không có dấu nháy.", "Write it as `2025-07-01`, without quotes."),
            );
        }
        day
    }

    /// Reads one CSV file, and whether it names successors.
    fn entries(&mut self, file: &Path) -> Option<(Vec<Entry>, bool)> {
        let text = match read(self.folder, file) {
            Ok(text) => text,
            Err(fault) => {
                self.faults.push(fault);
                return None;
            }
        };
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let names_successors =
            reader.headers().is_ok_and(|header| header.iter().any(|column| column == "successor"));
        let mut entries = Vec::new();
        let mut lines: HashMap<String, u64> = HashMap::new();
        for row in reader.deserialize::<Row>() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let line = error.position().map_or(1, csv::Position::line);
                    self.row_fault(
                        file,
                        line,
                        "unreadable-row",
                        (
                            "Dòng không đọc được: phải có cột `code`, `name` và chỉ thêm `name_en`, `successor`, `valid_from`, `valid_until`".to_owned(),
                            "The row cannot be read: the columns are `code`, `name` and only `name_en`, `successor`, `valid_from`, `valid_until` besides".to_owned(),
                        ),
                        ("Sửa dòng theo dòng tiêu đề; bao tên có dấu phẩy trong dấu nháy kép.", "Match the row to the header; quote a name that holds a comma."),
                    );
                    continue;
                }
            };
            let line = u64::try_from(entries.len()).unwrap_or(u64::MAX).saturating_add(2);
            if row.code.is_empty() || row.code.trim() != row.code || row.name.trim().is_empty() {
                self.row_fault(
                    file,
                    line,
                    "empty-code",
                    (
                        "Mã hoặc tên để trống, hay mã có dấu cách thừa".to_owned(),
                        "Code or name is empty, or the code has stray blanks".to_owned(),
                    ),
                    ("Điền đủ mã và tên.", "Fill in code and name."),
                );
            }
            if lines.insert(row.code.clone(), line).is_some() {
                self.row_fault(
                    file,
                    line,
                    "repeated-code",
                    (
                        format!("Mã `{}` đã có ở trên", row.code),
                        format!("Code `{}` stands above already", row.code),
                    ),
                    (
                        "Xóa dòng trùng, hoặc chuyển sang ấn bản khác.",
                        "Remove the repeat, or move it to another edition.",
                    ),
                );
            }
            entries.push(Entry {
                code: row.code,
                name: row.name,
                name_en: row.name_en.filter(|name| !name.trim().is_empty()),
                successor: row.successor.filter(|code| !code.is_empty()),
                valid: Validity { from: row.valid_from, until: row.valid_until },
            });
        }
        Some((entries, names_successors))
    }

    /// Editions stand oldest first and no day belongs to two of them.
    fn check_order(&mut self, written: &Written, editions: &[Edition]) {
        for pair in editions.windows(2) {
            let [older, newer] = pair else { continue };
            let apart = older.valid.until.zip(newer.valid.from).is_some_and(|(until, from)| until < from);
            if !apart {
                let place = written
                    .editions
                    .get_ref()
                    .iter()
                    .find(|edition| *edition.get_ref().id.get_ref() == newer.id);
                self.fault(
                    place.map_or(0, |edition| edition.get_ref().id.span().start),
                    "overlapping-editions",
                    (
                        format!(
                            "Ấn bản `{}` và `{}` cùng có hiệu lực, hoặc không xếp theo thời gian",
                            older.id, newer.id
                        ),
                        format!(
                            "Editions `{}` and `{}` hold on the same day, or are not in order of time",
                            older.id, newer.id
                        ),
                    ),
                    (
                        "Đặt `valid_until` của ấn bản cũ trước `valid_from` của ấn bản mới.",
                        "Let `valid_until` of the older come before `valid_from` of the newer.",
                    ),
                );
            }
        }
    }

    /// A successor is a code of the next edition.
    fn check_successors(&mut self, written: &Written, list_folder: &Path, editions: &[Edition]) {
        for (position, edition) in editions.iter().enumerate().filter(|(_, edition)| edition.names_successors)
        {
            let file = written
                .editions
                .get_ref()
                .iter()
                .find(|written| *written.get_ref().id.get_ref() == edition.id)
                .map_or_else(
                    || self.file.clone(),
                    |written| list_folder.join(written.get_ref().file.get_ref()),
                );
            let next = editions.get(position + 1);
            for (row, entry) in edition.entries.iter().enumerate() {
                let code = entry.successor.as_deref().unwrap_or(&entry.code);
                if next.is_some_and(|next| next.entry(code).is_none())
                    || (next.is_none() && entry.successor.is_some())
                {
                    self.row_fault(
                        &file,
                        u64::try_from(row).unwrap_or(u64::MAX).saturating_add(2),
                        "unknown-successor",
                        (
                            format!("Mã kế tiếp `{code}` không có trong ấn bản sau"),
                            format!("The successor `{code}` is not in the next edition"),
                        ),
                        ("Ghi mã của đơn vị kế tiếp ở cột `successor`; để trống khi mã không đổi.", "Write the succeeding unit's code in `successor`; leave it empty when the code stays."),
                    );
                }
            }
        }
    }

    fn fault(&mut self, offset: usize, rule: &'static str, message: (String, String), remedy: (&str, &str)) {
        self.faults.push(Fault {
            file: self.file.clone(),
            place: Some(Place::of(&self.text, offset)),
            rule,
            message: Bilingual::new(message.0, message.1),
            remedy: Bilingual::new(remedy.0, remedy.1),
            warning: false,
        });
    }

    fn row_fault(
        &mut self,
        file: &Path,
        line: u64,
        rule: &'static str,
        message: (String, String),
        remedy: (&str, &str),
    ) {
        self.faults.push(Fault {
            file: file.to_owned(),
            place: Some(Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 }),
            rule,
            message: Bilingual::new(message.0, message.1),
            remedy: Bilingual::new(remedy.0, remedy.1),
            warning: false,
        });
    }
}
