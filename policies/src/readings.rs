//! What was read of which file, so that a hundred thousand documents are not opened again because one
//! of them was edited.
//!
//! A file is taken for unchanged when the system says the same of it as before it was read: the same
//! inode of the same device, the same length, the same times. Of the times, the one of the last change
//! of the inode counts most, since nobody sets it by hand: `touch`, `rsync` and archives set the other.
//! A file that changed just before it was read is read again next time, whatever the system says then:
//! clocks of file systems tick, and a second edit within one tick would go unseen.

use std::{
    collections::HashMap,
    fs::{self, DirEntry, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use crate::Source;

/// The coarsest tick of a file system's clock in use (FAT's).
const TICK: SignedDuration = SignedDuration::from_secs(2);

/// What the last reading of a folder of documents found.
#[derive(Debug, Default)]
pub struct Readings {
    /// By folder, each in the order of names.
    shelves: HashMap<PathBuf, Shelf>,
}

/// What the system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    folder: bool,
}

/// The files of one folder.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// What the system said of the folder before it was listed; none of one that is not there.
    folder: Option<Stamp>,
    files: Vec<Kept>,
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Kept {
    stamp: Stamp,
    /// Whether the next reading can go by the stamp.
    settled: bool,
    pub(crate) source: Arc<Source>,
}

impl Readings {
    /// Whether nothing that was read from `root` has changed since: every folder has the files it had, and
    /// whatever was still being edited when it was read is as it was. A file at rest that is edited in just
    /// this moment is not looked at again; that is the next edit.
    pub fn hold(&self, root: &Path) -> bool {
        self.shelves.iter().all(|(folder, shelf)| {
            let mut moving = shelf.files.iter().filter(|kept| !kept.settled);
            Stamp::of_path(&root.join(folder)) == shelf.folder
                && moving.all(|kept| Stamp::of_path(&root.join(&kept.source.file)) == Some(kept.stamp))
        })
    }

    pub(crate) fn take(&mut self, folder: &Path) -> Shelf {
        self.shelves.remove(folder).unwrap_or_default()
    }

    pub(crate) fn put(&mut self, folder: &Path, shelf: Shelf) {
        self.shelves.insert(folder.to_owned(), shelf);
    }
}

impl Stamp {
    /// Of what the system said.
    pub fn of(said: &Metadata) -> Self {
        Self {
            device: said.dev(),
            inode: said.ino(),
            length: said.len(),
            modified: (said.mtime(), said.mtime_nsec()),
            changed: (said.ctime(), said.ctime_nsec()),
            folder: said.is_dir(),
        }
    }

    /// Of an entry of a folder, or what a link there leads to.
    ///
    /// # Errors
    /// What the system says when it cannot tell.
    pub fn of_entry(entry: &DirEntry) -> io::Result<Self> {
        // Asked of the open folder, which saves the system the way along the path.
        let said = entry.metadata()?;
        let said = if said.is_symlink() { fs::metadata(entry.path())? } else { said };
        Ok(Self::of(&said))
    }

    /// Of what is at `path`, if anything is.
    fn of_path(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|said| Self::of(&said))
    }

    /// The file's length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether it is a folder's.
    pub fn is_folder(&self) -> bool {
        self.folder
    }

    /// Whether whoever read the file at `now` can tell a later edit by a later stamp.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        let changed = self.changed.0.max(self.modified.0);
        Timestamp::from_second(changed).is_ok_and(|changed| now.duration_since(changed) > TICK)
    }
}

impl Shelf {
    /// For the files of `folder`, which is about to be listed.
    pub(crate) fn of(folder: &Path) -> Self {
        Self { folder: Stamp::of_path(folder), files: Vec::new() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.files.iter()
    }

    /// Adds what was read of a file that had this stamp before, at `now`.
    pub(crate) fn put(&mut self, stamp: Stamp, now: Timestamp, source: Arc<Source>) {
        self.files.push(Kept { stamp, settled: stamp.is_settled(now), source });
    }

    pub(crate) fn sources(&self) -> Vec<Arc<Source>> {
        self.files.iter().map(|kept| Arc::clone(&kept.source)).collect()
    }
}

impl Kept {
    /// Whether the file is surely as it was read.
    pub(crate) fn is_as(&self, stamp: &Stamp) -> bool {
        self.settled && self.stamp == *stamp
    }
}
