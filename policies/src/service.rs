//! Services, compiled: a system's offer of a dataset.
//!
//! As with agreements, the offer follows from the document; the system that makes it is a key of one
//! register.

use std::{ops::Deref, sync::Arc};

use contracts::{Bilingual, Contract, ContractId, FieldPath, UpdateFrequency};
use jiff::{Span, Timestamp, civil::Date};

use crate::{
    Basis, Format, Operation, QuotaTerms, ReleasePlan, ServiceId, Signed, Soap, SystemKey, Upstream, Wording,
    XRoad, calendar::Stretch, operation::PerOperation, written::words,
};

/// A system's offer of a dataset, in one or more versions of its contract.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// The system that provides it.
    pub system: SystemKey,
    pub(crate) offer: Arc<Offer>,
}

/// What a service offers, whoever provides it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Offer {
    /// Its name.
    pub id: ServiceId,
    /// Who may use it without an agreement.
    pub mode: Mode,
    /// Whether this is the trusted source of the data or a copy.
    pub authority: Authority,
    /// The texts that the sharing mode rests on.
    pub legal_basis: Vec<String>,
    /// How often the data is brought up to date.
    pub update: Option<UpdateFrequency>,
    /// When it was ready and published, and how often it is reviewed.
    pub publication: Option<Publication>,
    /// All consumers together; none for no limit.
    pub quota: Option<QuotaTerms>,
    /// The longest body of a request or reply in bytes, when not the gateway's own limit.
    pub body_limit: Option<u64>,
    /// When the provider is not to be called.
    pub maintenance: Vec<Stretch>,
    /// Its versions, oldest first.
    pub versions: Vec<ServiceVersion>,
    pub(crate) revision: [u8; 32],
}

impl Deref for Service {
    type Target = Offer;

    fn deref(&self) -> &Offer {
        &self.offer
    }
}

impl Service {
    /// Whether `other`, of whatever register, is the same one, compiled once.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.offer, &other.offer)
    }
}

impl Offer {
    /// SHA-256 of the document's text.
    pub fn revision(&self) -> &[u8; 32] {
        &self.revision
    }

    /// The version numbered `number`.
    pub fn version(&self, number: u32) -> Option<&ServiceVersion> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The maintenance that is under way at `at`, the one that ends last.
    pub fn maintenance_at(&self, at: Timestamp) -> Option<&Stretch> {
        self.maintenance.iter().filter(|stretch| stretch.contains(at)).max_by_key(|stretch| stretch.until)
    }
}

/// One version of a service: what is served, where it comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceVersion {
    /// Its number, which is its contract's.
    pub number: u32,
    /// The contract of its records, and of what `verify` is asked.
    pub contract: Arc<Contract>,
    /// From this day callers are told to move on.
    pub deprecated_from: Option<Date>,
    /// From this day it is gone.
    pub retired_from: Option<Date>,
    /// What the provider speaks.
    pub format: Format,
    /// The protocol around the records, when there is one.
    pub adapter: Option<Adapter>,
    /// What happens to a field in a reply that the contract does not have.
    pub unknown_fields: UnknownFields,
    /// The provider.
    pub upstream: Upstream,
    /// Settings of the population database, for its adapter.
    pub population: Option<Population>,
    /// How a provider that speaks SOAP is asked; none when it speaks something else, or is asked through an
    /// adapter.
    pub soap: Option<Soap>,
    /// The X-Road header blocks that such a provider wants to read.
    pub xroad: Option<XRoad>,
    /// What becomes of documents that bear a signature.
    pub signed: Signed,
    /// Whether its contract has personal fields.
    pub(crate) personal: bool,
    pub(crate) operations: PerOperation<OperationTerms>,
    /// What the service's mode releases to those without an agreement.
    pub(crate) by_mode: Option<ReleasePlan>,
}

impl ServiceVersion {
    /// The terms of `operation`, when it is offered.
    pub fn operation(&self, operation: Operation) -> Option<&OperationTerms> {
        self.operations.get(operation)
    }

    /// Every operation offered.
    pub fn operations(&self) -> impl Iterator<Item = (Operation, &OperationTerms)> {
        self.operations.iter()
    }

    /// Whether its records can be written in `format`, whatever the provider speaks. JSON, XML,
    /// line-delimited JSON, CSV and SOAP messages follow from every contract; features need a contract whose
    /// record has a place, and so does whatever else the version answers with.
    pub fn offers(&self, format: Format) -> bool {
        match format {
            Format::Json | Format::Xml | Format::NdJson | Format::Csv | Format::Soap => true,
            Format::GeoJson | Format::JsonFg | Format::Gml => {
                let has_place = |contract: &Contract| contract.shape().main_geometry().is_some();
                has_place(&self.contract)
                    && self.operations().all(|(operation, _)| has_place(self.reply(operation)))
            }
        }
    }

    /// Whether it is gone on `day`.
    pub fn is_retired(&self, day: Date) -> bool {
        self.retired_from.is_some_and(|from| from <= day)
    }

    /// The contract of what comes back from `operation`.
    pub fn reply(&self, operation: Operation) -> &Arc<Contract> {
        self.operation(operation).and_then(|terms| terms.reply.as_ref()).unwrap_or(&self.contract)
    }

