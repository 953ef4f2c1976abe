//! Whether evidence can be written, as `readyz` asks, and how much was, as `/metrics` does.

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
        if self.unwritable.load(Ordering::Relaxed) && self.unwritable.swap(false, Ordering::Relaxed) {
            tracing::info!("the journal can be written again");
        }
    }

    /// A synchronisation succeeded.
    pub(super) fn synced(&self) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        if self.unsynchronised.load(Ordering::Relaxed) && self.unsynchronised.swap(false, Ordering::Relaxed) {
            tracing::info!("the journal can be synchronised again");
        }
    }

    /// Something failed.
    pub(super) fn failed(&self, fault: &JournalFault) {
        let stood = match fault {
            JournalFault::Closed => return,
            JournalFault::Sync { .. } => self.unsynchronised.swap(true, Ordering::Relaxed),
            _ => self.unwritable.swap(true, Ordering::Relaxed),
        };
        // Once, not per exchange: a full disk must not fill the log as well.
        if !stood {
            tracing::error!(%fault, "the journal fails: exchanges are refused until it recovers");
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

/// Counters for `/metrics`.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) records: AtomicU64,
    pub(super) bytes: AtomicU64,
}
