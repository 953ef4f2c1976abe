//! Documents and contracts, compiled: the immutable part of a [`World`](super::World).

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use contracts::{Bilingual, Catalog, Fault};
use foldhash::fast::RandomState;
use jiff::{Timestamp, civil::Date};
use policies::{
    Agreement, AgreementId, Kind, MaskKeys, Operation, QuotaTerms, Register, Service, ServiceKey, SystemKey,
};

use super::{
    Documents, Loaded, OneOff, Settings,
    documents::rooted,
    keeper::Parts,
    peers::{Materials, Peers},
};
use crate::{
    code_lists,
    description::shelf::Shelf,
    host::Provider,
    journal::JournalFault,
    metrics::{Metrics, Route},
    quota::Meters,
};

/// Everything that decides, compiled once.
pub struct Snapshot {
    generation: u64,
    digest: [u8; 32],
    hash: String,
    loaded_at: Timestamp,
    loaded: Loaded,
    documents: Documents,
    ground: Ground,
    register: Register,
    mask_keys: Arc<MaskKeys>,
    peers: Peers,
    /// The counters of operations, made at their first exchange: thousands of services, each with its
    /// histograms, would be a page of metrics that nobody can read, most of it zeros.
    routes: HashMap<(ServiceKey, Operation), OnceLock<Arc<Route>>, RandomState>,
    metrics: Arc<Metrics>,
    /// The meters of each agreement, its service's included; and of services alone.
    agreement_meters: HashMap<AgreementId, Meters, RandomState>,
    service_meters: HashMap<ServiceKey, Meters, RandomState>,
    one_offs: HashMap<AgreementId, Arc<OneOff>, RandomState>,
    floods: HashMap<SystemKey, Meters, RandomState>,
    unlimited: Meters,
    descriptions: Shelf,
}

/// Contracts and code lists, compiled.
#[derive(Clone)]
struct Ground {
    catalog: Catalog,
    code_lists: Arc<code_lists::Pages>,
    warnings: Arc<[Fault]>,
}

impl Ground {
    /// Of `documents`; where only some contracts changed, the others are those of `previous`.
    fn load(previous: Option<&Snapshot>, documents: &Documents, loaded: &Loaded) -> Result<Self, Vec<Fault>> {
        let settings = &loaded.settings;
        let rooted = |faults| rooted(&settings.documents.contracts, faults);
        let (catalog, warnings) = documents.catalog(&settings.data.folder).map_err(rooted)?;
        if let Some(previous) = previous.filter(|previous| previous.documents.has_code_lists_of(documents)) {
            let Self { catalog: before, code_lists, .. } = &previous.ground;
            let (catalog, code_lists) = (catalog.taking_over(before), Arc::clone(code_lists));
            return Ok(Self { catalog, code_lists, warnings: rooted(warnings).into() });
        }
        let code_lists = Arc::new(code_lists::Pages::of(catalog.code_lists()));
        Ok(Self { catalog, code_lists, warnings: rooted(warnings).into() })
    }
}

impl Snapshot {
    /// Compiles `documents`, taking over from `previous` what an edit in between does not touch. The
    /// result is that of compiling without.
    ///
    /// # Errors
    /// Every fault of every document. Warnings come with a snapshot that compiled.
    pub fn compile(
        previous: Option<&Self>,
        loaded: &Loaded,
        documents: &Documents,
        parts: &Parts,
    ) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let now = Timestamp::now();
        let folders = &loaded.settings.documents;
        let ground = match previous.filter(|previous| previous.documents.has_contracts_of(documents)) {
            Some(previous) => previous.ground.clone(),
            None => Ground::load(previous, documents, loaded)?,
        };
        let today = policies::local(now).date();
        let before = previous.map(|previous| &previous.register);
        let (register, found) = Register::compile_after(before, documents.sources(), &ground.catalog, today)
            .map_err(|faults| rooted(&folders.policies, faults))?;
        let mut warnings = ground.warnings.to_vec();
        warnings.extend(rooted(&folders.policies, found));
        let before = previous.map(|previous| (&previous.peers, &previous.register));
        let (peers, found) = Peers::compile(before, &register, loaded, &parts.standings, now)?;
        warnings.extend(found);

