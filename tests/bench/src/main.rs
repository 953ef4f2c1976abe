//! What the gateway's work costs beside programs that do less of it.
//!
//! `translate`: a large file is translated beside xmllint, which only validates it ([`translation`]).
//!
//! `requests`: the gateway (mutual TLS, identity, agreement, quotas, the contract on request and reply, its
//! journal) beside nginx, HAProxy and Envoy (mutual TLS, a rate limit, an access log), before the same
//! provider, with the same certificates ([`requests`], [`cases`], [`rivals`]).
//!
//! It is a program, not a test: a figure that depends on the machine fails nobody's build. It uses
//! loopback only, bounds every wait, and says what it measured even when the gateway is the slower one.
//! A rival that this machine does not have is left out, and said to be.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is its purpose")]

mod cases;
mod documents;
mod load;
mod meter;
mod pki;
mod plan;
mod report;
mod requests;
mod rivals;
mod translation;
mod upstream;

use std::{net::TcpListener, process::ExitCode};

use anyhow::Result;

use crate::{
    cases::Case,
    pki::Pki,
    plan::{Part, Plan},
    rivals::Kind,
    translation::metered,
};

/// Connections kept busy, as in the figures that the design was chosen by.
const CONNECTIONS: usize = 64;
/// Workers of every server: the machine that the figures are compared on has two cores.
const WORKERS: usize = 2;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let outcome = match arguments.next_if(|argument| argument == metered::ARGUMENT) {
        Some(_) => metered::between(arguments),
        None => Plan::of(arguments).and_then(|plan| run(&plan)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(plan: &Plan) -> Result<ExitCode> {
    for part in &plan.parts {
        match part {
            Part::Translate => translation::measure(plan.effort.rounds)?,
            Part::Requests => measure_requests(plan)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn measure_requests(plan: &Plan) -> Result<()> {
    let kinds = present(&plan.rivals)?;
    let root = tempfile::tempdir()?;
    let pki = Pki::new(root.path())?;
    let versions: Vec<String> = kinds.iter().map(|kind| kind.version()).collect::<Result<_>>()?;
    eprintln!("{}; {CONNECTIONS} connections, {WORKERS} workers each", versions.join(", "));
    for case in Case::all().iter().filter(|case| plan.case.as_deref().is_none_or(|name| name == case.name)) {
        let folder = root.path().join(case.name);
        let measured = requests::measure(case, &kinds, &pki, &folder, plan.effort)?;
        println!("{} ({})\n{}\n{}", measured.title, measured.name, measured.about, measured.table().text());
        println!("The client itself used {:.1} µs a request.\n", measured.own());
    }
    Ok(())
}

/// Those of the rivals that this machine has. The gateway is not left out: without it nothing is measured.
fn present(wanted: &[Kind]) -> Result<Vec<Kind>> {
    let mut kinds = Vec::new();
    for &kind in wanted {
        match kind.program() {
            Err(error) if kind != Kind::Gateway => eprintln!("bench: {kind} is left out: {error:#}"),
            found => {
                found?;
                kinds.push(kind);
            }
        }
    }
    Ok(kinds)
}

/// A loopback port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
