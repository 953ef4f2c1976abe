//! The journal as a whole: crashes, full disks, threads, reading back.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    Act, Durability, Entry, Journal, JournalFault, Kind, Outcome, ProblemKind, Query, Record, Settings,
    Times, find, folder_of, storage::faulty::Faulty, verify,
};

fn settings() -> Settings {
    Settings::default()
}

fn opened(data: &TempDir) -> Journal {
    Journal::open(data.path(), settings()).unwrap().0
}

fn on(disk: &Faulty, data: &TempDir, settings: Settings) -> Journal {
    Journal::open_on(Box::new(disk.clone()), data.path(), settings).unwrap().0
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn entry(exchange: Uuid) -> Entry<'static> {
    Entry {
        exchange,
        times: Times { request_in: Some(Timestamp::now().as_microsecond()), ..Times::default() },
        caller: Some("H26/quan-ly-khcn"),
        service: Some("G06/nhiem-vu"),
        operation: Some("query"),
        agreement: Some("TT-2026-017"),
        decision: Some("granted"),
        ..Entry::default()
    }
}

fn records(data: &TempDir) -> Vec<Record> {
    Query::default().records(&folder_of(data.path())).unwrap().map(Result::unwrap).collect()
}

fn segments(data: &TempDir) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for process in fs::read_dir(folder_of(data.path())).unwrap() {
        for file in fs::read_dir(process.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_exchange_is_found_whole_and_joined() {
    let data = tempfile::tempdir().unwrap();
    let journal = opened(&data);
    let (whole, joined) = (Uuid::now_v7(), Uuid::now_v7());
    run(async {
        journal.whole(&Entry { status: Some(200), ..entry(whole) }, Durability::Written).await.unwrap();
        let opening = Entry { purpose: Some("quan-ly-nhiem-vu"), ..entry(joined) };
        journal.opening(&opening, Durability::Synced).await.unwrap();
    });
    let open = journal.find(joined).unwrap().unwrap();
    assert_eq!((open.outcome, open.record.status), (Outcome::Open, None));

    run(journal.closing(&Entry { status: Some(504), ..entry(joined) }, Durability::Synced)).unwrap();
    let closed = journal.find(joined).unwrap().unwrap();
    assert_eq!((closed.outcome, closed.record.status), (Outcome::Known, Some(504)));
    assert_eq!(closed.record.purpose.as_deref(), Some("quan-ly-nhiem-vu"));
    let found = journal.find(whole).unwrap().unwrap();
    assert_eq!((found.outcome, found.record.status), (Outcome::Known, Some(200)));
    assert!(found.file.starts_with(journal.process()));
    assert_eq!(journal.find(Uuid::now_v7()).unwrap(), None);
    assert!(verify(journal.folder()).unwrap().problems.is_empty());
}

#[test]
fn an_abandoned_exchange_is_recorded_as_what_it_was() {
    let data = tempfile::tempdir().unwrap();
    let journal = opened(&data);
    let (begun, forwarded) = (Uuid::now_v7(), Uuid::now_v7());
    run(journal.opening(&entry(forwarded), Durability::Written)).unwrap();
    let rule = Some("consumer-gone");
    journal.abandoned(&Entry { rule, ..entry(forwarded) }).unwrap();
    journal.abandoned(&Entry { rule, ..entry(begun) }).unwrap();
    for id in [begun, forwarded] {
        let found = journal.find(id).unwrap().unwrap();
        assert_eq!((found.outcome, found.record.rule.as_deref()), (Outcome::Known, rule));
    }
    drop(journal);
    assert_eq!(Journal::open(data.path(), settings()).unwrap().1, []);
}

/// A clock that stands: whatever follows follows closely.
fn standing() -> Settings {
    Settings { now: || Timestamp::from_second(1_795_000_000).unwrap(), ..settings() }
}

/// So many exchanges that end at one look of their worker.
async fn at_once(journal: &Arc<Journal>, count: usize) -> Vec<Result<(), JournalFault>> {
    let ends: Vec<_> = (0..count)
        .map(|_| {
            let journal = Arc::clone(journal);
            tokio::spawn(async move { journal.whole(&entry(Uuid::now_v7()), Durability::Written).await })
        })
        .collect();
    let mut told = Vec::new();
    for end in ends {
        told.push(end.await.unwrap());
    }
    told
}

#[test]
fn records_that_come_together_are_written_together() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = Arc::new(on(&disk, &data, standing()));
    let before = disk.appends.load(SeqCst);
    assert!(run(at_once(&journal, 30)).iter().all(Result::is_ok));
    assert_eq!(disk.appends.load(SeqCst) - before, 2, "the first, and the others in one");
    assert_eq!(records(&data).iter().filter(|record| record.kind == Kind::Exchange).count(), 30);
    assert!(verify(journal.folder()).unwrap().problems.is_empty());
}

#[test]
fn who_waits_for_records_that_fail_is_told() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = Arc::new(on(&disk, &data, standing()));
    assert!(run(at_once(&journal, 1)).iter().all(Result::is_ok));
    disk.room.store(700, SeqCst);
    assert!(run(at_once(&journal, 10)).iter().all(Result::is_err), "some of the lines would have fitted");
    assert!(journal.fault().is_some());
    disk.room.store(i64::MAX, SeqCst);
    assert!(run(at_once(&journal, 10)).iter().all(Result::is_ok));
    assert!(journal.fault().is_none());
    assert_eq!(records(&data).iter().filter(|record| record.kind == Kind::Exchange).count(), 11);
    assert!(verify(journal.folder()).unwrap().problems.is_empty(), "no line is torn, no number left out");
}

