//! From settings to a checked configuration, or an error that names field, value and fix.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use super::{
    Config, DEFAULT_CANDIDATES, DEFAULT_DRAIN_TIMEOUT, DEFAULT_LEASE_DURATION, DEFAULT_RECLAIM,
    DEFAULT_RELEASE_ON_STOP, DEFAULT_RENEW_DEADLINE, DEFAULT_RETRY_PERIOD, DEFAULT_STALL_TIMEOUT,
    Mode,
};
use crate::election::{JITTER_FACTOR, Settings, request_limit};
use crate::error::{Error, Result};
use crate::lease_store::NamespaceSource;
use crate::{identity, validation};

/// The longest holder identity that is still of use to a reader.
const LONGEST_IDENTITY: usize = 253;

/// A configuration that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) lease: String,
    /// As far as settings and environment tell; else the store knows one.
    pub(crate) namespace: Option<(String, NamespaceSource)>,
    pub(crate) mode: Mode,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
    pub(crate) directory: Option<PathBuf>,
    /// The fixed identity, where there is one.
    identity: Option<String>,
    lease_duration: Duration,
    renew_deadline: Duration,
    retry_period: Duration,
    drain_timeout: Duration,
    release_on_stop: bool,
    reclaim: bool,
    candidates: u32,
}

impl Checked {
    /// What an election that starts now goes by: draws its identity and seed.
    pub(crate) fn settings(&self) -> Result<Settings> {
        Ok(Settings {
            identity: self.identity.clone().map_or_else(identity::draw, Ok)?,
            lease_duration: self.lease_duration,
            renew_deadline: self.renew_deadline,
            retry_period: self.retry_period,
            drain_timeout: self.drain_timeout,
            release_on_stop: self.release_on_stop,
            reclaim: self.reclaim,
            candidates: self.candidates,
            seed: identity::random()?,
        })
    }

    /// What an observer goes by. An identity of its own, since that of the settings may
    /// be in use.
    pub(crate) fn observer_settings(&self) -> Result<Settings> {
        Ok(Settings {
            identity: identity::draw()?,
            ..self.settings()?
        })
    }

    /// How long others wait after the Lease last changed.
    pub(crate) fn lease_duration(&self) -> Duration {
        self.lease_duration
    }

    /// How long a leader may act on its last renewal.
    pub(crate) fn renew_deadline(&self) -> Duration {
        self.renew_deadline
    }

    /// How long to wait for an answer, and how quickly a dead connection must be noticed.
    pub(crate) fn request_limit(&self) -> Duration {
        request_limit(self.renew_deadline)
    }
}

impl Config {
    /// Completes the settings from the environment and the defaults, and checks them.
    pub(crate) fn check(&self) -> Result<Checked> {
        self.check_with(&|name| env::var(name).ok())
    }

    fn check_with(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Checked> {
        let given = self.clone().completed_from(environment)?;
        let lease = given.lease.ok_or_else(|| {
            Error::config("lease", "(none)", "name the Lease, or set LEASEHOLD_LEASE")
        })?;
        let of_pod = || environment("POD_NAMESPACE").filter(|name| !name.is_empty());
        let checked = Checked {
            lease,
            namespace: match given.namespace {
                Some(name) => Some((name, NamespaceSource::Setting)),
                None => of_pod().map(|name| (name, NamespaceSource::PodNamespace)),
            },
            mode: given.mode.unwrap_or_default(),
            identity: given.identity,
            lease_duration: given.lease_duration.unwrap_or(DEFAULT_LEASE_DURATION),
            renew_deadline: given.renew_deadline.unwrap_or(DEFAULT_RENEW_DEADLINE),
            retry_period: given.retry_period.unwrap_or(DEFAULT_RETRY_PERIOD),
            drain_timeout: given.drain_timeout.unwrap_or(DEFAULT_DRAIN_TIMEOUT),
            stall_timeout: Some(given.stall_timeout.unwrap_or(DEFAULT_STALL_TIMEOUT))
                .filter(|timeout| !timeout.is_zero()),
            release_on_stop: given.release_on_stop.unwrap_or(DEFAULT_RELEASE_ON_STOP),
            reclaim: given.reclaim.unwrap_or(DEFAULT_RECLAIM),
            candidates: given.candidates.unwrap_or(DEFAULT_CANDIDATES),
            kubeconfig: given.kubeconfig,
            context: given.context,
            directory: given.directory,
        };
        checked.check()?;
        Ok(checked)
    }
}

impl Checked {
    fn check(&self) -> Result<()> {
        self.check_names()?;
        self.check_durations()?;
        if self.candidates == 0 {
            let fix = "at least this candidate takes part: use 1 or more";
            return Err(Error::config("candidates", self.candidates, fix));
        }
        if self.reclaim && self.identity.is_none() {
            let fix = "takes up the record of one's own earlier run, so it needs a fixed identity: \
                       set `identity`, or leave `reclaim` out";
            return Err(Error::config("reclaim", true, fix));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<()> {
        validation::check_lease(&self.lease)?;
        if let Some((namespace, _)) = &self.namespace {
            validation::check_namespace(namespace)?;
        }
        if let Some(identity) = &self.identity
            && (identity.trim().is_empty()
                || identity.len() > LONGEST_IDENTITY
                || identity.chars().any(char::is_control))
        {
            return Err(Error::config(
                "identity",
                format_args!("`{}`", identity.escape_debug()),
                "use 1 to 253 printable characters, unique to this process, or leave it out",
            ));
        }
        Ok(())
    }

    /// client-go's rules, and whole seconds, since the Lease keeps nothing finer.
    fn check_durations(&self) -> Result<()> {
        let lease = self.lease_duration;
        if lease.subsec_nanos() != 0 || lease.is_zero() || i32::try_from(lease.as_secs()).is_err() {
            let fix = "use whole seconds, at least 1 s: a Lease keeps nothing finer";
            return Err(Error::config("lease_duration", seconds(lease), fix));
        }
        if self.renew_deadline >= lease {
            let fix = format!(
                "must be shorter than lease_duration ({}), so that the old leader stops before a \
                 new one starts",
                seconds(lease)
            );
            return Err(Error::config(
                "renew_deadline",
                seconds(self.renew_deadline),
                fix,
            ));
        }
        if self.retry_period.is_zero() {
            let fix = "use more than zero: it is the time between renewals";
            return Err(Error::config(
                "retry_period",
                seconds(self.retry_period),
                fix,
            ));
        }
        if self.renew_deadline <= self.retry_period.mul_f64(JITTER_FACTOR) {
            let fix = format!(
                "must be longer than {JITTER_FACTOR} × retry_period ({}), so that a renewal can \
                 be tried again in time",
                seconds(self.retry_period)
            );
            return Err(Error::config(
                "renew_deadline",
                seconds(self.renew_deadline),
                fix,
            ));
        }
        Ok(())
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests;
