//! What is there, for those who download it and for the documentation.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::LIBRARIES;
use crate::platform::PLATFORMS;

/// As `sha256sum --check` reads it.
pub(super) const FILE: &str = "SHA256SUMS";
/// In bytes, of what has one library inside: a wheel, a package of npm, a jar for one platform.
const LARGEST_PACKAGE: u64 = 3_000_000;

/// Writes [`FILE`] and a table for people into the folder `packages`; fails if something is too
/// large.
pub(super) fn write(packages: &Path) -> Result<()> {
    let mut sums = String::new();
    let mut table = sizes(packages)? + "\n| artifact | size | SHA-256 |\n|---|---:|---|\n";
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
    fs::write(packages.join(FILE), sums)?;
    fs::write(packages.join("ARTIFACTS.md"), table)?;
    if !large.is_empty() {
        bail!("more than {LARGEST_PACKAGE} bytes: {}", large.join(", "));
    }
    Ok(())
}

/// What each platform has, for the documentation.
fn sizes(packages: &Path) -> Result<String> {
    let mut table = "| built for | library | jar | npm package | wheel | programs |\n".to_owned();
    table += "|---|---:|---:|---:|---:|---:|\n";
    for platform in &PLATFORMS {
        let names = [
            ("java", [platform.name, ".jar"].concat()),
            ("node", [platform.npm.package, "-"].concat()),
            (
                "python",
                platform
                    .wheel_tag
                    .split('.')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ),
            ("programs", [platform.archive(), "."].concat()),
        ];
        let mut row = Vec::new();
        for (folder, name) in names {
            let files = files(&packages.join(folder)).unwrap_or_default();
            let file = files.iter().find(|it| it.to_string_lossy().contains(&name));
            row.push(file.map(fs::metadata).transpose()?.map(|it| it.len()));
        }
        if row.iter().any(Option::is_some) {
            let libraries = LIBRARIES.map(|(_, library, _)| platform.library(library));
            let libraries = libraries
                .iter()
                .map(|it| fs::metadata(platform.staged().join(it)));
            let largest = libraries.flatten().map(|it| it.len()).max();
            row.insert(0, largest);
            let sizes = row.into_iter().map(|bytes| {
                // In tenths of a megabyte.
                bytes.map_or("–".to_owned(), |it| {
                    let tenths = it.div_ceil(100_000);
                    format!("{}.{} MB", tenths / 10, tenths % 10)
                })
            });
            let sizes: Vec<_> = sizes.collect();
            writeln!(table, "| `{}` | {} |", platform.name, sizes.join(" | "))?;
        }
    }
    Ok(table)
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
