//! Where snapshots end.
//!
//! Taking a big one apart takes as long as some hundred exchanges. It would fall to whoever lets go of
//! it last, and that is a worker at the end of an exchange, with others waiting behind it. So a snapshot
//! that was replaced is held here until nobody else does, and ends on this thread.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::Snapshot;

/// How often it is looked whether the last exchange has let go: replaced snapshots cost memory, not time.
const LOOK: Duration = Duration::from_millis(100);

/// Takes snapshots that were replaced. Its thread ends with it.
pub(super) struct Reaper(mpsc::Sender<Arc<Snapshot>>);

impl Reaper {
    pub(super) fn start() -> Self {
        let (taken, received) = mpsc::channel();
        let spawned = thread::Builder::new().name("reaper".to_owned()).spawn(move || reap(&received));
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for replaced snapshots: they end on workers");
        }
        Self(taken)
    }

    /// Holds `snapshot` until nobody else does.
    pub(super) fn take(&self, snapshot: Arc<Snapshot>) {
        // Without its thread there is nobody who would hold it.
        let _ = self.0.send(snapshot);
    }
}

fn reap(received: &mpsc::Receiver<Arc<Snapshot>>) {
    let mut held: Vec<Arc<Snapshot>> = Vec::new();
    loop {
        let next = if held.is_empty() {
            received.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected)
        } else {
            received.recv_timeout(LOOK)
        };
        match next {
            Ok(snapshot) => held.push(snapshot),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
        // Nobody finds it any more, so who holds it alone does so for good.
        held.retain(|snapshot| Arc::strong_count(snapshot) > 1);
    }
}
