use std::{path::Path, sync::Arc, time::Duration};

use contracts::{Catalog, Language, Place};
use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{
    BadRecords, Balance, Breaker, Format, HealthCheck, Look, Mask, Operation, Reference, Retry,
    fixture::{
        Fixture, TODAY, TT_1, catalog, catalog_with_a_new_field, catalog_with_a_personal_key,
        catalog_with_a_place, pin, shown,
    },
};

const AGREEMENT: &str = "agreements/TT-1.toml";
const SERVICE: &str = "services/G06/thu.toml";
const MEMBER: &str = "members/H26.toml";

/// The rules that the edit of one document breaks; nothing else may be wrong.
fn broken(file: &str, from: &str, to: &str) -> Vec<&'static str> {
    let rules = Fixture::new().edit(file, from, to).rules();
    assert!(rules.iter().all(|(faulty, _)| faulty == file), "{rules:?}");
    rules.into_iter().map(|(_, rule)| rule).collect()
}

#[test]
fn documents_without_fault_compile_without_warning() {
    let register = Fixture::new().compile();
    assert!(Fixture::new().faults().is_empty());
    let agreement = register.agreement_named("TT-1").unwrap();
    assert!(agreement.allows(Operation::Query) && !agreement.allows(Operation::Update));
    assert!(agreement.touches_personal());
    assert_eq!(agreement.formats, [Format::Json, Format::Xml]);
    assert_eq!(agreement.release(Operation::Query).unwrap().masked().len(), 1);
    assert_eq!(agreement.days_left(TODAY), Some(406));
    let source = &Fixture::new().sources.agreements[0];
    assert_eq!(*agreement.revision(), source.revision());
    let service = register.service(register.service_named("G06", "thu").unwrap());
    assert_eq!((service.body_limit, service.revision().len()), (Some(2 << 20), 32));
    let version = service.version(1).unwrap();
    assert_eq!(version.upstream.trust, Reference::File("ca.pem".into()));
    assert_eq!(version.operation(Operation::Read).unwrap().path, "/{id}");
    let streams = |terms: &str| {
        let edited = Fixture::new().edit(SERVICE, "filter = [", &format!("stream = {terms}, filter = ["));
        let register = edited.compile();
        let service = register.service(register.service_named("G06", "thu").unwrap());
        service
            .version(1)
            .unwrap()
            .operation(Operation::Query)
            .unwrap()
            .stream
            .map(|stream| stream.bad_records)
    };
    assert_eq!(version.operation(Operation::Query).unwrap().stream, None, "no long body passes by itself");
    assert_eq!((streams("false"), streams("true")), (None, Some(BadRecords::Stop)));
    assert_eq!(streams("{ bad_records = \"set-aside\" }"), Some(BadRecords::SetAside));
    assert!(
        register.service_named("G06", "khong-co").is_none() && register.service_named("X", "thu").is_none()
    );
    let maintained = |at: &str| service.maintenance_at(at.parse().unwrap()).is_some();
    assert!(maintained("2026-12-02T01:00:00+07:00") && !maintained("2026-12-02T02:00:00+07:00"));
}

#[test]
fn the_shipped_documents_are_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (catalog, _) = match Catalog::load(&root.join("../contracts")) {
        Ok(loaded) => loaded,
        Err(faults) => panic!("{}", shown(&faults)),
    };
    let sources = match Sources::read(root) {
        Ok(sources) => sources,
        Err(faults) => panic!("{}", shown(&faults)),
    };
    let (register, warnings) = match Register::compile(&sources, &catalog, TODAY) {
        Ok(compiled) => compiled,
        Err(faults) => panic!("{}", shown(&faults)),
    };
    let warned: Vec<&str> = warnings.iter().map(|warning| warning.rule).collect();
    assert_eq!(warned, ["agreement-expired"], "{}", shown(&warnings));
    assert!(register.services().count() >= 5);
    let (suspensions, unread) = Sources::suspensions(root);
    let (overlay, faults) = crate::Overlay::compile(&suspensions, &crate::Overlay::default());
    assert!(unread.is_empty() && faults.is_empty(), "{}", shown(&faults));
    assert_eq!(overlay.iter().count(), suspensions.len());
}

#[test]
fn every_fault_of_every_document_is_told_at_once_and_in_order() {
    let rules = Fixture::new()
        .edit(AGREEMENT, "kind = \"standing\"", "kind = \"stand\"\nkindd = 1")
        .edit(AGREEMENT, "\"quan-ly\"]", "\"quan-li\", 5]")
        .edit(SERVICE, "\"GET\", path = \"/\"", "\"GETT\", path = \"/\"")
        .edit(MEMBER, "province = \"24\"", "province = \"99\"")
        .rules();
    let expected = [
        (AGREEMENT, "bad-value"),
        (AGREEMENT, "unknown-key"),
        (AGREEMENT, "wrong-type"),
        (MEMBER, "unknown-province"),
        (SERVICE, "bad-value"),
    ];
    assert_eq!(rules, expected.map(|(file, rule)| (file.to_owned(), rule)));
}

#[test]
fn a_fault_has_place_message_and_remedy_in_both_languages() {
    let faults = Fixture::new().edit(AGREEMENT, "\"MaSo\", \"Ten\"", "\"MaSo\", \"Tem\"").faults();
    assert_eq!(faults.len(), 1);
    let line = u32::try_from(TT_1.lines().position(|line| line.starts_with("release")).unwrap()).unwrap() + 1;
    assert_eq!(faults[0].place, Some(Place { line, column: 20 }));
    assert_eq!(
        faults[0].display(Language::En),
        format!("{AGREEMENT}:{line}:20: contract `thu@1` has no field `Tem` [unknown-field]. Is it `Ten`?")
    );
    assert!(faults[0].display(Language::Vi).contains("hợp đồng `thu@1` không có trường `Tem`"));
}

