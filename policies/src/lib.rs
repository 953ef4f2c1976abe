//! Floor 1: who may see what.
//!
//! Operators write documents ([`Sources`]): members with their systems, services, purposes,
//! agreements. [`Register::compile`] holds all of them against the contracts and against each other,
//! reports every fault at once, or makes a [`Register`] in which every reference is resolved and
//! every plan compiled. [`Register::decide`] is then a pure function of the register, the caller,
//! the request and the time: it gives [`Granted`] (which fields leave, which records, under which
//! limits) or a [`Refusal`] that names the rule. A [`Witness`] sees it happen step by step.
//!
//! Suspensions act apart from all that, in an [`Overlay`] that can only deny.
//!
//! This floor knows nothing of HTTP or bytes, has no clock and opens nothing but documents.

mod agreement;
mod calendar;
mod compile;
mod conditions;
mod decision;
#[cfg(test)]
mod fixture;
mod member;
mod names;
mod operation;
mod overlay;
mod purpose;
mod quota;
mod readings;
mod register;
mod release;
mod service;
mod soap;
mod sources;
mod upstream;
mod written;

pub use agreement::{Agreement, Kind, Paper, PersonalGround, Reuse, Terms};
pub use calendar::{Dates, NotAWindow, Stretch, VIET_NAM, Window, instant, local};
pub use conditions::{Condition, Conditions};
pub use contracts::{Format, NotAFormat};
pub use decision::{Ask, Basis, Granted, Party, Refusal, Rule, Step, Witness};
pub use member::{CertificateFacts, ContactRole, Member, MemberKind, Network, System};
pub use names::{AgreementId, MemberId, NotAName, PurposeId, ServiceId, SystemId};
pub use operation::{NotAnOperation, Operation};
pub use overlay::{Overlay, Parties, Suspension};
pub use purpose::Purpose;
pub use quota::{Amounts, QuotaTerms};
pub use readings::{Readings, Stamp};
pub use register::{MemberKey, Register, ServiceKey, SystemKey, Usable};
pub use release::{Mask, MaskKeys, ReleasePlan};
pub use service::{
    Adapter, Authority, BadRecords, DateForm, Mode, Offer, OperationTerms, Population, Publication, Service,
    ServiceVersion, Streaming, UnknownFields,
};
pub use soap::{Signed, Soap, SoapVersion, Wording, XRoad};
pub use sources::{LONGEST_DOCUMENT, MOST_DOCUMENTS, Source, Sources};
pub use upstream::{
    Balance, Breaker, ClientCertificate, Endpoint, HealthCheck, Look, MOST_ENDPOINTS, Retry, Timeouts,
    Upstream,
};
pub use written::{Address, Reference};
