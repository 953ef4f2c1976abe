//! Admission by the ledger: from memory where that is enough, else by one question for everything that
//! is not at hand.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::oneshot, time::timeout};

use super::{
    Desk, Order, WhenAway,
    account::{Account, LEASED_FROM, Taken, Window, Word, chunk, overlay},
    script::{Item, Of, What},
};
use crate::quota::{
    day::{Counts, Period, day_number},
    meter::{Meter, Passed, Quantity},
    permit::{Denied, Permit, refused, spent},
    usage::Spent,
};

/// How long a caller is asked to wait when the ledger is away: recoveries take seconds.
const AWAY_RETRY: Duration = Duration::from_secs(5);

/// What one meter gave to a permit.
#[derive(Debug)]
pub(in crate::quota) struct Slip {
    account: Arc<Account>,
    /// The day's and the month's.
    windows: [Arc<Window>; 2],
    taken: [Option<Taken>; 2],
}

/// What became of a request for admission.
pub enum Admission<'m> {
    /// Decided from memory.
    Done(Result<Permit<'m>, Denied>),
    /// The ledger has to be asked.
    Asking(Box<Asking<'m>>),
}

/// A question to the ledger.
pub struct Asking<'m> {
    desk: Arc<Desk>,
    permit: Permit<'m>,
    asks: Vec<Ask>,
    now: Timestamp,
}

/// One thing asked, for one of the permit's meters.
struct Ask {
    meter: usize,
    /// The day or the month; nothing of a rate.
    period: Option<Period>,
    item: Item,
}

impl Slip {
    fn window(&self, period: Period) -> &Arc<Window> {
        let [day, month] = &self.windows;
        if period == Period::Day { day } else { month }
    }

    fn take(&mut self, period: Period, how: Taken) {
        let [day, month] = &mut self.taken;
        *(if period == Period::Day { day } else { month }) = Some(how);
    }

    /// Gives back what was taken: nothing was forwarded.
    pub(in crate::quota) fn give_back(&mut self, desk: &Desk) {
        for (window, taken) in self.windows.iter().zip(&mut self.taken) {
            if let Some(taken) = taken.take() {
                window.requests.give_back(taken);
                self.account.book.due.store(true, Relaxed);
                let limits = self.account.limits(window);
                if limits.requests.is_some_and(|limit| limit < LEASED_FROM) {
                    // Another gateway may need it now.
                    desk.hurry(&self.account.book);
                }
            }
        }
    }

    /// Charges what was released.
    pub(in crate::quota) fn released(&self, desk: &Desk, records: u64, bytes: u64) {
        for window in &self.windows {
            let limits = self.account.limits(window);
            for (limit, counter, amount) in
                [(limits.records, &window.records, records), (limits.bytes, &window.bytes, bytes)]
            {
                let (Some(limit), true) = (limit, amount > 0) else { continue };
                counter.owe(amount);
                let outstanding = u64::try_from(counter.owed()).unwrap_or(0);
                if limit < LEASED_FROM || outstanding >= chunk(limit) {
                    desk.hurry(&self.account.book);
                } else if !self.account.book.due.load(Relaxed) {
                    self.account.book.due.store(true, Relaxed);
                }
            }
        }
    }

    /// The limit that so much more would exceed, as far as is known here.
    pub(in crate::quota) fn passed(&self, records: u64, bytes: u64) -> Option<Passed> {
        self.windows.iter().find_map(|window| {
            let limits = self.account.limits(window);
            let over = |quantity, limit: Option<u64>, more| {
                let limit = limit.filter(|_| more > 0)?;
                let full = window.counter(quantity).look(limit, more) == Word::No;
                full.then_some(Passed { period: window.period, quantity, limit })
            };
            over(Quantity::Records, limits.records, records)
                .or_else(|| over(Quantity::Bytes, limits.bytes, bytes))
        })
    }
}

/// Admits by the ledger: `permit` has its places.
pub(in crate::quota) fn admit<'m>(desk: &Arc<Desk>, mut permit: Permit<'m>, now: Timestamp) -> Admission<'m> {
    let day = day_number(now);
    let mut asks = Vec::new();
    for (index, meter) in permit.meters.iter().enumerate() {
        let Some(account) = &meter.account else { continue };
        let slip = Slip { account: Arc::clone(account), windows: account.on(day), taken: [None; 2] };
        permit.slips.push(slip);
        if let Err(denied) = at_hand(desk, &mut permit, &mut asks, index, meter, now) {
            return Admission::Done(Err(denied));
        }
    }
    if asks.is_empty() {
        return Admission::Done(Ok(permit));
    }
    let asking = Asking { desk: Arc::clone(desk), permit, asks, now };
    if !desk.is_present() {
        return Admission::Done(asking.away());
    }
    Admission::Asking(Box::new(asking))
}

