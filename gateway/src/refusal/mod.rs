//! Why an exchange was refused, whose fault it is, and the one place that turns that into HTTP.
//!
//! Stages return a [`Refusal`]; nothing else decides a status. [`Refusal::face`] is the exhaustive
//! match from reason to status, stable code, fault and words; the words stand in a file for each who
//! can mend them: the `caller`'s standing, its `request`, the `provider`, the `gateway`. None
//! ever holds a value of a record: what comes from parsers is already a coded rule and a place.

mod caller;
mod face;
mod gateway;
mod provider;
mod request;

use std::{borrow::Cow, time::Duration};

use adapters::{Unreadable, population::Unaskable, soap::FaultCode};
use contracts::{Bilingual, ContractId, Violation, ViolationRule};
use http::{Method, StatusCode};
use policies::{AgreementId, MemberId};

pub use self::face::Face;
use crate::{
    code_lists::Missing,
    host::{BodyFault, HygieneFault, RevocationFault},
    journal::JournalFault,
    quota::Exceeded,
    stages::Positions,
};

/// Whose fault a refusal is; the words stand in problem documents and in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Who asked: mend the request, the certificate or the agreement.
    Consumer,
    /// Who answers for the service: nothing the consumer can mend.
    Provider,
    /// This gateway or its operators.
    Gateway,
}

impl Blame {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Provider => "provider",
            Self::Gateway => "gateway",
        }
    }
}

