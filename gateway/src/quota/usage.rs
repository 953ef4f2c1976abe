//! What is used and what is left, for `/api/me`, `/metrics` and `status`.

use std::sync::Arc;

use jiff::civil::Date;
use policies::Amounts;

use super::day::Counts;

/// How much of a meter is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Whose.
    pub key: Arc<str>,
    /// Requests allowed a second.
    pub per_second: Option<u32>,
    /// Requests under way.
    pub concurrent: Measure,
    /// The date of the day's counts, Asia/Ho_Chi_Minh.
    pub date: Date,
    /// On that day.
    pub day: Spent,
    /// In its month.
    pub month: Spent,
}

/// What was used of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Requests forwarded.
    pub requests: Measure,
    /// Records released.
    pub records: Measure,
    /// Bytes released.
    pub bytes: Measure,
}

impl Spent {
    pub(super) fn of(used: Counts, limits: Option<Amounts>) -> Self {
        let limits = limits.unwrap_or_default();
        Self {
            requests: Measure { used: used.requests, limit: limits.requests },
            records: Measure { used: used.records, limit: limits.records },
            bytes: Measure { used: used.bytes, limit: limits.bytes },
        }
    }
}

/// A use and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Used.
    pub used: u64,
    /// Allowed; absent when there is no limit.
    pub limit: Option<u64>,
}

impl Measure {
    /// What is left; absent when there is no limit.
    pub fn left(&self) -> Option<u64> {
        self.limit.map(|limit| limit.saturating_sub(self.used))
    }
}
