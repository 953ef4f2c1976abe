//! One lane: a numbered row of segments with one writer at a time.
//!
//! A record is one `write(2)` of one buffer. When it fails, the segment is cut back to its last whole
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

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::{
    Shared, fault::JournalFault, line::Line, local_day, process::segment_name, record::Kind,
    storage::SegmentFile,
};

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
    /// The number of the next record.
    seq: u64,
    /// The time of the last record: `at` never falls, even when the clock does.
    at: i64,
    /// Exchanges opened here and not closed. A new segment's head names them, so that a successor
    /// need not read the segments before it.
    open: HashSet<Uuid>,
    segment: Option<Current>,
    /// The number of the next segment.
    next: u64,
    buffer: Vec<u8>,
}

/// The segment a lane appends to.
struct Current {
    segment: Arc<Segment>,
    number: u64,
    day: Date,
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

    /// Appends one record.
    pub(super) fn append(
        &mut self,
        shared: &Shared,
        kind: Kind,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<Arc<Segment>, JournalFault> {
        let outcome = self.try_append(shared, kind, fill);
        match &outcome {
            Ok(_) => shared.health.written(),
            Err(fault) => shared.health.failed(fault),
        }
        outcome
    }

    fn try_append(
        &mut self,
        shared: &Shared,
        kind: Kind,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Result<Arc<Segment>, JournalFault> {
        if shared.closed.load(Ordering::Acquire) {
            return Err(JournalFault::Closed);
        }
        let now = shared.now();
        let at = now.as_microsecond().max(self.at);
        let Self { number, seq, open, segment, next, buffer, .. } = self;
        let current = Self::current(shared, *number, segment, next, now)?;

        buffer.clear();
        let mut written = *seq;
        if !current.headed {
            let mut head = Line::begin(buffer, *number, written, at, Kind::Start);
            head.text("process", Some(&shared.process.name));
            head.number("segment", current.number);
            head.text("software", Some(env!("CARGO_PKG_VERSION")));
            head.ids("open", open.iter());
            head.finish();
            written += 1;
        }
        let mut line = Line::begin(buffer, *number, written, at, kind);
        fill(&mut line);
        line.finish();
        written += 1;

        if let Err(source) = current.segment.file.append(buffer) {
            current.torn = current.segment.file.cut(current.length).is_err();
            return Err(JournalFault::write(&current.segment.path, source));
        }
        current.segment.dirty.store(true, Ordering::Release);
        current.headed = true;
        current.length += buffer.len() as u64;
        shared.count(written - *seq, buffer.len());
        self.seq = written;
        self.at = at;
        Ok(Arc::clone(&current.segment))
    }

    /// The segment to append to: the present one, or a new one when that is full, of another day,
    /// refused by the disk or torn beyond repair.
    fn current<'l>(
        shared: &Shared,
        lane: u32,
        slot: &'l mut Option<Current>,
        next: &mut u64,
        now: Timestamp,
    ) -> Result<&'l mut Current, JournalFault> {
        let day = local_day(now);
        if let Some(current) = slot.as_mut() {
            if current.torn {
                current.torn = current.segment.file.cut(current.length).is_err();
            }
            let full = current.length >= shared.settings.segment_bytes;
            // A segment whose head could not be written stays, or a full disk would gather files.
            let another_day = current.headed && current.day != day;
            let failed = current.segment.failed.load(Ordering::Acquire);
            if full || another_day || failed || current.torn {
                current.segment.left.store(true, Ordering::Release);
                *slot = None;
            }
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