#[test]
fn what_follows_from_a_fault_is_not_told_again() {
    // A member that cannot be read: its systems are not called unknown everywhere else.
    assert_eq!(broken("members/G06.toml", "kind = \"ministry\"", "kind = 1"), ["wrong-type"]);
    assert_eq!(broken("members/G06.toml", "id = \"he-thong\"", "id = \"he thong\""), ["bad-value"]);
    assert_eq!(broken(SERVICE, "mode = \"on-request\"", "mode = 1"), ["wrong-type"]);
    assert_eq!(broken("purposes/quan-ly.toml", "title =", "titel ="), ["missing-key", "unknown-key"]);
    // What a parser makes out of broken TOML is no ground for further complaints.
    assert_eq!(broken(AGREEMENT, "from = 2026-01-01", "from = 2026-02-30"), ["toml"]);
    assert_eq!(broken(AGREEMENT, "until = 2027-12-31", "until = \"2027-12-31\""), ["wrong-type"]);
}

#[test]
fn a_file_is_called_as_its_document() {
    assert_eq!(broken(AGREEMENT, "id = \"TT-1\"", "id = \"TT-2\""), ["file-name"]);
    assert_eq!(broken("members/G06.toml", "id = \"G06\"", "id = \"G07\""), ["file-name"]);
    assert_eq!(broken(SERVICE, "system =", "id = \"G06/khac\"\nsystem ="), ["file-name"]);
    for deeper in ["agreements/cu/TT-1.toml", "services/cu/G06/thu.toml", "members/cu/G06.toml"] {
        let shallow = deeper.replacen("cu/", "", 1);
        let text = Fixture::new()
            .sources
            .iter()
            .find(|source| source.file == Path::new(&shallow))
            .unwrap()
            .text
            .clone();
        let rules = Fixture::new().put(deeper, &text).rules();
        assert_eq!(rules, [(deeper.to_owned(), "file-name")], "a second document of the same name");
    }
}

#[test]
fn references_lead_somewhere() {
    let dangling = ["dangling-reference"];
    assert_eq!(broken(AGREEMENT, "H26/quan-ly", "H26/quan-li"), dangling);
    assert_eq!(broken(AGREEMENT, "G06/thu", "G06/thuu"), dangling);
    assert_eq!(broken(AGREEMENT, "[\"quan-ly\"]", "[\"quan-li\"]"), dangling);
    assert_eq!(broken("members/G03.toml", "relays_for = [\"H26\"]", "relays_for = [\"H27\"]"), dangling);
    assert_eq!(broken(MEMBER, "province =", "successor = \"H30\"\nprovince ="), dangling);
    assert_eq!(broken("services/G06/mo.toml", "thu@1", "thuu@1"), dangling);
    assert_eq!(broken("services/G06/mo.toml", "G06/he-thong", "G06/he-thog"), dangling);
    assert_eq!(broken("services/G06/xac-thuc.toml", "ket-qua@1", "ket-qua@2"), dangling);
    assert_eq!(broken(AGREEMENT, "thu@1", "ket-qua@1"), ["contract-not-served"]);
    assert_eq!(broken("services/G06/mo.toml", "G06/he-thong", "H26/quan-ly"), ["foreign-system"]);
}

#[test]
fn a_system_is_recognised_by_its_own_certificate_only() {
    let register = Fixture::new().compile();
    let blank = crate::CertificateFacts {
        issuer: String::new(),
        serial: "ff".to_owned(),
        spki_sha256: [0; 32],
        san_uris: Vec::new(),
        san_dns: Vec::new(),
        not_after: jiff::Timestamp::MAX,
        fingerprint_sha256: [0; 32],
    };
    let known = |facts: &crate::CertificateFacts| {
        register.recognise(facts).map(|key| register.system(key).id.as_str().to_owned())
    };
    assert_eq!(known(&blank), None);
    let issued = crate::CertificateFacts {
        issuer: "CN=Sample CA,O=Sample".into(),
        serial: "0a".into(),
        ..blank.clone()
    };
    assert_eq!(known(&issued).as_deref(), Some("G06/he-thong"));
    let other_issuer =
        crate::CertificateFacts { issuer: "CN=Other CA".into(), serial: "0a".into(), ..blank.clone() };
    assert_eq!(known(&other_issuer), None, "a serial number counts with its issuer");
    let named = crate::CertificateFacts { san_dns: vec!["QUAN-LY.example".into()], ..blank.clone() };
    assert_eq!(known(&named).as_deref(), Some("H26/quan-ly"));
    let pin = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let pin = <written::Hex32 as written::Spelled>::spelled(pin).unwrap().0;
    let pinned = crate::CertificateFacts { spki_sha256: pin, ..blank.clone() };
    assert_eq!(known(&pinned).as_deref(), Some("G03/thu-vien"));
    let uri = vec!["urn:x:H26/quan-ly".to_owned()];
    let both =
        crate::CertificateFacts { san_uris: uri.clone(), san_dns: vec!["quan-ly.example".into()], ..blank };
    assert_eq!(known(&both).as_deref(), Some("H26/quan-ly"), "two names of one system");
    let torn = crate::CertificateFacts { san_uris: uri, ..pinned };
    assert_eq!(known(&torn), None, "a certificate that speaks for two systems speaks for neither");
}

