//! The gateway with ten services and as many agreements, beside itself with ten thousand services and a
//! hundred thousand agreements: what a request costs, how much memory the documents take, and how long it
//! takes to start with them.
//!
//! Then documents are edited in either, and a caller waits for each edit to act ([`edits`]).
//!
//! Both stand at the same time and take turns. Ten services are asked in turn in either world, spread over
//! all there are: more would measure how many connections to providers are kept, not what a decision costs.

mod edits;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};

use crate::{
    CONNECTIONS,
    cases::Case,
    load::{Load, Question},
    pki::Pki,
    report::{Spread, Table, mebibytes, micros, ratio},
    rivals::{Kind, Rival, Site},
    rounds::{Effort, Round, settle, turns},
    upstream::Provider,
};

/// Services, and systems that have an agreement on each.
const WORLDS: [(usize, usize); 2] = [(10, 1), (10_000, 10)];
/// Services that are asked.
const ASKED: usize = 10;
/// A gateway that has not read its documents by then never will.
const LOADED_WITHIN: Duration = Duration::from_secs(240);

/// A gateway among its documents.
struct World {
    case: Case,
    rival: Rival,
    questions: Arc<[Question]>,
    /// From its start to its first answer.
    loaded: Duration,
    /// Its memory before it was busy.
    resident: u64,
    busy: Vec<Round>,
}

/// Measures and tells.
pub fn measure(pki: &Pki, folder: &Path, effort: Effort) -> Result<[Table; 2]> {
    let provider = Provider::start(pki, &Case::small().answer, 0)?;
    let mut worlds = Vec::new();
    for (services, consumers) in WORLDS {
        let mut case = Case::small();
        case.exchange.services = services;
        case.exchange.consumers = consumers;
        let folder = folder.join(format!("{services}"));
        let site = Site {
            folder: &folder,
            pki,
            provider: provider.address,
            exchange: &case.exchange,
            connections: CONNECTIONS,
        };
        let mut rival = Kind::Gateway.start(&site)?;
        let questions: Arc<[Question]> = (0..ASKED)
            .map(|number| case.question(Kind::Gateway, number * services / ASKED))
            .collect::<Vec<_>>()
            .into();
        let loaded = rival.await_ready(pki, &questions, LOADED_WITHIN)?;
        // What it reads again as soon as it watches its folders is no request's cost.
        settle(&rival)?;
        let resident = rival.usage()?.resident;
        let agreements = services * consumers;
        eprintln!(
            "scale: {services} services, {agreements} agreements: ready in {:.2} s",
            loaded.as_secs_f64()
        );
        worlds.push(World { case, rival, questions, loaded, resident, busy: Vec::new() });
    }
    for number in 0..effort.rounds {
        for index in turns(number, worlds.len()) {
            let World { rival, questions, busy, .. } = worlds.get_mut(index).context("no such world")?;
            let load = Load::connect(rival.address, &pki.client, questions, CONNECTIONS)?;
            busy.push(Round::of(rival, || load.saturate(effort.length))?);
        }
        eprintln!("scale: round {} of {}", number + 1, effort.rounds);
    }
    let mut edited = Vec::new();
    for world in &worlds {
        edited.push((world.name(), edits::measure(&world.rival, pki, &world.case)?));
    }
    Ok([table(&worlds), edits::table(&edited)])
}

impl World {
    /// How many services and agreements it has.
    fn name(&self) -> String {
        let exchange = &self.case.exchange;
        format!("{} / {}", exchange.services, exchange.services * exchange.consumers)
    }
}

fn table(worlds: &[World]) -> Table {
    let mut table = Table::new(&[
        "services / agreements",
        "CPU µs/request",
        "to the small one",
        "requests/s",
        "p50 / p99 µs",
        "start to first answer, s",
        "MiB loaded",
        "MiB busy",
    ]);
    let cpu = |world: &World| Spread::of(&world.busy, Round::cpu_per_request);
    let reference = worlds.first().map(|small| cpu(small).median);
    for world in worlds {
        let quantile =
            |share| Spread::of(&world.busy, |round| micros(round.outcome.latencies.quantile(share))).median;
        table.row(vec![
            world.name(),
            cpu(world).with_extremes(1),
            ratio(cpu(world).median, reference),
            format!("{:.0}", Spread::of(&world.busy, |round| round.outcome.throughput()).median),
            format!("{:.0} / {:.0}", quantile(0.5), quantile(0.99)),
            format!("{:.2}", world.loaded.as_secs_f64()),
            format!("{:.1}", mebibytes(world.resident)),
            format!("{:.1}", Spread::of(&world.busy, |round| mebibytes(round.resident)).median),
        ]);
    }
    table
}
