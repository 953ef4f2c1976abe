//! Holds the current [`World`], and replaces it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use contracts::{Bilingual, Fault};
use jiff::Timestamp;
use notify::RecursiveMode;
use policies::{MaskKeys, Overlay};

use super::{
    Documents, Loaded, OneOffs, Snapshot, World, documents::sha256, last_good, peers::pki_settings,
    settings::Settings, watch::parent,
};
use crate::{
    host::{Pki, Tls},
    journal::{Act, Journal},
    metrics::Metrics,
    quota::Quota,
};

/// How often the folders are read until two reads agree; a checkout that takes longer is read at
/// its next event.
const READS: usize = 5;

/// What the journal calls the three things that are taken into service.
const SNAPSHOT: &str = "snapshot-loaded";
const SUSPENSIONS: &str = "suspensions-loaded";
const CERTIFICATES: &str = "certificates-loaded";

/// Holds the current world.
pub struct Keeper {
    world: ArcSwap<World>,
    loaded: Loaded,
    tls: Arc<Tls>,
    parts: Parts,
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
}

/// What was read last, so that an event that changed nothing changes nothing.
#[derive(Default)]
struct Memory {
    documents: Option<[u8; 32]>,
    suspensions: Option<[u8; 32]>,
    pki: Option<[u8; 32]>,
    standing: Standing,
}

/// How the last reload ended, for operators.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// When it was tried.
    pub at: Option<Timestamp>,
    /// Faults that keep something written from deciding.
    pub faults: Vec<Fault>,
    /// Faults that keep nothing from working yet.
    pub warnings: Vec<Fault>,
    /// Whether the documents in service are the copy kept by an earlier run.
    pub last_good: bool,
    faults_by_part: [Vec<Fault>; 3],
    warnings_by_part: [Vec<Fault>; 3],
}

#[derive(Clone, Copy)]
enum Part {
    Documents,
    Suspensions,
    Pki,
}

impl Keeper {
    /// Loads everything for the first time. Faulty documents fall back to the last good ones;
    /// faulty suspensions or certificates do not start at all, since both only ever say no.
    ///
    /// # Errors
    /// Every fault that keeps the gateway from starting.
    pub fn open(loaded: Loaded, parts: Parts) -> Result<Arc<Self>, Vec<Fault>> {
        let settings = &loaded.settings;
        let now = Timestamp::now();
        let mut memory = Memory::default();
        let mut faults = Vec::new();

        let pki =
            Pki::load(&pki_settings(&loaded), now).inspect_err(|found| faults.extend(found.clone())).ok();
        let overlay = read_overlay(settings, &Overlay::default())
            .inspect_err(|found| faults.extend(found.clone()))
            .ok();
        let snapshot = match read_stable(settings)
            .and_then(|documents| compile(&loaded, &documents, &parts).map(|s| (s, documents)))
        {
            Ok(((snapshot, warnings), documents)) => {
                memory.documents = Some(documents.digest(loaded.text.as_bytes()));
                memory.standing.warnings_by_part[Part::Documents as usize] = warnings;
                keep_last_good(settings, &documents);
                Some(snapshot)
            }
            Err(found) => {
                let kept = serve_last_good(&loaded, &parts);
                if kept.is_some() {
                    memory.standing.last_good = true;
                    memory.standing.faults_by_part[Part::Documents as usize] = found;
                } else {
                    faults.extend(found);
                }
                kept
            }
        };
        let (Some(snapshot), Some((overlay, suspensions, overlay_faults)), Some((pki, pki_warnings)), true) =
            (snapshot, overlay, pki, faults.is_empty())
        else {
            return Err(faults);
        };
        memory.standing.warnings_by_part[Part::Pki as usize] = pki_warnings;
        memory.suspensions = Some(suspensions.digest(b""));
        memory.standing.faults_by_part[Part::Suspensions as usize] = overlay_faults;
        memory.pki = Some(pki_digest(&loaded));
        memory.standing.settle();
        let keeper = Self {
            world: ArcSwap::from_pointee(World { snapshot: Arc::new(snapshot), overlay: Arc::new(overlay) }),
            loaded,
            tls: Arc::new(Tls::new(pki)),
            parts,
            memory: Mutex::new(memory),
        };
        let world = keeper.world();
        keeper.taken("start", SNAPSHOT, world.snapshot.documents());
        keeper.taken("start", SUSPENSIONS, &suspensions);
        Ok(Arc::new(keeper))
    }