#[test]
fn certificates_and_names_are_not_shared() {
    let shared = "certificates = [{ issuer = \"cn=Sample CA,o=Sample\", serial = \"A\" }]\n";
    let rules = broken("members/G03.toml", "relays_for", &format!("{shared}relays_for"));
    // Attribute types differ in case only and the serial in zeros: still the same certificate.
    assert_eq!(rules, ["shared-certificate"]);
    assert_eq!(broken("members/G03.toml", "id = \"truc\"", "id = \"thu-vien\""), ["repeated-name"]);
    let two_ways = "{ san_uri = \"urn:x:H26/quan-ly\", serial = \"1\" }";
    assert_eq!(broken(MEMBER, "{ san_uri = \"urn:x:H26/quan-ly\" }", two_ways), ["bad-certificate"]);
}

#[test]
fn provinces_are_those_of_today() {
    assert_eq!(
        broken(MEMBER, "province = \"24\"", "province = \"27\""),
        ["unknown-province"],
        "merged into 24"
    );
    assert_eq!(broken("members/G03.toml", "kind = \"ministry\"", "kind = \"province\""), ["missing-key"]);
}

#[test]
fn fields_exist_and_stand_for_one_value() {
    assert_eq!(broken(AGREEMENT, "\"ChuNhiem.SoDinhDanh\" =", "\"ChuNhiem.SoDinhDan\" ="), ["unknown-field"]);
    assert_eq!(broken(AGREEMENT, "\"ChuNhiem.SoDinhDanh\" =", "\"ChuNhiem\" ="), ["not-a-value"]);
    assert_eq!(broken(AGREEMENT, "filter = [\"MaSo\"]", "filter = [\"MaSoo\"]"), ["unknown-field"]);
    assert_eq!(broken(AGREEMENT, "MaTinh = {", "MaTin = {"), ["unknown-field"]);
    assert_eq!(broken(SERVICE, "push_down = [\"MaTinh\"]", "push_down = [\"MaTin\"]"), ["unknown-field"]);
    assert_eq!(broken(SERVICE, "push_down = [\"MaTinh\"]", "push_down = [\"ChuNhiem\"]"), ["not-a-value"]);
}

#[test]
fn a_wide_word_does_not_sweep_in_guarded_fields() {
    let released = |release: &str| -> Vec<String> {
        let fixture = Fixture::new()
            .edit(AGREEMENT, "[\"MaSo\", \"Ten\", \"MaTinh\", \"ChuNhiem.HoVaTen\"]", release)
            .edit(AGREEMENT, "mask = { \"ChuNhiem.SoDinhDanh\" = \"pseudonym\" }\nfilter = [\"MaSo\"]\n", "");
        let register = fixture.compile();
        let plan = register.agreement_named("TT-1").unwrap().release(Operation::Query).unwrap();
        plan.released().iter().map(ToString::to_string).collect()
    };
    assert_eq!(released("[\"*\"]"), ["DonVi.Ten", "HieuLuc", "MaSo", "MaTinh", "Ten"]);
    assert_eq!(released("[\"DonVi\"]"), ["DonVi.Ten"], "a group is its open and shared fields");
    assert_eq!(
        released("[\"DonVi\", \"DonVi.DienThoai\", \"GhiChu\"]"),
        ["DonVi.DienThoai", "DonVi.Ten", "GhiChu"]
    );
    assert_eq!(broken(AGREEMENT, "\"ChuNhiem.HoVaTen\"]", "\"ChuNhiem\"]"), ["guarded-group"]);
}

#[test]
fn what_is_released_by_class_waits_for_a_review_when_the_contract_changes() {
    let released = "[\"MaSo\", \"Ten\", \"MaTinh\", \"ChuNhiem.HoVaTen\"]";
    let stale = "contract_revision = \"000000000000\"";
    let of = |release: &str, pin: &str| {
        let fixture = Fixture::new()
            .edit(AGREEMENT, released, release)
            .edit(AGREEMENT, "contract = \"thu@1\"", &format!("contract = \"thu@1\"\n{pin}"))
            .edit(AGREEMENT, "filter = [\"MaSo\"]\n", "");
        let faults = fixture.faults();
        faults.into_iter().map(|fault| (fault.rule, fault.warning)).collect::<Vec<_>>()
    };
    for wide in ["[\"*\"]", "[\"MaSo\", \"DonVi\"]"] {
        assert_eq!(of(wide, ""), [("contract-not-pinned", true)], "{wide}");
        assert!(of(wide, &pin()).is_empty(), "{wide}");
        assert_eq!(of(wide, stale), [("contract-changed", false)], "{wide}");
    }
    assert!(of(released, "").is_empty(), "named one by one, nothing new can pass");
    assert_eq!(of(released, stale), [("contract-changed", true)]);
    assert_eq!(of(released, "contract_revision = \"abc\""), [("bad-value", false)]);
}

#[test]
fn a_sharing_mode_waits_for_a_review_when_the_contract_changes() {
    let stale = "contract_revision = \"000000000000\"";
    for (file, mode) in [("services/G06/chung.toml", "default"), ("services/G06/mo.toml", "open")] {
        let unpinned = Fixture::new().edit(file, &pin(), "").faults();
        let told: Vec<_> = unpinned.iter().map(|fault| (fault.rule, fault.warning)).collect();
        assert_eq!(told, [("contract-not-pinned", true)]);
        assert!(unpinned[0].message.en.starts_with(&format!("mode `{mode}` releases fields of `thu@1`")));
        assert!(unpinned[0].remedy.en.contains(&pin()), "{}", unpinned[0].remedy.en);
        let changed = Fixture::new().edit(file, &pin(), stale).faults();
        assert_eq!(changed.len(), 1);
        assert!(changed[0].rule == "contract-changed" && !changed[0].warning);
        assert!(changed[0].remedy.vi.contains(&pin()), "{}", changed[0].remedy.vi);
    }
    let on_request = Fixture::new().edit(SERVICE, "[versions.1]\n", &format!("[versions.1]\n{stale}\n"));
    assert!(on_request.faults().iter().all(|fault| fault.rule == "contract-changed" && fault.warning));
}