    /// What the service's sharing mode releases without an agreement, if anything.
    pub fn released_by_mode(&self) -> Option<&ReleasePlan> {
        self.by_mode.as_ref()
    }
}

/// How one operation is asked of the provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OperationTerms {
    /// The HTTP method.
    pub method: &'static str,
    /// The path under the endpoint's own; `{id}` stands for the record's key.
    pub path: String,
    /// Fields that the provider itself can filter by, for conditions of agreements.
    pub push_down: Vec<FieldPath>,
    /// Fields that consumers may filter by, as far as their agreement goes.
    pub filter: Vec<FieldPath>,
    /// How bodies too long to be held whole pass, record by record; none pass without.
    pub stream: Option<Streaming>,
    /// The contract of the answer, when it is not the version's own.
    pub reply: Option<Arc<Contract>>,
    /// How it is worded for a provider that speaks SOAP.
    pub wording: Wording,
}

impl OperationTerms {
    /// The name of the answer's contract, when it is not the version's own.
    pub fn reply_id(&self) -> Option<&ContractId> {
        self.reply.as_ref().map(|contract| contract.id())
    }
}

/// How long bodies pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Streaming {
    /// What becomes of a record that breaks the contract.
    pub bad_records: BadRecords,
}

/// What becomes of a record that breaks the contract, in a collection of whatever length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BadRecords {
    /// The exchange stops there, and both sides see that it did.
    Stop,
    /// It is left out and told of; the others pass. Never the only record, nor one beyond the agreement.
    SetAside,
}

words! {
    BadRecords: "`stop` hoặc `set-aside`", "`stop` or `set-aside`",
    "stop" => Self::Stop, "set-aside" => Self::SetAside,
}

/// Who may use a service without an agreement (NĐ 194/2025; the ground is in `legal_basis`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Chia sẻ mặc định: any known system reads the open and shared fields.
    Default,
    /// Chia sẻ theo yêu cầu đặc thù: nobody.
    OnRequest,
    /// Dữ liệu mở: any known system reads the open fields.
    Open,
}

words! {
    Mode: "hình thức chia sẻ", "a sharing mode",
    "default" => Self::Default, "on-request" => Self::OnRequest, "open" => Self::Open,
}

impl Mode {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::OnRequest => "on-request",
            Self::Open => "open",
        }
    }

    /// On what a right without an agreement rests, when the mode gives one.
    pub(crate) fn basis(self) -> Option<Basis> {
        match self {
            Self::Default => Some(Basis::Default),
            Self::Open => Some(Basis::Open),
            Self::OnRequest => None,
        }
    }

    /// What it is called.
    pub fn title(self) -> Bilingual {
        match self {
            Self::Default => Bilingual::new("chia sẻ mặc định", "default sharing"),
            Self::OnRequest => Bilingual::new("chia sẻ theo yêu cầu đặc thù", "sharing on request"),
            Self::Open => Bilingual::new("dữ liệu mở", "open data"),
        }
    }
}

/// Whether data is the one trusted source or a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authority {
    /// The trusted source.
    Source,
    /// A copy.
    Copy,
}

words! {
    Authority: "`source` hoặc `copy`", "`source` or `copy`",
    "source" => Self::Source, "copy" => Self::Copy,
}

words! {
    UpdateFrequency: "tần suất cập nhật", "a frequency",
    "realtime" => Self::Realtime, "hourly" => Self::Hourly, "daily" => Self::Daily, "weekly" => Self::Weekly,
    "monthly" => Self::Monthly, "quarterly" => Self::Quarterly, "half-yearly" => Self::HalfYearly,
    "yearly" => Self::Yearly,
}

/// When a service was ready and published, and how often its mode is reviewed.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// Ready to serve.
    pub ready: Option<Date>,
    /// In the catalogue; due within one working day of being ready.
    pub published: Option<Date>,
    /// The period of review.
    pub review_every: Option<Span>,
}

/// A protocol around the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Adapter {
    /// The national population database's SOAP.
    Population,
}

words! { Adapter: "bộ chuyển đổi", "an adapter", "population" => Self::Population }

/// What happens to a field in a provider's reply that the contract does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnknownFields {
    /// It is left out.
    Drop,
    /// The reply breaks the contract.
    Reject,
}

words! {
    UnknownFields: "`drop` hoặc `reject`", "`drop` or `reject`",
    "drop" => Self::Drop, "reject" => Self::Reject,
}

/// What the population database wants to read in a question (FACTS 7); issued to each integrator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Population {
    /// The XML namespace of its operations.
    pub namespace: String,
    /// `MaDVC`: the public service's code.
    pub ma_dvc: String,
    /// `MaTichHop`: the integration's code.
    pub ma_tich_hop: String,
    /// `MaDonVi`: the asking agency's code.
    pub ma_don_vi: String,
    /// How dates are written.
    pub date_form: DateForm,
}

/// How the population database writes a date; guides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateForm {
    /// `yyyyMMdd`.
    Compact,
    /// `yyyy-MM-dd`.
    Dashed,
}

words! {
    DateForm: "dạng ngày", "a form of date",
    "yyyyMMdd" => Self::Compact, "yyyy-MM-dd" => Self::Dashed,
}
