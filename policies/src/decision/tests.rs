use proptest::{prelude::*, sample::select};

use super::*;
use crate::{
    fixture::{Fixture, ask, noon, service, system},
    names::MemberId,
};

type Filter = (Cow<'static, str>, Cow<'static, str>);

fn filter(field: &'static str) -> Filter {
    (field.into(), "x".into())
}

/// The rule that refuses what `change` makes of the standard request, and the agreement it names.
fn refused(fixture: &Fixture, change: impl Fn(&Register, &mut Ask<'static>)) -> (Rule, Option<String>) {
    let register = fixture.compile();
    let mut ask = ask(&register);
    change(&register, &mut ask);
    let refusal = register.decide(&ask, &mut ()).map(|granted| granted.basis).unwrap_err();
    for detail in [&refusal.detail.vi, &refusal.detail.en] {
        let whole = detail.starts_with(char::is_uppercase) && detail.ends_with('.');
        assert!(whole && !detail.ends_with("..") && !detail.contains("?."), "{detail}");
    }
    (refusal.rule, refusal.agreement.map(|id| id.to_string()))
}

fn by_agreement(rule: Rule) -> (Rule, Option<String>) {
    (rule, Some("TT-1".to_owned()))
}

fn member(register: &Register, id: &str) -> MemberKey {
    let id: MemberId = id.parse().unwrap();
    register.member_named(id.as_str()).unwrap()
}

#[test]
fn an_agreement_grants_what_it_says() {
    let register = Fixture::new().compile();
    let filters = [filter("MaSo")];
    let asked = Ask { filters: &filters, ..ask(&register) };
    let granted = register.decide(&asked, &mut ()).unwrap();
    assert_eq!(granted.basis, Basis::Agreement);
    assert_eq!(granted.agreement.unwrap().id.as_str(), "TT-1");
    assert!(granted.release.releases("MaSo") && granted.release.releases("ChuNhiem.HoVaTen"));
    assert!(!granted.release.releases("GhiChu") && !granted.release.releases("ChuNhiem.SoDinhDanh"));
    assert!(granted.personal);
    let keys: Vec<&str> = granted.quotas().map(|terms| terms.key.as_str()).collect();
    assert_eq!(keys, ["agreement:TT-1", "service:G06/thu"]);
    assert_eq!(granted.operation.path, "/");
}

#[test]
fn a_refusal_says_what_was_compared_and_what_to_do() {
    let register = Fixture::new().compile();
    let late = Ask { at: noon("2028-01-01"), ..ask(&register) };
    let refusal = register.decide(&late, &mut ()).map(|granted| granted.basis).unwrap_err();
    assert_eq!(
        refusal.detail.vi,
        "Thỏa thuận `TT-1` có hiệu lực từ 2026-01-01 đến hết 2027-12-31; hôm nay là 2028-01-01."
    );
    assert_eq!(
        refusal.detail.en,
        "Agreement `TT-1` holds from 2026-01-01 to 2027-12-31; today is 2028-01-01."
    );
    assert_eq!(refusal.rule.remedy().vi, "Hãy gia hạn hoặc ký thỏa thuận mới với bên cung cấp.");
    assert_eq!(refusal.rule.label().vi, "thỏa thuận chưa hết hạn");
    let used = Refusal::one_off_used(register.agreement_named("TT-1").unwrap());
    assert!(used.detail.vi.starts_with("Thỏa thuận `TT-1`") && used.detail.vi.ends_with('.'));
}

#[test]
fn a_version_must_be_served_and_not_be_retired() {
    assert_eq!(refused(&Fixture::new(), |_, ask| ask.version = 2), (Rule::VersionUnknown, None));
    let retired = |day: &str| {
        let line = format!("unknown_fields = \"drop\"\nretired_from = {day}\n");
        Fixture::new().edit("services/G06/thu.toml", "unknown_fields = \"drop\"\n", &line)
    };
    assert_eq!(refused(&retired("2026-11-21"), |_, _| {}), (Rule::VersionRetired, None));
    let register = retired("2026-11-22").compile();
    assert!(register.decide(&ask(&register), &mut ()).is_ok(), "the day before");
}

#[test]
fn a_member_must_exist_on_the_day() {
    let after = |_: &Register, ask: &mut Ask<'static>| ask.at = noon("2031-01-01");
    assert_eq!(refused(&Fixture::new(), after), (Rule::MemberNotValid, None));
    // The relay's own member still exists: it is the represented one that does not.
    let relayed = |register: &Register, ask: &mut Ask<'static>| {
        ask.caller = system(register, "G03/truc");
        ask.represented = Some(member(register, "H26"));
        ask.at = noon("2031-01-01");
    };
    assert_eq!(refused(&Fixture::new(), relayed), (Rule::MemberNotValid, None));
}

