//! `cargo xtask test`: everything that must hold.

use std::thread;

use anyhow::Result;
use clap::{Args, ValueEnum};
use xshell::cmd;

use crate::build::{self, cargo, shell};
use crate::steps::Steps;
use crate::{check, cluster, demo, everywhere, java, node, package, python};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these parts; by default all.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Instead: what `cargo xtask package` has made, on each system and runtime that can be had, or on
    /// those whose names have this in them.
    #[arg(long, value_name = "NAME", conflicts_with = "parts", num_args = 0..=1, default_missing_value = "")]
    everywhere: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The core, the programs around it, and all that is written in Rust.
    Rust,
    /// The jars.
    Java,
    /// The npm package.
    Node,
    /// The wheel.
    Python,
    /// Pods of a real node, whose programs are built if need be.
    Pods,
}

pub(crate) fn run_tests(options: &Options) -> Result<()> {
    let is_wanted = |part| options.parts.is_empty() || options.parts.contains(&part);
    let steps = &Steps::start();
    if let Some(name) = &options.everywhere {
        everywhere::add_to(steps, name);
        return steps.finish();
    }
    steps.run(
        "programs, and the libraries of all languages (cargo build)",
        |step| build::debug(step, &build::ALL),
    );
    steps.run(
        "a real API server, etcd, a faulty network, kubectl, kustomize (built once, then cached)",
        cluster::prepare,
    );
    if is_wanted(Part::Rust) {
        check::add_to(steps);
        steps.run("tests (cargo test)", |step| {
            let (shell, cargo) = (shell()?, cargo());
            step.run(cmd!(
                shell,
                "{cargo} test --workspace --locked --no-fail-fast"
            ))
        });
    }
    if is_wanted(Part::Rust) {
        package::add_check_to(steps);
    }
    // Side by side, since their tests mostly wait: for elections, and for programs to start.
    thread::scope(|scope| {
        if is_wanted(Part::Java) {
            scope.spawn(|| {
                java::add_to(steps);
                cluster::add_spring_to(steps);
            });
        }
        if is_wanted(Part::Node) {
            scope.spawn(|| node::add_to(steps));
        }
        if is_wanted(Part::Python) {
            scope.spawn(|| python::add_to(steps));
        }
    });
    if options.parts.contains(&Part::Pods) {
        cluster::add_pods_to(steps);
    }
    if options.parts.is_empty() {
        cluster::add_pods_if_prepared_to(steps);
        demo::add_to(steps);
    }
    steps.finish()
}
