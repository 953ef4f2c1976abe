//! All contracts, by name.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{CodeLists, Contract, ContractId, Fault};

/// The contracts and code lists of a folder, compiled. Cheap to clone, never changed.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    contracts: BTreeMap<ContractId, Arc<Contract>>,
    code_lists: CodeLists,
}

impl Catalog {
    /// Reads `<folder>/catalog` and `<folder>/code-lists`.
    ///
    /// # Errors
    /// Every fault of every file; a catalog is loaded whole or not at all. Warnings come with a
    /// catalog that loaded.
    pub fn load(_folder: &Path) -> Result<(Self, Vec<Fault>), Vec<Fault>> {
        todo!("catalog")
    }

    /// The contract called `id`.
    pub fn contract(&self, id: &ContractId) -> Option<&Arc<Contract>> {
        self.contracts.get(id)
    }

    /// Every contract, by name.
    pub fn contracts(&self) -> impl Iterator<Item = &Arc<Contract>> {
        self.contracts.values()
    }

    /// The code lists.
    pub fn code_lists(&self) -> &CodeLists {
        &self.code_lists
    }
}
