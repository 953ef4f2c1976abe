//! The client that loads a server, in two ways that answer two questions.
//!
//! *Saturation* ([`Load::saturate`]) is a closed loop: every connection asks again as soon as it is answered.
//! The server is always busy, so this shows the most it can do and what a request costs it. Its
//! latencies tell little: they follow from the number of connections.
//!
//! *A fixed rate* ([`Load::at_rate`]) is an open loop: requests fall due by the clock ([`pace`]), as those
//! of many independent callers do, and each latency counts from that moment. Only this shows what
//! waiting a caller sees at a given traffic, and only at the same rate are two servers comparable.
//!
//! It is raw on purpose: one thread, TLS by rustls, requests that were written once, answers compared as
//! they are. It has to cost less than what it measures, since it stands on the same machine, and what it
//! costs is measured too ([`Outcome::own`]). Every answer is compared byte by byte with what is expected;
//! a wrong one ends the run.

mod connection;
mod handshakes;
mod latencies;
mod pace;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use nix::sys::resource::{UsageWho, getrusage};
use tokio::{
    runtime::Runtime,
    task::{JoinSet, LocalSet},
};
use tokio_rustls::rustls::ClientConfig;

use self::pace::Pace;
pub use self::{
    connection::{Connection, Question},
    handshakes::shake_hands,
    latencies::Latencies,
};

/// Connections that are opened at once.
const AT_ONCE: usize = 32;

/// Open, warm connections.
pub struct Load {
    runtime: Runtime,
    connections: Vec<Connection>,
}

/// What a run brought. Every request was answered as expected, or there is no outcome.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Each request's time to the last byte of its answer: from its first byte at saturation, from
    /// when it was due at a fixed rate.
    pub latencies: Latencies,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// CPU time of the client itself.
    pub own: Duration,
}

impl Load {
    /// Opens `count` connections and asks once on each.
    pub fn connect(
        address: SocketAddr,
        tls: &Arc<ClientConfig>,
        questions: &Arc<[Question]>,
        count: usize,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connections = runtime.block_on(async {
            let mut opening = JoinSet::new();
            let mut connections = Vec::with_capacity(count);
            for first in 0..count {
                if opening.len() == AT_ONCE
                    && let Some(opened) = opening.join_next().await
                {
                    connections.push(opened??);
                }
                let (tls, questions) = (tls.clone(), questions.clone());
                opening.spawn(async move {
                    let mut connection = Connection::open(address, tls, questions, first).await?;
                    connection.ask().await?;
                    anyhow::Ok(connection)
                });
            }
            while let Some(opened) = opening.join_next().await {
                connections.push(opened??);
            }
            anyhow::Ok(connections)
        })?;
        Ok(Self { runtime, connections })
    }

    /// Asks once more on each, and says the longest that one took.
    pub fn ask_once(&mut self) -> Result<Duration> {
        let Self { runtime, connections } = self;
        runtime.block_on(async {
            let mut longest = Duration::ZERO;
            for connection in connections {
                let begun = Instant::now();
                connection.ask().await?;
                longest = longest.max(begun.elapsed());
            }
            Ok(longest)
        })
    }

    /// Keeps every connection busy for `length`.
    pub fn saturate(self, length: Duration) -> Result<Outcome> {
        let end = Instant::now() + length;
        self.run(
            async move |mut connection| {
                let mut latencies = Latencies::default();
                loop {
                    let begun = Instant::now();
                    if begun >= end {
                        return Ok(latencies);
                    }
                    connection.ask().await?;
                    latencies.add(begun.elapsed());
                }
            },
            None,
        )
    }

    /// Asks `rate` times a second for `length`.
    pub fn at_rate(self, rate: f64, length: Duration) -> Result<Outcome> {
        let pace = std::rc::Rc::new(Pace::new(rate, length));
        let shared = pace.clone();
        self.run(
            async move |mut connection| {
                let mut latencies = Latencies::default();
                while let Some(due) = shared.next().await {
                    connection.ask().await?;
                    latencies.add(due.elapsed());
                }
                Ok(latencies)
            },
            Some(pace),
        )
    }

    /// Lets every connection do its work; the first fault ends all.
    fn run(
        self,
        work: impl AsyncFn(Connection) -> Result<Latencies> + Clone + 'static,
        pace: Option<std::rc::Rc<Pace>>,
    ) -> Result<Outcome> {
        let Self { runtime, connections } = self;
        let own = used()?;
        let begun = Instant::now();
        let latencies = LocalSet::new().block_on(&runtime, async {
            let mut tasks = JoinSet::new();
            if let Some(pace) = pace {
                tasks.spawn_local(async move { pace.keep().await.map(|()| Latencies::default()) });
            }
            for connection in connections {
                let work = work.clone();
                tasks.spawn_local(async move { work(connection).await });
            }
            let mut latencies = Latencies::default();
            while let Some(task) = tasks.join_next().await {
                latencies.merge(&task??);
            }
            anyhow::Ok(latencies)
        })?;
        Ok(Outcome { latencies, elapsed: begun.elapsed(), own: used()?.saturating_sub(own) })
    }
}

impl Outcome {
    /// Requests answered.
    pub fn count(&self) -> u64 {
        self.latencies.count()
    }

    /// Requests answered in a second.
    pub fn throughput(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
        let count = self.count() as f64;
        count / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// What this thread has used so far.
fn used() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    Ok([usage.user_time(), usage.system_time()]
        .map(|time| {
            let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
            Duration::from_secs(seconds)
                + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap_or_default())
        })
        .into_iter()
        .sum())
}