#[test]
fn a_field_added_to_a_contract_stops_what_was_written_for_the_old_one() {
    let old =
        Fixture::new().edit(AGREEMENT, "contract = \"thu@1\"", &format!("contract = \"thu@1\"\n{}", pin()));
    let old = old.edit(AGREEMENT, "[\"MaSo\", \"Ten\"", "[\"*\", \"MaSo\", \"Ten\"");
    assert!(old.faults().is_empty());
    let faults = Register::compile(&old.sources, &catalog_with_a_new_field(), TODAY).unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.file.to_str().unwrap(), fault.rule)).collect();
    let expected = [AGREEMENT, "services/G06/chung.toml", "services/G06/mo.toml"];
    assert_eq!(told, expected.map(|file| (file, "contract-changed")));
}

#[test]
fn a_wide_word_does_not_reach_into_a_verdict() {
    let verify = TT_1
        .replace("G06/thu", "G06/xac-thuc")
        .replace("[\"query\", \"read\", \"submit\"]", "[\"verify\"]")
        .replace("[\"MaSo\", \"Ten\", \"MaTinh\", \"ChuNhiem.HoVaTen\"]", "[\"*\"]")
        .replace("mask = { \"ChuNhiem.SoDinhDanh\" = \"pseudonym\" }\nfilter = [\"MaSo\"]\n", "");
    let rules = Fixture::new().put(AGREEMENT, &verify).rules();
    assert!(rules.contains(&(AGREEMENT.to_owned(), "wide-release-of-reply")), "{rules:?}");
}

#[test]
fn personal_fields_need_their_grounds() {
    let ground = "[personal]\nground = \"Căn cứ mẫu\"\n";
    assert_eq!(broken(AGREEMENT, ground, ""), ["personal-without-ground", "personal-without-ground"]);
    let sensitive = "\"ChuNhiem.HoVaTen\", \"ChuNhiem.DanToc\"]";
    assert_eq!(broken(AGREEMENT, "\"ChuNhiem.HoVaTen\"]", sensitive), ["sensitive-without-ground"]);
    let own = format!("{ground}sensitive_ground = \"Căn cứ riêng\"\n");
    let fixture =
        Fixture::new().edit(AGREEMENT, "\"ChuNhiem.HoVaTen\"]", sensitive).edit(AGREEMENT, ground, &own);
    assert!(fixture.rules().is_empty());
    assert_eq!(broken(AGREEMENT, "ground = \"Căn cứ mẫu\"", "ground = \" \""), ["empty-text"]);
}

#[test]
fn identifiers_of_persons_are_masked_by_pseudonym_only() {
    for mask in ["last4", "initials", "year"] {
        assert_eq!(
            broken(AGREEMENT, "\"pseudonym\"", &format!("\"{mask}\"")),
            ["mask-of-identifier"],
            "{mask}"
        );
    }
    let masked = |field: &str, mask: &str| {
        broken(AGREEMENT, "mask = {", &format!("mask = {{ \"{field}\" = \"{mask}\", "))
    };
    assert_eq!(masked("KinhPhi", "last4"), ["mask-unsuitable"]);
    assert_eq!(masked("HieuLuc", "pseudonym"), ["mask-unsuitable"]);
    assert_eq!(masked("MaSo", "last4"), ["released-and-masked", "filter-not-released"]);
    assert!(masked("KinhPhi", "pseudonym").is_empty());
}

#[test]
fn a_mask_reaches_into_what_a_wide_word_released() {
    let fixture = Fixture::new()
        .edit(AGREEMENT, "[\"MaSo\", \"Ten\", \"MaTinh\", \"ChuNhiem.HoVaTen\"]", "[\"*\"]")
        .edit(AGREEMENT, "mask = {", "mask = { \"Ten\" = \"initials\", ");
    let register = fixture.compile();
    let plan = register.agreement_named("TT-1").unwrap().release(Operation::Query).unwrap();
    assert!(!plan.releases("Ten") && plan.masked().contains(&("Ten".parse().unwrap(), Mask::Initials)));
}

#[test]
fn filters_are_released_and_offered() {
    assert_eq!(broken(AGREEMENT, "filter = [\"MaSo\"]", "filter = [\"GhiChu\"]"), ["filter-not-released"]);
    assert_eq!(
        broken(AGREEMENT, "filter = [\"MaSo\"]", "filter = [\"ChuNhiem.HoVaTen\"]"),
        ["filter-not-offered"]
    );
}

#[test]
fn a_filter_by_personal_data_is_allowed_and_warned_of() {
    let fixture = Fixture::new()
        .edit(SERVICE, "filter = [\"MaSo\",", "filter = [\"ChuNhiem.HoVaTen\", \"MaSo\",")
        .edit(AGREEMENT, "filter = [\"MaSo\"]", "filter = [\"ChuNhiem.HoVaTen\"]");
    let faults = fixture.faults();
    assert_eq!(faults.iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["personal-filter"]);
    assert!(faults[0].warning && faults[0].message.en.contains("ChuNhiem.HoVaTen"));
}

