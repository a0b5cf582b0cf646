use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use leasehold::lease_store::LeaseStore;
use leasehold::lease_store::file::FileStore;
use serde_json::Value;
use tempfile::TempDir;

use crate::fixture::Fixture;

struct Folder(TempDir);

impl Folder {
    fn lease(&self) -> PathBuf {
        self.0.path().join("default/job/lease.json")
    }

    fn object(&self) -> Value {
        serde_json::from_slice(&fs::read(self.lease()).unwrap()).unwrap()
    }
}

impl Fixture for Folder {
    const COALESCES_CHANGES: bool = true;

    async fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> Arc<dyn LeaseStore> {
        Arc::new(FileStore::open(self.0.path(), "default", "job").unwrap())
    }

    async fn delete(&self) {
        fs::remove_file(self.lease()).unwrap();
    }

    async fn set_field(&self, path: &[&str], value: &str) {
        let mut object = self.object();
        *path.iter().fold(&mut object, |field, key| &mut field[*key]) = value.into();
        fs::write(self.lease(), object.to_string()).unwrap();
    }

    async fn field(&self, path: &[&str]) -> Value {
        let object = self.object();
        path.iter().fold(&object, |field, key| &field[*key]).clone()
    }
}

crate::rules::contract!(Folder);
