//! What a caller who sees part of a record is told: enough to read what comes, and nothing of the rest.
//!
//! Of each contract some leaves are released, some masked and the rest withheld, by agreements made up
//! ([`agreed`]). What is said of it is made as callers get it: in OpenAPI, WSDL, JSON Schema, XML Schema and
//! both forms of the dictionary, in both languages. None of them tells anything of what is withheld
//! ([`told`]). What the release leaves of a valid record is valid under the view's XML Schema and JSON
//! Schema, whoever judges; with a withheld value put back, or a mask taken off, it is not.

mod agreed;
mod told;

use std::{
    fs,
    path::{Path, PathBuf},
};

use adapters::json;
use contracts::{Contract, Document, Form, Format, Language, Record, RecordShape};
use gateway::description::{
    Offer,
    page::{Kind, make},
    rights::{Look, offer},
};
use policies::{Mask, MaskKeys, Operation, Register, ReleasePlan};

use super::{
    Contracts,
    judges::{self, Question},
    specimen,
};
use told::Secrets;

/// Views of each contract made up, and of the others all together.
const MADE_UP: u64 = 3;
const TOTAL: usize = 120;

/// Views of a contract that is like no other: enough for each of its fields to be seen once.
const STRANGE: u64 = 3;

/// Records of each view.
const RECORDS: u64 = 2;

/// What one agreement makes of one contract.
struct Agreed<'r> {
    number: u64,
    offer: Offer<'r>,
    plan: &'r ReleasePlan,
}

fn all<'r>(register: &'r Register, contract: &'r Contract, count: u64) -> impl Iterator<Item = Agreed<'r>> {
    let at = agreed::DAY.parse().unwrap();
    (0..count).map(move |number| {
        let caller = register.system_named(&agreed::system(number).parse().unwrap()).unwrap();
        let service = register.service_named("G06", &agreed::service(contract)).unwrap();
        let version = contract.id().version;
        let look = Look { caller, represented: None, service, version, environment: "production", at };
        let offer = offer(register, &look).unwrap_or_else(|refusal| panic!("{}: {refusal:?}", contract.id()));
        let mut usable = register.usable_by(caller, None, at).filter(|usable| usable.service == service);
        let agreement = usable.find_map(|usable| usable.agreement).unwrap();
        Agreed { number, offer, plan: agreement.release(Operation::Query).unwrap() }
    })
}

const LANGUAGES: [Language; 2] = [Language::Vi, Language::En];

fn text(offer: &Offer<'_>, kind: Kind, language: Language) -> String {
    let made = make(offer, kind, "localhost", language).unwrap();
    String::from_utf8(made.body.to_vec()).unwrap()
}

#[test]
fn no_description_tells_of_what_is_withheld() {
    let contracts = Contracts::load();
    let mut faults = Vec::new();
    let (mut looked, mut secret) = (0, 0);
    // A contract that has nothing in common with any: what its descriptions say too is the descriptions' own.
    let stranger = agreed::stranger(&contracts.folder.path().join("stranger"));
    let strange = agreed::register(&stranger, &|_| STRANGE);
    for catalog in &contracts.catalogs {
        let share = |contract: &Contract| contracts.share(contract, MADE_UP, TOTAL);
        let register = agreed::register(catalog, &share);
        for (kind, language) in
            Kind::ALL.into_iter().flat_map(|kind| LANGUAGES.map(|language| (kind, language)))
        {
            let strangers = stranger.contracts().flat_map(|contract| all(&strange, contract, STRANGE));
            let common: String = strangers.map(|agreed| text(&agreed.offer, kind, language)).collect();
            for contract in catalog.contracts() {
                for agreed in all(&register, contract, share(contract)) {
                    let secrets = Secrets::of(contract, &agreed.plan.view(contract));
                    let text = text(&agreed.offer, kind, language);
                    looked += 1;
                    secret += secrets.count();
                    for leak in secrets.told(&text, &common) {
                        faults.push(format!("{}/{}: {kind:?} tells {leak}", contract.id(), agreed.number));
                    }
                }
            }
        }
    }
    faults.sort();
    faults.dedup();
    let count = faults.len();
    assert!(count == 0, "{count} faults:\n{}", faults[..count.min(60)].join("\n"));
    assert!(looked > 500 && secret > 5_000, "{looked} descriptions, {secret} secrets");
}

