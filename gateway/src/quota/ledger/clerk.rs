//! The clerk: the one thread that speaks with the ledger.
//!
//! While the ledger is there the clerk passes requests' questions on as they come, many at once over
//! one connection, and settles books: at once where a small window changed or a lease ran out, else
//! every [`ROUND`]. Of each book one settlement is under way at a time, under a number of its own; one
//! whose answer was lost is sent again unchanged under the same number, and the script counts it once.
//!
//! While it is away the clerk tries one connection after the other, at intervals that grow and are
//! jittered, so that gateways do not come back in step; then it tells, book after book, what is owed.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, PoisonError, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

use redis::RedisResult;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep_until, timeout},
};

use super::{
    Answer, Desk, Order, PATIENCE, Why,
    account::{Account, Book, Counter, LEASED_FROM, Window, chunk},
    line::Line,
    script::{Item, Of, Script, What},
};
use crate::quota::meter::Quantity;

/// How often what is not urgent is settled, in beats.
const ROUND: u64 = 10;
/// How often the connection is listened to.
const BEAT: Duration = Duration::from_secs(1);
/// The first and the longest pause between attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// A ledger that stayed for so long begins with short pauses again.
const STEADY: Duration = Duration::from_secs(10);
/// How long making a connection may take: name, TLS, login, Sentinels.
const CONNECTING: Duration = Duration::from_secs(2);
/// The most items in one settlement: a script runs to its end before anyone else is served.
const BATCH: usize = 256;

/// A settlement under way.
#[derive(Debug)]
pub(super) struct Batch {
    sequence: u64,
    items: Vec<Item>,
}

/// How much of a book is to be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// What cannot wait.
    Urgent,
    /// Everything owed, and leases that nobody used since the last round.
    Round,
    /// Everything owed, and word of everything told: the server may have lost count.
    Return,
    /// Everything owed, and all leases.
    Close,
}

/// Works until the ledger is closed. `tried` hears of the first attempt.
pub(super) async fn serve(
    desk: Arc<Desk>,
    mut orders: mpsc::Receiver<Order>,
    tried: std::sync::mpsc::Sender<()>,
) {
    let clerk = Clerk { script: Arc::new(desk.script()), desk };
    let mut pause = PAUSES.0;
    let mut tried = Some(tried);
    loop {
        let connected = clerk.come_back().await;
        if let Some(tried) = tried.take() {
            // Nobody may be waiting any more.
            let _ = tried.send(());
        }
        match connected {
            Ok(line) => {
                let found = Instant::now();
                if clerk.attend(line, &mut orders).await {
                    return;
                }
                if found.elapsed() >= STEADY {
                    pause = PAUSES.0;
                }
            }
            Err(why) => clerk.desk.still_away(why),
        }
        if clerk.wait(jittered(pause), &mut orders).await {
            return;
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

struct Clerk {
    script: Arc<Script>,
    desk: Arc<Desk>,
}

impl Clerk {
    /// Connects, sees that the ledger answers in time, and tells what is owed.
    async fn come_back(&self) -> Result<Line, Why> {
        let desk = &self.desk;
        let within = desk.settings.timeout;
        let connected = timeout(CONNECTING, Line::connect(&desk.settings)).await;
        let mut line = connected.map_err(|_| Why::Slow)?.map_err(|error| Why::of(&error))?;
        let greeted = timeout(within, self.script.greet(&mut line, &desk.settings.prefix)).await;
        greeted.map_err(|_| Why::Slow)?.map_err(|error| Why::of(&error))?;
        let books: Vec<Arc<Book>> = desk.books().values().cloned().collect();
        for book in books {
            let settled =
                timeout(PATIENCE, settle(&self.script, desk, &mut line, &book, Extent::Return)).await;
            settled.map_err(|_| Why::Slow)?.map_err(|error| Why::of(&error))?;
        }
        desk.found();
        Ok(line)
    }

    /// Serves while the ledger is there; whether it was closed.
    async fn attend(&self, mut line: Line, orders: &mut mpsc::Receiver<Order>) -> bool {
        let desk = &self.desk;
        // What is under way is dropped with them when the ledger is lost; books keep what they sent.
        let mut settling = JoinSet::new();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut beats, mut trips) = (0_u64, 0);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Ask { book, items, reply }) => {
                        let (script, desk, line) = (Arc::clone(&self.script), Arc::clone(desk), line.clone());
                        tokio::spawn(async move {
                            if let Some(answer) = ask(&script, &desk, line, &book, items).await {
                                // Whoever waits no longer leaves the tokens to the next.
                                let _ = reply.send(answer);
                            }
                        });
                    }
                    Some(Order::Settle(book)) => {
                        let (script, desk, line) = (Arc::clone(&self.script), Arc::clone(desk), line.clone());
                        settling.spawn(settle_apart(script, desk, line, book, Extent::Urgent));
                    }
                    Some(Order::Close) | None => {
                        settling.shutdown().await;
                        self.close(&mut line).await;
                        return true;
                    }
                },
                _ = beat.tick() => {
                    beats += 1;
                    // Silence is broken, so that a lost server is noticed before a request needs it.
                    let made = desk.trips.load(SeqCst);
                    if made == trips {
                        let (desk, mut line) = (Arc::clone(desk), line.clone());
                        tokio::spawn(async move {
                            match timeout(BEAT, line.ask_for_nothing(&redis::cmd("PING"))).await {
                                Ok(Ok(())) => {}
                                Ok(Err(error)) => desk.failed(&error),
                                Err(_) => desk.lose(Why::Slow),
                            }
                        });
                    }
                    trips = made;
                    let books: Vec<Arc<Book>> = desk.books().values().cloned().collect();
                    for book in books {
                        // Each book has its own beat in the round.
                        let turn = book.turn.wrapping_add(beats).is_multiple_of(ROUND);
                        if (turn && book.due.swap(false, SeqCst)) || book.urgent.load(SeqCst) {
                            let extent = if turn { Extent::Round } else { Extent::Urgent };
                            let (script, desk, line) = (Arc::clone(&self.script), Arc::clone(desk), line.clone());
                            settling.spawn(settle_apart(script, desk, line, book, extent));
                        }
                    }
                },
                _ = settling.join_next(), if !settling.is_empty() => {}
                () = desk.lost.notified() => {
                    if !desk.is_present() {
                        return false;
                    }
                }
            }
        }
    }

    /// Pauses; whether the ledger was closed meanwhile. Questions that come now have no answer: those
    /// who ask see that at once.
    async fn wait(&self, pause: Duration, orders: &mut mpsc::Receiver<Order>) -> bool {
        let until = tokio::time::Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(until) => return false,
                order = orders.recv() => match order {
                    Some(Order::Close) | None => {
                        if let Ok(Ok(mut line)) = timeout(PATIENCE, Line::connect(&self.desk.settings)).await {
                            self.close(&mut line).await;
                        }
                        return true;
                    }
                    Some(Order::Ask { .. } | Order::Settle(_)) => {}
                }
            }
        }
    }

    /// The last settlement.
    async fn close(&self, line: &mut Line) {
        let books: Vec<Arc<Book>> = self.desk.books().values().cloned().collect();
        let settling = async {
            for book in &books {
                settle(&self.script, &self.desk, line, book, Extent::Close).await?;
            }
            RedisResult::Ok(())
        };
        if !matches!(timeout(PATIENCE, settling).await, Ok(Ok(()))) {
            tracing::warn!("the quota server did not take the last counts; leases end with their windows");
        }
    }
}

