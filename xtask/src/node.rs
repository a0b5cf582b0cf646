//! Node: the native library, the packages around it, and what is run with them.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::steps::{Steps, run_in};
use crate::{language, root, utf8};

const PACKAGE: &str = "bindings-node";
const EXAMPLE: &str = "examples/node-worker";
const DEMO: &str = "examples/demo/node";
const LISTINGS: &str = "docs/listings/node";
const CANDIDATE: &str = "tests/candidates/node/agent.mjs";

#[derive(Args)]
pub(crate) struct Options {
    /// With the native library as it is delivered: small and fast, and minutes to build.
    #[arg(long)]
    release: bool,
}

/// Builds the native library and the packages around it.
pub(crate) fn run_build(options: &Options) -> Result<()> {
    build(options.release)?;
    npm(PACKAGE, &["run", "--silent", "pack"])
}

pub(crate) fn add_to(steps: &mut Steps) {
    steps.run("Node: native library, package, types, packages", || {
        run_build(&Options { release: false })
    });
    steps.run("Node: lints (eslint)", || {
        npm(PACKAGE, &["run", "--silent", "lint"])
    });
    steps.run("Node: tests (node --test)", || {
        npm(PACKAGE, &["run", "--silent", "test"])
    });
    steps.run("Node: example", || {
        install(EXAMPLE)?;
        npm(EXAMPLE, &["run", "--silent", "test"])
    });
    steps.run("Node: what the documentation shows", || {
        install(LISTINGS)?;
        npm(LISTINGS, &["run", "--silent", "test"])?;
        language::first_program("node", &root().join(PACKAGE).join("packages"))
    });
    steps.run("Node: conformance", || {
        language::test_agent("conformance", &node(CANDIDATE)?)
    });
    steps.run("Node: candidates on a real API server", || {
        language::test_agent("one_leader", &node(CANDIDATE)?)
    });
}

/// Builds the library (release) and the package, and returns the candidate's program and argument.
pub(crate) fn candidate() -> Result<Vec<String>> {
    build(true)?;
    node(CANDIDATE)
}

/// Builds the package and the service of the demo, and returns its program and argument.
pub(crate) fn demo() -> Result<Vec<String>> {
    build(false)?;
    install(DEMO)?;
    node(&[DEMO, "/service.mjs"].concat())
}

/// The command line that runs a script.
fn node(script: &str) -> Result<Vec<String>> {
    Ok(vec!["node".to_owned(), utf8(root().join(script))?])
}

/// Builds the native library, puts it into the package, and compiles the package.
fn build(release: bool) -> Result<()> {
    language::check_installed("npm", "install Node 20.19 or newer, with npm")?;
    let library = language::native_library("leasehold-node", "leasehold_node", release)?;
    let beside = root().join(PACKAGE).join("leasehold.node");
    // Not over the old one: a process that runs with it would crash.
    let new = beside.with_extension("new");
    fs::copy(&library, &new).with_context(|| format!("no {}", library.display()))?;
    fs::rename(new, beside)?;
    install(PACKAGE)?;
    npm(PACKAGE, &["run", "--silent", "build"])
}

/// Installs what the lockfile of `folder` names, once for each lockfile.
fn install(folder: &str) -> Result<()> {
    let modified = |file: &str| {
        let path = root().join(folder).join(file);
        path.metadata().and_then(|metadata| metadata.modified())
    };
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_ok_and(|installed| {
        modified("package-lock.json").is_ok_and(|wanted| wanted <= installed)
    }) {
        return Ok(());
    }
    npm(folder, &["ci", "--silent", "--no-audit", "--no-fund"])
}

fn npm(folder: &str, arguments: &[&str]) -> Result<()> {
    run_in(folder, Command::new("npm").args(arguments))
}
