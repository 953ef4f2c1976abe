//! Many texts in one file, since a file for each of a hundred thousand costs minutes of a disk's time.
//!
//! ```text
//! 9f1c… 1204      the head: a line for each text, its SHA-256 and its length in bytes
//! 77de… 893
//!                 an empty line
//! id = "TT-…      the texts, one right after the other in the order of the head
//! ```
//! A pack is called by the SHA-256 of its head, so that a head that was changed is found out as a text is:
//! by its hash. It is written whole, synchronised, and only then called by its name; nothing is ever added
//! to it.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use ring::digest::{Context, SHA256};

use super::{
    super::{line::hex, record::bytes_of},
    name_of, sha256,
};

/// The longest line of a head: a hash, a blank, and the digits of a length.
const LINE_LIMIT: u64 = 64 + 1 + 20 + 1;
/// How much is written or read at a time: texts are some hundreds of bytes each.
const STROKE: usize = 1 << 20;

/// The packs of a store, as they were when it was opened.
#[derive(Debug, Default)]
pub(super) struct Packs {
    files: Vec<(PathBuf, File)>,
    places: HashMap<[u8; 32], Place>,
}

/// Where a text lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    file: usize,
    offset: u64,
    length: usize,
}

impl Packs {
    /// Reads the heads of all packs in `folder`; none when there is no folder.
    ///
    /// # Errors
    /// What the system says. A pack whose head was changed is left out and named by the log: its texts are
    /// not kept any more.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let mut packs = Self::default();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(packs),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Some(hash) = entry.file_name().to_str().and_then(bytes_of) else { continue };
            let path = entry.path();
            let file = File::open(&path)?;
            let Some(head) = Head::read(&file, &hash)? else {
                tracing::error!(pack = %path.display(), "the head of a pack of documents was changed: its texts are lost to evidence");
                continue;
            };
            let number = packs.files.len();
            let places = head
                .places
                .into_iter()
                .map(|(hash, offset, length)| (hash, Place { file: number, offset, length }));
            packs.places.extend(places);
            packs.files.push((path, file));
        }
        Ok(packs)
    }

    /// The bytes that stand for a hash, and the pack they are in; nobody has looked whether they have it.
    pub(super) fn bytes(&self, hash: &[u8; 32]) -> Option<(&Path, io::Result<Vec<u8>>)> {
        let place = self.places.get(hash)?;
        let (path, file) = self.files.get(place.file)?;
        let read = || {
            let mut bytes = vec![0; place.length];
            file.read_exact_at(&mut bytes, place.offset)?;
            Ok(bytes)
        };
        Some((path, read()))
    }

    /// The hashes of all texts that are what they were. Reads everything.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn sound(&self) -> io::Result<HashSet<[u8; 32]>> {
        let mut places: Vec<(&[u8; 32], &Place)> = self.places.iter().collect();
        places.sort_unstable_by_key(|(_, place)| (place.file, place.offset));
        let mut sound = HashSet::with_capacity(places.len());
        let mut bytes = Vec::new();
        let mut reading: Option<(usize, u64, BufReader<&File>)> = None;
        for (hash, place) in places {
            let Some((_, file)) = self.files.get(place.file) else { continue };
            let at =
                reading.take().filter(|(number, offset, _)| (*number, *offset) == (place.file, place.offset));
            let (_, _, mut reader) = match at {
                Some(at) => at,
                None => {
                    let mut reader = BufReader::with_capacity(STROKE, file);
                    io::Seek::seek(&mut reader, io::SeekFrom::Start(place.offset))?;
                    (place.file, place.offset, reader)
                }
            };
            bytes.resize(place.length, 0);
            reader.read_exact(&mut bytes)?;
            if sha256(&bytes) == *hash {
                sound.insert(*hash);
            }
            reading = Some((place.file, place.offset + place.length as u64, reader));
        }
        Ok(sound)
    }
}

/// What a pack holds.
struct Head {
    /// Hash, offset, length.
    places: Vec<([u8; 32], u64, usize)>,
}

impl Head {
    /// Reads the head of a pack that is called `named`; `None` when it is another's or none.
    fn read(file: &File, named: &[u8; 32]) -> io::Result<Option<Self>> {
        let size = file.metadata()?.len();
        let mut reader = BufReader::with_capacity(STROKE, file);
        let mut context = Context::new(&SHA256);
        let (mut listed, mut line, mut length) = (Vec::new(), Vec::new(), 0_u64);
        loop {
            line.clear();
            // Nothing that is no head is taken in for one.
            (&mut reader).take(LINE_LIMIT).read_until(b'\n', &mut line)?;
            context.update(&line);
            length += line.len() as u64;
            match line.strip_suffix(b"\n") {
                Some([]) => break,
                Some(entry) => match entry_of(entry) {
                    Some(entry) => listed.push(entry),
                    None => return Ok(None),
                },
                None => return Ok(None),
            }
        }
        if context.finish().as_ref() != named {
            return Ok(None);
        }
        let mut offset = length;
        let places = listed.into_iter().map(|(hash, length)| {
            let place = (hash, offset, length);
            offset = offset.checked_add(length as u64)?;
            Some(place)
        });
        let places: Option<Vec<_>> = places.collect();
        // What a file does not hold, no buffer is made for.
        Ok(places.filter(|_| offset <= size).map(|places| Self { places }))
    }
}

fn entry_of(line: &[u8]) -> Option<([u8; 32], usize)> {
    let (hash, length) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    Some((bytes_of(hash)?, length.parse().ok()?))
}

/// A pack in the making.
pub(super) struct Pack<'t> {
    texts: &'t [([u8; 32], &'t [u8])],
    head: Vec<u8>,
}

impl<'t> Pack<'t> {
    /// Of `texts`, each of which is there once.
    pub(super) fn of(texts: &'t [([u8; 32], &'t [u8])]) -> Self {
        let mut head = Vec::with_capacity(texts.len() * 72 + 1);
        for (hash, text) in texts {
            hex(&mut head, hash);
            head.extend_from_slice(format!(" {}\n", text.len()).as_bytes());
        }
        head.push(b'\n');
        Self { texts, head }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        name_of(&sha256(&self.head))
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(&self, file: &File) -> io::Result<()> {
        let mut writer = BufWriter::with_capacity(STROKE, file);
        writer.write_all(&self.head)?;
        for (_, text) in self.texts {
            writer.write_all(text)?;
        }
        writer.flush()
    }
}