/// Takes what is at hand for the last slip, and notes what is not.
fn at_hand(
    desk: &Desk,
    permit: &mut Permit<'_>,
    asks: &mut Vec<Ask>,
    index: usize,
    meter: &Arc<Meter>,
    now: Timestamp,
) -> Result<(), Denied> {
    let Some(slip) = permit.slips.last_mut() else { return Ok(()) };
    let account = Arc::clone(&slip.account);
    for (period, limits) in [(Period::Day, meter.terms.per_day), (Period::Month, meter.terms.per_month)] {
        let Some(limits) = limits else { continue };
        let window = Arc::clone(slip.window(period));
        let of = |quantity| Of::Window(Arc::clone(&account), Arc::clone(&window), quantity);
        for (quantity, limit) in [(Quantity::Records, limits.records), (Quantity::Bytes, limits.bytes)] {
            let Some(limit) = limit else { continue };
            let counter = window.counter(quantity);
            match counter.look(limit, 0) {
                Word::Yes(_) => {}
                Word::No => return Err(spent(meter, Passed { period, quantity, limit }, now).into()),
                Word::Ask(_) => {
                    let item = Item { of: of(quantity), what: What::Look { limit } };
                    asks.push(Ask { meter: index, period: Some(period), item });
                }
            }
        }
        let Some(limit) = limits.requests else { continue };
        match window.requests.take(limit, desk.now()) {
            Word::Yes(how) => {
                slip.take(period, how);
                if limit >= LEASED_FROM && window.requests.runs_out() {
                    desk.hurry(&account.book);
                }
            }
            Word::No => {
                return Err(spent(meter, Passed { period, quantity: Quantity::Requests, limit }, now).into());
            }
            Word::Ask(most) => {
                if limit >= LEASED_FROM && most == 1 {
                    window.requests.runs_out();
                    desk.hurry(&account.book);
                }
                let what = What::Take { limit, least: 1, most };
                asks.push(Ask {
                    meter: index,
                    period: Some(period),
                    item: Item { of: of(Quantity::Requests), what },
                });
            }
        }
    }
    let Some(per_second) = meter.terms.per_second else { return Ok(()) };
    match account.rate.take(per_second) {
        Ok(Word::Ask(most)) => {
            let what = What::Take { limit: u64::from(per_second), least: 1, most };
            asks.push(Ask { meter: index, period: None, item: Item { of: Of::Rate(account), what } });
        }
        Ok(_) => permit.rate_taken(index, account.rate.left()),
        Err(wait) => return Err(refused(meter, "rate", u64::from(per_second), wait).into()),
    }
    Ok(())
}

