//! `cargo xtask cluster`: a real API server for experiments.

use anyhow::Result;
use clap::Subcommand;
use leasehold_test_cluster::{TestCluster, binaries, detached};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Starts an API server that runs until `down`, and prints its KUBECONFIG.
    Up {
        /// Lets the user `candidate` take part in the election for this Lease.
        #[arg(long, default_value = "monolith-jobs")]
        grant: String,
    },
    /// Ends what `up` started.
    Down,
    /// Builds what is missing, and prints `KUBEBUILDER_ASSETS` for a shell to evaluate.
    Env,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Up { grant } => up(grant),
        Command::Down => {
            let ended = detached::stop(&detached::default_folder()?)?;
            println!("{}", if ended { "ended" } else { "none was running" });
            Ok(())
        }
        Command::Env => {
            let binaries = binaries::control_plane()?;
            println!(
                "export KUBEBUILDER_ASSETS='{}'",
                binaries.folder().display()
            );
            Ok(())
        }
    }
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
