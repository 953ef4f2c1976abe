//! A SOAP message taken apart, before anybody knows which contract it is about.

use std::{borrow::Cow, ops::Range};

use super::{Fault, Message, Version, fault};
use crate::{
    Limits, Unreadable,
    unreadable::{Problem, Rule},
    xml::{
        excerpt, lexical,
        tokens::{Open, Space, Token, Tokens},
    },
    xroad,
};

/// Elements inside the body's one element: a query has at most 32 filters, a limit and a point in time.
const PARTS: usize = 40;

/// A message.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// Its version.
    pub version: Version,
    /// What its caller states in the block of ours, if there is one.
    pub stated: Stated,
    /// X-Road's header blocks, if they are there.
    pub xroad: Option<xroad::Header>,
    /// Whether an XML signature stands anywhere in it, header blocks included.
    pub signed: bool,
    /// What it says.
    pub content: Content<'a>,
}

/// What the body holds.
#[derive(Debug)]
pub enum Content<'a> {
    /// A request or an answer.
    Element(Element<'a>),
    /// A fault; of what it says in words nothing is kept.
    Fault(Fault),
}

/// The body's one element.
#[derive(Debug)]
pub struct Element<'a> {
    /// Its namespace.
    pub namespace: String,
    /// Its name. It comes from the message: not to be repeated to anybody before it is known.
    pub name: &'a str,
    /// What it holds.
    pub parts: Vec<Part<'a>>,
}

/// An element inside the body's one element.
#[derive(Debug)]
pub struct Part<'a> {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: &'a str,
    /// Its text, unless it holds elements or is nil.
    pub text: Option<Cow<'a, str>>,
    /// Whether it is nil, which says no more than not being there.
    pub nil: bool,
    source: &'a str,
    range: Range<usize>,
    inherited: Vec<(&'a str, String)>,
}

/// What a caller states in the header block of ours, as it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Why the data is asked for: `Lt-Purpose`.
    pub purpose: Option<String>,
    /// The officer who asks: `Lt-User`.
    pub user: Option<String>,
    /// The member a relay speaks for: `Lt-On-Behalf-Of`.
    pub on_behalf_of: Option<String>,
    /// Which request this is: `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

impl Part<'_> {
    /// The element as a document of its own, to be read like one that came alone.
    pub fn document(&self) -> Vec<u8> {
        excerpt::alone(self.source, self.range.clone(), &self.inherited)
    }
}

/// Takes a message apart. Whether it asks or answers, and for what, is its reader's to tell.
///
/// # Errors
/// It is not well-formed, no envelope of either version, holds a header block that must be understood
/// and is not, or anything but one element in its body.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Envelope<'a>, Unreadable> {
    take_apart(bytes, limits).map_err(|problem| Unreadable::new(bytes, problem))
}

fn take_apart<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Envelope<'a>, Problem<'static>> {
    let mut message = Message::new(Tokens::new(bytes, limits)?);
    let payload = message.payload()?;
    let version = message.version();
    let content = if message.is(payload, "Fault") {
        Content::Fault(fault::read(&mut message)?)
    } else {
        Content::Element(element(&mut message, payload)?)
    };
    let heads = message.finish()?;
    Ok(Envelope {
        version,
        stated: heads.stated.unwrap_or_default(),
        signed: heads.signed,
        xroad: heads.xroad.finish()?,
        content,
    })
}

fn element<'a>(message: &mut Message<'a, '_>, payload: Open<'a>) -> Result<Element<'a>, Problem<'static>> {
    message.look(payload);
    let namespace = message.tokens().name(payload.space).to_owned();
    let mut parts = Vec::new();
    while let Some(open) = message.tokens().next_child()? {
        if parts.len() == PARTS {
            return Err(message.problem(Rule::TooManyNodes));
        }
        parts.push(part(message, open)?);
    }
    Ok(Element { namespace, name: payload.local, parts })
}

fn part<'a>(message: &mut Message<'a, '_>, open: Open<'a>) -> Result<Part<'a>, Problem<'static>> {
    message.look(open);
    let tokens = message.tokens();
    let (start, inherited, source) = (tokens.start(), tokens.inherited(), tokens.source());
    let namespace = tokens.name(open.space).to_owned();
    let is_nil = |attribute: &crate::xml::tokens::Attribute<'_>| {
        attribute.space == Space::XSI
            && attribute.local == "nil"
            && lexical::boolean(&attribute.value) == Some(true)
    };
    let nil = tokens.attributes().iter().any(is_nil);
    let (mut text, mut plain, mut depth) = (Cow::Borrowed(""), true, 1_usize);
    while depth > 0 {
        match message.tokens().next()? {
            Token::Open(inner) => {
                message.look(inner);
                plain = false;
                depth += 1;
            }
            Token::Text(found) if plain => text = found,
            Token::Text(_) => {}
            Token::Close => depth -= 1,
            Token::End => return Err(message.problem(Rule::NotWellFormed)),
        }
    }
    let range = start..message.tokens().end_of_last();
    let text = (plain && !nil).then_some(text);
    Ok(Part { namespace, name: open.local, text, nil, source, range, inherited })
}
