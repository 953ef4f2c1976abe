//! `lienthong contract check`: one contract, or a folder of them, as its author works on it.
//!
//! It loads the contract alone, tells what is open or faulty in it, and tries its examples by the code that
//! the catalogue's own tests run ([`adapters::examples`]).
//!
//! | exit | when |
//! |---|---|
//! | 0 | the contract loads, and every example is what its folder says |
//! | 1 | it does not load, has open answers, or has no good or no bad example |
//! | 2 | an example is not what its folder says |

use std::path::{Path, PathBuf};

use adapters::examples::{self, Kind, Tried};
use clap::ArgMatches;
use contracts::{Catalog, Contract, ContractId, Fault, Status, review};
use serde_json::{Value, json};

use super::{errors, missing, named, tell};
use crate::{
    cli::{Console, Exit, Failure, Outcome},
    world,
};

pub(super) fn run(given: &ArgMatches, folder: &Path, console: &mut Console<'_>) -> Outcome {
    let asked = given.get_one::<String>("what").map(String::as_str).unwrap_or_default();
    let (folder, ids) = asked_for(asked, folder, console)?;
    let mut checked = Vec::new();
    match ids {
        Some(id) => checked.push(Checked::of(&folder, &id).ok_or_else(|| missing(&id, console))?),
        None => {
            let (catalog, faults) = Catalog::survey(&folder);
            let ids = catalog
                .contracts()
                .map(|contract| contract.id())
                .chain(catalog.open_drafts().map(|(id, _)| id));
            let mut ids: Vec<&ContractId> = ids.collect();
            ids.sort_unstable();
            checked.extend(ids.into_iter().filter_map(|id| Checked::of(&folder, id)));
            // What keeps a contract from being told apart from others, or belongs to none.
            let faults = errors(world::rooted(&folder, faults));
            if !faults.is_empty() {
                checked.push(Checked { faults, ..Checked::default() });
            }
        }
    }
    let exit = checked.iter().map(Checked::exit).fold(Exit::Done, worse);
    if given.get_flag("json") {
        let all: Vec<Value> = checked.iter().map(Checked::json).collect();
        let told = json!({ "ok": exit == Exit::Done, "contracts": all });
        console.print(&serde_json::to_string_pretty(&told)?);
    } else {
        let many = checked.len() > 1;
        checked.into_iter().for_each(|one| one.show(many, console));
    }
    Ok(exit)
}

/// The contracts' root and the contract that are meant by a name or a folder; no contract stands for all.
fn asked_for(
    asked: &str,
    folder: &Path,
    console: &Console<'_>,
) -> Result<(PathBuf, Option<ContractId>), Failure> {
    let path = Path::new(asked);
    if !path.is_dir() || (!asked.contains(['/', '.']) && folder.join("catalog").join(asked).is_dir()) {
        return Ok((folder.to_owned(), Some(named(asked, console)?)));
    }
    if path.join("catalog").is_dir() {
        return Ok((path.to_owned(), None));
    }
    // `<root>/catalog/<dataset>/v<n>`, however it was written.
    let whole = path.canonicalize()?;
    let part = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let found = || {
        let version = part(&whole)?.strip_prefix('v')?.to_owned();
        let dataset = whole.parent()?;
        let catalog = dataset.parent().filter(|catalog| catalog.ends_with("catalog"))?;
        let id: ContractId = format!("{}@{version}", part(dataset)?).parse().ok()?;
        Some((catalog.parent()?.to_owned(), Some(id)))
    };
    found().ok_or_else(|| {
        let such = console.say(
            "không phải là thư mục của hợp đồng, như `contracts/catalog/nhiem-vu/v1`, hay thư mục `contracts`",
            "is neither a contract's folder, such as `contracts/catalog/nhiem-vu/v1`, nor a `contracts` folder",
        );
        Failure(format!("`{asked}` {such}"))
    })
}

/// What was found of one contract; without a contract, of the folder.
#[derive(Default)]
struct Checked {
    id: Option<ContractId>,
    title: Option<contracts::Bilingual>,
    status: Option<Status>,
    /// What keeps it from being used or shown.
    faults: Vec<Fault>,
    /// What its author should look at.
    remarks: Vec<Fault>,
    examples: Vec<Tried>,
}

impl Checked {
    /// Nothing when there is no such contract.
    fn of(folder: &Path, id: &ContractId) -> Option<Self> {
        let version = PathBuf::from(format!("catalog/{}/v{}", id.dataset, id.version));
        let mut checked = Self { id: Some(id.clone()), ..Self::default() };
        let mut key = None;
        match Catalog::load_only(folder, id) {
            Ok((catalog, warnings)) => {
                let contract = catalog.contract(id)?;
                checked.remarks = world::rooted(folder, warnings);
                checked.look_at(contract, &folder.join(&version));
                key = Some(contract.key().to_string());
            }
            Err(faults) if folder.join(&version).is_dir() => {
                let (warnings, faults) = faults.into_iter().partition(|fault: &Fault| fault.warning);
                checked.remarks = world::rooted(folder, warnings);
                checked.faults = world::rooted(folder, faults);
            }
            // Faults of the folder's own, where the contract is not.
            Err(faults) => checked.faults = errors(world::rooted(folder, faults)),
        }
        let schema = folder.join(version).join("schema.json");
        let text = std::fs::read_to_string(&schema).unwrap_or_default();
        checked.remarks.extend(review(&schema, &text, key.as_deref()));
        Some(checked)
    }

