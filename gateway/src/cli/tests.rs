//! The commands as an operator types them, over the repository's own documents.

mod drafting;

use std::{fs, path::Path};

use serde_json::Value;

use super::*;
use crate::{
    journal::{Durability, Entry, Journal, SubjectKey, Times},
    world::fixture::Fixture,
};

const AGREEMENT: &str = "policies/agreements/TT-2026-017.toml";

/// Exit, standard output, standard error.
fn lienthong(language: Language, arguments: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { words: Words(language), out: &mut out, err: &mut err };
    let line = ["lienthong"].iter().chain(arguments).map(OsString::from).collect();
    let exit = answer(line, &mut console);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn english(arguments: &[&str]) -> (Exit, String, String) {
    lienthong(Language::En, arguments)
}

fn config(fixture: &Fixture) -> String {
    fixture.path("gateway.toml").display().to_string()
}

/// The fields of an exchange that matter to a search.
fn entry(number: u128) -> Entry<'static> {
    let at = jiff::Timestamp::now().as_microsecond();
    Entry {
        exchange: uuid::Uuid::from_u128(number),
        times: Times { request_in: Some(at), ..Times::default() },
        ..Entry::default()
    }
}

fn record(journal: &Journal, entry: &Entry<'_>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(journal.whole(entry, Durability::Written)).unwrap();
}

#[test]
fn every_command_has_help_in_both_languages() {
    for language in [Language::Vi, Language::En] {
        let mut command = command(language);
        command.build();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            assert!(sub.get_about().is_some(), "{} has no text", sub.get_name());
            for argument in sub.get_arguments().filter(|argument| argument.get_id() != "help") {
                assert!(argument.get_help().is_some(), "{} {}", sub.get_name(), argument.get_id());
            }
        }
    }
    assert!(lienthong(Language::Vi, &["--help"]).1.contains("Kiểm tra mọi tài liệu"));
    assert!(english(&["explain", "--help"]).1.contains("Explain a decision, rule by rule"));
    let (exit, out, err) = english(&["exlain"]);
    assert_eq!((exit, out.as_str()), (Exit::Unusable, ""));
    assert!(err.contains("exlain"), "{err}");
}

