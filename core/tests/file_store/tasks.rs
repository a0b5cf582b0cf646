//! What other processes of these tests do.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::thread;

use leasehold::ErrorKind;
use leasehold::lease_record::{LeaseRecord, ResourceVersion};
use leasehold::lease_store::{LeaseStore, StoreError};

use crate::worker::{self, report};
use crate::{file, held_by, open};

/// How often each competitor wins before it ends.
pub(crate) const WINS: usize = 100;

#[tokio::test]
#[ignore = "the other process of the tests beside it"]
async fn main() {
    let Some((task, directory)) = worker::task() else {
        return;
    };
    match task.as_str() {
        "compete" => compete(&directory).await,
        "write" => write(&directory).await,
        "lock" => lock(&directory),
        task => panic!("unknown task {task}"),
    }
}

/// Wins the Lease again and again, and deletes it now and then; reports which version each win was
/// on (0: none, the Lease was created) and which it made.
async fn compete(directory: &Path) {
    let store = open(directory);
    let mut wins = 0;
    while wins < WINS {
        let record = LeaseRecord {
            transitions: i32::try_from(wins).unwrap(),
            ..held_by(&std::process::id().to_string())
        };
        let seen = store.read().await.unwrap();
        let version = seen
            .as_ref()
            .map_or(ResourceVersion(0), |seen| seen.version);
        let outcome = match seen {
            Some(seen) => store.replace(seen, record).await,
            None => store.create(record).await,
        };
        match outcome {
            Ok(lease) => {
                wins += 1;
                report(&format!("{version} {}", lease.version));
                if wins % 20 == 0 {
                    // Another worker may have deleted it first.
                    let _ = fs::remove_file(file(directory, "lease.json"));
                }
            }
            // A slow disk may keep the lock from everybody for a while.
            Err(error) => assert!(
                matches!(error, StoreError::Conflict(_)) || error.kind() == ErrorKind::Unavailable,
                "{error}"
            ),
        }
    }
}

/// Writes until it is killed; reports each version.
async fn write(directory: &Path) {
    let store = open(directory);
    let mut seen = match store.read().await.unwrap() {
        Some(seen) => seen,
        None => store.create(held_by("writer")).await.unwrap(),
    };
    loop {
        report(&seen.version.to_string());
        let next = held_by(&format!("writer after {}", seen.version));
        seen = store.replace(seen, next).await.unwrap();
    }
}

/// Holds the lock as a process does that is stopped in the middle of a write.
fn lock(directory: &Path) {
    let mut lock: File = OpenOptions::new()
        .write(true)
        .open(file(directory, "lock"))
        .unwrap();
    lock.lock().unwrap();
    lock.write_all(format!("{}\n", std::process::id()).as_bytes())
        .unwrap();
    report("locked");
    loop {
        thread::park();
    }
}