/// Why an exchange ended without what was asked for.
#[derive(Debug)]
pub enum Refusal {
    /// The certificate no longer counts: revoked, expired, or its revocation list is missing or too
    /// old to tell, which never counts as "not revoked".
    Certificate(RevocationFault),
    /// The head of the request is not clean HTTP.
    Unclean(HygieneFault),
    /// A trusted certificate that no member document names.
    SystemUnknown,
    /// The system connects from an address its document does not allow.
    AddressNotAllowed,
    /// The system belongs to another environment than this gateway.
    Environment,
    /// A suspension stops the system, the service or the agreement.
    Suspended {
        /// The suspension's reason, as its document gives it.
        reason: Bilingual,
    },
    /// The system has more connections open than it may.
    TooManyConnections,
    /// `Lt-On-Behalf-Of` names a member the system may not speak for.
    RelayNotAllowed,
    /// The path leads nowhere.
    NotFound,
    /// The path is right, the method is not.
    MethodNotAllowed {
        /// What the path takes.
        allow: &'static [Method],
    },
    /// A query parameter that is unknown, repeated or malformed.
    Parameter {
        /// Which rule: `unknown-parameter`, `repeated-parameter`, `parameter`.
        rule: &'static str,
        /// The parameter's name, when it is one of ours or of the contract.
        name: String,
    },
    /// The code lists do not have what was asked for.
    CodeListMissing {
        /// What is not there.
        what: Missing,
    },
    /// A question to a code list that cannot be read.
    CodeListQuery {
        /// Which rule: `unknown-parameter`, `repeated-parameter`, `parameter`.
        rule: &'static str,
        /// The parameter's name, when it is one of ours.
        name: &'static str,
    },
    /// A header of ours that is malformed.
    Header {
        /// Its name.
        name: &'static str,
    },
    /// A SOAP message that asks for nothing the service has, or contradicts itself.
    Message {
        /// Which rule: `soap-version`, `unknown-operation`, `soap-action`, `soap-part`, `xroad-service`.
        rule: &'static str,
    },
    /// Two headers, or a header and a header block, state different things.
    Contradiction {
        /// One of them.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// An X-Road client's name is not one of the certificate's system.
    XRoadClient {
        /// The member that the certificate belongs to.
        member: MemberId,
        /// Whether its document has an X-Road name at all.
        known: bool,
    },
    /// A document bears an XML signature that could not stay whole.
    Signed {
        /// Which rule: `signed-message`, `signed-refused`, `signature-form`, `signature-beside`.
        rule: &'static str,
    },
    /// A provider's document bears an XML signature, and what may leave of it is not all of it.
    SignedReply {
        /// Which rule: `signed-withheld`, `signed-not-whole`, `signed-format`.
        rule: &'static str,
    },
    /// The agreement, or the lack of one, says no.
    Denied(policies::Refusal),
    /// A quota is spent.
    QuotaSpent(Box<Exceeded>),
    /// The quotas that gateways share cannot be asked, and nothing is admitted without them.
    QuotaAway {
        /// When it may be tried again, at the earliest.
        retry_after: Duration,
    },
    /// The body did not arrive whole.
    Body(BodyFault),
    /// The body's media type is not one this operation takes.
    MediaType,
    /// None of the formats in `Accept` can be given.
    NotAcceptable,
    /// The body cannot be read as its media type.
    Unreadable(Unreadable),
    /// The body breaks the contract.
    Violations {
        /// The contract.
        contract: ContractId,
        /// What is broken, without values.
        violations: Vec<Violation>,
    },
    /// The verification cannot be asked of the population database as it stands.
    Unaskable(Unaskable),
    /// A submitted record lies outside the agreement's records.
    RecordOutsideScope,
    /// The record does not exist, or the agreement does not cover it: the two look alike.
    RecordNotFound,
    /// The service is in a declared maintenance window.
    Maintenance {
        /// How long it still lasts.
        remaining: Duration,
    },
    /// No connection to the provider in time, or its certificate is not the declared one: nothing was
    /// sent.
    ProviderUnreachable,
    /// No endpoint of the provider gave an answer lately: nothing was sent.
    ProviderCircuitOpen {
        /// When one is tried again.
        wait: Duration,
    },
    /// As many calls to the provider are under way as may be: nothing was sent.
    ProviderBusy,
    /// The time that the consumer gave has passed.
    DeadlinePassed {
        /// Whether the provider had been asked by then.
        sent: bool,
    },
    /// The provider did not answer in time what was sent.
    ProviderTimedOut {
        /// Whether a change may have taken place there.
        outcome_unknown: bool,
    },
    /// The connection broke after the request was sent.
    ProviderBroken {
        /// Whether a change may have taken place there.
        outcome_unknown: bool,
    },
    /// The provider answered with a status that says no.
    ProviderRefused {
        /// Its status.
        status: StatusCode,
    },
    /// The provider answered with a SOAP fault.
    ProviderFault {
        /// Its code.
        code: FaultCode,
    },
    /// The provider's reply breaks the contract, or cannot be read.
    ProviderBrokeContract {
        /// The contract.
        contract: ContractId,
        /// The reader's rule when it could not be read.
        unreadable: Option<&'static str>,
        /// What is broken, without values.
        violations: Vec<Violation>,
        /// Whether a change may have taken place there.
        outcome_unknown: bool,
    },
    /// The provider's reply is larger than the service allows.
    ProviderTooLarge,
    /// The operation is declared but this release of the gateway cannot carry it out.
    NotImplemented {
        /// What is missing.
        what: &'static str,
    },
    /// What ended a long body after the provider had been given a part of it: nobody knows what it
    /// did with that.
    Midway(Box<Refusal>),
    /// The consumer took no more of a long answer: it went away, or was too slow.
    ConsumerGone,
    /// Evidence could not be written.
    Evidence {
        /// Why not.
        fault: JournalFault,
        /// Whether a change may have taken place at the provider before.
        outcome_unknown: bool,
    },
}

impl Refusal {
    /// The violations to list, if any. Of a provider's reply only fields are told, each once: how
    /// many records it holds, and at which of them it breaks, is nobody's to know who may not see
    /// them all; a name that the contract does not have is the provider's, whatever it says; and the
    /// edition that refuses a code would tell when the record was made.
    pub fn violations(&self) -> Cow<'_, [Violation]> {
        match self {
            Self::Violations { violations, .. } => Cow::Borrowed(violations),
            Self::Midway(why) => why.violations(),
            Self::ProviderBrokeContract { violations, .. } => {
                let mut told: Vec<Violation> = Vec::new();
                for violation in violations {
                    let path = anywhere(violation);
                    if !told.iter().any(|known| known.path == path && known.rule == violation.rule) {
                        told.push(Violation { path, rule: violation.rule, message: told_of(violation) });
                    }
                }
                Cow::Owned(told)
            }
            _ => Cow::Borrowed(&[]),
        }
    }

    /// Which records of a collection it speaks of, for the record.
    pub fn positions(&self) -> Positions {
        let (Self::Violations { violations, .. } | Self::ProviderBrokeContract { violations, .. }) = self
        else {
            return if let Self::Midway(why) = self { why.positions() } else { Positions::default() };
        };
        let mut positions = Positions::default();
        violations.iter().filter_map(position).for_each(|position| positions.add(position));
        positions
    }

    /// The agreement that it speaks of, when the decision had come to one.
    pub fn agreement(&self) -> Option<&AgreementId> {
        match self {
            Self::Denied(refusal) => refusal.agreement.as_ref(),
            Self::Midway(why) => why.agreement(),
            _ => None,
        }
    }

