//! How much: the agreement's and the service's quotas, and the one exchange of a one-off agreement.

use jiff::Timestamp;
use policies::Kind;

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
/// A quota is spent, or the one exchange took place; nothing was charged.
pub fn admit(granted: Granted<'_>, now: Timestamp) -> Result<(Admitted<'_>, Place), Refusal> {
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
