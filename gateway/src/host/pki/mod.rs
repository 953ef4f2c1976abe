//! Whom we trust and who we are: one immutable generation, replaced as a whole.
//!
//! A [`Pki`] is loaded from files, checked completely, and only then put in [`Tls`]; new handshakes
//! use it from that moment. A generation carries its own rustls `ServerConfig` and with it its own
//! session store, so no session made under one generation is resumed under the next: a resumed
//! session skips certificate verification, and must not skip a newer revocation list.
//!
//! Connections outlive generations. Each request therefore asks [`Pki::revoked`] about its peer;
//! the verdict is kept with the peer and costs one load until the generation changes, a certificate
//! of the chain expires or a list grows stale.

mod anchor;
mod material;
mod verifier;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use contracts::{Bilingual, Fault};
use jiff::Timestamp;
use rustls::{
    DistinguishedName, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, UnixTime},
    server::ServerSessionMemoryCache,
    version::{TLS12, TLS13},
};
use x509_parser::prelude::{FromDer, X509Certificate};

pub use material::Material;

use super::peer::Peer;
use anchor::Anchor;
use verifier::Verifier;

/// TLS sessions kept for resumption, per generation. Systems number in the hundreds and keep their
/// connections open; more would only keep secrets longer.
const SESSIONS: usize = 1024;

/// How long before its end our own certificate is warned about.
const EXPIRY_WARNING: Duration = Duration::from_secs(30 * 24 * 3600);

/// The longest a good verdict is kept without being worked out again.
const VERDICT_HOURS: i64 = 24;

/// Where a generation is loaded from.
#[derive(Clone, Debug)]
pub struct PkiSettings {
    /// Our certificate chain, PEM, end entity first.
    pub certificate: Material,
    /// Its private key, PEM.
    pub key: Material,
    /// Who may issue callers' certificates.
    pub anchors: Vec<AnchorSettings>,
}

/// One authority.
#[derive(Clone, Debug)]
pub struct AnchorSettings {
    /// Its certificate (or several, PEM).
    pub certificate: Material,
    /// How revocation is known.
    pub revocation: Revocation,
}

/// Whether an authority's revocations are checked.
#[derive(Clone, Debug)]
pub enum Revocation {
    /// The authority issues no lists.
    None,
    /// A current list or no connection.
    Required {
        /// The list, PEM or DER; lists of intermediate authorities may stand in the same file.
        list: Material,
        /// How long past its `nextUpdate` a list still counts.
        grace: Duration,
    },
}

/// Why a peer's certificate does not count (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevocationFault {
    /// Its authority revoked it.
    #[error("the certificate is revoked")]
    Revoked,
    /// The authority's list is past its date and grace: an outage is never a yes.
    #[error("the revocation list is stale")]
    ListStale,
    /// No list covers its issuer.
    #[error("no revocation list covers the issuer")]
    StatusUnknown,
    /// Past its end.
    #[error("the certificate has expired")]
    Expired,
    /// Before its beginning.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Made for another use than a TLS client.
    #[error("the certificate is not for a TLS client")]
    WrongUse,
    /// No anchor stands behind it.
    #[error("no trusted authority issued the certificate")]
    Untrusted,
    /// It cannot be read.
    #[error("the certificate cannot be read")]
    Unreadable,
}

