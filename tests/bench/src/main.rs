//! What the gateway's work costs beside programs that do less of it.
//!
//! `translate`: a large file is translated beside xmllint, which only validates it ([`translation`]).
//!
//! `get`: a small GET beside nginx. A tiny provider answers a record of a contract over mutual TLS. nginx (mutual TLS, `proxy_pass`
//! with kept connections, `limit_req`, an access log) and the gateway (all its stages, its journal)
//! stand before it with the same certificates and as many workers. One client keeps 64 connections
//! busy with one GET each, against one of the two at a time, in interleaved rounds, so that what
//! else the machine does falls on both. What is compared is the CPU time of the process per request
//! (`/proc/<pid>/stat`, every thread and worker), which load on the machine disturbs least;
//! latency and memory are shown beside it.
//!
//! It is a program, not a test: a figure that depends on the machine fails nobody's build. It uses
//! loopback only, bounds every wait, and says what it measured even when the gateway is the slower one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is its purpose")]

mod documents;
mod load;
mod meter;
mod pki;
mod report;
mod rivals;
mod translation;
mod upstream;

use std::{iter::Peekable, net::TcpListener, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::{load::Load, meter::Usage, pki::Pki, report::Round, rivals::Rival, translation::metered};

/// Connections kept busy, as in the figures that the design was chosen by.
const CONNECTIONS: usize = 64;
/// Workers of either process: the machine that the figures are compared on has two cores.
const WORKERS: usize = 2;
/// The longest time that may be asked for: a shared machine is not to be kept busy by a typo.
const LONGEST: Duration = Duration::from_secs(300);
const USAGE: &str = "usage: bench [translate|get] [--rounds N] [--seconds N]";

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

/// What is measured, how often and how long.
struct Plan {
    translations: bool,
    requests: bool,
    rounds: usize,
    /// Of each round of requests.
    seconds: u64,
}

impl Plan {
    fn of(mut arguments: Peekable<impl Iterator<Item = String>>) -> Result<Self> {
        let what = arguments.next_if(|argument| !argument.starts_with('-'));
        let what = what.as_deref();
        ensure!(matches!(what, None | Some("translate" | "get")), USAGE);
        let mut plan = Self {
            translations: what != Some("get"),
            requests: what != Some("translate"),
            rounds: 5,
            seconds: 5,
        };
        while let Some(name) = arguments.next() {
            let mut number =
                || arguments.next().and_then(|text| text.parse::<u64>().ok()).context("a number is missing");
            match name.as_str() {
                "--rounds" => plan.rounds = usize::try_from(number()?)?.max(1),
                "--seconds" => plan.seconds = number()?.max(1),
                _ => bail!(USAGE),
            }
        }
        let measured = Duration::from_secs(plan.seconds * 2) * u32::try_from(plan.rounds)?;
        ensure!(measured <= LONGEST, "that would take longer than the {} s allowed", LONGEST.as_secs());
        Ok(plan)
    }
}

fn run(plan: &Plan) -> Result<ExitCode> {
    if plan.translations {
        translation::measure(plan.rounds)?;
    }
    if plan.requests {
        measure_requests(plan)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure_requests(plan: &Plan) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pki = Pki::new(folder.path())?;
    let provider = upstream::start(&pki, documents::RECORD)?;

    // Dropped in any case, and with them the processes.
    let mut nginx = Entrant::new(rivals::nginx(folder.path(), free_port()?, provider)?);
    let mut gateway = Entrant::new(rivals::gateway(folder.path(), free_port()?, free_port()?, provider)?);
    nginx.rival.await_ready(&pki)?;
    gateway.rival.await_ready(&pki)?;
    eprintln!(
        "a record of {} bytes, {CONNECTIONS} connections, {WORKERS} workers each",
        documents::RECORD.len()
    );

    for number in 1..=plan.rounds {
        let mut turns = [&mut nginx, &mut gateway];
        if number % 2 == 0 {
            // Whoever goes first in one round goes second in the next.
            turns.reverse();
        }
        for Entrant { rival, rounds } in turns {
            let round = measure(rival, &pki, Duration::from_secs(plan.seconds))?;
            let cost = round.cpu_per_request();
            eprintln!("round {number} of {}: {:<12} {cost:>6.1} µs/request", plan.rounds, rival.name);
            rounds.push(round);
        }
    }
    print!("{}", report::table(&nginx.rival.name, &nginx.rounds, &gateway.rival.name, &gateway.rounds));
    Ok(())
}

/// A process and what was measured of it.
struct Entrant {
    rival: Rival,
    rounds: Vec<Round>,
}

impl Entrant {
    fn new(rival: Rival) -> Self {
        Self { rival, rounds: Vec::new() }
    }
}

/// One round against one process: connections are open and warm before the clock starts.
fn measure(rival: &Rival, pki: &Pki, length: Duration) -> Result<Round> {
    let load = Load::connect(rival.address, pki, CONNECTIONS)
        .with_context(|| format!("connecting to {}", rival.name))?;
    let before = Usage::of(rival.pid())?;
    let outcome = load.run(length).with_context(|| format!("while measuring {}", rival.name))?;
    let after = Usage::of(rival.pid())?;
    Ok(Round { cpu: after.cpu - before.cpu, resident: after.resident, outcome })
}

/// A loopback port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
