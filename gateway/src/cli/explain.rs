//! `lienthong explain`: a decision rule by rule, for a question or for an exchange of the past.
//!
//! The past is replayed from what the journal kept: the snapshot's documents by hash, compiled again,
//! and the facts of the exchange. What the documents say today plays no part in it.

use std::{borrow::Cow, path::Path, process::ExitCode};

use clap::ArgMatches;
use contracts::{Catalog, Language};
use jiff::Timestamp;
use policies::{Ask, Format, Operation, Register, Step};

use super::{Failure, Outcome, journal::Edge, journal::parse_time, settings_file, words};
use crate::{
    journal::{self, Exchange},
    world::{Documents, Loaded, Settings, texts},
};

pub(super) fn run(given: &ArgMatches, language: Language) -> Outcome {
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => {
            words::print_faults(&faults, language);
            return Ok(ExitCode::FAILURE);
        }
    };
    let asked = match given.get_one::<String>("exchange") {
        Some(id) => of_the_past(&loaded, id, words::Words(language))?,
        None => of_today(given, &loaded, language)?,
    };
    let Some((question, documents, catalog)) = asked else { return Ok(ExitCode::FAILURE) };
    let register = match Register::compile(documents.sources(), &catalog, policies::local(question.at).date())
    {
        Ok((register, _)) => register,
        Err(faults) => {
            words::print_faults(&faults, language);
            return Ok(ExitCode::FAILURE);
        }
    };
    question.answer(&register, &loaded, given.get_flag("json"), language)
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
    /// What the journal says was decided, for a question of the past.
    recorded: Option<String>,
}

type Asked = Option<(Question, Documents, Catalog)>;

fn of_today(given: &ArgMatches, loaded: &Loaded, language: Language) -> Result<Asked, Failure> {
    let w = words::Words(language);
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
    let settings = &loaded.settings.documents;
    let read = Documents::read(&settings.policies, &settings.contracts)
        .and_then(|documents| Ok((documents.catalog(&std::env::temp_dir())?.0, documents)));
    match read {
        Ok((catalog, documents)) => Ok(Some((question, documents, catalog))),
        Err(faults) => {
            words::print_faults(&faults, language);
            Ok(None)
        }
    }
}

fn of_the_past(loaded: &Loaded, id: &str, w: words::Words) -> Result<Asked, Failure> {
    let data = &loaded.settings.data.folder;
    let missing = |vi, en| Failure(format!("{id}: {}", w.say(vi, en)));
    let exchange =
        id.parse().map_err(|_| missing("không phải mã trao đổi (UUID)", "is not an exchange id (UUID)"))?;
    let journal = journal::folder_of(data);
    let recorded = journal::find(&journal, exchange)?
        .ok_or_else(|| missing("nhật ký không có trao đổi này", "the journal has no such exchange"))?;
    let record = &recorded.record;
    let unreached = || {
        missing(
            "bị từ chối trước khi xét thỏa thuận; lý do nằm trong bản ghi",
            "was refused before any agreement was asked; the record says why",
        )
    };
    let question = Question {
        consumer: record.caller.clone().ok_or_else(unreached)?,
        service: record.service.clone().ok_or_else(unreached)?,
        operation: record.operation.as_deref().ok_or_else(unreached)?.parse()?,
        purpose: record.purpose.clone(),
        format: record.format.as_deref().unwrap_or("json").parse()?,
        version: record
            .contract
            .as_deref()
            .and_then(|contract| contract.parse::<contracts::ContractId>().ok())
            .map_or(1, |id| id.version),
        filters: record.filters.clone(),
        on_behalf_of: record.represented.clone(),
        at: record.request_in.and_then(|at| Timestamp::from_microsecond(at).ok()).ok_or_else(unreached)?,
        recorded: Some(summary(&recorded)),
    };
    let snapshot = record.snapshot.ok_or_else(unreached)?;
    let documents = kept(data, &journal, &snapshot)?.ok_or_else(|| {
        missing(
            "tài liệu của thời điểm đó không còn trong kho",
            "the documents of that moment are no longer kept",
        )
    })?;
    match documents.catalog(&std::env::temp_dir()) {
        Ok((catalog, _)) => Ok(Some((question, documents, catalog))),
        Err(faults) => {
            words::print_faults(&faults, w.0);
            Ok(None)
        }
    }
}

/// The documents of a snapshot that served once.
fn kept(data: &Path, journal: &Path, snapshot: &[u8; 32]) -> Result<Option<Documents>, Failure> {
    let Some(manifest) = journal::act_of(journal, snapshot)?.and_then(|act| act.manifest) else {
        return Ok(None);
    };
    Ok(texts(&journal::Documents::of(data), &manifest)?.map(Documents::from_texts))
}

fn summary(exchange: &Exchange) -> String {
    let record = &exchange.record;
    format!(
        "{} {} {}",
        record.decision.as_deref().unwrap_or("?"),
        record.rule.as_deref().unwrap_or(""),
        record.status.map_or_else(String::new, |status| status.to_string())
    )
}

