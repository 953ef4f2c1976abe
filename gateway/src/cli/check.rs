//! `lienthong check`: every fault of every document, before an operator puts it into service.

use std::process::ExitCode;

use clap::ArgMatches;
use contracts::{Fault, Language};
use jiff::Timestamp;

use super::{Outcome, settings_file, words};
use crate::world::{self, Settings};

pub(super) fn run(given: &ArgMatches, language: Language) -> Outcome {
    let faults = match Settings::read(&settings_file(given)) {
        Ok(loaded) => world::check(&loaded, &std::env::temp_dir(), Timestamp::now()),
        Err(faults) => faults,
    };
    let (warnings, errors): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| fault.warning);
    let w = words::Words(language);
    if given.get_flag("json") {
        let all: Vec<Fault> = errors.iter().chain(&warnings).cloned().collect();
        words::print(&serde_json::to_string_pretty(
            &serde_json::json!({"ok": errors.is_empty(), "faults": all}),
        )?);
    } else {
        words::print_faults(&errors, language);
        words::print_faults(&warnings, language);
        words::print(&format!(
            "{}: {} · {}: {}",
            w.say("lỗi", "errors"),
            errors.len(),
            w.say("cảnh báo", "warnings"),
            warnings.len()
        ));
    }
    Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
