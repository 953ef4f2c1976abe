//! Holds the current [`World`], and replaces it.
//!
//! Three parts are read one after the other and each is taken whole or not at all: suspensions first,
//! since an emergency stop waits for nothing; certificates; documents last. Every one taken and every
//! one refused is an act in the journal, under the name of who asked.
//!
//! All of it happens on the thread of who asked, never on a worker: what workers see of a reload is one
//! pointer that changed. A snapshot that was replaced goes to the [`Reaper`], so that no worker has to
//! take a hundred thousand agreements apart because it held the last exchange that used them.

use std::{
    cell::RefCell,
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use contracts::{Bilingual, Fault, Language};
use jiff::Timestamp;
use policies::{MaskKeys, Source};

use super::{
    Documents, Loaded, OneOffs, Part, Snapshot, Standing, World,
    documents::{Readings, sha256},
    last_good,
    last_good::Copy,
    peers::pki_settings,
    reaper::Reaper,
    settings::Settings,
    standing::NOT_JOURNALLED,
    suspensions::Suspensions,
    watch::Interest,
};
use crate::{
    host::{Pki, Standings, Tls},
    journal::{Act, Journal, JournalFault, Kept, Text},
    metrics::Metrics,
    quota::Quota,
};

/// How often the folders are read until what was read holds; a checkout that takes longer is read at
/// its next event.
const READS: usize = 5;
/// How long a read waits for the next.
const BETWEEN_READS: Duration = Duration::from_millis(50);

/// The actor of a reload that nobody asked for but the folders themselves.
pub(super) const WATCH: &str = "file-watch";
/// The actor of what is loaded at the start.
const START: &str = "start";

/// What the journal calls a snapshot taken into service. Its manifest lists the documents and, beside
/// them, [`SETTINGS_NAME`].
pub const SNAPSHOT_LOADED: &str = "snapshot-loaded";
/// What the journal calls suspensions taken into service.
pub const SUSPENSIONS_LOADED: &str = "suspensions-loaded";
/// What `gateway.toml` is called in a manifest.
pub const SETTINGS_NAME: &str = "gateway.toml";

thread_local! {
    static FOUND: RefCell<Option<Found>> = const { RefCell::new(None) };
}

/// The world as a worker found it last. Who holds it is counted by the worker alone: one count for all would be
/// written twice by every exchange, and the workers take it from each other.
struct Found {
    shared: Arc<World>,
    own: Arc<World>,
}

/// Holds the current world.
pub struct Keeper {
    world: ArcSwap<World>,
    loaded: Loaded,
    tls: Arc<Tls>,
    parts: Parts,
    reaper: Reaper,
    /// Read by probes, which do not wait for a reload to end.
    standing: ArcSwap<Standing>,
    // Reloads take turns; what exchanges read is `world` alone.
    memory: Mutex<Memory>,
}

/// What a snapshot is compiled with besides documents.
pub struct Parts {
    /// The keys of pseudonyms.
    pub mask_keys: Arc<MaskKeys>,
    /// Which one-off agreements were used.
    pub one_offs: OneOffs,
    /// Where quotas are counted.
    pub quota: Arc<Quota>,
    /// Where swaps are recorded.
    pub journal: Arc<Journal>,
    /// Where routes are counted.
    pub metrics: Arc<Metrics>,
    /// What is known of providers, whatever is compiled anew.
    pub standings: Standings,
}

/// What is in service, so that an event that changed nothing changes nothing.
#[derive(Default)]
struct Memory {
    readings: Readings,
    suspensions: Option<[u8; 32]>,
    pki: Option<[u8; 32]>,
    standing: Standing,
}

/// What a reload did about one part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Nothing,
    Something,
}