/// What is there of a record when to what was released is added what of the full one `adds` says, with how
/// many values that were.
fn restored(
    released: Option<&Record<'_>>,
    full: &Record<'_>,
    shape: &RecordShape,
    adds: &dyn Fn(&contracts::FieldPath, bool) -> bool,
) -> (Record<'static>, usize) {
    let mut out = Record::with_capacity(full.len());
    let mut added = 0;
    for (name, value) in full.iter() {
        let (_, field) = shape.field(name).unwrap();
        let left = released.and_then(|released| released.get(name));
        let restored = match (value, &field.form) {
            (Document::Record(inner), Form::Record(shape)) => {
                let (record, count) = restored(left.and_then(Document::as_record), inner, shape, adds);
                added += count;
                // A record of which nothing left is not there, unless something is put back.
                (left.is_some() || count > 0).then_some(Document::Record(record))
            }
            (Document::List(items), Form::List(list)) if list.item.record().is_some() => {
                let shape = list.item.record().unwrap();
                let lefts = left.and_then(Document::as_list);
                let mut count = 0;
                let items: Vec<Document<'static>> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| match item.as_record() {
                        Some(item) => {
                            let left = lefts.and_then(|lefts| lefts.get(index)).and_then(Document::as_record);
                            let (record, more) = restored(left, item, shape, adds);
                            count += more;
                            Document::Record(record)
                        }
                        None => Document::Null,
                    })
                    .collect();
                added += count;
                (left.is_some() || count > 0).then_some(Document::List(items))
            }
            (value, _) if adds(&field.path, left.is_some()) && !is_nothing(value) => {
                added += 1;
                Some(value.clone().into_owned())
            }
            _ => left.map(|left| left.clone().into_owned()),
        };
        if let Some(restored) = restored {
            out.push(name.to_owned(), restored);
        }
    }
    (out, added)
}

/// A null is nothing to mask, and a list without items is not there in XML.
fn is_nothing(value: &Document<'_>) -> bool {
    match value {
        Document::Null => true,
        Document::List(items) => items.iter().all(is_nothing),
        _ => false,
    }
}

/// The files of one view.
struct Asked {
    name: String,
    xsd: PathBuf,
    schema: PathBuf,
    /// In XML where xmllint reads the numbers, and in JSON.
    good: (Vec<PathBuf>, Vec<PathBuf>),
    bad: (Vec<PathBuf>, Vec<PathBuf>),
}

/// Writes a record in both formats.
fn lay(
    to: &mut (Vec<PathBuf>, Vec<PathBuf>),
    folder: &Path,
    name: &str,
    contract: &Contract,
    record: &Document<'_>,
) {
    let (mut as_xml, mut as_json) = (Vec::new(), Vec::new());
    // As the gateway writes what it releases: under the whole contract.
    adapters::write(Format::Xml, record, contract, &mut as_xml);
    json::write(record, &mut as_json);
    // Numbers that xmllint does not read.
    if as_json.split(|letter| !letter.is_ascii_digit()).all(|digits| digits.len() <= 24) {
        let file = folder.join(format!("{name}.xml"));
        fs::write(&file, as_xml).unwrap();
        to.0.push(file);
    }
    let file = folder.join(format!("{name}.json"));
    fs::write(&file, as_json).unwrap();
    to.1.push(file);
}

