//! What is about to be changed: an update or a withdrawal of a record reads the record as it stands
//! first, since an agreement that covers the new record need not cover the one it replaces.
//!
//! Between the look and the change the record may become another, so the change is asked for under
//! the entity tag of the record that was looked at, wherever the provider gives one.

use adapters::{Expect, Unknown};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use policies::Operation;
use uuid::Uuid;

use super::{Asked, Granted, Outbound, conform, forward, text, translate};
use crate::{
    host::{
        Again, Call, Errand,
        fields::{self, Fields},
    },
    refusal::Refusal,
    soap::{self, Said},
};

/// Proof that the record about to be changed, if there is one, lies within the agreement's records.
pub struct Confirmed<'w> {
    outbound: Box<Outbound<'w>>,
}

impl<'w> Confirmed<'w> {
    pub(super) fn into_outbound(self) -> Box<Outbound<'w>> {
        self.outbound
    }
}

/// Looks at the record about to be changed. Everything else passes as it is.
///
/// # Errors
/// The record does not exist, lies outside the agreement's records, is not in the state that the
/// consumer's `If-Match` names, or cannot be looked at.
pub async fn confirm<'w>(
    mut outbound: Box<Outbound<'w>>,
    head: &Asked<'_>,
    errand: &Errand,
    exchange: Uuid,
) -> Result<Confirmed<'w>, Refusal> {
    let granted = outbound.admitted().granted();
    if !matches!(granted.routed().operation(), Operation::Update | Operation::Withdraw) {
        return Ok(Confirmed { outbound });
    }
    let wanted = wanted(granted, head.headers())?;
    let tag = if granted.conditions().is_empty() {
        wanted
    } else {
        let current = look(granted, head, errand, exchange).await?;
        precondition(wanted, current)?
    };
    if let Some(tag) = tag {
        outbound.only_if(&tag);
    }
    Ok(Confirmed { outbound })
}

/// Reads the record as it stands, and gives its entity tag.
async fn look(
    granted: &Granted<'_>,
    head: &Asked<'_>,
    errand: &Errand,
    exchange: Uuid,
) -> Result<Option<HeaderValue>, Refusal> {
    let routed = granted.routed();
    let version = granted.version();
    let terms =
        version.operation(Operation::Read).ok_or(Refusal::NotImplemented { what: "change-needs-read" })?;
    let snapshot = &routed.caller().world().snapshot;
    let provider = snapshot.provider(routed.key(), routed.version()).ok_or(Refusal::ProviderUnreachable)?;
    let question = translate::question(granted, Operation::Read, None, head, exchange)?;
    let message = soap::ask(granted, terms, &question);
    let (method, target, mut fields, body, awaited) = match message {
        Some(message) => {
            let target = translate::path(terms, None);
            (Method::POST, target, message.fields, message.body, Some(message.awaited))
        }
        None => {
            let mut fields = Fields::new();
            fields.push(fields::ACCEPT, version.format.media_type());
            (Method::GET, translate::path(terms, routed.id()), fields, Bytes::new(), None)
        }
    };
    translate::identity_fields(&mut fields, granted, head, exchange);
    let call = Call {
        method,
        path_and_query: &target,
        fields: &fields,
        body,
        errand,
        reply_limit: granted.body_cap(),
        again: Again::Freely,
    };
    // Nothing was asked to change yet: whatever fails here has no unknown outcome.
    let failed = |fault| forward::failed(fault, errand.is_shortened(), &routed.service().id, false);
    let reply = provider.call(call).await.map_err(failed)?;
    let said = awaited.map(|awaited| awaited.read(&reply.headers, &reply.body));
    match reply.status {
        _ if matches!(said, Some(Ok(Said::Fault(_)))) => {}
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(Refusal::RecordNotFound),
        status => return Err(Refusal::ProviderRefused { status }),
    }
    let contract = &version.contract;
    let broke = |rule| Refusal::ProviderBrokeContract {
        contract: contract.id().clone(),
        unreadable: Some(rule),
        violations: Vec::new(),
        outcome_unknown: false,
    };
    let body = match said {
        None => {
            let declared = text::of_provider(granted);
            conform::as_declared(&reply.headers, version.format, declared).map_err(broke)?;
            let made = text::made(&reply.body, &reply.headers, declared).transpose();
            made.map_err(|fault| broke(fault.rule))?.unwrap_or(reply.body)
        }
        Some(Ok(Said::Document(bytes))) => bytes,
        Some(Ok(Said::Nothing)) => return Err(Refusal::RecordNotFound),
        Some(Ok(Said::Fault(fault))) => return Err(conform::fault_of(fault, Operation::Read)),
        Some(Err(rule)) => return Err(broke(rule)),
    };
    let signed = conform::signatures(&body, version.format);
    let body = match &signed {
        None => &body[..],
        Some(signed) => conform::unsigned(signed, version.signed).map_err(broke)?,
    };
    let current = conform::read(body, version.format, contract, Expect::Record, Unknown::Drop)
        .map_err(|fault| broke(fault.rule))?;
    // Another record's scope says nothing of this one's.
    if !routed.id().is_some_and(|id| conform::names(contract, &current.document, id)) {
        return Err(broke("wrong-record"));
    }
    if !granted.conditions().matches(&current.document) {
        return Err(Refusal::RecordNotFound);
    }
    Ok(forward::entity_tag(&reply.headers).cloned())
}

/// The consumer's `If-Match`. An entity tag speaks of every field of a record: who may not see them
/// all has no tag from here, and could try guesses of hidden values with tags of its own making.
fn wanted(granted: &Granted<'_>, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value == "*" || granted.release().is_whole() => Ok(Some(value.clone())),
        _ => Err(Refusal::Header { name: "if-match" }),
    }
}

/// The tag under which to ask for the change: the one of the record that was looked at, which must
/// be one that the consumer names. A weak tag never matches (RFC 9110 section 13.1.1), so it is none.
fn precondition(
    wanted: Option<HeaderValue>,
    current: Option<HeaderValue>,
) -> Result<Option<HeaderValue>, Refusal> {
    let Some(current) = current.filter(|tag| !tag.as_bytes().starts_with(b"W/")) else { return Ok(wanted) };
    let agrees = wanted.as_ref().is_none_or(|wanted| {
        wanted == "*"
            || wanted.as_bytes().split(|byte| *byte == b',').any(|tag| tag.trim_ascii() == current.as_bytes())
    });
    if agrees {
        Ok(Some(current))
    } else {
        Err(Refusal::ProviderRefused { status: StatusCode::PRECONDITION_FAILED })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(wanted: Option<&'static str>, current: Option<&'static str>) -> Result<Option<String>, ()> {
        let value = HeaderValue::from_static;
        let tag = precondition(wanted.map(value), current.map(value)).map_err(drop)?;
        Ok(tag.map(|tag| tag.to_str().unwrap().to_owned()))
    }

    #[test]
    fn the_record_that_was_looked_at_is_the_one_to_change() {
        let tag = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(asked(None, Some("\"1\"")), tag("\"1\""));
        assert_eq!(asked(Some("*"), Some("\"1\"")), tag("\"1\""), "`*` would be any state");
        assert_eq!(asked(Some("\"0\", \"1\""), Some("\"1\"")), tag("\"1\""));
        assert_eq!(asked(Some("\"0\""), Some("\"1\"")), Err(()));
        assert_eq!(asked(Some("\"0\""), None), tag("\"0\""), "the provider compares");
        assert_eq!(asked(None, Some("W/\"1\"")), Ok(None));
    }
}
