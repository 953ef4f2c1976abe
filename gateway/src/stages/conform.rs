//! What it says: bodies read as documents and checked against their contract, on the way in and on
//! the way back. Nothing unchecked passes.

use adapters::{Expect, Limits, Reading, Unknown, json, population, xml};
use bytes::Bytes;
use contracts::{Contract, Document, Violation};
use policies::{Format, Operation, UnknownFields};
use ring::digest::{Digest, SHA256, digest};

use super::{Admitted, Replied};
use crate::{host::Incoming, negotiation::content_format, refusal::Refusal};

/// A request's body, as received.
pub struct Received {
    bytes: Bytes,
    format: Option<Format>,
    digest: Option<Digest>,
}

impl Received {
    /// How many bytes came.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// SHA-256 of the body, when there was one.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }
}

/// Reads the body of an admitted request, where the operation has one.
///
/// # Errors
/// It is too large, too slow, coded, broken off, or of a media type that is not taken.
pub async fn receive(admitted: &Admitted<'_>, request: &mut Incoming) -> Result<Received, Refusal> {
    let routed = admitted.granted().routed();
    if !routed.operation().carries_record() {
        // A body that means nothing is left unread; the host drains it.
        return Ok(Received { bytes: Bytes::new(), format: None, digest: None });
    }
    let format = content_format(request.header("content-type")).ok_or(Refusal::MediaType)?;
    let cap = admitted.granted().body_cap();
    let bytes = request.body(cap).await.map_err(Refusal::Body)?;
    let digest = digest(&SHA256, &bytes);
    Ok(Received { bytes, format: Some(format), digest: Some(digest) })
}

/// Proof that what is about to be forwarded conforms to the contract and to the agreement's records.
pub struct Conforming<'w, 'b> {
    admitted: Admitted<'w>,
    document: Option<Document<'b>>,
    bytes: Bytes,
    format: Option<Format>,
    faithful: bool,
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

    /// How many records the document holds.
    pub fn records(&self) -> usize {
        self.document.as_ref().map_or(0, count)
    }

    pub(super) fn into_admitted(self) -> Admitted<'w> {
        self.admitted
    }
}

/// Checks a request.
///
/// # Errors
/// Unreadable, breaking the contract, or outside the agreement's records.
pub fn conform<'w: 'b, 'b>(
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
        });
    };
    let granted = admitted.granted();
    let routed = granted.routed();
    let contract = &granted.version().contract;
    let expect = match routed.operation() {
        Operation::Submit => Expect::Either,
        _ => Expect::Record,
    };
    let reading =
        read(&received.bytes, format, contract, expect, Unknown::Keep).map_err(Refusal::Unreadable)?;
    let cap = routed.caller().world().snapshot.settings().limits.violations;
    check(contract, &reading.document, cap)
        .map_err(|violations| Refusal::Violations { contract: contract.id().clone(), violations })?;
    let conditions = granted.conditions();
    if !records(&reading.document).all(|record| conditions.matches(record)) {
        return Err(Refusal::RecordOutsideScope);
    }
    if let Some(id) = routed.id()
        && !names(contract, &reading.document, id)
    {
        return Err(Refusal::Parameter { rule: "wrong-record", name: contract.key().to_string() });
    }
    let Reading { document, faithful } = reading;
    Ok(Conforming {
        admitted,
        document: Some(document),
        bytes: received.bytes.clone(),
        format: Some(format),
        faithful,
    })
}

/// Proof that a provider's reply conforms to its contract.
pub struct Checked<'w, 'b> {
    replied: &'b Replied<'w>,
    document: Option<Document<'b>>,
    faithful: bool,
}

impl<'w, 'b> Checked<'w, 'b> {
    /// The reply.
    pub fn replied(&self) -> &'b Replied<'w> {
        self.replied
    }

    /// Whether the bytes hold nothing but what the document says.
    pub fn faithful(&self) -> bool {
        self.faithful
    }

