//! How far a long translation is, for a person who waits for it.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use contracts::Language;

use crate::cli::Console;

/// Work shorter than this is over before anybody wonders.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at the line.
const PAUSE: Duration = Duration::from_millis(250);

/// One line on the terminal that standard error is, rewritten as the work goes on; nothing elsewhere.
pub(super) struct Progress {
    length: Option<u64>,
    read: u64,
    records: usize,
    /// When the line is due next; never when there is no terminal.
    due: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// Progress through `length` bytes, if that is known.
    pub(super) fn new(length: Option<u64>) -> Self {
        let due = std::io::stderr().is_terminal().then(|| Instant::now() + PATIENCE);
        Self { length, read: 0, records: 0, due, shown: false }
    }

    /// One record more is written.
    pub(super) fn count(&mut self) {
        self.records += 1;
    }

    /// `bytes` more are read.
    pub(super) fn advance(&mut self, bytes: usize, console: &mut Console<'_>) {
        self.read += u64::try_from(bytes).unwrap_or(u64::MAX);
        let Some(due) = self.due else { return };
        let now = Instant::now();
        if now < due {
            return;
        }
        self.due = Some(now + PAUSE);
        self.shown = true;
        let line = self.line(console.language());
        // When standard error is gone there is nobody left to tell.
        let _ = write!(console.err, "\r{line}\u{1B}[K").and_then(|()| console.err.flush());
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self, console: &mut Console<'_>) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(console.err, "\r\u{1B}[K");
        }
    }

    fn line(&self, language: Language) -> String {
        let records = match language {
            Language::Vi => format!("{} bản ghi", self.records),
            Language::En => format!("{} records", self.records),
        };
        match self.length.filter(|length| *length > 0) {
            Some(length) => format!("{} % · {records}", self.read.min(length) * 100 / length),
            None => format!("{} MB · {records}", self.read / 1_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_a_share_where_the_length_is_known() {
        let progress = |length| Progress { length, read: 5_000_000, records: 7, due: None, shown: false };
        assert_eq!(progress(Some(20_000_000)).line(Language::En), "25 % · 7 records");
        assert_eq!(progress(Some(0)).line(Language::Vi), "5 MB · 7 bản ghi");
        assert_eq!(progress(None).line(Language::Vi), "5 MB · 7 bản ghi");
    }
}
