//! Features of GML: a collection of one of the forms that [`gml`](crate::gml) tells of, or one feature.

use contracts::{Document, Shape};

use super::{Between, Cursor, Part, Result, Root, Terms};
use crate::{
    Expect,
    unreadable::Problem,
    xml::{
        features::{self, Member},
        read::{Opened, Reader},
        tokens::{Scope, Tokens},
    },
};

/// What has been read around the features.
#[derive(Default)]
pub(super) struct Features {
    stage: Stage,
    closed: bool,
}

#[derive(Default)]
enum Stage {
    /// Nothing is read.
    #[default]
    Start,
    /// The root is one feature, and not read.
    Alone,
    /// The collection's start tag was read; within it perhaps that of an element which holds several.
    Collection { root: Scope, several: Option<Scope> },
}

/// What stands next in a collection, and how much was passed over to see it.
enum Found {
    Feature,
    /// The element that holds several features has opened; none when it is empty.
    Several(Option<Scope>, usize),
    /// The innermost element has closed.
    Close(usize),
}

impl Features {
    pub fn root(&self) -> Option<Root> {
        match self.stage {
            Stage::Start => None,
            Stage::Alone => Some(Root::Record),
            Stage::Collection { .. } => Some(Root::Collection),
        }
    }

    /// Passes over what stands around features.
    pub fn between<'s>(
        &mut self,
        text: &'s str,
        cursor: &mut Cursor,
        shape: &'s Shape,
        terms: &Terms,
    ) -> Result<'s, Between> {
        if let Stage::Start = self.stage {
            self.open(text, cursor, shape, terms)?;
        }
        while !self.closed {
            let Stage::Collection { root, several } = &mut self.stage else { return Ok(Between::Record) };
            let scope = several.as_ref().unwrap_or(root);
            // Whatever is wrong here is told of the record's element.
            let about = |problem: Problem<'_>| Problem {
                name: problem.name.map(|_| shape.record.as_str()),
                rule: problem.rule,
                offset: problem.offset,
            };
            match find(scope, several.is_some(), text, cursor, shape, terms).map_err(about)? {
                Found::Feature => return Ok(Between::Record),
                Found::Several(opened, length) => {
                    cursor.pass(length);
                    *several = opened;
                }
                Found::Close(length) => {
                    cursor.pass(length);
                    self.closed = several.take().is_none();
                }
            }
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
        let mut reader = reader(tokens, shape, terms);
        match features::open(&mut reader, shape, terms.expect)? {
            Opened::Record => self.stage = Stage::Alone,
            Opened::Collection => {
                self.stage = Stage::Collection { root: reader.tokens.scope(), several: None };
                // An empty element's end is still to come, and needs no bytes.
                self.closed = reader.tokens.is_empty();
                cursor.pass(reader.tokens.end_of_last());
            }
        }
        Ok(())
    }

    /// The feature that is next, and how long it is with what stands around it.
    pub fn record<'w>(
        &'w mut self,
        part: Part<'w>,
        shape: &'w Shape,
        terms: &'w Terms,
    ) -> Result<'w, (Document<'w>, usize)> {
        let Self { stage, closed } = self;
        let limits = &terms.limits;
        if let Stage::Collection { root, several } = stage {
            let scope = several.as_ref().unwrap_or(root);
            let mut reader = reader(Tokens::within(part.text, part.traits, limits, scope), shape, terms);
            let record = if several.is_some() {
                features::next_feature(&mut reader, shape)?
            } else {
                match features::next_member(&mut reader, shape)? {
                    Some(_) => Some(features::only_feature(&mut reader, shape)?),
                    None => None,
                }
            };
            // One was seen to begin.
            return Ok((record.unwrap_or(Document::Null), reader.tokens.end_of_last()));
        }
        let mut reader = reader(Tokens::beginning(part.text, part.traits, limits), shape, terms);
        features::open(&mut reader, shape, Expect::Record)?;
        let record = reader.record(&shape.root, &shape.record)?;
        *closed = true;
        Ok((record, reader.tokens.end_of_last()))
    }
}

/// Looks for the next feature within `scope`.
fn find<'s>(
    scope: &'s Scope,
    several: bool,
    text: &'s str,
    cursor: &Cursor,
    shape: &'s Shape,
    terms: &'s Terms,
) -> Result<'s, Found> {
    let (part, _) = cursor.part(text, terms.limits.record);
    let tokens = Tokens::within(part.text, part.traits, &terms.limits, scope);
    let mut reader = reader(tokens, shape, terms);
    if several {
        let next = reader.tokens.next_child()?;
        return Ok(next.map_or(Found::Close(reader.tokens.end_of_last()), |_| Found::Feature));
    }
    // A member is read as a whole next, from the start: what stands before it is seldom there.
    let member = features::next_member(&mut reader, shape)?;
    let length = reader.tokens.end_of_last();
    Ok(match member {
        None => Found::Close(length),
        Some(Member::One) => Found::Feature,
        Some(Member::Several) if reader.tokens.is_empty() => Found::Several(None, length),
        Some(Member::Several) => Found::Several(Some(reader.tokens.scope()), length),
    })
}

fn reader<'a, 'l>(tokens: Tokens<'a, 'l>, shape: &'a Shape, terms: &'l Terms) -> Reader<'a, 'l> {
    let mut reader = Reader::new(tokens, shape, terms.unknown, &terms.limits);
    reader.features = true;
    reader
}
