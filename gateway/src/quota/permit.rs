//! Admission: all meters or none.
//!
//! The order is from what can be given back to what cannot: places among the concurrent, then the
//! day's requests, then the rates. A refusal gives back places and reservations. A rate's token
//! cannot be given back, so rates are taken in the order of the terms, the caller's own first: when
//! its own rate refuses, no shared one was touched; when a shared one refuses, the caller has spent
//! one token of its own, which returns within `1 / per_second`. No other caller ever pays for it.

use std::{sync::Arc, time::Duration};

use contracts::Bilingual;
use jiff::Timestamp;

use super::{
    day::{Day, Period, date_of, day_number},
    headers::RateLimit,
    ledger::{self, Admission, Slip},
    meter::{Meter, Meters, Passed, Quantity},
};
use crate::journal::Charge;

/// The right to one exchange. Dropping it gives its places back and, if nothing was forwarded, its
/// reservations too: refusals and failures before the provider cost nothing.
#[derive(Debug)]
pub struct Permit<'m> {
    pub(super) meters: &'m Meters,
    day: i64,
    admitted_at: Timestamp,
    /// How many meters have given a place.
    places: usize,
    /// How many meters have a reservation.
    reserved: usize,
    /// What is left of the caller's own rate, and in which meter: the scarcest.
    rate_left: Option<(usize, u32)>,
    pub(super) forwarded: Option<u64>,
    released: Option<u64>,
    records: u64,
    bytes: u64,
    /// What the shared ledger gave; empty where there is none.
    pub(super) slips: Vec<Slip>,
}

/// Why nothing was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// A meter refused.
    Spent(Box<Exceeded>),
    /// The shared ledger is away, and nothing is admitted without it; for so long at the earliest.
    Away(Duration),
}

impl From<Box<Exceeded>> for Denied {
    fn from(exceeded: Box<Exceeded>) -> Self {
        Self::Spent(exceeded)
    }
}

/// Why a meter refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The meter's key.
    pub which: Arc<str>,
    /// The rule, stable.
    pub rule: &'static str,
    /// What the rule allows.
    pub limit: u64,
    /// When it may be tried again, at the earliest.
    pub retry_after: Duration,
    /// What the headers say of it; empty when the meter is not the caller's own.
    pub rate_limit: RateLimit<'static>,
}

/// Admits one exchange by all of `meters`, by this process's counts or by the ledger that gateways share.
/// Without a ledger, and from what is leased of it, that is done when this returns.
pub fn ask(meters: &Meters, now: Timestamp) -> Admission<'_> {
    let Some(desk) = meters.desk() else {
        return Admission::Done(admit(meters, now).map_err(Denied::Spent));
    };
    let mut permit = match entered(meters, now) {
        Ok(permit) => permit,
        Err(exceeded) => return Admission::Done(Err(exceeded.into())),
    };
    for meter in meters.iter() {
        let today = meter.days.on(permit.day);
        // Counted here too, without a limit: what this gateway let through.
        if today.reserve(None, None).is_ok() {
            permit.reserved += 1;
            permit.day = permit.day.max(today.number);
        }
    }
    ledger::admit(desk, permit, now)
}

/// Admits one exchange by all of `meters`, or refuses it by the first that does, by the counts of this
/// process alone.
///
/// # Errors
/// The meter that refused. What the others gave is given back, but for what the module says of rates.
pub fn admit(meters: &Meters, now: Timestamp) -> Result<Permit<'_>, Box<Exceeded>> {
    let mut permit = entered(meters, now)?;
    let day = day_number(now);
    for meter in meters.iter() {
        let today = meter.days.on(day);
        if let Some(passed) = meter.passed(&today, 0, 0) {
            return Err(spent(meter, passed, now));
        }
        let (daily, monthly) = meter.requests();
        if let Err(period) = today.reserve(daily, monthly) {
            let limit = if period == Period::Day { daily } else { monthly }.unwrap_or_default();
            return Err(spent(meter, Passed { period, quantity: Quantity::Requests, limit }, now));
        }
        permit.reserved += 1;
        // A worker that read the time just before midnight counts on the day that has begun.
        permit.day = permit.day.max(today.number);
    }
    rates(meters, |index, left| permit.rate_taken(index, left))?;
    Ok(permit)
}

/// Lets one arrival pass by the rates of `meters` alone: what a flood limit counts is not how long they stay.
///
/// # Errors
/// The meter that refused.
pub fn arrive(meters: &Meters) -> Result<(), Box<Exceeded>> {
    rates(meters, |_, _| ())
}

