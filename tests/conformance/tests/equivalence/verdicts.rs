//! One verdict: of the same document, whatever its format and whoever judges.
//!
//! Records are made up and spoiled in every way a sender could ([`spoil`]). Each is written as XML and as
//! JSON and judged by the contract's own check, by xmllint and PyPI's xmlschema under our XML Schema, and by
//! PyPI's jsonschema under our published JSON Schema. They must agree. Where they may not, it is for one of
//! these reasons and in one direction, and the rule that our check names must be the reason's own:
//!
//! | reason | our check names | only the gateway refuses it |
//! |---|---|---|
//! | [`UnsaidRule`], listed with each schema | that kind's rules, at that field | under the XML Schema |
//! | [`BEYOND_JSON_SCHEMA`] | one of them | under the JSON Schema |
//! | [`READERS_OWN`] | the reader's rule | under the XML Schema |
//! | [`where_an_xml_schema_is_stricter`] | nothing | never: the XML Schema refuses what the gateway reads |
//!
//! A rule that a language cannot say at all must also not make it refuse: a document that breaks such rules
//! only is accepted there ([`CANNOT_BE_SAID`]).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use adapters::{Expect, Limits, Unknown, json, xml};
use contracts::{
    Contract, Document, FieldPath, View, Violation, ViolationRule,
    description::{self, UnsaidRule, Xsd},
};

use super::{
    CONTRACTS, Chance, Contracts,
    judges::{self, Question, Verdicts},
    specimen, spoil,
    wild::{self, Wildness},
};

/// Records of each contract made up, and of the others all together.
const MADE_UP: u64 = 6;
const TOTAL: usize = 60;

/// Spoiled documents of each record, in either format.
const SPOILED: u32 = 24;

/// What JSON Schema's vocabulary has no words for, or has as annotations only.
const BEYOND_JSON_SCHEMA: &[ViolationRule] = &[
    // `format` is an annotation to most validators. Its form is published as a pattern as far as that goes.
    ViolationRule::Format,
    // Check digits; the form is published as a pattern.
    ViolationRule::Identifier,
    // `x-order` compares two fields.
    ViolationRule::Order,
    // A code's date; that it is in some edition is published as an `enum`.
    ViolationRule::CodeEdition,
    // Curves that go somewhere, rings, boxes: the structure is published.
    ViolationRule::GeometryCurve,
    ViolationRule::GeometryRing,
    ViolationRule::GeometryRingSize,
    ViolationRule::GeometryArea,
];

/// Rules of our reader that are about the document, not about its data.
const READERS_OWN: &[&str] = &[
    // A DTD can declare defaults and entities: nothing is taken from one.
    "doctype",
    // The XML Schema asks only that an element of GML stands there.
    "gml-geometry",
    "srs-name-ambiguous",
    "srs-name-deprecated",
    "srs-name-missing",
    "srs-name-unknown",
];

/// What an XML Schema has no words for at all: broken alone, it must not be refused there.
const CANNOT_BE_SAID: &[ViolationRule] = &[
    ViolationRule::CrossField,
    ViolationRule::Order,
    ViolationRule::CodeEdition,
    ViolationRule::GeometryRing,
    ViolationRule::GeometryArea,
];

/// What our own reader and check say of a document.
enum Ours {
    Valid,
    /// The reader's rule.
    Unreadable(&'static str),
    Broken(Vec<Violation>),
}

impl Ours {
    fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }

    fn of_xml(bytes: &[u8], contract: &Contract) -> Self {
        let read = |unknown| xml::read(bytes, contract.shape(), Expect::Either, unknown, &Limits::default());
        let ours = match read(Unknown::Keep) {
            Ok(reading) => Self::checked(contract, &reading.document),
            Err(unreadable) => Self::Unreadable(unreadable.rule),
        };
        // What is unknown is reported with the rest or refused at once: invalid either way.
        let strict = read(Unknown::Reject);
        let strict = strict.is_ok_and(|reading| Self::checked(contract, &reading.document).is_valid());
        assert_eq!(ours.is_valid(), strict, "{}: {}", contract.id(), String::from_utf8_lossy(bytes));
        ours
    }

