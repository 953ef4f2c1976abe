//! What the provider is asked: path, filters, headers and body, in the format it speaks.

use adapters::population;
use bytes::Bytes;
use contracts::{Contract, Document};
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use policies::{Format, MemberId, Operation, OperationTerms, ServiceVersion};
use ring::digest::{self, SHA256};
use uuid::Uuid;

use super::{Admitted, Asked, Carried, Conforming, Granted};
use crate::{
    host::fields::{self, Fields, Name},
    refusal::Refusal,
    soap::{self, Awaited, Question},
    stated,
};

/// What stays itself in a path segment or a query value (RFC 3986 unreserved); everything else is
/// escaped anew, so that what a caller wrote cannot become structure at the provider.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// W3C Trace Context: the caller's place in its own trace. Passed on if it has the form.
const TRACEPARENT: Name = Name::of("traceparent");
// What the gateway says of the exchange to its provider.
const CONSUMER: Name = Name::of("lt-consumer");
const ON_BEHALF_OF: Name = Name::of("lt-on-behalf-of");
const AGREEMENT: Name = Name::of("lt-agreement");
const PURPOSE: Name = Name::of(stated::PURPOSE);
const USER: Name = Name::of(stated::OFFICER);
/// Two submissions under one key are one.
const IDEMPOTENCY_KEY: Name = Name::of("idempotency-key");

/// Proof that the provider's request was made from what was granted and checked.
pub struct Outbound<'w> {
    admitted: Admitted<'w>,
    method: Method,
    target: String,
    fields: Fields,
    body: Bytes,
    records: usize,
    verification: bool,
    awaited: Option<Awaited>,
    carried: Option<Carried>,
}

impl<'w> Outbound<'w> {
    /// What was admitted.
    pub fn admitted(&self) -> &Admitted<'w> {
        &self.admitted
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Path and query under the provider's URL.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The header fields.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many records it carries.
    pub fn records(&self) -> usize {
        self.records
    }

    /// How the document goes on, when it bears a signature.
    pub fn carried(&self) -> Option<Carried> {
        self.carried
    }

    /// Whether it bears a key under which two requests are one.
    pub(super) fn is_keyed(&self) -> bool {
        self.fields.get(IDEMPOTENCY_KEY.as_str()).is_some()
    }

    /// Asks for the change to be made to one state of the record only.
    pub(super) fn only_if(&mut self, tag: &HeaderValue) {
        self.fields.pass(fields::IF_MATCH, tag);
    }

    /// Whether the reply is a verdict of the population database.
    pub fn verification(&self) -> bool {
        self.verification
    }

    /// How the answer of a provider that speaks SOAP is known.
    pub(super) fn awaited(&self) -> Option<&Awaited> {
        self.awaited.as_ref()
    }

    /// Whether an opening record must stand before the provider is called, and all records of the
    /// exchange must be on the disk: for whatever changes something there or touches personal data.
    pub fn needs_opening(&self) -> bool {
        let granted = self.admitted.granted();
        granted.personal() || granted.routed().operation().changes_state()
    }

    pub(super) fn into_admitted(self) -> Admitted<'w> {
        self.admitted
    }
}

/// Writes the provider's request. It is boxed: what follows passes it on by value.
///
/// # Errors
/// A verification that the dialect cannot ask, or a malformed `Idempotency-Key`.
pub fn translate<'w>(
    conforming: Conforming<'w, '_>,
    head: &Asked<'_>,
    exchange: Uuid,
) -> Result<Box<Outbound<'w>>, Refusal> {
    let granted = conforming.admitted().granted();
    let routed = granted.routed();
    let version = granted.version();
    let terms = granted.grant().operation;
    let method = Method::from_bytes(terms.method.as_bytes()).unwrap_or(Method::GET);
    let records = conforming.records();

    let mut fields = Fields::new();
    let mut verification = false;
    let mut awaited = None;
    let mut carried = None;
    let body = match conforming.document() {
        _ if version.soap.is_some() => {
            let question = question(granted, routed.operation(), conforming.document(), head, exchange)?;
            let message = soap::ask(granted, terms, &question);
            let message = message.ok_or(Refusal::NotImplemented { what: "soap-wording" })?;
            fields = message.fields;
            awaited = Some(message.awaited);
            message.body
        }
        None => Bytes::new(),
        Some(document) if routed.operation() == Operation::Verify => {
            let dialect = dialect(version).ok_or(Refusal::NotImplemented { what: "verify-dialect" })?;
            verification = true;
            fields.push(fields::CONTENT_TYPE, population::CONTENT_TYPE);
            fields.push(soap::ACTION, &dialect.action());
            write_question(document, &dialect, head, exchange)?
        }
        Some(document) => {
            let media = version.format.media_type();
            let (media, body) = match (conforming.unchanged(version.format), conforming.original()) {
                (Some(bytes), original) => {
                    carried = original.map(|_| Carried::Alone);
                    (media.to_owned(), bytes)
                }
                (None, None) => (media.to_owned(), write(document, version.format, &version.contract)),
                (None, Some((original_media, original))) => {
                    carried = Some(Carried::Beside);
                    let translation = write(document, version.format, &version.contract);
                    let both = adapters::beside((media, &translation), (original_media, original));
                    (both.content_type, both.body.into())
                }
            };
            fields.push(fields::CONTENT_TYPE, &media);
            body
        }
    };
    if !verification && awaited.is_none() {
        fields.push(fields::ACCEPT, version.format.media_type());
    }
    caller_fields(&mut fields, granted, head, exchange)?;
    // A message has its filters in itself.
    let target = if awaited.is_some() { path(terms, None) } else { target(granted, terms) };
    Ok(Box::new(Outbound {
        method,
        target,
        fields,
        body,
        records,
        verification,
        awaited,
        carried,
        admitted: conforming.into_admitted(),
    }))
}