#[test]
fn who_is_cut_off_while_it_waits_has_its_record() {
    let data = tempfile::tempdir().unwrap();
    let journal = on(&Faulty::default(), &data, standing());
    let (first, cut, last) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    run(journal.whole(&entry(first), Durability::Written)).unwrap();
    run(async {
        let (cut, last) = (entry(cut), entry(last));
        let mut waiting = Box::pin(journal.whole(&cut, Durability::Written));
        std::future::poll_fn(|context| {
            assert!(waiting.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(waiting);
        // And an opening, which never waits, takes along whatever does.
        let mut waiting = Box::pin(journal.whole(&last, Durability::Written));
        std::future::poll_fn(|context| {
            assert!(waiting.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        journal.opening(&entry(Uuid::now_v7()), Durability::Written).await.unwrap();
        waiting.await.unwrap();
    });
    let found: Vec<Uuid> = records(&data).iter().filter_map(|record| record.exchange).collect();
    assert!([first, cut, last].iter().all(|exchange| found.contains(exchange)), "{found:?}");
    assert!(verify(journal.folder()).unwrap().problems.is_empty());
}

#[test]
fn what_waits_at_the_end_of_a_segment_stays_in_it() {
    let data = tempfile::tempdir().unwrap();
    let small = Settings { segment_bytes: 600, ..standing() };
    let journal = Arc::new(on(&Faulty::default(), &data, small));
    for _ in 0..4 {
        assert!(run(at_once(&journal, 5)).iter().all(Result::is_ok));
    }
    assert!(segments(&data).len() > 2);
    assert_eq!(records(&data).iter().filter(|record| record.kind == Kind::Exchange).count(), 20);
    assert!(verify(journal.folder()).unwrap().problems.is_empty());
}

#[test]
fn the_evidence_is_not_for_every_account_of_the_host() {
    let data = tempfile::tempdir().unwrap();
    let journal = opened(&data);
    run(journal.whole(&entry(Uuid::now_v7()), Durability::Written)).unwrap();
    journal.documents().keep(b"text").unwrap();
    let text = fs::read_dir(data.path().join("documents")).unwrap().next().unwrap().unwrap().path();
    for path in [journal.folder(), &journal.shared.process.path, &segments(&data)[0], &text] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o007, 0, "{}", path.display());
    }
}

/// The host runs exchanges on any executor: holding a lane across an await would not compile here.
#[test]
fn recording_can_be_awaited_anywhere() {
    fn anywhere<T: Send>(future: T) -> T {
        future
    }
    let data = tempfile::tempdir().unwrap();
    let journal = opened(&data);
    run(anywhere(journal.opening(&entry(Uuid::now_v7()), Durability::Synced))).unwrap();
}

#[test]
fn an_opening_without_closing_is_reported_once_after_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let (lost, done) = (Uuid::now_v7(), Uuid::now_v7());
    let dead = {
        let journal = opened(&data);
        run(async {
            journal
                .opening(&Entry { operation: Some("submit"), ..entry(lost) }, Durability::Synced)
                .await
                .unwrap();
            journal.opening(&entry(done), Durability::Written).await.unwrap();
            journal.closing(&entry(done), Durability::Written).await.unwrap();
        });
        journal.process().to_owned()
    };
    let (journal, interrupted) = Journal::open(data.path(), settings()).unwrap();
    let [one] = &interrupted[..] else { panic!("{interrupted:?}") };
    assert_eq!((one.exchange, &one.process), (lost, &dead));
    assert_eq!(one.opening.operation.as_deref(), Some("submit"));
    let found = journal.find(lost).unwrap().unwrap();
    assert_eq!((found.outcome, found.record.operation.as_deref()), (Outcome::Interrupted, Some("submit")));

    drop(journal);
    let (journal, interrupted) = Journal::open(data.path(), settings()).unwrap();
    assert_eq!(interrupted, []);
    assert!(verify(journal.folder()).unwrap().problems.is_empty());
    let reports = records(&data).iter().filter(|record| record.kind == Kind::Interrupted).count();
    assert_eq!(reports, 1);
}

#[test]
fn an_interruption_by_a_clock_behind_is_still_one_exchange() {
    let data = tempfile::tempdir().unwrap();
    let lost = Uuid::now_v7();
    run(opened(&data).opening(&entry(lost), Durability::Written)).unwrap();
    let behind = Settings { now: || Timestamp::from_second(1_700_000_000).unwrap(), ..settings() };
    let (journal, interrupted) = Journal::open(data.path(), behind).unwrap();
    assert_eq!(interrupted.len(), 1);
    let exchanges: Vec<_> =
        Query::default().exchanges(journal.folder()).unwrap().map(Result::unwrap).collect();
    assert_eq!(exchanges.len(), 1);
    assert_eq!(exchanges[0].outcome, Outcome::Interrupted);
}

#[test]
fn a_successor_that_died_before_marking_is_not_repeated() {
    let data = tempfile::tempdir().unwrap();
    let lost = Uuid::now_v7();
    let dead = {
        let journal = opened(&data);
        run(journal.opening(&entry(lost), Durability::Written)).unwrap();
        journal.shared.process.path.clone()
    };
    drop(opened(&data));
    // As if the successor had died after its report and before the mark.
    fs::remove_file(dead.join("settled")).unwrap();
    let (_journal, interrupted) = Journal::open(data.path(), settings()).unwrap();
    assert_eq!(interrupted, []);
}

#[test]
fn a_living_predecessor_is_left_alone_until_it_dies() {
    let data = tempfile::tempdir().unwrap();
    let old = opened(&data);
    let flying = Uuid::now_v7();
    run(old.opening(&entry(flying), Durability::Written)).unwrap();
    let (new, interrupted) = Journal::open(data.path(), settings()).unwrap();
    assert_eq!(interrupted, []);
    assert_eq!(new.settle().unwrap(), []);
    drop(old);
    assert_eq!(new.settle().unwrap().len(), 1);
    assert_eq!(new.settle().unwrap(), []);
}

#[test]
fn an_exchange_open_across_segments_is_still_reported() {
    let data = tempfile::tempdir().unwrap();
    let (lost, closed_later) = (Uuid::now_v7(), Uuid::now_v7());
    {
        let small = Settings { segment_bytes: 2000, ..settings() };
        let journal = Journal::open(data.path(), small).unwrap().0;
        run(async {
            journal
                .opening(&Entry { officer: Some("cb-7"), ..entry(lost) }, Durability::Written)
                .await
                .unwrap();
            journal.opening(&entry(closed_later), Durability::Written).await.unwrap();
            for _ in 0..40 {
                journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.unwrap();
            }
            journal.closing(&entry(closed_later), Durability::Written).await.unwrap();
        });
    }
    assert!(segments(&data).len() > 3);
    let (journal, interrupted) = Journal::open(data.path(), settings()).unwrap();
    let [one] = &interrupted[..] else { panic!("{interrupted:?}") };
    assert_eq!((one.exchange, one.opening.officer.as_deref()), (lost, Some("cb-7")));
    assert!(verify(journal.folder()).unwrap().problems.is_empty());
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_every_whole_record_kept() {
    let data = tempfile::tempdir().unwrap();
    let ids: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    let dead = {
        let journal = opened(&data);
        for id in &ids {
            run(journal.opening(&entry(*id), Durability::Written)).unwrap();
        }
        journal.shared.process.path.clone()
    };
    let [segment] = &segments(&data)[..] else { panic!("one segment") };
    let bytes = fs::read(segment).unwrap();
    let ends: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    for length in 0..=bytes.len() {
        fs::write(segment, &bytes[..length]).unwrap();
        let _ = fs::remove_file(dead.join("settled"));
        // Only the dead process stays from round to round.
        for process in fs::read_dir(folder_of(data.path())).unwrap() {
            let path = process.unwrap().path();
            if path != dead {
                fs::remove_dir_all(path).unwrap();
            }
        }
        let whole = ends.iter().filter(|end| **end <= length).count();
        let (_journal, interrupted) = Journal::open(data.path(), settings()).unwrap();
        // The head is a record of its own.
        assert_eq!(interrupted.len(), whole.saturating_sub(1), "{length}");
        let kept = fs::metadata(segment).unwrap().len();
        assert_eq!(
            kept,
            ends.iter().rev().find(|end| **end <= length).copied().unwrap_or(0) as u64,
            "{length}"
        );
    }
}

#[test]
fn a_full_disk_refuses_leaves_no_half_line_and_recovers() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = on(&disk, &data, settings());
    run(async {
        journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.unwrap();
        disk.room.store(100, SeqCst);
        let fault = journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.unwrap_err();
        assert!(matches!(fault, JournalFault::Write { .. }), "{fault}");
        assert!(journal.fault().is_some());
        assert!(journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.is_err());
        disk.room.store(i64::MAX, SeqCst);
        journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.unwrap();
    });
    assert!(journal.fault().is_none());
    assert_eq!(verify(journal.folder()).unwrap().problems, []);
    assert_eq!(records(&data).iter().filter(|record| record.kind == Kind::Exchange).count(), 2);
}

#[test]
fn a_segment_that_cannot_be_cut_is_left_and_nothing_is_written_behind_its_tail() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = on(&disk, &data, settings());
    run(async {
        journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.unwrap();
        disk.room.store(100, SeqCst);
        disk.cuts_fail.store(true, SeqCst);
        journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.unwrap_err();
        disk.room.store(i64::MAX, SeqCst);
        journal.whole(&entry(Uuid::now_v7()), Durability::Written).await.unwrap();
    });
    assert_eq!(segments(&data).len(), 2);
    let report = verify(journal.folder()).unwrap();
    let kinds: Vec<ProblemKind> = report.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::TornTail]);
    assert!(report.is_sound());
    assert_eq!(records(&data).iter().filter(|record| record.kind == Kind::Exchange).count(), 2);
}

