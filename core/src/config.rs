//! The settings of an election: what they may be, and what is so when they are left out. Knows no
//! store.
//!
//! Invariant: only this module knows defaults and environment names. Each setting is one row of the
//! table below, from which also comes what other languages and the documentation say of it.

mod check;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod misspelt;
pub(crate) mod table;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use self::table::settings;
use crate::named::named;

named! {
    /// Where the Lease is kept, and so who takes part.
    #[derive(Default)]
    pub enum Mode {
        /// In a pod `kubernetes`; `file` if a person works at a terminal or a desktop, or if the
        /// directory is set. Anything else is a configuration error, never a private election.
        #[default]
        Auto = "auto",
        /// A Lease in Kubernetes: through the pod's service account, else a kubeconfig.
        Kubernetes = "kubernetes",
        /// A record in a folder, for the processes of one host.
        File = "file",
        /// The leader from the start, without asking anybody. For a single instance.
        Always = "always",
        /// Never the leader.
        Never = "never",
    }
}

named! {
    /// By which proofs that its holder is dead a Lease is acquired before it has expired.
    #[derive(Default)]
    pub enum ProofOfDeath {
        /// By none, and nothing is recorded by which others could prove that this process is dead.
        None = "none",
        /// By what this machine shows without further rights: that the holder's container has been
        /// started again, or that the kernel has released the holder's lock.
        #[default]
        Local = "local",
        /// By these and, in mode `kubernetes`, by the status of the holder's pod, which says that
        /// its container has ended. Needs the verbs `get` and `watch` on pods; if these are not
        /// granted, it is `local`.
        Pods = "pods",
    }
}

settings! {
    /// The name of the Lease.
    lease: String { required "name the Lease, or set LEASEHOLD_LEASE" }

    /// The namespace of the Lease.
    namespace: String {
        otherwise "`POD_NAMESPACE`, the pod's own, the kubeconfig context's, `default`"
    }

    /// This candidate's unique holder string.
    identity: String {
        otherwise "the pod's or host's name and a random suffix, drawn again at each start"
    }

    /// Where the Lease is kept.
    mode: Mode { DEFAULT_MODE = Mode::Auto }

    /// How long others wait after the Lease last changed: whole seconds, longer than
    /// `renew_deadline`.
    lease_duration: Duration { DEFAULT_LEASE_DURATION = 15 s }

    /// How long a leader may act on its last successful renewal: longer than 1.2 times `retry_period`.
    /// The old leader has stopped at least `lease_duration` less `renew_deadline` before a new one
    /// starts.
    renew_deadline: Duration { DEFAULT_RENEW_DEADLINE = 10 s }

    /// The time between renewals, and between attempts that fail: more than zero.
    retry_period: Duration { DEFAULT_RETRY_PERIOD = 2 s }

    /// How long guarded work may take to stop, before the Lease is left to expire instead of being
    /// released.
    drain_timeout: Duration { DEFAULT_DRAIN_TIMEOUT = 20 s }

    /// After how long without a sign of life from the host runtime this instance stops leading; zero
    /// means never. It is watched from the first sign of life on.
    stall_timeout: Duration { DEFAULT_STALL_TIMEOUT = 30 s }

    /// Whether stopping releases the Lease, so that another leads at once.
    release_on_stop: bool { DEFAULT_RELEASE_ON_STOP = true }

    /// Whether an unexpired record under this very `identity` is taken up at once, as client-go does.
    /// Safe only if no other process ever uses that identity.
    reclaim: bool { DEFAULT_RECLAIM = false }

    /// By which proofs that its holder is dead the Lease is acquired before it has expired: `none`;
    /// `local`, what this machine shows without further rights; `pods`, also the status of the holder's
    /// pod.
    proof_of_death: ProofOfDeath { DEFAULT_PROOF_OF_DEATH = ProofOfDeath::Local }

    /// How long a free Lease is left to others, for each election with this setting that this process
    /// leads already: many elections so spread over few processes. At most a third of
    /// `lease_duration`; zero spreads nothing.
    spread: Duration { DEFAULT_SPREAD = 0 s }

    /// This candidate's rank, by which one leads if there is a choice: zero comes first. Each rank takes a
    /// free Lease a thirtieth of `lease_duration` after the one before it, and none later than a third.
    preference: u32 { DEFAULT_PREFERENCE = 0 }

    /// The kubeconfig file, for mode `kubernetes` outside a pod.
    kubeconfig: PathBuf { otherwise "`KUBECONFIG`, else `~/.kube/config`" }

    /// The kubeconfig's context.
    context: String { otherwise "its current one" }

    /// The directory in which mode `file` keeps Leases.
    directory: PathBuf { otherwise "`~/.leasehold`" }

    /// Labels of the Lease in mode `kubernetes`, which policies may demand: set when it is created, and
    /// corrected when it is written.
    labels: BTreeMap<String, String> { otherwise "none" }

    /// Annotations of the Lease, as `labels`.
    annotations: BTreeMap<String, String> { otherwise "none" }

    /// Whether an Event is written at each change of leader, in mode `kubernetes`, as client-go
    /// does. Needs the verb `create` on events; if that is not granted, there are none.
    kubernetes_events: bool { DEFAULT_KUBERNETES_EVENTS = false }

    /// The Service without a selector that points at the leader, in mode `kubernetes`: the name of its
    /// `EndpointSlice`, which must exist, and in which the leader's address is kept.
    leader_service: String { otherwise "none" }

    /// The address at which this candidate is reached while it leads, for `leader_service`.
    leader_address: String { otherwise "`POD_IP`" }
}

impl Config {
    /// The settings of an election for the Lease named `lease`, all others left out.
    pub fn new(lease: impl Into<String>) -> Self {
        Self::default().lease(lease)
    }

    /// The settings of an election whose Lease is named by `LEASEHOLD_LEASE`.
    pub fn from_env() -> Self {
        Self::default()
    }
}
