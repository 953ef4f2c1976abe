//! Watching what is read, so that an edit takes effect within a second.
//!
//! Editors write a file, or write another and rename it; a checkout writes hundreds; Kubernetes
//! renames a symbolic link over another; a release swaps the whole folder. So the parents are watched
//! as well as the folders, links on the way too, and after every burst everything is watched afresh,
//! *before* it is read: what changes after the reading wakes us again.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak, mpsc},
    time::{Duration, Instant},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::{Keeper, keeper::WATCH};

/// How long the folders must be quiet before they are read: editors and `git pull` write many
/// files in a burst. Short enough that an edit acts within a second.
const QUIET: Duration = Duration::from_millis(100);
/// A burst that never ends is read all the same after this long.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long until watching is tried again when the system would not.
const RETRY: Duration = Duration::from_secs(10);

/// Watches for as long as the keeper is in use. Where the system offers no notifications the
/// operator is told; SIGHUP and the admin address still reload.
pub fn watch(keeper: &Arc<Keeper>) {
    let keeper = Arc::downgrade(keeper);
    let spawned = std::thread::Builder::new().name("watch".to_owned()).spawn(move || follow(&keeper));
    if let Err(error) = spawned {
        tracing::error!(%error, "documents are not watched: no thread; reload with SIGHUP");
    }
}

fn follow(keeper: &Weak<Keeper>) {
    let mut told = false;
    loop {
        let Some(interests) = keeper.upgrade().map(|keeper| keeper.interests()) else { return };
        // Events come with the path that was watched; one spelling for all makes them comparable.
        let interests: Vec<PathBuf> =
            interests.into_iter().map(|path| std::path::absolute(&path).unwrap_or(path)).collect();
        let (wake, woken) = mpsc::channel();
        let watcher = arm(&interests, wake);
        if let Err(error) = &watcher
            && !told
        {
            tracing::error!(%error, "documents are not watched; reload with SIGHUP or the admin address");
            told = true;
        }
        match keeper.upgrade() {
            Some(keeper) => drop(keeper.reload(WATCH)),
            None => return,
        }
        match &watcher {
            Ok(_) => await_burst(keeper, &woken),
            Err(_) => std::thread::sleep(RETRY),
        }
    }
}

/// Returns after a burst of events, or when the keeper is gone.
fn await_burst(keeper: &Weak<Keeper>, woken: &mpsc::Receiver<()>) {
    loop {
        match woken.recv_timeout(RETRY) {
            Ok(()) => break,
            Err(mpsc::RecvTimeoutError::Timeout) if keeper.strong_count() > 0 => {}
            Err(_) => return,
        }
    }
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && woken.recv_timeout(QUIET).is_ok() {}
}

/// A watcher over `interests` that sends on `wake`; dropping it ends it.
fn arm(interests: &[PathBuf], wake: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let concerned = interests.to_vec();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // An error may mean lost events, so it wakes; reading a file is an event too, and our own
        // reading must not.
        let wakes = event.map_or(true, |event| {
            !event.kind.is_access() && event.paths.iter().any(|path| concerns(&concerned, path))
        });
        if wakes {
            // Nobody listens once the next watcher is armed.
            let _ = wake.send(());
        }
    })?;
    for (folder, mode) in folders(interests) {
        // A folder that is not there yet appears in its parent, which is watched.
        match watcher.watch(&folder, mode) {
            Err(error) if folder.exists() => return Err(error),
            _ => {}
        }
    }
    Ok(watcher)
}

/// Whether an event at `path` may change what is read: within, or on the way to, an interest, or one
/// of the links (`..data`) that Kubernetes swaps beside its files.
fn concerns(interests: &[PathBuf], path: &Path) -> bool {
    let is_swap = || path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".."));
    interests.iter().any(|interest| path.starts_with(interest) || interest.starts_with(path)) || is_swap()
}

