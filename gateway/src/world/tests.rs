//! The keeper over the repository's own documents: what is taken, what is refused, what survives.

use std::{fs, sync::Arc};

use jiff::Timestamp;
use policies::Parties;

use super::{
    Documents, Keeper, SETTINGS_NAME, SNAPSHOT_LOADED, SUSPENSIONS_LOADED, Snapshot, check, fixture::Fixture,
    last_good,
};
use crate::journal::{Query, Record, folder_of};

const AGREEMENT: &str = "policies/agreements/TT-2026-017.toml";
const SUSPENSION: &str = "policies/suspensions/DC-2026-001.toml";
const SCHEMA: &str = "contracts/catalog/nhiem-vu/v1/schema.json";

fn acts(fixture: &Fixture) -> Vec<Record> {
    Query::default().acts(&folder_of(&fixture.path("data"))).unwrap().map(Result::unwrap).collect()
}

fn whats(fixture: &Fixture) -> Vec<String> {
    acts(fixture)
        .into_iter()
        .map(|act| format!("{} {}", act.actor.unwrap_or_default(), act.what.unwrap_or_default()))
        .collect()
}

fn stops(keeper: &Keeper, system: &str) -> bool {
    let system = system.parse().unwrap();
    let parties = Parties { system: &system, represented: None, service: None, agreement: None };
    keeper.world().overlay.suspends(&parties, Timestamp::now()).is_some()
}

fn suspend(fixture: &Fixture, name: &str, system: &str) {
    let text =
        format!("id = \"{name}\"\nsystem = \"{system}\"\nreason = {{ vi = \"thử\", en = \"test\" }}\n");
    fs::write(fixture.path(&format!("policies/suspensions/{name}.toml")), text).unwrap();
}

#[test]
fn a_faulty_agreement_leaves_everything_as_it_was_and_is_told_with_its_place() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let before = keeper.world();
    // One sound edit and one faulty: neither is taken.
    fixture.edit(
        "policies/agreements/TT-2026-018.toml",
        "kind = \"standing\"",
        "kind = \"standing\" # sound",
    );
    fixture.edit(AGREEMENT, "    \"*\",", "    \"*\", \"KhongCo\",");
    let standing = keeper.reload("truc-van-hanh");
    assert!(Arc::ptr_eq(&before.snapshot, &keeper.world().snapshot));
    let fault = standing.faults().next().unwrap();
    assert_eq!((fault.rule, &fault.file), ("unknown-field", &fixture.path(AGREEMENT)));
    let text = fs::read_to_string(fixture.path(AGREEMENT)).unwrap();
    let place = fault.place.unwrap();
    let line = text.lines().nth(place.line as usize - 1).unwrap();
    assert_eq!(line.chars().skip(place.column as usize - 1).take(9).collect::<String>(), "\"KhongCo\"");

    // Mended, the edits act together and the fault is gone.
    fixture.edit(AGREEMENT, " \"KhongCo\",", "");
    assert_eq!(keeper.reload("truc-van-hanh").faults().count(), 0);
    assert!(!Arc::ptr_eq(&before.snapshot, &keeper.world().snapshot));
    assert_eq!(
        whats(&fixture),
        [
            "start snapshot-loaded",
            "start suspensions-loaded",
            "truc-van-hanh snapshot-refused",
            "truc-van-hanh snapshot-loaded",
        ]
    );
    let note = acts(&fixture)[2].note.clone().unwrap();
    assert!(note.starts_with("1 fault(s)") && note.contains("TT-2026-017.toml"), "{note}");
}

#[test]
fn what_is_known_wrong_is_not_told_at_every_event() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    fixture.edit(AGREEMENT, "kind = ", "kindd = ");
    for _ in 0..3 {
        assert!(keeper.reload("file-watch").faults().count() > 0);
    }
    assert_eq!(whats(&fixture).iter().filter(|what| *what == "file-watch snapshot-refused").count(), 1);
    // A person who asks gets an act each time.
    keeper.reload("sighup");
    assert_eq!(whats(&fixture).last().unwrap(), "sighup snapshot-refused");
}

#[test]
fn a_stop_acts_while_agreements_and_contracts_are_broken() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    fixture.edit(AGREEMENT, "kind = ", "kindd = ");
    fs::write(fixture.path(SCHEMA), "{").unwrap();
    suspend(&fixture, "DC-9", "H26/quan-ly-khcn");
    let snapshot = keeper.world().snapshot.hash().to_owned();
    keeper.reload("file-watch");
    assert!(stops(&keeper, "H26/quan-ly-khcn"));
    assert_eq!(keeper.world().snapshot.hash(), snapshot);
}

