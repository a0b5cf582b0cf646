//! What who only looks sees of a folder.

use super::*;

fn held_by(holder: &str) -> LeaseRecord {
    LeaseRecord {
        holder: holder.to_owned(),
        lease_duration_seconds: Some(15),
        ..LeaseRecord::default()
    }
}

fn absent(sight: Sight) -> ResourceVersion {
    match sight {
        Sight::Absent(version) => version,
        Sight::Present(lease) => panic!("{lease:?}"),
    }
}

#[test]
fn who_only_looks_makes_no_file_and_needs_no_lock() {
    let home = tempfile::tempdir().unwrap();
    let candidate = LeaseFolder::open(home.path(), "default", "job").unwrap();
    let observer = LeaseFolder::find(home.path(), "default", "job").unwrap();
    absent(observer.look().unwrap());
    assert_eq!(fs::read_dir(observer.path()).unwrap().count(), 0);

    let _stopped = candidate.lock().unwrap();
    absent(observer.look().unwrap());
}

#[test]
fn a_lease_that_is_about_to_be_created_has_a_higher_version_than_the_absence_before() {
    let home = tempfile::tempdir().unwrap();
    let candidate = LeaseFolder::open(home.path(), "default", "job").unwrap();
    let observer = LeaseFolder::find(home.path(), "default", "job").unwrap();
    for holder in ["a", "b"] {
        let reserved = candidate.next_version(None).unwrap();
        assert!(absent(observer.look().unwrap()) < reserved);

        let created = candidate.create(&held_by(holder)).unwrap();
        assert!(matches!(observer.look().unwrap(), Sight::Present(_)));
        fs::remove_file(observer.path().join(LEASE)).unwrap();
        let deleted = absent(observer.look().unwrap());
        assert!(deleted > created.version);
        assert_eq!(absent(observer.look().unwrap()), deleted, "told once");
    }
}
