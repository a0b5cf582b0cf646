//! `leasehold serve`: the election as a sidecar, which an application asks over HTTP.

mod addresses;
mod responses;
mod server;
mod sidecar;

use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use leasehold::bindings::{LogLevel, set_log_sink};
use leasehold::{Config, DEFAULT_DRAIN_TIMEOUT, LeaderElection};

use self::addresses::Addresses;
use self::sidecar::Sidecar;
use crate::output::log;
use crate::settings::{Settings, time};
use crate::signals::{self, Signals};

/// Takes part in an election, and answers over HTTP who leads
///
/// For an application beside it, in a language without a binding:
///
///   GET /           {"name":"<pod>"}, the leader as last observed
///   GET /isLeader   200 if this instance leads now, 409 if not
///   GET /healthz    200, or 503 and what is wrong
///   GET /metrics    for Prometheus
///
/// Ask /isLeader before each piece of work: its answer is valid for
/// `remainingSeconds` at most, and has the fencing token. On SIGTERM, SIGINT,
/// SIGHUP or SIGQUIT it is 409 at once; then the Lease is released, and this
/// process ends. A second one ends it without the release.
///
/// Exits with 0 when asked to stop; 2 for a wrong flag or setting, or an address
/// that it cannot listen on.
///
/// A TIME is a number of seconds, or a form such as `15s`, `500ms` or `1m30s`.
#[derive(Args)]
// For the table; so the lines are for 80 columns.
#[command(verbatim_doc_comment)]
pub(crate) struct Options {
    #[command(flatten)]
    service: Service,
    // Last, since its heading would be that of what follows.
    #[command(flatten)]
    settings: Settings,
}

/// Where to answer, and what else is the sidecar's own.
#[derive(Args)]
pub(crate) struct Service {
    /// Where to answer; `:PORT` is every address, of IPv4 and of IPv6; port 0 is any
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ":4040", value_parser = Addresses::from_str)]
    http: Addresses,
    /// How long after the end of a term the Lease is kept from others, so that the application can
    /// find out and end its work
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    release_delay: Duration,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    options.service.run(options.settings.config()?)
}

impl Service {
    /// Takes part as `config` says, and answers until it is asked to stop.
    pub(crate) fn run(&self, config: Config) -> Result<ExitCode> {
        set_log_sink(LogLevel::Info, |record| log(record.message))?;
        // Counted from the end of the term as the delay is, and never the first to end.
        let config = config.drain_timeout(self.release_delay + DEFAULT_DRAIN_TIMEOUT);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.serve(&config))
    }

    async fn serve(&self, config: &Config) -> Result<ExitCode> {
        let mut signals = Signals::receive(&signals::STOP)?;
        let election = LeaderElection::new(config)?;
        // Before the election starts, so that an instance which nobody can ask never leads.
        let listener = self.http.listen()?;
        log(format_args!("listening on {}", listener.local_addr()?));

        let events = election.subscribe()?;
        // As long as this process: when it is dropped, the election waits for the release.
        let sidecar: &Sidecar = Box::leak(Box::new(Sidecar::new(election)));
        tokio::spawn(server::serve(listener, sidecar));
        match signals.unless_stopped(|| sidecar.start()).await {
            Ok(started) => started?,
            Err(_) => return Ok(ExitCode::SUCCESS),
        }
        let lost = tokio::spawn(sidecar::hold_lost_terms(events, self.release_delay));

        signals.next().await;
        sidecar.leave()?;
        tokio::select! {
            stopped = lost => stopped.context("a defect while stopping")?,
            _ = signals.next() => log("ending without waiting for the Lease to be released"),
        }
        Ok(ExitCode::SUCCESS)
    }
}
