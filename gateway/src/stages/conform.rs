//! What it says: bodies read as documents and checked against their contract, on the way in and on
//! the way back. Nothing unchecked passes.
//!
//! Both ways may carry a mebibyte, and a worker has other callers: records of large bodies are
//! checked some at a time, and others run in between.

use adapters::{
    Expect, Limits, Reading, Unknown, population,
    soap::{Fault, FaultCode},
    xml::{self, Signed},
};
use bytes::Bytes;
use contracts::{Bilingual, Contract, Document, Encoding, Violation, ViolationRule};
use http::{HeaderMap, StatusCode, header};
use policies::{BadRecords, Format, Operation, UnknownFields};
use ring::digest::{Digest, SHA256, digest};
use uuid::Uuid;

use super::{
    Admitted, Asked, Granted, Positions, Replied,
    text::{self, Inflow},
};
use crate::{
    host::{Beginning, has_coding},
    negotiation::content_format,
    refusal::{Refusal, anywhere},
    soap::Said,
};

/// Bodies up to this size are checked in one go: a millisecond or so (DESIGN 8).
const LARGE: usize = 64 * 1024;
/// How many records of a larger body are checked before others run.
const RECORDS_AT_ONCE: usize = 16;
/// How many records of a reply that are set aside are told of one by one in the log: who mends one of
/// them mends most.
const TOLD: u64 = 10;

/// A request's body, as received.
pub struct Received {
    bytes: Bytes,
    format: Option<Format>,
    size: usize,
    digest: Option<Digest>,
    signed: Option<Signed>,
    /// The bytes are what was received, made UTF-8.
    decoded: bool,
}

impl Received {
    /// How many bytes came; of a message, all of it.
    pub fn size(&self) -> usize {
        self.size
    }

    /// SHA-256 of the body, when there was one.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }
}

/// What came with a request.
pub enum Body {
    /// A body that is held whole; an empty one where the operation has none.
    Whole(Received),
    /// The beginning of one that is too long for that.
    Long(Beginnings),
}

/// The beginning of a long body.
pub struct Beginnings {
    pub(super) bytes: Bytes,
    pub(super) format: Format,
    pub(super) inflow: Inflow,
}

/// Reads the body of an admitted request, where the operation has one: whole, or as much of it as is
/// held where the operation declares that long ones pass.
///
/// # Errors
/// It is too large, too slow, coded, broken off, or of a media type that is not taken.
pub async fn receive(admitted: &Admitted<'_>, request: &mut Asked<'_>) -> Result<Body, Refusal> {
    let routed = admitted.granted().routed();
    let carries = routed.operation().carries_record();
    if let Some(message) = request.message() {
        // It came before anybody knew what it asks for (see `understand`).
        let bytes = if carries { message.record() } else { Bytes::new() };
        let format = carries.then_some(Format::Soap);
        return Ok(Body::Whole(Received {
            bytes,
            format,
            size: message.size(),
            digest: Some(*message.digest()),
            signed: None,
            decoded: false,
        }));
    }
    if !carries {
        // A body that means nothing is left unread; the host drains it.
        return Ok(Body::Whole(Received {
            bytes: Bytes::new(),
            format: None,
            size: 0,
            digest: None,
            signed: None,
            decoded: false,
        }));
    }
    let format = content_format(request.headers()).ok_or(Refusal::MediaType)?;
    let granted = admitted.granted();
    let declared = text::of_consumer(granted);
    if !text::may_be(request.headers(), declared) {
        return Err(Refusal::MediaType);
    }
    let cap = granted.body_cap();
    let bytes = if granted.grant().operation.stream.is_none() {
        request.body(cap).await.map_err(Refusal::Body)?
    } else {
        match request.incoming().beginning(cap).await.map_err(Refusal::Body)? {
            Beginning::All(bytes) => bytes,
            Beginning::More(bytes) => {
                let inflow = Inflow::new(request.headers(), declared).map_err(Refusal::Unreadable)?;
                return Ok(Body::Long(Beginnings { bytes, format, inflow }));
            }
        }
    };
    let (size, digest) = (bytes.len(), digest(&SHA256, &bytes));
    let made = text::made(&bytes, request.headers(), declared).transpose().map_err(Refusal::Unreadable)?;
    let decoded = made.is_some();
    let bytes = made.unwrap_or(bytes);
    let signed = signatures(&bytes, format);
    Ok(Body::Whole(Received { size, bytes, format: Some(format), digest: Some(digest), signed, decoded }))
}

