//! The examples that stand beside a contract, tried: good ones (`examples/ok`) pass it and say the same in
//! every format, bad ones (`examples/bad`) are refused for one reason.
//!
//! The catalogue's own tests and `lienthong contract check` are this, so that who adds a dataset is told by
//! the program what the tests would tell.
//!
//! A file's ending is its format's name. Files of one name are one record, or one list of them, in several
//! formats. A good example is read from its own format, checked record by record, written in every format
//! that is read and that the contract allows (geographic ones ask for a place), and read again. GeoJSON
//! moves a position to WGS 84: it comes back as itself there, not as it went.
//!
//! Examples are invented by the contract's author, and still nothing here tells a value of one.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use contracts::{Bilingual, Contract, Document, Fault, Format};

use crate::{Expect, Limits, Unknown, Unreadable};

/// The formats that an example may stand in.
pub const FORMATS: [Format; 5] = [Format::Json, Format::Xml, Format::Gml, Format::GeoJson, Format::JsonFg];

/// The longest example. One shows a rule; what is longer is somebody's data.
const LONGEST: u64 = 4 * 1024 * 1024;
/// The most examples of a folder that are tried; the richest contract has some forty.
const MOST: usize = 1_000;
/// The most reasons that are told of one example.
const MOST_REASONS: usize = 100;

/// Which of the two folders an example stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `examples/ok`: records that the contract takes.
    Good,
    /// `examples/bad`: records that break one rule of it each.
    Bad,
}

impl Kind {
    /// Both, the good ones first.
    pub const ALL: [Self; 2] = [Self::Good, Self::Bad];

    /// The folder within `examples`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Bad => "bad",
        }
    }
}

/// One example, tried.
#[derive(Debug)]
pub struct Tried {
    /// The file, relative to the contract's folder.
    pub file: PathBuf,
    /// Where it stands.
    pub kind: Kind,
    /// Why it is refused, in the order found; of a bad example, one.
    pub reasons: Vec<Reason>,
    /// What is wrong with it as an example; nothing of a sound one.
    pub problems: Vec<Problem>,
}

/// Why a record is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The rule's stable code.
    pub rule: &'static str,
    /// Where: `line:column` of what cannot be read, or a JSON pointer to what breaks the contract.
    pub at: String,
    /// What the rule asks.
    pub message: Bilingual,
}

/// What keeps an example from being one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file's ending names no format.
    NoFormat,
    /// The file cannot be had, or is too long.
    NotHad(String),
    /// It stands among the good ones and is refused, for [`Tried::reasons`].
    Refused,
    /// Written in this format and read again, it says something else.
    Changes(Format),
    /// It says something else than the good example of this file, which has its name.
    Differs(PathBuf),
    /// It stands among the bad ones and is taken.
    Taken,
    /// It is refused for more than one reason, so that it does not show which rule does it.
    ManyReasons,
}

impl Problem {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFormat => "no-format",
            Self::NotHad(_) => "unreadable-file",
            Self::Refused => "refused",
            Self::Changes(_) => "changes",
            Self::Differs(_) => "differs",
            Self::Taken => "taken",
            Self::ManyReasons => "many-reasons",
        }
    }

    /// What is wrong, and what to do.
    pub fn told(&self) -> Bilingual {
        let (vi, en) = match self {
            Self::NoFormat => {
                let all = FORMATS.map(|format| format!("`.{format}`")).join(", ");
                (
                    format!("đuôi tệp không phải là một định dạng: dùng {all}"),
                    format!("the file's ending is no format: use {all}"),
                )
            }
            Self::NotHad(why) => {
                (format!("không đọc được tệp: {why}"), format!("the file cannot be read: {why}"))
            }
            Self::Refused => (
                "bị từ chối mà đứng trong `ok`: sửa ví dụ, hoặc sửa hợp đồng".to_owned(),
                "refused, and it stands in `ok`: mend the example, or the contract".to_owned(),
            ),
            Self::Changes(format) => (
                format!("ghi ra {format} rồi đọc lại thì nói khác đi: xem lại `xml` và kiểu của các trường"),
                format!(
                    "written as {format} and read again, it says something else: look at `xml` and the types"
                ),
            ),
            Self::Differs(other) => (
                format!("nói khác `{}`, cùng tên: hai tệp phải là cùng một bản ghi", other.display()),
                format!(
                    "says something else than `{}`, of the same name: the two are one record",
                    other.display()
                ),
            ),
            Self::Taken => (
                "hợp lệ mà đứng trong `bad`: chưa có quy tắc nào từ chối, hoặc ví dụ chưa sai".to_owned(),
                "it is valid, and it stands in `bad`: no rule refuses it, or nothing is wrong with it"
                    .to_owned(),
            ),
            Self::ManyReasons => (
                "trái nhiều quy tắc: mỗi ví dụ chỉ sai đúng điều mà tên tệp nói".to_owned(),
                "it breaks several rules: each example breaks the one that its name tells".to_owned(),
            ),
        };
        Bilingual::new(vi, en)
    }
}

