//! Floor 2.

pub mod host;
pub mod journal;
pub mod quota;
