//! `lienthong translate`: one file from one format to another, validated on the way.
//!
//! A file in an older encoding (`--encoding`) is made UTF-8 on the way, by the decoder that bodies of systems
//! pass, so that places are those of the file as it stands.
//!
//! Where both formats go record by record, a file of any length takes the memory of one record
//! ([`records`]); others are read whole. Every violation is told, under its record's position. What
//! becomes of the output when a record breaks the contract is the user's choice:
//!
//! | option | bad records | the rest |
//! |---|---|---|
//! | none | told | told; nothing is written any more, so the output ends without its end |
//! | `--keep-going` | told, left out | written |
//! | `--set-aside FILE` | told, put into the file as NDJSON | written |
//!
//! The exit code is 2 whenever a record was bad.

mod progress;
mod records;

use std::{
    fs::File,
    io::{Read, Write},
    path::PathBuf,
    sync::Arc,
};

use adapters::{Expect, Limits, Unknown, Unreadable, encoding::decode, stream};
use clap::ArgMatches;
use contracts::{Catalog, Contract, ContractId, Document, Encoding, Format, Language};

use self::progress::Progress;
use super::{Console, Exit, Failure, Outcome};

/// Bytes of one record. A person translating a file has no other callers to protect, so the number of
/// values and the length of texts are not bounded one by one; this bounds them together.
const RECORD: usize = 64 * 1024 * 1024;

/// Violations told, over all records. A file that breaks its contract everywhere is told so by these.
const MOST_TOLD: usize = 1000;

/// Whether files in `format` can be translated.
pub(super) fn reads(format: Format) -> bool {
    adapters::reads(format) || stream::reads(format)
}

/// Whether files can be translated to `format`.
pub(super) fn writes(format: Format) -> bool {
    adapters::writes(format) || stream::writes(format)
}

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let text = |name: &str| given.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let folder = given.get_one::<PathBuf>("contracts").cloned().unwrap_or_else(|| PathBuf::from("contracts"));
    let id: ContractId = text("contract").parse()?;
    let catalog = match Catalog::load_only(&folder, &id) {
        Ok((catalog, _)) => catalog,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let w = console.words;
    let contract = catalog
        .contract(&id)
        .ok_or_else(|| Failure(format!("{} `{id}`", w.say("không có hợp đồng", "there is no contract"))))?;
    let (from, to): (Format, Format) = (text("from").parse()?, text("to").parse()?);
    let encoding: Encoding = given.get_one::<String>("encoding").map_or("utf-8", String::as_str).parse()?;
    let input = Input::open(text("file"), encoding)?;
    let set_aside = given
        .get_one::<PathBuf>("set-aside")
        .map(|path| File::create(path).map_err(|error| Failure(format!("{}: {error}", path.display()))));
    let bad = Bad {
        kept_out: given.get_flag("keep-going") || set_aside.is_some(),
        set_aside: set_aside.transpose()?,
        records: 0,
        told: 0,
        untold: 0,
    };
    let job = Job { contract, from, to, bad };
    if stream::reads(from) && stream::writes(to) {
        job.by_records(input, console)
    } else {
        job.whole(input, console)
    }
}

/// What is asked for.
struct Job<'j> {
    contract: &'j Arc<Contract>,
    from: Format,
    to: Format,
    bad: Bad,
}

/// The records that break the contract.
struct Bad {
    /// Whether the others are written all the same.
    kept_out: bool,
    set_aside: Option<File>,
    records: usize,
    /// Violations told and not told.
    told: usize,
    untold: usize,
}

/// The bytes to translate.
struct Input {
    bytes: Box<dyn Read>,
    /// How many they are, if that is known.
    length: Option<u64>,
    encoding: Encoding,
}