/// The folders to watch: each interest (whole, if it is a folder), its parent, that one's parent, and
/// the parents of links on the way.
fn folders(interests: &[PathBuf]) -> Vec<(PathBuf, RecursiveMode)> {
    let mut folders: Vec<(PathBuf, bool)> = Vec::new();
    for interest in interests {
        if interest.is_dir() {
            folders.push((interest.clone(), true));
        }
        folders.extend(interest.ancestors().skip(1).take(2).map(|folder| (folder.to_owned(), false)));
        let links = interest.ancestors().filter(|at| at.is_symlink());
        folders.extend(links.filter_map(Path::parent).map(|folder| (folder.to_owned(), false)));
    }
    // Watching a folder a second time replaces the first: the recursive one has the last word.
    folders.sort();
    folders.dedup();
    let mode = |whole| if whole { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
    folders.into_iter().map(|(folder, whole)| (folder, mode(whole))).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;
    use crate::world::fixture::Fixture;

    const AGREEMENT: &str = "policies/agreements/TT-2026-017.toml";

    /// The promise of the documents: an edit acts within a second. A busy machine gets more.
    const SOON: Duration = Duration::from_secs(5);

    fn until(keeper: &Keeper, what: &str, acts: impl Fn(&Keeper) -> bool) {
        let begun = Instant::now();
        while !acts(keeper) {
            assert!(begun.elapsed() < SOON, "{what}: no effect within {SOON:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The last day of the agreement in service.
    fn last_day(keeper: &Keeper) -> String {
        let world = keeper.world();
        let agreement = world.snapshot.register().agreement_named("TT-2026-017");
        agreement.and_then(|agreement| agreement.valid.until).map(|day| day.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_edit_takes_effect_however_it_is_saved() {
        let fixture = Fixture::new();
        let keeper = fixture.keeper().unwrap();
        watch(&keeper);
        let text = fs::read_to_string(fixture.path(AGREEMENT)).unwrap();
        let with = |day: &str| text.replace("2027-12-31", day);

        fs::write(fixture.path(AGREEMENT), with("2027-01-01")).unwrap();
        until(&keeper, "written in place", |keeper| last_day(keeper) == "2027-01-01");

        fs::write(fixture.path("policies/agreements/.TT.swp"), with("2027-01-02")).unwrap();
        fs::rename(fixture.path("policies/agreements/.TT.swp"), fixture.path(AGREEMENT)).unwrap();
        until(&keeper, "renamed over", |keeper| last_day(keeper) == "2027-01-02");

        // As Kubernetes mounts: the file is a link into `..data`, itself a link that is swapped.
        let folder = fixture.path("policies/agreements");
        for (version, day) in [("..1", "2027-01-03"), ("..2", "2027-01-04"), ("..3", "2027-01-05")] {
            fs::create_dir(folder.join(version)).unwrap();
            fs::write(folder.join(version).join("TT-2026-017.toml"), with(day)).unwrap();
            symlink(version, folder.join("..data_tmp")).unwrap();
            fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
            if version == "..1" {
                symlink("..data/TT-2026-017.toml", folder.join("link")).unwrap();
                fs::rename(folder.join("link"), fixture.path(AGREEMENT)).unwrap();
            }
            until(&keeper, version, |keeper| last_day(keeper) == day);
        }

        // The whole folder is swapped, and an edit in the new one is seen as well.
        fs::rename(fixture.path("policies"), fixture.path("policies.old")).unwrap();
        fixture.lay_out_policies();
        until(&keeper, "folder swapped", |keeper| last_day(keeper) == "2027-12-31");
        fs::write(fixture.path(AGREEMENT), with("2027-01-06")).unwrap();
        until(&keeper, "in the new folder", |keeper| last_day(keeper) == "2027-01-06");
    }

    #[test]
    fn an_event_beside_what_is_read_wakes_nobody() {
        let interests = [PathBuf::from("/etc/lt/policies/members"), PathBuf::from("/etc/lt/pki/ca.crl")];
        for path in [
            "/etc/lt/policies/members/H26.toml",
            "/etc/lt/policies",
            "/etc/lt/pki/ca.crl",
            "/etc/lt/pki/..data",
        ] {
            assert!(concerns(&interests, Path::new(path)), "{path}");
        }
        for path in ["/etc/lt/data/journal/x", "/etc/lt/gateway.log", "/etc/lt/pki/other.pem"] {
            assert!(!concerns(&interests, Path::new(path)), "{path}");
        }
    }
}
