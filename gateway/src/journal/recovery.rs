//! What a dead process left: torn tails are cut, openings without closing are reported once.
//!
//! Only the last readable segment of each lane need be read, since its head names what was open when
//! it began. The findings go into the successor's own journal, on the disk, before the dead process
//! is marked settled; a successor that dies between the two is settled in its turn by the next, which
//! does not report again what it finds reported there.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{
    Journal,
    fault::JournalFault,
    locked,
    process::Process,
    record::{Kind, Record},
    scan::{Piece, Scan},
};

/// An exchange that a dead process had opened and never closed: its outcome is unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupted {
    /// Its id.
    pub exchange: Uuid,
    /// The process that died.
    pub process: String,
    /// The opening, as far as it can still be read.
    pub opening: Record,
}

pub(super) fn settle(journal: &Journal) -> Result<Vec<Interrupted>, JournalFault> {
    let folder = &journal.shared.folder;
    let read = |source| JournalFault::read(folder, source);
    let mut dead = Vec::new();
    for process in Process::all(folder).map_err(read)? {
        if process.name == journal.process() || process.is_settled() {
            continue;
        }
        // The lock is held until the process is marked, so that two successors do not both report.
        if let Some(lock) = process.seize().map_err(read)?
            && !process.is_settled()
        {
            let remains =
                Remains::of(&process).map_err(|source| JournalFault::read(&process.path, source))?;
            dead.push((process, remains, lock));
        }
    }
    let mut reported: HashSet<Uuid> =
        dead.iter().flat_map(|(_, remains, _)| remains.reported.iter().copied()).collect();
    let mut interrupted = Vec::new();
    for (process, remains, _lock) in dead {
        let fresh: Vec<Interrupted> = remains
            .open
            .into_iter()
            .filter(|(exchange, _)| reported.insert(*exchange))
            .map(|(exchange, opening)| Interrupted { exchange, process: process.name.clone(), opening })
            .collect();
        report(journal, &process, remains.cut, &fresh)?;
        process.settle().map_err(|source| JournalFault::write(&process.path, source))?;
        interrupted.extend(fresh);
    }
    Ok(interrupted)
}

/// Puts the findings about one dead process on the disk.
fn report(journal: &Journal, process: &Process, cut: u64, found: &[Interrupted]) -> Result<(), JournalFault> {
    let shared = &journal.shared;
    let lane = journal.lane();
    let mut lane = locked(&lane);
    for interrupted in found {
        lane.append(shared, Kind::Interrupted, |line| {
            let mut opening = interrupted.opening.clone();
            opening.exchange = Some(interrupted.exchange);
            opening.as_entry(|entry| line.entry(entry));
            line.text("process", Some(&interrupted.process));
        })?;
    }
    let segment = lane.append(shared, Kind::Recovery, |line| {
        line.text("process", Some(&process.name));
        line.number("cut", cut);
        line.number("interrupted", found.len() as u64);
    })?;
    drop(lane);
    segment.sync(shared)
}

/// What is found in a dead process's folder.
#[derive(Default)]
struct Remains {
    /// Openings without closing; the record is empty when only a segment's head tells of it and the
    /// opening itself is gone.
    open: BTreeMap<Uuid, Record>,
    /// Interruptions it had itself reported.
    reported: HashSet<Uuid>,
    /// Bytes of torn tails cut.
    cut: u64,
}

impl Remains {
    fn of(process: &Process) -> io::Result<Self> {
        let mut remains = Self::default();
        for segments in process.lanes()?.values() {
            remains.lane(segments)?;
        }
        Ok(remains)
    }

    fn lane(&mut self, segments: &[PathBuf]) -> io::Result<()> {
        // Usually one; more when a crash or a full disk left a last segment without a whole head.
        let headed = segments.iter().rposition(|path| matches!(head(path), Ok(Some(_)))).unwrap_or(0);
        let (earlier, last) = segments.split_at(headed);
        let mut open: HashMap<Uuid, Option<Record>> = HashMap::new();
        for path in last {
            let (mut scan, mut good) = (Scan::open(path)?, 0);
            while let Some(piece) = scan.next()? {
                let Piece::Whole(line) = piece else { continue };
                let record = Record::parse(line);
                good = scan.offset();
                let Some(record) = record else { continue };
                match (record.kind, record.exchange) {
                    (Kind::Start, _) => open.extend(record.open.iter().map(|exchange| (*exchange, None))),
                    (Kind::Opening, Some(exchange)) => {
                        open.insert(exchange, Some(record));
                    }
                    (Kind::Closing, Some(exchange)) => {
                        open.remove(&exchange);
                    }
                    (Kind::Interrupted, Some(exchange)) => {
                        self.reported.insert(exchange);
                    }
                    _ => {}
                }
            }
            let torn = scan.offset() - good;
            if torn > 0 {
                let file = OpenOptions::new().write(true).open(path)?;
                file.set_len(good)?;
                file.sync_all()?;
                self.cut += torn;
            }
        }
        fill(&mut open, earlier)?;
        self.open.extend(open.into_iter().map(|(exchange, record)| (exchange, record.unwrap_or_default())));
        Ok(())
    }
}

/// Looks for the openings that only a head told of, from the newest segment back.
fn fill(open: &mut HashMap<Uuid, Option<Record>>, earlier: &[PathBuf]) -> io::Result<()> {
    for path in earlier.iter().rev() {
        if open.values().all(Option::is_some) {
            break;
        }
        let mut scan = Scan::open(path)?;
        while let Some(piece) = scan.next()? {
            if let Piece::Whole(line) = piece
                && let Some(record) = Record::parse(line)
                && record.kind == Kind::Opening
                && let Some(slot @ None) = record.exchange.and_then(|exchange| open.get_mut(&exchange))
            {
                *slot = Some(record);
            }
        }
    }
    Ok(())
}

/// The head of a segment; `None` when it has no whole first line.
pub(super) fn head(path: &Path) -> io::Result<Option<Record>> {
    match Scan::open(path)?.next()? {
        Some(Piece::Whole(line)) => Ok(Record::parse(line).filter(|record| record.kind == Kind::Start)),
        _ => Ok(None),
    }
}
