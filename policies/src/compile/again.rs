//! Compiling again after an edit, without doing again what the edit does not touch.
//!
//! A register remembers what it was compiled of. In the next one a document is taken over when it is
//! the very same [`Source`] and everything that it was held against is the same too:
//!
//! - a member's document is held against nothing while it is read, so what it says is taken over, and
//!   held against the others anew: that is quick;
//! - a service follows from its document, its contracts, the code lists, the day, and that its system
//!   exists;
//! - an agreement follows from its document, the code lists, the day, its service with the contract there,
//!   its consumer's member and province, and that its purposes exist.
//!
//! What does not hold any more is compiled from its text as if there had been no register before, with
//! every fault that this finds. Only a register without faults is ever a previous one, so what is taken
//! over has at most warnings, and brings them along. Keys are numbers of one register, so parties are
//! found anew by name.

use std::sync::Arc;

use contracts::{Catalog, Contract, Fault};
use jiff::civil::Date;

use super::{Content, Page};
use crate::{
    Agreement, Register, Service, ServiceKey, Source, Sources, SystemKey,
    register::Map,
    written::{self, Sheet},
};

/// What a register was compiled of.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    sources: Sources,
    catalog: Catalog,
    today: Date,
    /// In the order of the sources; none where reading it had something to say.
    members: Vec<Option<Arc<written::member::Member>>>,
    /// Warnings, by the positions of services and of agreements.
    services: Map<usize, Vec<Arc<Fault>>>,
    agreements: Map<usize, Vec<Arc<Fault>>>,
}

impl Origin {
    pub(super) fn of(
        &mut self,
        sources: &Sources,
        catalog: &Catalog,
        today: Date,
        members: &[Page<'_, Arc<written::member::Member>>],
        services: &[Page<'_, written::service::Service, Service>],
        agreements: &[Page<'_, written::agreement::Agreement, Agreement>],
    ) {
        let clear = |page: &Page<'_, Arc<written::member::Member>>| match &page.content {
            Content::Written(written) if page.sheet.found().is_empty() => Some(Arc::clone(written)),
            _ => None,
        };
        *self = Self {
            sources: sources.clone(),
            catalog: catalog.clone(),
            today,
            members: members.iter().map(clear).collect(),
            services: warnings(services),
            agreements: warnings(agreements),
        };
    }
}

fn warnings<T, C>(pages: &[Page<'_, T, C>]) -> Map<usize, Vec<Arc<Fault>>> {
    let found = pages.iter().map(|page| page.sheet.found()).enumerate();
    found.filter(|(_, found)| !found.is_empty()).collect()
}

/// A register, and where in it the documents are.
pub(super) struct Previous<'r> {
    register: &'r Register,
    catalog: &'r Catalog,
    /// Whether code lists and the day are what they were.
    same_ground: bool,
    /// Positions by the address of the source, which lives as long as the register that is kept.
    members: Map<usize, usize>,
    services: Map<usize, usize>,
    agreements: Map<usize, usize>,
}

/// What became of the parties of a previous register.
pub(super) struct Parties {
    /// By previous key: the systems whose member and province are what they were.
    systems: Vec<Option<SystemKey>>,
    /// By previous key: the services that were taken over.
    services: Vec<Option<ServiceKey>>,
}

impl<'r> Previous<'r> {
    pub(super) fn of(register: &'r Register, catalog: &'r Catalog, today: Date) -> Self {
        let origin = &register.origin;
        let positions = |sources: &[Arc<Source>]| sources.iter().map(address).zip(0..).collect();
        Self {
            register,
            catalog,
            same_ground: origin.today == today && origin.catalog.has_code_lists_of(catalog),
            members: positions(&origin.sources.members),
            services: positions(&origin.sources.services),
            agreements: positions(&origin.sources.agreements),
        }
    }

    /// Whether a service's contracts are those that it was compiled with.
    fn has_contracts_of(&self, service: &Service) -> bool {
        let is = |contract: &Arc<Contract>| {
            self.catalog.contract(contract.id()).is_some_and(|found| Arc::ptr_eq(found, contract))
        };
        service.versions.iter().all(|version| is(&version.contract))
    }

    /// Who of the previous register is who in `next`, which has its members and services by now.
    pub(super) fn parties(&self, next: &Register) -> Parties {
        let before = self.register;
        let system = |key: SystemKey| {
            let system = before.system(key);
            let found = next.system_named(&system.id)?;
            let (was, is) = (before.member(system.member), next.member(next.system(found).member));
            (was.id == is.id && was.province == is.province).then_some(found)
        };
        let service = |service: &Service| {
            let found = next.service_of(&service.id)?;
            next.service(found).is(service).then_some(found)
        };
        Parties {
            systems: before.systems().map(|(key, _)| system(key)).collect(),
            services: before.services.iter().map(service).collect(),
        }
    }
}

fn address(source: &Arc<Source>) -> usize {
    Arc::as_ptr(source).addr()
}

/// What a member's document says.
pub(super) fn member<'s>(
    previous: Option<&Previous<'_>>,
    source: &'s Arc<Source>,
) -> Page<'s, Arc<written::member::Member>> {
    let known = previous.and_then(|previous| {
        let position = previous.members.get(&address(source))?;
        previous.register.origin.members.get(*position)?.clone()
    });
    match known {
        Some(written) => Page { sheet: Sheet::new(source), content: Content::Written(written) },
        None => Page::read(source, |sheet| written::member::Member::read(sheet).map(Arc::new)),
    }
}

