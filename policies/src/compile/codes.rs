//! Codes of code lists, as far as documents name them.

use contracts::{Catalog, Check, Field, Units};
use jiff::civil::Date;

use super::Desk;

/// The list that a member's `province` is a code of.
const PROVINCES: &str = "don-vi-hanh-chinh-tinh";

/// Whether `code` is a province on that day. Without the list only the form can be judged.
pub(super) fn is_province(catalog: &Catalog, code: &str, on: Date) -> bool {
    match catalog.code_lists().list(PROVINCES) {
        Some(list) => list.contains(code, Some(on)),
        None => code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit()),
    }
}

/// Whether a record may carry `code` of `list`.
pub(super) fn permits(catalog: &Catalog, list: &str, code: &str) -> bool {
    catalog.code_lists().list(list).is_some_and(|list| list.permits(code))
}

/// What `codes` of `field` stand for today, with what they came of when `predecessors` are included:
/// nothing when the field has no list, or one whose codes are not all had and so mean only themselves.
pub(super) fn units(desk: &Desk<'_>, field: &Field, codes: &[String], predecessors: bool) -> Option<Units> {
    let list = desk.catalog.code_lists().list(field.code_list.as_deref()?)?;
    let known = list.check() == Check::Codes;
    known.then(|| Units::choose(list, codes.iter().map(String::as_str), desk.today, predecessors))
}
