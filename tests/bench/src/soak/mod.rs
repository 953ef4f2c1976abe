//! Half an hour of traffic at 70 % of what the gateway can do, while an agreement is edited every second.
//!
//! Requests fall due by the clock and the answers are compared byte by byte: one that fails ends the run.
//! The agreement is edited between two states that release different fields, and after every edit
//! a connection of its own asks until it is answered by the new state: so a reload that does not take
//! effect is seen too. Memory is watched every second ([`memory`] says how it is judged), and full segments of
//! the journal are taken away meanwhile ([`archive`]).

mod archive;
mod memory;

use std::{
    fmt::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use self::memory::{Memory, Verdict};
use crate::{
    CONNECTIONS,
    cases::Case,
    documents::DAILY,
    load::{Connection, Latencies, Load, Outcome, Question},
    meter::Usage,
    pki::Pki,
    report::{Spread, Table, mebibytes, micros},
    rivals::{Kind, Site},
    rounds::{Effort, Entrant, Round},
    upstream::Provider,
};

/// Of what is reached at saturation.
const SHARE: f64 = 0.7;
/// Between two edits, and between two looks at memory.
const EVERY: Duration = Duration::from_secs(1);
/// An edit that has not acted by then was not taken up.
const ACTS_WITHIN: Duration = Duration::from_secs(10);
/// How saturation is measured.
const SATURATION: Effort = Effort { rounds: 3, length: Duration::from_secs(5) };

/// What a soak showed.
pub struct Soaked {
    length: Duration,
    rate: f64,
    outcome: Outcome,
    memory: Memory,
    verdict: Option<Verdict>,
    cpu: Duration,
    /// How long each edit took to act.
    edits: Latencies,
    /// Bytes of the journal that were taken away while it ran.
    archived: u64,
}

/// Soaks for `length`.
pub fn soak(pki: &Pki, folder: &Path, length: Duration) -> Result<Soaked> {
    // One state of the agreement releases a field more than the other; either answer is right.
    let (narrow, wide) = (Case::named(), Case::wider());
    let provider = Provider::start(pki, &narrow.answer, 0)?;
    let site = Site {
        folder,
        pki,
        provider: provider.address,
        exchange: &narrow.exchange,
        connections: CONNECTIONS,
    };
    let mut entrant = Entrant::start(Kind::Gateway, &narrow, &site)?;
    let mut question = narrow.question(Kind::Gateway, 0);
    question.answers.extend(wide.question(Kind::Gateway, 0).answers);
    entrant.questions = vec![question].into();

    let mut busy = Vec::new();
    for _ in 0..SATURATION.rounds {
        let load = entrant.connect(pki)?;
        busy.push(Round::of(&entrant.rival, || load.saturate(SATURATION.length))?);
    }
    let rate = (Spread::of(&busy, |round| round.outcome.throughput()).median * SHARE).floor();
    eprintln!("soak: {rate:.0} requests a second for {} s, an edit every second", length.as_secs());

    let load = entrant.connect(pki)?;
    let over = AtomicBool::new(false);
    let folder = entrant.rival.folder.clone();
    let pid = entrant.rival.pid();
    let before = entrant.rival.usage()?;
    let (outcome, (memory, archived), edits) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(pid, &folder, &over));
        let editor = scope.spawn(|| {
            edit([&wide, &narrow], &folder, &entrant, pki, &over)
                .inspect_err(|error| eprintln!("soak: {error:#}"))
        });
        let outcome = run(load, rate, length);
        over.store(true, Ordering::Relaxed);
        let lost = "a thread of the soak panicked";
        let watched = watcher.join().map_err(|_| anyhow::anyhow!(lost))?;
        let edits = editor.join().map_err(|_| anyhow::anyhow!(lost))?;
        anyhow::Ok((outcome?, watched?, edits?))
    })?;
    let cpu = entrant.rival.usage()?.cpu.saturating_sub(before.cpu);
    let verdict = memory.judge();
    Ok(Soaked { length, rate, outcome, memory, verdict, cpu, edits, archived })
}

fn run(load: Load, rate: f64, length: Duration) -> Result<Outcome> {
    let begun = Instant::now();
    load.at_rate(rate, length)
        .with_context(|| format!("a request failed after {:.0} s", begun.elapsed().as_secs_f64()))
}

