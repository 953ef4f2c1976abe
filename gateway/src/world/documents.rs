//! The documents as they stand on disk: every text that a snapshot is compiled from.
//!
//! They are read once, and everything else follows from what was read: the snapshot, the digest that
//! the journal records, the texts it keeps, the last good copy, the replay of `explain --exchange`.
//! Nothing goes back to the folders for a second look, since an editor may have been there meanwhile.
//! Example records and prose are not part of it.

use std::{
    collections::BTreeMap,
    fs::{self, DirEntry},
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use contracts::{Bilingual, Catalog, Fault};
use jiff::Timestamp;
use policies::{Source, Sources, Stamp};
use ring::digest::{Context, SHA256, digest};

use super::{scratch::Scratch, standing::NO_SCRATCH};

/// The largest file of a contract or code list that is read: a contract with a thousand fields
/// stays well below.
const FILE_CAP: u64 = 4 * 1024 * 1024;
/// How deep a contracts folder is walked: `catalog/<dataset>/v<n>/schema.json` needs three.
pub(super) const DEPTH_CAP: usize = 6;

/// What the two roots are called in digests, in the journal and in kept copies.
const POLICIES: &str = "policies";
const CONTRACTS: &str = "contracts";
/// The folders of the contracts' root that are read, and the endings of their files.
const CONTRACT_FOLDERS: [&str; 2] = ["catalog", CODE_LISTS];
const CODE_LISTS: &str = "code-lists";
const CONTRACT_FILES: [&str; 3] = ["toml", "json", "csv"];

/// Sharing documents, contracts and code lists, as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    sources: Sources,
    /// By path, relative to the contracts' root.
    contracts: Arc<BTreeMap<PathBuf, Arc<Source>>>,
}

/// What was read when, so that only files that changed are opened again.
#[derive(Default)]
pub struct Readings {
    policies: policies::Readings,
    contracts: BTreeMap<PathBuf, (Stamp, Arc<Source>)>,
}

impl Documents {
    /// Everything a snapshot is compiled from. `policies` holds `members/` and the like, `contracts`
    /// holds `catalog/` and `code-lists/`.
    ///
    /// # Errors
    /// Every file that cannot be read, and a root that is not there: a volume that is not mounted
    /// must not pass for a world without documents.
    pub fn read(policies: &Path, contracts: &Path) -> Result<Self, Vec<Fault>> {
        let (documents, faults) = Self::gather(policies, contracts);
        if faults.is_empty() { Ok(documents) } else { Err(faults) }
    }

    /// As [`Documents::read`], opening only what changed since `readings`.
    ///
    /// # Errors
    /// As [`Documents::read`].
    pub fn reread(policies: &Path, contracts: &Path, readings: &mut Readings) -> Result<Self, Vec<Fault>> {
        let (documents, faults) = Self::gather_again(policies, contracts, readings, Timestamp::now());
        if faults.is_empty() { Ok(documents) } else { Err(faults) }
    }

    /// Whether the folders still hold what was read of them, into `readings`: half a checkout must not
    /// decide, and a hundred thousand files are not looked at twice to find out.
    pub fn hold(&self, policies: &Path, contracts: &Path, readings: &mut Readings) -> bool {
        let (again, faults) = Self::walk(contracts, readings, Timestamp::now());
        faults.is_empty() && again == *self.contracts && readings.policies.hold(policies)
    }

    /// As [`Documents::read`], with what can be read beside the faults: for telling what else is
    /// wrong.
    pub fn gather(policies: &Path, contracts: &Path) -> (Self, Vec<Fault>) {
        Self::gather_again(policies, contracts, &mut Readings::default(), Timestamp::UNIX_EPOCH)
    }

    fn gather_again(
        policies: &Path,
        contracts: &Path,
        readings: &mut Readings,
        now: Timestamp,
    ) -> (Self, Vec<Fault>) {
        let mut faults: Vec<Fault> = [policies, contracts].into_iter().filter_map(missing).collect();
        let (sources, found) = Sources::gather_again(policies, &mut readings.policies, now);
        faults.extend(rooted(policies, found));
        let (texts, found) = Self::walk(contracts, readings, now);
        faults.extend(found);
        (Self { sources, contracts: Arc::new(texts) }, faults)
    }

