//! `lienthong contract codes`: the code lists, as callers are given them.

use clap::ArgMatches;
use contracts::{Catalog, CodeList};
use http::HeaderMap;
use jiff::civil::Date;

use crate::{
    cli::{Console, Exit, Failure, Outcome},
    code_lists::Pages,
    host::Answer,
};

pub(super) fn run(given: &ArgMatches, catalog: &Catalog, console: &mut Console<'_>) -> Outcome {
    let lists = catalog.code_lists();
    let w = console.words;
    let Some(name) = given.get_one::<String>("list") else {
        if given.get_flag("json") {
            return print_page(Pages::of(lists).index(None, &HeaderMap::new()).ok().as_ref(), console);
        }
        for list in lists.iter() {
            let had = if list.is_complete() { "" } else { w.say(" (chưa đủ mã)", " (not complete)") };
            console.print(&format!("{:<28} {}{had}", list.name(), list.title().get(console.language())));
        }
        return Ok(Exit::Done);
    };
    let list = lists.list(name).ok_or_else(|| {
        Failure(format!("{} `{name}`", w.say("không có danh mục", "there is no code list")))
    })?;
    if given.get_flag("json") {
        return print_page(
            Pages::of(lists).list(lists, name, None, &HeaderMap::new()).ok().as_ref(),
            console,
        );
    }
    let on = given.get_one::<String>("on").map(|day| day.parse::<Date>());
    let on = on.transpose().map_err(|_| {
        Failure(
            w.say("`--on` cần một ngày, như 2025-06-30", "`--on` wants a day, such as 2025-06-30").to_owned(),
        )
    })?;
    show(list, on, console);
    Ok(Exit::Done)
}

fn show(list: &CodeList, on: Option<Date>, console: &mut Console<'_>) {
    let w = console.words;
    let language = console.language();
    console.print(list.title().get(language));
    console.print(&format!("{}: {}", w.say("nguồn", "source"), list.source().trim()));
    if !list.is_complete() {
        let form = list.form().map(|form| format!(": {}", form.asks().get(language))).unwrap_or_default();
        let told = w.say("chưa đủ mã, chỉ kiểm tra theo dạng", "not complete, checked by form only");
        console.print(&format!("{told}{form}"));
    }
    let present = on.and_then(|day| list.edition_on(day)).map(contracts::Edition::id);
    for edition in list.editions().iter().filter(|edition| on.is_none() || present == Some(edition.id())) {
        let day = |day: Option<Date>| day.map_or("…".to_owned(), |day| day.to_string());
        console.print(&format!(
            "\n{} {} ({} – {})",
            w.say("ấn bản", "edition"),
            edition.id(),
            day(edition.valid_from()),
            day(edition.valid_until())
        ));
        for entry in edition.entries() {
            let name = match (language, &entry.name_en) {
                (contracts::Language::En, Some(name)) => name,
                _ => &entry.name,
            };
            let became = entry.successor.as_ref().map(|code| format!(" → {code}")).unwrap_or_default();
            console.print(&format!("  {:<10} {name}{became}", entry.code));
        }
    }
}

/// Prints the page that a caller without preferences is given; a list that is there has one.
fn print_page(page: Option<&Answer>, console: &mut Console<'_>) -> Outcome {
    let body = page.map(|page| &*page.body).unwrap_or_default();
    let page: serde_json::Value = serde_json::from_slice(body)?;
    console.print(&serde_json::to_string_pretty(&page)?);
    Ok(Exit::Done)
}
