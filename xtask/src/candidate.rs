//! `cargo xtask candidate`: the candidate programs of the cluster tests, one for each language.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::steps::{cargo, run};
use crate::{java, node, python, target_folder, utf8};

#[derive(Args)]
pub(crate) struct Options {
    /// The language of the candidate.
    #[arg(value_enum)]
    language: Language,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Language {
    /// The core itself.
    Rust,
    /// The jar.
    Java,
    /// The npm package.
    Node,
    /// The wheel.
    Python,
    /// client-go, as a peer to measure and to share a Lease with.
    Go,
}

pub(crate) fn run_build(options: &Options) -> Result<()> {
    println!("{}", build(options.language)?.join(" "));
    Ok(())
}

/// Builds a candidate (release) and returns its program and first arguments.
pub(crate) fn build(language: Language) -> Result<Vec<String>> {
    match language {
        Language::Rust => {
            run(
                &cargo(),
                &[
                    "build",
                    "--quiet",
                    "--release",
                    "--locked",
                    "--package",
                    "leasehold-tests",
                ],
            )?;
            let program = target_folder().join("release").join("candidate");
            Ok(vec![utf8(program)?])
        }
        Language::Java => java::candidate(),
        Language::Node => node::candidate(),
        Language::Python => python::candidate(),
        Language::Go => leasehold_tests::go_candidate(),
    }
}
