//! One contract: a dataset's rules, compiled.

use std::{fmt, str::FromStr, sync::Arc};

use crate::{Bilingual, Document, Shape, Violation, validation::Validator};

/// A dataset and the version of its contract: `nhiem-vu@1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId {
    /// The dataset, kebab-case.
    pub dataset: Arc<str>,
    /// The version, from 1.
    pub version: u32,
}

/// A compiled contract.
pub struct Contract {
    pub(crate) id: ContractId,
    pub(crate) title: Bilingual,
    pub(crate) owner: String,
    pub(crate) legal_basis: Vec<String>,
    pub(crate) schema: serde_json::Value,
    pub(crate) shape: Shape,
    pub(crate) validator: Validator,
    pub(crate) revision: [u8; 32],
}

impl Contract {
    /// Its name.
    pub fn id(&self) -> &ContractId {
        &self.id
    }

    /// What the dataset is called.
    pub fn title(&self) -> &Bilingual {
        &self.title
    }

    /// The member that answers for the dataset, e.g. `G06`.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The texts it rests on.
    pub fn legal_basis(&self) -> &[String] {
        &self.legal_basis
    }

    /// The JSON Schema as written, references resolved.
    pub fn schema(&self) -> &serde_json::Value {
        &self.schema
    }

    /// The compiled shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// SHA-256 over `contract.toml` and `schema.json`: what the journal names as the revision.
    pub fn revision(&self) -> &[u8; 32] {
        &self.revision
    }

    /// Checks one record.
    ///
    /// # Errors
    /// Every violation found, in document order, at most `limit` of them.
    pub fn check(&self, record: &Document<'_>, limit: usize) -> Result<(), Vec<Violation>> {
        self.validator.check(record, limit)
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contract").field(&self.id).finish()
    }
}

impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.dataset, self.version)
    }
}

impl FromStr for ContractId {
    type Err = NotAContractId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (dataset, version) = text.split_once('@').ok_or(NotAContractId)?;
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let version: u32 = version.parse().map_err(|_| NotAContractId)?;
        if version == 0 || dataset.is_empty() || !dataset.bytes().all(good) {
            return Err(NotAContractId);
        }
        Ok(Self { dataset: dataset.into(), version })
    }
}

/// The text does not name a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a contract's name, such as `nhiem-vu@1`")]
pub struct NotAContractId;