/// Proof that what is about to be forwarded conforms to the contract and to the agreement's records.
pub struct Conforming<'w, 'b> {
    admitted: Admitted<'w>,
    document: Option<Document<'b>>,
    bytes: Bytes,
    format: Option<Format>,
    faithful: bool,
    set_aside: Positions,
    original: bool,
}

impl<'w, 'b> Conforming<'w, 'b> {
    /// What was admitted.
    pub fn admitted(&self) -> &Admitted<'w> {
        &self.admitted
    }

    /// The document, when the operation carries one.
    pub fn document(&self) -> Option<&Document<'b>> {
        self.document.as_ref()
    }

    /// The bytes as received, when `format` may be forwarded byte for byte.
    pub fn unchanged(&self, format: Format) -> Option<Bytes> {
        (self.faithful && self.format == Some(format)).then(|| self.bytes.clone())
    }

    /// The bytes as received, with their media type, when they must go along with any translation: they
    /// bear a signature.
    pub fn original(&self) -> Option<(&'static str, &Bytes)> {
        let format = self.format.filter(|_| self.original)?;
        Some((format.media_type(), &self.bytes))
    }

    /// How many records the document holds.
    pub fn records(&self) -> usize {
        self.document.as_ref().map_or(0, count)
    }

    /// The records that were set aside, by their position in what was sent.
    pub fn set_aside(&self) -> &Positions {
        &self.set_aside
    }

    pub(super) fn into_admitted(self) -> Admitted<'w> {
        self.admitted
    }
}

/// Checks a request. What breaks the contract is refused; of a collection, where the operation declares
/// so, it is set aside as long as anything is left.
///
/// # Errors
/// Unreadable, breaking the contract, or outside the agreement's records.
pub async fn conform<'w: 'b, 'b>(
    admitted: Admitted<'w>,
    received: &'b Received,
) -> Result<Conforming<'w, 'b>, Refusal> {
    let Some(format) = received.format else {
        return Ok(Conforming {
            admitted,
            document: None,
            bytes: Bytes::new(),
            format: None,
            faithful: true,
            set_aside: Positions::default(),
            original: false,
        });
    };
    let granted = admitted.granted();
    let routed = granted.routed();
    let contract = &granted.version().contract;
    let expect = match routed.operation() {
        Operation::Submit => Expect::Either,
        _ => Expect::Record,
    };
    let bytes: &'b [u8] = match &received.signed {
        None => &received.bytes,
        Some(_) if granted.version().signed == policies::Signed::Refuse => {
            return Err(Refusal::Signed { rule: "signed-refused" });
        }
        Some(signed) if !signed.sound => return Err(Refusal::Signed { rule: "signature-form" }),
        Some(signed) => &signed.rest,
    };
    let Reading { mut document, mut faithful } =
        read(bytes, format, contract, expect, Unknown::Keep).map_err(Refusal::Unreadable)?;
    let cap = routed.caller().world().snapshot.settings().limits.violations;
    let broken = |violations| Refusal::Violations { contract: contract.id().clone(), violations };
    if document.as_list().is_some_and(<[_]>::is_empty) {
        return Err(broken(vec![nothing_submitted()]));
    }
    let terms = granted.grant().operation.stream;
    let mut set_aside = Positions::default();
    if let (Document::List(records), Some(BadRecords::SetAside)) =
        (&mut document, terms.map(|terms| terms.bad_records))
    {
        let mut first = Vec::new();
        let of_first = |index, violations: Vec<Violation>| {
            if set_aside.is_empty() {
                first = of_record(index, violations).collect();
            }
            set_aside.add(index);
        };
        sift(contract, records, received.size(), cap, of_first).await;
        if records.is_empty() {
            return Err(broken(first));
        }
        faithful &= set_aside.is_empty();
    } else {
        check(contract, &document, received.size(), cap).await.map_err(broken)?;
    }
    let conditions = granted.conditions();
    if !records(&document).all(|record| conditions.matches(record)) {
        return Err(Refusal::RecordOutsideScope);
    }
    if let Some(id) = routed.id()
        && !names(contract, &document, id)
    {
        return Err(Refusal::Parameter { rule: "wrong-record", name: contract.key().to_string() });
    }
    let faithful = faithful && !received.decoded;
    let original = received.signed.is_some();
    // A signed document goes on as it is or not at all: written anew, it would have lost its signature.
    if original && !faithful {
        return Err(Refusal::Signed { rule: "signature-beside" });
    }
    Ok(Conforming {
        admitted,
        document: Some(document),
        bytes: received.bytes.clone(),
        format: Some(format),
        faithful,
        set_aside,
        original,
    })
}

