//! From an edit to the first decision by it, with the documents of many.
//!
//! A document is saved as editors save, and a connection asks what it decides until the answer is the new
//! one. Each kind of edit is made there and back, many times; the median says what to expect, the longest
//! what to promise.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    cases::Case,
    documents::put,
    load::{Connection, Question},
    pki::Pki,
    report::Table,
    rivals::{Kind, Rival},
};

/// There and back so often.
const TIMES: usize = 20;
/// The same of edits that compile everything again.
const FEWER_TIMES: usize = 6;
/// Between two edits, so that each finds the gateway at rest.
const REST: Duration = Duration::from_millis(1500);
/// Between two questions.
const BEAT: Duration = Duration::from_millis(2);
/// An edit that has not acted by then was not taken up.
const ACTS_WITHIN: Duration = Duration::from_secs(120);

/// A document with two states, and by what a caller tells them apart.
struct Edit {
    what: &'static str,
    file: String,
    /// None where there is no document.
    states: [Option<String>; 2],
    question: Question,
    shows: [Sign; 2],
    times: usize,
}

/// What an answer shows.
#[derive(Clone, Copy)]
enum Sign {
    Status(u16),
    Text(&'static str),
}

/// How long edits took to act, in one world.
pub struct Acted {
    what: &'static str,
    times: Vec<Duration>,
}

/// Makes every kind of edit in the documents of `rival`.
pub fn measure(rival: &Rival, pki: &Pki, case: &Case) -> Result<Vec<Acted>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut all = Vec::new();
    for edit in edits(&rival.folder, case)? {
        let questions = vec![edit.question.clone()].into();
        let mut line = runtime.block_on(Connection::open(rival.address, pki.client.clone(), questions, 0))?;
        let mut times = Vec::new();
        let there_and_back = edit.states.iter().zip(edit.shows).cycle().skip(1).take(edit.times);
        for (state, sign) in there_and_back {
            thread::sleep(REST);
            let begun = Instant::now();
            match state {
                Some(text) => put(&rival.folder, &edit.file, text)?,
                None => fs::remove_file(rival.folder.join(&edit.file))?,
            }
            while !sign.is_in(runtime.block_on(line.hear())?) {
                ensure!(begun.elapsed() < ACTS_WITHIN, "{} does not act", edit.what);
                thread::sleep(BEAT);
            }
            times.push(begun.elapsed());
        }
        times.sort();
        let acted = Acted { what: edit.what, times };
        eprintln!("scale: {} acts in {:.3} s, at most {:.3} s", acted.what, acted.median(), acted.longest());
        all.push(acted);
    }
    Ok(all)
}

/// A row for each kind of edit, a column for each world.
pub fn table(worlds: &[(String, Vec<Acted>)]) -> Table {
    let heads = worlds.iter().map(|(name, _)| format!("s at {name}: median (longest)"));
    let heads: Vec<String> = std::iter::once("edit".to_owned()).chain(heads).collect();
    let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = worlds.iter().map(|(_, acted)| acted.len()).max().unwrap_or_default();
    for row in 0..rows {
        let acted = worlds.iter().filter_map(|(_, acted)| acted.get(row));
        let mut cells: Vec<String> =
            acted.clone().map(|acted| format!("{:.2} ({:.2})", acted.median(), acted.longest())).collect();
        let what = acted.map(|acted| format!("{}, {} times", acted.what, acted.times.len())).next();
        cells.insert(0, what.unwrap_or_default());
        table.row(cells);
    }
    table
}

impl Acted {
    fn median(&self) -> f64 {
        self.times.get(self.times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
    }

    fn longest(&self) -> f64 {
        self.times.last().map_or(f64::NAN, Duration::as_secs_f64)
    }
}

impl Sign {
    fn is_in(self, (status, body): (u16, &[u8])) -> bool {
        match self {
            Self::Status(wanted) => status == wanted,
            Self::Text(text) => body.windows(text.len()).any(|window| window == text.as_bytes()),
        }
    }
}

fn edits(folder: &Path, case: &Case) -> Result<Vec<Edit>> {
    let asked = || case.question(Kind::Gateway, 0);
    let edit = |what, file: &str, from: &str, to: &str, status| {
        let text = fs::read_to_string(folder.join(file)).with_context(|| format!("reading {file}"))?;
        ensure!(text.contains(from), "{file} does not hold `{from}`");
        let edited = text.replacen(from, to, 1);
        anyhow::Ok(Edit {
            what,
            file: file.to_owned(),
            states: [Some(text), Some(edited)],
            question: asked(),
            shows: [Sign::Status(200), Sign::Status(status)],
            times: TIMES,
        })
    };
    let dataset = case.exchange.dataset.name;
    let service = format!("policies/services/G06/{dataset}.toml");
    let schema = format!("contracts/catalog/{dataset}/v1/schema.json");
    let closed = "maintenance = [{ from = 2026-01-01T00:00:00, until = 2099-01-01T00:00:00 }]\n[versions.1]";
    let stop = "id = \"DC-DO\"\nagreement = \"DO-000000\"\nreason = { vi = \"Đo\", en = \"Measured\" }\n";
    let (title, retitled) = (r#""en": "Name""#, r#""en": "Label""#);
    let description = || {
        let path = case.exchange.path(0).replace("/records", "/schema.json");
        let host = crate::pki::SERVER;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: en\r\n\r\n");
        Question { request: request.into_bytes(), ..asked() }
    };
    Ok(vec![
        edit("an agreement", "policies/agreements/DO-000000.toml", "2099-12-31", "2026-01-02", 403)?,
        Edit {
            what: "a suspension, added and lifted",
            file: "policies/suspensions/DC-DO.toml".to_owned(),
            states: [None, Some(stop.to_owned())],
            question: asked(),
            shows: [Sign::Status(200), Sign::Status(403)],
            times: TIMES,
        },
        edit("a service", &service, "[versions.1]", closed, 503)?,
        edit(
            "a member with every agreement",
            "policies/members/H26.toml",
            "environment = \"test\"",
            "environment = \"production\"",
            403,
        )?,
        Edit {
            question: description(),
            shows: [Sign::Text("Name"), Sign::Text("Label")],
            times: FEWER_TIMES,
            ..edit("a contract of every agreement", &schema, title, retitled, 200)?
        },
    ])
}