#[test]
fn a_refused_synchronisation_is_told_and_its_segment_never_trusted_again() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = on(&disk, &data, settings());
    run(async {
        journal.opening(&entry(Uuid::now_v7()), Durability::Synced).await.unwrap();
        disk.syncs_fail.store(true, SeqCst);
        let fault = journal.opening(&entry(Uuid::now_v7()), Durability::Synced).await.unwrap_err();
        assert!(matches!(fault, JournalFault::Sync { .. }), "{fault}");
        assert!(journal.fault().is_some());
        disk.syncs_fail.store(false, SeqCst);
        journal.opening(&entry(Uuid::now_v7()), Durability::Synced).await.unwrap();
    });
    assert!(journal.fault().is_none());
    assert_eq!(segments(&data).len(), 2);
    assert_eq!(verify(journal.folder()).unwrap().problems, []);
}

#[test]
fn a_faulty_journal_without_traffic_recovers_by_itself() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = on(&disk, &data, Settings { sync_every: Duration::from_millis(20), ..settings() });
    disk.room.store(10, SeqCst);
    run(journal.whole(&entry(Uuid::now_v7()), Durability::Written)).unwrap_err();
    std::thread::sleep(Duration::from_millis(100));
    assert!(journal.fault().is_some());
    disk.room.store(i64::MAX, SeqCst);
    wait_until(|| journal.fault().is_none());
}

