//! An exchange of the past: what was asked, and the documents that decided it, from the journal.
//!
//! What the documents say today plays no part in it. Suspensions are those in force at the time.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Asked, Question};
use crate::{
    cli::{Console, Exit, Failure, Outcome, words},
    journal::{self, Query, Record},
    world::{Documents, Loaded, SETTINGS_NAME, SNAPSHOT_LOADED, SUSPENSIONS_LOADED, Suspensions, texts},
};

/// What the journal has of an exchange.
pub(super) enum Found {
    /// Enough to decide it again.
    Question(Box<Asked>),
    /// It ended before any agreement was asked; the record is all there is.
    Undecided(Box<Record>),
}

/// Texts by the names they had as documents.
type Texts = Vec<(PathBuf, String)>;

pub(super) fn ask(loaded: &Loaded, id: &str, console: &Console<'_>) -> Result<Found, Failure> {
    let data = &loaded.settings.data.folder;
    let missing = |vi, en| Failure(format!("{id}: {}", console.say(vi, en)));
    let exchange =
        id.parse().map_err(|_| missing("không phải mã trao đổi (UUID)", "is not an exchange id (UUID)"))?;
    let folder = journal::folder_of(data);
    let record = journal::find(&folder, exchange)?
        .ok_or_else(|| missing("nhật ký không có trao đổi này", "the journal has no such exchange"))?
        .record;
    let Some((question, snapshot)) = question(&record)? else {
        return Ok(Found::Undecided(Box::new(record)));
    };
    let (documents, suspensions) = in_force(data, &snapshot, question.at)?;
    let documents = documents.ok_or_else(|| {
        missing(
            "tài liệu của thời điểm đó không còn trong kho",
            "the documents of that moment are no longer kept",
        )
    })?;
    let settings = documents.iter().find(|(name, _)| name.as_os_str() == SETTINGS_NAME);
    let environment = settings.and_then(|(_, text)| environment_of(text));
    let documents = Documents::from_texts(documents);
    let catalog = match documents.catalog(&std::env::temp_dir()) {
        Ok((catalog, _)) => catalog,
        // They served once: this program reads them otherwise than the one that did.
        Err(faults) => {
            let first = faults.first().map(|fault| fault.display(console.language())).unwrap_or_default();
            return Err(Failure(format!(
                "{}: {first}",
                console.say(
                    "hợp đồng của thời điểm đó không biên dịch được bằng phiên bản này",
                    "the contracts of that moment do not compile with this version",
                )
            )));
        }
    };
    Ok(Found::Question(Box::new(Asked {
        question,
        documents,
        catalog,
        overlay: suspensions.map(Suspensions::from_texts).unwrap_or_default(),
        environment: environment.unwrap_or_else(|| loaded.settings.environment.clone()),
    })))
}

/// What was asked, and the snapshot that was; `None` when the record does not reach that far.
fn question(record: &Record) -> Result<Option<(Question, [u8; 32])>, Failure> {
    let at = record.request_in.and_then(|at| Timestamp::from_microsecond(at).ok());
    let (Some(consumer), Some(service), Some(operation), Some(at), Some(snapshot)) =
        (&record.caller, &record.service, &record.operation, at, record.snapshot)
    else {
        return Ok(None);
    };
    let contract = record.contract.as_deref().and_then(|id| id.parse::<contracts::ContractId>().ok());
    let question = Question {
        consumer: consumer.clone(),
        service: service.clone(),
        operation: operation.parse()?,
        purpose: record.purpose.clone(),
        format: record.format.as_deref().unwrap_or("json").parse()?,
        version: contract.map_or(1, |id| id.version),
        filters: record.filters.clone(),
        on_behalf_of: record.represented.clone(),
        at,
        recorded: Some(summary(record)),
    };
    Ok(Some((question, snapshot)))
}

/// The documents of `snapshot`, and the suspensions in force at `at`.
fn in_force(
    data: &std::path::Path,
    snapshot: &[u8; 32],
    at: Timestamp,
) -> Result<(Option<Texts>, Option<Texts>), Failure> {
    let (mut documents, mut suspensions) = (None, None);
    for act in Query::default().acts(&journal::folder_of(data))? {
        let act = act?;
        match act.what.as_deref() {
            Some(SNAPSHOT_LOADED) if act.snapshot.as_ref() == Some(snapshot) => documents = act.manifest,
            // Acts come oldest first: the last before the exchange is the one.
            Some(SUSPENSIONS_LOADED) if act.at <= at.as_microsecond() => suspensions = act.manifest,
            _ => {}
        }
    }
    let store = journal::Documents::of(data);
    let of = |manifest: Option<[u8; 32]>| match manifest {
        Some(manifest) => texts(&store, &manifest),
        None => Ok(None),
    };
    Ok((of(documents)?, of(suspensions)?))
}

/// The environment that `gateway.toml` named then.
fn environment_of(settings: &str) -> Option<String> {
    let table: toml::Table = settings.parse().ok()?;
    Some(table.get("environment")?.as_str()?.to_owned())
}

/// Tells what is known of an exchange that never reached an agreement.
pub(super) fn tell(record: &Record, json: bool, console: &mut Console<'_>) -> Outcome {
    if json {
        console.print(&serde_json::to_string_pretty(&record.to_json())?);
    } else {
        let at = record.request_in.and_then(|at| Timestamp::from_microsecond(at).ok());
        console.print(&format!(
            "{} · {} · {}",
            at.map(words::moment).unwrap_or_default(),
            record.caller.as_deref().unwrap_or("–"),
            record.route.as_deref().unwrap_or("–"),
        ));
        console.print(console.say(
            "Kết thúc trước khi xét thỏa thuận: không có quyết định nào để phát lại.",
            "It ended before any agreement was asked: there is no decision to replay.",
        ));
        let recorded = console.say("đã ghi lúc đó", "recorded then");
        console.print(&format!("{recorded}: {}", summary(record)));
    }
    Ok(Exit::Done)
}

/// What became of it: decision, rule, whose fault, status.
fn summary(record: &Record) -> String {
    let status = record.status.map(|status| status.to_string());
    let parts = [&record.decision, &record.rule, &record.cause, &record.fault, &status];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · ")
}