impl RevocationFault {
    /// The stable code.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Revoked => "certificate-revoked",
            Self::ListStale => "revocation-list-stale",
            Self::StatusUnknown => "revocation-status-unknown",
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::WrongUse => "certificate-wrong-use",
            Self::Untrusted => "certificate-untrusted",
            Self::Unreadable => "certificate-unreadable",
        }
    }

    /// Whether the gateway's operators are at fault rather than the caller: the caller's
    /// certificate may be good and nobody here can tell.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::ListStale | Self::StatusUnknown)
    }

    /// What is wrong.
    pub fn message(self) -> Bilingual {
        match self {
            Self::Revoked => Bilingual::new("Chứng thư đã bị thu hồi", "The certificate is revoked"),
            Self::ListStale => Bilingual::new(
                "Danh sách thu hồi của tổ chức cấp chứng thư đã quá hạn",
                "The authority's revocation list is past its date and grace",
            ),
            Self::StatusUnknown => Bilingual::new(
                "Không có danh sách thu hồi cho tổ chức cấp chứng thư này",
                "No revocation list covers the certificate's issuer",
            ),
            Self::Expired => Bilingual::new("Chứng thư đã hết hạn", "The certificate has expired"),
            Self::NotYetValid => {
                Bilingual::new("Chứng thư chưa đến ngày hiệu lực", "The certificate is not valid yet")
            }
            Self::WrongUse => Bilingual::new(
                "Chứng thư không dùng cho máy khách TLS",
                "The certificate is not made for a TLS client",
            ),
            Self::Untrusted => Bilingual::new(
                "Chứng thư không do tổ chức được tin cậy cấp",
                "No trusted authority issued the certificate",
            ),
            Self::Unreadable => Bilingual::new("Không đọc được chứng thư", "The certificate cannot be read"),
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> Bilingual {
        match self {
            Self::Revoked | Self::Expired => Bilingual::new(
                "Hệ thống gọi cần chứng thư mới; khai báo chứng thư đó trong tài liệu của thành viên",
                "The calling system needs a new certificate; register it in the member's document",
            ),
            Self::ListStale | Self::StatusUnknown => Bilingual::new(
                "Người vận hành cổng: tải danh sách thu hồi mới về `crl_file`",
                "Gateway operators: fetch the present revocation list into `crl_file`",
            ),
            Self::NotYetValid => Bilingual::new(
                "Kiểm tra đồng hồ của máy chủ và ngày hiệu lực của chứng thư",
                "Check this machine's clock and the certificate's first day",
            ),
            Self::WrongUse | Self::Unreadable => Bilingual::new(
                "Xin cấp lại chứng thư X.509 v3 có mục đích `clientAuth`",
                "Have the certificate issued again, X.509 v3 with the purpose `clientAuth`",
            ),
            Self::Untrusted => Bilingual::new(
                "Nếu tổ chức cấp là đúng, thêm chứng thư gốc vào `[[tls.anchors]]`; kiểm tra bên gọi có gửi đủ chứng thư trung gian",
                "If the issuer is right, add its authority to `[[tls.anchors]]`; check that the caller sends its intermediate certificates",
            ),
        }
    }
}

/// One generation: our certificate, the anchors, their revocation lists.
#[derive(Debug)]
pub struct Pki {
    generation: u32,
    anchors: Arc<Anchors>,
    server: Arc<ServerConfig>,
    own_expiry: Timestamp,
}

#[derive(Debug)]
struct Anchors {
    list: Vec<Anchor>,
    hints: Vec<DistinguishedName>,
}

impl Anchors {
    /// The verdict over all anchors. A revocation said by one is final, though another may trust
    /// the chain; otherwise one that trusts it is enough.
    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<i64, RevocationFault> {
        let mut accepted = None;
        let mut refused = RevocationFault::Untrusted;
        for anchor in &self.list {
            match anchor.verify(leaf, intermediates, now) {
                Ok(until) => accepted = accepted.max(Some(until)),
                Err(RevocationFault::Revoked) => return Err(RevocationFault::Revoked),
                // Not to be known here says less than any other fault.
                Err(RevocationFault::Untrusted) => {}
                Err(fault) => refused = fault,
            }
        }
        accepted.ok_or(refused)
    }
}

impl Pki {
    /// Loads and checks everything.
    ///
    /// # Errors
    /// Every fault at once; warnings come with a good generation.
    pub fn load(settings: &PkiSettings, now: Timestamp) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        let provider = Arc::new(ring::default_provider());
        let mut faults = Vec::new();
        let list: Vec<Anchor> = settings
            .anchors
            .iter()
            .filter_map(|anchor| {
                Anchor::load(&anchor.certificate, &anchor.revocation, &provider, now, &mut faults)
            })
            .collect();
        if settings.anchors.is_empty() {
            faults.push(settings.certificate.fault(
                "no-anchor",
                ("chưa khai báo tổ chức cấp chứng thư nào", "no trust anchor is configured"),
                ("Thêm ít nhất một mục `[[tls.anchors]]`", "Add at least one `[[tls.anchors]]` entry"),
            ));
        }
        let hints = list.iter().flat_map(|anchor| anchor.hints().iter().cloned()).collect();
        let anchors = Arc::new(Anchors { list, hints });
        let server = server_config(settings, anchors.clone(), &provider, now, &mut faults);
        match server {
            Some((server, own_expiry)) if faults.iter().all(|fault| fault.warning) => {
                static GENERATIONS: AtomicU32 = AtomicU32::new(1);
                let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
                Ok((Self { generation, anchors, server: Arc::new(server), own_expiry }, faults))
            }
            _ => Err(faults),
        }
    }

    /// Tells generations of this process apart.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// When our own certificate ends.
    pub fn own_expiry(&self) -> Timestamp {
        self.own_expiry
    }

    /// Whether `peer`'s certificate still counts at `now`: not revoked, not expired, issued by an
    /// anchor of this generation, its revocation known.
    ///
    /// # Errors
    /// The first reason why not. It stays the answer for this peer in this generation.
    pub fn revoked(&self, peer: &Peer, now: Timestamp) -> Result<(), RevocationFault> {
        let second = u32::try_from(now.as_second()).unwrap_or(0);
        if peer.standing.is_good(self.generation, second) {
            return Ok(());
        }
        if let Some(fault) = peer.standing.fault(self.generation) {
            return Err(fault);
        }
        match self.judge(peer, now) {
            Ok(until) => {
                peer.standing.found_good(self.generation, u32::try_from(until).unwrap_or(u32::MAX));
                Ok(())
            }
            Err(fault) => {
                peer.standing.found_bad(self.generation, fault);
                Err(fault)
            }
        }
    }

    /// The full verdict and until when (Unix time) it need not be asked again.
    fn judge(&self, peer: &Peer, now: Timestamp) -> Result<i64, RevocationFault> {
        let (leaf, intermediates) = peer.chain.split_first().ok_or(RevocationFault::Unreadable)?;
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let lists = self.anchors.verify(
            leaf,
            intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        )?;
        let ends = peer
            .chain
            .iter()
            .filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1.validity().not_after.timestamp()));
        // An expired certificate that the chain did not need must not make every request a full check.
        let ends = ends.filter(|end| *end > now.as_second()).min().unwrap_or(i64::MAX);
        Ok(lists.min(ends).min(now.as_second() + VERDICT_HOURS * 3600))
    }
}

fn server_config(
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

/// The generation in force, for all workers.
#[derive(Debug)]
pub struct Tls {
    current: ArcSwap<Pki>,
}

impl Tls {
    /// Holds `pki`.
    pub fn new(pki: Pki) -> Self {
        Self { current: ArcSwap::from_pointee(pki) }
    }

    /// Puts `pki` in force: new handshakes see it at once, open connections at their next request.
    pub fn swap(&self, pki: Pki) {
        self.current.store(Arc::new(pki));
    }

    /// The generation in force.
    pub fn current(&self) -> Arc<Pki> {
        self.current.load_full()
    }

    pub(super) fn server(&self) -> Arc<ServerConfig> {
        self.current.load().server.clone()
    }

    pub(super) fn revoked(&self, peer: &Peer, now: Timestamp) -> Result<(), RevocationFault> {
        self.current.load().revoked(peer, now)
    }
}