#[test]
fn who_asks_together_is_synchronised_together() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = on(&disk, &data, Settings { sync_every: Duration::from_secs(600), ..settings() });
    let before = disk.syncs.load(SeqCst);
    run(async {
        let tasks = tokio::task::LocalSet::new();
        let journal = std::rc::Rc::new(journal);
        for _ in 0..200 {
            let journal = std::rc::Rc::clone(&journal);
            tasks.spawn_local(async move {
                journal.opening(&entry(Uuid::now_v7()), Durability::Synced).await.unwrap();
            });
        }
        tasks.await;
    });
    let syncs = disk.syncs.load(SeqCst) - before;
    assert!(syncs < 100, "{syncs} synchronisations for 200 records");
}

#[test]
fn what_was_merely_written_is_synchronised_soon() {
    let data = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let journal = on(&disk, &data, Settings { sync_every: Duration::from_millis(20), ..settings() });
    let before = disk.syncs.load(SeqCst);
    run(journal.whole(&entry(Uuid::now_v7()), Durability::Written)).unwrap();
    wait_until(|| disk.syncs.load(SeqCst) > before);
}

#[test]
fn every_thread_has_a_lane_without_gaps_and_lanes_are_used_again() {
    let data = tempfile::tempdir().unwrap();
    let small = Settings { segment_bytes: 20_000, ..settings() };
    let journal = Arc::new(Journal::open(data.path(), small).unwrap().0);
    for _ in 0..3 {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let journal = Arc::clone(&journal);
                std::thread::spawn(move || {
                    for _ in 0..50 {
                        let id = Uuid::now_v7();
                        run(journal.opening(&entry(id), Durability::Written)).unwrap();
                        run(journal.closing(&entry(id), Durability::Written)).unwrap();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
    assert!(journal.stats().lanes <= 5, "{:?}", journal.stats());
    let report = verify(journal.folder()).unwrap();
    assert_eq!(report.problems, []);
    let exchanges: Vec<_> =
        Query::default().exchanges(journal.folder()).unwrap().map(Result::unwrap).collect();
    assert_eq!(exchanges.len(), 600);
    assert!(exchanges.iter().all(|exchange| exchange.outcome == Outcome::Known));
    // Merged by time over all lanes.
    let times: Vec<i64> = records(&data).iter().map(|record| record.at).collect();
    assert!(times.is_sorted());
}

#[test]
fn a_closing_on_another_thread_goes_to_the_lane_of_its_opening() {
    let data = tempfile::tempdir().unwrap();
    let journal = Arc::new(opened(&data));
    let id = Uuid::now_v7();
    run(journal.opening(&entry(id), Durability::Written)).unwrap();
    let elsewhere = Arc::clone(&journal);
    std::thread::spawn(move || run(elsewhere.closing(&entry(id), Durability::Written)).unwrap())
        .join()
        .unwrap();
    drop(journal);
    let (_journal, interrupted) = Journal::open(data.path(), settings()).unwrap();
    assert_eq!(interrupted, []);
    let lanes: Vec<u32> = records(&data)
        .iter()
        .filter(|record| record.exchange == Some(id))
        .map(|record| record.lane)
        .collect();
    assert_eq!(lanes.len(), 2);
    assert_eq!(lanes[0], lanes[1]);
}

static CLOCK: AtomicI64 = AtomicI64::new(0);

#[test]
fn a_segment_ends_at_midnight_in_viet_nam_and_time_never_falls() {
    let set = |text: &str| CLOCK.store(text.parse::<Timestamp>().unwrap().as_microsecond(), SeqCst);
    let data = tempfile::tempdir().unwrap();
    set("2026-11-21T16:59:59Z");
    let now = || Timestamp::from_microsecond(CLOCK.load(SeqCst)).unwrap();
    let journal = Journal::open(data.path(), Settings { now, ..settings() }).unwrap().0;
    run(journal.whole(&entry(Uuid::now_v7()), Durability::Written)).unwrap();
    set("2026-11-21T16:59:50Z");
    run(journal.whole(&entry(Uuid::now_v7()), Durability::Written)).unwrap();
    assert_eq!(segments(&data).len(), 1);
    set("2026-11-21T17:00:00Z");
    run(journal.whole(&entry(Uuid::now_v7()), Durability::Written)).unwrap();
    assert_eq!(segments(&data).len(), 2);
    assert_eq!(verify(journal.folder()).unwrap().problems, []);
}

#[test]
fn a_query_filters_by_each_of_its_members() {
    let data = tempfile::tempdir().unwrap();
    let journal = opened(&data);
    let subject = [7; 32];
    let at = |time| Times { request_in: Some(time), ..Times::default() };
    let now = Timestamp::now().as_microsecond();
    let (a, b, c) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    run(async {
        let a = Entry { times: at(now - 30), subject: Some(&subject), ..entry(a) };
        journal.opening(&a, Durability::Written).await.unwrap();
        journal.closing(&a, Durability::Written).await.unwrap();
        let b = Entry {
            times: at(now - 20),
            caller: Some("G03/thu-vien"),
            service: Some("H26/nhiem-vu"),
            agreement: None,
            rule: Some("no-agreement"),
            ..entry(b)
        };
        journal.whole(&b, Durability::Written).await.unwrap();
        let c = Entry {
            times: at(now - 10),
            caller: Some("G06/nen-tang-khcn"),
            represented: Some("H31"),
            ..entry(c)
        };
        journal.opening(&c, Durability::Written).await.unwrap();
    });
    let found = |query: Query| -> Vec<Uuid> {
        query
            .exchanges(journal.folder())
            .unwrap()
            .map(|exchange| exchange.unwrap().record.exchange.unwrap())
            .collect()
    };
    let text = |text: &str| Some(text.to_owned());
    let any = Query::default;
    assert_eq!(found(any()), [a, b, c]);
    assert_eq!(found(Query { from: Some(now - 20), ..any() }), [b, c]);
    assert_eq!(found(Query { until: Some(now - 20), ..any() }), [a]);
    assert_eq!(found(Query { member: text("H26"), ..any() }), [a, b]);
    assert_eq!(found(Query { member: text("H26/quan-ly-khcn"), ..any() }), [a]);
    assert_eq!(found(Query { member: text("H31"), ..any() }), [c]);
    assert!(found(Query { member: text("H2"), ..any() }).is_empty());
    assert_eq!(found(Query { service: text("H26/nhiem-vu"), ..any() }), [b]);
    assert_eq!(found(Query { agreement: text("TT-2026-017"), ..any() }), [a, c]);
    assert_eq!(found(Query { rule: text("no-agreement"), ..any() }), [b]);
    assert_eq!(found(Query { subject: Some(subject), ..any() }), [a]);
    assert_eq!(found(Query { exchange: Some(b), ..any() }), [b]);
}

#[test]
fn a_query_in_time_skips_segments_outside_it() {
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::open(data.path(), Settings { segment_bytes: 1000, ..settings() }).unwrap().0;
    for _ in 0..50 {
        run(journal.whole(&entry(Uuid::now_v7()), Durability::Written)).unwrap();
    }
    let all = records(&data);
    let (from, until) = (all[40].at, all[60].at);
    let expected: Vec<u64> =
        all.iter().filter(|record| record.at >= from && record.at < until).map(|record| record.seq).collect();
    let query = Query { from: Some(from), until: Some(until), ..Query::default() };
    // A damaged segment outside the time is not even opened beyond its head.
    let first = &segments(&data)[0];
    let head = fs::read(first).unwrap();
    let end = head.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(first, [&head[..end], b"junk\n"].concat()).unwrap();
    let mut read = query.records(journal.folder()).unwrap();
    let found: Vec<u64> = read.by_ref().map(|record| record.unwrap().seq).collect();
    assert_eq!((found, read.broken()), (expected, 0));
}

#[test]
fn damage_is_passed_by_queries_and_told_by_verify() {
    let data = tempfile::tempdir().unwrap();
    let journal = opened(&data);
    let ids: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    for id in &ids {
        run(journal.whole(&entry(*id), Durability::Written)).unwrap();
    }
    let own = segments(&data);
    let mut bytes = fs::read(&own[0]).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    bytes[text.find(&ids[2].to_string()).unwrap()] ^= 1;
    fs::write(&own[0], &bytes).unwrap();
    let report = verify(journal.folder()).unwrap();
    let kinds: Vec<ProblemKind> = report.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Damaged, ProblemKind::Gap]);
    assert!(!report.is_sound());
    let mut exchanges = Query::default().exchanges(journal.folder()).unwrap();
    assert_eq!(exchanges.by_ref().count(), 4);
    assert_eq!(exchanges.broken(), 1);
    // A record taken out without a trace but its number.
    let lines: Vec<&str> = text.lines().collect();
    let without: String =
        lines.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| format!("{line}\n")).collect();
    fs::write(&own[0], without).unwrap();
    let kinds: Vec<ProblemKind> =
        verify(journal.folder()).unwrap().problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Gap]);
}