/// Asks for one request. Nothing when there was no answer.
async fn ask(script: &Script, desk: &Desk, mut line: Line, book: &Book, items: Vec<Item>) -> Option<Answer> {
    desk.trips.fetch_add(1, SeqCst);
    let clock = desk.rate_clock();
    match script.run(&mut line, &desk.settings.prefix, &book.tag, None, clock, &items).await {
        Ok(reply) => {
            desk.misses.store(0, SeqCst);
            let taken = reply.refused.is_none();
            for (item, (got, value)) in items.iter().zip(&reply.seen) {
                item.heard(if taken { *got } else { 0 }, *value);
            }
            if let Some((item, wait)) = reply.refused
                && let Some(item) = items.get(item)
            {
                item.spent(desk.now(), wait);
            }
            Some(Answer { items, reply: Some(reply) })
        }
        Err(error) => {
            desk.failed(&error);
            None
        }
    }
}

async fn settle_apart(script: Arc<Script>, desk: Arc<Desk>, mut line: Line, book: Arc<Book>, extent: Extent) {
    if let Err(error) = settle(&script, &desk, &mut line, &book, extent).await {
        desk.failed(&error);
    }
}

/// Settles a book until nothing of that extent is left. When it is being settled already, whoever does
/// that does it once more.
async fn settle(
    script: &Script,
    desk: &Desk,
    line: &mut Line,
    book: &Arc<Book>,
    mut extent: Extent,
) -> RedisResult<()> {
    loop {
        let Some(_turn) = Turn::take(book) else { return Ok(()) };
        loop {
            book.urgent.store(false, SeqCst);
            let Some((sequence, items, fresh)) = book.next_batch(extent) else { break };
            desk.trips.fetch_add(1, SeqCst);
            let clock = desk.rate_clock();
            let prefix = &desk.settings.prefix;
            let reply = script.run(line, prefix, &book.tag, Some(sequence), clock, &items).await?;
            book.confirm(&items, &reply.seen);
            if extent == Extent::Return && fresh {
                // Everything was touched; what turned out to be lost is owed now.
                extent = Extent::Round;
            }
        }
        drop(_turn);
        if !book.urgent.load(SeqCst) {
            return Ok(());
        }
        extent = Extent::Urgent;
    }
}

/// The right to settle a book.
struct Turn<'b>(&'b Book);

impl<'b> Turn<'b> {
    fn take(book: &'b Book) -> Option<Self> {
        // Made only when it was free: one that is dropped frees the book.
        (!book.busy.swap(true, SeqCst)).then(|| Self(book))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, SeqCst);
    }
}