impl Keeper {
    /// Loads everything for the first time. Documents or suspensions that are faulty give way to
    /// those that served last; where none did, as for certificates, a fault ends the start.
    ///
    /// # Errors
    /// Every fault that keeps the gateway from starting.
    pub fn open(loaded: Loaded, parts: Parts) -> Result<Arc<Self>, Vec<Fault>> {
        let settings = &loaded.settings;
        let data = &settings.data.folder;
        let mut memory = Memory::default();
        let mut faults = Vec::new();

        memory.pki = Some(files_digest(&loaded.pki_files()));
        let pki = match Pki::load(&pki_settings(&loaded), Timestamp::now()) {
            Ok((pki, warnings)) => {
                memory.standing.taken(Part::Certificates, warnings);
                Some(pki)
            }
            Err(found) => {
                faults.extend(found);
                None
            }
        };

        let kept = last_good::kept(data, Copy::Suspensions).map(Suspensions::from_texts);
        let suspensions = Suspensions::read(&settings.documents.policies, &kept.clone().unwrap_or_default());
        if kept.is_none() {
            faults.extend(suspensions.faults.iter().filter(|fault| !fault.warning).cloned());
        }
        memory.suspensions = Some(suspensions.digest());
        memory.standing.taken(Part::Suspensions, suspensions.faults.clone());

        let (snapshot, found) = match compile_present(&loaded, &parts, &mut memory.readings) {
            Ok((snapshot, warnings)) => (Some(snapshot), warnings),
            Err(found) => (compile_kept(&loaded, &parts), found),
        };
        match &snapshot {
            None => faults.extend(found),
            Some(_) => {
                memory.standing.last_good = found.iter().any(|fault| !fault.warning);
                memory.standing.taken(Part::Documents, found);
            }
        }
        let (Some(snapshot), Some(pki), true) = (snapshot, pki, faults.is_empty()) else {
            return Err(faults);
        };
        for fault in memory.standing.faults() {
            tracing::error!("not in service: {}", fault.display(Language::En));
        }

        let world = World { snapshot: Arc::new(snapshot), overlay: Arc::new(suspensions.overlay.clone()) };
        let keeper = Self {
            world: ArcSwap::from_pointee(world),
            loaded,
            tls: Arc::new(Tls::new(pki)),
            parts,
            reaper: Reaper::start(),
            standing: ArcSwap::from_pointee(memory.standing.clone()),
            memory: Mutex::new(memory),
        };
        let world = keeper.world();
        keeper.record_snapshot(START, &world.snapshot).map_err(|fault| vec![unrecorded(&fault)])?;
        keeper.record_suspensions(START, &suspensions);
        Ok(Arc::new(keeper))
    }

    /// The world as it is now.
    pub fn world(&self) -> Arc<World> {
        self.world.load_full()
    }

    /// The same for an exchange, counted by its worker, which keeps it for the next until [`Keeper::let_go`].
    pub fn world_here(&self) -> Arc<World> {
        let shared = self.world.load();
        FOUND.with_borrow_mut(|found| match found {
            Some(found) if Arc::ptr_eq(&found.shared, &shared) => Arc::clone(&found.own),
            _ => {
                let own = Arc::new(World::clone(&shared));
                *found = Some(Found { shared: Arc::clone(&shared), own: Arc::clone(&own) });
                own
            }
        })
    }

    /// Lets go of the world that this worker found, unless it is the one of now.
    pub fn let_go(&self) {
        let shared = self.world.load();
        FOUND.with_borrow_mut(|found| drop(found.take_if(|found| !Arc::ptr_eq(&found.shared, &shared))));
    }

    /// The settings the process started with.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// What new connections are greeted with.
    pub fn tls(&self) -> &Arc<Tls> {
        &self.tls
    }

    /// Where swaps are recorded.
    pub(super) fn journal(&self) -> &Journal {
        &self.parts.journal
    }

    /// How the last reload ended.
    pub fn standing(&self) -> Arc<Standing> {
        self.standing.load_full()
    }