    /// The world as it is now.
    pub fn world(&self) -> Arc<World> {
        self.world.load_full()
    }

    /// The settings the process started with.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// What new connections are greeted with.
    pub fn tls(&self) -> &Arc<Tls> {
        &self.tls
    }

    /// How the last reload ended.
    pub fn standing(&self) -> Standing {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).standing.clone()
    }

    /// Reads everything again and takes into service what changed and is sound. `actor` is who
    /// asked: `file-watch`, `sighup`, or an operator's name.
    pub fn reload(&self, actor: &str) -> Standing {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.standing.at = Some(Timestamp::now());
        // What stops exchanges goes first: an emergency stop waits for nothing.
        self.reload_suspensions(&mut memory, actor);
        self.reload_pki(&mut memory, actor);
        self.reload_documents(&mut memory, actor);
        memory.standing.settle();
        memory.standing.clone()
    }

    /// The folders whose changes matter.
    pub(super) fn watched(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let settings = &self.loaded.settings;
        let mut folders = vec![
            (settings.documents.policies.clone(), RecursiveMode::Recursive),
            (settings.documents.contracts.clone(), RecursiveMode::Recursive),
        ];
        folders.extend(self.loaded.pki_files().iter().map(|file| parent(file)));
        folders.sort_by(|a, b| a.0.cmp(&b.0));
        folders.dedup_by(|a, b| a.0 == b.0);
        folders
    }

    fn reload_suspensions(&self, memory: &mut Memory, actor: &str) {
        match read_overlay(&self.loaded.settings, &self.world.load().overlay) {
            Ok((_, documents, _)) if memory.suspensions == Some(documents.digest(b"")) => {}
            Ok((overlay, documents, faults)) => {
                memory.suspensions = Some(documents.digest(b""));
                memory.standing.set(Part::Suspensions, faults, Vec::new());
                let overlay = Arc::new(overlay);
                self.swap(|world| World { overlay, snapshot: Arc::clone(&world.snapshot) });
                self.taken(actor, SUSPENSIONS, &documents);
            }
            Err(faults) => self.refuse(memory, Part::Suspensions, faults),
        }
    }

    fn reload_pki(&self, memory: &mut Memory, actor: &str) {
        let digest = pki_digest(&self.loaded);
        if memory.pki == Some(digest) {
            return;
        }
        match Pki::load(&pki_settings(&self.loaded), Timestamp::now()) {
            Ok((pki, warnings)) => {
                memory.pki = Some(digest);
                memory.standing.set(Part::Pki, Vec::new(), warnings);
                self.tls.swap(pki);
                self.taken(actor, CERTIFICATES, &Documents::default());
            }
            Err(faults) => self.refuse(memory, Part::Pki, faults),
        }
    }

    fn reload_documents(&self, memory: &mut Memory, actor: &str) {
        let documents = match read_stable(&self.loaded.settings) {
            Ok(documents) => documents,
            Err(faults) => return self.refuse(memory, Part::Documents, faults),
        };
        let digest = documents.digest(self.loaded.text.as_bytes());
        if memory.documents == Some(digest) {
            // Back to what is in service: an earlier fault was mended.
            memory.standing.faults_by_part[Part::Documents as usize].clear();
            return;
        }
        match compile(&self.loaded, &documents, &self.parts) {
            Ok((snapshot, warnings)) => {
                memory.documents = Some(digest);
                memory.standing.last_good = false;
                memory.standing.set(Part::Documents, Vec::new(), warnings);
                let snapshot = Arc::new(snapshot);
                self.swap(|world| World { snapshot, overlay: Arc::clone(&world.overlay) });
                self.taken(actor, SNAPSHOT, &documents);
                keep_last_good(&self.loaded.settings, &documents);
            }
            Err(faults) => self.refuse(memory, Part::Documents, faults),
        }
    }

    /// Only reloads swap, and they take turns, so nothing is lost between the load and the store.
    fn swap(&self, change: impl FnOnce(&World) -> World) {
        let world = change(&self.world.load());
        self.world.store(Arc::new(world));
    }

    /// Records what was taken into service. One that cannot be recorded still stands: taking a
    /// stricter document back because a disk is full would be worse, and exchanges stop on their own,
    /// since they need the journal too.
    fn taken(&self, actor: &str, what: &str, documents: &Documents) {
        let snapshot = &self.world.load().snapshot;
        self.parts.metrics.reloads.inc();
        tracing::info!(actor, what, snapshot = snapshot.hash(), "taken into service");
        let texts: Vec<(String, &[u8])> =
            documents.iter().map(|(path, text, _)| (path.display().to_string(), text.as_bytes())).collect();
        let listed: Vec<(&str, &[u8])> = texts.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let act = Act { actor, what, snapshot: Some(snapshot.digest()), note: None, documents: &listed };
        if let Err(fault) = self.parts.journal.act(&act) {
            tracing::error!(%fault, actor, what, "a change of documents could not be journalled");
        }
    }

    fn refuse(&self, memory: &mut Memory, part: Part, faults: Vec<Fault>) {
        self.parts.metrics.reload_faults.inc();
        for fault in &faults {
            tracing::error!(
                "not taken into service, the previous ones keep deciding: {}",
                fault.display(contracts::Language::En)
            );
        }
        memory.standing.set(part, faults, Vec::new());
    }
}

