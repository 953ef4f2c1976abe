//! The answer, for people and for programs.

use std::{borrow::Cow, collections::BTreeMap};

use contracts::{FieldPath, Language};
use policies::{Ask, Granted, Parties, Refusal, Register, Step, Suspension};
use serde_json::{Value, json};

use super::{Asked, Question};
use crate::{
    cli::{Console, Exit, Failure, Outcome, words, words::Words},
    lifetime,
};

/// What was found: who is stopped, each rule as it was held against the question, the decision.
struct Finding<'r> {
    stopped: Option<&'r Suspension>,
    steps: Vec<Step>,
    decided: Result<Granted<'r>, Refusal>,
}

/// The rule of a suspension, as an exchange is refused by it.
const SUSPENDED: &str = "suspended";

pub(super) fn answer(asked: &Asked, register: &Register, json: bool, console: &mut Console<'_>) -> Outcome {
    let finding = find(asked, register, console)?;
    if json {
        let value = as_json(&asked.question, &finding, console.language());
        console.print(&serde_json::to_string_pretty(&value)?);
    } else {
        show(&asked.question, &finding, console);
    }
    let granted = finding.stopped.is_none() && finding.decided.is_ok();
    Ok(if granted { Exit::Done } else { Exit::Refused })
}

fn find<'r>(asked: &'r Asked, register: &'r Register, console: &Console<'_>) -> Result<Finding<'r>, Failure> {
    let question = &asked.question;
    let unknown = |what: &str| {
        Failure(format!("{}: `{what}`", console.say("không có trong tài liệu", "not in the documents")))
    };
    let system = question.consumer.parse()?;
    let caller = register.system_named(&system).ok_or_else(|| unknown(&question.consumer))?;
    let (member, name) = question.service.split_once('/').ok_or_else(|| unknown(&question.service))?;
    let service = register.service_named(member, name).ok_or_else(|| unknown(&question.service))?;
    let represented = match &question.on_behalf_of {
        None => None,
        Some(member) => Some(register.member_named(member).ok_or_else(|| unknown(member))?),
    };
    let filters: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        question.filters.iter().map(|name| (Cow::Borrowed(name.as_str()), Cow::Borrowed(""))).collect();
    let ask = Ask {
        caller,
        represented,
        service,
        version: question.version,
        operation: question.operation,
        purpose: question.purpose.as_deref(),
        officer: None,
        format: question.format,
        filters: &filters,
        environment: &asked.environment,
        at: question.at,
    };
    let mut steps: Vec<Step> = Vec::new();
    let decided = register.decide(&ask, &mut steps);
    let parties = Parties {
        system: &system,
        represented: represented.map(|key| &register.member(key).id),
        service: Some(&register.service(service).id),
        agreement: decided.as_ref().ok().and_then(|granted| granted.agreement).map(|agreement| &agreement.id),
    };
    Ok(Finding { stopped: asked.overlay.suspends(&parties, question.at), steps, decided })
}

fn show(question: &Question, finding: &Finding<'_>, console: &mut Console<'_>) {
    let language = console.language();
    console.print(&format!(
        "{} → {} v{} · {} · {} · {}",
        question.consumer,
        question.service,
        question.version,
        question.operation,
        question.format,
        words::moment(question.at)
    ));
    if let Some(stopped) = finding.stopped {
        console.print(&format!("  ✗ [{}] {SUSPENDED}: {}", stopped.id, stopped.reason.get(language)));
    }
    for step in &finding.steps {
        let (mark, rule) = if step.passed {
            ("✓", step.rule.label().get(language).to_owned())
        } else {
            ("✗", step.rule.code().to_owned())
        };
        let agreement = step.agreement.as_ref().map(|id| format!("[{id}] ")).unwrap_or_default();
        console.print(&format!("  {mark} {agreement}{rule}: {}", step.compared.get(language)));
    }
    let refused = console.say("BỊ TỪ CHỐI", "REFUSED");
    match (&finding.stopped, &finding.decided) {
        (Some(stopped), _) => {
            let by = console.say("đình chỉ", "suspension");
            console.print(&format!("{refused}: {by} {} ({SUSPENDED})", stopped.id));
        }
        (None, Ok(granted)) => {
            show_granted(granted, console);
            if let Some(told) = on_its_way_out(granted, question, console.language()) {
                console.print(&format!("  {told}"));
            }
        }
        (None, Err(refusal)) => {
            console.print(&format!(
                "{refused}: {} ({})",
                refusal.rule.title().get(language),
                refusal.rule.code()
            ));
            console.print(&format!("  {}", refusal.rule.remedy().get(language)));
        }
    }
    if let Some(recorded) = &question.recorded {
        let then = console.say("đã ghi lúc đó", "recorded then");
        console.print(&format!("{then}: {recorded}"));
    }
}

