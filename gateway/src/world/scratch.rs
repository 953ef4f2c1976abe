//! A folder for the time of one compilation.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// A new folder that only this process may enter; removed when dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes it under `parent`, which must exist. Its name cannot be foreseen and it must be new, so
    /// that nobody can prepare one in a folder that others may write.
    pub(super) fn under(parent: &Path) -> io::Result<Self> {
        let path = parent.join(format!(".lienthong-{}", Uuid::now_v7().simple()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed holds nothing secret and is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}
