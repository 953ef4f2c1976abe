//! What it says: bodies read as documents and checked against their contract, on the way in and on
//! the way back. Nothing unchecked passes.
//!
//! | file | what |
//! |---|---|
//! | `request` | what a consumer sent: received, read, checked, and within the agreement's records |
//! | `reply` | what a provider answered: checked, and one answer to what was asked |
//! | `answer` | whether a provider said yes, before its body is looked at |
//! | `records` | the records of a document, checked one by one while other callers have their turn |
//! | `signed` | what of a signed document is read |

mod answer;
mod records;
mod reply;
mod request;
mod signed;

use adapters::{Expect, Limits, Reading, Unknown};
use contracts::Contract;
use policies::Format;

pub(super) use self::{
    answer::{as_declared, fault_of, says_yes},
    records::{breathe, breathe_within, names, nothing_submitted, of_record},
    reply::{replied_badly, tell},
    signed::{signatures, unsigned},
};
pub use self::{
    reply::{Checked, conform_reply},
    request::{Beginnings, Body, Conforming, Received, conform, receive},
    signed::Carried,
};

/// Reads a body; of a message, the XML that was cut out of it.
pub(super) fn read<'b>(
    bytes: &'b [u8],
    format: Format,
    contract: &'b Contract,
    expect: Expect,
    unknown: Unknown,
) -> Result<Reading<'b>, adapters::Unreadable> {
    let format = if format == Format::Soap { Format::Xml } else { format };
    adapters::read(format, bytes, contract, expect, unknown, &Limits::default())
}