    /// Reads everything again and takes into service what changed and is sound. `actor` is who
    /// asked: an operator's name, `sighup`, or the watched folders themselves. Blocks: not for a
    /// worker.
    pub fn reload(&self, actor: &str) -> Arc<Standing> {
        let mut memory = self.memory();
        memory.standing.at = Some(Timestamp::now());
        let done = [
            self.reload_suspensions(&mut memory, actor),
            self.reload_pki(&mut memory, actor),
            self.reload_documents(&mut memory, actor),
        ];
        // What a person asked for is an act even when it found nothing to do.
        if actor != WATCH && done.iter().all(|done| *done == Done::Nothing) {
            self.record(actor, "reload-found-nothing", None, None);
        }
        let standing = Arc::new(memory.standing.clone());
        self.standing.store(Arc::clone(&standing));
        standing
    }

    /// The files and folders whose changes matter.
    pub(super) fn interests(&self) -> Vec<Interest> {
        let folders = &self.loaded.settings.documents;
        let flat = ["members", "purposes", "agreements", "suspensions"];
        let flat = flat.into_iter().map(|name| Interest::flat(folders.policies.join(name)));
        let contracts = ["catalog", "code-lists"].into_iter().map(|name| folders.contracts.join(name));
        let deep = contracts.chain([folders.policies.join("services")]).map(Interest::deep);
        let world = self.world();
        let files = self.loaded.pki_files().into_iter().chain(world.snapshot.materials().files().cloned());
        let mut interests: Vec<Interest> = flat.chain(deep).chain(files.map(Interest::flat)).collect();
        interests.sort();
        interests.dedup();
        interests
    }

    fn reload_suspensions(&self, memory: &mut Memory, actor: &str) -> Done {
        let policies = &self.loaded.settings.documents.policies;
        let suspensions = Suspensions::read(policies, &self.world.load().overlay);
        let digest = suspensions.digest();
        if memory.suspensions == Some(digest) {
            return Done::Nothing;
        }
        memory.suspensions = Some(digest);
        memory.standing.taken(Part::Suspensions, suspensions.faults.clone());
        let overlay = Arc::new(suspensions.overlay.clone());
        self.swap(|world| World { overlay, snapshot: Arc::clone(&world.snapshot) });
        for fault in suspensions.faults.iter().filter(|fault| !fault.warning) {
            tracing::error!("a suspension is faulty: {}", fault.display(Language::En));
        }
        self.record_suspensions(actor, &suspensions);
        Done::Something
    }

    fn reload_pki(&self, memory: &mut Memory, actor: &str) -> Done {
        // Taken before the files are read for good: what changes in between is another change.
        let digest = files_digest(&self.loaded.pki_files());
        if memory.pki == Some(digest) {
            memory.standing.mended(Part::Certificates);
            return Done::Nothing;
        }
        match Pki::load(&pki_settings(&self.loaded), Timestamp::now()) {
            Ok((pki, warnings)) => {
                memory.pki = Some(digest);
                memory.standing.taken(Part::Certificates, warnings);
                self.reaper.take(self.tls.swap(pki), Pki::is_alone);
                self.parts.metrics.reloaded();
                self.record(actor, "certificates-loaded", None, None);
                Done::Something
            }
            Err(faults) => self.refuse(memory, Part::Certificates, actor, faults),
        }
    }

    fn reload_documents(&self, memory: &mut Memory, actor: &str) -> Done {
        let serving = Arc::clone(&self.world().snapshot);
        let documents =
            match read_stable(&self.loaded.settings, &mut memory.readings, Some(serving.documents())) {
                Ok(documents) => documents,
                Err(faults) => return self.refuse(memory, Part::Documents, actor, faults),
            };
        let today = policies::local(Timestamp::now()).date();
        let same = documents == *serving.documents() && serving.day() == today;
        if same && serving.materials().reread() == *serving.materials() {
            memory.standing.mended(Part::Documents);
            memory.standing.last_good = false;
            return Done::Nothing;
        }
        let compiled = Snapshot::compile(Some(&serving), &self.loaded, &documents, &self.parts);
        let (snapshot, warnings) = match compiled {
            Ok((snapshot, warnings)) => (Arc::new(snapshot), warnings),
            Err(faults) => return self.refuse(memory, Part::Documents, actor, faults),
        };
        // Recorded before it decides: every decision can be shown again.
        if let Err(fault) = self.record_snapshot(actor, &snapshot) {
            return self.refuse(memory, Part::Documents, actor, vec![unrecorded(&fault)]);
        }
        memory.standing.last_good = false;
        memory.standing.taken(Part::Documents, warnings);
        self.swap(|world| World { snapshot, overlay: Arc::clone(&world.overlay) });
        self.reaper.take(serving, |snapshot| Arc::strong_count(snapshot) == 1);
        Done::Something
    }

