//! Purposes: coded reasons, stated on each request and checked.

use contracts::Bilingual;

use crate::PurposeId;

/// A reason for which data may be asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Purpose {
    /// Its code, as `Lt-Purpose` states it.
    pub id: PurposeId,
    /// What it is called.
    pub title: Bilingual,
    /// The texts that allow it.
    pub legal_basis: Vec<String>,
}
