//! How evidence becomes records.
//!
//! An exchange owes the journal one last record. It is written by [`Evidence::record`] before the
//! answer leaves; if the exchange never gets there, because a shutdown cuts it or a bug unwinds it,
//! dropping the evidence writes it.

use contracts::Contract;
use http::StatusCode;
use policies::Operation;

use super::{Evidence, Passed, bytes32};
use crate::{
    journal::{Durability, Entry, JournalFault},
    refusal::Blame,
};

/// The rule of an exchange that was cut off before it had an answer.
const ABANDONED: &str = "abandoned";

impl Evidence<'_> {
    /// Whether an opening record stands.
    pub fn is_open(&self) -> bool {
        self.opened
    }

    /// Writes the opening record, on the disk when this returns: from here on something may happen
    /// at the provider. A closing is owed even when this fails, since the record may stand.
    ///
    /// # Errors
    /// The exchange must not be forwarded.
    pub async fn open(&mut self) -> Result<(), JournalFault> {
        self.opened = true;
        self.durability = Durability::Synced;
        self.journal.opening(&self.entry(), self.durability).await
    }

    /// Writes the last record: the closing, or the only one.
    ///
    /// # Errors
    /// Nothing may be released.
    pub async fn record(&mut self) -> Result<(), JournalFault> {
        // The line is handed over at once and then waited for: cut off meanwhile, it is not owed again.
        self.owed = false;
        self.settle();
        if self.opened {
            self.journal.closing(&self.entry(), self.durability).await
        } else {
            self.journal.whole(&self.entry(), self.durability).await
        }
    }

    /// Takes over what has left of a long answer.
    fn settle(&mut self) {
        if let Some(passed) = &self.passed {
            let Passed { records, bytes, digest } = &**passed;
            self.records = Some(*records);
            self.response_bytes = Some(*bytes);
            self.response_sha256 = Some(bytes32(&digest.clone().finish()));
        }
    }

    /// The record as it stands.
    fn entry(&self) -> Entry<'_> {
        let decision = match (self.rule.is_some(), self.status) {
            // What had begun to leave was no longer refused.
            (true, _) if self.passed.is_some() => Some("cut"),
            (true, _) => Some("refused"),
            (false, Some(status)) if status < StatusCode::BAD_REQUEST.as_u16() => Some("granted"),
            _ => None,
        };
        Entry {
            exchange: self.exchange,
            times: self.times,
            caller: self.caller,
            represented: self.represented,
            certificate: Some(&self.certificate),
            route: self.route,
            service: self.service.map(|service| service.id.as_str()),
            operation: self.operation.map(Operation::as_str),
            format: self.format,
            filters: &self.filters,
            contract: self.contract.map(Contract::name),
            contract_revision: self.contract.map(Contract::revision),
            agreement: self.agreement.map(|agreement| agreement.id.as_str()),
            agreement_revision: self.agreement.map(|agreement| agreement.revision()),
            snapshot: Some(self.world.snapshot.digest()),
            purpose: self.purpose,
            officer: self.officer.as_deref(),
            decision,
            rule: self.rule,
            cause: self.cause.as_deref(),
            fault: self.fault,
            status: self.status,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            records: self.records,
            set_aside: self.set_aside,
            left_out: self.left_out,
            retries: self.retries,
            bad_at: self.bad_at.as_deref(),
            request_signed: self.request_signed,
            response_signed: self.response_signed,
            request_sha256: self.request_sha256.as_ref(),
            response_sha256: self.response_sha256.as_ref(),
            withheld: &self.withheld,
            subject: self.subject.as_ref(),
            charge: self.place.as_ref().map(|place| place.permit().charge()),
        }
    }
}

impl Drop for Evidence<'_> {
    fn drop(&mut self) {
        if !self.owed {
            return;
        }
        self.rule = Some(ABANDONED);
        self.fault = Some(Blame::Gateway.as_str());
        // Called or not, nobody knows: the record says when it would have been.
        self.times.request_out = self.times.request_out.or(self.leaving);
        self.settle();
        if let Err(fault) = self.journal.abandoned(&self.entry()) {
            tracing::error!(exchange = %self.exchange, %fault, "an exchange was cut off and could not be recorded");
        }
    }
}
