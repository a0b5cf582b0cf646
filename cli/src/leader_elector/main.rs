//! A drop-in for the old Kubernetes leader-elector sidecar, for applications in languages without
//! a binding: it takes part in an election and answers over HTTP who leads.

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "they panic when nobody reads"
)]

mod answers;
mod flags;
mod options;
mod server;
mod sidecar;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use leasehold::{LeaderElection, LogLevel, stderr};
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use self::options::{Options, Request};
use self::sidecar::Sidecar;

/// What a wrong flag ends with, as in Go programs.
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    let result = obey();
    if let Err(error) = &result {
        stderr::line(format!("leader-elector: {error}"));
    }
    stderr::flush();
    result.map_or(ExitCode::from(FAILURE), |()| ExitCode::SUCCESS)
}

fn obey() -> Result<()> {
    match Request::parse(env::args().skip(1))? {
        Request::Run(options) => runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(run(*options)),
        Request::Help => {
            say(options::HELP);
            Ok(())
        }
        Request::Version => {
            say(concat!("leader-elector ", env!("CARGO_PKG_VERSION"), "\n"));
            Ok(())
        }
    }
}

/// Writes to stdout, which nobody may read.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

async fn run(options: Options) -> Result<()> {
    leasehold::set_log_sink(LogLevel::Info, |record| stderr::line(record.message))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let election = LeaderElection::new(&options.config).map_err(options::in_flags)?;
    // Before the election starts, so that an instance which nobody can ask never leads.
    let listener = TcpListener::bind(options.http.as_slice())
        .await
        .map_err(|error| anyhow!("--http = {}: cannot listen there: {error}", options.http[0]))?;
    stderr::line(format!("listening on {}", listener.local_addr()?));
    if let Some(warning) = options.warning {
        stderr::line(warning);
    }

    let events = election.subscribe()?;
    election.start().map_err(options::in_flags)?;
    let lost = tokio::spawn(sidecar::hold_lost_terms(events, options.release_delay));
    let sidecar = Arc::new(Sidecar::new(election));
    tokio::spawn(server::serve(listener, sidecar.clone()));

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    sidecar.leave()?;
    lost.await.context("a defect while stopping")
}
