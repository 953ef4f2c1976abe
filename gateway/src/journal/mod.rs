//! The evidence: no exchange without a record, and every record found again.
//!
//! **Where.** `data/journal/<process>/<lane>-<segment>.jsonl`. A *process* has a folder of its own,
//! so that two can overlap during an upgrade. A *lane* is a row of append-only *segments* with one
//! writer at a time: each thread that records gets a lane on first use and gives it back when it
//! ends, so no lock is contended and no thread is woken in a request's way. Records that come closely
//! one after the other are written together (the module `batch`). A segment ends at a size or at midnight
//! (Asia/Ho_Chi_Minh).
//!
//! **What.** One line of JSON per record: format version, lane, a number without gaps in the lane, a
//! time that never falls in the lane, the kind, the members, a checksum. What touches personal data or
//! changes something has an `opening` before it is forwarded, what streams has one before its first byte
//! leaves, and both have a `closing` before the answer completes; anything else has one `exchange`. A
//! closing repeats what its opening said, so that each line can be read alone. Never a payload, never a
//! value, never an identifier of a person except as HMAC.
//!
//! **How safe.** [`Durability::Written`] survives the process; [`Durability::Synced`] survives the
//! power too and is awaited, while one thread synchronises for all who ask at once (the module
//! `commit`). What was merely written follows within a second, where the disk keeps up.
//!
//! **When it fails.** The caller gets a [`JournalFault`] and answers 503. Half a line is cut off
//! before the next one is written. [`Journal::fault`] tells `readyz`; it clears when the disk takes
//! records again.
//!
//! **After a crash.** The successor cuts torn tails, and records every opening without a closing as
//! `interrupted`, outcome unknown, once (the module `recovery`).
//!
//! Texts of documents are kept by hash beside it ([`Documents`]); [`Query`] reads it, [`verify()`]
//! checks it.

mod batch;
mod commit;
mod documents;
mod entry;
mod fault;
mod health;
mod lane;
mod line;
mod process;
mod query;
mod record;
mod recovery;
mod scan;
mod storage;
mod subject;
mod verify;

use std::{
    cell::RefCell,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::oneshot;
use uuid::Uuid;

pub use documents::{Documents, Kept, Manifest, Reader, Text};
pub use entry::{Act, Charge, Durability, Entry, Times};
pub use fault::JournalFault;
pub(crate) use process::Process;
pub use query::{Acts, Exchange, Exchanges, Outcome, Query, Records, find};
pub use record::{Charged, Kind, Record, bytes_of};
pub use recovery::Interrupted;
#[cfg(test)]
pub(crate) use storage::faulty;
pub use storage::{Disk, SegmentFile, Storage};
pub use subject::SubjectKey;
pub use verify::{Problem, ProblemKind, Report, verify};

use batch::Waiting;
use commit::Ask;
use health::{Counters, Health};
use lane::{Lane, Segment};
use process::ProcessFolder;
/// The format's version, in every line.
pub const VERSION: u32 = 1;

/// The longest text in a record, in bytes. Purpose, officer and unknown names come from callers; no
/// identifier of ours is longer.
pub const TEXT_LIMIT: usize = 256;

/// The longest list in a record. No contract has more fields; a caller may name more filters.
pub const LIST_LIMIT: usize = 512;

/// How the journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// A segment ends once it has this many bytes.
    pub segment_bytes: u64,
    /// How long a merely written record waits for its turn at a disk that keeps up; at a slower one, up to a
    /// second. Its own synchronisation comes on top.
    pub sync_every: Duration,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Default for Settings {
    fn default() -> Self {
        // 64 MiB: some 100,000 exchanges, read through in a tenth of a second at a restart.
        Self { segment_bytes: 64 << 20, sync_every: Duration::from_millis(100), now: Timestamp::now }
    }
}

/// The journal of this process. Shared by `Arc`; dropping the last one synchronises what is left.
pub struct Journal {
    shared: Arc<Shared>,
    /// `None` only while dropping: the committer ends when nobody can ask any more.
    asks: Option<mpsc::Sender<Ask>>,
    committer: Option<thread::JoinHandle<()>>,
}

/// What the threads have in common.
struct Shared {
    folder: PathBuf,
    process: ProcessFolder,
    settings: Settings,
    storage: Box<dyn Storage>,
    documents: Documents,
    health: Health,
    counters: Counters,
    closed: AtomicBool,
    /// The number of the next new lane.
    next_lane: AtomicU32,
    /// Every lane ever made here.
    lanes: Mutex<Vec<Arc<Mutex<Lane>>>>,
    /// Lanes whose threads have ended.
    idle: Mutex<Vec<Arc<Mutex<Lane>>>>,
    /// Segments that are appended to or await synchronisation.
    segments: Mutex<Vec<Arc<Segment>>>,
}

/// Numbers for `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Records written by this process.
    pub records: u64,
    /// Bytes written by this process.
    pub bytes: u64,
    /// Lanes in use or idle.
    pub lanes: u32,
    /// Synchronisations that succeeded.
    pub syncs: u64,
    /// Acts that failed.
    pub faults: u64,
}

