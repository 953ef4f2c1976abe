//! The documents as they stand on disk: every text a snapshot is compiled from, with its digest.
//!
//! The same list names what decided (journal), what to keep as the last good world, and what
//! `explain --exchange` compiles again. Example records and prose are not part of it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
};

use contracts::{Bilingual, Fault};
use policies::{Source, Sources};
use ring::digest::{SHA256, digest};

/// The largest document that is read: a contract with a thousand fields stays well below.
const DOCUMENT_CAP: u64 = 4 * 1024 * 1024;
/// How deep a documents folder is walked: `catalog/<dataset>/v<n>/schema.json` needs three.
const DEPTH_CAP: usize = 6;

/// Texts by path, relative to their root (`policies/…`, `contracts/…`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    texts: BTreeMap<PathBuf, String>,
}

/// The folders of `policies/` that make a snapshot; `suspensions/` load on their own.
const SHARING: [&str; 4] = ["members", "services", "purposes", "agreements"];
/// The folders of `contracts/` that make a snapshot.
const CONTRACTS: [&str; 2] = ["catalog", "code-lists"];
/// The folder of the deny-only overlay.
const SUSPENSIONS: &str = "suspensions";

impl Documents {
    /// Everything a snapshot is compiled from.
    ///
    /// # Errors
    /// Every file that cannot be read.
    pub fn read(policies: &Path, contracts: &Path) -> Result<Self, Vec<Fault>> {
        let mut walk = Walk::default();
        for folder in SHARING {
            walk.folder(&policies.join(folder), &Path::new("policies").join(folder), &["toml"]);
        }
        for folder in CONTRACTS {
            walk.folder(
                &contracts.join(folder),
                &Path::new("contracts").join(folder),
                &["toml", "json", "csv"],
            );
        }
        walk.finish()
    }

    /// The suspensions alone. A missing folder is no suspension.
    ///
    /// # Errors
    /// Every file that cannot be read.
    pub fn read_suspensions(policies: &Path) -> Result<Self, Vec<Fault>> {
        let mut walk = Walk::default();
        walk.folder(&policies.join(SUSPENSIONS), &Path::new("policies").join(SUSPENSIONS), &["toml"]);
        walk.finish()
    }

    /// From texts kept earlier.
    pub fn from_texts(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        Self { texts: texts.into_iter().collect() }
    }

    /// Paths, texts and digests, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &str, [u8; 32])> {
        self.texts.iter().map(|(path, text)| (path.as_path(), text.as_str(), sha256(text.as_bytes())))
    }

    /// The digest of all: paths and texts, and what else decides (`salt`, the settings).
    pub fn digest(&self, salt: &[u8]) -> [u8; 32] {
        let mut context = ring::digest::Context::new(&SHA256);
        context.update(&sha256(salt));
        for (path, _, digest) in self.iter() {
            context.update(path.as_os_str().as_encoded_bytes());
            context.update(&[0]);
            context.update(&digest);
        }
        bytes32(context.finish().as_ref())
    }

    /// The sharing documents, for the policies floor.
    pub fn sources(&self) -> Sources {
        let under = |folder: &str| self.sources_of(folder);
        Sources {
            members: under("members"),
            services: under("services"),
            purposes: under("purposes"),
            agreements: under("agreements"),
        }
    }

    /// The suspensions, for the overlay.
    pub fn suspensions(&self) -> Vec<Source> {
        self.sources_of(SUSPENSIONS)
    }

    fn sources_of(&self, folder: &str) -> Vec<Source> {
        let prefix = Path::new("policies").join(folder);
        self.texts
            .iter()
            .filter(|(path, _)| path.starts_with(&prefix))
            .filter_map(|(path, text)| {
                let file = path.strip_prefix("policies").ok()?.to_owned();
                Some(Source { file, text: text.clone() })
            })
            .collect()
    }

    /// Writes all texts under `folder`, which holds `policies/` and `contracts/` afterwards.
    ///
    /// # Errors
    /// The first write that failed.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (path, text) in &self.texts {
            // Kept manifests are data too: a path that climbs is not written.
            if path.components().any(|part| !matches!(part, Component::Normal(_))) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "a document's path leaves its folder",
                ));
            }
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(file, text)?;
        }
        Ok(())
    }
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    bytes32(digest(&SHA256, bytes).as_ref())
}

