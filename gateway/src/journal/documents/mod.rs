//! The texts behind decisions, each kept under its SHA-256.
//!
//! ```text
//! data/documents/<hex>         a text as the operator wrote it: a policy, a contract, a code list;
//!                              or a manifest, which lists the documents of one act
//! data/documents/packs/<hex>   many texts in one file: what a start finds new
//! ```
//! A file appears under its final name only when it is whole and on the disk. What is there is not taken on
//! trust all the same: before a text counts as kept from an earlier run, it is read and must have its hash;
//! one that was torn or changed is written again. The modules `manifest` and `pack` say what those look like.

mod manifest;
mod pack;

use std::{
    borrow::Cow,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use ring::digest;

use self::{
    manifest::{Base, Said},
    pack::{Pack, Packs},
};
use super::{
    fault::JournalFault,
    line::hex,
    locked,
    storage::{FILE_MODE, FOLDER_MODE},
};

/// The documents of an act: each one's name and SHA-256, in the order of names.
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

/// Up to so many texts have a file each, which anybody can look at; more are packed. Each file costs the
/// disk a synchronisation of some milliseconds.
const FEW: usize = 32;

static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// The store of texts.
#[derive(Clone, Debug)]
pub struct Documents {
    folder: PathBuf,
    /// The full manifest that this process kept last.
    base: Arc<Mutex<Option<Base>>>,
}

/// Reads many texts: what lies in packs is looked up once.
pub struct Reader<'d> {
    documents: &'d Documents,
    packs: Option<Packs>,
}

impl Documents {
    /// The store under a data folder; made at the first text kept.
    pub fn of(data: &Path) -> Self {
        Self { folder: data.join("documents"), base: Arc::default() }
    }

    /// Keeps `text` and returns its SHA-256.
    ///
    /// # Errors
    /// When it cannot be written and synchronised.
    pub fn keep(&self, text: &[u8]) -> Result<[u8; 32], JournalFault> {
        let hash = sha256(text);
        self.keep_few(&[(hash, text)])?;
        Ok(hash)
    }

