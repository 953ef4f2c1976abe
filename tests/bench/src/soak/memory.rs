//! Whether memory grows.
//!
//! A process that has just begun to work grows: pools fill, buffers find their size. So the first five minutes
//! (half of a shorter run) are not judged. After them two things are asked of the samples, one a second:
//!
//! - the rise of the straight line through all of them (least squares), from their first to their last;
//! - whether the median of the last minute lies above nearly all (the 95th percentile) of the minute
//!   before the judged time began.
//!
//! Memory grows if the line rises by more than 2 % of that first minute's median, or 1 MiB where that is more,
//! **and** the last minute lies above the first. The line alone would take one late peak for growth; the two
//! minutes alone would take noise for it. A leak shows in both: at thousands of requests a second, one byte
//! lost in each of them is past the bound within minutes.

use std::time::Duration;

use crate::report::mebibytes;

/// How long a process may grow into its work.
const WARMING: Duration = Duration::from_secs(300);
/// What is told apart from noise: a share of what is used, and an amount.
const SHARE: f64 = 0.02;
const AMOUNT: f64 = 1.0;
/// The windows that are compared hold so many samples.
const MINUTE: usize = 60;

/// Resident memory, one sample a second.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// In MiB.
    samples: Vec<f64>,
}

/// What is said of it.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// MiB that the line rises over the judged time.
    pub rise: f64,
    /// MiB that it may.
    pub allowed: f64,
    /// The first minute's median and 95th percentile, the last one's median, in MiB.
    pub first: (f64, f64),
    /// The last minute's median.
    pub last: f64,
    /// Seconds that were judged.
    pub judged: usize,
}

impl Memory {
    /// Adds a sample of so many bytes.
    pub fn add(&mut self, resident: u64) {
        self.samples.push(mebibytes(resident));
    }

    /// Least, median and most of each minute.
    pub fn minutes(&self) -> impl Iterator<Item = [f64; 3]> {
        self.samples.chunks(MINUTE).map(|minute| [0.0, 0.5, 1.0].map(|share| quantile(minute, share)))
    }

    /// Judges what is there; `None` where there is too little.
    pub fn judge(&self) -> Option<Verdict> {
        let warming = usize::try_from(WARMING.as_secs()).unwrap_or(usize::MAX).min(self.samples.len() / 2);
        let judged = self.samples.get(warming..)?;
        let first = self.samples.get(warming.saturating_sub(MINUTE)..warming)?;
        let last = judged.get(judged.len().saturating_sub(MINUTE)..)?;
        if judged.len() < 2 || first.is_empty() {
            return None;
        }
        let median = quantile(first, 0.5);
        Some(Verdict {
            rise: rise(judged),
            allowed: (SHARE * median).max(AMOUNT),
            first: (median, quantile(first, 0.95)),
            last: quantile(last, 0.5),
            judged: judged.len(),
        })
    }
}

impl Verdict {
    /// Whether memory grows.
    pub fn grows(&self) -> bool {
        self.rise > self.allowed && self.last > self.first.1
    }
}

/// How far the straight line through the samples rises from the first to the last.
#[allow(clippy::cast_precision_loss, reason = "seconds of a run")]
fn rise(samples: &[f64]) -> f64 {
    let count = samples.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = samples.iter().sum::<f64>() / count;
    let (mut above, mut below) = (0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let aside = index as f64 - middle;
        above += aside * (sample - mean);
        below += aside * aside;
    }
    above / below * (count - 1.0)
}

fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let rank = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(resident: impl Fn(u32) -> f64) -> Verdict {
        let samples = (0..1800).map(resident).collect();
        Memory { samples }.judge().unwrap()
    }

    /// A saw's tooth, as an allocator gives pages back and takes them.
    fn noise(second: u32) -> f64 {
        f64::from(second * 7919 % 100) / 100.0
    }

    #[test]
    fn what_stays_does_not_grow_whatever_it_did_at_first() {
        assert!(!verdict(|second| 40.0 + noise(second)).grows());
        assert!(!verdict(|second| f64::from(second.min(290)) / 10.0 + noise(second)).grows());
        assert!(!verdict(|second| 60.0 - f64::from(second) / 200.0).grows());
    }

    #[test]
    fn a_late_peak_is_no_growth() {
        let late = |second| if (1700..1730).contains(&second) { 60.0 } else { 40.0 + noise(second) };
        assert!(!verdict(late).grows());
    }

    #[test]
    fn a_leak_is_growth() {
        // A quarter of a byte of each of nine thousand requests a second.
        let leak = verdict(|second| 40.0 + noise(second) + 0.002 * f64::from(second));
        assert!(leak.grows(), "{leak:?}");
        assert!((leak.rise - 3.0).abs() < 0.2, "{leak:?}");
        // By steps, too.
        assert!(verdict(|second| 40.0 + f64::from(second / 400)).grows());
    }

    #[test]
    fn a_short_run_is_judged_by_its_second_half() {
        let samples = (0..240).map(|second| if second < 120 { f64::from(second) } else { 120.0 }).collect();
        let verdict = Memory { samples }.judge().unwrap();
        assert!(!verdict.grows() && verdict.judged == 120, "{verdict:?}");
        assert!(Memory::default().judge().is_none());
    }
}