/// Proof that a provider said yes and that its reply conforms to the contract.
pub struct Checked<'w, 'b> {
    replied: &'b Replied<'w>,
    document: Option<Document<'b>>,
    faithful: bool,
    set_aside: Positions,
    signed: bool,
}

impl<'w, 'b> Checked<'w, 'b> {
    fn nothing(replied: &'b Replied<'w>) -> Self {
        Self { replied, document: None, faithful: true, set_aside: Positions::default(), signed: false }
    }

    /// The reply.
    pub fn replied(&self) -> &'b Replied<'w> {
        self.replied
    }

    /// Whether the bytes hold nothing but what the document says.
    pub fn faithful(&self) -> bool {
        self.faithful
    }

    /// Whether they bear a signature.
    pub fn signed(&self) -> bool {
        self.signed
    }

    /// The document, if the reply had one.
    pub fn document(&self) -> Option<&Document<'b>> {
        self.document.as_ref()
    }

    /// The records that were set aside, by their position in the reply.
    pub fn set_aside(&self) -> &Positions {
        &self.set_aside
    }

    /// The same, to be released.
    pub fn into_document(self) -> Option<Document<'b>> {
        self.document
    }
}

/// Checks a provider's reply.
///
/// # Errors
/// The provider says no, or broke the contract. For what changes something there, an answer that is
/// neither a clear yes nor a clear no leaves the outcome unknown, and says so.
pub async fn conform_reply<'w: 'b, 'b>(
    replied: &'b Replied<'w>,
    exchange: Uuid,
) -> Result<Checked<'w, 'b>, Refusal> {
    let granted = replied.admitted().granted();
    let routed = granted.routed();
    let operation = routed.operation();
    let version = granted.version();
    let contract = version.reply(operation);
    let changes = operation.changes_state();
    if let Some(Ok(Said::Fault(fault))) = replied.message() {
        return Err(fault_of(*fault, operation));
    }
    says_yes(operation, replied.status())?;
    if replied.bytes().is_empty() && changes {
        return Ok(Checked::nothing(replied));
    }
    let broke = |unreadable, violations| Refusal::ProviderBrokeContract {
        contract: contract.id().clone(),
        unreadable,
        violations,
        outcome_unknown: changes,
    };
    let cap = routed.caller().world().snapshot.settings().limits.violations;
    let bytes: &'b [u8] = match replied.message() {
        None => {
            let format = if replied.is_verdict() { Format::Xml } else { version.format };
            as_declared(replied.headers(), format, text::of_provider(granted))
                .map_err(|rule| broke(Some(rule), Vec::new()))?;
            match replied.text() {
                None => replied.bytes(),
                Some(text) => text.as_ref().map_err(|rule| broke(Some(rule), Vec::new()))?,
            }
        }
        Some(Ok(Said::Document(bytes))) => bytes,
        Some(Ok(Said::Nothing)) if changes => {
            return Ok(Checked::nothing(replied));
        }
        // An answer without a record is how messages say that there is none.
        Some(Ok(Said::Nothing)) if operation == Operation::Read => return Err(Refusal::RecordNotFound),
        Some(Ok(Said::Nothing | Said::Fault(_))) => return Err(broke(Some("wrong-root"), Vec::new())),
        Some(Err(rule)) => return Err(broke(Some(rule), Vec::new())),
    };
    if replied.is_verdict() {
        let verdict = population::read(bytes, &Limits::default())
            .map_err(|fault| broke(Some(fault.rule), Vec::new()))?;
        let document = verdict_document(verdict);
        contract.check(&document, cap).map_err(|violations| broke(None, violations))?;
        return Ok(Checked { document: Some(document), faithful: false, ..Checked::nothing(replied) });
    }
    let expect = match operation {
        Operation::Query | Operation::Changes => Expect::Collection,
        Operation::Submit => Expect::Either,
        Operation::Read | Operation::Update | Operation::Withdraw | Operation::Verify => Expect::Record,
    };
    let drop = version.unknown_fields == UnknownFields::Drop;
    let unknown = if drop { Unknown::Drop } else { Unknown::Keep };
    let (bytes, signed) = match replied.signed() {
        None => (bytes, false),
        Some(signed) => {
            let rest = unsigned(signed, version.signed).map_err(|rule| broke(Some(rule), Vec::new()))?;
            (rest, true)
        }
    };
    let reading = read(bytes, version.format, contract, expect, unknown)
        .map_err(|fault| broke(Some(fault.rule), Vec::new()))?;
    let Reading { mut document, mut faithful } = reading;
    faithful &= replied.text().is_none();
    if drop {
        let dropped: usize = records_mut(&mut document).map(|record| contract.drop_unknown(record)).sum();
        faithful &= dropped == 0;
    }
    let size = replied.bytes().len();
    let mut set_aside = Positions::default();
    if let (Document::List(records), BadRecords::SetAside) = (&mut document, replied_badly(granted)) {
        let left_out = |index, violations: Vec<Violation>| {
            set_aside.add(index);
            tell(exchange, &set_aside, index, &violations);
        };
        sift(contract, records, size, cap, left_out).await;
        faithful &= set_aside.is_empty();
    } else {
        check(contract, &document, size, cap).await.map_err(|violations| broke(None, violations))?;
    }
    if signed && !faithful {
        return Err(broke(Some("signature-beside"), Vec::new()));
    }
    // A receipt under a contract of its own is not the records.
    if contract.id() == version.contract.id() {
        if let Some(id) = routed.id()
            && !names(contract, &document, id)
        {
            return Err(broke(Some("wrong-record"), Vec::new()));
        }
        if operation == Operation::Submit && count(&document) != replied.sent_records() {
            return Err(broke(Some("wrong-count"), Vec::new()));
        }
    }
    Ok(Checked { replied, document: Some(document), faithful, set_aside, signed })
}