    fn look_at(&mut self, contract: &Contract, folder: &Path) {
        self.title = Some(contract.title().clone());
        self.status = Some(contract.status());
        (self.examples, self.faults) = examples::tried(contract, folder);
    }

    fn exit(&self) -> Exit {
        if !self.faults.is_empty() {
            return Exit::Refused;
        }
        let sound = self.examples.iter().all(|example| example.problems.is_empty());
        if sound { Exit::Done } else { Exit::Unusable }
    }

    fn json(&self) -> Value {
        let examples = self.examples.iter().map(|example| {
            let reasons = example
                .reasons
                .iter()
                .map(|reason| json!({ "rule": reason.rule, "at": reason.at, "message": reason.message }));
            let problems = example
                .problems
                .iter()
                .map(|problem| json!({ "code": problem.code(), "message": problem.told() }));
            json!({
                "file": example.file, "folder": example.kind.folder(), "sound": example.problems.is_empty(),
                "reasons": reasons.collect::<Vec<_>>(), "problems": problems.collect::<Vec<_>>(),
            })
        });
        json!({
            "id": self.id.as_ref().map(ToString::to_string), "title": self.title,
            "status": self.status.map(Status::as_str), "ok": self.exit() == Exit::Done,
            "faults": self.faults, "remarks": self.remarks, "examples": examples.collect::<Vec<_>>(),
        })
    }

    /// Tells what was found; of one `among` many, only that all is well where it is.
    fn show(self, among: bool, console: &mut Console<'_>) {
        let w = console.words;
        let exit = self.exit();
        let verdict = match (&self.id, exit) {
            (None, _) => None,
            (Some(id), Exit::Done) => {
                let count = self.examples.len();
                Some(format!(
                    "{id}: {} {count}.",
                    w.say("dùng được; ví dụ đúng:", "fit for use; sound examples:")
                ))
            }
            (Some(id), Exit::Refused) => {
                Some(format!("{id}: {}", w.say("chưa dùng được.", "not fit for use.")))
            }
            (Some(id), Exit::Unusable) => {
                let count = self.examples.iter().filter(|example| !example.problems.is_empty()).count();
                Some(format!("{id}: {} {count}.", w.say("ví dụ chưa đúng:", "examples that are not sound:")))
            }
        };
        if among && exit == Exit::Done {
            verdict.iter().for_each(|verdict| console.print(verdict));
            return;
        }
        for example in self.examples.iter().filter(|example| !among || !example.problems.is_empty()) {
            show(example, console);
        }
        if !self.remarks.is_empty() && !among {
            console.print(w.say("Cần xem lại:", "To look at:"));
            console.faults(&self.remarks);
        }
        if self.status == Some(Status::Draft) && !among {
            console.print(w.say(
                "Dự thảo: các trường còn có thể đổi; chỉ dịch vụ và thỏa thuận ghi `draft = true` mới dùng được.",
                "A draft: fields may still change; only services and agreements that say `draft = true` may use it.",
            ));
        }
        tell(self.faults, console);
        verdict.iter().for_each(|verdict| console.print(verdict));
    }
}

fn show(example: &Tried, console: &mut Console<'_>) {
    let language = console.language();
    let mark = if example.problems.is_empty() { '✓' } else { '✗' };
    let taken = match (example.kind, example.problems.is_empty()) {
        (Kind::Good, true) => console.say(": hợp lệ", ": valid"),
        (Kind::Bad, true) => console.say(": bị từ chối", ": refused"),
        _ => "",
    };
    console.print(&format!("{mark} {}{taken}", example.file.display()));
    for problem in &example.problems {
        console.print(&format!("    {} [{}]", problem.told().get(language), problem.code()));
    }
    for reason in &example.reasons {
        console.print(&format!("    {}: {} [{}]", reason.at, reason.message.get(language), reason.rule));
    }
}

/// Of two ends, the one to tell: that something cannot be used, before that an example is not sound.
fn worse(one: Exit, other: Exit) -> Exit {
    match (one, other) {
        (Exit::Refused, _) | (_, Exit::Refused) => Exit::Refused,
        (Exit::Unusable, _) | (_, Exit::Unusable) => Exit::Unusable,
        (Exit::Done, Exit::Done) => Exit::Done,
    }
}
