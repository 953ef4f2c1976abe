//! Requests, case by case: what one costs and how long one waits.
//!
//! For each case the servers stand side by side before the same provider, fresh, and take turns: a round
//! is one server's alone, and the order changes from round to round, so that what else the machine does
//! falls on all. First at saturation, with 64 connections that ask without pause. Then all at one rate, half
//! of what the slowest of them reached: latencies compare only at the same traffic.
//!
//! What is compared first is the CPU time of a server's processes for a request (`/proc/<pid>/stat`, all
//! threads and workers): it is what load on the machine disturbs least, and what a machine is bought by.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{
    CONNECTIONS,
    cases::Case,
    pki::Pki,
    report::{Chart, Panel, Spread, Table, mebibytes, micros, ratio},
    rivals::{Kind, Site},
    rounds::{Effort, Entrant, Round, turns},
    upstream::Provider,
};

/// What was measured of a case.
pub struct Measured {
    /// The case's name and title, and what was done in it.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// What the servers did.
    pub about: &'static str,
    /// Requests a second of the fixed rate.
    pub rate: f64,
    /// The servers, nginx first where it is there.
    pub systems: Vec<System>,
}

/// What was measured of one server.
pub struct System {
    /// Which one.
    pub kind: Kind,
    /// Rounds at saturation.
    pub busy: Vec<Round>,
    /// Rounds at the fixed rate.
    pub paced: Vec<Round>,
}

/// Measures one case.
pub fn measure(case: &Case, kinds: &[Kind], pki: &Pki, folder: &Path, effort: Effort) -> Result<Measured> {
    let mut entrants = Vec::new();
    for &kind in kinds {
        // Each has a provider of its own, which knows what that one server forwarded.
        let provider = Provider::start(pki, &case.answer, 0)?;
        let site = Site {
            folder,
            pki,
            provider: provider.address,
            exchange: &case.exchange,
            connections: CONNECTIONS,
        };
        entrants.extend(Entrant::start_if_it_can(kind, case, &site)?);
        ensure!(
            kind != Kind::Gateway || provider.first_body() == Some(&*case.forwarded),
            "{}: what was forwarded is not what should be: {}",
            case.name,
            String::from_utf8_lossy(provider.first_body().unwrap_or_default())
        );
    }
    let mut systems: Vec<System> = entrants
        .iter()
        .map(|entrant| System { kind: entrant.rival.kind, busy: Vec::new(), paced: Vec::new() })
        .collect();
    for number in 0..effort.rounds {
        for index in turns(number, entrants.len()) {
            let (Some(entrant), Some(system)) = (entrants.get(index), systems.get_mut(index)) else {
                continue;
            };
            let load = entrant.connect(pki)?;
            system.busy.push(Round::of(&entrant.rival, || load.saturate(effort.length))?);
        }
        eprintln!("{}: round {} of {} at saturation", case.name, number + 1, effort.rounds);
    }
    let slowest = systems.iter().map(System::throughput).fold(f64::INFINITY, f64::min);
    let rate = (slowest / 2.0).floor();
    for number in 0..effort.rounds {
        for index in turns(number, entrants.len()) {
            let (Some(entrant), Some(system)) = (entrants.get(index), systems.get_mut(index)) else {
                continue;
            };
            let load = entrant.connect(pki)?;
            system.paced.push(Round::of(&entrant.rival, || load.at_rate(rate, effort.length))?);
        }
        eprintln!("{}: round {} of {} at {rate:.0} a second", case.name, number + 1, effort.rounds);
    }
    Ok(Measured { name: case.name, title: case.title, about: case.about, rate, systems })
}

impl System {
    /// Requests a second at saturation.
    pub fn throughput(&self) -> f64 {
        Spread::of(&self.busy, |round| round.outcome.throughput()).median
    }

    /// CPU time of a request at saturation, in microseconds.
    pub fn cpu(&self) -> Spread {
        Spread::of(&self.busy, Round::cpu_per_request)
    }

    /// A latency at the fixed rate, in microseconds.
    pub fn waiting(&self, share: f64) -> f64 {
        quantile(&self.paced, share)
    }
}

