//! Suspensions: stops that act on their own.
//!
//! An overlay can only deny. It is compiled from its own files and nothing else, so that a mistake
//! in an agreement never delays an emergency stop, and a mistake in one suspension never lifts
//! another: each file that is clear about whom it stops acts, and a file that has become unreadable
//! keeps acting as it last did.
//!
//! A suspension names a `system`, `member`, `service` or `agreement`; when it names several, all of
//! them must meet (this system at that service). A suspended member is stopped on both sides: its
//! systems may not ask, whoever speaks for it may not either, and its services are not called.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use contracts::{Bilingual, Fault};
use jiff::{Timestamp, civil::DateTime};

use crate::{
    AgreementId, MemberId, ServiceId, Source, SystemId, calendar,
    written::{self, Sheet},
};

/// Every suspension. Mostly there are none and seldom more than a few, so they are looked through.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    suspensions: Vec<Suspension>,
}

/// One suspension.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Suspension {
    /// Its name.
    pub id: String,
    /// Why, as it is told to whoever is stopped.
    pub reason: Bilingual,
    /// The system that takes no part: it may not ask, and the gateway does not call its services.
    pub system: Option<SystemId>,
    /// The member that takes no part.
    pub member: Option<MemberId>,
    /// The service that is not called.
    pub service: Option<ServiceId>,
    /// The agreement that gives nothing.
    pub agreement: Option<AgreementId>,
    /// The first moment, in Viet Nam; at once without one.
    pub from: Option<DateTime>,
    /// The last moment, in Viet Nam; without end without one.
    pub until: Option<DateTime>,
    file: PathBuf,
}

/// Who takes part in an exchange, as far as it is known yet.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The system at the other end.
    pub system: &'a SystemId,
    /// The member that it speaks for, when not its own.
    pub represented: Option<&'a MemberId>,
    /// The service.
    pub service: Option<&'a ServiceId>,
    /// The agreement.
    pub agreement: Option<&'a AgreementId>,
}

impl Overlay {
    /// Compiles the suspensions, with every fault of their files. A file with faults still acts where
    /// it says clearly whom it stops; where it does not, what it said in `previous` goes on.
    pub fn compile(sources: &[Arc<Source>], previous: &Self) -> (Self, Vec<Fault>) {
        let (mut suspensions, mut faults) = (Vec::new(), Vec::new());
        for source in sources {
            let sheet = Sheet::new(source);
            match written::suspension::Suspension::read(&sheet) {
                Some(written) => suspensions.push(Suspension::of(written, source)),
                None => suspensions.extend(previous.of_file(&source.file).cloned()),
            }
            faults.extend(sheet.into_faults());
        }
        (Self { suspensions }, faults)
    }

    /// The suspension that stops an exchange between these parties at `at`, if one does.
    pub fn suspends(&self, parties: &Parties<'_>, at: Timestamp) -> Option<&Suspension> {
        if self.suspensions.is_empty() {
            return None;
        }
        let now = calendar::local(at);
        self.suspensions.iter().find(|suspension| suspension.acts_at(now) && suspension.meets(parties))
    }

    /// Every suspension.
    pub fn iter(&self) -> impl Iterator<Item = &Suspension> {
        self.suspensions.iter()
    }

    /// Keeps what `previous` said in files, or a whole folder, that cannot even be opened now: the
    /// faults of [`Sources::suspensions`](crate::Sources::suspensions).
    pub fn keep(&mut self, previous: &Self, unreadable: &[Fault]) {
        for fault in unreadable {
            self.suspensions.extend(previous.of_file(&fault.file).cloned());
        }
    }

    fn of_file<'o>(&'o self, file: &'o Path) -> impl Iterator<Item = &'o Suspension> {
        self.suspensions.iter().filter(move |suspension| suspension.file.starts_with(file))
    }
}

impl Suspension {
    fn of(written: written::suspension::Suspension, source: &Source) -> Self {
        let unexplained =
            || Bilingual::new("đình chỉ theo quyết định của đơn vị vận hành", "suspended by the operator");
        Self {
            id: written.id.unwrap_or_else(|| source.stem().to_owned()),
            reason: written.reason.unwrap_or_else(unexplained),
            system: written.system,
            member: written.member,
            service: written.service,
            agreement: written.agreement,
            from: written.from,
            until: written.until,
            file: source.file.clone(),
        }
    }

