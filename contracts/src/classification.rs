//! How freely a field may leave its owner.

use serde::{Deserialize, Serialize};

/// The class of a field, from `x-classification` in the schema. The order is from free to guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classification {
    /// Anyone may have it (dữ liệu mở).
    Open,
    /// Shared between agencies by default (dữ liệu dùng chung).
    Shared,
    /// Released only when an agreement names it.
    Restricted,
    /// Personal data (Luật 91/2025): named one by one, with a ground.
    Personal,
    /// Sensitive personal data (NĐ 356/2025: ethnicity, health): named, with a ground of its own.
    PersonalSensitive,
}

impl Classification {
    /// Whether `release = ["*"]` covers the field.
    pub fn by_default(self) -> bool {
        matches!(self, Self::Open | Self::Shared)
    }

    /// Whether the field says something about a person.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Personal | Self::PersonalSensitive)
    }
}