#[test]
fn only_a_relay_speaks_for_another_member() {
    let speaks = |caller: &'static str, for_member: &'static str| {
        move |register: &Register, ask: &mut Ask<'static>| {
            ask.caller = system(register, caller);
            ask.represented = Some(member(register, for_member));
        }
    };
    let not_allowed = (Rule::RepresentationNotAllowed, None);
    assert_eq!(refused(&Fixture::new(), speaks("G03/thu-vien", "H26")), not_allowed);
    assert_eq!(refused(&Fixture::new(), speaks("G03/truc", "G06")), not_allowed);
    let register = Fixture::new().compile();
    let mut asked = ask(&register);
    speaks("G03/truc", "H26")(&register, &mut asked);
    let granted = register.decide(&asked, &mut ()).unwrap();
    assert_eq!(granted.agreement.unwrap().id.as_str(), "TT-1", "decided for the represented member");
}

#[test]
fn a_relays_own_agreements_do_not_count_for_whom_it_represents() {
    let own = crate::fixture::TT_1
        .replace("TT-1", "TT-2")
        .replace("H26/quan-ly", "G03/truc")
        .replace("{ in = \"$member.province\", include_predecessors = true }", "{ in = [\"24\"] }");
    let fixture = Fixture::new().without("agreements/TT-1.toml").put("agreements/TT-2.toml", &own);
    let relayed = |register: &Register, ask: &mut Ask<'static>| {
        ask.caller = system(register, "G03/truc");
        ask.represented = Some(member(register, "H26"));
    };
    assert_eq!(refused(&fixture, relayed), (Rule::NoAgreement, None));
    // Nor do the represented member's agreements in another environment.
    let tested = Fixture::new().edit("agreements/TT-1.toml", "H26/quan-ly", "H26/thu-nghiem");
    assert_eq!(refused(&tested, relayed), (Rule::NoAgreement, None));
}

#[test]
fn nothing_of_a_test_environment_works_in_production() {
    let tested = Fixture::new().edit("agreements/TT-1.toml", "H26/quan-ly", "H26/thu-nghiem");
    let by_test =
        |register: &Register, ask: &mut Ask<'static>| ask.caller = system(register, "H26/thu-nghiem");
    assert_eq!(refused(&tested, by_test), (Rule::Environment, None));
    assert_eq!(refused(&Fixture::new(), |_, ask| ask.environment = "test"), (Rule::Environment, None));
    let provider = Fixture::new().edit("members/G06.toml", "\"production\"", "\"test\"");
    assert_eq!(
        refused(&provider, |_, _| {}),
        (Rule::Environment, None),
        "the provider's environment counts too"
    );
}

#[test]
fn the_service_must_offer_the_operation() {
    let update = |_: &Register, ask: &mut Ask<'static>| ask.operation = Operation::Update;
    assert_eq!(refused(&Fixture::new(), update), (Rule::OperationNotOffered, None));
}

#[test]
fn without_an_agreement_nothing_is_granted() {
    let other = |register: &Register, ask: &mut Ask<'static>| ask.caller = system(register, "G03/thu-vien");
    assert_eq!(refused(&Fixture::new(), other), (Rule::NoAgreement, None));
    let verify = |register: &Register, ask: &mut Ask<'static>| {
        ask.service = service(register, "G06/xac-thuc");
        ask.operation = Operation::Verify;
    };
    assert_eq!(
        refused(&Fixture::new(), verify),
        (Rule::NoAgreement, None),
        "an agreement is for one service"
    );
}

