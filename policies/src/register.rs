//! The register: members, systems, services, purposes and agreements, compiled and indexed.
//!
//! It is made whole, once, from the documents (see [`compile`](crate::compile)) and never changed.
//! Everything is interned: a system, a member and a service are small numbers that index this
//! register and no other, and a decision is one lookup by them.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::{
    Agreement, AgreementId, Ask, Basis, CertificateFacts, Conditions, Format, Member, MemberId, Mode,
    Operation, Purpose, PurposeId, ReleasePlan, Service, ServiceId, ServiceVersion, System, SystemId,
    calendar,
    compile::Origin,
    member::{plain_issuer, plain_serial},
};

/// A map whose keys operators wrote: nobody outside can choose them to collide, so a quick hash
/// will do.
pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            pub(crate) fn nth(position: usize) -> Self {
                // Documents are counted in thousands (`MOST_DOCUMENTS`).
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }

            pub(crate) fn position(self) -> usize {
                self.0 as usize
            }
        }
    };
}

key! {
    /// A member of one register.
    MemberKey
}
key! {
    /// A system of one register.
    SystemKey
}
key! {
    /// A service of one register.
    ServiceKey
}

/// The documents, compiled.
#[derive(Debug)]
pub struct Register {
    pub(crate) members: Vec<Member>,
    pub(crate) systems: Vec<System>,
    pub(crate) services: Vec<Service>,
    pub(crate) agreements: Vec<Agreement>,
    pub(crate) purposes: Map<PurposeId, Purpose>,
    pub(crate) members_by_name: Map<MemberId, MemberKey>,
    pub(crate) systems_by_name: Map<SystemId, SystemKey>,
    /// Member, then name: looked up by two borrowed texts of a path.
    pub(crate) services_by_name: Map<Arc<str>, Map<Arc<str>, ServiceKey>>,
    pub(crate) agreements_by_name: Map<AgreementId, u32>,
    pub(crate) identities: Identities,
    pub(crate) by_consumer: Map<(SystemKey, ServiceKey, u32), Vec<u32>>,
    pub(crate) by_member: Map<(MemberKey, ServiceKey, u32), Vec<u32>>,
    pub(crate) no_conditions: Conditions,
    /// What it was compiled of, for the next one.
    pub(crate) origin: Origin,
}

/// Which system a certificate belongs to.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    /// By serial number; issuers are few for each.
    pub(crate) issued: Map<String, Vec<(String, SystemKey)>>,
    pub(crate) keys: Map<[u8; 32], SystemKey>,
    pub(crate) uris: Map<String, SystemKey>,
    pub(crate) names: Map<String, SystemKey>,
}

/// A service that a caller may use, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Usable<'r> {
    /// The service.
    pub service: ServiceKey,
    /// The version of it.
    pub version: &'r ServiceVersion,
    /// On what the right rests.
    pub basis: Basis,
    /// The agreement, when it rests on one.
    pub agreement: Option<&'r Agreement>,
    /// What the caller may do.
    pub operations: Vec<Operation>,
    /// In which formats.
    pub formats: Vec<Format>,
    /// The purposes to choose from; none when no purpose is asked for.
    pub purposes: &'r [PurposeId],
    /// What is released: of the first operation that gives records, or else of the first one.
    pub release: &'r ReleasePlan,
}

impl Register {
    /// The system that a certificate belongs to. A certificate that speaks for two systems, by its
    /// number for one and by a name for the other, belongs to neither.
    pub fn recognise(&self, facts: &CertificateFacts) -> Option<SystemKey> {
        let identities = &self.identities;
        let issued = identities.issued.get(&plain_serial(&facts.serial)).and_then(|issuers| {
            let issuer = plain_issuer(&facts.issuer);
            issuers.iter().find(|(known, _)| *known == issuer).map(|(_, system)| *system)
        });
        let key = identities.keys.get(&facts.spki_sha256).copied();
        let uris = facts.san_uris.iter().filter_map(|uri| identities.uris.get(uri).copied());
        let names =
            facts.san_dns.iter().filter_map(|name| identities.names.get(&name.to_ascii_lowercase()).copied());
        let mut found = issued.into_iter().chain(key).chain(uris).chain(names);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// The system of a key of this register.
    #[expect(clippy::indexing_slicing, reason = "keys are made with their register and only there")]
    pub fn system(&self, key: SystemKey) -> &System {
        &self.systems[key.position()]
    }

    /// The system called `id`.
    pub fn system_named(&self, id: &SystemId) -> Option<SystemKey> {
        self.systems_by_name.get(id).copied()
    }

    /// Every system.
    pub fn systems(&self) -> impl Iterator<Item = (SystemKey, &System)> {
        self.systems.iter().enumerate().map(|(position, system)| (SystemKey::nth(position), system))
    }

    /// The member of a key of this register.
    #[expect(clippy::indexing_slicing, reason = "keys are made with their register and only there")]
    pub fn member(&self, key: MemberKey) -> &Member {
        &self.members[key.position()]
    }

    /// The member called `id`.
    pub fn member_named(&self, id: &str) -> Option<MemberKey> {
        self.members_by_name.get(id).copied()
    }

    /// Every member.
    pub fn members(&self) -> impl Iterator<Item = (MemberKey, &Member)> {
        self.members.iter().enumerate().map(|(position, member)| (MemberKey::nth(position), member))
    }

    /// The service of a key of this register.
    #[expect(clippy::indexing_slicing, reason = "keys are made with their register and only there")]
    pub fn service(&self, key: ServiceKey) -> &Service {
        &self.services[key.position()]
    }

    /// The service called `member`/`service`.
    pub fn service_named(&self, member: &str, service: &str) -> Option<ServiceKey> {
        self.services_by_name.get(member)?.get(service).copied()
    }

    /// The service called `id`.
    pub(crate) fn service_of(&self, id: &ServiceId) -> Option<ServiceKey> {
        self.service_named(id.member(), id.service())
    }

    /// Every service.
    pub fn services(&self) -> impl Iterator<Item = (ServiceKey, &Service)> {
        self.services.iter().enumerate().map(|(position, service)| (ServiceKey::nth(position), service))
    }

    /// The agreement called `id`.
    pub fn agreement_named(&self, id: &str) -> Option<&Agreement> {
        self.agreements.get(*self.agreements_by_name.get(id)? as usize)
    }

    /// Every agreement.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.agreements.iter()
    }

