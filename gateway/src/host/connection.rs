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
    /// What its requests are held to.
    pub(super) limits: Arc<Limits>,
    tls: Arc<Tls>,
    place: Place,
    owner: Mutex<Option<(Arc<str>, Arc<AtomicUsize>)>>,
}

impl Connection {
    pub(super) fn new(peer: Peer, limits: Arc<Limits>, tls: Arc<Tls>, mut place: Place) -> Self {
        place.recognise();
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Self {
            peer_address: place.address,
            id: NUMBERS.fetch_add(1, Ordering::Relaxed),
            peer: Arc::new(peer),
            limits,
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
    half_open: AtomicUsize,
    addresses: Mutex<HashMap<IpAddr, Crowd>>,
    owners: Mutex<HashMap<Arc<str>, Arc<AtomicUsize>>>,
}

/// The connections of one address.
#[derive(Clone, Copy, Debug, Default)]
struct Crowd {
    open: usize,
    half_open: usize,
}

/// Which cap keeps a connection out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// `connections`.
    Connections,
    /// `connections_per_address`.
    Address,
    /// `half_open`.
    HalfOpen,
    /// `half_open_per_address`.
    HalfOpenAddress,
}

impl Full {
    /// Its name in the table of limits.
    pub(super) fn limit(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Address => "connections_per_address",
            Self::HalfOpen => "half_open",
            Self::HalfOpenAddress => "half_open_per_address",
        }
    }
}

impl Census {
    /// A place for a new connection, unless a cap is reached.
    pub(super) fn admit(self: &Arc<Self>, address: SocketAddr, limits: &Limits) -> Result<Place, Full> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock nobody else is admitted meanwhile; who leaves only makes room.
        let crowd = addresses.get(&address.ip()).copied().unwrap_or_default();
        for (now, most, full) in [
            (self.open.load(Ordering::Relaxed), limits.connections, Full::Connections),
            (crowd.open, limits.connections_per_address, Full::Address),
            (self.half_open.load(Ordering::Relaxed), limits.half_open, Full::HalfOpen),
            (crowd.half_open, limits.half_open_per_address, Full::HalfOpenAddress),
        ] {
            if now >= most {
                return Err(full);
            }
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        self.half_open.fetch_add(1, Ordering::Relaxed);
        addresses.insert(address.ip(), Crowd { open: crowd.open + 1, half_open: crowd.half_open + 1 });
        Ok(Place { census: self.clone(), address, half_open: true })
    }

    /// Connections in their handshake.
    pub fn half_open(&self) -> usize {
        self.half_open.load(Ordering::Relaxed)
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
    half_open: bool,
}

impl Place {
    /// The handshake is over and the caller is known.
    fn recognise(&mut self) {
        self.leave(false);
    }

    /// Gives back the place among those in their handshake, and with `whole` the place itself.
    fn leave(&mut self, whole: bool) {
        let was_half_open = usize::from(std::mem::replace(&mut self.half_open, false));
        let mut addresses = self.census.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        self.census.half_open.fetch_sub(was_half_open, Ordering::Relaxed);
        self.census.open.fetch_sub(usize::from(whole), Ordering::Relaxed);
        if let Entry::Occupied(mut entry) = addresses.entry(self.address.ip()) {
            let crowd = entry.get_mut();
            crowd.half_open -= was_half_open;
            crowd.open -= usize::from(whole);
            if crowd.open == 0 {
                entry.remove();
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave(true);
    }
}
