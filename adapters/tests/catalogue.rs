//! The catalogue's own examples, read from both formats: good ones say the same in either and pass
//! their contract; bad ones are refused by the reader or by the contract.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::{fs, path::Path, sync::Arc};

use adapters::{Expect, Limits, Unknown, json, xml};
use contracts::{Catalog, Contract, Document};

const CONTRACTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");

#[test]
fn good_examples_say_the_same_in_both_formats_and_pass() {
    let mut pairs = 0;
    each_example("ok", |contract, path, bytes| {
        let name = path.display();
        let document =
            read(contract, path, bytes, Unknown::Reject).unwrap_or_else(|rule| panic!("{name}: {rule}"));
        for record in records(&document) {
            contract.check(record, 100).unwrap_or_else(|violations| panic!("{name}: {violations:?}"));
        }
        let (mut as_json, mut as_xml) = (Vec::new(), Vec::new());
        json::write(&document, &mut as_json);
        xml::write(&document, contract.shape(), &mut as_xml);
        let from_json = json::read(&as_json, Expect::Either, &Limits::default()).unwrap().document;
        assert_eq!(from_json, document, "{name}");
        let from_xml =
            xml::read(&as_xml, contract.shape(), Expect::Either, Unknown::Reject, &Limits::default())
                .unwrap();
        assert_eq!(said(&from_xml.document), said(&document), "{name}");
        let twin = path.with_extension(if is_xml(path) { "json" } else { "xml" });
        if let Ok(bytes) = fs::read(&twin) {
            let other = read(contract, &twin, &bytes, Unknown::Reject).unwrap();
            assert_eq!(said(&other), said(&document), "{name}");
            pairs += 1;
        }
    });
    assert!(pairs > 0, "no example stands in both formats");
}

#[test]
fn bad_examples_are_refused() {
    each_example("bad", |contract, path, bytes| {
        let Ok(document) = read(contract, path, bytes, Unknown::Keep) else { return };
        let refused = records(&document).iter().any(|record| contract.check(record, 100).is_err());
        assert!(refused, "{} was accepted", path.display());
    });
}

fn each_example(kind: &str, mut try_one: impl FnMut(&Contract, &Path, &[u8])) {
    let (catalog, _) = Catalog::load(Path::new(CONTRACTS)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let contracts: Vec<Arc<Contract>> = catalog.contracts().cloned().collect();
    assert!(!contracts.is_empty(), "the catalogue is empty");
    for contract in contracts {
        let id = contract.id();
        let folder = format!("{CONTRACTS}/catalog/{}/v{}/examples/{kind}", id.dataset, id.version);
        for entry in fs::read_dir(&folder).unwrap_or_else(|_| panic!("{folder} is missing")) {
            let path = entry.unwrap().path();
            try_one(&contract, &path, &fs::read(&path).unwrap());
        }
    }
}

fn read<'a>(
    contract: &'a Contract,
    path: &Path,
    bytes: &'a [u8],
    unknown: Unknown,
) -> Result<Document<'a>, &'static str> {
    let limits = Limits::default();
    let reading = if is_xml(path) {
        xml::read(bytes, contract.shape(), Expect::Either, unknown, &limits)
    } else {
        json::read(bytes, Expect::Either, &limits)
    };
    reading.map(|reading| reading.document).map_err(|unreadable| unreadable.rule)
}

fn is_xml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "xml")
}

fn records<'d, 'a>(document: &'d Document<'a>) -> &'d [Document<'a>] {
    document.as_list().unwrap_or(std::slice::from_ref(document))
}

/// What a document says, members by name: JSON may give them in any order.
fn said(document: &Document<'_>) -> String {
    match document {
        Document::Record(record) => {
            let mut members: Vec<String> =
                record.iter().map(|(name, value)| format!("{name:?}:{}", said(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Document::List(items) => format!("[{}]", items.iter().map(said).collect::<Vec<_>>().join(",")),
        leaf => format!("{leaf:?}"),
    }
}
