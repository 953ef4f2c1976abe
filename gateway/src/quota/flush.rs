//! The thread that keeps day counts, and how none is lost in a crash.
//!
//! Every charge bears the *epoch* in which it was made, read after the count was raised. A flush ends
//! the epoch first and reads the counts second; so a charge that the flush missed bears a later epoch
//! than the one the flush says it is complete through. After a crash the charges of later epochs are
//! taken from the journal. (A charge that falls within the nanoseconds between the two reads may be
//! counted twice; none can be lost.) A request of an opening without a closing counts as charged: it
//! may have reached the provider.
//!
//! The files of the journal are read only from the mark on, and only of processes that are dead.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use jiff::{Timestamp, civil::Date};

use super::{
    Elsewhere, Shared,
    day::{Counts, date_of, day_number},
    fault::QuotaFault,
    store::{Mark, Row, Store},
};
use crate::journal::{self, Charged, JournalFault, Kind, Process, Records};

/// How often the thread looks for processes that died beside it: an upgrade's predecessor.
const SETTLE_EVERY: Duration = Duration::from_secs(10);

/// How far before its mark a dead process's records are read, in microseconds: its wall clock may
/// have been set back a little.
const SLACK: i64 = 60_000_000;

/// How many flushes without charges leave the mark where it was.
const MARK_EVERY: u64 = 60;

/// What the thread is told.
pub(super) enum Order {
    /// Flush now and tell the outcome.
    Flush(SyncSender<Result<(), String>>),
    /// Flush and end.
    End,
    /// End as a killed process does: flush nothing.
    #[cfg(test)]
    Die,
}

/// The thread's state.
pub(super) struct Flusher {
    pub(super) shared: Arc<Shared>,
    store: Store,
    journal: PathBuf,
    /// The store's version when others' counts were last read; absent when they must be read.
    version: Option<i64>,
    /// The day of others' counts.
    day: i64,
}

impl Flusher {
    /// Enters this process, settles the dead ones and reads today's counts.
    pub(super) fn begin(shared: Arc<Shared>, path: &Path, data: &Path) -> Result<Self, QuotaFault> {
        let now = shared.now();
        let store = Store::open(path)?;
        let mut flusher =
            Self { shared, store, journal: journal::folder_of(data), version: None, day: day_number(now) };
        // A process that the store does not know (it is new, or the store is) is counted from the
        // journal, from this month's beginning.
        let read = |source| JournalFault::read(&flusher.journal, source);
        let mut known: Vec<String> =
            Process::all(&flusher.journal).map_err(read)?.into_iter().map(|process| process.name).collect();
        known.push(flusher.shared.process.clone());
        flusher.store.enter(&known, month_start(now))?;
        flusher.store.forget(date_of(flusher.day))?;
        flusher.settle()?;
        flusher.refresh()?;
        Ok(flusher)
    }

