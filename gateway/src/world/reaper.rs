//! Where snapshots end, and certificates that were replaced.
//!
//! Taking a big one apart takes as long as some hundred exchanges. It would fall to whoever lets go of
//! it last, and that is a worker at the end of an exchange, or of a connection that was opened under an older
//! certificate and its revocation lists, with others waiting behind it. So what was replaced is held here until nobody
//! else does, and ends on this thread.

use std::{sync::mpsc, thread, time::Duration};

/// How often it is looked whether the last exchange has let go: replaced snapshots cost memory, not time.
const LOOK: Duration = Duration::from_millis(100);

/// Holds what was replaced, and tells whether nobody else does.
type Held = Box<dyn Fn() -> bool + Send>;

/// Takes what was replaced. Its thread ends with it.
pub(super) struct Reaper(mpsc::Sender<Held>);

impl Reaper {
    pub(super) fn start() -> Self {
        let (taken, received) = mpsc::channel();
        let spawned = thread::Builder::new().name("reaper".to_owned()).spawn(move || reap(&received));
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for replaced snapshots and certificates: they end on workers");
        }
        Self(taken)
    }

    /// Holds `replaced` until it `is_alone`, held by nobody else. Who is alone stays so: nobody finds it any more.
    pub(super) fn take<T: Send + 'static>(&self, replaced: T, is_alone: fn(&T) -> bool) {
        // Without its thread there is nobody who would hold it.
        let _ = self.0.send(Box::new(move || is_alone(&replaced)));
    }
}

fn reap(received: &mpsc::Receiver<Held>) {
    let mut held: Vec<Held> = Vec::new();
    loop {
        let next = if held.is_empty() {
            received.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected)
        } else {
            received.recv_timeout(LOOK)
        };
        match next {
            Ok(replaced) => held.push(replaced),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
        held.retain(|is_alone| !is_alone());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Says on which thread it ended.
    struct Mortal(mpsc::Sender<Option<String>>);

    impl Drop for Mortal {
        fn drop(&mut self) {
            self.0.send(thread::current().name().map(str::to_owned)).unwrap();
        }
    }

    #[test]
    fn what_was_replaced_ends_here_once_nobody_else_holds_it() {
        let reaper = Reaper::start();
        let (told, ended) = mpsc::channel();
        let replaced = Arc::new(Mortal(told));
        reaper.take(Arc::clone(&replaced), |replaced| Arc::strong_count(replaced) == 1);
        assert!(ended.recv_timeout(LOOK * 3).is_err(), "somebody holds it");
        drop(replaced);
        assert_eq!(ended.recv_timeout(Duration::from_secs(10)).unwrap().as_deref(), Some("reaper"));
    }
}