#[test]
fn an_agreement_holds_on_its_days_only() {
    let on = |day: &'static str| move |_: &Register, ask: &mut Ask<'static>| ask.at = noon(day);
    let fixture = Fixture::new();
    assert_eq!(refused(&fixture, on("2025-12-31")), by_agreement(Rule::AgreementNotYet));
    assert_eq!(refused(&fixture, on("2028-01-01")), by_agreement(Rule::AgreementExpired));
    let register = fixture.compile();
    for day in ["2026-01-01", "2027-12-31"] {
        let asked = Ask { at: noon(day), ..ask(&register) };
        assert!(register.decide(&asked, &mut ()).is_ok(), "{day} is included");
    }
}

#[test]
fn an_agreement_holds_in_its_hours_only() {
    let at = |time: &'static str| {
        move |_: &Register, ask: &mut Ask<'static>| {
            ask.at = format!("2026-11-21T{time}+07:00").parse().unwrap()
        }
    };
    assert_eq!(refused(&Fixture::new(), at("05:59:59")), by_agreement(Rule::OutsideWindow));
    assert_eq!(refused(&Fixture::new(), at("22:00:00")), by_agreement(Rule::OutsideWindow));
    let register = Fixture::new().compile();
    let mut asked = ask(&register);
    at("06:00:00")(&register, &mut asked);
    assert!(register.decide(&asked, &mut ()).is_ok());
}

#[test]
fn a_purpose_is_stated_known_and_agreed() {
    let fixture = Fixture::new();
    let stating =
        |purpose: Option<&'static str>| move |_: &Register, ask: &mut Ask<'static>| ask.purpose = purpose;
    assert_eq!(refused(&fixture, stating(None)), by_agreement(Rule::PurposeMissing));
    assert_eq!(refused(&fixture, stating(Some("quan-li"))), by_agreement(Rule::PurposeUnknown));
    assert_eq!(refused(&fixture, stating(Some("thong-ke"))), by_agreement(Rule::PurposeNotAgreed));
}

#[test]
fn a_purpose_is_due_for_personal_data_whatever_the_mode() {
    let agreement = crate::fixture::TT_1.replace("G06/thu", "G06/chung");
    let fixture = Fixture::new().put("agreements/TT-1.toml", &agreement);
    let register = fixture.compile();
    let mut asked = Ask { service: service(&register, "G06/chung"), purpose: None, ..ask(&register) };
    let granted = register.decide(&asked, &mut ()).unwrap();
    assert_eq!(granted.basis, Basis::Default, "without a purpose only what default sharing gives");
    assert!(!granted.personal && !granted.release.releases("ChuNhiem.HoVaTen"));
    asked.purpose = Some("quan-ly");
    assert_eq!(register.decide(&asked, &mut ()).unwrap().basis, Basis::Agreement);
}

#[test]
fn an_agreement_allows_its_operations_only() {
    let fixture =
        Fixture::new().edit("agreements/TT-1.toml", "[\"query\", \"read\", \"submit\"]", "[\"query\"]");
    let read = |_: &Register, ask: &mut Ask<'static>| ask.operation = Operation::Read;
    assert_eq!(refused(&fixture, read), by_agreement(Rule::OperationNotAgreed));
}

#[test]
fn a_format_is_offered_and_agreed() {
    let fixture = Fixture::new().edit("agreements/TT-1.toml", "[\"json\", \"xml\"]", "[\"xml\"]");
    assert_eq!(refused(&fixture, |_, _| {}), by_agreement(Rule::FormatNotAgreed));
    let gml = |_: &Register, ask: &mut Ask<'static>| ask.format = Format::Gml;
    assert_eq!(refused(&fixture, gml), by_agreement(Rule::FormatNotOffered));
}