    /// Reads the contracts and code lists, opening only what changed since `readings`.
    fn walk(
        contracts: &Path,
        readings: &mut Readings,
        now: Timestamp,
    ) -> (BTreeMap<PathBuf, Arc<Source>>, Vec<Fault>) {
        let before = std::mem::take(&mut readings.contracts);
        let (after, texts) = (BTreeMap::new(), BTreeMap::new());
        let mut walk = Walk { root: contracts, now, before, after, texts, faults: Vec::new() };
        for folder in CONTRACT_FOLDERS {
            walk.descend(Path::new(folder), DEPTH_CAP);
        }
        readings.contracts = walk.after;
        (walk.texts, walk.faults)
    }

    /// From texts kept earlier, by the names that [`Documents::iter`] gave them. What has another
    /// name (the settings stand beside the documents in the journal) is left out.
    pub fn from_texts(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let mut documents = Self::default();
        let mut contracts = BTreeMap::new();
        for (path, text) in texts {
            if let Ok(file) = path.strip_prefix(CONTRACTS) {
                contracts.insert(file.to_owned(), Arc::new(Source::new(file, text)));
            } else if let Ok(file) = path.strip_prefix(POLICIES) {
                let sources = &mut documents.sources;
                let kind = match file.components().next().and_then(|first| first.as_os_str().to_str()) {
                    Some("members") => &mut sources.members,
                    Some("services") => &mut sources.services,
                    Some("purposes") => &mut sources.purposes,
                    Some("agreements") => &mut sources.agreements,
                    _ => continue,
                };
                kind.push(Arc::new(Source::new(file, text)));
            }
        }
        documents.contracts = Arc::new(contracts);
        documents
    }

    /// Names (`policies/agreements/TT-2026-017.toml`) and what stands under them.
    pub fn iter(&self) -> impl Iterator<Item = (PathBuf, &Arc<Source>)> {
        let sources = self.sources.iter().map(|source| (Path::new(POLICIES).join(&source.file), source));
        let contracts = self.contracts.iter().map(|(file, source)| (Path::new(CONTRACTS).join(file), source));
        sources.chain(contracts)
    }

    /// Whether the contracts and code lists are those of `other`, read once.
    pub fn has_contracts_of(&self, other: &Self) -> bool {
        self.contracts == other.contracts
    }

    /// Whether the code lists are those of `other`, word for word.
    pub fn has_code_lists_of(&self, other: &Self) -> bool {
        let lists = |documents: &Self| {
            let contracts = Arc::clone(&documents.contracts);
            let lists = contracts.iter().filter(|(file, _)| file.starts_with(CODE_LISTS));
            lists.map(|(file, source)| (file.clone(), source.revision())).collect::<Vec<_>>()
        };
        lists(self) == lists(other)
    }

    /// The digest of all: names and texts, and what else decides (`salt`, the settings).
    pub fn digest(&self, salt: &[u8]) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(&sha256(salt));
        let sources = self.sources.iter().map(|source| (POLICIES, source.file.as_path(), source));
        let contracts = self.contracts.iter().map(|(file, source)| (CONTRACTS, file.as_path(), source));
        for (root, file, source) in sources.chain(contracts) {
            context.update(root.as_bytes());
            context.update(b"/");
            context.update(file.as_os_str().as_encoded_bytes());
            // No name holds a zero byte, so no name can grow into a text.
            context.update(&[0]);
            context.update(&source.revision());
        }
        bytes32(context.finish().as_ref())
    }

    /// The sharing documents, for the policies floor.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The contracts and code lists, compiled from exactly these texts: they are laid out in a
    /// folder of their own under `scratch` for as long as that takes.
    ///
    /// # Errors
    /// Every fault of every file; warnings come with a catalog that compiled.
    pub fn catalog(&self, scratch: &Path) -> Result<(Catalog, Vec<Fault>), Vec<Fault>> {
        let laid_out = Scratch::under(scratch).and_then(|folder| {
            self.lay_out_contracts(folder.path())?;
            Ok(folder)
        });
        match laid_out {
            Ok(folder) => Catalog::load(folder.path()),
            Err(error) => Err(vec![no_scratch(scratch, &error)]),
        }
    }

    fn lay_out_contracts(&self, folder: &Path) -> io::Result<()> {
        for name in CONTRACT_FOLDERS {
            fs::create_dir_all(folder.join(name))?;
        }
        for (path, source) in self.contracts.iter() {
            // Kept texts are data too: a path that climbs is not written.
            if path.components().any(|part| !matches!(part, Component::Normal(_))) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a path leaves its folder"));
            }
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(file, &source.text)?;
        }
        Ok(())
    }
}

