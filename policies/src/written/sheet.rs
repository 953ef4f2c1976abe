//! One document being read: its text, its tables and the faults found so far.

use std::{borrow::Cow, cell::RefCell, ops::Range, sync::Arc};

use contracts::{Bilingual, Fault, Place};
use jiff::civil::{self, Date, DateTime};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Spelled;
use crate::Source;

/// Both languages at once.
pub(crate) fn both(vi: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual::new(vi, en)
}

/// A document and its faults.
pub(crate) struct Sheet<'s> {
    source: &'s Source,
    faults: RefCell<Vec<Arc<Fault>>>,
}

impl<'s> Sheet<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        Self { source, faults: RefCell::default() }
    }

    /// One that was read before, when it had these faults.
    pub(crate) fn resumed(source: &'s Source, faults: Vec<Arc<Fault>>) -> Self {
        Self { source, faults: RefCell::new(faults) }
    }

    /// Everything found so far.
    pub(crate) fn found(&self) -> Vec<Arc<Fault>> {
        self.faults.borrow().clone()
    }

    /// The document's tree, or every fault of TOML itself. What a parser makes out of broken TOML is
    /// not held against the rules: half a document is wrong in ways that its author did not write.
    pub(crate) fn parse(&self) -> Option<Spanned<DeTable<'s>>> {
        let (tree, errors) = DeTable::parse_recoverable(&self.source.text);
        for error in &errors {
            // The parser's sentence names tokens of the grammar, never the document's values.
            let said = error.message();
            self.fault(
                error.span().unwrap_or(0..0),
                "toml",
                both(format!("không đúng cú pháp TOML ({said})"), format!("not TOML ({said})")),
                both(
                    "Sửa cú pháp tại vị trí này; chuỗi nằm trong dấu nháy kép, mỗi khóa chỉ xuất hiện một lần",
                    "Correct the syntax here; texts are in double quotes and each key appears once",
                ),
            );
        }
        errors.is_empty().then_some(tree)
    }

    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    pub(crate) fn fault(&self, at: Range<usize>, rule: &'static str, message: Bilingual, remedy: Bilingual) {
        self.note(at, rule, message, remedy, false);
    }

    pub(crate) fn warn(&self, at: Range<usize>, rule: &'static str, message: Bilingual, remedy: Bilingual) {
        self.note(at, rule, message, remedy, true);
    }

    fn note(
        &self,
        at: Range<usize>,
        rule: &'static str,
        message: Bilingual,
        remedy: Bilingual,
        warning: bool,
    ) {
        let place = Some(Place::of(&self.source.text, at.start));
        let file = self.source.file.clone();
        self.faults.borrow_mut().push(Arc::new(Fault { file, place, rule, message, remedy, warning }));
    }

    /// Whether anything but a warning was found so far.
    pub(crate) fn is_faulty(&self) -> bool {
        self.faults.borrow().iter().any(|fault| !fault.warning)
    }

    pub(crate) fn into_faults(self) -> impl Iterator<Item = Fault> {
        self.faults.into_inner().into_iter().map(Arc::unwrap_or_clone)
    }
}

