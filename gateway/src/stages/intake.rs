//! A body too long to be held, on its way to the provider: its records are checked one after the
//! other, as they come, and passed on as they are found good.
//!
//! What was in hand when the body turned out to be long is gone through before anything leaves. Most
//! bodies that are wrong are wrong from the start, and are refused with nothing sent. After that, a
//! bad record stops the exchange (the provider sees a body that breaks off, never one that ends) or is
//! set aside, as the operation declares. Only what breaks the contract can be set aside: what lies
//! beyond the agreement is no mistake to be overlooked.

use std::sync::Arc;

use adapters::{
    Expect, Limits, Unknown,
    stream::{Collection, Next, Records, Root},
};
use bytes::Bytes;
use contracts::{Contract, Violation};
use policies::{BadRecords, Conditions};
use ring::digest::{Context, Digest, SHA256};

use super::{
    Addressed, Admitted, Answering, Beginnings, Positions, conform,
    forward::{answering, failed},
    pass::{MORSEL, PIECE},
    text::Inflow,
};
use crate::{
    host::{Again, BodyFault, Call, Errand, Incoming, Upload},
    refusal::Refusal,
};

/// A long body on its way to the provider.
pub struct Intake<'w> {
    contract: &'w Arc<Contract>,
    conditions: &'w Conditions,
    bad_records: BadRecords,
    /// How many violations are told.
    violations: usize,
    unread: Bytes,
    inflow: Inflow,
    records: Records,
    collection: Collection<'w>,
    digest: Context,
    bytes: u64,
    good: usize,
    set_aside: Positions,
    /// What is wrong with the first that was set aside, told where none is good.
    broken: Vec<Violation>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was passed on.
    Start,
    /// Records are being passed on.
    Within,
    /// Everything was passed on.
    Over,
}

/// What one look at the reader gave.
enum Step {
    /// A record, passed on or set aside.
    Record,
    /// There is nothing to look at.
    Hungry,
    /// That was all.
    End,
}

/// Proof that the bytes are checked records in the provider's format: a piece of a body.
#[must_use]
pub struct Vetted {
    bytes: Vec<u8>,
}

/// Takes up a long body.
///
/// # Errors
/// Records are not read or written one by one in its format or the provider's.
pub fn take_in<'w>(admitted: &Admitted<'w>, beginnings: Beginnings) -> Result<Intake<'w>, Refusal> {
    let granted = admitted.granted();
    let version = granted.version();
    let contract = &version.contract;
    let too_large = || Refusal::Body(BodyFault::TooLarge);
    let terms = granted.grant().operation.stream.ok_or_else(too_large)?;
    let records = Records::new(beginnings.format, Arc::clone(contract), Unknown::Keep, Limits::default());
    let collection = Collection::new(version.format, contract, contract.shape());
    let (Some(records), Some(collection)) = (records, collection) else { return Err(too_large()) };
    Ok(Intake {
        contract,
        conditions: granted.conditions(),
        bad_records: terms.bad_records,
        violations: granted.routed().caller().world().snapshot.settings().limits.violations,
        unread: beginnings.bytes,
        inflow: beginnings.inflow,
        // One record that is too long to be held is told from what is no record at all.
        records: records.expecting(Expect::Either),
        collection,
        digest: Context::new(&SHA256),
        bytes: 0,
        good: 0,
        set_aside: Positions::default(),
        broken: Vec::new(),
        stage: Stage::Start,
    })
}

