//! Latencies counted in classes, so that half an hour of them takes no more memory than a second.
//!
//! A class is at most 1/128 of its latencies wide, so a quantile read from them is right to within 0.8 %.

use std::time::Duration;

/// Classes between one power of two nanoseconds and the next, as a power of two.
const FINENESS: u32 = 7;
const PER_OCTAVE: u64 = 1 << FINENESS;
/// Enough for any number of nanoseconds.
const CLASSES: usize = ((64 - FINENESS as usize) + 1) << FINENESS;

/// How many requests took how long.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; CLASSES], total: 0 }
    }
}

impl Latencies {
    /// Counts one.
    pub fn add(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(class(nanos)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Counts all of `others`.
    pub fn merge(&mut self, others: &Self) {
        self.counts.iter_mut().zip(&others.counts).for_each(|(count, other)| *count += other);
        self.total += others.total;
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The latency that `share` (0 to 1) of the requests did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let wanted = ((share * self.total as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (class, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(middle(class));
            }
        }
        Duration::ZERO
    }
}

/// Below `PER_OCTAVE` a class for each number; above, `PER_OCTAVE` of them for every power of two.
fn class(nanos: u64) -> usize {
    let octave = (nanos.max(1).ilog2()).saturating_sub(FINENESS);
    usize::try_from(u64::from(octave) * PER_OCTAVE + (nanos >> octave)).unwrap_or(usize::MAX)
}

/// The number in the middle of a class.
fn middle(class: usize) -> u64 {
    let class = class as u64;
    let octave = (class / PER_OCTAVE).saturating_sub(1);
    let least = (class - octave * PER_OCTAVE) << octave;
    least + ((1 << octave) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_within_a_hundredth() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|millis| latencies.add(Duration::from_millis(millis)));
        for (share, millis) in [(0.0, 1.0), (0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            let found = latencies.quantile(share).as_secs_f64() * 1e3;
            assert!((found / millis - 1.0).abs() < 0.008, "{share}: {found} for {millis}");
        }
        assert_eq!(latencies.count(), 1000);
        assert_eq!(Latencies::default().quantile(0.5), Duration::ZERO);
    }

    #[test]
    fn every_number_has_a_class_of_its_size() {
        for nanos in [0, 1, 127, 128, 129, 255, 256, 1_000_003, u64::MAX / 3, u64::MAX] {
            let class = class(nanos);
            assert!(class < CLASSES, "{nanos}");
            assert!(middle(class).abs_diff(nanos) <= nanos / 128, "{nanos}: {}", middle(class));
        }
    }

    #[test]
    fn merged_latencies_are_those_of_both() {
        let [mut one, mut two] = [Latencies::default(), Latencies::default()];
        one.add(Duration::from_millis(1));
        two.add(Duration::from_millis(9));
        two.add(Duration::from_millis(9));
        one.merge(&two);
        assert_eq!(one.count(), 3);
        assert!(one.quantile(0.6) > Duration::from_millis(8));
    }
}
