//! An exchange: one request and its answer, from the first check to the record of it.
//!
//! [`Gateway::conduct`] is the whole life of a request, top to bottom. Each line is a stage; each
//! stage takes the proof that the one before made, so that leaving a check out does not compile
//! (see [`crate::stages`]). Whatever the exit, [`Gateway::exchange`] records it before the answer.

use std::sync::Arc;

use jiff::Timestamp;
use policies::SystemKey;
use uuid::Uuid;

use crate::{
    description::page::Wanted,
    discovery::Page,
    evidence::Evidence,
    host::{
        Answer, Answered, Application, Incoming, Refused,
        fields::{self, Name},
    },
    journal::{Durability, Entry, Journal, JournalFault, SubjectKey, Times},
    metrics::Metrics,
    problem::{self, Manner},
    quota::Quota,
    refusal::{Blame, Refusal},
    stages::{self, Answering, Asked, Body, Released},
    stated::Stated,
    world::{Keeper, World},
};

mod long;

/// The gateway: what serves every connection of every worker.
pub struct Gateway {
    keeper: Arc<Keeper>,
    journal: Arc<Journal>,
    quota: Arc<Quota>,
    metrics: Arc<Metrics>,
    subjects: SubjectKey,
    started_at: Timestamp,
}

/// Which records of a submission were set aside: `3; at="4, 17-18"`. Of a reply it only says `possible`,
/// wherever the operation declares it: when the answer begins nobody may know yet, and which records
/// of a provider are bad would tell of some that are not the caller's to see.
const SET_ASIDE: Name = Name::of("lt-set-aside");

/// What an exchange that was not refused ends in.
enum Outcome<'w> {
    /// Data of a provider.
    Released(Released<'w>),
    /// The gateway's own knowledge.
    Shown(Answer),
    /// An answer that went out in pieces, and is recorded.
    Passed,
}

impl Gateway {
    /// Puts the parts together.
    pub fn new(
        keeper: Arc<Keeper>,
        journal: Arc<Journal>,
        quota: Arc<Quota>,
        metrics: Arc<Metrics>,
        subjects: SubjectKey,
    ) -> Self {
        Self { keeper, journal, quota, metrics, subjects, started_at: Timestamp::now() }
    }