/// What a provider that speaks SOAP is asked.
pub(super) fn question<'q, 'd>(
    granted: &'q Granted<'_>,
    operation: Operation,
    document: Option<&'q Document<'d>>,
    head: &'q Asked<'_>,
    exchange: Uuid,
) -> Result<Question<'q, 'd>, Refusal> {
    Ok(Question {
        operation,
        id: granted.routed().id(),
        document,
        officer: head.stated().officer()?,
        issue: stated::issue(head.headers())?,
        exchange,
    })
}

/// A provider's request without its body, which follows record by record.
pub struct Addressed<'w> {
    pub(super) admitted: Admitted<'w>,
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) fields: Fields,
}

impl<'w> Addressed<'w> {
    /// What was admitted.
    pub fn admitted(&self) -> &Admitted<'w> {
        &self.admitted
    }
}

/// Writes the head of the provider's request for a long body.
///
/// # Errors
/// A malformed `Idempotency-Key`.
pub fn address<'w>(
    admitted: Admitted<'w>,
    head: &Asked<'_>,
    exchange: Uuid,
) -> Result<Addressed<'w>, Refusal> {
    let granted = admitted.granted();
    let terms = granted.grant().operation;
    let method = Method::from_bytes(terms.method.as_bytes()).unwrap_or(Method::POST);
    let media_type = granted.version().format.media_type();
    let mut fields = Fields::new();
    fields.push(fields::CONTENT_TYPE, media_type);
    fields.push(fields::ACCEPT, media_type);
    caller_fields(&mut fields, granted, head, exchange)?;
    let target = target(granted, terms);
    Ok(Addressed { method, target, fields, admitted })
}

/// What the provider is told of the caller, and what the caller says to it.
fn caller_fields(
    fields: &mut Fields,
    granted: &Granted<'_>,
    head: &Asked<'_>,
    exchange: Uuid,
) -> Result<(), Refusal> {
    identity_fields(fields, granted, head, exchange);
    if let Some(key) = idempotency_key(granted, head.headers())? {
        fields.push(IDEMPOTENCY_KEY, &key);
    }
    let parent = head.headers().get(TRACEPARENT.as_str());
    if let Some(parent) = parent.filter(|parent| is_traceparent(parent.as_bytes())) {
        fields.pass(TRACEPARENT, parent);
    }
    Ok(())
}

