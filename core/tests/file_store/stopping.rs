//! What an election has begun in its folder has ended when it has stopped.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use leasehold::lease_store::LeaseStore;
use leasehold::{Config, LeaderElection};

use crate::{file, held_by, open};

const LIMIT: Duration = Duration::from_secs(60);
/// How long a stop that waits for nothing has to return before it is believed to wait.
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn a_stop_waits_for_the_last_look_into_the_folder() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut record = held_by("another");
    record.lease_duration_seconds = Some(3_600);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.create(record)).unwrap();
    let config = Config::new("job").namespace("default");
    let config = config.lease_duration(Duration::from_secs(3_600));
    let config = config.renew_deadline(Duration::from_secs(1_800));
    let election = LeaderElection::with_store(&config, Arc::new(open(directory.path()))).unwrap();
    election.start().unwrap();
    let deadline = Instant::now() + LIMIT;
    while election.leader().as_deref() != Some("another") {
        assert!(Instant::now() < deadline, "the standby sees the holder");
        thread::sleep(Duration::from_millis(2));
    }

    // Who reads this waits until it was written.
    let (pipe, lease) = (
        file(directory.path(), "pipe"),
        file(directory.path(), "lease.json"),
    );
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let written = fs::read(&lease).unwrap();
    fs::rename(&pipe, &lease).unwrap();
    let look = loop {
        // Nobody can open it for writing before somebody reads it.
        let mut options = File::options();
        let opened = options
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&lease);
        if let Ok(look) = opened {
            break look;
        }
        assert!(Instant::now() < deadline, "the standby looks");
        thread::sleep(Duration::from_millis(2));
    };

    let (stopped, has_stopped) = channel();
    let stopping = thread::spawn(move || {
        election.stop().unwrap();
        stopped.send(()).unwrap();
    });
    assert_eq!(
        has_stopped.recv_timeout(A_WHILE),
        Err(RecvTimeoutError::Timeout),
        "it has stopped while it looked"
    );
    fs::remove_file(&lease).unwrap();
    fs::write(&lease, written).unwrap();
    drop(look);
    has_stopped.recv_timeout(LIMIT).unwrap();
    stopping.join().unwrap();
}