    /// Only reloads swap, and they take turns, so nothing is lost between the load and the store.
    fn swap(&self, change: impl FnOnce(&World) -> World) {
        let world = change(&self.world.load());
        self.world.store(Arc::new(world));
    }

    fn refuse(&self, memory: &mut Memory, part: Part, actor: &str, faults: Vec<Fault>) -> Done {
        // Warnings about what is not taken can wait until it is.
        let faults: Vec<Fault> = faults.into_iter().filter(|fault| !fault.warning).collect();
        // An edit elsewhere wakes the watch as well: what is known is not told again.
        if actor == WATCH && memory.standing.knows(part, &faults) {
            return Done::Nothing;
        }
        self.parts.metrics.reload_refused();
        for fault in &faults {
            tracing::error!(
                actor,
                "not taken into service, what was keeps deciding: {}",
                fault.display(Language::En)
            );
        }
        let what = match part {
            Part::Documents => "snapshot-refused",
            Part::Suspensions => "suspensions-refused",
            Part::Certificates => "certificates-refused",
        };
        let first = faults.first().map(|fault| fault.display(Language::En)).unwrap_or_default();
        let note = format!("{} fault(s), the first: {first}", faults.len());
        self.record(actor, what, Some(&note), None);
        memory.standing.refused(part, faults);
        Done::Something
    }

    /// The act of a snapshot, with its documents and the settings; and the copy for a restart.
    fn record_snapshot(&self, actor: &str, snapshot: &Snapshot) -> Result<(), JournalFault> {
        // What serves now was kept when it was taken into service.
        let serving = Arc::clone(&self.world.load().snapshot);
        let kept: HashSet<*const Source> = if std::ptr::eq(&*serving, snapshot) {
            HashSet::new()
        } else {
            serving.documents().iter().map(|(_, source)| Arc::as_ptr(source)).collect()
        };
        let texts: Vec<Text<'_>> = snapshot
            .documents()
            .iter()
            .map(|(name, source)| {
                let known = kept.contains(&Arc::as_ptr(source));
                Text::known(name.display().to_string(), source.revision(), source.text.as_bytes(), known)
            })
            .chain([Text::new(SETTINGS_NAME, self.loaded.text.as_bytes())])
            .collect();
        let documents = self.parts.journal.keep(&texts)?;
        let digest = Some(snapshot.digest());
        let act =
            Act { actor, what: SNAPSHOT_LOADED, snapshot: digest, note: None, documents: Some(documents) };
        self.parts.journal.act(&act)?;
        self.parts.metrics.reloaded();
        tracing::info!(actor, snapshot = snapshot.hash(), "documents taken into service");
        self.keep_last_good(Copy::Documents, &documents);
        Ok(())
    }

    fn record_suspensions(&self, actor: &str, suspensions: &Suspensions) {
        self.parts.metrics.reloaded();
        let texts: Vec<Text<'_>> =
            suspensions.texts().into_iter().map(|(name, text)| Text::new(name, text)).collect();
        let documents = match self.parts.journal.keep(&texts) {
            Ok(documents) => Some(documents),
            Err(fault) => {
                tracing::error!(%fault, actor, "the texts of suspensions could not be kept");
                None
            }
        };
        let note = format!("{} in force", suspensions.overlay.iter().count());
        self.record(actor, SUSPENSIONS_LOADED, Some(&note), documents);
        // What goes on acting only because it is remembered must not be forgotten at a restart.
        if let Some(documents) = documents.filter(|_| suspensions.faults.iter().all(|fault| fault.warning)) {
            self.keep_last_good(Copy::Suspensions, &documents);
        }
    }