    /// The purpose with this code.
    pub fn purpose(&self, code: &str) -> Option<&Purpose> {
        self.purposes.get(code)
    }

    /// The agreements of the caller, or of the member that it represents, for what is asked.
    pub(crate) fn candidates<'r>(&'r self, ask: &Ask<'_>) -> impl Iterator<Item = &'r Agreement> + use<'r> {
        self.held(ask.caller, ask.represented, ask.service, ask.version)
    }

    fn held(
        &self,
        caller: SystemKey,
        represented: Option<MemberKey>,
        service: ServiceKey,
        version: u32,
    ) -> impl Iterator<Item = &Agreement> + use<'_> {
        let system = self.system(caller);
        let found = match represented.filter(|represented| *represented != system.member) {
            Some(member) => self.by_member.get(&(member, service, version)),
            None => self.by_consumer.get(&(caller, service, version)),
        };
        // An agreement of another environment's system is no right in this one.
        let here =
            move |agreement: &&Agreement| self.system(agreement.consumer).environment == system.environment;
        found
            .into_iter()
            .flatten()
            .filter_map(|position| self.agreements.get(*position as usize))
            .filter(here)
    }

    pub(crate) fn no_conditions(&self) -> &Conditions {
        &self.no_conditions
    }

    /// What `caller` may use at `at`, on its own account or for the member it represents: every
    /// version of a service for which there is an agreement in force, or that its sharing mode opens.
    /// Hours and purposes are asked only of a request.
    pub fn usable_by(
        &self,
        caller: SystemKey,
        represented: Option<MemberKey>,
        at: Timestamp,
    ) -> impl Iterator<Item = Usable<'_>> {
        let today = calendar::local(at).date();
        let system = self.system(caller);
        let members = [Some(system.member), represented].into_iter().flatten();
        let mut standing = members.map(|member| self.member(member).valid.contains(today));
        let may_speak =
            represented.is_none_or(|member| member == system.member || system.relays_for.contains(&member));
        let allowed = may_speak && standing.all(|exists| exists);
        self.services()
            .filter(move |(_, service)| {
                allowed && self.system(service.system).environment == system.environment
            })
            .flat_map(|(key, service)| service.versions.iter().map(move |version| (key, service, version)))
            .filter(move |(_, _, version)| !version.is_retired(today))
            .flat_map(move |(key, service, version)| {
                let agreed = self.held(caller, represented, key, version.number);
                let agreed = agreed.filter(move |agreement| agreement.valid.contains(today));
                let by_agreement =
                    agreed.filter_map(move |agreement| usable_by_agreement(key, service, version, agreement));
                by_agreement.chain(usable_by_mode(key, service, version))
            })
    }
}

fn usable_by_agreement<'r>(
    key: ServiceKey,
    service: &Service,
    version: &'r ServiceVersion,
    agreement: &'r Agreement,
) -> Option<Usable<'r>> {
    let operations: Vec<Operation> = agreement.operations().collect();
    let shown = operations.iter().find(|operation| operation.reads_records()).or(operations.first())?;
    let asked_for = service.mode == Mode::OnRequest || agreement.touches_personal();
    Some(Usable {
        service: key,
        version,
        basis: Basis::Agreement,
        agreement: Some(agreement),
        release: agreement.release(*shown)?,
        operations,
        formats: agreement.formats.clone(),
        purposes: if asked_for { &agreement.purposes } else { &[] },
    })
}

fn usable_by_mode<'r>(key: ServiceKey, service: &Service, version: &'r ServiceVersion) -> Option<Usable<'r>> {
    let basis = service.mode.basis()?;
    let operations = version.operations().map(|(operation, _)| operation);
    let operations: Vec<Operation> = operations.filter(|operation| operation.reads_records()).collect();
    (!operations.is_empty()).then_some(())?;
    Some(Usable {
        service: key,
        version,
        basis,
        agreement: None,
        operations,
        formats: Format::ALL.into_iter().filter(|format| version.offers(*format)).collect(),
        purposes: &[],
        release: version.released_by_mode()?,
    })
}
