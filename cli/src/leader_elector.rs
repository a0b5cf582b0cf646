//! `leader-elector`: `leasehold serve` under the flags of the old Kubernetes sidecar of that name.

use std::collections::BTreeSet;
use std::env;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use leasehold::{
    Config, DEFAULT_LEASE_DURATION, DEFAULT_RENEW_DEADLINE, DEFAULT_RETRY_PERIOD, Error, Mode,
};

use crate::output::log;
use crate::serve::Service;
use crate::settings::{set, time};

/// The program's name among the files of an image, which makes it this one.
pub(crate) const NAME: &str = "leader-elector";

/// Flags of the old sidecar's libraries that have no effect here.
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

/// Takes part in an election, and answers over HTTP who leads
///
/// A drop-in for the old Kubernetes sidecar; `leasehold serve` is the same with the
/// flags that all of Leasehold has.
///
///   GET /           {"name":"<pod>"}, the leader as last observed
///   GET /isLeader   200 if this instance leads now, 409 if not
///   GET /healthz    200, or 503 and what is wrong
///   GET /metrics    for Prometheus
///
/// A flag may have one dash or two, and its value after `=` or a space.
#[derive(Args)]
// For the table; so the lines are for 80 columns.
#[command(verbatim_doc_comment)]
struct Flags {
    /// The Lease to elect by [default: `LEASEHOLD_LEASE`]
    #[arg(long, value_name = "NAME")]
    election: Option<String>,
    /// Its namespace [default: `POD_NAMESPACE`, else the pod's own]
    #[arg(long, value_name = "NAME")]
    election_namespace: Option<String>,
    /// This candidate's unique name [default: the pod's name and a random suffix]
    #[arg(long)]
    id: Option<String>,
    /// How long others wait before they take over from a crashed leader: whole seconds
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    ttl: Duration,
    /// How long a leader may act on its last renewal [default: 2/3 of --ttl]
    #[arg(long, value_name = "TIME", value_parser = time)]
    renew_deadline: Option<Duration>,
    /// The time between renewals [default: 2/15 of --ttl]
    #[arg(long, value_name = "TIME", value_parser = time)]
    retry_period: Option<Duration>,
    #[command(flatten)]
    service: Service,
    /// auto, kubernetes, file, always or never [default: auto]
    #[arg(long)]
    mode: Option<String>,
    /// The same as --mode=kubernetes
    // As in Go, its value must be attached.
    #[arg(long, value_name = "WHETHER", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", value_parser = switch)]
    use_cluster_credentials: Option<bool>,
    /// The cluster outside a pod; implies --mode=kubernetes
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<String>,
    /// The kubeconfig's context
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// Reads the command line, takes part, and answers.
pub(crate) fn run() -> Result<ExitCode> {
    let arguments = env::args_os().map(|argument| match argument.into_string() {
        Ok(argument) => two_dashes(argument).into(),
        Err(argument) => argument,
    });
    let parsed = command().try_get_matches_from(arguments);
    let matches = parsed.unwrap_or_else(|error| with_fix(error).exit());
    if let Some(ignored) = ignored(&matches) {
        log(ignored);
    }
    let flags = Flags::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let run = || flags.service.run(flags.config()?);
    run().map_err(|error| match error.downcast() {
        Ok(error) => in_flags(error).into(),
        Err(error) => error,
    })
}

impl Flags {
    fn config(&self) -> leasehold::Result<Config> {
        let ttl = self.ttl;
        let renew_deadline = self.renew_deadline;
        let retry_period = self.retry_period;
        let config = Config::from_env()
            .lease_duration(ttl)
            .renew_deadline(renew_deadline.unwrap_or_else(|| in_ratio(DEFAULT_RENEW_DEADLINE, ttl)))
            .retry_period(retry_period.unwrap_or_else(|| in_ratio(DEFAULT_RETRY_PERIOD, ttl)));
        let in_a_cluster = self.use_cluster_credentials == Some(true) || self.kubeconfig.is_some();
        let config = if in_a_cluster {
            config.mode(Mode::Kubernetes)
        } else {
            config
        };
        let given = [
            ("lease", &self.election),
            ("namespace", &self.election_namespace),
            ("identity", &self.id),
            ("mode", &self.mode),
            ("kubeconfig", &self.kubeconfig),
            ("context", &self.context),
        ];
        set(config, given)
    }
}

fn command() -> Command {
    let program = Command::new(NAME).version(env!("CARGO_PKG_VERSION"));
    let meaningless = |name| Arg::new(name).long(name).hide(true);
    Flags::augment_args(program)
        // As in Go, the last one counts.
        .args_override_self(true)
        .args(MEANINGLESS_VALUES.map(meaningless))
        .args(MEANINGLESS_SWITCHES.map(|name| {
            let switch = meaningless(name).action(ArgAction::Set).num_args(0..=1);
            switch.require_equals(true).default_missing_value("true")
        }))
}

/// Go's programs take flags with one dash, too.
fn two_dashes(argument: String) -> String {
    let one_dash = argument.starts_with('-') && !argument.starts_with("--");
    match argument.as_str() {
        "-" | "-h" => argument,
        _ if one_dash => format!("-{argument}"),
        _ => argument,
    }
}

fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" | "TRUE" | "True" | "t" | "T" | "1" => Ok(true),
        "false" | "FALSE" | "False" | "f" | "F" | "0" => Ok(false),
        _ => Err("use `true` or `false`"),
    }
}

/// An error about an argument that there is not, with what to write instead.
fn with_fix(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument {
        let fixes = [
            "all settings are flags, such as --election=NAME",
            "server and credentials of a cluster come from a kubeconfig: --kubeconfig FILE",
        ];
        let fixes = fixes.map(StyledStr::from).to_vec();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(fixes));
    }
    error
}

/// What to say about flags that do nothing.
fn ignored(given: &ArgMatches) -> Option<String> {
    let meaningless = MEANINGLESS_VALUES.iter().chain(&MEANINGLESS_SWITCHES);
    let flags: BTreeSet<_> = meaningless
        .filter(|name| given.value_source(name) == Some(ValueSource::CommandLine))
        .map(|name| format!("--{name}"))
        .collect();
    let flags = Vec::from_iter(flags);
    (!flags.is_empty()).then(|| {
        format!(
            "ignored, since they mean nothing here: {}",
            flags.join(", ")
        )
    })
}

/// A default in the ratio that client-go's defaults have.
fn in_ratio(default: Duration, lease_duration: Duration) -> Duration {
    lease_duration.mul_f64(default.div_duration_f64(DEFAULT_LEASE_DURATION))
}

/// A configuration error of the core, in the words of the command line.
fn in_flags(error: Error) -> Error {
    if error.kind() != leasehold::ErrorKind::Config {
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
    Error::new(leasehold::ErrorKind::Config, message)
}
