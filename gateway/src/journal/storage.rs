//! The disk, as the journal sees it: four acts, so that tests can make each of them fail.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    num::NonZeroU64,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::fs::{Advice, fadvise};

/// Evidence is for the gateway's account and its group: who asked whom about what is not for every
/// account of the host.
pub(super) const FILE_MODE: u32 = 0o640;

/// As [`FILE_MODE`], for folders.
pub(super) const FOLDER_MODE: u32 = 0o750;

/// Where segments are kept.
pub trait Storage: Send + Sync + 'static {
    /// Makes a new, empty segment at `path`; an existing file is an error.
    ///
    /// # Errors
    /// What the operating system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;

    /// Makes the names in `folder` survive a power cut.
    ///
    /// # Errors
    /// What the operating system says.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// One open segment. Appends come from one thread at a time; `sync` comes from another.
pub trait SegmentFile: Send + Sync {
    /// Appends all of `bytes`. On failure some of them may be there.
    ///
    /// # Errors
    /// What the operating system says, e.g. a full disk.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the segment to `length` bytes.
    ///
    /// # Errors
    /// What the operating system says.
    fn cut(&self, length: u64) -> io::Result<()>;

    /// Returns when what was appended is on the disk.
    ///
    /// # Errors
    /// What the operating system says. After a failure nothing appended since the last success can
    /// be relied on, even if a later call succeeds.
    fn sync(&self) -> io::Result<()>;
}

/// The local file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Storage for Disk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let file = OpenOptions::new().append(true).create_new(true).mode(FILE_MODE).open(path)?;
        Ok(Box::new(Written { file, length: AtomicU64::new(0), let_go: AtomicU64::new(0) }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

/// A segment in the local file system. Evidence is written once and seldom read: what has reached the disk
/// is let go from memory, where each new page would otherwise come from somebody's files or from a hypervisor
/// that has yet to find it. On a machine with untouched memory that was a tenth of an exchange's CPU time.
struct Written {
    file: File,
    /// What was appended, in bytes.
    length: AtomicU64,
    /// What of it was let go.
    let_go: AtomicU64,
}

/// So much is let go at once. The call costs as much as some hundred pages.
const LET_GO: u64 = 1 << 20;

impl Written {
    /// Lets go what comes before `length`, which is on the disk.
    fn let_go(&self, length: u64) {
        let from = self.let_go.load(Ordering::Relaxed);
        let most = length.saturating_sub(from);
        if let Some(bytes) = NonZeroU64::new(most - most % LET_GO) {
            self.let_go.store(from + bytes.get(), Ordering::Relaxed);
            // Advice: whether it is taken or not changes nothing of what is kept.
            let _ = fadvise(&self.file, from, Some(bytes), Advice::DontNeed);
        }
    }
}

impl SegmentFile for Written {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = &self.file;
        file.write_all(bytes)?;
        self.length.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        let length = self.length.load(Ordering::Relaxed);
        self.file.sync_data()?;
        self.let_go(length);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod faulty {
    //! A disk that fills up, refuses to synchronise or refuses to cut, at a test's word.

    use std::{
        io,
        path::Path,
        sync::{
            Arc,
            atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst},
        },
    };

    use super::{Disk, SegmentFile, Storage};

    #[derive(Clone)]
    pub(crate) struct Faulty {
        /// Bytes until the disk is full.
        pub(crate) room: Arc<AtomicI64>,
        pub(crate) syncs_fail: Arc<AtomicBool>,
        pub(crate) cuts_fail: Arc<AtomicBool>,
        pub(crate) syncs: Arc<AtomicU64>,
        pub(crate) appends: Arc<AtomicU64>,
    }

    impl Default for Faulty {
        fn default() -> Self {
            Self {
                room: Arc::new(AtomicI64::new(i64::MAX)),
                syncs_fail: Arc::default(),
                cuts_fail: Arc::default(),
                syncs: Arc::default(),
                appends: Arc::default(),
            }
        }
    }

    struct Segment {
        file: Box<dyn SegmentFile>,
        disk: Faulty,
    }

    impl Storage for Faulty {
        fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
            Ok(Box::new(Segment { file: Disk.create(path)?, disk: self.clone() }))
        }

        fn sync_folder(&self, folder: &Path) -> io::Result<()> {
            Disk.sync_folder(folder)
        }
    }

    impl SegmentFile for Segment {
        fn append(&self, bytes: &[u8]) -> io::Result<()> {
            self.disk.appends.fetch_add(1, SeqCst);
            let room = self.disk.room.load(SeqCst).max(0);
            let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
            // A full disk takes what still fits, as the real one does.
            self.file.append(&bytes[..fits])?;
            self.disk.room.fetch_sub(fits as i64, SeqCst);
            if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn cut(&self, length: u64) -> io::Result<()> {
            if self.disk.cuts_fail.load(SeqCst) {
                return Err(io::Error::other("cut refused"));
            }
            self.file.cut(length)
        }

        fn sync(&self) -> io::Result<()> {
            if self.disk.syncs_fail.load(SeqCst) {
                return Err(io::Error::other("sync refused"));
            }
            self.disk.syncs.fetch_add(1, SeqCst);
            self.file.sync()
        }
    }
}