#[test]
fn a_filter_names_once_what_is_released_offered_and_agreed() {
    let by = |filters: &'static [Filter]| move |_: &Register, ask: &mut Ask<'static>| ask.filters = filters;
    let fixture = Fixture::new();
    let leak = |fields: &[&'static str]| -> &'static [Filter] {
        Vec::leak(fields.iter().map(|field| filter(field)).collect())
    };
    let refused = |fields: &[&'static str]| refused(&fixture, by(leak(fields)));
    assert_eq!(refused(&["MaSo", "MaSo"]), by_agreement(Rule::FilterRepeated));
    assert_eq!(refused(&["GhiChu"]), by_agreement(Rule::FilterNotReleased));
    assert_eq!(
        refused(&["ChuNhiem.SoDinhDanh"]),
        by_agreement(Rule::FilterNotReleased),
        "masked is not released"
    );
    assert_eq!(refused(&["KhongCo"]), by_agreement(Rule::FilterNotReleased));
    assert_eq!(refused(&["ChuNhiem.HoVaTen"]), by_agreement(Rule::FilterNotOffered));
    assert_eq!(refused(&["Ten"]), by_agreement(Rule::FilterNotAgreed));
    assert_eq!(refused(&["MaSo", "Ten"]), by_agreement(Rule::FilterNotAgreed), "every filter is asked about");
}

#[test]
fn default_sharing_gives_open_and_shared_fields_to_any_known_system() {
    let register = Fixture::new().compile();
    let mut asked = Ask {
        caller: system(&register, "G03/thu-vien"),
        service: service(&register, "G06/chung"),
        purpose: None,
        ..ask(&register)
    };
    let granted = register.decide(&asked, &mut ()).unwrap();
    assert_eq!((granted.basis, granted.personal), (Basis::Default, false));
    let released: Vec<&str> = granted.release.released().iter().map(FieldPath::as_str).collect();
    assert_eq!(released, ["DonVi.Ten", "HieuLuc", "MaSo", "MaTinh", "Ten"]);
    assert!(granted.conditions.is_empty());
    let keys: Vec<&str> = granted.quotas().map(|terms| terms.key.as_str()).collect();
    assert_eq!(keys, ["service:G06/chung"]);

    asked.service = service(&register, "G06/mo");
    let granted = register.decide(&asked, &mut ()).unwrap();
    let released: Vec<&str> = granted.release.released().iter().map(FieldPath::as_str).collect();
    assert_eq!((granted.basis, released), (Basis::Open, vec!["HieuLuc", "MaSo"]));
}

#[test]
fn sharing_modes_give_reading_only_and_ask_the_same_of_formats_and_filters() {
    let shared = |change: fn(&mut Ask<'static>)| {
        move |register: &Register, ask: &mut Ask<'static>| {
            ask.caller = system(register, "G03/thu-vien");
            ask.service = service(register, "G06/chung");
            ask.purpose = None;
            change(ask);
        }
    };
    let fixture = Fixture::new();
    let refused = |change| refused(&fixture, shared(change));
    assert_eq!(refused(|ask| ask.operation = Operation::Submit), (Rule::NoAgreement, None));
    assert_eq!(refused(|ask| ask.format = Format::Gml), (Rule::FormatNotOffered, None));
    assert_eq!(refused(|ask| ask.purpose = Some("khong-co")), (Rule::PurposeUnknown, None));
    assert_eq!(
        refused(|ask| ask.filters = Vec::leak(vec![filter("GhiChu")])),
        (Rule::FilterNotReleased, None)
    );
    assert_eq!(
        refused(|ask| ask.filters = Vec::leak(vec![filter("HieuLuc")])),
        (Rule::FilterNotOffered, None)
    );
}

#[test]
fn conditions_are_resolved_for_the_consumers_member() {
    let register = Fixture::new().compile();
    let granted = register.decide(&ask(&register), &mut ()).unwrap();
    let condition = granted.conditions.iter().next().unwrap();
    assert_eq!(condition.values(), ["24", "27"], "Bắc Ninh is 24 now; it was 27, and Bắc Giang was 24");
    assert!(granted.push_down.is_empty(), "two values are not pushed down");
}

/// A record of `thu@1` with a province and, unless empty, the day it was made.
fn of(province: &'static str, day: &'static str) -> contracts::Document<'static> {
    let mut record = contracts::Record::default();
    record.push("MaTinh", contracts::Document::Text(province.into()));
    if !day.is_empty() {
        record.push("NgayLap", contracts::Document::Text(day.into()));
    }
    contracts::Document::Record(record)
}