#[test]
fn a_stop_whose_file_cannot_be_read_goes_on_even_after_a_restart() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    assert!(stops(&keeper, "H26/he-thong-cu"));
    fs::write(fixture.path(SUSPENSION), b"\xff\xfe").unwrap();
    suspend(&fixture, "DC-9", "G03/thu-vien");
    assert_eq!(keeper.reload("file-watch").faults().count(), 1);
    assert!(stops(&keeper, "H26/he-thong-cu") && stops(&keeper, "G03/thu-vien"));
    drop(keeper);

    let again = fixture.keeper().unwrap();
    assert!(stops(&again, "H26/he-thong-cu") && stops(&again, "G03/thu-vien"));
    fs::remove_file(fixture.path(SUSPENSION)).unwrap();
    assert_eq!(again.reload("file-watch").faults().count(), 0);
    assert!(!stops(&again, "H26/he-thong-cu"), "taking the file away lifts it");
}

#[test]
fn a_first_start_with_a_faulty_suspension_is_refused() {
    let fixture = Fixture::new();
    fs::write(fixture.path(SUSPENSION), "id = ").unwrap();
    let faults = fixture.keeper().err().unwrap();
    assert!(faults.iter().all(|fault| fault.file == fixture.path(SUSPENSION)), "{faults:?}");
}

#[test]
fn the_last_good_documents_serve_after_a_restart_until_the_fault_is_mended() {
    let fixture = Fixture::new();
    let served = fixture.keeper().unwrap().world().snapshot.hash().to_owned();
    fixture.edit(AGREEMENT, "kind = ", "kindd = ");
    let keeper = fixture.keeper().unwrap();
    assert_eq!(keeper.world().snapshot.hash(), served);
    let standing = keeper.standing();
    assert!(standing.last_good && standing.faults().count() > 0);
    // Mended to what was served before: nothing is swapped, and nothing is reproached any more.
    fixture.edit(AGREEMENT, "kindd = ", "kind = ");
    let standing = keeper.reload("file-watch");
    assert!(!standing.last_good && standing.faults().count() == 0);
    assert_eq!(keeper.world().snapshot.hash(), served);
}

#[test]
fn a_first_start_with_faulty_documents_tells_every_fault_of_every_part() {
    let fixture = Fixture::new();
    fixture.edit(AGREEMENT, "kind = ", "kindd = ");
    fixture.edit("policies/members/H26.toml", "kind = \"province\"", "kind = \"tinh\"");
    fs::write(fixture.path("pki/ca.crl"), "no list").unwrap();
    let faults = fixture.keeper().err().unwrap();
    for file in [AGREEMENT, "policies/members/H26.toml", "pki/ca.crl"] {
        assert!(faults.iter().any(|fault| fault.file == fixture.path(file)), "{file}: {faults:?}");
    }
}

#[test]
fn a_reload_that_finds_nothing_new_swaps_nothing() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let (world, pki) = (keeper.world(), keeper.tls().current());
    keeper.reload("file-watch");
    assert!(Arc::ptr_eq(&world, &keeper.world()) && Arc::ptr_eq(&pki, &keeper.tls().current()));
    assert_eq!(whats(&fixture).len(), 2, "the start's only");
    keeper.reload("truc-van-hanh");
    assert_eq!(whats(&fixture).last().unwrap(), "truc-van-hanh reload-found-nothing");
}

#[test]
fn a_volume_that_is_not_mounted_does_not_empty_the_world() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let world = keeper.world();
    fs::rename(fixture.path("policies"), fixture.path("elsewhere")).unwrap();
    let standing = keeper.reload("file-watch");
    assert!(standing.faults().all(|fault| fault.rule == "missing-folder"), "{standing:?}");
    assert!(Arc::ptr_eq(&world.snapshot, &keeper.world().snapshot));
    assert!(stops(&keeper, "H26/he-thong-cu"));
}

#[test]
fn renewed_certificates_are_taken_ours_and_those_shown_to_providers() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let (world, pki) = (keeper.world(), keeper.tls().current());
    fixture.renew(120, 9);
    assert_eq!(keeper.reload("file-watch").faults().count(), 0);
    assert!(keeper.tls().current().own_expiry() > pki.own_expiry());
    let snapshot = Arc::clone(&keeper.world().snapshot);
    assert!(snapshot.generation() != world.snapshot.generation(), "providers are called with the new key");
    assert_eq!(snapshot.hash(), world.snapshot.hash(), "no document changed");

    fs::write(fixture.path("pki/server.key"), "no key").unwrap();
    let kept = keeper.tls().current();
    assert!(keeper.reload("file-watch").faults().count() > 0);
    assert!(Arc::ptr_eq(&kept, &keeper.tls().current()));
}

