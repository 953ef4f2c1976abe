//! The house's rules, checked.
//!
//! The top level of the repository is the floors: `contracts` (0), `adapters` and `policies` (1),
//! `gateway` (2), `tests` (3). What keeps them floors is checked here, because a rule that nobody
//! checks is a wish:
//!
//! - [`floors`]: a Cargo edge points down, development dependencies included, and no crate or
//!   module has a name that means "anything" (`common`, `utils`);
//! - [`source`]: in shipped code only `gateway/src/host` names pingora or rustls, and nothing is
//!   unfinished (`todo!`, `unimplemented!`); no test anywhere is switched off with `#[ignore]`;
//! - [`papers`]: no file names a path of the machine it was written on, a relative link of a
//!   Markdown file leads somewhere, and a page and its translation (`X.vi.md`) have the same parts.
//!
//! [`inspect`] runs all of them over a checkout. The binary prints what it finds and is part of
//! `make lint`; the same inspection is a test, so `make test` holds it too.

pub mod floors;
pub mod papers;
pub mod source;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    process::Command,
};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, relative to the root.
    pub file: PathBuf,
    /// The line, from 1, when the fault has one.
    pub line: Option<usize>,
    /// A stable code in kebab-case.
    pub rule: &'static str,
    /// What is wrong and what to do instead.
    pub message: String,
}

/// The inspection itself could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Hindrance {
    /// A file or folder could not be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// `cargo metadata` failed or said something else than expected.
    #[error("`cargo metadata` failed: {0}")]
    Metadata(String),
}

/// Every fault of the checkout at `root`, sorted by file. `cargo` is the program to ask for the
/// workspace's edges; `home` is the home folder whose name must not stand in any file.
///
/// # Errors
/// When the checkout cannot be read or Cargo cannot describe it.
pub fn inspect(root: &Path, cargo: &Path, home: Option<&Path>) -> Result<Vec<Fault>, Hindrance> {
    let mut faults = floors::edges(root, &metadata(root, cargo)?)?;
    let machine = papers::machine_paths(root, home);
    for file in files(root)? {
        let path = root.join(&file);
        let bytes = std::fs::read(&path).map_err(|error| Hindrance::Unreadable { path, error })?;
        // What is not text (none today) can hide no import and no link.
        let Ok(text) = String::from_utf8(bytes) else { continue };
        faults.extend(floors::name(&file));
        faults.extend(papers::local(&file, &text, &machine));
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => faults.extend(source::check(&file, &text)),
            Some("md") => {
                faults.extend(papers::links(root, &file, &text));
                let twin = file.with_extension("vi.md");
                if let Ok(twin_text) = std::fs::read_to_string(root.join(&twin)) {
                    faults.extend(papers::twins(&file, &text, &twin, &twin_text));
                }
            }
            _ => {}
        }
    }
    faults.sort();
    Ok(faults)
}

/// Where the workspace stands: as Cargo says when it runs this crate, which stays true for checkouts
/// that share a target folder, or where it was built.
pub fn here() -> PathBuf {
    let mine = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let mut root = mine
        .filter(|mine| mine.ends_with("tests/house"))
        .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    root.pop();
    root.pop();
    root
}

fn metadata(root: &Path, cargo: &Path) -> Result<String, Hindrance> {
    // `--no-deps` needs neither the registry nor the network.
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|error| Hindrance::Metadata(error.to_string()))?;
    if !output.status.success() {
        return Err(Hindrance::Metadata(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    String::from_utf8(output.stdout).map_err(|error| Hindrance::Metadata(error.to_string()))
}

/// Files below `root`, relative to it; what builds and demos leave behind is not looked at.
fn files(root: &Path) -> Result<Vec<PathBuf>, Hindrance> {
    const LEFT_OUT: [&str; 4] = [".git", "target", ".sandbox", "Cargo.lock"];
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let unreadable = |error| Hindrance::Unreadable { path: path.clone(), error };
        for entry in std::fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            if LEFT_OUT.iter().any(|left_out| *left_out == name) {
                continue;
            }
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                folders.push(folder.join(name));
            } else if kind.is_file() {
                found.push(folder.join(name));
            }
        }
    }
    found.sort();
    Ok(found)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(f, "{}{line}: {} [{}]", self.file.display(), self.message, self.rule)
    }
}
