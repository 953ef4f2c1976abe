//! One folder per process, so that two can overlap during an upgrade.
//!
//! ```text
//! data/journal/20261121T021442-9f1c22ab/   a process: when it started, and a random part
//!   lock                                   locked as long as the process lives
//!   0003-000001.jsonl                      lane 3, segment 1
//!   settled                                its successors examined it after its death
//! ```
//! A folder appears under its final name only once its lock is held, so a successor that finds a
//! folder whose lock is free knows that its process is dead.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{fault::JournalFault, storage::FOLDER_MODE};

const LOCK: &str = "lock";
const SETTLED: &str = "settled";

/// A lock that is held.
///
/// The kernel gives it back when the last descriptor of the file is closed, and a child that is being started
/// has every descriptor of its parent until it becomes its program. On a busy machine that is long enough for
/// a successor to take the dead for living. So the lock is given back by word, which counts for all
/// descriptors at once.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing follows, and does the same a little later.
        let _ = self.0.unlock();
    }
}

/// This process's folder; the lock is released when it is dropped, or by the kernel.
#[derive(Debug)]
pub(super) struct ProcessFolder {
    pub(super) name: String,
    pub(super) path: PathBuf,
    _lock: Lock,
}

impl ProcessFolder {
    /// Makes a folder for a process that starts at `now`.
    pub(super) fn create(journal: &Path, now: Timestamp) -> Result<Self, JournalFault> {
        // The last 32 bits of a version 7 UUID are random.
        #[allow(clippy::cast_possible_truncation)]
        let random = Uuid::now_v7().as_u128() as u32;
        let name = format!("{}-{random:08x}", now.strftime("%Y%m%dT%H%M%S"));
        let path = journal.join(&name);
        let make = || {
            DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(journal)?;
            let hidden = journal.join(format!(".{name}"));
            DirBuilder::new().mode(FOLDER_MODE).create(&hidden)?;
            let lock = File::create_new(hidden.join(LOCK))?;
            lock.lock()?;
            fs::rename(&hidden, &path)?;
            File::open(journal)?.sync_all()?;
            io::Result::Ok(Lock(lock))
        };
        match make() {
            Ok(lock) => Ok(Self { name, path, _lock: lock }),
            Err(source) => Err(JournalFault::create(path, source)),
        }
    }
}

/// A process's folder, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Process {
    /// The folder's name: the process's id.
    pub(crate) name: String,
    pub(super) path: PathBuf,
}

impl Process {
    /// Every process that left something in `journal`, oldest first; none when there is no folder.
    pub(crate) fn all(journal: &Path) -> io::Result<Vec<Self>> {
        let folder = match fs::read_dir(journal) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut processes = Vec::new();
        for entry in folder {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string()
                && !name.starts_with('.')
                && entry.file_type()?.is_dir()
            {
                processes.push(Self { path: entry.path(), name });
            }
        }
        processes.sort();
        Ok(processes)
    }

    /// Whether a successor has examined it.
    pub(super) fn is_settled(&self) -> bool {
        self.path.join(SETTLED).exists()
    }

    /// Takes the dead process's lock; `None` while it lives or another successor holds it.
    pub(crate) fn seize(&self) -> io::Result<Option<Lock>> {
        // A folder copied from a backup may lack its lock: its process is not running here.
        let lock = File::options().create(true).append(true).open(self.path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Lock(lock))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Marks it examined.
    pub(super) fn settle(&self) -> io::Result<()> {
        File::create(self.path.join(SETTLED))?.sync_all()?;
        File::open(&self.path)?.sync_all()
    }

    /// Its segments by lane, each lane's in order.
    pub(super) fn lanes(&self) -> io::Result<BTreeMap<u32, Vec<PathBuf>>> {
        let mut lanes: BTreeMap<u32, Vec<(u64, PathBuf)>> = BTreeMap::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if let Some((lane, segment)) = entry.file_name().to_str().and_then(segment_of) {
                lanes.entry(lane).or_default().push((segment, entry.path()));
            }
        }
        let ordered = |mut segments: Vec<(u64, PathBuf)>| {
            segments.sort();
            segments.into_iter().map(|(_, path)| path).collect()
        };
        Ok(lanes.into_iter().map(|(lane, segments)| (lane, ordered(segments))).collect())
    }
}

/// A segment's file name.
pub(super) fn segment_name(lane: u32, segment: u64) -> String {
    format!("{lane:04}-{segment:06}.jsonl")
}

/// The lane and segment that a file name tells.
pub(super) fn segment_of(name: &str) -> Option<(u32, u64)> {
    let (lane, segment) = name.strip_suffix(".jsonl")?.split_once('-')?;
    Some((lane.parse().ok()?, segment.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Process, ProcessFolder, segment_name, segment_of};

    #[test]
    fn a_living_process_cannot_be_seized_and_a_dead_one_can_once() {
        let folder = tempfile::tempdir().unwrap();
        let own = ProcessFolder::create(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        let [seen] = &Process::all(folder.path()).unwrap()[..] else { panic!("one process") };
        assert_eq!(seen.name, own.name);
        assert!(seen.name.starts_with("19700101T000000-"));
        assert!(seen.seize().unwrap().is_none());
        drop(own);
        let seized = seen.seize().unwrap();
        assert!(seized.is_some());
        assert!(seen.seize().unwrap().is_none());
        assert!(!seen.is_settled());
        seen.settle().unwrap();
        assert!(seen.is_settled());
    }

    /// On a busy machine a successor once found nobody dead: another test was just starting a process.
    #[test]
    fn a_lock_given_back_is_free_though_a_child_in_the_making_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let own = ProcessFolder::create(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        // What a child has between `fork` and `exec`: the same open file under another descriptor.
        let _inherited = own._lock.0.try_clone().unwrap();
        let [seen] = &Process::all(folder.path()).unwrap()[..] else { panic!("one process") };
        assert!(seen.seize().unwrap().is_none());
        drop(own);
        let seized = seen.seize().unwrap().unwrap();
        let _inherited = seized.0.try_clone().unwrap();
        drop(seized);
        assert!(seen.seize().unwrap().is_some());
    }

    #[test]
    fn a_segments_name_says_what_it_is() {
        assert_eq!(segment_name(3, 12), "0003-000012.jsonl");
        assert_eq!(segment_of("0003-000012.jsonl"), Some((3, 12)));
        assert_eq!(segment_of("lock"), None);
    }
}
