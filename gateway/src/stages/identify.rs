//! Who calls: the connection's certificate, resolved to the member and system of the current
//! snapshot on every request, so that revocation, suspension and expiry reach open connections.

use http::HeaderMap;
use jiff::Timestamp;
use policies::{MemberId, MemberKey, Parties, System, SystemKey};

use crate::{
    host::Incoming,
    quota,
    refusal::Refusal,
    stated::{self, Stated},
    world::World,
};

/// Proof that a known, trusted, unsuspended system calls, within its flood limit.
#[derive(Clone, Copy)]
pub struct Caller<'w> {
    world: &'w World,
    key: SystemKey,
    system: &'w System,
    represented: Option<MemberKey>,
}

impl<'w> Caller<'w> {
    /// The world that decides this exchange.
    pub fn world(&self) -> &'w World {
        self.world
    }

    /// The system, as the register knows it.
    pub fn key(&self) -> SystemKey {
        self.key
    }

    /// The system.
    pub fn system(&self) -> &'w System {
        self.system
    }

    /// The member it speaks for, when that is not its own.
    pub fn represented(&self) -> Option<MemberKey> {
        self.represented
    }

    /// That member's name.
    pub fn represented_id(&self) -> Option<&'w MemberId> {
        let register = self.world.snapshot.register();
        self.represented.map(|key| &register.member(key).id)
    }

    /// The same caller, who states (`said`, in `headers`) for whom it speaks and by which name others know it.
    ///
    /// # Errors
    /// It may not speak for that member, is not called so, or what it speaks for is suspended.
    pub(super) fn stating(self, said: &Stated, headers: &HeaderMap, now: Timestamp) -> Result<Self, Refusal> {
        let register = self.world.snapshot.register();
        let member = register.member(self.system.member);
        if said.speaks_xroad() {
            stated::message_id(headers)?;
            stated::issue(headers)?;
            stated::is_client(headers, member.alias("xroad"), &member.id, self.system.id.system())?;
        }
        let represented = stated::represented(said, headers, register, &self.system.relays_for)?;
        let parties = Parties {
            system: &self.system.id,
            represented: represented.map(|member| &register.member(member).id),
            service: None,
            agreement: None,
        };
        if let Some(suspension) = self.world.overlay.suspends(&parties, now) {
            return Err(Refusal::Suspended { reason: suspension.reason.clone() });
        }
        Ok(Self { represented, ..self })
    }
}

/// Identifies the caller of `head`, which states what it `said`.
///
/// # Errors
/// Revoked, expired, unknown, suspended, of another environment, from an address it may not use,
/// speaking for someone it may not, or flooding.
pub fn identify<'w>(
    world: &'w World,
    head: &Incoming,
    said: &Stated,
    now: Timestamp,
) -> Result<Caller<'w>, Refusal> {
    let peer = &head.connection().peer;
    head.connection().revoked(now).map_err(Refusal::Certificate)?;

    let snapshot = &*world.snapshot;
    let register = snapshot.register();
    let key = match peer.slot.recall(snapshot.generation()) {
        Some(known) => known,
        None => {
            let found = register.recognise(&peer.facts);
            peer.slot.keep(snapshot.generation(), found);
            found
        }
    };
    let key: SystemKey = key.ok_or(Refusal::SystemUnknown)?;
    let system = register.system(key);
    if *system.environment != *snapshot.environment() {
        return Err(Refusal::Environment);
    }
    if !system.may_connect_from(head.connection().peer_address.ip()) {
        return Err(Refusal::AddressNotAllowed);
    }
    let open = head.connection().claim(system.id.as_str());
    if open > snapshot.settings().limits.connections_per_system {
        return Err(Refusal::TooManyConnections);
    }
    quota::arrive(snapshot.flood(key)).map_err(Refusal::QuotaSpent)?;

    Caller { world, key, system, represented: None }.stating(said, head.headers(), now)
}
