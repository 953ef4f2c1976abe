//! The pages that are kept beside the program: what was measured, on which machine, when.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use super::Machine;

/// Writes `results/<name>.md`.
pub fn save(name: &str, title: &str, machine: &Machine, body: &str) -> Result<()> {
    let text = format!("# {title}\n\n{machine}\n\n{}\n", body.trim());
    keep(&format!("{name}.md"), &text)
}

/// Writes a file into `results/`.
pub fn keep(name: &str, text: &str) -> Result<()> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/results"));
    fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    eprintln!("bench: wrote tests/bench/results/{name}");
    Ok(())
}
