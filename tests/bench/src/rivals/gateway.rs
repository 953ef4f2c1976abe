//! The gateway, with all its stages and its journal.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{Kind, Rival, Site};
use crate::{documents, free_port};

/// Names another program than the one that was built beside this one, to hold two builds against each other.
const ANOTHER: &str = "LIENTHONG_BENCH_GATEWAY";

/// Where it is.
pub fn program() -> Result<PathBuf> {
    let program = match std::env::var_os(ANOTHER) {
        Some(another) => another.into(),
        None => std::env::current_exe()?.with_file_name("lienthong"),
    };
    let missing = || format!("{} is not built (`make bench` does it)", program.display());
    program.exists().then_some(()).with_context(missing)?;
    Ok(program)
}

/// Such as `lienthong 0.1.0`.
pub fn version(program: &Path) -> Result<String> {
    super::asked(program, "--version")
}

/// Writes its documents and starts it.
pub fn start(program: &Path, folder: &Path, site: &Site<'_>) -> Result<Rival> {
    let port = free_port()?;
    let written = documents::write(folder, site, port, free_port()?)?;
    let mut command = Command::new(program);
    command.args(["serve", "-c"]).arg(written);
    Rival::spawn(Kind::Gateway, command, folder, port)
}
