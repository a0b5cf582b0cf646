//! Looking at a Lease in a folder, from threads and runtimes of the application's own. On a real API
//! server, `leasehold`'s own tests look (`cli/tests`).

use std::fs;
use std::path::Path;
use std::time::Duration;

use leasehold::lease_store::{Backend, NamespaceSource};
use leasehold::{
    Config, ErrorKind, LeaderElection, LeaseSnapshot, LeaseSnapshots, LeaseState, Mode,
};

/// How long a test waits for something that must happen.
const LIMIT: Duration = Duration::from_secs(60);

fn jobs(directory: &Path) -> Config {
    Config::new("jobs")
        .mode(Mode::File)
        .namespace("shop")
        .directory(directory)
}

fn leader(directory: &Path, identity: &str) -> LeaderElection {
    let election = jobs(directory).identity(identity).start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    election
}

fn holder(snapshot: &LeaseSnapshot) -> &str {
    let lease = snapshot.lease.as_ref();
    lease.map_or("", |lease| lease.record.holder.as_str())
}

/// The next snapshot in this state; renewals come in between.
fn next(snapshots: &mut LeaseSnapshots, state: LeaseState) -> LeaseSnapshot {
    loop {
        let snapshot = snapshots.recv_timeout(LIMIT).expect("a snapshot");
        if snapshot.state == state {
            return snapshot;
        }
    }
}

#[test]
fn a_lease_is_read_without_taking_part() {
    let folder = tempfile::tempdir().unwrap();
    let election = leader(folder.path(), "a");
    let observer = jobs(folder.path()).observe().unwrap();
    let lease = observer.read().unwrap().expect("a Lease");
    assert_eq!(lease.record.holder, "a");
    assert!(observer.review_access(None).unwrap().is_none());
    election.stop().unwrap();
    assert!(!observer.read().unwrap().unwrap().record.is_held());
}

#[test]
fn a_look_makes_neither_folder_nor_lease() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("elections");
    let observer = jobs(&directory).observe().unwrap();
    assert!(observer.read().unwrap().is_none());
    let mut snapshots = observer.follow().unwrap();
    next(&mut snapshots, LeaseState::Absent);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_look_into_a_folder_that_is_there_writes_nothing_into_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("shop/jobs");
    fs::create_dir_all(&folder).unwrap();
    let mut snapshots = jobs(home.path()).observe().unwrap().follow().unwrap();
    while !next(&mut snapshots, LeaseState::Absent).watching {}

    // Told once the watch has looked.
    let made = home.path().join("made");
    let election = leader(&made, "a");
    fs::copy(made.join("shop/jobs/lease.json"), home.path().join("copy")).unwrap();
    fs::rename(home.path().join("copy"), folder.join("lease.json")).unwrap();
    next(&mut snapshots, LeaseState::Held);
    let files = fs::read_dir(&folder).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["lease.json"]);
    election.stop().unwrap();
}

#[test]
fn a_folder_is_rehearsed_in_without_a_trace_and_refused_where_others_may_write() {
    let home = tempfile::tempdir().unwrap();
    let observer = jobs(home.path()).observe().unwrap();
    observer.rehearse_creation().unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn where_nobody_may_elect_one_may_look() {
    use std::os::unix::fs::PermissionsExt;

    let home = tempfile::tempdir().unwrap();
    let observer = jobs(home.path()).observe().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = observer.rehearse_creation().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(observer.read().unwrap().is_none(), "a look goes on");
}

#[test]
fn a_lease_is_followed_from_before_it_is_there_until_it_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("elections");
    let observer = jobs(&directory).observe().unwrap();
    let mut snapshots = observer.follow().unwrap();
    next(&mut snapshots, LeaseState::Absent);

    let election = leader(&directory, "a");
    assert_eq!(holder(&next(&mut snapshots, LeaseState::Held)), "a");
    election.stop().unwrap();
    next(&mut snapshots, LeaseState::Released);
    fs::remove_file(directory.join("shop/jobs/lease.json")).unwrap();
    next(&mut snapshots, LeaseState::Absent);
}

#[test]
fn a_holder_that_does_not_renew_is_seen_to_expire() {
    let folder = tempfile::tempdir().unwrap();
    // Left to expire, as by a crash.
    let config = jobs(folder.path())
        .lease_duration(Duration::from_secs(1))
        .renew_deadline(Duration::from_millis(600))
        .retry_period(Duration::from_millis(200))
        .release_on_stop(false);
    let election = config.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    election.stop().unwrap();

    let mut snapshots = jobs(folder.path()).observe().unwrap().follow().unwrap();
    next(&mut snapshots, LeaseState::Held);
    next(&mut snapshots, LeaseState::Expired);
}

#[tokio::test]
async fn sightings_can_be_awaited_on_another_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let election = leader(folder.path(), "a");
    let mut snapshots = jobs(folder.path()).observe().unwrap().follow().unwrap();
    let snapshot = tokio::time::timeout(LIMIT, snapshots.recv()).await;
    assert_eq!(holder(&snapshot.unwrap().expect("a snapshot")), "a");
    election.request_stop().unwrap();
}

#[test]
fn the_place_says_where_the_lease_is_and_where_its_namespace_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let observer = jobs(folder.path()).observe().unwrap();
    let location = observer.location();
    assert_eq!(location.namespace, "shop");
    assert_eq!(location.namespace_from, NamespaceSource::Setting);
    assert_eq!(location.backend, Backend::Folder(folder.path().to_owned()));
}

#[test]
fn in_the_modes_without_a_lease_there_is_nothing_to_look_at() {
    for mode in [Mode::Always, Mode::Never] {
        let error = Config::new("jobs").mode(mode).observe().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.message(),
            format!("mode = `{mode}`: there is no Lease to look at: use `kubernetes` or `file`")
        );
    }
}
