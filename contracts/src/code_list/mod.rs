//! Code lists (danh mục dùng chung): editions with validity dates, read from CSV.
//!
//! A list's codes change over time, and a code can come back with another meaning: province 24 was
//! Bắc Giang and is Bắc Ninh. So a list is a row of *editions*, each valid for a while, and an entry
//! of an older edition may name its *successor* in the next. From those the list knows every older
//! code whose unit is now part of a present one ([`CodeList::predecessors`]).
//!
//! On disk: `code-lists/<list>/list.toml` and one CSV file for each edition, with the columns
//! `code,name` and, where wanted, `successor`, `valid_from`, `valid_until`. An empty successor means
//! that the code stays.

mod reading;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use serde::Deserialize;

use crate::Bilingual;

/// All code lists, by name.
#[derive(Clone, Debug, Default)]
pub struct CodeLists {
    lists: BTreeMap<String, CodeList>,
}

/// One code list with its editions.
#[derive(Clone, Debug)]
pub struct CodeList {
    name: String,
    title: Bilingual,
    source: String,
    complete: bool,
    check: Check,
    editions: Vec<Edition>,
    predecessors: BTreeMap<String, BTreeSet<String>>,
}

/// What the list decides about a record's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A code that no edition has is refused.
    Codes,
    /// The table is not had in full: the field's form alone is checked.
    Form,
}

/// A list as it was for a while.
#[derive(Clone, Debug)]
pub struct Edition {
    id: String,
    valid: Validity,
    entries: Vec<Entry>,
    positions: HashMap<String, usize>,
    /// Whether the file has a `successor` column: only then is anything known of what came after.
    names_successors: bool,
}

/// One code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code.
    pub code: String,
    /// Its name, in Vietnamese as published.
    pub name: String,
    /// Its code in the next edition, when that is another or the unit took part in a merger.
    pub successor: Option<String>,
    valid: Validity,
}

/// The days something holds, both ends included; an open end has no day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Validity {
    from: Option<Date>,
    until: Option<Date>,
}

impl CodeLists {
    /// The list called `name`.
    pub fn list(&self, name: &str) -> Option<&CodeList> {
        self.lists.get(name)
    }

    /// Every list, by name.
    pub fn iter(&self) -> impl Iterator<Item = &CodeList> {
        self.lists.values()
    }
}

impl CodeList {
    /// Its name in schemas and on disk, e.g. `don-vi-hanh-chinh-tinh`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it lists.
    pub fn title(&self) -> &Bilingual {
        &self.title
    }

    /// The text it comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether every code of the source is here.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// What the list decides.
    pub fn check(&self) -> Check {
        self.check
    }

    /// The editions, oldest first.
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }

    /// The edition called `id`.
    pub fn edition(&self, id: &str) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.id == id)
    }

    /// The edition valid on `day`.
    pub fn edition_on(&self, day: Date) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.valid.holds(day))
    }

    /// Whether `code` is listed: on that day, or in any edition when no day is given.
    pub fn contains(&self, code: &str, on: Option<Date>) -> bool {
        match on {
            None => self.editions.iter().any(|edition| edition.positions.contains_key(code)),
            Some(day) => self
                .edition_on(day)
                .and_then(|edition| edition.entry(code))
                .is_some_and(|entry| entry.valid.holds(day)),
        }
    }

    /// Whether a record may carry `code`: listed in any edition, or any code at all when the list
    /// checks the form only. Records made under an older edition stay valid.
    pub fn permits(&self, code: &str) -> bool {
        self.check == Check::Form || self.contains(code, None)
    }

    /// The codes of older editions whose units are now part of `code` of the last edition, in order;
    /// `code` itself among them when the same code stood for one of them. For a province unchanged
    /// since, its own code; for a code the last edition does not have, nothing.
    pub fn predecessors(&self, code: &str) -> impl Iterator<Item = &str> {
        self.predecessors.get(code).into_iter().flatten().map(String::as_str)
    }

    /// Follows every older code forward to the last edition.
    fn merged(editions: &[Edition]) -> BTreeMap<String, BTreeSet<String>> {
        let mut merged: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (position, edition) in editions.iter().enumerate() {
            let later = editions.get(position + 1..).unwrap_or_default();
            if later.is_empty() || !edition.names_successors {
                continue;
            }
            for entry in &edition.entries {
                let mut code = entry.successor.as_deref().unwrap_or(&entry.code);
                for next in later {
                    let successor = next.entry(code).and_then(|entry| entry.successor.as_deref());
                    code = successor.unwrap_or(code);
                }
                merged.entry(code.to_owned()).or_default().insert(entry.code.clone());
            }
        }
        merged
    }
}

impl Edition {
    /// Its name, e.g. `63`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The first day it holds; none when it always did.
    pub fn valid_from(&self) -> Option<Date> {
        self.valid.from
    }

    /// The last day it holds; none while it does.
    pub fn valid_until(&self) -> Option<Date> {
        self.valid.until
    }

    /// The entries, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of `code`.
    pub fn entry(&self, code: &str) -> Option<&Entry> {
        self.entries.get(*self.positions.get(code)?)
    }
}

impl Validity {
    fn holds(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::civil::date;

    use super::*;

    fn provinces() -> CodeList {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (lists, faults) = CodeLists::load(folder);
        assert_eq!(faults, []);
        lists.list("don-vi-hanh-chinh-tinh").unwrap().clone()
    }

    fn predecessors(list: &CodeList, code: &str) -> Vec<String> {
        list.predecessors(code).map(str::to_owned).collect()
    }

    #[test]
    fn a_merged_province_has_the_codes_of_all_that_merged() {
        let list = provinces();
        assert_eq!(predecessors(&list, "33"), ["33", "34"]);
        assert_eq!(predecessors(&list, "79"), ["74", "77", "79"]);
        assert_eq!(predecessors(&list, "15"), ["10", "15"], "15 was Yên Bái and is Lào Cai");
        assert_eq!(predecessors(&list, "92"), ["92", "93", "94"]);
    }

    #[test]
    fn an_unchanged_province_is_its_own_predecessor_and_an_old_code_has_none() {
        let list = provinces();
        assert_eq!(predecessors(&list, "01"), ["01"]);
        assert_eq!(predecessors(&list, "34"), [""; 0], "34 was Thái Bình and is nobody now");
        assert_eq!(predecessors(&list, "99"), [""; 0]);
    }

    #[test]
    fn every_old_province_belongs_to_exactly_one_present_one() {
        let list = provinces();
        let present = list.editions().last().unwrap();
        let mut old: Vec<_> =
            present.entries().iter().flat_map(|entry| predecessors(&list, &entry.code)).collect();
        old.sort();
        assert_eq!(present.entries().len(), 34);
        assert_eq!(old.len(), 63);
        old.dedup();
        assert_eq!(old.len(), 63);
    }

    #[test]
    fn a_code_is_read_in_the_edition_of_its_day() {
        let list = provinces();
        let name = |day, code: &str| list.edition_on(day).unwrap().entry(code).unwrap().name.clone();
        assert!(name(date(2025, 6, 30), "24").contains("Bắc Giang"));
        assert!(name(date(2025, 7, 1), "24").contains("Bắc Ninh"));
        assert!(list.contains("02", Some(date(2025, 6, 30))));
        assert!(!list.contains("02", Some(date(2025, 7, 1))));
        assert!(list.contains("02", None));
        assert!(!list.contains("00", None) && !list.permits("00"));
    }
}
