//! The records of a document, checked one by one.
//!
//! Both ways may carry a mebibyte, and a worker has other callers: records of large bodies are
//! checked some at a time, and others run in between.

use contracts::{Bilingual, Contract, Document, Violation, ViolationRule};

/// Bodies up to this size are checked in one go: a millisecond or so (DESIGN 8).
const LARGE: usize = 64 * 1024;
/// How many records of a larger body are checked before others run.
const RECORDS_AT_ONCE: usize = 16;
/// Checks a record or every record of a collection that came in `size` bytes; paths of a collection
/// start with the index.
pub(super) async fn check(
    contract: &Contract,
    document: &Document<'_>,
    size: usize,
    cap: usize,
) -> Result<(), Vec<Violation>> {
    let Document::List(records) = document else { return contract.check(document, cap) };
    let mut found = Vec::new();
    for (index, record) in records.iter().enumerate() {
        breathe(size, index).await;
        if let Err(violations) = contract.check(record, cap - found.len()) {
            found.extend(of_record(index, violations));
            if found.len() >= cap {
                break;
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Takes the records of a collection that break the contract out of it and tells of each.
pub(super) async fn sift(
    contract: &Contract,
    records: &mut Vec<Document<'_>>,
    size: usize,
    cap: usize,
    mut bad: impl FnMut(usize, Vec<Violation>),
) {
    let mut good = Vec::with_capacity(records.len());
    for (index, record) in std::mem::take(records).into_iter().enumerate() {
        breathe(size, index).await;
        match contract.check(&record, cap) {
            Ok(()) => good.push(record),
            Err(violations) => bad(index, violations),
        }
    }
    *records = good;
}

/// After record `read` of a long body: lets others run, from time to time.
pub(in crate::stages) async fn breathe_within(read: u64) {
    if read.is_multiple_of(RECORDS_AT_ONCE as u64) {
        tokio::task::yield_now().await;
    }
}

/// The violations of a record of a collection, told as the collection's.
pub(in crate::stages) fn of_record(
    index: usize,
    violations: Vec<Violation>,
) -> impl Iterator<Item = Violation> {
    let placed =
        move |violation: Violation| Violation { path: format!("/{index}{}", violation.path), ..violation };
    violations.into_iter().map(placed)
}

/// Before record `index` of a body of `size` bytes: lets others run, from time to time.
pub(in crate::stages) async fn breathe(size: usize, index: usize) {
    if size > LARGE && index > 0 && index.is_multiple_of(RECORDS_AT_ONCE) {
        tokio::task::yield_now().await;
    }
}

pub(in crate::stages) fn nothing_submitted() -> Violation {
    Violation {
        path: String::new(),
        rule: ViolationRule::Items,
        message: Bilingual::new(
            "Danh sách không có bản ghi nào; hãy gửi ít nhất một bản ghi.",
            "The list holds no record; send at least one.",
        ),
    }
}

pub(super) fn count(document: &Document<'_>) -> usize {
    document.as_list().map_or(1, <[_]>::len)
}

/// The records of a document: itself, or its items.
pub(super) fn records<'d, 'b>(document: &'d Document<'b>) -> impl Iterator<Item = &'d Document<'b>> {
    document.as_list().unwrap_or(std::slice::from_ref(document)).iter()
}

pub(super) fn records_mut<'d, 'b>(
    document: &'d mut Document<'b>,
) -> impl Iterator<Item = &'d mut Document<'b>> {
    match document {
        Document::List(records) => records.iter_mut(),
        record => std::slice::from_mut(record).iter_mut(),
    }
}

/// Whether the record's key is `id`.
pub(in crate::stages) fn names(contract: &Contract, record: &Document<'_>, id: &str) -> bool {
    match record.at(contract.key()) {
        Some(Document::Text(text)) => text == id,
        Some(Document::Number(number)) => number.as_str() == id,
        _ => false,
    }
}
