//! Reading an operator's folder: whatever cannot be read is a fault, not an error to stop at.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Bilingual, Fault};

/// The text of `file`, which is relative to `folder`.
#[allow(clippy::result_large_err, reason = "a fault of loading: rare, and moved once")]
pub(crate) fn read(folder: &Path, file: &Path) -> Result<String, Fault> {
    let reason = match fs::read(folder.join(file)) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(_) => ("không phải UTF-8".to_owned(), "it is not UTF-8".to_owned()),
        },
        Err(error) => (error.to_string(), error.to_string()),
    };
    Err(Fault {
        file: file.to_owned(),
        place: None,
        rule: "unreadable-file",
        message: Bilingual::new(
            format!("Không đọc được tệp: {}", reason.0),
            format!("The file cannot be read: {}", reason.1),
        ),
        remedy: Bilingual::new(
            "Kiểm tra tệp có tồn tại, đúng quyền đọc và lưu bằng UTF-8.",
            "Check that the file exists, may be read and is saved as UTF-8.",
        ),
        warning: false,
    })
}

/// The folders within `within`, by name, both relative to `folder`. Files and hidden folders are
/// not looked at.
pub(crate) fn folders(folder: &Path, within: &Path, faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder.join(within)) {
        Ok(entries) => entries,
        Err(error) => {
            faults.push(Fault {
                file: within.to_owned(),
                place: None,
                rule: "unreadable-folder",
                message: Bilingual::new(
                    format!("Không đọc được thư mục: {error}"),
                    format!("The folder cannot be read: {error}"),
                ),
                remedy: Bilingual::new(
                    "Kiểm tra đường dẫn và quyền đọc.",
                    "Check the path and the right to read it.",
                ),
                warning: false,
            });
            return Vec::new();
        }
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir() && !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| within.join(entry.file_name()))
        .collect();
    found.sort();
    found
}
