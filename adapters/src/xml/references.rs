//! What `&name;` stands for: one of XML's five, or a character by its number. No document can define
//! more, so a reference never grows beyond its own length.

use super::namespaces::is_name;
use crate::{
    text,
    unreadable::{Problem, Rule},
};

/// The references of one document, counted.
pub(super) struct References {
    left: usize,
}

impl References {
    /// At most `most` of them.
    pub fn new(most: usize) -> Self {
        Self { left: most }
    }

    /// The character that `&name;` at `offset` stands for.
    pub fn resolve(&mut self, name: &str, offset: usize) -> Result<char, Problem<'static>> {
        self.left = self.left.checked_sub(1).ok_or(Problem::new(Rule::TooManyReferences, offset))?;
        let rule = match name {
            "lt" => return Ok('<'),
            "gt" => return Ok('>'),
            "amp" => return Ok('&'),
            "apos" => return Ok('\''),
            "quot" => return Ok('"'),
            name => match name.strip_prefix('#') {
                Some(code) => return numbered(code).map_err(|rule| Problem::new(rule, offset)),
                None if is_name(name) => Rule::Entity,
                None => Rule::NotWellFormed,
            },
        };
        Err(Problem::new(rule, offset))
    }
}

/// The character whose number is written as `code`: decimal, or hexadecimal after an `x`.
fn numbered(code: &str) -> Result<char, Rule> {
    let (digits, radix) = match code.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (code, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Rule::NotWellFormed);
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|character| text::allowed(*character))
        .ok_or(Rule::ControlCharacter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str) -> Result<char, Rule> {
        References::new(1).resolve(name, 0).map_err(|problem| problem.rule)
    }

    #[test]
    fn names_and_numbers_stand_for_characters() {
        assert_eq!(resolved("amp"), Ok('&'));
        assert_eq!(resolved("#7879"), Ok('ệ'));
        assert_eq!(resolved("#x1eC7"), Ok('ệ'));
        assert_eq!(resolved("#0000000000000065"), Ok('A'));
        assert_eq!(resolved("nbsp"), Err(Rule::Entity));
        assert_eq!(resolved("#X41"), Err(Rule::NotWellFormed));
        assert_eq!(resolved("#+65"), Err(Rule::NotWellFormed));
        assert_eq!(resolved("#0"), Err(Rule::ControlCharacter));
        assert_eq!(resolved("#xDC00"), Err(Rule::ControlCharacter));
    }

    #[test]
    fn they_are_counted() {
        let mut references = References::new(1);
        assert!(references.resolve("lt", 0).is_ok());
        assert_eq!(references.resolve("lt", 7), Err(Problem::new(Rule::TooManyReferences, 7)));
    }
}
