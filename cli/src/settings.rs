//! Flags for an election's settings. What each means, and its default, the library knows.

use std::fmt;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use leasehold::lease_store::{self, Backend};
use leasehold::{
    Config, DEFAULT_KUBERNETES_EVENTS, DEFAULT_LEASE_DURATION, DEFAULT_PREFERENCE,
    DEFAULT_PROOF_OF_DEATH, DEFAULT_RECLAIM, DEFAULT_RELEASE_ON_STOP, DEFAULT_RENEW_DEADLINE,
    DEFAULT_RETRY_PERIOD, Error, Mode, Observer, Result,
};

/// A flag, by the name of its setting, and what it was given.
pub(crate) type Given<'a> = (&'static str, &'a Option<String>);

/// What says where Leases are kept.
#[derive(Args)]
#[command(next_help_heading = "Where the Lease is")]
pub(crate) struct Location {
    /// The namespace of the Lease
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    #[arg(long, help = with_default("Where the Lease is kept: auto, kubernetes, file, always or never", Mode::default()))]
    mode: Option<String>,
    /// The kubeconfig file, for mode kubernetes outside a pod
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<String>,
    /// The kubeconfig's context
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The directory in which mode file keeps Leases
    #[arg(long, value_name = "FOLDER")]
    directory: Option<String>,
}

impl Location {
    fn given(&self) -> [Given<'_>; 5] {
        [
            ("namespace", &self.namespace),
            ("mode", &self.mode),
            ("kubeconfig", &self.kubeconfig),
            ("context", &self.context),
            ("directory", &self.directory),
        ]
    }

    fn observe(&self, lease: &str, flags: &[Given<'_>]) -> Result<Observer> {
        let given = self.given().into_iter().chain(flags.iter().copied());
        let observer = set(Config::new(lease), given)?.observe()?;
        let of_a_cluster = [
            ("--kubeconfig", &self.kubeconfig),
            ("--context", &self.context),
        ];
        for (flag, value) in of_a_cluster {
            needs_cluster(flag, value.as_deref(), observer.location())?;
        }
        Ok(observer)
    }
}

/// Refuses a flag about a cluster where a folder keeps the Lease: what it asks for would not be done.
pub(crate) fn needs_cluster(
    flag: &str,
    value: Option<&str>,
    location: &lease_store::Location,
) -> Result<()> {
    match (value, &location.backend) {
        (Some(value), Backend::Folder(folder)) => {
            let fix = format!(
                "is for a cluster, but the Lease is looked for in the directory {}: add \
                 --mode kubernetes, or remove {flag}",
                folder.display()
            );
            Err(Error::config(flag, value, fix))
        }
        _ => Ok(()),
    }
}

/// What needs rights beside those on the Lease.
#[derive(Args)]
pub(crate) struct Extras {
    #[arg(long, value_name = "PROOFS", help = with_default("By which proofs that its holder is dead the Lease is acquired early: none, local or pods", DEFAULT_PROOF_OF_DEATH))]
    proof_of_death: Option<String>,
    #[arg(long, value_name = "WHETHER", help = with_default("Whether an Event is written at each change of leader: true or false", DEFAULT_KUBERNETES_EVENTS))]
    kubernetes_events: Option<String>,
    /// The Service that points at the leader, and its `EndpointSlice`
    #[arg(long, value_name = "NAME")]
    leader_service: Option<String>,
}

impl Extras {
    pub(crate) fn given(&self) -> [Given<'_>; 3] {
        [
            ("proof_of_death", &self.proof_of_death),
            ("kubernetes_events", &self.kubernetes_events),
            ("leader_service", &self.leader_service),
        ]
    }
}

/// The settings of an election that is taken part in.
#[derive(Args)]
#[command(next_help_heading = "Election")]
pub(crate) struct Settings {
    /// The name of the Lease [env: `LEASEHOLD_LEASE`, and so on for all settings]
    #[arg(long = "election", visible_alias = "lease", value_name = "NAME")]
    lease: Option<String>,
    /// This candidate's unique name [default: the pod's or host's, and a random suffix]
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    #[arg(long, value_name = "TIME", help = with_time("How long others wait after the Lease last changed", DEFAULT_LEASE_DURATION))]
    lease_duration: Option<String>,
    #[arg(long, value_name = "TIME", help = with_time("How long a leader may act on its last renewal", DEFAULT_RENEW_DEADLINE))]
    renew_deadline: Option<String>,
    #[arg(long, value_name = "TIME", help = with_time("The time between renewals, and between attempts", DEFAULT_RETRY_PERIOD))]
    retry_period: Option<String>,
    #[arg(long, value_name = "WHETHER", help = with_default("Whether stopping releases the Lease, so that another leads at once: true or false", DEFAULT_RELEASE_ON_STOP))]
    release_on_stop: Option<String>,
    #[arg(long, value_name = "WHETHER", help = with_default("Whether an unexpired record under this very identity is taken up at once: true or false", DEFAULT_RECLAIM))]
    reclaim: Option<String>,
    #[arg(long, value_name = "RANK", help = with_default("Who leads if there is a choice: this candidate's rank, 0 being the first", DEFAULT_PREFERENCE))]
    preference: Option<String>,
    /// Labels of the Lease, as `KEY=VALUE,KEY=VALUE` or a JSON object
    #[arg(long, value_name = "MAP")]
    labels: Option<String>,
    /// Annotations of the Lease, likewise
    #[arg(long, value_name = "MAP")]
    annotations: Option<String>,
    #[command(flatten)]
    extras: Extras,
    /// The address at which this candidate is reached while it leads [default: `POD_IP`]
    #[arg(long, value_name = "ADDRESS")]
    leader_address: Option<String>,
    #[command(flatten)]
    location: Location,
}

impl Settings {
    pub(crate) fn config(&self) -> Result<Config> {
        let own = [
            ("lease", &self.lease),
            ("identity", &self.identity),
            ("lease_duration", &self.lease_duration),
            ("renew_deadline", &self.renew_deadline),
            ("retry_period", &self.retry_period),
            ("release_on_stop", &self.release_on_stop),
            ("reclaim", &self.reclaim),
            ("preference", &self.preference),
            ("labels", &self.labels),
            ("annotations", &self.annotations),
            ("leader_address", &self.leader_address),
        ];
        let given = own.into_iter().chain(self.extras.given());
        set(Config::from_env(), given.chain(self.location.given()))
    }
}

/// The Leases that are looked at.
#[derive(Args)]
pub(crate) struct Leases {
    /// The names of the Leases
    #[arg(required = true, value_name = "LEASE")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    location: Location,
}

impl Leases {
    /// Opens each Lease. What is not said by a flag comes from the environment, as for an election.
    pub(crate) fn observe(&self) -> Result<Vec<Observer>> {
        self.observe_with(&[])
    }

