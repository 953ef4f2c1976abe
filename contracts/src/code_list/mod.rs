//! Code lists (danh mục dùng chung): editions with validity dates, read from CSV.
//!
//! A list's codes change over time, and a code can come back with another meaning: province 24 was
//! Bắc Giang and is Bắc Ninh. So a list is a row of *editions*, each valid for a while, and an entry
//! of an older edition may name its *successor* in the next. From those the list knows what became of
//! an older code ([`CodeList::successors`]) and which older codes became a present one
//! ([`CodeList::predecessors`]). A code by itself is therefore not yet a thing: only a code in an edition
//! is. [`Days`] is what a record tells of when it was made, and [`Units`] a choice of things that stays
//! the same choice whatever edition a record's code is read in.
//!
//! On disk: `code-lists/<list>/list.toml` and one CSV file for each edition, with the columns
//! `code,name` and, where wanted, `successor`, `valid_from`, `valid_until`. An empty successor means
//! that the code stays and means the same thing; a successor that is the code itself, that the thing
//! took part in a merger and gave its code to what came of it.

mod days;
mod reading;
mod units;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::civil::Date;
use serde::Deserialize;

pub use self::{days::Days, units::Units};
use crate::Bilingual;

/// All code lists, by name.
#[derive(Clone, Debug, Default)]
pub struct CodeLists {
    lists: BTreeMap<String, Arc<CodeList>>,
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
    pub fn list(&self, name: &str) -> Option<&Arc<CodeList>> {
        self.lists.get(name)
    }

    /// Every list, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<CodeList>> {
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

    /// The editions in which a record that tells `days` may have found `code`: those of that time, or
    /// all when the record tells no time; of them, those that have the code.
    pub fn readings<'l>(&'l self, code: &'l str, days: Option<Days>) -> impl Iterator<Item = &'l Edition> {
        self.reading_positions(code, days).filter_map(|position| self.editions.get(position))
    }

    /// The edition that refuses `code` of a record that tells `days`, when the list has the code in
    /// another edition. Nothing refuses it where no edition held, or where the form alone is checked.
    pub fn edition_without(&self, code: &str, days: Days) -> Option<&Edition> {
        let held = self.editions.iter().find(|edition| edition.valid.overlaps(days))?;
        let elsewhere = self.check == Check::Codes && self.contains(code, None);
        (elsewhere && self.readings(code, Some(days)).next().is_none()).then_some(held)
    }

    /// What became of `code` of the edition called `edition`: its code in each later edition, as far as
    /// the list knows.
    pub fn successors<'l>(&'l self, code: &str, edition: &str) -> Vec<(&'l Edition, &'l str)> {
        let mut found = Vec::new();
        let Some(mut at) = self.position(edition) else { return found };
        let Some(mut code) = self.editions.get(at).and_then(|edition| edition.entry(code)) else {
            return found;
        };
        while let Some((next, entry)) = self.next(at, code).map(|(next, _)| next) {
            found.push((next, entry.code.as_str()));
            (at, code) = (at + 1, entry);
        }
        found
    }

    /// The codes of older editions whose things are now `code` of the edition called `edition` or part of
    /// it, newest edition first; `code` itself among them when it stood for one of them.
    pub fn predecessors<'l>(&'l self, code: &'l str, edition: &str) -> Vec<(&'l Edition, &'l str)> {
        let Some(at) = self.position(edition) else { return Vec::new() };
        let mut found = Vec::new();
        let mut wanted = vec![code];
        for older in (0..at).rev() {
            let Some(edition) = self.editions.get(older) else { break };
            wanted = edition
                .entries
                .iter()
                .filter(|entry| {
                    let next = self.next(older, entry).map(|((_, next), _)| next);
                    next.is_some_and(|next| wanted.contains(&next.code.as_str()))
                })
                .map(|entry| entry.code.as_str())
                .collect();
            found.extend(wanted.iter().map(|code| (edition, *code)));
        }
        found
    }

    /// [`CodeList::readings`] by position.
    fn reading_positions<'l>(
        &'l self,
        code: &'l str,
        days: Option<Days>,
    ) -> impl Iterator<Item = usize> + 'l {
        self.editions.iter().enumerate().filter_map(move |(position, edition)| {
            let held = |valid: Validity| days.is_none_or(|days| valid.overlaps(days));
            let entry = edition.entry(code).filter(|_| held(edition.valid))?;
            held(entry.valid).then_some(position)
        })
    }

    /// The position of the edition called `id`.
    fn position(&self, id: &str) -> Option<usize> {
        self.editions.iter().position(|edition| edition.id == id)
    }

    /// What `entry` of the edition at `position` is in the next, and whether it is the same thing still.
    fn next(&self, position: usize, entry: &Entry) -> Option<((&Edition, &Entry), bool)> {
        if !self.editions.get(position)?.names_successors {
            return None;
        }
        let next = self.editions.get(position + 1)?;
        let code = entry.successor.as_deref().unwrap_or(&entry.code);
        Some(((next, next.entry(code)?), entry.successor.is_none()))
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
        self.overlaps(Days::of(day))
    }

    /// Whether it holds on some day of `days`.
    fn overlaps(self, days: Days) -> bool {
        self.from.is_none_or(|from| from <= days.until())
            && self.until.is_none_or(|until| days.from() <= until)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::civil::date;

    use super::*;

    fn provinces() -> Arc<CodeList> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (lists, faults) = CodeLists::load(folder);
        assert_eq!(faults, []);
        lists.list("don-vi-hanh-chinh-tinh").unwrap().clone()
    }

    /// The codes of the 63 provinces that are now `code`.
    fn predecessors<'l>(list: &'l CodeList, code: &'l str) -> Vec<&'l str> {
        let all = list.predecessors(code, "34-2026");
        all.into_iter().filter(|(edition, _)| edition.id() == "63").map(|(_, code)| code).collect()
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

    #[test]
    fn what_became_of_a_code_is_told_edition_by_edition() {
        let list = provinces();
        let told = |code, edition| {
            let all = list.successors(code, edition);
            all.into_iter().map(|(edition, code)| format!("{}:{code}", edition.id())).collect::<Vec<_>>()
        };
        assert_eq!(told("27", "63"), ["34:24", "34-2026:24"]);
        assert_eq!(told("01", "63"), ["34:01", "34-2026:01"]);
        assert_eq!(told("24", "34-2026"), [""; 0]);
        assert_eq!(told("99", "63"), [""; 0]);
        assert_eq!(told("27", "34"), [""; 0], "27 was nobody's by then");
        assert_eq!(told("27", "nam-2000"), [""; 0]);
    }

    #[test]
    fn an_edition_refuses_only_codes_of_another() {
        let list = provinces();
        let refusing = |code, text| {
            let days = Days::told_by(text).unwrap();
            list.edition_without(code, days).map(Edition::id)
        };
        assert_eq!(refusing("27", "2025-06-30"), None);
        assert_eq!(refusing("27", "2025-07-01"), Some("34"));
        assert_eq!(refusing("27", "2026-11-01"), Some("34-2026"));
        assert_eq!(refusing("27", "2025"), None, "half of that year it was a province");
        assert_eq!(refusing("27", "2026"), Some("34"));
        assert_eq!(refusing("99", "2026"), None, "no edition has it: another rule's to refuse");
        assert_eq!(refusing("24", "2020"), None);
    }
}
