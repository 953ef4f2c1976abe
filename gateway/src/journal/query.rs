//! Reading the evidence: every process's lanes, merged by time.
//!
//! Memory is bounded: one open file and one line per lane that has something at that moment, plus the
//! openings that await their closing, which are no more than were once in flight. A segment outside
//! the asked time is skipped by its head. What is still being written is read up to its last whole
//! line.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet, VecDeque},
    path::{Path, PathBuf},
    sync::Arc,
};

use memchr::memmem::Finder;
use uuid::Uuid;

use super::{
    fault::JournalFault,
    line::{self, Line},
    process::Process,
    record::{Kind, Record},
    recovery::head,
    scan::{Piece, Scan},
};

/// How long after the asked time an exchange that began within it may be recorded, in microseconds: an
/// hour, longer than any exchange but a stuck one. [`find`] has no such limit.
const JOIN_HORIZON: i64 = 3_600_000_000;

/// Which exchanges; every filter that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// From this moment on, microseconds since 1970.
    pub from: Option<i64>,
    /// Before this moment.
    pub until: Option<i64>,
    /// A member (`H26`) as caller, as represented or as provider; or a calling system
    /// (`H26/quan-ly-khcn`).
    pub member: Option<String>,
    /// The service, `G06/nhiem-vu`.
    pub service: Option<String>,
    /// The agreement.
    pub agreement: Option<String>,
    /// The rule that refused or broke it, or the finer cause under it.
    pub rule: Option<String>,
    /// The exchange's id.
    pub exchange: Option<Uuid>,
    /// The subject, as [`SubjectKey::of`](super::SubjectKey::of) makes it.
    pub subject: Option<[u8; 32]>,
}

/// What is known of an exchange's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is recorded whole, or opened and closed.
    Known,
    /// It was opened and has no closing yet (or none within an hour of the asked time).
    Open,
    /// Its process died: whether the provider acted on it is unknown.
    Interrupted,
}

/// One exchange, its records joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// All that is known; members that a closing lacks are its opening's.
    pub record: Record,
    /// Where it was written: `<process>/<lane>-<segment>.jsonl`.
    pub file: String,
    /// What is known of its end.
    pub outcome: Outcome,
}

impl Query {
    /// The raw records of a journal's folder within the asked time, oldest first; the other filters
    /// do not apply.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn records(&self, folder: &Path) -> Result<Records, JournalFault> {
        Records::open(folder, self.from, self.until, None)
    }

    /// The exchanges that match, joined, each when its last record is met.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn exchanges(&self, folder: &Path) -> Result<Exchanges, JournalFault> {
        let horizon = self.until.map(|until| until.saturating_add(JOIN_HORIZON));
        Ok(Exchanges {
            records: Records::open(folder, self.from, horizon, self.needle())?,
            query: self.clone(),
            open: HashMap::new(),
            interrupted: HashSet::new(),
            left: VecDeque::new(),
            ended: false,
        })
    }

    /// The acts within the asked time, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn acts(&self, folder: &Path) -> Result<Acts, JournalFault> {
        let needle = needle(|line| line.text("kind", Some(Kind::Act.as_str())));
        Ok(Acts(Records::open(folder, self.from, self.until, Some(needle))?))
    }

    /// What a line must contain to be worth reading: the most telling filter that every record of an
    /// exchange bears alike. (A rule is not: an opening has none.)
    fn needle(&self) -> Option<Needle> {
        let Self { exchange, subject, agreement, service, .. } = self;
        if let Some(exchange) = exchange {
            return Some(needle(|line| line.text("exchange", Some(&exchange.to_string()))));
        }
        if let Some(subject) = subject {
            return Some(needle(|line| line.digest("subject", Some(subject))));
        }
        let names = [("agreement", agreement), ("service", service)];
        let (name, asked) = names.into_iter().find_map(|(name, asked)| Some((name, asked.as_deref()?)))?;
        Some(needle(|line| line.text(name, Some(asked))))
    }

    /// Whether an exchange with this (joined) record is asked for.
    fn wants(&self, record: &Record) -> bool {
        let began = record.request_in.unwrap_or(record.at);
        let is = |asked: &Option<String>, found: &Option<String>| asked.is_none() || asked == found;
        self.from.is_none_or(|from| began >= from)
            && self.until.is_none_or(|until| began < until)
            && self.member.as_deref().is_none_or(|member| concerns(record, member))
            && is(&self.service, &record.service)
            && is(&self.agreement, &record.agreement)
            && (is(&self.rule, &record.rule) || is(&self.rule, &record.cause))
            && self.exchange.is_none_or(|exchange| record.exchange == Some(exchange))
            && self.subject.is_none_or(|subject| record.subject == Some(subject))
    }
}

