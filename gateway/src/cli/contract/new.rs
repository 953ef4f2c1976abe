//! `lienthong contract new`: the files of a new dataset, drafted from what someone has.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use adapters::{encoding::decode, sources};
use clap::ArgMatches;
use contracts::{
    Catalog, Encoding, Fault, Place,
    draft::{self, Draft, Source},
    review,
};

use super::{errors, named, tell};
use crate::{
    cli::{Console, Exit, Failure, Outcome},
    world,
};

/// The longest source that is read: the largest schemas of the trade have one megabyte, and of samples a
/// few records say as much as a million.
const LONGEST: u64 = 2 * 1024 * 1024;

pub(super) fn run(given: &ArgMatches, folder: &Path, console: &mut Console<'_>) -> Outcome {
    let w = console.words;
    let id = named(given.get_one::<String>("name").map(String::as_str).unwrap_or_default(), console)?;
    let target = folder.join(format!("catalog/{}/v{}", id.dataset, id.version));
    // Before anything is read: whatever the source says, nothing would come of it.
    if target.exists() {
        let taken = w.say(
            "đã có, không ghi đè: chọn tên khác, thêm phiên bản (`@2`), hoặc sửa tiếp tệp đã có",
            "is there already and is not overwritten: choose another name, a version (`@2`), or go on with what is there",
        );
        return Err(Failure(format!("`{}`: {taken}", target.display())));
    }
    let Some(file) = given.get_one::<PathBuf>("from") else { return Ok(Exit::Unusable) };
    let text = text_of(file, given.get_one::<String>("encoding").map(String::as_str), console)?;
    // The code lists, and no contract: others' drafts and mistakes are no matter of this one.
    let lists = match Catalog::load_only(folder, &id) {
        Ok((catalog, _)) => catalog,
        Err(faults) => {
            tell(errors(world::rooted(folder, faults)), console);
            return Ok(Exit::Refused);
        }
    };
    let record = given.get_one::<String>("record").map(String::as_str);
    let drafted = source(file, &text, record).and_then(|source| Draft::of(&id, source, lists.code_lists()));
    let drafted = match drafted {
        Ok(drafted) => drafted,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    for file in write(&target, &drafted)? {
        console.print(&file.display().to_string());
    }
    // What is left to the author, as any loading of it will tell.
    let (found, open) = match Catalog::load_only(folder, &id) {
        Ok((_, warnings)) => (warnings, Vec::new()),
        Err(faults) => faults.into_iter().partition(|fault| fault.warning),
    };
    let mut remarks = drafted.remarks;
    remarks.extend(review(&target.join("schema.json"), &drafted.schema, None));
    remarks.extend(world::rooted(folder, found));
    if !remarks.is_empty() {
        console.print(w.say("Cần xem lại:", "To look at:"));
        console.faults(&remarks);
    }
    tell(world::rooted(folder, open), console);
    let next = w.say("Trả lời xong thì chạy", "When all is answered, run");
    console.print(&format!("{next} `lienthong contract check {id}`."));
    Ok(Exit::Done)
}

/// The text of a source, made UTF-8 where it is said to be something else.
fn text_of(file: &Path, encoding: Option<&str>, console: &Console<'_>) -> Result<String, Failure> {
    let about = |error: io::Error| Failure(format!("{}: {error}", file.display()));
    if fs::metadata(file).map_err(about)?.len() > LONGEST {
        let long = console.say(
            "lớn hơn 2 MiB: chỉ giữ phần của một bộ dữ liệu, hoặc vài bản ghi mẫu",
            "is larger than 2 MiB: keep the part of one dataset, or a few sample records",
        );
        return Err(Failure(format!("{}: {long}", file.display())));
    }
    let bytes = fs::read(file).map_err(about)?;
    let encoding: Encoding = encoding.unwrap_or("utf-8").parse()?;
    let decoded = decode(&bytes, encoding, None).map_err(|fault| {
        let at = format!("{}:{}:{}", file.display(), fault.place.line, fault.place.column);
        let (message, remedy) = (fault.message.get(console.language()), fault.remedy.get(console.language()));
        Failure(format!("{at}: {message} [{}]. {remedy}", fault.rule))
    })?;
    String::from_utf8(decoded.into_owned()).map_err(|_| {
        let wrong = console.say(
            "không phải UTF-8: lưu lại dạng UTF-8 (trong Excel: CSV UTF-8), hoặc nêu bảng mã bằng `--encoding`",
            "is not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8), or say its encoding with `--encoding`",
        );
        Failure(format!("{}: {wrong}", file.display()))
    })
}

/// Writes the draft beside where it belongs and moves it there whole, so that nothing is ever overwritten
/// and no half of it is left.
fn write(target: &Path, drafted: &Draft) -> Result<[PathBuf; 3], Failure> {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let files = ["contract.toml", "schema.json", "examples/ok/mau.json"];
    let texts = [&drafted.contract, &drafted.schema, &drafted.example];
    let written = || -> io::Result<()> {
        fs::create_dir_all(beside.join("examples/ok"))?;
        fs::create_dir_all(beside.join("examples/bad"))?;
        for (file, text) in files.iter().zip(texts) {
            fs::write(beside.join(file), text)?;
        }
        // A folder is never moved onto one that holds something.
        fs::rename(&beside, target)
    };
    if let Err(error) = written() {
        // What cannot be removed was not written.
        let _ = fs::remove_dir_all(&beside);
        return Err(Failure(format!("{}: {error}", target.display())));
    }
    Ok(files.map(|file| target.join(file)))
}

/// What `file` is, by its name and by what it holds.
fn source<'s>(file: &'s Path, text: &'s str, record: Option<&str>) -> Result<Source<'s>, Vec<Fault>> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let ending = file.extension().map(|ending| ending.to_ascii_lowercase());
    match ending.as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("xsd") => return sources::of_xsd(file, text, record),
        Some("xml") => return sources::of_xml_sample(file, text),
        Some("csv") => return sources::of_csv_sample(file, text),
        Some("json") => {}
        _ => return Err(vec![unknown(file)]),
    }
    let is_schema = |value: &serde_json::Value| {
        value.get("$schema").is_some()
            || value.get("properties").is_some_and(serde_json::Value::is_object)
            || value.get("type").is_some_and(|kind| kind == "object")
    };
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(text);
    match parsed {
        Ok(value) if !is_schema(&value) => draft::of_json_sample(file, text),
        _ => draft::of_json_schema(file, text),
    }
}

fn unknown(file: &Path) -> Fault {
    Fault {
        file: file.to_owned(),
        place: None::<Place>,
        rule: "unknown-source",
        message: contracts::Bilingual::new(
            "Không biết đây là loại tệp nào",
            "There is no telling what kind of file this is",
        ),
        remedy: contracts::Bilingual::new(
            "Đặt đuôi `.xsd` (XML Schema), `.json` (JSON Schema hoặc mẫu), `.xml` hoặc `.csv` (mẫu).",
            "End its name in `.xsd` (XML Schema), `.json` (JSON Schema or a sample), `.xml` or `.csv` (a sample).",
        ),
        warning: false,
    }
}