impl Intake<'_> {
    /// How many bytes were taken in.
    pub fn size(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of what was taken in.
    pub fn digest(&self) -> Digest {
        self.digest.clone().finish()
    }

    /// How many records were found good.
    pub fn records(&self) -> usize {
        self.good
    }

    /// The records set aside.
    pub fn set_aside(&self) -> &Positions {
        &self.set_aside
    }

    /// The next piece for the provider, `None` when there is no more. The first holds what was in hand
    /// when the body turned out to be long, and at least one record.
    ///
    /// # Errors
    /// Broken off, unreadable, outside the agreement's records, or breaking the contract where that
    /// stops the exchange, or where no record keeps it.
    pub async fn next(&mut self, request: &mut Incoming) -> Result<Option<Vetted>, Refusal> {
        let mut out = Vec::with_capacity(PIECE + PIECE / 2);
        let first = self.stage == Stage::Start;
        if first {
            self.collection.begin(&mut out);
            self.stage = Stage::Within;
        }
        let mut looked = 0;
        while self.stage == Stage::Within
            && (out.len() < PIECE || first && (!self.unread.is_empty() || self.good == 0))
        {
            match self.step(&mut out)? {
                Step::Record => {
                    looked += 1;
                    conform::breathe_within(looked).await;
                }
                Step::Hungry => self.feed(request).await?,
                Step::End => {
                    self.collection.end(&mut out);
                    self.stage = Stage::Over;
                }
            }
        }
        Ok((!out.is_empty()).then_some(Vetted { bytes: out }))
    }

    /// Gives the reader what it asks for.
    async fn feed(&mut self, request: &mut Incoming) -> Result<(), Refusal> {
        if self.unread.is_empty() {
            match request.piece().await.map_err(Refusal::Body)? {
                Some(piece) => self.unread = piece,
                None => return self.inflow.end(&mut self.records).map_err(Refusal::Unreadable),
            }
        }
        let morsel = self.unread.split_to(self.unread.len().min(MORSEL));
        self.bytes += morsel.len() as u64;
        self.digest.update(&morsel);
        self.inflow.feed(&morsel, &mut self.records).map_err(Refusal::Unreadable)
    }

    /// Looks at one record: nothing of it is passed on unless it keeps the contract and lies within
    /// the agreement.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<Step, Refusal> {
        let broken = |violations| Refusal::Violations { contract: self.contract.id().clone(), violations };
        let next = self.records.next().map_err(Refusal::Unreadable)?;
        let (index, record) = match next {
            Next::Record { index, document } => (index, document),
            Next::More => return Ok(Step::Hungry),
            Next::End if self.good == 0 && self.broken.is_empty() => {
                return Err(broken(vec![conform::nothing_submitted()]));
            }
            Next::End if self.good == 0 => return Err(broken(std::mem::take(&mut self.broken))),
            Next::End => return Ok(Step::End),
        };
        let judged = self.contract.check(&record, self.violations);
        let within = self.conditions.matches(&record);
        if judged.is_ok() && within {
            self.collection.record(&record, out);
        }
        if self.records.root() == Some(Root::Record) {
            return Err(Refusal::Body(BodyFault::TooLarge));
        }
        match judged {
            Ok(()) if !within => return Err(Refusal::RecordOutsideScope),
            Ok(()) => self.good += 1,
            Err(violations) if self.bad_records == BadRecords::Stop => {
                return Err(broken(conform::of_record(index, violations).collect()));
            }
            Err(violations) => {
                if self.set_aside.is_empty() {
                    self.broken = conform::of_record(index, violations).collect();
                }
                self.set_aside.add(index);
            }
        }
        Ok(Step::Record)
    }
}

/// A long body being given to the provider.
pub struct Uploading<'w, 'e> {
    upload: Upload,
    errand: &'e Errand,
    admitted: Admitted<'w>,
}

/// Begins to give a long body to the provider.
///
/// # Errors
/// It cannot be reached: nothing was sent.
pub async fn upload<'w, 'e>(
    addressed: Addressed<'w>,
    errand: &'e Errand,
) -> Result<Uploading<'w, 'e>, Refusal> {
    let Addressed { admitted, method, target, fields } = addressed;
    let granted = admitted.granted();
    let routed = granted.routed();
    let snapshot = &routed.caller().world().snapshot;
    let provider = snapshot.provider(routed.key(), routed.version()).ok_or(Refusal::ProviderUnreachable)?;
    let call = Call {
        method,
        path_and_query: &target,
        fields: &fields,
        body: Bytes::new(),
        errand,
        reply_limit: granted.body_cap(),
        again: Again::Never,
    };
    let failed = |fault| failed(fault, errand.is_shortened(), &routed.service().id, true);
    let upload = provider.upload(call).await.map_err(failed)?;
    Ok(Uploading { upload, errand, admitted })
}

impl<'w> Uploading<'w, '_> {
    /// Gives a piece; whether the provider takes more.
    pub async fn send(&mut self, piece: Vetted) -> bool {
        self.upload.send(&piece.bytes).await
    }

    /// Ends the body and hears what the provider says of it.
    ///
    /// # Errors
    /// It says nothing, or says yes to a body that it has not seen to its end.
    pub async fn finish(self, records: usize) -> Result<Answering<'w>, Refusal> {
        let Self { upload, errand, admitted } = self;
        let refused = upload.is_refused();
        let granted = admitted.granted();
        let failed = |fault| failed(fault, errand.is_shortened(), &granted.routed().service().id, true);
        let mut flow = upload.finish().await.map_err(failed)?;
        if refused && flow.status().is_success() {
            return Err(Refusal::ProviderBroken { outcome_unknown: true });
        }
        let beginning = flow.beginning(granted.body_cap()).await.map_err(failed)?;
        Ok(answering((flow, beginning), admitted, false, records))
    }
}
