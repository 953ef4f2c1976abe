//! One contract: a dataset's rules, compiled.

use std::{fmt, str::FromStr, sync::Arc};

use serde::Deserialize;

use crate::{
    Bilingual, CodeLists, Document, FieldPath, Form, RecordShape, Shape, Violation, geometry,
    validation::Validator,
};

/// A dataset and the version of its contract: `nhiem-vu@1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId {
    /// The dataset, kebab-case.
    pub dataset: Arc<str>,
    /// The version, from 1.
    pub version: u32,
}

/// Whether a contract may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Settled: what could refuse a record that was valid before is a new version.
    Active,
    /// It names what the law names, and no field of it is settled: fields may be renamed, retyped or
    /// dropped within the version. Services and agreements use one only where they say that they know
    /// (`draft = true`), and every description of it says so too ([`Status::caution`]).
    Draft,
}

impl Status {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Active, Self::Draft];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draft => "draft",
        }
    }

    /// What it is called.
    pub fn title(self) -> Bilingual {
        match self {
            Self::Active => Bilingual::new("hiệu lực", "active"),
            Self::Draft => Bilingual::new("dự thảo", "draft"),
        }
    }

    /// What whoever reads a description of the contract is told first, so that nobody takes a draft for
    /// settled.
    pub fn caution(self) -> Option<Bilingual> {
        (self == Self::Draft).then(|| {
            Bilingual::new(
                "HỢP ĐỒNG DỰ THẢO: chưa trường nào là quy định, các trường có thể đổi mà phiên bản không đổi.",
                "A DRAFT: no field of it is settled, and fields may change within the version.",
            )
        })
    }
}

/// How often the owner brings the dataset up to date (draft circular, Điều 16 khoản 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateFrequency {
    /// As things happen.
    Realtime,
    /// Every hour.
    Hourly,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every quarter.
    Quarterly,
    /// Every half year.
    HalfYearly,
    /// Every year.
    Yearly,
    /// At a frequency that some rule sets, which the circular itself does not name. A service that
    /// offers the dataset says which.
    AsPrescribed,
}

impl UpdateFrequency {
    /// Every frequency, the most frequent first.
    pub const ALL: [Self; 9] = [
        Self::Realtime,
        Self::Hourly,
        Self::Daily,
        Self::Weekly,
        Self::Monthly,
        Self::Quarterly,
        Self::HalfYearly,
        Self::Yearly,
        Self::AsPrescribed,
    ];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Realtime => "realtime",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::HalfYearly => "half-yearly",
            Self::Yearly => "yearly",
            Self::AsPrescribed => "as-prescribed",
        }
    }

    /// What it is called.
    pub fn title(self) -> Bilingual {
        let (vi, en) = match self {
            Self::Realtime => ("thời gian thực", "as things happen"),
            Self::Hourly => ("hằng giờ", "every hour"),
            Self::Daily => ("hằng ngày", "every day"),
            Self::Weekly => ("hằng tuần", "every week"),
            Self::Monthly => ("hằng tháng", "every month"),
            Self::Quarterly => ("hằng quý", "every quarter"),
            Self::HalfYearly => ("6 tháng một lần", "every half year"),
            Self::Yearly => ("hằng năm", "every year"),
            Self::AsPrescribed => ("theo tần suất quy định", "as prescribed"),
        };
        Bilingual::new(vi, en)
    }
}

/// A compiled contract.
pub struct Contract {
    pub(crate) id: ContractId,
    /// The same as text: every exchange records it.
    pub(crate) name: Box<str>,
    pub(crate) title: Bilingual,
    pub(crate) owner: String,
    pub(crate) legal_basis: Vec<String>,
    pub(crate) status: Status,
    pub(crate) update: UpdateFrequency,
    pub(crate) key: FieldPath,
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

    /// The same as text: `nhiem-vu@1`.
    pub fn name(&self) -> &str {
        &self.name
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

    /// Whether it may be relied on.
    pub fn status(&self) -> Status {
        self.status
    }

    /// How often the dataset is brought up to date.
    pub fn update(&self) -> UpdateFrequency {
        self.update
    }

    /// The field that identifies a record, of its first level: required and never null.
    pub fn key(&self) -> &FieldPath {
        &self.key
    }

    /// Whether the key is personal data. Keys stand in paths (`/records/{id}`) and paths reach logs,
    /// so such a contract serves questions and answers (`verify`), never records by their key.
    pub fn has_personal_key(&self) -> bool {
        self.shape.field(&self.key).is_none_or(|field| field.classification.is_personal())
    }

    /// The JSON Schema as written, references resolved.
    pub fn schema(&self) -> &serde_json::Value {
        &self.schema
    }

    /// The compiled shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The code lists that its fields may name.
    pub fn code_lists(&self) -> &CodeLists {
        self.validator.code_lists()
    }

    /// What the journal names as the revision: SHA-256 over the bytes of `contract.toml`, one zero
    /// byte, the bytes of `schema.json`, and for each part of `catalog/parts.json` that the contract
    /// uses, in the order of their names, one zero byte and the definition as written there, its name
    /// included. So a changed part changes every contract that uses it, and no other. Code lists have
    /// editions of their own.
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

    /// Removes the members of `record` that the shape does not have, at every depth, and says how
    /// many: what `unknown_fields = "drop"` does to a provider's reply before it is checked. A
    /// removed member counts once, whatever it holds.
    pub fn drop_unknown(&self, record: &mut Document<'_>) -> usize {
        drop_unknown(&self.shape.root, record)
    }
}

// As deep as the shape, whatever the document nests.
fn drop_unknown(shape: &RecordShape, document: &mut Document<'_>) -> usize {
    let Some(record) = document.as_record_mut() else { return 0 };
    let before = record.len();
    record.retain(|name, _| shape.field(name).is_some());
    let mut dropped = before - record.len();
    for (name, value) in record.iter_mut() {
        match (shape.field(name).map(|(_, field)| &field.form), value) {
            (Some(Form::Record(inner)), value) => dropped += drop_unknown(inner, value),
            (Some(Form::Geometry(_)), value) => dropped += geometry::drop_unknown(value),
            (Some(Form::List(list)), Document::List(items)) => {
                dropped += match &list.item {
                    Form::Record(inner) => items.iter_mut().map(|item| drop_unknown(inner, item)).sum(),
                    Form::Geometry(_) => items.iter_mut().map(geometry::drop_unknown).sum(),
                    Form::Text | Form::Number { .. } | Form::Boolean | Form::List(_) => 0,
                };
            }
            _ => {}
        }
    }
    dropped
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_contract_is_named_by_dataset_and_version() {
        let id: ContractId = "nhiem-vu@1".parse().unwrap();
        assert_eq!((&*id.dataset, id.version), ("nhiem-vu", 1));
        for bad in
            ["nhiem-vu", "nhiem-vu@", "nhiem-vu@0", "nhiem-vu@-1", "@1", "Nhiem-vu@1", "nhiem vu@1", "a@1@2"]
        {
            assert!(bad.parse::<ContractId>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_names_a_contract_or_is_refused(text in "\\PC{0,20}") {
            if let Ok(id) = text.parse::<ContractId>() {
                prop_assert_eq!(id.to_string().parse::<ContractId>(), Ok(id));
            }
        }
    }
}
