//! Services described: to one caller as its agreements let it see them, or a contract whole.
//!
//! An [`Offer`] is what is described: a version of a service, and of each operation what this caller
//! may do with it. It is made from the rights that a decision would rest on ([`rights`]), so that a
//! description promises nothing that a request would be refused, and from views of the contract
//! ([`contracts::View`]), so that it names nothing that a release would withhold. The provider's address
//! is in neither. What a caller may send is described whole: it could not be sent otherwise.
//!
//! | description | file |
//! |---|---|
//! | OpenAPI 3.1 | [`openapi`] |
//! | WSDL 1.1 | [`wsdl`] |
//! | JSON Schema, XML Schema, data dictionary of the records | [`contracts::description`] |
//!
//! [`page`] answers for them over HTTP, and [`shelf`] keeps what was made for as long as its snapshot.

pub mod openapi;
pub mod page;
mod problems;
pub mod rights;
pub mod shelf;
#[cfg(test)]
mod tests;
pub mod wsdl;

use contracts::{Bilingual, Contract, FieldPath, Format, View};
use policies::{Operation, QuotaTerms};

/// What is described.
#[derive(Clone, Debug)]
pub struct Offer<'o> {
    /// What it is called for people: the dataset's title.
    pub title: Bilingual,
    /// `G06/nhiem-vu`; none when a contract is described without a service.
    pub service: Option<String>,
    /// Where it is found, up to and with the version.
    pub base: String,
    /// The contract of its records.
    pub contract: &'o Contract,
    /// What may be asked, in the order of [`Operation::ALL`].
    pub operations: Vec<Offered<'o>>,
    /// The agreements that the offer rests on.
    pub terms: Vec<Terms>,
    /// The members that the caller may speak for.
    pub represents: Vec<String>,
    /// The first day on which the version is deprecated.
    pub deprecated_from: Option<String>,
    /// The first day on which it is gone.
    pub retired_from: Option<String>,
    /// Whether it is deprecated today.
    pub deprecated: bool,
    /// The version to move to, when this one is on its way out.
    pub successor: Option<u32>,
}

/// One operation, as the caller may ask it.
#[derive(Clone, Debug)]
pub struct Offered<'o> {
    /// Which.
    pub operation: Operation,
    /// The formats in which data may pass.
    pub formats: Vec<Format>,
    /// The fields that may be filtered by.
    pub filters: Vec<FieldPath>,
    /// The reasons to choose from; empty when none need be stated.
    pub purposes: Vec<(String, Bilingual)>,
    /// Whether one must be stated.
    pub purpose_required: bool,
    /// The contract of what is sent, when something is.
    pub sent: Option<&'o Contract>,
    /// Whether records that break the contract are set aside (`Lt-Set-Aside`) rather than stop it.
    pub sets_aside: bool,
    /// Whether what is sent may bear an XML signature: it then goes on as it is.
    pub takes_signed: bool,
    /// The provider's own format, when a document of its that bears a signature may come beside its
    /// translation (`multipart/related`).
    pub original: Option<Format>,
    /// What comes back: one view for each way in which it is released, the first the most likely.
    pub replies: Vec<Reply<'o>>,
}

/// What comes back under one right.
#[derive(Clone, Debug)]
pub struct Reply<'o> {
    /// The contract it is of.
    pub contract: &'o Contract,
    /// What of it.
    pub view: View,
    /// The agreement that releases it, when it is one.
    pub agreement: Option<String>,
}

/// An agreement's terms, as far as the caller should know them beforehand.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The agreement; none when the service's sharing mode is enough.
    pub agreement: Option<String>,
    /// On what it rests: `agreement`, `default`, `open`.
    pub basis: &'static str,
    /// Its last day.
    pub until: Option<String>,
    /// Its limits.
    pub quota: Option<QuotaTerms>,
    /// The operations it allows.
    pub operations: Vec<Operation>,
}

impl<'o> Offer<'o> {
    /// A contract without a service: everything it could be asked, with every field.
    pub fn whole(contract: &'o Contract) -> Self {
        let id = contract.id();
        let reply = || Reply { contract, view: contract.whole_view(), agreement: None };
        let scalar = |field: &&contracts::Field| {
            matches!(
                field.form,
                contracts::Form::Text | contracts::Form::Number { .. } | contracts::Form::Boolean
            )
        };
        let filters: Vec<FieldPath> =
            contract.shape().root.fields.iter().filter(scalar).map(|field| field.path.clone()).collect();
        // Keys stand in paths and paths reach logs: a personal one is never asked by.
        let by_key = !contract.has_personal_key();
        let asked = |operation: &Operation| match operation {
            Operation::Verify => !by_key,
            _ => by_key,
        };
        let operations = Operation::ALL.into_iter().filter(asked).map(|operation| Offered {
            operation,
            formats: [Format::Json, Format::Xml, Format::NdJson, Format::Csv, Format::Soap].to_vec(),
            filters: if operation == Operation::Query { filters.clone() } else { Vec::new() },
            purposes: Vec::new(),
            purpose_required: false,
            sent: operation.carries_record().then_some(contract),
            sets_aside: false,
            takes_signed: false,
            original: None,
            replies: vec![reply()],
        });
        Self {
            title: contract.title().clone(),
            service: None,
            base: format!("/api/{{member}}/{}/v{}", id.dataset, id.version),
            contract,
            operations: operations.collect(),
            terms: Vec::new(),
            represents: Vec::new(),
            deprecated_from: None,
            retired_from: None,
            deprecated: false,
            successor: None,
        }
    }

    /// The records that the caller reads, or else those it sends: what `schema.json` and the like
    /// describe.
    pub fn records(&self) -> View {
        let read = self.operations.iter().find(|offered| offered.operation.reads_records());
        match read.and_then(|offered| offered.replies.first()) {
            Some(reply) => reply.view.clone(),
            None => self.contract.whole_view(),
        }
    }
}
