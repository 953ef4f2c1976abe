//! Whether evidence can be written, as `readyz` asks.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::fault::JournalFault;

/// The journal's condition. A fault stands until the same act succeeds again, be it for an exchange
/// or for the committer's probe.
#[derive(Debug, Default)]
pub(super) struct Health {
    unwritable: AtomicBool,
    unsynchronised: AtomicBool,
    faults: AtomicU64,
    syncs: AtomicU64,
    last: Mutex<Option<JournalFault>>,
}

impl Health {
    /// An append succeeded.
    pub(super) fn written(&self) {
        // Loaded first: the line stays shared between the workers' caches while all is well.
        if self.unwritable.load(Ordering::Relaxed) {
            self.unwritable.store(false, Ordering::Relaxed);
        }
    }

    /// A synchronisation succeeded.
    pub(super) fn synced(&self) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        if self.unsynchronised.load(Ordering::Relaxed) {
            self.unsynchronised.store(false, Ordering::Relaxed);
        }
    }

    /// Something failed.
    pub(super) fn failed(&self, fault: &JournalFault) {
        match fault {
            JournalFault::Closed => return,
            JournalFault::Sync { .. } => self.unsynchronised.store(true, Ordering::Relaxed),
            _ => self.unwritable.store(true, Ordering::Relaxed),
        }
        self.faults.fetch_add(1, Ordering::Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault.clone());
    }

    /// The fault that stands, if one does.
    pub(super) fn standing(&self) -> Option<JournalFault> {
        if !self.unwritable.load(Ordering::Relaxed) && !self.unsynchronised.load(Ordering::Relaxed) {
            return None;
        }
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many faults and synchronisations there were.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.faults.load(Ordering::Relaxed), self.syncs.load(Ordering::Relaxed))
    }
}