#[test]
fn what_is_released_is_what_is_described_and_what_is_not_is_refused() {
    let contracts = Contracts::load();
    let keys = MaskKeys::new(b"a master key for tests, not a secret");
    let (mut asked, mut put_back, mut unmasked) = (Vec::new(), 0, 0);
    for catalog in &contracts.catalogs {
        let share = |contract: &Contract| contracts.share(contract, MADE_UP, TOTAL);
        let register = agreed::register(catalog, &share);
        for contract in catalog.contracts() {
            let specimens = contract.specimens();
            for Agreed { number, offer, plan } in all(&register, contract, share(contract)) {
                let folder = contracts.folder.path().join(format!("{}-{number}", contract.id()));
                fs::create_dir(&folder).unwrap();
                let described = |kind, name: &str| {
                    let file = folder.join(name);
                    fs::write(&file, text(&offer, kind, Language::Vi)).unwrap();
                    file
                };
                let mut files = Asked {
                    name: format!("{}/{number}", contract.id()),
                    xsd: described(Kind::Xsd, "xsd"),
                    schema: described(Kind::Schema, "schema"),
                    good: Default::default(),
                    bad: Default::default(),
                };
                // Masks that no value of another kind looks like.
                let is_plain = |path: &contracts::FieldPath| {
                    plan.masked().iter().any(|(masked, mask)| masked == path && *mask == Mask::Pseudonym)
                };
                for seed in 0..RECORDS {
                    let full = specimen(&specimens, contract, seed);
                    let mut released = full.clone();
                    plan.apply(&mut released, &keys);
                    lay(&mut files.good, &folder, &format!("{seed}"), contract, &released);
                    let (full, released) = (full.as_record().unwrap(), released.as_record().unwrap());
                    let root = &contract.shape().root;
                    let withheld = |path: &contracts::FieldPath, _: bool| plan.withheld().contains(path);
                    let (with, added) = restored(Some(released), full, root, &withheld);
                    if added > 0 {
                        put_back += 1;
                        lay(
                            &mut files.bad,
                            &folder,
                            &format!("{seed}-with"),
                            contract,
                            &Document::Record(with),
                        );
                    }
                    let (bare, taken) =
                        restored(Some(released), full, root, &|path, left| left && is_plain(path));
                    if taken > 0 {
                        unmasked += 1;
                        lay(
                            &mut files.bad,
                            &folder,
                            &format!("{seed}-bare"),
                            contract,
                            &Document::Record(bare),
                        );
                    }
                }
                asked.push(files);
            }
        }
    }
    assert!(put_back > 100 && unmasked > 50, "{put_back} put back, {unmasked} unmasked");
    let questions = asked.iter().map(|asked| Question {
        xsd: &asked.xsd,
        xml: asked.good.0.iter().chain(&asked.bad.0).map(PathBuf::as_path).collect(),
        schema: &asked.schema,
        json: asked.good.1.iter().chain(&asked.bad.1).map(PathBuf::as_path).collect(),
    });
    let verdicts = judges::ask(&questions.collect::<Vec<_>>());
    let mut faults = Vec::new();
    let read = |file| fs::read_to_string(file).unwrap();
    for asked in &asked {
        for (judge, accepted, good, bad) in [
            ("xmllint", &verdicts.xmllint, &asked.good.0, &asked.bad.0),
            ("xmlschema", &verdicts.python, &asked.good.0, &asked.bad.0),
            ("jsonschema", &verdicts.python, &asked.good.1, &asked.bad.1),
        ] {
            let refused = good.iter().filter(|file| !accepted.contains(*file));
            faults.extend(refused.map(|file| format!("{}: {judge} refuses {}", asked.name, read(file))));
            let taken = bad.iter().filter(|file| accepted.contains(*file));
            faults.extend(taken.map(|file| format!("{}: {judge} takes {}", asked.name, read(file))));
        }
    }
    let count = faults.len();
    assert!(count == 0, "{count} faults:\n{}", faults[..count.min(20)].join("\n"));
}
