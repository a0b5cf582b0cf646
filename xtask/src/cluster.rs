//! `cargo xtask cluster` and what else runs beside a real API server: by `test-cluster`, a program
//! of the crate in `tests/cluster`.

use anyhow::Result;
use clap::Subcommand;
use xshell::{Shell, cmd};

use crate::build::{self, shell};
use crate::steps::{Ran, Step, Steps, run_shown};
use crate::{java, node, python};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Starts an API server that runs until `down`, and prints its KUBECONFIG.
    Up {
        /// Lets the user `candidate` take part in the election for this Lease.
        #[arg(long, default_value = "monolith-jobs")]
        grant: String,
        /// A cluster that runs pods, beside the one without. It needs Linux and root.
        #[arg(long)]
        node: bool,
    },
    /// Ends what `up` started.
    Down,
    /// Builds what is missing, and prints `KUBEBUILDER_ASSETS` for a shell to evaluate.
    Env,
}

const PROGRAM: &str = "test-cluster";

pub(crate) fn run(command: &Command) -> Result<()> {
    let words = match command {
        Command::Up { grant, node: false } => &["up", "--grant", grant][..],
        Command::Up { grant, node: true } => &["up", "--node", "--grant", grant],
        Command::Down => &["down"],
        Command::Env => &["env"],
    };
    let (shell, program) = (shell()?, program_shown()?);
    Ok(cmd!(shell, "{program} {words...}").quiet().run()?)
}

/// Builds the servers and tools that tests run, once.
pub(crate) fn prepare(step: &Step) -> Result<()> {
    let (shell, program) = (shell()?, build::program(PROGRAM)?);
    step.run(cmd!(shell, "{program} prepare"))
}

/// The program of the Go module in `folder`, built if need be.
pub(crate) fn go_program(name: &str, folder: &str) -> Result<String> {
    let (shell, program) = (shell()?, program_shown()?);
    Ok(cmd!(shell, "{program} go {name} {folder}").quiet().read()?)
}

fn program_shown() -> Result<String> {
    run_shown("test-cluster (cargo build)", |step| {
        build::debug(step, &["--bin", PROGRAM])
    })?;
    build::program(PROGRAM)
}

/// To be run when the jars have been built.
pub(crate) fn add_spring_to(steps: &Steps) {
    steps.run(
        "Java: two Spring Boot applications on a real API server",
        spring_example,
    );
}

/// Pods of a real node, whose programs are built first if need be.
pub(crate) fn add_pods_to(steps: &Steps) {
    steps.run(
        "kubelet, containerd and what else a node runs (built once, then cached)",
        |step| {
            let (shell, program) = (shell()?, build::program(PROGRAM)?);
            step.run(cmd!(shell, "{program} prepare-node"))
        },
    );
    steps.run(PODS, |step| build::test(step, "pods", &[]));
    steps.run(
        "what the images of the examples hold: package, wheel, jar",
        prepare_example_pods,
    );
    steps.run(
        "pods of the examples, by their Dockerfiles and manifests",
        |step| build::test(step, "example_pods", &[]),
    );
}

/// Makes what the images of the examples hold.
fn prepare_example_pods(step: &Step) -> Result<()> {
    node::debug_package(step)?;
    python::install(step, false)?;
    java::in_pods(step)
}

/// Pods of the examples beside the images of our programs that are in the folder `images`.
pub(crate) fn published_images_in_pods(step: &Step, images: &str) -> Result<Ran> {
    if let Some(why) = pods_left_out()? {
        return Ok(Ran::No(why));
    }
    build::debug(step, &build::ALL)?;
    prepare_example_pods(step)?;
    build::test(step, "example_pods", &[("LEASEHOLD_TEST_IMAGES", images)])?;
    Ok(Ran::Yes)
}

/// The same where the programs have been built: that takes too long for everybody's tests.
pub(crate) fn add_pods_if_prepared_to(steps: &Steps) {
    match pods_left_out() {
        Ok(Some(why)) => steps.run_if_possible(PODS, |_| Ok(Ran::No(why))),
        _ => steps.run(PODS, |step| build::test(step, "pods", &[])),
    }
}

/// Why no pods can run here, if they cannot.
fn pods_left_out() -> Result<Option<String>> {
    let (shell, program) = (shell()?, build::program(PROGRAM)?);
    let why = cmd!(shell, "{program} prepare-node --check");
    Ok(Some(why.quiet().read()?).filter(|why| !why.is_empty()))
}

const PODS: &str = "pods of a real node";

pub(crate) fn run_spring_example() -> Result<()> {
    program_shown()?;
    run_shown("two Spring Boot applications", spring_example)
}

/// The example's two applications, each with a network of its own.
fn spring_example(step: &Step) -> Result<()> {
    // What its `application.yml` calls its Leases, and what its test calls the ways to the server.
    let leases = ["monolith-jobs", "monolith-jobs-billing"];
    let networks = ["LEASEHOLD_EXAMPLE_FIRST", "LEASEHOLD_EXAMPLE_SECOND"];
    let verify = [
        "verify",
        "--projects",
        "../examples/spring-scheduled-jobs",
        "--also-make",
        "-Dmaven.javadoc.skip",
        // The other tests have been run.
        "-Dtest=none",
        "-Dsurefire.failIfNoSpecifiedTests=false",
        "-Dit.test=OnAClusterIT",
    ];
    let words = [&java::MAVEN[..], &verify].concat();
    run_beside(step, &shell()?, &leases, &networks, &words)
}

/// Runs `words` beside a real API server, where the user `candidate` may lead `leases`, and each of
/// `networks` is a way of its own to it.
pub(crate) fn run_beside(
    step: &Step,
    shell: &Shell,
    leases: &[&str],
    networks: &[&str],
    words: &[&str],
) -> Result<()> {
    let program = build::program(PROGRAM)?;
    let grants = leases.iter().flat_map(|lease| ["--grant", lease]);
    let networks = networks.iter().flat_map(|name| ["--network", name]);
    step.run(cmd!(
        shell,
        "{program} with {grants...} {networks...} -- {words...}"
    ))
}
