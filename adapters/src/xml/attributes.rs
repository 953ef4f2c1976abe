//! Attributes as they stand in a start tag or in the XML declaration.

use std::borrow::Cow;

use super::references::References;
use crate::{
    Limits, text,
    unreadable::{Problem, Rule},
};

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// An attribute as written.
pub(super) struct Written<'a> {
    pub name: &'a str,
    /// What stands between the quotation marks.
    pub value: &'a str,
    pub offset: usize,
}

/// Cuts `raw`, which begins at `offset`, into attributes: white space, name, `=`, quoted value. Names
/// are whatever stands there.
pub(super) fn cut<'a>(
    raw: &'a str,
    offset: usize,
    limits: &Limits,
    attributes: &mut Vec<Written<'a>>,
) -> Result<(), Problem<'static>> {
    let mut rest = raw;
    loop {
        let trimmed = rest.trim_start_matches(SPACE);
        if trimmed.is_empty() {
            return Ok(());
        }
        let offset = offset + raw.len() - trimmed.len();
        let malformed = Problem::new(Rule::NotWellFormed, offset);
        if trimmed.len() == rest.len() {
            return Err(malformed);
        }
        if attributes.len() == limits.attributes {
            return Err(Problem::new(Rule::TooManyAttributes, offset));
        }
        let (name, quoted) = text::cut(trimmed, b'=').ok_or(malformed)?;
        let quoted = quoted.trim_start_matches(SPACE);
        let inner = |quote: u8| text::cut(quoted.strip_prefix(char::from(quote))?, quote);
        let (value, after) = inner(b'"').or_else(|| inner(b'\'')).ok_or(malformed)?;
        attributes.push(Written { name: name.trim_end_matches(SPACE), value, offset });
        rest = after;
    }
}

impl<'a> Written<'a> {
    /// What the value says: references resolved, white space as section 3.3.3 of XML has it for CDATA.
    /// Borrowed when it is what was written.
    pub fn said(
        &self,
        references: &mut References,
        limits: &Limits,
    ) -> Result<Cow<'a, str>, Problem<'static>> {
        let malformed = Problem::new(Rule::NotWellFormed, self.offset);
        if self.value.len() > limits.text {
            return Err(Problem::new(Rule::TextTooLong, self.offset));
        }
        if !self.value.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'\t' | b'\n' | b'\r')) {
            return Ok(Cow::Borrowed(self.value));
        }
        let mut said = String::with_capacity(self.value.len());
        let mut rest = self.value;
        while let Some(special) = rest.find(['&', '<', '\t', '\n', '\r']) {
            let (plain, from) = rest.split_at_checked(special).unwrap_or((rest, ""));
            said.push_str(plain);
            if let Some(named) = from.strip_prefix('&') {
                let (name, after) = named.split_once(';').ok_or(malformed)?;
                said.push(references.resolve(name, self.offset)?);
                rest = after;
            } else {
                let after = from.strip_prefix("\r\n").or_else(|| from.strip_prefix(['\t', '\n', '\r']));
                rest = after.ok_or(malformed)?;
                said.push(' ');
            }
        }
        said.push_str(rest);
        Ok(Cow::Owned(said))
    }
}
