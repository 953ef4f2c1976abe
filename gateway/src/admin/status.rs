//! What `lienthong status` shows, as JSON. Nothing personal, nothing secret; times in UTC.

use contracts::Fault;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Admin, Readiness, upstreams};
use crate::{quota::LedgerStanding, world::Standing};

/// Agreements with fewer days left are listed.
const NOTICE_DAYS: i32 = 30;

/// The state of the gateway.
pub(super) fn json(admin: &Admin, now: Timestamp) -> Value {
    let gateway = &admin.gateway;
    let keeper = gateway.keeper();
    let world = keeper.world();
    let snapshot = &world.snapshot;
    let readiness = Readiness::of(gateway, now);
    let (granted, refused) = gateway.metrics().outcomes();
    let pki = keeper.tls().current();
    let lists = pki.revocation_lists().map(|list| {
        json!({
            "file": list.file, "next_update": list.next_update.to_string(),
            "refused_from": list.stale_from.to_string(), "stale": list.stale_from <= now,
        })
    });
    let today = policies::local(now).date();
    let ending = snapshot.register().agreements().filter_map(|agreement| {
        let left = agreement.days_left(today).filter(|left| (1..=NOTICE_DAYS).contains(left))?;
        Some(json!({"id": agreement.id.to_string(), "days_left": left}))
    });
    let journal = gateway.journal().stats();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "environment": snapshot.environment(),
        "now": now.to_string(),
        "ready": readiness.is_ready(),
        "reasons": readiness.reasons,
        "concerns": readiness.concerns,
        "started_at": gateway.started_at().to_string(),
        "snapshot": {
            "hash": snapshot.hash(),
            "loaded_at": snapshot.loaded_at().to_string(),
            "members": snapshot.register().members().count(),
            "services": snapshot.register().services().count(),
            "agreements": snapshot.register().agreements().count(),
            "agreements_ending": ending.collect::<Vec<_>>(),
            "contracts": snapshot.catalog().contracts().count(),
        },
        "suspensions": world.overlay.iter().filter(|one| one.acts_at(policies::local(now))).count(),
        "documents": self::standing(&keeper.standing()),
        "certificate": {"expires": pki.own_expiry().to_string()},
        "revocation_lists": lists.collect::<Vec<_>>(),
        "connections": admin.census.open(),
        "exchanges": {"granted": granted, "refused": refused, "under_way": gateway.metrics().count_under_way()},
        "journal": {
            "fault": gateway.journal().fault().map(|fault| fault.explain()),
            "records": journal.records, "bytes": journal.bytes, "faults": journal.faults,
        },
        "upstreams": upstreams::json(admin, now),
        "quota": {"fault": gateway.quota().fault(), "redis": gateway.quota().standing().map(|redis| ledger(&redis))},
    })
}

/// The quotas that gateways share.
fn ledger(standing: &LedgerStanding) -> Value {
    json!({
        "present": standing.present,
        "since": standing.since.to_string(),
        "when_away": standing.when_away.as_str(),
        "concern": standing.concern,
        "round_trips": standing.trips,
        "failures": standing.failures,
        "admitted_away": standing.admitted_away,
    })
}

/// How the last reload ended.
pub(super) fn standing(standing: &Standing) -> Value {
    json!({
        "at": standing.at.map(|at| at.to_string()),
        "last_good": standing.last_good,
        "faults": standing.faults().collect::<Vec<&Fault>>(),
        "warnings": standing.warnings().collect::<Vec<&Fault>>(),
    })
}