    /// A request's life.
    async fn conduct<'w>(
        &self,
        world: &'w World,
        exchange: Uuid,
        request: &mut Incoming,
        evidence: &mut Evidence<'w>,
    ) -> Result<Outcome<'w>, Refusal> {
        let now = request.received_at();

        let stated = Stated::of(request.headers());
        let caller = stages::identify(world, request, &stated, now)?;
        evidence.called_by(&caller);
        if let Some(page) = Page::at(request.path()) {
            evidence.looks_at(page.template());
            return page.show(&caller, request, now).map(Outcome::Shown);
        }
        if let Some(wanted) = Wanted::at(&caller, request)? {
            evidence.looks_at(wanted.template());
            evidence.describes(wanted.service(), wanted.version());
            return wanted.show(&caller, request, now).map(Outcome::Shown);
        }
        let (caller, mut asked) = stages::understand(caller, stated, request, now).await?;
        evidence.understood(&caller, &asked);
        let routed = stages::route(caller, &asked)?;
        evidence.routed(&routed, &asked);
        let granted = stages::authorize(routed, &asked, now)?;
        evidence.granted(&granted);
        let (admitted, place) = stages::admit(granted, now).await?;
        evidence.admitted(place);

        let received = match stages::receive(&admitted, &mut asked).await? {
            Body::Whole(received) => received,
            Body::Long(beginnings) => {
                return self.take_in(admitted, beginnings, &mut asked, exchange, evidence).await;
            }
        };
        evidence.received(&received);
        let conforming = stages::conform(admitted, &received).await?;
        evidence.conforms(&conforming);
        let outbound = stages::translate(conforming, &asked, exchange)?;
        evidence.carries(&outbound);

        let leaving = Timestamp::now();
        evidence.forwarded(leaving);
        if outbound.needs_opening() {
            evidence.open().await.map_err(|fault| Refusal::Evidence { fault, outcome_unknown: false })?;
        }
        let errand = stages::errand(outbound.admitted(), now, leaving);
        let confirmed = stages::confirm(outbound, &asked, &errand, exchange).await;
        evidence.sent_again(errand.retries());
        let confirmed = confirmed?;
        evidence.sends();
        let answering = stages::forward(confirmed, &errand).await;
        evidence.sent_again(errand.retries());
        let answering = answering?;
        self.give_back(answering, &mut asked, exchange, evidence).await
    }

    /// What the provider answered, on its way back.
    async fn give_back<'w>(
        &self,
        answering: Answering<'w>,
        asked: &mut Asked<'_>,
        exchange: Uuid,
        evidence: &mut Evidence<'w>,
    ) -> Result<Outcome<'w>, Refusal> {
        let replied = match answering {
            Answering::Whole(replied) => replied,
            Answering::Long(flowing) => {
                return self.pass_on(flowing, asked.incoming(), exchange, evidence).await;
            }
        };
        evidence.replied(&replied);
        let checked = stages::conform_reply(&replied, exchange).await?;
        evidence.checked(&checked);
        stages::release(checked).await.map(Outcome::Released)
    }

    /// The answer that tells of a refusal, and what it adds to the evidence.
    fn refusal(&self, refusal: &Refusal, request: &Incoming, evidence: &mut Evidence<'_>) -> Answer {
        let face = refusal.face();
        let answer = problem::answer(refusal, &face, evidence.exchange(), Manner::asked(request));
        self.metrics.refused(face.kind, face.blame.as_str());
        if face.blame == Blame::Provider {
            // What the consumer is told, the operators need too: they take it up with the provider.
            for violation in refusal.violations().iter() {
                let (field, rule) = (&violation.path, violation.rule.code());
                tracing::warn!(exchange = %evidence.exchange(), field, rule, "a reply breaks its contract");
            }
        }
        evidence.refused(refusal, &face, &answer.body, request, Timestamp::now());
        answer
    }

    /// What could not be recorded is not answered for: nothing is released, and of a change nobody is
    /// told that it took place, nor that it did not.
    fn without_evidence(
        &self,
        fault: JournalFault,
        outcome_unknown: bool,
        exchange: Uuid,
        manner: Manner,
    ) -> Answer {
        tracing::error!(exchange = %exchange, %fault, "no evidence, no exchange: answered with 503");
        let refusal = Refusal::Evidence { fault, outcome_unknown };
        let face = refusal.face();
        self.metrics.refused(face.kind, face.blame.as_str());
        problem::answer(&refusal, &face, exchange, manner)
    }
}

impl Application for Gateway {
    async fn exchange(&self, request: &mut Incoming) -> Answered {
        let world = self.keeper.world_here();
        let exchange = named_at(request.received_at());
        let _under_way = self.metrics.under_way();
        let mut evidence = Evidence::begin(&self.journal, &self.subjects, &world, exchange, request);

        let conducted = self.conduct(&world, exchange, request, &mut evidence).await;
        // Who is refused need not be whom a header names.
        let known = conducted.is_ok();
        let mut answer = match conducted {
            Ok(Outcome::Released(released)) => {
                evidence.released(&released, Timestamp::now());
                Self::answer(&released, &evidence)
            }
            Ok(Outcome::Shown(mut answer)) => {
                evidence.shown(answer.status, &answer.body, Timestamp::now());
                problem::name_exchange(&mut answer, exchange);
                answer
            }
            Ok(Outcome::Passed) => {
                evidence.measure();
                evidence.log();
                return Answered::InPieces;
            }
            Err(refusal) => self.refusal(&refusal, request, &mut evidence),
        };
        if let Err(fault) = evidence.record().await {
            let changed = evidence.may_have_changed();
            answer = self.without_evidence(fault, changed, exchange, Manner::asked(request));
        }
        if let Some(leaving) = evidence.leaving_version(request.received_at()) {
            leaving.tell(&mut answer);
        }
        evidence.measure();
        evidence.log();
        problem::name_message(&mut answer, request.headers(), exchange, known);
        Answered::Whole(answer)
    }

