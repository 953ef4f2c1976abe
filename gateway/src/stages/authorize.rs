//! Whether, and how much of it: the agreement's decision, with the suspension of what it rests on.

use std::time::Duration;

use jiff::Timestamp;
use policies::{Ask, Conditions, Format, Parties, ReleasePlan, Rule, ServiceVersion, Stretch};

use super::Routed;
use crate::{
    host::Incoming,
    negotiation::{Wish, content_format, wish},
    quota::Meters,
    refusal::Refusal,
    stated,
};

/// Proof that an agreement, or a sharing rule, allows the exchange.
pub struct Granted<'w> {
    routed: Routed<'w>,
    grant: policies::Granted<'w>,
    meters: &'w Meters,
    format: Format,
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

    /// The longest body of a request or a reply.
    pub fn body_cap(&self) -> usize {
        let own = self.routed.service().body_limit.and_then(|limit| usize::try_from(limit).ok());
        own.unwrap_or(self.routed.caller().world().snapshot.settings().limits.body)
    }

    /// Whether personal fields are touched, on the way in or out.
    pub fn personal(&self) -> bool {
        self.grant.personal
    }
}

/// Decides on `routed`.
///
/// # Errors
/// The rule that says no; nothing has been charged or forwarded.
pub fn authorize<'w>(routed: Routed<'w>, head: &Incoming, now: Timestamp) -> Result<Granted<'w>, Refusal> {
    let caller = *routed.caller();
    let world = caller.world();
    let service = routed.service();
    let purpose = stated::purpose(head.headers())?;
    let officer = stated::officer(head.headers())?;
    // What is sent must be agreed as well as what is read back.
    let sent = if routed.operation().carries_record() {
        Some(content_format(head.header("content-type")).ok_or(Refusal::MediaType)?)
    } else {
        None
    };
    let candidates: &[Format] = match wish(head.header("accept")) {
        Wish::Nothing => return Err(Refusal::NotAcceptable),
        Wish::Exactly(Format::Xml) => &[Format::Xml],
        Wish::Exactly(_) => &[Format::Json],
        Wish::Anything if sent == Some(Format::Xml) => &[Format::Xml, Format::Json],
        Wish::Anything => &[Format::Json, Format::Xml],
    };

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
    for format in candidates {
        match decide(*format) {
            Ok(grant) => {
                decided = Ok((grant, *format));
                break;
            }
            // Only a format can be mended by trying another one.
            Err(refusal) if refusal.rule == Rule::FormatNotAgreed => decided = Err(Refusal::Denied(refusal)),
            Err(refusal) => return Err(Refusal::Denied(refusal)),
        }
    }
    let (grant, format) = decided?;
    if let Some(sent) = sent
        && sent != format
    {
        decide(sent).map_err(Refusal::Denied)?;
    }

    let parties = Parties {
        system: &caller.system().id,
        represented: caller.represented_id(),
        service: Some(&service.id),
        agreement: grant.agreement.map(|agreement| &agreement.id),
    };
    if let Some(suspension) = world.overlay.suspends(&parties, now) {
        return Err(Refusal::Suspended { reason: suspension.reason.clone() });
    }
    if let Some(stretch) = service.maintenance_at(now) {
        return Err(Refusal::Maintenance { remaining: remaining(stretch, now) });
    }
    let meters = world.snapshot.meters(grant.agreement, routed.key());
    Ok(Granted { routed, grant, meters, format })
}

/// How long a maintenance still lasts.
fn remaining(stretch: &Stretch, now: Timestamp) -> Duration {
    let end = policies::instant(stretch.until).unwrap_or(now);
    Duration::try_from(end.duration_since(now)).unwrap_or_default()
}