    /// Whether the provider may have received something.
    pub fn reached_provider(&self) -> bool {
        matches!(
            self,
            Self::ProviderTimedOut { .. }
                | Self::DeadlinePassed { sent: true }
                | Self::ProviderBroken { .. }
                | Self::ProviderRefused { .. }
                | Self::ProviderFault { .. }
                | Self::SignedReply { .. }
                | Self::ProviderBrokeContract { .. }
                | Self::ProviderTooLarge
                | Self::Midway(_)
                | Self::ConsumerGone
        )
    }

    /// The one match from reason to HTTP.
    pub fn face(&self) -> Face {
        match self {
            Self::Certificate(fault) => caller::certificate(fault),
            Self::Unclean(fault) => request::unclean(fault),
            Self::SystemUnknown => caller::system_unknown(),
            Self::AddressNotAllowed => caller::address_not_allowed(),
            Self::Environment => caller::environment(),
            Self::Suspended { reason } => caller::suspended(reason),
            Self::TooManyConnections => caller::too_many_connections(),
            Self::RelayNotAllowed => caller::relay_not_allowed(),
            Self::NotFound => request::not_found(),
            Self::MethodNotAllowed { .. } => request::method_not_allowed(),
            Self::Parameter { rule, name } => request::parameter(rule, name),
            Self::CodeListMissing { what } => request::code_list_missing(*what),
            Self::CodeListQuery { rule, name } => request::code_list_query(rule, name),
            Self::Header { name } => request::header(name),
            Self::Message { rule } => request::message(rule),
            Self::Contradiction { one, other } => request::contradiction(one, other),
            Self::XRoadClient { member, known } => caller::xroad_client(member, *known),
            Self::Signed { rule } => request::signed(rule),
            Self::SignedReply { rule } => provider::signed(rule),
            Self::Denied(refusal) => caller::denied(refusal),
            Self::QuotaSpent(exceeded) => caller::quota_spent(exceeded),
            Self::QuotaAway { retry_after } => gateway::quota_away(*retry_after),
            Self::Body(fault) => request::body(fault),
            Self::MediaType => request::media_type(),
            Self::NotAcceptable => request::not_acceptable(),
            Self::Unreadable(unreadable) => request::unreadable(unreadable),
            Self::Violations { contract, .. } => request::violations(contract),
            Self::Unaskable(unaskable) => request::unaskable(unaskable),
            Self::RecordOutsideScope => request::record_outside_scope(),
            Self::RecordNotFound => request::record_not_found(),
            Self::Maintenance { remaining } => provider::maintenance(*remaining),
            Self::ProviderUnreachable => provider::unreachable(),
            Self::ProviderCircuitOpen { wait } => provider::circuit_open(*wait),
            Self::ProviderBusy => provider::busy(),
            Self::DeadlinePassed { .. } => request::deadline_passed(),
            Self::ProviderTimedOut { outcome_unknown: false } => provider::timed_out(),
            Self::ProviderTimedOut { outcome_unknown: true } => provider::timed_out_on_a_change(),
            Self::ProviderBroken { outcome_unknown: false } => provider::broken(),
            Self::ProviderBroken { outcome_unknown: true } => provider::broken_on_a_change(),
            Self::ProviderRefused { status } => provider::refused(*status),
            Self::ProviderFault { code } => provider::fault(*code),
            Self::ProviderBrokeContract { outcome_unknown: true, .. } => {
                provider::broke_contract_on_a_change()
            }
            Self::ProviderBrokeContract { contract, unreadable, .. } => {
                provider::broke_contract(contract, *unreadable)
            }
            Self::ProviderTooLarge => provider::too_large(),
            Self::NotImplemented { what } => gateway::not_implemented(what),
            Self::Midway(why) => request::midway(why.face()),
            Self::ConsumerGone => request::consumer_gone(),
            Self::Evidence { outcome_unknown: false, .. } => gateway::evidence(),
            Self::Evidence { outcome_unknown: true, .. } => gateway::evidence_of_a_change(),
        }
    }
}

/// The position of a violation's record in its collection. No field of a contract is called by a number;
/// an unknown one may be, at the top of a record that stands alone.
fn position(violation: &Violation) -> Option<usize> {
    let mut segments = violation.path.strip_prefix('/')?.split('/');
    let first = segments.next()?.parse().ok()?;
    (segments.next().is_some() || violation.rule != ViolationRule::UnknownField).then_some(first)
}