    fn of_json(bytes: &[u8], contract: &Contract) -> Self {
        match json::read(bytes, Expect::Record, &Limits::default()) {
            Ok(reading) => Self::checked(contract, &reading.document),
            Err(unreadable) => Self::Unreadable(unreadable.rule),
        }
    }

    fn checked(contract: &Contract, document: &Document<'_>) -> Self {
        let records = document.as_list().unwrap_or(std::slice::from_ref(document));
        let broken: Vec<_> =
            records.iter().filter_map(|record| contract.check(record, 100).err()).flatten().collect();
        if broken.is_empty() { Self::Valid } else { Self::Broken(broken) }
    }
}

/// The files of one contract and what we say of each.
struct Case<'c> {
    contract: &'c Contract,
    xsd: Xsd,
    schema_file: PathBuf,
    xsd_file: PathBuf,
    xml: Vec<(PathBuf, Ours)>,
    json: Vec<(PathBuf, Ours)>,
}

impl<'c> Case<'c> {
    fn of(contract: &'c Contract, view: &View, folder: &Path) -> Self {
        let folder = folder.join(contract.id().to_string());
        fs::create_dir(&folder).unwrap();
        let xsd = description::xsd(contract, view);
        let (xsd_file, schema_file) = (folder.join("schema.xsd"), folder.join("schema.json"));
        fs::write(&xsd_file, &xsd.document).unwrap();
        fs::write(&schema_file, description::json_schema(contract, view).to_string()).unwrap();
        Self { contract, xsd, schema_file, xsd_file, xml: Vec::new(), json: Vec::new() }
    }

    fn add_xml(&mut self, bytes: &[u8]) -> &Ours {
        let file = self.xsd_file.with_file_name(format!("{}.xml", self.xml.len()));
        fs::write(&file, bytes).unwrap();
        self.xml.push((file, Ours::of_xml(bytes, self.contract)));
        &self.xml[self.xml.len() - 1].1
    }

    fn add_json(&mut self, bytes: &[u8]) -> &Ours {
        let file = self.xsd_file.with_file_name(format!("{}.json", self.json.len()));
        fs::write(&file, bytes).unwrap();
        self.json.push((file, Ours::of_json(bytes, self.contract)));
        &self.json[self.json.len() - 1].1
    }

    /// A record in both formats: to us they are the same.
    fn add(&mut self, record: &Document<'_>) -> (Vec<u8>, Vec<u8>) {
        let (mut as_xml, mut as_json) = (Vec::new(), Vec::new());
        xml::write(record, self.contract.shape(), &mut as_xml);
        json::write(record, &mut as_json);
        let one = self.add_xml(&as_xml).is_valid();
        let other = self.add_json(&as_json).is_valid();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(one, other, "{}\n{}\n{}", self.contract.id(), text(&as_xml), text(&as_json));
        (as_xml, as_json)
    }

