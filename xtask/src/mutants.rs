//! `cargo xtask mutants`: takes each rule of the core out once, and sees which test finds its absence.
//!
//! Thin over cargo-mutants. It works on a copy of the checkout, in the target folder, which stays warm and is put
//! right by the next run if this one is interrupted. What no test finds has its reason in `core/survivors.txt`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::copy_file;
use crate::steps::{Step, Steps};
use crate::tool::Tool;
use crate::{progress, root, target_folder};

const CARGO_MUTANTS: Tool = Tool {
    name: "cargo-mutants",
    version: "27.1.0",
    features: &[],
};

const SURVIVORS: &str = "core/survivors.txt";

/// What is mutated, under `core/src`, and which tests of the core are to find it.
const AREAS: &[(&str, &str)] = &[
    ("election", "--lib"),
    ("elector", "--lib --test=leader_election"),
    ("leadership", "--lib --test=leader_election"),
    ("shared", "--lib --test=leader_election --test=locks"),
    ("lease_record", "--lib"),
    ("lease_store/memory", "--lib --test=store_contract"),
    (
        "lease_store/file",
        "--lib --test=store_contract --test=file_store",
    ),
    ("lease_store/kubernetes", "--lib --test=kubernetes_store"),
];

#[derive(Args)]
pub(crate) struct Options {
    /// Only these parts of the core, such as `election,lease_store/file`; by default each.
    #[arg(long, value_delimiter = ',')]
    of: Vec<String>,
    /// One of several parts of the work, such as `1/4`.
    #[arg(long)]
    shard: Option<String>,
}

pub(crate) fn run_mutants(options: &Options) -> Result<()> {
    let names = AREAS.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    if let Some(unknown) = options.of.iter().find(|it| !names.contains(&it.as_str())) {
        bail!("no part {unknown}: use some of {}", names.join(", "));
    }
    let is_wanted = |area: &str| options.of.is_empty() || options.of.iter().any(|it| it == area);
    let steps = Steps::start();
    let mut program = String::new();
    steps.run("cargo-mutants, and a copy of the checkout", |step| {
        program = CARGO_MUTANTS.program(step)?;
        copy_checkout()
    });
    for (area, tests) in AREAS {
        if is_wanted(area) && !program.is_empty() {
            steps.run(&format!("mutants of {area}"), |step| {
                let mut mutants = Command::new(&program);
                mutants.args(["mutants", "--in-place", "--package=leasehold"]);
                mutants.arg(format!("--file=core/src/{area}.rs"));
                mutants.arg(format!("--file=core/src/{area}/**"));
                mutants.args(options.shard.iter().map(|it| format!("--shard={it}")));
                let output = folder().join(area.replace('/', "-"));
                let found = run(step, mutants.arg("--output").arg(&output), tests, &output)?;
                judge(area, &found)
            });
        }
    }
    steps.finish()
}

fn folder() -> PathBuf {
    target_folder().join("mutants")
}

/// What differs is copied, so that what is built there stays fresh, and what the checkout no longer has is removed:
/// cargo finds a test by its file alone.
fn copy_checkout() -> Result<()> {
    let list = Command::new("git")
        .arg("ls-files")
        .current_dir(root())
        .output();
    let list = String::from_utf8(list?.stdout)?;
    let files = list.lines().map(PathBuf::from);
    let files: BTreeSet<_> = files.filter(|it| root().join(it).is_file()).collect();
    let tree = folder().join("tree");
    for file in &files {
        let (from, to) = (root().join(file), tree.join(file));
        if fs::read(&from)? != fs::read(&to).unwrap_or_default() {
            copy_file(from, to)?;
        }
    }
    remove_others(&tree, Path::new(""), &files)
}

/// Removes from `folder` of `tree` all files but `files`, and but what cargo has built.
fn remove_others(tree: &Path, folder: &Path, files: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(tree.join(folder))? {
        let entry = entry?;
        let name = folder.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            if !files.contains(&name) {
                fs::remove_file(entry.path())?;
            }
        } else if entry.file_name() != "target" {
            remove_others(tree, &name, files)?;
        }
    }
    Ok(())
}