    /// Keeps named texts and their manifest; those that are known to be kept are only listed.
    ///
    /// # Errors
    /// When one cannot be written and synchronised. Those already kept stay.
    pub fn keep_manifest(&self, texts: &[Text<'_>]) -> Result<Kept, JournalFault> {
        let listed = texts.iter().map(|text| (manifest::in_a_line(&text.name), text.hash)).collect();
        let mut base = locked(&self.base);
        // Whoever cleared the folder took the full manifest away as well.
        let before = base.as_ref().filter(|base| self.path(&base.hash).exists());
        let draft = manifest::write(listed, before);
        let mut fresh: Vec<([u8; 32], &[u8])> =
            texts.iter().filter(|text| !text.kept).map(|text| (text.hash, text.text)).collect();
        fresh.sort_unstable_by_key(|(hash, _)| *hash);
        fresh.dedup_by_key(|(hash, _)| *hash);
        if fresh.len() > FEW {
            self.keep_many(&mut fresh)?;
        }
        fresh.push((draft.hash, &draft.text));
        self.keep_few(&fresh)?;
        if draft.base.is_some() {
            *base = draft.base;
        }
        Ok(Kept { manifest: draft.hash, count: texts.len() })
    }

    /// The text of a hash; `None` when it was never kept.
    ///
    /// # Errors
    /// When it cannot be read, or is no longer what it was: a text that does not have its hash is
    /// reported as unreadable, never returned.
    pub fn text(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, JournalFault> {
        self.reader().text(hash)
    }

    /// For reading many texts.
    pub fn reader(&self) -> Reader<'_> {
        Reader { documents: self, packs: None }
    }

    /// The names and hashes of the documents that a manifest tells of; `None` when it was never kept.
    ///
    /// # Errors
    /// As [`Documents::text`]; or when it is not a manifest, or tells what differs from one that is not there.
    pub fn manifest(&self, hash: &[u8; 32]) -> Result<Option<Manifest>, JournalFault> {
        match self.said(hash)? {
            None => Ok(None),
            Some(Said::All(all)) => Ok(Some(all)),
            Some(Said::Changes { of, changed }) => match self.said(&of)? {
                Some(Said::All(base)) => Ok(Some(manifest::apply(base, changed))),
                _ => Err(JournalFault::read(self.path(&of), io::Error::other("not a full manifest"))),
            },
        }
    }

    fn said(&self, hash: &[u8; 32]) -> Result<Option<Said>, JournalFault> {
        let Some(text) = self.text(hash)? else { return Ok(None) };
        let said = std::str::from_utf8(&text).ok().and_then(manifest::read);
        said.map(Some).ok_or_else(|| JournalFault::read(self.path(hash), io::Error::other("not a manifest")))
    }

    /// Keeps what of `texts` is in no pack in a new one; or leaves it, when that is little.
    fn keep_many(&self, texts: &mut Vec<([u8; 32], &[u8])>) -> Result<(), JournalFault> {
        let folder = self.packs();
        let sound = Packs::open(&folder)
            .and_then(|packs| packs.sound())
            .map_err(|source| JournalFault::read(&folder, source))?;
        texts.retain(|(hash, _)| !sound.contains(hash));
        if texts.len() <= FEW {
            return Ok(());
        }
        make(&folder)?;
        let pack = Pack::of(texts);
        let path = folder.join(pack.name());
        Drafts::default().write(&path, |file| pack.write(file))?.take_place(&folder)?;
        texts.clear();
        Ok(())
    }

    /// Keeps what of `texts` is not there yet in a file each: all are written before the first is
    /// synchronised, so that the disk does it in one stroke.
    fn keep_few(&self, texts: &[([u8; 32], &[u8])]) -> Result<(), JournalFault> {
        make(&self.folder)?;
        let mut drafts = Drafts::default();
        for (hash, text) in texts {
            let path = self.path(hash);
            // Read, and not only looked for: a text that was torn would be kept for ever.
            if fs::read(&path).is_ok_and(|kept| kept == *text) {
                continue;
            }
            drafts = drafts.write(&path, |mut file| file.write_all(text))?;
        }
        drafts.take_place(&self.folder)
    }

    fn path(&self, hash: &[u8; 32]) -> PathBuf {
        self.folder.join(name_of(hash))
    }

    fn packs(&self) -> PathBuf {
        self.folder.join("packs")
    }
}

impl Reader<'_> {
    /// As [`Documents::text`].
    ///
    /// # Errors
    /// As [`Documents::text`].
    pub fn text(&mut self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, JournalFault> {
        let path = self.documents.path(hash);
        let alone = match fs::read(&path) {
            Ok(text) => Some(whole(hash, path, text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(JournalFault::read(path, error)),
        };
        if let Some(Ok(text)) = alone {
            return Ok(Some(text));
        }
        let packs = match &mut self.packs {
            Some(packs) => packs,
            none => {
                let folder = self.documents.packs();
                none.insert(Packs::open(&folder).map_err(|source| JournalFault::read(folder, source))?)
            }
        };
        // One that was changed may be in a pack as it was.
        match packs.bytes(hash) {
            None => alone.transpose(),
            Some((path, Ok(text))) => whole(hash, path.to_owned(), text).map(Some),
            Some((path, Err(error))) => Err(JournalFault::read(path, error)),
        }
    }
}

/// `text`, if it has its hash.
fn whole(hash: &[u8; 32], path: PathBuf, text: Vec<u8>) -> Result<Vec<u8>, JournalFault> {
    if sha256(&text) == *hash {
        Ok(text)
    } else {
        Err(JournalFault::read(path, io::Error::other("the text was changed")))
    }
}

/// Files that are written under other names before they take their place; removed if they never do.
#[derive(Default)]
struct Drafts(Vec<(PathBuf, PathBuf)>);

impl Drafts {
    /// Writes a draft of `path`; on the disk only once it takes its place.
    fn write(
        mut self,
        path: &Path,
        content: impl FnOnce(&File) -> io::Result<()>,
    ) -> Result<Self, JournalFault> {
        // Two who keep the same text at once do not share a draft.
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = path.with_extension(format!("draft-{}-{number}", std::process::id()));
        self.0.push((draft.clone(), path.to_owned()));
        OpenOptions::new()
            .write(true)
            // A crashed process of the same number may have left one.
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(&draft)
            .and_then(|file| content(&file))
            .map_err(|source| JournalFault::write(draft, source))?;
        Ok(self)
    }

    /// Brings all to the disk and gives them their names in `folder`.
    fn take_place(mut self, folder: &Path) -> Result<(), JournalFault> {
        if self.0.is_empty() {
            return Ok(());
        }
        for (draft, _) in &self.0 {
            File::open(draft)
                .and_then(|file| file.sync_all())
                .map_err(|source| JournalFault::sync(draft, source))?;
        }
        for (draft, path) in &self.0 {
            fs::rename(draft, path).map_err(|source| JournalFault::write(path, source))?;
        }
        self.0.clear();
        sync_folder(folder)
    }
}

impl Drop for Drafts {
    fn drop(&mut self) {
        for (draft, _) in &self.0 {
            // On a full disk above all, what was begun must not stay. One that has its place is not there.
            let _ = fs::remove_file(draft);
        }
    }
}

/// Makes a folder of the store where there is none.
fn make(folder: &Path) -> Result<(), JournalFault> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(|source| JournalFault::create(folder, source))?;
    folder.parent().map_or(Ok(()), sync_folder)
}

/// Brings the names in a folder to the disk.
fn sync_folder(folder: &Path) -> Result<(), JournalFault> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| JournalFault::sync(folder, source))
}

/// A hash as the name of a file.
fn name_of(hash: &[u8; 32]) -> String {
    let mut name = Vec::with_capacity(64);
    hex(&mut name, hash);
    String::from_utf8_lossy(&name).into_owned()
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
mod tests;
