//! No rival but a yardstick: this program again, as a server that does TLS and nothing else.
//!
//! What it needs for a handshake or for an open connection is what rustls and the runtime need; whatever a
//! gateway on them needs beyond that is its own.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
};

use anyhow::{Context, Result};

use super::{Kind, Rival, Site};
use crate::{cases::Case, free_port, pki::Pki, upstream::Provider};

/// The argument by which this program knows that it is that server.
pub const ARGUMENT: &str = "--bare";

/// Starts it.
pub fn start(program: &Path, folder: &Path, site: &Site<'_>) -> Result<Rival> {
    let port = free_port()?;
    let mut command = Command::new(program);
    command.arg(ARGUMENT).arg(site.pki.folder()).arg(port.to_string());
    Rival::spawn(Kind::Bare, command, folder, port)
}

/// The server: `arguments` are the folder of certificates and the port.
pub fn serve(mut arguments: impl Iterator<Item = String>) -> Result<ExitCode> {
    let folder = arguments.next().map(PathBuf::from).context("no folder")?;
    let port = arguments.next().and_then(|port| port.parse().ok()).context("no port")?;
    let pki = Pki::read(&folder)?;
    let _provider = Provider::start(&pki, &Case::small().answer, port)?;
    loop {
        thread::park();
    }
}
