//! Agreements, compiled: a consumer system's right to a service.
//!
//! What an agreement grants follows from its document and outlives the register that it was compiled
//! for, as long as nothing changes that it was held against. Who its parties are is a pair of keys,
//! and keys belong to one register.

use std::{ops::Deref, sync::Arc};

use contracts::{ContractId, FieldPath};
use jiff::{
    Span,
    civil::{Date, DateTime},
};

use crate::{
    AgreementId, Conditions, Format, Operation, PurposeId, QuotaTerms, ReleasePlan, ServiceKey, SystemKey,
    calendar::{Dates, Window},
    operation::PerOperation,
    written::words,
};

/// A consumer system's right to a service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Agreement {
    /// The system it was given to.
    pub consumer: SystemKey,
    /// The service it opens.
    pub service: ServiceKey,
    pub(crate) terms: Arc<Terms>,
}

/// What an agreement says beside its parties.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terms {
    /// Its number.
    pub id: AgreementId,
    /// For a time, or for once.
    pub kind: Kind,
    /// The contract it speaks of.
    pub contract: ContractId,
    /// The signed paper.
    pub paper: Option<Paper>,
    /// The texts it rests on.
    pub legal_basis: Vec<String>,
    /// The reasons it was given for; at least one.
    pub purposes: Vec<PurposeId>,
    /// The days on which it holds.
    pub valid: Dates,
    /// The formats in which data may pass.
    pub formats: Vec<Format>,
    /// What the consumer may do with the data.
    pub reuse: Option<Reuse>,
    /// The hours in which it holds; none for all.
    pub windows: Vec<Window>,
    /// The ground on which personal data passes.
    pub personal: Option<PersonalGround>,
    /// The fields that the consumer may filter by; all of them released unmasked.
    pub filter: Vec<FieldPath>,
    /// The records that it covers.
    pub conditions: Conditions,
    /// Its limits; none for those of the service alone.
    pub quota: Option<QuotaTerms>,
    pub(crate) allowed: PerOperation<Allowed>,
    pub(crate) touches_personal: bool,
    pub(crate) revision: [u8; 32],
}

/// What one operation of an agreement gives.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    pub(crate) release: ReleasePlan,
    /// Conditions that the provider can filter by, each with its one value.
    pub(crate) push_down: Vec<(FieldPath, String)>,
}

impl Deref for Agreement {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

impl Agreement {
    /// Whether `other`, of whatever register, is the same one, compiled once.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.terms, &other.terms)
    }
}

impl Terms {
    /// SHA-256 of the document's text.
    pub fn revision(&self) -> &[u8; 32] {
        &self.revision
    }

    /// Whether it allows `operation`.
    pub fn allows(&self, operation: Operation) -> bool {
        self.allowed.get(operation).is_some()
    }

    /// What it allows.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        self.allowed.iter().map(|(operation, _)| operation)
    }

    /// What `operation` releases, when it is allowed.
    pub fn release(&self, operation: Operation) -> Option<&ReleasePlan> {
        self.allowed.get(operation).map(|allowed| &allowed.release)
    }

    /// Whether any of its operations gives or takes personal data.
    pub fn touches_personal(&self) -> bool {
        self.touches_personal
    }

    /// Whether it holds at this hour, a date and hour in Viet Nam.
    pub fn is_open_at(&self, local: DateTime) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.contains(local))
    }

    /// Days left on `day`, the last one included; `None` without an end.
    pub fn days_left(&self, day: Date) -> Option<i32> {
        let until = self.valid.until?;
        Some(day.until(until).map_or(0, |left| left.get_days().saturating_add(1)))
    }
}

/// For a time, or for once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Holds for all its days.
    Standing,
    /// Good for one exchange; whether it was used is not known here but by the evidence.
    OneOff,
}

words! {
    Kind: "loại thỏa thuận", "a kind of agreement",
    "standing" => Self::Standing, "one-off" => Self::OneOff,
}

/// The signed paper behind an agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paper {
    /// Its number.
    pub number: Option<String>,
    /// The day it was signed.
    pub signed: Option<Date>,
    /// SHA-256 of its file.
    pub sha256: Option<[u8; 32]>,
}

/// What the consumer may do with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reuse {
    /// Not share it with anyone.
    NoOnwardSharing,
    /// Share it on with the provider's consent.
    WithConsent,
    /// Share it freely, naming the source.
    Attribution,
}

words! {
    Reuse: "điều kiện sử dụng lại", "terms of reuse",
    "no-onward-sharing" => Self::NoOnwardSharing, "with-consent" => Self::WithConsent,
    "attribution" => Self::Attribution,
}

/// The ground on which personal data passes (Luật 91/2025).
#[derive(Clone, Debug)]
pub struct PersonalGround {
    /// The article that allows it.
    pub ground: String,
    /// The article that allows the sensitive part (NĐ 356/2025), when there is one.
    pub sensitive_ground: Option<String>,
    /// The impact assessment's number.
    pub impact_assessment: Option<String>,
    /// How long the consumer may keep it.
    pub retention: Option<Span>,
}

/// How many days before its end operators are told that an agreement is about to expire.
/// A month is what renewing a signed paper takes.
pub(crate) const NOTICE_DAYS: i32 = 30;