/// Tries the examples of `contract`, whose files are in `folder` (`catalog/<dataset>/v<n>`), and tells beside
/// them which folder of examples is missing, cannot be read or is empty: every contract has good and bad ones.
pub fn tried(contract: &Contract, folder: &Path) -> (Vec<Tried>, Vec<Fault>) {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let within = Path::new("examples").join(kind.folder());
        let files = match files(&folder.join(&within)) {
            Ok(files) => files,
            Err(error) => {
                faults.push(none(folder.join(&within), kind, Some(&error)));
                continue;
            }
        };
        if files.is_empty() {
            faults.push(none(folder.join(&within), kind, None));
        }
        let group: Vec<Example> =
            files.into_iter().map(|name| Example::read(folder, within.join(name), kind)).collect();
        all.extend(group.iter().map(|example| example.tried(contract, &group)));
    }
    (all, faults)
}

/// The names of the files in a folder, hidden ones left out.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)?.take(MOST) {
        let entry = entry?;
        if entry.path().is_file() && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            names.push(PathBuf::from(entry.file_name()));
        }
    }
    names.sort();
    Ok(names)
}

fn none(folder: PathBuf, kind: Kind, error: Option<&io::Error>) -> Fault {
    let why = match error {
        Some(error) if error.kind() != io::ErrorKind::NotFound => format!(": {error}"),
        _ => String::new(),
    };
    let (message, remedy) = match kind {
        Kind::Good => (
            [format!("Chưa có ví dụ hợp lệ nào{why}"), format!("There is no good example{why}")],
            [
                "Thêm một bản ghi tự đặt ra, mọi trường bắt buộc đều có.",
                "Add a record that is made up and has every required field.",
            ],
        ),
        Kind::Bad => (
            [format!("Chưa có ví dụ sai nào{why}"), format!("There is no bad example{why}")],
            [
                "Chép một ví dụ hợp lệ sang đây, sửa sai đúng một giá trị, đặt tên tệp theo quy tắc bị vi phạm.",
                "Copy a good one here, spoil one value, and name the file after the rule that it breaks.",
            ],
        ),
    };
    let [vi, en] = message;
    Fault {
        file: folder,
        place: None,
        rule: "no-example",
        message: Bilingual::new(vi, en),
        remedy: Bilingual::new(remedy[0], remedy[1]),
        warning: false,
    }
}

/// An example as it stands in its file.
struct Example {
    file: PathBuf,
    kind: Kind,
    format: Option<Format>,
    bytes: Result<Vec<u8>, String>,
}

impl Example {
    fn read(folder: &Path, file: PathBuf, kind: Kind) -> Self {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let format = ending.parse().ok().filter(|format| FORMATS.contains(format));
        let mut bytes = Vec::new();
        let read = File::open(folder.join(&file))
            .and_then(|opened| opened.take(LONGEST + 1).read_to_end(&mut bytes))
            .map_err(|error| error.to_string());
        let bytes = match read {
            Ok(read) if u64::try_from(read).is_ok_and(|read| read <= LONGEST) => Ok(bytes),
            Ok(_) => Err(format!("> {LONGEST} B")),
            Err(error) => Err(error),
        };
        Self { file, kind, format, bytes }
    }

