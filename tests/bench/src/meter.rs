//! What a process and its workers have used, read from `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// Linux reports CPU times to programs in hundredths of a second, whatever its own clock (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// Use of a process with its children (nginx's workers), threads included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// User and system time since the start.
    pub cpu: Duration,
    /// Resident memory in bytes; a page that several processes share is counted once among them (`Pss`).
    pub resident: u64,
}

impl Usage {
    /// The use of process `pid` and its present children so far.
    pub fn of(pid: u32) -> Result<Self> {
        let mut total = Self::default();
        for process in family(pid)? {
            let stat = read(process, "stat")?;
            let memory = read(process, "smaps_rollup")?;
            total.cpu += TICK * ticks(&stat).context("the times in /proc/<pid>/stat")?;
            total.resident += resident(&memory).context("the memory in /proc/<pid>/smaps_rollup")?;
        }
        Ok(total)
    }
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).with_context(|| format!("reading {path}"))
}

/// The process itself and those it is the parent of.
fn family(pid: u32) -> Result<Vec<u32>> {
    let mut family = vec![pid];
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end while we look; then it is nobody's child.
        if read(process, "stat").ok().and_then(|stat| field(&stat, 4)) == Some(u64::from(pid)) {
            family.push(process);
        }
    }
    Ok(family)
}

/// Field `number` of `stat`, counted from 1 as proc(5) does, for those after the program's name,
/// which stands in parentheses and may itself hold any character.
fn field(stat: &str, number: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

/// utime and stime, in ticks.
fn ticks(stat: &str) -> Option<u32> {
    u32::try_from(field(stat, 14)? + field(stat, 15)?).ok()
}

fn resident(memory: &str) -> Option<u64> {
    let line = memory.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (ng) (inx) S 7 42 42 0 -1 4194560 1 0 0 0 120 34 9 9 20 0 1 0 5 6 7";

    #[test]
    fn fields_are_counted_after_the_name_whatever_it_holds() {
        assert_eq!(field(STAT, 4), Some(7));
        assert_eq!(ticks(STAT), Some(154));
        assert_eq!(field("42 (cut", 4), None);
    }

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(resident("Rss:   \t 90 kB\nPss:    \t    12 kB\nPss_Dirty: 3 kB\n"), Some(12 * 1024));
        assert_eq!(resident("State: Z (zombie)\n"), None);
    }

    #[test]
    fn work_and_children_are_seen() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let me = std::process::id();
        assert!(family(me).unwrap().contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        let begun = Usage::of(me).unwrap();
        assert!(begun.resident > 0);
        let mut sum = 0u64;
        while Usage::of(me).unwrap().cpu < begun.cpu + TICK * 2 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
    }
}
