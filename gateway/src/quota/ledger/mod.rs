//! The shared ledger: quotas of several gateways, counted together on Redis.
//!
//! **What is shared.** Rates, and the requests, records and bytes of days and months, of agreements and
//! services. Places among the concurrent stay each process's own: a place is given back when a process
//! dies, and a ledger could only guess when that was. What nobody limits is not told at all.
//!
//! **Small windows are exact.** A request asks for everything it needs that is not at hand in one round
//! trip, and the script takes all or nothing (`ledger.lua`). Records and bytes are told at once when
//! they are known.
//!
//! **Large windows are leased** (30,000 and more): tokens are taken a three-hundredth of the window at a
//! time, ahead of need, and a request takes one from memory without waiting. They are counted when they
//! are taken, so nothing is admitted twice; only what is admitted on credit, while a lease is renewed,
//! can pass the limit, by a hundredth for three gateways. Leases that nobody uses go back after some
//! seconds, and at the end.
//!
//! **Nothing is told twice or lost on the way.** Charges bear a sequence number, and are sent again
//! under the same one until they are confirmed (the module `clerk`). Every window says when it was born:
//! when a server has lost its memory, each gateway tells it again what it had told it before.
//!
//! **Away.** When answers fail to come ([`MISSES`] in a row) or the connection breaks, requests no longer
//! wait: they are admitted as [`WhenAway`] says, and what was admitted is told when the ledger is back.
//! One connection is tried at a time, at jittered intervals, and everything owed is told before
//! requests ask again.

mod account;
mod admission;
mod clerk;
mod line;
mod script;
#[cfg(test)]
pub(super) mod server;
mod settings;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicU32, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    thread,
    time::{Duration, Instant},
};

use contracts::Bilingual;
use jiff::Timestamp;
use policies::QuotaTerms;
use redis::RedisError;
use tokio::sync::{Notify, mpsc, oneshot};

pub(super) use account::Account;
pub use admission::{Admission, Asking};
pub(super) use admission::{Slip, admit, usage};
pub use settings::{Kind, Settings, Tls, WhenAway};

use super::{clock::Clock, day::Counts};
use account::Book;
use script::{Item, Reply, Script, What};

/// How many requests in a row may wait in vain before no further one does.
const MISSES: u32 = 3;

/// The most questions that wait to be sent: beyond it the ledger counts as away for a request. A server
/// that keeps up has none waiting.
const WAITING: usize = 8_192;

/// How long a start waits for the first connection, and an end for the last words.
const PATIENCE: Duration = Duration::from_secs(2);

/// The connection to the shared ledger. Dropping it settles what is open.
#[derive(Debug)]
pub(super) struct Ledger {
    desk: Arc<Desk>,
    clerk: Option<thread::JoinHandle<()>>,
}

/// What the workers' side and the clerk have in common.
#[derive(Debug)]
pub(super) struct Desk {
    settings: Settings,
    process: String,
    clock: Clock,
    started: Instant,
    orders: mpsc::Sender<Order>,
    books: Mutex<HashMap<Arc<str>, Arc<Book>>>,
    present: AtomicBool,
    misses: AtomicU32,
    /// Wakes the clerk when a request found the ledger away.
    lost: Notify,
    state: Mutex<State>,
    trips: AtomicU64,
    failures: AtomicU64,
    admitted_away: AtomicU64,
}

#[derive(Debug)]
struct State {
    since: Timestamp,
    why: Why,
}

/// Why the ledger is away.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// It was never reached.
    Starting,
    /// Answers did not come in time.
    Slow,
    /// The connection could not be made, or broke.
    Unreachable,
    /// The server refuses, with its code.
    Refused(String),
}

/// What the clerk is told.
#[derive(Debug)]
enum Order {
    /// Ask for a request.
    Ask { book: Arc<Book>, items: Vec<Item>, reply: oneshot::Sender<Answer> },
    /// Settle a book now.
    Settle(Arc<Book>),
    /// Settle everything, give leases back, and end.
    Close,
}

/// An answer on its way to the request. Tokens that nobody fetches, since the request waited no longer,
/// are kept for the next one.
#[derive(Debug)]
struct Answer {
    items: Vec<Item>,
    reply: Option<Reply>,
}

