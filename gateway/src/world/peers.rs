//! What the documents say of certificates and providers, in the host's terms.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::PathBuf,
    sync::Arc,
};

use contracts::Fault;
use jiff::Timestamp;
use policies::{Address, Reference, Register, Service, ServiceKey, ServiceVersion};

use super::{
    Loaded, Secret,
    documents::sha256,
    settings::{Anchor, CrlRule},
};
use crate::host::{
    AnchorSettings, Material, PkiSettings, Provider, Revocation, Standings,
    provider::{EndpointSettings, ProviderSettings},
};

/// Whom to trust, and who we are.
pub fn pki_settings(loaded: &Loaded) -> PkiSettings {
    let tls = &loaded.settings.tls;
    PkiSettings {
        certificate: secret(loaded, &tls.certificate),
        key: secret(loaded, &tls.key),
        anchors: tls.anchors.iter().map(|given| anchor(loaded, given)).collect(),
    }
}

/// Providers by service and version, and what they were made of.
#[derive(Default)]
pub struct Peers {
    providers: HashMap<(ServiceKey, u32), Peer>,
    /// Those whose endpoints are looked at.
    looked_at: Vec<Arc<Provider>>,
    materials: Materials,
}

struct Peer {
    provider: Arc<Provider>,
    warnings: Vec<Fault>,
}

/// SHA-256 of each file of certificates and keys; none of one that cannot be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Materials(HashMap<PathBuf, Option<[u8; 32]>>);

impl Materials {
    fn read(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let digest = |file: &PathBuf| std::fs::read(file).ok().map(|bytes| sha256(&bytes));
        let mut known = HashMap::new();
        for file in files {
            if let Entry::Vacant(unknown) = known.entry(file) {
                let digest = digest(unknown.key());
                unknown.insert(digest);
            }
        }
        Self(known)
    }

    /// The same files as they are now.
    pub fn reread(&self) -> Self {
        Self::read(self.0.keys().cloned())
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.keys()
    }
}

impl Peers {
    /// The providers of every version of every service. Those of `previous`, which has the services of
    /// that register, are taken over with their connections where neither the upstream nor its
    /// certificates changed.
    ///
    /// # Errors
    /// Certificates, keys or endpoints that cannot be used, each told once with the services that need
    /// it. Warnings come with good providers.
    pub fn compile(
        previous: Option<(&Self, &Register)>,
        register: &Register,
        loaded: &Loaded,
        standings: &Standings,
        now: Timestamp,
    ) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        standings.sweep();
        // Before they are read for good: what changes in between is another change.
        let materials = Materials::read(material_files(register, loaded));
        let mut providers = HashMap::new();
        let mut found: Vec<(Fault, Vec<&Service>)> = Vec::new();
        for (key, service) in register.services() {
            for version in &service.versions {
                let kept = previous.and_then(|(peers, before)| {
                    peers.unchanged(before, &materials, service, version, loaded)
                });
                let made = match kept {
                    Some(peer) => Ok((Arc::clone(&peer.provider), peer.warnings.clone())),
                    None => Provider::compile(&provider_settings(service, version, loaded), standings, now)
                        .map(|(provider, warnings)| (Arc::new(provider), warnings)),
                };
                let faults = match made {
                    Ok((provider, warnings)) => {
                        let peer = Peer { provider, warnings: warnings.clone() };
                        providers.insert((key, version.number), peer);
                        warnings
                    }
                    Err(faults) => faults,
                };
                for fault in faults {
                    match found.iter_mut().find(|(known, _)| *known == fault) {
                        Some((_, services)) => services.push(service),
                        None => found.push((fault, vec![service])),
                    }
                }
            }
        }
        // The host names the certificate file; the operator also needs the documents that ask for it.
        let faults: Vec<Fault> = found.into_iter().map(|(fault, services)| about(&services, fault)).collect();
        if faults.iter().all(|fault| fault.warning) {
            let all = providers.values().map(|peer| &peer.provider);
            let looked_at = all.filter(|provider| provider.is_looked_at()).cloned().collect();
            Ok((Self { providers, looked_at, materials }, faults))
        } else {
            Err(faults)
        }
    }

    fn unchanged(
        &self,
        before: &Register,
        materials: &Materials,
        service: &Service,
        version: &ServiceVersion,
        loaded: &Loaded,
    ) -> Option<&Peer> {
        let key = before.service_named(service.id.member(), service.id.service())?;
        let was = before.service(key);
        let same = was.is(service)
            || was.version(version.number).is_some_and(|was| was.upstream == version.upstream);
        let mut files = files_of(version, loaded);
        let sound = same && files.all(|file| self.materials.0.get(&file) == materials.0.get(&file));
        sound.then(|| self.providers.get(&(key, version.number))).flatten()
    }

    /// Who answers for a service in a version.
    pub fn provider(&self, service: ServiceKey, version: u32) -> Option<&Arc<Provider>> {
        self.providers.get(&(service, version)).map(|peer| &peer.provider)
    }

    /// Every provider, with its service and version.
    pub fn iter(&self) -> impl Iterator<Item = (ServiceKey, u32, &Arc<Provider>)> {
        self.providers.iter().map(|((service, version), peer)| (*service, *version, &peer.provider))
    }

    /// Those whose documents ask that their endpoints be looked at.
    pub fn looked_at(&self) -> &[Arc<Provider>] {
        &self.looked_at
    }

    /// The files that certificates and keys were read from, as they were.
    pub fn materials(&self) -> &Materials {
        &self.materials
    }
}

/// The files that providers' certificates and keys are read from, some of them often.
fn material_files(register: &Register, loaded: &Loaded) -> impl Iterator<Item = PathBuf> {
    let versions = register.services().flat_map(|(_, service)| &service.versions);
    versions.flat_map(|version| files_of(version, loaded))
}

