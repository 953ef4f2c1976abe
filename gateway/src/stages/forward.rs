//! The provider is called. Day counts are charged just before, so that refusals cost nothing.

use std::time::Duration;

use adapters::xml::Signed;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use policies::{Format, ServiceId};

use super::{Admitted, Confirmed, Granted, conform};
use crate::{
    host::{Again, Beginning, Call, CallFault, Errand, Flow, Reply},
    refusal::Refusal,
    soap::Said,
};

/// The longest entity tag that is passed on; those in use are hashes or versions.
const ETAG_CAP: usize = 128;

/// What a provider answered, not yet checked.
pub struct Replied<'w> {
    admitted: Admitted<'w>,
    status: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
    message: Option<Result<Said, &'static str>>,
    text: Option<Result<Bytes, &'static str>>,
    signed: Option<Signed>,
    verification: bool,
    sent_records: usize,
    sent_at: Timestamp,
    received_at: Timestamp,
}

impl<'w> Replied<'w> {
    /// What was admitted.
    pub fn admitted(&self) -> &Admitted<'w> {
        &self.admitted
    }

    /// The provider's status, whatever it says.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its header fields. None of them leaves but [`Replied::etag`].
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Its body.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What its message says, or by which rule it says nothing, when it speaks SOAP.
    pub(super) fn message(&self) -> Option<&Result<Said, &'static str>> {
        self.message.as_ref()
    }

    /// What it is like when it bears a signature.
    pub(super) fn signed(&self) -> Option<&Signed> {
        self.signed.as_ref()
    }

    /// Whether it bears a signature.
    pub fn is_signed(&self) -> bool {
        self.signed.is_some()
    }

    /// Its body made UTF-8, or by which rule that cannot be done; none where it is UTF-8 as it came.
    pub(super) fn text(&self) -> Option<&Result<Bytes, &'static str>> {
        self.text.as_ref()
    }

    /// Its entity tag, which an update needs.
    pub fn etag(&self) -> Option<&HeaderValue> {
        entity_tag(&self.headers)
    }

    /// Whether it is to be a verdict of the population database.
    pub fn is_verdict(&self) -> bool {
        self.verification
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

/// What a provider answered: a reply that is held whole, or one that is too long for that. Boxed, to be passed on
/// by value.
pub enum Answering<'w> {
    /// All of it.
    Whole(Box<Replied<'w>>),
    /// Its beginning.
    Long(Box<Flowing<'w>>),
}

/// The beginning of a long reply, not yet checked.
pub struct Flowing<'w> {
    admitted: Admitted<'w>,
    flow: Flow,
    beginning: Bytes,
    sent_records: usize,
}

impl<'w> Flowing<'w> {
    /// What was admitted.
    pub fn admitted(&self) -> &Admitted<'w> {
        &self.admitted
    }

    pub(super) fn status(&self) -> StatusCode {
        self.flow.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.flow.headers()
    }

    pub(super) fn sent_records(&self) -> usize {
        self.sent_records
    }

    pub(super) fn into_parts(self) -> (Admitted<'w>, Flow, Bytes) {
        (self.admitted, self.flow, self.beginning)
    }
}

/// Begins what is asked of the provider: from here on its time runs. What the consumer waits is
/// counted from the arrival of its request.
pub fn errand(admitted: &Admitted<'_>, received_at: Timestamp, now: Timestamp) -> Errand {
    let granted = admitted.granted();
    let passed = Duration::try_from(now.duration_since(received_at)).unwrap_or_default();
    let waits = granted.waits().map(|waits| waits.saturating_sub(passed));
    Errand::begin(granted.version().upstream.timeout.request, waits)
}

