//! Reading a segment line by line, whatever a crash left of it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use super::line;

/// The longest line a reader takes, in bytes. The longest written is a segment's head, which names
/// the exchanges open in its lane at 39 bytes each: a hundred thousand of them fit.
const LINE_LIMIT: usize = 4 << 20;

/// What a stretch of a segment is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'s> {
    /// A whole line, checksum verified, without its line feed.
    Whole(&'s [u8]),
    /// Bytes that are no whole line: a torn tail when nothing whole follows, damage otherwise.
    Broken,
}

/// A reader of one segment.
pub(super) struct Scan {
    reader: BufReader<File>,
    buffer: Vec<u8>,
    /// Where the last piece read begins.
    from: u64,
    /// Where the next piece begins.
    offset: u64,
}

impl Scan {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let reader = BufReader::with_capacity(128 * 1024, File::open(path)?);
        Ok(Self { reader, buffer: Vec::new(), from: 0, offset: 0 })
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        self.buffer.clear();
        self.from = self.offset;
        let mut overlong = false;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |end| end + 1);
            overlong |= self.buffer.len() + taken > LINE_LIMIT;
            if !overlong {
                self.buffer.extend_from_slice(available.get(..taken).unwrap_or_default());
            }
            self.reader.consume(taken);
            self.offset += taken as u64;
            if end.is_some() || taken == 0 {
                break;
            }
        }
        if self.offset == self.from {
            return Ok(None);
        }
        match self.buffer.strip_suffix(b"\n") {
            Some(body) if !overlong && line::whole(body) => Ok(Some(Piece::Whole(body))),
            _ => Ok(Some(Piece::Broken)),
        }
    }

    /// Where the last piece began, in bytes.
    pub(super) fn from(&self) -> u64 {
        self.from
    }

    /// Where the last piece ended, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, Scan};
    use crate::journal::{entry::Entry, line::Line, record::Kind};

    fn lines(count: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for seq in 0..count {
            let mut line = Line::begin(&mut bytes, 0, seq, 5, Kind::Exchange);
            line.entry(&Entry { caller: Some("H26/quan-ly-khcn"), ..Entry::default() });
            line.finish();
        }
        bytes
    }

    #[test]
    fn a_tail_torn_at_any_byte_costs_only_its_own_line() {
        let bytes = lines(3);
        let one = bytes.len() / 3;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("segment");
        for length in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let mut scan = Scan::open(&path).unwrap();
            let (mut whole, mut broken) = (0, 0);
            while let Some(piece) = scan.next().unwrap() {
                match piece {
                    Piece::Whole(_) => whole += 1,
                    Piece::Broken => broken += 1,
                }
            }
            assert_eq!((whole, broken), (length / one, usize::from(length % one > 0)), "{length}");
        }
    }

    #[test]
    fn damage_in_the_middle_is_seen_and_passed() {
        let mut bytes = lines(3);
        let one = bytes.len() / 3;
        bytes[one + 20] ^= 1;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("segment");
        std::fs::write(&path, &bytes).unwrap();
        let mut scan = Scan::open(&path).unwrap();
        assert!(matches!(scan.next().unwrap(), Some(Piece::Whole(_))));
        assert_eq!(scan.next().unwrap(), Some(Piece::Broken));
        assert_eq!((scan.from(), scan.offset()), (one as u64, 2 * one as u64));
        assert!(matches!(scan.next().unwrap(), Some(Piece::Whole(_))));
        assert_eq!(scan.next().unwrap(), None);
    }
}
