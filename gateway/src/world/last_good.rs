//! The last good documents: a restart must not depend on whether an operator happens to be in the
//! middle of an edit.
//!
//! The texts are in the journal's store already, each under its SHA-256 and on the disk; what is kept
//! here is one small file that names their manifest. A text that was changed since is found out by
//! its hash, and a copy that is not whole is no copy.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::journal::{self, JournalFault, Kept};

/// Which copy.
#[derive(Clone, Copy, Debug)]
pub enum Copy {
    /// The sharing documents and contracts.
    Documents,
    /// The suspensions, which load on their own.
    Suspensions,
}

impl Copy {
    fn file(self, data: &Path) -> PathBuf {
        data.join(match self {
            Self::Documents => "last-good-documents",
            Self::Suspensions => "last-good-suspensions",
        })
    }
}

/// Takes `kept`, which the journal keeps, for the last good ones instead of those before. A crash midway
/// leaves the old or the new, whole.
///
/// # Errors
/// What could not be written; the old copy is then still there.
pub fn keep(data: &Path, copy: Copy, kept: &Kept) -> io::Result<()> {
    let hex: String = kept.manifest.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = copy.file(data);
    // Two processes may overlap during an upgrade, and both saw the same edit.
    let draft = file.with_extension(format!("draft-{}", std::process::id()));
    let mut writing = File::create(&draft)?;
    writing.write_all(hex.as_bytes())?;
    writing.sync_all()?;
    fs::rename(&draft, &file)
}

/// The texts last kept, by name; `None` when none were or they are no longer whole.
pub fn kept(data: &Path, copy: Copy) -> Option<Vec<(PathBuf, String)>> {
    let named = fs::read_to_string(copy.file(data)).ok()?;
    let manifest = journal::bytes_of(named.trim())?;
    texts(&journal::Documents::of(data), &manifest).ok().flatten()
}

/// The texts that a manifest lists, by name; `None` when one of them is not kept.
///
/// # Errors
/// A text that cannot be read, or is no longer what it was.
pub fn texts(
    store: &journal::Documents,
    manifest: &[u8; 32],
) -> Result<Option<Vec<(PathBuf, String)>>, JournalFault> {
    let Some(listed) = store.manifest(manifest)? else { return Ok(None) };
    let (mut texts, mut reader) = (Vec::with_capacity(listed.len()), store.reader());
    for (name, hash) in listed {
        let Some(text) = reader.text(&hash)?.and_then(|text| String::from_utf8(text).ok()) else {
            return Ok(None);
        };
        texts.push((PathBuf::from(name), text));
    }
    Ok(Some(texts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Text;

    fn keep(data: &Path, copy: Copy, texts: &[(&str, &[u8])]) -> io::Result<()> {
        let texts: Vec<Text<'_>> = texts.iter().map(|(name, text)| Text::new(*name, text)).collect();
        let kept = journal::Documents::of(data).keep_manifest(&texts).map_err(io::Error::other)?;
        super::keep(data, copy, &kept)
    }

    #[test]
    fn what_was_kept_last_is_found_again_each_copy_for_itself() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(kept(data.path(), Copy::Documents), None);
        for text in ["one", "two"] {
            keep(data.path(), Copy::Documents, &[("policies/members/A.toml", text.as_bytes())]).unwrap();
            let found = kept(data.path(), Copy::Documents).unwrap();
            assert_eq!(found, [(PathBuf::from("policies/members/A.toml"), text.to_owned())]);
        }
        assert_eq!(kept(data.path(), Copy::Suspensions), None);
        keep(data.path(), Copy::Suspensions, &[]).unwrap();
        assert_eq!(kept(data.path(), Copy::Suspensions), Some(Vec::new()), "none is something to know");
    }

    #[test]
    fn a_copy_that_was_changed_is_none() {
        let data = tempfile::tempdir().unwrap();
        keep(data.path(), Copy::Documents, &[("a", b"deny")]).unwrap();
        for file in fs::read_dir(data.path().join("documents")).unwrap() {
            let path = file.unwrap().path();
            if fs::read(&path).unwrap() == b"deny" {
                fs::write(path, b"allow").unwrap();
            }
        }
        assert_eq!(kept(data.path(), Copy::Documents), None);
    }
}
