//! `purposes/<id>.toml` as written.

use contracts::Bilingual;

use super::{Sheet, Table, member::named_by_file};
use crate::PurposeId;

/// A purpose's document.
pub(crate) struct Purpose {
    pub(crate) id: PurposeId,
    pub(crate) title: Bilingual,
    pub(crate) legal_basis: Vec<String>,
}

impl Purpose {
    /// Reads a purpose's document; `None` when it lacks what makes it one.
    pub(crate) fn read(sheet: &Sheet<'_>) -> Option<Self> {
        let tree = sheet.parse()?;
        let table = Table::root(sheet, &tree);
        let id = table.required("id", table.value::<PurposeId>("id"));
        named_by_file(sheet, "purposes", id.as_ref().map(|id| (id.get_ref().as_str(), id.span())));
        let title = table.required("title", table.bilingual("title"));
        let legal_basis = table.required("legal_basis", table.texts("legal_basis"));
        table.close();
        let legal_basis = legal_basis?.into_iter().map(toml::Spanned::into_inner).collect();
        Some(Self { id: id?.into_inner(), title: title?, legal_basis })
    }
}
