//! `lienthong contract`: what the contracts say.

mod codes;
mod describe;
mod diff;
mod list;
mod new;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::ArgMatches;
use contracts::{Catalog, Contract, ContractId, description};

use super::{Console, Exit, Failure, Outcome};

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let folder = given.get_one::<PathBuf>("contracts").cloned().unwrap_or_else(|| PathBuf::from("contracts"));
    if let Some((kind @ ("openapi" | "wsdl"), given)) = given.subcommand()
        && given.contains_id("consumer")
    {
        return describe::as_seen(kind, given, console);
    }
    let Some(catalog) = load(&folder, console) else { return Ok(Exit::Refused) };
    match given.subcommand() {
        Some((kind @ ("openapi" | "wsdl"), given)) => {
            let contract = described(given, &catalog, console)?;
            describe::whole(kind, &contract, console)?;
        }
        Some(("new", given)) => return new::run(given, &folder, &catalog, console),
        Some(("diff", given)) => {
            let with = match given.get_one::<PathBuf>("with") {
                Some(folder) => match load(folder, console) {
                    Some(other) => Some(other),
                    None => return Ok(Exit::Refused),
                },
                None => None,
            };
            return diff::run(given, &catalog, with.as_ref(), console);
        }
        Some(("codes", given)) => return codes::run(given, &catalog, console),
        Some((language @ ("schema" | "xsd" | "dictionary"), given)) => {
            let contract = described(given, &catalog, console)?;
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
        Some(("list", given)) => list::run(given, &catalog, console)?,
        _ => {}
    }
    Ok(Exit::Done)
}

/// The contracts of `folder`; nothing when they have faults, which are told.
fn load(folder: &Path, console: &mut Console<'_>) -> Option<Catalog> {
    Catalog::load(folder).map_err(|faults| console.faults(&faults)).ok().map(|(catalog, _)| catalog)
}

/// The contract that is named on the command line.
fn described(given: &ArgMatches, catalog: &Catalog, console: &Console<'_>) -> Result<Arc<Contract>, Failure> {
    let id: ContractId = given.get_one::<String>("id").map(String::as_str).unwrap_or_default().parse()?;
    let missing = || Failure(format!("{} `{id}`", console.say("không có hợp đồng", "there is no contract")));
    catalog.contract(&id).cloned().ok_or_else(missing)
}
