//! Code lists: which one a field names, and, between two catalogs, what the list permits.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use super::{Aspect, Comparison, Direction};
use crate::{Check, CodeList, FieldPath};

/// How many codes are named in a change; a new edition can bring thousands.
const NAMED: usize = 5;

impl Comparison<'_> {
    pub(super) fn code_list(&mut self, path: Option<&FieldPath>, old: Option<&Value>, new: Option<&Value>) {
        self.demand(path, Aspect::CodeList, old, new);
        let (Some(old), true) = (old, old == new) else { return };
        let (was, is) = (self.old.validator.code_lists(), self.new.validator.code_lists());
        if Arc::ptr_eq(was, is) {
            return;
        }
        // A name, or the name beside the field whose date chooses the edition.
        let name = old.as_str().or_else(|| old.get("list")?.as_str()).unwrap_or_default();
        let (was, is) = (was.list(name).map(|list| &**list), is.list(name).map(|list| &**list));
        let direction = match (was, is) {
            (Some(was), Some(is)) if same_editions(was, is) => return,
            (Some(_), Some(_)) if !old.is_string() => Direction::Replaced,
            (Some(was), Some(is)) => match compared(was, is) {
                Some(direction) => direction,
                None => return,
            },
            _ => return,
        };
        let only = |one: Option<&CodeList>, other: Option<&CodeList>| {
            let other = other.map(codes).unwrap_or_default();
            let codes = one.map(codes).unwrap_or_default();
            let only: Vec<&str> = codes.difference(&other).copied().collect();
            let more = if only.len() > NAMED { ", …" } else { "" };
            (!only.is_empty())
                .then(|| format!("{}{more}", only.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ")))
        };
        let (gone, added) = (only(was, is), only(is, was));
        self.push(path, Aspect::CodeList, direction, gone, added);
    }
}

/// What the list permits, whatever the day.
fn compared(was: &CodeList, is: &CodeList) -> Option<Direction> {
    match (was.check(), is.check()) {
        (Check::Form, Check::Form) => None,
        (Check::Form, Check::Codes) => Some(Direction::Narrowed),
        (Check::Codes, Check::Form) => Some(Direction::Widened),
        (Check::Codes, Check::Codes) => {
            let (was, is) = (codes(was), codes(is));
            match (was.is_subset(&is), is.is_subset(&was)) {
                (true, true) => None,
                (true, false) => Some(Direction::Widened),
                (false, true) => Some(Direction::Narrowed),
                (false, false) => Some(Direction::Replaced),
            }
        }
    }
}

fn codes(list: &CodeList) -> BTreeSet<&str> {
    list.editions().iter().flat_map(|edition| edition.entries()).map(|entry| entry.code.as_str()).collect()
}

fn same_editions(was: &CodeList, is: &CodeList) -> bool {
    was.check() == is.check()
        && was.editions().len() == is.editions().len()
        && was.editions().iter().zip(is.editions()).all(|(was, is)| {
            (was.valid_from(), was.valid_until()) == (is.valid_from(), is.valid_until())
                && was.entries() == is.entries()
        })
}
