//! `lienthong contract list`: every contract, by name, by article of the legal text, or as a page.
//!
//! Drafts with open answers stand in it as what they are. A contract with a fault does not; the fault is
//! told below, and the exit code is 1.

use std::path::Path;

use clap::ArgMatches;
use contracts::{Catalog, Contract, ContractId, OpenDraft, Status, description, scope::Scope};
use serde_json::{Value, json};

use super::{errors, tell};
use crate::{
    cli::{Console, Exit, Failure, Outcome},
    world,
};

pub(super) fn run(given: &ArgMatches, folder: &Path, console: &mut Console<'_>) -> Outcome {
    let (catalog, faults) = Catalog::survey(folder);
    let faults = errors(world::rooted(folder, faults));
    // Both need the whole catalogue: a page with a gap would be taken for complete.
    let whole = given.get_flag("markdown") || given.get_flag("articles");
    if faults.is_empty() || !whole {
        shown(given, &catalog, console)?;
    }
    let exit = if faults.is_empty() { Exit::Done } else { Exit::Refused };
    if given.get_flag("json") {
        faults.iter().for_each(|fault| console.complain(&fault.display(console.language())));
    } else {
        tell(faults, console);
    }
    Ok(exit)
}

fn shown(given: &ArgMatches, catalog: &Catalog, console: &mut Console<'_>) -> Result<(), Failure> {
    if given.get_flag("markdown") {
        console.print(description::index(catalog).trim_end());
    } else if given.get_flag("articles") {
        let missing = console
            .say("danh mục không có `catalog/scope.toml`", "the catalogue has no `catalog/scope.toml`");
        let scope = catalog.scope().ok_or_else(|| Failure(missing.to_owned()))?;
        if given.get_flag("json") {
            let articles: Vec<Value> = scope.articles.iter().map(article).collect();
            let all = json!({ "source": scope.source, "articles": articles });
            console.print(&serde_json::to_string_pretty(&all)?);
        } else {
            by_article(scope, catalog, console);
        }
    } else if given.get_flag("json") {
        let drafts = catalog.open_drafts().map(|(id, draft)| {
            json!({ "id": id.to_string(), "status": "open-draft", "open_answers": draft.questions() })
        });
        let list: Vec<Value> = catalog.contracts().map(|contract| facts(contract)).chain(drafts).collect();
        console.print(&serde_json::to_string_pretty(&list)?);
    } else {
        for contract in catalog.contracts() {
            let line = line(contract, console);
            console.print(&line);
        }
        for (id, draft) in catalog.open_drafts() {
            let line = open_line(id, draft, console);
            console.print(&line);
        }
    }
    Ok(())
}

/// Width of a contract's name in a column: today's longest has 37 characters.
const NAME: usize = 38;

fn line(contract: &Contract, console: &Console<'_>) -> String {
    let id = contract.id().to_string();
    let title = contract.title().get(console.language());
    format!("{id:<NAME$} {:<5} {title}{}", contract.owner(), mark(contract, console))
}

/// A draft that nothing can use yet.
fn open_line(id: &ContractId, draft: &OpenDraft, console: &Console<'_>) -> String {
    let id = id.to_string();
    let told = console.say("chưa dùng được; số chỗ chưa trả lời:", "of no use yet; answers that are open:");
    format!("{id:<NAME$} {:<5} {told} {} (`lienthong contract check {id}`)", "–", draft.questions())
}

/// What a reader of a list is told of a draft.
fn mark(contract: &Contract, console: &Console<'_>) -> &'static str {
    match contract.status() {
        Status::Draft => console.say(" (dự thảo)", " (draft)"),
        Status::Active => "",
    }
}

fn facts(contract: &Contract) -> Value {
    json!({
        "id": contract.id().to_string(), "owner": contract.owner(), "title": contract.title(),
        "legal_basis": contract.legal_basis(), "status": contract.status().as_str(),
        "update": contract.update().title(), "fields": contract.shape().walk().count(),
    })
}

fn article(article: &contracts::scope::Article) -> Value {
    let items = article.items.iter().map(|item| {
        let contracts: Vec<String> = item.contracts.iter().map(ContractId::to_string).collect();
        json!({ "at": item.at, "title": item.title, "contracts": contracts })
    });
    json!({
        "number": article.number, "title": article.title, "spells_out": article.spells_out,
        "items": items.collect::<Vec<_>>(),
    })
}

fn by_article(scope: &Scope, catalog: &Catalog, console: &mut Console<'_>) {
    let language = console.language();
    console.print(scope.source.get(language));
    for article in &scope.articles {
        let named = console.say("Điều", "Article");
        console.print(&format!("\n{named} {}: {}", article.number, article.title.get(language)));
        for item in &article.items {
            console.print(&format!("  {} ({})", item.title.get(language), item.at));
            for contract in item.contracts.iter().filter_map(|id| catalog.contract(id)) {
                let line = line(contract, console);
                console.print(&format!("    {line}"));
            }
        }
    }
}
