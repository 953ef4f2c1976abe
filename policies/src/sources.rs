//! Operators' documents as texts, before anyone has understood them.
//!
//! A folder of documents has one place for each kind:
//! `members/<id>.toml`, `services/<member>/<name>.toml`, `purposes/<id>.toml`,
//! `agreements/<id>.toml` and, read apart because they act alone, `suspensions/<id>.toml`.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use contracts::{Bilingual, Fault};
use jiff::Timestamp;
use ring::digest;

use crate::readings::{Readings, Shelf, Stamp};

/// The longest document, in bytes. The longest in use are under 10 KB; a hundred times that is a
/// file that came into the folder by mistake.
pub const LONGEST_DOCUMENT: u64 = 1024 * 1024;
/// The most documents of one kind. All agencies of the country with ten systems each stay below.
pub const MOST_DOCUMENTS: usize = 100_000;

/// One document as written. It is shared: what was compiled of it, and is kept with it, is known again
/// by the very same source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The file, relative to the folder of documents: `agreements/TT-2026-017.toml`.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    revision: [u8; 32],
}

impl Source {
    /// The document of `file`, relative to the folder of documents.
    pub fn new(file: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        let mut revision = [0; 32];
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        revision.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        Self { file: file.into(), text, revision }
    }

    /// The document's revision: SHA-256 of its text.
    pub fn revision(&self) -> [u8; 32] {
        self.revision
    }

    /// The file's own name.
    pub(crate) fn name(&self) -> &str {
        self.file.file_name().and_then(|name| name.to_str()).unwrap_or("")
    }

    /// The file's name without `.toml`, which is the document's own name.
    pub(crate) fn stem(&self) -> &str {
        self.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("")
    }

    /// The name of the folder that the file lies in.
    pub(crate) fn folder(&self) -> &str {
        self.file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("")
    }
}

/// Every document that makes a [`Register`](crate::Register). Suspensions are not among them: a
/// fault here must not delay a stop there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// `members/*.toml`.
    pub members: Vec<Arc<Source>>,
    /// `services/*/*.toml`.
    pub services: Vec<Arc<Source>>,
    /// `purposes/*.toml`.
    pub purposes: Vec<Arc<Source>>,
    /// `agreements/*.toml`.
    pub agreements: Vec<Arc<Source>>,
}

impl Sources {
    /// Reads the documents of `folder`. A kind without a folder has no documents.
    ///
    /// # Errors
    /// Every file that cannot be read, is too long, is not UTF-8, or has a name that no document
    /// has: an agreement saved as `TT-2026-017.tml` would otherwise be silently absent.
    pub fn read(folder: &Path) -> Result<Self, Vec<Fault>> {
        let (sources, faults) = Self::gather(folder);
        if faults.is_empty() { Ok(sources) } else { Err(faults) }
    }

    /// As [`Sources::read`], with what can be read beside the faults: for telling what else is wrong.
    pub fn gather(folder: &Path) -> (Self, Vec<Fault>) {
        Self::gather_again(folder, &mut Readings::default(), Timestamp::UNIX_EPOCH)
    }

    /// As [`Sources::gather`] at the moment `now`, opening only files that changed since `readings`
    /// were made; what did not is the very same source.
    pub fn gather_again(folder: &Path, readings: &mut Readings, now: Timestamp) -> (Self, Vec<Fault>) {
        let mut round =
            Round { folder, before: std::mem::take(readings), after: readings, now, faults: Vec::new() };
        let sources = Self {
            members: round.documents(Path::new("members")),
            services: round.services(),
            purposes: round.documents(Path::new("purposes")),
            agreements: round.documents(Path::new("agreements")),
        };
        (sources, round.faults)
    }

    /// Reads the suspensions of `folder`. What can be read is returned beside the faults: one
    /// unreadable file must not stop the others from acting.
    pub fn suspensions(folder: &Path) -> (Vec<Arc<Source>>, Vec<Fault>) {
        let (before, mut after) = (Readings::default(), Readings::default());
        let now = Timestamp::UNIX_EPOCH;
        let mut round = Round { folder, before, after: &mut after, now, faults: Vec::new() };
        let read = round.documents(Path::new("suspensions"));
        (read, round.faults)
    }

