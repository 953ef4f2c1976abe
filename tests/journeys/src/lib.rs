//! Journeys: what members do with the gateway, from one end to the other.
//!
//! Each journey acts as real systems do, over real TLS, and judges everything that can be seen from
//! outside: the answer, what reached the provider, and the journal's record. The demo runs them and
//! prints each step; the tests run the same ones, and more that only break things.
//!
//! - [`scene`]: a caller asks; the [`Step`] holds what was seen, and judges it.
//! - [`patience`]: waiting for what happens by itself.
//! - [`load`]: many ask at once while something happens, and what became of each request.
//! - [`exchanges`]: data passes, and only what may.
//! - [`messages`]: the same, where one side or both speak SOAP.
//! - [`places`]: where something is, in each reader's own format.
//! - [`refusals`]: what must be refused is, with its rule, and the provider saw nothing.
//! - [`operations`]: an operator changes documents while the gateway serves.
#![allow(
    clippy::indexing_slicing,
    reason = "only JSON values are indexed, and those give null where nothing is"
)]

pub mod exchanges;
pub mod load;
pub mod messages;
pub mod operations;
pub mod patience;
pub mod places;
pub mod records;
pub mod refusals;
pub mod scene;

use anyhow::Result;

pub use patience::eventually;
pub use scene::{Scene, Step, Voice};

/// One journey.
#[derive(Clone, Copy)]
pub struct Journey {
    /// What happens, in Vietnamese.
    pub vi: &'static str,
    /// What happens, in English.
    pub en: &'static str,
    /// Runs it; it fails when anything differs from what must be.
    pub run: fn(&mut Scene<'_>) -> Result<()>,
}

/// All of them, in the order of the story.
pub const ALL: [Journey; 26] = [
    exchanges::PUSH,
    exchanges::SUBMIT_IN_XML,
    exchanges::PARTNER_READS,
    exchanges::VERIFY,
    exchanges::PORTAL_READS,
    exchanges::RELAY,
    exchanges::BROKEN_REPLY,
    messages::SOAP_PROVIDER,
    messages::SOAP_FAULTS,
    messages::SOAP_CONSUMER,
    messages::SOAP_REFUSALS,
    messages::SOAP_BOTH,
    places::READ_STATIONS,
    places::READ_WITHOUT_PLACES,
    refusals::SCHEMA_VIOLATION,
    refusals::MISSING_PURPOSE,
    refusals::FILTER_NOT_RELEASED,
    refusals::EXPIRED_AGREEMENT,
    refusals::WRONG_FORMAT,
    refusals::QUOTA_SPENT,
    refusals::SUSPENDED,
    refusals::REVOKED,
    refusals::UNKNOWN,
    operations::EDIT,
    operations::SUSPEND,
    operations::EXPLAIN,
];