/// What the system said, as an operator reads it; what is rare stays as the system says it.
pub(super) fn vietnamese(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "không tồn tại".to_owned(),
        io::ErrorKind::PermissionDenied => "không có quyền".to_owned(),
        io::ErrorKind::FileTooLarge => "quá lớn".to_owned(),
        io::ErrorKind::InvalidData => "không phải văn bản UTF-8".to_owned(),
        io::ErrorKind::StorageFull => "hết dung lượng đĩa".to_owned(),
        io::ErrorKind::IsADirectory => "là một thư mục".to_owned(),
        _ => error.to_string(),
    }
}

/// `faults` with their files as an operator can open them, under `root`.
pub fn rooted(root: &Path, faults: Vec<Fault>) -> Vec<Fault> {
    faults.into_iter().map(|fault| Fault { file: root.join(&fault.file), ..fault }).collect()
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

struct Walk<'a> {
    root: &'a Path,
    now: Timestamp,
    before: BTreeMap<PathBuf, (Stamp, Arc<Source>)>,
    after: BTreeMap<PathBuf, (Stamp, Arc<Source>)>,
    texts: BTreeMap<PathBuf, Arc<Source>>,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn descend(&mut self, folder: &Path, depth: usize) {
        let entries = match fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.faults.push(unreadable(self.root.join(folder), &error)),
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            // Editors' and ConfigMaps' own files start with a dot; examples decide nothing.
            if name.as_encoded_bytes().starts_with(b".") || name == "examples" {
                continue;
            }
            let (path, file) = (entry.path(), folder.join(&name));
            if path.is_dir() {
                if depth > 0 {
                    self.descend(&file, depth - 1);
                }
            } else if path
                .extension()
                .is_some_and(|ending| CONTRACT_FILES.iter().any(|known| ending == *known))
            {
                self.file(&entry, file);
            }
        }
    }

    fn file(&mut self, entry: &DirEntry, file: PathBuf) {
        let path = entry.path();
        let read = Stamp::of_entry(entry).and_then(|stamp| {
            let before = self.before.remove(&file);
            if let Some((_, source)) = before.as_ref().filter(|(known, _)| *known == stamp) {
                return Ok((stamp, Arc::clone(source)));
            }
            if stamp.length() > FILE_CAP {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let text = fs::read_to_string(&path)?;
            let same = before.filter(|(_, source)| source.text == text);
            Ok((stamp, same.map_or_else(|| Arc::new(Source::new(&file, text)), |(_, source)| source)))
        });
        match read {
            Ok((stamp, source)) => {
                if stamp.is_settled(self.now) {
                    self.after.insert(file.clone(), (stamp, Arc::clone(&source)));
                }
                self.texts.insert(file, source);
            }
            // A file that vanished between listing and reading was being replaced: the next read has it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.faults.push(unreadable(path, &error)),
        }
    }
}

/// The fault of a root folder that is not there.
pub(super) fn missing(root: &Path) -> Option<Fault> {
    let error = fs::metadata(root).err()?;
    Some(Fault {
        file: root.to_owned(),
        place: None,
        rule: "missing-folder",
        message: Bilingual::new(
            format!("không mở được thư mục tài liệu: {}", vietnamese(&error)),
            format!("the documents' folder cannot be opened: {error}"),
        ),
        remedy: Bilingual::new(
            "Kiểm tra `[documents]` trong `gateway.toml`, ổ đĩa đã gắn và quyền đọc",
            "Check `[documents]` in `gateway.toml`, that the volume is mounted, and the permissions",
        ),
        warning: false,
    })
}

fn unreadable(file: PathBuf, error: &io::Error) -> Fault {
    Fault {
        file,
        place: None,
        rule: "unreadable-file",
        message: Bilingual::new(
            format!("không đọc được: {}", vietnamese(error)),
            format!("cannot be read: {error}"),
        ),
        remedy: Bilingual::new(
            "Kiểm tra quyền đọc, bảng mã UTF-8 và kích thước (tối đa 4 MiB)",
            "Check permissions, UTF-8 encoding and size (at most 4 MiB)",
        ),
        warning: false,
    }
}

