//! Figures of several rounds as one.

use std::time::Duration;

/// The middle and the ends of some figures.
#[derive(Clone, Copy, Debug)]
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

/// How many times `reference` a figure is; a dash where there is nothing to compare with.
pub fn ratio(figure: f64, reference: Option<f64>) -> String {
    reference.map_or_else(|| "–".into(), |reference| format!("{:.2}", figure / reference))
}

/// In microseconds.
pub fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// In MiB.
#[allow(clippy::cast_precision_loss, reason = "bytes of a process are far below 2^52")]
pub fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_for_the_rounds() {
        let spread = Spread::of(&[20.0, 90.0, 30.0], |value| *value);
        assert_eq!(spread.with_extremes(1), "30.0 (20.0–90.0)");
        assert_eq!(ratio(60.0, Some(30.0)), "2.00");
        assert_eq!(ratio(60.0, None), "–");
    }
}
