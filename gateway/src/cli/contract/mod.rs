//! `lienthong contract`: what the contracts say.
//!
//! Whoever asks for one contract gets it, whatever state others are in: a catalogue where somebody is
//! drafting, or has made a mistake, is refused whole only where it would decide exchanges (`check`, `serve`).

mod check;
mod codes;
mod describe;
mod diff;
mod list;
mod new;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use adapters::sources;
use clap::ArgMatches;
use contracts::{Catalog, Contract, ContractId, Fault, Language, description};

use super::{Console, Exit, Failure, Outcome};
use crate::world;

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let folder = given.get_one::<PathBuf>("contracts").cloned().unwrap_or_else(|| PathBuf::from("contracts"));
    match given.subcommand() {
        Some((kind @ ("openapi" | "wsdl"), given)) => {
            if given.contains_id("consumer") {
                return describe::as_seen(kind, given, console);
            }
            let Some(contract) = described(given, &folder, console)? else { return Ok(Exit::Refused) };
            describe::whole(kind, &contract, console)?;
        }
        Some(("new", given)) => return new::run(given, &folder, console),
        Some(("check", given)) => return check::run(given, &folder, console),
        Some(("list", given)) => return list::run(given, &folder, console),
        Some(("diff", given)) => {
            let Some(catalog) = load(&folder, console) else { return Ok(Exit::Refused) };
            let with = match given.get_one::<PathBuf>("with") {
                Some(folder) => match load(folder, console) {
                    Some(other) => Some(other),
                    None => return Ok(Exit::Refused),
                },
                None => None,
            };
            return diff::run(given, &catalog, with.as_ref(), console);
        }
        Some(("codes", given)) => return codes::run(given, &Catalog::survey(&folder).0, console),
        Some((language @ ("schema" | "xsd" | "dictionary"), given)) => {
            let Some(contract) = described(given, &folder, console)? else { return Ok(Exit::Refused) };
            let view = contract.whole_view();
            let text = match language {
                "xsd" => description::xsd(&contract, &view).document,
                "dictionary" if given.get_flag("html") => description::dictionary::html(&contract, &view),
                "dictionary" => description::dictionary::markdown(&contract, &view),
                _ => serde_json::to_string_pretty(&description::json_schema(&contract, &view))?,
            };
            // The document ends its own last line.
            console.print(text.trim_end());
        }
        _ => {}
    }
    Ok(Exit::Done)
}

/// The contracts of `folder`; nothing when they have faults, which are told.
fn load(folder: &Path, console: &mut Console<'_>) -> Option<Catalog> {
    let told = |faults: Vec<Fault>| tell(errors(world::rooted(folder, faults)), console);
    Catalog::load(folder).map_err(told).ok().map(|(catalog, _)| catalog)
}

/// The contract that is named on the command line; nothing when it has faults, which are told.
fn described(
    given: &ArgMatches,
    folder: &Path,
    console: &mut Console<'_>,
) -> Result<Option<Arc<Contract>>, Failure> {
    let id = named(given.get_one::<String>("id").map(String::as_str).unwrap_or_default(), console)?;
    match Catalog::load_only(folder, &id) {
        Ok((catalog, _)) => catalog.contract(&id).cloned().ok_or_else(|| missing(&id, console)).map(Some),
        Err(faults) => {
            tell(errors(world::rooted(folder, faults)), console);
            Ok(None)
        }
    }
}

fn missing(id: &ContractId, console: &Console<'_>) -> Failure {
    Failure(format!("{} `{id}`", console.say("không có hợp đồng", "there is no contract")))
}

/// The contract called `text`, its first version where none is said.
fn named(text: &str, console: &Console<'_>) -> Result<ContractId, Failure> {
    let whole = if text.contains('@') { text.to_owned() } else { format!("{text}@1") };
    whole.parse().map_err(|_| {
        let such = sources::dataset_name(text.split('@').next().unwrap_or_default());
        let such = such.unwrap_or_else(|| "nhiem-vu".to_owned());
        Failure(match console.language() {
            Language::Vi => format!(
                "`{text}` không phải là tên hợp đồng: dùng chữ thường không dấu, chữ số và gạch nối, có thể kèm phiên bản, như `{such}` hoặc `{such}@1`"
            ),
            Language::En => format!(
                "`{text}` is no contract's name: use small unaccented letters, digits and hyphens, with a version if need be, such as `{such}` or `{such}@1`"
            ),
        })
    })
}

/// Those that keep something from being used.
fn errors(faults: Vec<Fault>) -> Vec<Fault> {
    faults.into_iter().filter(|fault| !fault.warning).collect()
}

/// Tells faults, the open answers of a draft last: each with its place, and what they have in common, the
/// answer that is wanted, once.
fn tell(faults: Vec<Fault>, console: &mut Console<'_>) {
    let (open, others): (Vec<_>, Vec<_>) = faults.into_iter().partition(Fault::is_open_answer);
    console.faults(&others);
    if open.is_empty() {
        return;
    }
    console.print(&format!(
        "{} {}:",
        console.say("Còn phải trả lời, số chỗ:", "Left to answer, places:"),
        open.len()
    ));
    let language = console.language();
    // By what is wanted, in the order in which it is first wanted.
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&Fault>> = Vec::new();
    for fault in &open {
        let group = *first.entry(fault.remedy.get(language)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups.get_mut(group).into_iter().for_each(|group| group.push(fault));
    }
    for group in groups {
        for fault in &group {
            let place = fault.place.map(|place| format!(":{}:{}", place.line, place.column));
            let message = fault.message.get(language);
            let place = place.unwrap_or_default();
            console.print(&format!("{}{place}: {message} [{}]", fault.file.display(), fault.rule));
        }
        let wanted = group.first().map(|fault| fault.remedy.get(language)).unwrap_or_default();
        console.print(&format!("  → {wanted}"));
    }
}