fn show_granted(granted: &Granted<'_>, console: &mut Console<'_>) {
    let basis = granted.agreement.map_or(granted.basis.as_str(), |agreement| agreement.id.as_str());
    let masked: Vec<String> =
        granted.release.masked().iter().map(|(path, mask)| format!("{path} ({})", mask.as_str())).collect();
    let rows = [
        (console.say("trường", "fields"), list(granted.release.released())),
        (console.say("che", "masked"), masked.join(", ")),
        (console.say("giữ lại", "withheld"), list(granted.release.withheld())),
        (console.say("chỉ bản ghi có", "only records with"), conditions(granted.conditions)),
    ];
    console.print(&format!("{} ({basis})", console.say("ĐƯỢC CHIA SẺ", "SHARED")));
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        console.print(&format!("  {name}: {value}"));
    }
}

fn as_json(question: &Question, finding: &Finding<'_>, language: Language) -> Value {
    let stopped = finding.stopped.map(|stopped| {
        json!({
            "rule": SUSPENDED, "suspension": stopped.id, "passed": false, "compared": stopped.reason.get(language),
        })
    });
    let rules = finding.steps.iter().map(|step| {
        json!({
            "rule": step.rule.code(), "label": step.rule.label().get(language),
            "agreement": step.agreement.as_ref().map(ToString::to_string),
            "passed": step.passed, "compared": step.compared.get(language),
        })
    });
    let paths = |paths: &[FieldPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    let outcome = match (&finding.stopped, &finding.decided) {
        (Some(stopped), _) => json!({
            "granted": false, "rule": SUSPENDED, "suspension": stopped.id, "detail": stopped.reason.get(language),
        }),
        (None, Ok(granted)) => json!({
            "granted": true, "basis": granted.basis.as_str(),
            "agreement": granted.agreement.map(|agreement| agreement.id.to_string()),
            "released": paths(granted.release.released()), "withheld": paths(granted.release.withheld()),
            "masked": granted.release.masked().iter()
                .map(|(path, mask)| (path.to_string(), mask.as_str())).collect::<BTreeMap<_, _>>(),
            "conditions": conditions(granted.conditions),
            "deprecated_from": granted.version.deprecated_from.map(|day| day.to_string()),
            "retired_from": granted.version.retired_from.map(|day| day.to_string()),
            "successor": successor(granted, question),
        }),
        (None, Err(refusal)) => json!({
            "granted": false, "rule": refusal.rule.code(),
            "agreement": refusal.agreement.as_ref().map(ToString::to_string), "detail": refusal.detail.get(language),
            "remedy": refusal.rule.remedy().get(language),
        }),
    };
    json!({
        "consumer": question.consumer, "service": question.service, "version": question.version,
        "operation": question.operation.as_str(), "at": question.at.to_string(),
        "steps": stopped.into_iter().chain(rules).collect::<Vec<_>>(),
        "outcome": outcome, "recorded": question.recorded,
    })
}

/// What is to be known of a version that is on its way out, in one line.
fn on_its_way_out(granted: &Granted<'_>, question: &Question, language: Language) -> Option<String> {
    let version = granted.version;
    let mut told = Vec::new();
    let words = Words(language);
    if let Some(day) = version.deprecated_from {
        told.push(format!("{} {day}", words.say("nên chuyển phiên bản từ ngày", "deprecated from")));
    }
    if let Some(day) = version.retired_from {
        told.push(format!("{} {day}", words.say("ngừng phục vụ từ ngày", "gone from")));
    }
    if let Some(number) = successor(granted, question) {
        told.push(format!("{} v{number}", words.say("chuyển sang", "move to")));
    }
    (!told.is_empty()).then(|| format!("! {}", told.join("; ")))
}

/// The version to move to, when this one is on its way out.
fn successor(granted: &Granted<'_>, question: &Question) -> Option<u32> {
    let version = granted.version;
    version.deprecated_from.or(version.retired_from)?;
    lifetime::successor(granted.service, version.number, policies::local(question.at).date())
}

fn list(paths: &[FieldPath]) -> String {
    paths.iter().map(FieldPath::as_str).collect::<Vec<_>>().join(", ")
}

/// `MaTinh = 01, 04; …`, or `MaTinh @ ThoiGianBatDau = 24, 27` where a code means what it did at that
/// date: values of operators' documents, not of records.
fn conditions(conditions: &policies::Conditions) -> String {
    let each = conditions.iter().map(|condition| {
        let dated = condition.dated_by().map(|by| format!(" @ {by}")).unwrap_or_default();
        format!("{}{dated} = {}", condition.field(), condition.values().join(", "))
    });
    each.collect::<Vec<_>>().join("; ")
}
