//! What of a signed document is read: all but its signature, where the service carries signed documents at all.

use adapters::{
    Limits,
    xml::{self, Signed},
};
use policies::Format;

/// How a signed document goes on. Its bytes are the same either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// As the body.
    Alone,
    /// In a body of two parts, after its translation.
    Beside,
}

/// What a body is like when it bears a signature; only what is XML can bear one.
pub(in crate::stages) fn signatures(bytes: &[u8], format: Format) -> Option<Signed> {
    match format {
        Format::Xml | Format::Gml => xml::signed(bytes, &Limits::default()),
        _ => None,
    }
}

/// What is to be read of a signed body of a provider's under `policy`.
///
/// # Errors
/// The rule by which it is not taken.
pub(in crate::stages) fn unsigned(signed: &Signed, policy: policies::Signed) -> Result<&[u8], &'static str> {
    match policy {
        policies::Signed::Refuse => Err("signed-document"),
        policies::Signed::Carry if !signed.sound => Err("signature-form"),
        policies::Signed::Carry => Ok(&signed.rest),
    }
}
