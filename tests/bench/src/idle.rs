//! Ten thousand connections that asked once and are kept: what memory each takes.
//!
//! Most callers of a hub are connected and silent. Both ends stand on this machine, so the client's
//! sockets count against the same limits. Beside the servers stands one that is rustls and a socket: what
//! an open TLS connection takes in any case. Memory of the kernel for the sockets is in nobody's figure.
//!
//! A figure is what all connections added to the process, divided by their number, in KiB of 1024 bytes: with what
//! its allocator rounds up and keeps, not only what the program asked for. The server that is TLS alone holds
//! 1 KiB of its own for the next request, which is no TLS state: what stands beyond it is so much too little.

use std::{path::Path, thread, time::Duration};

use anyhow::{Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::{
    cases::Case,
    load::Load,
    pki::Pki,
    report::{Table, mebibytes, ratio},
    rivals::{Kind, Site},
    rounds::Entrant,
    upstream::Provider,
};

/// How many.
pub const CONNECTIONS: usize = 10_000;
/// Files that a process needs beside those connections.
const OTHER_FILES: u64 = 1_500;
/// How long after the last answer memory is looked at: buffers that are let go of, are by then.
const SETTLED: Duration = Duration::from_secs(2);

/// What one server took.
struct Measured {
    kind: Kind,
    before: u64,
    after: u64,
    longest: Duration,
}

/// Measures and tells.
pub fn measure(kinds: &[Kind], pki: &Pki, folder: &Path) -> Result<Table> {
    allow_files()?;
    let case = Case::small();
    let provider = Provider::start(pki, &case.answer, 0)?;
    let mut measured = Vec::new();
    for &kind in kinds.iter().chain(&[Kind::Bare]) {
        let site = Site {
            folder,
            pki,
            provider: provider.address,
            exchange: &case.exchange,
            connections: CONNECTIONS,
        };
        let Some(entrant) = Entrant::start_if_it_can(kind, &case, &site)? else { continue };
        // Warm: what the first requests leave behind is no connection's.
        drop(entrant.connect(pki)?.saturate(Duration::from_secs(1))?);
        thread::sleep(SETTLED);
        let before = entrant.rival.usage()?.resident;
        let mut load = Load::connect(entrant.rival.address, &pki.client, &entrant.questions, CONNECTIONS)?;
        thread::sleep(SETTLED);
        let after = entrant.rival.usage()?.resident;
        // They were kept, all of them, and answer.
        let longest = load.ask_once()?;
        eprintln!("idle: {kind}: {CONNECTIONS} connections");
        measured.push(Measured { kind, before, after, longest });
    }
    Ok(table(&measured))
}

impl Measured {
    /// KiB of each connection.
    fn each(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "a constant of five digits")]
        let connections = CONNECTIONS as f64;
        mebibytes(self.after.saturating_sub(self.before)) * 1024.0 / connections
    }
}

fn table(measured: &[Measured]) -> Table {
    let of = |wanted| measured.iter().find(|one| one.kind == wanted).map(Measured::each);
    let (nginx, bare) = (of(Kind::Nginx), of(Kind::Bare).unwrap_or_default());
    let mut table = Table::new(&[
        "",
        "KiB a connection",
        "to nginx",
        "beyond bare rustls",
        "MiB without",
        "MiB with all",
        "slowest answer afterwards, ms",
    ]);
    for one in measured {
        table.row(vec![
            one.kind.name().to_owned(),
            format!("{:.1}", one.each()),
            ratio(one.each(), nginx),
            format!("{:+.1}", one.each() - bare),
            format!("{:.1}", mebibytes(one.before)),
            format!("{:.1}", mebibytes(one.after)),
            format!("{:.1}", one.longest.as_secs_f64() * 1e3),
        ]);
    }
    table
}

/// Raises the limit on open files for this program and those that it starts.
fn allow_files() -> Result<()> {
    let needed = CONNECTIONS as u64 + OTHER_FILES;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(
        hard >= needed,
        "{CONNECTIONS} connections need {needed} open files in one process, and this system allows {hard}: raise \
         the hard limit (`ulimit -Hn {needed}` as root, or LimitNOFILE of the service)"
    );
    if soft < needed {
        setrlimit(Resource::RLIMIT_NOFILE, needed, hard)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_what_all_of_them_added() {
        let one = |kind, kib: u64| Measured {
            kind,
            before: 8 << 20,
            after: (8 << 20) + kib * 1024 * CONNECTIONS as u64,
            longest: Duration::from_millis(2),
        };
        let table = table(&[one(Kind::Nginx, 20), one(Kind::Gateway, 30), one(Kind::Bare, 12)]).text();
        let ours: Vec<&str> = table.lines().nth(2).unwrap().split_whitespace().collect();
        assert_eq!(ours[..4], ["lienthong", "30.0", "1.50", "+18.0"]);
    }
}
