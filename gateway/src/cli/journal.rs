//! `lienthong journal`: searching the evidence, and checking that it is whole.

use std::io::Read;

use clap::ArgMatches;
use jiff::{Timestamp, civil};

use super::{Console, Exit, Failure, Outcome, settings_file};
use crate::{
    journal::{self, Exchange, Outcome as Ending, Query, SubjectKey},
    world::Settings,
};

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    match given.subcommand() {
        Some(("query", given)) => query(given, console),
        Some(("verify", given)) => verify(given, console),
        _ => Ok(Exit::Unusable),
    }
}

fn query(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let w = console.words;
    let text = |name: &str| given.get_one::<String>(name).cloned();
    let bad_time = || {
        Failure(
            w.say(
                "thời điểm phải như 2026-11-21 hoặc 2026-11-21T08:00:00",
                "a time must look like 2026-11-21 or 2026-11-21T08:00:00",
            )
            .to_owned(),
        )
    };
    let subject = match text("subject") {
        None => None,
        Some(file) => {
            let identifier = if file == "-" {
                let mut line = String::new();
                std::io::stdin().lock().read_to_string(&mut line)?;
                line
            } else {
                std::fs::read_to_string(file)?
            };
            let key =
                SubjectKey::new(&loaded.settings.keys.subject.read(&loaded.folder)?).ok_or_else(|| {
                    Failure(
                        w.say("khóa `[keys] subject` quá ngắn", "the key `[keys] subject` is too short")
                            .to_owned(),
                    )
                })?;
            Some(key.of(&identifier))
        }
    };
    let exchange = match text("exchange") {
        None => None,
        Some(id) => Some(id.parse().map_err(|_| {
            Failure(w.say("mã trao đổi không phải UUID", "the exchange id is not a UUID").to_owned())
        })?),
    };
    let query = Query {
        from: text("from")
            .map(|t| parse_time(&t, Edge::Start).map(Timestamp::as_microsecond).ok_or_else(bad_time))
            .transpose()?,
        until: text("until")
            .map(|t| parse_time(&t, Edge::End).map(Timestamp::as_microsecond).ok_or_else(bad_time))
            .transpose()?,
        member: text("member"),
        service: text("service"),
        agreement: text("agreement"),
        rule: text("rule"),
        exchange,
        subject,
    };
    let limit = given.get_one::<usize>("limit").copied().unwrap_or(100);
    let mut shown = 0;
    for exchange in query.exchanges(&journal::folder_of(&loaded.settings.data.folder))? {
        let exchange = exchange?;
        if shown == limit {
            console.complain(w.say(
                "còn nữa: tăng --limit hoặc thu hẹp điều kiện",
                "there is more: raise --limit or narrow the search",
            ));
            break;
        }
        shown += 1;
        if given.get_flag("json") {
            console.print(&exchange.record.to_json().to_string());
        } else {
            console.print(&line(&exchange));
        }
    }
    if shown == 0 {
        console.complain(w.say("không có bản ghi nào khớp", "no record matches"));
    }
    Ok(Exit::Done)
}

fn verify(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let report = journal::verify(&journal::folder_of(&loaded.settings.data.folder))?;
    let w = console.words;
    if given.get_flag("json") {
        let problems: Vec<_> = report
            .problems
            .iter()
            .map(|problem| serde_json::json!({"file": problem.file, "offset": problem.offset, "problem": problem.kind.explain().get(console.language())}))
            .collect();
        console.print(&serde_json::to_string_pretty(&serde_json::json!({
            "sound": report.is_sound(), "processes": report.processes, "segments": report.segments, "records": report.records, "problems": problems,
        }))?);
    } else {
        for problem in &report.problems {
            console.print(&format!(
                "{}@{}: {}",
                problem.file.display(),
                problem.offset,
                problem.kind.explain().get(console.language())
            ));
        }
        console.print(&format!(
            "{}: {} · {}: {} · {}: {}",
            w.say("bản ghi", "records"),
            report.records,
            w.say("đoạn", "segments"),
            report.segments,
            w.say("vấn đề", "problems"),
            report.problems.len()
        ));
    }
    Ok(if report.is_sound() { Exit::Done } else { Exit::Refused })
}

/// One exchange on one line: when, who, what, how it ended.
fn line(exchange: &Exchange) -> String {
    let record = &exchange.record;
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let at = record.request_in.unwrap_or(record.at);
    let local = Timestamp::from_microsecond(at)
        .map(|at| policies::local(at).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string());
    let ending = match exchange.outcome {
        Ending::Known => or(&record.decision),
        Ending::Open => "open".to_owned(),
        Ending::Interrupted => "interrupted".to_owned(),
    };
    let mut told = format!(
        "{} {} {} → {} {} {} {} {} {}",
        local.unwrap_or_default(),
        record.exchange.map_or_else(String::new, |id| id.to_string()),
        or(&record.caller),
        or(&record.service),
        or(&record.operation),
        record.status.map_or_else(|| "–".to_owned(), |status| status.to_string()),
        ending,
        or(&record.rule),
        or(&record.agreement),
    );
    // Seldom there, so only said when it is.
    for (name, signed) in
        [("request_signed", &record.request_signed), ("response_signed", &record.response_signed)]
    {
        if let Some(signed) = signed {
            told.push_str(&format!(" {name}={signed}"));
        }
    }
    if let Some(retries) = record.retries {
        told.push_str(&format!(" retries={retries}"));
    }
    told
}

/// Which end of a day a bare date means.
#[derive(Clone, Copy)]
pub(super) enum Edge {
    Start,
    End,
}

/// A date, or a date with a time, in Viet Nam's time; or a whole RFC 3339 instant.
pub(super) fn parse_time(text: &str, edge: Edge) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local = match text.parse::<civil::Date>() {
        Ok(date) if !text.contains('T') => match edge {
            Edge::Start => date.at(0, 0, 0, 0),
            Edge::End => date.at(23, 59, 59, 999_999_999),
        },
        _ => text.parse::<civil::DateTime>().ok()?,
    };
    jiff::tz::Offset::constant(7).to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seldom_there_is_said_when_it_is() {
        let told = |record: journal::Record| {
            line(&Exchange { record, file: "1/0-0.jsonl".to_owned(), outcome: Ending::Known })
        };
        let plain = told(journal::Record::default());
        assert!(!plain.contains("retries") && !plain.contains("signed"), "{plain}");
        let again = journal::Record { retries: Some(2), ..journal::Record::default() };
        assert_eq!(told(again), format!("{plain} retries=2"));
    }

    #[test]
    fn a_date_is_a_day_in_viet_nam() {
        assert_eq!(parse_time("2026-11-21", Edge::Start).unwrap().to_string(), "2026-11-20T17:00:00Z");
        assert_eq!(
            parse_time("2026-11-21", Edge::End).unwrap().to_string(),
            "2026-11-21T16:59:59.999999999Z"
        );
        assert_eq!(
            parse_time("2026-11-21T08:00:00", Edge::Start).unwrap().to_string(),
            "2026-11-21T01:00:00Z"
        );
        assert_eq!(
            parse_time("2026-11-21T08:00:00Z", Edge::Start).unwrap().to_string(),
            "2026-11-21T08:00:00Z"
        );
        assert_eq!(parse_time("hôm qua", Edge::Start), None);
    }
}
