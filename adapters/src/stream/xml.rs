//! An XML collection, or one record.

use contracts::{Document, Shape};

use super::{Between, Cursor, Part, Result, Root as Kind, Terms};
use crate::{
    Expect,
    xml::{
        read::{Opened, Reader},
        tokens::{Scope, Tokens},
    },
};

/// What has been read around the records.
#[derive(Default)]
pub(super) struct Root {
    stage: Stage,
    closed: bool,
}

#[derive(Default)]
enum Stage {
    /// Nothing is read.
    #[default]
    Start,
    /// The root is one record, and not read.
    Record,
    /// The collection's start tag was read.
    Collection(Scope),
}

impl Root {
    pub fn root(&self) -> Option<Kind> {
        match self.stage {
            Stage::Start => None,
            Stage::Record => Some(Kind::Record),
            Stage::Collection(_) => Some(Kind::Collection),
        }
    }

    /// Passes over what stands before the first record, between records, and behind the root.
    pub fn between<'s>(
        &'s mut self,
        text: &'s str,
        cursor: &mut Cursor,
        shape: &'s Shape,
        terms: &Terms,
    ) -> Result<'s, Between> {
        if let Stage::Start = self.stage {
            self.open(text, cursor, shape, terms)?;
        }
        let Self { stage, closed } = self;
        if !*closed {
            if is_at_record(stage, text, cursor, shape, terms)? {
                return Ok(Between::Record);
            }
            *closed = true;
        }
        let (part, _) = cursor.part(text, terms.limits.record);
        let mut tokens = Tokens::after(part.text, part.traits, &terms.limits);
        tokens.end()?;
        cursor.pass(part.text.len());
        Ok(Between::Over)
    }

    /// Reads everything up to the root's start tag; if that is a collection's, the tag too.
    fn open<'s>(
        &mut self,
        text: &'s str,
        cursor: &mut Cursor,
        shape: &'s Shape,
        terms: &Terms,
    ) -> Result<'s, ()> {
        let (part, _) = cursor.part(text, terms.limits.record);
        let tokens = Tokens::beginning(part.text, part.traits, &terms.limits);
        let mut reader = Reader::new(tokens, shape, terms.unknown, &terms.limits);
        match reader.open(shape, terms.expect)? {
            Opened::Record => self.stage = Stage::Record,
            Opened::Collection => {
                reader.collection_attributes(shape)?;
                self.stage = Stage::Collection(reader.tokens.scope());
                // An empty element's end is still to come, and needs no bytes.
                self.closed = reader.tokens.is_empty();
                cursor.pass(reader.tokens.end_of_last());
            }
        }
        Ok(())
    }

    /// The record that is next, and how long it is.
    pub fn record<'w>(
        &'w mut self,
        part: Part<'w>,
        shape: &'w Shape,
        terms: &'w Terms,
    ) -> Result<'w, (Document<'w>, usize)> {
        let Self { stage, closed } = self;
        let limits = &terms.limits;
        if let Stage::Collection(scope) = stage {
            let tokens = Tokens::within(part.text, part.traits, limits, scope);
            let mut reader = Reader::new(tokens, shape, terms.unknown, limits);
            let record = reader.next_record(shape)?.unwrap_or(Document::Null);
            return Ok((record, reader.tokens.end_of_last()));
        }
        let tokens = Tokens::beginning(part.text, part.traits, limits);
        let mut reader = Reader::new(tokens, shape, terms.unknown, limits);
        reader.open(shape, Expect::Record)?;
        let record = reader.record(&shape.root, &shape.record)?;
        *closed = true;
        Ok((record, reader.tokens.end_of_last()))
    }
}

/// Whether a record is next, and not the end of the root, which is passed over.
fn is_at_record<'s>(
    stage: &'s Stage,
    text: &'s str,
    cursor: &mut Cursor,
    shape: &'s Shape,
    terms: &Terms,
) -> Result<'s, bool> {
    let Stage::Collection(scope) = stage else { return Ok(true) };
    let (part, _) = cursor.part(text, terms.limits.record);
    let from_markup = part.text.trim_start_matches([' ', '\t', '\n', '\r']);
    cursor.pass(part.text.len() - from_markup.len());
    let rest = from_markup.strip_prefix('<').and_then(|rest| rest.strip_prefix(&*shape.record));
    if rest.is_some_and(|rest| rest.starts_with('>')) {
        return Ok(true);
    }
    let (part, _) = cursor.part(text, terms.limits.record);
    let tokens = Tokens::within(part.text, part.traits, &terms.limits, scope);
    let mut reader = Reader::new(tokens, shape, terms.unknown, &terms.limits);
    if reader.next_item(&shape.record, &shape.collection)? {
        // It is read as a record next, from the start: what stands before it is seldom there.
        return Ok(true);
    }
    cursor.pass(reader.tokens.end_of_last());
    Ok(false)
}
