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
    #[serde(default)]
    pub(crate) has_proofs: bool,
    /// What an application of it is written in.
    pub(crate) language: String,
    /// Its program and first arguments; none if it takes part in no election.
    #[serde(default)]
    pub(crate) command: Vec<String>,
    /// Programs that measure themselves: see `probes`.
    #[serde(default)]
    pub(crate) probes: Vec<Vec<String>>,
    /// The program that measures many elections in one process.
    #[serde(default)]
    pub(crate) footprint: Option<PathBuf>,
    /// The program whose one sample is how long it took to import the library.
    #[serde(default)]
    pub(crate) import: Vec<String>,
    /// What an application has to have beside its own program, or the program if it is one file.
    #[serde(default)]
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

    /// Whether a hundred of its processes fit into the memory of a machine: it is one native program.
    pub(crate) fn is_light(&self) -> bool {
        matches!(&self.installed[..], [program] if program.is_file() && !self.command.is_empty())
            && self.command.first().map(Path::new) == self.installed.first().map(PathBuf::as_path)
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
