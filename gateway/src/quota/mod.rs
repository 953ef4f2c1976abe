//! Quota: how often, how many at once and how much a day and a month.
//!
//! **Meters.** A snapshot that is compiled resolves its terms to [`Meters`] once; the request's path
//! then looks nothing up. The registry outlives snapshots: the same key keeps its day, its places
//! and, while its terms are equal, its rate, so that a reload neither forgives nor punishes.
//!
//! **Admission.** [`admit`] takes a place, a reservation and a token from each meter or nothing (the
//! module `permit` says what that costs), and gives a [`Permit`]. [`Permit::forwarded`] charges the
//! day's request, [`Permit::released`] its records and bytes; dropping the permit gives the rest
//! back. Refusals cost nothing.
//!
//! **Keeping.** Day counts live in memory and, a second behind, in SQLite; what a crash takes with
//! it comes back from the journal (the module `flush`). The store belongs to one thread, and no
//! worker waits for it. Two processes may overlap: each counts under its own name and sees the
//! other's a second late.
//!
//! Rates and places are this process's alone.

mod clock;
mod day;
mod fault;
mod flush;
mod headers;
mod ledger;
mod meter;
mod permit;
mod store;
mod usage;

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use jiff::{Timestamp, civil::Date};
use policies::QuotaTerms;

pub use clock::Clock;
pub use day::Counts;
pub use fault::QuotaFault;
pub use headers::{DRAFT, RateLimit};
pub use ledger::{
    Admission, Asking, Kind as LedgerKind, Settings as LedgerSettings, Standing as LedgerStanding,
    Tls as LedgerTls, WhenAway,
};
pub use meter::{Meter, Meters};
pub use permit::{Denied, Exceeded, Permit, admit, arrive, ask};
pub use usage::{Measure, Spent, Usage};

use day::{Day, Days, Notes, day_number};
use flush::{Flusher, Order};
use ledger::{Desk, Ledger};
use meter::Rate;

/// How quotas are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often day counts are written.
    pub flush_every: Duration,
    /// The wall clock, for days.
    pub now: fn() -> Timestamp,
    /// The monotonic clock, for rates.
    pub clock: Clock,
    /// The ledger that gateways share; none counts in this process.
    pub ledger: Option<LedgerSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            flush_every: Duration::from_secs(1),
            now: Timestamp::now,
            clock: Clock::machine(),
            ledger: None,
        }
    }
}

/// All meters of this process. Shared by `Arc`; dropping it writes the counts a last time.
#[derive(Debug)]
pub struct Quota {
    shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
    flusher: Option<thread::JoinHandle<()>>,
    ledger: Mutex<Option<Ledger>>,
    desk: Option<Arc<Desk>>,
}

/// What the workers' side and the flushing thread have in common.
#[derive(Debug)]
struct Shared {
    /// This process's name, as the journal's folder has it.
    process: String,
    settings: Settings,
    epoch: Arc<AtomicU64>,
    keys: Mutex<HashMap<Arc<str>, Key>>,
    notes: Arc<Notes>,
    /// What this process did not charge today, for keys that get a meter later.
    elsewhere: Mutex<Elsewhere>,
    fault: Mutex<Option<QuotaFault>>,
}

/// What the store knows of a day beyond what this process charged on it.
#[derive(Debug, Default)]
struct Elsewhere {
    /// The day.
    day: i64,
    /// Charged on it by others.
    others: HashMap<Arc<str>, Counts>,
    /// Charged by anyone on the earlier days of its month.
    earlier: HashMap<Arc<str>, Counts>,
}

/// What a key keeps from snapshot to snapshot.
#[derive(Debug)]
struct Key {
    meter: Arc<Meter>,
    days: Arc<Days>,
}