/// A table of a document. Every key asked for counts as known; [`Table::close`] reports the rest.
pub(crate) struct Table<'a> {
    sheet: &'a Sheet<'a>,
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    known: RefCell<Vec<&'static str>>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Table<'a> {
    pub(crate) fn root(sheet: &'a Sheet<'_>, tree: &'a Spanned<DeTable<'_>>) -> Self {
        // A whole document has no place of its own: what it lacks is reported at its start.
        Self { sheet, entries: tree.get_ref(), span: 0..0, known: RefCell::default() }
    }

    fn of(sheet: &'a Sheet<'a>, entries: &'a DeTable<'a>, span: Range<usize>) -> Self {
        Self { sheet, entries, span, known: RefCell::default() }
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(crate) fn sheet(&self) -> &'a Sheet<'a> {
        self.sheet
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    fn entry(&self, key: &'static str) -> Option<&'a Value<'a>> {
        self.known.borrow_mut().push(key);
        self.entries.get(key)
    }

    /// The keys that operators choose themselves, such as field names.
    pub(crate) fn named(&self) -> impl Iterator<Item = (Spanned<String>, Named<'a>)> {
        let sheet = self.sheet;
        self.entries.iter().map(move |(key, value)| {
            let name = Spanned::new(key.span(), key.get_ref().clone().into_owned());
            (name, Named { sheet, value })
        })
    }

    /// `value`, or a fault when the key is not there at all.
    pub(crate) fn required<T>(&self, key: &'static str, value: Option<T>) -> Option<T> {
        if !self.has(key) {
            self.sheet.fault(
                self.span(),
                "missing-key",
                both(format!("thiếu khóa `{key}`"), format!("the key `{key}` is missing")),
                both(format!("Thêm `{key} = …`"), format!("Add `{key} = …`")),
            );
        }
        value
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<Spanned<String>> {
        let value = self.entry(key)?;
        text(self.sheet, key, value)
    }

    /// A text in the spelling of `T`.
    pub(crate) fn value<T: Spelled>(&self, key: &'static str) -> Option<Spanned<T>> {
        let value = self.entry(key)?;
        spelled(self.sheet, key, value)
    }

    /// A list of texts, each in the spelling of `T`.
    pub(crate) fn values<T: Spelled>(&self, key: &'static str) -> Option<Vec<Spanned<T>>> {
        let items = self.list(key)?;
        Some(items.iter().filter_map(|item| spelled(self.sheet, key, item)).collect())
    }

    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let items = self.list(key)?;
        Some(items.iter().filter_map(|item| text(self.sheet, key, item)).collect())
    }

    fn list(&self, key: &'static str) -> Option<&'a [Value<'a>]> {
        let value = self.entry(key)?;
        match value.get_ref() {
            DeValue::Array(items) => Some(items),
            other => {
                wrong_type(self.sheet, key, value.span(), other, ("một danh sách `[…]`", "a list `[…]`"));
                None
            }
        }
    }

    pub(crate) fn integer(&self, key: &'static str) -> Option<Spanned<u64>> {
        let value = self.entry(key)?;
        if let DeValue::Integer(written) = value.get_ref()
            && let Ok(number) = u64::from_str_radix(written.as_str(), written.radix())
        {
            return Some(Spanned::new(value.span(), number));
        }
        wrong_type(
            self.sheet,
            key,
            value.span(),
            value.get_ref(),
            ("một số nguyên không âm", "a whole number from 0"),
        );
        None
    }

    /// A whole number from 1 that fits 32 bits: a limit of nothing would be a suspension in disguise.
    pub(crate) fn limit(&self, key: &'static str) -> Option<Spanned<u32>> {
        let number = self.integer(key)?;
        match u32::try_from(*number.get_ref()) {
            Ok(limit) if limit > 0 => Some(Spanned::new(number.span(), limit)),
            _ => {
                self.sheet.fault(
                    number.span(),
                    "bad-number",
                    both(
                        format!("`{key}` phải từ 1 đến {}", u32::MAX),
                        format!("`{key}` must be from 1 to {}", u32::MAX),
                    ),
                    both(
                        "Sửa số; muốn dừng hẳn thì viết một tệp trong `suspensions/`",
                        "Correct the number; to stop everything, write a file in `suspensions/`",
                    ),
                );
                None
            }
        }
    }

    pub(crate) fn boolean(&self, key: &'static str) -> Option<Spanned<bool>> {
        let value = self.entry(key)?;
        if let DeValue::Boolean(truth) = value.get_ref() {
            return Some(Spanned::new(value.span(), *truth));
        }
        wrong_type(
            self.sheet,
            key,
            value.span(),
            value.get_ref(),
            ("`true` hoặc `false`", "`true` or `false`"),
        );
        None
    }

    pub(crate) fn date(&self, key: &'static str) -> Option<Spanned<Date>> {
        let value = self.entry(key)?;
        if let DeValue::Datetime(written) = value.get_ref()
            && written.time.is_none()
            && let Some(date) = written.date.as_ref().and_then(day)
        {
            return Some(Spanned::new(value.span(), date));
        }
        wrong_type(
            self.sheet,
            key,
            value.span(),
            value.get_ref(),
            ("một ngày như 2026-12-31, không có dấu nháy", "a date such as 2026-12-31, without quotes"),
        );
        None
    }

    /// A date and hour in Viet Nam.
    pub(crate) fn moment(&self, key: &'static str) -> Option<Spanned<DateTime>> {
        let value = self.entry(key)?;
        if let DeValue::Datetime(written) = value.get_ref()
            && written.offset.is_none()
            && let Some(date) = written.date.as_ref().and_then(day)
            && let Some(time) = written.time.as_ref().and_then(hour)
        {
            return Some(Spanned::new(value.span(), date.to_datetime(time)));
        }
        wrong_type(
            self.sheet,
            key,
            value.span(),
            value.get_ref(),
            (
                "ngày và giờ Việt Nam như 2026-12-01T22:00:00, không có dấu nháy và không có múi giờ",
                "a date and hour in Viet Nam such as 2026-12-01T22:00:00, without quotes or offset",
            ),
        );
        None
    }

    /// A date, or a date and hour in Viet Nam; the hour of a mere date is `hour`.
    pub(crate) fn day_or_moment(&self, key: &'static str, hour: civil::Time) -> Option<Spanned<DateTime>> {
        let is_day = self.entries.get(key).is_some_and(
            |value| matches!(value.get_ref(), DeValue::Datetime(written) if written.time.is_none()),
        );
        if is_day {
            self.date(key).map(|date| Spanned::new(date.span(), date.get_ref().to_datetime(hour)))
        } else {
            self.moment(key)
        }
    }

    pub(crate) fn table(&self, key: &'static str) -> Option<Table<'a>> {
        let value = self.entry(key)?;
        table(self.sheet, key, value)
    }

    /// Whether `key` holds a table, where something else would do too.
    pub(crate) fn holds_table(&self, key: &'static str) -> bool {
        self.entry(key).is_some_and(|value| matches!(value.get_ref(), DeValue::Table(_)))
    }

    pub(crate) fn tables(&self, key: &'static str) -> Option<Vec<Table<'a>>> {
        let items = self.list(key)?;
        Some(items.iter().filter_map(|item| table(self.sheet, key, item)).collect())
    }

    /// `{ vi = "…", en = "…" }`.
    pub(crate) fn bilingual(&self, key: &'static str) -> Option<Bilingual> {
        let table = self.table(key)?;
        let vi = table.required("vi", table.text("vi"));
        let en = table.required("en", table.text("en"));
        table.close();
        let (vi, en) = (vi?, en?);
        for text in [&vi, &en] {
            if text.get_ref().trim().is_empty() {
                self.sheet.fault(
                    text.span(),
                    "empty-text",
                    both(format!("`{key}` để trống"), format!("`{key}` is empty")),
                    both("Viết bằng cả tiếng Việt và tiếng Anh", "Write it in Vietnamese and in English"),
                );
            }
        }
        Some(both(vi.into_inner(), en.into_inner()))
    }

    /// Reports every key that nobody asked for, with the nearest known one.
    pub(crate) fn close(self) {
        let known = self.known.into_inner();
        for key in self.entries.keys().filter(|key| !known.contains(&&**key.get_ref())) {
            let written: &Cow<'_, str> = key.get_ref();
            let remedy = match nearest(written, known.iter().copied()) {
                Some(meant) => both(format!("Có phải là `{meant}`?"), format!("Is it `{meant}`?")),
                None => both(
                    format!("Xóa khóa này; các khóa dùng được: {}", listed(&known)),
                    format!("Delete it; the keys here are: {}", listed(&known)),
                ),
            };
            self.sheet.fault(
                key.span(),
                "unknown-key",
                both(format!("không có khóa `{written}` ở đây"), format!("there is no key `{written}` here")),
                remedy,
            );
        }
    }
}

/// The value of a key that the operator chose.
pub(crate) struct Named<'a> {
    sheet: &'a Sheet<'a>,
    value: &'a Value<'a>,
}

impl<'a> Named<'a> {
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::String(_))
    }

    pub(crate) fn table(&self, key: &str) -> Option<Table<'a>> {
        table(self.sheet, key, self.value)
    }

    pub(crate) fn value<T: Spelled>(&self, key: &str) -> Option<Spanned<T>> {
        spelled(self.sheet, key, self.value)
    }
}

/// The candidate that `written` was probably meant to be: at most a third of it mistyped.
pub(crate) fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (written.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or(0);
            next.push((diagonal + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn listed(known: &[&str]) -> String {
    let mut known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    known.sort_unstable();
    known.dedup();
    known.join(", ")
}

fn text(sheet: &Sheet<'_>, key: &str, value: &Value<'_>) -> Option<Spanned<String>> {
    if let DeValue::String(text) = value.get_ref() {
        return Some(Spanned::new(value.span(), text.clone().into_owned()));
    }
    wrong_type(
        sheet,
        key,
        value.span(),
        value.get_ref(),
        ("một chuỗi trong dấu nháy kép", "a text in double quotes"),
    );
    None
}

fn spelled<T: Spelled>(sheet: &Sheet<'_>, key: &str, value: &Value<'_>) -> Option<Spanned<T>> {
    let written = text(sheet, key, value)?;
    if let Some(parsed) = T::spelled(written.get_ref()) {
        return Some(Spanned::new(written.span(), parsed));
    }
    let (vi, en) = T::EXPECTED;
    let remedy = match nearest(written.get_ref(), T::CHOICES.iter().copied()) {
        Some(meant) => both(format!("Có phải là `{meant}`?"), format!("Is it `{meant}`?")),
        None if !T::CHOICES.is_empty() => both(
            format!("Chọn một trong: {}", listed(T::CHOICES)),
            format!("Choose one of: {}", listed(T::CHOICES)),
        ),
        None => both("Viết lại theo dạng đó", "Rewrite it in that form"),
    };
    sheet.fault(
        written.span(),
        "bad-value",
        both(format!("giá trị của `{key}` phải là {vi}"), format!("the value of `{key}` must be {en}")),
        remedy,
    );
    None
}

fn table<'a>(sheet: &'a Sheet<'a>, key: &str, value: &'a Value<'a>) -> Option<Table<'a>> {
    if let DeValue::Table(entries) = value.get_ref() {
        return Some(Table::of(sheet, entries, value.span()));
    }
    wrong_type(sheet, key, value.span(), value.get_ref(), ("một bảng `{ … }`", "a table `{ … }`"));
    None
}

fn wrong_type(sheet: &Sheet<'_>, key: &str, at: Range<usize>, found: &DeValue<'_>, expected: (&str, &str)) {
    let found = match found {
        DeValue::String(_) => ("chuỗi", "a text"),
        DeValue::Integer(_) | DeValue::Float(_) => ("số", "a number"),
        DeValue::Boolean(_) => ("đúng/sai", "a boolean"),
        DeValue::Datetime(_) => ("ngày giờ", "a date or time"),
        DeValue::Array(_) => ("danh sách", "a list"),
        DeValue::Table(_) => ("bảng", "a table"),
    };
    sheet.fault(
        at,
        "wrong-type",
        both(
            format!("`{key}` phải là {}, ở đây là {}", expected.0, found.0),
            format!("`{key}` must be {}, this is {}", expected.1, found.1),
        ),
        both(format!("Viết `{key}` là {}", expected.0), format!("Write `{key}` as {}", expected.1)),
    );
}

fn day(written: &toml::value::Date) -> Option<Date> {
    let (year, month, day) = (
        i16::try_from(written.year).ok()?,
        i8::try_from(written.month).ok()?,
        i8::try_from(written.day).ok()?,
    );
    Date::new(year, month, day).ok()
}

fn hour(written: &toml::value::Time) -> Option<civil::Time> {
    let (hour, minute) = (i8::try_from(written.hour).ok()?, i8::try_from(written.minute).ok()?);
    civil::Time::new(hour, minute, i8::try_from(written.second.unwrap_or(0)).ok()?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str, read: impl Fn(&Table<'_>)) -> Vec<(&'static str, u32, u32)> {
        let source = Source::new("x.toml", text);
        let sheet = Sheet::new(&source);
        if let Some(tree) = sheet.parse() {
            let table = Table::root(&sheet, &tree);
            read(&table);
            table.close();
        }
        let place = |fault: &Fault| fault.place.map_or((0, 0), |place| (place.line, place.column));
        sheet.found().iter().map(|fault| (fault.rule, place(fault).0, place(fault).1)).collect()
    }

    #[test]
    fn an_unknown_key_has_a_place_and_a_likely_meaning() {
        let source = Source::new("x.toml", "# đầu\nvalit = 1\nzzzzzz = 2\n");
        let sheet = Sheet::new(&source);
        let tree = sheet.parse().unwrap();
        let table = Table::root(&sheet, &tree);
        assert!(table.table("valid").is_none());
        table.close();
        let faults = sheet.found();
        assert_eq!(faults[0].place, Some(Place { line: 2, column: 1 }));
        assert_eq!(faults[0].remedy.en, "Is it `valid`?");
        assert_eq!(faults[1].remedy.en, "Delete it; the keys here are: `valid`");
    }

    #[test]
    fn every_fault_of_a_document_is_found_at_once() {
        let found = faults("id = 5\ndays = \"x\"\nuntil = \"2026-01-01\"\n", |table| {
            assert!(table.text("id").is_none());
            assert!(table.list("days").is_none());
            assert!(table.date("until").is_none());
            let missing = table.text("name");
            assert!(table.required("name", missing).is_none());
        });
        assert_eq!(
            found,
            [("wrong-type", 1, 6), ("wrong-type", 2, 8), ("wrong-type", 3, 9), ("missing-key", 1, 1)]
        );
    }

    #[test]
    fn faults_of_toml_itself_have_their_place() {
        let found = faults("id = \"a\"\nname = \nkind = [1,\n", |_| {});
        assert!(found.iter().any(|(rule, line, _)| *rule == "toml" && *line == 2), "{found:?}");
    }

    #[test]
    fn a_date_with_an_hour_is_not_a_date_and_one_without_is_not_a_moment() {
        let text = "a = 2026-01-01\nb = 2026-01-01T10:00:00\nc = 2026-01-01T10:00:00Z\n";
        let found = faults(text, |table| {
            assert!(table.date("a").is_some() && table.moment("b").is_some());
            assert!(table.moment("a").is_none() && table.date("b").is_none() && table.moment("c").is_none());
        });
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn the_nearest_word_is_near() {
        assert_eq!(nearest("releas", ["release", "mask"]), Some("release"));
        assert_eq!(nearest("tenNhiemVu", ["TenNhiemVu", "MaSo"]), Some("TenNhiemVu"));
        assert_eq!(nearest("xyz", ["release", "mask"]), None);
    }
}