#[test]
fn a_personal_key_stands_in_no_path() {
    let compiled = |operations: &str| {
        let file = "services/G06/mo.toml";
        let start = Fixture::new().edit(file, "thu@1", "nguoi@1").edit(file, &pin(), "");
        let read = "operations.read = { method = \"GET\", path = \"/{id}\" }\n";
        let fixture =
            start.edit(file, read, operations).edit(file, "mode = \"open\"", "mode = \"on-request\"");
        let fixture = fixture.edit(
            file,
            "push_down = [\"MaTinh\"], filter = [\"MaSo\", \"Ten\", \"MaTinh\", \"GhiChu\"]",
            "",
        );
        match Register::compile(&fixture.sources, &catalog_with_a_personal_key(), TODAY) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.into_iter().map(|fault| fault.rule).collect(),
        }
    };
    assert!(compiled("").is_empty(), "queries and submits name nobody in a path");
    for (operation, method) in [("read", "GET"), ("update", "PUT"), ("withdraw", "POST")] {
        let offered = format!("operations.{operation} = {{ method = \"{method}\", path = \"/{{id}}\" }}\n");
        assert_eq!(compiled(&offered), ["personal-key"], "{operation}");
    }
}

#[test]
fn records_are_answered_by_their_own_contract() {
    let read = "operations.read = { method = \"GET\", path = \"/{id}\"";
    let other = format!("{read}, reply = \"ket-qua@1\"");
    assert_eq!(broken("services/G06/mo.toml", read, &other), ["reply-of-records"]);
    assert!(broken("services/G06/mo.toml", read, &format!("{read}, reply = \"thu@1\"")).is_empty());
}

#[test]
fn only_what_the_service_offers_can_be_agreed() {
    assert_eq!(broken(AGREEMENT, "\"submit\"]", "\"withdraw\"]"), ["operation-not-offered"]);
    assert_eq!(broken(AGREEMENT, "[\"json\", \"xml\"]", "[\"gml\"]"), ["format-not-offered"]);
    assert_eq!(broken(AGREEMENT, "[\"json\", \"xml\"]", "[]"), ["empty-list"]);
    let nothing = Fixture::new()
        .edit(AGREEMENT, "release = [\"MaSo\", \"Ten\", \"MaTinh\", \"ChuNhiem.HoVaTen\"]\n", "")
        .edit(AGREEMENT, "mask = { \"ChuNhiem.SoDinhDanh\" = \"pseudonym\" }\nfilter = [\"MaSo\"]\n", "");
    let rules: Vec<&str> = nothing.rules().into_iter().map(|(_, rule)| rule).collect();
    assert_eq!(
        rules,
        ["nothing-released", "nothing-released"],
        "query and read; a submit may release nothing"
    );
}

#[test]
fn features_need_a_contract_with_a_place() {
    for format in ["gml", "geojson", "jsonfg"] {
        let agreed = Fixture::new().edit(AGREEMENT, "[\"json\", \"xml\"]", &format!("[\"{format}\"]"));
        let without = Register::compile(&agreed.sources, catalog(), TODAY).unwrap_err();
        assert_eq!(without.iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["format-not-offered"]);
        let told = shown(&without);
        assert!(told.contains("`thu@1`") && told.contains("`x-geometry`"), "{told}");
        assert!(compiled_with_a_place(&agreed).is_empty(), "whatever the provider speaks");

        let spoken = Fixture::new().edit(SERVICE, "format = \"json\"", &format!("format = \"{format}\""));
        let without = Register::compile(&spoken.sources, catalog(), TODAY).unwrap_err();
        assert_eq!(without.iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["no-geometry"]);
        assert!(compiled_with_a_place(&spoken).is_empty());
    }
    assert_eq!(broken(SERVICE, "format = \"json\"", "format = \"csv\""), ["provider-format"]);
}

/// The rules that `fixture` breaks when `thu@1` has a place; that its revision is another one is known.
fn compiled_with_a_place(fixture: &Fixture) -> Vec<&'static str> {
    let faults = match Register::compile(&fixture.sources, &catalog_with_a_place(), TODAY) {
        Ok(_) => Vec::new(),
        Err(faults) => faults,
    };
    faults.into_iter().map(|fault| fault.rule).filter(|rule| *rule != "contract-changed").collect()
}

#[test]
fn an_update_needs_every_field() {
    let updating = Fixture::new()
        .edit(
            SERVICE,
            "operations.submit",
            "operations.update = { method = \"PUT\", path = \"/{id}\" }\noperations.submit",
        )
        .edit(AGREEMENT, "\"submit\"]", "\"update\"]");
    assert_eq!(updating.rules(), [(AGREEMENT.to_owned(), "update-needs-all-fields")]);
    let all = "[\"*\", \"GhiChu\", \"KinhPhi\", \"ChuNhiem.HoVaTen\", \"ChuNhiem.SoDinhDanh\", \"ChuNhiem.DanToc\", \"DonVi.DienThoai\"]";
    let whole = updating
        .edit(AGREEMENT, "[\"MaSo\", \"Ten\", \"MaTinh\", \"ChuNhiem.HoVaTen\"]", all)
        .edit(AGREEMENT, "mask = { \"ChuNhiem.SoDinhDanh\" = \"pseudonym\" }\n", "")
        .edit(AGREEMENT, "contract = \"thu@1\"", &format!("contract = \"thu@1\"\n{}", pin()))
        .edit(
            AGREEMENT,
            "ground = \"Căn cứ mẫu\"",
            "ground = \"Căn cứ mẫu\"\nsensitive_ground = \"Căn cứ riêng\"",
        );
    assert!(whole.rules().is_empty(), "{:?}", whole.rules());
    let register = whole.compile();
    assert!(register.agreement_named("TT-1").unwrap().release(Operation::Update).unwrap().is_whole());
}

