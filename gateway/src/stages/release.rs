//! What leaves: records out of scope are dropped, fields not released are withheld, masks applied,
//! and the rest is written in the consumer's format.

use std::borrow::Cow;

use bytes::Bytes;
use contracts::{Contract, Document, FieldPath};
use http::{HeaderValue, StatusCode};
use policies::{Format, Operation};

use super::{Carried, Checked, Routed, conform::breathe};
use crate::refusal::Refusal;

/// What leaves, and what is said of it in the journal.
pub struct Released<'w> {
    status: StatusCode,
    body: Bytes,
    format: Format,
    media_type: Cow<'static, str>,
    records: usize,
    left_out: u64,
    withheld: &'w [FieldPath],
    etag: Option<HeaderValue>,
    location: Option<String>,
    carried: Option<Carried>,
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

    /// The `Content-Type` of the body.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// How many records it holds.
    pub fn records(&self) -> usize {
        self.records
    }

    /// How many records of the reply it does not hold: beyond the agreement's, or not asked for.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The fields withheld.
    pub fn withheld(&self) -> &'w [FieldPath] {
        self.withheld
    }

    /// The entity tag, when the body is the provider's own and holds every field: a tag made of the
    /// record says something of each.
    pub fn etag(&self) -> Option<&HeaderValue> {
        self.etag.as_ref()
    }

    /// How the provider's document leaves, when it bears a signature; none when it stays behind.
    pub fn carried(&self) -> Option<Carried> {
        self.carried
    }

    /// Where a submitted record is found again.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

/// Releases a checked reply.
///
/// # Errors
/// A single record that was to be read lies outside the agreement's records.
pub async fn release<'w>(checked: Checked<'w, '_>) -> Result<Released<'w>, Refusal> {
    let dress = checked.replied().admitted().granted().routed().dress().cloned();
    let mut released = undressed(checked).await?;
    if let Some(dress) = dress {
        // A message is answered by a message, even when there is nothing to tell; and 200 is its one yes.
        released.body = dress.around(&released.body);
        released.media_type = dress.content_type().into();
        released.status = StatusCode::OK;
    }
    Ok(released)
}

/// What leaves, before a message is made of it.
async fn undressed<'w>(checked: Checked<'w, '_>) -> Result<Released<'w>, Refusal> {
    let replied = checked.replied();
    let granted = replied.admitted().granted();
    let routed = granted.routed();
    let operation = routed.operation();
    let version = granted.version();
    let contract = version.reply(operation);
    let format = granted.format();
    let (faithful, signed) = (checked.faithful(), checked.signed());
    let plan = granted.release();
    let mut released = Released {
        status: status(operation),
        format,
        media_type: format.media_type().into(),
        body: Bytes::new(),
        records: replied.sent_records(),
        left_out: 0,
        withheld: &[],
        etag: replied.etag().filter(|_| plan.is_whole()).cloned(),
        location: None,
        carried: None,
    };
    let Some(mut document) = checked.into_document() else { return Ok(released) };

    if operation == Operation::Verify {
        // The verdict has a contract of its own and holds nothing but itself.
        released.records = 1;
        released.etag = None;
        released.body = write(&document, format, contract, 0);
        return Ok(released);
    }
    let list = document.as_list().is_some();
    if signed && list && !operation.changes_state() && !granted.conditions().is_empty() {
        // Refused whatever the list holds, or the refusal would tell of records beyond the agreement.
        return Err(Refusal::SignedReply { rule: "signed-withheld" });
    }
    let size = replied.bytes().len();
    let before = count(&document);
    let Some(left_out) = select(&mut document, routed, granted.conditions(), size).await else {
        if operation.changes_state() {
            // Done is done: the change stands, and of a record beyond the agreement nothing is told.
            released.etag = None;
            return Ok(released);
        }
        return Err(Refusal::RecordNotFound);
    };
    released.left_out = left_out;
    released.withheld = plan.withheld();
    released.records = count(&document);
    if operation == Operation::Submit && plan.releases(contract.key().as_str()) {
        released.location = location(routed, contract, &document);
    }
    let unchanged = released.records == before
        && faithful
        && plan.is_whole()
        && version.format == format
        && format != Format::Soap;
    if unchanged {
        released.body = replied.bytes().clone();
        released.carried = signed.then_some(Carried::Alone);
        return Ok(released);
    }
    if signed {
        // It holds every field: it leaves whole, with its signature, or not at all.
        let rule = if !plan.is_whole() {
            "signed-withheld"
        } else if released.records != before {
            "signed-not-whole"
        } else if granted.takes_beside() && format != Format::Soap {
            let translation = write(&document, format, contract, size);
            let original = (version.format.media_type(), &replied.bytes()[..]);
            let both = adapters::beside((format.media_type(), &translation), original);
            released.etag = None;
            released.media_type = both.content_type.into();
            released.body = both.body.into();
            released.carried = Some(Carried::Beside);
            return Ok(released);
        } else {
            "signed-format"
        };
        if operation.changes_state() {
            // Done is done: the change stands, and of the signed answer nothing can be told but all of it.
            released.etag = None;
            released.records = replied.sent_records();
            return Ok(released);
        }
        return Err(Refusal::SignedReply { rule });
    }
    // Another body than the provider's: its entity tag would lie.
    released.etag = None;
    let keys = routed.caller().world().snapshot.mask_keys();
    match &mut document {
        Document::List(records) => {
            for (index, record) in records.iter_mut().enumerate() {
                breathe(size, index).await;
                plan.apply(record, keys);
            }
        }
        record => plan.apply(record, keys),
    }
    released.body = match format {
        // Its header would name every field of the contract.
        Format::Csv => {
            let mut out = Vec::with_capacity(room(size));
            adapters::write_rows(format, &document, contract, &plan.view(contract).shape, &mut out);
            out.into()
        }
        _ => write(&document, format, contract, size),
    };
    Ok(released)
}

