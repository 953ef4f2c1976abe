//! `lienthong check`: every fault of every document, before an operator puts it into service.

use std::process::ExitCode;

use clap::ArgMatches;
use contracts::{Catalog, Fault, Language};
use jiff::Timestamp;
use policies::{Overlay, Register};

use super::{Outcome, settings_file, words};
use crate::{
    host::Pki,
    world::{self, Documents, Loaded, Settings},
};

pub(super) fn run(given: &ArgMatches, language: Language) -> Outcome {
    let faults = match Settings::read(&settings_file(given)) {
        Ok(loaded) => faults_of(&loaded),
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

/// Everything `serve` would refuse, and what it would warn of.
fn faults_of(loaded: &Loaded) -> Vec<Fault> {
    let settings = &loaded.settings;
    let mut faults = Vec::new();
    match Pki::load(&world::pki_settings(loaded), Timestamp::now()) {
        Ok((_, found)) | Err(found) => faults.extend(found),
    }
    match Documents::read_suspensions(&settings.documents.policies) {
        Ok(documents) => faults.extend(Overlay::compile(&documents.suspensions(), &Overlay::default()).1),
        Err(found) => faults.extend(found),
    }
    let catalog = match Catalog::load(&settings.documents.contracts) {
        Ok((catalog, warnings)) => {
            faults.extend(warnings);
            Some(catalog)
        }
        Err(found) => {
            faults.extend(found);
            None
        }
    };
    match Documents::read(&settings.documents.policies, &settings.documents.contracts) {
        Err(found) => faults.extend(found),
        // Without contracts every field of every agreement would be reported as missing.
        Ok(documents) => {
            if let Some(catalog) = catalog {
                match Register::compile(
                    &documents.sources(),
                    &catalog,
                    policies::local(Timestamp::now()).date(),
                ) {
                    Ok((register, warnings)) => {
                        faults.extend(warnings);
                        for (_, service) in register.services() {
                            for version in &service.versions {
                                faults.extend(
                                    world::provider(service, version, loaded).err().into_iter().flatten(),
                                );
                            }
                        }
                    }
                    Err(found) => faults.extend(found),
                }
            }
        }
    }
    faults
}
