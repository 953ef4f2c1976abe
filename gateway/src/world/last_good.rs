//! The last good documents, kept in the data folder: a restart must not depend on whether an
//! operator happens to be in the middle of an edit.

use std::{fs, io, path::Path};

use super::documents::Documents;

/// The folder under the data folder.
const FOLDER: &str = "last-good";

/// Keeps `documents`, replacing what was kept. A crash midway leaves the old or the new, whole.
///
/// # Errors
/// What could not be written; the old copy is then still there.
pub fn keep(data: &Path, documents: &Documents) -> io::Result<()> {
    let (new, kept, old) = (data.join("last-good.new"), data.join(FOLDER), data.join("last-good.old"));
    for leftover in [&new, &old] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    fs::create_dir_all(&new)?;
    documents.write(&new)?;
    if kept.exists() {
        fs::rename(&kept, &old)?;
    }
    fs::rename(&new, &kept)?;
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}

/// The folder that holds `policies/` and `contracts/` of the last good world, if one was kept.
pub fn kept(data: &Path) -> Option<std::path::PathBuf> {
    // Between the two renames of `keep` only the old copy exists.
    [FOLDER, "last-good.old"].iter().map(|name| data.join(name)).find(|folder| folder.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_newest_kept_copy_is_found_again() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(kept(data.path()), None);
        for text in ["one", "two"] {
            let documents =
                Documents::from_texts([(PathBuf::from("policies/members/A.toml"), text.to_owned())]);
            keep(data.path(), &documents).unwrap();
            let folder = kept(data.path()).unwrap();
            assert_eq!(fs::read_to_string(folder.join("policies/members/A.toml")).unwrap(), text);
        }
    }

    #[test]
    fn a_crash_between_the_renames_loses_nothing() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir_all(data.path().join("last-good.old/policies")).unwrap();
        assert!(kept(data.path()).is_some());
    }
}
