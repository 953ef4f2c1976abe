//! `lienthong translate`: one file from one format to another, validated on the way.

use std::{io::Read, path::PathBuf};

use adapters::{Expect, Limits, Unknown};
use clap::ArgMatches;
use contracts::{Catalog, ContractId, Document, Format};

use super::{Console, Exit, Failure, Outcome};

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let text = |name: &str| given.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let folder = given.get_one::<PathBuf>("contracts").cloned().unwrap_or_else(|| PathBuf::from("contracts"));
    let catalog = match Catalog::load(&folder) {
        Ok((catalog, _)) => catalog,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let id: ContractId = text("contract").parse()?;
    let w = console.words;
    let contract = catalog
        .contract(&id)
        .ok_or_else(|| Failure(format!("{} `{id}`", w.say("không có hợp đồng", "there is no contract"))))?;

    let from: Format = text("from").parse()?;
    let to: Format = text("to").parse()?;
    let input = read_input(text("file"))?;
    // A person translating a file has no other callers to protect: only depth stays bounded.
    let limits = Limits { nodes: usize::MAX, text: usize::MAX, ..Limits::default() };
    let read = adapters::read(from, &input, contract, Expect::Either, Unknown::Keep, &limits);
    let reading = match read {
        Ok(reading) => reading,
        Err(fault) => {
            console.complain(&format!(
                "{}:{}: {} [{}]. {}",
                fault.place.line,
                fault.place.column,
                fault.message.get(console.language()),
                fault.rule,
                fault.remedy.get(console.language())
            ));
            return Ok(Exit::Unusable);
        }
    };
    let mut broken = false;
    let mut check = |prefix: String, record: &Document<'_>| {
        for violation in contract.check(record, usize::MAX).err().into_iter().flatten() {
            broken = true;
            console.complain(&format!(
                "{prefix}{}: {} [{}]",
                violation.path,
                violation.message(console.language()),
                violation.rule.code()
            ));
        }
    };
    match &reading.document {
        Document::List(records) => {
            records.iter().enumerate().for_each(|(i, record)| check(format!("/{i}"), record))
        }
        record => check(String::new(), record),
    }
    if broken {
        return Ok(Exit::Unusable);
    }
    let mut out = Vec::with_capacity(input.len());
    adapters::write(to, &reading.document, contract, &mut out);
    out.push(b'\n');
    console.out.write_all(&out)?;
    Ok(Exit::Done)
}

fn read_input(file: &str) -> Result<Vec<u8>, Failure> {
    if file == "-" {
        let mut input = Vec::new();
        std::io::stdin().lock().read_to_end(&mut input)?;
        return Ok(input);
    }
    std::fs::read(file).map_err(|error| Failure(format!("{file}: {error}")))
}