    fn tried(&self, contract: &Contract, group: &[Self]) -> Tried {
        let mut tried =
            Tried { file: self.file.clone(), kind: self.kind, reasons: Vec::new(), problems: Vec::new() };
        let (format, bytes) = match (self.format, &self.bytes) {
            (Some(format), Ok(bytes)) => (format, bytes),
            (None, _) => {
                tried.problems.push(Problem::NoFormat);
                return tried;
            }
            (_, Err(why)) => {
                tried.problems.push(Problem::NotHad(why.clone()));
                return tried;
            }
        };
        // What a contract does not have is a reader's to refuse in a good example, and in a bad one the
        // contract's to tell.
        let unknown = match self.kind {
            Kind::Good => Unknown::Reject,
            Kind::Bad => Unknown::Keep,
        };
        let document = match read(contract, format, bytes, unknown) {
            Ok(document) => document,
            Err(unreadable) => {
                tried.reasons.push(Reason::of_reader(&unreadable));
                tried.problems.extend((self.kind == Kind::Good).then_some(Problem::Refused));
                return tried;
            }
        };
        tried.reasons = reasons(contract, &document);
        match (self.kind, tried.reasons.len()) {
            (Kind::Good, 0) => self.compare(contract, format, &document, group, &mut tried.problems),
            (Kind::Good, _) => tried.problems.push(Problem::Refused),
            (Kind::Bad, 0) => tried.problems.push(Problem::Taken),
            (Kind::Bad, 1) => {}
            (Kind::Bad, _) => tried.problems.push(Problem::ManyReasons),
        }
        tried
    }

    /// Whether a good example says the same in every format, and in its files in other formats.
    fn compare(
        &self,
        contract: &Contract,
        own: Format,
        document: &Document<'_>,
        group: &[Self],
        problems: &mut Vec<Problem>,
    ) {
        let has_place = contract.shape().main_geometry().is_some();
        let itself = said(document);
        let mut moved = None;
        for format in FORMATS.into_iter().filter(|format| has_place || !asks_for_place(*format)) {
            let again = said_after(format, contract, document);
            // GeoJSON moves to WGS 84: only that it can be read again is held.
            let same = again.as_ref().is_some_and(|again| format == Format::GeoJson || *again == itself);
            problems.extend((!same).then_some(Problem::Changes(format)));
            if format == Format::GeoJson {
                moved = again;
            }
        }
        for other in group
            .iter()
            .filter(|other| other.file != self.file && other.file.file_stem() == self.file.file_stem())
        {
            let (Some(format), Ok(bytes)) = (other.format, &other.bytes) else { continue };
            // One that cannot be read is told of itself.
            let Ok(twin) = read(contract, format, bytes, Unknown::Reject) else { continue };
            let same = if own == Format::GeoJson || format == Format::GeoJson {
                said_after(Format::GeoJson, contract, &twin) == moved
            } else {
                said(&twin) == itself
            };
            problems.extend((!same).then(|| Problem::Differs(other.file.clone())));
        }
    }
}

impl Reason {
    fn of_reader(unreadable: &Unreadable) -> Self {
        let at = format!("{}:{}", unreadable.place.line, unreadable.place.column);
        Self { rule: unreadable.rule, at, message: unreadable.message.clone() }
    }
}

fn read<'a>(
    contract: &'a Contract,
    format: Format,
    bytes: &'a [u8],
    unknown: Unknown,
) -> Result<Document<'a>, Unreadable> {
    let limits = Limits::default();
    crate::read(format, bytes, contract, Expect::Either, unknown, &limits).map(|reading| reading.document)
}

/// Why the records of `document` break the contract.
fn reasons(contract: &Contract, document: &Document<'_>) -> Vec<Reason> {
    let list = document.as_list();
    let records = list.unwrap_or(std::slice::from_ref(document));
    let found = records.iter().enumerate().flat_map(|(index, record)| {
        let before = list.map(|_| format!("/{index}")).unwrap_or_default();
        let violations = contract.check(record, MOST_REASONS).err().unwrap_or_default();
        violations.into_iter().map(move |violation| Reason {
            rule: violation.rule.code(),
            at: format!("{before}{}", violation.path),
            message: violation.message,
        })
    });
    found.take(MOST_REASONS).collect()
}

/// What a document says when it has been written in `format` and read again; nothing when that cannot be
/// read.
fn said_after(format: Format, contract: &Contract, document: &Document<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    crate::write(format, document, contract, &mut bytes);
    read(contract, format, &bytes, Unknown::Reject).ok().map(|document| said(&document))
}

/// What a document says, members by name: JSON may give them in any order.
// As deep as the readers go.
fn said(document: &Document<'_>) -> String {
    match document {
        Document::Record(record) => {
            let mut members: Vec<String> =
                record.iter().map(|(name, value)| format!("{name:?}:{}", said(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Document::List(items) => format!("[{}]", items.iter().map(said).collect::<Vec<_>>().join(",")),
        leaf => format!("{leaf:?}"),
    }
}

fn asks_for_place(format: Format) -> bool {
    matches!(format, Format::Gml | Format::GeoJson | Format::JsonFg)
}