/// Whether a status says that what was asked has been done.
pub(super) fn says_yes(operation: Operation, status: StatusCode) -> Result<(), Refusal> {
    let done = match status {
        StatusCode::OK => true,
        StatusCode::CREATED | StatusCode::NO_CONTENT => operation.changes_state(),
        _ => false,
    };
    let of_one = matches!(operation, Operation::Read | Operation::Update | Operation::Withdraw);
    match status {
        _ if done => Ok(()),
        // A record that is gone looks like one that never was: out of scope, nobody may tell them apart.
        StatusCode::NOT_FOUND | StatusCode::GONE if of_one => Err(Refusal::RecordNotFound),
        // Whether a change took place is then the provider's secret: it failed midway, or speaks of
        // another place or a later time.
        status if operation.changes_state() && !status.is_client_error() => {
            Err(Refusal::ProviderBroken { outcome_unknown: true })
        }
        status => Err(Refusal::ProviderRefused { status }),
    }
}

/// What a provider's fault means. With a problem in its detail it says no by that problem's status, as
/// providers of other formats do. Without one, a fault for which the message itself is to blame says that nothing
/// was done; any other leaves a change in doubt.
pub(super) fn fault_of(fault: Fault, operation: Operation) -> Refusal {
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    if let Some(Err(refusal)) = status.map(|status| says_yes(operation, status)) {
        return refusal;
    }
    let in_doubt = matches!(fault.code, FaultCode::Receiver | FaultCode::Other);
    if operation.changes_state() && in_doubt {
        return Refusal::ProviderBroken { outcome_unknown: true };
    }
    Refusal::ProviderFault { code: fault.code }
}