impl Standing {
    fn set(&mut self, part: Part, faults: Vec<Fault>, warnings: Vec<Fault>) {
        self.faults_by_part[part as usize] = faults;
        self.warnings_by_part[part as usize] = warnings;
    }

    fn settle(&mut self) {
        self.faults = self.faults_by_part.concat();
        self.warnings = self.warnings_by_part.concat();
    }
}

impl Loaded {
    /// The files that say whom to trust.
    pub fn pki_files(&self) -> Vec<PathBuf> {
        let tls = &self.settings.tls;
        let secrets = [&tls.certificate, &tls.key]
            .into_iter()
            .chain(tls.anchors.iter().map(|anchor| &anchor.certificate));
        secrets
            .filter_map(|secret| match secret {
                super::Secret::File(path) => Some(self.folder.join(path)),
                super::Secret::Env(_) => None,
            })
            .chain(tls.anchors.iter().filter_map(|anchor| anchor.crl_file.clone()))
            .collect()
    }
}

fn compile(
    loaded: &Loaded,
    documents: &Documents,
    parts: &Parts,
) -> Result<(Snapshot, Vec<Fault>), Vec<Fault>> {
    Snapshot::compile(loaded, documents, &loaded.settings.documents.contracts, parts)
}

/// Reads until two reads agree, so that half a checkout never decides.
fn read_stable(settings: &Settings) -> Result<Documents, Vec<Fault>> {
    let read = || Documents::read(&settings.documents.policies, &settings.documents.contracts);
    let mut last = read()?;
    for _ in 0..READS {
        let again = read()?;
        if again == last {
            return Ok(again);
        }
        last = again;
        std::thread::sleep(std::time::Duration::from_millis(50));
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

fn read_overlay(
    settings: &Settings,
    previous: &Overlay,
) -> Result<(Overlay, Documents, Vec<Fault>), Vec<Fault>> {
    let documents = Documents::read_suspensions(&settings.documents.policies)?;
    let (overlay, faults) = Overlay::compile(&documents.suspensions(), previous);
    Ok((overlay, documents, faults))
}

fn pki_digest(loaded: &Loaded) -> [u8; 32] {
    let mut all = Vec::new();
    for file in loaded.pki_files() {
        // A file that cannot be read is a change too: loading then reports it.
        all.extend(std::fs::read(&file).map(|bytes| sha256(&bytes)).unwrap_or_default());
    }
    sha256(&all)
}

fn keep_last_good(settings: &Settings, documents: &Documents) {
    if let Err(error) = last_good::keep(&settings.data.folder, documents) {
        tracing::error!(%error, "the last good documents could not be kept; a restart depends on the folders as they are then");
    }
}

fn serve_last_good(loaded: &Loaded, parts: &Parts) -> Option<Snapshot> {
    let folder = last_good::kept(&loaded.settings.data.folder)?;
    let contracts = folder.join("contracts");
    let documents = Documents::read(&folder.join("policies"), &contracts).ok()?;
    let (snapshot, _) = Snapshot::compile(loaded, &documents, &contracts, parts).ok()?;
    tracing::error!(snapshot = %snapshot.hash(), "the documents are faulty: serving the last good ones; run `lienthong check`");
    Some(snapshot)
}
