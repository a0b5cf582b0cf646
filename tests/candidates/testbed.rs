//! A cluster, proxies before it, and the program that is put to the test.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use leasehold_test_cluster::{Proxy, TestCluster, ToxiProxy};

use super::candidate::Timing;
use super::trial::{Entrant, Trial};

/// Where trials take place, any number of them at the same time.
pub struct Testbed {
    cluster: TestCluster,
    proxies: ToxiProxy,
    command: Vec<String>,
    trials: AtomicUsize,
}

impl Testbed {
    /// Starts a cluster, for candidates that run `command`.
    pub fn start(command: &[String]) -> Result<Self> {
        Ok(Self {
            cluster: TestCluster::start()?,
            proxies: ToxiProxy::start()?,
            command: command.to_owned(),
            trials: AtomicUsize::new(0),
        })
    }

    /// Its cluster.
    pub fn cluster(&self) -> &TestCluster {
        &self.cluster
    }

    /// Three candidates for a Lease of their own, whose name begins with `name`, with the rights
    /// that the documentation gives.
    pub fn trial(&self, name: &str) -> Result<Trial<'_>> {
        self.trial_with(name, Timing::SHORT)
    }

    /// The same with other timings.
    pub fn trial_with(&self, name: &str, timing: Timing) -> Result<Trial<'_>> {
        let mut trial = self.empty_trial(name);
        trial.set_timing(timing);
        trial.grant()?;
        trial.enter_three()?;
        Ok(trial)
    }

    /// A Lease of its own, without candidates, and for which nobody has any rights.
    pub fn empty_trial(&self, name: &str) -> Trial<'_> {
        let number = self.trials.fetch_add(1, Ordering::Relaxed);
        Trial::new(self, format!("{name}-{number}"))
    }

    pub(crate) fn entrant(&self) -> Entrant {
        Entrant::new("", &self.command)
    }

    pub(crate) fn proxy(&self, name: &str) -> Result<Proxy> {
        self.proxies.create(name, self.cluster.server_address())
    }
}
