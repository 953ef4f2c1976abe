//! What is known of an exchange so far, for the journal: filled in as the stages go, so that any
//! exit can be recorded with everything that was reached.
//!
//! Here it is filled in; `written` makes journal records of it, and `operators` counts and logs.

mod operators;
mod written;

use contracts::{Contract, Document, FieldPath, Form, identifiers::IdentifierKind};
use http::StatusCode;
use jiff::Timestamp;
use policies::{Agreement, BadRecords, MemberId, Operation, Service, ServiceKey, Streaming, SystemKey};
use ring::digest::{Context, Digest, SHA256, digest};
use uuid::Uuid;

use crate::{
    host::Incoming,
    journal::{Durability, Journal, SubjectKey, Times},
    lifetime::Leaving,
    refusal::{Face, Refusal},
    stages::{
        Asked, Caller, Carried, Checked, Conforming, Granted, Intake, Outbound, Passage, Piece, Place,
        Positions, Received, Released, Replied, Routed,
    },
    world::World,
};

/// The identifier of persons; a record or filter that names one has a subject.
const PERSON: IdentifierKind = IdentifierKind::SoDinhDanh;

/// What stands for a purpose that is none of ours: such a text may be anything.
const UNKNOWN: &str = "?";

/// By which readers stop at a signature where nobody looks for one: in messages and in long bodies.
const SIGNED: &str = "signed-document";
/// What is said of a signed document that did not go on.
const REFUSED: &str = "refused";
/// What is said of a provider's signed document that was done without.
const KEPT_BACK: &str = "kept-back";

/// The record of one exchange in the making.
pub struct Evidence<'w> {
    journal: &'w Journal,
    subjects: &'w SubjectKey,
    world: &'w World,
    exchange: Uuid,
    times: Times,
    /// When the provider was about to be called.
    leaving: Option<i64>,
    certificate: [u8; 32],
    caller: Option<&'w str>,
    represented: Option<&'w str>,
    route: Option<&'static str>,
    service: Option<&'w Service>,
    service_key: Option<ServiceKey>,
    version: Option<u32>,
    operation: Option<Operation>,
    contract: Option<&'w Contract>,
    filters: Vec<&'w str>,
    agreement: Option<&'w Agreement>,
    purpose: Option<&'w str>,
    officer: Option<String>,
    subject: Option<[u8; 32]>,
    request_bytes: Option<u64>,
    request_sha256: Option<[u8; 32]>,
    response_bytes: Option<u64>,
    response_sha256: Option<[u8; 32]>,
    records: Option<u64>,
    withheld: Vec<&'w str>,
    status: Option<u16>,
    rule: Option<&'static str>,
    cause: Option<String>,
    format: Option<&'static str>,
    fault: Option<&'static str>,
    place: Option<Place<'w>>,
    /// Records that were set aside.
    set_aside: Option<u64>,
    /// Records of a reply that stayed behind.
    left_out: Option<u64>,
    /// The records that broke the contract.
    bad_at: Option<String>,
    /// What became of the request's document, when it bears a signature.
    request_signed: Option<&'static str>,
    /// What became of the provider's.
    response_signed: Option<&'static str>,
    /// Whether the provider was to be given what was sent.
    sending: bool,
    /// Whether records of a reply are set aside.
    may_lack: bool,
    /// What has left of a long answer.
    /// Boxed: a digest in the making is large, and few exchanges have one.
    passed: Option<Box<Passed>>,
    /// How often the provider was sent again what may have reached it before.
    retries: Option<u64>,
    durability: Durability,
    /// An opening record stands, so that a closing is owed.
    opened: bool,
    /// The last record is not written yet.
    owed: bool,
}

/// What has left of an answer that goes out in pieces.
struct Passed {
    records: u64,
    bytes: u64,
    digest: Context,
}

impl<'w> Evidence<'w> {
    /// Begins with what the connection tells.
    pub fn begin(
        journal: &'w Journal,
        subjects: &'w SubjectKey,
        world: &'w World,
        exchange: Uuid,
        request: &Incoming,
    ) -> Self {
        Self {
            journal,
            subjects,
            world,
            exchange,
            times: Times { request_in: Some(request.received_at().as_microsecond()), ..Times::default() },
            leaving: None,
            certificate: request.connection().peer.facts.fingerprint_sha256,
            caller: None,
            represented: None,
            route: None,
            service: None,
            service_key: None,
            version: None,
            operation: None,
            contract: None,
            filters: Vec::new(),
            agreement: None,
            purpose: None,
            officer: None,
            subject: None,
            request_bytes: None,
            request_sha256: None,
            response_bytes: None,
            response_sha256: None,
            records: None,
            withheld: Vec::new(),
            status: None,
            rule: None,
            cause: None,
            format: None,
            fault: None,
            place: None,
            set_aside: None,
            left_out: None,
            bad_at: None,
            request_signed: None,
            response_signed: None,
            sending: false,
            may_lack: false,
            passed: None,
            retries: None,
            durability: Durability::Written,
            opened: false,
            owed: true,
        }
    }

