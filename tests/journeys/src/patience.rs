//! Waiting for what happens by itself. How soon it should is measured by the benchmarks; a test waits
//! for as long as a busy machine may need, and fails where it does not happen at all.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// The longest that anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until there is something to see, and gives that.
///
/// # Errors
/// A look fails, or nothing is to be seen at last.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        // Asked before the look: the last one begins in time, however long it takes.
        let late = start.elapsed() > PATIENCE;
        if let Some(shown) = look()? {
            return Ok(shown);
        }
        if late {
            bail!("{what}: not within {PATIENCE:?}");
        }
        thread::sleep(PAUSE);
    }
}

/// Waits until `holds`, and tells how long that took.
///
/// # Panics
/// It never does.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    let held = until(what, || Ok(holds().then_some(())));
    assert!(held.is_ok(), "{what}: not within {PATIENCE:?}");
    start.elapsed()
}
