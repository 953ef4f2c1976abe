//! What leaves: records out of scope are dropped, fields not released are withheld, masks applied,
//! and the rest is written in the consumer's format.

use adapters::{json, xml};
use bytes::Bytes;
use contracts::{Contract, Document, FieldPath};
use http::{HeaderValue, StatusCode};
use policies::{Format, Operation};

use super::{Checked, Routed};
use crate::refusal::Refusal;

/// What leaves, and what is said of it in the journal.
pub struct Released<'w> {
    status: StatusCode,
    body: Bytes,
    format: Format,
    records: usize,
    withheld: &'w [FieldPath],
    etag: Option<HeaderValue>,
    location: Option<String>,
}

impl<'w> Released<'w> {
    /// The status for the consumer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many records it holds.
    pub fn records(&self) -> usize {
        self.records
    }

    /// The fields withheld.
    pub fn withheld(&self) -> &'w [FieldPath] {
        self.withheld
    }

    /// The entity tag, when the body is the provider's own.
    pub fn etag(&self) -> Option<&HeaderValue> {
        self.etag.as_ref()
    }

    /// Where a submitted record is found again.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

/// Releases a checked reply.
///
/// # Errors
/// A single record lies outside the agreement's records.
pub fn release<'w>(checked: Checked<'w, '_>) -> Result<Released<'w>, Refusal> {
    let replied = checked.replied();
    let granted = replied.admitted().granted();
    let routed = granted.routed();
    let operation = routed.operation();
    let version = granted.version();
    let contract = version.reply(operation);
    let format = granted.format();
    let faithful = checked.faithful();
    let status = if operation == Operation::Submit { StatusCode::CREATED } else { StatusCode::OK };
    let mut released = Released {
        status,
        format,
        body: Bytes::new(),
        records: 0,
        withheld: &[],
        etag: replied.etag().cloned(),
        location: None,
    };
    let Some(mut document) = checked.into_document() else {
        released.records = replied.sent_records();
        return Ok(released);
    };

    if operation == Operation::Verify {
        // The verdict has a contract of its own and holds nothing but itself.
        released.records = 1;
        released.body = write(&document, format, contract);
        return Ok(released);
    }
    let plan = granted.release();
    released.withheld = plan.withheld();
    let changed = select(&mut document, routed, granted.conditions())?;
    released.records = document.as_list().map_or(1, <[_]>::len);
    if operation == Operation::Submit && document.as_record().is_some() {
        released.location = location(routed, contract, &document);
    }
    if !changed && faithful && plan.is_whole() && version.format == format {
        released.body = replied.bytes().clone();
        return Ok(released);
    }
    // Another body than the provider's: its entity tag would lie.
    released.etag = None;
    let keys = routed.caller().world().snapshot.mask_keys();
    match &mut document {
        Document::List(records) => records.iter_mut().for_each(|record| plan.apply(record, keys)),
        record => plan.apply(record, keys),
    }
    released.body = write(&document, format, contract);
    Ok(released)
}

/// Drops what the agreement or the consumer's own filters leave out; returns whether anything was.
fn select(
    document: &mut Document<'_>,
    routed: &Routed<'_>,
    conditions: &policies::Conditions,
) -> Result<bool, Refusal> {
    let Document::List(records) = document else {
        return if conditions.matches(document) { Ok(false) } else { Err(Refusal::RecordNotFound) };
    };
    let before = records.len();
    let filters: Vec<(FieldPath, &str)> =
        routed.filters().iter().filter_map(|(name, value)| Some((name.parse().ok()?, &**value))).collect();
    let holds = |record: &Document<'_>, path: &FieldPath, text: &str| {
        let mut found = false;
        record.each_at(path, &mut |value| found |= is(value, text));
        found
    };
    records.retain(|record| {
        // A provider that ignores a filter must not widen what was asked for.
        conditions.matches(record) && filters.iter().all(|(path, value)| holds(record, path, value))
    });
    if let Some(limit) = routed.limit() {
        records.truncate(limit);
    }
    Ok(records.len() != before)
}

/// Whether a value, as it stands in a query string, is `text`.
fn is(value: &Document<'_>, text: &str) -> bool {
    match value {
        Document::Text(known) => known == text,
        Document::Number(number) => number.as_str() == text,
        Document::Bool(truth) => text == if *truth { "true" } else { "false" },
        Document::Null | Document::List(_) | Document::Record(_) => false,
    }
}

fn location(routed: &Routed<'_>, contract: &Contract, record: &Document<'_>) -> Option<String> {
    let key = record.at(contract.key())?.as_text()?;
    let escaped = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
    Some(format!("/api/{}/v{}/records/{escaped}", routed.service().id, routed.version()))
}

fn write(document: &Document<'_>, format: Format, contract: &Contract) -> Bytes {
    let mut out = Vec::with_capacity(1024);
    match format {
        Format::Xml => xml::write(document, contract.shape(), &mut out),
        _ => json::write(document, &mut out),
    }
    out.into()
}
