//! The texts behind decisions, each kept once under its SHA-256.
//!
//! `data/documents/<hex>` holds a text as the operator wrote it: a policy, a contract, a code list,
//! or a *manifest*, which is the list of the documents of one act in the form that `sha256sum` writes
//! and `sha256sum --check` reads. A file appears under its final name only when it is whole and on
//! the disk.

use std::{
    borrow::Cow,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use ring::digest;

use super::{
    fault::JournalFault,
    line::hex,
    record::bytes_of,
    storage::{FILE_MODE, FOLDER_MODE},
};

/// The documents of an act: each one's name and SHA-256, in the order they were given.
pub type Manifest = Vec<(String, [u8; 32])>;

/// Documents that are kept, and what lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of the manifest.
    pub manifest: [u8; 32],
    /// How many it lists.
    pub count: usize,
}

/// A text to keep.
#[derive(Clone, Debug)]
pub struct Text<'t> {
    name: Cow<'t, str>,
    hash: [u8; 32],
    text: &'t [u8],
    kept: bool,
}

impl<'t> Text<'t> {
    /// `text`, to be listed under `name`: its place relative to the operator's folder.
    pub fn new(name: impl Into<Cow<'t, str>>, text: &'t [u8]) -> Self {
        Self { name: name.into(), hash: sha256(text), text, kept: false }
    }

    /// As [`Text::new`], when its SHA-256 is known; `kept` says that this process kept it before.
    pub fn known(name: impl Into<Cow<'t, str>>, hash: [u8; 32], text: &'t [u8], kept: bool) -> Self {
        Self { name: name.into(), hash, text, kept }
    }
}

/// What most lines of a manifest are shorter than, to make room for all at once.
const LINE: usize = 128;

static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// The store of texts.
#[derive(Clone, Debug)]
pub struct Documents {
    folder: PathBuf,
}

impl Documents {
    /// The store under a data folder; made at the first text kept.
    pub fn of(data: &Path) -> Self {
        Self { folder: data.join("documents") }
    }

    /// Keeps `text` and returns its SHA-256.
    ///
    /// # Errors
    /// When it cannot be written and synchronised.
    pub fn keep(&self, text: &[u8]) -> Result<[u8; 32], JournalFault> {
        let hash = sha256(text);
        self.keep_all(std::iter::once((hash, text)))?;
        Ok(hash)
    }

