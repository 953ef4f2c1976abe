//! Full TLS handshakes for a second of CPU, both sides with certificates, no session resumed.
//!
//! A caller whose connection is new costs more than many of its requests. The client opens connections,
//! asks nothing, and closes; servers take turns. Beside them stands a server that is rustls and a socket:
//! what the library itself takes.

use std::path::Path;

use anyhow::Result;

use crate::{
    cases::Case,
    load::shake_hands,
    pki::Pki,
    report::{Spread, Table, micros, ratio},
    rivals::{Kind, Site},
    rounds::{Effort, Entrant, Round, turns},
    upstream::Provider,
};

/// Connections that are opened at a time.
const AT_ONCE: usize = 16;

/// Measures and tells.
pub fn measure(kinds: &[Kind], pki: &Pki, folder: &Path, effort: Effort) -> Result<Table> {
    let case = Case::small();
    let provider = Provider::start(pki, &case.answer, 0)?;
    let site = Site {
        folder,
        pki,
        provider: provider.address,
        exchange: &case.exchange,
        connections: crate::CONNECTIONS,
    };
    let mut entrants = Vec::new();
    for &kind in kinds.iter().chain(&[Kind::Bare]) {
        let entrant = Entrant::start_if_it_can(kind, &case, &site)?;
        entrants.extend(entrant.map(|entrant| (entrant, Vec::new())));
    }
    for number in 0..effort.rounds {
        for index in turns(number, entrants.len()) {
            let Some((Entrant { rival, .. }, rounds)) = entrants.get_mut(index) else { continue };
            let round = Round::of(rival, || shake_hands(rival.address, &pki.client, AT_ONCE, effort.length))?;
            rounds.push(round);
        }
        eprintln!("handshakes: round {} of {}", number + 1, effort.rounds);
    }
    let measured: Vec<(Kind, Vec<Round>)> =
        entrants.into_iter().map(|(entrant, rounds)| (entrant.rival.kind, rounds)).collect();
    Ok(table(&measured))
}

fn table(measured: &[(Kind, Vec<Round>)]) -> Table {
    let mut table = Table::new(&[
        "",
        "handshakes per CPU second",
        "to nginx",
        "CPU µs each",
        "per second",
        "p50 / p99 ms",
    ]);
    let per_cpu_second = |rounds: &[Round]| Spread::of(rounds, |round| 1e6 / round.cpu_per_request());
    let reference = measured.iter().find(|(kind, _)| *kind == Kind::Nginx);
    let reference = reference.map(|(_, rounds)| per_cpu_second(rounds).median);
    for (kind, rounds) in measured {
        let figure = per_cpu_second(rounds);
        let quantile =
            |share| Spread::of(rounds, |round| micros(round.outcome.latencies.quantile(share)) / 1e3).median;
        table.row(vec![
            kind.name().to_owned(),
            figure.with_extremes(0),
            ratio(figure.median, reference),
            format!("{:.0}", Spread::of(rounds, Round::cpu_per_request).median),
            format!("{:.0}", Spread::of(rounds, |round| round.outcome.throughput()).median),
            format!("{:.1} / {:.1}", quantile(0.5), quantile(0.99)),
        ]);
    }
    table
}
