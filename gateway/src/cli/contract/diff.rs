//! `lienthong contract diff`: what changed between two contracts, and whom it breaks.

use std::sync::Arc;

use clap::ArgMatches;
use contracts::{Catalog, Change, Contract, ContractId, Difference, Effect, Language};
use serde_json::{Value, json};

use crate::cli::{Console, Exit, Failure, Outcome};

/// The contract of one side; nothing where that side lacks it.
type Pair<'c> = (Option<&'c Contract>, Option<&'c Contract>);

/// Compares within `catalog`, or with the contracts of the folder `with`.
pub(super) fn run(
    given: &ArgMatches,
    catalog: &Catalog,
    with: Option<&Catalog>,
    console: &mut Console<'_>,
) -> Outcome {
    let ids = given.get_many::<String>("ids").into_iter().flatten();
    let ids: Vec<ContractId> = ids.map(|id| id.parse()).collect::<Result<_, _>>()?;
    let other = with.unwrap_or(catalog);
    let found = |catalog: &Catalog, id: &ContractId| match catalog.contract(id) {
        Some(contract) => Ok(Arc::clone(contract)),
        None => Err(Failure(format!("{} `{id}`", console.say("không có hợp đồng", "there is no contract")))),
    };
    let mut pairs = Vec::new();
    match (&*ids, with) {
        ([old, new], _) => pairs.push((Some(found(catalog, old)?), Some(found(other, new)?))),
        ([id], Some(_)) => pairs.push((Some(found(catalog, id)?), Some(found(other, id)?))),
        ([], Some(_)) => {
            let mut all: Vec<_> = catalog.contracts().chain(other.contracts()).map(|one| one.id()).collect();
            all.sort_unstable();
            all.dedup();
            pairs.extend(
                all.into_iter().map(|id| (catalog.contract(id).cloned(), other.contract(id).cloned())),
            );
        }
        _ => {
            return Err(Failure(
                console
                    .say(
                        "nêu hai hợp đồng, như `nhiem-vu@1 nhiem-vu@2`, hoặc so sánh với một thư mục: `--with FOLDER`",
                        "name two contracts, such as `nhiem-vu@1 nhiem-vu@2`, or compare with a folder: `--with FOLDER`",
                    )
                    .to_owned(),
            ));
        }
    }
    let json = given.get_flag("json");
    let mut told = Vec::new();
    let mut breaking = false;
    for comparison in pairs.iter().filter_map(|(old, new)| Comparison::of((old.as_deref(), new.as_deref()))) {
        breaking |= comparison.is_breaking();
        if json {
            told.push(comparison.json());
        } else if pairs.len() == 1 || !comparison.is_nothing() {
            comparison.show(console);
        }
    }
    if json {
        console.print(&serde_json::to_string_pretty(&json!({ "breaking": breaking, "contracts": told }))?);
    } else if breaking {
        console.print(console.say("KHÔNG TƯƠNG THÍCH", "BREAKING"));
    } else {
        console.print(console.say("TƯƠNG THÍCH", "COMPATIBLE"));
    }
    Ok(if breaking { Exit::Refused } else { Exit::Done })
}

/// What became of one contract.
enum Comparison<'c> {
    Added(&'c Contract),
    Removed(&'c Contract),
    Both(Difference),
}

impl<'c> Comparison<'c> {
    fn of(pair: Pair<'c>) -> Option<Self> {
        match pair {
            (Some(old), Some(new)) => Some(Self::Both(Difference::between(old, new))),
            (Some(old), None) => Some(Self::Removed(old)),
            (None, new) => new.map(Self::Added),
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Both(difference) if difference.changes.is_empty())
    }

    fn is_breaking(&self) -> bool {
        match self {
            Self::Added(_) => false,
            Self::Removed(_) => true,
            Self::Both(difference) => difference.is_breaking(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Added(new) => json!({ "to": new.id().to_string(), "breaking": false, "changes": [] }),
            Self::Removed(old) => json!({ "from": old.id().to_string(), "breaking": true, "changes": [] }),
            Self::Both(difference) => json!({
                "from": difference.from.to_string(), "to": difference.to.to_string(),
                "breaking": difference.is_breaking(),
                "readers": verdict(difference.breaks_readers()),
                "senders": verdict(difference.breaks_senders()),
                "agreements": verdict(difference.breaks_agreements()),
                "changes": difference.changes.iter().map(change_json).collect::<Vec<_>>(),
            }),
        }
    }

    fn show(&self, console: &mut Console<'_>) {
        let difference = match self {
            Self::Added(new) => {
                let new = format!("{}: {}", new.id(), console.say("hợp đồng mới", "a new contract"));
                return console.print(&new);
            }
            Self::Removed(old) => {
                let gone = console.say(
                    "hợp đồng không còn: ai đang dùng đều bị ảnh hưởng",
                    "the contract is gone: whoever uses it is broken",
                );
                return console.print(&format!("✗ {}: {gone}", old.id()));
            }
            Self::Both(difference) => difference,
        };
        console.print(&format!("{} → {}", difference.from, difference.to));
        if difference.changes.is_empty() {
            console.print(console.say("  không có thay đổi", "  no change"));
        }
        for change in &difference.changes {
            show(change, console);
        }
        let verdict = |breaking| match (console.language(), breaking) {
            (Language::Vi, true) => "không tương thích",
            (Language::Vi, false) => "tương thích",
            (Language::En, breaking) => verdict(breaking),
        };
        let [readers, senders, agreements] = audiences(console);
        let line = format!(
            "{readers}: {} · {senders}: {} · {agreements}: {}",
            verdict(difference.breaks_readers()),
            verdict(difference.breaks_senders()),
            verdict(difference.breaks_agreements())
        );
        console.print(&line);
    }
}

fn audiences(console: &Console<'_>) -> [&'static str; 3] {
    [
        console.say("bên nhận", "readers"),
        console.say("bên gửi", "senders"),
        console.say("thỏa thuận", "agreements"),
    ]
}

fn show(change: &Change, console: &mut Console<'_>) {
    let language = console.language();
    let place = change.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
    let aspect = change.aspect.title();
    let was = change.was.as_deref().unwrap_or("–");
    let is = change.is.as_deref().unwrap_or("–");
    let mark = if change.is_breaking() { "✗" } else { "✓" };
    console.print(&format!(
        "  {mark} {place}{} [{}]: {was} → {is}",
        aspect.get(language),
        change.aspect.as_str()
    ));
    let [readers, senders, agreements] = audiences(console);
    for (who, effect) in
        [(readers, &change.readers), (senders, &change.senders), (agreements, &change.agreements)]
    {
        let mark = if effect.breaking { "✗" } else { "✓" };
        console.print(&format!("      {mark} {who}: {}", effect.why.get(language)));
    }
}

fn verdict(breaking: bool) -> &'static str {
    if breaking { "breaking" } else { "compatible" }
}

fn change_json(change: &Change) -> Value {
    let effect = |effect: &Effect| json!({ "verdict": verdict(effect.breaking), "why": effect.why });
    json!({
        "path": change.path.as_ref().map(ToString::to_string), "aspect": change.aspect.as_str(),
        "was": change.was, "is": change.is, "verdict": verdict(change.is_breaking()),
        "readers": effect(&change.readers), "senders": effect(&change.senders),
        "agreements": effect(&change.agreements),
    })
}
