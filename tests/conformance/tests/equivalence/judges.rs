//! The judges: programs of others, asked once for all files of a contract.

use std::{
    collections::HashSet,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// The documents of one contract and what describes them.
pub struct Question<'q> {
    pub xsd: &'q Path,
    pub xml: Vec<&'q Path>,
    pub schema: &'q Path,
    pub json: Vec<&'q Path>,
}

/// The files that are valid, for each judge.
pub struct Verdicts {
    pub xmllint: HashSet<PathBuf>,
    /// PyPI's xmlschema of the XML files, jsonschema of the JSON files.
    pub python: HashSet<PathBuf>,
}

/// Asks all of them, at the same time.
pub fn ask(questions: &[Question<'_>]) -> Verdicts {
    std::thread::scope(|scope| {
        let xmllint = scope.spawn(|| questions.iter().flat_map(xmllint).collect());
        let python = python(questions);
        Verdicts { xmllint: xmllint.join().unwrap(), python }
    })
}

fn xmllint(question: &Question<'_>) -> HashSet<PathBuf> {
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(question.xsd)
        .args(&question.xml)
        .output()
        .expect("xmllint runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("Schemas parser error"), "{}: {said}", question.xsd.display());
    said.lines().filter_map(|line| line.strip_suffix(" validates")).map(PathBuf::from).collect()
}

fn python(questions: &[Question<'_>]) -> HashSet<PathBuf> {
    let asked: Vec<Value> = questions
        .iter()
        .map(
            |asked| json!({ "xsd": asked.xsd, "xml": asked.xml, "schema": asked.schema, "json": asked.json }),
        )
        .collect();
    let text = Value::Array(asked).to_string();
    let mut judge = Command::new(support::tools::python().unwrap())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/equivalence/judge.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = judge.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(text.as_bytes()).unwrap());
        let output = judge.wait_with_output().unwrap();
        assert!(output.status.success(), "the judge failed");
        String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect()
    })
}
