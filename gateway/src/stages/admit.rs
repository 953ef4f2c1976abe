//! Whether now, and how much: suspensions and maintenance of what was granted, the one exchange of a
//! one-off agreement, the agreement's and the service's quotas.

use std::time::Duration;

use jiff::Timestamp;
use policies::{Agreement, Kind, Overlay, Parties, Service, Stretch};

use super::{Caller, Granted};
use crate::{
    host::Connection,
    quota::{self, Permit},
    refusal::Refusal,
    world::Claim,
};

/// Proof that there was room.
pub struct Admitted<'w> {
    granted: Box<Granted<'w>>,
}

/// The place taken, held until the exchange has ended. What is not forwarded costs nothing.
#[derive(Debug)]
#[must_use]
pub struct Place<'w> {
    permit: Permit<'w>,
    claim: Option<Claim>,
}

impl<'w> Admitted<'w> {
    /// What was granted.
    pub fn granted(&self) -> &Granted<'w> {
        &self.granted
    }

    /// What it rests on, for an exchange that lasts.
    pub fn footing(&self) -> Footing<'w> {
        Footing::of(&self.granted)
    }
}

/// What an exchange rests on: who takes part in it, and under what. An exchange that lasts asks again
/// and again whether that still holds.
#[derive(Clone, Copy)]
pub struct Footing<'w> {
    caller: Caller<'w>,
    service: &'w Service,
    agreement: Option<&'w Agreement>,
}

impl<'w> Footing<'w> {
    fn of(granted: &Granted<'w>) -> Self {
        let routed = granted.routed();
        Self { caller: *routed.caller(), service: routed.service(), agreement: granted.grant().agreement }
    }

    /// Whether nothing of it was revoked or suspended meanwhile. `overlay` and the lists of revoked
    /// certificates are those of now; the documents are those it began under.
    ///
    /// # Errors
    /// What was.
    pub fn holds(&self, overlay: &Overlay, connection: &Connection, now: Timestamp) -> Result<(), Refusal> {
        connection.revoked(now).map_err(Refusal::Certificate)?;
        self.unsuspended(overlay, now)
    }

    /// Neither the caller's side nor the provider's system is suspended, with this service or
    /// agreement.
    fn unsuspended(&self, overlay: &Overlay, now: Timestamp) -> Result<(), Refusal> {
        let register = self.caller.world().snapshot.register();
        let provider = &register.system(self.service.system).id;
        let asked = Parties {
            system: &self.caller.system().id,
            represented: self.caller.represented_id(),
            service: Some(&self.service.id),
            agreement: self.agreement.map(|agreement| &agreement.id),
        };
        let called = Parties { system: provider, represented: None, ..asked };
        match overlay.suspends(&asked, now).or_else(|| overlay.suspends(&called, now)) {
            Some(suspension) => Err(Refusal::Suspended { reason: suspension.reason.clone() }),
            None => Ok(()),
        }
    }
}

impl<'w> Place<'w> {
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

    /// Whether that much may be released on top of what was.
    ///
    /// # Errors
    /// The day's quota that it would exceed.
    pub fn has_room(&self, records: u64, bytes: u64) -> Result<(), Refusal> {
        self.permit.has_room(records, bytes).map_err(Refusal::QuotaSpent)
    }

    /// The quotas' side of it.
    pub fn permit(&self) -> &Permit<'w> {
        &self.permit
    }
}

/// Admits what was granted.
///
/// # Errors
/// Something that it rests on is suspended or in maintenance, a quota is spent, or the one exchange
/// took place; nothing was charged.
pub async fn admit<'w>(
    granted: Box<Granted<'w>>,
    now: Timestamp,
) -> Result<(Admitted<'w>, Place<'w>), Refusal> {
    Footing::of(&granted).unsuspended(&granted.routed().caller().world().overlay, now)?;
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
    let permit = match quota::ask(granted.meters(), now) {
        quota::Admission::Done(done) => done,
        // In a box of its own: only where gateways share, and the exchange's own state stays small.
        quota::Admission::Asking(asking) => Box::pin(asking.answer()).await,
    };
    let permit = permit.map_err(|denied| match denied {
        quota::Denied::Spent(exceeded) => Refusal::QuotaSpent(exceeded),
        quota::Denied::Away(retry_after) => Refusal::QuotaAway { retry_after },
    })?;
    Ok((Admitted { granted }, Place { permit, claim }))
}

/// How long a maintenance still lasts.
fn remaining(stretch: &Stretch, now: Timestamp) -> Duration {
    let end = policies::instant(stretch.until).unwrap_or(now);
    Duration::try_from(end.duration_since(now)).unwrap_or_default()
}
