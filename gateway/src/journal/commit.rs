//! The committer: one thread that synchronises, so that no worker waits for a disk.
//!
//! A worker that needs a record on the disk asks and awaits; all who ask while a synchronisation
//! runs are served by the next one together (group commit). Between asks the thread synchronises
//! what was merely written, every [`Settings::sync_every`](super::Settings::sync_every), and while
//! the journal is faulty it probes the disk, so that a gateway without traffic recovers too.

use std::{
    path::Path,
    sync::{
        Arc, PoisonError,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Instant,
};

use tokio::sync::oneshot;

use super::{Shared, fault::JournalFault, lane::Segment};

/// A worker's wish: this segment on the disk.
pub(super) struct Ask {
    pub(super) segment: Arc<Segment>,
    pub(super) done: oneshot::Sender<Result<(), JournalFault>>,
}

/// The thread's body: serves asks until every asker is gone, then synchronises what is left.
pub(super) fn run(shared: &Shared, asks: &Receiver<Ask>) {
    let mut last = Instant::now();
    let mut batch = Vec::new();
    loop {
        let wait = shared.settings.sync_every.saturating_sub(last.elapsed());
        let gone = match asks.recv_timeout(wait) {
            Ok(ask) => {
                batch.push(ask);
                batch.extend(asks.try_iter());
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        serve(shared, &mut batch);
        if gone || last.elapsed() >= shared.settings.sync_every {
            sweep(shared);
            last = Instant::now();
        }
        if gone {
            return;
        }
    }
}

/// Synchronises each asked-for segment once and tells everyone who asked.
fn serve(shared: &Shared, batch: &mut Vec<Ask>) {
    batch.sort_by_key(|ask| Arc::as_ptr(&ask.segment));
    let mut done: Option<(*const Segment, Result<(), JournalFault>)> = None;
    for ask in batch.drain(..) {
        let pointer = Arc::as_ptr(&ask.segment);
        let outcome = match &done {
            Some((same, outcome)) if *same == pointer => outcome.clone(),
            _ => ask.segment.sync(shared),
        };
        done = Some((pointer, outcome.clone()));
        // An asker that gave up (its consumer went away) needs no answer.
        let _ = ask.done.send(outcome);
    }
}

/// Synchronises every segment that needs it, forgets those that were left, and probes a faulty disk.
fn sweep(shared: &Shared) {
    let segments = shared.segments.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for segment in segments.iter().filter(|segment| segment.is_dirty()) {
        // A failure is in the journal's health, where everyone reads it.
        let _ = segment.sync(shared);
    }
    shared
        .segments
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|segment| segment.is_dirty() || !segment.left.load(Ordering::Acquire));
    if shared.health.standing().is_some() && probe(shared, &shared.process.path.join("probe")).is_ok() {
        shared.health.written();
        shared.health.synced();
    }
}

/// Writes and synchronises a block elsewhere in the folder.
fn probe(shared: &Shared, path: &Path) -> std::io::Result<()> {
    let file = shared.storage.create(path);
    let outcome = file.and_then(|file| {
        file.append(&[0; 4096])?;
        file.sync()
    });
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => outcome,
    }
}
