//! How a provider that speaks SOAP is asked, and what becomes of documents that bear a signature.

use crate::written::words;

/// The messages of a version whose provider speaks SOAP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Soap {
    /// The version of its envelopes.
    pub version: SoapVersion,
    /// The namespace of its operations' elements, when it is not the contract's.
    pub namespace: Option<String>,
}

/// A version of SOAP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SoapVersion {
    /// SOAP 1.1.
    #[default]
    V1_1,
    /// SOAP 1.2.
    V1_2,
}

words! {
    SoapVersion: "`1.1` hoặc `1.2`", "`1.1` or `1.2`",
    "1.1" => Self::V1_1, "1.2" => Self::V1_2,
}

/// How one operation is worded, where it is not by the convention (`QueryNhiemVu`, `QueryNhiemVuResponse`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wording {
    /// The action.
    pub action: Option<String>,
    /// The name of the element that asks.
    pub request: Option<String>,
    /// The name of the element that answers.
    pub response: Option<String>,
}

/// The X-Road header blocks that a provider wants to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct XRoad {
    /// The gateway's own name there: `instance/class/member[/subsystem]`.
    pub client: String,
    /// The provider's: the same form.
    pub service: String,
    /// `serviceVersion`, when there is one.
    pub service_version: Option<String>,
}

/// What becomes of a document that bears an XML signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Signed {
    /// It is refused.
    #[default]
    Refuse,
    /// Its bytes go on unchanged: alone to who reads XML, beside its translation (`multipart/related`) to
    /// who reads another format and takes two parts. It holds every field, and in its signature the
    /// signer's certificate, so whoever is not to see all of it is refused.
    Carry,
}

words! {
    Signed: "`refuse` hoặc `carry`", "`refuse` or `carry`",
    "refuse" => Self::Refuse, "carry" => Self::Carry,
}
