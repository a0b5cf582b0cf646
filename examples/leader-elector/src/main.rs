//! A drop-in for the old Kubernetes leader-elector sidecar, for applications in languages without
//! a binding: it takes part in an election and answers over HTTP who leads.

mod answers;
mod flags;
mod log;
mod options;
mod server;
mod sidecar;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use leasehold::LogLevel;
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
        log::line(format!("leader-elector: {error:#}"));
    }
    log::flush();
    result.map_or(ExitCode::from(FAILURE), |()| ExitCode::SUCCESS)
}

fn obey() -> Result<()> {
    match Request::parse(env::args().skip(1))? {
        Request::Run(options) => runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(run(*options)),
        Request::Help => {
            print!("{}", options::HELP);
            Ok(())
        }
        Request::Version => {
            println!("leader-elector {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

async fn run(options: Options) -> Result<()> {
    leasehold::set_log_sink(LogLevel::Info, |record| log::line(record.message))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    // Before the election, so that an instance which nobody can ask never leads.
    let listener = TcpListener::bind(options.http.as_slice())
        .await
        .with_context(|| format!("--http: cannot listen on {}", options.http[0]))?;
    log::line(format!("listening on {}", listener.local_addr()?));
    if let Some(warning) = options.warning {
        log::line(warning);
    }

    let election = options.config.start().map_err(options::in_flags)?;
    let lost = tokio::spawn(sidecar::hold_lost_terms(
        election.subscribe()?,
        options.release_delay,
    ));
    let sidecar = Arc::new(Sidecar::new(election));
    tokio::spawn(server::serve(listener, sidecar.clone()));

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    sidecar.leave()?;
    lost.await.context("a defect while stopping")
}