/// Takes a token of each rate; `took` is told which, and what is left of it.
fn rates(meters: &Meters, mut took: impl FnMut(usize, u32)) -> Result<(), Box<Exceeded>> {
    for (index, meter) in meters.iter().enumerate() {
        let Some(rate) = &meter.rate else { continue };
        match rate.take() {
            Ok(left) => took(index, left),
            Err(wait) => {
                let limit = meter.terms.per_second.unwrap_or_default();
                return Err(refused(meter, "rate", u64::from(limit), wait));
            }
        }
    }
    Ok(())
}

/// A permit with a place in each meter and nothing else yet.
fn entered(meters: &Meters, now: Timestamp) -> Result<Permit<'_>, Box<Exceeded>> {
    let day = day_number(now);
    let mut permit = Permit {
        meters,
        day,
        admitted_at: now,
        places: 0,
        reserved: 0,
        rate_left: None,
        forwarded: None,
        released: None,
        records: 0,
        bytes: 0,
        slips: Vec::new(),
    };
    for meter in meters.iter() {
        if !meter.enter() {
            // Nobody knows when a place becomes free; a second is the shortest that can be said.
            let limit = meter.terms.concurrent.unwrap_or_default();
            return Err(refused(meter, "concurrent", u64::from(limit), Duration::from_secs(1)));
        }
        permit.places += 1;
    }
    Ok(permit)
}

/// A period's limit is reached.
pub(super) fn spent(meter: &Arc<Meter>, passed: Passed, now: Timestamp) -> Box<Exceeded> {
    refused(meter, passed.rule(), passed.limit, passed.period.left(now))
}

pub(super) fn refused(
    meter: &Arc<Meter>,
    rule: &'static str,
    limit: u64,
    retry_after: Duration,
) -> Box<Exceeded> {
    let mut exceeded = Exceeded {
        which: Arc::clone(&meter.key),
        rule,
        limit,
        retry_after,
        rate_limit: RateLimit::default(),
    };
    if meter.is_callers_own() {
        exceeded.rate_limit = RateLimit::exceeded(&meter.policy, rule, exceeded.retry_after_seconds());
    }
    Box::new(exceeded)
}

impl Permit<'_> {
    /// A token of a rate was taken; what is left of the scarcest of the caller's own is told.
    pub(super) fn rate_taken(&mut self, index: usize, left: u32) {
        let own = self.meters.iter().nth(index).is_some_and(|meter| meter.is_callers_own());
        if own && self.rate_left.is_none_or(|(_, least)| left < least) {
            self.rate_left = Some((index, left));
        }
    }

    /// Charges one request to the day. Called when the request is about to leave for the provider,
    /// before the opening record, so that the record tells of the charge. Once; later calls do
    /// nothing.
    pub fn forwarded(&mut self) {
        if self.forwarded.is_some() {
            return;
        }
        for meter in self.meters.iter() {
            meter.days.with(self.day, Day::charge_request);
        }
        self.reserved = 0;
        // What the shared ledger gave is used.
        self.forwarded = Some(self.meters.epoch());
    }

    /// Whether that much may be released without exceeding a limit of the day or the month. A whole answer is never asked
    /// this: what was fetched for it is given. A stream is, piece by piece, or one request could take
    /// any number of records.
    ///
    /// # Errors
    /// The meter whose limit it would exceed.
    pub fn has_room(&self, records: u64, bytes: u64) -> Result<(), Box<Exceeded>> {
        let now = self.admitted_at;
        if !self.slips.is_empty() {
            for (meter, slip) in self.meters.iter().zip(&self.slips) {
                if let Some(passed) = slip.passed(records, bytes) {
                    return Err(spent(meter, passed, now));
                }
            }
            return Ok(());
        }
        for meter in self.meters.iter() {
            let passed = meter.days.with(self.day, |day| meter.passed(day, records, bytes)).flatten();
            if let Some(passed) = passed {
                return Err(spent(meter, passed, now));
            }
        }
        Ok(())
    }

    /// Charges what was released to the caller. A stream may call it again and again, so that a
    /// day's limit is reached while it runs.
    pub fn released(&mut self, records: u64, bytes: u64) {
        for meter in self.meters.iter() {
            meter.days.with(self.day, |day| day.charge_release(records, bytes));
        }
        if let Some(desk) = self.meters.desk() {
            for slip in &self.slips {
                slip.released(desk, records, bytes);
            }
        }
        self.records += records;
        self.bytes += bytes;
        self.released = Some(self.meters.epoch());
    }

    /// What was charged so far, as the journal records it.
    pub fn charge(&self) -> Charge<'_> {
        Charge {
            day: date_of(self.day),
            keys: self.meters.keys(),
            forwarded: self.forwarded,
            released: self.released,
            records: self.records,
            bytes: self.bytes,
        }
    }

    /// What the headers `RateLimit` and `RateLimit-Policy` say after this exchange.
    pub fn rate_limit(&self) -> RateLimit<'_> {
        let rate = self.rate_left.map(|(_, left)| left);
        let own = self.meters.iter().enumerate().find(|(index, meter)| match self.rate_left {
            Some((scarcest, _)) => *index == scarcest,
            None => meter.is_callers_own(),
        });
        own.map(|(_, meter)| {
            let (_, concurrent, spent) = meter.used(self.admitted_at);
            RateLimit::left(&meter.policy, rate, concurrent, spent, self.admitted_at)
        })
        .unwrap_or_default()
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        for meter in self.meters.iter().take(self.reserved) {
            meter.days.with(self.day, Day::give_up);
        }
        if let (None, Some(desk)) = (self.forwarded, self.meters.desk()) {
            self.slips.iter_mut().for_each(|slip| slip.give_back(desk));
        }
        for meter in self.meters.iter().take(self.places) {
            meter.leave();
        }
    }
}

