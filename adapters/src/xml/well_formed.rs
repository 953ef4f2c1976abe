//! What every document must be before any shape is asked.

use super::tokens::{Token, Tokens};
use crate::{Limits, Unreadable, unreadable::Problem};

/// Whether `bytes` are a namespace-well-formed XML 1.0 document of the kind that is read here: no
/// DOCTYPE, UTF-8, within `limits`. [`read`](super::read) demands the same and more; outside suites that
/// know no contract judge this.
///
/// # Errors
/// The first rule that the bytes break, and where.
pub fn well_formed(bytes: &[u8], limits: &Limits) -> Result<(), Unreadable> {
    tokens(bytes, limits).map_err(|problem| Unreadable::new(bytes, problem))
}

fn tokens(bytes: &[u8], limits: &Limits) -> Result<(), Problem<'static>> {
    let mut tokens = Tokens::new(bytes, limits)?;
    while !matches!(tokens.next()?, Token::End) {}
    Ok(())
}
