//! XML 1.0 with namespaces to and from [`Document`](contracts::Document), driven by a
//! [`Shape`](contracts::Shape).
//!
//! **Reading** happens on two levels. `tokens` is XML: strict, namespace-aware, capped, unaware of any
//! contract. `read` walks those tokens and the shape together: a field's element is looked for first
//! where the shape says it comes next, so that a well-ordered document costs one comparison per
//! element; names in the tree are the shape's own, and text is the input's own unless it had to be
//! resolved.
//!
//! **One tree, one form.** Elements are in the contract's namespace, in the order of the shape
//! (`xs:sequence`), attributes in none. A list is wrapped in its field's element, or stands unwrapped in
//! elements of the field's name. Null is `xsi:nil`, absent is absent, an empty list is an empty wrapper,
//! an empty text an empty element. Text is kept to the last blank; around numbers and truth values white
//! space is not data. A leaf that does not hold what its form says becomes text, so that the contract
//! reports `type` at its path.
//!
//! A geometry is GML within its field's element ([`gml`](crate::gml)); the prefix `gml` is declared at the root
//! when the contract has one. GML documents, where records are features, are read and written here too.
//!
//! Prefixes are the sender's choice. Comments, processing instructions, `xml:lang` and
//! `xsi:schemaLocation` are passed over, and the bytes are then no longer faithful. DOCTYPE, `xsi:type`,
//! mixed content, other encodings and XML 1.1 are refused.
//!
//! **Writing** cannot fail: what the tree has and the shape has no place for is not written. Output is
//! deterministic and close to Canonical XML: no white space between elements, attributes in the shape's
//! order, namespaces declared at the root (`xsi` only when something is null), empty elements excepted.

mod attributes;
pub(crate) mod escape;
pub(crate) mod excerpt;
pub(crate) mod features;
mod gathered;
pub(crate) mod lexical;
mod namespaces;
pub(crate) mod read;
mod references;
pub(crate) mod signature;
pub(crate) mod tokens;
mod well_formed;
mod write;

pub(crate) use features::{read_features, write_features};
pub use read::read;
pub use signature::{Signed, signed};
pub use well_formed::well_formed;
pub use write::write;
pub(crate) use write::{begin_collection, end_collection, write_in_collection};

#[cfg(test)]
mod tests;
