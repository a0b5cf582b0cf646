//! What is there, for those who download it and for the documentation.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// In bytes, of what has one library inside: a wheel, a package of npm, a jar for one platform.
const LARGEST_PACKAGE: u64 = 3_000_000;

/// Writes `SHA256SUMS` and a table for people into the folder `packages`; fails if something is too
/// large.
pub(super) fn write(packages: &Path) -> Result<()> {
    let mut sums = String::new();
    let mut table = "| artifact | size | SHA-256 |\n|---|---:|---|\n".to_owned();
    let mut large = Vec::new();
    for file in files(packages)? {
        let bytes = fs::read(&file)?;
        let sum = Sha256::digest(&bytes);
        let sum = sum
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let name = file.strip_prefix(packages)?.to_string_lossy();
        writeln!(sums, "{sum}  {name}")?;
        let kilobytes = bytes.len().div_ceil(1000);
        writeln!(table, "| `{name}` | {kilobytes} kB | `{}…` |", &sum[..16])?;
        if has_one_library(&name) && bytes.len() as u64 > LARGEST_PACKAGE {
            large.push(format!("{name} has {kilobytes} kB"));
        }
    }
    fs::write(packages.join("SHA256SUMS"), sums)?;
    fs::write(packages.join("ARTIFACTS.md"), table)?;
    if !large.is_empty() {
        bail!("more than {LARGEST_PACKAGE} bytes: {}", large.join(", "));
    }
    Ok(())
}

fn has_one_library(name: &str) -> bool {
    let is_for_one = [
        "linux-", "macos-", "windows-", "darwin-", "win32-", "_64", "arm64",
    ]
    .iter()
    .any(|word| name.contains(word));
    is_for_one && !name.starts_with("programs/") && !name.starts_with("images/")
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
