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
mod fault;
mod material;
mod server;
mod verifier;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use contracts::Fault;
use jiff::Timestamp;
use rustls::{
    DistinguishedName, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, UnixTime},
};
use x509_parser::prelude::{FromDer, X509Certificate};

pub use anchor::ListAge;
pub use fault::RevocationFault;
pub use material::Material;

use super::peer::Peer;
use anchor::Anchor;

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
        let server = server::config(settings, anchors.clone(), &provider, now, &mut faults);
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

    /// Whether nobody else holds `this` or the part of it that connections hold.
    pub fn is_alone(this: &Arc<Self>) -> bool {
        Arc::strong_count(this) == 1 && Arc::strong_count(&this.server) == 1
    }

    /// When our own certificate ends.
    pub fn own_expiry(&self) -> Timestamp {
        self.own_expiry
    }

    /// How old the revocation lists are.
    pub fn revocation_lists(&self) -> impl Iterator<Item = ListAge> {
        self.anchors.list.iter().flat_map(Anchor::lists)
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
    /// Gives the one that was in force: connections keep parts of it for as long as they live.
    pub fn swap(&self, pki: Pki) -> Arc<Pki> {
        self.current.swap(Arc::new(pki))
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