/// Drops the records of a list that the agreement or the consumer's own filters leave out, and counts
/// them; none when nothing may be told at all.
async fn select(
    document: &mut Document<'_>,
    routed: &Routed<'_>,
    conditions: &policies::Conditions,
    size: usize,
) -> Option<u64> {
    let Document::List(records) = document else { return conditions.matches(document).then_some(0) };
    let filters: Vec<(FieldPath, &str)> =
        routed.filters().iter().filter_map(|(name, value)| Some((name.parse().ok()?, &**value))).collect();
    let limit = routed.limit().unwrap_or(usize::MAX);
    let mut kept = Vec::with_capacity(records.len().min(limit));
    let mut left_out = 0;
    for (index, record) in std::mem::take(records).into_iter().enumerate() {
        breathe(size, index).await;
        // A provider that ignores a filter must not widen what was asked for.
        if conditions.matches(&record) && filters.iter().all(|(path, value)| holds(&record, path, value)) {
            kept.push(record);
        } else {
            left_out += 1;
        }
        if kept.len() >= limit {
            break;
        }
    }
    *records = kept;
    Some(left_out)
}

fn count(document: &Document<'_>) -> usize {
    document.as_list().map_or(1, <[_]>::len)
}

/// The status of an operation that was carried out.
pub(super) fn status(operation: Operation) -> StatusCode {
    if operation == Operation::Submit { StatusCode::CREATED } else { StatusCode::OK }
}

/// Whether one of the values at `path` is `text`.
pub(super) fn holds(record: &Document<'_>, path: &FieldPath, text: &str) -> bool {
    let mut found = false;
    record.each_at(path, &mut |value| found |= is(value, text));
    found
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

/// `size`: how long what was read was; what is written is seldom longer.
fn write(document: &Document<'_>, format: Format, contract: &Contract, size: usize) -> Bytes {
    let mut out = Vec::with_capacity(room(size));
    // What a message carries is XML.
    let format = if format == Format::Soap { Format::Xml } else { format };
    adapters::write(format, document, contract, &mut out);
    out.into()
}

/// Room for what becomes of a body of `size` bytes. Beyond the largest, growing costs little beside writing.
fn room(size: usize) -> usize {
    size.clamp(1024, 64 * 1024)
}
