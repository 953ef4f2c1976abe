//! Our own side of TLS: certificate, protocol versions, resumption.

use std::{sync::Arc, time::Duration};

use contracts::Fault;
use jiff::Timestamp;
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::CertificateDer,
    server::ServerSessionMemoryCache,
    version::{TLS12, TLS13},
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Anchors, Material, PkiSettings, verifier::Verifier};

/// TLS sessions kept for resumption, per generation. Systems number in the hundreds and keep their
/// connections open; more would only keep secrets longer.
const SESSIONS: usize = 1024;

/// How long before its end our own certificate is warned about.
const EXPIRY_WARNING: Duration = Duration::from_secs(30 * 24 * 3600);

/// The configuration and when our certificate ends; adds faults and warnings to `faults`.
pub(super) fn config(
    settings: &PkiSettings,
    anchors: Arc<Anchors>,
    provider: &Arc<CryptoProvider>,
    now: Timestamp,
    faults: &mut Vec<Fault>,
) -> Option<(ServerConfig, Timestamp)> {
    let chain = settings.certificate.certificates().map_err(|fault| faults.push(*fault)).ok();
    let key = settings.key.key().map_err(|fault| faults.push(*fault)).ok();
    let (chain, key) = (chain?, key?);
    let Some(expiry) = chain.first().and_then(not_after) else {
        faults.push(unusable(&settings.certificate));
        return None;
    };
    judge_own_age(&settings.certificate, expiry, now, faults);
    let verifier = Verifier::new(anchors, provider.signature_verification_algorithms);
    let Ok(builder) =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[&TLS13, &TLS12])
    else {
        faults.push(unusable(&settings.certificate));
        return None;
    };
    match builder.with_client_cert_verifier(Arc::new(verifier)).with_single_cert(chain, key) {
        Ok(mut config) => {
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
            // One ticket is enough to resume by; each costs the handshake a write.
            config.send_tls13_tickets = 1;
            Some((config, expiry))
        }
        Err(rustls::Error::InconsistentKeys(_)) => {
            faults.push(settings.key.fault(
                "key-mismatch",
                (
                    "khóa bí mật không khớp với chứng thư máy chủ",
                    "the private key does not belong to the server certificate",
                ),
                (
                    "Đặt đúng cặp `certificate` và `key`",
                    "Name the `certificate` and `key` that belong together",
                ),
            ));
            None
        }
        Err(_) => {
            faults.push(unusable(&settings.certificate));
            None
        }
    }
}

fn judge_own_age(certificate: &Material, expiry: Timestamp, now: Timestamp, faults: &mut Vec<Fault>) {
    let warning = expiry > now;
    if warning && expiry.duration_since(now).unsigned_abs() > EXPIRY_WARNING {
        return;
    }
    let texts = if warning {
        ("chứng thư máy chủ hết hạn trong 30 ngày tới", "the server certificate ends within 30 days")
    } else {
        ("chứng thư máy chủ đã hết hạn", "the server certificate has expired")
    };
    let mut fault = certificate.fault(
        if warning { "certificate-expiring" } else { "certificate-expired" },
        texts,
        (
            "Xin cấp chứng thư mới và thay tệp này; cổng nạp lại không cần dừng",
            "Have it renewed and replace the file; the gateway reloads it while running",
        ),
    );
    fault.warning = warning;
    faults.push(fault);
}

fn unusable(certificate: &Material) -> Fault {
    certificate.fault(
        "bad-certificate",
        ("chứng thư hoặc khóa của máy chủ không dùng được", "the server's certificate or key cannot be used"),
        (
            "Dùng chứng thư X.509 v3 với khóa RSA (từ 2048 bit), ECDSA P-256/P-384 hoặc Ed25519",
            "Use an X.509 v3 certificate with an RSA (2048 bits or more), ECDSA P-256/P-384 or Ed25519 key",
        ),
    )
}

fn not_after(der: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