/// Calls the provider. Where the operation declares that long bodies pass, each piece of a reply has
/// the time that otherwise the whole of it has.
///
/// # Errors
/// It cannot be reached, does not answer in time, breaks off, or answers too much. For what changes
/// something there, a failure after the request was sent leaves the outcome unknown, and says so.
pub async fn forward<'w>(confirmed: Confirmed<'w>, errand: &Errand) -> Result<Answering<'w>, Refusal> {
    let outbound = confirmed.into_outbound();
    let granted = outbound.admitted().granted();
    let routed = granted.routed();
    let changes = routed.operation().changes_state();
    let snapshot = &routed.caller().world().snapshot;
    let provider = snapshot.provider(routed.key(), routed.version()).ok_or(Refusal::ProviderUnreachable)?;
    let call = Call {
        method: outbound.method().clone(),
        path_and_query: outbound.target(),
        fields: outbound.fields(),
        body: outbound.body().clone(),
        errand,
        reply_limit: granted.body_cap(),
        again: match changes {
            false => Again::Freely,
            true if outbound.is_keyed() && granted.version().upstream.retry.idempotency_key => {
                Again::AfterFailure
            }
            true => Again::Never,
        },
    };
    let failed = |fault| failed(fault, errand.is_shortened(), &routed.service().id, changes);
    // A message is one document, whatever it holds.
    if granted.grant().operation.stream.is_some() && outbound.awaited().is_none() {
        let begun = provider.flow(call).await.map_err(failed)?;
        let (verification, records) = (outbound.verification(), outbound.records());
        return Ok(answering(begun, outbound.into_admitted(), verification, records));
    }
    let reply = provider.call(call).await.map_err(failed)?;
    let message = outbound.awaited().map(|awaited| awaited.read(&reply.headers, &reply.body));
    let text = if message.is_some() { None } else { text(&reply.body, &reply.headers, granted) };
    let signed = signed(&text, &reply.body, granted.version().format);
    let Reply { status, headers, body, sent_at, received_at } = *reply;
    Ok(Answering::Whole(Box::new(Replied {
        message,
        text,
        signed,
        status,
        headers,
        bytes: body,
        verification: outbound.verification(),
        sent_records: outbound.records(),
        sent_at,
        received_at,
        admitted: outbound.into_admitted(),
    })))
}

/// A reply as far as it is held.
pub(super) fn answering(
    (flow, beginning): (Flow, Beginning),
    admitted: Admitted<'_>,
    verification: bool,
    sent_records: usize,
) -> Answering<'_> {
    let granted = admitted.granted();
    match beginning {
        Beginning::More(beginning) => {
            Answering::Long(Box::new(Flowing { admitted, flow, beginning, sent_records }))
        }
        Beginning::All(bytes) => {
            let text = text(&bytes, flow.headers(), granted);
            Answering::Whole(Box::new(Replied {
                message: None,
                signed: signed(&text, &bytes, granted.version().format),
                text,
                status: flow.status(),
                headers: flow.headers().clone(),
                bytes,
                verification,
                sent_records,
                sent_at: flow.sent_at(),
                received_at: Timestamp::now(),
                admitted,
            }))
        }
    }
}

