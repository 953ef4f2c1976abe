//! Documents and contracts, compiled: the immutable part of a [`World`](super::World).

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use contracts::{Bilingual, Catalog, Fault};
use jiff::Timestamp;
use policies::{
    Agreement, AgreementId, Kind, MaskKeys, Operation, QuotaTerms, Register, ServiceKey, SystemKey,
};

use super::{
    Documents, Loaded, OneOff, Settings,
    documents::rooted,
    keeper::Parts,
    peers::{Providers, material_files, providers},
};
use crate::{
    code_lists, description::shelf::Shelf, host::Provider, journal::JournalFault, metrics::RouteMetrics,
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
    catalog: Catalog,
    code_lists: code_lists::Pages,
    register: Register,
    mask_keys: Arc<MaskKeys>,
    /// By service and version; a handful of versions each.
    providers: Providers,
    routes: HashMap<(ServiceKey, Operation), RouteMetrics>,
    /// The meters of each agreement, its service's included; and of services alone.
    agreement_meters: HashMap<AgreementId, Meters>,
    service_meters: HashMap<ServiceKey, Meters>,
    one_offs: HashMap<AgreementId, Arc<OneOff>>,
    floods: HashMap<SystemKey, Meters>,
    unlimited: Meters,
    descriptions: Shelf,
}

impl Snapshot {
    /// Compiles `documents`.
    ///
    /// # Errors
    /// Every fault of every document. Warnings come with a snapshot that compiled.
    pub fn compile(
        loaded: &Loaded,
        documents: &Documents,
        parts: &Parts,
    ) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let now = Timestamp::now();
        let folders = &loaded.settings.documents;
        let (catalog, mut warnings) = documents
            .catalog(&loaded.settings.data.folder)
            .map_err(|faults| rooted(&folders.contracts, faults))?;
        let (register, found) = Register::compile(documents.sources(), &catalog, policies::local(now).date())
            .map_err(|faults| rooted(&folders.policies, faults))?;
        warnings = rooted(&folders.contracts, warnings);
        warnings.extend(rooted(&folders.policies, found));
        let (providers, found) = providers(&register, loaded, &parts.standings, now)?;
        warnings.extend(found);

        let mut routes = HashMap::new();
        let mut service_meters = HashMap::new();
        for (key, service) in register.services() {
            for (operation, _) in service.versions.iter().flat_map(|version| version.operations()) {
                routes
                    .entry((key, operation))
                    .or_insert_with(|| parts.metrics.route(service.id.as_str(), operation.as_str()));
            }
            let tag = service.id.as_str();
            service_meters.insert(key, parts.quota.shared_meters(tag, service.quota.as_slice()));
        }
        let agreement_meters = register
            .agreements()
            .map(|agreement| {
                // The consumer's own terms first: they refuse before a shared one is touched.
                let service = register.service(agreement.service);
                let terms: Vec<QuotaTerms> = agreement.quota.iter().chain(&service.quota).cloned().collect();
                (agreement.id.clone(), parts.quota.shared_meters(service.id.as_str(), &terms))
            })
            .collect();
        let mut one_offs = HashMap::new();
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
            code_lists: code_lists::Pages::of(catalog.code_lists()),
            catalog,
            register,
            mask_keys: Arc::clone(&parts.mask_keys),
            providers,
            routes,
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
        &self.catalog
    }

    /// The code lists, written for callers.
    pub fn code_lists(&self) -> &code_lists::Pages {
        &self.code_lists
    }

    /// Members, services, agreements.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The keys of masks.
    pub fn mask_keys(&self) -> &MaskKeys {
        &self.mask_keys
    }

    /// The files of providers' certificates and keys: compiled in, though no document holds them.
    pub fn material_files(&self) -> Vec<PathBuf> {
        material_files(&self.register, &self.loaded)
    }

    /// Who answers for a service in a version.
    pub fn provider(&self, service: ServiceKey, version: u32) -> Option<&Provider> {
        self.providers.get(&(service, version)).map(Arc::as_ref)
    }

    /// Every provider, with its service and version.
    pub fn providers(&self) -> impl Iterator<Item = (ServiceKey, u32, &Arc<Provider>)> {
        self.providers.iter().map(|((service, version), provider)| (*service, *version, provider))
    }

    /// The counters of an operation.
    pub fn route(&self, service: ServiceKey, operation: Operation) -> Option<&RouteMetrics> {
        self.routes.get(&(service, operation))
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