/// The exchange of this id.
///
/// # Errors
/// When the folder cannot be read.
pub fn find(folder: &Path, exchange: Uuid) -> Result<Option<Exchange>, JournalFault> {
    // A version 7 UUID says when it was made; the clock may have been set back a little since.
    let made = exchange.get_timestamp().map(|stamp| {
        let (seconds, nanoseconds) = stamp.to_unix();
        i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000) + i64::from(nanoseconds / 1000)
    });
    let mut exchanges = Query { exchange: Some(exchange), ..Query::default() }.exchanges(folder)?;
    let from = made.map(|made| made.saturating_sub(60_000_000));
    exchanges.records = Records::open(folder, from, None, exchanges.query.needle())?;
    exchanges.next().transpose()
}

/// Raw records, oldest first. Lines that are not whole are counted, not returned.
pub struct Records {
    until: Option<i64>,
    lanes: Vec<LaneReader>,
    /// The next record of every lane that has one, by time, process, lane and number.
    next: BinaryHeap<Reverse<(i64, usize, u64)>>,
    needle: Option<Needle>,
    broken: u64,
}

/// Bytes that a line must contain to be parsed at all.
type Needle = Arc<Finder<'static>>;

/// The member that `write` writes, as bytes.
fn needle(write: impl FnOnce(&mut Line<'_>)) -> Needle {
    let mut member = Vec::new();
    write(&mut Line::fragment(&mut member));
    Arc::new(Finder::new(&member).into_owned())
}

impl Records {
    fn open(
        folder: &Path,
        from: Option<i64>,
        until: Option<i64>,
        needle: Option<Needle>,
    ) -> Result<Self, JournalFault> {
        let read = |source| JournalFault::read(folder, source);
        let mut records = Self { until, needle, lanes: Vec::new(), next: BinaryHeap::new(), broken: 0 };
        for process in Process::all(folder).map_err(read)? {
            records.add(&process, from)?;
        }
        Ok(records)
    }

    /// One process's records.
    pub(crate) fn of(process: &Process, from: Option<i64>) -> Result<Self, JournalFault> {
        let mut records =
            Self { until: None, needle: None, lanes: Vec::new(), next: BinaryHeap::new(), broken: 0 };
        records.add(process, from)?;
        Ok(records)
    }

    fn add(&mut self, process: &Process, from: Option<i64>) -> Result<(), JournalFault> {
        let lanes = process.lanes().map_err(|source| JournalFault::read(&process.path, source))?;
        for segments in lanes.into_values() {
            if let Some((reader, at)) = LaneReader::new(segments, from, self.until)? {
                self.next.push(Reverse((at, self.lanes.len(), 0)));
                self.lanes.push(reader);
            }
        }
        Ok(())
    }

    /// Lines met so far that were not whole: torn tails and damage; `verify` tells which.
    pub fn broken(&self) -> u64 {
        self.broken
    }

    /// The file of a lane's last record, under the journal's folder.
    fn file(&self, lane: usize) -> String {
        let path = self.lanes.get(lane).map(|lane| lane.path.as_path()).unwrap_or(Path::new(""));
        let name = |path: Option<&Path>| {
            path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        };
        format!("{}/{}", name(path.parent()), name(Some(path)))
    }

    fn advance(&mut self) -> Result<Option<(usize, Record)>, JournalFault> {
        loop {
            let Some(Reverse((_, index, _))) = self.next.pop() else { return Ok(None) };
            let Some(lane) = self.lanes.get_mut(index) else { continue };
            let ready = lane.ready.take();
            match lane.read(self.needle.as_deref(), &mut self.broken)? {
                Some((at, seq)) if self.until.is_none_or(|until| at < until) => {
                    self.next.push(Reverse((at, index, seq)));
                }
                // Past the asked time: the rest of the lane is later still.
                _ => lane.close(),
            }
            if let Some(record) = ready {
                return Ok(Some((index, record)));
            }
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, JournalFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().map(|found| found.map(|(_, record)| record)).transpose()
    }
}

/// One lane's segments, opened one at a time and only when their turn comes.
struct LaneReader {
    segments: VecDeque<PathBuf>,
    from: i64,
    scan: Option<Scan>,
    /// The segment being read.
    path: PathBuf,
    /// The record that the heap waits for.
    ready: Option<Record>,
}

impl LaneReader {
    /// A reader that has not opened anything, and when its first segment begins; `None` when all of
    /// the lane lies outside the asked time.
    fn new(
        segments: Vec<PathBuf>,
        from: Option<i64>,
        until: Option<i64>,
    ) -> Result<Option<(Self, i64)>, JournalFault> {
        let mut kept: VecDeque<(PathBuf, i64)> = VecDeque::new();
        for path in segments {
            let head = head(&path).map_err(|source| JournalFault::read(&path, source))?;
            // A segment whose head is damaged may hold anything after its predecessor.
            let begins = head.map_or_else(|| kept.back().map_or(i64::MIN, |(_, at)| *at), |head| head.at);
            if from.is_some_and(|from| begins < from) {
                // Whatever came before this segment is older than its head.
                kept.clear();
            }
            if until.is_none_or(|until| begins < until) {
                kept.push_back((path, begins));
            }
        }
        let Some((_, first)) = kept.front() else { return Ok(None) };
        let at = *first;
        let segments = kept.into_iter().map(|(path, _)| path).collect();
        let from = from.unwrap_or(i64::MIN);
        Ok(Some((Self { segments, from, scan: None, path: PathBuf::new(), ready: None }, at)))
    }

    /// Reads the next record within the time into `ready`; tells its time and number.
    fn read(
        &mut self,
        needle: Option<&Finder<'_>>,
        broken: &mut u64,
    ) -> Result<Option<(i64, u64)>, JournalFault> {
        loop {
            let Some(scan) = &mut self.scan else {
                let Some(path) = self.segments.pop_front() else { return Ok(None) };
                self.scan = Some(Scan::open(&path).map_err(|source| JournalFault::read(&path, source))?);
                self.path = path;
                continue;
            };
            match scan.next().map_err(|source| JournalFault::read(&self.path, source))? {
                None => self.scan = None,
                Some(Piece::Broken) => *broken += 1,
                Some(Piece::Whole(line)) if line::at(line).is_some_and(|at| at < self.from) => {}
                Some(Piece::Whole(line)) if needle.is_some_and(|needle| needle.find(line).is_none()) => {}
                Some(Piece::Whole(line)) => match Record::parse(line) {
                    Some(record) => {
                        let place = (record.at, record.seq);
                        self.ready = Some(record);
                        return Ok(Some(place));
                    }
                    None => *broken += 1,
                },
            }
        }
    }

    fn close(&mut self) {
        self.scan = None;
        self.segments.clear();
    }
}

/// Exchanges, joined.
pub struct Exchanges {
    records: Records,
    query: Query,
    open: HashMap<Uuid, Exchange>,
    /// Interruptions met before their openings: a successor's clock may be behind.
    interrupted: HashSet<Uuid>,
    /// What was still open at the end, oldest first.
    left: VecDeque<Exchange>,
    ended: bool,
}

impl Exchanges {
    /// See [`Records::broken`].
    pub fn broken(&self) -> u64 {
        self.records.broken
    }

    /// The next exchange whose last record was met, whether asked for or not.
    fn joined(&mut self) -> Result<Option<Exchange>, JournalFault> {
        while let Some((lane, record)) = self.records.advance()? {
            let Some(id) = record.exchange else { continue };
            if self.query.exchange.is_some_and(|asked| asked != id) {
                continue;
            }
            let file = self.records.file(lane);
            match record.kind {
                Kind::Opening if self.interrupted.remove(&id) => {}
                Kind::Opening => {
                    self.open.insert(id, Exchange { record, file, outcome: Outcome::Open });
                }
                Kind::Exchange => return Ok(Some(Exchange { record, file, outcome: Outcome::Known })),
                Kind::Closing | Kind::Interrupted => {
                    let outcome = match record.kind {
                        Kind::Closing => Outcome::Known,
                        _ => Outcome::Interrupted,
                    };
                    let record = match self.open.remove(&id) {
                        Some(opening) => completed(record, opening.record),
                        None => {
                            if record.kind == Kind::Interrupted {
                                self.interrupted.insert(id);
                            }
                            record
                        }
                    };
                    return Ok(Some(Exchange { record, file, outcome }));
                }
                _ => {}
            }
        }
        if !self.ended {
            self.ended = true;
            let mut left: Vec<Exchange> = self.open.drain().map(|(_, exchange)| exchange).collect();
            left.sort_by_key(|exchange| exchange.record.at);
            self.left = left.into();
        }
        Ok(self.left.pop_front())
    }
}

impl Iterator for Exchanges {
    type Item = Result<Exchange, JournalFault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.joined() {
                Ok(Some(exchange)) if self.query.wants(&exchange.record) => return Some(Ok(exchange)),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(fault) => return Some(Err(fault)),
            }
        }
    }
}

/// Acts, oldest first.
pub struct Acts(Records);

impl Iterator for Acts {
    type Item = Result<Record, JournalFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.find(|record| record.as_ref().map_or(true, |record| record.kind == Kind::Act))
    }
}

/// Whether `member` called, was represented or provided; or, as `member/system`, called.
fn concerns(record: &Record, member: &str) -> bool {
    let of = |id: &Option<String>| {
        id.as_deref().is_some_and(|id| id == member || id.split('/').next() == Some(member))
    };
    of(&record.caller) || of(&record.represented) || (!member.contains('/') && of(&record.service))
}

/// The later record, with what only the opening said.
fn completed(mut later: Record, opening: Record) -> Record {
    macro_rules! inherit {
        ($($member:ident),*) => { $(if later.$member.is_none() { later.$member = opening.$member; })* };
    }
    inherit!(
        request_in,
        request_out,
        caller,
        represented,
        certificate,
        route,
        service,
        operation,
        format,
        contract,
        contract_revision,
        agreement,
        agreement_revision,
        snapshot,
        purpose,
        officer,
        decision,
        request_bytes,
        request_sha256,
        request_signed,
        subject
    );
    if later.filters.is_empty() {
        later.filters = opening.filters;
    }
    later
}