#[test]
fn an_act_keeps_its_documents_and_is_found_again() {
    let data = tempfile::tempdir().unwrap();
    let journal = opened(&data);
    let snapshot = [9; 32];
    let documents: [(&str, &[u8]); 2] =
        [("members/H26.toml", b"id = \"H26\""), ("agreements/a.toml", b"id = \"a\"")];
    let act = Act {
        actor: "truc-van-hanh",
        what: "snapshot-loaded",
        snapshot: Some(&snapshot),
        note: Some("tải lại"),
        documents: Some(journal.keep(&documents.map(|(name, text)| super::Text::new(name, text))).unwrap()),
    };
    journal.act(&act).unwrap();
    journal.act(&Act { what: "token-refused", snapshot: None, documents: None, note: None, ..act }).unwrap();
    let found = Query::default().acts(journal.folder()).unwrap().next().unwrap().unwrap();
    assert_eq!(found.snapshot, Some(snapshot));
    assert_eq!((found.actor.as_deref(), found.documents), (Some("truc-van-hanh"), Some(2)));
    let manifest = journal.documents().manifest(&found.manifest.unwrap()).unwrap().unwrap();
    assert_eq!(manifest[0].0, "agreements/a.toml");
    assert_eq!(journal.documents().text(&manifest[0].1).unwrap().unwrap(), b"id = \"a\"");
    assert_eq!(Query::default().acts(journal.folder()).unwrap().count(), 2);
    assert_eq!(found.to_json()["what"], "snapshot-loaded");
}

