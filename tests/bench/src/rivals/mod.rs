//! The programs that are measured, each in front of the same provider with the same certificates.
//!
//! Each rival does what it has of the gateway's work: mutual TLS on both sides, a rate limit for each
//! caller that is counted and never reached, an access log with a line for each request, kept connections
//! to the provider, two workers. None of them can release fields, check a contract or translate: where the
//! gateway does, they pass the same bytes.

pub mod bare;
mod envoy;
mod gateway;
mod haproxy;
mod nginx;

use std::{
    fmt,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

pub use self::gateway::program as gateway_program;
use crate::{
    documents::Exchange,
    load::{Load, Question},
    meter::Usage,
    pki::Pki,
};

/// Connections to the provider that are kept by each worker at least.
const KEPT: usize = 64;
/// Requests a second that no caller here reaches: the limit is counted, and refuses nobody.
const RATE_LIMIT: u32 = 1_000_000;

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// What all are compared with.
    Nginx,
    /// HAProxy, from the distribution.
    Haproxy,
    /// Envoy, from PyPI.
    Envoy,
    /// Ours.
    Gateway,
    /// No rival: rustls and a socket, which show what TLS costs whoever uses it ([`bare`]).
    Bare,
}

impl Kind {
    /// Those that are compared, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Nginx, Self::Haproxy, Self::Envoy, Self::Gateway];

    /// The name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Envoy => "envoy",
            Self::Gateway => "lienthong",
            Self::Bare => "bare rustls",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The program, or why it cannot be had on this machine.
    pub fn program(self) -> Result<PathBuf> {
        match self {
            Self::Nginx => nginx::program(),
            Self::Haproxy => haproxy::program(),
            Self::Envoy => envoy::program(),
            Self::Gateway => gateway::program(),
            Self::Bare => Ok(std::env::current_exe()?),
        }
    }

    /// The program's name and version, as it says itself.
    pub fn version(self) -> Result<String> {
        let program = self.program()?;
        match self {
            Self::Nginx => nginx::version(&program),
            Self::Haproxy => haproxy::version(&program),
            Self::Envoy => envoy::version(&program),
            Self::Gateway => gateway::version(&program),
            Self::Bare => Ok(self.name().to_owned()),
        }
    }

    /// Starts it for `site`.
    pub fn start(self, site: &Site<'_>) -> Result<Rival> {
        let program = self.program()?;
        let folder = site.folder.join(self.name());
        fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        match self {
            Self::Nginx => nginx::start(&program, &folder, site),
            Self::Haproxy => haproxy::start(&program, &folder, site),
            Self::Envoy => envoy::start(&program, &folder, site),
            Self::Gateway => gateway::start(&program, &folder, site),
            Self::Bare => bare::start(&program, &folder, site),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a program is to stand.
pub struct Site<'a> {
    /// Of this measurement; each program has a folder of its own below.
    pub folder: &'a Path,
    /// The certificates.
    pub pki: &'a Pki,
    /// Whom to ask.
    pub provider: SocketAddr,
    /// What the gateway's documents say of the exchange.
    pub exchange: &'a Exchange,
    /// How many connections of clients there will be.
    pub connections: usize,
}

/// A running program; stopped when dropped.
pub struct Rival {
    /// Which one.
    pub kind: Kind,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its folder.
    pub folder: PathBuf,
    child: Child,
    /// How it is asked to stop with its workers; one without workers is killed.
    stop: Option<Command>,
}

impl Rival {
    /// Starts `command` in `folder`, with what it says kept in `said` there.
    fn spawn(kind: Kind, mut command: Command, folder: &Path, port: u16) -> Result<Self> {
        let said = said(folder);
        let out = File::create(&said)?;
        command.stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out);
        let child = command.spawn().with_context(|| format!("starting {kind}"))?;
        let address = (std::net::Ipv4Addr::LOCALHOST, port).into();
        Ok(Self { kind, address, folder: folder.to_owned(), child, stop: None })
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has used so far, with its workers.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid())
    }

    /// Waits until it answers as it should, and says how long that took.
    pub fn await_ready(
        &mut self,
        pki: &Pki,
        questions: &Arc<[Question]>,
        limit: Duration,
    ) -> Result<Duration> {
        let begun = Instant::now();
        loop {
            let exited = self.child.try_wait()?;
            match Load::connect(self.address, &pki.client, questions, 1) {
                Ok(_) => return Ok(begun.elapsed()),
                Err(_) if exited.is_none() && begun.elapsed() < limit => {
                    thread::sleep(Duration::from_millis(10));
                }
                Err(error) => {
                    let said = fs::read(said(&self.folder)).unwrap_or_default();
                    let said = String::from_utf8_lossy(&said);
                    let last: Vec<&str> = said.lines().rev().take(20).collect();
                    let last: Vec<&str> = last.into_iter().rev().collect();
                    bail!("{} does not serve: {error:#}\n{}", self.kind, last.join("\n"));
                }
            }
        }
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the folder that the process works in goes next.
        if let Some(mut stop) = self.stop.take()
            && stop.status().is_ok_and(|status| status.success())
        {
            let _ = self.child.wait();
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn said(folder: &Path) -> PathBuf {
    folder.join("said.log")
}

/// The first of `places` where there is a file.
fn found(places: &[&str], remedy: &str) -> Result<PathBuf> {
    let program = places.iter().map(Path::new).find(|path| path.exists());
    program.map(Path::to_owned).with_context(|| remedy.to_owned())
}

/// What a program says of its version, which some say to stderr.
fn asked(program: &Path, argument: &str) -> Result<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}