/// A pointer without what only its reply tells: positions become `*`, unknown names go.
pub(crate) fn anywhere(violation: &Violation) -> String {
    let mut segments: Vec<&str> = violation.path.split('/').collect();
    if violation.rule == ViolationRule::UnknownField {
        segments.pop();
    }
    for segment in &mut segments {
        if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            *segment = "*";
        }
    }
    segments.join("/")
}

/// The message without what it may tell of the record.
fn told_of(violation: &Violation) -> Bilingual {
    match violation.rule {
        ViolationRule::CodeEdition => Bilingual::new(
            "Mã không có trong ấn bản danh mục có hiệu lực khi bản ghi được lập.",
            "The code is not in the edition of its list that was valid when the record was made.",
        ),
        _ => violation.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use policies::Rule;

    use super::*;

    fn violation(path: &str, rule: ViolationRule) -> Violation {
        Violation { path: path.to_owned(), rule, message: Bilingual::new("sai", "wrong") }
    }

    fn broke(violations: Vec<Violation>, outcome_unknown: bool) -> Refusal {
        let contract = "nhiem-vu@1".parse().unwrap();
        Refusal::ProviderBrokeContract { contract, unreadable: None, violations, outcome_unknown }
    }

    #[test]
    fn a_providers_violations_tell_fields_and_neither_positions_nor_its_own_names() {
        let refusal = broke(
            vec![
                violation("/17/KinhPhi", ViolationRule::Type),
                violation("/941/KinhPhi", ViolationRule::Type),
                violation("/3/ThanhVien/12/HoVaTen", ViolationRule::Length),
                violation("/3/NguyenVanA", ViolationRule::UnknownField),
            ],
            false,
        );
        let told: Vec<String> = refusal.violations().iter().map(|told| told.path.clone()).collect();
        assert_eq!(told, ["/*/KinhPhi", "/*/ThanhVien/*/HoVaTen", "/*"]);
    }

    #[test]
    fn the_edition_that_refuses_a_providers_code_is_not_told() {
        let refusal = broke(vec![violation("/3/MaTinh", ViolationRule::CodeEdition)], false);
        let told = &refusal.violations()[0];
        assert_eq!((told.path.as_str(), told.rule.code()), ("/*/MaTinh", "code-edition"));
        assert!(told.message.en != "wrong", "whichever edition the message named: {}", told.message.en);
    }

    #[test]
    fn positions_are_those_of_records_and_no_names_that_look_like_them() {
        let positions = |paths: &[(&str, ViolationRule)]| {
            let found = paths.iter().map(|(path, rule)| violation(path, *rule)).collect();
            broke(found, false).positions().to_string()
        };
        let (missing, unknown) = (ViolationRule::Required, ViolationRule::UnknownField);
        assert_eq!(positions(&[("/3/MaSo", missing), ("/3/x", unknown), ("/4", missing)]), "3-4");
        // A number of a person where a name should be, in a record that stands alone.
        assert_eq!(positions(&[("/024188000004", unknown), ("/ThanhVien/2/HoVaTen", missing)]), "");
    }

    #[test]
    fn a_consumers_violations_tell_where_each_is() {
        let contract = "nhiem-vu@1".parse().unwrap();
        let violations = vec![violation("/17/KinhPhi", ViolationRule::Type)];
        let refusal = Refusal::Violations { contract, violations: violations.clone() };
        assert_eq!(*refusal.violations(), violations);
    }

    #[test]
    fn a_broken_reply_to_a_change_is_no_failure_to_try_again() {
        let (read, changed) = (broke(vec![], false).face(), broke(vec![], true).face());
        assert_eq!((read.status.as_u16(), read.kind), (502, "provider-broke-contract"));
        assert_eq!((changed.status.as_u16(), changed.kind), (504, "outcome-unknown"));
        assert_eq!(changed.rule, "reply-broke-contract");
    }

    #[test]
    fn every_denial_says_what_to_do_next() {
        for rule in Rule::ALL {
            let detail = Bilingual::new("thỏa thuận đã hết hạn", "agreement `TT-1` ended");
            let face = Refusal::Denied(policies::Refusal { rule, detail, agreement: None }).face();
            assert!(face.detail.vi.starts_with("Thỏa thuận đã hết hạn. "), "{}", face.detail.vi);
            assert!(face.detail.en.starts_with("Agreement `TT-1` ended. "), "{}", face.detail.en);
            assert!(face.detail.vi.ends_with('.') && face.detail.en.ends_with('.'), "{rule:?}");
        }
    }
}
