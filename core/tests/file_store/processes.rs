use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use leasehold::ErrorKind;
use leasehold::lease_store::LeaseStore;

use crate::tasks::WINS;
use crate::worker::Worker;
use crate::{file, held_by, open};

#[test]
fn processes_win_each_version_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut workers: Vec<_> = (0..3)
        .map(|_| Worker::start("compete", directory.path()))
        .collect();

    let (mut replaced, mut written) = (HashSet::new(), HashSet::new());
    for worker in &mut workers {
        let mut last = 0;
        let mut wins = 0;
        while let Some(report) = worker.report() {
            let (from, to) = report.split_once(' ').unwrap();
            let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
            assert!(from < to && last < to, "versions grow");
            assert!(
                from == 0 || replaced.insert(from),
                "{from} was replaced twice"
            );
            assert!(written.insert(to), "{to} was written twice");
            last = to;
            wins += 1;
        }
        assert!(
            worker.process.wait().unwrap().success(),
            "the worker has failed"
        );
        assert_eq!(wins, WINS);
    }
}

#[tokio::test]
async fn a_stopped_process_that_holds_the_lock_is_named_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let seen = store.create(held_by("a")).await.unwrap();

    let mut worker = Worker::start("lock", directory.path());
    assert_eq!(worker.report().unwrap(), "locked");
    worker.stop();

    let error = store.replace(seen.clone(), held_by("b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let lock = file(&directory.path().canonicalize().unwrap(), "lock");
    assert!(
        error.to_string().contains(lock.to_str().unwrap()),
        "{error}"
    );
    // Windows lets nobody read a locked file.
    let holder = format!("process {}", worker.process.id());
    assert!(
        error.to_string().contains(&holder) || cfg!(windows),
        "{error}"
    );
    assert!(
        store.read().await.unwrap().is_some(),
        "reading needs no lock"
    );

    worker.kill();
    store.replace(seen, held_by("b")).await.unwrap();
}

#[tokio::test]
async fn a_lock_file_that_was_deleted_keeps_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let seen = store.create(held_by("a")).await.unwrap();

    let mut worker = Worker::start("lock", directory.path());
    assert_eq!(worker.report().unwrap(), "locked");
    let lock = file(directory.path(), "lock");
    // Windows may keep a deleted file in its place until it is closed, and so others out.
    if cfg!(windows) {
        std::fs::rename(&lock, file(directory.path(), "away")).unwrap();
    } else {
        std::fs::remove_file(&lock).unwrap();
    }
    store.replace(seen, held_by("b")).await.unwrap();
}

#[tokio::test]
async fn a_process_killed_while_it_writes_leaves_a_whole_lease_and_no_version_is_used_again() {
    // After so many writes, and so many microseconds into the next ones.
    const MOMENTS: [(usize, u64); 16] = [
        (1, 0),
        (1, 40),
        (2, 90),
        (3, 150),
        (5, 230),
        (8, 310),
        (13, 420),
        (21, 560),
        (34, 700),
        (55, 850),
        (89, 1_000),
        (144, 1_200),
        (3, 1_500),
        (2, 1_900),
        (1, 2_400),
        (1, 3_000),
    ];
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut last = 0;
    for (writes, micros) in MOMENTS {
        let mut worker = Worker::start("write", directory.path());
        for _ in 0..writes {
            let version: u64 = worker.report().unwrap().parse().unwrap();
            assert!(version >= last, "{version} after {last}");
            last = version;
        }
        thread::sleep(Duration::from_micros(micros));
        worker.kill();

        let seen = store
            .read()
            .await
            .unwrap()
            .expect("it has outlived the process");
        assert!(seen.version.0 >= last, "{} after {last}", seen.version);
        let survivor = held_by(&format!("survivor after {}", seen.version));
        let next = store.replace(seen.clone(), survivor).await.unwrap();
        assert!(next.version > seen.version);
        last = next.version.0;
    }
}
