//! JSON text to a tree that borrows from it.

use std::borrow::Cow;

use contracts::{Document, Number, Record};
use memchr::memchr2;

use super::{members::Members, plain::plain_length};
use crate::{
    Expect, Limits, Reading, Unreadable,
    text::{self, Traits},
    unreadable::{Problem, Rule},
};

/// Room is made for so many members at most because the record before had as many: more would let one
/// long record make short ones dear.
const FORESEEN: usize = 32;
/// Room for the members of a record without one before it.
const USUAL: usize = 8;

type Result<T> = std::result::Result<T, Problem<'static>>;

/// Reads one JSON text.
///
/// # Errors
/// The first rule that the bytes break, and where.
pub fn read<'a>(
    bytes: &'a [u8],
    expect: Expect,
    limits: &Limits,
) -> std::result::Result<Reading<'a>, Unreadable> {
    read_text(bytes, expect, limits).map_err(|problem| Unreadable::new(bytes, problem))
}

fn read_text<'a>(bytes: &'a [u8], expect: Expect, limits: &Limits) -> Result<Reading<'a>> {
    let surveyed = text::survey(bytes)?;
    let mut reader = Reader {
        text: surveyed.text,
        at: 0,
        limits,
        nodes: 0,
        normal: surveyed.traits.normal,
        changed: surveyed.marked,
    };
    reader.skip_space();
    let accepted = match reader.peek() {
        Some(b'{') => expect.accepts_record(),
        Some(b'[') => expect.accepts_collection(),
        None => return Err(reader.unfinished()),
        Some(_) => false,
    };
    if !accepted {
        return Err(reader.problem(Rule::WrongRoot));
    }
    let mut document = Document::Null;
    reader.value(1, None, &mut document)?;
    reader.skip_space();
    if reader.peek().is_some() {
        return Err(reader.problem(Rule::TrailingBytes));
    }
    Ok(Reading { document, faithful: !reader.changed })
}

/// Reads the value that `text` begins with, standing `depth` deep in its document, and tells how long it
/// is.
pub(crate) fn read_value<'a>(
    text: &'a str,
    traits: Traits,
    limits: &Limits,
    depth: usize,
) -> Result<(Document<'a>, usize)> {
    let mut reader = Reader { text, at: 0, limits, nodes: 0, normal: traits.normal, changed: false };
    let mut document = Document::Null;
    reader.value(depth, None, &mut document)?;
    Ok((document, reader.at))
}

/// An object whose members are read one by one, while more of it may still be to come.
pub(crate) struct Parts<'a, 'l> {
    reader: Reader<'a, 'l>,
}

impl<'a, 'l> Parts<'a, 'l> {
    /// What `text` begins with.
    pub fn of(text: &'a str, traits: Traits, limits: &'l Limits) -> Self {
        Self { reader: Reader { text, at: 0, limits, nodes: 0, normal: traits.normal, changed: false } }
    }

    /// How much has been read.
    pub fn at(&self) -> usize {
        self.reader.at
    }

    /// Passes over blanks, and tells the byte behind them.
    pub fn next(&mut self) -> Result<u8> {
        self.reader.skip_space();
        self.reader.peek().ok_or(self.reader.unfinished())
    }

    /// Passes over blanks and then over `byte`, which must be there.
    pub fn expect(&mut self, byte: u8) -> Result<()> {
        self.reader.skip_space();
        self.reader.expect(byte)
    }

    /// A member's name, up to where its value begins.
    pub fn name(&mut self) -> Result<Cow<'a, str>> {
        self.expect(b'"')?;
        let name = self.reader.string(self.reader.limits.name, Rule::NameTooLong)?;
        self.expect(b':')?;
        self.reader.skip_space();
        Ok(name)
    }

    /// A value that stands `depth` deep in its document.
    pub fn value(&mut self, depth: usize) -> Result<Document<'a>> {
        let mut document = Document::Null;
        self.reader.value(depth, None, &mut document)?;
        Ok(document)
    }
}

struct Reader<'a, 'l> {
    text: &'a str,
    /// The next byte to read. It stands at a character's start whenever text is cut, because it only
    /// ever moves past ASCII or past whole cuts.
    at: usize,
    limits: &'l Limits,
    nodes: usize,
    /// Whether text without escapes is known to be NFC.
    normal: bool,
    /// Whether the tree says less, or says it otherwise, than the bytes.
    changed: bool,
}

