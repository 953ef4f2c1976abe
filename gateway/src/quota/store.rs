//! Day counts on the disk: `data/quota.sqlite`.
//!
//! One row per day, key and process. A process writes its own rows with absolute values, so a flush
//! may be repeated; what others wrote is summed. Beside the counts stands, per process, the epoch
//! through which they are complete: after a crash the journal's later charges are added to the dead
//! process's rows and the process is marked, in one transaction, so that they are added once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::civil::Date;
use rusqlite::{Connection, ErrorCode, OptionalExtension, ToSql, params};

use super::{day::Counts, fault::QuotaFault};

/// Days that rows are kept for: a month is summed from its days, and an operator may look back.
const KEPT_DAYS: i64 = 40;

/// How long a writer waits for another process's transaction, which takes milliseconds.
const BUSY: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS day_count (
        day TEXT NOT NULL, key TEXT NOT NULL, process TEXT NOT NULL,
        requests INTEGER NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL,
        PRIMARY KEY (day, key, process)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS process (
        name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, flushed_at INTEGER NOT NULL, settled INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// The store, owned by the flushing thread.
pub(super) struct Store {
    path: PathBuf,
    connection: Connection,
}

/// How far a process's counts are complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) process: String,
    /// Charges of this epoch and before are in its rows.
    pub(super) epoch: u64,
    /// When that epoch ended, microseconds since 1970.
    pub(super) flushed_at: i64,
}

/// One key's counts on one day.
pub(super) type Row = (Date, Arc<str>, Counts);

impl Store {
    /// Opens the store, anew when its file is damaged: the journal has what it said.
    pub(super) fn open(path: &Path) -> Result<Self, QuotaFault> {
        let opened = match Self::connect(path) {
            Err(error) if is_damage(&error) => {
                let aside = path.with_extension("sqlite.damaged");
                // A rename that fails leaves the damage to be reported by the second attempt.
                let _ = std::fs::rename(path, &aside);
                for companion in ["sqlite-wal", "sqlite-shm"] {
                    let _ = std::fs::remove_file(path.with_extension(companion));
                }
                Self::connect(path)
            }
            opened => opened,
        };
        let connection = opened.map_err(|source| QuotaFault::Store { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), connection })
    }

    fn connect(path: &Path) -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // A power cut may cost the last flushes; the journal's records, which are synchronised, bring
        // them back.
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.execute_batch(SCHEMA)?;
        Ok(connection)
    }

    /// Enters processes that are not known yet, complete through epoch 0.
    pub(super) fn enter(&mut self, processes: &[String], flushed_at: i64) -> Result<(), QuotaFault> {
        self.transact(|transaction| {
            let mut enter = transaction.prepare("INSERT OR IGNORE INTO process VALUES (?1, 0, ?2, 0)")?;
            processes.iter().try_for_each(|process| enter.execute(params![process, flushed_at]).map(drop))
        })
    }

    /// Writes a process's own counts and how far they are complete.
    pub(super) fn flush(&mut self, mark: &Mark, rows: &[Row]) -> Result<(), QuotaFault> {
        self.transact(|transaction| {
            let mut write = transaction.prepare(
                "INSERT INTO day_count VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET requests = excluded.requests, records = excluded.records,
                                           bytes = excluded.bytes",
            )?;
            for (day, key, counts) in rows {
                write.execute(params![
                    day.to_string(),
                    &**key,
                    mark.process,
                    signed(counts.requests),
                    signed(counts.records),
                    signed(counts.bytes)
                ])?;
            }
            transaction
                .prepare("INSERT OR REPLACE INTO process VALUES (?1, ?2, ?3, 0)")?
                .execute(params![mark.process, signed(mark.epoch), mark.flushed_at])
                .map(drop)
        })
    }

    /// The processes whose charges after their mark were not yet taken from the journal.
    pub(super) fn unsettled(&mut self) -> Result<Vec<Mark>, QuotaFault> {
        let read = |connection: &Connection| {
            let mut select = connection
                .prepare("SELECT name, epoch, flushed_at FROM process WHERE settled = 0 ORDER BY name")?;
            let marks = select.query_map([], |row| {
                Ok(Mark { process: row.get(0)?, epoch: unsigned(row.get(1)?), flushed_at: row.get(2)? })
            })?;
            marks.collect::<rusqlite::Result<Vec<Mark>>>()
        };
        read(&self.connection).map_err(|source| self.refused(source))
    }

    /// Adds to a dead process's counts what the journal has beyond its mark, and marks it settled. A
    /// mark that moved since it was read, or was settled, changes nothing.
    pub(super) fn settle(&mut self, mark: &Mark, rows: &[Row]) -> Result<bool, QuotaFault> {
        self.transact(|transaction| {
            let settled = transaction.execute(
                "UPDATE process SET settled = 1 WHERE name = ?1 AND epoch = ?2 AND settled = 0",
                params![mark.process, signed(mark.epoch)],
            )?;
            if settled == 0 {
                return Ok(false);
            }
            let mut add = transaction.prepare(
                "INSERT INTO day_count VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
                                           records = records + excluded.records, bytes = bytes + excluded.bytes",
            )?;
            for (day, key, counts) in rows {
                add.execute(params![
                    day.to_string(),
                    &**key,
                    mark.process,
                    signed(counts.requests),
                    signed(counts.records),
                    signed(counts.bytes)
                ])?;
            }
            Ok(true)
        })
    }

    /// What all processes but `own` charged on `day`.
    pub(super) fn others(&mut self, day: Date, own: &str) -> Result<HashMap<Arc<str>, Counts>, QuotaFault> {
        self.sums("day = ?1 AND process <> ?2", params![day.to_string(), own])
    }

    /// What all processes charged from the first of `day`'s month to the day before it.
    pub(super) fn earlier(&mut self, day: Date) -> Result<HashMap<Arc<str>, Counts>, QuotaFault> {
        self.sums("day >= ?1 AND day < ?2", params![day.first_of_month().to_string(), day.to_string()])
    }

    /// The sums of the rows that `which` says, by key.
    fn sums(&self, which: &str, values: &[&dyn ToSql]) -> Result<HashMap<Arc<str>, Counts>, QuotaFault> {
        let read = |connection: &Connection| {
            let mut select = connection.prepare(&format!(
                "SELECT key, SUM(requests), SUM(records), SUM(bytes) FROM day_count WHERE {which} GROUP BY key"
            ))?;
            let counts = select.query_map(values, |row| {
                let counts = Counts {
                    requests: unsigned(row.get(1)?),
                    records: unsigned(row.get(2)?),
                    bytes: unsigned(row.get(3)?),
                };
                Ok((Arc::from(row.get::<_, String>(0)?), counts))
            })?;
            counts.collect::<rusqlite::Result<HashMap<_, _>>>()
        };
        read(&self.connection).map_err(|source| self.refused(source))
    }

    /// A number that changes when another process wrote.
    pub(super) fn version(&mut self) -> Result<i64, QuotaFault> {
        let version = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0)).optional();
        version.map(Option::unwrap_or_default).map_err(|source| self.refused(source))
    }

    /// Forgets days long past.
    pub(super) fn forget(&mut self, today: Date) -> Result<(), QuotaFault> {
        let oldest = today.saturating_sub(jiff::Span::new().days(KEPT_DAYS));
        self.transact(|transaction| {
            transaction.execute("DELETE FROM day_count WHERE day < ?1", [oldest.to_string()]).map(drop)
        })
    }

    fn transact<T>(
        &mut self,
        act: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, QuotaFault> {
        let attempt = |connection: &mut Connection| {
            // Immediate: two processes queue at the beginning instead of colliding at the end.
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let outcome = act(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        };
        attempt(&mut self.connection).map_err(|source| self.refused(source))
    }

    fn refused(&self, source: rusqlite::Error) -> QuotaFault {
        QuotaFault::Store { path: self.path.clone(), source }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// SQLite's integers are signed; nothing counted here comes near the difference.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use jiff::civil::{Date, date};

    use super::{Counts, Mark, Row, Store};

    const TODAY: Date = date(2026, 11, 21);

    fn mark(process: &str, epoch: u64) -> Mark {
        Mark { process: process.into(), epoch, flushed_at: 5 }
    }

    fn row(requests: u64) -> Row {
        (TODAY, Arc::from("agreement:a"), Counts { requests, records: 10 * requests, bytes: 100 * requests })
    }

    #[test]
    fn flushes_replace_settlements_add_once_and_others_are_summed() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("quota.sqlite")).unwrap();
        store.enter(&["one".into(), "two".into()], 1).unwrap();
        store.flush(&mark("one", 1), &[row(3)]).unwrap();
        store.flush(&mark("one", 2), &[row(4)]).unwrap();
        store.flush(&mark("two", 9), &[row(20)]).unwrap();
        store.enter(&["one".into()], 99).unwrap();
        assert_eq!(store.unsettled().unwrap(), [mark("one", 2), mark("two", 9)]);
        assert!(store.settle(&mark("one", 2), &[row(1)]).unwrap());
        assert!(!store.settle(&mark("one", 2), &[row(1)]).unwrap());
        assert!(!store.settle(&mark("two", 8), &[row(1)]).unwrap());
        assert_eq!(store.others(TODAY, "three").unwrap()["agreement:a"].requests, 25);
        assert_eq!(store.others(TODAY, "two").unwrap()["agreement:a"], row(5).2);
        assert!(store.others(date(2026, 11, 22), "three").unwrap().is_empty());
        assert_eq!(store.earlier(date(2026, 11, 22)).unwrap()["agreement:a"].requests, 25);
        assert!(store.earlier(TODAY).unwrap().is_empty());
        assert!(store.earlier(date(2026, 12, 1)).unwrap().is_empty());
        store.forget(date(2027, 1, 1)).unwrap();
        assert!(store.others(TODAY, "three").unwrap().is_empty());
    }

    #[test]
    fn a_damaged_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota.sqlite");
        fs::write(&path, vec![b'x'; 8192]).unwrap();
        let mut store = Store::open(&path).unwrap();
        store.enter(&["one".into()], 1).unwrap();
        assert!(folder.path().join("quota.sqlite.damaged").exists());
    }

    #[test]
    fn another_writer_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quota.sqlite");
        let (mut one, mut two) = (Store::open(&path).unwrap(), Store::open(&path).unwrap());
        let before = one.version().unwrap();
        one.flush(&mark("one", 1), &[row(1)]).unwrap();
        assert_eq!(one.version().unwrap(), before);
        two.flush(&mark("two", 1), &[row(1)]).unwrap();
        assert_ne!(one.version().unwrap(), before);
    }
}
