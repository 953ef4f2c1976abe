//! What translating a large file costs, beside what it costs xmllint merely to validate it.
//!
//! One collection of task records, 40 MB of XML, is translated by `lienthong translate` to JSON, and the
//! same records as JSON to XML; both ways every record is checked against its contract and the result
//! is written to a file. `xmllint --stream --schema` reads the XML file with the schema that
//! `lienthong contract xsd` prints of the same contract, and writes nothing. Each has one processor to
//! itself. The rounds are interleaved, so that what else the machine does falls on all. After every
//! round the outputs are held byte by byte against the files that the collection was written to in the
//! first place, which is not the translator's doing.

mod collection;
pub mod metered;

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use self::metered::Cost;
use crate::{report::Spread, rivals};

const CONTRACT: &str = "nhiem-vu@1";

/// Measures `rounds` rounds and prints what they cost; gives what is kept of it.
pub fn measure(rounds: usize) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path())?;
    eprintln!(
        "{} task records, {:.1} MB of XML, {:.1} MB of JSON, one processor each",
        bench.size.records,
        megabytes(bench.size.xml),
        megabytes(bench.size.json),
    );
    let mut costs = Costs::default();
    for number in 1..=rounds {
        costs.xmllint.push(bench.xmllint()?);
        costs.to_json.push(bench.translate("xml", &bench.xml, "json", &bench.json)?);
        costs.to_xml.push(bench.translate("json", &bench.json, "xml", &bench.xml)?);
        eprintln!("round {number} of {rounds}: {}", costs.last());
    }
    let table = costs.table();
    println!("{table}");
    Ok(format!(
        "{} task records, {:.1} MB of XML, {:.1} MB of JSON. `lienthong translate` reads them, checks every record against its \
         contract and writes them in the other format; `xmllint --stream --schema` only validates the XML. One processor each; \
         medians of {rounds} rounds, with extremes.\n\n```\n{table}```",
        bench.size.records,
        megabytes(bench.size.xml),
        megabytes(bench.size.json),
    ))
}

/// The files and programs.
struct Bench {
    folder: PathBuf,
    xml: PathBuf,
    json: PathBuf,
    schema: PathBuf,
    program: PathBuf,
    size: collection::Size,
}

impl Bench {
    fn new(folder: &Path) -> Result<Self> {
        let file = |name: &str| folder.join(name);
        let program = rivals::gateway_program()?;
        let bench = Self {
            folder: folder.to_owned(),
            xml: file("nhiem-vu.xml"),
            json: file("nhiem-vu.json"),
            schema: file("nhiem-vu.xsd"),
            size: collection::write(&file("nhiem-vu.xml"), &file("nhiem-vu.json"))?,
            program,
        };
        let printed = Command::new(&bench.program)
            .args(["contract", "xsd", "--contracts", contracts(), CONTRACT])
            .stdout(File::create(&bench.schema)?)
            .stderr(Stdio::inherit())
            .status()
            .with_context(|| format!("starting {}; `make bench` builds it", bench.program.display()))?;
        ensure!(printed.success(), "the contract has no XML Schema");
        Ok(bench)
    }

    fn xmllint(&self) -> Result<Cost> {
        let arguments = ["--stream", "--noout", "--schema", text(&self.schema)?, text(&self.xml)?];
        let program = Path::new("/usr/bin/xmllint");
        metered::run(program, &arguments, File::create(self.folder.join("out"))?, &self.folder)
    }

    /// Translates `file`, and holds the outcome against `expected`.
    fn translate(&self, from: &str, file: &Path, to: &str, expected: &Path) -> Result<Cost> {
        let out = self.folder.join("out");
        let arguments = [
            "translate",
            "--contracts",
            contracts(),
            "--contract",
            CONTRACT,
            "--from",
            from,
            "--to",
            to,
            text(file)?,
        ];
        let cost = metered::run(&self.program, &arguments, File::create(&out)?, &self.folder)?;
        ensure!(are_same(&out, expected)?, "{from} to {to}: the outcome is not what it should be");
        fs::remove_file(out)?;
        Ok(cost)
    }
}

