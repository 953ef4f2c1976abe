//! The decision: may this caller do this, and what of it leaves?
//!
//! A pure function of the register, the caller, the request and the time. It asks, in this order:
//!
//! 1. of the request: is the version served, does the caller's member exist, may the system speak
//!    for the member it represents, is everything in one environment, is the operation offered;
//! 2. of each agreement of the caller for that service and version: its days, its hours, the
//!    purpose, the operation, the format, the filters. The first agreement that passes grants;
//! 3. of the service's sharing mode, when no agreement granted: `default` gives the open and shared
//!    fields and `open` the open ones, to any known system, for reading only.
//!
//! A caller that represents another member is decided for that member: the agreements asked are
//! those of the represented member's systems, never the relay's own, for what a relay may see on its
//! own account is not what it may fetch for another.
//!
//! Without a grant the refusal is the one that came furthest. A filter may name only a field that
//! leaves as it is: by filtering on hidden values, they could be guessed.

mod filters;
mod rule;
mod standing;
mod witness;
mod words;

use std::borrow::Cow;

use contracts::{Bilingual, FieldPath};
use jiff::{Timestamp, civil::DateTime};

pub use rule::{Party, Rule};
pub use witness::{Step, Witness};
use words::{days, quoted, sentence, text, weekday};

use crate::{
    Agreement, AgreementId, Conditions, Format, MemberKey, Mode, Operation, OperationTerms, PurposeId,
    QuotaTerms, Register, ReleasePlan, Service, ServiceKey, ServiceVersion, SystemKey, calendar,
};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The system at the other end of the connection.
    pub caller: SystemKey,
    /// The member that it speaks for, when not its own.
    pub represented: Option<MemberKey>,
    /// The service.
    pub service: ServiceKey,
    /// The version of its contract.
    pub version: u32,
    /// The operation.
    pub operation: Operation,
    /// The purpose, as stated.
    pub purpose: Option<&'a str>,
    /// The officer behind the request, an opaque name; no rule asks for it, the evidence keeps it.
    pub officer: Option<&'a str>,
    /// What the consumer reads or, for a submit, sends.
    pub format: Format,
    /// Fields to filter by and their values, decoded.
    pub filters: &'a [(Cow<'a, str>, Cow<'a, str>)],
    /// The environment that this gateway serves.
    pub environment: &'a str,
    /// Now.
    pub at: Timestamp,
}

/// What was granted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Granted<'r> {
    /// On what it rests.
    pub basis: Basis,
    /// The agreement, when it rests on one.
    pub agreement: Option<&'r Agreement>,
    /// The service.
    pub service: &'r Service,
    /// The version of it.
    pub version: &'r ServiceVersion,
    /// How the operation is asked of the provider.
    pub operation: &'r OperationTerms,
    /// The fields that leave.
    pub release: &'r ReleasePlan,
    /// The records that leave.
    pub conditions: &'r Conditions,
    /// Whether personal data passes in either direction.
    pub personal: bool,
    /// What to ask the provider for, so that it sends fewer records: conditions with one value on
    /// fields that it filters by. Empty when the consumer filters by one of them itself, since a
    /// parameter must not be sent twice; the conditions hold afterwards in any case.
    pub push_down: &'r [(FieldPath, String)],
}

/// On what a grant rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// An agreement.
    Agreement,
    /// Default sharing.
    Default,
    /// Open data.
    Open,
}

impl Basis {
    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Default => "default",
            Self::Open => "open",
        }
    }
}

impl<'r> Granted<'r> {
    /// The limits that apply: the agreement's and the service's.
    pub fn quotas(&self) -> impl Iterator<Item = &'r QuotaTerms> + use<'r> {
        let own = self.agreement.and_then(|agreement| agreement.quota.as_ref());
        own.into_iter().chain(&self.service.quota)
    }
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that the request failed.
    pub rule: Rule,
    /// What was held against what, in whole sentences and without any value of a field. What to do
    /// next is the rule's [`remedy`](Rule::remedy).
    pub detail: Bilingual,
    /// The agreement that came furthest, when there was one.
    pub agreement: Option<AgreementId>,
}

impl Refusal {
    /// A one-off agreement whose one exchange is already in the evidence. That is not in the
    /// documents, so whoever keeps the evidence asks this last rule.
    pub fn one_off_used(agreement: &Agreement) -> Self {
        let id = &agreement.id;
        Self {
            rule: Rule::OneOffUsed,
            detail: Bilingual::new(
                format!("Thỏa thuận `{id}` chỉ dùng một lần và đã được sử dụng."),
                format!("Agreement `{id}` was for one exchange, which took place."),
            ),
            agreement: Some(id.clone()),
        }
    }
}

impl Register {
    /// Decides.
    ///
    /// # Errors
    /// The refusal that came furthest.
    pub fn decide<'r>(&'r self, ask: &Ask<'_>, witness: &mut impl Witness) -> Result<Granted<'r>, Refusal> {
        let mut hearing = Hearing { register: self, ask, local: calendar::local(ask.at), witness };
        hearing.decide().map_err(|stop| Refusal {
            rule: stop.rule,
            detail: sentence(&stop.detail),
            agreement: stop.agreement.map(|agreement| agreement.id.clone()),
        })
    }
}