/// A reply made UTF-8, where its system writes something else.
fn text(bytes: &Bytes, headers: &HeaderMap, granted: &Granted<'_>) -> Option<Result<Bytes, &'static str>> {
    let made = super::text::made(bytes, headers, super::text::of_provider(granted));
    made.map(|made| made.map_err(|fault| fault.rule))
}

/// What a reply is like when it bears a signature.
fn signed(text: &Option<Result<Bytes, &'static str>>, bytes: &Bytes, format: Format) -> Option<Signed> {
    let bytes = match text {
        None => bytes,
        Some(Ok(text)) => text,
        Some(Err(_)) => return None,
    };
    conform::signatures(bytes, format)
}

/// What a failed call means; `changes` tells whether doing it would have changed something, `shortened`
/// whether the time for it was the consumer's.
pub(super) fn failed(fault: CallFault, shortened: bool, service: &ServiceId, changes: bool) -> Refusal {
    if let CallFault::Tls(reason) = fault {
        // The consumer cannot mend it, and only the operators know which certificate is meant.
        tracing::warn!(service = service.as_str(), reason, "TLS with the provider failed");
    }
    match fault {
        CallFault::CircuitOpen { wait } => Refusal::ProviderCircuitOpen { wait },
        CallFault::Busy => Refusal::ProviderBusy,
        CallFault::TimedOut { sent } if shortened && !(sent && changes) => Refusal::DeadlinePassed { sent },
        fault if !fault.sent() => Refusal::ProviderUnreachable,
        CallFault::TooLarge if !changes => Refusal::ProviderTooLarge,
        CallFault::TimedOut { .. } => Refusal::ProviderTimedOut { outcome_unknown: changes },
        _ => Refusal::ProviderBroken { outcome_unknown: changes },
    }
}

/// The one entity tag of a reply, if it is one (RFC 9110 section 8.8.3).
pub(super) fn entity_tag(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut tags = headers.get_all(header::ETAG).iter();
    let tag = tags.next().filter(|tag| tags.next().is_none() && tag.len() <= ETAG_CAP)?;
    let opaque = tag.as_bytes().strip_prefix(b"W/").unwrap_or(tag.as_bytes());
    let inner = opaque.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    inner.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'"').then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_never_left_is_told_from_one_that_may_have_arrived() {
        let service: ServiceId = "G06/nhiem-vu".parse().unwrap();
        let failed = |fault| super::failed(fault, false, &service, true);
        for fault in [
            CallFault::Unreachable,
            CallFault::Tls("x"),
            CallFault::TimedOut { sent: false },
            CallFault::Broken { sent: false },
        ] {
            assert!(matches!(failed(fault), Refusal::ProviderUnreachable), "{fault:?}");
        }
        assert!(matches!(
            failed(CallFault::TimedOut { sent: true }),
            Refusal::ProviderTimedOut { outcome_unknown: true }
        ));
        for fault in [CallFault::Broken { sent: true }, CallFault::TooLarge] {
            assert!(matches!(failed(fault), Refusal::ProviderBroken { outcome_unknown: true }), "{fault:?}");
        }
    }

    #[test]
    fn a_time_that_the_consumer_cut_short_is_not_the_providers() {
        let service: ServiceId = "G06/nhiem-vu".parse().unwrap();
        let (allowed, asked) = (Duration::from_secs(10), Some(Duration::from_secs(1)));
        let failed = |errand: &Errand, sent, changes| {
            let refusal =
                super::failed(CallFault::TimedOut { sent }, errand.is_shortened(), &service, changes);
            (refusal.face().kind, refusal.face().blame.as_str())
        };
        let short = Errand::begin(allowed, asked);
        assert_eq!(failed(&short, true, false), ("deadline-passed", "consumer"));
        assert_eq!(failed(&short, false, true), ("deadline-passed", "consumer"));
        assert_eq!(failed(&short, true, true), ("outcome-unknown", "provider"), "it may have been done");
        let longer = Errand::begin(asked.unwrap(), Some(allowed));
        assert_eq!(failed(&longer, true, false), ("provider-timeout", "provider"), "nobody gets more time");
    }

    #[test]
    fn only_an_entity_tag_is_passed_on_as_one() {
        let tagged = |values: &[&'static str]| {
            let values = values.iter().map(|value| (header::ETAG, HeaderValue::from_static(value)));
            let headers: HeaderMap = values.collect::<Vec<_>>().into_iter().fold(
                HeaderMap::new(),
                |mut headers, (name, value)| {
                    headers.append(name, value);
                    headers
                },
            );
            entity_tag(&headers).is_some()
        };
        assert!(tagged(&["\"v1\""]) && tagged(&["W/\"v1\""]) && tagged(&["\"\""]));
        for bad in [&["v1"][..], &["\"a b\""], &["\"a\"b\""], &["\"a\"", "\"b\""], &["\""], &["W/"]] {
            assert!(!tagged(bad), "{bad:?}");
        }
    }
}
