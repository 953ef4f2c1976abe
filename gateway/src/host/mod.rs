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

mod application;
mod connection;
mod http1;
mod http2;
pub mod hygiene;
mod incoming;
mod link;
mod listener;
mod peer;
mod pki;
pub mod provider;
mod settings;
#[cfg(test)]
mod tests;

pub use application::{Answer, Application, Refused};
pub use connection::{Connection, Tally};
pub use hygiene::HygieneFault;
pub use incoming::{BodyFault, Incoming, has_coding};
pub use listener::{Listener, Serving, worker};
pub use peer::{CertificateFault, Peer, Slot};
pub use pki::{AnchorSettings, Material, Pki, PkiSettings, Revocation, RevocationFault, Tls};
pub use provider::{Call, CallFault, Provider, Reply};
pub use settings::{Limits, Settings};

use http::{HeaderName, StatusCode, header};
use pingora_http::ResponseHeader;

/// An answer's head for the engine, which adds `Date` and what its protocol needs. Fails only on
/// header fields beyond the engine's count, which no answer has.
fn answer_head(answer: &Answer) -> Result<Box<ResponseHeader>, ()> {
    let fields = answer.headers.len() + 3;
    let mut head = ResponseHeader::build_no_case(answer.status, Some(fields)).map_err(drop)?;
    for (name, value) in answer.headers.iter().filter(|(name, _)| !is_hosts_own(name)) {
        head.append_header(name.clone(), value.clone()).map_err(drop)?;
    }
    if !is_bodiless(answer.status) {
        head.insert_header(header::CONTENT_LENGTH, answer.body.len()).map_err(drop)?;
    }
    Ok(Box::new(head))
}

/// Whether answers of this status have no body by definition (RFC 9110 section 6.4.1).
fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

/// Fields that belong to one connection or that the host computes; never passed through.
fn is_hosts_own(name: &HeaderName) -> bool {
    is_hop_by_hop(name) || *name == header::CONTENT_LENGTH || *name == header::DATE
}

/// RFC 9110 section 7.6.1 and the older ones still seen.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "transfer-encoding" | "upgrade"
    )
}
