//! Floor 0: what data looks like.
//!
//! A *dataset* is a kind of record with a *contract*: a folder `catalog/<dataset>/v<n>/` that holds
//! `contract.toml` (titles, owner, legal basis, XML names), `schema.json` (JSON Schema 2020-12 with
//! the project's own annotations) and examples. A contract is compiled once, at load, into a
//! [`Shape`] (what the record's fields are and how each is written in XML) and a validator; every
//! format and every description follows from those two.
//!
//! Data in flight is a [`Document`]: a tree of values that borrows from the bytes it was read from
//! and keeps numbers as they were written, so that no translation can round one.
//!
//! This floor knows no bytes, no HTTP, no agreements and no clock.

mod catalog;
mod classification;
mod code_list;
mod contract;
pub mod description;
mod difference;
mod document;
pub mod draft;
mod encoding;
mod fault;
mod field_path;
mod files;
mod format;
pub mod geometry;
pub mod identifiers;
mod language;
mod manifest;
mod number;
mod pattern;
mod review;
mod schema;
mod shape;
mod specimen;
mod validation;
mod view;
mod violation;

pub use catalog::{Catalog, OpenDraft, scope};
pub use classification::Classification;
pub use code_list::{Check, CodeList, CodeLists, Days, Edition, Entry, Mapping, Pair, Units};
pub use contract::{Contract, ContractId, Status, UpdateFrequency};
pub use difference::{Aspect, Change, Difference, Effect};
pub use document::{Document, Record};
pub use encoding::{Encoding, NotAnEncoding};
pub use fault::{Fault, Place};
pub use field_path::FieldPath;
pub use format::{Format, NotAFormat};
pub use language::{Bilingual, Language};
pub use number::Number;
pub use review::review;
pub use shape::{Field, Form, ListForm, NodeKind, RecordShape, Shape, XmlName};
pub use specimen::Specimens;
pub use view::{Seen, View};
pub use violation::{Violation, ViolationRule};
