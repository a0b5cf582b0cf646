//! `cargo xtask test`: everything that must hold.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::steps::{Steps, cargo, run};
use crate::{check, demo, java, node, python, spring};

#[derive(Args)]
pub(crate) struct Options {
    /// Only these parts; by default all.
    #[arg(value_enum)]
    parts: Vec<Part>,
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
}

pub(crate) fn run_tests(options: &Options) -> Result<()> {
    let is_wanted = |part| options.parts.is_empty() || options.parts.contains(&part);
    let mut steps = Steps::default();
    steps.run(
        "a real API server, etcd, a faulty network, kustomize (built once, then cached)",
        || {
            leasehold_test_cluster::binaries::control_plane()?;
            leasehold_test_cluster::binaries::toxiproxy()?;
            leasehold_test_cluster::binaries::kustomize()?;
            Ok(())
        },
    );
    if is_wanted(Part::Rust) {
        check::add_to(&mut steps);
        steps.run("tests (cargo test)", || {
            let test = ["test", "--workspace", "--locked"];
            run(
                &cargo(),
                &[&test[..], &["--no-fail-fast", "--quiet"]].concat(),
            )
        });
    }
    if is_wanted(Part::Java) {
        java::add_to(&mut steps);
        spring::add_to(&mut steps);
    }
    if is_wanted(Part::Node) {
        node::add_to(&mut steps);
    }
    if is_wanted(Part::Python) {
        python::add_to(&mut steps);
    }
    if options.parts.is_empty() {
        demo::add_to(&mut steps);
    }
    steps.finish()
}
