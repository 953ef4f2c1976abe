//! What is known of a provider while the process runs: how its endpoints fare, how many calls are
//! under way, what is left to retry with.
//!
//! It belongs to the service's version, the endpoint's address and the way it is met there (its name
//! and both sides' certificates), not to a compiled [`Provider`]: a reload compiles providers anew, and
//! an edit of some agreement must not send everybody back to an endpoint that is known to be dead. But
//! who mends a wrong name or certificate must not wait for a rest that the fault had earned.
//! [`Standings`] keeps it for as long as a snapshot or a call does.
//!
//! A call's place is a [`Ticket`]. Where all is well, taking one and giving it back are a load, a
//! clone of its `Arc` and one addition each way; the lock on an endpoint's [`Circuit`] is taken only
//! while there is something on its record.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use http::StatusCode;
use policies::{Breaker, HealthCheck};
use tokio::time::Instant;

use super::{
    CallFault, Provider,
    balance::{self, Candidate},
    breaker::{Change, Circuit, Failure, Fitness, Leave},
    retry::Budget,
};

/// The instant that the clock of circuits counts from.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds of the clock that circuits and budgets go by.
pub(super) fn clock() -> u64 {
    u64::try_from(EPOCH.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The standings of every upstream of the process.
#[derive(Debug, Default)]
pub struct Standings {
    upstreams: Mutex<HashMap<(String, u32), Weak<Upstream>>>,
}

impl Standings {
    /// That of version `version` of `service`; the same one for as long as anybody has it.
    pub(super) fn of(&self, service: &str, version: u32) -> Arc<Upstream> {
        let mut upstreams = lock(&self.upstreams);
        let slot = upstreams.entry((service.to_owned(), version)).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let (service, endpoints) = (service.to_owned(), Mutex::default());
            let upstream = Arc::new(Upstream { service, version, endpoints, ..Upstream::default() });
            *slot = Arc::downgrade(&upstream);
            upstream
        })
    }

    /// Forgets what nobody has any more.
    pub fn sweep(&self) {
        lock(&self.upstreams).retain(|_, upstream| upstream.strong_count() > 0);
    }
}

/// What is known of one service's upstream.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    service: String,
    version: u32,
    /// Calls under way, where there are several endpoints to add up.
    under_way: AtomicU32,
    pub(super) budget: Budget,
    pub(super) retries: AtomicU64,
    /// Calls refused because too many were under way.
    pub(super) busy: AtomicU64,
    /// Calls refused because every circuit was open.
    pub(super) shut: AtomicU64,
    endpoints: Mutex<Endpoints>,
}

/// By address and the way of meeting.
type Endpoints = HashMap<(String, Vec<u8>), Weak<Standing>>;

impl Upstream {
    /// The standing of the endpoint at `address`, met in this `way` (a digest of what that takes).
    pub(super) fn endpoint(self: &Arc<Self>, address: &str, way: &[u8]) -> Arc<Standing> {
        let mut endpoints = lock(&self.endpoints);
        endpoints.retain(|_, standing| standing.strong_count() > 0);
        let slot = endpoints.entry((address.to_owned(), way.to_owned())).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let standing = Arc::new(Standing {
                upstream: Arc::clone(self),
                address: address.to_owned(),
                trouble: AtomicBool::new(false),
                term: AtomicU64::new(0),
                in_flight: AtomicU32::new(0),
                known: AtomicBool::new(false),
                failures: AtomicU64::new(0),
                rests: AtomicU64::new(0),
                looked_at: AtomicU64::new(0),
                circuit: Mutex::default(),
            });
            *slot = Arc::downgrade(&standing);
            standing
        })
    }
}

/// What is known of one endpoint. What every call touches comes first, beside the count of who holds it: the
/// workers take it from each other.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Standing {
    in_flight: AtomicU32,
    /// Whether anything is on the circuit's record.
    trouble: AtomicBool,
    /// Whether it was ever called or looked at.
    known: AtomicBool,
    /// The circuit's term, for who is let in without a look at it.
    term: AtomicU64,
    upstream: Arc<Upstream>,
    address: String,
    failures: AtomicU64,
    /// Times its circuit opened or it was passed over.
    rests: AtomicU64,
    /// When it is looked at next, by the clock; 0 before the first time.
    pub(super) looked_at: AtomicU64,
    circuit: Mutex<Circuit>,
}

