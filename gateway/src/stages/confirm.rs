//! What is about to be changed: an update or a withdrawal of a record reads the record as it stands
//! first, since an agreement that covers the new record need not cover the one it replaces.

use adapters::{Expect, Unknown};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use policies::Operation;
use uuid::Uuid;

use super::{Conforming, conform, translate};
use crate::{
    host::{Call, CallFault, Incoming},
    refusal::Refusal,
};

/// Proof that the record about to be changed, if there is one, lies within the agreement's records.
pub struct Confirmed<'w, 'b> {
    conforming: Conforming<'w, 'b>,
    etag: Option<HeaderValue>,
}

impl<'w, 'b> Confirmed<'w, 'b> {
    /// What conforms.
    pub fn conforming(&self) -> &Conforming<'w, 'b> {
        &self.conforming
    }

    /// The entity tag of the record that was looked at: the change must be to that one.
    pub fn etag(&self) -> Option<&HeaderValue> {
        self.etag.as_ref()
    }

    pub(super) fn into_conforming(self) -> Conforming<'w, 'b> {
        self.conforming
    }
}

/// Looks at the record about to be changed. Everything else passes as it is.
///
/// # Errors
/// The record does not exist, lies outside the agreement's records, or cannot be looked at.
pub async fn confirm<'w, 'b>(
    conforming: Conforming<'w, 'b>,
    head: &Incoming,
    exchange: Uuid,
) -> Result<Confirmed<'w, 'b>, Refusal> {
    let granted = conforming.admitted().granted();
    let routed = granted.routed();
    let replaces = matches!(routed.operation(), Operation::Update | Operation::Withdraw);
    if !replaces || granted.conditions().is_empty() {
        return Ok(Confirmed { conforming, etag: None });
    }
    let version = granted.version();
    let terms =
        version.operation(Operation::Read).ok_or(Refusal::NotImplemented { what: "change-needs-read" })?;
    let snapshot = &routed.caller().world().snapshot;
    let provider = snapshot.provider(routed.key(), routed.version()).ok_or(Refusal::ProviderUnreachable)?;
    let target = translate::path(terms, routed.id());
    let mut headers = vec![(header::ACCEPT, HeaderValue::from_static(version.format.media_type()))];
    translate::identity_headers(&mut headers, granted, head, exchange);
    let call = Call {
        method: Method::GET,
        path_and_query: &target,
        headers: &headers,
        body: Bytes::new(),
        deadline: version.upstream.timeout.request,
        reply_limit: granted.body_cap(),
        idempotent: true,
    };
    let reply = provider.call(call).await.map_err(|fault| match fault {
        CallFault::Unreachable | CallFault::Tls(_) => Refusal::ProviderUnreachable,
        CallFault::TimedOut { .. } => Refusal::ProviderTimedOut { outcome_unknown: false },
        CallFault::Broken { .. } => Refusal::ProviderBroken { outcome_unknown: false },
        CallFault::TooLarge => Refusal::ProviderTooLarge,
    })?;
    match reply.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(Refusal::RecordNotFound),
        status => return Err(Refusal::ProviderRefused { status }),
    }
    let contract = &version.contract;
    let current = conform::read(&reply.body, version.format, contract, Expect::Record, Unknown::Drop)
        .map_err(|fault| Refusal::ProviderBrokeContract {
            contract: contract.id().clone(),
            unreadable: Some(fault.rule),
            violations: Vec::new(),
        })?;
    if !granted.conditions().matches(&current.document) {
        return Err(Refusal::RecordNotFound);
    }
    let etag = reply.headers.get(header::ETAG).cloned();
    Ok(Confirmed { conforming, etag })
}
