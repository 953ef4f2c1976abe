//! JSON (RFC 8259) to and from [`Document`](contracts::Document).
//!
//! **Why a lexer of our own.** Two kept ones were read, and what we would still have to write around
//! each is most of a lexer: hifijson 0.5 gives numbers lexically but no offsets, looks at text byte by
//! byte through closures, and caps nothing before it allocates; jiter 0.18 has offsets and is quick, but
//! decodes escaped text into a tape of its own to be copied again, knows nothing of control characters
//! in escapes, and brings four numeric crates for conversions that must never happen here. Ours is two
//! hundred lines without a number type: it checks the whole input's encoding once, then only cuts it.
//! `serde_json` is its judge in the tests: same language, less what is listed here.
//!
//! Refused although RFC 8259 allows it, because two readers could differ or XML could not carry it:
//! names given twice in one object, escapes for lone surrogates, characters outside XML 1.0's `Char`.
//! A byte order mark is passed over, as section 8.1 allows; such bytes are not faithful.
//!
//! Written JSON is compact, in the tree's order, and escapes only what must be.

mod members;
mod plain;
mod read;
mod write;

pub use read::read;
pub(crate) use read::{Parts, read_value};
pub use write::write;

#[cfg(test)]
mod tests;
