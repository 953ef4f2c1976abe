//! A simulated neighbour seen from a journey: its process, and its test controls.
//!
//! Controls are a plain HTTP address of their own on loopback; the neighbour's service address
//! knows nothing of them. See `tests/sandbox` for the neighbours themselves.

use std::{net::SocketAddr, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use http::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{Ask, Caller, Process};

/// A running neighbour.
pub struct Neighbour {
    /// Its name: `G06/he-thong-khcn`.
    pub system: String,
    /// Where it serves (mutual TLS).
    pub address: SocketAddr,
    /// Where it takes test controls.
    pub control: SocketAddr,
    process: Process,
}

/// A request as the neighbour saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as received.
    pub query: String,
    /// Header fields: lower-case names, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Seen {
    /// A header field's values.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// How a neighbour behaves until told otherwise.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// As it should.
    Proper,
    /// Replies with `value` in `field` of every record, whatever the contract says.
    Garble {
        /// The field's name.
        field: String,
        /// What stands there instead.
        value: Value,
    },
    /// Answers late.
    Late(Duration),
    /// Closes the connection halfway through its reply.
    HangUp,
    /// Answers a list with copies of its first record, keys counting up.
    Flow {
        /// How many; without end when absent.
        records: Option<u64>,
        /// The position of one that breaks the contract.
        bad: Option<u64>,
        /// The position before which the connection is closed.
        breaks_at: Option<u64>,
    },
    /// Answers 500 without doing anything.
    Fail,
    /// Does what is asked, then answers nothing and closes.
    Mute,
    /// Closes every connection at once.
    Down,
}

impl Neighbour {
    /// Starts one: `program neighbour SYSTEM …`.
    ///
    /// # Errors
    /// When it does not come up within ten seconds.
    pub fn start(
        program: &Path,
        folder: &Path,
        system: &str,
        address: SocketAddr,
        control: SocketAddr,
    ) -> Result<Self> {
        Self::start_as(program, folder, system, address, control, "")
    }

    /// Starts one with records and a log of its own, told apart by `twin`.
    ///
    /// # Errors
    /// As [`Neighbour::start`].
    pub fn start_as(
        program: &Path,
        folder: &Path,
        system: &str,
        address: SocketAddr,
        control: SocketAddr,
        twin: &str,
    ) -> Result<Self> {
        let file = format!("{}{twin}", crate::pki::file_name(system));
        let mut command = Command::new(program);
        command.args([
            "neighbour",
            system,
            "--listen",
            &address.to_string(),
            "--control",
            &control.to_string(),
        ]);
        let data = folder.join(format!("data{twin}"));
        command.arg("--pki").arg(folder.join("pki")).arg("--data").arg(data);
        let log = folder.join("logs").join(format!("{file}.log"));
        let process = Process::start(system, &mut command, &log)?;
        let mut neighbour = Self { system: system.to_owned(), address, control, process };
        let ready =
            || Caller::plain(control).ask(Ask::get("/ready")).is_ok_and(|answer| answer.status == 200);
        neighbour.process.wait_until("readiness", Duration::from_secs(10), ready)?;
        Ok(neighbour)
    }

    /// Every request it saw since it was last reset, oldest first.
    ///
    /// # Errors
    /// When the neighbour does not answer.
    pub fn seen(&self) -> Result<Vec<Seen>> {
        let list = self.told(Ask::get("/seen"))?;
        let list = list.as_array().context("a list of requests")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pairs = |value: &Value| {
            let pairs = value.as_array().into_iter().flatten();
            pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
        };
        let one = |seen: &Value| Seen {
            method: text(&seen["method"]),
            path: text(&seen["path"]),
            query: text(&seen["query"]),
            headers: pairs(&seen["headers"]),
            body: text(&seen["body"]),
        };
        Ok(list.iter().map(one).collect())
    }

    /// Changes how it behaves.
    ///
    /// # Errors
    /// When the neighbour does not answer.
    pub fn behave(&self, behaviour: &Behaviour) -> Result<()> {
        let told = match behaviour {
            Behaviour::Proper => json!({"kind": "proper"}),
            Behaviour::Garble { field, value } => json!({"kind": "garble", "field": field, "value": value}),
            Behaviour::Late(by) => json!({"kind": "late", "ms": u64::try_from(by.as_millis())?}),
            Behaviour::HangUp => json!({"kind": "hang-up"}),
            Behaviour::Flow { records, bad, breaks_at } => {
                json!({"kind": "flow", "records": records, "bad": bad, "breaks_at": breaks_at})
            }
            Behaviour::Fail => json!({"kind": "fail"}),
            Behaviour::Mute => json!({"kind": "mute"}),
            Behaviour::Down => json!({"kind": "down"}),
        };
        let ask = Ask::new(Method::PUT, "/behaviour")
            .header("Content-Type", "application/json")
            .body(told.to_string());
        self.told(ask).map(drop)
    }

    /// Forgets what it saw and behaves properly. What it stores stays.
    ///
    /// # Errors
    /// When the neighbour does not answer.
    pub fn reset(&self) -> Result<()> {
        self.told(Ask::new(Method::POST, "/reset")).map(drop)
    }

    /// Kills it, as a power cut does.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn crash(self) -> Result<()> {
        self.process.crash()
    }

    /// Stops it in the middle of whatever it does, connections and all; or lets it go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn freeze(&self, frozen: bool) -> Result<()> {
        self.process.signal(if frozen { Signal::STOP } else { Signal::CONT })
    }

    /// Its log, for a failure's report.
    pub fn log(&self) -> String {
        self.process.tail()
    }

    fn told(&self, ask: Ask) -> Result<Value> {
        let line = ask.line();
        let answer = Caller::plain(self.control)
            .ask(ask)
            .with_context(|| format!("controls of {}: {line}", self.system))?;
        ensure!(answer.status == 200, "controls of {}: {line} was answered {}", self.system, answer.status);
        Ok(answer.json())
    }
}
