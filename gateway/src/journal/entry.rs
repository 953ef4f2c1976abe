//! What is recorded of an exchange, as the exchange hands it over: borrowed, never a payload.

use jiff::civil::Date;
use uuid::Uuid;

use super::Kept;

/// How safe a record must be before the caller goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Handed to the operating system: survives the process, not a power cut. The committer
    /// synchronises such records within [`Settings::sync_every`](super::Settings::sync_every).
    Written,
    /// On the disk: survives a power cut too. Asked for personal data and for anything that changes
    /// something at a provider.
    Synced,
}

/// The four moments of an exchange, in microseconds since 1970 (UTC); absent when the exchange did
/// not get that far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// The consumer's request was read.
    pub request_in: Option<i64>,
    /// The request went to the provider.
    pub request_out: Option<i64>,
    /// The provider's reply was read.
    pub response_in: Option<i64>,
    /// The answer was ready for the consumer.
    pub response_out: Option<i64>,
}

/// What an exchange was charged against day quotas, so that the counts can be rebuilt from the
/// journal. Made by [`Permit::charge`](crate::quota::Permit::charge).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge<'a> {
    /// The day it counts for, Asia/Ho_Chi_Minh.
    pub day: Date,
    /// The keys of the meters charged, e.g. `agreement:TT-2026-017`.
    pub keys: &'a [std::sync::Arc<str>],
    /// One request was charged, in this flush epoch.
    pub forwarded: Option<u64>,
    /// Records and bytes were charged, in this flush epoch.
    pub released: Option<u64>,
    /// How many records.
    pub records: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// One exchange, as far as it is known. The same type is the opening (before the request is
/// forwarded), the closing (everything, so that a closing can be read without its opening) and the
/// whole record of an exchange that needs only one.
///
/// Texts are capped in the record ([`TEXT_LIMIT`](super::TEXT_LIMIT),
/// [`LIST_LIMIT`](super::LIST_LIMIT)), since some of them are the caller's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// The exchange's id, a version 7 UUID: `Lt-Exchange-Id`.
    pub exchange: Uuid,
    /// When what happened.
    pub times: Times,
    /// The calling system, `H26/quan-ly-khcn`; absent when it was not recognised.
    pub caller: Option<&'a str>,
    /// The member it spoke for, when that is not its own.
    pub represented: Option<&'a str>,
    /// SHA-256 of the certificate it showed.
    pub certificate: Option<&'a [u8; 32]>,
    /// The route's template, never the path.
    pub route: Option<&'a str>,
    /// The service, `G06/nhiem-vu`.
    pub service: Option<&'a str>,
    /// The operation, e.g. `query`.
    pub operation: Option<&'a str>,
    /// The format the consumer reads, or sends when nothing comes back: `json`, `xml`.
    pub format: Option<&'a str>,
    /// The names of the fields filtered on, of the contract's fields only; never a value.
    pub filters: &'a [&'a str],
    /// The contract, `nhiem-vu@1`.
    pub contract: Option<&'a str>,
    /// Its revision.
    pub contract_revision: Option<&'a [u8; 32]>,
    /// The agreement that allowed or refused it.
    pub agreement: Option<&'a str>,
    /// SHA-256 of the agreement's text.
    pub agreement_revision: Option<&'a [u8; 32]>,
    /// The hash of the snapshot that decided.
    pub snapshot: Option<&'a [u8; 32]>,
    /// The purpose stated.
    pub purpose: Option<&'a str>,
    /// The officer stated, an opaque id.
    pub officer: Option<&'a str>,
    /// `granted`, `refused`, or `cut`: an answer in pieces that did not come to its end.
    pub decision: Option<&'a str>,
    /// The rule that refused it or broke it.
    pub rule: Option<&'a str>,
    /// The finer reason under the rule, when there is one: which quota, which reader's rule.
    pub cause: Option<&'a str>,
    /// Whose fault it was: `consumer`, `provider`, `gateway`.
    pub fault: Option<&'a str>,
    /// The status answered.
    pub status: Option<u16>,
    /// The size of the request's body.
    pub request_bytes: Option<u64>,
    /// The size of the answer's body.
    pub response_bytes: Option<u64>,
    /// How many records the body carried.
    pub records: Option<u64>,
    /// How many records were set aside because they break the contract.
    pub set_aside: Option<u64>,
    /// How many records of a reply stayed behind: beyond the agreement's records, or not asked for.
    pub left_out: Option<u64>,
    /// How often the provider was sent again what may have reached it before; absent when never.
    pub retries: Option<u64>,
    /// Which records of a collection broke the contract, by position from 0: `4, 17-18`. They were set
    /// aside, or the first of them stopped the exchange.
    pub bad_at: Option<&'a str>,
    /// What became of the request's document, when it bears an XML signature: it went on `unchanged`, or
    /// unchanged `beside` its translation, or was `refused` and went nowhere.
    pub request_signed: Option<&'a str>,
    /// The same of the provider's document; `kept-back` when the answer does without it.
    pub response_signed: Option<&'a str>,
    /// SHA-256 of the request's body.
    pub request_sha256: Option<&'a [u8; 32]>,
    /// SHA-256 of the answer's body.
    pub response_sha256: Option<&'a [u8; 32]>,
    /// The fields withheld.
    pub withheld: &'a [&'a str],
    /// Whom it was about: [`SubjectKey::of`](super::SubjectKey::of).
    pub subject: Option<&'a [u8; 32]>,
    /// What day quotas were charged.
    pub charge: Option<Charge<'a>>,
}

/// An administrative act or the swap of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Who: an operator's name as the admin address knows it, or `system` for a watched folder.
    pub actor: &'a str,
    /// What, a stable code: `snapshot-loaded`, `snapshot-refused`, `overlay-loaded`, …
    pub what: &'a str,
    /// The snapshot that serves from now on.
    pub snapshot: Option<&'a [u8; 32]>,
    /// A line for the reader; no personal data.
    pub note: Option<&'a str>,
    /// The documents it rests on, kept before ([`Journal::keep`](super::Journal::keep)).
    pub documents: Option<Kept>,
}
