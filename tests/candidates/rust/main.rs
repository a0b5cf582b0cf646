//! `candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S`: the Rust candidate of the cluster tests.
//!
//! The contract that it keeps, as the candidates of the other languages do, stands in
//! `tests/candidates/src/lib.rs`. On its standard error it logs, and says why it does not lead.

mod reasons;

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use leasehold::{Config, LogLevel, Mode};
use rustix::time::{ClockId, clock_gettime};
use signal_hook::consts::SIGTERM;

use self::reasons::Reasons;

/// How often the candidate asks itself whether it leads.
const POLL_PERIOD: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("candidate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        lease,
        identity,
        lease_duration,
        renew_deadline,
        retry_period,
    ] = arguments.as_slice()
    else {
        bail!("usage: candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S");
    };
    let terminated = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGTERM, terminated.clone())?;
    leasehold::set_log_sink(LogLevel::Info, |record| eprintln!("{}", record.message))?;
    let election = Config::new(lease)
        .identity(identity)
        .mode(Mode::Kubernetes)
        .lease_duration(seconds(lease_duration)?)
        .renew_deadline(seconds(renew_deadline)?)
        .retry_period(seconds(retry_period)?)
        .start()?;
    say("READY", now())?;
    let renew_deadline = seconds(renew_deadline)?;
    let mut was_leader = false;
    let mut asked_at = now();
    let mut reasons = Reasons::default();
    while !terminated.load(Ordering::Relaxed) {
        // The clock first: a pause right after the answer must not make it look younger.
        let moment = now();
        let is_leader = election.is_leader();
        let pause = Duration::from_nanos(moment - asked_at);
        if is_leader && was_leader && pause > renew_deadline {
            bail!("a stale answer: still the leader after a pause of {pause:?}");
        }
        if is_leader != was_leader {
            say(if is_leader { "LEADER" } else { "FOLLOWER" }, moment)?;
        }
        was_leader = is_leader;
        asked_at = moment;
        reasons.look_at(&election);
        thread::sleep(POLL_PERIOD);
    }
    election.request_stop()?;
    while was_leader && election.is_leader() {
        thread::yield_now();
    }
    if was_leader {
        say("FOLLOWER", now())?;
    }
    election.stop()?;
    Ok(())
}

fn seconds(text: &str) -> Result<Duration> {
    let seconds = text
        .parse()
        .with_context(|| format!("{text}: not a number of seconds"))?;
    Ok(Duration::try_from_secs_f64(seconds)?)
}

fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

fn say(what: &str, moment: u64) -> Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{what} {moment}")?;
    Ok(stdout.flush()?)
}
