//! Operators' documents as texts, before anyone has understood them.
//!
//! A folder of documents has one place for each kind:
//! `members/<id>.toml`, `services/<member>/<name>.toml`, `purposes/<id>.toml`,
//! `agreements/<id>.toml` and, read apart because they act alone, `suspensions/<id>.toml`.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use contracts::{Bilingual, Fault};
use ring::digest;

/// The longest document, in bytes. The longest in use are under 10 KB; a hundred times that is a
/// file that came into the folder by mistake.
pub const LONGEST_DOCUMENT: u64 = 1024 * 1024;
/// The most documents of one kind. All agencies of the country with ten systems each stay below.
pub const MOST_DOCUMENTS: usize = 100_000;

/// One document as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file, relative to the folder of documents: `agreements/TT-2026-017.toml`.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
}

impl Source {
    /// The document's revision: SHA-256 of its text.
    pub fn revision(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let digest = digest::digest(&digest::SHA256, self.text.as_bytes());
        bytes.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        bytes
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
    pub members: Vec<Source>,
    /// `services/*/*.toml`.
    pub services: Vec<Source>,
    /// `purposes/*.toml`.
    pub purposes: Vec<Source>,
    /// `agreements/*.toml`.
    pub agreements: Vec<Source>,
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
        let mut faults = Vec::new();
        let sources = Self {
            members: documents(folder, Path::new("members"), &mut faults),
            services: services(folder, &mut faults),
            purposes: documents(folder, Path::new("purposes"), &mut faults),
            agreements: documents(folder, Path::new("agreements"), &mut faults),
        };
        (sources, faults)
    }

    /// Reads the suspensions of `folder`. What can be read is returned beside the faults: one
    /// unreadable file must not stop the others from acting.
    pub fn suspensions(folder: &Path) -> (Vec<Source>, Vec<Fault>) {
        let mut faults = Vec::new();
        let read = documents(folder, Path::new("suspensions"), &mut faults);
        (read, faults)
    }

    /// Every document, kind by kind.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.members.iter().chain(&self.services).chain(&self.purposes).chain(&self.agreements)
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn services(folder: &Path, faults: &mut Vec<Fault>) -> Vec<Source> {
    let mut all = Vec::new();
    let services = Path::new("services");
    for name in entries(folder, services, faults) {
        let member = services.join(&name);
        if folder.join(&member).is_dir() {
            all.extend(documents(folder, &member, faults));
        } else if !is_note(&name) {
            faults.push(misplaced(member, "services/<member>/<service>.toml"));
        }
    }
    all
}

fn documents(folder: &Path, kind: &Path, faults: &mut Vec<Fault>) -> Vec<Source> {
    let mut read = Vec::new();
    for name in entries(folder, kind, faults) {
        let file = kind.join(&name);
        if is_note(&name) {
            continue;
        }
        if !name.ends_with(".toml") {
            faults.push(misplaced(file, "<id>.toml"));
            continue;
        }
        match text(&folder.join(&file)) {
            Ok(text) => read.push(Source { file, text }),
            Err(error) => faults.push(unreadable(file, &error)),
        }
    }
    read
}

/// Names in a folder, sorted, hidden ones left out (Kubernetes mounts keep theirs in `..data`).
fn entries(folder: &Path, kind: &Path, faults: &mut Vec<Fault>) -> Vec<String> {
    let listing = match fs::read_dir(folder.join(kind)) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            faults.push(unreadable(kind.to_path_buf(), &error));
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for entry in listing {
        match entry {
            Ok(entry) => names.push(entry.file_name().to_string_lossy().into_owned()),
            Err(error) => faults.push(unreadable(kind.to_path_buf(), &error)),
        }
        if names.len() > MOST_DOCUMENTS {
            let error = io::Error::new(io::ErrorKind::QuotaExceeded, "too many documents");
            faults.push(unreadable(kind.to_path_buf(), &error));
            return Vec::new();
        }
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    names
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
    fn a_revision_is_the_sha_256_of_the_text() {
        let source = Source { file: "x.toml".into(), text: "abc".into() };
        assert_eq!(
            hex(&source.revision()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
