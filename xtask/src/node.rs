//! Node: the native library, the packages around it, and what is run with them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use xshell::cmd;

use crate::build::{self, check_installed, shell};
use crate::cluster;
use crate::platform::NativeHalf;
use crate::steps::{Step, Steps, run_shown};
use crate::{root, utf8};

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
    check_tools()?;
    run_shown("Node: native library, package, types, packages", |step| {
        if !options.release {
            build::debug(step, &["--lib"])?;
        }
        package(step, options.release)?;
        npm(step, PACKAGE, "pack")
    })
}

/// To be run when [`build::debug`] has built all.
pub(crate) fn add_to(steps: &Steps) {
    steps.run("Node: package, types, packages", |step| {
        check_tools()?;
        package(step, false)?;
        npm(step, PACKAGE, "pack")
    });
    steps.run("Node: lints (eslint)", |step| npm(step, PACKAGE, "lint"));
    steps.run("Node: tests (node --test)", |step| {
        // What tests of processes call their Leases and their ways to the server.
        let leases = [
            "nest-terminated",
            "nest-killed",
            "nest-cut-off",
            "node-cron-terminated",
            "node-cron-killed",
            "node-cron-cut-off",
        ];
        let networks = ["REPLICA", "REPLICA_NEST", "REPLICA_NODE_CRON"];
        let shell = shell()?;
        shell.change_dir(PACKAGE);
        cluster::run_beside(step, &shell, &leases, &networks, &["npm", "run", "test"])
    });
    steps.run("Node: example", |step| {
        install(step, EXAMPLE)?;
        npm(step, EXAMPLE, "test")
    });
    steps.run("Node: what the documentation shows", |step| {
        install(step, LISTINGS)?;
        npm(step, LISTINGS, "test")?;
        build::first_program(step, "node", &root().join(PACKAGE).join("packages"))
    });
    steps.run("Node: conformance", |step| {
        build::test_agent(step, "conformance", &node(CANDIDATE)?)
    });
    steps.run("Node: candidates on a real API server", |step| {
        build::test_agent(step, "one_leader", &node(CANDIDATE)?)
    });
}

/// Builds the library, if it is not to be that of [`build::debug`], and the package, and returns the
/// candidate's program and argument.
pub(crate) fn candidate(step: &Step, release: bool) -> Result<Vec<String>> {
    check_tools()?;
    package(step, release)?;
    node(CANDIDATE)
}

/// Compiles the package around the library when [`build::debug`] has built all.
pub(crate) fn debug_package(step: &Step) -> Result<()> {
    check_tools()?;
    package(step, false)
}

/// Builds the service of the demo when `libraries` are there, and returns its program and argument.
pub(crate) fn demo(step: &Step, libraries: &dyn Fn() -> Result<()>) -> Result<Vec<String>> {
    check_tools()?;
    // Mostly waits for the network.
    install(step, PACKAGE)?;
    install(step, DEMO)?;
    libraries()?;
    package(step, false)?;
    node(&[DEMO, "/service.mjs"].concat())
}

fn check_tools() -> Result<()> {
    check_installed("npm", "install Node 20.19 or newer, with npm")
}

/// The command line that runs a script.
fn node(script: &str) -> Result<Vec<String>> {
    Ok(vec!["node".to_owned(), utf8(root().join(script))?])
}

/// Puts the native library into the package, and compiles the package.
fn package(step: &Step, release: bool) -> Result<()> {
    let library = build::native_half(step, release)?.library("leasehold_node");
    let beside = root().join(PACKAGE).join("leasehold.node");
    // Not over the old one: a process that runs with it would crash.
    let new = beside.with_extension("new");
    fs::copy(&library, &new).with_context(|| format!("no {}", library.display()))?;
    fs::rename(new, beside)?;
    compile(step)
}

/// Compiles the package.
fn compile(step: &Step) -> Result<()> {
    install(step, PACKAGE)?;
    npm(step, PACKAGE, "build")
}

/// Makes the packages that are published into `folder`: the main one, and one for each native half.
pub(crate) fn pack(step: &Step, halves: &[NativeHalf], folder: &Path) -> Result<()> {
    check_tools()?;
    compile(step)?;
    let mut libraries = Vec::new();
    for half in halves {
        let library = utf8(half.library("leasehold_node"))?;
        libraries.push([half.platform.npm.package, "=", &library].concat());
    }
    step.tell("npm pack");
    let shell = shell()?;
    shell.change_dir(PACKAGE);
    step.run(cmd!(shell, "node pack.mjs {folder} {libraries...}"))
}

/// Documents what the package exports into `folder`, from its sources.
pub(crate) fn document(step: &Step, folder: &Path) -> Result<()> {
    check_tools()?;
    install(step, PACKAGE)?;
    step.tell("typedoc");
    let shell = shell()?;
    shell.change_dir(PACKAGE);
    step.run(cmd!(shell, "npx --no-install typedoc --out {folder}"))
}

/// Installs what the lockfile of `folder` names, once for each lockfile.
pub(crate) fn install(step: &Step, folder: &str) -> Result<()> {
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
    step.tell("npm ci");
    let shell = shell()?;
    shell.change_dir(folder);
    step.run(cmd!(shell, "npm ci --no-audit --no-fund"))
}

/// Runs a script of the package in `folder`.
fn npm(step: &Step, folder: &str, script: &str) -> Result<()> {
    step.tell(&["npm run ", script].concat());
    let shell = shell()?;
    shell.change_dir(folder);
    step.run(cmd!(shell, "npm run {script}"))
}