/// The names of the mutants, by what has become of them.
struct Found {
    killed: BTreeSet<String>,
    survived: BTreeSet<String>,
}

/// Shows how far it is. All that it says is in `output`.
fn run(step: &Step, mutants: &mut Command, tests: &str, output: &Path) -> Result<Found> {
    fs::create_dir_all(output)?;
    let log = output.join("log");
    let mutants = mutants.arg("--").args(tests.split(' '));
    let mutants = mutants.current_dir(folder().join("tree"));
    let file = fs::File::create(&log)?;
    let mutants = mutants.stderr(file.try_clone()?).stdout(file);
    let mut running = mutants.spawn().context("cannot run cargo-mutants")?;
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let mut killed = names(output, "caught");
        // No test ends under them.
        killed.extend(names(output, "timeout"));
        let survived = names(output, "missed");
        step.tell(&format!(
            "{} killed, {} survived",
            killed.len(),
            survived.len()
        ));
        if let Some(status) = running.try_wait()? {
            // 2 and 3: not all are caught.
            let is_done = matches!(status.code(), Some(0 | 2 | 3));
            ensure!(
                is_done,
                "cargo-mutants ended with {status}: see {}",
                log.display()
            );
            return Ok(Found { killed, survived });
        }
    }
}

/// The mutants of one kind, without line and column: `core/src/…: replace < with <= in …`.
fn names(output: &Path, kind: &str) -> BTreeSet<String> {
    let list = output.join("mutants.out").join(format!("{kind}.txt"));
    let list = fs::read_to_string(list).unwrap_or_default();
    let names = list.lines().filter_map(|line| {
        let (place, name) = line.split_once(": ")?;
        Some(format!("{}: {name}", place.split(':').next()?))
    });
    names.collect()
}

/// A survivor needs a reason, and a reason a survivor.
fn judge(area: &str, Found { killed, survived }: &Found) -> Result<()> {
    let text = fs::read_to_string(root().join(SURVIVORS))?;
    let known = survivors(&text)?;
    let is_known = |it: &&String| known.contains(it.as_str());
    let gone = killed.difference(survived).filter(is_known);
    for mutant in gone {
        progress::print(&format!("{SURVIVORS}: a test finds it by now: {mutant}"));
    }
    progress::print(&format!(
        "{area}: {} killed, {} survived",
        killed.len(),
        survived.len()
    ));
    let unknown: Vec<_> = survived
        .iter()
        .filter(|it| !is_known(it))
        .cloned()
        .collect();
    ensure!(
        unknown.is_empty(),
        "no test finds these: write one, or the reason into {SURVIVORS}\n{}",
        unknown.join("\n")
    );
    Ok(())
}

/// A line for each mutant, and indented below it the reason.
fn survivors(text: &str) -> Result<BTreeSet<&str>> {
    let is_reason = |line: &&str| line.starts_with(' ');
    let mut lines = text
        .lines()
        .filter(|it| !it.starts_with('#') && !it.is_empty())
        .peekable();
    let mut survivors = BTreeSet::new();
    while let Some(mutant) = lines.next() {
        let reason = lines.next_if(is_reason);
        reason.with_context(|| format!("{SURVIVORS}: no reason below `{mutant}`"))?;
        while lines.next_if(is_reason).is_some() {}
        survivors.insert(mutant);
    }
    Ok(survivors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_checkout_has_and_what_was_built_stays() {
        let tree = target_folder().join(format!("mutants-test-{}", std::process::id()));
        for file in ["kept/a.rs", "kept/gone.rs", "gone/main.rs", "target/built"] {
            let file = tree.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let kept = BTreeSet::from([PathBuf::from("kept/a.rs")]);
        remove_others(&tree, Path::new(""), &kept).unwrap();
        let is_there = |file: &str| tree.join(file).is_file();
        let there = ["kept/a.rs", "kept/gone.rs", "gone/main.rs", "target/built"].map(is_there);
        fs::remove_dir_all(&tree).unwrap();
        assert_eq!(there, [true, false, false, true]);
    }
}