#[test]
fn a_closed_journal_cannot_be_read_as_an_empty_one() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(find(&folder_of(data.path()), Uuid::now_v7()).unwrap(), None);
    fs::write(folder_of(data.path()), b"a file").unwrap();
    assert!(Query::default().records(&folder_of(data.path())).is_err());
    assert!(matches!(Journal::open(data.path(), settings()), Err(JournalFault::Create { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever fails and whenever, what was confirmed is there, nothing damaged lies in between, and
    /// what failed is not there.
    #[test]
    fn confirmed_is_kept_whatever_fails(rooms in prop::collection::vec(prop::option::of(0i64..900), 1..30)) {
        let data = tempfile::tempdir().unwrap();
        let disk = Faulty::default();
        let journal = on(&disk, &data, Settings { segment_bytes: 3000, ..settings() });
        let mut confirmed = Vec::new();
        for room in rooms {
            disk.room.store(room.unwrap_or(i64::MAX), SeqCst);
            let id = Uuid::now_v7();
            if run(journal.whole(&entry(id), Durability::Written)).is_ok() {
                confirmed.push(id);
            }
        }
        let kept: Vec<Uuid> = records(&data).iter().filter_map(|record| record.exchange).collect();
        prop_assert_eq!(kept, confirmed);
        prop_assert_eq!(verify(journal.folder()).unwrap().problems, vec![]);
    }
}
