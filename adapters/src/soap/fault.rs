//! Faults, of both versions: a closed set of codes, and the status of the problem in the detail.
//!
//! What a fault says in words is the answering side's own and may hold anything, personal data too. None of
//! it is kept.

use super::{Message, Version};
use crate::{
    unreadable::{Problem, Rule},
    xml::{
        lexical,
        tokens::{Open, Tokens},
    },
};

/// The namespace of a problem in XML (RFC 9457, appendix B).
pub const PROBLEM_NAMESPACE: &str = "urn:ietf:rfc:7807";

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Whose fault, in the standards' words.
    pub code: FaultCode,
    /// The status of the problem (RFC 9457) in its detail, from 400 to 599, when there is one.
    pub status: Option<u16>,
}

/// The codes of both versions, and any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// The envelope is of another version.
    VersionMismatch,
    /// A header block that had to be understood was not.
    MustUnderstand,
    /// An encoding of data that is not known (1.2 only).
    DataEncodingUnknown,
    /// The message was wrong: `Client` in 1.1, `Sender` in 1.2. Sent again as it is, it fails again.
    Sender,
    /// The message could not be dealt with: `Server` in 1.1, `Receiver` in 1.2.
    Receiver,
    /// A code that neither version has.
    Other,
}

impl FaultCode {
    /// A stable name for journals and problems.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VersionMismatch => "version-mismatch",
            Self::MustUnderstand => "must-understand",
            Self::DataEncodingUnknown => "data-encoding-unknown",
            Self::Sender => "sender",
            Self::Receiver => "receiver",
            Self::Other => "other",
        }
    }

    /// The local name in `version`'s namespace. What a version has no code for is the receiver's.
    pub fn name(self, version: Version) -> &'static str {
        match (self, version) {
            (Self::VersionMismatch, _) => "VersionMismatch",
            (Self::MustUnderstand, _) => "MustUnderstand",
            (Self::DataEncodingUnknown, Version::V1_2) => "DataEncodingUnknown",
            (Self::Sender | Self::DataEncodingUnknown, Version::V1_1) => "Client",
            (Self::Sender, Version::V1_2) => "Sender",
            (Self::Receiver | Self::Other, Version::V1_1) => "Server",
            (Self::Receiver | Self::Other, Version::V1_2) => "Receiver",
        }
    }

    /// The HTTP status under which `version`'s binding sends it: 1.1 has one for all (section 6.2 of the
    /// note), 1.2 tells the sender's faults from the rest (part 2, table 20).
    pub fn status(self, version: Version) -> u16 {
        match (self, version) {
            (Self::Sender, Version::V1_2) => 400,
            _ => 500,
        }
    }

    /// By a code's name: `soap:Client`, or `soap:Client.Authentication` as 1.1 lets it be refined.
    fn of(text: &str) -> Self {
        let name = lexical::trim(text);
        let name = name.rsplit(':').next().unwrap_or(name);
        match name.split('.').next().unwrap_or(name) {
            "VersionMismatch" => Self::VersionMismatch,
            "MustUnderstand" => Self::MustUnderstand,
            "DataEncodingUnknown" => Self::DataEncodingUnknown,
            "Client" | "Sender" => Self::Sender,
            "Server" | "Receiver" => Self::Receiver,
            _ => Self::Other,
        }
    }
}

/// The fault whose element has just opened, up to its end.
pub(super) fn read(message: &mut Message<'_, '_>) -> Result<Fault, Problem<'static>> {
    let mut fault = Fault { code: FaultCode::Other, status: None };
    while let Some(open) = message.tokens().next_child()? {
        match (message.version(), open.local) {
            (Version::V1_1, "faultcode") => fault.code = FaultCode::of(&message.tokens().content()?),
            (Version::V1_2, "Code") if message.is(open, "Code") => {
                while let Some(inner) = message.tokens().next_child()? {
                    if message.is(inner, "Value") {
                        fault.code = FaultCode::of(&message.tokens().content()?);
                    } else {
                        message.pass()?;
                    }
                }
            }
            (Version::V1_1, "detail") | (Version::V1_2, "Detail") => {
                fault.status = detail(message.tokens())?;
            }
            _ => message.pass()?,
        }
    }
    Ok(fault)
}

/// The status of the problem in the detail that has just opened.
fn detail(tokens: &mut Tokens<'_, '_>) -> Result<Option<u16>, Problem<'static>> {
    let mut status = None;
    while let Some(open) = in_detail(tokens)? {
        if open.local != "problem" || tokens.name(open.space) != PROBLEM_NAMESPACE {
            tokens.skip()?;
            continue;
        }
        while let Some(member) = tokens.next_child()? {
            if member.local == "status" && tokens.name(member.space) == PROBLEM_NAMESPACE {
                let said = lexical::trim(&tokens.content()?).parse().ok();
                status = said.filter(|status| (400..600).contains(status));
            } else {
                tokens.skip()?;
            }
        }
    }
    Ok(status)
}

/// The next entry of a detail. Many put bare text there, against the standards; it says nothing to us.
fn in_detail<'a>(tokens: &mut Tokens<'a, '_>) -> Result<Option<Open<'a>>, Problem<'static>> {
    use crate::xml::tokens::Token;
    loop {
        match tokens.next()? {
            Token::Open(open) => return Ok(Some(open)),
            Token::Close => return Ok(None),
            Token::Text(_) => {}
            Token::End => return Err(Problem::new(Rule::NotWellFormed, tokens.start())),
        }
    }
}