/// The codes that stand for one province now and stood for another before July 2025.
const COLLIDING: [&str; 7] = ["15", "24", "44", "52", "80", "82", "91"];

#[test]
fn a_record_of_another_province_does_not_leak_because_the_codes_of_two_editions_collide() {
    let catalog = crate::fixture::catalog_with_a_date();
    for code in COLLIDING {
        let condition = format!("MaTinh = {{ in = [\"{code}\"] }}");
        let fixture = Fixture::new().edit(
            "agreements/TT-1.toml",
            "MaTinh = { in = \"$member.province\", include_predecessors = true }",
            &condition,
        );
        let register = fixture.compile_with(&catalog);
        let granted = register.decide(&ask(&register), &mut ()).unwrap();
        assert!(granted.conditions.matches(&of(code, "2026-01-05")), "{code} as it is");
        assert!(!granted.conditions.matches(&of(code, "2024-01-05")), "{code} was another province");
        assert!(!granted.conditions.matches(&of(code, "")), "{code} of no date may be the other's");
        assert!(!granted.conditions.matches(&of(code, "2024")), "{code} of no date that can be read");
        assert!(!granted.conditions.matches(&of("01", "2026-01-05")));
    }
}

#[test]
fn predecessors_are_recognised_by_the_code_they_had_when_the_record_was_made() {
    let register = Fixture::new().compile_with(&crate::fixture::catalog_with_a_date());
    let granted = register.decide(&ask(&register), &mut ()).unwrap();
    let condition = granted.conditions.iter().next().unwrap();
    assert_eq!(condition.dated_by().map(|path| path.as_str()), Some("NgayLap"));
    assert_eq!(condition.values(), ["24", "27"]);
    assert!(granted.conditions.matches(&of("24", "2026-01-05")), "Bắc Ninh");
    assert!(granted.conditions.matches(&of("27", "2024-01-05")), "Bắc Ninh before the merger");
    assert!(granted.conditions.matches(&of("24", "2024-01-05")), "Bắc Giang, part of it since");
    assert!(granted.conditions.matches(&of("24", "")), "one or the other, and both are covered");
    assert!(!granted.conditions.matches(&of("27", "2026-01-05")), "nobody's code by then");
    assert!(!granted.conditions.matches(&of("31", "2024-01-05")));
}

#[test]
fn a_single_condition_is_pushed_down_unless_the_consumer_filters_by_it() {
    let fixture = Fixture::new().edit("agreements/TT-1.toml", ", include_predecessors = true", "").edit(
        "agreements/TT-1.toml",
        "filter = [\"MaSo\"]",
        "filter = [\"MaSo\", \"MaTinh\"]",
    );
    let register = fixture.compile();
    let mut asked = ask(&register);
    let pushed = |asked: &Ask<'_>| register.decide(asked, &mut ()).unwrap().push_down.to_vec();
    assert_eq!(pushed(&asked), [("MaTinh".parse().unwrap(), "24".to_owned())]);
    let filters = [filter("MaTinh")];
    asked.filters = &filters;
    assert!(pushed(&asked).is_empty());
    let read = Ask { operation: Operation::Read, ..ask(&register) };
    assert!(pushed(&read).is_empty(), "the service pushes down on queries only");
}

#[test]
fn of_several_agreements_the_first_that_passes_grants_and_the_furthest_refusal_is_told() {
    let second = crate::fixture::TT_1
        .replace("TT-1", "TT-2")
        .replace("\"quan-ly\"]", "\"thong-ke\"]")
        .replace("[\"json\", \"xml\"]", "[\"xml\"]");
    let fixture = Fixture::new().put("agreements/TT-2.toml", &second);
    let register = fixture.compile();
    let statistics = Ask { purpose: Some("thong-ke"), format: Format::Xml, ..ask(&register) };
    assert_eq!(register.decide(&statistics, &mut ()).unwrap().agreement.unwrap().id.as_str(), "TT-2");
    let json = Ask { purpose: Some("thong-ke"), ..ask(&register) };
    let refusal = register.decide(&json, &mut ()).map(|granted| granted.basis).unwrap_err();
    assert_eq!((refusal.rule, refusal.agreement.unwrap().as_str()), (Rule::FormatNotAgreed, "TT-2"));
}