#[test]
fn a_verdict_is_released_whole_or_not_at_all() {
    let verify = TT_1
        .replace("G06/thu", "G06/xac-thuc")
        .replace("[\"query\", \"read\", \"submit\"]", "[\"verify\"]")
        .replace("filter = [\"MaSo\"]\n", "");
    let with = |release: &str, mask: &str| {
        let text = verify
            .replace("[\"MaSo\", \"Ten\", \"MaTinh\", \"ChuNhiem.HoVaTen\"]", release)
            .replace("{ \"ChuNhiem.SoDinhDanh\" = \"pseudonym\" }", mask);
        let rules = Fixture::new().put(AGREEMENT, &text).rules();
        rules.into_iter().map(|(_, rule)| rule).collect::<Vec<_>>()
    };
    assert!(with("[\"KetQua\"]", "{ }").is_empty());
    assert_eq!(with("[]", "{ }"), ["nothing-released"]);
    assert_eq!(with("[]", "{ KetQua = \"pseudonym\" }"), ["verdict-needs-all-fields"]);
}

#[test]
fn agreements_do_not_overlap() {
    let second = TT_1.replace("TT-1", "TT-2");
    let with = |second: &str| Fixture::new().put("agreements/TT-2.toml", second).rules();
    assert_eq!(with(&second), [("agreements/TT-2.toml".to_owned(), "overlapping-agreements")]);
    for apart in [
        second.replace("\"quan-ly\"]", "\"thong-ke\"]"),
        second.replace("from = 2026-01-01, until = 2027-12-31", "from = 2028-01-01, until = 2028-12-31"),
        second.replace("G06/thu", "G06/chung"),
        second.replace("H26/quan-ly", "H26/thu-nghiem"),
    ] {
        assert!(with(&apart).is_empty(), "{:?}", with(&apart));
    }
    let first = TT_1.replace("[\"query\", \"read\", \"submit\"]", "[\"submit\"]");
    let other = second.replace("[\"query\", \"read\", \"submit\"]", "[\"query\"]");
    let fixture = Fixture::new()
        .put(AGREEMENT, &first.replace("filter = [\"MaSo\"]", ""))
        .put("agreements/TT-2.toml", &other);
    assert!(fixture.rules().is_empty(), "another operation: {:?}", fixture.rules());
}

#[test]
fn conditions_name_a_text_outside_lists_and_known_values() {
    let condition = "MaTinh = { in = \"$member.province\", include_predecessors = true }";
    let with = |other: &str| broken(AGREEMENT, condition, other);
    assert_eq!(with("\"DonVi.Ten\" = { equals = \"x\" }"), ["condition-field"]);
    assert_eq!(with("KinhPhi = { equals = \"1\" }"), ["condition-field"]);
    assert_eq!(with("ChuNhiem = { equals = \"1\" }"), ["not-a-value"]);
    assert_eq!(with("MaTinh = { in = [\"00\"] }"), ["unknown-code"]);
    assert_eq!(with("MaTinh = { in = \"$member.provinse\" }"), ["bad-value"]);
    assert_eq!(with("MaTinh = { in = [] }"), ["bad-condition"]);
    assert_eq!(with("MaTinh = { in = [\"01\"], equals = \"01\" }"), ["bad-condition"]);
    assert_eq!(with("MaTinh = { }"), ["bad-condition"]);
    assert_eq!(with("Ten = { equals = \"x\", include_predecessors = true }"), ["no-predecessors"]);
    assert!(
        with("MaTinh = { in = [\"01\", \"27\"] }").is_empty(),
        "codes of older editions are in old records"
    );
    let no_province = Fixture::new().edit(AGREEMENT, "H26/quan-ly", "G03/thu-vien");
    assert_eq!(no_province.rules(), [(AGREEMENT.to_owned(), "missing-attribute")]);
}

#[test]
fn what_ends_is_a_warning() {
    let until = |day: &str| {
        let fixture = Fixture::new().edit(AGREEMENT, "until = 2027-12-31", &format!("until = {day}"));
        let faults = fixture.faults();
        assert!(faults.iter().all(|fault| fault.warning));
        fixture.compile();
        faults.into_iter().map(|fault| fault.rule).collect::<Vec<_>>()
    };
    assert_eq!(until("2026-11-20"), ["agreement-expired"]);
    assert_eq!(until("2026-11-21"), ["agreement-expiring"]);
    assert_eq!(until("2026-12-21"), ["agreement-expiring"]);
    assert!(until("2026-12-22").is_empty());
    assert_eq!(broken(AGREEMENT, ", until = 2027-12-31", ""), ["no-end"]);
}

#[test]
fn an_agreement_that_outlives_its_version_is_a_warning() {
    // The agreement ends on 2027-12-31.
    let retired = |day: &str| {
        let line = format!("unknown_fields = \"drop\"\nretired_from = {day}\n");
        let faults = Fixture::new().edit(SERVICE, "unknown_fields = \"drop\"\n", &line).faults();
        assert!(faults.iter().all(|fault| fault.warning && fault.file == Path::new(AGREEMENT)), "{faults:?}");
        faults.into_iter().map(|fault| (fault.rule, fault.message.en)).collect::<Vec<_>>()
    };
    for day in ["2026-11-01", "2027-06-01", "2027-12-31"] {
        let told = retired(day);
        assert_eq!(told.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), ["outlives-version"], "{day}");
        assert!(told[0].1.contains(day) && told[0].1.contains("v1"), "{told:?}");
    }
    assert!(retired("2028-01-01").is_empty(), "the day after its last");
}