        // A service that is the same has the same counters, and so on below.
        let same_service = |service: &Service| {
            let previous = previous?;
            let key = previous.register.service_named(service.id.member(), service.id.service())?;
            previous.register.service(key).is(service).then_some((previous, key))
        };
        let mut routes = HashMap::default();
        let mut service_meters = HashMap::default();
        let mut same_services = HashSet::new();
        for (key, service) in register.services() {
            let same = same_service(service);
            for (operation, _) in service.versions.iter().flat_map(|version| version.operations()) {
                routes.insert((key, operation), OnceLock::new());
            }
            let known = same.and_then(|(previous, key)| previous.service_meters.get(&key));
            let fresh = || parts.quota.shared_meters(service.id.as_str(), service.quota.as_slice());
            service_meters.insert(key, known.cloned().unwrap_or_else(fresh));
            if same.is_some() {
                same_services.insert(key);
            }
        }
        let meters = |agreement: &Agreement| {
            let known =
                previous.filter(|_| same_services.contains(&agreement.service)).and_then(|previous| {
                    let before = previous.register.agreement_named(agreement.id.as_str())?;
                    before.is(agreement).then(|| previous.agreement_meters.get(&agreement.id)).flatten()
                });
            known.cloned().unwrap_or_else(|| {
                // The consumer's own terms first: they refuse before a shared one is touched.
                let service = register.service(agreement.service);
                let terms: Vec<QuotaTerms> = agreement.quota.iter().chain(&service.quota).cloned().collect();
                parts.quota.shared_meters(service.id.as_str(), &terms)
            })
        };
        let agreement_meters =
            register.agreements().map(|agreement| (agreement.id.clone(), meters(agreement))).collect();
        let mut one_offs = HashMap::default();
        for agreement in register.agreements().filter(|agreement| agreement.kind == Kind::OneOff) {
            match parts.one_offs.of(&agreement.id, &parts.journal) {
                Ok(one_off) => drop(one_offs.insert(agreement.id.clone(), one_off)),
                Err(fault) => {
                    return Err(rooted(&folders.policies, vec![unreadable_journal(&agreement.id, &fault)]));
                }
            }
        }
        let floods = register
            .systems()
            .map(|(key, system)| {
                let known = previous
                    .and_then(|previous| previous.floods.get(&previous.register.system_named(&system.id)?));
                if let Some(known) = known {
                    return (key, known.clone());
                }
                let terms = QuotaTerms {
                    key: format!("system:{}", system.id),
                    per_second: Some(loaded.settings.limits.flood_per_second),
                    concurrent: None,
                    per_day: None,
                    per_month: None,
                };
                (key, parts.quota.meters(&[terms]))
            })
            .collect();
        let digest = documents.digest(loaded.text.as_bytes());
        let snapshot = Self {
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            digest,
            hash: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            loaded_at: now,
            loaded: loaded.clone(),
            documents: documents.clone(),
            ground,
            register,
            mask_keys: Arc::clone(&parts.mask_keys),
            peers,
            routes,
            metrics: Arc::clone(&parts.metrics),
            agreement_meters,
            service_meters,
            one_offs,
            floods,
            unlimited: parts.quota.meters(&[]),
            descriptions: Shelf::default(),
        };
        Ok((snapshot, warnings))
    }

    /// A number that no other snapshot of this process has.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// SHA-256 over all documents and the settings.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The same in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// When it was compiled.
    pub fn loaded_at(&self) -> Timestamp {
        self.loaded_at
    }

    /// The day it was compiled for: conditions on units of the past are those of the day.
    pub fn day(&self) -> Date {
        policies::local(self.loaded_at).date()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.loaded.settings
    }

    /// The environment that is served.
    pub fn environment(&self) -> &str {
        &self.loaded.settings.environment
    }

    /// The texts it was compiled from.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The contracts.
    pub fn catalog(&self) -> &Catalog {
        &self.ground.catalog
    }

    /// The code lists, written for callers.
    pub fn code_lists(&self) -> &code_lists::Pages {
        &self.ground.code_lists
    }

    /// Members, services, agreements.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The keys of masks.
    pub fn mask_keys(&self) -> &MaskKeys {
        &self.mask_keys
    }

    /// The files of providers' certificates and keys as they were: compiled in, though no document
    /// holds them.
    pub fn materials(&self) -> &Materials {
        self.peers.materials()
    }

    /// Who answers for a service in a version.
    pub fn provider(&self, service: ServiceKey, version: u32) -> Option<&Provider> {
        self.peers.provider(service, version).map(Arc::as_ref)
    }

    /// Every provider, with its service and version.
    pub fn providers(&self) -> impl Iterator<Item = (ServiceKey, u32, &Arc<Provider>)> {
        self.peers.iter()
    }

    /// The providers whose endpoints are looked at.
    pub fn looked_at(&self) -> &[Arc<Provider>] {
        self.peers.looked_at()
    }

    /// The counters of an operation.
    pub fn route(&self, service: ServiceKey, operation: Operation) -> Option<&Arc<Route>> {
        let made = self.routes.get(&(service, operation))?;
        let name = || self.register.service(service).id.as_str();
        Some(made.get_or_init(|| self.metrics.route(name(), operation.as_str())))
    }

    /// The quotas of an exchange under `agreement`, or under the service's sharing mode alone.
    pub fn meters(&self, agreement: Option<&Agreement>, service: ServiceKey) -> &Meters {
        let found = match agreement {
            Some(agreement) => self.agreement_meters.get(&agreement.id),
            None => self.service_meters.get(&service),
        };
        found.unwrap_or(&self.unlimited)
    }

    /// The descriptions that callers asked for.
    pub(crate) fn descriptions(&self) -> &Shelf {
        &self.descriptions
    }

    /// The one exchange of a one-off agreement.
    pub fn one_off(&self, agreement: &Agreement) -> Option<&Arc<OneOff>> {
        self.one_offs.get(&agreement.id)
    }

    /// The flood limit of a system.
    pub fn flood(&self, system: SystemKey) -> &Meters {
        self.floods.get(&system).unwrap_or(&self.unlimited)
    }
}

/// A one-off agreement whose use cannot be looked up must not be offered.
fn unreadable_journal(agreement: &AgreementId, fault: &JournalFault) -> Fault {
    let told = fault.explain();
    Fault {
        file: format!("agreements/{agreement}.toml").into(),
        place: None,
        rule: "one-off-unknown",
        message: Bilingual::new(
            format!("không biết thỏa thuận dùng một lần `{agreement}` đã dùng chưa: {}", told.vi),
            format!("whether the one-off agreement `{agreement}` was used is unknown: {}", told.en),
        ),
        remedy: Bilingual::new(
            "Khôi phục khả năng đọc nhật ký rồi nạp lại",
            "Make the journal readable again, then reload",
        ),
        warning: false,
    }
}