/// Who asks, for whom, why and under what: written here and nowhere else. A provider that trusts
/// the gateway's certificate may trust these.
pub(super) fn identity_fields(fields: &mut Fields, granted: &Granted<'_>, head: &Asked<'_>, exchange: Uuid) {
    let caller = granted.routed().caller();
    fields.push(fields::EXCHANGE_ID, exchange.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    fields.push(CONSUMER, caller.system().id.as_str());
    if let Some(member) = caller.represented_id() {
        fields.push(ON_BEHALF_OF, member.as_str());
    }
    if let Some(agreement) = granted.grant().agreement {
        fields.push(AGREEMENT, agreement.id.as_str());
    }
    if let Some(purpose) = head.stated().purpose_value() {
        fields.pass(PURPOSE, purpose);
    }
    if let Some(officer) = head.stated().officer_value() {
        fields.pass(USER, officer);
    }
}

/// The caller's `Idempotency-Key`, made the caller's own. The gateway is one client to a provider,
/// which would otherwise take two consumers' equal keys for one and answer the second with what the
/// first was told. Only what changes something has use for a key.
fn idempotency_key(granted: &Granted<'_>, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let routed = granted.routed();
    if !routed.operation().changes_state() {
        return Ok(None);
    }
    let Some(key) = stated::idempotency_key(headers)? else { return Ok(None) };
    let caller = routed.caller();
    let represented = caller.represented_id().map_or("", MemberId::as_str);
    Ok(Some(scoped(caller.system().id.as_str(), represented, key)))
}

/// None of the parts can hold a line feed, so no two callers' texts are equal.
fn scoped(system: &str, represented: &str, key: &str) -> String {
    let whole = format!("{system}\n{represented}\n{key}");
    digest::digest(&SHA256, whole.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; anything else might be anything.
fn is_traceparent(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'-');
    let lengths = [2, 32, 16, 2];
    let hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    lengths.iter().all(|length| parts.next().is_some_and(|part| part.len() == *length && hex(part)))
        && parts.next().is_none()
}

/// The operation's path with the record's key.
pub(super) fn path(terms: &OperationTerms, id: Option<&str>) -> String {
    let mut path = String::with_capacity(64);
    match (terms.path.split_once("{id}"), id) {
        (Some((before, after)), Some(id)) => {
            path.push_str(before);
            path.extend(utf8_percent_encode(id, ESCAPED));
            path.push_str(after);
        }
        _ => path.push_str(&terms.path),
    }
    path
}

/// That path, then the consumer's filters and the agreement's conditions that the provider can apply
/// itself.
fn target(granted: &Granted<'_>, terms: &OperationTerms) -> String {
    let routed = granted.routed();
    let mut target = path(terms, routed.id());
    let mut separator = '?';
    let mut pair = |name: &str, value: &str| {
        target.push(separator);
        separator = '&';
        target.extend(utf8_percent_encode(name, ESCAPED));
        target.push('=');
        target.extend(utf8_percent_encode(value, ESCAPED));
    };
    for (name, value) in routed.filters() {
        pair(name, value);
    }
    for (name, value) in granted.grant().push_down {
        pair(name.as_str(), value);
    }
    if let Some(since) = routed.since() {
        pair("since", since);
    }
    target
}

fn write(document: &Document<'_>, format: Format, contract: &Contract) -> Bytes {
    // Most submissions fit, and are not copied while they are written.
    let mut out = Vec::with_capacity(8 * 1024);
    adapters::write(format, document, contract, &mut out);
    out.into()
}

fn write_question(
    document: &Document<'_>,
    dialect: &population::Dialect,
    head: &Asked<'_>,
    exchange: Uuid,
) -> Result<Bytes, Refusal> {
    let field =
        |name: &str| document.as_record().and_then(|record| record.get(name)).and_then(Document::as_text);
    let (Some(number), Some(name), Some(born)) = (field("SoDinhDanh"), field("HoVaTen"), field("NgaySinh"))
    else {
        // The contract requires all three; a contract that does not cannot be asked here.
        return Err(Refusal::NotImplemented { what: "verify-fields" });
    };
    let request = exchange.simple().to_string();
    let question = population::Question {
        ma_yeu_cau: &request,
        ma_can_bo: head.stated().officer()?.unwrap_or_default(),
        so_dinh_danh: number,
        ho_va_ten: name,
        ngay_sinh: born,
    };
    let mut out = Vec::with_capacity(1024);
    population::write(&question, dialect, &mut out).map_err(Refusal::Unaskable)?;
    Ok(out.into())
}

/// What the service's document says the population database wants to read.
fn dialect(version: &ServiceVersion) -> Option<population::Dialect> {
    let settings = version.population.as_ref()?;
    Some(population::Dialect {
        namespace: settings.namespace.clone(),
        ma_dvc: settings.ma_dvc.clone(),
        ma_tich_hop: settings.ma_tich_hop.clone(),
        ma_don_vi: settings.ma_don_vi.clone(),
        date_form: match settings.date_form {
            policies::DateForm::Compact => population::DateForm::Compact,
            policies::DateForm::Dashed => population::DateForm::Dashed,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_consumers_keys_are_two_keys() {
        let key = scoped("H26/quan-ly-khcn", "", "1");
        assert_ne!(key, scoped("G03/thu-vien", "", "1"));
        assert_ne!(key, scoped("H26/quan-ly-khcn", "G03", "1"));
        assert_ne!(key, scoped("H26/quan-ly-khcn", "", "2"));
        assert_eq!(key, scoped("H26/quan-ly-khcn", "", "1"));
        assert_eq!(key.len(), 64);
    }

    #[test]
    fn a_trace_is_passed_on_and_nothing_that_is_none() {
        assert!(is_traceparent(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for bad in [
            &b""[..],
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            b"Nguyen Van A",
        ] {
            assert!(!is_traceparent(bad), "{}", String::from_utf8_lossy(bad));
        }
    }
}
