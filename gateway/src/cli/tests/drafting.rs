//! A dataset from its sample to its examples, as its author types the commands.

use super::*;

/// The contracts of the repository, and a folder for sources.
struct Desk {
    fixture: Fixture,
    contracts: String,
}

impl Desk {
    fn new() -> Self {
        let fixture = Fixture::new();
        let contracts = fixture.path("contracts").display().to_string();
        Self { fixture, contracts }
    }

    fn contract(&self, arguments: &[&str]) -> (Exit, String, String) {
        english(&[&["contract"], arguments, &["--contracts", &self.contracts]].concat())
    }

    /// Drafts `name` from a file that holds `text`.
    fn new_from(&self, name: &str, file: &str, text: &str) -> (Exit, String, String) {
        let source = self.fixture.path(file);
        fs::write(&source, text).unwrap();
        self.contract(&["new", name, "--from", source.to_str().unwrap()])
    }

    fn file(&self, file: &str) -> std::path::PathBuf {
        self.fixture.path("contracts/catalog/trang-thiet-bi/v1").join(file)
    }

    /// Answers whatever a draft leaves open.
    fn answer(&self) {
        for (file, answers) in [
            (
                "contract.toml",
                &[
                    ("title = { vi = \"\", en = \"\" }", "title = { vi = \"Thiết bị\", en = \"Equipment\" }"),
                    ("owner = \"\"", "owner = \"G06\""),
                    ("legal_basis = []", "legal_basis = [\"Văn bản mẫu\"]"),
                    ("status = \"\"", "status = \"draft\""),
                    ("update = \"\"", "update = \"yearly\""),
                    ("key = \"\"", "key = \"MaThietBi\""),
                ][..],
            ),
            ("schema.json", &[("\"en\": \"\"", "\"en\": \"E\""), ("?\"", "\"")][..]),
        ] {
            let text = fs::read_to_string(self.file(file)).unwrap();
            let answered = answers.iter().fold(text, |text, (from, to)| text.replace(from, to));
            fs::write(self.file(file), answered).unwrap();
        }
    }
}

const TABLE: &str = "Mã thiết bị;Tên thiết bị;Ngày mua;Nguyên giá\nTB-01;Máy mẫu;31/01/2026;125.000.000\n";

#[test]
fn a_new_contract_is_drafted_and_what_is_left_to_fill_in_is_told() {
    let desk = Desk::new();
    let (exit, out, _) =
        desk.new_from("trang-thiet-bi", "nguon.json", "{ \"Ma\": \"TB-01\",\n\"Nam\": [[2020]] }");
    assert!(exit == Exit::Refused && out.contains("nguon.json:2:") && out.contains("[list-item]"), "{out}");
    assert!(
        !desk.fixture.path("contracts/catalog/trang-thiet-bi").exists(),
        "nothing is written of what is refused"
    );

    let (exit, out, err) = desk.new_from("trang-thiet-bi", "nguon.csv", TABLE);
    assert_eq!(exit, Exit::Done, "{out}{err}");
    // Every open answer at once, each with its place and what may stand there.
    assert!(out.contains("Left to answer, places: 14:"), "{out}");
    for told in [
        "trang-thiet-bi/v1/contract.toml:4:9: `title`",
        "contract.toml:6:9: `owner`",
        "contract.toml:8:15: `legal_basis`",
        "`status`: is it settled, or a draft? [open-answer]",
        "`half-yearly` (every half year)",
        "one of: `MaThietBi`, `TenThietBi`, `NgayMua`, `NguyenGia`.",
        "schema.json:14:7: The field `MaThietBi` has no `x-title` in English (`en`)",
        "How far is `NguyenGia` shared? `restricted` is a proposal",
        "`personal-sensitive` (sensitive personal data)",
        "run `lienthong contract check trang-thiet-bi@1`",
    ] {
        assert!(out.contains(told), "{told}: {out}");
    }
    // What they have in common is told once.
    assert_eq!(out.matches("`personal-sensitive`").count(), 1, "{out}");
    assert!(!out.contains("[incomplete-list]"), "it uses no list: {out}");
    for told in ["[local-date]", "[separated-number]", "[unbounded-text]"] {
        assert!(out.contains(told), "{told}: {out}");
    }
    let schema = fs::read_to_string(desk.file("schema.json")).unwrap();
    assert!(schema.contains("\"vi\": \"Mã thiết bị\""), "{schema}");
    let example = fs::read_to_string(desk.file("examples/ok/mau.json")).unwrap();
    assert!(!example.contains("TB-01"), "a sample's values may be somebody's data");
}

