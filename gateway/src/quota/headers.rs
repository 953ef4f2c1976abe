//! `RateLimit` and `RateLimit-Policy`, as one revision of the draft writes them.
//!
//! Six policies at most: `"rate"` (requests a second), `"concurrent"`, `"day"` (requests a day),
//! `"day-bytes"`, `"month"` and `"month-bytes"`. Months differ in length, so theirs name no window. The
//! draft has no unit for records: what is left of those is in `/api/me`.

use std::borrow::Cow;

use jiff::Timestamp;
use policies::QuotaTerms;

use super::{
    day::{until_midnight, until_month_end},
    usage::{Measure, Spent},
};

/// The revision that the two headers follow. Earlier ones (three headers, or bare tokens) and later
/// ones read differently; a change of revision is a change here and nowhere else.
pub const DRAFT: &str = "draft-ietf-httpapi-ratelimit-headers-10";

/// The values of the two headers, where there is something to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimit<'m> {
    /// The value of `RateLimit`; not sent when it is empty.
    pub limit: String,
    /// The value of `RateLimit-Policy`; not sent when it is empty.
    pub policy: Cow<'m, str>,
}

/// What `RateLimit-Policy` says of terms; empty when that is nothing.
pub(super) fn policy(terms: &QuotaTerms) -> String {
    let (day, month) = (terms.per_day.unwrap_or_default(), terms.per_month.unwrap_or_default());
    let mut items = Vec::new();
    items.extend(terms.per_second.map(|limit| format!("\"rate\";q={limit};w=1")));
    items
        .extend(terms.concurrent.map(|limit| format!("\"concurrent\";q={limit};qu=\"concurrent-requests\"")));
    items.extend(day.requests.map(|limit| format!("\"day\";q={limit};w=86400")));
    items.extend(day.bytes.map(|limit| format!("\"day-bytes\";q={limit};qu=\"content-bytes\";w=86400")));
    items.extend(month.requests.map(|limit| format!("\"month\";q={limit}")));
    items.extend(month.bytes.map(|limit| format!("\"month-bytes\";q={limit};qu=\"content-bytes\"")));
    items.join(", ")
}

impl<'m> RateLimit<'m> {
    /// After an admission at `now`: what is left of the rate, of the day and of the month.
    pub(super) fn left(
        policy: &'m str,
        rate: Option<u32>,
        concurrent: Measure,
        [day, month]: [Spent; 2],
        now: Timestamp,
    ) -> Self {
        let mut limit = String::with_capacity(96);
        let mut item = |name: &str, left: Option<u64>, until: Option<u64>| {
            let Some(left) = left else { return };
            if !limit.is_empty() {
                limit.push_str(", ");
            }
            // Part by part: `write!` would cost more than all the rest of a header.
            for part in ["\"", name, "\";r=", itoa::Buffer::new().format(left)] {
                limit.push_str(part);
            }
            if let Some(seconds) = until {
                limit.push_str(";t=");
                limit.push_str(itoa::Buffer::new().format(seconds));
            }
        };
        item("rate", rate.map(u64::from), Some(1));
        item("concurrent", concurrent.left(), None);
        let midnight = Some(until_midnight(now));
        item("day", day.requests.left(), midnight);
        item("day-bytes", day.bytes.left(), midnight);
        if month.requests.limit.is_some() || month.bytes.limit.is_some() {
            let end = Some(until_month_end(now));
            item("month", month.requests.left(), end);
            item("month-bytes", month.bytes.left(), end);
        }
        Self { limit, policy: policy.into() }
    }

    /// After a refusal by `rule`: nothing is left of it for `seconds`.
    pub(super) fn exceeded(policy: &str, rule: &str, seconds: u64) -> RateLimit<'static> {
        let limit = match rule {
            "rate" => format!("\"rate\";r=0;t={seconds}"),
            "concurrent" => "\"concurrent\";r=0".to_owned(),
            "per-day-requests" => format!("\"day\";r=0;t={seconds}"),
            "per-day-bytes" => format!("\"day-bytes\";r=0;t={seconds}"),
            "per-month-requests" => format!("\"month\";r=0;t={seconds}"),
            "per-month-bytes" => format!("\"month-bytes\";r=0;t={seconds}"),
            _ => String::new(),
        };
        RateLimit { limit, policy: policy.to_owned().into() }
    }
}
