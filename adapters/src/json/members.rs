//! Names given twice in one object: found without paying for a set in small objects, and without
//! letting a sender choose names that make the search quadratic.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use contracts::Record;

/// Up to this many members a look through the names costs less than hashing them.
const FEW: usize = 16;

/// The names of one object so far.
#[derive(Default)]
pub(super) struct Members {
    /// One bit per cheap digest: a clear bit proves that a name is new.
    digests: u64,
    /// Keyed hashes of all names, once there are more than [`FEW`].
    hashes: Option<HashSet<u64>>,
    keys: Option<RandomState>,
}

impl Members {
    /// Those of `record`, which are distinct.
    pub fn of(record: &Record<'_>) -> Self {
        let digests = record.iter().take(FEW).fold(0, |all, (name, _)| all | bit(name));
        Self { digests, ..Self::default() }
    }

    /// Whether `name`, about to be pushed to `record`, is new there.
    pub fn admit(&mut self, record: &Record<'_>, name: &str) -> bool {
        if record.len() < FEW {
            let digest = bit(name);
            let new = self.digests & digest == 0 || record.get(name).is_none();
            self.digests |= digest;
            return new;
        }
        let keys = self.keys.get_or_insert_default();
        let hashes =
            self.hashes.get_or_insert_with(|| record.iter().map(|(known, _)| keys.hash_one(known)).collect());
        // An equal hash is almost surely an equal name; the look decides.
        hashes.insert(keys.hash_one(name)) || record.get(name).is_none()
    }
}

/// Tells most short names apart: their length, ends and middle.
fn bit(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let at = |index: usize| bytes.get(index).map_or(0, |byte| usize::from(*byte));
    let ends = at(0).wrapping_mul(7) ^ at(bytes.len().wrapping_sub(1)).wrapping_mul(31);
    let digest = ends ^ at(bytes.len() / 2).wrapping_mul(13) ^ bytes.len().wrapping_mul(5);
    1 << (digest & 63)
}

#[cfg(test)]
mod tests {
    use contracts::Document;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn admits_each_name_once(
            names in prop::collection::vec("[a-c]{0,3}", 0..60), known in 0_usize..30,
        ) {
            let (mut members, mut record, mut seen) = (Members::default(), Record::default(), HashSet::new());
            for (index, name) in names.into_iter().enumerate() {
                if index == known {
                    members = Members::of(&record);
                }
                let new = members.admit(&record, &name);
                prop_assert_eq!(new, seen.insert(name.clone()));
                if new {
                    record.push(name, Document::Null);
                }
            }
        }
    }
}
