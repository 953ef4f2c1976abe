//! Names of fields inside a record: `ChuNhiem.HoVaTen`.

use std::{fmt, str::FromStr, sync::Arc};

/// The dotted path of a field from the record's root. Lists are transparent: `ThanhVien.HoVaTen`
/// means that field of every member. Never empty; segments are never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Arc<str>);

impl FieldPath {
    /// The path as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names from the root down.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The path of field `name` under this one.
    pub fn child(&self, name: &str) -> Self {
        Self(format!("{}.{name}", self.0).into())
    }

    /// Whether `self` is `other` or lies under it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.strip_prefix(&*other.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl FromStr for FieldPath {
    type Err = NotAFieldPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = |segment: &str| {
            !segment.is_empty()
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        if text.split('.').all(good) { Ok(Self(text.into())) } else { Err(NotAFieldPath) }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a dotted path of field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a dotted path of field names, such as `ChuNhiem.HoVaTen`")]
pub struct NotAFieldPath;
