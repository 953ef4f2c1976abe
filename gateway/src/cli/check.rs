//! `lienthong check`: every fault of every document, before an operator puts it into service.

use clap::ArgMatches;
use contracts::Fault;
use jiff::Timestamp;

use super::{Console, Exit, Outcome, settings_file};
use crate::world::{self, Settings};

/// The longest line of a document that is shown below its fault.
const SHOWN: usize = 120;

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let file = settings_file(given);
    let faults = match Settings::read(&file) {
        Ok(loaded) => world::check(&loaded, &std::env::temp_dir(), Timestamp::now()),
        Err(faults) => faults,
    };
    let (warnings, errors): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| fault.warning);
    if given.get_flag("json") {
        let all: Vec<&Fault> = errors.iter().chain(&warnings).collect();
        console.print(&serde_json::to_string_pretty(
            &serde_json::json!({"ok": errors.is_empty(), "faults": all}),
        )?);
    } else {
        // Errors last, where the eye is when the output has scrolled by.
        for fault in warnings.iter().chain(&errors) {
            console.faults(std::slice::from_ref(fault));
            // A secret may have been written into the settings by mistake: not shown again.
            if fault.file != file {
                source(fault).into_iter().for_each(|line| console.print(&line));
            }
        }
        let verdict = if errors.is_empty() {
            console.say("Dùng được.", "Fit for service.")
        } else {
            console.say("Chưa dùng được: sửa các lỗi trên.", "Not fit for service: mend the errors above.")
        };
        console.print(&format!(
            "{verdict} {}: {} · {}: {}",
            console.say("Lỗi", "Errors"),
            errors.len(),
            console.say("Cảnh báo", "Warnings"),
            warnings.len()
        ));
    }
    Ok(if errors.is_empty() { Exit::Done } else { Exit::Refused })
}

/// The line a fault is at and a mark below its column; nothing when the file has changed meanwhile.
fn source(fault: &Fault) -> Option<String> {
    let place = fault.place?;
    let text = std::fs::read_to_string(&fault.file).ok()?;
    let line = text.lines().nth(usize::try_from(place.line).ok()?.checked_sub(1)?)?;
    let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
    // A long line is shown around the mark.
    let from = column.saturating_sub(SHOWN / 2);
    let shown: String = line.chars().skip(from).take(SHOWN).collect();
    let number = place.line.to_string();
    Some(format!("  {number} | {shown}\n  {:1$} | {2:3$}^", "", number.len(), "", column - from))
}
