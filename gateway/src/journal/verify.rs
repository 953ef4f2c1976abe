//! Checking the evidence: every line whole, every lane without a gap.

use std::path::{Path, PathBuf};

use contracts::Bilingual;

use super::{
    VERSION,
    fault::JournalFault,
    process::{Process, segment_of},
    record::{Kind, Record},
    scan::{Piece, Scan},
};

/// What [`verify()`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Processes that left something.
    pub processes: u64,
    /// Segments read.
    pub segments: u64,
    /// Whole records.
    pub records: u64,
    /// What is wrong, in the order of the files.
    pub problems: Vec<Problem>,
}

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The segment.
    pub file: PathBuf,
    /// Where in it, in bytes.
    pub offset: u64,
    /// What.
    pub kind: ProblemKind,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The segment ends in a line that was not finished: a crash, or a write going on. Nothing that
    /// was confirmed is lost by it.
    TornTail,
    /// A line amid others fails its checksum: changed, or the disk's fault.
    Damaged,
    /// The checksum holds but the line is not a record.
    Unreadable,
    /// The record says another lane or segment than its file.
    Misplaced,
    /// Records are missing before this one, or it is there twice.
    Gap,
    /// The segment does not begin with its head.
    Headless,
    /// The time falls.
    TimeFalls,
    /// A later version of the format, which this program does not know in full.
    LaterVersion,
}

impl Report {
    /// Whether nothing confirmed is missing or changed: torn tails do not count.
    pub fn is_sound(&self) -> bool {
        self.problems.iter().all(|problem| problem.kind == ProblemKind::TornTail)
    }
}

impl ProblemKind {
    /// What it means, for the operator.
    pub fn explain(self) -> Bilingual {
        let (vi, en) = match self {
            Self::TornTail => (
                "đoạn kết thúc bằng một dòng ghi dở; không bản ghi nào đã xác nhận bị mất",
                "the segment ends in an unfinished line; no confirmed record is lost",
            ),
            Self::Damaged => (
                "dòng không khớp mã kiểm tra: đã bị sửa hoặc đĩa hỏng",
                "the line fails its checksum: it was changed, or the disk is failing",
            ),
            Self::Unreadable => (
                "dòng khớp mã kiểm tra nhưng không phải là bản ghi",
                "the line passes its checksum but is not a record",
            ),
            Self::Misplaced => (
                "bản ghi thuộc làn hoặc đoạn khác với tên tệp",
                "the record belongs to another lane or segment than its file's name says",
            ),
            Self::Gap => (
                "thiếu bản ghi phía trước, hoặc bản ghi bị lặp",
                "records are missing before this one, or it is there twice",
            ),
            Self::Headless => {
                ("đoạn không bắt đầu bằng bản ghi mở đầu", "the segment does not begin with its head")
            }
            Self::TimeFalls => {
                ("thời điểm lùi so với bản ghi trước", "the time falls behind the record before")
            }
            Self::LaterVersion => (
                "định dạng của phiên bản mới hơn; hãy kiểm tra bằng chương trình mới hơn",
                "the format is a later version's; verify with a later program",
            ),
        };
        Bilingual::new(vi, en)
    }
}

/// Reads all of a journal's folder and reports what is wrong with it.
///
/// # Errors
/// When a folder or file cannot be read at all.
pub fn verify(folder: &Path) -> Result<Report, JournalFault> {
    let mut report = Report::default();
    for process in Process::all(folder).map_err(|source| JournalFault::read(folder, source))? {
        report.processes += 1;
        let lanes = process.lanes().map_err(|source| JournalFault::read(&process.path, source))?;
        for (lane, segments) in lanes {
            let mut expected = Expected { lane, seq: 0, at: i64::MIN };
            for path in segments {
                report.segment(&path, &mut expected).map_err(|source| JournalFault::read(&path, source))?;
            }
        }
    }
    Ok(report)
}

/// What the next record of a lane must be.
struct Expected {
    lane: u32,
    seq: u64,
    at: i64,
}

impl Report {
    fn segment(&mut self, path: &Path, expected: &mut Expected) -> std::io::Result<()> {
        self.segments += 1;
        let number =
            path.file_name().and_then(|name| name.to_str()).and_then(segment_of).map(|(_, number)| number);
        let mut scan = Scan::open(path)?;
        let mut first = true;
        let mut broken = None;
        while let Some(piece) = scan.next()? {
            let record = match piece {
                Piece::Broken => None,
                Piece::Whole(line) => Some(Record::parse(line)),
            };
            let offset = scan.from();
            let Some(record) = record else {
                broken = broken.or(Some(offset));
                continue;
            };
            let mut problem =
                |offset, kind| self.problems.push(Problem { file: path.to_owned(), offset, kind });
            if let Some(offset) = broken.take() {
                // Something whole follows, so it was no tail.
                problem(offset, ProblemKind::Damaged);
            }
            let Some(record) = record else {
                problem(offset, ProblemKind::Unreadable);
                continue;
            };
            if first && record.kind != Kind::Start {
                problem(offset, ProblemKind::Headless);
            }
            first = false;
            if record.v > VERSION {
                problem(offset, ProblemKind::LaterVersion);
            }
            if record.lane != expected.lane || (record.kind == Kind::Start && record.segment != number) {
                problem(offset, ProblemKind::Misplaced);
            }
            if record.seq != expected.seq {
                problem(offset, ProblemKind::Gap);
            }
            if record.at < expected.at {
                problem(offset, ProblemKind::TimeFalls);
            }
            expected.seq = record.seq + 1;
            expected.at = record.at;
            self.records += 1;
        }
        if let Some(offset) = broken {
            self.problems.push(Problem { file: path.to_owned(), offset, kind: ProblemKind::TornTail });
        }
        Ok(())
    }
}
