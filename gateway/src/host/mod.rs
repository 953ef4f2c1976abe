//! The host: the only home of pingora and rustls.
//!
//! [`Listener`] accepts connections on worker threads, verifies callers' certificates against the
//! [`Pki`] in force, speaks HTTP/1.1 and HTTP/2, refuses what is not clean ([`hygiene`]) and hands
//! each clean request to one [`Application`]. [`Provider`] is the way out: a service's upstream with
//! its own trust, its own client certificate and its own idle streams per worker.
//!
//! pingora-core is used as an HTTP engine (its sessions), not as a server: its listener hides the
//! TLS configuration, its shutdown sleeps, its deadlines have holes. Around its sessions this module
//! puts its own accept loop, TLS, deadlines on every read and write, and a look at the head of every
//! HTTP/1.1 request *before* the engine reads it, because the engine repairs what must be refused.

mod alarm;
mod application;
mod bare;
mod connection;
mod desks;
pub mod fields;
mod frames;
mod heads;
mod http1;
mod http2;
pub mod hygiene;
mod incoming;
mod link;
mod listener;
mod outgoing;
mod peer;
mod pki;
pub mod provider;
mod room;
mod settings;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod unsent;
mod wire;

pub use application::{Answer, Answered, Application, Refused};
pub use connection::{Census, Connection};
pub use hygiene::HygieneFault;
pub use incoming::{Beginning, BodyFault, Incoming, has_coding};
pub use listener::{Leave, Listener, Serving, worker};
pub use outgoing::{Gone, Outgoing};
pub use peer::{CertificateFault, Peer, Slot};
pub use pki::{AnchorSettings, ListAge, Material, Pki, PkiSettings, Revocation, RevocationFault, Tls};
pub use provider::{
    Again, Call, CallFault, EndpointReport, Errand, Flow, Provider, Reply, Report, Standings, Upload,
};
pub use settings::{Limits, Settings};
pub use tally::{Alarm, Tally};
