//! What lists the documents of an act.
//!
//! A full manifest has a line for each document, in the form that `sha256sum` writes and
//! `sha256sum --check` reads, in the order of names:
//!
//! ```text
//! 9f1c…  policies/agreements/TT-2026-017.toml
//! ```
//! With a hundred thousand agreements that is twelve megabytes, so an edit writes what differs from a full
//! one that was written before:
//!
//! ```text
//! # changes of 3ab0…
//! 77de…  policies/agreements/TT-2026-017.toml
//! # without policies/agreements/TT-2026-018.toml
//! ```
//! A manifest of changes always names a full one, never another of changes: whoever has a snapshot's
//! manifest reads at most two texts to know every document that was in force. What differs grows from edit
//! to edit until a full manifest is the cheaper one.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

use super::{
    super::{line::hex, record::bytes_of},
    Manifest, sha256,
};

/// What most lines of a manifest are shorter than, to make room for all at once.
const LINE: usize = 128;
/// A shorter list is always written in full: that is a few pages, and one text less to look at.
const SMALL: usize = 256;
const CHANGES: &str = "# changes of ";
const WITHOUT: &str = "# without ";

/// A document's name and hash.
pub(super) type Listed<'l> = (Cow<'l, str>, [u8; 32]);

/// A full manifest that is kept, which later ones may refer to.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) hash: [u8; 32],
    listed: Vec<(Box<str>, [u8; 32])>,
}

/// A manifest in writing.
pub(super) struct Draft {
    pub(super) text: Vec<u8>,
    pub(super) hash: [u8; 32],
    /// What it is for those to come, when it is a full one that is worth it.
    pub(super) base: Option<Base>,
}

/// What a manifest's text says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Every document.
    All(Manifest),
    /// What differs from another one.
    Changes {
        /// The full manifest.
        of: [u8; 32],
        /// By name: the hash, or none of what is there no more.
        changed: BTreeMap<String, Option<[u8; 32]>>,
    },
}

/// A name as a manifest has it: a line feed in a file's name would be a line of its own.
pub(super) fn in_a_line(name: &str) -> Cow<'_, str> {
    if name.contains(['\n', '\r']) { name.replace(['\n', '\r'], " ").into() } else { name.into() }
}

/// The order of names is that of their parts, in which folders are read.
fn order(one: &str, two: &str) -> Ordering {
    one.split('/').cmp(two.split('/'))
}

/// Writes a manifest of `listed`: of changes where `base` makes that the cheaper one.
pub(super) fn write(mut listed: Vec<Listed<'_>>, base: Option<&Base>) -> Draft {
    // Folders come one after the other, each in order: the sort finds little to do.
    listed.sort_by(|(one, _), (two, _)| order(one, two));
    // Two names that became one would be taken for one document by whoever applies changes.
    let distinct = listed.is_sorted_by(|(one, _), (two, _)| one != two);
    let lasting = distinct && listed.len() >= SMALL;
    if let Some(text) = base.filter(|_| lasting).and_then(|base| changes(base, &listed)) {
        return Draft { hash: sha256(&text), text, base: None };
    }
    let mut text = Vec::with_capacity(listed.len() * LINE);
    for (name, hash) in &listed {
        entry(&mut text, name, hash);
    }
    let hash = sha256(&text);
    let owned = || listed.iter().map(|(name, hash)| (Box::from(&**name), *hash)).collect();
    Draft { text, hash, base: lasting.then(|| Base { hash, listed: owned() }) }
}

/// What of `listed` differs from `base`; `None` when a full manifest is the cheaper one.
fn changes(base: &Base, listed: &[Listed<'_>]) -> Option<Vec<u8>> {
    let mut text = CHANGES.as_bytes().to_vec();
    hex(&mut text, &base.hash);
    text.push(b'\n');
    let mut count = 0_usize;
    let (mut before, mut now) = (base.listed.iter().peekable(), listed.iter().peekable());
    loop {
        let behind = match (before.peek(), now.peek()) {
            (None, None) => return Some(text),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((was, _)), Some((is, _))) if **was == **is => Ordering::Equal,
            (Some((was, _)), Some((is, _))) => order(was, is),
        };
        let was = if behind.is_le() { before.next() } else { None };
        let is = if behind.is_ge() { now.next() } else { None };
        match (was, is) {
            (Some((_, was)), Some((_, is))) if was == is => continue,
            (_, Some((name, hash))) => entry(&mut text, name, hash),
            (Some((name, _)), None) => {
                text.extend_from_slice(WITHOUT.as_bytes());
                text.extend_from_slice(name.as_bytes());
                text.push(b'\n');
            }
            (None, None) => {}
        }
        count += 1;
        // Each edit to come writes at least as much again. With n lines in full and every edit another
        // line of changes, most is saved when the next full one comes after the root of 2n edits.
        if count.saturating_mul(count) > 2 * listed.len() {
            return None;
        }
    }
}

fn entry(text: &mut Vec<u8>, name: &str, hash: &[u8; 32]) {
    hex(text, hash);
    text.extend_from_slice(b"  ");
    text.extend_from_slice(name.as_bytes());
    text.push(b'\n');
}

