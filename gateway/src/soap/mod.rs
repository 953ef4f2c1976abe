//! SOAP as consumers speak it, and providers (`provider`): which requests are messages, what a message asks for, and how its answer
//! is dressed. The convention of names is `adapters::soap`'s, and the WSDL served to callers tells it.
//!
//! A message is read as the request that it means (`call`): method, path, filters and headers that a
//! caller of the plain interface would have sent. From there on the same stages judge it by the same
//! rules; nothing about agreements, fields or records knows of SOAP. Its format is `soap`, which an agreement
//! names like any other: SOAP carries XML, but an agency that agreed to answer files of XML has not
//! thereby agreed to be called by every toolkit there is.

mod call;
mod provider;

use adapters::{soap, xroad};
use bytes::Bytes;
use http::{HeaderMap, Method, header};

pub use call::{Meant, Place, meant};
pub use provider::{Awaited, Question, Said, ask};
pub use soap::Version;

use crate::host::fields::Name;

/// The header in which SOAP 1.1 names the action.
pub(crate) const ACTION: Name = Name::of("soapaction");

/// The version in which the sender of such a head is to be answered, if it speaks SOAP at all: by its media
/// type, or because nothing but messages is posted to such a path. This must be told from the head alone,
/// since much is refused before there is a body.
pub fn spoken(method: Option<&Method>, path: Option<&str>, headers: &HeaderMap) -> Option<Version> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    let posts = method == Some(&Method::POST);
    if media.eq_ignore_ascii_case(Version::V1_2.media_type()) {
        Some(Version::V1_2)
    } else if posts
        && (headers.contains_key(ACTION.as_str()) || path.is_some_and(|path| path.ends_with("/soap")))
    {
        Some(Version::V1_1)
    } else {
        None
    }
}

/// What a message's answer is dressed in.
#[derive(Clone, Debug)]
pub struct Dress {
    version: Version,
    namespace: String,
    response: String,
    xroad: Option<xroad::Header>,
}

impl Dress {
    /// The `Content-Type` of the answer.
    pub fn content_type(&self) -> &'static str {
        self.version.content_type()
    }

    /// The answer: `document` (or nothing) in its wrapper, in an envelope of the caller's version. X-Road's
    /// protocol has every header block of a request repeated.
    pub fn around(&self, document: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(document.len() + 512);
        let header = |out: &mut Vec<u8>| {
            if let Some(header) = &self.xroad {
                header.write(out);
            }
        };
        soap::write(self.version, &mut out, header, |out| {
            soap::write_wrapper(&self.namespace, &self.response, out, |out| {
                out.extend_from_slice(soap::embedded(document));
            });
        });
        out.into()
    }
}
