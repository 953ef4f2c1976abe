//! A SOAP message as it is read: the envelope's version, its header blocks, the one element of its body.

use super::{EXCHANGE, EXCHANGE_NAMESPACE, Stated, Version};
use crate::{
    unreadable::{Problem, Rule},
    xml::{
        lexical, signature,
        tokens::{Open, Space, Token, Tokens},
    },
    xroad,
};

type Result<T> = std::result::Result<T, Problem<'static>>;

/// Header blocks of one message. Real ones carry under ten; each is looked at by name.
const BLOCKS: usize = 32;

/// Roles that everybody has who reads a message, of both versions. A block for another role is another's.
const OURS: [&str; 4] = [
    "",
    "http://schemas.xmlsoap.org/soap/actor/next",
    "http://www.w3.org/2003/05/soap-envelope/role/next",
    "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
];

/// A SOAP message being read.
pub(crate) struct Message<'a, 'l> {
    tokens: Tokens<'a, 'l>,
    envelopes: [(Space, Version); 2],
    exchange: Space,
    signature: Space,
    xroad: xroad::Spaces,
    version: Version,
    /// What the header blocks said.
    pub heads: Heads,
}

/// What the header blocks of a message said.
#[derive(Default)]
pub(crate) struct Heads {
    pub stated: Option<Stated>,
    pub xroad: xroad::Blocks,
    /// A signature stands somewhere in the message, as far as it has been read.
    pub signed: bool,
}

impl<'a, 'l> Message<'a, 'l> {
    pub fn new(mut tokens: Tokens<'a, 'l>) -> Self {
        let envelopes =
            [Version::V1_1, Version::V1_2].map(|version| (tokens.announce(version.namespace()), version));
        Self {
            envelopes,
            exchange: tokens.announce(EXCHANGE_NAMESPACE),
            signature: tokens.announce(signature::NAMESPACE),
            xroad: xroad::Spaces::announce(&mut tokens),
            version: Version::V1_1,
            heads: Heads::default(),
            tokens,
        }
    }

    /// The version of the envelope, once [`Message::payload`] has been reached.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The one element in the body, just opened, after every header block has been looked at.
    pub fn payload(&mut self) -> Result<Open<'a>> {
        let root = self.tokens.root()?;
        let known = self.envelopes.iter().find(|(space, _)| *space == root.space);
        self.version = match known {
            Some((_, version)) if root.local == "Envelope" => *version,
            // An envelope of a SOAP that is neither: the standards have a fault of its own for it.
            None if root.local == "Envelope" && root.space != Space::NONE => {
                return Err(self.problem(Rule::SoapVersion));
            }
            _ => return Err(self.problem(Rule::WrongRoot)),
        };
        let mut part = self.child()?;
        if self.is(part, "Header") {
            self.header()?;
            part = self.child()?;
        }
        if !self.is(part, "Body") {
            return Err(self.problem(Rule::WrongRoot));
        }
        self.child()
    }

    /// Whether `open` is an element of the envelope's own, called `local`.
    pub fn is(&self, open: Open<'_>, local: &str) -> bool {
        self.envelopes.contains(&(open.space, self.version)) && open.local == local
    }

    /// What is inside the payload: read until it closes.
    pub fn tokens(&mut self) -> &mut Tokens<'a, 'l> {
        &mut self.tokens
    }

    /// Notes whether the element that has just opened is a signature.
    pub fn look(&mut self, open: Open<'_>) {
        self.heads.signed |= open.space == self.signature && open.local == "Signature";
    }

    /// Passes over the element that has just opened, looking for signatures.
    pub fn pass(&mut self) -> Result<()> {
        let mut open = 1_usize;
        while open > 0 {
            match self.tokens.next()? {
                Token::Open(inner) => {
                    self.look(inner);
                    open += 1;
                }
                Token::Close => open -= 1,
                Token::Text(_) => {}
                Token::End => return Err(self.problem(Rule::NotWellFormed)),
            }
        }
        Ok(())
    }

    /// The rest after the payload has closed: nothing but the ends of body and envelope.
    pub fn finish(mut self) -> Result<Heads> {
        if self.tokens.next_child()?.is_some() {
            return Err(self.problem(Rule::SoapBody));
        }
        if self.tokens.next_child()?.is_some() {
            return Err(self.problem(Rule::WrongRoot));
        }
        self.tokens.end()?;
        Ok(self.heads)
    }

    pub fn problem(&self, rule: Rule) -> Problem<'static> {
        Problem::new(rule, self.tokens.start())
    }

    fn child(&mut self) -> Result<Open<'a>> {
        self.tokens.next_child()?.ok_or(self.problem(Rule::SoapBody))
    }

    fn header(&mut self) -> Result<()> {
        let mut count = 0;
        while let Some(block) = self.tokens.next_child()? {
            count += 1;
            if count > BLOCKS {
                return Err(self.problem(Rule::TooManyNodes));
            }
            self.look(block);
            let (for_us, must) = self.demands()?;
            if !for_us {
                self.pass()?;
            } else if block.space == self.exchange && block.local == EXCHANGE {
                self.exchange()?;
            } else if !self.heads.xroad.read(&self.xroad, block, &mut self.tokens)? {
                if must {
                    return Err(self.problem(Rule::MustUnderstand));
                }
                self.pass()?;
            }
        }
        Ok(())
    }

    /// Whether the block that has just opened is for us, and whether it must be understood.
    fn demands(&mut self) -> Result<(bool, bool)> {
        let (mut for_us, mut must) = (true, false);
        let problem = self.problem(Rule::MustUnderstand);
        let (envelopes, version) = (self.envelopes, self.version);
        for attribute in self.tokens.attributes().iter() {
            if !envelopes.contains(&(attribute.space, version)) {
                continue;
            }
            match attribute.local {
                "actor" | "role" => for_us = OURS.contains(&lexical::trim(&attribute.value)),
                "mustUnderstand" => must = lexical::boolean(&attribute.value).ok_or(problem)?,
                _ => {}
            }
        }
        Ok((for_us, must))
    }

    /// The block in which the caller states why and for whom it asks.
    fn exchange(&mut self) -> Result<()> {
        if self.heads.stated.is_some() {
            return Err(self.problem(Rule::RepeatedHeader));
        }
        let mut stated = Stated::default();
        while let Some(said) = self.tokens.next_child()? {
            let problem = |rule| Problem::new(rule, self.tokens.start());
            let place = match said.local {
                _ if said.space != self.exchange => return Err(problem(Rule::UnknownElement)),
                "Purpose" => &mut stated.purpose,
                "User" => &mut stated.user,
                "OnBehalfOf" => &mut stated.on_behalf_of,
                "IdempotencyKey" => &mut stated.idempotency_key,
                _ => return Err(problem(Rule::UnknownElement)),
            };
            let repeated = problem(Rule::RepeatedHeader);
            let text = self.tokens.content()?;
            if place.replace(lexical::trim(&text).to_owned()).is_some() {
                return Err(repeated);
            }
        }
        self.heads.stated = Some(stated);
        Ok(())
    }
}