    /// The same, with these flags as well.
    pub(crate) fn observe_with(&self, flags: &[Given<'_>]) -> Result<Vec<Observer>> {
        self.names
            .iter()
            .map(|name| self.location.observe(name, flags))
            .collect()
    }
}

/// `config` with what flags say.
pub(crate) fn set<'a>(
    config: Config,
    flags: impl IntoIterator<Item = Given<'a>>,
) -> Result<Config> {
    flags
        .into_iter()
        .filter_map(|(field, text)| Some((field, text.as_ref()?)))
        .try_fold(config, |config, (field, text)| config.set(field, text))
}

/// The help of a flag that may be left out.
pub(crate) fn with_default(help: &str, default: impl fmt::Display) -> String {
    format!("{help} [default: {default}]")
}

/// Reads a time as the settings have it, for what is no setting of an election.
pub(crate) fn time(text: &str) -> std::result::Result<Duration, &'static str> {
    let seconds = text.parse().map(Duration::try_from_secs_f64);
    let time = match seconds {
        Ok(time) => time.ok(),
        Err(_) => text
            .parse::<SignedDuration>()
            .ok()
            .and_then(|time| time.try_into().ok()),
    };
    time.ok_or("use seconds, or a form such as `15s`, `500ms` or `1m30s`")
}

/// The help of a flag for a time that may be left out.
pub(crate) fn with_time(help: &str, default: Duration) -> String {
    // Only times of more than 292 billion years do not fit.
    with_default(
        help,
        format_args!(
            "{:#}",
            SignedDuration::try_from(default).unwrap_or(SignedDuration::MAX)
        ),
    )
}