impl Journal {
    /// Opens the journal of a process under the folder `data`, examines what dead processes left,
    /// and records what they interrupted.
    ///
    /// # Errors
    /// When the folder cannot be made, the past cannot be read or the findings cannot be recorded:
    /// a gateway that cannot keep evidence does not start.
    pub fn open(data: &Path, settings: Settings) -> Result<(Self, Vec<Interrupted>), JournalFault> {
        Self::open_on(Box::new(Disk), data, settings)
    }

    /// As [`Journal::open`], on a storage of the caller's: how a test makes the disk fail.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_on(
        storage: Box<dyn Storage>,
        data: &Path,
        settings: Settings,
    ) -> Result<(Self, Vec<Interrupted>), JournalFault> {
        let folder = folder_of(data);
        let shared = Arc::new(Shared {
            process: ProcessFolder::create(&folder, (settings.now)())?,
            folder,
            settings,
            storage,
            documents: Documents::of(data),
            health: Health::default(),
            counters: Counters::default(),
            closed: AtomicBool::new(false),
            next_lane: AtomicU32::new(0),
            lanes: Mutex::default(),
            idle: Mutex::default(),
            segments: Mutex::default(),
        });
        let (asks, asked) = mpsc::channel();
        let for_thread = Arc::clone(&shared);
        let committer = thread::Builder::new()
            .name("journal-commit".into())
            .spawn(move || commit::run(&for_thread, &asked))
            .map_err(|source| JournalFault::create(&shared.folder, source))?;
        let journal = Self { shared, asks: Some(asks), committer: Some(committer) };
        let interrupted = journal.settle()?;
        Ok((journal, interrupted))
    }

    /// Records that an exchange is about to be forwarded.
    ///
    /// # Errors
    /// When the record is not as safe as asked: the exchange must not be forwarded. The opening may
    /// exist all the same, so a [`Journal::closing`] is still owed.
    pub async fn opening(&self, entry: &Entry<'_>, durability: Durability) -> Result<(), JournalFault> {
        let lane = self.lane();
        let segment = locked(&lane).open(&self.shared, entry.exchange, |line| line.entry(entry))?;
        self.secure(segment, durability).await
    }

    /// Records what became of an opened exchange; `entry` tells everything, not only what is new.
    ///
    /// # Errors
    /// When the record is not as safe as asked: nothing may be released.
    pub async fn closing(&self, entry: &Entry<'_>, durability: Durability) -> Result<(), JournalFault> {
        let lane = self.lane_of(entry.exchange);
        let segment = locked(&lane).close(&self.shared, entry.exchange, |line| line.entry(entry))?;
        self.secure(segment, durability).await
    }

    /// Records a whole exchange that had no opening.
    ///
    /// # Errors
    /// As [`Journal::closing`].
    pub async fn whole(&self, entry: &Entry<'_>, durability: Durability) -> Result<(), JournalFault> {
        let lane = self.lane();
        if durability == Durability::Synced {
            let segment = locked(&lane).append(&self.shared, Kind::Exchange, |line| line.entry(entry))?;
            return self.secure(segment, durability).await;
        }
        let batch = locked(&lane).gather(&self.shared, Kind::Exchange, |line| line.entry(entry))?;
        match batch {
            None => Ok(()),
            Some(batch) => Waiting { shared: &self.shared, lane, batch }.written().await,
        }
    }

    /// Records the end of an exchange whose task is being dropped (the consumer went away, the worker
    /// stops) and cannot await: as its closing if it has an opening, else as its only record; merely
    /// written.
    ///
    /// # Errors
    /// When it cannot be written; nobody is left to be told but the log.
    pub fn abandoned(&self, entry: &Entry<'_>) -> Result<(), JournalFault> {
        let lane = self.lane_of(entry.exchange);
        let mut lane = locked(&lane);
        if lane.holds(entry.exchange) {
            lane.close(&self.shared, entry.exchange, |line| line.entry(entry)).map(drop)
        } else {
            lane.append(&self.shared, Kind::Exchange, |line| line.entry(entry)).map(drop)
        }
    }

    /// Keeps the documents of an act to come; they are on the disk when it returns. Blocks: not for a
    /// worker.
    ///
    /// # Errors
    /// When they are not on the disk.
    pub fn keep(&self, texts: &[Text<'_>]) -> Result<Kept, JournalFault> {
        self.shared.documents.keep_manifest(texts).inspect_err(|fault| self.shared.health.failed(fault))
    }

    /// Records an act; it is on the disk when this returns. Blocks: not for a worker.
    ///
    /// # Errors
    /// When it is not on the disk.
    pub fn act(&self, act: &Act<'_>) -> Result<(), JournalFault> {
        let lane = self.lane();
        let segment = locked(&lane).append(&self.shared, Kind::Act, |line| line.act(act))?;
        segment.sync(&self.shared)
    }

    /// Examines processes that died since the journal was opened (in an upgrade, the predecessor):
    /// cuts torn tails and records interrupted exchanges, once. Blocks; a call per minute is plenty.
    ///
    /// # Errors
    /// When the past cannot be read or the findings cannot be recorded; a later call tries again.
    pub fn settle(&self) -> Result<Vec<Interrupted>, JournalFault> {
        recovery::settle(self)
    }

    /// The exchange of this id in the whole journal. Blocks.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn find(&self, exchange: Uuid) -> Result<Option<Exchange>, JournalFault> {
        find(&self.shared.folder, exchange)
    }

    /// The fault that stands, if one does: `readyz` is not ready then.
    pub fn fault(&self) -> Option<JournalFault> {
        self.shared.health.standing()
    }

    /// The texts behind decisions.
    pub fn documents(&self) -> &Documents {
        &self.shared.documents
    }

    /// This process's id: the name of its folder.
    pub fn process(&self) -> &str {
        &self.shared.process.name
    }

    /// The folder of all processes' segments, for [`Query`] and [`verify()`].
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Numbers for `/metrics`.
    pub fn stats(&self) -> Stats {
        let (faults, syncs) = self.shared.health.counts();
        Stats {
            records: self.shared.counters.records.load(Ordering::Relaxed),
            bytes: self.shared.counters.bytes.load(Ordering::Relaxed),
            lanes: self.shared.next_lane.load(Ordering::Relaxed),
            syncs,
            faults,
        }
    }

    /// Waits until the record in `segment` is as safe as asked.
    async fn secure(&self, segment: Arc<Segment>, durability: Durability) -> Result<(), JournalFault> {
        match durability {
            Durability::Written => Ok(()),
            Durability::Synced => {
                let (done, outcome) = oneshot::channel();
                let asks = self.asks.as_ref().ok_or(JournalFault::Closed)?;
                asks.send(Ask { segment, done }).map_err(|_| JournalFault::Closed)?;
                outcome.await.map_err(|_| JournalFault::Closed)?
            }
        }
    }

    /// The calling thread's lane.
    fn lane(&self) -> Arc<Mutex<Lane>> {
        HELD.with(|held| {
            // Nothing below runs a caller's code, so the cell is never borrowed twice.
            let mut held = held.borrow_mut();
            if let Some(held) = held.iter().find(|held| held.is_of(&self.shared)) {
                return Arc::clone(&held.lane);
            }
            held.retain(|held| held.shared.strong_count() > 0);
            let lane = locked(&self.shared.idle).pop().unwrap_or_else(|| self.shared.new_lane());
            held.push(Held { shared: Arc::downgrade(&self.shared), lane: Arc::clone(&lane) });
            lane
        })
    }

    /// The lane that opened `exchange`: the calling thread's, unless its task moved between threads.
    fn lane_of(&self, exchange: Uuid) -> Arc<Mutex<Lane>> {
        let own = self.lane();
        if locked(&own).holds(exchange) {
            return own;
        }
        let lanes = locked(&self.shared.lanes).clone();
        lanes.into_iter().find(|lane| locked(lane).holds(exchange)).unwrap_or(own)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        self.asks = None;
        if let Some(committer) = self.committer.take() {
            // A committer that panicked has nothing left to say; its records are written.
            let _ = committer.join();
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Journal").field(&self.shared.process.path).finish()
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        (self.settings.now)()
    }

    fn count(&self, records: u64, bytes: usize) {
        self.counters.records.fetch_add(records, Ordering::Relaxed);
        self.counters.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn new_lane(&self) -> Arc<Mutex<Lane>> {
        let lane = Arc::new(Mutex::new(Lane::new(self.next_lane.fetch_add(1, Ordering::Relaxed))));
        locked(&self.lanes).push(Arc::clone(&lane));
        lane
    }
}

thread_local! {
    /// The lanes of this thread; more than one only where tests open several journals.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

/// A thread's hold on a lane; given back when the thread ends.
struct Held {
    shared: Weak<Shared>,
    lane: Arc<Mutex<Lane>>,
}

impl Held {
    fn is_of(&self, shared: &Arc<Shared>) -> bool {
        std::ptr::eq(self.shared.as_ptr(), Arc::as_ptr(shared))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            locked(&shared.idle).push(Arc::clone(&self.lane));
        }
    }
}

/// The folder of all processes' segments under a data folder.
pub fn folder_of(data: &Path) -> PathBuf {
    data.join("journal")
}

/// A panic while a lane was held left at worst a torn line, which readers know; the lane goes on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