    /// Whether it acts at this date and hour in Viet Nam.
    pub fn acts_at(&self, now: DateTime) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now <= until)
    }

    fn meets(&self, parties: &Parties<'_>) -> bool {
        let member = |member: &MemberId| {
            let member = member.as_str();
            parties.system.member() == member
                || parties.represented.is_some_and(|represented| represented.as_str() == member)
                || parties.service.is_some_and(|service| service.member() == member)
        };
        self.system.as_ref().is_none_or(|system| system == parties.system)
            && self.member.as_ref().is_none_or(member)
            && self.service.as_ref().is_none_or(|service| Some(service) == parties.service)
            && self.agreement.as_ref().is_none_or(|agreement| Some(agreement) == parties.agreement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str) -> Arc<Source> {
        Source::new(format!("suspensions/{name}.toml"), text).into()
    }

    fn overlay(sources: &[Arc<Source>]) -> (Overlay, Vec<&'static str>) {
        let (overlay, faults) = Overlay::compile(sources, &Overlay::default());
        (overlay, faults.iter().map(|fault| fault.rule).collect())
    }

    const REASON: &str = "reason = { vi = \"Sự cố an toàn\", en = \"A security incident\" }\n";

    /// Which of (system, service, agreement) is stopped at noon of that day in Viet Nam.
    fn stopped(
        overlay: &Overlay,
        system: &str,
        service: Option<&str>,
        agreement: Option<&str>,
        day: &str,
    ) -> bool {
        let (system, service) = (system.parse().unwrap(), service.map(|service| service.parse().unwrap()));
        let agreement = agreement.map(|agreement| agreement.parse().unwrap());
        let parties = Parties {
            system: &system,
            represented: None,
            service: service.as_ref(),
            agreement: agreement.as_ref(),
        };
        overlay.suspends(&parties, format!("{day}T12:00:00+07:00").parse().unwrap()).is_some()
    }

    #[test]
    fn a_suspension_stops_what_it_names_and_nothing_else() {
        let (overlay, faults) = overlay(&[
            source("DC-1", &format!("id = \"DC-1\"\nsystem = \"H26/a\"\n{REASON}")),
            source("DC-2", &format!("id = \"DC-2\"\nmember = \"G03\"\n{REASON}")),
            source("DC-3", &format!("id = \"DC-3\"\nagreement = \"TT-9\"\n{REASON}")),
            source(
                "DC-4",
                &format!("id = \"DC-4\"\nsystem = \"H30/x\"\nservice = \"G06/nhiem-vu\"\n{REASON}"),
            ),
        ]);
        assert!(faults.is_empty(), "{faults:?}");
        let day = "2026-11-21";
        assert!(stopped(&overlay, "H26/a", None, None, day) && !stopped(&overlay, "H26/b", None, None, day));
        assert!(stopped(&overlay, "G03/x", None, None, day), "a member's systems may not ask");
        assert!(stopped(&overlay, "H26/b", Some("G03/s"), None, day), "nor are its services called");
        assert!(stopped(&overlay, "H26/b", Some("G06/s"), Some("TT-9"), day));
        assert!(!stopped(&overlay, "H26/b", Some("G06/s"), Some("TT-8"), day));
        assert!(stopped(&overlay, "H30/x", Some("G06/nhiem-vu"), None, day));
        assert!(!stopped(&overlay, "H30/x", Some("G06/to-chuc"), None, day), "all that it names must meet");
        assert!(!stopped(&overlay, "H30/x", None, None, day));
    }

    #[test]
    fn a_suspended_member_cannot_be_spoken_for() {
        let (overlay, _) = overlay(&[source("DC-1", &format!("id = \"DC-1\"\nmember = \"H26\"\n{REASON}"))]);
        let (system, represented) = ("G06/relay".parse().unwrap(), "H26".parse().unwrap());
        let mut parties =
            Parties { system: &system, represented: Some(&represented), service: None, agreement: None };
        let at = Timestamp::UNIX_EPOCH;
        assert!(overlay.suspends(&parties, at).is_some());
        parties.represented = None;
        assert!(overlay.suspends(&parties, at).is_none());
    }

    #[test]
    fn it_acts_from_its_first_moment_to_its_last_day() {
        let text =
            format!("id = \"DC-1\"\nsystem = \"H26/a\"\nfrom = 2026-11-20\nuntil = 2026-11-21\n{REASON}");
        let (overlay, faults) = overlay(&[source("DC-1", &text)]);
        assert!(faults.is_empty(), "{faults:?}");
        let on = |day| stopped(&overlay, "H26/a", None, None, day);
        assert!(!on("2026-11-19") && on("2026-11-20") && on("2026-11-21") && !on("2026-11-22"));
    }

    #[test]
    fn a_faulty_file_does_not_stop_the_others_and_acts_where_it_is_clear() {
        let (overlay, faults) = overlay(&[
            source("DC-1", "id = \"DC-1\"\nsystem = \"H26/a\"\nfrom = \"hôm nay\"\n"),
            source("DC-2", "id = \"DC-2\nsystem = "),
            source("DC-3", &format!("id = \"DC-3\"\nsystem = \"G03/b\"\n{REASON}")),
            source("DC-4", &format!("id = \"DC-4\"\n{REASON}")),
            source("DC-5", &format!("id = \"DC-5\"\nmember = \"H26\"\nservise = \"G06/x\"\n{REASON}")),
        ]);
        assert!(stopped(&overlay, "H26/a", None, None, "2026-11-21"), "clear about whom: acts at once");
        assert!(stopped(&overlay, "G03/b", None, None, "2026-11-21"));
        assert!(!stopped(&overlay, "H26/z", None, None, "2026-11-21"), "half a target would stop too much");
        for rule in ["wrong-type", "missing-key", "toml", "no-target", "unknown-key"] {
            assert!(faults.contains(&rule), "{rule} in {faults:?}");
        }
    }

    #[test]
    fn a_file_that_became_unreadable_goes_on_acting() {
        let good = [source("DC-1", &format!("id = \"DC-1\"\nsystem = \"H26/a\"\n{REASON}"))];
        let (first, _) = Overlay::compile(&good, &Overlay::default());
        let (second, faults) = Overlay::compile(&[source("DC-1", "id = ")], &first);
        assert!(!faults.is_empty() && stopped(&second, "H26/a", None, None, "2026-11-21"));
        let (third, _) = Overlay::compile(&[], &second);
        assert!(!stopped(&third, "H26/a", None, None, "2026-11-21"), "deleting the file lifts it");
        for unopened in ["suspensions/DC-1.toml", "suspensions"] {
            let fault = Fault { file: unopened.into(), ..faults[0].clone() };
            let (mut fourth, _) = Overlay::compile(&[], &second);
            fourth.keep(&second, &[fault]);
            assert!(stopped(&fourth, "H26/a", None, None, "2026-11-21"), "{unopened} cannot be opened");
        }
    }
}
