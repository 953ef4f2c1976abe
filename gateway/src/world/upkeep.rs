//! What a gateway does once a minute and nobody asks for.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use contracts::Fault;
use jiff::{Timestamp, civil::Date};

use super::{Keeper, keeper::WATCH};
use crate::{host::Pki, journal::Interrupted};

/// How often. A predecessor that died during an upgrade is found within this.
const EVERY: Duration = Duration::from_secs(60);
/// How long before its end a certificate or an agreement is spoken of every day.
const NOTICE_DAYS: i32 = 30;

/// Keeps house for as long as the keeper is in use.
pub fn upkeep(keeper: &Arc<Keeper>) {
    let keeper = Arc::downgrade(keeper);
    let spawned = std::thread::Builder::new().name("upkeep".to_owned()).spawn(move || tend(&keeper));
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread for upkeep: expiry is not warned of");
    }
}

fn tend(keeper: &Weak<Keeper>) {
    let mut told_on = None;
    while let Some(keeper) = keeper.upgrade() {
        let now = Timestamp::now();
        match keeper.journal().settle() {
            Ok(interrupted) => tell_interrupted(&interrupted),
            Err(fault) => {
                tracing::error!(%fault, "what dead processes left cannot be settled; tried again in a minute")
            }
        }
        let today = policies::local(now).date();
        // Once a day: what has weeks left must not fill the log.
        if told_on != Some(today) {
            told_on = Some(today);
            // What conditions say of units that were merged is said as of the day.
            keeper.reload(WATCH);
            for notice in notices(&keeper, now) {
                tracing::warn!("{notice}");
            }
        }
        drop(keeper);
        std::thread::sleep(EVERY);
    }
}

/// Tells the log of exchanges that a dead process left open.
pub fn tell_interrupted(interrupted: &[Interrupted]) {
    for exchange in interrupted {
        tracing::warn!(exchange = %exchange.exchange, "was interrupted: its outcome at the provider is unknown; ask the provider");
    }
}

/// What ends soon or has ended: our certificate, revocation lists, agreements.
pub(super) fn notices(keeper: &Keeper, now: Timestamp) -> Vec<String> {
    let mut notices = of_certificates(&keeper.tls().current(), now);
    let today = policies::local(now).date();
    let world = keeper.world();
    for agreement in world.snapshot.register().agreements() {
        if let Some(left) = agreement.days_left(today)
            && (1..=NOTICE_DAYS).contains(&left)
        {
            notices.push(format!(
                "agreement `{}` ends in {left} day(s): renew it if sharing is to go on",
                agreement.id
            ));
        }
    }
    notices.extend(keeper.standing().faults().map(standing_fault));
    notices
}

fn of_certificates(pki: &Pki, now: Timestamp) -> Vec<String> {
    let day = |at: Timestamp| -> Date { policies::local(at).date() };
    let left = |at: Timestamp| (at.as_second() - now.as_second()).div_euclid(24 * 3600);
    let mut notices = Vec::new();
    if left(pki.own_expiry()) < i64::from(NOTICE_DAYS) {
        notices.push(format!("the server certificate ends on {}: have it renewed", day(pki.own_expiry())));
    }
    for list in pki.revocation_lists() {
        if list.next_update <= now {
            notices.push(format!(
                "the revocation list `{}` was due on {}: every certificate of its authority is refused from {}; fetch the present list",
                list.file.display(),
                day(list.next_update),
                policies::local(list.stale_from),
            ));
        }
    }
    notices
}

fn standing_fault(fault: &Fault) -> String {
    format!("still not in service: {}", fault.display(contracts::Language::En))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::fixture::Fixture;

    #[test]
    fn what_ends_soon_is_told_and_what_has_time_is_not() {
        let fixture = Fixture::new();
        let keeper = fixture.keeper().unwrap();
        assert_eq!(notices(&keeper, Timestamp::now()), Vec::<String>::new());
        // The fixture's certificate has 90 days, its list 7.
        let later = Timestamp::now() + jiff::SignedDuration::from_hours(24 * 80);
        let told = notices(&keeper, later).join("\n");
        assert!(told.contains("the server certificate ends on"), "{told}");
        assert!(told.contains("ca.crl") && told.contains("was due on"), "{told}");
        let last_days = "2027-12-15T00:00:00Z".parse().unwrap();
        let told = notices(&keeper, last_days).join("\n");
        assert!(told.contains("agreement `TT-2026-017` ends in 17 day(s)"), "{told}");
    }
}
