//! What is used and what is left, for `/api/me`, `/metrics` and `status`.

use std::sync::Arc;

use jiff::civil::Date;

/// How much of a meter is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Whose.
    pub key: Arc<str>,
    /// Requests allowed a second.
    pub per_second: Option<u32>,
    /// Requests under way.
    pub concurrent: Measure,
    /// The day of the counts below, Asia/Ho_Chi_Minh.
    pub day: Date,
    /// Requests forwarded.
    pub requests: Measure,
    /// Records released.
    pub records: Measure,
    /// Bytes released.
    pub bytes: Measure,
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
