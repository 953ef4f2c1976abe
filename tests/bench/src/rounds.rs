//! Servers that take turns, and what a turn showed.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    CONNECTIONS,
    cases::Case,
    load::{Load, Outcome, Question},
    pki::Pki,
    report::micros,
    rivals::{Kind, Rival, Site},
};

/// A server that does not serve by then has failed.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// A server that is still at work by then always is.
const SETTLED_WITHIN: Duration = Duration::from_secs(240);
/// How long a server is looked at to see whether it works.
const LOOK: Duration = Duration::from_secs(1);
/// And how often it must have done nothing: it may wait for the disk in between.
const QUIET_LOOKS: u32 = 3;

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds of each kind.
    pub rounds: usize,
    /// Of each round.
    pub length: Duration,
}

/// One round.
#[derive(Clone, Debug)]
pub struct Round {
    /// CPU time that the server used in it.
    pub cpu: Duration,
    /// Its memory at the end, in bytes.
    pub resident: u64,
    /// What the client saw.
    pub outcome: Outcome,
}

impl Round {
    /// Runs the load against a server.
    pub fn of(rival: &Rival, load: impl FnOnce() -> Result<Outcome>) -> Result<Self> {
        let before = rival.usage()?;
        let outcome = load().with_context(|| format!("while measuring {}", rival.kind))?;
        let after = rival.usage()?;
        Ok(Self { cpu: after.cpu.saturating_sub(before.cpu), resident: after.resident, outcome })
    }

    /// Microseconds of CPU for an answered request.
    pub fn cpu_per_request(&self) -> f64 {
        micros(self.cpu) / self.requests()
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
    pub fn requests(&self) -> f64 {
        (self.outcome.count() as f64).max(1.0)
    }
}

/// A server and what it is asked.
pub struct Entrant {
    /// It.
    pub rival: Rival,
    /// What it is asked.
    pub questions: Arc<[Question]>,
}

impl Entrant {
    /// Starts one for a case and waits until it answers as it should.
    pub fn start(kind: Kind, case: &Case, site: &Site<'_>) -> Result<Self> {
        let mut rival = kind.start(site)?;
        let questions = case.questions(kind);
        rival.await_ready(site.pki, &questions, READY_WITHIN)?;
        Ok(Self { rival, questions })
    }

    /// The same, where a rival that does not serve on this machine is left out, with a word of it.
    pub fn start_if_it_can(kind: Kind, case: &Case, site: &Site<'_>) -> Result<Option<Self>> {
        match Self::start(kind, case, site) {
            Err(error) if kind != Kind::Gateway => {
                eprintln!("bench: {kind} is left out: {error:#}");
                Ok(None)
            }
            started => started.map(Some),
        }
    }

    /// Opens as many connections as every measurement of requests has.
    pub fn connect(&self, pki: &Pki) -> Result<Load> {
        Load::connect(self.rival.address, &pki.client, &self.questions, CONNECTIONS)
            .with_context(|| format!("connecting to {}", self.rival.kind))
    }
}

/// Waits until a server has nothing left to do that it began at its start.
pub fn settle(rival: &Rival) -> Result<()> {
    let (begun, mut quiet) = (Instant::now(), 0);
    while begun.elapsed() < SETTLED_WITHIN {
        let before = rival.usage()?.cpu;
        thread::sleep(LOOK);
        // Looking every second at the counts of a hundred thousand agreements is rest; compiling them is not.
        let worked = rival.usage()?.cpu.saturating_sub(before) > LOOK / 10;
        quiet = if worked { 0 } else { quiet + 1 };
        if quiet == QUIET_LOOKS {
            return Ok(());
        }
    }
    bail!("{} is busy though nobody asks it anything", rival.kind)
}

/// Whose turn it is in a round: everybody once, another first each time.
pub fn turns(round: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |turn| (turn + round) % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_first_in_turn() {
        let order: Vec<Vec<usize>> = (0..3).map(|number| turns(number, 3).collect()).collect();
        assert_eq!(order, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]);
    }
}
