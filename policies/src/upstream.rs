//! A provider as a version of a service names it: where it listens, whom to trust there, and what is
//! done when it fails.

use std::time::Duration;

use crate::{Address, Reference, written::words};

/// The most endpoints of one upstream. Which of them an exchange has tried is a mask of bits; nobody
/// runs more of one system.
pub const MOST_ENDPOINTS: usize = 32;

/// A provider: where it listens, whom to trust there, who the gateway is to it, and how patient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Where it listens; from one to [`MOST_ENDPOINTS`].
    pub endpoints: Vec<Endpoint>,
    /// The name its certificate must bear; never empty.
    pub server_name: String,
    /// Its certificate authority.
    pub trust: Reference,
    /// The gateway's certificate towards it.
    pub client_certificate: Option<ClientCertificate>,
    /// How long to wait.
    pub timeout: Timeouts,
    /// How many calls may be under way at once, all consumers and endpoints together.
    pub concurrent: u32,
    /// Which endpoint takes a call.
    pub balance: Balance,
    /// When an endpoint that fails is given a rest.
    pub breaker: Breaker,
    /// How endpoints are looked at while nobody calls them.
    pub health: Option<HealthCheck>,
    /// What may be sent a second time.
    pub retry: Retry,
}

impl Upstream {
    /// Calls under way at once where the document does not say: more than any provider of the sandbox
    /// or of a benchmark needs, and few enough that one that hangs cannot hold the gateway's memory.
    pub const CONCURRENT: u32 = 1024;
}

/// One address of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Host, port and base path; always TLS.
    pub address: Address,
    /// Its share of the calls beside the other endpoints', from 1.
    pub weight: u32,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// The certificate chain.
    pub certificate: Reference,
    /// The private key.
    pub key: Reference,
}

/// How long to wait for a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// For the connection and its handshake.
    pub connect: Duration,
    /// For the whole answer.
    pub request: Duration,
    /// For one endpoint, before another one is asked beside it; half of `request` where the document
    /// does not say.
    pub attempt: Option<Duration>,
}

impl Timeouts {
    /// How long one endpoint may be silent before it is taken to hang.
    pub fn patience(&self) -> Duration {
        self.attempt.unwrap_or(self.request / 2)
    }
}

impl Default for Timeouts {
    /// Two seconds reach any machine of the country's networks; ten are what a person at a counter
    /// waits for.
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), request: Duration::from_secs(10), attempt: None }
    }
}

/// Which endpoint takes a call, of those that are well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Balance {
    /// The one whose turn it is, unless another one picked at random has fewer calls under way for its
    /// weight: as turns while nobody waits, and away from whoever is slow.
    #[default]
    LeastLoaded,
    /// Strictly by turns in proportion to the weights.
    Turns,
}

words! {
    Balance: "`least-loaded` hoặc `turns`", "`least-loaded` or `turns`",
    "least-loaded" => Self::LeastLoaded, "turns" => Self::Turns,
}

/// When an endpoint that fails is given a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breaker {
    /// After so many failures in a row.
    pub failures: u32,
    /// The first rest; each further one without a recovery between is twice as long.
    pub rest: Duration,
    /// No rest is longer.
    pub longest_rest: Duration,
}

impl Default for Breaker {
    /// Five in a row are no accident; a second lets a process start again; after half a minute it is
    /// worth one call to see.
    fn default() -> Self {
        Self { failures: 5, rest: Duration::from_secs(1), longest_rest: Duration::from_secs(30) }
    }
}

/// How endpoints are looked at while nobody calls them. Nobody's name is on these looks but the
/// gateway's own certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HealthCheck {
    /// What is done.
    pub look: Look,
    /// How often, give or take a tenth.
    pub every: Duration,
    /// How long one may take.
    pub timeout: Duration,
    /// So many failed looks in a row make it ill.
    pub fall: u32,
    /// So many good ones in a row make it well.
    pub rise: u32,
}

impl HealthCheck {
    /// Where the document does not say how often.
    pub const EVERY: Duration = Duration::from_secs(10);
    /// Where the document does not say how long.
    pub const TIMEOUT: Duration = Duration::from_secs(2);
    /// Where the document does not say how many.
    pub const FALL: u32 = 3;
    /// Where the document does not say how many.
    pub const RISE: u32 = 2;
}

/// How one look is taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Look {
    /// A TCP connection comes about.
    Tcp,
    /// So does TLS, both sides proven.
    Tls,
    /// `GET` of this path of the endpoint's host, not below its base, is answered with 2xx.
    Path(String),
}

/// What may be sent a second time. What was not sent at all is, to another endpoint, without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Retry {
    /// For each hundred calls so many may be sent again, from 0 to 100.
    pub percent: u32,
    /// And so many a second besides, whatever the traffic.
    pub per_second: u32,
    /// The provider takes two requests under one `Idempotency-Key` for one, at whichever endpoint: what
    /// bears a key may be sent again.
    pub idempotency_key: bool,
}

impl Default for Retry {
    /// A fifth more work is what a provider in trouble can bear; ten a second let a quiet service
    /// retry at all.
    fn default() -> Self {
        Self { percent: 20, per_second: 10, idempotency_key: false }
    }
}
