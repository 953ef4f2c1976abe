//! How much may pass: terms only, the counting is the gateway's.

/// The limits of an agreement or of a service. At least one of them is set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuotaTerms {
    /// What the counts belong to: `agreement:TT-2026-017` or `service:G06/nhiem-vu`. The same key
    /// keeps its counts when the documents are loaded again.
    pub key: String,
    /// Requests a second.
    pub per_second: Option<u32>,
    /// Requests at the same time.
    pub concurrent: Option<u32>,
    /// Amounts of a calendar day in Asia/Ho_Chi_Minh.
    pub per_day: Option<Amounts>,
    /// Amounts of a calendar month in Asia/Ho_Chi_Minh.
    pub per_month: Option<Amounts>,
}

/// Amounts of one calendar day or month; at least one is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Amounts {
    /// Requests forwarded.
    pub requests: Option<u64>,
    /// Records released.
    pub records: Option<u64>,
    /// Bytes released.
    pub bytes: Option<u64>,
}