fn bytes32(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

#[derive(Default)]
struct Walk {
    documents: Documents,
    faults: Vec<Fault>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, name: &Path, endings: &[&str]) {
        self.descend(folder, name, endings, DEPTH_CAP);
    }

    fn descend(&mut self, folder: &Path, name: &Path, endings: &[&str], depth: usize) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.fault(name, &error),
        };
        for entry in entries.flatten() {
            let file_name = entry.file_name();
            // Editors' and ConfigMaps' own files start with a dot; examples decide nothing.
            if file_name.as_encoded_bytes().starts_with(b".") || file_name == "examples" {
                continue;
            }
            let (path, name) = (entry.path(), name.join(&file_name));
            if path.is_dir() {
                if depth > 0 {
                    self.descend(&path, &name, endings, depth - 1);
                }
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                self.file(&path, name);
            }
        }
    }

    fn file(&mut self, path: &Path, name: PathBuf) {
        let read = fs::metadata(path).and_then(|meta| {
            if meta.len() > DOCUMENT_CAP {
                Err(io::ErrorKind::FileTooLarge.into())
            } else {
                fs::read_to_string(path)
            }
        });
        match read {
            Ok(text) => drop(self.documents.texts.insert(name, text)),
            // A file that vanished between listing and reading was being replaced: the next read has it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.fault(&name, &error),
        }
    }

    fn fault(&mut self, name: &Path, error: &io::Error) {
        self.faults.push(Fault {
            file: name.to_owned(),
            place: None,
            rule: "unreadable-file",
            message: Bilingual::new(format!("không đọc được: {error}"), format!("cannot be read: {error}")),
            remedy: Bilingual::new(
                format!("Kiểm tra quyền đọc, bảng mã UTF-8 và kích thước (tối đa {DOCUMENT_CAP} byte)"),
                format!("Check permissions, UTF-8 encoding and size (at most {DOCUMENT_CAP} bytes)"),
            ),
            warning: false,
        });
    }

    fn finish(self) -> Result<Documents, Vec<Fault>> {
        if self.faults.is_empty() { Ok(self.documents) } else { Err(self.faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_can_be_written_and_read_again() {
        let from = tempfile::tempdir().unwrap();
        fs::create_dir_all(from.path().join("policies/members")).unwrap();
        fs::create_dir_all(from.path().join("contracts/catalog/a/v1/examples/ok")).unwrap();
        fs::write(from.path().join("policies/members/H26.toml"), "id = \"H26\"").unwrap();
        fs::write(from.path().join("policies/members/.H26.toml.swp"), "rubbish").unwrap();
        fs::write(from.path().join("contracts/catalog/a/v1/schema.json"), "{}").unwrap();
        fs::write(from.path().join("contracts/catalog/a/v1/examples/ok/a.json"), "{}").unwrap();
        let read =
            |folder: &Path| Documents::read(&folder.join("policies"), &folder.join("contracts")).unwrap();
        let documents = read(from.path());
        assert_eq!(documents.iter().count(), 2);
        let to = tempfile::tempdir().unwrap();
        documents.write(to.path()).unwrap();
        assert_eq!(read(to.path()), documents);
        assert_eq!(read(to.path()).digest(b"x"), documents.digest(b"x"));
        assert_ne!(documents.digest(b"x"), documents.digest(b"y"));
    }

    #[test]
    fn a_path_that_climbs_is_not_written() {
        let to = tempfile::tempdir().unwrap();
        let documents = Documents::from_texts([(PathBuf::from("../evil.toml"), String::new())]);
        assert!(documents.write(to.path()).is_err());
    }
}
