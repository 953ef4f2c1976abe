//! From an upstream as written to a provider that can be called: everything that can be wrong with
//! it is found here, at load.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use contracts::Fault;
use http::{HeaderValue, Uri};
use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use rustls::{
    ClientConfig, Error, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    version::{TLS12, TLS13},
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    Endpoint, EndpointSettings, Provider, ProviderSettings, Standings,
    standing::{Rules, Upstream},
};
use crate::host::pki::Material;

/// The most turns a schedule has; finer shares of traffic are not worth their memory.
const TURNS: u64 = 100;

/// The default port of https.
const HTTPS: u16 = 443;

impl Provider {
    /// Reads and checks everything. Faults of the upstream's own text carry the label of the trust
    /// material; the caller knows the document.
    ///
    /// # Errors
    /// Every fault at once; warnings come with a good provider.
    pub fn compile(
        settings: &ProviderSettings,
        standings: &Standings,
        now: Timestamp,
    ) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        static IDENTITIES: AtomicU64 = AtomicU64::new(1);
        let mut faults = Vec::new();
        let upstream = standings.of(&settings.name.0, settings.name.1);
        let mut way = Context::new(&SHA256);
        way.update(settings.server_name.as_bytes());
        let mut unmet = Vec::new();
        let tls = client_config(settings, now, &mut way, &mut unmet);
        let way = way.finish();
        let endpoints: Vec<Endpoint> = settings
            .endpoints
            .iter()
            .filter_map(|written| {
                let endpoint = endpoint(written, &upstream, way.as_ref());
                if endpoint.is_none() {
                    faults.push(bad_endpoint(settings, written));
                }
                endpoint
            })
            .collect();
        if settings.health.is_none() {
            endpoints.iter().for_each(|endpoint| endpoint.standing.unlooked());
        }
        if settings.endpoints.is_empty() {
            faults.push(settings.trust.fault(
                "no-endpoint",
                ("dịch vụ không có địa chỉ nào của bên cung cấp", "the service has no provider endpoint"),
                ("Thêm ít nhất một địa chỉ `https://…`", "Add at least one `https://…` endpoint"),
            ));
        }
        let name = ServerName::try_from(settings.server_name.clone());
        let port = endpoints.first().map_or(HTTPS, |endpoint| endpoint.port);
        let host = HeaderValue::from_str(&authority(&settings.server_name, port));
        if name.is_err() || host.is_err() {
            faults.push(settings.trust.fault(
                "bad-server-name",
                (
                    &format!("`server_name` `{}` không phải tên máy chủ hợp lệ", settings.server_name),
                    &format!("`server_name` `{}` is not a valid server name", settings.server_name),
                ),
                (
                    "Ghi tên DNS (hoặc địa chỉ IP) có trong chứng thư của bên cung cấp",
                    "Give the DNS name (or IP address) that the provider's certificate carries",
                ),
            ));
        }
        faults.append(&mut unmet);
        match (name, host, tls) {
            (Ok(server_name), Ok(host), Some(tls)) if faults.iter().all(|fault| fault.warning) => Ok((
                Self {
                    id: IDENTITIES.fetch_add(1, Ordering::Relaxed),
                    turns: turns(&settings.endpoints),
                    turn: AtomicUsize::new(0),
                    endpoints,
                    server_name,
                    host,
                    tls: Arc::new(tls),
                    connect: settings.connect,
                    rules: Rules {
                        concurrent: settings.concurrent,
                        alone: settings.endpoints.len() == 1,
                        breaker: settings.breaker,
                        patience: settings.patience,
                    },
                    balance: settings.balance,
                    retry: settings.retry,
                    health: settings.health.clone(),
                    upstream,
                    idle: settings.idle,
                    idle_streams: settings.idle_streams,
                },
                faults,
            )),
            _ => Err(faults),
        }
    }
}

fn endpoint(written: &EndpointSettings, upstream: &Arc<Upstream>, way: &[u8]) -> Option<Endpoint> {
    let uri: Uri = written.url.parse().ok()?;
    let authority = uri.authority()?;
    if uri.scheme_str() != Some("https") || uri.query().is_some() || authority.as_str().contains('@') {
        return None;
    }
    let port = authority.port_u16().unwrap_or(HTTPS);
    let base = uri.path().trim_end_matches('/').to_owned();
    Some(Endpoint {
        standing: upstream.endpoint(&format!("{}:{port}{base}", authority.host()), way),
        weight: written.weight,
        // Brackets belong to the notation, not to the address.
        host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
        port,
        base,
    })
}

fn bad_endpoint(settings: &ProviderSettings, written: &EndpointSettings) -> Fault {
    settings.trust.fault(
        "bad-endpoint",
        (
            &format!("địa chỉ `{}` không dùng được", written.url),
            &format!("the endpoint `{}` cannot be used", written.url),
        ),
        (
            "Ghi `https://máy-chủ:cổng/đường-dẫn`; chỉ nhận https, không có phần truy vấn",
            "Write `https://host:port/base`; https only, without a query",
        ),
    )
}

fn authority(server_name: &str, port: u16) -> String {
    let name = if server_name.contains(':') { format!("[{server_name}]") } else { server_name.to_owned() };
    if port == HTTPS { name } else { format!("{name}:{port}") }
}