#[test]
fn a_verdict_is_released_by_its_own_contract_and_counts_as_personal() {
    let agreement = crate::fixture::TT_1
        .replace("G06/thu", "G06/xac-thuc")
        .replace("[\"query\", \"read\", \"submit\"]", "[\"verify\"]")
        .split("[fields]")
        .next()
        .unwrap()
        .to_owned()
        + "[fields]\nrelease = [\"KetQua\"]\n";
    let register = Fixture::new().put("agreements/TT-1.toml", &agreement).compile();
    let verify =
        Ask { service: service(&register, "G06/xac-thuc"), operation: Operation::Verify, ..ask(&register) };
    let granted = register.decide(&verify, &mut ()).unwrap();
    assert!(granted.release.is_whole() && granted.release.releases("KetQua"));
    assert!(granted.personal, "the question carries personal data, though the verdict does not");
    let unstated = Ask { purpose: None, ..verify };
    let refusal = register.decide(&unstated, &mut ()).map(|granted| granted.basis).unwrap_err();
    assert_eq!(refusal.rule, Rule::PurposeMissing);
}

#[test]
fn a_witness_sees_every_rule_in_order_and_changes_nothing() {
    let register = Fixture::new().compile();
    let filters = [filter("MaSo")];
    let asked = Ask { filters: &filters, ..ask(&register) };
    let mut steps: Vec<Step> = Vec::new();
    assert!(register.decide(&asked, &mut steps).is_ok());
    let seen: Vec<Rule> = steps.iter().map(|step| step.rule).collect();
    let unasked = [Rule::RepresentationNotAllowed, Rule::NoAgreement, Rule::OneOffUsed];
    let expected: Vec<Rule> = Rule::ALL.into_iter().filter(|rule| !unasked.contains(rule)).collect();
    assert_eq!(seen, expected);
    assert!(steps.iter().all(|step| step.passed && !step.compared.vi.is_empty()));

    steps.clear();
    let expired = Ask { at: noon("2028-01-01"), ..asked };
    assert!(register.decide(&expired, &mut steps).is_err());
    let failed: Vec<Rule> = steps.iter().filter(|step| !step.passed).map(|step| step.rule).collect();
    assert_eq!(failed, [Rule::AgreementExpired, Rule::NoAgreement]);
}

#[test]
fn no_refusal_repeats_what_was_asked_for() {
    let register = Fixture::new().compile();
    let filters: [Filter; 1] = [("001099000001".into(), "001099000002".into())];
    for asked in
        [Ask { filters: &filters, ..ask(&register) }, Ask { purpose: Some("001099000001"), ..ask(&register) }]
    {
        let mut steps: Vec<Step> = Vec::new();
        let refusal = register.decide(&asked, &mut steps).map(|granted| granted.basis).unwrap_err();
        let said = format!("{refusal:?}{steps:?}");
        assert!(!said.contains("00109900000"), "{said}");
    }
}

#[test]
fn what_is_usable_is_what_would_be_granted() {
    let register = Fixture::new().compile();
    let usable = |caller: &str, represented: Option<&str>, day: &str| -> Vec<String> {
        let represented = represented.map(|id| member(&register, id));
        let found = register.usable_by(system(&register, caller), represented, noon(day));
        found
            .map(|usable| format!("{} {}", register.service(usable.service).id, usable.basis.as_str()))
            .collect()
    };
    let shared = ["G06/chung default", "G06/mo open"];
    assert_eq!(usable("H26/quan-ly", None, "2026-11-21"), ["G06/thu agreement", shared[0], shared[1]]);
    assert_eq!(usable("H26/quan-ly", None, "2028-11-21"), shared, "the agreement is over");
    assert_eq!(usable("G03/thu-vien", None, "2026-11-21"), shared);
    assert_eq!(usable("G03/truc", Some("H26"), "2026-11-21"), ["G06/thu agreement", shared[0], shared[1]]);
    assert!(usable("G03/thu-vien", Some("H26"), "2026-11-21").is_empty(), "no relay");
    assert!(usable("H26/thu-nghiem", None, "2026-11-21").is_empty(), "another environment");
    assert!(usable("H26/quan-ly", None, "2031-11-21").is_empty(), "the member is no more");
}

