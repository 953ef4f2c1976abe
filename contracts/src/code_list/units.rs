//! Things chosen by their codes, whatever edition a record's code is read in.
//!
//! Province 24 is Bắc Ninh today and was Bắc Giang. Who is given the records of Bắc Ninh is given
//! those of code 24 made today, those of code 27 made before the merger when predecessors are
//! included, and of code 24 from back then only for the same reason: because Bắc Giang became part of
//! it, not because two codes look alike. So a choice is a set of codes *in editions*, followed along
//! what the list knows of successors, and a record is covered when its code is such a one in every
//! edition that it could have been written in. What a record does not tell is never guessed in
//! anybody's favour.

use std::{collections::BTreeSet, sync::Arc};

use jiff::civil::Date;

use super::{CodeList, Days, Link};

/// A choice of things of a code list.
#[derive(Clone, Debug)]
pub struct Units {
    list: Arc<CodeList>,
    /// The codes chosen in each edition, oldest first.
    chosen: Vec<BTreeSet<String>>,
    /// The edition that codes are read in when nothing tells of time.
    present: usize,
}

impl Units {
    /// The things that `codes` stand for on the day `today`: a code of the edition of that day, or else
    /// of the newest that has it. They are followed back and forth as long as they stay the same thing;
    /// with `predecessors`, also to what they came of. Never to what they became part of: that would be
    /// more than was chosen.
    pub fn choose<'c>(
        list: &Arc<CodeList>,
        codes: impl IntoIterator<Item = &'c str>,
        today: Date,
        predecessors: bool,
    ) -> Self {
        let editions = list.editions();
        let present = editions
            .iter()
            .position(|edition| edition.valid.holds(today))
            .unwrap_or(editions.len().saturating_sub(1));
        let mut units =
            Self { list: Arc::clone(list), chosen: vec![BTreeSet::new(); editions.len()], present };
        for code in codes {
            if let Some(edition) = units.spoken_of(code) {
                units.add(edition, code);
            }
        }
        units.follow_back(predecessors);
        units.follow_on();
        units
    }

    /// Whether a record with `code` that tells `days` is of a chosen thing: in every edition it could
    /// have been written in, and in at least one.
    pub fn cover(&self, code: &str, days: Option<Days>) -> bool {
        let mut editions = self.list.reading_positions(code, days).peekable();
        editions.peek().is_some() && editions.all(|edition| self.has(edition, code))
    }

    /// The codes that stand for a chosen thing where a dataset has no date to read them by, and so are
    /// read as of now: in the present edition, or else in the newest that has them.
    pub fn undated(&self) -> BTreeSet<&str> {
        let all = self.chosen.iter().flatten().map(String::as_str);
        all.filter(|code| self.spoken_of(code).is_some_and(|edition| self.has(edition, code))).collect()
    }

    /// Every code that stands for a chosen thing in some edition.
    pub fn codes(&self) -> BTreeSet<&str> {
        self.chosen.iter().flatten().map(String::as_str).collect()
    }

    /// The edition that `code` is of when nobody says which.
    fn spoken_of(&self, code: &str) -> Option<usize> {
        let has = |position: &usize| {
            self.list.editions().get(*position).is_some_and(|edition| edition.entry(code).is_some())
        };
        let count = self.list.editions().len();
        let newest_first = (0..self.present).rev().chain(self.present + 1..count);
        std::iter::once(self.present).chain(newest_first).find(has)
    }

    fn has(&self, edition: usize, code: &str) -> bool {
        self.chosen.get(edition).is_some_and(|codes| codes.contains(code))
    }

    fn add(&mut self, edition: usize, code: &str) {
        if let Some(codes) = self.chosen.get_mut(edition) {
            codes.insert(code.to_owned());
        }
    }

    fn follow_back(&mut self, predecessors: bool) {
        let list = Arc::clone(&self.list);
        for (position, edition) in list.editions().iter().enumerate().rev() {
            for entry in edition.entries() {
                let links = list.links(position, entry);
                // What was split is chosen only with all of its parts: a record may be of any of them.
                let chosen =
                    |link: &Link<'_>| (link.same || predecessors) && self.has(position + 1, &link.next.code);
                if !links.is_empty() && links.iter().all(chosen) {
                    self.add(position, &entry.code);
                }
            }
        }
    }

    fn follow_on(&mut self) {
        let list = Arc::clone(&self.list);
        for (position, edition) in list.editions().iter().enumerate() {
            for entry in edition.entries() {
                if let [Link { next, same: true }] = list.links(position, entry).as_slice()
                    && self.has(position, &entry.code)
                {
                    self.add(position + 1, &next.code);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::CodeLists;

    const TODAY: Date = date(2026, 11, 21);

    fn provinces() -> Arc<CodeList> {
        Arc::clone(CodeLists::shipped().list("don-vi-hanh-chinh-tinh").unwrap())
    }

    fn on(text: &str) -> Option<Days> {
        Some(Days::told_by(text).unwrap())
    }

    #[test]
    fn a_merged_province_with_its_predecessors_is_every_old_code_of_them() {
        let units = Units::choose(&provinces(), ["24"], TODAY, true);
        assert!(units.cover("24", on("2026-01-05")), "Bắc Ninh");
        assert!(units.cover("27", on("2023-01-01")), "Bắc Ninh before the merger");
        assert!(units.cover("24", on("2023-01-01")), "Bắc Giang, which is part of it now");
        assert!(units.cover("24", on("2025")) && units.cover("24", None), "whichever it was");
        assert!(!units.cover("27", on("2026-01-05")), "nobody's code by then");
        assert!(!units.cover("25", on("2026-01-05")) && !units.cover("99", None));
        assert_eq!(units.undated(), BTreeSet::from(["24", "27"]));
    }

    #[test]
    fn without_predecessors_a_code_of_another_province_back_then_is_not_covered() {
        for code in ["15", "24", "44", "52", "80", "82", "91"] {
            let units = Units::choose(&provinces(), [code], TODAY, false);
            assert!(units.cover(code, on("2025-07-01")) && units.cover(code, on("2026-11-21")), "{code}");
            assert!(!units.cover(code, on("2025-06-30")), "{code} was another province's");
            assert!(!units.cover(code, on("2025")), "{code} may have been another province's");
            assert!(!units.cover(code, None), "{code} tells nothing");
            assert_eq!(units.undated(), BTreeSet::from([code]));
        }
    }

    #[test]
    fn a_province_that_stayed_is_covered_at_all_times() {
        let units = Units::choose(&provinces(), ["01"], TODAY, false);
        for days in [on("1999-01-01"), on("2025"), on("2026-11-21"), None] {
            assert!(units.cover("01", days), "{days:?}");
        }
    }

    #[test]
    fn a_province_that_is_no_more_is_covered_as_it_was_and_not_as_what_it_became() {
        let units = Units::choose(&provinces(), ["27"], TODAY, true);
        assert!(units.cover("27", on("2023-01-01")));
        assert!(!units.cover("24", on("2026-01-05")), "more than old Bắc Ninh");
        assert!(!units.cover("24", on("2023-01-01")), "Bắc Giang");
        assert_eq!(units.codes(), BTreeSet::from(["27"]));
    }

    #[test]
    fn every_province_with_its_predecessors_covers_each_old_one_once() {
        let list = provinces();
        let present = list.edition("34-2026").unwrap();
        for old in list.edition("63").unwrap().entries() {
            let covering = present.entries().iter().filter(|entry| {
                Units::choose(&list, [entry.code.as_str()], TODAY, true).cover(&old.code, on("2024-02-29"))
            });
            assert_eq!(covering.count(), 1, "{}", old.name);
        }
    }

    /// A list of two editions with `more` in its `list.toml` and the files of `files`.
    fn list(more: &str, files: &[(&str, &str)]) -> (Arc<CodeList>, Vec<&'static str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code-lists/tram");
        std::fs::create_dir_all(&path).unwrap();
        let toml = format!(
            "title = {{ vi = \"a\", en = \"a\" }}\nsource = \"a\"\ncomplete = true\ncheck = \"codes\"\n\
            [[editions]]\nid = \"1\"\nfile = \"1.csv\"\nvalid_until = 2024-12-31\n\
            [[editions]]\nid = \"2\"\nfile = \"2.csv\"\nvalid_from = 2025-01-01\n{more}"
        );
        std::fs::write(path.join("list.toml"), toml).unwrap();
        for (name, text) in files {
            std::fs::write(path.join(name), text).unwrap();
        }
        let (lists, faults) = CodeLists::load(folder.path());
        (Arc::clone(lists.list("tram").unwrap()), faults.into_iter().map(|fault| fault.rule).collect())
    }

    const MAPPING: &str =
        "[[mappings]]\nfrom = \"1\"\nto = \"2\"\nfile = \"1-2.csv\"\nsource = \"a\"\ncomplete = true\n";

    #[test]
    fn what_was_split_is_covered_only_with_all_of_its_parts() {
        let pairs = "from,to\nA,X\nA,Y\nB,B\nC,Y\n";
        let (list, faults) = list(
            MAPPING,
            &[
                ("1.csv", "code,name\nA,a\nB,b\nC,c\n"),
                ("2.csv", "code,name\nX,x\nY,y\nB,b\n"),
                ("1-2.csv", pairs),
            ],
        );
        assert_eq!(faults, [""; 0]);
        let covers = |codes: &[&str], predecessors, code: &str| {
            Units::choose(&list, codes.iter().copied(), TODAY, predecessors).cover(code, on("2024-01-01"))
        };
        assert!(!covers(&["X"], true, "A"), "some of A went to Y");
        assert!(covers(&["X", "Y"], true, "A"));
        assert!(!covers(&["X", "Y"], false, "A") && !covers(&["Y"], false, "C"));
        assert!(covers(&["Y"], true, "C"));
        assert!(covers(&["B"], false, "B"), "the same thing still");
        let codes: Vec<&str> = list.successors("A", "1").into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["X", "Y"]);
        let codes: Vec<&str> = list.predecessors("Y", "2").into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["A", "C"]);
    }

    #[test]
    fn a_mapping_names_codes_and_editions_that_are_there() {
        let editions = [("1.csv", "code,name\nA,a\n"), ("2.csv", "code,name\nX,x\n")];
        let with = |more: &str, pairs| list(more, &[editions[0], editions[1], ("1-2.csv", pairs)]).1;
        assert_eq!(with(MAPPING, "from,to\nA,X\n"), [""; 0]);
        for bad in ["from,to\nA,Z\n", "from,to\nZ,X\n", "from,to\nA,X\nA,X\n", "from,zu\nA,X\n"] {
            assert_eq!(with(MAPPING, bad), ["mapping-row"], "{bad}");
        }
        assert_eq!(with(&MAPPING.replace("to = \"2\"", "to = \"3\""), "from,to\n"), ["unknown-edition"]);
        let backwards = MAPPING.replace("from = \"1\"", "from = \"2\"").replace("to = \"2\"", "to = \"1\"");
        assert_eq!(with(&backwards, "from,to\nX,A\n"), ["mapping-order"]);
        assert_eq!(with(&MAPPING.replace("1-2.csv", "../1-2.csv"), "from,to\n"), ["file-outside"]);
    }

    #[test]
    fn a_code_given_to_somebody_else_is_not_read_as_of_its_first_owner() {
        // A became part of C, and its code went to D, who has nothing to do with it.
        let old = "code,name,successor\n10,A,20\n20,C,20\n30,D,10\n";
        let (list, faults) = list("", &[("1.csv", old), ("2.csv", "code,name\n10,D\n20,C\n")]);
        assert_eq!(faults, [""; 0]);
        let units = Units::choose(&list, ["20"], TODAY, true);
        assert!(units.cover("10", on("2024-06-01")) && units.cover("20", on("2025-06-01")));
        assert!(!units.cover("10", on("2025-06-01")), "D's by then");
        assert!(!units.cover("10", None) && !units.undated().contains("10"), "A's or D's");
    }
}
