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
//! idempotent and the first went out on a stream that had been idle and died before a byte of reply,
//! since the provider had closed it meanwhile; or to another endpoint when one fails ([`pursue`]).
//! Anything else that was sent and got no whole reply is an unknown outcome, and says so
//! ([`CallFault`] and its `sent`).
//!
//! A provider that fails is left alone: each endpoint has a [circuit](breaker), a call goes to the one
//! that has [least to do](balance), [looks](health) find out what calls would not, and what is known
//! of all that [outlives](standing) the compiled provider.

mod balance;
mod breaker;
mod call;
mod compile;
mod deadline;
mod errand;
mod flow;
mod health;
mod pool;
mod pursue;
mod reply;
mod request;
mod retry;
mod standing;
#[cfg(test)]
pub(super) mod tests;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use rustls::{ClientConfig, pki_types::ServerName};

use policies::{Balance, Breaker, HealthCheck, Retry};

use self::standing::{Rules, Standing};
use super::{fields::Fields, pki::Material};

pub use errand::{DEADLINE, Errand};
pub use flow::{Flow, Upload};
pub use health::probe;
pub(super) use pool::sweep;
pub use standing::{EndpointReport, Report, Standings};

/// A service's upstream as its document states it.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// The service and the number of its version: whose standing it is.
    pub name: (String, u32),
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
    /// How long an endpoint may be silent before it is taken to hang.
    pub patience: Duration,
    /// How many calls may be under way at once.
    pub concurrent: u32,
    /// Which endpoint takes a call.
    pub balance: Balance,
    /// When a failing endpoint is given a rest.
    pub breaker: Breaker,
    /// How endpoints are looked at.
    pub health: Option<HealthCheck>,
    /// What may be sent again.
    pub retry: Retry,
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
    rules: Rules,
    balance: Balance,
    retry: Retry,
    health: Option<HealthCheck>,
    upstream: Arc<standing::Upstream>,
    idle: Duration,
    idle_streams: usize,
}

#[derive(Debug)]
struct Endpoint {
    host: String,
    port: u16,
    /// Put before each call's path; empty or beginning with `/`, never ending with it.
    base: String,
    weight: u32,
    standing: Arc<Standing>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The escaped path below the endpoint's base, and query. A path of `/` alone means the base.
    pub path_and_query: &'a str,
    /// Header fields. `Host`, `Content-Length` and hop-by-hop fields are the host's.
    pub fields: &'a Fields,
    /// The body; may be empty.
    pub body: Bytes,
    /// The time that is left for it.
    pub errand: &'a Errand,
    /// The largest reply body taken.
    pub reply_limit: usize,
    /// Whether it may be sent again.
    pub again: Again,
}

/// Whether a call may be sent a second time when nobody knows what became of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It changes something: never.
    Never,
    /// It changes something under a key that the provider honours: when the first has failed.
    AfterFailure,
    /// It changes nothing.
    Freely,
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
    /// No endpoint may be tried: none gave an answer lately. Nothing was sent.
    #[error("every circuit to the provider is open")]
    CircuitOpen {
        /// When one may be.
        wait: Duration,
    },
    /// As many calls are under way as may be. Nothing was sent.
    #[error("too many calls to the provider are under way")]
    Busy,
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
            Self::Unreachable | Self::Tls(_) | Self::CircuitOpen { .. } | Self::Busy => false,
            Self::TimedOut { sent } | Self::Broken { sent } => sent,
            Self::TooLarge => true,
        }
    }
}
