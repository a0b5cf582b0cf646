use std::fs;
use std::path::Path;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use leasehold::ErrorKind;
use leasehold::lease_record::ResourceVersion;
use leasehold::lease_store::file::{FileStore, default_directory};
use leasehold::lease_store::{LeaseStore, Result, StoreError, WatchEvent};
use tokio::time::timeout;

use crate::{file, held_by, open};

#[test]
fn the_default_directory_is_in_the_home_folder() {
    let directory = default_directory().unwrap();
    assert!(directory.is_absolute());
    assert!(directory.ends_with(".leasehold"));
}

#[test]
fn a_directory_or_a_name_that_does_not_fit_is_a_config_error() {
    let directory = tempfile::tempdir().unwrap();
    for (directory, namespace, lease, field) in [
        (
            Path::new("relative"),
            "default",
            "job",
            "directory = relative",
        ),
        (
            directory.path(),
            "../default",
            "job",
            "namespace = `../default`",
        ),
        (directory.path(), "default", "..", "lease = `..`"),
    ] {
        let error = FileStore::open(directory, namespace, lease).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with(field), "{error}");
    }
}

#[tokio::test]
async fn files_are_readable_by_people_and_by_their_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).create(held_by("a")).await.unwrap();
    #[cfg(unix)]
    for name in ["lease.json", "lock", "version"] {
        use std::os::unix::fs::MetadataExt;
        let mode = fs::metadata(file(directory.path(), name)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let text = fs::read_to_string(file(directory.path(), "lease.json")).unwrap();
    assert!(
        text.contains("\n    \"holderIdentity\": \"a\",\n"),
        "{text}"
    );
    assert!(text.ends_with("}\n"), "{text}");
}

#[tokio::test]
async fn leases_of_one_directory_are_independent() {
    let directory = tempfile::tempdir().unwrap();
    for (namespace, lease) in [("default", "job"), ("default", "other"), ("test", "job")] {
        let store = FileStore::open(directory.path(), namespace, lease).unwrap();
        assert!(store.read().await.unwrap().is_none());
        store.create(held_by(lease)).await.unwrap();
    }
}

#[tokio::test]
async fn a_damaged_lease_is_reported_and_never_taken_for_a_free_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let seen = store.create(held_by("a")).await.unwrap();
    let lease = file(&directory.path().canonicalize().unwrap(), "lease.json");
    let assert_corrupt = |error: StoreError| {
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(
            error.to_string().starts_with(lease.to_str().unwrap()),
            "{error}"
        );
        assert!(
            error.to_string().ends_with("then delete the file"),
            "{error}"
        );
    };

    for contents in ["", "{", "{\"format\": 1}"] {
        fs::write(&lease, contents).unwrap();
        assert_corrupt(store.read().await.unwrap_err());
        assert_corrupt(store.create(held_by("b")).await.unwrap_err());
        assert_corrupt(store.replace(seen.clone(), held_by("b")).await.unwrap_err());
        let mut watch = store.watch(ResourceVersion(0));
        assert!(matches!(watch.next().await, Some(Ok(WatchEvent::Opened))));
        assert_corrupt(watch.next().await.unwrap().unwrap_err());
        assert!(watch.next().await.is_none(), "an error ends the watch");
        assert_eq!(
            fs::read_to_string(&lease).unwrap(),
            contents,
            "nobody has touched it"
        );
    }

    fs::remove_file(&lease).unwrap();
    let recreated = store.create(held_by("b")).await.unwrap();
    assert!(recreated.version > seen.version);
}

#[tokio::test]
async fn a_damaged_version_stops_writes_and_never_goes_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let seen = store.create(held_by("a")).await.unwrap();
    let version = file(directory.path(), "version");
    for contents in ["", "many", "-1", "18446744073709551616"] {
        fs::write(&version, contents).unwrap();
        let error = store.replace(seen.clone(), held_by("b")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{contents:?}");
        assert!(
            error.to_string().contains("version is not a whole number"),
            "{error}"
        );
    }

    fs::write(&version, "7").unwrap();
    let replaced = store.replace(seen.clone(), held_by("b")).await.unwrap();
    assert!(replaced.version > seen.version, "the Lease knows better");

    fs::remove_file(&version).unwrap();
    let next = store.replace(replaced.clone(), held_by("c")).await.unwrap();
    assert!(next.version > replaced.version);
}