    fn question(&self) -> Question<'_> {
        Question {
            xsd: &self.xsd_file,
            xml: self.xml.iter().map(|(file, _)| file.as_path()).collect(),
            schema: &self.schema_file,
            json: self.json.iter().map(|(file, _)| file.as_path()).collect(),
        }
    }

    /// Fills it with records made up, and with those spoiled.
    fn fill(&mut self, records: u64, chance: &mut Chance) {
        let contract = self.contract;
        let specimens = contract.specimens();
        for seed in 0..records {
            let record = specimen(&specimens, contract, seed);
            let (as_xml, as_json) = self.add(&record);
            let as_xml = String::from_utf8(as_xml).unwrap();
            let wild = wild::xml(&record, contract.shape(), &as_xml, Wildness::Valid, chance);
            assert!(self.add_xml(&wild).is_valid(), "{}", String::from_utf8_lossy(&wild));
            assert!(self.add_json(&wild::json(&record, false, chance)).is_valid());
            let mut turned_back = record.clone();
            if spoil::rings(&contract.shape().root, &mut turned_back) {
                self.add(&turned_back);
            }
            for _ in 0..SPOILED {
                let mut spoiled = record.clone();
                spoil::tree(&contract.shape().root, &mut spoiled, chance);
                self.add(&spoiled);
                if let Some(spoiled) = spoil::xml(&as_xml, chance) {
                    self.add_xml(spoiled.as_bytes());
                }
                let spoiled = spoil::json(&as_json, chance);
                self.add_json(&spoiled);
            }
        }
        let both = Document::List((0..2).map(|seed| specimen(&specimens, contract, seed)).collect());
        let mut bytes = Vec::new();
        xml::write(&both, contract.shape(), &mut bytes);
        self.add_xml(&bytes);
    }

    /// Adds the examples that are kept with the contract.
    fn add_examples(&mut self) {
        let id = self.contract.id();
        let examples = format!("{CONTRACTS}/catalog/{}/v{}/examples", id.dataset, id.version);
        for kind in ["ok", "bad"] {
            for example in fs::read_dir(format!("{examples}/{kind}")).into_iter().flatten() {
                let path = example.unwrap().path();
                let bytes = fs::read(&path).unwrap();
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("xml") => {
                        self.add_xml(&bytes);
                    }
                    Some("json") if !bytes.trim_ascii_start().starts_with(b"[") => {
                        self.add_json(&bytes);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Disagreements that nothing explains, and what was seen besides.
#[derive(Default)]
struct Findings {
    faults: Vec<String>,
    /// The kinds of rules that only we held, under an XML Schema.
    unsaid: BTreeSet<UnsaidRule>,
    beyond_json: BTreeSet<&'static str>,
    readers_own: BTreeSet<&'static str>,
    valid: usize,
    refused: usize,
}

impl Findings {
    fn compare(&mut self, case: &Case<'_>, verdicts: &Verdicts) {
        for (file, ours) in &case.xml {
            let verdicts = [verdicts.xmllint.contains(file), verdicts.python.contains(file)];
            for (judge, accepts) in ["xmllint", "xmlschema"].into_iter().zip(verdicts) {
                if !is_judges_fault(case, file, ours, judge, verdicts)
                    && !self.explains_xml(case, accepts, ours)
                {
                    self.faults.push(told(case, file, judge, accepts, ours));
                }
            }
        }
        for (file, ours) in &case.json {
            let accepts = verdicts.python.contains(file);
            if !self.explains_json(accepts, ours) {
                self.faults.push(told(case, file, "jsonschema", accepts, ours));
            }
        }
    }

    fn explains_xml(&mut self, case: &Case<'_>, accepts: bool, ours: &Ours) -> bool {
        match (accepts, ours) {
            (true, Ours::Valid) => self.valid += 1,
            (true, Ours::Unreadable(rule)) => {
                self.readers_own.insert(rule);
                return READERS_OWN.contains(rule);
            }
            (true, Ours::Broken(broken)) => {
                let reasons: Option<Vec<_>> = broken.iter().map(|one| unsaid(case, one)).collect();
                let Some(reasons) = reasons else { return false };
                self.unsaid.extend(reasons);
            }
            (false, Ours::Valid) => return false,
            (false, Ours::Unreadable(_)) => self.refused += 1,
            (false, Ours::Broken(broken)) => {
                self.refused += 1;
                return broken.iter().any(|one| !CANNOT_BE_SAID.contains(&one.rule));
            }
        }
        true
    }

    fn explains_json(&mut self, accepts: bool, ours: &Ours) -> bool {
        match (accepts, ours) {
            (true, Ours::Valid) => self.valid += 1,
            (true, Ours::Broken(broken)) => {
                self.beyond_json.extend(broken.iter().map(|one| one.rule.code()));
                return broken.iter().all(|one| BEYOND_JSON_SCHEMA.contains(&one.rule));
            }
            (false, Ours::Unreadable(_) | Ours::Broken(_)) => self.refused += 1,
            (true, Ours::Unreadable(_)) | (false, Ours::Valid) => return false,
        }
        true
    }
}

/// Whether it is known of `judge` that it is wrong in such a document; the other one must be right.
///
/// - xmllint's library reads numbers of up to 24 digits; XML Schema asks 18 of a processor (part 2, 3.2.3).
/// - xmlschema takes the digits of other scripts for digits of an `xs:integer`.
/// - xmlschema passes over text beside an element that a wildcard let in.
fn is_judges_fault(case: &Case<'_>, file: &Path, ours: &Ours, judge: &str, verdicts: [bool; 2]) -> bool {
    let bytes = || fs::read(file).unwrap();
    match (judge, ours, verdicts) {
        ("xmllint", Ours::Valid | Ours::Broken(_), [false, true]) => {
            let bytes = bytes();
            let shape = case.contract.shape();
            let reading =
                xml::read(&bytes, shape, Expect::Either, Unknown::Keep, &Limits::default()).unwrap();
            let mut values = Vec::new();
            json::write(&reading.document, &mut values);
            values.split(|letter| !letter.is_ascii_digit()).any(|digits| digits.len() > 24)
        }
        ("xmlschema", Ours::Broken(broken), [false, true]) => {
            let is_foreign = |letter: char| letter.is_numeric() && !letter.is_ascii();
            broken.iter().all(|one| one.rule == ViolationRule::Type)
                && String::from_utf8_lossy(&bytes()).contains(is_foreign)
        }
        ("xmlschema", Ours::Unreadable("mixed-content"), [false, true]) => {
            case.contract.shape().has_geometry()
        }
        _ => false,
    }
}

/// The kind of rule that keeps the case's XML Schema from seeing `violation`.
fn unsaid(case: &Case<'_>, violation: &Violation) -> Option<UnsaidRule> {
    let names: Vec<&str> =
        violation.path.split('/').filter(|name| !name.is_empty() && name.parse::<u32>().is_err()).collect();
    let path: Option<FieldPath> = names.join(".").parse().ok();
    let listed = |kinds: &[UnsaidRule]| {
        let is_at = |about: &Option<FieldPath>| match (about, &path) {
            (None, _) => true,
            (Some(about), Some(path)) => path.is_within(about),
            (Some(_), None) => false,
        };
        let mut all = case.xsd.unsaid.iter();
        all.find(|unsaid| kinds.contains(&unsaid.rule) && is_at(&unsaid.path)).map(|unsaid| unsaid.rule)
    };
    match violation.rule {
        ViolationRule::CrossField | ViolationRule::Order => listed(&[UnsaidRule::BetweenFields]),
        ViolationRule::Identifier => listed(&[UnsaidRule::CheckDigit]),
        ViolationRule::CodeEdition => listed(&[UnsaidRule::CodeAtDate]),
        ViolationRule::Format => listed(&[UnsaidRule::Format, UnsaidRule::Blanks]),
        ViolationRule::Pattern | ViolationRule::Length => listed(&[UnsaidRule::Blanks]),
        ViolationRule::Range => listed(&[UnsaidRule::Step]),
        ViolationRule::Items => listed(&[UnsaidRule::Unique]),
        ViolationRule::GeometryKind
        | ViolationRule::GeometryCrs
        | ViolationRule::GeometryEmpty
        | ViolationRule::GeometryDimension
        | ViolationRule::GeometryCurve
        | ViolationRule::GeometryRing
        | ViolationRule::GeometryRingSize
        | ViolationRule::GeometryArea
        // Of a coordinate: GML's own schema would say so.
        | ViolationRule::Type => listed(&[UnsaidRule::Geometry]),
        _ => None,
    }
}

fn told(case: &Case<'_>, file: &Path, judge: &str, accepts: bool, ours: &Ours) -> String {
    let ours = match ours {
        Ours::Valid => "valid".to_owned(),
        Ours::Unreadable(rule) => format!("unreadable: {rule}"),
        Ours::Broken(broken) => {
            let broken = broken.iter().map(|one| format!("{}: {}", one.path, one.rule.code()));
            broken.collect::<Vec<_>>().join(", ")
        }
    };
    let text = fs::read_to_string(file).unwrap_or_default();
    let shown: String = text.chars().take(2500).collect();
    let says = if accepts { "accepts" } else { "refuses" };
    format!("{}: {judge} {says}, we say {ours}: {shown}", case.contract.id())
}

#[test]
fn every_judge_gives_the_same_verdict() {
    let contracts = Contracts::load();
    let cases: Vec<_> = contracts
        .all
        .iter()
        .map(Arc::as_ref)
        .map(|contract| {
            let mut case = Case::of(contract, &contract.whole_view(), contracts.folder.path());
            let records = contracts.share(contract, MADE_UP, TOTAL);
            case.fill(records, &mut Chance::of(&contract.id().to_string()));
            case.add_examples();
            case
        })
        .collect();
    let verdicts = judges::ask(&cases.iter().map(Case::question).collect::<Vec<_>>());
    let mut found = Findings::default();
    for case in &cases {
        found.compare(case, &verdicts);
    }
    let count = found.faults.len();
    assert!(count == 0, "{count} disagreements:\n{}", found.faults[..count.min(40)].join("\n"));
    let (valid, refused) = (found.valid, found.refused);
    assert!(valid > 500 && refused > 500, "{valid} valid, {refused} refused: neither side was tried");
    // Not one reason more than listed, and none that nothing shows.
    assert_eq!(found.unsaid, BTreeSet::from(UnsaidRule::ALL));
    let listed = |rules: &[ViolationRule]| rules.iter().map(|rule| rule.code()).collect::<BTreeSet<_>>();
    assert_eq!(found.beyond_json, listed(BEYOND_JSON_SCHEMA));
    assert_eq!(found.readers_own, READERS_OWN.iter().copied().collect());
}

/// What XML says of itself rather than of the data.
#[test]
fn where_an_xml_schema_is_stricter() {
    let contracts = Contracts::load();
    let contract = contracts.all.iter().find(|contract| &*contract.id().dataset == "thu-0").unwrap();
    let mut case = Case::of(contract, &contract.whole_view(), contracts.folder.path());
    let record = specimen(&contract.specimens(), contract, 0);
    let mut bytes = Vec::new();
    xml::write(&record, contract.shape(), &mut bytes);
    let plain = String::from_utf8(bytes).unwrap();
    let (before, after) = plain.split_once("<Khoa>").unwrap();
    let (_, after) = after.split_once("</Khoa>").unwrap();
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let documents = [
        // The language of a text; no contract has a field for it.
        format!("{before}<Khoa xml:lang=\"vi\">a</Khoa>{after}"),
        // "Not nil" said of what never is.
        format!("{before}<Khoa {xsi} xsi:nil=\"false\">a</Khoa>{after}"),
        // As long as may be, once composed: XML Schema counts before.
        format!("{before}<Khoa>{}</Khoa>{after}", "e\u{302}\u{323}".repeat(40)),
    ];
    for document in &documents {
        assert!(case.add_xml(document.as_bytes()).is_valid(), "{document}");
    }
    let verdicts = judges::ask(&[case.question()]);
    for (file, _) in &case.xml {
        assert!(!verdicts.xmllint.contains(file) && !verdicts.python.contains(file), "{}", file.display());
    }
}
