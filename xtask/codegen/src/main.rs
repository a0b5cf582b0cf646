//! `cargo xtask codegen`: makes from the core's table of settings and lists of words what other
//! languages and the documentation say of them. With `--check` it changes nothing, names what is
//! stale and fails.
//!
//! A file is a template (`templates/`) and what the core says (`leasehold::vocabulary`), spelled as the
//! language has it (`spelling`). It is checked in, so that a language's build needs nothing of this.

mod docs;
mod java;
mod node;
mod python;
mod reference;
mod spelling;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

/// In the first line of each file.
const MADE: &str = "Made by `cargo xtask codegen` from core/src. Change it there, or its template.";

/// A file to be made.
struct File {
    /// In the checkout.
    path: String,
    text: String,
}

impl File {
    fn new(path: impl Into<String>, template: &impl askama::Template) -> Result<Self> {
        let (path, mut text) = (path.into(), template.render()?);
        text.truncate(text.trim_end().len());
        text.push('\n');
        Ok(Self { path, text })
    }
}

fn main() -> Result<ExitCode> {
    let only_check = std::env::args().skip(1).any(|it| it == "--check");
    let mut files = java::files()?;
    files.extend(node::files()?);
    files.extend(python::files()?);
    files.extend(reference::files()?);
    let mut stale = 0;
    for File { path, text } in &files {
        let place = root().join(path);
        if fs::read_to_string(&place).is_ok_and(|present| present == *text) {
            continue;
        }
        stale += 1;
        if only_check {
            println!("{path} is stale: `cargo xtask codegen` makes it again");
        } else {
            fs::write(&place, text).with_context(|| format!("cannot write {path}"))?;
            println!("{path}");
        }
    }
    for path in left_over(&files)? {
        stale += 1;
        println!("{path} is no longer made: remove it");
    }
    Ok(ExitCode::from(u8::from(only_check && stale > 0)))
}

/// Files beside those that are made which say that they were made too.
fn left_over(files: &[File]) -> Result<Vec<String>> {
    let made: BTreeSet<_> = files.iter().map(|file| root().join(&file.path)).collect();
    let folders: BTreeSet<_> = made.iter().filter_map(|path| path.parent()).collect();
    let mut left_over = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_made = || {
                let text = fs::read_to_string(&path).unwrap_or_default();
                text.lines().next().is_some_and(|line| line.contains(MADE))
            };
            if !made.contains(&path) && path.is_file() && is_made() {
                left_over.push(path.strip_prefix(root())?.display().to_string());
            }
        }
    }
    Ok(left_over)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .components()
        .as_path()
        .join("../..")
}