/// A service, or what its document says. `register` has its members.
pub(super) fn service<'s>(
    previous: Option<&Previous<'_>>,
    register: &Register,
    source: &'s Arc<Source>,
) -> Page<'s, written::service::Service, Service> {
    let kept = previous.filter(|previous| previous.same_ground).and_then(|previous| {
        let position = *previous.services.get(&address(source))?;
        let before = previous.register.services.get(position)?;
        if !previous.has_contracts_of(before) {
            return None;
        }
        let system = register.system_named(&previous.register.system(before.system).id)?;
        let warnings = previous.register.origin.services.get(&position).cloned().unwrap_or_default();
        Some((Service { system, offer: Arc::clone(&before.offer) }, warnings))
    });
    match kept {
        Some((service, warnings)) => {
            Page { sheet: Sheet::resumed(source, warnings), content: Content::Compiled(service) }
        }
        None => Page::read(source, written::service::Service::read),
    }
}

/// An agreement, or what its document says. `register` has all but agreements.
pub(super) fn agreement<'s>(
    previous: Option<&Previous<'_>>,
    parties: Option<&Parties>,
    register: &Register,
    source: &'s Arc<Source>,
) -> Page<'s, written::agreement::Agreement, Agreement> {
    let previous = previous.filter(|previous| previous.same_ground).zip(parties);
    let kept = previous.and_then(|(previous, parties)| {
        let position = *previous.agreements.get(&address(source))?;
        let before = previous.register.agreements.get(position)?;
        let consumer = parties.systems.get(before.consumer.position()).copied().flatten()?;
        let service = parties.services.get(before.service.position()).copied().flatten()?;
        let known = before.purposes.iter().all(|purpose| register.purpose(purpose.as_str()).is_some());
        let warnings = previous.register.origin.agreements.get(&position).cloned().unwrap_or_default();
        known.then(|| (Agreement { consumer, service, terms: Arc::clone(&before.terms) }, warnings))
    });
    match kept {
        Some((agreement, warnings)) => {
            Page { sheet: Sheet::resumed(source, warnings), content: Content::Compiled(agreement) }
        }
        None => Page::read(source, written::agreement::Agreement::read),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Ask, Operation,
        fixture::{
            Fixture, TODAY, TT_1, ask, catalog, catalog_with_a_new_field, catalog_with_a_personal_key, noon,
            pin, pin_of,
        },
    };

    const TT_2: &str = r#"
