//! What a consumer sent: received as the operation allows, read, and checked against the contract and
//! against the agreement's records.

use adapters::{Expect, Reading, Unknown, xml::Signed};
use bytes::Bytes;
use contracts::{Document, Violation};
use policies::{BadRecords, Format, Operation};
use ring::digest::{Digest, SHA256, digest};

use super::{
    read,
    records::{check, count, names, nothing_submitted, of_record, records, sift},
    signed::signatures,
};
use crate::{
    host::Beginning,
    negotiation::content_format,
    refusal::Refusal,
    stages::{
        Admitted, Asked, Positions,
        text::{self, Inflow},
    },
};

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

    /// Whether it bears a signature.
    pub fn is_signed(&self) -> bool {
        self.signed.is_some()
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
    pub(in crate::stages) bytes: Bytes,
    pub(in crate::stages) format: Format,
    pub(in crate::stages) inflow: Inflow,
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

    pub(in crate::stages) fn into_admitted(self) -> Admitted<'w> {
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
