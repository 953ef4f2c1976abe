//! X-Road's message protocol 4.0 ("SOAP") and the names of its REST headers: what NDXP and VDXP speak.
//!
//! X-Road's security servers authenticate each other, and what a message says of its client is true
//! because of that. Here a certificate authenticates the caller, so [`Header::client`] is a claim to be
//! held against it and never an identity.
//!
//! What the names mean here: `userId` is the officer (`Lt-User`), the represented party the member that
//! a relay speaks for (`Lt-On-Behalf-Of`). `issue` is the number of the case in which somebody asks
//! (X-Road's words: "the application, issue or document that was the cause of the request"), which is
//! free text and no purpose: purposes are coded and agreed. It is carried to a provider that speaks
//! X-Road and given back, and never kept.

mod blocks;
mod identifier;

pub(crate) use blocks::{Blocks, Spaces};
pub use identifier::{Identifier, NotAnIdentifier};

use crate::xml::escape;

/// The namespace of the header blocks.
pub const NAMESPACE: &str = "http://x-road.eu/xsd/xroad.xsd";
/// The namespace of what identifiers are made of.
pub const IDENTIFIERS: &str = "http://x-road.eu/xsd/identifiers";
/// The namespace of the represented party's block.
pub const REPRESENTATION: &str = "http://x-road.eu/xsd/representation.xsd";
/// The protocol's version, the only one there is.
pub const PROTOCOL: &str = "4.0";

/// Names of the REST protocol's headers.
pub mod rest {
    /// Who asks: `instance/class/member/subsystem`.
    pub const CLIENT: &str = "x-road-client";
    /// The message's id, given back.
    pub const ID: &str = "x-road-id";
    /// The id that the side which answers has for the request.
    pub const REQUEST_ID: &str = "x-road-request-id";
    /// The officer.
    pub const USER_ID: &str = "x-road-userid";
    /// The case's number.
    pub const ISSUE: &str = "x-road-issue";
    /// Who is spoken for: `class/code`, or `code`.
    pub const REPRESENTED_PARTY: &str = "x-road-represented-party";
}

/// The header blocks of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who asks.
    pub client: Identifier,
    /// What is asked.
    pub service: Option<Identifier>,
    /// The message's id.
    pub id: String,
    /// The officer.
    pub user_id: Option<String>,
    /// The case's number.
    pub issue: Option<String>,
    /// Who is spoken for.
    pub represented: Option<Represented>,
}

/// Who is spoken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Represented {
    /// `partyClass`, such as `GOV`.
    pub class: Option<String>,
    /// `partyCode`.
    pub code: String,
}

impl Represented {
    /// As the REST header writes it.
    pub fn as_text(&self) -> String {
        match &self.class {
            Some(class) => format!("{class}/{}", self.code),
            None => self.code.clone(),
        }
    }
}

impl Header {
    /// Appends the blocks, in the order of the protocol's schema.
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(represented) = &self.represented {
            out.extend_from_slice(
                format!("<repr:representedParty xmlns:repr=\"{REPRESENTATION}\">").as_bytes(),
            );
            if let Some(class) = &represented.class {
                element("repr:partyClass", "", class, out);
            }
            element("repr:partyCode", "", &represented.code, out);
            out.extend_from_slice(b"</repr:representedParty>");
        }
        let declared = format!(" xmlns:xrd=\"{NAMESPACE}\"");
        self.client.write("xrd:client", &declared, out);
        if let Some(service) = &self.service {
            service.write("xrd:service", &declared, out);
        }
        element("xrd:id", &declared, &self.id, out);
        if let Some(user) = &self.user_id {
            element("xrd:userId", &declared, user, out);
        }
        if let Some(issue) = &self.issue {
            element("xrd:issue", &declared, issue, out);
        }
        element("xrd:protocolVersion", &declared, PROTOCOL, out);
    }
}

fn element(name: &str, declared: &str, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("<{name}{declared}>").as_bytes());
    escape::text(text, out);
    out.extend_from_slice(format!("</{name}>").as_bytes());
}

#[cfg(test)]
mod tests;
