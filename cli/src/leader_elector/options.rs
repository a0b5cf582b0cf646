//! From flags to settings, or an error that names the flag, its value and the fix.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use leasehold::{
    Config, DEFAULT_DRAIN_TIMEOUT, DEFAULT_LEASE_DURATION, DEFAULT_RENEW_DEADLINE,
    DEFAULT_RETRY_PERIOD, Error, ErrorKind, Mode, Result,
};

use crate::flags::{Arguments, Flag, quoted};

pub(crate) const HELP: &str = include_str!("help.txt");

/// The old sidecar's default.
const DEFAULT_TTL: Duration = Duration::from_secs(10);
const DEFAULT_HTTP: &str = "0.0.0.0:4040";

/// Flags of the old sidecar's libraries that decide nothing here.
const MEANINGLESS_VALUES: [&str; 6] = [
    "v",
    "vmodule",
    "stderrthreshold",
    "log_dir",
    "log_backtrace_at",
    "log_flush_frequency",
];
const MEANINGLESS_SWITCHES: [&str; 3] = ["logtostderr", "alsologtostderr", "match-server-version"];

/// The core's fields, by the flags that set them.
const FIELDS: [(&str, &str); 9] = [
    ("lease_duration", "--ttl"),
    ("renew_deadline", "--renew-deadline"),
    ("retry_period", "--retry-period"),
    ("lease", "--election"),
    ("namespace", "--election-namespace"),
    ("identity", "--id"),
    ("kubeconfig", "--kubeconfig"),
    ("context", "--context"),
    ("mode", "--mode"),
];

/// What the command line asks for.
pub(crate) enum Request {
    Run(Box<Options>),
    Help,
    Version,
}

/// The settings of one run.
pub(crate) struct Options {
    pub(crate) config: Config,
    /// Where to listen: the first of these that can be had. Never empty.
    pub(crate) http: Vec<SocketAddr>,
    pub(crate) release_delay: Duration,
    /// What to say about flags that do nothing.
    pub(crate) warning: Option<String>,
}

/// The flags as given.
#[derive(Default)]
struct Given {
    election: Option<String>,
    namespace: Option<String>,
    id: Option<String>,
    ttl: Option<Duration>,
    renew_deadline: Option<Duration>,
    retry_period: Option<Duration>,
    release_delay: Duration,
    http: Option<String>,
    mode: Option<Mode>,
    use_cluster_credentials: bool,
    kubeconfig: Option<String>,
    context: Option<String>,
    /// Those that do nothing, each once.
    meaningless: BTreeSet<String>,
}

impl Request {
    /// Reads the command line without the program's name.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Arguments::new(arguments);
        let mut given = Given::default();
        while let Some(flag) = arguments.next_flag()? {
            match flag.name.as_str() {
                "help" | "h" => return Ok(Self::Help),
                "version" => return Ok(Self::Version),
                _ => given.take(flag, &mut arguments)?,
            }
        }
        Ok(Self::Run(Box::new(given.into_options()?)))
    }
}

impl Given {
    fn take<I>(&mut self, flag: Flag, arguments: &mut Arguments<I>) -> Result<()>
    where
        I: Iterator<Item = String>,
    {
        match flag.name.as_str() {
            "election" => self.election = Some(arguments.value(flag)?),
            "election-namespace" => self.namespace = Some(arguments.value(flag)?),
            "id" => self.id = Some(arguments.value(flag)?),
            "ttl" => self.ttl = Some(arguments.duration(flag)?),
            "renew-deadline" => self.renew_deadline = Some(arguments.duration(flag)?),
            "retry-period" => self.retry_period = Some(arguments.duration(flag)?),
            "release-delay" => self.release_delay = arguments.duration(flag)?,
            "http" => self.http = Some(arguments.value(flag)?),
            "mode" => self.mode = Some(arguments.value(flag)?.parse().map_err(in_flags)?),
            "use-cluster-credentials" => self.use_cluster_credentials = flag.switch()?,
            "kubeconfig" => self.kubeconfig = Some(arguments.value(flag)?),
            "context" => self.context = Some(arguments.value(flag)?),
            name if MEANINGLESS_SWITCHES.contains(&name) => {
                self.meaningless.insert(format!("--{name}"));
            }
            name if MEANINGLESS_VALUES.contains(&name) => {
                self.meaningless.insert(format!("--{name}"));
                arguments.value(flag)?;
            }
            _ => return Err(unknown(&flag)),
        }
        Ok(())
    }

