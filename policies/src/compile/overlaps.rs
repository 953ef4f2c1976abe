//! Two agreements that would both decide the same request.
//!
//! The same consumer, service, contract, operation and purpose on the same day: which of them grants
//! would depend on the order of files, so it is a fault.

use std::{collections::HashMap, ops::Range};

use crate::{
    Agreement,
    written::{Sheet, both},
};

/// Pairs that overlap, as positions: the later and the earlier. Each later one is reported once.
pub(super) fn find(agreements: &[Agreement]) -> Vec<(usize, usize)> {
    let mut groups: HashMap<_, Vec<(usize, &Agreement)>> = HashMap::new();
    for (position, agreement) in agreements.iter().enumerate() {
        let group = (agreement.consumer, agreement.service, &agreement.contract);
        groups.entry(group).or_default().push((position, agreement));
    }
    let mut found = Vec::new();
    for group in groups.values() {
        for (count, (later, agreement)) in group.iter().enumerate() {
            let earlier = group.iter().take(count).find(|(_, earlier)| overlap(earlier, agreement));
            found.extend(earlier.map(|(earlier, _)| (*later, *earlier)));
        }
    }
    found
}

fn overlap(a: &Agreement, b: &Agreement) -> bool {
    a.valid.overlaps(&b.valid)
        && a.purposes.iter().any(|purpose| b.purposes.contains(purpose))
        && a.operations().any(|operation| b.allows(operation))
}

pub(super) fn report(sheet: &Sheet<'_>, at: Range<usize>, other: &Agreement) {
    let id = &other.id;
    sheet.fault(
        at,
        "overlapping-agreements",
        both(
            format!("trùng với thỏa thuận `{id}`: cùng bên nhận, dịch vụ, hợp đồng, thao tác, mục đích và thời gian"),
            format!("overlaps agreement `{id}`: the same consumer, service, contract, operation, purpose and days"),
        ),
        both(
            format!("Gộp hai thỏa thuận, hoặc chấm dứt `{id}` trước khi thỏa thuận này bắt đầu"),
            format!("Merge the two, or end `{id}` before this one begins"),
        ),
    );
}