#[test]
fn a_snapshot_is_compiled_from_exactly_the_texts_that_are_recorded() {
    let fixture = Fixture::new();
    let (loaded, parts) = (fixture.loaded(), fixture.parts());
    let folders = &loaded.settings.documents;
    let documents = Documents::read(&folders.policies, &folders.contracts).unwrap();
    // An editor comes between the reading and the compiling.
    fs::write(fixture.path(SCHEMA), "{").unwrap();
    fixture.edit(AGREEMENT, "kind = ", "kindd = ");
    let (snapshot, _) = Snapshot::compile(None, &loaded, &documents, &parts).unwrap();
    assert_eq!(*snapshot.digest(), documents.digest(loaded.text.as_bytes()));
    let left: Vec<_> = fs::read_dir(fixture.path("data")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn what_was_in_service_can_be_had_again_from_the_journal() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let first = acts(&fixture).remove(0);
    assert_eq!(first.what.as_deref(), Some(SNAPSHOT_LOADED));
    assert_eq!(acts(&fixture)[1].what.as_deref(), Some(SUSPENSIONS_LOADED));
    let texts = last_good::texts(keeper.journal().documents(), &first.manifest.unwrap()).unwrap().unwrap();
    assert!(
        texts.iter().any(|(name, text)| name.as_os_str() == SETTINGS_NAME && *text == keeper.loaded().text)
    );
    let documents = Documents::from_texts(texts);
    assert_eq!(documents.digest(keeper.loaded().text.as_bytes()), first.snapshot.unwrap());
}

#[test]
fn check_tells_what_serve_would_refuse_every_part_at_once() {
    let fixture = Fixture::new();
    let rules = || {
        let faults = check(&fixture.loaded(), &std::env::temp_dir(), Timestamp::now());
        let broken = faults.into_iter().filter(|fault| !fault.warning);
        broken.map(|fault| (fault.file, fault.rule)).collect::<Vec<_>>()
    };
    assert_eq!(rules(), []);
    fixture.edit(AGREEMENT, "kind = \"standing\"", "kind = \"mai-mai\"");
    fs::write(fixture.path(SUSPENSION), "id = ").unwrap();
    fs::write(fixture.path("pki/ca.crl"), "no list").unwrap();
    fs::write(fixture.path("keys/subject.key"), "short").unwrap();
    fs::write(fixture.path("policies/agreements/TT-1.tml"), "").unwrap();
    let found = rules();
    for (file, rule) in [
        ("policies/agreements/TT-1.tml", "misplaced-file"),
        (AGREEMENT, "bad-value"),
        (SUSPENSION, "toml"),
        ("pki/ca.crl", "no-revocation-list"),
        ("keys/subject.key", "short-secret"),
    ] {
        assert!(found.contains(&(fixture.path(file), rule)), "{file} {rule}: {found:?}");
    }
    // Contracts first: what follows from their faults is not told.
    fs::write(fixture.path(SCHEMA), "{").unwrap();
    let faults = check(&fixture.loaded(), &std::env::temp_dir(), Timestamp::now());
    assert!(faults.iter().any(|fault| fault.rule == "not-checked"));
    assert!(faults.iter().all(|fault| fault.file != fixture.path(AGREEMENT)));
}

/// What a snapshot is made of, as far as exchanges can tell.
fn told(snapshot: &Snapshot) -> Vec<String> {
    let register = snapshot.register();
    let mut told = vec![snapshot.hash().to_owned()];
    told.extend(register.agreements().map(|agreement| {
        let consumer = &register.system(agreement.consumer).id;
        let (service, operations) = (&register.service(agreement.service).id, agreement.operations());
        let operations: Vec<_> = operations.collect();
        format!(
            "{} {consumer} {service} {:?} {operations:?} {:?} {:?} {:?}",
            agreement.id,
            agreement.valid,
            agreement.quota,
            agreement.revision(),
            agreement.filter
        )
    }));
    for (key, service) in register.services() {
        told.push(format!(
            "{} {:?} {:?}",
            service.id,
            register.system(service.system).id,
            service.revision()
        ));
        for version in &service.versions {
            let operations: Vec<_> = version
                .operations()
                .map(|(operation, _)| (operation, snapshot.route(key, operation).is_some()))
                .collect();
            told.push(format!("{operations:?} {}", snapshot.provider(key, version.number).is_some()));
        }
    }
    told
}

#[test]
fn after_any_edit_the_snapshot_is_that_of_a_start() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let parts = fixture.parts();
    let edits = [
        (AGREEMENT, "2027-12-31", "2027-06-30"),
        ("policies/members/H26.toml", "kind = \"province\"", "kind = \"province\" # sửa"),
        ("policies/services/G06/nhiem-vu.toml", "authority", "# sửa\nauthority"),
        (SCHEMA, "\"type\": \"object\"", "\"type\":  \"object\""),
        (SCHEMA, "\"type\":  \"object\"", "\"type\": \"object\""),
        (AGREEMENT, "kind = ", "kindd = "),
        (AGREEMENT, "kindd = ", "kind = "),
    ];
    let check = |edit: &str| {
        keeper.reload("file-watch");
        let loaded = fixture.loaded();
        let folders = &loaded.settings.documents;
        let documents = Documents::read(&folders.policies, &folders.contracts).unwrap();
        match Snapshot::compile(None, &loaded, &documents, &parts) {
            Ok((cold, warnings)) => {
                assert_eq!(told(&keeper.world().snapshot), told(&cold), "{edit}");
                assert_eq!(keeper.standing().warnings().cloned().collect::<Vec<_>>(), warnings, "{edit}");
                assert_eq!(keeper.standing().faults().count(), 0, "{edit}");
            }
            Err(faults) => {
                let known: Vec<_> = keeper.standing().faults().cloned().collect();
                assert_eq!(known, faults.into_iter().filter(|fault| !fault.warning).collect::<Vec<_>>());
            }
        }
    };
    for (file, from, to) in edits {
        fixture.edit(file, from, to);
        check(file);
    }
    let other = fs::read_to_string(fixture.path(AGREEMENT)).unwrap();
    fs::remove_file(fixture.path(AGREEMENT)).unwrap();
    check("an agreement removed");
    fs::write(fixture.path(AGREEMENT), other).unwrap();
    check("an agreement added");
}

