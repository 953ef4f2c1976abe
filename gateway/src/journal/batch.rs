//! Records that are written together.
//!
//! A busy worker finds a dozen answers at one look at its sockets, and each owes a record. Written one by
//! one, the file system's part of it was a twentieth of an exchange. So a record that closely follows
//! another of its lane waits until the worker has gone through what it found, and whoever comes back first
//! writes them all. Every answer still waits for its own record, and where the disk refuses them, all who
//! wait are told.

use std::sync::{Arc, Mutex, OnceLock};

use super::{Shared, fault::JournalFault, lane::Lane, locked};

/// What became of records that were written together; empty until they were.
#[derive(Debug, Default)]
pub(super) struct Batch(OnceLock<Result<(), JournalFault>>);

impl Batch {
    /// Says what became of them.
    pub(super) fn settle(&self, outcome: Result<(), JournalFault>) {
        // Nobody settles it twice: the lane gives it up when it does.
        let _ = self.0.set(outcome);
    }
}

/// A record that waits for others.
pub(super) struct Waiting<'j> {
    pub(super) shared: &'j Shared,
    pub(super) lane: Arc<Mutex<Lane>>,
    pub(super) batch: Arc<Batch>,
}

impl Waiting<'_> {
    /// Lets the worker go through what else it has, then sees to it that the record is written.
    pub(super) async fn written(self) -> Result<(), JournalFault> {
        tokio::task::yield_now().await;
        self.write();
        self.batch.0.get().cloned().unwrap_or(Err(JournalFault::Closed))
    }

    fn write(&self) {
        if self.batch.0.get().is_none() {
            // The outcome is the batch's.
            let _ = locked(&self.lane).flush(self.shared);
        }
    }
}

/// Whoever is cut off while it waits owes its record all the same.
impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.write();
    }
}
