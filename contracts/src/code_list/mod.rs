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
//! took part in a merger and gave its code to what came of it. Where one thing can become several, a
//! *mapping* takes the place of the column: a CSV file of pairs `from,to` between an edition and the next.
//! A list that is not had in full says so (`complete = false`), warns at every load, and checks a code's
//! form alone.

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
use crate::{Bilingual, identifiers::IdentifierKind};

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
    form: Option<IdentifierKind>,
    editions: Vec<Edition>,
    mappings: Vec<Mapping>,
}

/// Which codes of an edition are which of the next, where that is not one for one.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The older edition.
    pub from: String,
    /// The newer edition.
    pub to: String,
    /// The text it comes from.
    pub source: String,
    /// Whether every code of the older edition has its place in it.
    pub complete: bool,
    pairs: Vec<Pair>,
}

/// One row of a mapping.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The older code.
    pub from: String,
    /// The newer code, one of several perhaps.
    pub to: String,
    valid: Validity,
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
    /// Its name in English, where it has one that is more than the Vietnamese.
    pub name_en: Option<String>,
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

    /// The rule that codes follow whether or not the table is had in full.
    pub fn form(&self) -> Option<IdentifierKind> {
        self.form
    }

    /// The mappings between editions.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
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

    /// Whether a record may carry `code`: listed in any edition, or of the right form when the list
    /// checks no more. Records made under an older edition stay valid.
    pub fn permits(&self, code: &str) -> bool {
        match self.check {
            Check::Codes => self.contains(code, None),
            Check::Form => self.form.is_none_or(|form| form.accepts(code)),
        }
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

    /// What became of `code` of the edition called `edition`: its codes in each later edition, as far as
    /// the list knows.
    pub fn successors<'l>(&'l self, code: &str, edition: &str) -> Vec<(&'l Edition, &'l str)> {
        let mut found = Vec::new();
        let Some(at) = self.position(edition) else { return found };
        let mut reached: Vec<&Entry> =
            self.editions.get(at).and_then(|edition| edition.entry(code)).into_iter().collect();
        for (position, next) in self.editions.iter().enumerate().skip(at + 1) {
            let became: Vec<Link<'_>> =
                reached.iter().flat_map(|entry| self.links(position - 1, entry)).collect();
            // Kept in the order of the edition, each once.
            let is_reached = |entry: &&Entry| became.iter().any(|link| link.next.code == entry.code);
            reached = next.entries.iter().filter(is_reached).collect();
            found.extend(reached.iter().map(|entry| (next, entry.code.as_str())));
        }
        found
    }

    /// The codes of older editions whose things are now, at least in part, `code` of the edition called
    /// `edition`, newest edition first; `code` itself among them when it stood for one of them.
    pub fn predecessors<'l>(&'l self, code: &'l str, edition: &str) -> Vec<(&'l Edition, &'l str)> {
        let Some(at) = self.position(edition) else { return Vec::new() };
        let mut found = Vec::new();
        let mut wanted = vec![code];
        for older in (0..at).rev() {
            let Some(edition) = self.editions.get(older) else { break };
            let became_wanted = |entry: &&Entry| {
                self.links(older, entry).iter().any(|link| wanted.contains(&link.next.code.as_str()))
            };
            wanted = edition.entries.iter().filter(became_wanted).map(|entry| entry.code.as_str()).collect();
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

    /// What `entry` of the edition at `position` is in the next, as far as the list knows.
    fn links<'l>(&'l self, position: usize, entry: &'l Entry) -> Vec<Link<'l>> {
        let (Some(edition), Some(next)) = (self.editions.get(position), self.editions.get(position + 1))
        else {
            return Vec::new();
        };
        if edition.names_successors {
            let code = entry.successor.as_deref().unwrap_or(&entry.code);
            let link = |next| Link { next, same: entry.successor.is_none() };
            return next.entry(code).map(link).into_iter().collect();
        }
        let mapping = self.mappings.iter().find(|mapping| mapping.from == edition.id);
        let pairs = mapping.map(Mapping::pairs).unwrap_or_default();
        let sources = |code: &str| pairs.iter().filter(|pair| pair.to == code).count();
        let targets: Vec<&Entry> = pairs
            .iter()
            .filter(|pair| pair.from == entry.code)
            .filter_map(|pair| next.entry(&pair.to))
            .collect();
        let alone = targets.len() == 1;
        targets.into_iter().map(|next| Link { next, same: alone && sources(&next.code) == 1 }).collect()
    }
}

/// What an entry is in the next edition.
struct Link<'l> {
    next: &'l Entry,
    /// Whether it is the same thing still: neither merged nor split.
    same: bool,
}

impl Mapping {
    /// The pairs, in the order of the file.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }
}

impl Pair {
    /// The first day it holds; none when it always did.
    pub fn valid_from(&self) -> Option<Date> {
        self.valid.from
    }

    /// The last day it holds; none while it does.
    pub fn valid_until(&self) -> Option<Date> {
        self.valid.until
    }
}

impl Entry {
    /// The first day it is in the list, when that is not its edition's.
    pub fn valid_from(&self) -> Option<Date> {
        self.valid.from
    }

    /// The last day it is in the list, when that is not its edition's.
    pub fn valid_until(&self) -> Option<Date> {
        self.valid.until
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
    use jiff::civil::date;

    use super::*;

    fn provinces() -> Arc<CodeList> {
        CodeLists::shipped().list("don-vi-hanh-chinh-tinh").unwrap().clone()
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
    fn a_mapping_leads_from_an_edition_to_the_next() {
        let lists = CodeLists::shipped();
        let fields = lists.list("linh-vuc-nghien-cuu").unwrap();
        let codes = |found: Vec<(&Edition, &str)>| {
            found.into_iter().map(|(edition, code)| format!("{}:{code}", edition.id())).collect::<Vec<_>>()
        };
        assert_eq!(codes(fields.successors("3", "2008")), ["2025:3"]);
        assert_eq!(codes(fields.predecessors("3", "2025")), ["2008:3"]);
        assert!(!fields.mappings()[0].complete, "the lower levels are not had");
    }

    #[test]
    fn a_list_that_is_not_had_in_full_judges_the_form() {
        let lists = CodeLists::shipped();
        let permits = |list: &str, code: &str| lists.list(list).unwrap().permits(code);
        assert!(permits("don-vi-hanh-chinh-xa", "00004") && !permits("don-vi-hanh-chinh-xa", "004"));
        assert!(permits("nganh-kinh-te", "M") && permits("nganh-kinh-te", "7211"));
        assert!(!permits("nganh-kinh-te", "W"));
        assert!(permits("phan-loai-sang-che", "G06F 16/25") && !permits("phan-loai-sang-che", "I06F 16/25"));
        assert!(permits("hoc-vi", "chua-co-ma"), "no form is known");
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