    /// The thread's body.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        let mut settled = Instant::now();
        loop {
            let order = orders.recv_timeout(self.shared.settings.flush_every);
            if settled.elapsed() >= SETTLE_EVERY {
                settled = Instant::now();
                let outcome = self.settle();
                self.note(outcome);
            }
            match order {
                Err(RecvTimeoutError::Timeout) => {
                    let outcome = self.flush();
                    self.note(outcome);
                }
                Ok(Order::Flush(done)) => {
                    let outcome = self.flush();
                    let told = outcome.as_ref().map_err(ToString::to_string).copied();
                    self.note(outcome);
                    // Who asked may be gone.
                    let _ = done.send(told);
                }
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => {
                    let outcome = self.flush();
                    self.note(outcome);
                    return;
                }
                #[cfg(test)]
                Ok(Order::Die) => return,
            }
        }
    }

    /// Writes what changed, and reads what others wrote.
    fn flush(&mut self) -> Result<(), QuotaFault> {
        let now = self.shared.now();
        // The epoch ends before the counts are read: see the module.
        let flushed_at = now.as_microsecond();
        let epoch = self.shared.epoch.fetch_add(1, Ordering::SeqCst);
        let changed = self.shared.changed();
        let rows: Vec<Row> =
            changed.iter().map(|(day, counts)| (day.date, Arc::clone(&day.key), *counts)).collect();
        // The mark moves now and then without charges too, or a quiet process's whole day would be read
        // after its death.
        if !rows.is_empty() || epoch.is_multiple_of(MARK_EVERY) {
            let mark = Mark { process: self.shared.process.clone(), epoch, flushed_at };
            if let Err(fault) = self.store.flush(&mark, &rows) {
                changed.iter().for_each(|(day, _)| day.day.mark_changed());
                return Err(fault);
            }
        }
        let today = day_number(now);
        if rows.iter().any(|(date, ..)| *date != date_of(today)) {
            // A late charge to the day before belongs to what the month had earlier.
            self.version = None;
        }
        if today != self.day {
            self.day = today;
            self.version = None;
            self.shared.forget_idle(today);
            self.store.forget(date_of(today))?;
        }
        self.refresh()
    }

    /// Reads others' counts if another process wrote or the day is new.
    fn refresh(&mut self) -> Result<(), QuotaFault> {
        let version = self.store.version()?;
        if self.version != Some(version) {
            let today = date_of(self.day);
            let others = self.store.others(today, &self.shared.process)?;
            let earlier = self.store.earlier(today)?;
            self.shared.set_elsewhere(Elsewhere { day: self.day, others, earlier });
            self.version = Some(version);
        }
        Ok(())
    }

    /// Takes from the journal what dead processes charged after their last flush.
    fn settle(&mut self) -> Result<(), QuotaFault> {
        let marks = self.store.unsettled()?;
        let read = |source| JournalFault::read(&self.journal, source);
        let processes = Process::all(&self.journal).map_err(read)?;
        for mark in marks.iter().filter(|mark| mark.process != self.shared.process) {
            let rows = match processes.iter().find(|process| process.name == mark.process) {
                Some(process) => {
                    // Held until the store is written; a living process's cannot be had.
                    let Some(_lock) = process.seize().map_err(read)? else { continue };
                    charged_after(process, mark)?
                }
                // Its part of the journal was moved away: there is nothing to add.
                None => Vec::new(),
            };
            if self.store.settle(mark, &rows)? {
                self.version = None;
            }
        }
        Ok(())
    }

    fn note(&self, outcome: Result<(), QuotaFault>) {
        let fault = outcome.err();
        let mut standing = self.shared.fault();
        // Told once, not every second.
        match (&fault, &*standing) {
            (Some(fault), None) => tracing::warn!(%fault, "day counts are not being kept"),
            (None, Some(_)) => tracing::info!("day counts are kept again"),
            _ => {}
        }
        *standing = fault;
    }
}

/// What `process` charged in epochs after its mark.
fn charged_after(process: &Process, mark: &Mark) -> Result<Vec<Row>, JournalFault> {
    let mut sums: HashMap<(Date, Arc<str>), Counts> = HashMap::new();
    let mut open: HashMap<uuid::Uuid, Charged> = HashMap::new();
    let mut add = |charged: Charged| {
        let requests = u64::from(charged.forwarded.is_some_and(|epoch| epoch > mark.epoch));
        let released = charged.released.is_some_and(|epoch| epoch > mark.epoch);
        for key in charged.keys {
            let sum = sums.entry((charged.day, key)).or_default();
            sum.requests += requests;
            if released {
                sum.records += charged.records;
                sum.bytes += charged.bytes;
            }
        }
    };
    for record in Records::of(process, Some(mark.flushed_at.saturating_sub(SLACK)))? {
        let record = record?;
        match (record.kind, record.exchange, record.charge) {
            (Kind::Opening, Some(exchange), Some(charged)) => {
                open.insert(exchange, charged);
            }
            (Kind::Closing | Kind::Exchange, Some(exchange), charged) => {
                let opening = open.remove(&exchange);
                if let Some(charged) = charged.or(opening) {
                    add(charged);
                }
            }
            _ => {}
        }
    }
    open.into_values().for_each(&mut add);
    let rows = sums.into_iter().filter(|(_, counts)| *counts != Counts::default());
    Ok(rows.map(|((day, key), counts)| (day, key, counts)).collect())
}

/// The beginning of the month of `now` in Việt Nam, microseconds since 1970.
fn month_start(now: Timestamp) -> i64 {
    let day = 24 * 3600;
    let midnight = now.as_second() - (day - i64::try_from(super::day::until_midnight(now)).unwrap_or(0));
    let days_before = i64::from(date_of(day_number(now)).day()) - 1;
    (midnight - days_before * day) * 1_000_000
}