    /// The document, if the reply had one.
    pub fn into_document(self) -> Option<Document<'b>> {
        self.document
    }
}

/// Checks a provider's reply.
///
/// # Errors
/// The provider broke the contract.
pub fn conform_reply<'w: 'b, 'b>(replied: &'b Replied<'w>) -> Result<Checked<'w, 'b>, Refusal> {
    let routed = replied.admitted().granted().routed();
    let version = replied.admitted().granted().version();
    let contract = version.reply(routed.operation());
    let broke = |unreadable, violations| Refusal::ProviderBrokeContract {
        contract: contract.id().clone(),
        unreadable,
        violations,
    };
    if replied.bytes().is_empty() && routed.operation().changes_state() {
        return Ok(Checked { replied, document: None, faithful: true });
    }
    if let Some(verdict) = replied.verdict() {
        let document = verdict_document(verdict);
        check(contract, &document, 1).map_err(|violations| broke(None, violations))?;
        return Ok(Checked { replied, document: Some(document), faithful: false });
    }
    let expect = match routed.operation() {
        Operation::Query | Operation::Changes => Expect::Collection,
        Operation::Submit => Expect::Either,
        Operation::Read | Operation::Update | Operation::Withdraw | Operation::Verify => Expect::Record,
    };
    let drop = version.unknown_fields == UnknownFields::Drop;
    let unknown = if drop { Unknown::Drop } else { Unknown::Keep };
    let reading = read(replied.bytes(), version.format, contract, expect, unknown)
        .map_err(|fault| broke(Some(fault.rule), Vec::new()))?;
    let Reading { mut document, mut faithful } = reading;
    if drop {
        let dropped: usize = records_mut(&mut document).map(|record| contract.drop_unknown(record)).sum();
        faithful &= dropped == 0;
    }
    let cap = routed.caller().world().snapshot.settings().limits.violations;
    check(contract, &document, cap).map_err(|violations| broke(None, violations))?;
    if let (Operation::Read, Some(id)) = (routed.operation(), routed.id())
        && !names(contract, &document, id)
    {
        return Err(broke(Some("wrong-record"), Vec::new()));
    }
    Ok(Checked { replied, document: Some(document), faithful })
}

pub(super) fn read<'b>(
    bytes: &'b [u8],
    format: Format,
    contract: &'b Contract,
    expect: Expect,
    unknown: Unknown,
) -> Result<Reading<'b>, adapters::Unreadable> {
    let limits = Limits::default();
    match format {
        Format::Xml => xml::read(bytes, contract.shape(), expect, unknown, &limits),
        _ => json::read(bytes, expect, &limits),
    }
}

/// Checks a record or every record of a collection; paths of a collection start with the index.
fn check(contract: &Contract, document: &Document<'_>, cap: usize) -> Result<(), Vec<Violation>> {
    let Document::List(records) = document else { return contract.check(document, cap) };
    let mut found = Vec::new();
    for (index, record) in records.iter().enumerate() {
        if let Err(violations) = contract.check(record, cap - found.len()) {
            found.extend(
                violations
                    .into_iter()
                    .map(|violation| Violation { path: format!("/{index}{}", violation.path), ..violation }),
            );
            if found.len() >= cap {
                break;
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn count(document: &Document<'_>) -> usize {
    document.as_list().map_or(1, <[_]>::len)
}

/// The records of a document: itself, or its items.
pub(super) fn records<'d, 'b>(document: &'d Document<'b>) -> impl Iterator<Item = &'d Document<'b>> {
    document.as_list().unwrap_or(std::slice::from_ref(document)).iter()
}

fn records_mut<'d, 'b>(document: &'d mut Document<'b>) -> impl Iterator<Item = &'d mut Document<'b>> {
    match document {
        Document::List(records) => records.iter_mut(),
        record => std::slice::from_mut(record).iter_mut(),
    }
}

/// Whether the record's key is `id`.
fn names(contract: &Contract, record: &Document<'_>, id: &str) -> bool {
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