id = "TT-2"
kind = "standing"
consumer = "G03/truc"
service = "G06/thu"
contract = "thu@1"
legal_basis = ["Căn cứ mẫu"]
purposes = ["thong-ke"]
valid = { from = 2026-01-01, until = 2026-12-10 }
operations = ["query"]
formats = ["json"]
[fields]
release = ["MaSo"]
"#;

    /// One edit: sound ones and others, each with its document.
    fn edits() -> Vec<(&'static str, &'static str, &'static str)> {
        vec![
            ("agreements/TT-1.toml", "2027-12-31", "2027-06-30"),
            ("agreements/TT-1.toml", "per_second = 5", "per_second = 7"),
            ("agreements/TT-1.toml", "purposes = [\"quan-ly\"]", "purposes = [\"quan-ly\", \"thong-ke\"]"),
            ("agreements/TT-1.toml", "kind = ", "kindd = "),
            ("agreements/TT-2.toml", "\"G03/truc\"", "\"H26/quan-ly\""),
            ("agreements/TT-2.toml", "\"thong-ke\"", "\"quan-ly\""),
            ("agreements/TT-2.toml", "[\"MaSo\"]", "[\"MaSo\", \"Ten\"]"),
            ("members/H26.toml", "province = \"24\"", "province = \"01\""),
            ("members/H26.toml", "province = \"24\"", "province = \"99\""),
            ("members/H26.toml", "id = \"quan-ly\"", "id = \"quan-ly-khcn\""),
            ("members/H26.toml", "quan-ly.example", "khac.example"),
            ("members/G03.toml", "id = \"truc\"", "id = \"truc-moi\""),
            ("members/G06.toml", "id = \"he-thong\"", "id = \"moi\""),
            ("services/G06/thu.toml", "per_second = 50", "per_second = 60"),
            ("services/G06/thu.toml", "operations.submit", "operations.withdraw"),
            ("services/G06/thu.toml", "system =", "sistem ="),
            ("services/G06/mo.toml", "\"open\"", "\"on-request\""),
        ]
    }

    /// Documents that come and go whole.
    const WHOLE: [&str; 8] = [
        "purposes/quan-ly.toml",
        "purposes/thong-ke.toml",
        "agreements/TT-1.toml",
        "agreements/TT-2.toml",
        "members/G03.toml",
        "services/G06/thu.toml",
        "services/G06/chung.toml",
        "services/G06/mo.toml",
    ];

    fn base() -> Fixture {
        Fixture::new().put("agreements/TT-2.toml", TT_2)
    }

    fn text(fixture: &Fixture, file: &str) -> Option<String> {
        let found = fixture.sources.iter().find(|source| source.file == std::path::Path::new(file));
        found.map(|source| source.text.clone())
    }

    /// Applies an edit, or undoes it where it stands already.
    fn step(fixture: Fixture, choice: usize) -> Fixture {
        let edits = edits();
        match edits.get(choice) {
            Some((file, from, to)) => match text(&fixture, file) {
                Some(before) if before.contains(to) => fixture.put(file, &before.replacen(to, from, 1)),
                Some(before) if before.contains(from) => fixture.put(file, &before.replacen(from, to, 1)),
                _ => fixture,
            },
            None => {
                let file = WHOLE[(choice - edits.len()) % WHOLE.len()];
                let mut fixture = fixture;
                if text(&fixture, file).is_some() {
                    for list in [
                        &mut fixture.sources.members,
                        &mut fixture.sources.services,
                        &mut fixture.sources.purposes,
                        &mut fixture.sources.agreements,
                    ] {
                        list.retain(|source| source.file != std::path::Path::new(file));
                    }
                    fixture
                } else {
                    fixture.put(file, &text(&base(), file).unwrap())
                }
            }
        }
    }

    /// What the register decides for everybody about everything, and what it is in the order in which it
    /// tells of itself.
    fn decisions(register: &Register) -> Vec<String> {
        let mut told: Vec<String> = register.agreements().map(|agreement| format!("{agreement:?}")).collect();
        told.extend(register.members().map(|member| format!("{member:?}")));
        told.extend(register.systems().map(|system| format!("{system:?}")));
        told.extend(register.services().map(|(key, service)| {
            format!("{key:?} {} {:?} {:?} {:?}", service.id, service.system, service.quota, service.mode)
        }));
        let question = ask(&Fixture::new().compile());
        for (caller, system) in register.systems() {
            for (service, _) in register.services() {
                for operation in [Operation::Query, Operation::Submit, Operation::Verify] {
                    for purpose in [None, Some("quan-ly"), Some("thong-ke")] {
                        for represented in [None, register.member_named("H26")] {
                            let ask =
                                Ask { caller, represented, service, operation, purpose, ..question.clone() };
                            told.push(format!("{:?}", register.decide(&ask, &mut Vec::new())));
                        }
                    }
                }
            }
            let usable = register.usable_by(caller, None, noon("2026-11-21"));
            told.extend(
                usable.map(|usable| format!("{} {:?} {:?}", system.id, usable.service, usable.operations)),
            );
        }
        told
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Whatever is edited in whatever order, sound or not: what is compiled after what was before is
        /// what is compiled from nothing, faults and warnings included.
        #[test]
        fn compiling_after_an_edit_is_compiling(choices in proptest::collection::vec(0_usize..25, 1..12)) {
            let mut fixture = base();
            let mut previous = fixture.compile();
            for choice in choices {
                fixture = step(fixture, choice);
                let cold = Register::compile(&fixture.sources, catalog(), TODAY);
                let again = Register::compile_after(Some(&previous), &fixture.sources, catalog(), TODAY);
                match (cold, again) {
                    (Ok((cold, warned)), Ok((again, warnings))) => {
                        prop_assert_eq!(warnings, warned);
                        prop_assert_eq!(decisions(&again), decisions(&cold));
                        previous = again;
                    }
                    (Err(cold), Err(again)) => prop_assert_eq!(again, cold),
                    (cold, again) => {
                        prop_assert!(false, "cold {:?}, again {:?}", cold.is_ok(), again.is_ok());
                    }
                }
            }
        }
    }

    /// Which agreements of `next` were taken over.
    fn taken_over(previous: &Register, next: &Register) -> Vec<String> {
        let same = |agreement: &&Agreement| {
            previous.agreement_named(agreement.id.as_str()).is_some_and(|before| before.is(agreement))
        };
        next.agreements().filter(same).map(|agreement| agreement.id.to_string()).collect()
    }

    #[test]
    fn what_an_edit_does_not_touch_is_taken_over() {
        let fixture = base();
        let before = fixture.compile();
        let after = |fixture: &Fixture| {
            Register::compile_after(Some(&before), &fixture.sources, catalog(), TODAY).unwrap().0
        };
        let edited = |file: &str, from: &str, to: &str| {
            let next = after(&fixture.clone().edit(file, from, to));
            taken_over(&before, &next).join(" ")
        };
        assert_eq!(taken_over(&before, &after(&fixture)).join(" "), "TT-1 TT-2");
        assert_eq!(edited("agreements/TT-1.toml", "2027-12-31", "2027-12-30"), "TT-2");
        assert_eq!(edited("members/H26.toml", "quan-ly.example", "khac.example"), "TT-1 TT-2");
        assert_eq!(edited("members/H26.toml", "\"24\"", "\"01\""), "TT-2", "its records are of the province");
        assert_eq!(edited("services/G06/mo.toml", "per_second = 50", "per_second = 5"), "TT-1 TT-2");
        assert_eq!(edited("services/G06/thu.toml", "per_second = 50", "per_second = 5"), "");
        let first = Register::compile_after(
            Some(&before),
            &fixture
                .clone()
                .put(
                    "members/A01.toml",
                    &text(&fixture, "members/G03.toml")
                        .unwrap()
                        .replace("G03", "A01")
                        .replace("ba78", "ba79"),
                )
                .sources,
            catalog(),
            TODAY,
        );
        assert_eq!(taken_over(&before, &first.unwrap().0).join(" "), "TT-1 TT-2", "keys may change");
        let tomorrow =
            Register::compile_after(Some(&before), &fixture.sources, catalog(), TODAY.tomorrow().unwrap());
        assert_eq!(
            taken_over(&before, &tomorrow.unwrap().0).join(" "),
            "",
            "conditions are those of the day"
        );
        assert!(TT_1.contains("include_predecessors"));
    }

    #[test]
    fn a_contract_that_changed_compiles_again_what_names_it_and_nothing_else() {
        let fixture = base();
        let before = fixture.compile();
        let after = |fixture: &Fixture, catalog: &Catalog| {
            let again = Register::compile_after(Some(&before), &fixture.sources, catalog, TODAY).unwrap().0;
            let cold = Register::compile(&fixture.sources, catalog, TODAY).unwrap().0;
            assert_eq!(decisions(&again), decisions(&cold));
            let same = |service: &&Service| {
                let found = before.service_of(&service.id);
                found.is_some_and(|found| before.service(found).is(service))
            };
            let services = again.services().map(|(_, service)| service).filter(same);
            let mut taken: Vec<String> = services.map(|service| service.id.to_string()).collect();
            taken.extend(taken_over(&before, &again));
            taken.join(" ")
        };
        let all = "G06/thu G06/chung G06/mo G06/xac-thuc TT-1 TT-2";
        let added = catalog_with_a_personal_key();
        assert_eq!(after(&fixture, &added.clone().taking_over(catalog())), all);
        assert_eq!(after(&fixture, &added), "", "code lists may have changed");
        // Who shares by mode says what revision of the contract was looked at.
        let changed = catalog_with_a_new_field().taking_over(catalog());
        let (was, is) = (pin(), pin_of(&changed));
        let fixture = ["services/G06/chung.toml", "services/G06/mo.toml"]
            .into_iter()
            .fold(fixture.clone(), |fixture, file| fixture.edit(file, &was, &is));
        assert_eq!(after(&fixture, &changed), "");
    }
}