#[test]
fn what_is_done_about_a_failing_provider_is_read_or_has_its_default() {
    let upstream = |terms: &str| {
        let to = format!("server_name = \"localhost\", {terms}");
        let register = Fixture::new().edit(SERVICE, "server_name = \"localhost\", ", &to).compile();
        let service = register.service(register.service_named("G06", "thu").unwrap());
        service.version(1).unwrap().upstream.clone()
    };
    let (ms, s) = (Duration::from_millis, Duration::from_secs);
    let plain = upstream("");
    assert_eq!((plain.concurrent, plain.balance, plain.health.is_none()), (1024, Balance::LeastLoaded, true));
    assert_eq!((plain.breaker, plain.retry), (Breaker::default(), Retry::default()));
    assert_eq!(plain.timeout.patience(), s(5), "half of the request's time");
    let said = upstream(concat!(
        "concurrent = 7, balance = \"turns\", timeout = { request = \"4s\", attempt = \"1s\" }, ",
        "breaker = { failures = 2, rest = \"100ms\", longest_rest = \"2s\" }, ",
        "health = { path = \"/suc-khoe?sau=1\", every = \"1s\", timeout = \"300ms\", fall = 1, rise = 4 }, ",
        "retry = { percent = 0, per_second = 3, idempotency_key = true }, ",
    ));
    assert_eq!((said.concurrent, said.balance, said.timeout.patience()), (7, Balance::Turns, s(1)));
    assert_eq!(said.breaker, Breaker { failures: 2, rest: ms(100), longest_rest: s(2) });
    assert_eq!(said.retry, Retry { percent: 0, per_second: 3, idempotency_key: true });
    let look = Look::Path("/suc-khoe?sau=1".to_owned());
    let (every, timeout) = (s(1), ms(300));
    assert_eq!(said.health, Some(HealthCheck { look, every, timeout, fall: 1, rise: 4 }));
    let looks = |terms: &str| upstream(&format!("health = {terms}, ")).health.unwrap();
    assert_eq!((looks("{}").look, looks("{}").every), (Look::Tls, HealthCheck::EVERY));
    assert_eq!(looks("{ connect = \"tcp\" }").look, Look::Tcp);
    assert_eq!(looks("{ every = \"1s\" }").timeout, s(1), "never longer than its turn");
    assert_eq!(upstream("breaker = { rest = \"1m\" }, ").breaker.longest_rest, s(60));

    let wrong = |terms: &str| {
        broken(SERVICE, "server_name = \"localhost\", ", &format!("server_name = \"localhost\", {terms}, "))
    };
    for (terms, rule) in [
        ("concurrent = 0", "bad-number"),
        ("balance = \"random\"", "bad-value"),
        ("timeout = { request = \"1s\", attempt = \"2s\" }", "bad-timeout"),
        ("breaker = { failures = 0 }", "bad-number"),
        ("breaker = { rest = \"1ms\" }", "bad-length"),
        ("breaker = { rest = \"2s\", longest_rest = \"1s\" }", "bad-length"),
        ("breaker = { opens = 1 }", "unknown-key"),
        ("health = { every = \"10ms\" }", "bad-length"),
        ("health = { every = \"1s\", timeout = \"2s\" }", "bad-length"),
        ("health = { path = \"suc-khoe\" }", "bad-path"),
        ("health = { path = \"/sức-khỏe\" }", "bad-path"),
        ("health = { path = \"/\", connect = \"tcp\" }", "two-looks"),
        ("health = { connect = \"udp\" }", "bad-value"),
        ("health = { fall = 0 }", "bad-number"),
        ("retry = { percent = 101 }", "bad-number"),
        ("retry = { idempotency_key = 1 }", "wrong-type"),
    ] {
        assert_eq!(wrong(terms), [rule], "{terms}");
    }
    let endpoint = "{ url = \"https://127.0.0.1:8501/thu\" }";
    let many = vec![endpoint; crate::MOST_ENDPOINTS + 1].join(", ");
    assert_eq!(broken(SERVICE, endpoint, &many), ["too-many-endpoints"]);
}

