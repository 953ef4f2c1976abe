//! Watching what is read, so that an edit takes effect within a second.
//!
//! Editors write a file, or write another and rename it; a checkout writes hundreds; Kubernetes
//! renames a symbolic link over another; a release swaps the whole folder. So the parents are watched
//! as well as the folders, links on the way too, and after every burst folders that are others than
//! before are watched afresh, *before* they are read: what changes after the reading wakes us again.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Weak, mpsc},
    time::{Duration, Instant, SystemTime},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::{Keeper, documents::DEPTH_CAP, keeper::WATCH};

/// How long the folders must be quiet before they are read: editors and `git pull` write many
/// files in a burst. Short enough that an edit acts within a second.
const QUIET: Duration = Duration::from_millis(50);
/// A burst that never ends is read all the same after this long.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long until watching is tried again when the system would not.
const RETRY: Duration = Duration::from_secs(10);
/// How often it is asked whether the disk takes evidence again, while an edit waits for that.
const OWED: Duration = Duration::from_secs(1);

/// Watches for as long as the keeper is in use. Where the system offers no notifications the
/// operator is told; SIGHUP and the admin address still reload.
pub fn watch(keeper: &Arc<Keeper>) {
    let keeper = Arc::downgrade(keeper);
    let spawned = std::thread::Builder::new().name("watch".to_owned()).spawn(move || follow(&keeper));
    if let Err(error) = spawned {
        tracing::error!(%error, "documents are not watched: no thread; reload with SIGHUP");
    }
}

/// What is to be watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Interest {
    path: PathBuf,
    /// Whether what is read lies in folders within.
    deep: bool,
}

impl Interest {
    /// A file, or a folder of files.
    pub(super) fn flat(path: PathBuf) -> Self {
        Self { path, deep: false }
    }

    /// A folder of folders.
    pub(super) fn deep(path: PathBuf) -> Self {
        Self { path, deep: true }
    }
}

/// A watch that is kept, and what it was set on.
struct Armed {
    interests: Vec<Interest>,
    folders: Vec<Folder>,
    woken: mpsc::Receiver<()>,
    _watcher: RecommendedWatcher,
}

fn follow(keeper: &Weak<Keeper>) {
    let mut told = false;
    let mut armed: Option<Armed> = None;
    loop {
        let Some(interests) = keeper.upgrade().map(|keeper| keeper.interests()) else { return };
        // Events come with the path that was watched; one spelling for all makes them comparable.
        let absolute =
            |Interest { path, deep }| Interest { path: std::path::absolute(&path).unwrap_or(path), deep };
        let interests: Vec<Interest> = interests.into_iter().map(absolute).collect();
        let folders = folders(&interests);
        // The same folders, not only the same names: thousands of watches are not set again for an edit.
        let current = armed.take().filter(|armed| armed.interests == interests && armed.folders == folders);
        armed = match current.map_or_else(|| arm(interests, folders), Ok) {
            Ok(armed) => Some(armed),
            Err(error) => {
                if !told {
                    tracing::error!(%error, "documents are not watched; reload with SIGHUP or the admin address");
                    told = true;
                }
                None
            }
        };
        match keeper.upgrade() {
            Some(keeper) => drop(keeper.reload(WATCH)),
            None => return,
        }
        match &armed {
            Some(armed) => await_burst(keeper, &armed.woken),
            None => std::thread::sleep(RETRY),
        }
    }
}

/// Returns after a burst of events, when an edit need no longer wait for the disk, or when the keeper is gone.
fn await_burst(keeper: &Weak<Keeper>, woken: &mpsc::Receiver<()>) {
    loop {
        let owes = keeper.upgrade().is_some_and(|keeper| keeper.standing().waits_for_disk());
        match woken.recv_timeout(if owes { OWED } else { RETRY }) {
            Ok(()) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => match keeper.upgrade() {
                Some(keeper) if owes && keeper.journal().fault().is_none() => return,
                Some(_) => {}
                None => return,
            },
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && woken.recv_timeout(QUIET).is_ok() {}
}

/// Watches `folders` for what happens to `interests`.
fn arm(interests: Vec<Interest>, folders: Vec<Folder>) -> notify::Result<Armed> {
    let (wake, woken) = mpsc::channel();
    let concerned = interests.clone();
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
    for folder in &folders {
        // A folder that is not there yet appears in its parent, which is watched.
        match watcher.watch(&folder.path, RecursiveMode::NonRecursive) {
            Err(error) if folder.path.exists() => return Err(error),
            _ => {}
        }
    }
    Ok(Armed { interests, folders, woken, _watcher: watcher })
}

/// Whether an event at `path` may change what is read: within, or on the way to, an interest, or one
/// of the links (`..data`) that Kubernetes swaps beside its files.
fn concerns(interests: &[Interest], path: &Path) -> bool {
    let is_swap = || path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".."));
    let meets = |interest: &Interest| path.starts_with(&interest.path) || interest.path.starts_with(path);
    interests.iter().any(meets) || is_swap()
}

/// A folder, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Folder {
    path: PathBuf,
    /// Device, inode and when it was made, since inodes are used again; none of one that is not there.
    identity: Option<(u64, u64, SystemTime)>,
}

/// The folders to watch: each interest that is one, with those within if what is read lies there, its
/// parent, that one's parent, and the parents of links on the way.
fn folders(interests: &[Interest]) -> Vec<Folder> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut seen = HashSet::new();
    for Interest { path, deep } in interests {
        if *deep {
            within(path, DEPTH_CAP, &mut paths);
        } else if path.is_dir() {
            paths.push(path.clone());
        }
        for (folder, distance) in path.ancestors().zip(0..) {
            if (1..=2).contains(&distance) {
                paths.push(folder.to_owned());
            }
            // Thousands of certificates lie in one folder, whose ways up are the same.
            let first = distance == 0 || seen.insert(folder.to_owned());
            if first && folder.is_symlink() {
                paths.extend(folder.parent().map(Path::to_owned));
            }
            if !first && distance >= 2 {
                break;
            }
        }
    }
    paths.sort();
    paths.dedup();
    let identity = |path: &Path| {
        let said = fs::metadata(path).ok()?;
        // Where the system does not tell, the last change will do: the watch is then set again more often.
        let made = said.created().or_else(|_| said.modified()).ok()?;
        Some((said.dev(), said.ino(), made))
    };
    paths.into_iter().map(|path| Folder { identity: identity(&path), path }).collect()
}

/// `folder` and the folders within, links to folders among them. Looks at no file.
fn within(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    found.push(folder.to_owned());
    if depth == 0 {
        return;
    }
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) {
            within(&entry.path(), depth - 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

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

        // The folder is made anew under its name, perhaps under the number of the old one.
        let agreements = fixture.path("policies/agreements");
        fs::remove_dir_all(&agreements).unwrap();
        until(&keeper, "folder removed", |keeper| last_day(keeper).is_empty());
        fs::create_dir(&agreements).unwrap();
        std::thread::sleep(Duration::from_millis(700));
        fs::write(fixture.path(AGREEMENT), with("2027-01-07")).unwrap();
        until(&keeper, "in the folder made anew", |keeper| last_day(keeper) == "2027-01-07");
    }

    #[test]
    fn an_event_beside_what_is_read_wakes_nobody() {
        let interests =
            ["/etc/lt/policies/members", "/etc/lt/pki/ca.crl"].map(|path| Interest::flat(path.into()));
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
