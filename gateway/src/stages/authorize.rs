//! Whether, and what of it: the agreement's decision.

use std::time::Duration;

use jiff::Timestamp;
use policies::{Ask, Conditions, Format, Operation, ReleasePlan, Rule, ServiceVersion};

use super::{Asked, Routed};
use crate::{negotiation::Formats, quota::Meters, refusal::Refusal};

/// Proof that an agreement, or a sharing rule, allows the exchange.
pub struct Granted<'w> {
    routed: Routed<'w>,
    grant: policies::Granted<'w>,
    meters: &'w Meters,
    format: Format,
    beside: bool,
    waits: Option<Duration>,
}

impl<'w> Granted<'w> {
    /// Where to.
    pub fn routed(&self) -> &Routed<'w> {
        &self.routed
    }

    /// What decided.
    pub fn grant(&self) -> &policies::Granted<'w> {
        &self.grant
    }

    /// What may leave.
    pub fn release(&self) -> &'w ReleasePlan {
        self.grant.release
    }

    /// Which records may be spoken of.
    pub fn conditions(&self) -> &'w Conditions {
        self.grant.conditions
    }

    /// The version that is served.
    pub fn version(&self) -> &'w ServiceVersion {
        self.grant.version
    }

    /// The quotas to take room in.
    pub fn meters(&self) -> &'w Meters {
        self.meters
    }

    /// The format the consumer reads.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the consumer takes a translation with its original beside it.
    pub fn takes_beside(&self) -> bool {
        self.beside
    }

    /// The longest body of a request or a reply.
    pub fn body_cap(&self) -> usize {
        let own = self.routed.service().body_limit.and_then(|limit| usize::try_from(limit).ok());
        own.unwrap_or(self.routed.caller().world().snapshot.settings().limits.body)
    }

    /// How long the consumer waits for the answer, where it says so.
    pub fn waits(&self) -> Option<Duration> {
        self.waits
    }

    /// Whether personal fields are touched, on the way in or out.
    pub fn personal(&self) -> bool {
        self.grant.personal
    }
}

/// Decides on `routed`.
///
/// # Errors
/// The rule that says no, or a service that cannot let a change be checked; nothing has been charged
/// or forwarded.
///
/// The proof is boxed: every one from here on holds it, and is passed on by value.
pub fn authorize<'w>(
    routed: Routed<'w>,
    head: &Asked<'_>,
    now: Timestamp,
) -> Result<Box<Granted<'w>>, Refusal> {
    let caller = *routed.caller();
    let world = caller.world();
    let stated = head.stated();
    let purpose = stated.purpose()?;
    let officer = stated.officer()?;
    let waits = stated.deadline()?;
    let Formats { sent, read, beside } = *routed.formats();
    if routed.operation().carries_record() && sent.is_none() {
        return Err(Refusal::MediaType);
    }

    let register = world.snapshot.register();
    let decide = |format| {
        let ask = Ask {
            caller: caller.key(),
            represented: caller.represented(),
            service: routed.key(),
            version: routed.version(),
            operation: routed.operation(),
            purpose,
            officer,
            format,
            filters: routed.filters(),
            environment: world.snapshot.environment(),
            at: now,
        };
        register.decide(&ask, &mut ())
    };
    let mut decided = Err(Refusal::NotAcceptable);
    for format in read.into_iter().flatten() {
        match decide(format) {
            Ok(grant) => {
                decided = Ok((grant, format));
                break;
            }
            // Only a format can be mended by trying another one; the first was wanted most.
            Err(refusal) if matches!(refusal.rule, Rule::FormatNotOffered | Rule::FormatNotAgreed) => {
                if matches!(decided, Err(Refusal::NotAcceptable)) {
                    decided = Err(Refusal::Denied(refusal));
                }
            }
            Err(refusal) => return Err(Refusal::Denied(refusal)),
        }
    }
    let (grant, format) = decided?;
    // What is sent must be agreed as well as what is read back.
    if let Some(sent) = sent
        && sent != format
    {
        let other = decide(sent).map_err(Refusal::Denied)?;
        // One agreement allows both, or one's records would come in and another's fields go out.
        if other.agreement.map(|agreement| &agreement.id) != grant.agreement.map(|agreement| &agreement.id) {
            return Err(Refusal::NotAcceptable);
        }
    }

    // The record about to be changed is looked at first (see `confirm`): where that cannot be, it is
    // said now, before anything is charged or opened.
    let looks_first = matches!(routed.operation(), Operation::Update | Operation::Withdraw);
    if looks_first && !grant.conditions.is_empty() && grant.version.operation(Operation::Read).is_none() {
        return Err(Refusal::NotImplemented { what: "change-needs-read" });
    }

    let meters = world.snapshot.meters(grant.agreement, routed.key());
    Ok(Box::new(Granted { routed, grant, meters, format, beside, waits }))
}
