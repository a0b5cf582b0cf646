//! `leasehold serve`: the election as a sidecar, which an application asks over HTTP.

mod responses;
mod server;
mod sidecar;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use leasehold::{Config, DEFAULT_DRAIN_TIMEOUT, LeaderElection, LogLevel};
use tokio::net::TcpListener;

use self::sidecar::Sidecar;
use crate::output::log;
use crate::settings::{Settings, time};
use crate::signals::StopSignals;

/// Takes part in an election, and answers over HTTP who leads.
///
/// For an application beside it, in a language without a binding:
///
///   GET /           {"name":"<pod>"}, the leader as last observed
///   GET /isLeader   200 if this instance leads now, 409 if not
///   GET /healthz    200, or 503 and what is wrong
///   GET /metrics    for Prometheus
///
/// Ask /isLeader before each piece of work: its answer is good for `remainingSeconds` at most, and
/// has the fencing token. On SIGTERM or SIGINT it is 409 at once; then the Lease is released, and
/// this process ends.
///
/// Exits with 0 when asked to stop; 2 for a wrong flag or setting, or an address that cannot be had.
///
/// A TIME is a number of seconds, or a form such as `15s`, `500ms` or `1m30s`.
#[derive(Args)]
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
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ":4040", value_parser = addresses)]
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
        leasehold::set_log_sink(LogLevel::Info, |record| log(record.message))?;
        // Counted from the end of the term as the delay is, and never the first to end.
        let config = config.drain_timeout(self.release_delay + DEFAULT_DRAIN_TIMEOUT);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.serve(&config))
    }

    async fn serve(&self, config: &Config) -> Result<ExitCode> {
        let mut signals = StopSignals::new()?;
        let election = LeaderElection::new(config)?;
        // Before the election starts, so that an instance which nobody can ask never leads.
        let listener = self.http.listen().await?;
        log(format_args!("listening on {}", listener.local_addr()?));

        let events = election.subscribe()?;
        let sidecar = Arc::new(Sidecar::new(election));
        tokio::spawn(server::serve(listener, sidecar.clone()));
        let starting = sidecar.clone();
        let Some(started) = signals.unless_stopped(move || starting.start()).await else {
            return Ok(ExitCode::SUCCESS);
        };
        started?;
        let lost = tokio::spawn(sidecar::hold_lost_terms(events, self.release_delay));

        signals.recv().await;
        sidecar.leave()?;
        lost.await.context("a defect while stopping")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where to listen: at the first of these that can be had. Never empty.
#[derive(Clone, Debug)]
struct Addresses(Vec<SocketAddr>);

impl Addresses {
    async fn listen(&self) -> Result<TcpListener> {
        TcpListener::bind(self.0.as_slice())
            .await
            .map_err(|error| anyhow!("--http = {}: cannot listen there: {error}", self.0[0]))
    }
}

fn addresses(text: &str) -> Result<Addresses, &'static str> {
    if let Some(Ok(port)) = text.strip_prefix(':').map(str::parse) {
        // The first serves both families; it cannot be had where IPv6 is switched off.
        return Ok(Addresses(vec![
            (Ipv6Addr::UNSPECIFIED, port).into(),
            (Ipv4Addr::UNSPECIFIED, port).into(),
        ]));
    }
    let found = text.to_socket_addrs().map(Vec::from_iter);
    found
        .ok()
        .filter(|addresses| !addresses.is_empty())
        .map(Addresses)
        .ok_or("use ADDRESS:PORT, such as `127.0.0.1:4040`, or `:4040` for every address")
}
