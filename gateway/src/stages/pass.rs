//! A reply too long to be held: its records are checked, selected and released one after the other,
//! as they come. The rules are those of whole replies ([`conform_reply`](super::conform_reply),
//! [`release`](super::release)), applied to each record before anything of it is written.
//!
//! What was in hand when the reply turned out to be long is gone through before the answer begins,
//! so that a provider that breaks its contract there is still told of by a status. After that, a
//! failure can only cut the answer.
//!
//! Memory: the provider's beginning (the limit of whole bodies), one window of the reader, which a
//! record bounds, and one piece of the answer.

use std::sync::Arc;

use adapters::{
    Limits, Unknown,
    stream::{Collection, Next, Records},
};
use bytes::Bytes;
use contracts::{Contract, FieldPath, Shape, View, Violation};
use http::StatusCode;
use jiff::Timestamp;
use policies::{BadRecords, Format, Operation, UnknownFields};
use uuid::Uuid;

use super::{
    Admitted, Flowing, Positions, conform, forward, release,
    text::{self, Inflow},
};
use crate::{host::Flow, refusal::Refusal};

/// What is fed to a reader at once: what a connection gives in one read.
pub(super) const MORSEL: usize = 64 * 1024;

/// What is sent at once: two TLS records. Smaller pieces cost more calls, larger ones make a slow
/// caller's next sign of life, and a suspension's effect on it, later.
pub(super) const PIECE: usize = 32 * 1024;

/// What the consumer of a long reply sees of the contract.
pub struct Sight {
    view: View,
}

/// A long reply on its way to the consumer.
pub struct Passage<'w, 's> {
    admitted: Admitted<'w>,
    contract: &'w Arc<Contract>,
    flow: Flow,
    /// What came and was not fed yet.
    unread: Bytes,
    inflow: Inflow,
    records: Records,
    collection: Collection<'s>,
    filters: Vec<(FieldPath, String)>,
    bad_records: BadRecords,
    exchange: Uuid,
    /// How many records were submitted, where the reply is to hold as many.
    owed: Option<u64>,
    read: u64,
    released: u64,
    left_out: u64,
    set_aside: Positions,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was written.
    Start,
    /// Records are being written.
    Within,
    /// Everything was written.
    Over,
}

/// What one look at the reader gave.
enum Step {
    /// A record, written or not.
    Record,
    /// There is nothing to look at.
    Hungry,
    /// That was all.
    End,
}

/// Proof that the bytes are checked and released records in the consumer's format: a piece of an
/// answer.
#[must_use]
pub struct Piece {
    bytes: Bytes,
    records: u64,
}

impl Piece {
    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many records end in it.
    pub fn records(&self) -> u64 {
        self.records
    }
}

impl Sight {
    /// What the consumer sees of the reply's contract.
    pub fn of(flowing: &Flowing<'_>) -> Self {
        let granted = flowing.admitted().granted();
        Self { view: granted.release().view(granted.version().reply(granted.routed().operation())) }
    }

    fn shape(&self) -> &Shape {
        &self.view.shape
    }
}

/// Takes up a long reply.
///
/// # Errors
/// The provider says no or speaks another format than declared, or records are not read or written
/// one by one in the formats of this exchange.
pub fn pass<'w: 's, 's>(
    flowing: Box<Flowing<'w>>,
    sight: &'s Sight,
    exchange: Uuid,
) -> Result<Passage<'w, 's>, Refusal> {
    let granted = flowing.admitted().granted();
    let operation = granted.routed().operation();
    let version = granted.version();
    let contract = version.reply(operation);
    conform::says_yes(operation, flowing.status())?;
    let broke = |rule| Refusal::ProviderBrokeContract {
        contract: contract.id().clone(),
        unreadable: Some(rule),
        violations: Vec::new(),
        outcome_unknown: operation.changes_state(),
    };
    let declared = text::of_provider(granted);
    conform::as_declared(flowing.headers(), version.format, declared).map_err(broke)?;
    let inflow = Inflow::new(flowing.headers(), declared).map_err(|fault| broke(fault.rule))?;
    let too_large = || match operation.changes_state() {
        false => Refusal::ProviderTooLarge,
        true => Refusal::ProviderBroken { outcome_unknown: true },
    };
    granted.grant().operation.stream.ok_or_else(too_large)?;
    let unknown = if version.unknown_fields == UnknownFields::Drop { Unknown::Drop } else { Unknown::Keep };
    let records = Records::new(version.format, Arc::clone(contract), unknown, Limits::default());
    let collection = Collection::new(granted.format(), contract, sight.shape());
    let (Some(records), Some(collection)) = (records, collection) else { return Err(too_large()) };
    // A receipt under a contract of its own is not the records.
    let counted = operation == Operation::Submit && contract.id() == version.contract.id();
    let owed = counted.then(|| u64::try_from(flowing.sent_records()).unwrap_or(u64::MAX));
    let filters = granted.routed().filters().iter();
    let filters =
        filters.filter_map(|(name, value)| Some((name.parse().ok()?, value.clone().into_owned()))).collect();
    let bad_records = conform::replied_badly(granted);
    let (admitted, flow, unread) = flowing.into_parts();
    Ok(Passage {
        admitted,
        contract,
        flow,
        unread,
        inflow,
        records,
        collection,
        filters,
        bad_records,
        exchange,
        owed,
        read: 0,
        released: 0,
        left_out: 0,
        set_aside: Positions::default(),
        stage: Stage::Start,
    })
}

