//! The machine that figures are of, as it describes itself.

use std::{fmt, fs, thread};

use anyhow::Result;

use crate::rivals::Kind;

/// What has to be known to compare figures with others.
pub struct Machine {
    date: String,
    processor: String,
    cores: usize,
    memory: u64,
    kernel: String,
    system: String,
    versions: Vec<String>,
}

impl Machine {
    /// This one, now, with the programs that are measured on it.
    pub fn describe(kinds: &[Kind]) -> Result<Self> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, name: &str, mark: char| {
            let mut pairs = text.lines().filter_map(|line| line.split_once(mark));
            let found = pairs.find(|(key, _)| key.trim() == name);
            found.map_or_else(|| "unknown".into(), |(_, value)| value.trim().trim_matches('"').to_owned())
        };
        let memory = value(&read("/proc/meminfo"), "MemTotal", ':');
        Ok(Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            processor: value(&read("/proc/cpuinfo"), "model name", ':'),
            cores: thread::available_parallelism()?.get(),
            memory: memory.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0) / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            system: value(&read("/etc/os-release"), "PRETTY_NAME", '='),
            versions: kinds.iter().map(|kind| kind.version()).collect::<Result<_>>()?,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, processor, cores, memory, kernel, system, versions } = self;
        write!(
            f,
            "{date}; {processor}, {cores} cores, {memory} MiB of memory; Linux {kernel}, {system}; {}.",
            versions.join(", ")
        )
    }
}