impl Answer {
    fn open(mut self) -> (Vec<Item>, Option<Reply>) {
        (std::mem::take(&mut self.items), self.reply.take())
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let Some(reply) = self.reply.take().filter(|reply| reply.refused.is_none()) else { return };
        for (item, (got, _)) in self.items.iter().zip(reply.seen) {
            if matches!(item.what, What::Take { .. }) {
                item.keep(got);
            }
        }
    }
}

/// How the ledger stands, for operators.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whether it answers.
    pub present: bool,
    /// Since when that is so.
    pub since: Timestamp,
    /// What happens without it.
    pub when_away: WhenAway,
    /// Round trips made.
    pub trips: u64,
    /// Questions that had no answer in time.
    pub failures: u64,
    /// Requests that were admitted without it.
    pub admitted_away: u64,
    /// Why it is away, in words; nothing while it is not.
    pub concern: Option<Bilingual>,
}

impl Ledger {
    /// Begins: connects in the background, and waits a little for that.
    pub(super) fn open(settings: Settings, process: &str, clock: &Clock) -> std::io::Result<Self> {
        let (orders, received) = mpsc::channel(WAITING);
        let desk = Arc::new(Desk {
            settings,
            // Unlike any other, on this machine or beside it.
            process: format!("{process}-{}", uuid::Uuid::now_v7().simple()),
            clock: clock.clone(),
            started: Instant::now(),
            orders,
            books: Mutex::default(),
            present: AtomicBool::new(false),
            misses: AtomicU32::new(0),
            lost: Notify::new(),
            state: Mutex::new(State { since: Timestamp::now(), why: Why::Starting }),
            trips: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            admitted_away: AtomicU64::new(0),
        });
        let (tried, first) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let at_desk = Arc::clone(&desk);
        let clerk = thread::Builder::new().name("quota-ledger".into()).spawn(move || {
            runtime.block_on(clerk::serve(at_desk, received, tried));
        })?;
        // A server that is away must not keep the gateway from starting.
        let _ = first.recv_timeout(PATIENCE);
        Ok(Self { desk, clerk: Some(clerk) })
    }

