//! XML as a strict stream of three tokens: an element opens, text, an element closes.
//!
//! quick-xml cuts the input and matches end tags. What it leaves to its users is done here: where a
//! document may begin and end, what a declaration may say, names, attributes, namespaces, references,
//! line ends, forbidden characters, NFC, every cap. Nothing above this file needs to know that XML has
//! CDATA sections, comments, prefixes or two ways to write an empty element.

use std::borrow::Cow;

use memchr::memmem;
use quick_xml::{Reader, events::Event};

pub(crate) use super::namespaces::Space;
use super::{
    attributes::{self, Written},
    gathered::{Gathered, Piece},
    lexical::is_space,
    namespaces::{Namespaces, is_name, split},
    references::References,
};
use crate::{
    Limits, text,
    unreadable::{Problem, Rule},
};

type Result<T> = std::result::Result<T, Problem<'static>>;

/// One token.
#[derive(Debug)]
pub(crate) enum Token<'a> {
    /// An element's start; its attributes are in [`Tokens::attributes`] until the next token.
    Open(Open<'a>),
    /// All the text up to the next start or end, references resolved, comments and CDATA marks gone.
    Text(Cow<'a, str>),
    /// The end of the element opened last.
    Close,
    /// The end of the document.
    End,
}

/// The expanded name of an element that opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open<'a> {
    pub space: Space,
    pub local: &'a str,
}

/// An attribute other than a namespace declaration.
#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    pub space: Space,
    pub local: &'a str,
    pub value: Cow<'a, str>,
    pub offset: usize,
}

/// The tokens of one document.
pub(crate) struct Tokens<'a, 'l> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    limits: &'l Limits,
    /// Whether text that stands in one piece is known to be NFC.
    normal: bool,
    /// Whether there is a carriage return anywhere.
    returns: bool,
    /// Whether `]]>` stands anywhere: in text it is an error.
    section_ends: bool,
    nodes: usize,
    references: References,
    /// Markup that ended a text, for the next call.
    held: Option<Markup>,
    /// The element opened last was empty: its end is the next token.
    empty: bool,
    rooted: bool,
    start: usize,
    changed: bool,
    namespaces: Namespaces<'a>,
    written: Vec<Written<'a>>,
    attributes: Vec<Attribute<'a>>,
}

/// A piece of markup that makes a token, by its place in the text.
#[derive(Clone, Copy)]
enum Markup {
    Open { start: usize, end: usize, empty: bool },
    Close { start: usize },
    End,
}

impl<'a, 'l> Tokens<'a, 'l> {
    pub fn new(bytes: &'a [u8], limits: &'l Limits) -> Result<Self> {
        let surveyed = text::survey(bytes)?;
        // quick-xml would skip a second mark without counting it.
        if surveyed.text.starts_with('\u{FEFF}') {
            return Err(Problem::new(Rule::NotWellFormed, 0));
        }
        let mut reader = Reader::from_reader(surveyed.text.as_bytes());
        reader.config_mut().check_comments = true;
        Ok(Self {
            text: surveyed.text,
            reader,
            limits,
            normal: surveyed.normal,
            returns: memchr::memchr(b'\r', surveyed.text.as_bytes()).is_some(),
            section_ends: memmem::find(surveyed.text.as_bytes(), b"]]>").is_some(),
            nodes: 0,
            references: References::new(limits.references),
            held: None,
            empty: false,
            rooted: false,
            start: 0,
            changed: surveyed.marked,
            namespaces: Namespaces::new(),
            written: Vec::new(),
            attributes: Vec::new(),
        })
    }

    /// Announces a namespace, before the first token.
    pub fn announce(&mut self, name: &'a str) -> Space {
        self.namespaces.announce(name)
    }

