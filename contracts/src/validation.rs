//! JSON Schema 2020-12 over a [`Document`], without copying it.

use crate::{Document, Violation};

/// A compiled validator.
pub(crate) struct Validator;

impl Validator {
    pub(crate) fn check(&self, _record: &Document<'_>, _limit: usize) -> Result<(), Vec<Violation>> {
        todo!("validation")
    }
}