#[test]
fn an_edit_leaves_alone_what_is_known_of_providers_and_quotas_it_does_not_touch() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let before = Arc::clone(&keeper.world().snapshot);
    fixture.edit(AGREEMENT, "2027-12-31", "2027-06-30");
    keeper.reload("file-watch");
    let after = Arc::clone(&keeper.world().snapshot);
    assert!(!Arc::ptr_eq(&before, &after));
    for (key, version, provider) in before.providers() {
        let service = &before.register().service(key).id;
        let now = after.register().service_named(service.member(), service.service()).unwrap();
        assert!(
            std::ptr::eq(&**provider, after.provider(now, version).unwrap()),
            "{service}: connections stay"
        );
    }
    let taken = |id: &str| {
        let [before, after] =
            [&before, &after].map(|snapshot| snapshot.register().agreement_named(id).unwrap());
        before.is(after)
    };
    assert!(taken("TT-2026-018") && !taken("TT-2026-017"));

    // A new certificate is another upstream.
    fixture.renew(120, 9);
    keeper.reload("file-watch");
    let renewed = Arc::clone(&keeper.world().snapshot);
    for (key, version, provider) in after.providers() {
        let service = &after.register().service(key).id;
        let now = renewed.register().service_named(service.member(), service.service()).unwrap();
        assert!(!std::ptr::eq(&**provider, renewed.provider(now, version).unwrap()), "{service}");
    }
}

#[test]
fn a_replaced_snapshot_ends_when_the_last_exchange_lets_go_and_not_on_its_thread() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let exchange = keeper.world();
    let replaced = Arc::downgrade(&exchange.snapshot);
    fixture.edit(AGREEMENT, "2027-12-31", "2027-06-30");
    keeper.reload("file-watch");
    drop(exchange);
    assert!(replaced.strong_count() > 0, "the last exchange does not take it apart");
    let begun = std::time::Instant::now();
    while replaced.strong_count() > 0 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "nobody takes it apart");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn a_worker_decides_by_the_world_of_now_and_keeps_no_other() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let before = keeper.world_here();
    assert!(Arc::ptr_eq(&before, &keeper.world_here()), "one for all its exchanges");
    keeper.let_go();
    assert!(Arc::ptr_eq(&before, &keeper.world_here()), "what serves is kept");
    let replaced = Arc::downgrade(&before.snapshot);
    fixture.edit(AGREEMENT, "2027-12-31", "2027-06-30");
    keeper.reload("file-watch");
    drop(before);
    keeper.let_go();
    let begun = std::time::Instant::now();
    while replaced.strong_count() > 0 {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(10),
            "a silent worker holds what was replaced"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    suspend(&fixture, "DC-9", "H26/quan-ly-khcn");
    keeper.reload("file-watch");
    let now = keeper.world_here();
    assert!(
        Arc::ptr_eq(&now.snapshot, &keeper.world().snapshot)
            && Arc::ptr_eq(&now.overlay, &keeper.world().overlay)
    );
}
