//! `cargo xtask bench`: builds candidates of Leasehold and of its peers, and has a program measure them.

use std::fs;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde_json::json;
use xshell::cmd;

use crate::build::{self, cargo, shell};
use crate::candidate::Candidate;
use crate::steps::run_shown;
use crate::{target_folder, utf8};

const PROGRAM: &str = "leasehold-bench";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these measures of these candidates, such as `handover,rust,go`; all of either if none is named.
    /// The documentation then stays as it is.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Fewer rounds, in a quarter of an hour.
    #[arg(long)]
    quick: bool,
    /// Measures nothing: makes the pages again of what was measured before.
    #[arg(long)]
    pages: bool,
}

pub(crate) fn run_bench(options: &Options) -> Result<()> {
    run_shown("bench (cargo build)", |step| {
        build::debug(step, &["--bin", PROGRAM])
    })?;
    let (shell, program) = (shell()?, build::program(PROGRAM)?);
    if options.pages {
        return Ok(cmd!(shell, "{program} --pages").quiet().run()?);
    }
    let (mut candidates, mut measures) = (Vec::new(), Vec::new());
    for word in &options.only {
        match Candidate::from_str(word, true) {
            Ok(candidate) => candidates.push(candidate),
            // The program knows them.
            Err(_) => measures.push(word),
        }
    }
    if candidates.is_empty() {
        candidates = Candidate::value_variants().to_vec();
    }
    let mut built = Vec::new();
    for candidate in candidates {
        match candidate.build() {
            Ok(it) => built.push(json!({
                "name": candidate.title(),
                "version": it.version,
                "has_proofs": candidate.is_leasehold(),
                "command": it.command,
                "installed": it.installed,
            })),
            // What cannot be had here is not measured.
            Err(error) => println!("{}: not built, not measured: {error:#}", candidate.title()),
        }
    }
    if built.is_empty() {
        bail!("no candidate could be built");
    }
    let folder = target_folder().join("bench");
    fs::create_dir_all(&folder)?;
    let file = folder.join("candidates.json");
    fs::write(&file, serde_json::to_string_pretty(&built)?)?;

    let mut words = vec!["--candidates".to_owned(), utf8(file)?];
    words.extend(["--output".to_owned(), utf8(folder)?]);
    words.extend(
        measures
            .iter()
            .flat_map(|it| ["--only".to_owned(), (*it).clone()]),
    );
    if options.quick {
        words.push("--quick".to_owned());
    }
    let is_whole = options.only.is_empty();
    if !is_whole {
        words.extend(["--keep-documentation", "only a part was measured"].map(str::to_owned));
    }
    if built[0]["name"] == Candidate::Rust.title() && wants_further(&measures) {
        let footprint = run_shown("many elections in one process (cargo build)", |step| {
            let (shell, cargo) = (build::shell()?, cargo());
            let package = ["--package", PROGRAM, "--bin", "footprint"];
            step.run(cmd!(shell, "{cargo} build --release --locked {package...}"))?;
            utf8(target_folder().join("release").join("footprint"))
        })?;
        words.extend(["--footprint".to_owned(), footprint]);
    }
    Ok(cmd!(shell, "{program} {words...}").quiet().run()?)
}

/// Whether any of `measures` is of many elections in one process, which takes minutes to build.
fn wants_further(measures: &[&String]) -> bool {
    let of_many = |it: &&String| it.starts_with("further") || *it == "answer";
    measures.is_empty() || measures.iter().any(of_many)
}
