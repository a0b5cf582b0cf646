//! Programs in four languages compete for one Lease and run the same job: `cargo xtask demo`.
//!
//! Each is a process of its own: a Spring Boot application, a Node service, a Python worker, and
//! sidecars. They elect through a folder that is deleted at the end, or, with
//! `--kubernetes`, through a Lease of the test cluster.

mod candidate;
mod handover;
mod history;
mod joining;
mod judge;
mod ledger;
mod page;
mod scenes;
mod sidecar;
mod view;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use console::style;
use leasehold_test_cluster::{TestCluster, User};
use leasehold_tests::now;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::candidate::{LEASE, Place};
use crate::joining::Joining;
use crate::ledger::Ledger;
use crate::scenes::Play;
use crate::view::View;

/// Programs compete for one Lease and run the same job.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Elects through a Lease of the test cluster (built at first use) and shows it.
    #[arg(long)]
    kubernetes: bool,
    /// Where the time line goes.
    #[arg(long, value_name = "FILE", default_value = "demo.html")]
    html: PathBuf,
    /// A program that joins when standard input says that it is built; may be given several times.
    #[arg(long = "join", value_name = "NAME")]
    joining: Vec<String>,
    /// Fails if a program cannot join, instead of leaving it out.
    #[arg(long)]
    all: bool,
}

/// Whether the demo is to end early.
struct Interruption(Arc<AtomicBool>);

impl Interruption {
    fn listen() -> Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        // Of a terminal that is closed, too: the programs do not belong to it.
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, interrupted.clone())?;
        }
        Ok(Self(interrupted))
    }

    fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", style("error:").red().bold());
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<()> {
    let interruption = Interruption::listen()?;
    check_file(&options.html)?;
    let cluster = options.kubernetes.then(start_cluster).transpose()?;
    let folder = tempfile::Builder::new().prefix("leasehold-demo-").tempdir();
    let folder = folder.context("cannot make a folder for the demo")?;
    let ledger = Ledger::create(folder.path())?;
    let kubeconfig = cluster
        .as_ref()
        .map(|it| it.kubeconfig_for(User::Candidate, None));
    let place = Place {
        folder: folder.path().to_owned(),
        ledger: ledger.path().to_owned(),
        kubeconfig: kubeconfig.transpose()?,
    };
    let through = match &cluster {
        Some(_) => format!("the Lease {LEASE} of a real API server"),
        None => "a local folder".to_owned(),
    };
    println!("{} through {through}", style("Electing a leader").bold());

    let view = View::new(cluster.map(lease_of));
    let joining = Joining::new(options.joining, options.all);
    let mut play = Play::new(joining, &place, ledger, view, &interruption);
    play.run()?;
    let (history, ended) = (play.history(), now());
    let faults = judge::faults(history, ended);
    let verdict = words::verdict(history, ended);
    words::sum_up(history, ended);
    let subtitle = format!("They elected a leader through {through}.");
    let page = page::render(history, ended, &subtitle, &verdict, &faults)?;
    let html = &options.html;
    fs::write(html, page).with_context(|| format!("cannot write {}", html.display()))?;
    println!("\nThe time line: {}", html.display());
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    println!("{} {verdict}", style("ok").green());
    Ok(())
}

/// Fails now, rather than when all has been played.
fn check_file(html: &Path) -> Result<()> {
    let folder = html.parent().filter(|it| !it.as_os_str().is_empty());
    let is_file = html.file_name().is_some() && !html.is_dir();
    ensure!(
        is_file && folder.is_none_or(Path::is_dir),
        "--html {}: name a file in a folder that exists",
        html.display()
    );
    Ok(())
}

fn start_cluster() -> Result<TestCluster> {
    let cluster = TestCluster::start()?;
    cluster.grant(LEASE)?;
    Ok(cluster)
}

/// Reads the Lease, and keeps the cluster for as long as somebody may want to.
fn lease_of(cluster: TestCluster) -> Box<dyn Fn() -> Option<serde_json::Value>> {
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/default/leases/{LEASE}");
    Box::new(move || cluster.api().get(&path).ok())
}
