//! Load: systems that read and submit without a pause while something happens, and what became of each request.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use support::{Answer, Ask, Documents, Http, Sandbox};

use crate::records::{fresh_number, task_json};

/// Where tasks are read and submitted.
pub const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
/// The document of their service.
pub const SERVICE: &str = "services/G06/nhiem-vu.toml";
/// Who holds them.
pub const PROVIDER: &str = "G06/he-thong-khcn";
/// Who reads them.
pub const READER: &str = "H26/quan-ly-khcn";
/// Who submits them.
pub const WRITER: &str = "G06/nen-tang-khcn";

/// What became of everything that was asked.
#[derive(Default)]
pub struct Endings {
    /// How often reads ended in what.
    pub reads: BTreeMap<String, usize>,
    /// Each submission's number, and what it ended in.
    pub submits: Vec<(String, String)>,
    /// Each exchange that was named in an answer, and what it ended in.
    pub exchanges: Vec<(String, String)>,
    /// The longest that a read took.
    pub slowest_read: Duration,
}

/// Nobody under load is refused for how often they ask.
///
/// # Errors
/// When the documents are others than those of the repository.
pub fn lift_limits(documents: &Documents) -> Result<()> {
    documents.edit(SERVICE, "limits = { per_second = 200, concurrent = 50 }\n", "")?;
    documents.edit("agreements/TT-2026-017.toml", "per_second = 50\n", "per_second = 5000\n")?;
    documents.edit("agreements/TT-2026-001.toml", "per_second = 100\n", "per_second = 5000\n")
}

/// What one request ended in: the status and, of a refusal, its code.
pub fn ending(answer: &Answer) -> String {
    let kind = answer.json()["type"].as_str().map(str::to_owned).unwrap_or_default();
    match kind.rsplit([':', '/']).next().filter(|kind| !kind.is_empty()) {
        Some(kind) => format!("{} {kind}", answer.status),
        None => answer.status.to_string(),
    }
}

/// The endings of submissions, counted.
pub fn counted(submits: &[(String, String)]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (_, ending) in submits {
        *counts.entry(ending.as_str()).or_default() += 1;
    }
    counts
}

/// Reads and submits on kept connections while `meanwhile` happens.
///
/// # Errors
/// When a request gets no answer at all.
pub fn under_load(sandbox: &Sandbox, meanwhile: impl FnOnce()) -> Result<Endings> {
    let over = AtomicBool::new(false);
    let caller = |system| sandbox.caller(&sandbox.identity(system)?, Http::One);
    let readers: Vec<_> = (0..6).map(|_| caller(READER)).collect::<Result<_>>()?;
    let writers: Vec<_> = (0..2).map(|_| caller(WRITER)).collect::<Result<_>>()?;
    thread::scope(|scope| {
        let over = &over;
        let reading = readers.into_iter().map(|caller| {
            scope.spawn(move || {
                let mut heard = Endings::default();
                let mut line = caller.connect()?;
                while !over.load(Relaxed) {
                    let began = Instant::now();
                    let answer = line.ask(Ask::get(TASKS).purpose("quan-ly-nhiem-vu"))?;
                    heard.slowest_read = heard.slowest_read.max(began.elapsed());
                    let ending = heard.told(&answer);
                    *heard.reads.entry(ending).or_default() += 1;
                    thread::sleep(Duration::from_millis(10));
                }
                Ok(heard)
            })
        });
        let reading: Vec<_> = reading.collect();
        let writing = writers.into_iter().map(|caller| {
            scope.spawn(move || {
                let mut heard = Endings::default();
                let mut line = caller.connect()?;
                while !over.load(Relaxed) {
                    let number = fresh_number("TAI");
                    let ask = Ask::post(TASKS, "application/json", task_json(&number, "01"));
                    let answer = line.ask(ask.purpose("cap-nhat-du-lieu"))?;
                    let ending = heard.told(&answer);
                    heard.submits.push((number, ending));
                    thread::sleep(Duration::from_millis(20));
                }
                Ok(heard)
            })
        });
        let writing: Vec<_> = writing.collect();
        // Ends the callers however `meanwhile` ends: what fails there must not leave them asking.
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Relaxed);
            }
        }
        let ending = Over(over);
        meanwhile();
        drop(ending);
        let mut all = Endings::default();
        for caller in reading.into_iter().chain(writing) {
            let heard: Result<Endings> = caller.join().map_err(|_| anyhow!("a caller panicked"))?;
            all.add(heard?);
        }
        Ok(all)
    })
}

impl Endings {
    /// Takes down what a request ended in.
    fn told(&mut self, answer: &Answer) -> String {
        let ending = ending(answer);
        self.exchanges.push((answer.header("lt-exchange-id").to_owned(), ending.clone()));
        ending
    }

    fn add(&mut self, other: Self) {
        for (ending, count) in other.reads {
            *self.reads.entry(ending).or_default() += count;
        }
        self.submits.extend(other.submits);
        self.exchanges.extend(other.exchanges);
        self.slowest_read = self.slowest_read.max(other.slowest_read);
    }
}
