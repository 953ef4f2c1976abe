//! Floor 2.

pub mod journal;
