//! Proofs that a holder is dead, among processes of this machine in mode `file`: each holds a lock that the
//! kernel lets go of when it is dead, and all that it has started.
//!
//! The Lease lasts for longer than any test waits, so that nobody leads here because it has expired.

#![cfg(target_os = "linux")]

mod tasks;
#[path = "../common/worker.rs"]
mod worker;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use leasehold::lease_record::StoredLease;
use leasehold::{Acquisition, Config, LeaderElection, Mode, ProofOfDeath};
use rustix::process::{Pid, Signal, kill_process};

use self::worker::Worker;

/// How long something that must happen is waited for.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How long something that must not happen is waited for.
const A_WHILE: Duration = Duration::from_millis(300);

fn config(directory: &Path) -> Config {
    config_of("job", directory)
}

fn config_of(lease: &str, directory: &Path) -> Config {
    Config::new(lease)
        .namespace("default")
        .mode(Mode::File)
        .directory(directory)
        .lease_duration(Duration::from_secs(600))
        .renew_deadline(Duration::from_secs(400))
        .retry_period(Duration::from_secs(100))
}

/// A worker that leads, and a candidate here that follows it.
fn leader_and_standby(task: &str, directory: &Path) -> (Worker, LeaderElection) {
    let mut leader = Worker::start(task, directory);
    assert_eq!(leader.report().unwrap(), "leading");
    let standby = config(directory).start().unwrap();
    follows(&standby);
    (leader, standby)
}

fn stored(directory: &Path) -> StoredLease {
    stored_of("job", directory)
}

fn stored_of(lease: &str, directory: &Path) -> StoredLease {
    config_of(lease, directory)
        .observe()
        .unwrap()
        .read()
        .unwrap()
        .unwrap()
}

/// Waits until it has seen who leads.
fn follows(standby: &LeaderElection) {
    let deadline = Instant::now() + LIMIT;
    while standby.leader().is_none() {
        assert!(Instant::now() < deadline, "it sees no leader");
        thread::sleep(Duration::from_millis(2));
    }
}

fn assert_goes_on_following(standby: &LeaderElection) {
    thread::sleep(A_WHILE);
    assert!(!standby.is_leader(), "it follows on one that is not dead");
}

fn assert_succeeds(standby: &LeaderElection, last: &StoredLease) {
    let term = standby.wait_for_leadership(LIMIT).unwrap();
    assert_eq!(term.acquisition(), Acquisition::LockReleased);
    assert!(term.fencing_token() > last.version.0);
}

#[test]
fn a_leader_that_is_killed_is_succeeded_long_before_its_lease_expires() {
    let directory = tempfile::tempdir().unwrap();
    let (mut leader, standby) = leader_and_standby("lead", directory.path());
    let last = stored(directory.path());
    leader.kill();
    assert_succeeds(&standby, &last);
    let note = stored(directory.path()).record.note.unwrap();
    assert_eq!(note.acquisition, Acquisition::LockReleased);
}

#[test]
fn one_that_starts_after_the_death_needs_not_wait_either() {
    let directory = tempfile::tempdir().unwrap();
    let mut leader = Worker::start("lead", directory.path());
    assert_eq!(leader.report().unwrap(), "leading");
    let last = stored(directory.path());
    leader.kill();
    let standby = config(directory.path()).start().unwrap();
    assert_succeeds(&standby, &last);
}

#[test]
fn what_a_leader_has_started_and_lives_on_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let (mut leader, standby) = leader_and_standby("lead and start a program", directory.path());
    let program = Pid::from_raw(leader.report().unwrap().parse().unwrap()).unwrap();
    let last = stored(directory.path());
    leader.kill();
    assert_goes_on_following(&standby);
    kill_process(program, Signal::KILL).unwrap();
    assert_succeeds(&standby, &last);
}

#[test]
fn a_leader_that_stands_still_is_not_dead() {
    let directory = tempfile::tempdir().unwrap();
    let (mut leader, standby) = leader_and_standby("lead", directory.path());
    let last = stored(directory.path());
    leader.stop();
    assert_goes_on_following(&standby);
    leader.kill();
    assert_succeeds(&standby, &last);
}

#[test]
fn a_leader_that_closes_all_its_files_is_not_dead() {
    let directory = tempfile::tempdir().unwrap();
    let (mut leader, standby) = leader_and_standby("lead and close all files", directory.path());
    let last = stored(directory.path());
    assert_eq!(leader.report().unwrap(), "closed");
    assert_goes_on_following(&standby);
    leader.kill();
    assert_succeeds(&standby, &last);
}

#[test]
fn a_lock_file_that_was_replaced_proves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut leader = Worker::start("lead", directory.path());
    assert_eq!(leader.report().unwrap(), "leading");
    let lock = stored(directory.path()).record.note.unwrap().process.lock;
    let file = directory
        .path()
        .join("default/job")
        .join(lock.unwrap().file);
    // The leader still has it open, so that its number is not given to another.
    fs::remove_file(&file).unwrap();
    fs::write(&file, "").unwrap();
    let standby = config(directory.path()).start().unwrap();
    follows(&standby);
    assert_goes_on_following(&standby);
    leader.kill();
    assert_goes_on_following(&standby);
}

#[test]
fn who_wants_no_proof_leaves_none_and_takes_none() {
    let directory = tempfile::tempdir().unwrap();
    let mut leader = Worker::start("lead without proof", directory.path());
    assert_eq!(leader.report().unwrap(), "leading");
    assert_eq!(stored(directory.path()).record.note, None);
    let standby = config(directory.path()).start().unwrap();
    follows(&standby);
    leader.kill();
    assert_goes_on_following(&standby);

    let directory = tempfile::tempdir().unwrap();
    let mut leader = Worker::start("lead", directory.path());
    assert_eq!(leader.report().unwrap(), "leading");
    let config = config(directory.path()).proof_of_death(ProofOfDeath::None);
    let standby = config.start().unwrap();
    follows(&standby);
    leader.kill();
    assert_goes_on_following(&standby);
}

#[test]
fn two_elections_of_one_process_never_prove_each_other_dead() {
    let directory = tempfile::tempdir().unwrap();
    let leader = config(directory.path()).start().unwrap();
    leader.wait_for_leadership(LIMIT).unwrap();
    let standby = config(directory.path()).start().unwrap();
    follows(&standby);
    assert_goes_on_following(&standby);
    assert!(leader.is_leader());
}

/// Each lock costs a descriptor until the process is dead.
#[test]
fn a_process_has_locks_in_64_folders_and_leads_in_more() {
    let directory = tempfile::tempdir().unwrap();
    let mut leader = Worker::start("lead in 65 folders", directory.path());
    assert_eq!(leader.report().unwrap(), "leading");
    let notes = (0..65).map(|number| {
        let lease = stored_of(&format!("job-{number}"), directory.path());
        lease.record.note
    });
    let locked = notes.flatten().filter(|note| note.process.lock.is_some());
    assert_eq!(locked.count(), 64);
}