    fn sweep(&self) {
        self.keeper.let_go();
    }

    async fn refuse(&self, refused: &Refused<'_>) -> Answer {
        let exchange = named_at(refused.received_at);
        let manner = refused
            .headers
            .map(|headers| Manner::of_head(refused.method, refused.path, headers))
            .unwrap_or_default();
        let refusal = Refusal::Unclean(refused.fault);
        let face = refusal.face();
        let answer = problem::answer(&refusal, &face, exchange, manner);
        self.metrics.refused(face.kind, face.blame.as_str());
        let world = self.keeper.world();
        let snapshot = &world.snapshot;
        // Whoever was recognised on this connection before; nobody is looked up for an unclean request.
        let known = refused.connection.peer.slot.recall::<Option<SystemKey>>(snapshot.generation()).flatten();
        let entry = Entry {
            exchange,
            times: Times {
                request_in: Some(refused.received_at.as_microsecond()),
                response_out: Some(Timestamp::now().as_microsecond()),
                ..Times::default()
            },
            caller: known.map(|key| snapshot.register().system(key).id.as_str()),
            certificate: Some(&refused.connection.peer.facts.fingerprint_sha256),
            snapshot: Some(snapshot.digest()),
            decision: Some("refused"),
            rule: Some(face.kind),
            fault: Some(face.blame.as_str()),
            status: Some(face.status.as_u16()),
            ..Entry::default()
        };
        match self.journal.whole(&entry, Durability::Written).await {
            Ok(()) => answer,
            Err(fault) => self.without_evidence(fault, false, exchange, manner),
        }
    }
}

impl Gateway {
    /// What was released, as the consumer gets it.
    fn answer(released: &Released<'_>, evidence: &Evidence<'_>) -> Answer {
        let mut answer = Answer::new(released.status(), released.body().clone());
        if !released.body().is_empty() {
            answer.fields.push(fields::CONTENT_TYPE, released.media_type());
        }
        if let Some(etag) = released.etag() {
            answer.fields.pass(fields::ETAG, etag);
        }
        if let Some(location) = released.location() {
            answer.fields.push(fields::LOCATION, location);
        }
        Self::furnish(&mut answer, evidence);
        answer
    }

    /// What every answer with data says besides.
    fn furnish(answer: &mut Answer, evidence: &Evidence<'_>) {
        // Released under one caller's agreement: no cache may give it to another.
        answer.fields.push(fields::CACHE_CONTROL, "no-store");
        if let Some(place) = evidence.place() {
            problem::tell_limits(answer, &place.permit().rate_limit());
        }
        if let Some(told) = evidence.set_aside() {
            answer.fields.push(SET_ASIDE, &told);
        }
        problem::name_exchange(answer, evidence.exchange());
    }

    /// What decides.
    pub fn keeper(&self) -> &Arc<Keeper> {
        &self.keeper
    }

    /// The evidence.
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// The counts.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The quotas.
    pub fn quota(&self) -> &Arc<Quota> {
        &self.quota
    }

    /// When it was put together.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }
}

/// The id of an exchange that began then: its milliseconds, and chance (RFC 9562 section 5.7). Ids of the library's own
/// clock are counted on within a millisecond, by all workers under one lock; nothing here asks for that.
fn named_at(received_at: Timestamp) -> Uuid {
    let seconds = u64::try_from(received_at.as_second()).unwrap_or_default();
    let nanoseconds = u32::try_from(received_at.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
}

#[cfg(test)]
mod tests;