impl Quota {
    /// Opens the quotas of the process that the journal calls `process`, under the folder `data`:
    /// reads today's counts, after taking from the journal what dead processes had not written.
    /// Blocks; called after the journal is open.
    ///
    /// # Errors
    /// When the store or the journal cannot be read or written.
    pub fn open(data: &Path, process: &str, settings: Settings) -> Result<Self, QuotaFault> {
        let path = data.join("quota.sqlite");
        let begin = |source| QuotaFault::Begin { path: path.clone(), source };
        std::fs::create_dir_all(data).map_err(begin)?;
        let shared = Arc::new(Shared {
            process: process.to_owned(),
            settings,
            // Epoch 0 is before everything: a process that never flushed is complete through it.
            epoch: Arc::new(AtomicU64::new(1)),
            keys: Mutex::default(),
            notes: Arc::default(),
            elsewhere: Mutex::default(),
            fault: Mutex::default(),
        });
        let flusher = Flusher::begin(Arc::clone(&shared), &path, data)?;
        let (orders, received) = mpsc::channel();
        let thread = thread::Builder::new().name("quota-flush".into());
        let flusher = thread.spawn(move || flusher.run(&received)).map_err(begin)?;
        let settings = &shared.settings;
        let ledger = settings.ledger.clone().map(|ledger| Ledger::open(ledger, process, &settings.clock));
        let ledger = ledger.transpose().map_err(begin)?;
        let desk = ledger.as_ref().map(|ledger| Arc::clone(ledger.desk()));
        Ok(Self { shared, orders, flusher: Some(flusher), ledger: Mutex::new(ledger), desk })
    }