fn no_scratch(folder: &Path, error: &io::Error) -> Fault {
    Fault {
        file: folder.to_owned(),
        place: None,
        rule: NO_SCRATCH,
        message: Bilingual::new(
            format!("không ghi tạm được hợp đồng để biên dịch: {}", vietnamese(error)),
            format!("contracts cannot be laid out to be compiled: {error}"),
        ),
        remedy: Bilingual::new(
            "Kiểm tra dung lượng đĩa và quyền ghi của thư mục này",
            "Check disk space and that this folder may be written",
        ),
        warning: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn read(folder: &Path) -> Result<Documents, Vec<Fault>> {
        Documents::read(&folder.join("policies"), &folder.join("contracts"))
    }

    const FILES: [(&str, &str); 5] = [
        ("policies/members/H26.toml", "id = \"H26\""),
        ("policies/services/G06/nhiem-vu.toml", "system = \"G06/x\""),
        ("policies/suspensions/DC-1.toml", "id = \"DC-1\""),
        ("contracts/catalog/a/v1/schema.json", "{}"),
        ("contracts/catalog/a/v1/examples/ok/a.json", "{}"),
    ];

    #[test]
    fn what_decides_is_read_and_what_was_kept_is_the_same_again() {
        let folder = laid_out(&FILES);
        fs::write(folder.path().join("policies/members/.H26.toml.swp"), "rubbish").unwrap();
        let documents = read(folder.path()).unwrap();
        let names: Vec<_> = documents.iter().map(|(name, _)| name.display().to_string()).collect();
        assert_eq!(
            names,
            [
                "policies/members/H26.toml",
                "policies/services/G06/nhiem-vu.toml",
                "contracts/catalog/a/v1/schema.json"
            ],
            "suspensions load on their own, examples decide nothing"
        );
        let kept = documents.iter().map(|(name, source)| (name, source.text.clone()));
        let again = Documents::from_texts(kept.chain([("gateway.toml".into(), "x".to_owned())]));
        assert_eq!(again, documents);
    }

    #[test]
    fn the_digest_changes_with_a_text_a_name_or_the_settings_and_with_nothing_else() {
        let of = |files: &[(&str, &str)], salt: &[u8]| read(laid_out(files).path()).unwrap().digest(salt);
        assert_eq!(of(&FILES, b"x"), of(&FILES, b"x"));
        assert_ne!(of(&FILES, b"x"), of(&FILES, b"y"));
        let mut other = FILES;
        other[0].1 = "id = \"H27\"";
        assert_ne!(of(&FILES, b"x"), of(&other, b"x"));
        other[0] = ("policies/members/H27.toml", FILES[0].1);
        assert_ne!(of(&FILES, b"x"), of(&other, b"x"));
        other = FILES;
        other[2].1 = "id = \"DC-2\"";
        other[4].1 = "[]";
        assert_eq!(of(&FILES, b"x"), of(&other, b"x"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_an_empty_one() {
        let folder = laid_out(&FILES[..3]);
        let rules: Vec<_> = read(folder.path()).unwrap_err().into_iter().map(|fault| fault.rule).collect();
        assert_eq!(rules, ["missing-folder"]);
    }

    #[test]
    fn a_file_with_the_wrong_ending_is_told_with_the_path_to_open() {
        let folder = laid_out(&FILES);
        let stray = folder.path().join("policies/agreements/TT-1.tml");
        fs::create_dir_all(stray.parent().unwrap()).unwrap();
        fs::write(&stray, "").unwrap();
        let faults = read(folder.path()).unwrap_err();
        assert_eq!((faults[0].rule, &faults[0].file), ("misplaced-file", &stray));
    }

    #[test]
    fn a_path_that_climbs_is_not_written() {
        let to = tempfile::tempdir().unwrap();
        let documents = Documents::from_texts([("contracts/../../evil.toml".into(), String::new())]);
        assert_eq!(documents.catalog(to.path()).unwrap_err()[0].rule, "no-scratch-folder");
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0, "and the folder is gone again");
    }
}