fn files_of(version: &ServiceVersion, loaded: &Loaded) -> impl Iterator<Item = PathBuf> {
    let client = version.upstream.client_certificate.as_ref();
    let references = client
        .into_iter()
        .flat_map(|client| [&client.certificate, &client.key])
        .chain([&version.upstream.trust]);
    references.filter_map(|reference| match reference {
        Reference::File(path) => Some(loaded.folder.join(path)),
        Reference::Env(_) => None,
    })
}

fn provider_settings(service: &Service, version: &ServiceVersion, loaded: &Loaded) -> ProviderSettings {
    let upstream = &version.upstream;
    let client = upstream.client_certificate.as_ref();
    ProviderSettings {
        name: (service.id.to_string(), version.number),
        endpoints: upstream
            .endpoints
            .iter()
            .map(|endpoint| EndpointSettings { url: url(&endpoint.address), weight: endpoint.weight })
            .collect(),
        server_name: upstream.server_name.clone(),
        trust: reference(loaded, &upstream.trust),
        client: client.map(|client| (reference(loaded, &client.certificate), reference(loaded, &client.key))),
        connect: upstream.timeout.connect,
        patience: upstream.timeout.patience(),
        concurrent: upstream.concurrent,
        balance: upstream.balance,
        breaker: upstream.breaker,
        health: upstream.health.clone(),
        retry: upstream.retry,
        idle: ProviderSettings::IDLE,
        idle_streams: ProviderSettings::IDLE_STREAMS,
    }
}

/// An IPv6 address stands in brackets (RFC 3986 section 3.2.2).
fn url(address: &Address) -> String {
    let Address { host, port, base } = address;
    if host.contains(':') {
        format!("https://[{host}]:{port}{base}")
    } else {
        format!("https://{host}:{port}{base}")
    }
}

fn about(services: &[&Service], mut fault: Fault) -> Fault {
    let names: Vec<String> = services.iter().map(|service| format!("`{}`", service.id)).collect();
    let names = names.join(", ");
    fault.message.vi = format!("dịch vụ {names}: {}", fault.message.vi);
    fault.message.en =
        format!("{} {names}: {}", if services.len() == 1 { "service" } else { "services" }, fault.message.en);
    fault
}

fn anchor(loaded: &Loaded, anchor: &Anchor) -> AnchorSettings {
    let revocation = match (anchor.crl, &anchor.crl_file) {
        (CrlRule::None, _) => Revocation::None,
        // A list that is required and not named is a list that cannot be read: the fault says so.
        (CrlRule::Required, list) => Revocation::Required {
            list: Material::File(list.clone().unwrap_or_else(|| loaded.folder.join("crl_file"))),
            grace: anchor.grace,
        },
    };
    AnchorSettings { certificate: secret(loaded, &anchor.certificate), revocation }
}

fn secret(loaded: &Loaded, secret: &Secret) -> Material {
    match secret {
        Secret::File(path) => Material::File(loaded.folder.join(path)),
        Secret::Env(name) => Material::Env(name.clone()),
    }
}

fn reference(loaded: &Loaded, reference: &Reference) -> Material {
    match reference {
        Reference::File(path) => Material::File(loaded.folder.join(path)),
        Reference::Env(name) => Material::Env(name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::world::{Documents, fixture::Fixture};

    fn register(fixture: &Fixture) -> (Register, Loaded) {
        let loaded = fixture.loaded();
        let folders = &loaded.settings.documents;
        let documents = Documents::read(&folders.policies, &folders.contracts).unwrap();
        let (catalog, _) = documents.catalog(&std::env::temp_dir()).unwrap();
        let today = policies::local(Timestamp::now()).date();
        (Register::compile(documents.sources(), &catalog, today).unwrap().0, loaded)
    }

    #[test]
    fn a_file_that_several_services_need_is_told_once_with_all_of_them() {
        let fixture = Fixture::new();
        let (register, loaded) = register(&fixture);
        let standings = Standings::default();
        let compile = |previous| Peers::compile(previous, &register, &loaded, &standings, Timestamp::now());
        let Ok((first, _)) = compile(None) else { panic!("refused") };
        assert_eq!(first.materials().files().count(), 3);
        let Ok((again, _)) = compile(Some((&first, &register))) else { panic!("refused") };
        assert!(again.iter().all(|(service, version, provider)| {
            first.provider(service, version).is_some_and(|before| Arc::ptr_eq(before, provider))
        }));
        fs::write(fixture.path("pki/ca.pem"), "no certificate").unwrap();
        assert_ne!(first.materials().reread(), *first.materials());
        let Err(faults) = compile(Some((&first, &register))) else { panic!("accepted") };
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].file, fixture.path("pki/ca.pem"));
        for service in ["`G06/nhiem-vu`", "`G01/dan-cu`", "`H26/nhiem-vu`"] {
            assert!(faults[0].message.vi.contains(service), "{}", faults[0].message.vi);
        }
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        let of = |host: &str| url(&Address { host: host.to_owned(), port: 8443, base: "/ws".to_owned() });
        assert_eq!(of("2001:db8::1"), "https://[2001:db8::1]:8443/ws");
        assert_eq!(of("10.0.0.5"), "https://10.0.0.5:8443/ws");
    }

    #[test]
    fn a_required_list_that_is_not_named_cannot_be_read() {
        let fixture = Fixture::new();
        let mut loaded = fixture.loaded();
        loaded.settings.tls.anchors[0].crl_file = None;
        let faults = crate::host::Pki::load(&pki_settings(&loaded), Timestamp::now()).unwrap_err();
        assert!(faults.iter().any(|fault| fault.file.ends_with("crl_file")), "{faults:?}");
    }
}
