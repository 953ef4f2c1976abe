//! Bodies of systems that write an older encoding, made UTF-8 before anything looks at them: what is
//! searched for signatures, read, checked and written anew is the same text.
//!
//! Which encoding a system writes stands in its member's document. Messages (SOAP) and verifications
//! are UTF-8 whoever writes them.

use std::borrow::Cow;

use adapters::{
    Unreadable,
    encoding::{Decoder, decode, may_say},
    stream::Records,
};
use bytes::Bytes;
use contracts::Encoding;
use http::HeaderMap;

use super::Granted;
use crate::negotiation::charset;

/// What the consumer's system is declared to write.
pub(super) fn of_consumer(granted: &Granted<'_>) -> Encoding {
    granted.routed().caller().system().encoding
}

/// What the provider's system is declared to write.
pub(super) fn of_provider(granted: &Granted<'_>) -> Encoding {
    let routed = granted.routed();
    routed.caller().world().snapshot.register().system(routed.service().system).encoding
}

/// Whether a body's media type says nothing of its encoding that its sender may not write.
pub(super) fn may_be(headers: &HeaderMap, declared: Encoding) -> bool {
    charset(headers).is_none_or(|charset| may_say(charset, declared))
}

/// A whole body made UTF-8; none where it is to be UTF-8 as it is.
pub(super) fn made(
    bytes: &Bytes,
    headers: &HeaderMap,
    declared: Encoding,
) -> Option<Result<Bytes, Unreadable>> {
    if declared == Encoding::Utf8 || bytes.is_empty() {
        return None;
    }
    match decode(bytes, declared, charset(headers)) {
        Ok(Cow::Borrowed(_)) => None,
        Ok(Cow::Owned(text)) => Some(Ok(text.into())),
        Err(fault) => Some(Err(fault)),
    }
}

/// A long body on its way to the reader of its records.
pub(super) struct Inflow {
    decoder: Option<Decoder>,
    text: Vec<u8>,
}

impl Inflow {
    /// # Errors
    /// The media type says what the system may not write.
    pub fn new(headers: &HeaderMap, declared: Encoding) -> Result<Self, Unreadable> {
        let decoder = match declared {
            Encoding::Utf8 => None,
            declared => Some(Decoder::new(declared, charset(headers))?),
        };
        Ok(Self { decoder, text: Vec::new() })
    }

    /// # Errors
    /// The bytes are not what they are declared to be.
    pub fn feed(&mut self, bytes: &[u8], records: &mut Records) -> Result<(), Unreadable> {
        let Some(decoder) = &mut self.decoder else {
            records.feed(bytes);
            return Ok(());
        };
        self.text.clear();
        decoder.feed(bytes, &mut self.text)?;
        records.feed(&self.text);
        Ok(())
    }

    /// # Errors
    /// The body ends within a character.
    pub fn end(&mut self, records: &mut Records) -> Result<(), Unreadable> {
        if let Some(decoder) = &mut self.decoder {
            self.text.clear();
            decoder.end(&mut self.text)?;
            records.feed(&self.text);
        }
        records.end();
        Ok(())
    }
}