/// A decision in the making.
struct Hearing<'r, 'a, 'w, W> {
    register: &'r Register,
    ask: &'a Ask<'a>,
    /// Now, in Viet Nam.
    local: DateTime,
    witness: &'w mut W,
}

/// The place where a request failed.
struct Stop<'r> {
    rule: Rule,
    agreement: Option<&'r Agreement>,
    detail: Bilingual,
}

/// What is asked, once it is known to exist.
#[derive(Clone, Copy)]
struct Offer<'r> {
    service: &'r Service,
    version: &'r ServiceVersion,
    operation: &'r OperationTerms,
}

impl<'r, W: Witness> Hearing<'r, '_, '_, W> {
    fn decide(&mut self) -> Result<Granted<'r>, Stop<'r>> {
        let offer = self.offer()?;
        let register = self.register;
        let mut furthest: Option<Stop<'r>> = None;
        for agreement in register.candidates(self.ask) {
            match self.by_agreement(offer, agreement) {
                Ok(granted) => return Ok(granted),
                Err(stop) => furthest = Some(further(furthest, stop)),
            }
        }
        self.by_mode(offer).map_err(|stop| further(furthest, stop))
    }

    /// One question. What was compared is put into words only for a witness or a refusal.
    fn ask(
        &mut self,
        rule: Rule,
        agreement: Option<&'r Agreement>,
        passed: bool,
        compared: impl Fn() -> Bilingual,
    ) -> Result<(), Stop<'r>> {
        self.need(rule, agreement, passed.then_some(()), compared)
    }

    /// One question whose answer is needed further on.
    fn need<T>(
        &mut self,
        rule: Rule,
        agreement: Option<&'r Agreement>,
        found: Option<T>,
        compared: impl Fn() -> Bilingual,
    ) -> Result<T, Stop<'r>> {
        let passed = found.is_some();
        self.witness.step(|| Step {
            rule,
            agreement: agreement.map(|agreement| agreement.id.clone()),
            passed,
            compared: compared(),
        });
        found.ok_or_else(|| Stop { rule, agreement, detail: compared() })
    }

    fn by_agreement(&mut self, offer: Offer<'r>, agreement: &'r Agreement) -> Result<Granted<'r>, Stop<'r>> {
        let (ask, local) = (self.ask, self.local);
        let (of, today) = (Some(agreement), local.date());
        let term = || {
            text(
                format!(
                    "thỏa thuận `{}` có hiệu lực {}; hôm nay là {today}",
                    agreement.id,
                    days(&agreement.valid).vi
                ),
                format!("agreement `{}` holds {}; today is {today}", agreement.id, days(&agreement.valid).en),
            )
        };
        self.ask(Rule::AgreementNotYet, of, !agreement.valid.begins_after(today), term)?;
        self.ask(Rule::AgreementExpired, of, !agreement.valid.ended_before(today), term)?;
        self.ask(Rule::OutsideWindow, of, agreement.is_open_at(local), || {
            let windows = agreement.windows.iter().map(|window| format!("`{window}`"));
            let windows = windows.collect::<Vec<_>>().join(", ");
            let now = local.strftime("%H:%M");
            if windows.is_empty() {
                return text("thỏa thuận không giới hạn giờ", "the agreement holds at any hour");
            }
            text(
                format!(
                    "thỏa thuận cho phép trong các giờ {windows}; bây giờ là {now} {}, giờ Việt Nam",
                    weekday(local).0
                ),
                format!(
                    "the agreement holds in the hours {windows}; it is {now} on {} in Viet Nam",
                    weekday(local).1
                ),
            )
        })?;
        let due = offer.service.mode == Mode::OnRequest || agreement.touches_personal();
        self.purpose(of, due)?;
        let purposes = &agreement.purposes;
        let agreed = ask.purpose.is_none_or(|purpose| purposes.iter().any(|known| known.as_str() == purpose));
        self.ask(Rule::PurposeNotAgreed, of, agreed, || {
            let agreed = quoted(purposes.iter().map(PurposeId::as_str));
            // Known by now, so one of the list's codes and nothing else.
            let stated = ask.purpose.map_or_else(|| "–".to_owned(), |purpose| format!("`{purpose}`"));
            text(
                format!("thỏa thuận cho phép các mục đích {agreed}; yêu cầu nêu {stated}"),
                format!("the agreement is for the purposes {agreed}; the request states {stated}"),
            )
        })?;
        let allowed =
            self.need(Rule::OperationNotAgreed, of, agreement.allowed.get(ask.operation), || {
                let agreed = quoted(agreement.operations().map(Operation::as_str));
                text(
                    format!("thỏa thuận cho phép các thao tác {agreed}; yêu cầu là `{}`", ask.operation),
                    format!(
                        "the agreement allows the operations {agreed}; the request is `{}`",
                        ask.operation
                    ),
                )
            })?;
        self.format(offer, of)?;
        self.ask(Rule::FormatNotAgreed, of, agreement.formats.contains(&ask.format), || {
            let agreed = quoted(agreement.formats.iter().map(|format| format.as_str()));
            text(
                format!("thỏa thuận cho phép các định dạng {agreed}; yêu cầu dùng `{}`", ask.format),
                format!("the agreement allows the formats {agreed}; the request uses `{}`", ask.format),
            )
        })?;
        self.key(offer, &allowed.release, of)?;
        self.filters(offer, &allowed.release, of)?;
        let consumer_filters =
            |field: &FieldPath| ask.filters.iter().any(|(name, _)| *name == field.as_str());
        let repeated = allowed.push_down.iter().any(|(field, _)| consumer_filters(field));
        Ok(Granted {
            basis: Basis::Agreement,
            agreement: of,
            service: offer.service,
            version: offer.version,
            operation: offer.operation,
            release: &allowed.release,
            conditions: &agreement.conditions,
            personal: allowed.release.is_personal() || self.sends_personal(offer),
            push_down: if repeated { &[] } else { &allowed.push_down },
        })
    }

    fn by_mode(&mut self, offer: Offer<'r>) -> Result<Granted<'r>, Stop<'r>> {
        let (ask, mode) = (self.ask, offer.service.mode);
        let basis = mode.basis();
        let release = offer.version.released_by_mode().filter(|_| ask.operation.reads_records());
        let granted = basis.zip(release);
        let (basis, release) = self.need(Rule::NoAgreement, None, granted, || {
            let (id, title) = (&offer.service.id, mode.title());
            text(
                format!(
                    "dịch vụ `{id}` có hình thức {} (`{}`); thao tác `{}` {}",
                    title.vi,
                    mode.as_str(),
                    ask.operation,
                    if granted.is_some() {
                        "không cần thỏa thuận"
                    } else {
                        "cần một thỏa thuận với bên cung cấp"
                    }
                ),
                format!(
                    "service `{id}` has the mode `{}` ({}); `{}` {}",
                    mode.as_str(),
                    title.en,
                    ask.operation,
                    if granted.is_some() {
                        "needs no agreement"
                    } else {
                        "needs an agreement with the provider"
                    }
                ),
            )
        })?;
        self.purpose(None, false)?;
        self.format(offer, None)?;
        self.key(offer, release, None)?;
        self.filters(offer, release, None)?;
        Ok(Granted {
            basis,
            agreement: None,
            service: offer.service,
            version: offer.version,
            operation: offer.operation,
            release,
            conditions: self.register.no_conditions(),
            personal: release.is_personal() || self.sends_personal(offer),
            push_down: &[],
        })
    }

    /// Whether the request's own body is of a contract with personal fields.
    fn sends_personal(&self, offer: Offer<'_>) -> bool {
        self.ask.operation.carries_record() && offer.version.personal
    }

    /// The purpose: stated where one is due, and known wherever it is stated. What was stated is not
    /// repeated to anyone: an unknown text may be anything.
    fn purpose(&mut self, agreement: Option<&'r Agreement>, due: bool) -> Result<(), Stop<'r>> {
        let (register, stated) = (self.register, self.ask.purpose);
        self.ask(Rule::PurposeMissing, agreement, !due || stated.is_some(), || {
            if due {
                let agreed = agreement.into_iter().flat_map(|agreement| &agreement.purposes);
                let agreed = quoted(agreed.map(PurposeId::as_str));
                text(
                    format!("yêu cầu phải nêu mục đích trong `Lt-Purpose`; thỏa thuận cho phép các mục đích {agreed}"),
                    format!("a purpose must be stated in `Lt-Purpose`; the agreement is for the purposes {agreed}"),
                )
            } else {
                text("yêu cầu này không bắt buộc nêu mục đích", "no purpose is due here")
            }
        })?;
        let known = stated.is_none_or(|purpose| register.purpose(purpose).is_some());
        self.ask(Rule::PurposeUnknown, agreement, known, || {
            text(
                "mục đích nêu trong `Lt-Purpose` phải là một mã trong danh mục mục đích",
                "the purpose stated in `Lt-Purpose` must be a code of the list of purposes",
            )
        })
    }

    fn format(&mut self, offer: Offer<'r>, agreement: Option<&'r Agreement>) -> Result<(), Stop<'r>> {
        let format = self.ask.format;
        self.ask(Rule::FormatNotOffered, agreement, offer.version.offers(format), || {
            let offered = Format::ALL.into_iter().filter(|format| offer.version.offers(*format));
            let offered = quoted(offered.map(Format::as_str));
            text(
                format!("dịch vụ có các định dạng {offered}; yêu cầu dùng `{format}`"),
                format!("the service has the formats {offered}; the request uses `{format}`"),
            )
        })
    }
}

/// The one that came further; of equals the earlier, and an agreement's before the sharing mode's.
fn further<'r>(held: Option<Stop<'r>>, stop: Stop<'r>) -> Stop<'r> {
    match held {
        Some(held) if held.rule >= stop.rule => held,
        _ => stop,
    }
}

#[cfg(test)]
mod tests;