/// What is allowed of an upstream, as its document has it now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Calls under way at once.
    pub(super) concurrent: u32,
    /// Whether it is the only endpoint, so that its calls are the upstream's.
    pub(super) alone: bool,
    pub(super) breaker: Breaker,
    /// How long an endpoint may be silent.
    pub(super) patience: Duration,
}

impl Standing {
    /// Takes a place for a call.
    ///
    /// # Errors
    /// Too many calls are under way, or the circuit is open.
    pub(super) fn enter(self: &Arc<Self>, rules: &Rules) -> Result<Ticket, CallFault> {
        let counted = if rules.alone { &self.in_flight } else { &self.upstream.under_way };
        if counted.fetch_add(1, Relaxed) >= rules.concurrent {
            counted.fetch_sub(1, Relaxed);
            self.upstream.busy.fetch_add(1, Relaxed);
            return Err(CallFault::Busy);
        }
        if !rules.alone {
            self.in_flight.fetch_add(1, Relaxed);
        }
        if !self.known.load(Relaxed) {
            self.known.store(true, Relaxed);
        }
        let mut ticket = Ticket {
            standing: Arc::clone(self),
            rules: *rules,
            leave: Leave { term: self.term.load(Relaxed), finds_out: false },
            begun: Instant::now(),
            settled: false,
        };
        if self.trouble.load(Relaxed) {
            match self.with(|circuit| (circuit.admit(clock()), None)) {
                Ok(leave) => ticket.leave = leave,
                Err(wait) => {
                    // It was let in nowhere: nothing to say of it.
                    ticket.settled = true;
                    return Err(CallFault::CircuitOpen { wait });
                }
            }
        }
        Ok(ticket)
    }

    /// How it stands for the next choice.
    pub(super) fn candidate(&self, weight: u32, now: u64) -> Candidate {
        let fitness = match self.trouble.load(Relaxed) {
            false => Fitness::Well,
            true => lock(&self.circuit).fitness(now),
        };
        Candidate { fitness, weight, load: self.in_flight.load(Relaxed) }
    }

    /// Takes the outcome of a look.
    pub(super) fn looked(&self, good: bool, check: &HealthCheck) {
        self.known.store(true, Relaxed);
        self.with(|circuit| ((), circuit.looked(good, check.fall, check.rise, clock())));
    }

    /// Its document asks for no looks, or no longer.
    pub(super) fn unlooked(&self) {
        self.looked_at.store(0, Relaxed);
        self.with(|circuit| {
            circuit.unlooked();
            ((), None)
        });
    }

    /// Does something to the circuit, and tells what changed.
    fn with<T>(&self, change: impl FnOnce(&mut Circuit) -> (T, Option<Change>)) -> T {
        let mut circuit = lock(&self.circuit);
        let (outcome, changed) = change(&mut circuit);
        self.term.store(circuit.term(), Relaxed);
        self.trouble.store(!circuit.is_clear(), Relaxed);
        drop(circuit);
        if let Some(changed) = changed {
            self.tell(changed);
        }
        outcome
    }

    fn tell(&self, change: Change) {
        let (service, version) = (self.upstream.service.as_str(), self.upstream.version);
        let endpoint = self.address.as_str();
        match change {
            Change::Opened(rest) => {
                self.rests.fetch_add(1, Relaxed);
                tracing::warn!(
                    service,
                    version,
                    endpoint,
                    ?rest,
                    "circuit opened: the endpoint gives no answer"
                );
            }
            Change::Closed => {
                tracing::info!(service, version, endpoint, "circuit closed: the endpoint answers")
            }
            Change::PassedOver(rest) => {
                self.rests.fetch_add(1, Relaxed);
                tracing::warn!(service, version, endpoint, ?rest, "passed over: the endpoint answers badly");
            }
            Change::Ill => tracing::warn!(service, version, endpoint, "health checks fail"),
            Change::Recovered => tracing::info!(service, version, endpoint, "health checks succeed again"),
        }
    }
}

