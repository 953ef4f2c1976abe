//! The rest of an exchange whose body, one way or the other, is too long to be held.
//!
//! It passes record by record, under the snapshot of its beginning. What can only deny is asked again
//! every [`LOOK`]: a suspension or a revocation ends it within that time, wherever it waits.
//!
//! A long answer has its opening record before its first byte leaves and its closing before its last,
//! so that none is whole without one. Once it has begun it can be cut, never refused: what cut it
//! stands in the closing record, with how much had left.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::{Gateway, Outcome};
use crate::{
    evidence::Evidence,
    host::{Answer, Connection, Incoming, Outgoing, fields},
    problem,
    refusal::Refusal,
    stages::{self, Admitted, Asked, Beginnings, Flowing, Footing, Intake, Passage, Sight, Uploading},
};

/// How often a long exchange looks whether it still may go on (DESIGN 4, invariant 7).
const LOOK: Duration = Duration::from_secs(1);

/// Looks, from time to time, whether an exchange may go on.
struct Lookout<'e> {
    gateway: &'e Gateway,
    footing: Footing<'e>,
    connection: Arc<Connection>,
    next: Instant,
}

impl Lookout<'_> {
    /// Waits until it is time, and looks.
    async fn look(&mut self) -> Result<(), Refusal> {
        sleep_until(self.next).await;
        self.next = Instant::now() + LOOK;
        let world = self.gateway.keeper.world();
        self.footing.holds(&world.overlay, &self.connection, Timestamp::now())
    }

    /// Does `work`, and looks meanwhile. Work that is always ready lets a look in between.
    async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Refusal> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                looked = self.look() => looked?,
                done = &mut work => return Ok(done),
            }
        }
    }
}

impl Gateway {
    fn lookout<'e>(&'e self, footing: Footing<'e>, request: &Incoming) -> Lookout<'e> {
        let connection = Arc::clone(request.connection());
        Lookout { gateway: self, footing, connection, next: Instant::now() + LOOK }
    }

    /// A long body, to the provider.
    pub(super) async fn take_in<'w>(
        &self,
        admitted: Admitted<'w>,
        beginnings: Beginnings,
        asked: &mut Asked<'_>,
        exchange: Uuid,
        evidence: &mut Evidence<'w>,
    ) -> Result<Outcome<'w>, Refusal> {
        let mut intake = stages::take_in(&admitted, beginnings)?;
        let mut lookout = self.lookout(admitted.footing(), asked.incoming());
        let first = lookout.during(intake.next(asked.incoming())).await?;
        evidence.taken_in(&intake);
        let first = first?;
        let addressed = stages::address(admitted, asked, exchange)?;

        let leaving = Timestamp::now();
        evidence.forwarded(leaving);
        evidence.open().await.map_err(|fault| Refusal::Evidence { fault, outcome_unknown: false })?;
        let errand = stages::errand(addressed.admitted(), asked.incoming().received_at(), leaving);
        let mut uploading = stages::upload(addressed, &errand).await?;
        let given = give(first, &mut intake, &mut uploading, asked.incoming(), &mut lookout).await;
        evidence.taken_in(&intake);
        given.map_err(|why| Refusal::Midway(Box::new(why)))?;

        let answering = uploading.finish(intake.records()).await?;
        self.give_back(answering, asked, exchange, evidence).await
    }

    /// A long reply, to the consumer.
    pub(super) async fn pass_on<'w>(
        &self,
        flowing: Box<Flowing<'w>>,
        request: &mut Incoming,
        exchange: Uuid,
        evidence: &mut Evidence<'w>,
    ) -> Result<Outcome<'w>, Refusal> {
        let sight = Sight::of(&flowing);
        let mut lookout = self.lookout(flowing.admitted().footing(), request);
        let mut passage = stages::pass(flowing, &sight, exchange)?;
        // Still a refusal if it fails: nothing has left. A change may have taken place all the same.
        let changes = evidence.may_change();
        let stopped = |why| if changes { Refusal::Midway(Box::new(why)) } else { why };
        let first = lookout.during(passage.next()).await.map_err(stopped)??;

        evidence.passing(&passage);
        if !evidence.is_open() {
            let outcome_unknown = evidence.may_have_changed();
            evidence.open().await.map_err(|fault| Refusal::Evidence { fault, outcome_unknown })?;
        }
        let mut answer = Answer::new(passage.status(), Bytes::new());
        answer.fields.push(fields::CONTENT_TYPE, passage.format().media_type());
        Self::furnish(&mut answer, evidence);
        problem::name_message(&mut answer, request.headers(), exchange, true);

        evidence.begins(answer.status);
        let mut outgoing = request.begin(answer).await.ok();
        let passed = match &mut outgoing {
            Some(outgoing) => pass(first, &mut passage, outgoing, evidence, &mut lookout).await,
            None => Err(Refusal::ConsumerGone),
        };
        evidence.passed(&passage, passed.as_ref().err(), Timestamp::now());
        if let Err(why) = &passed {
            let face = why.face();
            self.metrics.refused(face.kind, face.blame.as_str());
        }
        match evidence.record().await {
            Ok(()) if passed.is_ok() => {
                // Gone with everything in hand: the answer was complete, whoever still reads it.
                if let Some(outgoing) = outgoing {
                    let _ = outgoing.finish().await;
                }
            }
            Ok(()) => {}
            // Without its end in the journal an answer has none.
            Err(fault) => {
                tracing::error!(exchange = %exchange, %fault, "no evidence, no whole answer: it is cut");
            }
        }
        Ok(Outcome::Passed)
    }
}

/// Gives the provider one piece after the other, until there is none or it takes no more.
async fn give(
    first: Option<stages::Vetted>,
    intake: &mut Intake<'_>,
    uploading: &mut Uploading<'_, '_>,
    request: &mut Incoming,
    lookout: &mut Lookout<'_>,
) -> Result<(), Refusal> {
    let mut next = first;
    while let Some(piece) = next {
        if !lookout.during(uploading.send(piece)).await? {
            // It may say why.
            return Ok(());
        }
        next = lookout.during(intake.next(request)).await??;
    }
    Ok(())
}

/// Sends the consumer one piece after the other. While the provider is waited for, a consumer that
/// goes away is noticed.
async fn pass(
    first: Option<stages::Piece>,
    passage: &mut Passage<'_, '_>,
    outgoing: &mut Outgoing<'_>,
    evidence: &mut Evidence<'_>,
    lookout: &mut Lookout<'_>,
) -> Result<(), Refusal> {
    let mut next = first;
    while let Some(piece) = next {
        evidence.passes(&piece)?;
        lookout.during(outgoing.send(piece.bytes().clone())).await?.map_err(|_| Refusal::ConsumerGone)?;
        next = {
            let made = async {
                tokio::select! {
                    biased;
                    made = passage.next() => made,
                    () = outgoing.gone() => Err(Refusal::ConsumerGone),
                }
            };
            lookout.during(made).await??
        };
    }
    Ok(())
}
