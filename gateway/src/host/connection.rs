//! Open connections: who they are, and how many there may be.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;

use super::{
    peer::Peer,
    pki::{RevocationFault, Tls},
    settings::Limits,
};

tokio::task_local! {
    /// The address whose handshake this task is doing: the certificate verifier is called from
    /// within the handshake and has no other way to tell the log where a refused chain came from.
    pub(super) static HANDSHAKING: SocketAddr;
}

/// One connection of a recognised certificate.
#[derive(Debug)]
pub struct Connection {
    /// Where it comes from.
    pub peer_address: SocketAddr,
    /// Its number in this process, from 1.
    pub id: u64,
    /// Who it is.
    pub peer: Arc<Peer>,
    tls: Arc<Tls>,
    place: Place,
    owner: Mutex<Option<Arc<str>>>,
}

impl Connection {
    pub(super) fn new(peer: Peer, tls: Arc<Tls>, place: Place) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Self {
            peer_address: place.address,
            id: NUMBERS.fetch_add(1, Ordering::Relaxed),
            peer: Arc::new(peer),
            tls,
            place,
            owner: Mutex::new(None),
        }
    }

    /// Whether the peer's certificate still counts under the PKI in force; one load when nothing
    /// changed since the last request.
    ///
    /// # Errors
    /// Why it does not.
    pub fn revoked(&self, now: Timestamp) -> Result<(), RevocationFault> {
        self.tls.revoked(&self.peer, now)
    }

    /// Counts this connection as `owner`'s (a system, say) and gives how many connections that
    /// owner has open now, this one included. Asked again with the same owner it only reads.
    pub fn claim(&self, owner: &str) -> usize {
        let mut claimed = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut owners = self.place.census.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if claimed.as_deref() != Some(owner) {
            if let Some(old) = claimed.take() {
                decrease(&mut owners, &old);
            }
            let name: Arc<str> = Arc::from(owner);
            *owners.entry(name.clone()).or_insert(0) += 1;
            *claimed = Some(name);
        }
        owners.get(owner).copied().unwrap_or(0)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let claimed = self.owner.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(owner) = claimed {
            decrease(&mut self.place.census.owners.lock().unwrap_or_else(PoisonError::into_inner), &owner);
        }
    }
}

/// Counts of open connections against their caps.
#[derive(Debug, Default)]
pub(super) struct Census {
    open: AtomicUsize,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    owners: Mutex<HashMap<Arc<str>, usize>>,
}

impl Census {
    /// A place for a new connection, unless a cap is reached.
    pub(super) fn admit(self: &Arc<Self>, address: SocketAddr, limits: &Limits) -> Option<Place> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= limits.connections {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = addresses.entry(address.ip()).or_insert(0);
        if *count >= limits.connections_per_address {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        *count += 1;
        Some(Place { census: self.clone(), address })
    }

    /// Connections open now, those in their handshake included.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// A connection's place in the census, given back on drop.
#[derive(Debug)]
pub(super) struct Place {
    census: Arc<Census>,
    pub(super) address: SocketAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.census.open.fetch_sub(1, Ordering::Relaxed);
        decrease(
            &mut self.census.addresses.lock().unwrap_or_else(PoisonError::into_inner),
            &self.address.ip(),
        );
    }
}

fn decrease<K, Q>(counts: &mut HashMap<K, usize>, key: &Q)
where
    K: Hash + Eq + Borrow<Q>,
    Q: Hash + Eq + ?Sized,
{
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// What happened below the application, for the metrics: these never became exchanges.
#[derive(Debug, Default)]
pub struct Tally {
    /// Connections accepted by the kernel.
    pub accepted: AtomicU64,
    /// Connections closed at once because a cap was reached.
    pub over_cap: AtomicU64,
    /// Handshakes that failed, refused certificates among them.
    pub handshakes_failed: AtomicU64,
    /// Handshakes that resumed a session of the same PKI generation.
    pub resumed: AtomicU64,
    /// HTTP/2 streams that ended below the application because they were malformed.
    pub malformed_streams: AtomicU64,
    /// Requests refused by hygiene.
    pub unclean: AtomicU64,
    /// Errors of `accept` itself (out of file descriptors, say).
    pub accept_errors: AtomicU64,
}

impl Tally {
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