/// A call's place at an endpoint. What comes of the call is told to it; what never was is taken for
/// silence when it lasted that long, and for nothing otherwise: a caller that goes away or has little
/// time says nothing about a provider.
#[derive(Debug)]
pub(super) struct Ticket {
    standing: Arc<Standing>,
    rules: Rules,
    leave: Leave,
    begun: Instant,
    settled: bool,
}

impl Ticket {
    /// When the place was taken.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// The head of a reply came. One that finds out has found out.
    pub(super) fn heard(&mut self, status: StatusCode) {
        if status.is_server_error() {
            self.failed(Failure::BadAnswer);
        } else if self.leave.finds_out {
            self.succeeded();
        }
    }

    /// The reply came to its end.
    pub(super) fn succeeded(&mut self) {
        if std::mem::replace(&mut self.settled, true) || !self.standing.trouble.load(Relaxed) {
            return;
        }
        self.standing.with(|circuit| ((), circuit.succeeded(self.leave, clock())));
    }

    /// There is no reply, or not the whole of it, or a bad one.
    pub(super) fn failed(&mut self, failure: Failure) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        self.standing.failures.fetch_add(1, Relaxed);
        let (breaker, chance) = (&self.rules.breaker, balance::chance());
        self.standing.with(|circuit| ((), circuit.failed(self.leave, failure, breaker, clock(), chance)));
    }

    /// From here on, to end without a word means nothing: the endpoint has answered.
    pub(super) fn excuse(&mut self) {
        self.rules.patience = Duration::MAX;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.settled && self.begun.elapsed() >= self.rules.patience {
            self.failed(Failure::NoAnswer);
        } else if !self.settled && self.leave.finds_out {
            self.standing.with(|circuit| {
                circuit.abandoned(self.leave, clock());
                ((), None)
            });
        }
        self.standing.in_flight.fetch_sub(1, Relaxed);
        if !self.rules.alone {
            self.standing.upstream.under_way.fetch_sub(1, Relaxed);
        }
    }
}

/// How an upstream stands, for operators.
#[derive(Clone, Debug)]
pub struct Report {
    /// Calls under way.
    pub under_way: u32,
    /// What was sent again.
    pub retries: u64,
    /// Calls refused because too many were under way.
    pub busy: u64,
    /// Calls refused because every circuit was open.
    pub shut: u64,
    /// Its endpoints that were ever called or looked at.
    pub endpoints: Vec<EndpointReport>,
}

/// How an endpoint stands, for operators.
#[derive(Clone, Debug)]
pub struct EndpointReport {
    /// `host:port/base`.
    pub address: String,
    /// `well`, `passed-over`, `ill`, `open` or `half-open`.
    pub state: &'static str,
    /// When it may be tried again, if it may not now.
    pub wait: Option<Duration>,
    /// Calls under way.
    pub in_flight: u32,
    /// Calls that failed.
    pub failures: u64,
    /// Times it was given a rest.
    pub rests: u64,
}

impl Provider {
    /// How it stands.
    pub fn report(&self) -> Report {
        let now = clock();
        let upstream = &self.upstream;
        let known = self.endpoints.iter().filter(|endpoint| endpoint.standing.known.load(Relaxed));
        let endpoints: Vec<EndpointReport> = known
            .map(|endpoint| {
                let standing = &endpoint.standing;
                let circuit = lock(&standing.circuit);
                EndpointReport {
                    address: standing.address.clone(),
                    state: circuit.word(now),
                    wait: match circuit.fitness(now) {
                        Fitness::Shut(wait) => Some(wait),
                        _ => None,
                    },
                    in_flight: standing.in_flight.load(Relaxed),
                    failures: standing.failures.load(Relaxed),
                    rests: standing.rests.load(Relaxed),
                }
            })
            .collect();
        Report {
            under_way: endpoints.iter().map(|endpoint| endpoint.in_flight).sum(),
            retries: upstream.retries.load(Relaxed),
            busy: upstream.busy.load(Relaxed),
            shut: upstream.shut.load(Relaxed),
            endpoints,
        }
    }
}

/// What is behind these locks stays whole whoever panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
