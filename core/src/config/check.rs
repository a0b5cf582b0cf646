//! From settings to a checked configuration, or an error that names field, value and fix.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{
    Config, DEFAULT_CANDIDATES, DEFAULT_DRAIN_TIMEOUT, DEFAULT_LEASE_DURATION,
    DEFAULT_RENEW_DEADLINE, DEFAULT_RETRY_PERIOD, DEFAULT_STALL_TIMEOUT, Mode,
};
use crate::election::{JITTER_FACTOR, Settings};
use crate::error::{Error, Result};
use crate::{identity, names};

/// The longest holder identity that is still of use to a reader.
const LONGEST_IDENTITY: usize = 253;

/// A configuration that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) lease: String,
    /// As far as settings and environment tell; else the store knows one.
    pub(crate) namespace: Option<String>,
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

    /// How long others wait after the Lease last changed.
    pub(crate) fn lease_duration(&self) -> Duration {
        self.lease_duration
    }

    /// How quickly a dead connection must be noticed.
    pub(crate) fn renew_deadline(&self) -> Duration {
        self.renew_deadline
    }
}

impl Config {
    /// Completes the settings from the environment and the defaults, and checks them.
    pub(crate) fn check(&self) -> Result<Checked> {
        self.check_with(&|name| env::var(name).ok())
    }

    fn check_with(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Checked> {
        let from = Environment(environment);
        let given = self.clone();
        let lease = from
            .or("lease", given.lease, parse::<String>)?
            .ok_or_else(|| {
                Error::config("lease", "(none)", "name the Lease, or set LEASEHOLD_LEASE")
            })?;
        let namespace = from
            .or("namespace", given.namespace, parse::<String>)?
            .or_else(|| environment("POD_NAMESPACE").filter(|name| !name.is_empty()));
        let checked = Checked {
            lease,
            namespace,
            mode: from
                .or("mode", given.mode, Mode::from_str)?
                .unwrap_or_default(),
            identity: from.or("identity", given.identity, parse::<String>)?,
            lease_duration: from
                .or("lease_duration", given.lease_duration, duration)?
                .unwrap_or(DEFAULT_LEASE_DURATION),
            renew_deadline: from
                .or("renew_deadline", given.renew_deadline, duration)?
                .unwrap_or(DEFAULT_RENEW_DEADLINE),
            retry_period: from
                .or("retry_period", given.retry_period, duration)?
                .unwrap_or(DEFAULT_RETRY_PERIOD),
            drain_timeout: from
                .or("drain_timeout", given.drain_timeout, duration)?
                .unwrap_or(DEFAULT_DRAIN_TIMEOUT),
            stall_timeout: Some(
                from.or("stall_timeout", given.stall_timeout, duration)?
                    .unwrap_or(DEFAULT_STALL_TIMEOUT),
            )
            .filter(|timeout| !timeout.is_zero()),
            release_on_stop: from
                .or("release_on_stop", given.release_on_stop, parse::<bool>)?
                .unwrap_or(true),
            reclaim: from
                .or("reclaim", given.reclaim, parse::<bool>)?
                .unwrap_or(false),
            candidates: from
                .or("candidates", given.candidates, parse::<u32>)?
                .unwrap_or(DEFAULT_CANDIDATES),
            kubeconfig: from.or("kubeconfig", given.kubeconfig, parse::<PathBuf>)?,
            context: from.or("context", given.context, parse::<String>)?,
            directory: from.or("directory", given.directory, parse::<PathBuf>)?,
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
        names::check_lease(&self.lease)?;
        if let Some(namespace) = &self.namespace {
            names::check_namespace(namespace)?;
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

/// The variables of the environment, `LEASEHOLD_` and the field's name in capitals. An empty one
/// counts as left out, as an unset value of a Helm chart or Compose file does.
struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    fn or<T>(
        &self,
        field: &str,
        given: Option<T>,
        parse: impl Fn(&str) -> Result<T>,
    ) -> Result<Option<T>> {
        if given.is_some() {
            return Ok(given);
        }
        let name = format!("LEASEHOLD_{}", field.to_uppercase());
        let Some(text) = (self.0)(&name).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        parse(&text).map(Some).map_err(|error| {
            Error::config(
                &name,
                format_args!("`{}`", text.escape_debug()),
                fix_of(&error),
            )
        })
    }
}

/// What a parse error advises, without the field and value that it may name itself.
fn fix_of(error: &Error) -> &str {
    let message = error.message();
    message.split_once(": ").map_or(message, |(_, fix)| fix)
}

fn parse<T: FromStr>(text: &str) -> Result<T>
where
    T::Err: fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| Error::config("value", text, format_args!("{error}")))
}

/// `15`, `15s`, `500ms`, `1m 30s`: plain numbers are seconds.
fn duration(text: &str) -> Result<Duration> {
    let seconds = text.parse::<f64>().ok();
    seconds
        .map(Duration::try_from_secs_f64)
        .and_then(Result::ok)
        .or_else(|| {
            let duration = text.parse::<jiff::SignedDuration>().ok()?;
            Duration::try_from(duration).ok()
        })
        .ok_or_else(|| Error::config("duration", text, "use seconds, or a form such as `15s`"))
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests;
