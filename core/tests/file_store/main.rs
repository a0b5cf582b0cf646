//! What the file store promises beyond the contract of every store: among processes, over crashes,
//! and about its files.

mod files;
mod processes;
#[cfg(unix)]
mod stopping;
mod tasks;
#[path = "../common/worker.rs"]
mod worker;

use std::path::{Path, PathBuf};

use leasehold::lease_record::LeaseRecord;
use leasehold::lease_store::file::FileStore;

fn open(directory: &Path) -> FileStore {
    FileStore::open(directory, "default", "job").unwrap()
}

fn file(directory: &Path, name: &str) -> PathBuf {
    directory.join("default/job").join(name)
}

fn held_by(holder: &str) -> LeaseRecord {
    LeaseRecord {
        holder: holder.to_owned(),
        lease_duration_seconds: Some(15),
        ..LeaseRecord::default()
    }
}
