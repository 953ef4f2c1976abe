//! The W3C XML conformance suite: what is not well-formed is refused, and what is valid is read, as far
//! as a document has no DOCTYPE (which is refused by itself, whatever it says).

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use adapters::{Limits, encoding, xml};
use contracts::Encoding;
use support::tools;

/// One case of the suite that an XML 1.0 processor with namespaces should judge.
struct Case {
    id: String,
    document: PathBuf,
    kind: String,
}

/// Valid documents that are refused, each with the rule that refuses it: none.
const REFUSED_ALTHOUGH_VALID: &[(&str, &str)] = &[];

/// Documents that are not well-formed and are read all the same: none.
const READ_ALTHOUGH_NOT_WELL_FORMED: &[&str] = &[];

fn cases() -> Vec<Case> {
    let suite = tools::xml_suite().unwrap().join("build/dist");
    let index = fs::read_to_string(suite.join("cleaned/xmlconf-flattened.xml")).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let index = roxmltree::Document::parse_with_options(&index, options).unwrap();
    let mut cases = Vec::new();
    for test in index.descendants().filter(|node| node.has_tag_name("TEST")) {
        let said = |name: &str| test.attribute(name).unwrap_or_default();
        let version_1_0 = said("RECOMMENDATION").starts_with("XML1.0") || said("RECOMMENDATION").is_empty();
        let namespaces = said("RECOMMENDATION").starts_with("NS1.0");
        let fifth_edition = said("EDITION").is_empty() || said("EDITION").split(' ').any(|one| one == "5");
        // Without namespaces `a:b:c` is a name; nothing here is read without them.
        let unaware = said("NAMESPACE") == "no";
        if !(version_1_0 || namespaces) || !fifth_edition || unaware {
            continue;
        }
        let mut bases: Vec<&str> = test.ancestors().filter_map(base).collect();
        bases.reverse();
        let folder = bases.iter().fold(suite.join("xmlconf"), |folder, base| folder.join(base));
        cases.push(Case {
            id: said("ID").to_owned(),
            document: folder.join(said("URI")),
            kind: said("TYPE").to_owned(),
        });
    }
    cases
}

fn base<'a>(node: roxmltree::Node<'a, '_>) -> Option<&'a str> {
    node.attribute(("http://www.w3.org/XML/1998/namespace", "base"))
}

fn has_doctype(document: &[u8]) -> bool {
    document.windows(9).any(|window| window == b"<!DOCTYPE")
        || document.windows(18).any(|window| window == b"<\0!\0D\0O\0C\0T\0Y\0P\0E\0")
        || document.windows(18).any(|window| window == b"\0<\0!\0D\0O\0C\0T\0Y\0P\0E")
}

/// As from a system that is declared to write UTF-16, whose documents may be UTF-8 too.
fn verdict(document: &Path) -> Result<(), &'static str> {
    let bytes = fs::read(document).unwrap();
    encoding::decode(&bytes, Encoding::Utf16, None)
        .and_then(|bytes| xml::well_formed(&bytes, &Limits::default()))
        .map_err(|unreadable| unreadable.rule)
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let cases: Vec<_> = cases().into_iter().filter(|case| case.kind == "not-wf").collect();
    assert!(cases.len() > 900, "the suite has about a thousand such cases, not {}", cases.len());
    let read: Vec<_> =
        cases.iter().filter(|case| verdict(&case.document).is_ok()).map(|case| case.id.as_str()).collect();
    assert_eq!(read, READ_ALTHOUGH_NOT_WELL_FORMED);
}

#[test]
fn what_is_valid_and_has_no_doctype_is_read() {
    let mut refused = BTreeMap::new();
    let mut read = 0;
    for case in cases() {
        let bytes = fs::read(&case.document).unwrap();
        if !matches!(&*case.kind, "valid" | "invalid") || has_doctype(&bytes) {
            continue;
        }
        match verdict(&case.document) {
            Ok(()) => read += 1,
            Err(rule) => drop(refused.insert(case.id, rule)),
        }
    }
    let refused: Vec<_> = refused.iter().map(|(id, rule)| (id.as_str(), *rule)).collect();
    assert_eq!(refused, REFUSED_ALTHOUGH_VALID);
    assert!(read > 20, "too few cases are left to judge by: {read}");
}

#[test]
fn a_doctype_is_refused_by_its_own_rule() {
    let mut seen = 0;
    for case in cases().into_iter().filter(|case| case.kind == "valid") {
        let bytes = fs::read(&case.document).unwrap();
        if bytes.windows(9).any(|window| window == b"<!DOCTYPE") {
            let rule = verdict(&case.document).unwrap_err();
            // What is wrong in the declaration, or with all the bytes, is found before the DOCTYPE is.
            let earlier = ["encoding", "undeclared-encoding", "control-character", "xml-version"];
            assert!(rule == "doctype" || earlier.contains(&rule), "{}: {rule}", case.id);
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen}");
}
