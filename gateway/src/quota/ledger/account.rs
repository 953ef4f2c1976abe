//! What this process knows of one key's shared counts, and the tokens it holds of them.
//!
//! Of each limited quantity of the present day and month there is a [`Counter`]. *Held* tokens were
//! taken from the ledger and wait for a request. *Owed* amounts were charged here and are not yet told.
//! *Known* is what the ledger last said that all gateways together have used. Admission works on these
//! alone where it can; the module `clerk` keeps them true.

use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicI64, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

use arc_swap::{ArcSwap, ArcSwapOption};
use policies::{Amounts, QuotaTerms};

use super::{
    super::{
        clock::Clock,
        day::{Counts, Period, date_of},
        meter::{Quantity, Rate},
    },
    clerk::Batch,
};

/// Windows of at least so many are leased: tokens are taken a [`chunk`] at a time. A hundred requests
/// then need one round trip, and what three gateways may hold or owe is a hundredth of the window.
/// Smaller windows are asked for each request and are exact.
pub(super) const LEASED_FROM: u64 = 30_000;

/// How many tokens of a leased window are taken at a time, and how much may be owed of it: three
/// gateways' together are a hundredth of it.
pub(super) fn chunk(limit: u64) -> u64 {
    limit / 300
}

/// How long a spent window is not asked about again, in milliseconds: who insists is refused from
/// memory. What another gateway gives back is noticed that much later.
const SPENT_FOR: u64 = 100;

/// The accounts that share a slot of a Redis Cluster, and settle together.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) tag: Arc<str>,
    pub(super) accounts: std::sync::Mutex<Vec<Arc<Account>>>,
    /// Something is to be settled at once, and the clerk was told.
    pub(super) urgent: AtomicBool,
    /// Something is to be settled with the next round.
    pub(super) due: AtomicBool,
    /// Which beat of a round is its own.
    pub(super) turn: u64,
    /// It is being settled.
    pub(super) busy: AtomicBool,
    /// What was sent and not confirmed.
    pub(super) batch: std::sync::Mutex<Option<Batch>>,
    /// The last settlement's number.
    pub(super) sequence: AtomicU64,
}

/// One key's.
#[derive(Debug)]
pub(crate) struct Account {
    pub(super) book: Arc<Book>,
    pub(super) key: Arc<str>,
    pub(super) terms: ArcSwap<QuotaTerms>,
    pub(super) rate: SharedRate,
    days: Windows,
    months: Windows,
}

/// The present window of a period, and the one before it that late charges go to.
#[derive(Debug)]
struct Windows {
    period: Period,
    current: ArcSwap<Window>,
    previous: ArcSwapOption<Window>,
}

/// One day or month of one key.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) period: Period,
    number: i64,
    /// What its key in the ledger ends in: `day:2026-11-21`.
    pub(super) name: String,
    /// What this gateway had charged to it when the process began.
    pub(super) before: Counts,
    /// When the ledger began to count it; another birth than the known one means that it lost count.
    born: AtomicI64,
    pub(super) requests: Counter,
    pub(super) records: Counter,
    pub(super) bytes: Counter,
}

/// One quantity of a window. Signed: what is given back may be told after it was charged.
#[derive(Debug)]
pub(super) struct Counter {
    /// Taken from the ledger and not used yet.
    held: AtomicI64,
    /// Charged here and not told.
    owed: AtomicI64,
    /// Told, and not yet confirmed.
    sent: AtomicI64,
    /// Confirmed by the ledger as this process's, held tokens included.
    told: AtomicI64,
    /// What the ledger said last; below 0 when it said nothing yet.
    known: AtomicI64,
    /// Until when it is taken for spent, in milliseconds of the ledger's clock.
    spent_until: AtomicU64,
    /// A lease ran out, and the clerk was told.
    wanted: AtomicBool,
    /// What was held at the last round.
    mark: AtomicI64,
}

