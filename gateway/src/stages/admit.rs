//! Whether now, and how much: suspensions and maintenance of what was granted, the one exchange of a
//! one-off agreement, the agreement's and the service's quotas.

use std::time::Duration;

use jiff::Timestamp;
use policies::{Kind, Parties, Stretch};

use super::Granted;
use crate::{
    quota::{self, Permit},
    refusal::Refusal,
    world::Claim,
};

/// Proof that there was room.
pub struct Admitted<'w> {
    granted: Granted<'w>,
}

/// The place taken, held until the exchange has ended. What is not forwarded costs nothing.
#[derive(Debug)]
#[must_use]
pub struct Place {
    permit: Permit,
    claim: Option<Claim>,
}

impl<'w> Admitted<'w> {
    /// What was granted.
    pub fn granted(&self) -> &Granted<'w> {
        &self.granted
    }
}

impl Place {
    /// Charges the request: from here on it counts, whatever comes back.
    pub fn forwarded(&mut self) {
        self.permit.forwarded();
        if let Some(claim) = &mut self.claim {
            claim.keep();
        }
    }

    /// Gives the one exchange of a one-off agreement back: nothing reached the provider. The day's
    /// request stays charged, as the records say.
    pub fn returned(&mut self) {
        if let Some(claim) = &mut self.claim {
            claim.give_back();
        }
    }

    /// Charges what was released.
    pub fn released(&mut self, records: u64, bytes: u64) {
        self.permit.released(records, bytes);
    }

    /// The quotas' side of it.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }
}

/// Admits what was granted.
///
/// # Errors
/// Something that it rests on is suspended or in maintenance, a quota is spent, or the one exchange
/// took place; nothing was charged.
pub fn admit(granted: Granted<'_>, now: Timestamp) -> Result<(Admitted<'_>, Place), Refusal> {
    unsuspended(&granted, now)?;
    if let Some(stretch) = granted.routed().service().maintenance_at(now) {
        return Err(Refusal::Maintenance { remaining: remaining(stretch, now) });
    }
    let snapshot = &granted.routed().caller().world().snapshot;
    let claim = match granted.grant().agreement.filter(|agreement| agreement.kind == Kind::OneOff) {
        None => None,
        Some(agreement) => {
            let claim = snapshot.one_off(agreement).and_then(|one_off| one_off.claim());
            Some(claim.ok_or_else(|| Refusal::Denied(policies::Refusal::one_off_used(agreement)))?)
        }
    };
    let permit = quota::admit(granted.meters(), now).map_err(Refusal::QuotaSpent)?;
    Ok((Admitted { granted }, Place { permit, claim }))
}

/// Neither the caller's side nor the provider's system is suspended, with this service or agreement.
fn unsuspended(granted: &Granted<'_>, now: Timestamp) -> Result<(), Refusal> {
    let routed = granted.routed();
    let caller = routed.caller();
    let world = caller.world();
    let service = routed.service();
    let provider = &world.snapshot.register().system(service.system).id;
    let asked = Parties {
        system: &caller.system().id,
        represented: caller.represented_id(),
        service: Some(&service.id),
        agreement: granted.grant().agreement.map(|agreement| &agreement.id),
    };
    let called = Parties { system: provider, represented: None, ..asked };
    match world.overlay.suspends(&asked, now).or_else(|| world.overlay.suspends(&called, now)) {
        Some(suspension) => Err(Refusal::Suspended { reason: suspension.reason.clone() }),
        None => Ok(()),
    }
}

/// How long a maintenance still lasts.
fn remaining(stretch: &Stretch, now: Timestamp) -> Duration {
    let end = policies::instant(stretch.until).unwrap_or(now);
    Duration::try_from(end.duration_since(now)).unwrap_or_default()
}
