//! Where in a collection bad records stand: by position, from 0, of any number only so many as fit into
//! a header field and a journal's text.

use std::fmt;

/// How many rows of neighbours are kept: more than are ever told.
const ROWS: usize = 64;
/// How many bytes are told at most. The journal cuts longer texts, and would cut within a number.
const TOLD: usize = 240;

/// Positions of records, added in order: `4, 17-18`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    count: u64,
    /// First and last of each row of neighbours.
    rows: Vec<(usize, usize)>,
}

impl Positions {
    /// How many, told or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds one that comes after all others; the last one again changes nothing.
    pub fn add(&mut self, index: usize) {
        let told = self.rows.len();
        match self.rows.last_mut() {
            Some((_, last)) if *last == index => return,
            Some((_, last)) if *last + 1 == index => *last = index,
            _ if told < ROWS => self.rows.push((index, index)),
            _ => {}
        }
        self.count += 1;
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = 0;
        for (first, last) in &self.rows {
            let comma = if told > 0 { ", " } else { "" };
            let row =
                if first == last { format!("{comma}{first}") } else { format!("{comma}{first}-{last}") };
            told += row.len();
            if told > TOLD {
                break;
            }
            f.write_str(&row)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_told_by_rows_and_within_bounds() {
        let mut few = Positions::default();
        [4, 17, 18, 18, 19, 21].into_iter().for_each(|index| few.add(index));
        assert_eq!((few.count(), few.to_string().as_str()), (5, "4, 17-19, 21"));

        let mut many = Positions::default();
        (0..100_000).step_by(2).for_each(|index| many.add(index));
        assert_eq!(many.count(), 50_000);
        assert!(many.to_string().len() <= crate::journal::TEXT_LIMIT, "{many}");
        assert!(many.to_string().ends_with(", 114, 116"), "no number is cut: {many}");
    }
}
