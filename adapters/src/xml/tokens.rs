//! XML as a strict stream of three tokens: an element opens, text, an element closes.
//!
//! Everything that XML has beside these is dealt with here: where a document may begin and end, what a
//! declaration may say, names, attributes, namespaces, references, line ends, forbidden characters,
//! NFC, every cap. Nothing above this file needs to know that XML has CDATA sections, comments,
//! prefixes or two ways to write an empty element.
//!
//! **Why a tokenizer of our own.** quick-xml takes 0.16 s for 42 MB of task records, three quarters of
//! what reading, checking and writing them may cost together; and what it leaves to its users (the list
//! above) was most of a tokenizer already. Ours moves one cursor over text whose encoding is known. A
//! leaf as nearly all are written, `<Name>text</Name>` with the name that the contract expects next,
//! costs two comparisons and one search ([`Tokens::opens`], [`Tokens::content`]); whatever else stands
//! there takes the long way through [`Tokens::next`]. roxmltree and the W3C's suite judge it.
//!
//! **Text that ends too early** is a rule of its own, [`Rule::Unfinished`]: every place that looks for
//! what is not there yet says so, and says nothing else. So the same code reads a whole document and a
//! window of one that is still arriving, and breaks the same rules at the same places in both.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3, memmem};

pub(crate) use super::namespaces::{Scope, Space};
use super::{
    attributes::{self, Written},
    gathered::{Gathered, Piece},
    lexical::is_space,
    namespaces::{Namespaces, is_name, split},
    references::References,
};
use crate::{
    Limits,
    text::{self, Traits},
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

/// The tokens of one document, or of a part of one that begins between two tokens.
pub(crate) struct Tokens<'a, 'l> {
    text: &'a str,
    /// The next byte to read. It stands at a character's start whenever text is cut: it only ever moves
    /// past ASCII or past whole cuts.
    at: usize,
    limits: &'l Limits,
    traits: Traits,
    nodes: usize,
    references: References,
    /// The elements that are open, by their names as written.
    open: Vec<&'a str>,
    /// The element opened last was empty: its end is the next token.
    empty: bool,
    /// Whether a declaration may stand at the text's beginning.
    first: bool,
    rooted: bool,
    start: usize,
    changed: bool,
    namespaces: Namespaces<'a>,
    written: Vec<Written<'a>>,
    attributes: Vec<Attribute<'a>>,
}

impl<'a, 'l> Tokens<'a, 'l> {
    /// The tokens of a whole document.
    pub fn new(bytes: &'a [u8], limits: &'l Limits) -> Result<Self> {
        let surveyed = text::survey(bytes)?;
        Ok(Self {
            changed: surveyed.marked,
            ..Self::of(surveyed.text, surveyed.traits, limits, Namespaces::new())
        })
    }

    /// The tokens of a document's beginning, as far as it has arrived.
    pub fn beginning(text: &'a str, traits: Traits, limits: &'l Limits) -> Self {
        Self::of(text, traits, limits, Namespaces::new())
    }

    /// The tokens of what follows in a document whose root is `scope`'s.
    pub fn within(text: &'a str, traits: Traits, limits: &'l Limits, scope: &'a Scope) -> Self {
        let tokens = Self::of(text, traits, limits, Namespaces::within(scope));
        Self { open: vec![scope.element()], first: false, rooted: true, ..tokens }
    }

    /// The tokens of what follows the root's end.
    pub fn after(text: &'a str, traits: Traits, limits: &'l Limits) -> Self {
        Self { first: false, rooted: true, ..Self::of(text, traits, limits, Namespaces::new()) }
    }

    fn of(text: &'a str, traits: Traits, limits: &'l Limits, namespaces: Namespaces<'a>) -> Self {
        Self {
            text,
            at: 0,
            limits,
            traits,
            nodes: 0,
            references: References::new(limits.references),
            open: Vec::new(),
            empty: false,
            first: true,
            rooted: false,
            start: 0,
            changed: false,
            namespaces,
            written: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Announces a namespace, before the first token.
    pub fn announce(&mut self, name: &'a str) -> Space {
        self.namespaces.announce(name)
    }

    /// What the root, which has just opened, puts in force for all that follows in it.
    pub fn scope(&self) -> Scope {
        self.namespaces.scope(self.open.last().copied().unwrap_or_default())
    }

    /// The next token; after [`Token::End`], always that.
    pub fn next(&mut self) -> Result<Token<'a>> {
        if self.empty {
            self.empty = false;
            return Ok(self.close());
        }
        let mut gathered = None;
        loop {
            let start = self.at;
            match (self.peek(0), self.peek(1)) {
                (Some(b'<'), Some(b'!')) => self.declared(&mut gathered)?,
                (Some(b'<'), Some(b'?')) => self.instruction()?,
                (Some(b'<'), None) => return Err(self.unfinished()),
                (Some(b'<'), Some(next)) => {
                    return match gathered {
                        Some(gathered) => {
                            self.start = gathered.start;
                            self.finished(gathered).map(Token::Text)
                        }
                        None if next == b'/' => self.end_tag(),
                        None => self.start_tag().map(Token::Open),
                    };
                }
                (Some(b'&'), _) => {
                    let character = self.reference()?;
                    self.gather(Piece::Character(character), start, &mut gathered)?;
                }
                (Some(_), _) => self.characters(&mut gathered)?,
                (None, _) if self.rooted && self.open.is_empty() => {
                    self.start = self.text.len();
                    return Ok(Token::End);
                }
                (None, _) => return Err(self.unfinished()),
            }
        }
    }

    /// Steps into the element called `name` if its start tag is the very next thing, unprefixed and
    /// without attributes; `name` is in `space`.
    pub fn opens(&mut self, space: Space, name: &'a str) -> bool {
        if self.empty || self.namespaces.default() != space || self.open.is_empty() {
            return false;
        }
        let end = self.at + name.len() + "<>".len();
        let Some([b'<', written @ .., b'>']) = self.bytes().get(self.at..end) else { return false };
        // What stands in the way of these is told by the long way.
        if written != name.as_bytes()
            || self.nodes == self.limits.nodes
            || !self.limits.allows_depth(self.open.len() + 1)
        {
            return false;
        }
        self.start = self.at;
        self.at = end;
        self.nodes += 1;
        self.attributes.clear();
        self.open.push(name);
        true
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
        if let Some(content) = self.whole_content() {
            return Ok(Cow::Borrowed(content));
        }
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
        self.at
    }

    /// Whether the element opened last has neither content nor an end tag.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// The text that is read, without its byte order mark.
    pub fn source(&self) -> &'a str {
        self.text
    }

    /// The prefixes and namespaces that the element opened last has from the elements around it, and
    /// does not declare anew.
    pub fn inherited(&self) -> Vec<(&'a str, String)> {
        self.namespaces.inherited(self.open.len())
    }

    /// The attributes of the element that the last token opened, to be taken out.
    pub fn attributes(&mut self) -> &mut Vec<Attribute<'a>> {
        &mut self.attributes
    }

    /// The name of `space`. It comes from the input unless it was announced.
    pub fn name(&self, space: Space) -> &str {
        self.namespaces.name(space)
    }

    /// Counts a value that the reader above found within the text returned last.
    pub fn count(&mut self) -> Result<()> {
        self.count_node(self.start)
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
        // A name begins with a letter, and no letter is a mark.
        text::normal(Cow::Borrowed(text), &mut self.changed).unwrap_or(Cow::Borrowed(text))
    }

    /// The content of the element that has just opened, when it is one piece of text that needs nothing
    /// done to it and runs straight up to the end tag.
    fn whole_content(&mut self) -> Option<&'a str> {
        if self.empty || !self.traits.smooth() {
            return None;
        }
        let name = *self.open.last()?;
        let length = memchr2(b'<', b'&', self.capped())?;
        let end = self.at + length;
        let after = self.bytes().get(end..)?.strip_prefix(b"</")?.strip_prefix(name.as_bytes())?;
        let (b'>', _) = after.split_first()? else { return None };
        let content = self.text.get(self.at..end)?;
        self.start = end;
        self.at = end + name.len() + "</>".len();
        self.close();
        Some(content)
    }

    fn start_tag(&mut self) -> Result<Open<'a>> {
        let start = self.at;
        if self.rooted && self.open.is_empty() {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        let name_start = start + "<".len();
        let name_length = self.from(name_start).iter().position(|byte| ends_name(*byte));
        let name_end = name_start + name_length.ok_or(self.unfinished())?;
        let end = self.tag_end(name_end)?;
        let empty = end > name_end && self.bytes().get(end - 1) == Some(&b'/');
        let raw = self.cut(name_end, end - usize::from(empty));
        let name = self.cut(name_start, name_end);

        self.start = start;
        self.rooted = true;
        self.count_node(start)?;
        self.open.push(name);
        if !self.limits.allows_depth(self.open.len()) {
            return Err(Problem::new(Rule::TooDeep, start));
        }
        let (prefix, local) = self.qualified(name, name_start)?;
        self.attributes.clear();
        if !raw.is_empty() {
            self.read_attributes(raw, name_end)?;
        }
        let space = self.namespaces.resolve(prefix).ok_or(Problem::new(Rule::UnboundPrefix, name_start))?;
        self.empty = empty;
        self.at = end + ">".len();
        Ok(Open { space, local })
    }

    /// Where the `>` stands that ends the tag whose attributes begin at `at`: outside of quotation marks.
    fn tag_end(&self, mut at: usize) -> Result<usize> {
        loop {
            at += memchr3(b'>', b'"', b'\'', self.from(at)).ok_or(self.unfinished())?;
            match self.bytes().get(at) {
                Some(quote @ (b'"' | b'\'')) => {
                    at += 1;
                    at += memchr(*quote, self.from(at)).ok_or(self.unfinished())? + 1;
                }
                _ => return Ok(at),
            }
        }
    }

    fn end_tag(&mut self) -> Result<Token<'a>> {
        let start = self.at;
        let malformed = Problem::new(Rule::NotWellFormed, start);
        let name = *self.open.last().ok_or(malformed)?;
        let written = self.from(start + "</".len());
        let Some(after) = written.strip_prefix(name.as_bytes()) else {
            return Err(if name.as_bytes().starts_with(written) { self.unfinished() } else { malformed });
        };
        let space = after.iter().take_while(|byte| is_space_byte(**byte)).count();
        match after.get(space) {
            Some(b'>') => {}
            Some(_) => return Err(malformed),
            None => return Err(self.unfinished()),
        }
        self.start = start;
        self.at = start + name.len() + space + "</>".len();
        Ok(self.close())
    }

    fn close(&mut self) -> Token<'a> {
        self.namespaces.leave(self.open.len());
        self.open.pop();
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
            let usual = self
                .namespaces
                .bind(self.open.len(), prefix, name)
                .map_err(|rule| Problem::new(rule, declared.offset))?;
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
            Cow::Borrowed(value) if self.traits.normal => Ok(Cow::Borrowed(value)),
            value => {
                text::normal(value, &mut self.changed).map_err(|rule| Problem::new(rule, attribute.offset))
            }
        }
    }

    /// Text up to the next markup or reference, as written.
    fn characters(&mut self, gathered: &mut Option<Gathered<'a>>) -> Result<()> {
        let start = self.at;
        if self.open.is_empty() {
            // Before and after the root there is white space only.
            self.at += self.from(start).iter().take_while(|byte| is_space_byte(**byte)).count();
            return if self.at > start { Ok(()) } else { Err(Problem::new(Rule::NotWellFormed, start)) };
        }
        let Some(length) = memchr2(b'<', b'&', self.capped()) else {
            let too_long = self.from(start).len() > self.limits.text;
            return Err(if too_long { Problem::new(Rule::TextTooLong, start) } else { self.unfinished() });
        };
        let piece = self.cut(start, start + length);
        if self.traits.section_ends && piece.contains("]]>") {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        self.at = start + length;
        self.gather(self.lined(piece), start, gathered)
    }

    /// The character that the reference which is next stands for.
    fn reference(&mut self) -> Result<char> {
        let start = self.at;
        if self.open.is_empty() {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        let name_start = start + "&".len();
        let is_end = |byte: &u8| matches!(byte, b';' | b'<' | b'&') || is_space_byte(*byte);
        let name_length = self.from(name_start).iter().position(is_end);
        let end = name_start + name_length.ok_or(self.unfinished())?;
        if self.bytes().get(end) != Some(&b';') {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        self.at = end + ";".len();
        self.references.resolve(self.cut(name_start, end), start)
    }

    /// What begins with `<!`: a comment, which is passed over, or a CDATA section, which is text.
    fn declared(&mut self, gathered: &mut Option<Gathered<'a>>) -> Result<()> {
        let start = self.at;
        if self.begins("<!--")? {
            let content = start + "<!--".len();
            let end = content + memmem::find(self.from(content), b"--").ok_or(self.unfinished())?;
            match self.bytes().get(end + "--".len()) {
                Some(b'>') => {}
                Some(_) => return Err(Problem::new(Rule::NotWellFormed, end)),
                None => return Err(self.unfinished()),
            }
            self.changed = true;
            self.at = end + "-->".len();
            return Ok(());
        }
        if self.begins("<![CDATA[")? {
            let content = start + "<![CDATA[".len();
            let end = content + memmem::find(self.from(content), b"]]>").ok_or(self.unfinished())?;
            self.at = end + "]]>".len();
            return self.gather(self.lined(self.cut(content, end)), start, gathered);
        }
        let rule = if self.begins("<!DOCTYPE")? { Rule::Doctype } else { Rule::NotWellFormed };
        Err(Problem::new(rule, start))
    }

    /// Whether `mark` is next.
    fn begins(&self, mark: &str) -> Result<bool> {
        let rest = self.from(self.at);
        if rest.len() < mark.len() && mark.as_bytes().starts_with(rest) {
            return Err(self.unfinished());
        }
        Ok(rest.starts_with(mark.as_bytes()))
    }

    fn gather(&self, piece: Piece<'a>, start: usize, gathered: &mut Option<Gathered<'a>>) -> Result<()> {
        if self.open.is_empty() {
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
        if self.traits.returns && piece.contains('\r') {
            return Piece::Resolved(piece.replace("\r\n", "\n").replace('\r', "\n"));
        }
        Piece::Written(piece)
    }

    fn finished(&mut self, gathered: Gathered<'a>) -> Result<Cow<'a, str>> {
        if self.traits.normal && gathered.whole {
            return Ok(gathered.text);
        }
        text::normal(gathered.text, &mut self.changed).map_err(|rule| Problem::new(rule, gathered.start))
    }

    /// A processing instruction is passed over; its target may be any name but `xml`, which makes a
    /// declaration.
    fn instruction(&mut self) -> Result<()> {
        let start = self.at;
        let content_start = start + "<?".len();
        let length = memmem::find(self.from(content_start), b"?>").ok_or(self.unfinished())?;
        let content = self.cut(content_start, content_start + length);
        let target = content.split([' ', '\t', '\n', '\r']).next().unwrap_or_default();
        if target == "xml" {
            self.declaration(content.get("xml".len()..).unwrap_or_default(), start)?;
        } else if is_name(target) && !target.eq_ignore_ascii_case("xml") {
            self.changed = true;
        } else {
            return Err(Problem::new(Rule::NotWellFormed, start));
        }
        self.at = content_start + length + "?>".len();
        Ok(())
    }

    /// The XML declaration: first of all, version 1.0, UTF-8.
    fn declaration(&mut self, content: &'a str, start: usize) -> Result<()> {
        let malformed = Problem::new(Rule::NotWellFormed, start);
        if start > 0 || !self.first {
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

    fn cut(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn from(&self, at: usize) -> &'a [u8] {
        self.bytes().get(at..).unwrap_or_default()
    }

    /// What is left, as far as a text may go and the mark that must follow it.
    fn capped(&self) -> &'a [u8] {
        let rest = self.from(self.at);
        rest.get(..self.limits.text.saturating_add(1)).unwrap_or(rest)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes().get(self.at + ahead).copied()
    }

    fn unfinished(&self) -> Problem<'static> {
        Problem::new(Rule::Unfinished, self.text.len())
    }
}

/// Whether an element's name stops before `byte`.
fn ends_name(byte: u8) -> bool {
    is_space_byte(byte) || matches!(byte, b'>' | b'/')
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests;
