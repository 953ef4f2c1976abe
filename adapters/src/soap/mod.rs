//! SOAP 1.1 and 1.2, document/literal wrapped: the one way of SOAP that every toolkit and X-Road speak.
//!
//! **The convention.** An operation is an element in the contract's namespace, called by the
//! operation's name with a capital and the record's: `QueryNhiemVu`, `ReadNhiemVu`, `SubmitNhiemVu`,
//! `UpdateNhiemVu`, `WithdrawNhiemVu`, `ChangesNhiemVu`, `VerifyXacThuc` ([`request_name`]). What it
//! answers with is called the same and `Response`. What stands in them is qualified by the contract's
//! namespace too:
//!
//! | wrapper | holds |
//! |---|---|
//! | `Query…` | filters, each an element called by the field's path (`MaTinh`, `ToChucChuTri.MaSoThue`); `limit` |
//! | `Changes…` | the same and `since` |
//! | `Read…`, `Withdraw…` | `id`, the record's key |
//! | `Submit…` | one record, or one collection |
//! | `Update…` | `id`, then the record |
//! | `Verify…` | one record |
//! | `…Response` | the record or the collection that comes back, or nothing |
//!
//! The action (`SOAPAction` in 1.1, the parameter `action` in 1.2) is the namespace, a slash and the
//! wrapper's name ([`action`]); none and an empty one say nothing, and one that names another operation
//! than the body is refused: who routes by it and who reads the body would not agree on what was asked.
//!
//! **Header blocks.** `{urn:lienthong:soap:1}Exchange` says what the HTTP headers `Lt-*` say, for toolkits
//! that cannot set those: `Purpose`, `User`, `OnBehalfOf`, `IdempotencyKey`. The blocks of X-Road's message
//! protocol are [`crate::xroad`]'s. Any other block is passed over, unless it must be understood.
//!
//! **Reading** ([`read`]) takes an envelope apart without knowing any contract: the version, the blocks,
//! and the body's one element as [`Part`]s. A part that is a document is cut out and read like one that
//! came alone, under the same rules; nothing is interpreted twice.

mod envelope;
mod fault;
mod message;
mod write;

pub use envelope::{Content, Element, Envelope, Part, Stated, read};
pub use fault::{Fault, FaultCode, PROBLEM_NAMESPACE};
pub(crate) use message::Message;
pub use write::{embedded, write, write_fault, write_text, write_wrapper};

/// The namespace of the header block in which a caller states why and for whom it asks.
pub const EXCHANGE_NAMESPACE: &str = "urn:lienthong:soap:1";
/// That block's name.
pub const EXCHANGE: &str = "Exchange";

/// A version of SOAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// SOAP 1.1 (W3C Note, 2000), as WS-I Basic Profile 1.1 has it.
    V1_1,
    /// SOAP 1.2 (W3C Recommendation, 2007).
    V1_2,
}

impl Version {
    /// The namespace of its envelope.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V1_1 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V1_2 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// The media type of its messages, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V1_1 => "text/xml",
            Self::V1_2 => "application/soap+xml",
        }
    }

    /// The `Content-Type` of its messages.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V1_1 => "text/xml; charset=utf-8",
            Self::V1_2 => "application/soap+xml; charset=utf-8",
        }
    }
}

/// The name of the element that asks for `operation` (`query`) of records called `record`.
pub fn request_name(operation: &str, record: &str) -> String {
    let mut letters = operation.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}{record}", letters.as_str())
}

/// The name of the element that answers a request called `request`.
pub fn response_name(request: &str) -> String {
    format!("{request}Response")
}

/// The action of a request called `request` in `namespace`.
pub fn action(namespace: &str, request: &str) -> String {
    format!("{namespace}/{request}")
}

/// Whether `action` can stand for a request called `request`: it is empty, or its last segment is that
/// name. Toolkits join namespace and name by `/`, `:` or `#`.
pub fn action_names(action: &str, request: &str) -> bool {
    let last = action.rsplit(['/', ':', '#']).next().unwrap_or_default();
    action.is_empty() || last == request
}

#[cfg(test)]
mod tests;
