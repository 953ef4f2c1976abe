//! One lane: a numbered row of segments with one writer at a time.
//!
//! Records are one `write(2)` of one buffer: one record, or those that were gathered
//! ([`super::batch`]). When it fails, the segment is cut back to its last whole
//! line before anything else is appended; when even that fails, the segment is left as it is (its
//! torn tail is recognised by every reader) and the lane goes on in a new one. When the disk refuses
//! to synchronise a segment, the lane leaves it too: after such a refusal the operating system may
//! have dropped what it could not write, and a later success says nothing about it.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Shared, batch::Batch, fault::JournalFault, line::Line, process::segment_name, record::Kind,
    storage::SegmentFile,
};

/// A record that follows another of its lane within so many microseconds waits for more: about what a busy
/// worker spends on an exchange or two. Where records are rarer, waiting would only cost.
const NEAR: i64 = 50;

/// No more bytes wait to be written: some fifty records.
const MOST: usize = 64 * 1024;

/// A segment, shared by its lane (which appends) and the committer (which synchronises).
pub(super) struct Segment {
    pub(super) path: PathBuf,
    file: Box<dyn SegmentFile>,
    /// Something was appended since the last synchronisation began.
    dirty: AtomicBool,
    /// The disk refused to synchronise: its lane leaves it.
    failed: AtomicBool,
    /// Its lane left it: once clean, the committer forgets it.
    pub(super) left: AtomicBool,
    /// Its name is on the disk.
    named: AtomicBool,
}

impl Segment {
    /// Brings to the disk what was appended before the call.
    pub(super) fn sync(&self, shared: &Shared) -> Result<(), JournalFault> {
        if self.failed.load(Ordering::Acquire) {
            return Err(self.refused(std::io::Error::other("an earlier synchronisation failed")));
        }
        // Cleared first: an append during the call makes it dirty again.
        self.dirty.store(false, Ordering::Release);
        let named = if self.named.load(Ordering::Acquire) {
            Ok(())
        } else {
            shared.storage.sync_folder(&shared.process.path)
        };
        match named.and_then(|()| self.file.sync()) {
            Ok(()) => {
                self.named.store(true, Ordering::Release);
                shared.health.synced();
                Ok(())
            }
            Err(source) => {
                self.failed.store(true, Ordering::Release);
                let fault = self.refused(source);
                shared.health.failed(&fault);
                Err(fault)
            }
        }
    }

    /// Whether something awaits synchronisation that still can succeed.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty.load(Ordering::Acquire) && !self.failed.load(Ordering::Acquire)
    }

    fn refused(&self, source: std::io::Error) -> JournalFault {
        JournalFault::sync(&self.path, source)
    }
}

/// The writer's side of a lane.
pub(super) struct Lane {
    number: u32,
    /// The number of the next record, but for those that wait.
    seq: u64,
    /// The time of the last record: `at` never falls, even when the clock does.
    at: i64,
    /// Exchanges opened here and not closed. A new segment's head names them, so that a successor
    /// need not read the segments before it.
    open: HashSet<Uuid>,
    segment: Option<Current>,
    /// The number of the next segment.
    next: u64,
    /// What waits to be written.
    buffer: Vec<u8>,
    /// How many records that is.
    gathered: u64,
    /// Who waits for them.
    batch: Option<Arc<Batch>>,
}

/// The segment a lane appends to.
struct Current {
    segment: Arc<Segment>,
    number: u64,
    day: i64,
    /// Its length up to the last whole line.
    length: u64,
    /// Its head is written.
    headed: bool,
    /// A failed append may have left bytes after `length`.
    torn: bool,
}