/// Every second looks at the process's memory, and takes away what its journal is done with; tells how many
/// bytes that was.
fn watch(pid: u32, folder: &Path, over: &AtomicBool) -> Result<(Memory, u64)> {
    let (mut memory, mut archived) = (Memory::default(), 0);
    let mut next = Instant::now();
    while !over.load(Ordering::Relaxed) {
        memory.add(Usage::of(pid)?.resident);
        archived += archive::take_away(folder)?;
        next += EVERY;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok((memory, archived))
}

/// Edits the agreement every second, to each of the states in turn, and sees that it acts.
fn edit(
    states: [&Case; 2],
    folder: &Path,
    entrant: &Entrant,
    pki: &Pki,
    over: &AtomicBool,
) -> Result<Latencies> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut edits = Latencies::default();
    let questions: Arc<[Question]> = entrant.questions.clone();
    let mut probe =
        runtime.block_on(Connection::open(entrant.rival.address, pki.client.clone(), questions, 0))?;
    let mut next = Instant::now();
    // The second state is the one that stands at first; its answer is the first among those expected.
    for (state, answer) in states.iter().zip([1, 0]).cycle() {
        next += EVERY;
        thread::sleep(next.saturating_duration_since(Instant::now()));
        if over.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        state.exchange.write_agreement(folder, 0, 0, DAILY)?;
        while runtime.block_on(probe.ask()).context("after an edit")? != answer {
            ensure!(begun.elapsed() < ACTS_WITHIN, "an edit did not act within {} s", ACTS_WITHIN.as_secs());
            thread::sleep(Duration::from_millis(5));
        }
        edits.add(begun.elapsed());
    }
    Ok(edits)
}

impl Soaked {
    /// Why it failed; `None` where it held. (A failed request ends it before.)
    pub fn fault(&self) -> Option<String> {
        match &self.verdict {
            None => Some("it was too short for a judgement of memory".into()),
            Some(verdict) if verdict.grows() => Some(format!("memory grows: {}", said(verdict))),
            Some(_) => None,
        }
    }

    /// What is kept of it.
    pub fn page(&self) -> String {
        let mut page = String::new();
        let quantile =
            |latencies: &Latencies, share: f64| format!("{:.2}", micros(latencies.quantile(share)) / 1e3);
        let _ = writeln!(
            page,
            "{:.1} minutes at {:.0} requests a second, 70 % of what was measured at saturation before; an agreement \
             edited every second. The requests are small GETs released field by field, over {CONNECTIONS} connections, and \
             every answer was compared byte by byte.\n",
            self.length.as_secs_f64() / 60.0,
            self.rate
        );
        let verdict = match self.fault() {
            None => "held".to_owned(),
            Some(fault) => format!("**failed**: {fault}"),
        };
        let mut table = Table::new(&["", ""]);
        let mut row = |name: &str, value: String| table.row(vec![name.into(), value]);
        row("verdict", verdict);
        row("requests answered as expected", self.outcome.count().to_string());
        row("requests failed", "0".into());
        #[allow(clippy::cast_precision_loss, reason = "requests of half an hour")]
        let each = micros(self.cpu) / self.outcome.count().max(1) as f64;
        row("CPU µs/request, reloads included", format!("{each:.1}"));
        let quantiles =
            |latencies, shares: [f64; 4]| shares.map(|share| quantile(latencies, share)).join(" / ");
        row("p50 / p99 / p999 / most, ms", quantiles(&self.outcome.latencies, [0.5, 0.99, 0.999, 1.0]));
        row("edits that acted", self.edits.count().to_string());
        row("p50 / p95 / p99 / most until an edit acted, ms", quantiles(&self.edits, [0.5, 0.95, 0.99, 1.0]));
        row(
            "journal taken away while it was written, GiB",
            format!("{:.1}", mebibytes(self.archived) / 1024.0),
        );
        if let Some(verdict) = &self.verdict {
            row("memory", said(verdict));
        }
        page.push_str(&table.markdown());
        page.push_str(
            "\nResident memory, MiB, of samples taken every second. It grows if the straight line through the samples \
             after the first five minutes (half of a shorter run) rises by more than 2 % or 1 MiB, and the last minute's \
             median lies above 95 % of the samples of the minute before the judged time.\n\n",
        );
        let mut minutes = Table::new(&["minute", "least", "median", "most"]);
        for (number, figures) in self.memory.minutes().enumerate() {
            let figures = figures.map(|figure| format!("{figure:.1}"));
            minutes.row([vec![(number + 1).to_string()], figures.to_vec()].concat());
        }
        page.push_str(&minutes.markdown());
        page
    }
}

fn said(verdict: &Verdict) -> String {
    format!(
        "the line over {} s moves by {:+.2} MiB (allowed: {:.2}); the first minute's median is {:.1} MiB (95 % below \
         {:.1}), the last one's {:.1}",
        verdict.judged, verdict.rise, verdict.allowed, verdict.first.0, verdict.first.1, verdict.last
    )
}
