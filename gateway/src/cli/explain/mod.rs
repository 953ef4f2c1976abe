//! `lienthong explain`: a decision rule by rule, for a question or for an exchange of the past.
//!
//! A question of today is asked of the documents as they stand; one of the past of those that the
//! journal kept (the module `past`). Either way suspensions are asked first, as a request is.

mod answer;
mod past;

use clap::ArgMatches;
use contracts::Catalog;
use jiff::Timestamp;
use policies::{Format, Operation, Overlay, Register};

use super::{Console, Exit, Failure, Outcome, journal::Edge, journal::parse_time, settings_file};
use crate::world::{Documents, Loaded, Settings, Suspensions};

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let json = given.get_flag("json");
    let asked = match given.get_one::<String>("exchange") {
        Some(id) => match past::ask(&loaded, id, console)? {
            past::Found::Question(asked) => *asked,
            past::Found::Undecided(record) => return past::tell(&record, json, console),
        },
        None => match of_today(given, &loaded, console)? {
            Some(asked) => asked,
            None => return Ok(Exit::Refused),
        },
    };
    let day = policies::local(asked.question.at).date();
    match Register::compile(asked.documents.sources(), &asked.catalog, day) {
        Ok((register, _)) => answer::answer(&asked, &register, json, console),
        Err(faults) => {
            console.faults(&faults);
            Ok(Exit::Refused)
        }
    }
}

/// A question and what is to answer it.
struct Asked {
    question: Question,
    documents: Documents,
    catalog: Catalog,
    overlay: Overlay,
    environment: String,
}

/// What is asked, by name.
struct Question {
    consumer: String,
    service: String,
    operation: Operation,
    purpose: Option<String>,
    format: Format,
    version: u32,
    filters: Vec<String>,
    on_behalf_of: Option<String>,
    at: Timestamp,
    /// What the journal says became of it, for a question of the past.
    recorded: Option<String>,
}

fn of_today(
    given: &ArgMatches,
    loaded: &Loaded,
    console: &mut Console<'_>,
) -> Result<Option<Asked>, Failure> {
    let w = console.words;
    let text = |name: &str| given.get_one::<String>(name).cloned();
    let needed = |name: &str| {
        text(name).ok_or_else(|| {
            Failure(format!("--{name}: {}", w.say("cần có (hoặc --exchange)", "is needed (or --exchange)")))
        })
    };
    let at = match text("at") {
        None => Timestamp::now(),
        Some(at) => parse_time(&at, Edge::Start).ok_or_else(|| {
            Failure(
                w.say(
                    "--at phải như 2026-12-31 hoặc 2026-12-31T18:00:00",
                    "--at must look like 2026-12-31 or 2026-12-31T18:00:00",
                )
                .to_owned(),
            )
        })?,
    };
    let question = Question {
        consumer: needed("consumer")?,
        service: needed("service")?,
        operation: needed("operation")?.parse()?,
        purpose: text("purpose"),
        format: needed("format")?.parse()?,
        version: given.get_one::<u32>("contract-version").copied().unwrap_or(1),
        filters: given.get_many::<String>("filter").into_iter().flatten().cloned().collect(),
        on_behalf_of: text("on-behalf-of"),
        at,
        recorded: None,
    };
    let folders = &loaded.settings.documents;
    let read = Documents::read(&folders.policies, &folders.contracts)
        .and_then(|documents| Ok((documents.catalog(&std::env::temp_dir())?.0, documents)));
    match read {
        Ok((catalog, documents)) => Ok(Some(Asked {
            question,
            documents,
            catalog,
            overlay: Suspensions::read(&folders.policies, &Overlay::default()).overlay,
            environment: loaded.settings.environment.clone(),
        })),
        Err(faults) => {
            console.faults(&faults);
            Ok(None)
        }
    }
}