/// What a text says; `None` when it is not a manifest.
pub(super) fn read(text: &str) -> Option<Said> {
    let mut lines = text.lines().peekable();
    let pair = |line: &str| {
        let (hash, name) = line.split_once("  ")?;
        Some((name.to_owned(), bytes_of(hash)?))
    };
    let Some(of) = lines.peek().and_then(|first| first.strip_prefix(CHANGES)) else {
        return lines.map(pair).collect::<Option<_>>().map(Said::All);
    };
    let of = bytes_of(of)?;
    let change = |line: &str| match line.strip_prefix(WITHOUT) {
        Some(name) => Some((name.to_owned(), None)),
        None => pair(line).map(|(name, hash)| (name, Some(hash))),
    };
    let changed = lines.skip(1).map(change).collect::<Option<_>>()?;
    Some(Said::Changes { of, changed })
}

/// What is in force once `changed` is applied to `base`.
pub(super) fn apply(base: Manifest, mut changed: BTreeMap<String, Option<[u8; 32]>>) -> Manifest {
    let mut all = base;
    all.retain_mut(|(name, hash)| match changed.remove(name) {
        Some(Some(changed)) => {
            *hash = changed;
            true
        }
        Some(None) => false,
        None => true,
    });
    all.extend(changed.into_iter().filter_map(|(name, hash)| Some((name, hash?))));
    all.sort_by(|(one, _), (two, _)| order(one, two));
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(names: &[(u16, u8)]) -> Vec<Listed<'static>> {
        let named: BTreeMap<u16, u8> = names.iter().copied().collect();
        let name = |number: u16| match number % 3 {
            0 => format!("policies/agreements/TT-{number}.toml"),
            1 => format!("policies/services/G{}/s.toml", number / 3),
            _ => format!("policies/services/G{}.01/s.toml", number / 3),
        };
        named.into_iter().map(|(number, hash)| (name(number).into(), [hash; 32])).collect()
    }

    fn manifest(of: &[Listed<'_>]) -> Manifest {
        let mut manifest: Manifest = of.iter().map(|(name, hash)| (name.to_string(), *hash)).collect();
        manifest.sort_by(|(one, _), (two, _)| order(one, two));
        manifest
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever is edited, added and taken away after a full manifest was written: who reads the one
        /// of changes knows what was in force.
        #[test]
        fn changes_tell_what_a_full_manifest_would(
            first in prop::collection::vec((0_u16..2000, 0_u8..9), 400..600),
            edits in prop::collection::vec((0_u16..2000, prop::option::of(0_u8..9)), 0..30),
        ) {
            let full = write(listed(&first), None);
            let base = full.base.unwrap();
            let mut now: BTreeMap<u16, u8> = first.iter().copied().collect();
            for (number, edit) in edits {
                match edit {
                    Some(hash) => drop(now.insert(number, hash)),
                    None => drop(now.remove(&number)),
                }
            }
            let now = listed(&now.into_iter().collect::<Vec<_>>());
            let draft = write(now.clone(), Some(&base));
            let before = match read(std::str::from_utf8(&full.text).unwrap()) {
                Some(Said::All(before)) => before,
                other => panic!("{other:?}"),
            };
            match read(std::str::from_utf8(&draft.text).unwrap()).unwrap() {
                Said::All(all) => prop_assert_eq!(all, manifest(&now)),
                Said::Changes { of, changed } => {
                    prop_assert_eq!(of, base.hash);
                    prop_assert_eq!(apply(before, changed), manifest(&now));
                }
            }
        }

        #[test]
        fn whatever_is_read_is_a_manifest_or_is_not(text in "(# changes of |# without |[0-9a-f]{64}|  |x|\n){0,20}") {
            let _ = read(&text);
        }
    }

    #[test]
    fn few_changes_are_written_as_changes_and_many_in_full() {
        let before: Vec<(u16, u8)> = (0..1000).map(|number| (number, 0)).collect();
        let base = write(listed(&before), None).base.unwrap();
        let edited = |count: u16| {
            let after: Vec<(u16, u8)> = (0..1000).map(|number| (number, u8::from(number < count))).collect();
            write(listed(&after), Some(&base))
        };
        assert!(edited(1).text.len() < 300);
        assert!(edited(1).base.is_none(), "what comes after refers to the full one");
        assert!(edited(40).text.starts_with(CHANGES.as_bytes()));
        let many = edited(50);
        assert_eq!(many.text.split(|byte| *byte == b'\n').count(), 1001);
        assert!(many.base.is_some());
    }

    #[test]
    fn short_lists_and_names_that_became_one_are_written_in_full() {
        let few: Vec<(u16, u8)> = (0..20).map(|number| (number, 0)).collect();
        assert!(write(listed(&few), None).base.is_none());
        let many: Vec<(u16, u8)> = (0..1000).map(|number| (number, 0)).collect();
        let base = write(listed(&many), None).base;
        let mut twice = listed(&many);
        twice.extend([("a b".into(), [1; 32]), (in_a_line("a\nb"), [2; 32])]);
        let draft = write(twice, base.as_ref());
        assert!(draft.base.is_none() && !draft.text.starts_with(CHANGES.as_bytes()));
    }

    #[test]
    fn what_is_no_manifest_is_told() {
        for text in ["hello", "# changes of 12\n", "# without a\n", "9f  a\n"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(""), Some(Said::All(Vec::new())), "no document is something to know");
    }
}