impl<'a> Reader<'a, '_> {
    /// The next value, put in `place`; it may be made as `like` is, the one before it in a list.
    fn value(&mut self, depth: usize, like: Option<&Document<'a>>, place: &mut Document<'a>) -> Result<()> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(self.problem(Rule::TooManyNodes));
        }
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                match self.plain(self.limits.text) {
                    Some(text) => *place = Document::Text(Cow::Borrowed(text)),
                    None => *place = Document::Text(self.string(self.limits.text, Rule::TextTooLong)?),
                }
                Ok(())
            }
            Some(b'{') => self.record(depth, like.and_then(Document::as_record), place),
            Some(b'[') => self.list(depth, like.and_then(Document::as_list).unwrap_or_default(), place),
            Some(b'-' | b'0'..=b'9') => self.number(place),
            Some(b't') => self.literal("true", Document::Bool(true), place),
            Some(b'f') => self.literal("false", Document::Bool(false), place),
            Some(b'n') => self.literal("null", Document::Null, place),
            _ => Err(self.malformed()),
        }
    }

    fn record(&mut self, depth: usize, like: Option<&Record<'a>>, place: &mut Document<'a>) -> Result<()> {
        self.descend(depth)?;
        if self.take(b'}') {
            *place = Document::Record(Record::default());
            return Ok(());
        }
        let foreseen = like.map_or(USUAL, |like| like.len().min(FORESEEN));
        *place = Document::Record(Record::with_capacity(foreseen));
        match place {
            Document::Record(record) => self.members(depth, like, record),
            _ => Err(self.malformed()),
        }
    }

    /// The members of an object that is not empty, up to its end.
    fn members(&mut self, depth: usize, like: Option<&Record<'a>>, record: &mut Record<'a>) -> Result<()> {
        // None while the names are names of `like`, in its order: they are distinct there.
        let mut members: Option<Members> = None;
        let mut next = 0;
        loop {
            let start = self.at;
            self.expect(b'"')?;
            let twin = if members.is_none() { like.and_then(|like| self.twin(like, next)) } else { None };
            let (place, like) = match twin {
                Some((position, name, like)) => {
                    next = position + 1;
                    (record.place(Cow::Borrowed(name)), Some(like))
                }
                None => {
                    let name = self.string(self.limits.name, Rule::NameTooLong)?;
                    if !members.get_or_insert_with(|| Members::of(record)).admit(record, &name) {
                        return Err(Problem::new(Rule::DuplicateKey, start));
                    }
                    (record.place(name), None)
                }
            };
            let Some(place) = place else { return Err(self.malformed()) };
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            self.value(depth + 1, like, place)?;
            self.skip_space();
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    /// `like`: the items of the list before, in a list of lists.
    fn list(&mut self, depth: usize, like: &[Document<'a>], place: &mut Document<'a>) -> Result<()> {
        self.descend(depth)?;
        *place = Document::List(Vec::new());
        let Document::List(items) = place else { return Err(self.malformed()) };
        if self.take(b']') {
            return Ok(());
        }
        loop {
            items.push(Document::Null);
            let Some((item, before)) = items.split_last_mut() else { return Err(self.malformed()) };
            self.value(depth + 1, before.last().or(like.first()), item)?;
            self.skip_space();
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    /// Reads a name if it is the one that stands in `like` at `next`, or the one behind where a field was left
    /// out.
    fn twin<'l>(&mut self, like: &'l Record<'a>, next: usize) -> Option<(usize, &'a str, &'l Document<'a>)> {
        (next..=next + 1).find_map(|position| {
            let (name, value) = like.member(position)?;
            Some((position, self.same(name)?, value))
        })
    }

    /// Reads a string if it is written as `name` was, and `name` was cut from the text as it stood: then all
    /// that is asked of a name has been asked.
    fn same(&mut self, name: &Cow<'a, str>) -> Option<&'a str> {
        let Cow::Borrowed(name) = name else { return None };
        let behind = self.rest().strip_prefix(name.as_bytes())?;
        if behind.first() != Some(&b'"') {
            return None;
        }
        self.at += name.len() + 1;
        Some(name)
    }

    /// Steps into an object or array, whose bracket is next.
    fn descend(&mut self, depth: usize) -> Result<()> {
        if !self.limits.allows_depth(depth) {
            return Err(self.problem(Rule::TooDeep));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// The text after an opening quotation mark, which is already read.
    fn string(&mut self, most: usize, too_long: Rule) -> Result<Cow<'a, str>> {
        match self.plain(most) {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.escaped(most, too_long),
        }
    }

    /// The same, when it is what it says as it stands: nearly every text ends where it stops being plain.
    fn plain(&mut self, most: usize) -> Option<&'a str> {
        let rest = self.rest();
        let end = plain_length(rest);
        if end > most || rest.get(end) != Some(&b'"') || !self.normal {
            return None;
        }
        let text = self.text.get(self.at..self.at + end)?;
        self.at += end + 1;
        Some(text)
    }

    /// The same for a text with escapes, one that may not be NFC, or one that breaks a rule.
    fn escaped(&mut self, most: usize, too_long: Rule) -> Result<Cow<'a, str>> {
        let start = self.at;
        let piece = self.piece(most, too_long)?;
        if self.take(b'"') {
            return self.composed(Cow::Borrowed(piece), start);
        }
        let mut text = String::with_capacity(piece.len() + 16);
        text.push_str(piece);
        while self.take(b'\\') {
            text.push(self.escape()?);
            text.push_str(self.piece(most, too_long)?);
            if text.len() > most {
                return Err(Problem::new(too_long, start));
            }
        }
        self.expect(b'"')?;
        // Escapes may bring together what was apart.
        self.composed(Cow::Owned(text), start)
    }

    /// `text`, which began at `start`, in NFC.
    fn composed(&mut self, text: Cow<'a, str>, start: usize) -> Result<Cow<'a, str>> {
        text::normal(text, &mut self.changed).map_err(|rule| Problem::new(rule, start))
    }

    /// Text up to the next quotation mark or backslash.
    fn piece(&mut self, most: usize, too_long: Rule) -> Result<&'a str> {
        let rest = self.rest();
        let end = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        if end > most {
            return Err(self.problem(too_long));
        }
        if end == rest.len() {
            return Err(self.unfinished());
        }
        let piece = self.text.get(self.at..self.at + end).ok_or_else(|| self.problem(Rule::NotWellFormed))?;
        if let Some(control) = text::first(piece.as_bytes(), |byte| byte < 0x20) {
            return Err(Problem::new(Rule::ControlCharacter, self.at + control));
        }
        self.at += end;
        Ok(piece)
    }

    /// The character of an escape whose backslash is already read.
    fn escape(&mut self) -> Result<char> {
        let start = self.at.saturating_sub(1);
        let kind = self.peek().ok_or(self.unfinished())?;
        self.at += 1;
        let character = match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                let code = match unit {
                    0xD800..=0xDBFF => {
                        let low = if self.takes(b'\\')? && self.takes(b'u')? { self.unit()? } else { 0 };
                        if !matches!(low, 0xDC00..=0xDFFF) {
                            return Err(Problem::new(Rule::LoneSurrogate, start));
                        }
                        0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
                    }
                    unit => unit,
                };
                char::from_u32(code).ok_or(Problem::new(Rule::LoneSurrogate, start))?
            }
            b'b' | b'f' => return Err(Problem::new(Rule::ControlCharacter, start)),
            _ => return Err(Problem::new(Rule::NotWellFormed, start)),
        };
        if text::allowed(character) {
            Ok(character)
        } else {
            Err(Problem::new(Rule::ControlCharacter, start))
        }
    }

    /// The four hexadecimal digits of an escape.
    fn unit(&mut self) -> Result<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or(self.malformed())?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self, place: &mut Document<'a>) -> Result<()> {
        let rest = self.rest();
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        if end > self.limits.number {
            return Err(self.problem(Rule::NumberTooLong));
        }
        // No text ends with a number: its root is an object or an array.
        if end == rest.len() {
            return Err(self.unfinished());
        }
        let lexical = self.text.get(self.at..self.at + end).unwrap_or_default();
        let number = Number::new(lexical).ok_or_else(|| self.problem(Rule::NotWellFormed))?;
        // Other formats write it without its exponent, and it must not grow there.
        if number.plain_length() > self.limits.number {
            return Err(self.problem(Rule::NumberTooLong));
        }
        self.at += end;
        *place = Document::Number(number);
        Ok(())
    }

    fn literal(&mut self, literal: &str, value: Document<'a>, place: &mut Document<'a>) -> Result<()> {
        let rest = self.rest();
        if !rest.starts_with(literal.as_bytes()) {
            let begun = literal.as_bytes().starts_with(rest);
            return Err(if begun { self.unfinished() } else { self.problem(Rule::NotWellFormed) });
        }
        self.at += literal.len();
        *place = value;
        Ok(())
    }

    #[inline]
    fn skip_space(&mut self) {
        // Those who write for programs put none.
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.skip_spaces();
        }
    }

    fn skip_spaces(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.malformed()) }
    }

    /// [`Reader::take`] where the text must not end.
    fn takes(&mut self, byte: u8) -> Result<bool> {
        if self.peek().is_none() { Err(self.unfinished()) } else { Ok(self.take(byte)) }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Something else should stand here, or anything at all.
    fn malformed(&self) -> Problem<'static> {
        self.problem(if self.peek().is_none() { Rule::Unfinished } else { Rule::NotWellFormed })
    }

    fn unfinished(&self) -> Problem<'static> {
        Problem::new(Rule::Unfinished, self.text.len())
    }

    fn problem(&self, rule: Rule) -> Problem<'static> {
        Problem::new(rule, self.at)
    }
}