    /// Every document, kind by kind.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.members.iter().chain(&self.services).chain(&self.purposes).chain(&self.agreements)
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// One reading of a folder of documents.
struct Round<'r> {
    folder: &'r Path,
    before: Readings,
    after: &'r mut Readings,
    now: Timestamp,
    faults: Vec<Fault>,
}

impl Round<'_> {
    fn services(&mut self) -> Vec<Arc<Source>> {
        let mut all = Vec::new();
        let services = Path::new("services");
        self.after.put(services, Shelf::of(&self.folder.join(services)));
        for Entry { name, stamp } in self.entries(services) {
            let member = services.join(&name);
            if stamp.is_ok_and(|stamp| stamp.is_folder()) {
                all.extend(self.documents(&member));
            } else if !is_note(&name) {
                self.faults.push(misplaced(member, "services/<member>/<service>.toml"));
            }
        }
        all
    }

    fn documents(&mut self, kind: &Path) -> Vec<Arc<Source>> {
        let mut shelf = Shelf::of(&self.folder.join(kind));
        let before = self.before.take(kind);
        let mut known = before.iter().peekable();
        for Entry { name, stamp } in self.entries(kind) {
            if is_note(&name) {
                continue;
            }
            if !name.ends_with(".toml") {
                self.faults.push(misplaced(kind.join(&name), "<id>.toml"));
                continue;
            }
            // Both lists are in the order of names.
            while known.next_if(|kept| kept.source.name() < name.as_str()).is_some() {}
            let kept = known.next_if(|kept| kept.source.name() == name);
            let (unread, stamp) = match stamp {
                Ok(stamp) => (kept.filter(|kept| kept.is_as(&stamp)), stamp),
                Err(error) => {
                    self.faults.push(unreadable(kind.join(&name), &error));
                    continue;
                }
            };
            if let Some(kept) = unread {
                shelf.put(stamp, self.now, Arc::clone(&kept.source));
                continue;
            }
            let file = kind.join(&name);
            match text(&self.folder.join(&file)) {
                Ok(text) => {
                    // Touched, or saved as it was: the same document still.
                    let same = kept.filter(|kept| kept.source.text == text);
                    let source = same.map(|kept| Arc::clone(&kept.source));
                    let source = source.unwrap_or_else(|| Arc::new(Source::new(file, text)));
                    shelf.put(stamp, self.now, source);
                }
                Err(error) => self.faults.push(unreadable(file, &error)),
            }
        }
        let sources = shelf.sources();
        self.after.put(kind, shelf);
        sources
    }

    /// Names in a folder, sorted, hidden ones left out (Kubernetes mounts keep theirs in `..data`), and
    /// what the system says of each.
    fn entries(&mut self, kind: &Path) -> Vec<Entry> {
        let folder = self.folder.join(kind);
        let listing = match fs::read_dir(&folder) {
            Ok(listing) => listing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.faults.push(unreadable(kind.to_path_buf(), &error));
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for (entry, count) in listing.zip(1..) {
            match entry {
                Ok(entry) => {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    if !name.starts_with('.') {
                        let stamp = Stamp::of_entry(&entry);
                        entries.push(Entry { name, stamp });
                    }
                }
                Err(error) => self.faults.push(unreadable(kind.to_path_buf(), &error)),
            }
            if count > MOST_DOCUMENTS {
                let error = io::Error::new(io::ErrorKind::QuotaExceeded, "too many documents");
                self.faults.push(unreadable(kind.to_path_buf(), &error));
                return Vec::new();
            }
        }
        entries.sort_unstable_by(|one, two| one.name.cmp(&two.name));
        entries
    }
}

/// A name in a folder.
struct Entry {
    name: String,
    stamp: io::Result<Stamp>,
}

