//! The candidates that are measured: programs that keep the contract of `tests/lib.rs`, as `cargo xtask`
//! has built them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use leasehold_tests::{with_proofs, with_proofs_in};
use serde::Deserialize;

/// Once a second, where the candidate's own questions would be what is measured.
const SELDOM: [&str; 2] = ["env", "CANDIDATE_PERIOD_MS=1000"];

/// One that is measured.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Whether it can prove a death.
    pub(crate) has_proofs: bool,
    /// Its program and first arguments.
    pub(crate) command: Vec<String>,
    /// What an application has to have beside its own program, or the program if it is one file.
    pub(crate) installed: Vec<PathBuf>,
}

impl Candidate {
    pub(crate) fn load(path: &Path) -> Result<Vec<Self>> {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{}", path.display()))
    }

    /// The same, but that it asks itself seldom whether it leads.
    pub(crate) fn that_asks_seldom(&self) -> Self {
        let seldom = SELDOM.map(str::to_owned).into_iter();
        Self {
            command: seldom.chain(self.command.iter().cloned()).collect(),
            ..self.clone()
        }
    }

    /// The same with proofs of death.
    pub(crate) fn with_proofs(&self) -> Self {
        Self {
            command: with_proofs(&self.command),
            ..self.clone()
        }
    }

    /// The same for a Lease in `folder`.
    pub(crate) fn with_proofs_in(&self, folder: &Path) -> Self {
        Self {
            command: with_proofs_in(folder, &self.command),
            ..self.clone()
        }
    }

    /// How many bytes are installed.
    pub(crate) fn installed_bytes(&self) -> Result<u64> {
        self.installed.iter().map(|path| bytes(path)).sum()
    }
}

fn bytes(path: &Path) -> Result<u64> {
    let about = fs::symlink_metadata(path).with_context(|| format!("no {}", path.display()))?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    fs::read_dir(path)?.map(|entry| bytes(&entry?.path())).sum()
}
