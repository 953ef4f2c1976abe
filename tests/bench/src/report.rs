//! Rounds as a table for a person.

use std::{fmt::Write as _, time::Duration};

use crate::load::Outcome;

/// One round against one process.
#[derive(Debug)]
pub struct Round {
    /// CPU time the process used in it.
    pub cpu: Duration,
    /// Its memory at the end, in bytes.
    pub resident: u64,
    /// What the client saw.
    pub outcome: Outcome,
}

impl Round {
    /// Microseconds of CPU per answered request.
    pub fn cpu_per_request(&self) -> f64 {
        micros(self.cpu) / count(self.outcome.latencies.len()).max(1.0)
    }

    fn throughput(&self) -> f64 {
        count(self.outcome.latencies.len()) / self.outcome.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// The medians over the rounds of `ours` beside `theirs`, with the extremes of what is compared.
pub fn table(theirs: &str, their_rounds: &[Round], ours: &str, our_rounds: &[Round]) -> String {
    let mut text = String::new();
    let mut row = |title: &str, theirs: &str, ours: &str, ratio: &str| {
        let _ = writeln!(text, "{title:<22}{theirs:>22}{ours:>22}{ratio:>9}");
    };
    row("", theirs, ours, "ratio");
    let cpu = |rounds| Spread::of(rounds, Round::cpu_per_request);
    let (their_cpu, our_cpu) = (cpu(their_rounds), cpu(our_rounds));
    let ratio = format!("{:.2}", our_cpu.median / their_cpu.median);
    row("CPU µs/request", &their_cpu.with_extremes(1), &our_cpu.with_extremes(1), &ratio);
    let mut plain = |title: &str, value: fn(&Round) -> f64, digits: usize| {
        let [theirs, ours] = [their_rounds, our_rounds].map(|rounds| Spread::of(rounds, value).median);
        row(title, &format!("{theirs:.digits$}"), &format!("{ours:.digits$}"), "");
    };
    plain("requests/s", Round::throughput, 0);
    plain("p50 µs", |round| micros(round.outcome.quantile(0.5)), 0);
    plain("p99 µs", |round| micros(round.outcome.quantile(0.99)), 0);
    plain("resident MiB", |round| bytes(round.resident) / (1024.0 * 1024.0), 1);
    text
}

/// The middle and the ends of some figures.
pub struct Spread {
    least: f64,
    /// The middle one.
    pub median: f64,
    most: f64,
}

impl Spread {
    /// Of what `value` is in every round.
    pub fn of<R>(rounds: &[R], value: impl Fn(&R) -> f64) -> Self {
        let mut values: Vec<f64> = rounds.iter().map(value).collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Self { least: at(0), median: at(values.len() / 2), most: at(values.len().wrapping_sub(1)) }
    }

    /// The median, and the least and the most in parentheses.
    pub fn with_extremes(&self, digits: usize) -> String {
        format!("{:.digits$} ({:.digits$}–{:.digits$})", self.median, self.least, self.most)
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
fn count(requests: usize) -> f64 {
    requests as f64
}

#[allow(clippy::cast_precision_loss, reason = "bytes of a process are far below 2^52")]
fn bytes(resident: u64) -> f64 {
    resident as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(cpu_millis: u64, requests: usize) -> Round {
        let latencies = vec![Duration::from_micros(700); requests];
        let outcome = Outcome { latencies, elapsed: Duration::from_secs(2) };
        Round { cpu: Duration::from_millis(cpu_millis), resident: 3 << 20, outcome }
    }

    #[test]
    fn the_median_is_compared() {
        let theirs = [round(20, 1000), round(90, 1000), round(30, 1000)];
        let ours = [round(60, 1000), round(60, 1000), round(60, 1000)];
        let table = table("nginx", &theirs, "lienthong", &ours);
        let cpu = table.lines().nth(1).unwrap();
        assert!(cpu.contains("30.0 (20.0–90.0)") && cpu.contains("60.0 (60.0–60.0)"), "{cpu}");
        assert!(cpu.ends_with("2.00"), "{cpu}");
        assert!(table.contains("requests/s") && table.contains("500"), "{table}");
    }
}
