//! What any file may say of the machine, whether links lead somewhere, and translations that keep up.

use std::path::{Path, PathBuf};

use crate::{Fault, floors::floor};

/// Paths of this machine that must stand in no file: the checkout's own and the home folder.
/// One-folder paths other than a home (`/app`, `/build`) are how containers are laid out and would
/// accuse the innocent.
pub fn machine_paths(root: &Path, home: Option<&Path>) -> Vec<String> {
    let folders = |path: &Path| path.components().count() - usize::from(path.has_root());
    let root = Some(root).filter(|root| folders(root) >= 2);
    let home = home.filter(|home| folders(home) >= 1);
    let folder = |path: &Path| path.to_str().map(|path| format!("{}/", path.trim_end_matches('/')));
    [root, home].into_iter().flatten().filter_map(folder).collect()
}

/// Lines of a file that name a path of this machine.
pub fn local(file: &Path, text: &str, machine: &[String]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if machine.iter().any(|path| names(line, path)) {
            faults.push(Fault {
                file: file.to_owned(),
                line: Some(index + 1),
                rule: "machine-path",
                message: "names a path that exists on one machine only".into(),
            });
        }
    }
    faults
}

/// Whether `line` holds `path` from its beginning, not as the end of a longer path.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|before| before.is_alphanumeric() || "._-/}".contains(before))
    })
}

/// Files that a Markdown file links to, `[text](target)`, or names, `` `gateway/src/exchange.rs` ``,
/// and that are not there.
pub fn links(root: &Path, file: &Path, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let folder = root.join(file.parent().unwrap_or(Path::new("")));
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let linked = targets(line).map(|target| (folder.join(&target), target));
        for (path, target) in linked.chain(named(line).map(|target| (root.join(&target), target))) {
            if !path.exists() {
                faults.push(Fault {
                    file: file.to_owned(),
                    line: Some(index + 1),
                    rule: "broken-link",
                    message: format!("speaks of `{}`, which is not there", target.display()),
                });
            }
        }
    }
    faults
}

/// The files a line links to; addresses and places within the page are others' business.
fn targets(line: &str) -> impl Iterator<Item = PathBuf> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        (!target.is_empty() && !target.contains(':')).then(|| PathBuf::from(target))
    })
}

/// The files a line names in backticks: from a floor's folder down, without a placeholder.
fn named(line: &str) -> impl Iterator<Item = PathBuf> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted
        .filter(|text| !text.contains(['<', '{', '*', ' ']))
        .map(PathBuf::from)
        .filter(|path| floor(path).is_some() && path.components().count() > 1)
}

/// Checks that a page and its translation have the same parts: headings, tables' rows, code blocks.
/// What they say is for readers to compare; a part that only one of them has is found here.
pub fn twins(file: &Path, text: &str, twin: &Path, twin_text: &str) -> Option<Fault> {
    let (parts, twin_parts) = (parts(text), parts(twin_text));
    let apart = parts.iter().zip(&twin_parts).find(|(part, twin)| part.0 != twin.0);
    let (line, twin_line) = match apart {
        Some((part, twin)) => (part.1, twin.1),
        None if parts.len() == twin_parts.len() => return None,
        None => (text.lines().count(), twin_text.lines().count()),
    };
    Some(Fault {
        file: file.to_owned(),
        line: Some(line),
        rule: "unlike-twins",
        message: format!("from here on `{}` (line {twin_line}) has other parts", twin.display()),
    })
}

/// The parts of a page with their lines: `##` and the like, `|` for a row, the language of a block.
fn parts(text: &str) -> Vec<(String, usize)> {
    let mut parts = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        let part = match line {
            line if line.starts_with("```") => {
                fenced = !fenced;
                line
            }
            _ if fenced => continue,
            line if line.starts_with('#') => line.split(' ').next().unwrap_or_default(),
            line if line.starts_with('|') => "|",
            _ => continue,
        };
        parts.push((part.to_owned(), index + 1));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_machine_is_found() {
        let machine = machine_paths(Path::new("/build/checkout"), Some(Path::new("/home/an")));
        let faults = local(Path::new("README.md"), "fine\nsee /build/checkout/deploy\n/home/an/x", &machine);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [Some(2), Some(3)]);
        assert_eq!(local(Path::new("README.md"), "/home/another/x and ../build/checkout/y", &machine), []);
    }

    #[test]
    fn a_containers_folder_accuses_nobody() {
        assert_eq!(machine_paths(Path::new("/app"), Some(Path::new("/"))), [""; 0]);
        assert_eq!(machine_paths(Path::new("/app"), Some(Path::new("/keeper"))), ["/keeper/"]);
    }

    #[test]
    fn a_file_that_is_named_and_not_there_is_found() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("gateway/src")).unwrap();
        let text = "`gateway/src/` `gateway/src/gone.rs`\n`gateway` `policies/members/<id>.toml` `cargo test -p policies/x`\n";
        let faults = links(root.path(), Path::new("README.md"), text);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [Some(1)]);
    }

    #[test]
    fn a_translation_that_lacks_a_part_is_found() {
        let english = "# A\n## Try\n```sh\n# not a heading\n```\n| a |\n| b |\n";
        let line = |twin: &str| {
            twins(Path::new("README.md"), english, Path::new("README.vi.md"), twin).map(|fault| fault.line)
        };
        assert_eq!(line("# B\n\n## Thử\n```sh\nx\n```\n| c |\n| d |\nlời\n"), None);
        assert_eq!(line("# B\n## Thử\n```sh\n```\n| c |\n"), Some(Some(7)));
        assert_eq!(line("# B\n```sh\n```\n| c |\n| d |\n"), Some(Some(2)));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("there.md"), "").unwrap();
        let text = "[a](there.md#part) [b](missing.md)\n[c](https://example.org) [d](#here)\n```\n[e](shown.md)\n```\n";
        let faults = links(root.path(), Path::new("README.md"), text);
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].line, faults[0].rule), (Some(1), "broken-link"));
    }
}