    /// The exchange's id.
    pub fn exchange(&self) -> Uuid {
        self.exchange
    }

    /// Who calls.
    pub fn called_by(&mut self, caller: &Caller<'w>) {
        self.caller = Some(caller.system().id.as_str());
        self.represented = caller.represented_id().map(MemberId::as_str);
    }

    /// What a message was, and for whom its blocks say the caller speaks.
    pub fn understood(&mut self, caller: &Caller<'w>, asked: &Asked<'_>) {
        self.represented = caller.represented_id().map(MemberId::as_str);
        if let Some(message) = asked.message() {
            self.request_bytes = Some(message.size() as u64);
            self.request_sha256 = Some(bytes32(message.digest()));
        }
    }

    /// Which version of a service a description is asked of.
    pub fn describes(&mut self, service: &'w Service, version: u32) {
        self.service = Some(service);
        self.version = Some(version);
    }

    /// The version that is asked for, when it is on its way out.
    pub fn leaving_version(&self, now: Timestamp) -> Option<Leaving<'w>> {
        Leaving::of(self.service?, self.version?, now)
    }

    /// Which of the gateway's own pages is asked for.
    pub fn looks_at(&mut self, template: &'static str) {
        self.route = Some(template);
    }

    /// What is asked for; purpose and officer as stated, whatever is decided of them.
    pub fn routed(&mut self, routed: &Routed<'w>, request: &Asked<'_>) {
        self.route = Some(routed.template());
        self.service = Some(routed.service());
        self.service_key = Some(routed.key());
        self.version = Some(routed.version());
        self.operation = Some(routed.operation());
        // The format wanted most, until one is decided on.
        let [wanted, ..] = routed.formats().read;
        self.format = wanted.map(|format| format.as_str());
        // What is malformed is refused, and not repeated in the record.
        let register = self.world.snapshot.register();
        self.purpose = request
            .stated()
            .purpose()
            .ok()
            .flatten()
            .map(|stated| register.purpose(stated).map_or(UNKNOWN, |purpose| purpose.id.as_str()));
        self.officer = request.stated().officer().ok().flatten().map(str::to_owned);
        let Some(version) = routed.service().version(routed.version()) else { return };
        let contract: &'w Contract = &version.contract;
        self.contract = Some(contract);
        for (name, value) in routed.filters() {
            let field = name.parse().ok().and_then(|path: FieldPath| contract.shape().field(&path));
            if let Some(field) = field {
                self.filters.push(field.path.as_str());
                if field.identifier == Some(PERSON) {
                    self.subject = Some(self.subjects.of(value));
                }
            }
        }
        let key = contract.shape().field(contract.key());
        if let (Some(id), Some(PERSON)) = (routed.id(), key.and_then(|field| field.identifier)) {
            self.subject = Some(self.subjects.of(id));
        }
    }

    /// What allowed it.
    pub fn granted(&mut self, granted: &Granted<'w>) {
        self.rests_on(granted.grant().agreement);
        self.format = Some(granted.format().as_str());
        let sets_aside = |terms: Streaming| terms.bad_records == BadRecords::SetAside;
        self.may_lack = !self.may_change() && granted.grant().operation.stream.is_some_and(sets_aside);
    }

    /// What was sent.
    pub fn received(&mut self, received: &Received) {
        self.request_bytes = received.digest().map(|_| received.size() as u64);
        self.request_sha256 = received.digest().map(bytes32);
        // Unless it goes on.
        self.request_signed = received.is_signed().then_some(REFUSED);
    }

    /// What was found in it.
    pub fn conforms(&mut self, conforming: &Conforming<'w, '_>) {
        let Some(document) = conforming.document() else { return };
        self.records = Some(conforming.records() as u64);
        self.lacks(conforming.set_aside());
        self.is_about(document);
    }

    /// How it is to go on.
    pub fn carries(&mut self, outbound: &Outbound<'_>) {
        if let Some(carried) = outbound.carried() {
            self.request_signed = Some(word(carried));
        }
    }

    /// Nothing stands between it and the provider any more.
    pub fn sends(&mut self) {
        self.sending = true;
    }

    /// When the provider was called and answered.
    pub fn replied(&mut self, replied: &Replied<'_>) {
        // Unless it leaves.
        self.response_signed = replied.is_signed().then_some(REFUSED);
        self.times.request_out = Some(replied.sent_at().as_microsecond());
        self.times.response_in = Some(replied.received_at().as_microsecond());
    }

    /// What was found in the answer: a record read by a key of another kind has a subject too.
    pub fn checked(&mut self, checked: &Checked<'w, '_>) {
        self.lacks(checked.set_aside());
        if let Some(document) = checked.document() {
            self.is_about(document);
        }
    }

    /// Which records are set aside.
    fn lacks(&mut self, positions: &Positions) {
        if !positions.is_empty() {
            self.set_aside = Some(positions.count());
            self.bad_at = Some(positions.to_string());
        }
    }

    /// Which records or signatures stopped it. Those records of a submission that were set aside before are not forgotten for
    /// those of its reply.
    fn stopped_by(&mut self, refusal: &Refusal) {
        let positions = refusal.positions();
        if !positions.is_empty() && self.set_aside.is_none() {
            self.bad_at = Some(positions.to_string());
        }
        self.turned_away_by(refusal);
    }

    /// What a refusal tells of signed documents.
    fn turned_away_by(&mut self, refusal: &Refusal) {
        match refusal {
            Refusal::Signed { .. } => self.request_signed = Some(REFUSED),
            Refusal::Unreadable(fault) if fault.rule == SIGNED => self.request_signed = Some(REFUSED),
            Refusal::SignedReply { .. } | Refusal::ProviderBrokeContract { unreadable: Some(SIGNED), .. } => {
                self.response_signed = Some(REFUSED);
            }
            Refusal::Midway(why) => self.turned_away_by(why),
            _ => {}
        }
    }

    /// One record of a person is about that person. A record that merely mentions persons, such as
    /// a task its researchers, is about none of them.
    fn is_about(&mut self, document: &Document<'_>) {
        let (None, Some(contract), Some(record)) = (self.subject, self.contract, document.as_record()) else {
            return;
        };
        let names_person =
            |field: &&contracts::Field| field.identifier == Some(PERSON) && matches!(field.form, Form::Text);
        let field = contract.shape().root.fields.iter().find(names_person);
        let number = field.and_then(|field| record.get(&field.name)).and_then(Document::as_text);
        self.subject = number.map(|number| self.subjects.of(number));
    }

    /// What leaves.
    pub fn released(&mut self, released: &Released<'w>, at: Timestamp) {
        self.times.response_out = Some(at.as_microsecond());
        self.status = Some(released.status().as_u16());
        self.records = Some(released.records() as u64);
        self.left_out = Some(released.left_out()).filter(|count| *count > 0);
        self.withheld = released.withheld().iter().map(FieldPath::as_str).collect();
        self.format = Some(released.format().as_str());
        if self.response_signed.is_some() {
            self.response_signed = Some(released.carried().map_or(KEPT_BACK, word));
        }
        if let Some(place) = &mut self.place {
            place.released(released.records() as u64, released.body().len() as u64);
        }
        self.answered(released.body());
    }

    /// Why nothing leaves.
    pub fn refused(
        &mut self,
        refusal: &Refusal,
        face: &Face,
        body: &[u8],
        request: &Incoming,
        at: Timestamp,
    ) {
        self.times.response_out = Some(at.as_microsecond());
        self.status = Some(face.status.as_u16());
        self.rule = Some(face.kind);
        self.cause = (face.rule != face.kind).then(|| face.rule.clone().into_owned());
        self.fault = Some(face.blame.as_str());
        self.stopped_by(refusal);
        if !self.sending || matches!(refusal, Refusal::ProviderUnreachable) {
            self.request_signed = self.request_signed.map(|_| REFUSED);
        }
        let register = self.world.snapshot.register();
        if let Some(agreement) = refusal.agreement().and_then(|id| register.agreement_named(id.as_str())) {
            self.rests_on(Some(agreement));
        }
        // Who is known but may not enter was not a caller yet; whose attempt it was counts all the same.
        let known =
            || request.connection().peer.slot.recall::<Option<SystemKey>>(self.world.snapshot.generation());
        if self.caller.is_none()
            && let Some(Some(key)) = known()
        {
            self.caller = Some(register.system(key).id.as_str());
        }
        if refusal.reached_provider() {
            self.times.request_out = self.times.request_out.or(self.leaving);
        } else if let Some(place) = &mut self.place {
            place.returned();
        }
        self.answered(body);
    }

    /// The place taken; given back when the evidence is dropped, after the record.
    pub fn admitted(&mut self, place: Place<'w>) {
        self.place = Some(place);
    }

    /// Charges the request: from here on it counts, whatever comes back.
    pub fn forwarded(&mut self, at: Timestamp) {
        self.leaving = Some(at.as_microsecond());
        if let Some(place) = &mut self.place {
            place.forwarded();
        }
    }

    /// How often the provider was sent again what may have reached it before.
    pub fn sent_again(&mut self, retries: u32) {
        self.retries = Some(u64::from(retries)).filter(|retries| *retries > 0);
    }

    /// Whether what was asked for changes something at the provider.
    pub fn may_change(&self) -> bool {
        self.operation.is_some_and(Operation::changes_state)
    }

    /// Whether something may have changed at the provider.
    pub fn may_have_changed(&self) -> bool {
        self.times.request_out.is_some() && self.may_change()
    }

    /// The place taken, for what the answer says of it.
    pub fn place(&self) -> Option<&Place<'w>> {
        self.place.as_ref()
    }

    /// What was taken in of a long body so far.
    pub fn taken_in(&mut self, intake: &Intake<'_>) {
        self.request_bytes = Some(intake.size());
        self.request_sha256 = Some(bytes32(&intake.digest()));
        self.records = Some(intake.records() as u64);
        self.lacks(intake.set_aside());
    }

    /// Whether records were set aside, in words for a header: which of a submission were; of a reply only
    /// whether some may have been.
    pub fn set_aside(&self) -> Option<String> {
        if !self.may_change() {
            return self.may_lack.then(|| "possible".to_owned());
        }
        Some(format!("{}; at=\"{}\"", self.set_aside?, self.bad_at.as_deref()?))
    }

    /// What is about to leave is long.
    pub fn passing(&mut self, passage: &Passage<'w, '_>) {
        self.times.request_out = Some(passage.sent_at().as_microsecond());
        self.withheld = passage.withheld().iter().map(FieldPath::as_str).collect();
        self.format = Some(passage.format().as_str());
    }

    /// It begins to leave: from here on it can be cut, and no longer refused.
    pub fn begins(&mut self, status: StatusCode) {
        self.status = Some(status.as_u16());
        self.passed = Some(Box::new(Passed { records: 0, bytes: 0, digest: Context::new(&SHA256) }));
    }

    /// A piece of it is about to leave, and is charged.
    ///
    /// # Errors
    /// It would exceed what may leave in a day.
    pub fn passes(&mut self, piece: &Piece) -> Result<(), Refusal> {
        let (records, bytes) = (piece.records(), piece.bytes().len() as u64);
        if let Some(place) = &mut self.place {
            place.has_room(records, bytes)?;
            place.released(records, bytes);
        }
        if let Some(passed) = &mut self.passed {
            passed.records += records;
            passed.bytes += bytes;
            passed.digest.update(piece.bytes());
        }
        Ok(())
    }

    /// It has left to its last piece, or was cut because of `cut`.
    pub fn passed(&mut self, passage: &Passage<'w, '_>, cut: Option<&Refusal>, at: Timestamp) {
        self.times.response_in = Some(at.as_microsecond());
        self.times.response_out = Some(at.as_microsecond());
        self.lacks(passage.set_aside());
        self.left_out = Some(passage.left_out()).filter(|count| *count > 0);
        if let Some(refusal) = cut {
            let face = refusal.face();
            self.stopped_by(refusal);
            self.rule = Some(face.kind);
            self.cause = (face.rule != face.kind).then(|| face.rule.clone().into_owned());
            self.fault = Some(face.blame.as_str());
        }
    }

    /// The agreement that allowed it, or that the refusal speaks of.
    fn rests_on(&mut self, agreement: Option<&'w Agreement>) {
        self.agreement = agreement;
    }

    /// An answer from the gateway itself, with no provider behind it.
    pub fn shown(&mut self, status: StatusCode, body: &[u8], at: Timestamp) {
        self.times.response_out = Some(at.as_microsecond());
        self.status = Some(status.as_u16());
        self.answered(body);
    }

    fn answered(&mut self, body: &[u8]) {
        self.response_bytes = Some(body.len() as u64);
        self.response_sha256 = Some(bytes32(&digest(&SHA256, body)));
    }
}

/// As the journal has it.
fn word(carried: Carried) -> &'static str {
    match carried {
        Carried::Alone => "unchanged",
        Carried::Beside => "beside",
    }
}

fn bytes32(digest: &Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    bytes
}
