//! One source: a rule that somebody adds to a contract shows up in every description and in every
//! validator, because none of them has a copy of its own.
//!
//! The catalogue is copied, one rule is added to one contract, and the program is asked as an operator
//! asks it. Nothing else is changed.
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use support::Binaries;
use tempfile::TempDir;

const CONTRACT: &str = "to-chuc@1";

/// The contract as it is and the same with fields that have rules.
struct Catalogues {
    program: PathBuf,
    before: PathBuf,
    after: PathBuf,
    folder: TempDir,
}

/// Fields that no contract has, whose rules nothing but the contract states.
const FIELDS: &str = r#""BienSoThu": {
      "x-title": { "vi": "Biển số thử", "en": "Trial plate" }, "x-classification": "open", "type": "string",
      "minLength": 5, "maxLength": 9, "pattern": "^[2-9][0-9][A-Z]-[0-9]+$"
    },
    "TuNgayThu": {
      "x-title": { "vi": "Thử từ ngày", "en": "Trial from" }, "x-classification": "open", "type": "string",
      "format": "date"
    },
    "DenNgayThu": {
      "x-title": { "vi": "Thử đến ngày", "en": "Trial until" }, "x-classification": "open", "type": "string",
      "format": "date"
    },
    "#;

/// A rule between them.
const ORDER: &str = r#""x-order": [["TuNgayThu", "DenNgayThu"]],
  "#;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn catalogues() -> Catalogues {
    let before = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let folder = tempfile::tempdir().unwrap();
    let after = folder.path().join("contracts");
    for part in ["catalog", "code-lists"] {
        copy(&before.join(part), &after.join(part));
    }
    let schema = after.join("catalog/to-chuc/v1/schema.json");
    let text = fs::read_to_string(&schema).unwrap();
    // The record's own properties are the first of the file.
    let changed = text.replacen("\"properties\": {", &format!("{ORDER}\"properties\": {{ {FIELDS}"), 1);
    assert_ne!(text, changed);
    fs::write(schema, changed).unwrap();
    Catalogues { program: Binaries::built().unwrap().lienthong, before, after, folder }
}

impl Catalogues {
    fn lienthong(&self, catalogue: &Path, arguments: &[&str], file: Option<&Path>) -> Output {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--contracts").arg(catalogue).args(["--lang", "en"]).args(file);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// What a description says, before and after.
    fn described(&self, arguments: &[&str]) -> [String; 2] {
        [&self.before, &self.after].map(|catalogue| {
            let output = self.lienthong(catalogue, arguments, None);
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        })
    }
}

#[test]
fn a_rule_added_to_a_contract_is_in_every_description() {
    let catalogues = catalogues();
    let (names, row) = ("TuNgayThu ≤ DenNgayThu", r#""x-order":[["TuNgayThu","DenNgayThu"]]"#);
    let descriptions: &[(&[&str], &str)] = &[
        (&["contract", "xsd", CONTRACT], names),
        (&["contract", "schema", CONTRACT], row),
        (&["contract", "openapi", CONTRACT], row),
        (&["contract", "wsdl", CONTRACT], names),
        (&["contract", "dictionary", CONTRACT], names),
        (&["contract", "dictionary", CONTRACT, "--html"], names),
    ];
    for (arguments, order) in descriptions {
        let [before, after] = catalogues.described(arguments);
        assert!(!before.contains("BienSoThu"), "{arguments:?}");
        for said in ["BienSoThu", "[2-9][0-9][A-Z]"] {
            assert!(after.contains(said), "{arguments:?} does not say `{said}`");
        }
        let after: String = if order.starts_with('"') {
            after.chars().filter(|letter| !letter.is_whitespace()).collect()
        } else {
            after
        };
        assert!(after.contains(order), "{arguments:?} does not say `{order}`");
    }
}

#[test]
fn a_rule_added_to_a_contract_is_in_every_validator() {
    let catalogues = catalogues();
    let ok = catalogues.before.join("catalog/to-chuc/v1/examples/ok");
    for format in ["json", "xml"] {
        let sample = fs::read_dir(&ok)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| {
                let text = fs::read_to_string(path).unwrap();
                path.extension().is_some_and(|extension| extension == format)
                    && (text.trim_start().starts_with('{') || text.contains("<ToChuc "))
            })
            .unwrap();
        let text = fs::read_to_string(&sample).unwrap();
        // The plate, the days, the field that is at fault, and whether XML Schema can tell.
        let cases = [
            ("29A-12345", ["2026-01-01", "2026-01-01"], None, true),
            ("09A-12345", ["2026-01-01", "2026-01-01"], Some("/BienSoThu"), true),
            ("29A-1", ["2026-01-31", "2026-02-01"], None, true),
            ("29A-1234567", ["2026-01-31", "2026-02-01"], Some("/BienSoThu"), true),
            ("29A-1", ["2026-02-01", "2026-01-31"], Some("/DenNgayThu"), false),
        ];
        for (plate, [from, until], fault, schema_tells) in cases {
            let good = fault.is_none();
            let with = if format == "json" {
                let fields =
                    format!(r#"{{"BienSoThu":"{plate}","TuNgayThu":"{from}","DenNgayThu":"{until}","#);
                text.replacen('{', &fields, 1)
            } else {
                let at = text.find("<ToChuc ").unwrap();
                let end = at + text.get(at..).unwrap().find('>').unwrap() + 1;
                let (head, tail) = text.split_at(end);
                let days = format!("<TuNgayThu>{from}</TuNgayThu><DenNgayThu>{until}</DenNgayThu>");
                format!("{head}<BienSoThu>{plate}</BienSoThu>{days}{tail}")
            };
            let file = catalogues.folder.path().join(format!("record.{format}"));
            fs::write(&file, with).unwrap();
            for to in ["json", "xml"] {
                let arguments = ["translate", "--contract", CONTRACT, "--from", format, "--to", to];
                let output = catalogues.lienthong(&catalogues.after, &arguments, Some(&file));
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.success(), good, "{format} to {to}, {plate}, {from}: {said}");
                assert!(fault.is_none_or(|fault| said.contains(fault)), "{said}");
            }
            if format == "xml" {
                let schema = catalogues.folder.path().join("schema.xsd");
                let [_, xsd] = catalogues.described(&["contract", "xsd", CONTRACT]);
                fs::write(&schema, xsd).unwrap();
                let mut xmllint = Command::new("xmllint");
                xmllint.args(["--noout", "--schema"]).args([&schema, &file]);
                let output = xmllint.output().unwrap();
                assert_eq!(output.status.success(), good || !schema_tells, "xmllint, {plate}, {from}");
            }
        }
    }
}