    /// Keeps named texts and their manifest. A hundred thousand texts are written first and synchronised
    /// after, so that the disk does it in large strokes; those that are known to be kept are only listed.
    ///
    /// # Errors
    /// When one cannot be written and synchronised. Those already kept stay.
    pub fn keep_manifest(&self, texts: &[Text<'_>]) -> Result<Kept, JournalFault> {
        let fresh = texts.iter().filter(|text| !text.kept);
        self.keep_all(fresh.map(|text| (text.hash, text.text)))?;
        let mut manifest = Vec::with_capacity(texts.len() * LINE);
        for text in texts {
            hex(&mut manifest, &text.hash);
            manifest.extend_from_slice(b"  ");
            // A line feed in a file's name would be a line of the manifest.
            manifest.extend_from_slice(text.name.replace('\n', " ").as_bytes());
            manifest.push(b'\n');
        }
        Ok(Kept { manifest: self.keep(&manifest)?, count: texts.len() })
    }

    /// The text of a hash; `None` when it was never kept.
    ///
    /// # Errors
    /// When it cannot be read, or is no longer what it was: a text that does not have its hash is
    /// reported as unreadable, never returned.
    pub fn text(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, JournalFault> {
        let path = self.path(hash);
        match fs::read(&path) {
            Ok(text) if sha256(&text) == *hash => Ok(Some(text)),
            Ok(_) => Err(JournalFault::read(path, io::Error::other("the text was changed"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalFault::read(path, error)),
        }
    }

    /// The names and hashes that a manifest lists; `None` when it was never kept.
    ///
    /// # Errors
    /// As [`Documents::text`].
    pub fn manifest(&self, hash: &[u8; 32]) -> Result<Option<Manifest>, JournalFault> {
        let Some(text) = self.text(hash)? else { return Ok(None) };
        let text = String::from_utf8(text)
            .map_err(|_| JournalFault::read(self.path(hash), io::Error::other("not a manifest")))?;
        let entries = text.lines().filter_map(|line| {
            let (hash, name) = line.split_once("  ")?;
            Some((name.to_owned(), bytes_of(hash)?))
        });
        Ok(Some(entries.collect()))
    }

    fn keep_all<'t>(&self, texts: impl Iterator<Item = ([u8; 32], &'t [u8])>) -> Result<(), JournalFault> {
        let folder = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&self.folder);
        folder.map_err(|source| JournalFault::create(&self.folder, source))?;
        let mut fresh = Vec::new();
        for (hash, text) in texts {
            let path = self.path(&hash);
            if !path.exists() {
                // Two who keep the same text at once do not share a draft.
                let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
                let draft = path.with_extension(format!("draft-{}-{number}", std::process::id()));
                OpenOptions::new()
                    .write(true)
                    // A crashed process of the same number may have left one.
                    .create(true)
                    .truncate(true)
                    .mode(FILE_MODE)
                    .open(&draft)
                    .and_then(|mut file| file.write_all(text))
                    .map_err(|source| JournalFault::write(&draft, source))?;
                fresh.push((draft, path));
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        for (draft, _) in &fresh {
            File::open(draft)
                .and_then(|file| file.sync_all())
                .map_err(|source| JournalFault::sync(draft, source))?;
        }
        for (draft, path) in &fresh {
            fs::rename(draft, path).map_err(|source| JournalFault::write(path, source))?;
        }
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| JournalFault::sync(&self.folder, source))
    }

    fn path(&self, hash: &[u8; 32]) -> PathBuf {
        let mut name = Vec::with_capacity(64);
        hex(&mut name, hash);
        self.folder.join(String::from_utf8_lossy(&name).as_ref())
    }
}

fn sha256(text: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    // SHA-256 has 32 bytes; zip keeps that from being a claim that could panic.
    for (to, from) in hash.iter_mut().zip(digest::digest(&digest::SHA256, text).as_ref()) {
        *to = *from;
    }
    hash
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Documents, Text};

    #[test]
    fn a_text_is_kept_once_and_read_back() {
        let data = tempfile::tempdir().unwrap();
        let documents = Documents::of(data.path());
        let text = b"id = \"TT-2026-017\"\n";
        let hash = documents.keep(text).unwrap();
        assert_eq!(documents.keep(text).unwrap(), hash);
        assert_eq!(documents.text(&hash).unwrap().unwrap(), text);
        assert_eq!(fs::read_dir(data.path().join("documents")).unwrap().count(), 1);
        assert_eq!(documents.text(&[0; 32]).unwrap(), None);
    }

    #[test]
    fn a_manifest_names_every_document_and_equal_texts_are_one_file() {
        let data = tempfile::tempdir().unwrap();
        let documents = Documents::of(data.path());
        let listed: [(&str, &[u8]); 3] =
            [("members/H26.toml", b"h26"), ("agreements/a b.toml", b"same"), ("agreements/c.toml", b"same")];
        let texts = listed.map(|(name, text)| Text::new(name, text));
        let kept = documents.keep_manifest(&texts).unwrap();
        let known = listed.map(|(name, text)| Text::known(name, super::sha256(text), text, true));
        assert_eq!(documents.keep_manifest(&known).unwrap(), kept, "listed alike whether or not it is new");
        let manifest = documents.manifest(&kept.manifest).unwrap().unwrap();
        assert_eq!(kept.count, 3);
        for ((name, text), (read, hash)) in listed.iter().zip(&manifest) {
            assert_eq!((name, *text), (&read.as_str(), &*documents.text(hash).unwrap().unwrap()));
        }
        assert_eq!(manifest.len(), 3);
        assert_eq!(fs::read_dir(data.path().join("documents")).unwrap().count(), 3);
    }

    #[test]
    fn a_text_changed_on_the_disk_is_not_passed_off_as_itself() {
        let data = tempfile::tempdir().unwrap();
        let documents = Documents::of(data.path());
        let hash = documents.keep(b"true").unwrap();
        fs::write(documents.path(&hash), b"false").unwrap();
        assert!(documents.text(&hash).is_err());
    }
}
