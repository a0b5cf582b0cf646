//! From settings to a checked configuration, or an error that names field, value and fix.

use std::env;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::table::Environment;
use super::{Checked, Config, misspelt};
use crate::election::{JITTER_FACTOR, Settings, request_limit};
use crate::error::{Error, Result};
use crate::lease_store::NamespaceSource;
use crate::{identity, validation};

/// Says a pod's namespace where its manifest hands it down.
const POD_NAMESPACE: &str = "POD_NAMESPACE";
/// Says a pod's address, likewise.
const POD_IP: &str = "POD_IP";

const SIGNS_OF_LIFE_WITHIN_STALL_TIMEOUT: u32 = 4;

/// What a Lease can keep: its field is a signed number of 32 bits.
const LONGEST_LEASE_DURATION: Duration = Duration::from_secs(i32::MAX as u64);

impl Config {
    /// Completes the settings from the environment and the defaults, and checks them.
    pub(crate) fn check(&self) -> Result<Checked> {
        misspelt::warn(self.left_out());
        self.check_with(&|name| env::var(name).ok())
    }

    /// Completes the settings from the defaults alone: nobody sets the environment for a test.
    pub(crate) fn check_for_test(&self) -> Result<Checked> {
        self.check_with(&|_| None)
    }

    fn check_with(&self, environment: Environment<'_>) -> Result<Checked> {
        let mut checked = self.clone().complete(environment)?;
        checked.namespace = checked.variables.complete(
            "namespace",
            checked.namespace,
            POD_NAMESPACE.to_owned(),
            environment,
        )?;
        if checked.leader_service.is_some() {
            checked.leader_address = checked.variables.complete(
                "leader_address",
                checked.leader_address,
                POD_IP.to_owned(),
                environment,
            )?;
        }
        checked.check()?;
        Ok(checked)
    }
}

impl Checked {
    /// What the election itself goes by.
    pub(crate) fn election(&self) -> Settings {
        Settings {
            lease_duration: self.lease_duration,
            renew_deadline: self.renew_deadline,
            retry_period: self.retry_period,
            drain_timeout: self.drain_timeout,
            release_on_stop: self.release_on_stop,
            reclaim: self.reclaim,
            spread: self.spread,
            preference: self.preference,
        }
    }

    /// The identity of a run that starts now: the fixed one, or one drawn for it.
    pub(crate) fn identity(&self) -> Result<String> {
        self.identity.clone().map_or_else(identity::draw, Ok)
    }

    /// As far as settings and environment tell; else the store knows one.
    pub(crate) fn namespace(&self) -> Option<(String, NamespaceSource)> {
        let source = match self.variables.of("namespace") {
            Some(POD_NAMESPACE) => NamespaceSource::PodNamespace,
            _ => NamespaceSource::Setting,
        };
        self.namespace.clone().map(|name| (name, source))
    }

    /// The address for `leader_service`, where that is set. Only an election in a cluster needs it.
    pub(crate) fn leader_address(&self) -> Result<IpAddr> {
        let address = self.leader_address.as_deref().ok_or_else(|| {
            let fix = "the Service of `leader_service` needs it: set it, or POD_IP from the Downward API \
                       (status.podIP), or leave `leader_service` out";
            Error::config("leader_address", "(none)", fix)
        })?;
        validation::check_address(self.called("leader_address"), address)
    }

    /// How long a host runtime may show no sign of life, if it is watched.
    pub(crate) fn stall_timeout(&self) -> Option<Duration> {
        Some(self.stall_timeout).filter(|timeout| !timeout.is_zero())
    }

    /// How often a host runtime that is watched must show one.
    pub(crate) fn sign_of_life_period(&self) -> Option<Duration> {
        let stall_timeout = self.stall_timeout();
        stall_timeout.map(|timeout| timeout / SIGNS_OF_LIFE_WITHIN_STALL_TIMEOUT)
    }

    /// How long to wait for an answer, and how quickly a dead connection must be noticed.
    pub(crate) fn request_limit(&self) -> Duration {
        request_limit(self.renew_deadline)
    }

    fn check(&self) -> Result<()> {
        self.check_names()?;
        self.check_durations()?;
        if self.reclaim && self.identity.is_none() {
            let fix = "takes up the record of an earlier run, so it needs a fixed identity: set \
                       `identity`, or leave `reclaim` out";
            return Err(self.wrong("reclaim", true, fix));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<()> {
        validation::check_lease(self.called("lease"), &self.lease)?;
        if let Some(namespace) = &self.namespace {
            validation::check_namespace(self.called("namespace"), namespace)?;
        }
        if let Some(identity) = &self.identity {
            validation::check_identity(self.called("identity"), identity)?;
        }
        if let Some(labels) = &self.labels {
            validation::check_labels(self.called("labels"), labels)?;
        }
        if let Some(annotations) = &self.annotations {
            validation::check_annotations(self.called("annotations"), annotations)?;
        }
        if let Some(service) = &self.leader_service {
            validation::check_service(self.called("leader_service"), service)?;
        }
        if let Some(address) = &self.leader_address {
            validation::check_address(self.called("leader_address"), address)?;
        }
        Ok(())
    }

    /// client-go's rules, and whole seconds, since the Lease keeps nothing finer.
    fn check_durations(&self) -> Result<()> {
        let lease = self.lease_duration;
        if lease.subsec_nanos() != 0 || lease.is_zero() {
            let fix = "use whole seconds, at least 1 s: a Lease keeps nothing finer";
            return Err(self.wrong("lease_duration", seconds(lease), fix));
        }
        if lease > LONGEST_LEASE_DURATION {
            let longest = seconds(LONGEST_LEASE_DURATION);
            let fix = format!("use at most {longest}: a Lease keeps nothing longer");
            return Err(self.wrong("lease_duration", seconds(lease), fix));
        }
        if self.renew_deadline >= lease {
            let fix = format!(
                "must be shorter than {} ({}), so that the old leader stops before a new one starts",
                self.called("lease_duration"),
                seconds(lease)
            );
            return Err(self.wrong("renew_deadline", seconds(self.renew_deadline), fix));
        }
        if self.retry_period.is_zero() {
            let fix = "use more than zero: it is the time between renewals";
            return Err(self.wrong("retry_period", seconds(self.retry_period), fix));
        }
        if self.renew_deadline <= self.retry_period.mul_f64(JITTER_FACTOR) {
            let fix = format!(
                "must be longer than {JITTER_FACTOR} × {} ({}), so that a renewal can be tried again \
                 in time",
                self.called("retry_period"),
                seconds(self.retry_period)
            );
            return Err(self.wrong("renew_deadline", seconds(self.renew_deadline), fix));
        }
        Ok(())
    }

    /// What a setting is called where its value was written: a variable, if it came from one.
    fn called<'a>(&'a self, setting: &'a str) -> &'a str {
        self.variables.of(setting).unwrap_or(setting)
    }

    fn wrong(&self, setting: &str, value: impl fmt::Display, fix: impl fmt::Display) -> Error {
        Error::config(self.called(setting), value, fix)
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests;