/// Whether a reply comes as the service and its system declare: uncoded, and in its format and encoding if it
/// says which. The bytes are read as that in any case; a provider that calls them something else means
/// something else.
pub(super) fn as_declared(
    headers: &HeaderMap,
    format: Format,
    encoding: Encoding,
) -> Result<(), &'static str> {
    if has_coding(headers) {
        return Err("content-coding");
    }
    let typed = headers.contains_key(header::CONTENT_TYPE);
    if typed && !(content_format(headers) == Some(format) && text::may_be(headers, encoding)) {
        return Err("content-type");
    }
    Ok(())
}

pub(super) fn read<'b>(
    bytes: &'b [u8],
    format: Format,
    contract: &'b Contract,
    expect: Expect,
    unknown: Unknown,
) -> Result<Reading<'b>, adapters::Unreadable> {
    // What a message carries is XML that was cut out of it.
    let format = if format == Format::Soap { Format::Xml } else { format };
    adapters::read(format, bytes, contract, expect, unknown, &Limits::default())
}

/// What a body is like when it bears a signature; only what is XML can bear one.
pub(super) fn signatures(bytes: &[u8], format: Format) -> Option<Signed> {
    match format {
        Format::Xml | Format::Gml => xml::signed(bytes, &Limits::default()),
        _ => None,
    }
}

/// What is to be read of a signed body of a provider's under `policy`.
///
/// # Errors
/// The rule by which it is not taken.
pub(super) fn unsigned(signed: &Signed, policy: policies::Signed) -> Result<&[u8], &'static str> {
    match policy {
        policies::Signed::Refuse => Err("signed-document"),
        policies::Signed::Carry if !signed.sound => Err("signature-form"),
        policies::Signed::Carry => Ok(&signed.rest),
    }
}