    pub(super) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Settles what is open, gives leases back and ends. Blocks, but not for long.
    pub(super) fn close(&mut self) {
        if let Some(clerk) = self.clerk.take() {
            // A clerk that has more orders waiting than it can take will see the channel closed.
            let told = self.desk.orders.try_send(Order::Close).is_ok();
            if told {
                // One that panicked has nothing to say.
                let _ = clerk.join();
            }
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}

impl Desk {
    /// The account of `terms` under `tag`; `known` is kept when it is the same one.
    pub(super) fn account(
        &self,
        tag: &str,
        terms: &QuotaTerms,
        day: i64,
        before: [Counts; 2],
        known: Option<&Arc<Account>>,
    ) -> Arc<Account> {
        if let Some(known) = known.filter(|known| &*known.book.tag == tag) {
            known.adopt(terms);
            return Arc::clone(known);
        }
        let book = Arc::clone(
            self.books().entry(Arc::from(tag)).or_insert_with_key(|tag| Arc::new(Book::new(Arc::clone(tag)))),
        );
        let account = Arc::new(Account::new(Arc::clone(&book), terms, day, before, &self.clock));
        book.accounts().push(Arc::clone(&account));
        account
    }

    /// How it stands.
    pub(super) fn standing(&self) -> Standing {
        let state = self.state();
        let present = self.is_present();
        Standing {
            present,
            since: state.since,
            when_away: self.settings.when_away,
            trips: self.trips.load(Relaxed),
            failures: self.failures.load(Relaxed),
            admitted_away: self.admitted_away.load(Relaxed),
            concern: (!present).then(|| state.why.explain(self.settings.when_away)),
        }
    }

    fn is_present(&self) -> bool {
        self.present.load(SeqCst)
    }

    /// Milliseconds since it was opened.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn books(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Book>>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a book settled soon; one order at a time.
    fn hurry(&self, book: &Arc<Book>) {
        book.due.store(true, Relaxed);
        if !book.urgent.swap(true, SeqCst) && self.is_present() {
            // A full queue settles it with the next round.
            let _ = self.orders.try_send(Order::Settle(Arc::clone(book)));
        }
    }

    /// A request waited in vain.
    fn missed(&self) {
        self.failures.fetch_add(1, Relaxed);
        if self.misses.fetch_add(1, SeqCst) + 1 >= MISSES {
            self.lose(Why::Slow);
        }
    }

    /// A question failed.
    fn failed(&self, error: &RedisError) {
        self.failures.fetch_add(1, Relaxed);
        self.lose(Why::of(error));
    }

    /// From here on nobody waits. Told once.
    fn lose(&self, why: Why) {
        if self.present.swap(false, SeqCst) {
            let when_away = self.settings.when_away.as_str();
            tracing::warn!(reason = %why.code(), when_away, "the quota server is away; quotas follow their declared mode");
            *self.state() = State { since: Timestamp::now(), why };
            self.lost.notify_one();
        }
    }

    /// It was tried and could not be reached.
    fn still_away(&self, why: Why) {
        let mut state = self.state();
        if state.why == Why::Starting {
            let when_away = self.settings.when_away.as_str();
            tracing::warn!(reason = %why.code(), when_away, "the quota server is away; quotas follow their declared mode");
        }
        state.why = why;
    }

    /// It is back, and everything owed is told.
    fn found(&self) {
        self.misses.store(0, SeqCst);
        if !self.present.swap(true, SeqCst) {
            let mut state = self.state();
            let seconds = Timestamp::now().as_second() - state.since.as_second();
            tracing::info!(away_seconds = seconds, "the quota server is there; quotas are shared");
            *state = State { since: Timestamp::now(), why: Why::Slow };
        }
    }

    /// The time that rates are measured by; the server's own unless a test moves it.
    fn rate_clock(&self) -> Option<u64> {
        self.clock.manual_nanoseconds().map(|now| now / 1_000)
    }

    fn script(&self) -> Script {
        Script::new(&self.process)
    }
}

impl Why {
    fn of(error: &RedisError) -> Self {
        if error.is_timeout() {
            Self::Slow
        } else if error.is_io_error() || error.is_connection_dropped() || error.is_connection_refusal() {
            Self::Unreachable
        } else {
            // The server's code or the client's own word: never what was asked.
            Self::Refused(error.code().unwrap_or(error.category()).to_owned())
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Starting => "starting",
            Self::Slow => "timeout",
            Self::Unreachable => "unreachable",
            Self::Refused(code) => code,
        }
    }

    fn explain(&self, mode: WhenAway) -> Bilingual {
        let (why_vi, why_en) = match self {
            Self::Starting => ("chưa kết nối được".to_owned(), "it was not reached yet".to_owned()),
            Self::Slow => {
                ("trả lời quá chậm hoặc không trả lời".to_owned(), "it does not answer in time".to_owned())
            }
            Self::Unreachable => ("không kết nối được".to_owned(), "it cannot be reached".to_owned()),
            Self::Refused(code) => (format!("từ chối ({code})"), format!("it refuses ({code})")),
        };
        let (mode_vi, mode_en) = match mode {
            WhenAway::LocalShare => (
                "mỗi cổng tự cho qua phần của mình trong hạn mức còn lại",
                "each gateway admits its own share of what was left",
            ),
            WhenAway::Closed => (
                "yêu cầu có hạn mức chung bị từ chối (503)",
                "requests under shared quotas are refused (503)",
            ),
            WhenAway::Open => {
                ("mọi yêu cầu được cho qua và đếm bù sau", "every request is admitted and counted later")
            }
        };
        Bilingual::new(
            format!(
                "Không dùng được máy chủ hạn mức chung (Redis): {why_vi}. Trong lúc đó {mode_vi}. Kiểm tra Redis và \
                 mục `[quota.redis]`."
            ),
            format!(
                "The shared quota server (Redis) is away: {why_en}. Meanwhile {mode_en}. Check Redis and \
                 `[quota.redis]`."
            ),
        )
    }
}

#[cfg(test)]
mod kinds;
#[cfg(test)]
mod tests;