    /// Records an act beside the snapshot in service. One that cannot be recorded stands all the
    /// same: taking a stop back because a disk is full would be worse, and exchanges end on their
    /// own, since they need the journal too.
    fn record(&self, actor: &str, what: &str, note: Option<&str>, documents: Option<Kept>) {
        tracing::info!(actor, what, note, "reload");
        let snapshot = Arc::clone(&self.world.load().snapshot);
        let act = Act { actor, what, snapshot: Some(snapshot.digest()), note, documents };
        if let Err(fault) = self.parts.journal.act(&act) {
            tracing::error!(%fault, actor, what, "an act could not be journalled");
        }
    }

    fn keep_last_good(&self, copy: Copy, documents: &Kept) {
        if let Err(error) = last_good::keep(&self.loaded.settings.data.folder, copy, documents) {
            tracing::error!(%error, ?copy, "the last good copy could not be kept; a restart depends on the folders as they are then");
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn compile_present(
    loaded: &Loaded,
    parts: &Parts,
    readings: &mut Readings,
) -> Result<(Snapshot, Vec<Fault>), Vec<Fault>> {
    Snapshot::compile(None, loaded, &read_stable(&loaded.settings, readings, None)?, parts)
}

fn compile_kept(loaded: &Loaded, parts: &Parts) -> Option<Snapshot> {
    let texts = last_good::kept(&loaded.settings.data.folder, Copy::Documents)?;
    let (snapshot, _) = Snapshot::compile(None, loaded, &Documents::from_texts(texts), parts).ok()?;
    tracing::error!(snapshot = %snapshot.hash(), "the documents are faulty: serving the last good ones; run `lienthong check`");
    Some(snapshot)
}

/// Reads until what was read holds, so that half a checkout never decides; or agrees with what serves.
fn read_stable(
    settings: &Settings,
    readings: &mut Readings,
    serving: Option<&Documents>,
) -> Result<Documents, Vec<Fault>> {
    let folders = &settings.documents;
    for _ in 0..READS {
        let read = Documents::reread(&folders.policies, &folders.contracts, readings)?;
        if serving == Some(&read) || read.hold(&folders.policies, &folders.contracts, readings) {
            return Ok(read);
        }
        std::thread::sleep(BETWEEN_READS);
    }
    Err(vec![Fault {
        file: settings.documents.policies.clone(),
        place: None,
        rule: "unstable",
        message: Bilingual::new("tài liệu đang thay đổi liên tục", "the documents keep changing"),
        remedy: Bilingual::new(
            "Chờ việc ghi xong; cổng sẽ tự đọc lại",
            "Let the writing end; the gateway reads again by itself",
        ),
        warning: false,
    }])
}

/// The digest of files; one that cannot be read differs from one that can, so that loading reports it.
fn files_digest(files: &[PathBuf]) -> [u8; 32] {
    let mut all = Vec::new();
    for file in files {
        match std::fs::read(file) {
            Ok(bytes) => all.extend(sha256(&bytes)),
            Err(_) => all.push(0),
        }
    }
    sha256(&all)
}

fn unrecorded(fault: &JournalFault) -> Fault {
    Fault {
        file: PathBuf::from("journal"),
        place: None,
        rule: NOT_JOURNALLED,
        message: Bilingual::new(
            format!("không ghi được nhật ký cho bộ tài liệu mới: {}", fault.explain().vi),
            format!("the new documents could not be journalled: {}", fault.explain().en),
        ),
        remedy: Bilingual::new(
            "Khôi phục khả năng ghi nhật ký rồi nạp lại",
            "Make the journal writable again, then reload",
        ),
        warning: false,
    }
}
