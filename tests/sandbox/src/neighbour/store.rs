//! Records of a neighbour, kept as the text that arrived, in a file that survives a restart.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which dataset: `nhiem-vu`.
    pub dataset: String,
    /// What identifies it there.
    pub key: String,
    /// The record as it was received.
    pub text: String,
}

/// Why records were not added.
#[derive(Debug)]
pub enum NotAdded {
    /// One of them is there already.
    Duplicate,
    /// The file could not be written; nothing was added.
    Unwritten(anyhow::Error),
}

/// The records, in the order they came.
pub struct Store {
    file: PathBuf,
    records: Mutex<Vec<Kept>>,
}

impl Store {
    /// Opens `file`, empty when it is not there yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(file: &Path) -> Result<Self> {
        let records = if file.exists() {
            let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
            serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?
        } else {
            Vec::new()
        };
        Ok(Self { file: file.to_owned(), records: Mutex::new(records) })
    }

    /// Whether nothing was ever kept.
    pub fn is_empty(&self) -> bool {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The records of `dataset`.
    pub fn all(&self, dataset: &str) -> Vec<Kept> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.iter().filter(|kept| kept.dataset == dataset).cloned().collect()
    }

    /// Adds all of `new`, or none.
    ///
    /// # Errors
    /// [`NotAdded`].
    pub fn add(&self, new: Vec<Kept>) -> Result<(), NotAdded> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let before = records.len();
        for kept in new {
            if records.iter().any(|known| known.dataset == kept.dataset && known.key == kept.key) {
                records.truncate(before);
                return Err(NotAdded::Duplicate);
            }
            records.push(kept);
        }
        self.write(&records).map_err(|error| {
            records.truncate(before);
            NotAdded::Unwritten(error)
        })
    }

    fn write(&self, records: &[Kept]) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = self.file.with_extension("new");
        let mut out = fs::File::create(&new)?;
        out.write_all(&serde_json::to_vec(records)?)?;
        out.sync_all()?;
        Ok(fs::rename(new, &self.file)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(key: &str) -> Kept {
        Kept { dataset: "nhiem-vu".into(), key: key.into(), text: format!(r#"{{"MaSo":"{key}"}}"#) }
    }

    #[test]
    fn records_survive_a_restart_and_duplicates_add_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/store.json");
        let store = Store::open(&file).unwrap();
        store.add(vec![kept("a")]).unwrap();
        assert!(matches!(store.add(vec![kept("b"), kept("a")]), Err(NotAdded::Duplicate)));
        assert_eq!(Store::open(&file).unwrap().all("nhiem-vu"), [kept("a")]);
        assert_eq!(store.all("to-chuc"), []);
    }
}
