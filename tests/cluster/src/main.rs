//! The test cluster from the command line: `cargo xtask cluster`, and what is to run beside one.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use leasehold_test_cluster::{
    TestCluster, ToxiProxy, User, binaries, detached, left_out, servers_of,
};

/// A real API server for experiments and tests.
#[derive(Parser)]
#[command(name = "test-cluster")]
enum Arguments {
    /// Starts an API server that runs until `down`, and prints its KUBECONFIG.
    Up {
        /// Lets the user `candidate` take part in the election for this Lease.
        #[arg(long, default_value = "monolith-jobs")]
        grant: String,
        /// A cluster that runs pods, beside the one without. It needs Linux and root.
        #[arg(long)]
        node: bool,
    },
    /// Starts a cluster with a node, writes what it is into a file, and runs until it is killed.
    #[command(hide = true)]
    HoldNode { file: PathBuf },
    /// Ends what `up` started.
    Down,
    /// Builds what is missing, and prints `KUBEBUILDER_ASSETS` for a shell to evaluate.
    Env,
    /// Builds all servers and tools that are missing.
    Prepare,
    /// Builds the programs of a node that are missing; with `--check`, only says whether any is.
    PrepareNode {
        #[arg(long)]
        check: bool,
    },
    /// Builds the servers of another version of Kubernetes, such as `v1.29.6`, if they are missing, and
    /// prints the folder that they are in, for `KUBEBUILDER_ASSETS`.
    Servers { version: String },
    /// Builds the program of a Go module if it is missing, and prints its path.
    Go { name: String, module: String },
    /// Runs a program beside an API server, and ends that when it ends.
    With {
        /// Lets the user `candidate` take part in the election for this Lease.
        #[arg(long)]
        grant: Vec<String>,
        /// A way to the API server through a network of its own: `NAME_KUBECONFIG` and
        /// `NAME_TOXICS` in the program's environment say where.
        #[arg(long, value_name = "NAME")]
        network: Vec<String>,
        #[arg(last = true, required = true)]
        program: Vec<String>,
    },
}

fn main() -> Result<ExitCode> {
    match Arguments::parse() {
        Arguments::Up { grant, node: false } => up(&grant)?,
        Arguments::Up { grant, node: true } => up_with_node(&grant)?,
        Arguments::HoldNode { file } => {
            detached::hold_node(&file)?;
        }
        Arguments::PrepareNode { check: false } => binaries::prepare_node()?,
        Arguments::PrepareNode { check: true } => {
            if let Some(why) = left_out()? {
                println!("{why}");
            }
        }
        Arguments::Down => {
            let ended = detached::stop(&detached::default_folder()?)?;
            println!("{}", if ended { "ended" } else { "none was running" });
        }
        Arguments::Env => {
            let binaries = binaries::control_plane()?;
            println!(
                "export KUBEBUILDER_ASSETS='{}'",
                binaries.folder().display()
            );
        }
        Arguments::Prepare => {
            binaries::control_plane()?;
            binaries::toxiproxy()?;
            binaries::kubectl()?;
            binaries::kustomize()?;
        }
        Arguments::Servers { version } => println!("{}", servers_of(&version)?.display()),
        Arguments::Go { name, module } => {
            let module = Path::new(&module).canonicalize().context(module)?;
            let module = module.to_str().context("a path in UTF-8")?;
            println!("{}", binaries::go_program(&name, module)?.display());
        }
        Arguments::With {
            grant,
            network,
            program,
        } => return with(&grant, &network, &program),
    }
    Ok(ExitCode::SUCCESS)
}

fn up(lease: &str) -> Result<()> {
    let running = detached::start(&detached::default_folder()?)?;
    TestCluster::connect(&running.kubeconfig)?.grant(lease)?;
    println!("# the administrator, and a candidate that may lead `{lease}` and do nothing else:");
    println!("export KUBECONFIG='{}'", running.kubeconfig.display());
    println!(
        "export CANDIDATE_KUBECONFIG='{}'",
        running.candidate_kubeconfig.display()
    );
    Ok(())
}

fn up_with_node(lease: &str) -> Result<()> {
    let kubeconfig = detached::start_with_node(&detached::default_folder()?, &env::current_exe()?)?;
    TestCluster::connect(&kubeconfig)?.grant(lease)?;
    println!("# the administrator of a cluster that runs pods:");
    println!("export KUBECONFIG='{}'", kubeconfig.display());
    Ok(())
}

fn with(leases: &[String], networks: &[String], program: &[String]) -> Result<ExitCode> {
    let cluster = TestCluster::start()?;
    leases.iter().try_for_each(|lease| cluster.grant(lease))?;
    let proxy = ToxiProxy::start()?;
    let (program, arguments) = program.split_first().context("a program")?;
    let mut command = Command::new(program);
    command.args(arguments);
    for name in networks {
        let way = proxy.create(name, cluster.server_address())?;
        let kubeconfig = cluster.kubeconfig_for(User::Candidate, Some(&way.url()))?;
        command.env(format!("{name}_KUBECONFIG"), kubeconfig);
        command.env(format!("{name}_TOXICS"), way.toxics_url());
    }
    let status = command.status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    // Of a program that a signal has ended, any failure.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
