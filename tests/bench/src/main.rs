//! What the gateway's work costs beside programs that do less of it.
//!
//! `translate`: a large file is translated beside xmllint, which only validates it ([`translation`]).
//!
//! `requests`: the gateway (mutual TLS, identity, agreement, quotas, the contract on request and reply, its
//! journal) beside nginx, HAProxy and Envoy (mutual TLS, a rate limit, an access log), before the same
//! provider, with the same certificates ([`requests`], [`cases`], [`rivals`]). `handshakes` and `idle`: what
//! connections cost them that are opened, and that are kept ([`handshakes`], [`idle`]).
//!
//! `scale`: the gateway with few documents and with a hundred thousand ([`scale`]). `soak`: the gateway for
//! half an hour of traffic while its documents change ([`soak`]); only when asked for.
//!
//! It is a program, not a test: a figure that depends on the machine fails nobody's build. It uses
//! loopback only, bounds every wait, and says what it measured even when the gateway is the slower one.
//! A rival that this machine does not have is left out, and said to be.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is its purpose")]

mod cases;
mod documents;
mod handshakes;
mod idle;
mod load;
mod meter;
mod pki;
mod plan;
mod report;
mod requests;
mod rivals;
mod rounds;
mod scale;
mod soak;
mod translation;
mod upstream;

use std::{fmt::Write as _, net::TcpListener, path::Path, process::ExitCode};

use anyhow::Result;

use crate::{
    cases::Case,
    pki::Pki,
    plan::{Part, Plan},
    report::{Machine, Table},
    rivals::{Kind, bare},
    translation::metered,
};

/// Connections kept busy, as in the figures that the design was chosen by.
const CONNECTIONS: usize = 64;
/// Workers of every server: the machine that the figures are compared on has two cores.
const WORKERS: usize = 2;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let outcome = match arguments.peek().map(String::as_str) {
        Some(metered::ARGUMENT) => metered::between(arguments.skip(1)),
        Some(bare::ARGUMENT) => bare::serve(arguments.skip(1)),
        _ => Plan::of(arguments).and_then(|plan| run(&plan)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one part after the other; one that cannot be measured does not stop the others.
fn run(plan: &Plan) -> Result<ExitCode> {
    let kinds = present(&plan.rivals)?;
    let machine = Machine::describe(&kinds)?;
    eprintln!("{machine} {CONNECTIONS} connections, {WORKERS} workers each.");
    let mut code = ExitCode::SUCCESS;
    for &part in &plan.parts {
        if let Err(error) = measure(part, plan, &kinds, &machine) {
            eprintln!("bench: {}: {error:#}", part.name());
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn measure(part: Part, plan: &Plan, kinds: &[Kind], machine: &Machine) -> Result<()> {
    let root = tempfile::tempdir()?;
    let folder = root.path();
    let pki = Pki::new(folder)?;
    let (title, text) = match part {
        Part::Translate => ("Translation beside xmllint", translation::measure(plan.effort.rounds)?),
        Part::Requests => return measure_requests(plan, kinds, machine, &pki, folder),
        Part::Soak => return soak_it(plan, machine, &pki, folder),
        Part::Handshakes => {
            let table = handshakes::measure(kinds, &pki, folder, plan.effort)?;
            ("Full TLS handshakes", tell(&table, HANDSHAKES))
        }
        Part::Idle => ("10,000 idle connections", tell(&idle::measure(kinds, &pki, folder)?, IDLE)),
        Part::Scale => {
            let [busy, edited] = scale::measure(&pki, folder, plan.effort)?;
            let text = format!("{}\n{}", tell(&busy, SCALE), tell(&edited, EDITS));
            ("10,000 services and 100,000 agreements", text)
        }
    };
    if plan.save { report::save(part.name(), title, machine, &text) } else { Ok(()) }
}

const HANDSHAKES: &str = "TLS 1.3, certificates on both sides (P-256), X25519, no session resumed; 16 connections are \
    opened at a time, ask nothing and are closed. CPU time is the server's; medians of the rounds, with extremes. *bare \
    rustls* is a server that does TLS and nothing else.";
const IDLE: &str = "Each connection asked once and was kept. Memory is the processes' (`Pss`), without the kernel's for \
    sockets. *bare rustls* is a server that keeps TLS connections and nothing else: what rustls and the runtime need.";
const SCALE: &str = "Small GETs passed byte for byte, asked of ten services in turn, 64 connections at saturation; \
    medians of the rounds, with extremes. The start is a cold one, from the process's first moment to its first answer, \
    with every document read and compiled.";

const EDITS: &str = "From the moment a document is saved to the first answer that follows from it, asked for every 2 ms by a \
    caller; nothing else is asked meanwhile. The one member has every agreement, and the one contract is every agreement's.";

/// Prints a table, and gives what is kept of it.
fn tell(table: &Table, about: &str) -> String {
    println!("{}", table.text());
    format!("{about}\n\n{}", table.markdown())
}

fn measure_requests(plan: &Plan, kinds: &[Kind], machine: &Machine, pki: &Pki, folder: &Path) -> Result<()> {
    let mut all = Vec::new();
    for case in Case::all().iter().filter(|case| plan.case.as_deref().is_none_or(|name| name == case.name)) {
        let measured = requests::measure(case, kinds, pki, &folder.join(case.name), plan.effort)?;
        println!("{} ({})\n{}\n{}", measured.title, measured.name, measured.about, measured.table().text());
        println!("The client itself used {:.1} µs a request.\n", measured.own());
        all.push(measured);
    }
    if !plan.save || plan.case.is_some() {
        return Ok(());
    }
    let mut page = format!(
        "Every server stands before the same provider with the same certificates: mutual TLS on both sides, a rate limit, a \
         log line or journal record for each request, kept connections, {WORKERS} workers; {CONNECTIONS} connections; client and \
         provider on the same machine. CPU time is that of all the server's processes; medians of {} rounds of {} s, with \
         extremes. First at saturation, then all at one rate, half of what the slowest reached, where latencies count from \
         when a request was due. nginx, HAProxy and Envoy cannot release, check or translate: they pass the same bytes.\n\n\
         ![CPU time and waiting, as ratios to nginx](requests.svg)\n",
        plan.effort.rounds,
        plan.effort.length.as_secs()
    );
    for measured in &all {
        let (title, about, table) = (measured.title, measured.about, measured.table().markdown());
        let own = measured.own();
        let _ =
            writeln!(page, "\n## {title}\n\n{about}\n\n{table}\nThe client itself: {own:.1} µs a request.");
    }
    report::keep("requests.svg", &requests::chart(&all).svg())?;
    report::save("requests", "Requests beside nginx, HAProxy and Envoy", machine, &page)
}

fn soak_it(plan: &Plan, machine: &Machine, pki: &Pki, folder: &Path) -> Result<()> {
    let soaked = soak::soak(pki, folder, plan.soak)?;
    println!("{}", soaked.page());
    if plan.save {
        report::save("soak", "Traffic while documents change", machine, &soaked.page())?;
    }
    match soaked.fault() {
        Some(fault) => anyhow::bail!(fault),
        None => Ok(()),
    }
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
