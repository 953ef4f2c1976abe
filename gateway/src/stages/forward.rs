//! The provider is called. Day counts are charged just before, so that refusals cost nothing.

use adapters::{Limits, population};
use bytes::Bytes;
use http::{StatusCode, header};
use jiff::Timestamp;
use policies::Operation;

use super::{Admitted, Outbound};
use crate::{
    host::{Call, CallFault},
    refusal::Refusal,
};

/// What a provider answered, not yet checked.
pub struct Replied<'w> {
    admitted: Admitted<'w>,
    status: StatusCode,
    bytes: Bytes,
    etag: Option<http::HeaderValue>,
    verdict: Option<population::Verdict>,
    sent_records: usize,
    sent_at: Timestamp,
    received_at: Timestamp,
}

impl<'w> Replied<'w> {
    /// What was admitted.
    pub fn admitted(&self) -> &Admitted<'w> {
        &self.admitted
    }

    /// The provider's status: one of success.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its body.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its entity tag, which an update needs.
    pub fn etag(&self) -> Option<&http::HeaderValue> {
        self.etag.as_ref()
    }

    /// The population database's verdict, when that was asked.
    pub fn verdict(&self) -> Option<population::Verdict> {
        self.verdict
    }

    /// How many records were sent.
    pub fn sent_records(&self) -> usize {
        self.sent_records
    }

    /// When the request had gone out.
    pub fn sent_at(&self) -> Timestamp {
        self.sent_at
    }

    /// When the reply had come in.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }
}

/// Calls the provider.
///
/// # Errors
/// It cannot be reached, does not answer in time, says no, or answers too much. For what changes
/// something there, a failure after the request was sent leaves the outcome unknown, and says so.
pub async fn forward(outbound: Outbound<'_>) -> Result<Replied<'_>, Refusal> {
    let granted = outbound.admitted().granted();
    let routed = granted.routed();
    let operation = routed.operation();
    let snapshot = &routed.caller().world().snapshot;
    let changes = operation.changes_state();
    let provider = snapshot.provider(routed.key(), routed.version()).ok_or(Refusal::ProviderUnreachable)?;
    let call = Call {
        method: outbound.method().clone(),
        path_and_query: outbound.target(),
        headers: outbound.headers(),
        body: outbound.body().clone(),
        deadline: granted.version().upstream.timeout.request,
        reply_limit: granted.body_cap(),
        idempotent: !changes,
    };
    let verification = outbound.verification();
    let sent_records = outbound.records();
    let reply = provider.call(call).await.map_err(|fault| match fault {
        CallFault::Unreachable | CallFault::Tls(_) => Refusal::ProviderUnreachable,
        CallFault::TimedOut { sent } => Refusal::ProviderTimedOut { outcome_unknown: sent && changes },
        CallFault::Broken { sent } => Refusal::ProviderBroken { outcome_unknown: sent && changes },
        CallFault::TooLarge if changes => Refusal::ProviderBroken { outcome_unknown: true },
        CallFault::TooLarge => Refusal::ProviderTooLarge,
    })?;
    let accepted = match operation {
        Operation::Submit => {
            matches!(reply.status, StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT)
        }
        Operation::Update | Operation::Withdraw => {
            matches!(reply.status, StatusCode::OK | StatusCode::NO_CONTENT)
        }
        Operation::Query | Operation::Read | Operation::Changes | Operation::Verify => {
            reply.status == StatusCode::OK
        }
    };
    if !accepted {
        return Err(match (operation, reply.status) {
            (Operation::Read | Operation::Update | Operation::Withdraw, StatusCode::NOT_FOUND) => {
                Refusal::RecordNotFound
            }
            // The provider failed while carrying out a change: whether it did is its secret.
            (_, status) if changes && status.is_server_error() => {
                Refusal::ProviderBroken { outcome_unknown: true }
            }
            (_, status) => Refusal::ProviderRefused { status },
        });
    }
    let verdict = if verification {
        let contract = granted.version().reply(operation).id().clone();
        let verdict = population::read(&reply.body, &Limits::default()).map_err(|fault| {
            Refusal::ProviderBrokeContract { contract, unreadable: Some(fault.rule), violations: Vec::new() }
        })?;
        Some(verdict)
    } else {
        None
    };
    Ok(Replied {
        status: reply.status,
        etag: reply.headers.get(header::ETAG).cloned(),
        bytes: reply.body,
        verdict,
        sent_records,
        sent_at: reply.sent_at,
        received_at: reply.received_at,
        admitted: outbound.into_admitted(),
    })
}
