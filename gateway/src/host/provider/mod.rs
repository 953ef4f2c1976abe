//! The way to a provider: one service's upstream.
//!
//! A [`Provider`] is compiled when documents are loaded: trust roots, client certificate and the
//! name the provider must prove are read and checked then, into one rustls `ClientConfig` for all
//! its connections. Each worker keeps idle streams of its own, keyed by provider and endpoint; a
//! provider compiled anew has a new identity, so no stream outlives the configuration it was made
//! under.
//!
//! A call is HTTP/1.1 with a whole body each way, or with a long one one way ([`Flow`],
//! [`Upload`]). A request is sent a second time only when it is
//! idempotent and the first went out on a stream that had been idle and died before a byte of reply:
//! the provider had closed it meanwhile. Anything else that was sent and got no whole reply is an
//! unknown outcome, and says so ([`CallFault`] and its `sent`).

mod call;
mod compile;
mod flow;
mod pool;
mod request;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use rustls::{ClientConfig, pki_types::ServerName};

use super::pki::Material;

pub use flow::{Flow, Upload};
pub(super) use pool::sweep;

/// A service's upstream as its document states it.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Where it answers; one or more.
    pub endpoints: Vec<EndpointSettings>,
    /// The name its certificate must carry. Mandatory: an address proves nothing.
    pub server_name: String,
    /// The authorities that may have issued that certificate, PEM.
    pub trust: Material,
    /// Our certificate chain and key towards this provider, PEM.
    pub client: Option<(Material, Material)>,
    /// How long a connection, TLS handshake included, may take.
    pub connect: Duration,
    /// How long an idle stream is kept: shorter than the provider keeps it.
    pub idle: Duration,
    /// How many idle streams each worker keeps per endpoint.
    pub idle_streams: usize,
}

impl ProviderSettings {
    /// Kept shorter than the shortest common server setting, Node.js's five seconds.
    pub const IDLE: Duration = Duration::from_secs(4);
    /// Idle streams kept per worker and service. A worker has as many calls to one service under way
    /// as connections happen to fall on it; a pool smaller than that drops streams it needs again a
    /// moment later, and each new one costs a handshake, the CPU of some ten exchanges.
    pub const IDLE_STREAMS: usize = 256;
}

/// One endpoint of an upstream.
#[derive(Clone, Debug)]
pub struct EndpointSettings {
    /// `https://host:port/base`; only https, the base may be empty.
    pub url: String,
    /// Its share of the requests, relative to the others; 0 only when the others cannot be reached.
    pub weight: u32,
}

/// A service's upstream, ready to be called.
#[derive(Debug)]
pub struct Provider {
    id: u64,
    endpoints: Vec<Endpoint>,
    /// Indexes into `endpoints`, each as often as its weight says.
    turns: Vec<usize>,
    turn: std::sync::atomic::AtomicUsize,
    server_name: ServerName<'static>,
    host: HeaderValue,
    tls: Arc<ClientConfig>,
    connect: Duration,
    idle: Duration,
    idle_streams: usize,
}

#[derive(Debug)]
struct Endpoint {
    host: String,
    port: u16,
    /// Put before each call's path; empty or beginning with `/`, never ending with it.
    base: String,
    /// Milliseconds since `EPOCH` until which it is passed over, after it could not be reached.
    down_until: std::sync::atomic::AtomicU64,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The escaped path below the endpoint's base, and query. A path of `/` alone means the base.
    pub path_and_query: &'a str,
    /// Header fields. `Host`, `Content-Length` and hop-by-hop fields are the host's.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// The body; may be empty.
    pub body: Bytes,
    /// How long the call may take in all.
    pub deadline: Duration,
    /// The largest reply body taken.
    pub reply_limit: usize,
    /// Whether being done twice does no harm.
    pub idempotent: bool,
}

/// A whole reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status; never 1xx.
    pub status: StatusCode,
    /// The header fields without the hop-by-hop ones.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// When the request began to go out.
    pub sent_at: Timestamp,
    /// When the last byte of the reply had come.
    pub received_at: Timestamp,
}

/// Why there is no whole reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// No endpoint could be connected to. Nothing was sent.
    #[error("no endpoint of the provider can be reached")]
    Unreachable,
    /// The two sides do not trust each other; the text names no certificate. The provider did
    /// nothing.
    #[error("TLS with the provider failed: {0}")]
    Tls(&'static str),
    /// The deadline passed.
    #[error("the provider did not answer in time")]
    TimedOut {
        /// Whether the request may have reached the provider: its outcome is unknown then.
        sent: bool,
    },
    /// The connection ended early, or what came is not HTTP.
    #[error("the provider broke off or broke HTTP")]
    Broken {
        /// Whether the request may have reached the provider.
        sent: bool,
    },
    /// The reply is larger than its limit. The request was done.
    #[error("the provider's reply is larger than its limit")]
    TooLarge,
}

impl CallFault {
    /// Whether the request may have reached the provider.
    pub fn sent(self) -> bool {
        match self {
            Self::Unreachable | Self::Tls(_) => false,
            Self::TimedOut { sent } | Self::Broken { sent } => sent,
            Self::TooLarge => true,
        }
    }
}