#[test]
fn check_tells_faults_with_their_line_and_ends_with_the_verdict() {
    let fixture = Fixture::new();
    let config = config(&fixture);
    let (exit, out, _) = english(&["check", "-c", &config]);
    assert_eq!(exit, Exit::Done);
    let incomplete = out.matches("[incomplete-list]").count();
    assert!(incomplete > 0, "lists that are not had in full say so: {out}");
    let verdict = format!("Fit for service. Errors: 0 · Warnings: {}", incomplete + 1);
    assert!(out.trim_end().ends_with(&verdict), "{out}");

    fixture.edit(AGREEMENT, "    \"*\",", "    \"*\", \"KhongCo\",");
    let (exit, out, _) = lienthong(Language::Vi, &["check", "-c", &config]);
    assert_eq!(exit, Exit::Refused);
    let told = out.find("không có trường `KhongCo`").unwrap_or_else(|| panic!("{out}"));
    let (source, mark) = out[told..].split_once('\n').unwrap().1.split_once('\n').unwrap();
    let column = mark.lines().next().unwrap().chars().position(|c| c == '^').unwrap();
    assert!(source.chars().skip(column).collect::<String>().starts_with("\"KhongCo\""), "{out}");

    let (exit, out, _) = english(&["check", "--json", "-c", &config]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((exit, &value["ok"]), (Exit::Refused, &Value::Bool(false)));
    assert_eq!(value["faults"][0]["rule"], "unknown-field");
    assert!(Path::new(value["faults"][0]["file"].as_str().unwrap()).exists());
}

#[test]
fn check_tells_of_drafts_that_are_used_and_refuses_those_that_nobody_owns_up_to() {
    let fixture = Fixture::new();
    let config = config(&fixture);
    let task = fs::read_to_string(fixture.path("policies/services/G06/nhiem-vu.toml")).unwrap();
    let (head, _) = task.split_once("[versions.1.operations]").unwrap();
    let serve = |words: &str| {
        let head = head.replace("\"nhiem-vu@1\"", &format!("\"nhan-hieu@1\"\n{words}"));
        let text =
            format!("{head}[versions.1.operations]\nread = {{ method = \"GET\", path = \"/{{id}}\" }}\n");
        fs::write(fixture.path("policies/services/G06/nhan-hieu.toml"), text).unwrap();
        english(&["check", "-c", &config])
    };
    let (exit, out, _) = serve("");
    assert!(exit == Exit::Refused && out.contains("`nhan-hieu@1` is a draft"), "{out}");
    let (catalog, _) = contracts::Catalog::load(&fixture.path("contracts")).unwrap();
    let mark = catalog.contract(&"nhan-hieu@1".parse().unwrap()).unwrap();
    let pin: String = mark.revision().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let (exit, out, _) = serve(&format!("draft = true\ncontract_revision = \"{pin}\""));
    assert!(exit == Exit::Done && out.contains("[draft-in-use]"), "{out}");
}

#[test]
fn code_lists_are_shown_as_they_were_on_a_day() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let codes = |more: &[&str]| english(&[&["contract", "--contracts", folder, "codes"], more].concat());
    let (exit, out, _) = codes(&[]);
    assert_eq!(exit, Exit::Done);
    assert!(out.contains("don-vi-hanh-chinh-tinh") && out.contains("(not complete)"), "{out}");
    let (_, out, _) = codes(&["don-vi-hanh-chinh-tinh", "--on", "2025-06-30"]);
    assert!(out.contains("Tỉnh Bắc Ninh → 24") && !out.contains("edition 34"), "{out}");
    let (_, out, _) = codes(&["linh-vuc-nghien-cuu"]);
    assert!(out.contains("not complete, checked by form only") && out.contains("Humanities"), "{out}");
    let (_, out, _) = codes(&["don-vi-hanh-chinh-tinh", "--json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["editions"][0]["entries"].as_array().unwrap().len(), 63);
    let (exit, _, err) = codes(&["khong-co"]);
    assert!(exit == Exit::Refused && err.contains("khong-co"), "{err}");
    assert_eq!(codes(&["don-vi-hanh-chinh-tinh", "--on", "hom-nay"]).0, Exit::Refused);
}

#[test]
fn check_does_not_show_a_secret_that_stands_in_the_settings() {
    let fixture = Fixture::new();
    fixture.edit("gateway.toml", "{ file = \"keys/subject.key\" }", "\"bi-mat-0123\"");
    let (exit, out, err) = english(&["check", "-c", &config(&fixture)]);
    assert_eq!(exit, Exit::Refused);
    assert!(out.contains("gateway.toml:") && !out.contains("bi-mat") && !err.contains("bi-mat"), "{out}");
}

const QUESTION: [&str; 8] =
    ["explain", "--consumer", "H26/quan-ly-khcn", "--service", "G06/nhiem-vu", "--operation", "query", "-c"];

#[test]
fn explain_goes_rule_by_rule_to_a_grant_and_to_a_refusal() {
    let fixture = Fixture::new();
    let config = config(&fixture);
    let ask = |more: &[&str]| english(&[&QUESTION[..], &[&config], more].concat());
    let (exit, out, err) = ask(&["--purpose", "quan-ly-nhiem-vu", "--at", "2026-11-21T09:00:00"]);
    assert_eq!(exit, Exit::Done, "{out}{err}");
    assert!(out.contains("09:00:00 21/11/2026") && out.contains("SHARED (TT-2026-017)"), "{out}");
    assert!(out.contains("only records with: MaTinh @ ThoiGianBatDau = 01"), "{out}");
    assert!(!out.contains('✗'), "{out}");

    let (exit, out, _) = ask(&["--purpose", "thong-ke"]);
    assert_eq!(exit, Exit::Refused);
    assert!(out.contains("✗") && out.contains("(purpose-not-agreed)"), "{out}");

    let (_, out, _) = ask(&["--purpose", "quan-ly-nhiem-vu", "--at", "2030-01-01", "--json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["outcome"]["granted"], false);
    assert_eq!(value["outcome"]["rule"], "agreement-expired");
    let steps = value["steps"].as_array().unwrap();
    assert!(steps.len() > 1 && steps.last().unwrap()["passed"] == false, "{out}");

    let (exit, _, err) = english(&["explain", "--consumer", "H26/x", "-c", &config]);
    assert!(exit == Exit::Refused && err.contains("--service"), "{err}");
}

#[test]
fn explain_asks_suspensions_too() {
    let fixture = Fixture::new();
    let text =
        "id = \"DC-9\"\nsystem = \"H26/quan-ly-khcn\"\nreason = { vi = \"sự cố\", en = \"an incident\" }\n";
    fs::write(fixture.path("policies/suspensions/DC-9.toml"), text).unwrap();
    let config = config(&fixture);
    let (exit, out, _) = english(&[&QUESTION[..], &[&config, "--purpose", "quan-ly-nhiem-vu"]].concat());
    assert_eq!(exit, Exit::Refused);
    assert!(out.contains("✗ [DC-9] suspended: an incident"), "{out}");
    assert!(out.contains("REFUSED: suspension DC-9"), "{out}");
}

#[test]
fn a_past_exchange_is_explained_by_the_documents_of_its_time() {
    let fixture = Fixture::new();
    let keeper = fixture.keeper().unwrap();
    let digest = *keeper.world().snapshot.digest();
    drop(keeper);
    let (journal, _) = Journal::open(&fixture.path("data"), crate::journal::Settings::default()).unwrap();
    let decided = Entry {
        caller: Some("H26/quan-ly-khcn"),
        service: Some("G06/nhiem-vu"),
        operation: Some("query"),
        format: Some("xml"),
        contract: Some("nhiem-vu@1"),
        purpose: Some("quan-ly-nhiem-vu"),
        snapshot: Some(&digest),
        decision: Some("granted"),
        status: Some(200),
        ..entry(7)
    };
    record(&journal, &decided);
    let stranger =
        Entry { decision: Some("refused"), rule: Some("system-unknown"), status: Some(403), ..entry(8) };
    record(&journal, &stranger);
    drop(journal);

    // Today the agreement is another, the environment too, and the caller is stopped.
    fixture.edit(AGREEMENT, "\"query\", ", "");
    fixture.edit("gateway.toml", "\"production\"", "\"test\"");
    let text = "id = \"DC-9\"\nmember = \"H26\"\nreason = { vi = \"sự cố\", en = \"an incident\" }\n";
    fs::write(fixture.path("policies/suspensions/DC-9.toml"), text).unwrap();
    let config = config(&fixture);
    let replay = |number: u128| {
        english(&["explain", "-c", &config, "--exchange", &uuid::Uuid::from_u128(number).to_string()])
    };
    let (exit, out, err) = replay(7);
    assert_eq!(exit, Exit::Done, "{out}{err}");
    assert!(out.contains("SHARED (TT-2026-017)") && out.contains("recorded then: granted · 200"), "{out}");
    let (exit, out, _) = replay(8);
    assert_eq!(exit, Exit::Done);
    assert!(out.contains("before any agreement was asked") && out.contains("system-unknown"), "{out}");
    let (exit, _, err) = replay(9);
    assert!(exit == Exit::Refused && err.contains("no such exchange"), "{err}");
}

#[test]
fn the_journal_is_searched_by_what_is_asked_and_nothing_else() {
    let fixture = Fixture::new();
    let (journal, _) = Journal::open(&fixture.path("data"), crate::journal::Settings::default()).unwrap();
    let subject = SubjectKey::new(&[7; 32]).unwrap().of("001099000001");
    record(
        &journal,
        &Entry {
            caller: Some("H26/quan-ly-khcn"),
            service: Some("G06/nhiem-vu"),
            decision: Some("granted"),
            request_signed: Some("beside"),
            ..entry(1)
        },
    );
    record(
        &journal,
        &Entry {
            caller: Some("G03/thu-vien"),
            service: Some("H26/nhiem-vu"),
            decision: Some("refused"),
            rule: Some("rate"),
            ..entry(2)
        },
    );
    record(
        &journal,
        &Entry { caller: Some("G06/x"), service: Some("G01/dan-cu"), subject: Some(&subject), ..entry(3) },
    );
    let config = config(&fixture);
    let found = |filter: &[&str]| {
        let (exit, out, err) =
            english(&[&["journal", "query", "--json", "-c", &config][..], filter].concat());
        assert_eq!(exit, Exit::Done, "{err}");
        let number = |line: &str| {
            let record: Value = serde_json::from_str(line).unwrap();
            record["exchange"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().as_u128()
        };
        let mut numbers: Vec<u128> = out.lines().map(number).collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(found(&[]), [1, 2, 3]);
    assert_eq!(found(&["--service", "G06/nhiem-vu"]), [1]);
    assert_eq!(found(&["--member", "H26"]), [1, 2], "as caller and as provider");
    assert_eq!(found(&["--rule", "rate"]), [2]);
    assert_eq!(found(&["--exchange", &uuid::Uuid::from_u128(3).to_string()]), [3]);
    assert_eq!(found(&["--until", "2020-01-01"]), [0; 0]);
    assert_eq!(found(&["--from", "2020-01-01"]), [1, 2, 3]);
    let identifier = fixture.path("who");
    fs::write(&identifier, "001099000001\n").unwrap();
    assert_eq!(found(&["--subject", &identifier.display().to_string()]), [3]);

    let (_, out, _) = english(&["journal", "query", "-c", &config]);
    let signed: Vec<&str> = out.lines().filter(|line| line.contains("_signed=")).collect();
    assert!(signed.len() == 1 && signed[0].ends_with(" request_signed=beside"), "{out}");
    let (exit, out, err) = english(&["journal", "query", "--limit", "2", "-c", &config]);
    assert_eq!((exit, out.lines().count()), (Exit::Done, 2));
    assert!(err.contains("there is more"), "{err}");
    let (exit, _, err) = english(&["journal", "query", "--from", "yesterday", "-c", &config]);
    assert!(exit == Exit::Refused && err.contains("2026-11-21"), "{err}");
    assert_eq!(english(&["journal", "verify", "-c", &config]).0, Exit::Done);
}

#[test]
fn translate_goes_both_ways_and_stops_what_breaks_the_contract() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let folder = tempfile::tempdir().unwrap();
    let to_json =
        ["translate", "--contracts", contracts, "--contract", "nhiem-vu@1", "--from", "xml", "--to", "json"];
    let to_xml =
        ["translate", "--contracts", contracts, "--contract", "nhiem-vu@1", "--from", "json", "--to", "xml"];
    let examples = format!("{contracts}/catalog/nhiem-vu/v1/examples");
    let mut tried = 0;
    for entry in fs::read_dir(format!("{examples}/ok")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "xml") {
            continue;
        }
        tried += 1;
        let (exit, json, err) = english(&[&to_json[..], &[path.to_str().unwrap()]].concat());
        assert_eq!(exit, Exit::Done, "{}: {err}", path.display());
        let middle = folder.path().join("middle.json");
        fs::write(&middle, &json).unwrap();
        let (exit, xml, err) = english(&[&to_xml[..], &[middle.to_str().unwrap()]].concat());
        assert_eq!(exit, Exit::Done, "{err}");
        let back = folder.path().join("back.xml");
        fs::write(&back, xml).unwrap();
        assert_eq!(english(&[&to_json[..], &[back.to_str().unwrap()]].concat()).1, json, "lossless");
    }
    assert!(tried > 0);

    let broken = folder.path().join("broken.json");
    fs::write(&broken, "[{\"MaSo\": 7}]").unwrap();
    let (exit, out, err) = english(&[&to_xml[..], &[broken.to_str().unwrap()]].concat());
    assert_eq!((exit, out.as_str()), (Exit::Unusable, ""), "nothing leaves");
    assert!(err.contains("/0/MaSo") && err.contains("[type]"), "{err}");
    fs::write(&broken, "{\"MaSo\": ").unwrap();
    let (exit, _, err) = english(&[&to_xml[..], &[broken.to_str().unwrap()]].concat());
    assert!(exit == Exit::Unusable && err.starts_with("1:"), "{err}");
}

#[test]
fn translate_leaves_bad_records_out_or_sets_them_aside_when_told_to() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let examples = format!("{contracts}/catalog/nhiem-vu/v1/examples");
    let good = fs::read_to_string(format!("{examples}/ok/toi-thieu.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.json");
    fs::write(&list, format!("[{good},{{\"MaSo\":7}},{good}]")).unwrap();
    let aside = folder.path().join("aside.ndjson");
    let translate = |to: &str, more: &[&str]| {
        let file = list.to_str().unwrap();
        let asked =
            ["translate", "--contracts", contracts, "--contract", "nhiem-vu@1", "--from", "json", "--to"];
        english(&[&asked[..], &[to], more, &[file]].concat())
    };
    let records = |out: &str| serde_json::from_str::<Value>(out).unwrap().as_array().unwrap().len();

    let (exit, out, err) = translate("json", &[]);
    assert!(serde_json::from_str::<Value>(&out).is_err(), "what is not complete does not look so");
    assert!(exit == Exit::Unusable && err.contains("/1/MaSo") && err.contains("incomplete"), "{err}");
    let (exit, out, err) = translate("json", &["--keep-going"]);
    assert_eq!((exit, records(&out)), (Exit::Unusable, 2));
    assert!(err.contains("/1/MaSo") && err.contains("1 records break the contract"), "{err}");
    let (exit, out, _) = translate("csv", &["--set-aside", aside.to_str().unwrap()]);
    assert_eq!((exit, out.lines().count()), (Exit::Unusable, 3), "a header and two rows");
    assert_eq!(fs::read_to_string(&aside).unwrap(), "{\"MaSo\":7}\n");

    fs::write(&list, &good).unwrap();
    let (exit, out, _) = translate("ndjson", &[]);
    assert_eq!((exit, out.lines().count()), (Exit::Done, 1));
    assert!(serde_json::from_str::<Value>(&translate("json", &[]).1).unwrap().is_object());
    fs::write(&list, "[]").unwrap();
    assert_eq!(translate("json", &[]).1, "[]\n");
}

#[test]
fn contracts_are_listed_and_their_schemas_printed() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let (exit, out, _) = lienthong(Language::Vi, &["contract", "list", "--contracts", contracts]);
    assert!(exit == Exit::Done && out.contains("nhiem-vu@1"), "{out}");
    assert!(out.contains("Nhãn hiệu (dự thảo)") && !out.contains("Tổ chức khoa học và công nghệ (dự thảo)"));
    let (_, out, _) = english(&["contract", "schema", "nhiem-vu@1", "--contracts", contracts]);
    assert!(serde_json::from_str::<Value>(&out).unwrap()["properties"]["MaSo"].is_object());
    let (_, out, _) = english(&["contract", "xsd", "nhiem-vu@1", "--contracts", contracts]);
    assert!(out.starts_with("<?xml") && out.ends_with("</xs:schema>\n"), "{out}");
    let (_, out, _) = english(&["contract", "dictionary", "nhiem-vu@1", "--contracts", contracts]);
    assert!(out.starts_with("# ") && out.contains("| `MaSo` |"), "{out}");
    let (_, out, _) = english(&["contract", "dictionary", "--html", "nhiem-vu@1", "--contracts", contracts]);
    assert!(out.starts_with("<!DOCTYPE html>") && out.ends_with("</html>\n"), "{out}");
    let (exit, _, err) = english(&["contract", "schema", "nhiem-vu@9", "--contracts", contracts]);
    assert!(exit == Exit::Refused && err.contains("nhiem-vu@9"), "{err}");
}

#[test]
fn contracts_are_listed_by_what_the_legal_text_asks_for() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let list = |more: &[&str]| english(&[&["contract", "list", "--contracts", contracts], more].concat());
    let (exit, out, _) = list(&["--articles"]);
    let article = out.find("Article 12: Standards").unwrap_or_else(|| panic!("{out}"));
    let label = out.find("national electronic labels (Điều 12)").unwrap();
    let contract = out.find("nhan-dien-tu@1").unwrap();
    assert!(exit == Exit::Done && article < label && label < contract, "{out}");
    let (_, out, _) = list(&["--articles", "--json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    let articles = value["articles"].as_array().unwrap();
    let standards = articles.iter().find(|article| article["number"] == 12).unwrap();
    assert_eq!(standards["spells_out"], "Điều 4 khoản 1 điểm đ");
    assert_eq!(standards["items"][4]["contracts"][0], "nhan-dien-tu@1");
    let (_, out, _) = list(&["--markdown"]);
    assert!(out.starts_with("# ") && out.contains("| `nhan-dien-tu@1` |"), "{out}");
    let (_, out, _) = list(&["--json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    let label = value.as_array().unwrap().iter().find(|one| one["id"] == "nhan-dien-tu@1").unwrap();
    assert_eq!((&label["status"], &label["update"]["en"]), (&"draft".into(), &"as prescribed".into()));

    let fixture = Fixture::new();
    fs::remove_file(fixture.path("contracts/catalog/scope.toml")).unwrap();
    let without = fixture.path("contracts").display().to_string();
    let (exit, _, err) = english(&["contract", "list", "--articles", "--contracts", &without]);
    assert!(exit == Exit::Refused && err.contains("scope.toml"), "{err}");
}

#[test]
fn contracts_are_compared_within_a_folder_and_across_two() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let fixture = Fixture::new();
    let edited = fixture.path("contracts").display().to_string();
    let across = ["contract", "diff", "--contracts", contracts, "--with", &edited];
    let (exit, out, err) = english(&across);
    assert!(exit == Exit::Done && out.trim() == "COMPATIBLE", "{out}{err}");

    let schema = "contracts/catalog/nhiem-vu/v1/schema.json";
    fixture.edit(
        schema,
        "\"enum\": [\"chuong-trinh\", \"de-tai\", \"du-an\"]",
        "\"enum\": [\"chuong-trinh\"]",
    );
    let (exit, out, err) = english(&[&across[..], &["nhiem-vu@1"]].concat());
    assert_eq!(exit, Exit::Refused, "{out}{err}");
    assert!(out.contains("✗ ChuongTrinh.Loai: values [values]: \"de-tai\", \"du-an\" → –"), "{out}");
    assert!(out.contains("readers: compatible · senders: breaking · agreements: compatible"), "{out}");
    let (_, out, _) = english(&[&across[..], &["--json"]].concat());
    let value: Value = serde_json::from_str(&out).unwrap();
    let task = value["contracts"].as_array().unwrap().iter().find(|one| one["from"] == "nhiem-vu@1").unwrap();
    assert_eq!(
        (&value["breaking"], &task["changes"][0]["senders"]["verdict"]),
        (&Value::Bool(true), &"breaking".into())
    );

    let (exit, out, _) =
        lienthong(Language::Vi, &["contract", "diff", "nhiem-vu@1", "to-chuc@1", "--contracts", contracts]);
    assert!(exit == Exit::Refused && out.contains("KHÔNG TƯƠNG THÍCH"), "{out}");
    let (exit, _, err) = english(&["contract", "diff", "nhiem-vu@1", "--contracts", contracts]);
    assert!(exit == Exit::Refused && err.contains("--with FOLDER"), "{err}");
}

#[test]
fn explain_tells_of_a_version_on_its_way_out() {
    let fixture = Fixture::new();
    let config = config(&fixture);
    let service = "policies/services/G06/nhiem-vu.toml";
    let contract = "contract = \"nhiem-vu@1\"\n";
    fixture.edit(
        service,
        contract,
        &format!("{contract}deprecated_from = 2027-01-01\nretired_from = 2027-07-01\n"),
    );
    let ask = |more: &[&str]| {
        english(&[&QUESTION[..], &[&config, "--purpose", "quan-ly-nhiem-vu", "--at"], more].concat())
    };
    let (exit, out, _) = ask(&["2026-11-21"]);
    assert!(
        exit == Exit::Done && out.contains("! deprecated from 2027-01-01; gone from 2027-07-01"),
        "{out}"
    );
    let (_, out, _) = ask(&["2026-11-21", "--json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["outcome"]["retired_from"], "2027-07-01");
    let (exit, out, _) = ask(&["2027-07-01"]);
    assert!(exit == Exit::Refused && out.contains("(version-retired)"), "{out}");
}

#[test]
fn a_contract_is_described_whole_and_a_service_as_a_system_sees_it() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let (exit, out, err) = english(&["contract", "openapi", "nhiem-vu@1", "--contracts", contracts]);
    let value: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(exit, Exit::Done);
    assert_eq!(value["openapi"], "3.1.0");
    let person = "/components/schemas/NhiemVu/properties/ChuNhiem/properties/HoVaTen";
    assert!(value.pointer(person).is_some());

    let fixture = Fixture::new();
    let config = config(&fixture);
    let seen = |consumer: &str, service: &str| {
        english(&[
            "contract",
            "openapi",
            "-c",
            &config,
            "--consumer",
            consumer,
            "--service",
            service,
            "--at",
            "2026-11-21",
        ])
    };
    let (exit, out, err) = seen("G03/thu-vien", "H26/nhiem-vu");
    let value: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert!(exit == Exit::Done && value.pointer(person).is_none(), "withheld");
    let (exit, out, err) = seen("G03/thu-vien", "G06/nhan-luc");
    assert!(exit == Exit::Refused && out.is_empty() && err.contains("(no-agreement)"), "{out}{err}");
    let (exit, _, err) = seen("G03/thu-vien", "G06/khong-co");
    assert!(exit == Exit::Refused && err.contains("G06/khong-co"), "{err}");
}

#[test]
fn status_of_a_gateway_that_does_not_run_says_where_it_was_asked() {
    let fixture = Fixture::new();
    // Bound and closed again: nobody listens there now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fixture.edit(
        "gateway.toml",
        "[admin]\naddress = \"127.0.0.1:0\"",
        &format!("[admin]\naddress = \"{free}\""),
    );
    let (exit, _, err) = english(&["status", "-c", &config(&fixture)]);
    assert!(exit == Exit::Refused && err.contains(&free.to_string()), "{err}");
}