#[test]
fn an_unfinished_draft_is_neither_loaded_nor_overwritten_and_is_in_nobodys_way() {
    let desk = Desk::new();
    assert_eq!(desk.new_from("trang-thiet-bi", "nguon.csv", TABLE).0, Exit::Done);
    // That the name is taken is told before the source is looked at.
    let (exit, _, err) = desk.contract(&["new", "trang-thiet-bi", "--from", "khong-co.csv"]);
    assert!(exit == Exit::Refused && err.contains("is not overwritten"), "{err}");
    let (exit, out, _) = desk.contract(&["xsd", "trang-thiet-bi@1"]);
    assert!(exit == Exit::Refused && out.contains("Left to answer, places: 14:"), "{out}");

    let (exit, out, _) = desk.contract(&["list"]);
    assert!(exit == Exit::Done && out.contains("nhiem-vu@1"), "{out}");
    let line = out.lines().find(|line| line.starts_with("trang-thiet-bi@1")).unwrap();
    assert!(line.contains("answers that are open: 14"), "{line}");
    let (_, out, _) = desk.contract(&["list", "--json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    let listed = value.as_array().unwrap().iter().find(|one| one["id"] == "trang-thiet-bi@1").unwrap();
    assert_eq!((&listed["status"], &listed["open_answers"]), (&"open-draft".into(), &14.into()));
    assert_eq!(desk.contract(&["xsd", "nhiem-vu@1"]).0, Exit::Done);
    assert_eq!(desk.new_from("khac", "khac.csv", TABLE).0, Exit::Done);

    // The gateway goes on without it, and stops where a document wants it.
    let config = config(&desk.fixture);
    let (exit, out, _) = english(&["check", "-c", &config]);
    assert!(exit == Exit::Done && out.matches("[open-draft]").count() == 2, "{out}");
    assert!(desk.fixture.keeper().is_ok());
    desk.fixture.edit(
        "policies/services/G06/nhiem-vu.toml",
        "contract = \"nhiem-vu@1\"",
        "contract = \"trang-thiet-bi@1\"",
    );
    let (exit, out, _) = english(&["check", "-c", &config]);
    assert!(
        exit == Exit::Refused && out.contains("contract `trang-thiet-bi@1` is a draft with open"),
        "{out}"
    );

    // A mistake in another contract keeps nobody from theirs either, and is told.
    desk.fixture.edit("contracts/catalog/nhan-hieu/v1/contract.toml", "owner = \"G06\"", "owner = \"g06\"");
    assert_eq!(desk.contract(&["xsd", "nhiem-vu@1"]).0, Exit::Done);
    let (exit, out, _) = desk.contract(&["list"]);
    assert!(exit == Exit::Refused && out.contains("nhiem-vu@1") && out.contains("[owner]"), "{out}");
    let (exit, out, _) = desk.contract(&["list", "--markdown"]);
    assert!(exit == Exit::Refused && !out.contains("# "), "no page with a gap: {out}");
}

#[test]
fn a_name_that_is_none_is_told_with_one_that_is() {
    let desk = Desk::new();
    let (exit, _, err) = desk.new_from("Trang thiết bị", "nguon.csv", TABLE);
    assert!(exit == Exit::Refused && err.contains("such as `trang-thiet-bi`"), "{err}");
    let (exit, _, err) =
        lienthong(Language::Vi, &["contract", "xsd", "Nhiệm vụ@x", "--contracts", &desk.contracts]);
    assert!(exit == Exit::Refused && err.contains("như `nhiem-vu`"), "{err}");
}

#[test]
fn a_source_in_an_older_encoding_is_read_when_that_is_said() {
    let desk = Desk::new();
    let source = desk.fixture.path("nguon.csv");
    let bytes: Vec<u8> =
        [0xFEFF].into_iter().chain(TABLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(&source, bytes).unwrap();
    let new = ["new", "trang-thiet-bi", "--from", source.to_str().unwrap()];
    let (exit, _, err) = desk.contract(&new);
    assert!(exit == Exit::Refused && err.contains("--encoding"), "{err}");
    let (exit, out, err) = desk.contract(&[&new[..], &["--encoding", "utf-16"]].concat());
    assert!(exit == Exit::Done && out.contains("`MaThietBi`"), "{out}{err}");
}

#[test]
fn a_contract_is_checked_with_its_examples() {
    let desk = Desk::new();
    desk.new_from("trang-thiet-bi", "nguon.csv", TABLE);
    let (exit, out, _) = desk.contract(&["check", "trang-thiet-bi"]);
    assert!(exit == Exit::Refused && out.contains("Left to answer, places: 14:"), "{out}");
    assert!(out.ends_with("trang-thiet-bi@1: not fit for use.\n"), "{out}");
    desk.answer();
    let (exit, out, _) = desk.contract(&["check", "trang-thiet-bi@1"]);
    assert!(exit == Exit::Refused && out.contains("There is no bad example"), "{out}");
    assert!(out.contains("✓ examples/ok/mau.json: valid"), "what is there is tried all the same: {out}");

    let good = fs::read_to_string(desk.file("examples/ok/mau.json")).unwrap();
    let without_key = good.replacen("\"MaThietBi\"", "\"Khac\"", 1);
    fs::write(desk.file("examples/bad/thieu-ma.json"), without_key.replace("\"Khac\": \"M\",", "")).unwrap();
    let (exit, out, err) = desk.contract(&["check", "trang-thiet-bi@1"]);
    assert_eq!(exit, Exit::Done, "{out}{err}");
    assert!(out.contains("✓ examples/ok/mau.json: valid"), "{out}");
    assert!(out.contains("✓ examples/bad/thieu-ma.json: refused") && out.contains("[required]"), "{out}");
    assert!(out.contains("[empty-key]") && out.contains("A draft: fields may still change"), "{out}");
    assert!(out.ends_with("trang-thiet-bi@1: fit for use; sound examples: 2.\n"), "{out}");

    // By its folder, too; a bad one that is taken and a good one that is refused are told.
    fs::write(desk.file("examples/bad/tot.json"), &good).unwrap();
    fs::write(desk.file("examples/ok/hong.json"), "{ \"MaThietBi\": 7 }").unwrap();
    let folder = desk.file("");
    let (exit, out, _) = english(&["contract", "check", folder.to_str().unwrap()]);
    assert_eq!(exit, Exit::Unusable, "{out}");
    assert!(out.contains("✗ examples/bad/tot.json") && out.contains("[taken]"), "{out}");
    assert!(out.contains("✗ examples/ok/hong.json") && out.contains("    /MaThietBi: "), "{out}");
    let (exit, out, _) = english(&["contract", "check", "--json", folder.to_str().unwrap()]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((exit, &value["ok"]), (Exit::Unusable, &Value::Bool(false)));
    let examples = value["contracts"][0]["examples"].as_array().unwrap();
    let taken = examples.iter().find(|example| example["file"] == "examples/bad/tot.json").unwrap();
    assert_eq!((&taken["sound"], &taken["problems"][0]["code"]), (&Value::Bool(false), &"taken".into()));

    let (exit, _, err) = desk.contract(&["check", "khong-co@1"]);
    assert!(exit == Exit::Refused && err.contains("khong-co@1"), "{err}");
    let (exit, _, err) = english(&["contract", "check", desk.fixture.path("policies").to_str().unwrap()]);
    assert!(exit == Exit::Refused && err.contains("catalog/nhiem-vu/v1"), "{err}");
}

#[test]
fn every_contract_of_the_repository_is_fit_for_use() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let (exit, out, err) = english(&["contract", "check", contracts]);
    assert_eq!(exit, Exit::Done, "{out}{err}");
    assert!(out.lines().count() > 50 && out.lines().all(|line| line.contains("fit for use")), "{out}");
}
