//! Codes read in the edition that was valid when their record was made (draft circular, Điều 15
//! khoản 2).
//!
//! A keyword of the schema sees one value; this rule needs two that may stand in different records,
//! with lists between. So it walks on its own, from the shape: to each record that has both the code
//! and its date below it, from there to the date once and to each code. A record without the date, or
//! with one that is no date (which `format` refuses), is read in any edition, and so is one of a time
//! that no edition held; a code that no edition has is refused by `x-code-list` itself.

use std::sync::Arc;

use super::report::Placed;
use crate::{Bilingual, CodeList, CodeLists, Days, Document, Field, RecordShape, Violation, ViolationRule};

/// The codes of a record that are read by a date.
pub(super) struct Editions(Vec<Dated>);

/// One field of codes.
struct Dated {
    list: Arc<CodeList>,
    /// The names that lead to the record that has both.
    shared: Vec<String>,
    /// The names that lead from there to the code.
    code: Vec<String>,
    /// The names that lead from there to the date.
    date: Vec<String>,
}

/// Where a value stands: its index at each level, members and items alike, and its JSON pointer.
#[derive(Clone, Default)]
struct At {
    position: Vec<usize>,
    path: String,
}

impl Editions {
    /// The dated codes of records of `shape`.
    pub(super) fn of(shape: &RecordShape, code_lists: &CodeLists) -> Self {
        let mut all = Vec::new();
        collect(shape, code_lists, &mut all);
        Self(all)
    }

    /// Whether every code is of the right edition.
    pub(super) fn conform(&self, record: &Document<'_>) -> bool {
        self.0.iter().all(|dated| {
            let mut conforms = true;
            dated.each(record, &mut |_, _, _| conforms = false);
            conforms
        })
    }

    /// Adds the first `limit` violations of each field.
    pub(super) fn report(&self, record: &Document<'_>, limit: usize, out: &mut Vec<Placed>) {
        for dated in &self.0 {
            let mut left = limit;
            dated.each(record, &mut |at, code, days| {
                if left > 0 {
                    left -= 1;
                    let message = dated.message(code, days);
                    let violation =
                        Violation { path: at.path.clone(), rule: ViolationRule::CodeEdition, message };
                    out.push((at.position.clone(), violation));
                }
            });
        }
    }
}

fn collect(shape: &RecordShape, code_lists: &CodeLists, out: &mut Vec<Dated>) {
    for field in &shape.fields {
        out.extend(Dated::of(field, code_lists));
        if let Some(record) = field.form.record() {
            collect(record, code_lists, out);
        }
    }
}

impl Dated {
    fn of(field: &Field, code_lists: &CodeLists) -> Option<Self> {
        let list = code_lists.list(field.code_list.as_deref()?)?;
        let code: Vec<&str> = field.path.segments().collect();
        let date: Vec<&str> = field.dated_by.as_ref()?.segments().collect();
        // A date within a record beside the code's is reached by a dotted name: the record of both is
        // as deep as the two paths agree, and a field is never a record of itself.
        let shared = code.iter().zip(&date).take_while(|(one, two)| one == two).count();
        let shared = shared.min(code.len() - 1).min(date.len() - 1);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Some(Self {
            list: Arc::clone(list),
            shared: names(code.get(..shared)?),
            code: names(code.get(shared..)?),
            date: names(date.get(shared..)?),
        })
    }

    /// Shows `see` each code of the wrong edition.
    fn each(&self, record: &Document<'_>, see: &mut dyn FnMut(&At, &str, Days)) {
        descend(record, &self.shared, &mut At::default(), &mut |record, at| {
            let date = self.date.iter().try_fold(record, |value, name| value.as_record()?.get(name));
            let Some(days) = date.and_then(Document::as_text).and_then(Days::told_by) else { return };
            descend(record, &self.code, at, &mut |code, at| {
                if let Some(code) = code.as_text()
                    && self.list.edition_without(code, days).is_some()
                {
                    see(at, code, days);
                }
            });
        });
    }

    /// Names the list and the edition, never the code.
    fn message(&self, code: &str, days: Days) -> Bilingual {
        let (name, title) = (self.list.name(), self.list.title());
        let edition = self.list.edition_without(code, days).map_or("", |edition| edition.id());
        let date = self.date.last().map_or("", String::as_str);
        let replaced = self
            .list
            .readings(code, None)
            .any(|older| self.list.successors(code, older.id()).iter().any(|(next, _)| next.id() == edition));
        let (vi, en) = if replaced {
            (
                "Ấn bản đó có mã kế tiếp của mã này: tra danh mục rồi ghi mã kế tiếp, hoặc sửa ngày.",
                "That edition has a successor of this code: look it up and write the successor, or correct the date.",
            )
        } else {
            (
                "Mã này thuộc ấn bản khác: tra danh mục của ngày đó, hoặc sửa ngày.",
                "The code is of another edition: look it up in the list of that day, or correct the date.",
            )
        };
        Bilingual::new(
            format!(
                "Mã không có trong ấn bản `{edition}` của danh mục `{name}` ({}), là ấn bản có hiệu lực vào thời điểm ghi ở `{date}`. {vi}",
                title.vi
            ),
            format!(
                "The code is not in edition `{edition}` of the list `{name}` ({}), the one valid at the time that `{date}` tells. {en}",
                title.en
            ),
        )
    }
}

/// Shows `see` every value that `names` lead to from `value`, through lists, items one by one.
fn descend<'d>(
    value: &'d Document<'d>,
    names: &[String],
    at: &mut At,
    see: &mut dyn FnMut(&'d Document<'d>, &mut At),
) {
    let length = at.path.len();
    match (names, value) {
        (_, Document::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                // A list within a list is of no contract, and would be walked as deep as it nests.
                if !matches!(item, Document::List(_)) {
                    at.enter(index, &index.to_string());
                    descend(item, names, at, see);
                    at.leave(length);
                }
            }
        }
        ([], value) => see(value, at),
        ([name, rest @ ..], Document::Record(record)) => {
            if let Some((index, (_, value))) = record.iter().enumerate().find(|(_, (known, _))| known == name)
            {
                at.enter(index, name);
                descend(value, rest, at, see);
                at.leave(length);
            }
        }
        _ => {}
    }
}

impl At {
    /// Names of fields need no escape in a pointer.
    fn enter(&mut self, index: usize, name: &str) {
        self.position.push(index);
        self.path.push('/');
        self.path.push_str(name);
    }

    fn leave(&mut self, length: usize) {
        self.position.pop();
        self.path.truncate(length);
    }
}