impl Measured {
    /// What was measured of nginx, which the ratios are to.
    pub fn reference(&self) -> Option<&System> {
        self.systems.iter().find(|system| system.kind == Kind::Nginx)
    }

    /// One row a server.
    pub fn table(&self) -> Table {
        let rate = format!("at {:.0}/s: CPU µs", self.rate);
        let mut table = Table::new(&[
            "",
            "CPU µs/request",
            "to nginx",
            "requests/s",
            "p50 / p99 / p999 µs",
            &rate,
            "p50 / p99 / p999 µs",
            "p99 to nginx",
            "MiB",
        ]);
        let reference = self.reference();
        for system in &self.systems {
            let cpu = system.cpu();
            table.row(vec![
                system.kind.name().to_owned(),
                cpu.with_extremes(1),
                ratio(cpu.median, reference.map(|nginx| nginx.cpu().median)),
                format!("{:.0}", system.throughput()),
                quantiles(&system.busy),
                format!("{:.1}", Spread::of(&system.paced, Round::cpu_per_request).median),
                quantiles(&system.paced),
                ratio(system.waiting(0.99), reference.map(|nginx| nginx.waiting(0.99))),
                format!("{:.1}", Spread::of(&system.busy, |round| mebibytes(round.resident)).median),
            ]);
        }
        table
    }

    /// What a request cost the client itself, in microseconds.
    pub fn own(&self) -> f64 {
        let rounds: Vec<&Round> = self.systems.iter().flat_map(|system| &system.busy).collect();
        Spread::of(&rounds, |round| micros(round.outcome.own) / round.requests()).median
    }
}

fn quantiles(rounds: &[Round]) -> String {
    [0.5, 0.99, 0.999].map(|share| format!("{:.0}", quantile(rounds, share))).join(" / ")
}

fn quantile(rounds: &[Round], share: f64) -> f64 {
    Spread::of(rounds, |round| micros(round.outcome.latencies.quantile(share))).median
}

/// The cases as bars: what a request costs, and what one waits for it, as ratios to nginx.
pub fn chart(cases: &[Measured]) -> Chart {
    let panel = |title: &str, value: fn(&System) -> f64| {
        let mut panel = Panel::new(title);
        for case in cases {
            let reference = case.reference().map_or(f64::NAN, value);
            let bars = case.systems.iter().map(|system| (system.kind.name(), value(system) / reference));
            panel.group(case.title, bars.collect());
        }
        panel
    };
    Chart::of(vec![
        panel("CPU time of a request at saturation, nginx = 1", |system| system.cpu().median),
        panel("99 % of requests wait no longer, all at one rate, nginx = 1", |system| system.waiting(0.99)),
    ])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::{Latencies, Outcome};

    fn round(cpu_millis: u64, requests: u32, micros: u64) -> Round {
        let mut latencies = Latencies::default();
        (0..requests).for_each(|_| latencies.add(Duration::from_micros(micros)));
        let outcome =
            Outcome { latencies, elapsed: Duration::from_secs(2), own: Duration::from_millis(cpu_millis) };
        Round { cpu: Duration::from_millis(cpu_millis), resident: 3 << 20, outcome }
    }

    #[test]
    fn a_row_compares_with_nginx() {
        let system = |kind, cpu, micros| System {
            kind,
            busy: vec![round(cpu, 1000, 700)],
            paced: vec![round(cpu, 500, micros)],
        };
        let systems = vec![system(Kind::Nginx, 30, 400), system(Kind::Gateway, 60, 300)];
        let measured = Measured { name: "x", title: "X", about: "", rate: 250.0, systems };
        let text = measured.table().text();
        let ours: Vec<&str> = text.lines().nth(2).unwrap().split_whitespace().collect();
        assert_eq!(ours[..4], ["lienthong", "60.0", "(60.0–60.0)", "2.00"], "{text}");
        assert!(ours.contains(&"500") && ours.contains(&"0.75"), "{text}");
        assert!(text.contains("at 250/s"), "{text}");
    }
}
