//! The committer: one thread that synchronises, so that no worker waits for a disk.
//!
//! A worker that needs a record on the disk asks and awaits; all who ask while a synchronisation
//! runs are served by the next one together (group commit). Between asks the thread synchronises
//! what was merely written, every [`Settings::sync_every`](super::Settings::sync_every) where the disk
//! keeps up: often and little, since a second's worth at once takes a processor for milliseconds from
//! those who serve. While the journal is faulty it probes the disk, so that a gateway without traffic
//! recovers too.

use std::{
    path::Path,
    sync::{
        Arc, PoisonError,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{Shared, fault::JournalFault, lane::Segment};

/// However slow the disk is, a sweep begins no later than this after the one before; what was merely written waits
/// for the sweep itself on top of it.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// A worker's wish: this segment on the disk.
pub(super) struct Ask {
    pub(super) segment: Arc<Segment>,
    pub(super) done: oneshot::Sender<Result<(), JournalFault>>,
}

/// The thread's body: serves asks until every asker is gone, then synchronises what is left.
pub(super) fn run(shared: &Shared, asks: &Receiver<Ask>) {
    let (mut last, mut rest) = (Instant::now(), shared.settings.sync_every);
    let mut batch = Vec::new();
    loop {
        let wait = rest.saturating_sub(last.elapsed());
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
        if gone || last.elapsed() >= rest {
            let begun = Instant::now();
            sweep(shared);
            last = Instant::now();
            rest = rest_after(last - begun, shared.settings.sync_every);
        }
        if gone {
            return;
        }
    }
}

/// How long the disk is left to those who ask, after a sweep that took so long: a slow one is not kept busy by what
/// nobody waits for.
fn rest_after(took: Duration, sync_every: Duration) -> Duration {
    (took * 9).min(LONGEST_REST).max(sync_every)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_disk_is_left_to_those_who_ask() {
        let rest = |millis| rest_after(Duration::from_millis(millis), Duration::from_millis(100)).as_millis();
        assert_eq!([0, 10, 50, 200, 5000].map(rest), [100, 100, 450, 1000, 1000]);
    }
}