impl Lane {
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            seq: 0,
            at: i64::MIN,
            open: HashSet::new(),
            segment: None,
            next: 1,
            buffer: Vec::with_capacity(4096),
            gathered: 0,
            batch: None,
        }
    }

    /// Whether the lane wrote the opening of `exchange` and no closing yet.
    pub(super) fn holds(&self, exchange: Uuid) -> bool {
        self.open.contains(&exchange)
    }

    /// Appends the opening of `exchange`.
    pub(super) fn open(
        &mut self,
        shared: &Shared,
        exchange: Uuid,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<Arc<Segment>, JournalFault> {
        let segment = self.append(shared, Kind::Opening, fill)?;
        self.open.insert(exchange);
        Ok(segment)
    }

    /// Appends the closing of `exchange`.
    pub(super) fn close(
        &mut self,
        shared: &Shared,
        exchange: Uuid,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<Arc<Segment>, JournalFault> {
        let segment = self.append(shared, Kind::Closing, fill)?;
        self.open.remove(&exchange);
        Ok(segment)
    }

    /// Appends one record, after those that wait.
    pub(super) fn append(
        &mut self,
        shared: &Shared,
        kind: Kind,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<Arc<Segment>, JournalFault> {
        self.take_in(shared, kind, fill)?;
        self.flush(shared)
    }

    /// Takes in one record. It is written now, unless it comes closely after another: then it waits, and is
    /// written with those of its batch.
    pub(super) fn gather(
        &mut self,
        shared: &Shared,
        kind: Kind,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<Option<Arc<Batch>>, JournalFault> {
        let before = self.at;
        self.take_in(shared, kind, fill)?;
        if self.at.saturating_sub(before) > NEAR || self.buffer.len() > MOST {
            return self.flush(shared).map(|_| None);
        }
        Ok(Some(Arc::clone(self.batch.get_or_insert_default())))
    }

    /// Writes what waits, and tells whoever waits for it.
    pub(super) fn flush(&mut self, shared: &Shared) -> Result<Arc<Segment>, JournalFault> {
        let outcome = self.try_flush(shared);
        match &outcome {
            Ok(_) => shared.health.written(),
            Err(fault) => shared.health.failed(fault),
        }
        if let Some(batch) = self.batch.take() {
            batch.settle(outcome.as_ref().map(drop).map_err(Clone::clone));
        }
        outcome
    }

    fn try_flush(&mut self, shared: &Shared) -> Result<Arc<Segment>, JournalFault> {
        let gathered = std::mem::take(&mut self.gathered);
        // Something waits only where there is a segment for it.
        let current = self.segment.as_mut().ok_or(JournalFault::Closed)?;
        if gathered > 0 {
            if let Err(source) = current.segment.file.append(&self.buffer) {
                current.torn = current.segment.file.cut(current.length).is_err();
                return Err(JournalFault::write(&current.segment.path, source));
            }
            current.segment.dirty.store(true, Ordering::Release);
            current.headed = true;
            current.length += self.buffer.len() as u64;
            shared.count(gathered, self.buffer.len());
            self.seq += gathered;
        }
        Ok(Arc::clone(&current.segment))
    }

    fn take_in(
        &mut self,
        shared: &Shared,
        kind: Kind,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<(), JournalFault> {
        let taken = self.try_take_in(shared, kind, fill);
        if let Err(fault) = &taken {
            shared.health.failed(fault);
        }
        taken
    }

    fn try_take_in(
        &mut self,
        shared: &Shared,
        kind: Kind,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<(), JournalFault> {
        if shared.closed.load(Ordering::Acquire) {
            return Err(JournalFault::Closed);
        }
        let now = shared.now();
        let day = day_number(now);
        if self.gathered > 0 && self.segment.as_mut().is_none_or(|current| current.is_over(shared, day)) {
            // What waits belongs to the segment that it was numbered for. Who waits for it is told.
            let _ = self.flush(shared);
        }
        self.at = now.as_microsecond().max(self.at);
        let Self { number, seq, at, open, segment, next, buffer, gathered, .. } = self;
        let current = Self::current(shared, *number, segment, next, day)?;
        if *gathered == 0 {
            buffer.clear();
        }
        if !current.headed && *gathered == 0 {
            let mut head = Line::begin(buffer, *number, *seq, *at, Kind::Start);
            head.text("process", Some(&shared.process.name));
            head.number("segment", current.number);
            head.text("software", Some(env!("CARGO_PKG_VERSION")));
            head.ids("open", open.iter());
            head.finish();
            *gathered += 1;
        }
        let mut line = Line::begin(buffer, *number, *seq + *gathered, *at, kind);
        fill(&mut line);
        line.finish();
        *gathered += 1;
        Ok(())
    }

    /// The segment to append to: the present one, or a new one when that is full, of another day,
    /// refused by the disk or torn beyond repair.
    fn current<'l>(
        shared: &Shared,
        lane: u32,
        slot: &'l mut Option<Current>,
        next: &mut u64,
        day: i64,
    ) -> Result<&'l mut Current, JournalFault> {
        if let Some(over) = slot.take_if(|current| current.is_over(shared, day)) {
            over.segment.left.store(true, Ordering::Release);
        }
        let current = match slot.take() {
            Some(current) => current,
            None => {
                let number = *next;
                let path = shared.process.path.join(segment_name(lane, number));
                *next += 1;
                let file =
                    shared.storage.create(&path).map_err(|source| JournalFault::create(&path, source))?;
                let segment = Arc::new(Segment {
                    path,
                    file,
                    dirty: AtomicBool::new(false),
                    failed: AtomicBool::new(false),
                    left: AtomicBool::new(false),
                    named: AtomicBool::new(false),
                });
                shared.segments.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&segment));
                Current { segment, number, day, length: 0, headed: false, torn: false }
            }
        };
        Ok(slot.insert(current))
    }
}

impl Current {
    /// Whether the lane is to go on in another segment. One that may be torn is cut first.
    fn is_over(&mut self, shared: &Shared, day: i64) -> bool {
        if self.torn {
            self.torn = self.segment.file.cut(self.length).is_err();
        }
        let full = self.length >= shared.settings.segment_bytes;
        // A segment whose head could not be written stays, or a full disk would gather files.
        let another_day = self.headed && self.day != day;
        full || another_day || self.segment.failed.load(Ordering::Acquire) || self.torn
    }
}

/// A day of Việt Nam, which has had UTC+7 without summer time since 1975, counted from 1970.
fn day_number(at: Timestamp) -> i64 {
    (at.as_second() + 7 * 3600).div_euclid(24 * 3600)
}