/// Checks a record or every record of a collection that came in `size` bytes; paths of a collection
/// start with the index.
async fn check(
    contract: &Contract,
    document: &Document<'_>,
    size: usize,
    cap: usize,
) -> Result<(), Vec<Violation>> {
    let Document::List(records) = document else { return contract.check(document, cap) };
    let mut found = Vec::new();
    for (index, record) in records.iter().enumerate() {
        breathe(size, index).await;
        if let Err(violations) = contract.check(record, cap - found.len()) {
            found.extend(of_record(index, violations));
            if found.len() >= cap {
                break;
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Takes the records of a collection that break the contract out of it and tells of each.
async fn sift(
    contract: &Contract,
    records: &mut Vec<Document<'_>>,
    size: usize,
    cap: usize,
    mut bad: impl FnMut(usize, Vec<Violation>),
) {
    let mut good = Vec::with_capacity(records.len());
    for (index, record) in std::mem::take(records).into_iter().enumerate() {
        breathe(size, index).await;
        match contract.check(&record, cap) {
            Ok(()) => good.push(record),
            Err(violations) => bad(index, violations),
        }
    }
    *records = good;
}

/// What becomes of a bad record in a reply. What the operation declares is said of the records it is
/// about: of those asked for, or of those submitted. A provider that answers a submission with records
/// answers for each.
pub(super) fn replied_badly(granted: &Granted<'_>) -> BadRecords {
    match granted.grant().operation.stream {
        Some(terms) if !granted.routed().operation().changes_state() => terms.bad_records,
        _ => BadRecords::Stop,
    }
}

/// For the operators, who take it up with the provider: which record, which field, which rule. `all` is
/// what was set aside so far, this one included.
pub(super) fn tell(exchange: Uuid, all: &Positions, index: usize, violations: &[Violation]) {
    if let Some(violation) = violations.first().filter(|_| all.count() <= TOLD) {
        let (field, rule) = (anywhere(violation), violation.rule.code());
        tracing::warn!(exchange = %exchange, index, field, rule, "a record of a reply is set aside");
    }
}

/// After record `read` of a long body: lets others run, from time to time.
pub(super) async fn breathe_within(read: u64) {
    if read.is_multiple_of(RECORDS_AT_ONCE as u64) {
        tokio::task::yield_now().await;
    }
}

/// The violations of a record of a collection, told as the collection's.
pub(super) fn of_record(index: usize, violations: Vec<Violation>) -> impl Iterator<Item = Violation> {
    let placed =
        move |violation: Violation| Violation { path: format!("/{index}{}", violation.path), ..violation };
    violations.into_iter().map(placed)
}

/// Before record `index` of a body of `size` bytes: lets others run, from time to time.
pub(super) async fn breathe(size: usize, index: usize) {
    if size > LARGE && index > 0 && index.is_multiple_of(RECORDS_AT_ONCE) {
        tokio::task::yield_now().await;
    }
}

pub(super) fn nothing_submitted() -> Violation {
    Violation {
        path: String::new(),
        rule: ViolationRule::Items,
        message: Bilingual::new(
            "Danh sách không có bản ghi nào; hãy gửi ít nhất một bản ghi.",
            "The list holds no record; send at least one.",
        ),
    }
}

fn count(document: &Document<'_>) -> usize {
    document.as_list().map_or(1, <[_]>::len)
}

/// The records of a document: itself, or its items.
fn records<'d, 'b>(document: &'d Document<'b>) -> impl Iterator<Item = &'d Document<'b>> {
    document.as_list().unwrap_or(std::slice::from_ref(document)).iter()
}

fn records_mut<'d, 'b>(document: &'d mut Document<'b>) -> impl Iterator<Item = &'d mut Document<'b>> {
    match document {
        Document::List(records) => records.iter_mut(),
        record => std::slice::from_mut(record).iter_mut(),
    }
}

/// Whether the record's key is `id`.
pub(super) fn names(contract: &Contract, record: &Document<'_>, id: &str) -> bool {
    match record.at(contract.key()) {
        Some(Document::Text(text)) => text == id,
        Some(Document::Number(number)) => number.as_str() == id,
        _ => false,
    }
}

fn verdict_document(verdict: population::Verdict) -> Document<'static> {
    let mut record = contracts::Record::with_capacity(1);
    record.push("KetQua", Document::Text(verdict.as_str().into()));
    Document::Record(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        use Operation::*;
        let says = |operation, status| says_yes(operation, StatusCode::from_u16(status).unwrap());
        for status in [200, 201, 204] {
            assert!(says(Submit, status).is_ok() && says(Update, status).is_ok());
        }
        assert!(says(Query, 200).is_ok() && says(Verify, 200).is_ok());
        for status in [201, 202, 203, 204, 206, 301, 304, 400, 500] {
            assert!(says(Query, status).is_err() && says(Verify, status).is_err(), "{status}");
        }
        for status in [202, 206, 302, 304, 500, 503] {
            assert!(
                matches!(says(Submit, status), Err(Refusal::ProviderBroken { outcome_unknown: true })),
                "{status}"
            );
        }
        assert!(matches!(says(Submit, 409), Err(Refusal::ProviderRefused { .. })));
        assert!(matches!(says(Submit, 404), Err(Refusal::ProviderRefused { .. })));
        for status in [404, 410] {
            assert!(matches!(says(Read, status), Err(Refusal::RecordNotFound)), "{status}");
        }
    }

    #[test]
    fn a_reply_comes_as_declared() {
        let headers = |pairs: &[(http::HeaderName, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
        };
        let typed = |media| headers(&[(header::CONTENT_TYPE, media)]);
        assert_eq!(as_declared(&headers(&[]), Format::Json, Encoding::Utf8), Ok(()));
        assert_eq!(
            as_declared(&typed("application/json; charset=utf-8"), Format::Json, Encoding::Utf8),
            Ok(())
        );
        assert_eq!(as_declared(&typed("text/xml"), Format::Xml, Encoding::Utf8), Ok(()));
        for media in ["text/html", "application/xml", "application/json; charset=iso-8859-1", ""] {
            assert_eq!(
                as_declared(&typed(media), Format::Json, Encoding::Utf8),
                Err("content-type"),
                "{media}"
            );
        }
        let coded = headers(&[(header::CONTENT_ENCODING, "gzip")]);
        let older = typed("application/xml; charset=windows-1258");
        assert_eq!(as_declared(&older, Format::Xml, Encoding::Utf8), Err("content-type"));
        assert_eq!(as_declared(&older, Format::Xml, Encoding::Windows1258), Ok(()));
        assert_eq!(as_declared(&coded, Format::Json, Encoding::Utf8), Err("content-coding"));
    }
}