proptest! {
    /// Whatever is asked, a caller without an agreement for the service gets nothing but what the
    /// service's mode gives, for reading, and never a guarded field.
    #[test]
    fn denied_by_default(
        caller in select(vec!["G03/thu-vien", "G03/truc", "G06/he-thong", "H26/thu-nghiem", "H26/quan-ly"]),
        represented in proptest::option::of(select(vec!["G03", "G06", "H26"])),
        service_name in select(vec!["G06/thu", "G06/chung", "G06/mo", "G06/xac-thuc"]),
        version in 0_u32..3,
        operation in select(Operation::ALL.to_vec()),
        purpose in proptest::option::of(select(vec!["quan-ly", "thong-ke", "khac", ""])),
        format in select(Format::ALL.to_vec()),
        fields in proptest::collection::vec(
            select(vec!["MaSo", "Ten", "MaTinh", "GhiChu", "ChuNhiem.SoDinhDanh", "ChuNhiem", "", "..", "x"]), 0..3
        ),
        environment in select(vec!["production", "test"]),
        at in -10_000_000_000_i64..10_000_000_000,
    ) {
        let register = Fixture::new().compile();
        let filters: Vec<Filter> = fields.iter().map(|field| filter(field)).collect();
        let key = service(&register, service_name);
        let asked = Ask {
            caller: system(&register, caller),
            represented: represented.map(|id| member(&register, id)),
            service: key,
            version,
            operation,
            purpose,
            officer: None,
            format,
            filters: &filters,
            environment,
            at: Timestamp::from_second(at).unwrap(),
        };
        let mut steps: Vec<Step> = Vec::new();
        let decided = register.decide(&asked, &mut steps);
        match &decided {
            Ok(granted) if granted.agreement.is_none() => {
                prop_assert!(operation.reads_records() && !granted.personal);
                prop_assert!(matches!(register.service(key).mode, Mode::Default | Mode::Open));
                let guarded = |path: &&FieldPath| !matches!(path.as_str(), "MaSo" | "Ten" | "MaTinh" | "HieuLuc" | "DonVi.Ten");
                prop_assert!(!granted.release.released().iter().any(|path| guarded(&path)));
                prop_assert!(granted.release.masked().is_empty());
            }
            Ok(granted) => {
                let for_hanoi = caller == "H26/quan-ly" && represented.is_none_or(|id| id == "H26");
                let relayed = caller == "G03/truc" && represented == Some("H26");
                prop_assert!(for_hanoi || relayed);
                prop_assert_eq!(granted.service.id.as_str(), "G06/thu");
                prop_assert_eq!(purpose, Some("quan-ly"));
            }
            Err(refusal) => prop_assert!(steps.iter().any(|step| !step.passed && step.rule == refusal.rule)),
        }
        if decided.is_ok() {
            prop_assert!(steps.iter().any(|step| step.passed) && environment == "production");
            for (field, _) in &filters {
                prop_assert!(decided.as_ref().is_ok_and(|granted| granted.release.releases(field)));
            }
        }
    }
}

#[test]
fn who_does_not_see_keys_cannot_read_by_one() {
    let read = |_: &Register, ask: &mut Ask<'static>| ask.operation = Operation::Read;
    let hidden = Fixture::new()
        .edit("agreements/TT-1.toml", "release = [\"MaSo\", \"Ten\"", "release = [\"Ten\"")
        .edit("agreements/TT-1.toml", "filter = [\"MaSo\"]", "filter = []");
    assert_eq!(refused(&hidden, read), by_agreement(Rule::FilterNotReleased));
    let register = Fixture::new().compile();
    let asked = Ask { operation: Operation::Read, ..ask(&register) };
    assert!(register.decide(&asked, &mut ()).is_ok());
}