/// How a request was admitted by a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A token.
    Token,
    /// On credit, to be told.
    Owed,
}

/// What memory alone can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Admitted so.
    Yes(Taken),
    /// The limit is reached.
    No,
    /// The ledger has to be asked; for so many tokens at most.
    Ask(u64),
}

impl Book {
    pub(super) fn new(tag: Arc<str>) -> Self {
        let turn = tag.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self {
            tag,
            accounts: std::sync::Mutex::default(),
            urgent: AtomicBool::new(false),
            due: AtomicBool::new(false),
            turn,
            busy: AtomicBool::new(false),
            batch: std::sync::Mutex::default(),
            sequence: AtomicU64::new(0),
        }
    }

    pub(super) fn accounts(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Account>>> {
        self.accounts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Account {
    /// The account of `terms`, to which this gateway had charged `before` on the day and in its month.
    pub(super) fn new(
        book: Arc<Book>,
        terms: &QuotaTerms,
        day: i64,
        before: [Counts; 2],
        clock: &Clock,
    ) -> Self {
        let [on_day, in_month] = before;
        Self {
            book,
            key: Arc::from(terms.key.as_str()),
            terms: ArcSwap::from_pointee(terms.clone()),
            rate: SharedRate::new(clock),
            days: Windows::new(Period::Day, day, on_day),
            months: Windows::new(Period::Month, month_of(day), in_month),
        }
    }

    /// The day's and the month's windows on the day of `number`.
    pub(super) fn on(&self, number: i64) -> [Arc<Window>; 2] {
        [self.days.on(number), self.months.on(month_of(number))]
    }

    /// Takes over other terms: what was spent under the old ones need not be under these.
    pub(super) fn adopt(&self, terms: &QuotaTerms) {
        if self.terms.load().per_second != terms.per_second {
            self.rate.begin_anew();
        }
        self.terms.store(Arc::new(terms.clone()));
        for (window, ..) in self.open() {
            window.requests.spent_until.store(0, Relaxed);
        }
    }

    /// What it is kept under, in the ledger.
    pub(in crate::quota) fn tag(&self) -> &str {
        &self.book.tag
    }

    /// Whether anything is held or owed.
    pub(super) fn is_open(&self) -> bool {
        self.open().any(|(window, ..)| {
            [&window.requests, &window.records, &window.bytes]
                .iter()
                .any(|counter| counter.held() != 0 || counter.outstanding() != 0)
        })
    }

    /// What a window of it is limited to.
    pub(super) fn limits(&self, window: &Window) -> Amounts {
        let terms = self.terms.load();
        let limits = if window.period == Period::Day { terms.per_day } else { terms.per_month };
        limits.unwrap_or_default()
    }

    /// The windows that may have something to settle, with what they are limited to.
    pub(super) fn open(&self) -> impl Iterator<Item = (Arc<Window>, Amounts, bool)> {
        let terms = self.terms.load();
        let (daily, monthly) = (terms.per_day.unwrap_or_default(), terms.per_month.unwrap_or_default());
        self.days
            .open()
            .map(move |(window, present)| (window, daily, present))
            .chain(self.months.open().map(move |(window, present)| (window, monthly, present)))
    }
}

impl Windows {
    fn new(period: Period, number: i64, before: Counts) -> Self {
        Self {
            period,
            current: ArcSwap::from_pointee(Window::new(period, number, before)),
            previous: ArcSwapOption::empty(),
        }
    }

    /// As `Days::on`: a number one behind is a late worker, any other begins the window anew.
    fn on(&self, number: i64) -> Arc<Window> {
        let current = self.current.load();
        if current.number == number || current.number == number + 1 {
            return Arc::clone(&current);
        }
        let next = Arc::new(Window::new(self.period, number, Counts::default()));
        // Tokens of a window that ended are worth nothing.
        current.requests.held.store(0, SeqCst);
        self.previous.store(Some(Arc::clone(&current)));
        self.current.compare_and_swap(&current, next);
        self.current.load_full()
    }

    fn open(&self) -> impl Iterator<Item = (Arc<Window>, bool)> {
        let previous = self.previous.load_full().map(|window| (window, false));
        previous.into_iter().chain([(self.current.load_full(), true)])
    }
}

/// A month's number, of a day's.
fn month_of(day: i64) -> i64 {
    let date = date_of(day);
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

impl Window {
    fn new(period: Period, number: i64, before: Counts) -> Self {
        let name = match period {
            Period::Day => format!("day:{}", date_of(number)),
            Period::Month => format!("month:{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
        };
        let counter = Counter::default;
        Self {
            period,
            number,
            name,
            before,
            born: AtomicI64::new(0),
            requests: counter(),
            records: counter(),
            bytes: counter(),
        }
    }

    pub(super) fn counter(&self, quantity: Quantity) -> &Counter {
        match quantity {
            Quantity::Requests => &self.requests,
            Quantity::Records => &self.records,
            Quantity::Bytes => &self.bytes,
        }
    }

    /// Takes note of when the ledger began to count. When it began anew, what this process had told
    /// it is owed again.
    pub(super) fn heard_birth(&self, born: i64) -> bool {
        let known = self.born.swap(born, SeqCst);
        if known == 0 || known == born {
            return false;
        }
        for counter in [&self.requests, &self.records, &self.bytes] {
            counter.owed.fetch_add(counter.told.swap(0, SeqCst), SeqCst);
            counter.known.store(0, SeqCst);
        }
        true
    }

    /// How long the ledger keeps it after its last birth, in seconds: until it has ended, and two days
    /// for whoever looks back.
    pub(super) fn keep(&self) -> i64 {
        match self.period {
            Period::Day => 3 * 86_400,
            Period::Month => 33 * 86_400,
        }
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            held: AtomicI64::new(0),
            owed: AtomicI64::new(0),
            sent: AtomicI64::new(0),
            told: AtomicI64::new(0),
            known: AtomicI64::new(-1),
            spent_until: AtomicU64::new(0),
            wanted: AtomicBool::new(false),
            mark: AtomicI64::new(0),
        }
    }
}

impl Counter {
    /// Takes one request's token from what is here, at `now` milliseconds of the ledger's clock.
    pub(super) fn take(&self, limit: u64, now: u64) -> Word {
        if self.take_held() {
            return Word::Yes(Taken::Token);
        }
        if now < self.spent_until.load(Relaxed) {
            return Word::No;
        }
        if limit < LEASED_FROM {
            return Word::Ask(1);
        }
        let chunk = chunk(limit);
        // While much is left, a lease that ran out is no reason to wait: what is admitted meanwhile is
        // owed. Three gateways that do so at the very end pass the limit by a hundredth at most.
        let known = self.known.load(SeqCst);
        if known >= 0
            && self.outstanding() < signed(chunk)
            && known + self.outstanding() + signed(3 * chunk) < signed(limit)
        {
            self.owed.fetch_add(1, SeqCst);
            return Word::Yes(Taken::Owed);
        }
        // The first one to ask brings a lease for the others.
        let first = known < 0 && !self.wanted.swap(true, SeqCst);
        Word::Ask(if first { chunk } else { 1 })
    }

    fn take_held(&self) -> bool {
        let take = |held: i64| (held > 0).then(|| held - 1);
        self.held.fetch_update(SeqCst, SeqCst, take).is_ok()
    }

    /// Whether something of records or bytes is left: refused when the limit is reached.
    pub(super) fn look(&self, limit: u64, more: u64) -> Word {
        let known = self.known.load(SeqCst);
        let over = known.max(0) + self.outstanding() + signed(more);
        // What is reached stays reached; and one who asks before it begins may have the last one.
        if if more == 0 { over >= signed(limit) } else { over > signed(limit) } {
            return Word::No;
        }
        if known < 0 || limit < LEASED_FROM { Word::Ask(0) } else { Word::Yes(Taken::Owed) }
    }

    /// Takes one of this gateway's share of what was left when the ledger was last heard.
    pub(super) fn take_share(&self, share: i64) -> bool {
        let take = |owed: i64| (owed + self.sent.load(SeqCst) < share).then_some(owed + 1);
        self.owed.fetch_update(SeqCst, SeqCst, take).is_ok()
    }

    /// One gateway's share, of `gateways`, of what was left when the ledger was last heard; when it never
    /// was, of everything, less what this gateway had charged `before` it was started again.
    pub(super) fn share(&self, limit: u64, gateways: u32, before: u64) -> i64 {
        let gateways = i64::from(gateways.max(1));
        match self.known.load(SeqCst) {
            known if known < 0 => signed(limit) / gateways - signed(before),
            known => (signed(limit) - known).max(0) / gateways,
        }
    }

    /// Charged here and not confirmed.
    pub(super) fn outstanding(&self) -> i64 {
        self.owed.load(SeqCst) + self.sent.load(SeqCst)
    }

    pub(super) fn owed(&self) -> i64 {
        self.owed.load(SeqCst)
    }

    pub(super) fn has_told(&self) -> bool {
        self.told.load(SeqCst) != 0
    }

    /// Whether a lease has run out and nobody asked for another yet; from now on somebody did.
    pub(super) fn runs_out(&self) -> bool {
        self.held() <= 0 && !self.wanted.swap(true, SeqCst)
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(SeqCst)
    }

    /// Whether a lease was wanted; from now on it is not.
    pub(super) fn no_longer_wanted(&self) -> bool {
        self.wanted.swap(false, SeqCst)
    }

    /// Whether nobody used what is held since the last time this was asked.
    pub(super) fn lies_idle(&self) -> bool {
        let held = self.held();
        self.mark.swap(held, SeqCst) == held && held > 0
    }

    pub(super) fn held(&self) -> i64 {
        self.held.load(SeqCst)
    }

    /// Charges without asking.
    pub(super) fn owe(&self, amount: u64) {
        self.owed.fetch_add(signed(amount), SeqCst);
    }

    /// Gives one request back.
    pub(super) fn give_back(&self, taken: Taken) {
        match taken {
            Taken::Token => self.held.fetch_add(1, SeqCst),
            Taken::Owed => self.owed.fetch_sub(1, SeqCst),
        };
        self.spent_until.store(0, Relaxed);
    }

    /// Tokens that the ledger gave.
    pub(super) fn receive(&self, tokens: i64) {
        // Whoever takes the last of these asks for more, although somebody did while they were on their way.
        self.wanted.store(false, SeqCst);
        self.held.fetch_add(tokens, SeqCst);
    }

    /// The ledger gave `tokens` and says that `value` are used.
    pub(super) fn heard(&self, tokens: i64, value: i64) {
        self.told.fetch_add(tokens, SeqCst);
        self.known.store(value, SeqCst);
    }

    /// The ledger said that the limit is reached, at `now`.
    pub(super) fn spent(&self, now: u64) {
        self.spent_until.store(now + SPENT_FOR, Relaxed);
    }

    /// Takes out what is to be told: what is owed, less the tokens that go back.
    pub(super) fn send(&self, returning: bool) -> i64 {
        let mut amount = self.owed.swap(0, SeqCst);
        if returning {
            amount -= self.held.swap(0, SeqCst);
        }
        self.sent.fetch_add(amount, SeqCst);
        amount
    }

    /// The ledger took what was sent.
    pub(super) fn confirmed(&self, amount: i64) {
        self.sent.fetch_sub(amount, SeqCst);
        self.told.fetch_add(amount, SeqCst);
    }

    /// What all gateways used, as far as is known here; nothing before the ledger said anything.
    pub(super) fn used(&self) -> Option<u64> {
        let known = self.known.load(SeqCst);
        (known >= 0).then(|| u64::try_from(known + self.outstanding() - self.held()).unwrap_or(0))
    }
}

/// What a key has left of its rate, as far as is known here.
#[derive(Debug)]
pub(super) struct SharedRate {
    clock: Clock,
    /// Leased tokens, and until when they are worth something, in nanoseconds.
    held: AtomicI64,
    held_until: AtomicU64,
    /// What was left when the ledger was last asked.
    left: AtomicI64,
    /// Until when there is none, in nanoseconds.
    spent_until: AtomicU64,
    /// This gateway's share, while the ledger is away, and of which rate.
    share: ArcSwapOption<(u32, Rate)>,
}

impl SharedRate {
    fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            held: AtomicI64::new(0),
            held_until: AtomicU64::new(0),
            left: AtomicI64::new(0),
            spent_until: AtomicU64::new(0),
            share: ArcSwapOption::empty(),
        }
    }

    /// What is known of another rate says nothing of this one.
    fn begin_anew(&self) {
        self.held.store(0, SeqCst);
        self.spent_until.store(0, Relaxed);
    }

    fn now(&self) -> u64 {
        self.clock.nanoseconds()
    }

    /// Takes a token from what is here; how long there is none when that is known.
    pub(super) fn take(&self, per_second: u32) -> Result<Word, std::time::Duration> {
        if per_second == 0 {
            return Err(std::time::Duration::from_secs(1));
        }
        let now = self.now();
        let spent_until = self.spent_until.load(Relaxed);
        let limit = u64::from(per_second);
        if limit >= LEASED_FROM && now < self.held_until.load(SeqCst) {
            let take = |held: i64| (held > 0).then(|| held - 1);
            if self.held.fetch_update(SeqCst, SeqCst, take).is_ok() {
                return Ok(Word::Yes(Taken::Token));
            }
        }
        // A rate only ever becomes scarcer by waiting less: until then nobody gets one.
        if now < spent_until {
            return Err(std::time::Duration::from_nanos(spent_until - now));
        }
        Ok(Word::Ask(if limit >= LEASED_FROM { chunk(limit) } else { 1 }))
    }

    /// Tokens beyond the one that was asked for: a second old they are worth nothing.
    pub(super) fn receive(&self, tokens: i64) {
        if tokens > 0 {
            self.held_until.store(self.now() + 1_000_000_000, SeqCst);
            self.held.store(tokens, SeqCst);
        }
    }

    pub(super) fn heard(&self, left: i64) {
        self.left.store(left, Relaxed);
    }

    pub(super) fn spent(&self, wait: std::time::Duration) {
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.spent_until.store(self.now().saturating_add(wait), Relaxed);
        self.left.store(0, Relaxed);
    }

    /// How many are left, as far as is known.
    pub(super) fn left(&self) -> u32 {
        u32::try_from(self.left.load(Relaxed) + self.held.load(Relaxed)).unwrap_or(0)
    }

    /// Takes one of this gateway's share; at least one a second.
    pub(super) fn take_share(&self, per_second: u32, gateways: u32) -> Result<u32, std::time::Duration> {
        let share = (per_second / gateways.max(1)).max(1);
        let known = self.share.load();
        match known.as_deref() {
            Some((rate, limiter)) if *rate == share => limiter.take(),
            _ => {
                let fresh = Arc::new((share, Rate::new(share, &self.clock)));
                let taken = fresh.1.take();
                self.share.store(Some(fresh));
                taken
            }
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Overlays what the ledger knows over what this process counted itself.
pub(super) fn overlay(window: &Window, limits: Option<Amounts>, own: Counts) -> Counts {
    let limits = limits.unwrap_or_default();
    let of =
        |limit: Option<u64>, counter: &Counter, own: u64| limit.and_then(|_| counter.used()).unwrap_or(own);
    Counts {
        requests: of(limits.requests, &window.requests, own.requests),
        records: of(limits.records, &window.records, own.records),
        bytes: of(limits.bytes, &window.bytes, own.bytes),
    }
}