#[test]
fn values_are_sane() {
    assert_eq!(broken(AGREEMENT, "until = 2027-12-31", "until = 2025-12-31"), ["bad-dates"]);
    assert_eq!(broken(AGREEMENT, "T2-CN 06:00-22:00", "T1-CN 06:00-22:00"), ["bad-value"]);
    assert_eq!(broken(AGREEMENT, "per_second = 5", "per_second = 0"), ["bad-number"]);
    assert_eq!(broken(AGREEMENT, "per_second = 5", "per_month = { requests = 0 }"), ["bad-number"]);
    assert_eq!(broken(AGREEMENT, "per_second = 5", "per_month = { request = 1 }"), ["unknown-key"]);
    assert_eq!(broken(AGREEMENT, "\"2GB\"", "\"2 giga\""), ["bad-value"]);
    assert_eq!(broken(SERVICE, "https://", "http://"), ["bad-value"]);
    assert_eq!(broken(SERVICE, "server_name = \"localhost\", ", ""), ["missing-key"]);
    assert_eq!(broken(SERVICE, "server_name = \"localhost\"", "server_name = \"\""), ["bad-server-name"]);
    assert_eq!(
        broken(SERVICE, "server_name = \"localhost\"", "server_name = \"10.0.0.1\""),
        ["bad-server-name"]
    );
    assert_eq!(
        broken(SERVICE, "{ file = \"ca.pem\" }", "{ file = \"ca.pem\", env = \"CA\" }"),
        ["bad-reference"]
    );
    assert_eq!(broken(SERVICE, "path = \"/{id}\"", "path = \"/\""), ["bad-path"]);
    assert_eq!(broken(SERVICE, "\"POST\"", "\"GET\""), ["bad-method"]);
    let streaming = |terms: &str| broken(SERVICE, "filter = [", &format!("stream = {terms}, filter = ["));
    assert_eq!(streaming("\"yes\""), ["wrong-type"]);
    assert_eq!(streaming("{ bad_records = \"skip\" }"), ["bad-value"]);
    assert_eq!(streaming("{}"), ["missing-key"]);
    assert_eq!(streaming("{ bad_records = \"stop\", records = 1 }"), ["unknown-key"]);
    assert_eq!(broken(SERVICE, "path = \"/{id}\"", "path = \"/{id}\", stream = true"), ["bad-stream"]);
    assert_eq!(broken(SERVICE, "operations.submit", "operations.submitt"), ["unknown-operation"]);
    assert_eq!(broken(SERVICE, "format = \"json\"", "format = \"csv\""), ["provider-format"]);
    assert_eq!(
        broken(SERVICE, "format = \"json\"", "format = \"json\"\nadapter = \"population\"")[0],
        "missing-adapter"
    );
    let by_message = broken(SERVICE, "format = \"json\"", "format = \"soap\"");
    assert_eq!(by_message, ["bad-method", "bad-method", "bad-path"], "GET, and a key in a path");
    let json = |keys: &str| broken(SERVICE, "format = \"json\"", &format!("format = \"json\"\n{keys}"));
    assert_eq!(json("soap = { version = \"1.2\" }"), ["not-by-message"]);
    assert!(json("soap = { version = \"2\" }").contains(&"bad-value"));
    assert_eq!(json("xroad = { client = \"VN/GOV/G06\", service = \"VN/GOV/H26\" }"), ["not-by-message"]);
    assert!(json("xroad = { client = \"VN\", service = \"VN/GOV/H26\" }").contains(&"bad-value"));
    assert!(json("signed = \"carry\"").is_empty() && json("signed = \"keep\"").contains(&"bad-value"));
    let signed = broken(SERVICE, "format = \"json\"", "format = \"soap\"\nsigned = \"carry\"");
    assert!(signed.contains(&"cannot-carry"), "a message is taken apart");
    let worded = broken(SERVICE, "path = \"/{id}\"", "path = \"/{id}\", soap = { request = \"a b\" }");
    assert!(worded.contains(&"bad-value"));
    assert_eq!(broken(SERVICE, "until = 2026-12-02", "until = 2026-11-02"), ["bad-dates"]);
    assert_eq!(broken(SERVICE, "[versions.1]", "[versions.01]").first(), Some(&"bad-version"));
    let other_version = Fixture::new().edit("services/G06/mo.toml", "[versions.1]", "[versions.2]");
    assert_eq!(other_version.rules(), [("services/G06/mo.toml".to_owned(), "version-mismatch")]);
}

/// A document with some of its characters deleted, doubled or replaced.
fn mutated(text: &str, changes: &[(Index, char, u8)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, with, how) in changes {
        let at = at.index(chars.len());
        match how % 4 {
            0 => drop(chars.remove(at)),
            1 => chars.insert(at, *with),
            2 => chars[at] = *with,
            _ => chars.truncate(at.max(1)),
        }
        if chars.is_empty() {
            chars.push('=');
        }
    }
    chars.into_iter().collect()
}

proptest! {
    /// Whatever happens to a document, compiling gives a register or faults, never a panic; and what
    /// it gives still decides.
    #[test]
    fn compiling_never_panics(
        document in any::<Index>(),
        changes in proptest::collection::vec(
            (any::<Index>(), proptest::sample::select("\"'=[]{}.,\n#*$@/ 019-Tđ".chars().collect::<Vec<_>>()), any::<u8>()),
            1..6,
        ),
    ) {
        let fixture = Fixture::new();
        let all: Vec<Arc<Source>> = fixture.sources.iter().cloned().collect();
        let chosen = &all[document.index(all.len())];
        let text = mutated(&chosen.text, &changes);
        let fixture = fixture.put(chosen.file.to_str().unwrap(), &text);
        match Register::compile(&fixture.sources, catalog(), TODAY) {
            Ok((register, _)) => {
                for (caller, _) in register.systems() {
                    for (service, _) in register.services() {
                        let ask = crate::Ask {
                            caller, represented: None, service, version: 1, operation: Operation::Query,
                            purpose: Some("quan-ly"), officer: None, format: Format::Json, filters: &[],
                            environment: "production", at: jiff::Timestamp::UNIX_EPOCH,
                        };
                        let _ = register.decide(&ask, &mut Vec::new());
                    }
                    let _ = register.usable_by(caller, None, jiff::Timestamp::UNIX_EPOCH).count();
                }
            }
            Err(faults) => {
                prop_assert!(faults.iter().any(|fault| !fault.warning));
                for fault in &faults {
                    prop_assert!(!fault.display(Language::Vi).is_empty() && !fault.remedy.en.is_empty());
                }
            }
        }
        let suspension = Source::new("suspensions/DC-1.toml", text);
        let _ = crate::Overlay::compile(&[suspension.into()], &crate::Overlay::default());
    }
}

#[test]
fn what_was_meant_is_looked_for_as_long_as_there_is_time() {
    let desk = Desk {
        catalog: catalog(),
        today: TODAY,
        unclear_members: Vec::new(),
        purpose_files: Vec::new(),
        service_files: HashSet::new(),
        unclear_services: Vec::new(),
        comparisons: Cell::new(6),
    };
    assert_eq!(desk.meant("G06/thu", ["G06/thua", "G07/khac"]), Some("G06/thua"));
    assert_eq!(desk.meant("xyz", ["G06/thua"]), None);
    assert_eq!(desk.meant("G06/thu", ["G06/thua", "G07/khac", "H26/khac", "G06/thu-1"]), None);
    assert_eq!(desk.comparisons.get(), 0);
    assert_eq!(desk.meant("G06/thu", ["G06/thua"]), None);
}
