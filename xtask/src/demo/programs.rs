//! Which programs take part: one in each language that can be built here.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use console::style;
use indicatif::{ProgressBar, ProgressStyle};

use super::Interruption;
use crate::steps::{cargo, run};
use crate::{java, node, python, target_folder, utf8};

/// So many there are at least, so that there is somebody to hand over to.
const LEAST: usize = 3;
const SIDECAR: &str = "sidecar";

/// A program that takes part.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) command: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Has its part of the demo in it.
    Application,
    /// `leasehold serve`, with an application beside it.
    Sidecar,
}

/// A language that can be left out.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Binding {
    /// The Spring Boot application.
    Java,
    /// The Node service.
    Node,
    /// The Python worker.
    Python,
}

impl Binding {
    fn name(self) -> &'static str {
        match self {
            Self::Java => "spring-boot",
            Self::Node => "node",
            Self::Python => "python",
        }
    }

    fn build(self) -> Result<Vec<String>> {
        match self {
            Self::Java => java::demo(),
            Self::Node => node::demo(),
            Self::Python => python::demo(),
        }
    }
}

/// Builds the programs. A language that cannot be had is left out, and why is said; `all` makes that
/// a failure.
pub(crate) fn build(
    without: &[Binding],
    all: bool,
    interruption: &Interruption,
) -> Result<Vec<Program>> {
    let sidecar = building(SIDECAR, sidecar)?;
    let mut programs = Vec::new();
    for binding in Binding::value_variants() {
        if without.contains(binding) {
            continue;
        }
        let built = building(binding.name(), || binding.build());
        interruption.check()?;
        match built {
            Ok(command) => programs.push(Program {
                name: binding.name().to_owned(),
                kind: Kind::Application,
                command,
            }),
            Err(error) if all => return Err(error.context(binding.name())),
            Err(error) => {
                println!(
                    "{} {}: {error:#}",
                    style("left out").yellow(),
                    binding.name()
                );
            }
        }
    }
    for number in 1..=LEAST.saturating_sub(programs.len()).max(1) {
        let name = match number {
            1 => SIDECAR.to_owned(),
            _ => format!("{SIDECAR}-{number}"),
        };
        let (kind, command) = (Kind::Sidecar, sidecar.clone());
        programs.push(Program {
            name,
            kind,
            command,
        });
    }
    Ok(programs)
}

fn sidecar() -> Result<Vec<String>> {
    // With the features of the whole workspace, as the tests build it.
    let build = ["build", "--quiet", "--locked", "--workspace"];
    run(&cargo(), &[&build[..], &["--bin", "leasehold"]].concat())?;
    Ok(vec![utf8(target_folder().join("debug/leasehold"))?])
}

/// Shows that something is being built, and for how long.
fn building<T>(name: &str, build: impl FnOnce() -> Result<T>) -> Result<T> {
    let spinner = ProgressBar::new_spinner().with_message(format!("building {name}"));
    spinner.set_style(ProgressStyle::with_template(
        "{spinner} {msg} {elapsed:.dim}",
    )?);
    spinner.enable_steady_tick(Duration::from_millis(100));
    if spinner.is_hidden() {
        println!("building {name}");
    }
    let outcome = build();
    spinner.finish_and_clear();
    outcome
}