/// Notes for people and editors' backups are not documents.
fn is_note(name: &str) -> bool {
    name.ends_with(".md") || name.ends_with('~')
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(path)?.take(LONGEST_DOCUMENT + 1).read_to_string(&mut text)?;
    if read as u64 > LONGEST_DOCUMENT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 1 MiB"));
    }
    Ok(text)
}

fn unreadable(file: PathBuf, error: &io::Error) -> Fault {
    Fault {
        file,
        place: None,
        rule: "unreadable",
        message: Bilingual::new(format!("không đọc được ({error})"), format!("cannot be read ({error})")),
        remedy: Bilingual::new(
            "Kiểm tra quyền đọc; tệp phải là văn bản UTF-8, không quá 1 MiB",
            "Check the permissions; the file must be UTF-8 text of at most 1 MiB",
        ),
        warning: false,
    }
}

fn misplaced(file: PathBuf, expected: &str) -> Fault {
    Fault {
        file,
        place: None,
        rule: "misplaced-file",
        message: Bilingual::new(
            "tên tệp này không phải tên của một văn bản, nên nó sẽ không có hiệu lực",
            "this is not the file name of a document, so it would have no effect",
        ),
        remedy: Bilingual::new(
            format!("Đổi tên theo mẫu `{expected}` hoặc chuyển tệp ra khỏi thư mục"),
            format!("Rename it after `{expected}` or move it out of the folder"),
        ),
        warning: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, bytes) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    #[test]
    fn documents_are_read_kind_by_kind_in_order() {
        let folder = folder(&[
            ("members/H26.toml", b"b"),
            ("members/G06.toml", b"a"),
            ("members/README.md", b"notes"),
            ("members/.hidden", b"x"),
            ("services/G06/nhiem-vu.toml", b"s"),
            ("agreements/TT-1.toml", b"t"),
            ("suspensions/DC-1.toml", b"d"),
        ]);
        let sources = Sources::read(folder.path()).unwrap();
        let files: Vec<_> = sources.iter().map(|source| source.file.to_string_lossy().into_owned()).collect();
        assert_eq!(
            files,
            ["members/G06.toml", "members/H26.toml", "services/G06/nhiem-vu.toml", "agreements/TT-1.toml"]
        );
        assert_eq!((sources.services[0].folder(), sources.services[0].stem()), ("G06", "nhiem-vu"));
        let (suspensions, faults) = Sources::suspensions(folder.path());
        assert_eq!((suspensions.len(), faults.len()), (1, 0));
    }

    #[test]
    fn a_file_that_would_silently_not_count_is_a_fault() {
        let long = vec![b'#'; usize::try_from(LONGEST_DOCUMENT).unwrap() + 1];
        let folder = folder(&[
            ("agreements/TT-1.tml", b""),
            ("members/long.toml", &long),
            ("purposes/latin1.toml", b"\xe9"),
            ("services/nhiem-vu.toml", b""),
        ]);
        let faults = Sources::read(folder.path()).unwrap_err();
        let mut rules: Vec<_> =
            faults.iter().map(|fault| (fault.file.to_string_lossy().into_owned(), fault.rule)).collect();
        rules.sort();
        assert_eq!(
            rules,
            [
                ("agreements/TT-1.tml".to_owned(), "misplaced-file"),
                ("members/long.toml".to_owned(), "unreadable"),
                ("purposes/latin1.toml".to_owned(), "unreadable"),
                ("services/nhiem-vu.toml".to_owned(), "misplaced-file"),
            ]
        );
    }

    #[test]
    fn only_what_changed_is_opened_again_and_the_rest_is_the_same_source() {
        let folder = folder(&[
            ("members/A.toml", b"a"),
            ("members/B.toml", b"b"),
            ("services/A/s.toml", b"s"),
            ("agreements/TT-1.toml", b"t"),
        ]);
        // Long after the files were written, so that a later edit cannot have the same stamp.
        let later = Timestamp::now() + jiff::SignedDuration::from_secs(60);
        let mut readings = Readings::default();
        let mut read = |now| {
            let (sources, faults) = Sources::gather_again(folder.path(), &mut readings, now);
            assert!(faults.is_empty(), "{faults:?}");
            sources
        };
        let first = read(later);
        let again = read(later);
        assert!(first.iter().zip(again.iter()).all(|(one, two)| Arc::ptr_eq(one, two)));
        fs::write(folder.path().join("members/B.toml"), "B").unwrap();
        fs::write(folder.path().join("members/AB.toml"), "ab").unwrap();
        // Saved as it was: another file, the same document.
        fs::remove_file(folder.path().join("agreements/TT-1.toml")).unwrap();
        fs::write(folder.path().join("agreements/TT-1.toml"), "t").unwrap();
        let third = read(later);
        let texts: Vec<_> = third.members.iter().map(|source| source.text.as_str()).collect();
        assert_eq!(texts, ["a", "ab", "B"]);
        assert!(Arc::ptr_eq(&first.members[0], &third.members[0]));
        assert!(Arc::ptr_eq(&first.agreements[0], &third.agreements[0]));
        fs::remove_dir_all(folder.path().join("services/A")).unwrap();
        fs::remove_file(folder.path().join("members/A.toml")).unwrap();
        let fourth = read(later);
        assert_eq!((fourth.services.len(), fourth.members.len()), (0, 2));
        assert_eq!(fourth, Sources::read(folder.path()).unwrap());
    }

    #[test]
    fn what_was_read_holds_until_a_file_comes_goes_or_is_being_written() {
        let folder = folder(&[("members/A.toml", b"a"), ("services/A/s.toml", b"s")]);
        let at = |file: &str| folder.path().join(file);
        let mut readings = Readings::default();
        let mut read = |expected: bool| {
            assert_eq!(readings.hold(folder.path()), expected);
            drop(Sources::gather_again(folder.path(), &mut readings, Timestamp::now()));
            assert!(readings.hold(folder.path()));
        };
        read(true);
        fs::write(at("members/A.toml"), "a, and more").unwrap();
        read(false);
        fs::write(at("members/B.toml"), "b").unwrap();
        read(false);
        fs::rename(at("members/B.toml"), at("members/C.toml")).unwrap();
        read(false);
        fs::create_dir(at("agreements")).unwrap();
        read(false);
        fs::create_dir(at("services/B")).unwrap();
        read(false);
        fs::remove_dir_all(at("services/A")).unwrap();
        read(false);
    }

    #[test]
    fn an_edit_within_the_clocks_grain_of_the_reading_is_seen() {
        let folder = folder(&[("members/A.toml", b"a")]);
        let mut readings = Readings::default();
        for text in ["b", "c", "d"] {
            // The same length at nearly the same moment: some file systems' clocks tick every second or two.
            let now = Timestamp::now();
            drop(Sources::gather_again(folder.path(), &mut readings, now));
            fs::write(folder.path().join("members/A.toml"), text).unwrap();
            let (sources, _) = Sources::gather_again(folder.path(), &mut readings, now);
            assert_eq!(sources.members[0].text, text);
        }
    }

    #[test]
    fn a_link_is_as_new_as_what_it_leads_to() {
        let folder = folder(&[("one", b"1"), ("two", b"2")]);
        fs::create_dir(folder.path().join("members")).unwrap();
        let link = folder.path().join("members/A.toml");
        std::os::unix::fs::symlink("../data", &link).unwrap();
        let later = Timestamp::now() + jiff::SignedDuration::from_secs(60);
        let mut readings = Readings::default();
        for (target, text) in [("one", "1"), ("two", "2"), ("one", "1")] {
            drop(fs::remove_file(folder.path().join("data")));
            std::os::unix::fs::symlink(target, folder.path().join("data")).unwrap();
            let (sources, faults) = Sources::gather_again(folder.path(), &mut readings, later);
            assert_eq!((sources.members[0].text.as_str(), faults.len()), (text, 0));
        }
    }

    #[test]
    fn a_revision_is_the_sha_256_of_the_text() {
        let source = Source::new("x.toml", "abc");
        assert_eq!(
            hex(&source.revision()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