impl<'m> Asking<'m> {
    /// Asks, and waits no longer than the settings say.
    ///
    /// # Errors
    /// A meter refuses, or the ledger is away and its mode refuses. Nothing was taken.
    pub async fn answer(self) -> Result<Permit<'m>, Denied> {
        let Some(book) = self.permit.slips.first().map(|slip| Arc::clone(&slip.account.book)) else {
            return Ok(self.permit);
        };
        let (reply, answer) = oneshot::channel();
        let items = self.asks.iter().map(|ask| ask.item.clone()).collect();
        if self.desk.orders.try_send(Order::Ask { book, items, reply }).is_err() {
            self.desk.failures.fetch_add(1, Relaxed);
            return self.away();
        }
        match timeout(self.desk.settings.timeout, answer).await {
            Ok(Ok(answer)) => match answer.open() {
                (_, Some(reply)) => match reply.refused {
                    Some((item, wait)) => Err(self.refused(item, wait)),
                    None => Ok(self.granted(&reply.seen)),
                },
                (_, None) => self.away(),
            },
            Ok(Err(_)) => self.away(),
            Err(_) => {
                self.desk.missed();
                self.away()
            }
        }
    }

    fn granted(mut self, seen: &[(i64, i64)]) -> Permit<'m> {
        for (ask, (got, left)) in self.asks.iter().zip(seen) {
            if !matches!(ask.item.what, What::Take { .. }) {
                continue;
            }
            ask.item.keep(got - 1);
            match ask.period {
                Some(period) => {
                    let slip = self.permit.slips.get_mut(ask.meter);
                    slip.into_iter().for_each(|slip| slip.take(period, Taken::Token));
                }
                None => self.permit.rate_taken(ask.meter, u32::try_from(*left).unwrap_or(0)),
            }
        }
        self.permit
    }

    fn refused(&self, item: usize, wait: Duration) -> Denied {
        let Some(ask) = self.asks.get(item) else { return Denied::Away(AWAY_RETRY) };
        let Some(meter) = self.permit.meters.iter().nth(ask.meter) else { return Denied::Away(AWAY_RETRY) };
        match (ask.passed(), &ask.item.what) {
            (Some(passed), _) => spent(meter, passed, self.now).into(),
            (None, _) => {
                let limit = meter.terms.per_second.unwrap_or_default();
                refused(meter, "rate", u64::from(limit), wait).into()
            }
        }
    }

    /// What the declared mode says of everything that could not be asked.
    fn away(mut self) -> Result<Permit<'m>, Denied> {
        let settings = &self.desk.settings;
        match settings.when_away {
            WhenAway::Closed => return Err(Denied::Away(AWAY_RETRY)),
            WhenAway::Open => {
                for ask in &self.asks {
                    if let (Of::Window(_, window, Quantity::Requests), Some(period)) =
                        (&ask.item.of, ask.period)
                    {
                        window.requests.owe(1);
                        let slip = self.permit.slips.get_mut(ask.meter);
                        slip.into_iter().for_each(|slip| slip.take(period, Taken::Owed));
                    }
                }
            }
            WhenAway::LocalShare => {
                for ask in &self.asks {
                    let Some(meter) = self.permit.meters.iter().nth(ask.meter) else { continue };
                    let gateways = settings.gateways;
                    match &ask.item.of {
                        Of::Rate(account) => {
                            let per_second = meter.terms.per_second.unwrap_or_default();
                            let taken = account.rate.take_share(per_second, gateways);
                            let share = u64::from((per_second / gateways.max(1)).max(1));
                            taken.map_err(|wait| refused(meter, "rate", share, wait))?;
                        }
                        Of::Window(_, window, quantity) => {
                            let counter = window.counter(*quantity);
                            let limit = ask.passed().map_or(0, |passed| passed.limit);
                            let before = match quantity {
                                Quantity::Requests => window.before.requests,
                                Quantity::Records => window.before.records,
                                Quantity::Bytes => window.before.bytes,
                            };
                            let share = counter.share(limit, gateways, before);
                            let fits = match (quantity, ask.period) {
                                (Quantity::Requests, Some(period)) => {
                                    let fits = counter.take_share(share);
                                    let slip = self.permit.slips.get_mut(ask.meter).filter(|_| fits);
                                    slip.into_iter().for_each(|slip| slip.take(period, Taken::Owed));
                                    fits
                                }
                                _ => counter.outstanding() < share,
                            };
                            if !fits {
                                let share = u64::try_from(share).unwrap_or(0);
                                return Err(refused(meter, "local-share", share, AWAY_RETRY).into());
                            }
                        }
                    }
                }
            }
        }
        for slip in &self.permit.slips {
            slip.account.book.due.store(true, Relaxed);
        }
        self.desk.admitted_away.fetch_add(1, Relaxed);
        Ok(self.permit)
    }
}

impl Ask {
    /// The limit that it is about; nothing of a rate.
    fn passed(&self) -> Option<Passed> {
        let (Of::Window(_, _, quantity), Some(period)) = (&self.item.of, self.period) else { return None };
        let (What::Look { limit } | What::Take { limit, .. }) = self.item.what else { return None };
        Some(Passed { period, quantity: *quantity, limit })
    }
}

/// What all gateways used, where the ledger said; what this process did, where not.
pub(in crate::quota) fn usage(
    meter: &Meter,
    account: &Account,
    now: Timestamp,
    own: [Counts; 2],
) -> [Spent; 2] {
    let [day, month] = account.on(day_number(now));
    let [own_day, own_month] = own;
    [
        Spent::of(overlay(&day, meter.terms.per_day, own_day), meter.terms.per_day),
        Spent::of(overlay(&month, meter.terms.per_month, own_month), meter.terms.per_month),
    ]
}
