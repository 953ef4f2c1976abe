//! Ports that nobody uses.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Mutex,
};

use anyhow::{Context, Result};

/// A loopback address whose port is free now and was not handed out by this process before.
///
/// # Errors
/// When the system has no free port.
pub fn free() -> Result<SocketAddr> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // The system likes to give a port again that was just closed: hold on to refused ones meanwhile.
    let mut refused = Vec::new();
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let address = listener.local_addr()?;
        if given.insert(address.port()) {
            return Ok(address);
        }
        refused.push(listener);
    }
}

/// Whether something listens on `address`, or another user of this machine owns it.
pub fn taken(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_differ() {
        let some: BTreeSet<_> = (0..50).map(|_| free().unwrap().port()).collect();
        assert_eq!(some.len(), 50);
    }

    #[test]
    fn a_listener_takes_its_port() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(taken(listener.local_addr().unwrap()));
    }
}