#[tokio::test]
async fn a_lease_in_a_newer_format_asks_for_an_update() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fs::write(file(directory.path(), "lease.json"), "{\"format\": 2}").unwrap();
    let error = store.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error
            .to_string()
            .ends_with("has format 2, and this Leasehold knows formats up to 1: update it"),
        "{error}"
    );
}

#[tokio::test]
async fn versions_outlive_the_whole_directory() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("elections");
    let store = open(&directory);
    let seen = store.create(held_by("a")).await.unwrap();
    fs::remove_dir_all(&directory).unwrap();

    assert!(store.read().await.unwrap().is_none());
    let error = store.replace(seen.clone(), held_by("b")).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    let recreated = store.create(held_by("b")).await.unwrap();
    assert!(recreated.version > seen.version);
}

#[tokio::test]
async fn versions_outlive_the_lease_after_many_writes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut seen = store.create(held_by("a")).await.unwrap();
    for number in 0..250 {
        let next = held_by(&number.to_string());
        let replaced = store.replace(seen.clone(), next).await.unwrap();
        assert!(replaced.version > seen.version);
        seen = replaced;
    }

    fs::remove_file(file(directory.path(), "lease.json")).unwrap();
    let recreated = store.create(held_by("b")).await.unwrap();
    assert!(recreated.version > seen.version);
}

#[tokio::test]
async fn a_watch_tells_the_end_of_its_folder_and_the_next_one_what_comes_after() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("elections");
    let store = open(&directory);
    let seen = store.create(held_by("a")).await.unwrap();
    let mut watch = store.watch(seen.version);
    assert!(matches!(
        next(&mut watch).await,
        Some(Ok(WatchEvent::Opened))
    ));

    // Moved away as a whole, so that nothing in it is deleted.
    let folder = directory.join("default/job");
    fs::rename(folder, home.path().join("away")).unwrap();
    assert!(matches!(
        next(&mut watch).await,
        Some(Ok(WatchEvent::LeftOut))
    ));
    let Some(Ok(WatchEvent::Deleted(deleted))) = next(&mut watch).await else {
        panic!("the deletion was due");
    };
    assert!(deleted > seen.version);
    // Elsewhere the watch goes on, for it polls.
    if cfg!(target_os = "linux") {
        assert!(next(&mut watch).await.is_none());
    }

    let mut watch = store.watch(deleted);
    assert!(matches!(
        next(&mut watch).await,
        Some(Ok(WatchEvent::Opened))
    ));
    let recreated = store.create(held_by("b")).await.unwrap();
    assert!(recreated.version > deleted);
    let Some(Ok(WatchEvent::Changed(told))) = next(&mut watch).await else {
        panic!("the creation was due");
    };
    assert_eq!(told.version, recreated.version);
}

#[tokio::test]
async fn a_watch_says_that_it_leaves_out_what_was_overtaken() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let first = store.create(held_by("a")).await.unwrap();
    let mut watch = store.watch(first.version);
    assert!(matches!(
        next(&mut watch).await,
        Some(Ok(WatchEvent::Opened))
    ));

    let second = store.replace(first, held_by("b")).await.unwrap();
    assert!(matches!(
        next(&mut watch).await,
        Some(Ok(WatchEvent::Changed(told))) if told.version == second.version
    ));

    let third = store.replace(second, held_by("c")).await.unwrap();
    let fourth = store.replace(third, held_by("d")).await.unwrap();
    assert!(matches!(
        next(&mut watch).await,
        Some(Ok(WatchEvent::LeftOut))
    ));
    assert!(matches!(
        next(&mut watch).await,
        Some(Ok(WatchEvent::Changed(told))) if told.version == fourth.version
    ));
}

/// Fails rather than wait without end.
async fn next(watch: &mut BoxStream<'_, Result<WatchEvent>>) -> Option<Result<WatchEvent>> {
    let limit = Duration::from_secs(60);
    timeout(limit, watch.next())
        .await
        .expect("an event or the end was due")
}
