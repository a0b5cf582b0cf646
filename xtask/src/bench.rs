//! `cargo xtask bench`: builds candidates of Leasehold and of its peers, and has a program measure them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;
use xshell::cmd;

use crate::build::{self, shell};
use crate::candidate::Candidate;
use crate::measured::{self, Extra};
use crate::steps::run_shown;
use crate::{target_folder, utf8};

const PROGRAM: &str = "leasehold-bench";

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Options {
    /// Only these measures of these candidates, such as `handover,rust,go`; all of either if none is named.
    /// The documentation then stays as it is.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Fewer rounds, in a quarter of an hour.
    #[arg(long)]
    quick: bool,
    /// Builds what is measured, and measures nothing.
    #[arg(long)]
    build: bool,
    /// Measures what was built before, and builds nothing.
    #[arg(long, conflicts_with = "build")]
    built: bool,
    /// Measures nothing: the documentation shows what the last run has measured, even on a busy machine.
    #[arg(long)]
    adopt: bool,
    /// Measures nothing: makes the pages again of what was measured before.
    #[arg(long)]
    pages: bool,
}

pub(crate) fn run_bench(options: &Options) -> Result<()> {
    run_shown("bench (cargo build)", |step| {
        build::debug(step, &["--bin", PROGRAM])
    })?;
    let (shell, program) = (shell()?, build::program(PROGRAM)?);
    let output = utf8(folder())?;
    if options.pages {
        return Ok(cmd!(shell, "{program} --pages").quiet().run()?);
    }
    if options.adopt {
        return Ok(cmd!(shell, "{program} --adopt --output {output}")
            .quiet()
            .run()?);
    }
    let only = Only::of(&options.only);
    if !options.built {
        only.build()?;
    }
    if options.build {
        return Ok(());
    }
    let list = list();
    ensure!(
        list.exists(),
        "nothing was built: leave out `--built`, or build with `cargo xtask bench --build`"
    );
    let mut words = vec!["--candidates".to_owned(), utf8(list)?];
    words.extend(["--output".to_owned(), output]);
    let each = |flag: &'static str, values: Vec<String>| {
        let pairs = values.into_iter().map(move |it| [flag.to_owned(), it]);
        pairs.flatten()
    };
    words.extend(each("--only", only.measures.clone()));
    words.extend(each("--candidate", only.titles()));
    if options.quick {
        words.push("--quick".to_owned());
    }
    if !options.only.is_empty() {
        words.extend(["--keep-documentation", "only a part was measured"].map(str::to_owned));
    }
    Ok(cmd!(shell, "{program} {words...}").quiet().run()?)
}

/// Where it puts what it has measured.
fn folder() -> PathBuf {
    target_folder().join("bench")
}

/// What was built, for the program that measures it.
fn list() -> PathBuf {
    folder().join("candidates.json")
}

/// What the program measures, of whom.
struct Only {
    candidates: Vec<Candidate>,
    extras: Vec<Extra>,
    /// The program that measures knows them.
    measures: Vec<String>,
}

impl Only {
    fn of(words: &[String]) -> Self {
        let mut only = Self {
            candidates: Vec::new(),
            extras: Vec::new(),
            measures: Vec::new(),
        };
        for word in words {
            if let Ok(candidate) = Candidate::from_str(word, true) {
                only.candidates.push(candidate);
            } else if let Ok(extra) = Extra::from_str(word, true) {
                only.extras.push(extra);
            } else {
                only.measures.push(word.clone());
            }
        }
        if only.candidates.is_empty() && only.extras.is_empty() {
            only.candidates = Candidate::value_variants().to_vec();
            only.extras = Extra::value_variants().to_vec();
        }
        only
    }

    fn titles(&self) -> Vec<String> {
        let candidates = self.candidates.iter().map(|it| it.title().to_owned());
        let extras = self.extras.iter().map(|it| it.title().to_owned());
        candidates.chain(extras).collect()
    }

    /// Builds them, and adds them to the list of what was built before.
    fn build(&self) -> Result<()> {
        let candidates = self.candidates.iter();
        let candidates = candidates.map(|it| (it.title(), measured::candidate(*it)));
        let extras = self.extras.iter();
        let extras = extras.map(|it| (it.title(), measured::extra(*it)));
        fs::create_dir_all(folder())?;
        let mut built = Vec::new();
        for (title, outcome) in candidates.chain(extras) {
            match outcome {
                Ok(it) => built.push(it),
                // What cannot be had here is not measured.
                Err(error) => println!("{title}: not built, not measured: {error:#}"),
            }
        }
        if built.is_empty() {
            bail!("no candidate could be built");
        }
        let before = fs::read_to_string(list()).ok();
        let mut all: Vec<Value> = before
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        for it in built {
            all.retain(|other| other["name"] != it["name"]);
            all.push(it);
        }
        let order = Self::of(&[]).titles();
        all.sort_by_key(|it| order.iter().position(|title| it["name"] == **title));
        fs::write(list(), serde_json::to_string_pretty(&all)?)?;
        Ok(())
    }
}