/// What the rounds cost.
#[derive(Default)]
struct Costs {
    xmllint: Vec<Cost>,
    to_json: Vec<Cost>,
    to_xml: Vec<Cost>,
}

impl Costs {
    fn last(&self) -> String {
        let cpu = |costs: &[Cost]| costs.last().map_or(f64::NAN, |cost| cost.cpu.as_secs_f64());
        format!(
            "xmllint {:.3} s, XML to JSON {:.3} s, JSON to XML {:.3} s of CPU",
            cpu(&self.xmllint),
            cpu(&self.to_json),
            cpu(&self.to_xml)
        )
    }

    /// Medians with extremes; a ratio says how many times as fast as xmllint.
    fn table(&self) -> String {
        let mut table = String::new();
        let mut row = |title: &str, cells: [String; 3]| {
            let [one, two, three] = cells;
            let _ = writeln!(table, "{title:<14}{one:>22}{two:>22}{three:>22}");
        };
        let all = [&self.xmllint, &self.to_json, &self.to_xml];
        row("", ["xmllint validates", "XML to JSON", "JSON to XML"].map(str::to_owned));
        type Seconds = fn(&Cost) -> Duration;
        let seconds: [(&str, Seconds); 2] = [("CPU s", |cost| cost.cpu), ("wall s", |cost| cost.wall)];
        for (title, of) in seconds {
            let spreads = all.map(|costs| Spread::of(costs, |cost| of(cost).as_secs_f64()));
            row(title, spreads.each_ref().map(|spread| spread.with_extremes(3)));
            let [theirs, ..] = &spreads;
            row(
                "times as fast",
                spreads.each_ref().map(|ours| format!("{:.2}", theirs.median / ours.median)),
            );
        }
        let peak = |costs: &Vec<Cost>| costs.iter().map(|cost| cost.peak).max().unwrap_or_default();
        row("peak MiB", all.map(|costs| format!("{:.1}", mebibytes(peak(costs)))));
        table
    }
}

fn contracts() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts")
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a temporary folder whose name is not text")
}

/// Whether two files hold the same bytes, read in pieces: what this program holds counts for its children.
fn are_same(one: &Path, two: &Path) -> Result<bool> {
    let mut files = [BufReader::new(File::open(one)?), BufReader::new(File::open(two)?)];
    let mut pieces = [[0; 4096]; 2];
    loop {
        let [one, two] = &mut files;
        let [first, second] = &mut pieces;
        let read = one.read(first)?;
        let (first, second) =
            (first.get(..read).unwrap_or_default(), second.get_mut(..read).unwrap_or_default());
        if read == 0 {
            return Ok(two.read(&mut [0])? == 0);
        }
        if two.read_exact(second).is_err() || first != second {
            return Ok(false);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "bytes of a file are far below 2^52")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

#[allow(clippy::cast_precision_loss, reason = "bytes of a process are far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_the_same_only_byte_by_byte_and_to_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        let long = "x".repeat(10_000);
        for (first, second, same) in [
            ("", "", true),
            (&*long, &*long, true),
            (&*long, "x", false),
            ("x", &*long, false),
            ("a", "b", false),
        ] {
            fs::write(&one, first).unwrap();
            fs::write(&two, second).unwrap();
            assert_eq!(are_same(&one, &two).unwrap(), same);
        }
    }

    #[test]
    fn ratios_say_how_many_times_as_fast() {
        let cost = |millis| Cost {
            wall: Duration::from_millis(2 * millis),
            cpu: Duration::from_millis(millis),
            peak: 3 << 20,
        };
        let costs = Costs {
            xmllint: vec![cost(400), cost(600), cost(500)],
            to_json: vec![cost(250); 3],
            to_xml: vec![cost(200); 3],
        };
        let table = costs.table();
        assert!(table.contains("0.500 (0.400–0.600)") && table.contains("3.0"), "{table}");
        let ratios = table.lines().nth(2).unwrap();
        assert!(ratios.contains("2.00") && ratios.ends_with("2.50"), "{ratios}");
    }
}
