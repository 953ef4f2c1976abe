//! Watching the documents' folders, so that an edit takes effect within a second.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use notify::{RecursiveMode, Watcher};

use super::Keeper;

/// How long the folders must be quiet before they are read: editors and `git pull` write many
/// files in a burst. Short enough that an edit acts within a second.
const QUIET: Duration = Duration::from_millis(100);
/// A burst that never ends is read all the same after this long.
const PATIENCE: Duration = Duration::from_millis(500);

/// Watches until the process ends. Where the system offers no notifications, the operator is told;
/// SIGHUP and the admin address still reload.
pub fn watch(keeper: &Arc<Keeper>) {
    let keeper = Arc::clone(keeper);
    let spawned = std::thread::Builder::new().name("watch".to_owned()).spawn(move || follow(&keeper));
    if let Err(error) = spawned {
        tracing::error!(%error, "documents are not watched: no thread; reload with SIGHUP");
    }
}

fn follow(keeper: &Keeper) {
    let (send, events) = mpsc::channel();
    let mut watcher = match notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading a file is an event too, and our own reading must not wake us.
        if event.as_ref().is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        // The receiver lives as long as the process; a failed send is the process ending.
        let _ = send.send(());
    }) {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::error!(%error, "documents are not watched; reload with SIGHUP or the admin address");
            return;
        }
    };
    for (folder, mode) in keeper.watched() {
        if let Err(error) = watcher.watch(&folder, mode) {
            tracing::error!(folder = %folder.display(), %error, "folder is not watched; reload with SIGHUP or the admin address");
        }
    }
    while events.recv().is_ok() {
        let begun = std::time::Instant::now();
        while begun.elapsed() < PATIENCE && events.recv_timeout(QUIET).is_ok() {}
        keeper.reload("file-watch");
    }
}

/// The folders to watch for `file`: its parent, since editors replace files rather than write them.
pub(super) fn parent(file: &Path) -> (PathBuf, RecursiveMode) {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (folder.to_owned(), RecursiveMode::NonRecursive)
}
