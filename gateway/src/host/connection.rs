//! Open connections: who they are, and how many there may be.

use std::{
    collections::{HashMap, hash_map::Entry},
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
    owner: Mutex<Option<(Arc<str>, Arc<AtomicUsize>)>>,
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
        if let Some((_, count)) = claimed.as_ref().filter(|(name, _)| **name == *owner) {
            return count.load(Ordering::Relaxed);
        }
        self.place.census.release(claimed.take());
        let (name, count) = self.place.census.claim(owner);
        let now = count.load(Ordering::Relaxed);
        *claimed = Some((name, count));
        now
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.place.census.release(self.owner.get_mut().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Counts of open connections against their caps.
#[derive(Debug, Default)]
pub struct Census {
    open: AtomicUsize,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    owners: Mutex<HashMap<Arc<str>, Arc<AtomicUsize>>>,
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
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn claim(&self, owner: &str) -> (Arc<str>, Arc<AtomicUsize>) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, count) = match owners.get_key_value(owner) {
            Some((name, count)) => (name.clone(), count.clone()),
            None => {
                let (name, count) = (Arc::from(owner), Arc::default());
                owners.insert(Arc::clone(&name), Arc::clone(&count));
                (name, count)
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        (name, count)
    }

    fn release(&self, claim: Option<(Arc<str>, Arc<AtomicUsize>)>) {
        let Some((name, count)) = claim else { return };
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock nobody else can claim it meanwhile.
        if count.fetch_sub(1, Ordering::Relaxed) == 1 {
            owners.remove(&name);
        }
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
        let mut addresses = self.census.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = addresses.entry(self.address.ip()) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
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