impl Job<'_> {
    /// A document of a format that is not read, or not written, record by record.
    fn whole(mut self, mut input: Input, console: &mut Console<'_>) -> Outcome {
        let mut bytes = Vec::new();
        input.bytes.read_to_end(&mut bytes)?;
        let bytes = match decode(&bytes, input.encoding, None) {
            Ok(bytes) => bytes,
            Err(fault) => return Ok(unreadable(&fault, console)),
        };
        let read = adapters::read(self.from, &bytes, self.contract, Expect::Either, Unknown::Keep, &limits());
        let mut document = match read {
            Ok(reading) => reading.document,
            Err(fault) => return Ok(unreadable(&fault, console)),
        };
        match &mut document {
            Document::List(records) => {
                let mut good = Vec::with_capacity(records.len());
                for (index, record) in std::mem::take(records).into_iter().enumerate() {
                    if self.bad.admit(self.contract, &record, Some(index), console)? {
                        good.push(record);
                    }
                }
                *records = good;
            }
            record => drop(self.bad.admit(self.contract, record, None, console)?),
        }
        let lost = matches!(document, Document::Record(_)) || !self.bad.kept_out;
        if self.bad.records == 0 || !lost {
            let mut out = Vec::with_capacity(bytes.len());
            adapters::write(self.to, &document, self.contract, &mut out);
            out.push(b'\n');
            console.out.write_all(&out)?;
        }
        Ok(self.bad.exit(console))
    }
}

impl Bad {
    /// Whether `record`, the one at `index` of a list, keeps the contract; tells what it breaks.
    fn admit(
        &mut self,
        contract: &Contract,
        record: &Document<'_>,
        index: Option<usize>,
        console: &mut Console<'_>,
    ) -> Result<bool, Failure> {
        let Err(violations) = contract.check(record, usize::MAX) else { return Ok(true) };
        self.records += 1;
        let prefix = index.map(|index| format!("/{index}")).unwrap_or_default();
        for violation in violations {
            if self.told == MOST_TOLD {
                self.untold += 1;
                continue;
            }
            self.told += 1;
            console.complain(&format!(
                "{prefix}{}: {} [{}]",
                violation.path,
                violation.message(console.language()),
                violation.rule.code()
            ));
        }
        if let Some(file) = &mut self.set_aside {
            let mut line = Vec::new();
            adapters::json::write(record, &mut line);
            line.push(b'\n');
            file.write_all(&line)?;
        }
        Ok(false)
    }

    /// How the command ends, the input being read.
    fn exit(&self, console: &mut Console<'_>) -> Exit {
        if self.records == 0 {
            return Exit::Done;
        }
        let untold = match (self.untold, console.language()) {
            (0, _) => String::new(),
            (more, Language::Vi) => format!("; còn {more} lỗi không nêu ra"),
            (more, Language::En) => format!("; {more} more violations are not listed"),
        };
        let count = self.records;
        console.complain(&match (console.language(), self.kept_out) {
            (Language::Vi, true) => format!("{count} bản ghi trái hợp đồng đã được để riêng{untold}."),
            (Language::Vi, false) => format!("{count} bản ghi trái hợp đồng; kết quả không đầy đủ{untold}."),
            (Language::En, true) => format!("{count} records break the contract and were left out{untold}."),
            (Language::En, false) => {
                format!("{count} records break the contract; the output is incomplete{untold}.")
            }
        });
        Exit::Unusable
    }
}

impl Input {
    fn open(file: &str, encoding: Encoding) -> Result<Self, Failure> {
        if file == "-" {
            return Ok(Self { bytes: Box::new(std::io::stdin().lock()), length: None, encoding });
        }
        let named = |error: std::io::Error| Failure(format!("{file}: {error}"));
        let opened = File::open(file).map_err(named)?;
        let about = opened.metadata().map_err(named)?;
        Ok(Self { bytes: Box::new(opened), length: about.is_file().then_some(about.len()), encoding })
    }
}

fn limits() -> Limits {
    Limits { nodes: usize::MAX, text: usize::MAX, record: RECORD, ..Limits::default() }
}

/// Tells why the input cannot be read.
fn unreadable(fault: &Unreadable, console: &mut Console<'_>) -> Exit {
    console.complain(&format!(
        "{}:{}: {} [{}]. {}",
        fault.place.line,
        fault.place.column,
        fault.message.get(console.language()),
        fault.rule,
        fault.remedy.get(console.language())
    ));
    Exit::Unusable
}
