//! Floor 1: bytes and foreign protocols to and from [`contracts::Document`]. No sockets, no clocks.
//!
//! One folder per format. A reader takes bytes that nobody has checked and gives a [`Reading`]: the
//! tree, and whether the bytes were [`faithful`](Reading::faithful) to it. A writer takes a tree that a
//! contract has checked and cannot fail. Readers share four habits:
//!
//! 1. **Borrow.** Text that stands in the input as it stands in the tree is never copied; names of
//!    XML fields are the contract's own.
//! 2. **Cap before use.** Every count and length is held against [`Limits`] before anything is
//!    allocated or descended for it.
//! 3. **One reading.** What two parsers could understand differently (a name given twice, a DOCTYPE,
//!    a lone surrogate, a character that the other format cannot carry) is refused, so that what was
//!    checked is what the other side sees.
//! 4. **Tell the place, not the value.** An [`Unreadable`] names the rule, the line and the column and
//!    at most a name that the *contract* chose; nothing of the input is ever in it.
//!
//! Text is NFC after reading (TCVN 6909:2001 in its composed form), whatever it was before.

mod beside;
pub mod encoding;
pub mod examples;
pub mod geojson;
pub mod gml;
pub mod json;
mod limits;
pub mod population;
mod reading;
#[cfg(test)]
mod sample;
pub mod soap;
pub mod sources;
pub mod stream;
mod text;
mod unreadable;
mod whole;
pub mod xml;
pub mod xroad;

pub use beside::{Beside, ORIGINAL, beside};
pub use limits::Limits;
pub use reading::{Expect, Reading, Unknown};
pub use unreadable::Unreadable;
pub use whole::{read, reads, write, write_rows, writes};
