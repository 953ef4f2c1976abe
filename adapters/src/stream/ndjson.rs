//! NDJSON: one JSON object to a line. Blank lines are passed over; an object written over several
//! lines is not one, since other readers would cut it apart.

use contracts::Document;
use memchr::memchr;

use super::{Between, Cursor, Part, Result};
use crate::{
    Limits, json,
    unreadable::{Problem, Rule},
};

/// The lines of a stream: each stands for itself.
pub(super) struct Lines;

impl Lines {
    /// Passes over blank lines.
    pub fn between(&self, text: &str, cursor: &mut Cursor) -> Result<'static, Between> {
        let (Part { text: rest, .. }, _) = cursor.part(text, usize::MAX);
        let blank = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
        cursor.pass(blank);
        Ok(if blank == rest.len() { Between::Over } else { Between::Record })
    }

    /// The record on the line that is next, and how long it is; `complete` when nothing will follow.
    pub fn record<'w>(
        &self,
        part: Part<'w>,
        limits: &Limits,
        complete: bool,
    ) -> Result<'static, (Document<'w>, usize)> {
        let end = match memchr(b'\n', part.text.as_bytes()) {
            Some(end) => end,
            None if complete => part.text.len(),
            None => return Err(Problem::new(Rule::Unfinished, part.text.len())),
        };
        let line = part.text.get(..end).unwrap_or_default();
        if !line.starts_with('{') {
            return Err(Problem::new(Rule::WrongRoot, 0));
        }
        let (document, length) = json::read_value(line, part.traits, limits, 1).map_err(|problem| {
            // A line that has its end will not go on.
            if problem.rule == Rule::Unfinished && end < part.text.len() {
                Problem::new(Rule::NotWellFormed, problem.offset)
            } else {
                problem
            }
        })?;
        let rest = line.get(length..).unwrap_or_default();
        let blank = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\r' | b'\t')).count();
        if blank < rest.len() {
            return Err(Problem::new(Rule::TrailingBytes, length + blank));
        }
        Ok((document, end))
    }
}