    /// The next token; after [`Token::End`], always that.
    pub fn next(&mut self) -> Result<Token<'a>> {
        if self.empty {
            self.empty = false;
            return Ok(self.close());
        }
        if let Some(markup) = self.held.take() {
            return self.markup(markup);
        }
        let mut gathered = None;
        loop {
            let start = self.position();
            let event = self.reader.read_event();
            let end = self.position();
            let markup = match event {
                Ok(Event::Text(_)) => {
                    let piece = self.cut(start, end);
                    self.plain_text(piece, start, &mut gathered)?;
                    continue;
                }
                Ok(Event::GeneralRef(_)) => {
                    let character = self.references.resolve(self.cut(start + 1, end - 1), start)?;
                    self.gather(Piece::Character(character), start, &mut gathered)?;
                    continue;
                }
                Ok(Event::CData(_)) => {
                    let piece = self.cut(start + "<![CDATA[".len(), end - "]]>".len());
                    self.gather(self.lined(piece), start, &mut gathered)?;
                    continue;
                }
                Ok(Event::Comment(_)) => {
                    self.changed = true;
                    continue;
                }
                Ok(Event::PI(_)) => {
                    self.instruction(self.cut(start + "<?".len(), end - "?>".len()), start)?;
                    continue;
                }
                Ok(Event::Decl(_)) => {
                    self.declaration(self.cut(start + "<?xml".len(), end - "?>".len()), start)?;
                    continue;
                }
                Ok(Event::Start(_)) => Markup::Open { start, end: end - ">".len(), empty: false },
                Ok(Event::Empty(_)) => Markup::Open { start, end: end - "/>".len(), empty: true },
                Ok(Event::End(_)) => Markup::Close { start },
                Ok(Event::Eof) => Markup::End,
                Ok(Event::DocType(_)) => return Err(Problem::new(Rule::Doctype, start)),
                Err(quick_xml::Error::Encoding(_)) => return Err(Problem::new(Rule::Encoding, start)),
                Err(_) => {
                    let offset = usize::try_from(self.reader.error_position()).unwrap_or(start);
                    return Err(Problem::new(Rule::NotWellFormed, offset));
                }
            };
            return match gathered {
                None => self.markup(markup),
                Some(gathered) => {
                    self.held = Some(markup);
                    self.start = gathered.start;
                    Ok(Token::Text(self.finished(gathered)))
                }
            };
        }
    }

    /// The root element, just opened.
    pub fn root(&mut self) -> Result<Open<'a>> {
        match self.next()? {
            Token::Open(open) => Ok(open),
            Token::Text(_) | Token::Close | Token::End => Err(Problem::new(Rule::NotWellFormed, self.start)),
        }
    }

    /// Goes to the next child of an element that holds elements only; none when it closes.
    pub fn next_child(&mut self) -> Result<Option<Open<'a>>> {
        loop {
            match self.next()? {
                Token::Open(open) => return Ok(Some(open)),
                Token::Close => return Ok(None),
                Token::Text(text) if is_space(&text) => {}
                Token::Text(_) => return Err(Problem::new(Rule::MixedContent, self.start)),
                Token::End => return Err(Problem::new(Rule::NotWellFormed, self.start)),
            }
        }
    }

    /// The text of the element that has just opened, up to its end; it holds no elements.
    pub fn content(&mut self) -> Result<Cow<'a, str>> {
        let mut content = Cow::Borrowed("");
        loop {
            match self.next()? {
                Token::Text(text) => content = text,
                Token::Close => return Ok(content),
                Token::Open(_) => return Err(Problem::new(Rule::MixedContent, self.start)),
                Token::End => return Err(Problem::new(Rule::NotWellFormed, self.start)),
            }
        }
    }

    /// The end of the document, after the root has closed.
    pub fn end(&mut self) -> Result<()> {
        match self.next()? {
            Token::End => Ok(()),
            Token::Open(_) | Token::Text(_) | Token::Close => {
                Err(Problem::new(Rule::NotWellFormed, self.start))
            }
        }
    }

    /// Passes over the element that the last token opened.
    pub fn skip(&mut self) -> Result<()> {
        let mut open = 1;
        while open > 0 {
            match self.next()? {
                Token::Open(_) => open += 1,
                Token::Close => open -= 1,
                Token::Text(_) => {}
                Token::End => return Err(Problem::new(Rule::NotWellFormed, self.start)),
            }
        }
        Ok(())
    }

    /// Where the token returned last begins, in bytes.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where the token returned last ends, in bytes: right after a [`Token::Close`] or [`Token::Open`].
    pub fn end_of_last(&self) -> usize {
        self.position()
    }

    /// The text that is read, without its byte order mark.
    pub fn source(&self) -> &'a str {
        self.text
    }

    /// The prefixes and namespaces that the element opened last has from the elements around it, and
    /// does not declare anew.
    pub fn inherited(&self) -> Vec<(&'a str, String)> {
        self.namespaces.inherited()
    }

    /// The attributes of the element that the last token opened, to be taken out.
    pub fn attributes(&mut self) -> &mut Vec<Attribute<'a>> {
        &mut self.attributes
    }

    /// The name of `space`. It comes from the input unless it was announced.
    pub fn name(&self, space: Space) -> &str {
        self.namespaces.name(space)
    }

    /// Notes that the reader above passed over something.
    pub fn pass_over(&mut self) {
        self.changed = true;
    }

    /// Whether the tokens so far were all that the bytes hold; see [`crate::Reading::faithful`].
    pub fn faithful(&self) -> bool {
        !self.changed
    }

    /// NFC of a text that came from here and was put together or is a name.
    pub fn normalised(&mut self, text: &'a str) -> Cow<'a, str> {
        text::normal(Cow::Borrowed(text), &mut self.changed)
    }

    fn markup(&mut self, markup: Markup) -> Result<Token<'a>> {
        match markup {
            Markup::Open { start, end, empty } => {
                self.start = start;
                self.open(start, end, empty).map(Token::Open)
            }
            Markup::Close { start } => {
                self.start = start;
                Ok(self.close())
            }
            Markup::End if self.rooted && self.namespaces.depth() == 0 => {
                self.start = self.text.len();
                Ok(Token::End)
            }
            Markup::End => Err(Problem::new(Rule::NotWellFormed, self.text.len())),
        }
    }

    fn open(&mut self, start: usize, end: usize, empty: bool) -> Result<Open<'a>> {
        if self.rooted && self.namespaces.depth() == 0 {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        self.rooted = true;
        self.count_node(start)?;
        self.namespaces.enter();
        if !self.limits.allows_depth(self.namespaces.depth()) {
            return Err(Problem::new(Rule::TooDeep, start));
        }
        let start = start + "<".len();
        let tag = self.cut(start, end);
        let name_end = tag.bytes().position(is_space_byte).unwrap_or(tag.len());
        let (name, rest) = tag.split_at_checked(name_end).unwrap_or((tag, ""));
        let (prefix, local) = self.qualified(name, start)?;
        self.attributes.clear();
        if !rest.is_empty() {
            self.read_attributes(rest, start + name_end)?;
        }
        let space = self.namespaces.resolve(prefix).ok_or(Problem::new(Rule::UnboundPrefix, start))?;
        self.empty = empty;
        Ok(Open { space, local })
    }

    fn close(&mut self) -> Token<'a> {
        self.namespaces.leave();
        Token::Close
    }

    /// The attributes in `raw`, which begins at `offset`: declarations are put in force first, since
    /// they hold for the names beside them.
    fn read_attributes(&mut self, raw: &'a str, offset: usize) -> Result<()> {
        let mut written = std::mem::take(&mut self.written);
        written.clear();
        attributes::cut(raw, offset, self.limits, &mut written)?;
        for declared in &written {
            let prefix = match declared.name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => match rest.strip_prefix(':') {
                    Some(prefix) if is_name(prefix) => prefix,
                    Some(_) => return Err(Problem::new(Rule::NotWellFormed, declared.offset)),
                    None => continue,
                },
                None => continue,
            };
            let name = self.attribute_value(declared)?;
            let usual =
                self.namespaces.bind(prefix, name).map_err(|rule| Problem::new(rule, declared.offset))?;
            self.changed |= !usual;
        }
        for attribute in &written {
            if attribute.name == "xmlns" || attribute.name.starts_with("xmlns:") {
                continue;
            }
            self.count_node(attribute.offset)?;
            let (prefix, local) = self.qualified(attribute.name, attribute.offset)?;
            let space = match prefix {
                "" => Space::NONE,
                prefix => self
                    .namespaces
                    .resolve(prefix)
                    .ok_or(Problem::new(Rule::UnboundPrefix, attribute.offset))?,
            };
            if self.attributes.iter().any(|known| known.space == space && known.local == local) {
                return Err(Problem::new(Rule::NotWellFormed, attribute.offset));
            }
            let value = self.attribute_value(attribute)?;
            self.attributes.push(Attribute { space, local, value, offset: attribute.offset });
        }
        self.written = written;
        Ok(())
    }

    fn attribute_value(&mut self, attribute: &Written<'a>) -> Result<Cow<'a, str>> {
        match attribute.said(&mut self.references, self.limits)? {
            Cow::Borrowed(value) if self.normal => Ok(Cow::Borrowed(value)),
            value => Ok(text::normal(value, &mut self.changed)),
        }
    }

    /// Text between markup and references, as written.
    fn plain_text(
        &mut self,
        piece: &'a str,
        start: usize,
        gathered: &mut Option<Gathered<'a>>,
    ) -> Result<()> {
        if self.namespaces.depth() == 0 {
            // Before and after the root there is white space only.
            return if is_space(piece) { Ok(()) } else { Err(Problem::new(Rule::NotWellFormed, start)) };
        }
        if self.section_ends && piece.contains("]]>") {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        self.gather(self.lined(piece), start, gathered)
    }

    fn gather(&self, piece: Piece<'a>, start: usize, gathered: &mut Option<Gathered<'a>>) -> Result<()> {
        if self.namespaces.depth() == 0 {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        let held = gathered.as_ref().map_or(0, |gathered| gathered.text.len());
        if held + piece.len() > self.limits.text {
            return Err(Problem::new(Rule::TextTooLong, start));
        }
        match gathered {
            Some(gathered) => gathered.add(piece),
            None => *gathered = Some(Gathered::new(piece, start)),
        }
        Ok(())
    }

    /// Section 2.11: a line ends with one line feed, however it is written.
    fn lined(&self, piece: &'a str) -> Piece<'a> {
        if self.returns && piece.contains('\r') {
            return Piece::Resolved(piece.replace("\r\n", "\n").replace('\r', "\n"));
        }
        Piece::Written(piece)
    }

    fn finished(&mut self, gathered: Gathered<'a>) -> Cow<'a, str> {
        if self.normal && gathered.whole {
            gathered.text
        } else {
            text::normal(gathered.text, &mut self.changed)
        }
    }

    /// A processing instruction is passed over; its target may be any name but `xml`.
    fn instruction(&mut self, content: &str, start: usize) -> Result<()> {
        let target = content.split([' ', '\t', '\n', '\r']).next().unwrap_or_default();
        if !is_name(target) || target.eq_ignore_ascii_case("xml") {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        self.changed = true;
        Ok(())
    }

    /// The XML declaration: first of all, version 1.0, UTF-8.
    fn declaration(&mut self, content: &'a str, start: usize) -> Result<()> {
        let malformed = Problem::new(Rule::NotWellFormed, start);
        if start > 0 {
            return Err(malformed);
        }
        let mut written = Vec::new();
        attributes::cut(content, start + "<?xml".len(), self.limits, &mut written)?;
        let mut parts = written.iter().map(|part| (part.name, part.value)).peekable();
        match parts.next() {
            Some(("version", "1.0")) => {}
            Some(("version", _)) => return Err(Problem::new(Rule::XmlVersion, start)),
            _ => return Err(malformed),
        }
        if let Some((_, encoding)) = parts.next_if(|(name, _)| *name == "encoding")
            && !encoding.eq_ignore_ascii_case("utf-8")
        {
            return Err(Problem::new(Rule::Encoding, start));
        }
        if let Some((_, standalone)) = parts.next_if(|(name, _)| *name == "standalone")
            && !matches!(standalone, "yes" | "no")
        {
            return Err(malformed);
        }
        if parts.next().is_some() { Err(malformed) } else { Ok(()) }
    }

    fn qualified(&self, name: &'a str, offset: usize) -> Result<(&'a str, &'a str)> {
        if name.len() > self.limits.name {
            return Err(Problem::new(Rule::NameTooLong, offset));
        }
        split(name).ok_or(Problem::new(Rule::NotWellFormed, offset))
    }

    fn count_node(&mut self, offset: usize) -> Result<()> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes { Err(Problem::new(Rule::TooManyNodes, offset)) } else { Ok(()) }
    }

    /// Offsets come from quick-xml, which cuts at markup characters: always at a character's start.
    fn cut(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests;
