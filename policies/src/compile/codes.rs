//! Codes of code lists, as far as documents name them.

use contracts::Catalog;
use jiff::civil::Date;

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

/// The codes of units that merged into `code`.
pub(super) fn predecessors(catalog: &Catalog, list: &str, code: &str) -> Vec<String> {
    let list = catalog.code_lists().list(list);
    list.into_iter().flat_map(|list| list.predecessors(code)).map(str::to_owned).collect()
}
