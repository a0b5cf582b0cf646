//! Which cluster to connect to, and what its connections go by.

use std::path::PathBuf;
use std::time::Duration;

/// Which cluster to connect to, and how. Elections with equal options can share their connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterOptions {
    /// Where the cluster's address and our credentials are found.
    pub source: ClusterSource,
    /// After what silence a connection is taken for dead, and how long opening one may take. Below
    /// the renew deadline, so that there is time for another one.
    pub silence_limit: Duration,
    /// How long a credential plugin may run.
    pub plugin_limit: Duration,
}

impl ClusterOptions {
    /// As long as a slow plugin on a busy machine takes, and not so long that nobody waits for it.
    pub const DEFAULT_PLUGIN_LIMIT: Duration = Duration::from_secs(30);

    /// How long a request waits for what it needs before it is sent, so that its error can say what
    /// that was.
    pub(super) fn patience(&self) -> Duration {
        self.silence_limit * 4 / 5
    }

    /// How long credentials that were refused once are taken to be refused. Shorter than the time to
    /// an election's next attempt, or that would be lost if the server refused them for a moment only.
    pub(super) fn refusal_lasts(&self) -> Duration {
        self.silence_limit / 2
    }
}

/// Where the cluster's address and our credentials are found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClusterSource {
    /// The environment and the service account of the pod that we run in.
    InCluster,
    /// A kubeconfig, with its exec plugins, token files and proxies.
    Kubeconfig {
        /// The file; otherwise those of `KUBECONFIG`, merged, or else `~/.kube/config`.
        path: Option<PathBuf>,
        /// The context; otherwise the file's current one.
        context: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_refusal_is_forgotten_by_the_next_attempt() {
        let config = Config::new("shop").check().expect("defaults");
        let options = ClusterOptions {
            source: ClusterSource::InCluster,
            silence_limit: config.request_limit(),
            plugin_limit: ClusterOptions::DEFAULT_PLUGIN_LIMIT,
        };
        assert!(options.refusal_lasts() < config.election().retry_period);
    }
}