impl Question {
    fn answer(&self, register: &Register, loaded: &Loaded, json: bool, language: Language) -> Outcome {
        let w = words::Words(language);
        let unknown = |what: &str| {
            Failure(format!("{}: `{what}`", w.say("không có trong tài liệu", "not in the documents")))
        };
        let caller = register.system_named(&self.consumer.parse()?).ok_or_else(|| unknown(&self.consumer))?;
        let (member, name) = self.service.split_once('/').ok_or_else(|| unknown(&self.service))?;
        let service = register.service_named(member, name).ok_or_else(|| unknown(&self.service))?;
        let represented = match &self.on_behalf_of {
            None => None,
            Some(member) => Some(register.member_named(member).ok_or_else(|| unknown(member))?),
        };
        let filters: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            self.filters.iter().map(|name| (Cow::Borrowed(name.as_str()), Cow::Borrowed(""))).collect();
        let ask = Ask {
            caller,
            represented,
            service,
            version: self.version,
            operation: self.operation,
            purpose: self.purpose.as_deref(),
            officer: None,
            format: self.format,
            filters: &filters,
            environment: &loaded.settings.environment,
            at: self.at,
        };
        let mut steps: Vec<Step> = Vec::new();
        let decided = register.decide(&ask, &mut steps);
        if json {
            words::print(&serde_json::to_string_pretty(&self.json(&steps, &decided, language))?);
        } else {
            self.show(&steps, &decided, w);
        }
        Ok(if decided.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn show(
        &self,
        steps: &[Step],
        decided: &Result<policies::Granted<'_>, policies::Refusal>,
        w: words::Words,
    ) {
        words::print(&format!(
            "{} → {} v{} · {} · {} · {}",
            self.consumer, self.service, self.version, self.operation, self.format, self.at
        ));
        for step in steps {
            let (mark, rule) = if step.passed {
                ("✓", step.rule.label().get(w.0).to_owned())
            } else {
                ("✗", step.rule.code().to_owned())
            };
            let agreement = step.agreement.as_ref().map(|id| format!("[{id}] ")).unwrap_or_default();
            words::print(&format!("  {mark} {agreement}{rule}: {}", step.compared.get(w.0)));
        }
        match decided {
            Ok(granted) => {
                let list = |paths: &[contracts::FieldPath]| {
                    paths.iter().map(contracts::FieldPath::as_str).collect::<Vec<_>>().join(", ")
                };
                words::print(&format!(
                    "{} ({})",
                    w.say("ĐƯỢC CHIA SẺ", "SHARED"),
                    granted.agreement.map_or(granted.basis.as_str(), |a| a.id.as_str())
                ));
                words::print(&format!(
                    "  {}: {}",
                    w.say("trường", "fields"),
                    list(granted.release.released())
                ));
                let masked: Vec<String> = granted
                    .release
                    .masked()
                    .iter()
                    .map(|(path, mask)| format!("{path} ({})", mask.as_str()))
                    .collect();
                if !masked.is_empty() {
                    words::print(&format!("  {}: {}", w.say("che", "masked"), masked.join(", ")));
                }
                if !granted.release.withheld().is_empty() {
                    words::print(&format!(
                        "  {}: {}",
                        w.say("giữ lại", "withheld"),
                        list(granted.release.withheld())
                    ));
                }
                if !granted.conditions.is_empty() {
                    words::print(&format!(
                        "  {}: {}",
                        w.say("chỉ bản ghi có", "only records with"),
                        conditions(granted.conditions)
                    ));
                }
            }
            Err(refusal) => {
                words::print(&format!(
                    "{}: {} ({})",
                    w.say("BỊ TỪ CHỐI", "REFUSED"),
                    refusal.rule.title().get(w.0),
                    refusal.rule.code()
                ));
                words::print(&format!("  {}", refusal.rule.remedy().get(w.0)));
            }
        }
        if let Some(recorded) = &self.recorded {
            words::print(&format!("{}: {recorded}", w.say("đã ghi lúc đó", "recorded then")));
        }
    }

    fn json(
        &self,
        steps: &[Step],
        decided: &Result<policies::Granted<'_>, policies::Refusal>,
        language: Language,
    ) -> serde_json::Value {
        let steps: Vec<_> = steps
            .iter()
            .map(|step| {
                serde_json::json!({
                    "rule": step.rule.code(), "label": step.rule.label().get(language), "agreement": step.agreement.as_ref().map(ToString::to_string),
                    "passed": step.passed, "compared": step.compared.get(language),
                })
            })
            .collect();
        let paths =
            |paths: &[contracts::FieldPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
        let outcome = match decided {
            Ok(granted) => serde_json::json!({
                "granted": true, "basis": granted.basis.as_str(), "agreement": granted.agreement.map(|a| a.id.to_string()),
                "released": paths(granted.release.released()), "withheld": paths(granted.release.withheld()),
                "masked": granted.release.masked().iter().map(|(path, mask)| (path.to_string(), mask.as_str())).collect::<std::collections::BTreeMap<_, _>>(),
                "conditions": conditions(granted.conditions),
            }),
            Err(refusal) => serde_json::json!({
                "granted": false, "rule": refusal.rule.code(), "agreement": refusal.agreement.as_ref().map(ToString::to_string),
                "detail": refusal.detail.get(language), "remedy": refusal.rule.remedy().get(language),
            }),
        };
        serde_json::json!({
            "consumer": self.consumer, "service": self.service, "version": self.version, "operation": self.operation.as_str(),
            "at": self.at.to_string(), "steps": steps, "outcome": outcome, "recorded": self.recorded,
        })
    }
}

/// `MaTinh = 01, 04; …`: values of operators' documents, not of records.
fn conditions(conditions: &policies::Conditions) -> String {
    let each = conditions
        .iter()
        .map(|condition| format!("{} = {}", condition.field(), condition.values().join(", ")));
    each.collect::<Vec<_>>().join("; ")
}
