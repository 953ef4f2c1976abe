//! A JSON array of records, or one record.

use contracts::Document;

use super::{Between, Cursor, Part, Result, Root, Terms};
use crate::{
    Limits, json,
    unreadable::{Problem, Rule},
};

/// How deep the members of an array stand.
const IN_ARRAY: usize = 2;

/// What has been read around the records.
#[derive(Default)]
pub(super) struct Array {
    stage: Stage,
    root: Option<Root>,
}

#[derive(Clone, Copy, Default)]
enum Stage {
    /// Nothing is read.
    #[default]
    Start,
    /// `[` was read.
    Opened,
    /// A record was read: a comma or the end is next.
    Read,
    /// A comma was read, or the one record is next: no way around a record.
    Record,
    /// `]` was read, or the one record.
    Closed,
}

impl Array {
    pub fn root(&self) -> Option<Root> {
        self.root
    }

    /// Passes over brackets, commas and blanks.
    pub fn between(&mut self, text: &str, cursor: &mut Cursor, terms: &Terms) -> Result<'static, Between> {
        loop {
            let (Part { text: rest, .. }, _) = cursor.part(text, usize::MAX);
            let blank = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
            cursor.pass(blank);
            let next = match rest.as_bytes().get(blank) {
                Some(next) => *next,
                None if matches!(self.stage, Stage::Closed) => return Ok(Between::Over),
                None => return Err(Problem::new(Rule::Unfinished, 0)),
            };
            self.stage = match (self.stage, next) {
                (Stage::Start, b'[') if terms.expect.accepts_collection() => {
                    self.root = Some(Root::Collection);
                    Stage::Opened
                }
                (Stage::Start, b'{') if terms.expect.accepts_record() => {
                    self.root = Some(Root::Record);
                    self.stage = Stage::Record;
                    return Ok(Between::Record);
                }
                (Stage::Start, _) => return Err(Problem::new(Rule::WrongRoot, 0)),
                (Stage::Opened | Stage::Read, b']') => Stage::Closed,
                (Stage::Read, b',') => Stage::Record,
                (Stage::Read, _) => return Err(Problem::new(Rule::NotWellFormed, 0)),
                (Stage::Opened | Stage::Record, _) => return Ok(Between::Record),
                (Stage::Closed, _) => return Err(Problem::new(Rule::TrailingBytes, 0)),
            };
            cursor.pass(1);
        }
    }

    /// The record that is next, and how long it is.
    pub fn record<'w>(&mut self, part: Part<'w>, limits: &Limits) -> Result<'static, (Document<'w>, usize)> {
        let depth = if self.root == Some(Root::Collection) { IN_ARRAY } else { 1 };
        let read = json::read_value(part.text, part.traits, limits, depth)?;
        self.stage = if depth == IN_ARRAY { Stage::Read } else { Stage::Closed };
        Ok(read)
    }
}
