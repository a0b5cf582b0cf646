//! What goes with a library or a program: whose work is in it, under which licence, and the same for
//! programs that look for what is vulnerable. Both are what cargo says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xshell::cmd;

use super::PROGRAM;
use super::toolchain::python_environment;
use crate::build::{cargo, shell};
use crate::commit_time::CommitTime;
use crate::platform::Platform;
use crate::steps::Step;

const INTRODUCTION: &str = "\
Leasehold
Licensed under the Apache License, Version 2.0, as the file LICENSE says.

It is built from the works of others that are named below, each with its licence. Beside them it has
what Rust brings for each program: its standard library (Apache-2.0 OR MIT), and compiler-rt and
libunwind of LLVM (Apache-2.0 WITH LLVM-exception); in programs for Linux also musl (MIT, Copyright
© 2005-2020 Rich Felker, et al.).
";

/// From `PyPI`: of those who make `CycloneDX`.
const VALIDATOR: &str = "cyclonedx-python-lib[json-validation]==11.12.0";
const VALIDATE: &str = include_str!("validate.py");

/// The crates that are in what is built of one crate.
pub(crate) struct Papers {
    /// By name and version.
    crates: BTreeMap<(String, String), Contribution>,
}

struct Contribution {
    licence: String,
    repository: Option<String>,
    /// What it says of its licence.
    texts: BTreeSet<String>,
}

impl Papers {
    /// Of the crate `package`, as it is built for `platforms`.
    pub(super) fn of(package: &str, platforms: &[&Platform]) -> Result<Self> {
        let (shell, cargo) = (shell()?, cargo());
        let metadata = cmd!(shell, "{cargo} metadata --locked --format-version 1").quiet();
        let metadata: Value = serde_json::from_str(&metadata.read()?)?;
        let known = metadata["packages"]
            .as_array()
            .context("cargo knows packages")?;
        let mut built = BTreeSet::new();
        for platform in platforms {
            let target = platform.rust_target;
            // What runs while it is compiled is not in it.
            let format = "{p}";
            let edges = "normal,no-proc-macro";
            let tree = cmd!(
                shell,
                "{cargo} tree --locked --package {package} --target {target} --edges {edges} --prefix none --format {format}"
            );
            built.extend(tree.quiet().read()?.lines().filter_map(name_and_version));
        }
        let mut crates = BTreeMap::new();
        for package in known {
            let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
            let name = (text("name"), text("version"));
            // Ours are what LICENSE is about.
            if package["source"].is_null() || !built.contains(&name) {
                continue;
            }
            let licence = text("license").replace('/', " OR ");
            ensure!(!licence.is_empty(), "{} names no licence", name.0);
            let manifest = text("manifest_path");
            let folder = Path::new(&manifest)
                .parent()
                .context("a manifest is in a folder")?;
            let repository = package["repository"].as_str().map(str::to_owned);
            let contribution = Contribution {
                licence,
                repository,
                texts: texts(folder)?,
            };
            crates.insert(name, contribution);
        }
        Ok(Self { crates })
    }

    /// For people, and for what the licences demand: each text once.
    pub(super) fn notice(&self) -> Result<String> {
        let mut notice = INTRODUCTION.to_owned();
        let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let line = "=".repeat(80);
        writeln!(notice, "\n{line}\n")?;
        for ((name, version), contribution) in &self.crates {
            let name = [name, " ", version].concat();
            let repository = contribution.repository.as_deref().unwrap_or_default();
            writeln!(notice, "{name}: {}  {repository}", contribution.licence)?;
            for text in &contribution.texts {
                users.entry(text).or_default().push(name.clone());
            }
        }
        for (text, users) in users {
            writeln!(notice, "\n{line}\n{}\n{line}\n\n{text}", users.join(", "))?;
        }
        Ok(notice)
    }

    /// `CycloneDX`, for what is called `name`, with `purl` if a registry has it.
    pub(super) fn sbom(&self, name: &str, purl: &str, time: &CommitTime) -> Result<String> {
        // As CycloneDX tells what is run from what is built upon.
        let kind = if name == PROGRAM.0 {
            "application"
        } else {
            "library"
        };
        let components: Vec<_> = self.crates.iter().map(component).collect();
        let all: Vec<_> = components.iter().map(|it| it["bom-ref"].clone()).collect();
        let version = env!("CARGO_PKG_VERSION");
        let bom = json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": time.rfc3339(),
                "component": {
                    "type": kind,
                    "bom-ref": purl,
                    "name": name,
                    "version": version,
                    "purl": purl,
                    "licenses": [{ "expression": "Apache-2.0" }],
                },
            },
            "components": components,
            "dependencies": [{ "ref": purl, "dependsOn": all }],
        });
        Ok(serde_json::to_string_pretty(&bom)? + "\n")
    }
}

/// Fails if a list in `folder` is not as the schema of `CycloneDX` wants it.
pub(super) fn validate(step: &Step, folder: &Path) -> Result<()> {
    let environment = python_environment(step, "cyclonedx", &[VALIDATOR])?;
    let (shell, python) = (shell()?, environment.join("bin/python"));
    let lists: Vec<_> = shell.read_dir(folder)?;
    let lists = lists
        .iter()
        .filter(|it| it.extension().is_some_and(|it| it == "json"));
    step.tell("validated");
    step.run(cmd!(shell, "{python} -c {VALIDATE} {lists...}"))
}

fn component((name, contribution): (&(String, String), &Contribution)) -> Value {
    let (name, version) = name;
    let purl = format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"));
    let mut component = json!({
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{ "expression": contribution.licence }],
    });
    if let Some(repository) = &contribution.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

/// Of `kube v5.0.0` or `leasehold v0.1.0 (/…)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some((name.to_owned(), version.to_owned()))
}

/// The licences in the folder of a crate.
fn texts(folder: &Path) -> Result<BTreeSet<String>> {
    let mut texts = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_one = [
            "LICENSE",
            "LICENCE",
            "COPYING",
            "COPYRIGHT",
            "NOTICE",
            "UNLICENSE",
        ]
        .iter()
        .any(|word| name.starts_with(word));
        if is_one && entry.file_type()?.is_file() {
            let text = String::from_utf8_lossy(&fs::read(entry.path())?).replace('\r', "");
            texts.insert(text.trim_end().to_owned());
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_a_crate_is_read() {
        let kube = Some(("kube".to_owned(), "5.0.0".to_owned()));
        assert_eq!(name_and_version("kube v5.0.0"), kube);
        assert_eq!(name_and_version("kube v5.0.0 (/a b/c) (*)"), kube);
        assert_eq!(name_and_version("[build-dependencies]"), None);
    }

    #[test]
    fn others_whose_work_is_in_a_library_are_named_with_their_licence() -> Result<()> {
        let papers = Papers::of("leasehold-java", &[Platform::host()?])?;
        let notice = papers.notice()?;
        assert!(notice.contains("\nring 0."));
        assert!(notice.contains("ISC"));
        assert!(!notice.contains("leasehold-java"));
        // What only tests use.
        assert!(!notice.contains("\ntempfile "));
        Ok(())
    }
}
