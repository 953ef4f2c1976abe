//! Two agreements that would both decide the same request.
//!
//! The same consumer, service, contract, operation and purpose on the same day: which of them grants
//! would depend on the order of files, so it is a fault.

use std::ops::Range;

use crate::{
    Agreement, Register,
    written::{Sheet, both},
};

/// Pairs that overlap, as positions: the later and the earlier. Each later one is reported once.
pub(super) fn find(register: &Register) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    // Of one consumer and one version of a service; nearly always there is one.
    for group in register.by_consumer.values().filter(|group| group.len() > 1) {
        let at = |position: u32| register.agreements.get(position as usize);
        let group: Vec<(u32, &Agreement)> =
            group.iter().filter_map(|position| Some((*position, at(*position)?))).collect();
        for (count, (later, agreement)) in group.iter().enumerate() {
            let earlier = group.iter().take(count).find(|(_, earlier)| overlap(earlier, agreement));
            found.extend(earlier.map(|(earlier, _)| (*later as usize, *earlier as usize)));
        }
    }
    found
}

fn overlap(a: &Agreement, b: &Agreement) -> bool {
    a.contract == b.contract
        && a.valid.overlaps(&b.valid)
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