    /// The meters of `terms`, in their order, of this process alone: put the caller's own first.
    pub fn meters<'t>(&self, terms: impl IntoIterator<Item = &'t QuotaTerms>) -> Meters {
        let mut keys = self.shared.keys();
        let meters = terms.into_iter().map(|terms| self.meter(&mut keys, terms, None)).collect();
        Meters::new(meters, Arc::clone(&self.shared.epoch), None)
    }

    /// The same, counted together with other gateways where they share a ledger. What is taken together
    /// has one `tag`, the service's id: a key has the same one everywhere.
    pub fn shared_meters<'t>(&self, tag: &str, terms: impl IntoIterator<Item = &'t QuotaTerms>) -> Meters {
        let Some(desk) = &self.desk else { return self.meters(terms) };
        let mut keys = self.shared.keys();
        let meters = terms.into_iter().map(|terms| self.meter(&mut keys, terms, Some((desk, tag)))).collect();
        Meters::new(meters, Arc::clone(&self.shared.epoch), Some(Arc::clone(desk)))
    }

    /// Settles with the shared ledger and gives leases back; nothing is admitted by it afterwards. Blocks
    /// for a moment.
    pub fn leave(&self) {
        drop(self.ledger.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// How the shared ledger stands; nothing when quotas are counted in this process.
    pub fn standing(&self) -> Option<LedgerStanding> {
        self.desk.as_ref().map(|desk| desk.standing())
    }

    /// The use of every key, by key.
    pub fn usages(&self, now: Timestamp) -> Vec<Usage> {
        let mut usages: Vec<Usage> = self.shared.keys().values().map(|key| key.meter.usage(now)).collect();
        usages.sort_by(|one, other| one.key.cmp(&other.key));
        usages
    }

    /// The use of one key, e.g. `agreement:TT-2026-017`.
    pub fn usage(&self, key: &str, now: Timestamp) -> Option<Usage> {
        self.shared.keys().get(key).map(|key| key.meter.usage(now))
    }

    /// Writes day counts now; returns when they are in the store. Blocks.
    ///
    /// # Errors
    /// Why they are not, in words.
    pub fn flush(&self) -> Result<(), String> {
        let (done, outcome) = mpsc::sync_channel(1);
        let ended = || "the flushing thread has ended".to_owned();
        self.orders.send(Order::Flush(done)).map_err(|_| ended())?;
        outcome.recv().map_err(|_| ended())?
    }

    /// The fault of the last flush, in both languages; `None` while all is well.
    pub fn fault(&self) -> Option<contracts::Bilingual> {
        self.shared.fault().as_ref().map(QuotaFault::explain)
    }

    fn meter(
        &self,
        keys: &mut HashMap<Arc<str>, Key>,
        terms: &QuotaTerms,
        desk: Option<(&Arc<Desk>, &str)>,
    ) -> Arc<Meter> {
        let known = keys.get(terms.key.as_str());
        let in_place = |known: &Key| {
            known.meter.account.as_ref().map(|account| account.tag()) == desk.map(|(_, tag)| tag)
        };
        if let Some(known) = known.filter(|known| known.meter.terms == *terms && in_place(known)) {
            return Arc::clone(&known.meter);
        }
        let rate = match known {
            Some(known) if known.meter.terms.per_second == terms.per_second => known.meter.rate.clone(),
            _ => terms.per_second.map(|rate| Arc::new(Rate::new(rate, &self.shared.settings.clock))),
        };
        let days =
            known.map_or_else(|| Arc::new(self.shared.days(&terms.key)), |known| Arc::clone(&known.days));
        let account = desk.map(|(desk, tag)| {
            let day = days.present();
            let known = known.and_then(|known| known.meter.account.as_ref());
            desk.account(tag, terms, day.number, [day.total(), day.month()], known)
        });
        let meter = Meter::new(terms.clone(), rate, Arc::clone(&days), account);
        let meter = Arc::new(meter);
        keys.insert(Arc::clone(&meter.key), Key { meter: Arc::clone(&meter), days });
        meter
    }

    /// Ends as a killed process does: what was not flushed is not.
    #[cfg(test)]
    fn die(mut self) {
        self.orders.send(Order::Die).unwrap();
        self.flusher.take().unwrap().join().unwrap();
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        self.leave();
        if let Some(flusher) = self.flusher.take() {
            // A thread that has ended cannot take the order, and one that panicked has nothing to
            // say: the journal has its charges.
            let _ = self.orders.send(Order::End);
            let _ = flusher.join();
        }
    }
}

/// A key's day with counts to write.
struct Changed {
    key: Arc<str>,
    date: Date,
    day: Arc<Day>,
}

impl Shared {
    fn now(&self) -> Timestamp {
        (self.settings.now)()
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<Arc<str>, Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elsewhere(&self) -> MutexGuard<'_, Elsewhere> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self) -> MutexGuard<'_, Option<QuotaFault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new key's days, with what was charged to it today by others and this month by anyone.
    fn days(&self, key: &str) -> Days {
        let today = day_number(self.now());
        let elsewhere = self.elsewhere();
        let of = |counts: &HashMap<Arc<str>, Counts>| counts.get(key).copied().unwrap_or_default();
        if elsewhere.day == today {
            Days::new(key, &self.notes, today, [of(&elsewhere.others), of(&elsewhere.earlier)])
        } else {
            // The flushing thread notices the new day within a second.
            Days::new(key, &self.notes, today, Default::default())
        }
    }

    /// What was charged since the last call.
    fn changed(&self) -> Vec<(Changed, Counts)> {
        let noted = self.notes.take();
        let keys = self.keys();
        noted
            .into_iter()
            .filter_map(|(key, number)| {
                let day = keys.get(&key)?.days.open().find(|day| day.number == number)?;
                let counts = day.take_changed()?;
                Some((Changed { key, date: day.date, day }, counts))
            })
            .collect()
    }

    /// Takes over what the store knows.
    fn set_elsewhere(&self, elsewhere: Elsewhere) {
        // Under the keys' lock: a key made meanwhile must not miss it.
        let keys = self.keys();
        for (key, kept) in keys.iter() {
            let day = kept.days.present();
            if day.number == elsewhere.day {
                day.set_others(elsewhere.others.get(key).copied().unwrap_or_default());
                day.set_earlier(elsewhere.earlier.get(key).copied().unwrap_or_default());
            }
        }
        *self.elsewhere() = elsewhere;
    }

    /// Forgets keys that no snapshot uses and nobody charged today.
    fn forget_idle(&self, today: i64) {
        self.keys().retain(|_, key| {
            // The registry holds one count itself.
            Arc::strong_count(&key.meter) > 1
                || key.days.present().number == today
                || key.days.in_flight.load(Ordering::Relaxed) > 0
        });
    }
}

#[cfg(test)]
mod tests;