    fn into_options(self) -> Result<Options> {
        let http = addresses(self.http.as_deref().unwrap_or(DEFAULT_HTTP))?;
        let lease_duration = self.ttl.unwrap_or(DEFAULT_TTL);
        let mut config = self
            .election
            .map_or_else(Config::from_env, Config::new)
            .lease_duration(lease_duration)
            .renew_deadline(
                self.renew_deadline
                    .unwrap_or_else(|| in_ratio(DEFAULT_RENEW_DEADLINE, lease_duration)),
            )
            .retry_period(
                self.retry_period
                    .unwrap_or_else(|| in_ratio(DEFAULT_RETRY_PERIOD, lease_duration)),
            )
            // Counted from the end of the term as the delay is, and never the first to end.
            .drain_timeout(self.release_delay + DEFAULT_DRAIN_TIMEOUT);
        let cluster_asked_for = self.use_cluster_credentials || self.kubeconfig.is_some();
        if let Some(mode) = self.mode.or(cluster_asked_for.then_some(Mode::Kubernetes)) {
            config = config.mode(mode);
        }
        if let Some(namespace) = self.namespace {
            config = config.namespace(namespace);
        }
        if let Some(id) = self.id {
            config = config.identity(id);
        }
        if let Some(kubeconfig) = self.kubeconfig {
            config = config.kubeconfig(kubeconfig);
        }
        if let Some(context) = self.context {
            config = config.context(context);
        }
        let warning = (!self.meaningless.is_empty()).then(|| {
            let flags = Vec::from_iter(self.meaningless);
            format!(
                "ignored, since they mean nothing here: {}",
                flags.join(", ")
            )
        });
        Ok(Options {
            config,
            http,
            release_delay: self.release_delay,
            warning,
        })
    }
}

/// A default in the ratio that client-go's defaults have.
fn in_ratio(default: Duration, lease_duration: Duration) -> Duration {
    lease_duration.mul_f64(default.div_duration_f64(DEFAULT_LEASE_DURATION))
}

fn addresses(text: &str) -> Result<Vec<SocketAddr>> {
    if let Some(Ok(port)) = text.strip_prefix(':').map(str::parse) {
        // The first serves both families; it cannot be had where IPv6 is switched off.
        return Ok(vec![
            (Ipv6Addr::UNSPECIFIED, port).into(),
            (Ipv4Addr::UNSPECIFIED, port).into(),
        ]);
    }
    let found = text.to_socket_addrs().map(Vec::from_iter);
    found
        .ok()
        .filter(|addresses| !addresses.is_empty())
        .ok_or_else(|| {
            let fix = "use ADDRESS:PORT, such as `0.0.0.0:4040`, or `:4040` for every address";
            Error::config("--http", quoted(text), fix)
        })
}

fn unknown(flag: &Flag) -> Error {
    let fix = "no such flag; --help lists all. Server and credentials of a cluster come from a \
               kubeconfig: --kubeconfig FILE";
    Error::config("flag", quoted(&format!("--{}", flag.name)), fix)
}

/// A configuration error of the core, in the words of the command line.
pub(crate) fn in_flags(error: Error) -> Error {
    if error.kind() != ErrorKind::Config {
        return error;
    }
    let mut message = error.message().to_owned();
    if let Some((field, rest)) = error.message().split_once(" = ")
        && let Some((_, flag)) = FIELDS.iter().find(|(name, _)| *name == field)
    {
        message = format!("{flag} = {rest}");
    }
    // Some fixes name a second field.
    for (field, flag) in &FIELDS[..3] {
        message = message.replace(field, flag);
    }
    Error::new(ErrorKind::Config, message)
}
