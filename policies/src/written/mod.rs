//! Documents as written: what an operator's text says, before it is held against anything else.
//!
//! Each kind has its own file and its own type here; what a document *means* (its references
//! resolved, its plans compiled) is a type elsewhere. Reading never stops at the first fault: a
//! [`Sheet`] collects all of them, with line and column, and a document with faults is still read
//! as far as it goes. That is why the TOML tree is walked by hand and not deserialised: serde ends
//! at its first error and can only quote it in English.

pub(crate) mod agreement;
mod limits;
pub(crate) mod member;
pub(crate) mod purpose;
pub(crate) mod service;
mod sheet;
mod soap;
pub(crate) mod suspension;
mod upstream;
mod values;

pub(crate) use limits::Limits;
pub(crate) use sheet::{Sheet, Table, both, nearest};
pub use values::{Address, Reference};
pub(crate) use values::{
    Hex32, Length, Method, PathTemplate, Period, Pin, Retention, Size, Spelled, Url, words,
};