impl Exceeded {
    /// `Retry-After`: whole seconds, at least one, rounded up.
    pub fn retry_after_seconds(&self) -> u64 {
        let seconds = self.retry_after.as_secs() + u64::from(self.retry_after.subsec_nanos() > 0);
        seconds.max(1)
    }

    /// What happened and what to do, for the caller.
    pub fn explain(&self) -> Bilingual {
        let Self { which, limit, .. } = self;
        let seconds = self.retry_after_seconds();
        let (vi, en) = match self.rule {
            "rate" => (
                format!(
                    "Vượt tần suất cho phép của `{which}`: {limit} yêu cầu mỗi giây. Hãy gửi lại sau {seconds} giây."
                ),
                format!(
                    "The rate of `{which}` is exceeded: {limit} requests a second. Send it again after {seconds} s."
                ),
            ),
            "concurrent" => (
                format!(
                    "Số yêu cầu đồng thời của `{which}` đã đạt giới hạn {limit}. Hãy chờ các yêu cầu đang xử lý \
                     hoàn thành rồi gửi lại."
                ),
                format!(
                    "`{which}` already has {limit} requests under way, its limit. Wait for them to end, then send it \
                     again."
                ),
            ),
            "local-share" => (
                format!(
                    "Không dùng được máy chủ hạn mức chung; phần hạn mức của cổng này cho `{which}` ({limit}) đã hết. \
                     Hãy gửi lại sau {seconds} giây."
                ),
                format!(
                    "The shared quota server is away, and this gateway's share for `{which}` ({limit}) is used up. \
                     Send it again after {seconds} s."
                ),
            ),
            rule => {
                let monthly = rule.starts_with("per-month");
                let (what_vi, what_en) = if rule.ends_with("records") {
                    ("bản ghi", "records")
                } else if rule.ends_with("bytes") {
                    ("byte", "bytes")
                } else {
                    ("yêu cầu", "requests")
                };
                let (period_vi, anew_vi) = if monthly {
                    ("tháng", "0 giờ ngày đầu tháng sau")
                } else {
                    ("ngày", "0 giờ")
                };
                let (period_en, anew_en) = if monthly {
                    ("month", "at midnight of the next month's first day")
                } else {
                    ("day", "at midnight")
                };
                (
                    format!(
                        "Đã dùng hết hạn mức {limit} {what_vi} trong {period_vi} của `{which}`. Hạn mức được tính lại từ \
                         {anew_vi} (giờ Việt Nam); nếu cần nhiều hơn, hãy đề nghị điều chỉnh thỏa thuận chia sẻ."
                    ),
                    format!(
                        "The {period_en}'s {limit} {what_en} of `{which}` are used up. Counting begins anew {anew_en} \
                         (Việt Nam time); for more, ask for the sharing agreement to be changed."
                    ),
                )
            }
        };
        Bilingual::new(vi, en)
    }
}
