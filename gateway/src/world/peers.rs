//! What the documents say of certificates and providers, in the host's terms.

use contracts::Fault;
use jiff::Timestamp;
use policies::{Address, Reference, Service, ServiceVersion};

use super::{
    Loaded, Secret,
    settings::{Anchor, CrlRule},
};
use crate::host::{
    AnchorSettings, Material, PkiSettings, Provider, Revocation,
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

/// The provider of one version of a service.
///
/// # Errors
/// Its certificates, key or endpoints cannot be used.
pub fn provider(
    service: &Service,
    version: &ServiceVersion,
    loaded: &Loaded,
) -> Result<Provider, Vec<Fault>> {
    let upstream = &version.upstream;
    let client = upstream.client_certificate.as_ref();
    let settings = ProviderSettings {
        endpoints: upstream
            .endpoints
            .iter()
            .map(|endpoint| EndpointSettings { url: url(&endpoint.address), weight: endpoint.weight })
            .collect(),
        server_name: upstream.server_name.clone(),
        trust: reference(loaded, &upstream.trust),
        client: client.map(|client| (reference(loaded, &client.certificate), reference(loaded, &client.key))),
        connect: upstream.timeout.connect,
        idle: ProviderSettings::IDLE,
        idle_streams: ProviderSettings::IDLE_STREAMS,
    };
    Provider::compile(&settings, Timestamp::now()).map(|(provider, _)| provider).map_err(|faults| {
        // The host names the certificate file; the operator also needs the document that asks for it.
        faults.into_iter().map(|fault| about(service, fault)).collect()
    })
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

fn about(service: &Service, mut fault: Fault) -> Fault {
    fault.message.vi = format!("dịch vụ `{}`: {}", service.id, fault.message.vi);
    fault.message.en = format!("service `{}`: {}", service.id, fault.message.en);
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
