//! What a provider answered: that it said yes, that its body keeps the contract, and that it is an answer
//! to what was asked.

use adapters::{Expect, Limits, Reading, Unknown, population};
use contracts::{Document, Violation};
use policies::{BadRecords, Format, Operation, UnknownFields};
use uuid::Uuid;

use super::{
    answer::{as_declared, fault_of, says_yes},
    read,
    records::{check, count, names, records_mut, sift},
    signed::unsigned,
};
use crate::{
    refusal::{Refusal, anywhere},
    soap::Said,
    stages::{Granted, Positions, Replied, text},
};

/// How many records of a reply that are set aside are told of one by one in the log: who mends one of
/// them mends most.
const TOLD: u64 = 10;

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

/// What becomes of a bad record in a reply. What the operation declares is said of the records it is
/// about: of those asked for, or of those submitted. A provider that answers a submission with records
/// answers for each.
pub(in crate::stages) fn replied_badly(granted: &Granted<'_>) -> BadRecords {
    match granted.grant().operation.stream {
        Some(terms) if !granted.routed().operation().changes_state() => terms.bad_records,
        _ => BadRecords::Stop,
    }
}

/// For the operators, who take it up with the provider: which record, which field, which rule. `all` is
/// what was set aside so far, this one included.
pub(in crate::stages) fn tell(exchange: Uuid, all: &Positions, index: usize, violations: &[Violation]) {
    if let Some(violation) = violations.first().filter(|_| all.count() <= TOLD) {
        let (field, rule) = (anywhere(violation), violation.rule.code());
        tracing::warn!(exchange = %exchange, index, field, rule, "a record of a reply is set aside");
    }
}

fn verdict_document(verdict: population::Verdict) -> Document<'static> {
    let mut record = contracts::Record::with_capacity(1);
    record.push("KetQua", Document::Text(verdict.as_str().into()));
    Document::Record(record)
}
