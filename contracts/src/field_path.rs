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
        let mut left = Some(&*self.0);
        std::iter::from_fn(move || {
            let (name, rest) = first(left?);
            left = rest;
            Some(name)
        })
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

/// The first name of a path, and what follows it. Asked of every record; paths are too short for the library's search,
/// which is set up first.
pub(crate) fn first(path: &str) -> (&str, Option<&str>) {
    let parts = path.bytes().position(|byte| byte == b'.').and_then(|dot| path.split_at_checked(dot));
    parts.map_or((path, None), |(name, rest)| (name, rest.get(1..)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn segments_are_what_stands_between_dots() {
        for path in ["MaSo", "ChuNhiem.HoVaTen", "a.b.c"] {
            let segments: Vec<_> = path.split('.').collect();
            assert_eq!(path.parse::<FieldPath>().unwrap().segments().collect::<Vec<_>>(), segments);
        }
    }

    #[test]
    fn paths_are_dotted_names() {
        for good in ["MaSo", "ChuNhiem.HoVaTen", "a_b.c-d.E1"] {
            assert_eq!(good.parse::<FieldPath>().unwrap().as_str(), good);
        }
        for bad in ["", ".", "MaSo.", ".MaSo", "A..B", "Mã", "A B", "A/B", "*"] {
            assert!(bad.parse::<FieldPath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_that_begins_like_another_is_not_within_it() {
        let path = |text: &str| text.parse::<FieldPath>().unwrap();
        assert!(path("ChuNhiem.HoVaTen").is_within(&path("ChuNhiem")));
        assert!(path("ChuNhiem").is_within(&path("ChuNhiem")));
        assert!(!path("ChuNhiemPhu.HoVaTen").is_within(&path("ChuNhiem")));
        assert!(!path("ChuNhiem").is_within(&path("ChuNhiem.HoVaTen")));
    }

    proptest! {
        #[test]
        fn a_child_is_within_its_parent_and_reads_back(
            names in prop::collection::vec("[A-Za-z][A-Za-z0-9_-]{0,8}", 1..6), child in "[A-Z][a-z]{0,5}",
        ) {
            let parent: FieldPath = names.join(".").parse().unwrap();
            prop_assert!(parent.segments().eq(names.iter().map(String::as_str)));
            let path = parent.child(&child);
            prop_assert!(path.is_within(&parent) && !parent.is_within(&path));
            prop_assert_eq!(path.to_string().parse::<FieldPath>(), Ok(path));
        }

        #[test]
        fn any_text_is_a_path_or_refused(text in "\\PC{0,20}") {
            if let Ok(path) = text.parse::<FieldPath>() {
                prop_assert!(path.segments().all(|segment| !segment.is_empty()));
            }
        }
    }
}