impl Book {
    /// What is to be sent: what was sent and not confirmed, else what is open.
    fn next_batch(&self, extent: Extent) -> Option<(u64, Vec<Item>, bool)> {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(batch) = &*batch {
            return Some((batch.sequence, batch.items.clone(), false));
        }
        let items = self.open_items(extent);
        if items.is_empty() {
            return None;
        }
        let sequence = self.sequence.fetch_add(1, SeqCst) + 1;
        *batch = Some(Batch { sequence, items: items.clone() });
        Some((sequence, items, true))
    }

    /// What was sent is told.
    fn confirm(&self, items: &[Item], seen: &[(i64, i64)]) {
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = None;
        for (item, (got, value)) in items.iter().zip(seen) {
            if let (Of::Window(_, window, quantity), What::Charge(amount)) = (&item.of, item.what) {
                window.counter(*quantity).confirmed(amount);
            }
            item.heard(*got, *value);
            item.keep(*got);
        }
    }

    /// What is open, by how far it is to be settled. When anything has to go, all that is owed goes.
    fn open_items(&self, extent: Extent) -> Vec<Item> {
        if extent == Extent::Round {
            // Those of documents that are gone, once nothing of theirs is open.
            self.accounts().retain(|account| Arc::strong_count(account) > 1 || account.is_open());
        }
        let mut limited = Vec::new();
        for account in self.accounts().iter() {
            for (window, limits, present) in account.open() {
                let quantities = [
                    (Quantity::Requests, limits.requests),
                    (Quantity::Records, limits.records),
                    (Quantity::Bytes, limits.bytes),
                ];
                for (quantity, limit) in quantities {
                    let Some(limit) = limit else { continue };
                    let counter = window.counter(quantity);
                    let idle = extent == Extent::Round && limit >= LEASED_FROM && counter.lies_idle();
                    if counter.held() > 0 {
                        // Looked at again in the next round.
                        self.due.store(true, SeqCst);
                    }
                    limited.push(Limited {
                        idle,
                        account: Arc::clone(account),
                        window: Arc::clone(&window),
                        quantity,
                        limit,
                        present,
                    });
                }
            }
        }
        if !limited.iter().any(|one| one.must_go(extent)) {
            return Vec::new();
        }
        let mut items = Vec::new();
        for one in limited {
            // A server that lost count is told everything at once.
            if items.len() >= BATCH && extent != Extent::Return {
                // The rest goes with the next one.
                self.urgent.store(true, SeqCst);
                break;
            }
            one.send(extent, &mut items);
        }
        items
    }
}

/// A limited quantity of a window.
struct Limited {
    account: Arc<Account>,
    window: Arc<Window>,
    quantity: Quantity,
    limit: u64,
    /// Not the window before.
    present: bool,
    /// It holds tokens that nobody used since the last round.
    idle: bool,
}

impl Limited {
    fn counter(&self) -> &Counter {
        self.window.counter(self.quantity)
    }

    fn is_leased(&self) -> bool {
        self.limit >= LEASED_FROM
    }

    fn must_go(&self, extent: Extent) -> bool {
        let counter = self.counter();
        let owed = counter.owed();
        if extent == Extent::Return && self.present && counter.has_told() {
            return true;
        }
        if !self.is_leased() || !self.present {
            return owed != 0 || (self.present && counter.held() > 0);
        }
        match extent {
            Extent::Urgent => {
                owed.unsigned_abs() >= chunk(self.limit) || (counter.is_wanted() && counter.held() <= 0)
            }
            Extent::Round => owed != 0 || self.idle,
            Extent::Return => owed != 0,
            Extent::Close => owed != 0 || counter.held() > 0,
        }
    }

    fn send(&self, extent: Extent, items: &mut Vec<Item>) {
        let counter = self.counter();
        let returning = self.present
            && match extent {
                Extent::Close => true,
                Extent::Round => !self.is_leased() || self.idle,
                Extent::Urgent | Extent::Return => !self.is_leased(),
            };
        let amount = counter.send(returning);
        let of = || Of::Window(Arc::clone(&self.account), Arc::clone(&self.window), self.quantity);
        if amount != 0 || (extent == Extent::Return && self.present && counter.has_told()) {
            items.push(Item { of: of(), what: What::Charge(amount) });
        }
        let renews = self.present
            && self.is_leased()
            && extent != Extent::Close
            && self.quantity == Quantity::Requests;
        if renews && counter.held() <= 0 && counter.no_longer_wanted() {
            let what = What::Take { limit: self.limit, least: 0, most: chunk(self.limit) };
            items.push(Item { of: of(), what });
        }
    }
}

/// Half as long to one and a half times as long.
fn jittered(pause: Duration) -> Duration {
    // Seeded at random by the system, which is all that is needed.
    let random = RandomState::new().build_hasher().finish() % 1_000;
    pause / 2 + pause * u32::try_from(random).unwrap_or(500) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_jittered_around_their_length() {
        let all: Vec<Duration> = (0..100).map(|_| jittered(Duration::from_secs(1))).collect();
        assert!(all.iter().all(|one| (500..1_500).contains(&one.as_millis())));
        assert!(all.iter().any(|one| one != &all[0]));
    }
}
