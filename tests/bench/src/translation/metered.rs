//! A program run once to its end, and what it used.
//!
//! The kernel tells a process what its children used together and the most memory that any one of
//! them held. So each run has a process of its own between, this program again, which waits for that one
//! child and writes down what it is told. It also keeps itself, and with it the child, to one processor.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::{
        resource::{UsageWho, getrusage},
        time::TimeVal,
    },
    unistd::Pid,
};

/// The argument by which this program knows that it is the process between.
pub const ARGUMENT: &str = "--metered";

/// What one run used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// From its start to its end.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// The most memory that it held, in bytes.
    pub peak: u64,
}

/// Runs a program with its output into `out`.
pub fn run(program: &Path, arguments: &[&str], out: File, folder: &Path) -> Result<Cost> {
    let (told, said) = (folder.join("cost"), folder.join("said"));
    let status = Command::new(std::env::current_exe()?)
        .arg(ARGUMENT)
        .arg(&told)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(File::create(&said)?)
        .status()
        .with_context(|| format!("starting {}", program.display()))?;
    ensure!(status.success(), "{}: {}", program.display(), fs::read_to_string(&said)?);
    Cost::parse(&fs::read_to_string(&told)?).context("the measured cost")
}

/// The process between: `arguments` are the file for the cost, the program and its own arguments.
pub fn between(mut arguments: impl Iterator<Item = String>) -> Result<ExitCode> {
    let told = arguments.next().context("no file for the cost")?;
    let program = arguments.next().context("no program")?;
    keep_to_one_processor()?;
    let begun = Instant::now();
    let status = Command::new(&program).args(arguments).status().with_context(|| program)?;
    let wall = begun.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = duration(used.user_time()) + duration(used.system_time());
    let peak = u64::try_from(used.max_rss())? * 1024;
    fs::write(told, Cost { wall, cpu, peak }.to_line())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Cost {
    fn to_line(self) -> String {
        format!("{} {} {}", self.wall.as_nanos(), self.cpu.as_nanos(), self.peak)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.split_whitespace().map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self { wall: Duration::from_nanos(next()?), cpu: Duration::from_nanos(next()?), peak: next()? })
    }
}

fn duration(time: TimeVal) -> Duration {
    let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap_or_default())
}

/// The last processor that this process may use: the first does most of the machine's own work.
fn keep_to_one_processor() -> Result<()> {
    let me = Pid::from_raw(0);
    let allowed = sched_getaffinity(me)?;
    let last = (0..CpuSet::count()).rev().find(|cpu| allowed.is_set(*cpu).unwrap_or(false));
    let mut one = CpuSet::new();
    one.set(last.context("no processor to run on")?)?;
    Ok(sched_setaffinity(me, &one)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_comes_back_as_it_was_told() {
        let cost = Cost { wall: Duration::from_millis(12), cpu: Duration::from_micros(345), peak: 6 << 20 };
        assert_eq!(Cost::parse(&cost.to_line()), Some(cost));
        assert_eq!(Cost::parse("1 2"), None);
    }
}
