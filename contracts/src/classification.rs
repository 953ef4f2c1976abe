//! How freely a field may leave its owner.

use serde::{Deserialize, Serialize};

use crate::Bilingual;

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
    /// Every class, from free to guarded.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Shared, Self::Restricted, Self::Personal, Self::PersonalSensitive];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Shared => "shared",
            Self::Restricted => "restricted",
            Self::Personal => "personal",
            Self::PersonalSensitive => "personal-sensitive",
        }
    }

    /// What it means for a field to be of this class.
    pub fn meaning(self) -> Bilingual {
        let (vi, en) = match self {
            Self::Open => ("ai cũng được xem", "anyone may have it"),
            Self::Shared => ("cơ quan nhà nước dùng chung", "agencies share it by default"),
            Self::Restricted => {
                ("chỉ khi thỏa thuận nêu tên trường", "released only where an agreement names the field")
            }
            Self::Personal => ("dữ liệu cá nhân: nêu tên, có căn cứ", "personal data: named, with a ground"),
            Self::PersonalSensitive => (
                "dữ liệu cá nhân nhạy cảm (dân tộc, sức khỏe, liều bức xạ): căn cứ riêng",
                "sensitive personal data (ethnicity, health, radiation dose): a ground of its own",
            ),
        };
        Bilingual::new(vi, en)
    }

    /// Whether `release = ["*"]` covers the field.
    pub fn by_default(self) -> bool {
        matches!(self, Self::Open | Self::Shared)
    }

    /// Whether the field says something about a person.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Personal | Self::PersonalSensitive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_the_name_that_schemas_write() {
        for class in Classification::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
        }
    }
}
