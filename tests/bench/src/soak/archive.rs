//! What an operator's archive does while a gateway runs: segments of the journal that are full are taken
//! away. Half an hour near saturation writes more evidence than a test machine's disk has room for.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::{self, DirEntry},
    path::Path,
};

use anyhow::{Context, Result};

/// Segments of a lane that stay: the one that is written, and one that may just be synchronised.
const KEPT: usize = 2;

/// Takes away the full segments of the journal of the gateway in `folder`, and tells how many bytes they had.
pub fn take_away(folder: &Path) -> Result<u64> {
    let mut taken = 0;
    for process in entries(&folder.join("data/journal"))? {
        if !process.file_type()?.is_dir() {
            continue;
        }
        // `<lane>-<segment>.jsonl`, both in digits of one length: the order of names is that of segments.
        let mut lanes: HashMap<String, Vec<String>> = HashMap::new();
        for segment in entries(&process.path())? {
            let name = segment.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension() == Some(OsStr::new("jsonl"))
                && let Some((lane, _)) = name.split_once('-')
            {
                lanes.entry(lane.to_owned()).or_default().push(name);
            }
        }
        for mut segments in lanes.into_values() {
            segments.sort();
            for full in segments.iter().rev().skip(KEPT) {
                let path = process.path().join(full);
                taken += path.metadata()?.len();
                fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            }
        }
    }
    Ok(taken)
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect);
    listed.with_context(|| format!("listing {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_segments_that_nobody_writes_are_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let process = folder.path().join("data/journal/20261122T000000-0000abcd");
        fs::create_dir_all(&process).unwrap();
        let all =
            ["0000-000001.jsonl", "0000-000002.jsonl", "0000-000003.jsonl", "0001-000001.jsonl", "lock"];
        for name in all {
            fs::write(process.join(name), "1234").unwrap();
        }
        assert_eq!(take_away(folder.path()).unwrap(), 4);
        let mut left: Vec<_> =
            entries(&process).unwrap().iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, all[1..]);
    }
}
