//! Header blocks read as they come, and put together at the end.

use super::{
    Header, IDENTIFIERS, Identifier, NAMESPACE, PROTOCOL, REPRESENTATION, Represented, identifier::is_part,
};
use crate::{
    unreadable::{Problem, Rule},
    xml::{
        lexical,
        tokens::{Open, Space, Tokens},
    },
};

type Result<T> = std::result::Result<T, Problem<'static>>;

/// The namespaces of the protocol in one message.
pub(crate) struct Spaces {
    blocks: Space,
    identifiers: Space,
    representation: Space,
}

impl Spaces {
    pub fn announce(tokens: &mut Tokens<'_, '_>) -> Self {
        Self {
            blocks: tokens.announce(NAMESPACE),
            identifiers: tokens.announce(IDENTIFIERS),
            representation: tokens.announce(REPRESENTATION),
        }
    }
}

/// The blocks seen so far.
#[derive(Default)]
pub(crate) struct Blocks {
    client: Option<Identifier>,
    service: Option<Identifier>,
    id: Option<String>,
    user_id: Option<String>,
    issue: Option<String>,
    protocol: Option<String>,
    represented: Option<Represented>,
    /// Where the last of them stands.
    place: usize,
}

impl Blocks {
    /// Reads the block that has just opened up to its end, if it is one of the protocol's.
    pub fn read(&mut self, spaces: &Spaces, block: Open<'_>, tokens: &mut Tokens<'_, '_>) -> Result<bool> {
        let place = tokens.start();
        if block.space == spaces.representation && block.local == "representedParty" {
            let party = represented(spaces, tokens)?;
            once(&mut self.represented, party, place)?;
        } else if block.space == spaces.blocks {
            match block.local {
                "client" => once(&mut self.client, identifier(spaces, tokens)?, place)?,
                "service" => once(&mut self.service, identifier(spaces, tokens)?, place)?,
                "id" => once(&mut self.id, text(tokens)?, place)?,
                "userId" => once(&mut self.user_id, text(tokens)?, place)?,
                "issue" => once(&mut self.issue, text(tokens)?, place)?,
                "protocolVersion" => once(&mut self.protocol, text(tokens)?, place)?,
                _ => return Ok(false),
            }
        } else {
            return Ok(false);
        }
        self.place = place;
        Ok(true)
    }

    /// The header, if there is any block; then all that the protocol demands must be there.
    pub fn finish(self) -> Result<Option<Header>> {
        let Self { client, service, id, user_id, issue, protocol, represented, place } = self;
        let some = client.is_some()
            || service.is_some()
            || id.is_some()
            || user_id.is_some()
            || issue.is_some()
            || protocol.is_some()
            || represented.is_some();
        if !some {
            return Ok(None);
        }
        match (client, id, protocol.as_deref()) {
            (Some(client), Some(id), Some(PROTOCOL))
                if client.service.is_none()
                    && service.as_ref().is_none_or(|service| service.service.is_some()) =>
            {
                Ok(Some(Header { client, service, id, user_id, issue, represented }))
            }
            _ => Err(Problem::new(Rule::XRoadHeader, place)),
        }
    }
}

/// Puts `value` where nothing stands yet.
fn once<T>(place: &mut Option<T>, value: T, offset: usize) -> Result<()> {
    if place.replace(value).is_some() { Err(Problem::new(Rule::RepeatedHeader, offset)) } else { Ok(()) }
}

/// The text of the element that has just opened: one visible line.
fn text(tokens: &mut Tokens<'_, '_>) -> Result<String> {
    let place = tokens.start();
    let content = tokens.content()?;
    let said = lexical::trim(&content);
    if is_part(said) { Ok(said.to_owned()) } else { Err(Problem::new(Rule::XRoadHeader, place)) }
}

/// The identifier whose element has just opened. Its object type must be what its parts make of it.
fn identifier(spaces: &Spaces, tokens: &mut Tokens<'_, '_>) -> Result<Identifier> {
    let malformed = Problem::new(Rule::XRoadHeader, tokens.start());
    let kind = tokens
        .attributes()
        .iter()
        .find(|attribute| attribute.space == spaces.identifiers && attribute.local == "objectType")
        .map(|attribute| lexical::trim(&attribute.value).to_owned());
    let (mut instance, mut class, mut member) = (None, None, None);
    let (mut subsystem, mut service, mut version) = (None, None, None);
    while let Some(part) = tokens.next_child()? {
        let place = tokens.start();
        let slot = match part.local {
            _ if part.space != spaces.identifiers => return Err(malformed),
            "xRoadInstance" => &mut instance,
            "memberClass" => &mut class,
            "memberCode" => &mut member,
            "subsystemCode" => &mut subsystem,
            "serviceCode" => &mut service,
            "serviceVersion" => &mut version,
            _ => return Err(malformed),
        };
        once(slot, text(tokens)?, place)?;
    }
    let (Some(instance), Some(class), Some(member)) = (instance, class, member) else {
        return Err(malformed);
    };
    let identifier = Identifier { instance, class, member, subsystem, service, version };
    let whole = identifier.version.is_none() || identifier.service.is_some();
    if whole && kind.as_deref() == Some(identifier.object_type()) { Ok(identifier) } else { Err(malformed) }
}

/// The represented party whose element has just opened.
fn represented(spaces: &Spaces, tokens: &mut Tokens<'_, '_>) -> Result<Represented> {
    let malformed = Problem::new(Rule::XRoadHeader, tokens.start());
    let (mut class, mut code) = (None, None);
    while let Some(part) = tokens.next_child()? {
        let place = tokens.start();
        let slot = match part.local {
            _ if part.space != spaces.representation => return Err(malformed),
            "partyClass" => &mut class,
            "partyCode" => &mut code,
            _ => return Err(malformed),
        };
        once(slot, text(tokens)?, place)?;
    }
    Ok(Represented { class, code: code.ok_or(malformed)? })
}
