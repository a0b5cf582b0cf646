//! What an election can be told, what it does when told nothing, and what it refuses.
//!
//! Invariant: only this module knows defaults and environment names. A setting comes from the
//! program, else from the environment, else from the defaults.

mod check;
mod text;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use self::check::Checked;
use crate::named::named;

/// How long other candidates wait after the Lease last changed (client-go's default).
pub const DEFAULT_LEASE_DURATION: Duration = Duration::from_secs(15);
/// How long a leader may act on its last successful renewal (client-go's default).
pub const DEFAULT_RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// The time between renewals and between attempts (client-go's default).
pub const DEFAULT_RETRY_PERIOD: Duration = Duration::from_secs(2);
/// How long guarded work may take to stop; leaves room within a pod's default grace of 30 s.
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a host runtime may show no sign of life.
pub const DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Roughly how many candidates there are, where nobody says.
pub const DEFAULT_CANDIDATES: u32 = 10;

named! {
    /// Where the Lease is kept, and so who takes part.
    #[derive(Default)]
    pub enum Mode {
        /// In a pod [`Kubernetes`](Self::Kubernetes), on a plain host [`File`](Self::File). A
        /// container without access to a cluster is a configuration error, never a private election.
        #[default]
        Auto = "auto",
        /// A Lease in Kubernetes: through the pod's service account, else a kubeconfig.
        Kubernetes = "kubernetes",
        /// A record in a folder, for the processes of one host.
        File = "file",
        /// The leader from when `start` returns, without asking anybody. For a single instance.
        Always = "always",
        /// Never the leader.
        Never = "never",
    }
}

/// The settings of one election. Whatever is left out comes from the environment (`LEASEHOLD_…`,
/// the field's name in capitals) and else has a default.
///
/// ```
/// use std::time::Duration;
/// use leasehold::{Config, Mode};
///
/// let config = Config::new("monolith-jobs")
///     .mode(Mode::File)
///     .lease_duration(Duration::from_secs(15));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub(crate) lease: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) mode: Option<Mode>,
    pub(crate) lease_duration: Option<Duration>,
    pub(crate) renew_deadline: Option<Duration>,
    pub(crate) retry_period: Option<Duration>,
    pub(crate) drain_timeout: Option<Duration>,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) release_on_stop: Option<bool>,
    pub(crate) reclaim: Option<bool>,
    pub(crate) candidates: Option<u32>,
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
    pub(crate) directory: Option<PathBuf>,
}

/// One setter for each field, with the documentation that the field would have.
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty),* $(,)?) => {
        impl Config {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )*
        }
    };
}

setters! {
    /// The namespace of the Lease. Default: `POD_NAMESPACE`, the pod's own, the kubeconfig
    /// context's, `default`.
    namespace: String,
    /// This candidate's unique holder string. Default: the pod's or host's name and a random
    /// suffix, drawn anew at each start.
    identity: String,
    /// Where the Lease is kept. Default: [`Mode::Auto`].
    mode: Mode,
    /// How long others wait after the Lease last changed: whole seconds, longer than
    /// `renew_deadline`. Default: 15 s.
    lease_duration: Duration,
    /// How long a leader may act on its last successful renewal. The old leader has stopped at
    /// least `lease_duration` − `renew_deadline` before a new one starts. Default: 10 s.
    renew_deadline: Duration,
    /// The time between renewals, and between attempts that fail. Default: 2 s.
    retry_period: Duration,
    /// How long guarded work may take to stop, before the Lease is left to run out instead of being
    /// released. Default: 20 s.
    drain_timeout: Duration,
    /// After how long without a sign of life from the host runtime this instance stops leading;
    /// zero means never. Only watched once a first sign of life was given. Default: 30 s.
    stall_timeout: Duration,
    /// Whether stopping gives the Lease back, so that another leads at once. Default: true.
    release_on_stop: bool,
    /// Whether an unexpired record under this very `identity` is taken up at once, as client-go
    /// does. Safe only where no other process ever uses that identity. Default: false.
    reclaim: bool,
    /// Roughly how many candidates there are; spreads their attempts. Default: 10.
    candidates: u32,
    /// The kubeconfig file, for mode `kubernetes` outside a pod. Default: `KUBECONFIG`, else
    /// `~/.kube/config`.
    kubeconfig: PathBuf,
    /// The kubeconfig's context. Default: its current one.
    context: String,
    /// The folder of mode `file`. Default: `.leasehold` in the home folder.
    directory: PathBuf,
}

impl Config {
    /// The settings of an election for the Lease named `lease`, all others left out.
    pub fn new(lease: impl Into<String>) -> Self {
        Self {
            lease: Some(lease.into()),
            ..Self::default()
        }
    }

    /// The settings of an election whose Lease is named by `LEASEHOLD_LEASE`.
    pub fn from_env() -> Self {
        Self::default()
    }
}