/// Whose turn it is, in proportion to the weights and evenly mixed: each step, every endpoint earns
/// its weight and the richest pays the sum.
fn turns(endpoints: &[EndpointSettings]) -> Vec<usize> {
    let sum: i64 = endpoints.iter().map(|endpoint| i64::from(endpoint.weight)).sum();
    let steps = u64::try_from(sum).unwrap_or(0).min(TURNS);
    let mut purses = vec![0_i64; endpoints.len()];
    let mut turns = Vec::new();
    for _ in 0..steps {
        for (purse, endpoint) in purses.iter_mut().zip(endpoints) {
            *purse += i64::from(endpoint.weight);
        }
        // The last of equals would starve the first at the beginning; take the first.
        let Some((richest, _)) =
            purses.iter().enumerate().max_by_key(|(index, purse)| (**purse, usize::MAX - index))
        else {
            break;
        };
        if let Some(purse) = purses.get_mut(richest) {
            *purse -= sum;
        }
        turns.push(richest);
    }
    turns
}

/// Tells `way` what certificates go into it: endpoints that are met otherwise stand anew.
fn client_config(
    settings: &ProviderSettings,
    now: Timestamp,
    way: &mut Context,
    faults: &mut Vec<Fault>,
) -> Option<ClientConfig> {
    let roots = roots(&settings.trust, way, faults);
    let client = match &settings.client {
        None => Some(None),
        Some((certificate, key)) => own(certificate, key, now, way, faults).map(Some),
    };
    let (roots, client) = (roots?, client?);
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|_| faults.push(unusable(&settings.trust)))
        .ok()?
        .with_root_certificates(roots);
    let built = match client {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key),
    };
    match built {
        Ok(mut config) => {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(config)
        }
        Err(error) => {
            if let Some((certificate, key)) = &settings.client {
                faults.push(match error {
                    Error::InconsistentKeys(_) => key.fault(
                        "key-mismatch",
                        (
                            "khóa bí mật không khớp với chứng thư",
                            "the private key does not belong to the certificate",
                        ),
                        ("Đặt đúng cặp `cert` và `key`", "Name the `cert` and `key` that belong together"),
                    ),
                    _ => unusable(certificate),
                });
            }
            None
        }
    }
}

fn roots(trust: &Material, way: &mut Context, faults: &mut Vec<Fault>) -> Option<RootCertStore> {
    let list = trust.certificates().map_err(|fault| faults.push(*fault)).ok()?;
    let mut roots = RootCertStore::empty();
    for der in list {
        way.update(&der);
        if roots.add(der).is_err() {
            faults.push(unusable(trust));
            return None;
        }
    }
    Some(roots)
}

fn own(
    certificate: &Material,
    key: &Material,
    now: Timestamp,
    way: &mut Context,
    faults: &mut Vec<Fault>,
) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = certificate.certificates().map_err(|fault| faults.push(*fault)).ok();
    let secret = key.key().map_err(|fault| faults.push(*fault)).ok();
    let (chain, secret) = (chain?, secret?);
    chain.iter().for_each(|der| way.update(der));
    let expired = chain.first().is_some_and(|der| {
        X509Certificate::from_der(der)
            .is_ok_and(|(_, parsed)| parsed.validity().not_after.timestamp() <= now.as_second())
    });
    if expired {
        // The provider will refuse it; the other services need not suffer.
        let mut fault = certificate.fault(
            "client-certificate-expired",
            (
                "chứng thư của cổng với bên cung cấp này đã hết hạn",
                "the gateway's certificate towards this provider has expired",
            ),
            ("Xin bên cung cấp cấp chứng thư mới", "Have the provider issue a new one"),
        );
        fault.warning = true;
        faults.push(fault);
    }
    Some((chain, secret))
}

fn unusable(material: &Material) -> Fault {
    material.fault(
        "bad-certificate",
        ("chứng thư hoặc khóa không dùng được", "the certificate or key cannot be used"),
        (
            "Dùng chứng thư X.509 v3 với khóa RSA (từ 2048 bit), ECDSA P-256/P-384 hoặc Ed25519",
            "Use an X.509 v3 certificate with an RSA (2048 bits or more), ECDSA P-256/P-384 or Ed25519 key",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(weights: &[u32]) -> Vec<usize> {
        let endpoints: Vec<_> = weights
            .iter()
            .map(|weight| EndpointSettings { url: "https://a/".to_owned(), weight: *weight })
            .collect();
        turns(&endpoints)
    }

    #[test]
    fn turns_follow_weights_and_mix() {
        assert_eq!(weighed(&[1]), [0]);
        assert_eq!(weighed(&[1, 1]), [0, 1]);
        assert_eq!(weighed(&[2, 1]), [0, 1, 0]);
        assert_eq!(weighed(&[3, 0]), [0, 0, 0]);
        assert_eq!(weighed(&[0]), Vec::<usize>::new());
        let large = weighed(&[3000, 1000]);
        assert_eq!(large.len(), 100);
        assert_eq!(large.iter().filter(|turn| **turn == 0).count(), 75);
    }

    #[test]
    fn endpoints_are_https_and_plain() {
        let upstream = Standings::default().of("G06/thu", 1);
        let read = |url: &str| endpoint(&EndpointSettings { url: url.to_owned(), weight: 1 }, &upstream, &[]);
        let good = read("https://10.0.0.5:8443/ws/nhiem-vu/").unwrap();
        assert_eq!((good.host.as_str(), good.port, good.base.as_str()), ("10.0.0.5", 8443, "/ws/nhiem-vu"));
        let six = read("https://[::1]").unwrap();
        assert_eq!((six.host.as_str(), six.port, six.base.as_str()), ("::1", 443, ""));
        for bad in ["http://a/", "https://ai@a/", "https://a/?b=c", "a", "/a", ""] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
