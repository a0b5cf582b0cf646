//! What others write into the folder of a Lease.

use std::fs;

use super::folder::{LEASE, LeaseFolder, Sight, VERSION};
use super::format;
use crate::clock::WallTime;
use crate::error::ErrorKind;
use crate::fuzzing::Scratch;
use crate::lease_record::{LeaseRecord, StoredLease};
use crate::lease_store::StoreError;

/// The Lease's file, NUL, and the file with versions; each is missing where its part is empty.
///
/// What is understood is written as it was read, with the fields of others kept; what is not, is refused and
/// stays as it is; and no version is given out twice.
pub(crate) fn lease_folder(input: &[u8]) {
    let split = input.iter().position(|byte| *byte == 0);
    let (lease, version) = input.split_at(split.unwrap_or(input.len()));
    let version = version.strip_prefix(b"\0").unwrap_or_default();
    if let Ok(lease) = format::decode(lease) {
        reads_as_it_was_written(&lease);
    }

    let scratch = Scratch::new();
    let root = scratch.path().canonicalize().expect("a folder");
    let folder = LeaseFolder::open(&root.join("elections"), "default", "jobs").expect("a folder");
    for (name, contents) in [(LEASE, lease), (VERSION, version)] {
        if !contents.is_empty() {
            fs::write(folder.path().join(name), contents).expect("a file");
        }
    }
    let files = || [LEASE, VERSION].map(|name| fs::read(folder.path().join(name)).ok());
    let before = files();
    let highest = |seen: Option<&StoredLease>| {
        let reserved = before[1].as_deref().and_then(|it| str::from_utf8(it).ok());
        let reserved: u64 = reserved.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
        seen.map_or(0, |seen| seen.version.0)
            .max(if seen.is_some() { 0 } else { reserved })
    };
    let record = |holder: &str| LeaseRecord {
        holder: holder.to_owned(),
        lease_duration_seconds: Some(15),
        renew_time: Some(WallTime::from_micros(1_790_000_000_123_456)),
        ..LeaseRecord::default()
    };
    let refused = |error: StoreError| {
        assert_eq!(files(), before, "what is refused stays as it is");
        if let StoreError::Other(error) = error {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(error.message().starts_with(&root.display().to_string()));
        }
    };
    let outcome = match folder.read() {
        Err(error) => {
            refused(error.into());
            assert!(folder.look().is_err());
            refused(folder.create(&record("me")).expect_err("refused"));
            return;
        }
        Ok(Some(seen)) => {
            refused(folder.create(&record("me")).expect_err("refused"));
            let outcome = folder.replace(&seen, &record("me with a name of my own"));
            outcome.map(|written| (highest(Some(&seen)), written))
        }
        Ok(None) => {
            let outcome = folder.create(&record("me"));
            outcome.map(|written| (highest(None), written))
        }
    };
    let (above, first) = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return refused(error),
    };
    assert!(first.version.0 > above, "{} > {above}", first.version);
    let Ok(second) = folder.replace(&first, &record("another")) else {
        return;
    };
    assert!(second.version > first.version, "no version twice");
    assert!(matches!(folder.look(), Ok(Sight::Present(lease)) if lease.is_same(&second)));
}

fn reads_as_it_was_written(lease: &StoredLease) {
    let base = lease.object.as_deref();
    let object = format::encode(base, &lease.uid, lease.version, &lease.record);
    let object = object.expect("what was read can be written");
    let again = format::understand(object.clone()).expect("reads as it was written");
    assert_eq!(again.record, lease.record);
    assert_eq!((again.version, &again.uid), (lease.version, &lease.uid));
    for (field, value) in base.and_then(|base| base.as_object()).into_iter().flatten() {
        if field != "spec" && field != "metadata" {
            assert_eq!(&object[field], value, "{field} is kept");
        }
    }
}