impl<'w> Passage<'w, '_> {
    /// What was admitted.
    pub fn admitted(&self) -> &Admitted<'w> {
        &self.admitted
    }

    /// The status for the consumer.
    pub fn status(&self) -> StatusCode {
        release::status(self.admitted.granted().routed().operation())
    }

    /// The format the consumer reads.
    pub fn format(&self) -> Format {
        self.admitted.granted().format()
    }

    /// The fields withheld.
    pub fn withheld(&self) -> &'w [FieldPath] {
        self.admitted.granted().release().withheld()
    }

    /// When the provider's request had gone out.
    pub fn sent_at(&self) -> Timestamp {
        self.flow.sent_at()
    }

    /// The records that were set aside so far.
    pub fn set_aside(&self) -> &Positions {
        &self.set_aside
    }

    /// How many records stayed behind so far: beyond the agreement's, or not asked for.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The next piece of the answer, `None` when it is complete. The first holds what was in hand when
    /// the reply turned out to be long.
    ///
    /// # Errors
    /// The provider broke off or broke the contract: the answer is not complete, and never will be.
    pub async fn next(&mut self) -> Result<Option<Piece>, Refusal> {
        let mut out = Vec::with_capacity(PIECE + PIECE / 2);
        let before = self.released;
        let first = self.stage == Stage::Start;
        if first {
            self.collection.begin(&mut out);
            self.stage = Stage::Within;
        }
        while self.stage == Stage::Within && (out.len() < PIECE || first && !self.unread.is_empty()) {
            match self.step(&mut out)? {
                Step::Record => conform::breathe_within(self.read).await,
                Step::Hungry => self.feed().await?,
                Step::End => {
                    self.collection.end(&mut out);
                    self.stage = Stage::Over;
                }
            }
        }
        let piece = Piece { records: self.released - before, bytes: out.into() };
        Ok((!piece.bytes.is_empty()).then_some(piece))
    }

    /// Gives the reader what it asks for.
    async fn feed(&mut self) -> Result<(), Refusal> {
        if self.unread.is_empty() {
            let routed = self.admitted.granted().routed();
            let changes = routed.operation().changes_state();
            match self
                .flow
                .piece()
                .await
                .map_err(|fault| forward::failed(fault, false, &routed.service().id, changes))?
            {
                Some(piece) => self.unread = piece,
                None => {
                    let ended = self.inflow.end(&mut self.records);
                    return ended.map_err(|fault| self.broke(Some(fault.rule), Vec::new()));
                }
            }
        }
        let morsel = self.unread.split_to(self.unread.len().min(MORSEL));
        let fed = self.inflow.feed(&morsel, &mut self.records);
        fed.map_err(|fault| self.broke(Some(fault.rule), Vec::new()))
    }

    fn broke(&self, unreadable: Option<&'static str>, violations: Vec<Violation>) -> Refusal {
        Refusal::ProviderBrokeContract {
            contract: self.contract.id().clone(),
            unreadable,
            violations,
            outcome_unknown: self.admitted.granted().routed().operation().changes_state(),
        }
    }

    /// Looks at one record: nothing of it is written unless it keeps the contract, lies within the
    /// agreement and what was asked for, and then no more of it than is released.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<Step, Refusal> {
        let granted = self.admitted.granted();
        let routed = granted.routed();
        let version = granted.version();
        let snapshot = &routed.caller().world().snapshot;
        let contract = self.contract;
        let broke = |unreadable, violations| Refusal::ProviderBrokeContract {
            contract: contract.id().clone(),
            unreadable,
            violations,
            outcome_unknown: routed.operation().changes_state(),
        };
        let (index, mut record) = match self.records.next() {
            Ok(Next::Record { index, document }) => (index, document),
            Ok(Next::More) => return Ok(Step::Hungry),
            Ok(Next::End) if self.owed.is_some_and(|owed| owed != self.read) => {
                return Err(broke(Some("wrong-count"), Vec::new()));
            }
            Ok(Next::End) => return Ok(Step::End),
            Err(fault) => return Err(broke(Some(fault.rule), Vec::new())),
        };
        self.read += 1;
        if version.unknown_fields == UnknownFields::Drop {
            contract.drop_unknown(&mut record);
        }
        if let Err(violations) = contract.check(&record, snapshot.settings().limits.violations) {
            if self.bad_records == BadRecords::Stop {
                return Err(broke(None, conform::of_record(index, violations).collect()));
            }
            self.set_aside.add(index);
            conform::tell(self.exchange, &self.set_aside, index, &violations);
            return Ok(Step::Record);
        }
        // A provider that ignores a filter must not widen what was asked for.
        let wanted = granted.conditions().matches(&record)
            && self.filters.iter().all(|(path, value)| release::holds(&record, path, value));
        if wanted {
            granted.release().apply(&mut record, snapshot.mask_keys());
            self.collection.record(&record, out);
            self.released += 1;
        } else {
            self.left_out += 1;
        }
        let enough = routed.limit().is_some_and(|limit| self.released >= limit as u64);
        Ok(if enough { Step::End } else { Step::Record })
    }
}
