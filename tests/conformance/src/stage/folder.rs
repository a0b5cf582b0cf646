//! A folder of mode `file`.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder of its own for one case.
pub(crate) struct Folder {
    folder: TempDir,
    lease: String,
}

impl Folder {
    pub(crate) fn new(lease: &str) -> Result<Self> {
        Ok(Self {
            folder: TempDir::with_prefix("leasehold-conformance-")?,
            lease: lease.to_owned(),
        })
    }

    pub(crate) fn settings(&self) -> Value {
        json!({ "mode": "file", "directory": self.folder.path(), "namespace": "default" })
    }

    pub(crate) fn lease(&self) -> Result<Value> {
        match fs::read(self.file("lease.json")) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Value::Null),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn delete(&self) -> Result<()> {
        Ok(fs::remove_file(self.file("lease.json"))?)
    }

    /// Writes what nobody can understand, as a full disk or an editor may leave it.
    pub(crate) fn damage(&self) -> Result<()> {
        let _locked = self.lock()?;
        Ok(fs::write(self.file("lease.json"), "{")?)
    }

    /// The lock under which candidates write.
    pub(crate) fn lock(&self) -> Result<File> {
        let lock = File::open(self.file("lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn file(&self, name: &str) -> PathBuf {
        let namespace = self.folder.path().join("default");
        namespace.join(&self.lease).join(name)
    }
}
