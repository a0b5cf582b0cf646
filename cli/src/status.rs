//! `leasehold status`: who holds a Lease, and for how long.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use console::style;
use jiff::Timestamp;
use leasehold::lease_record::StoredLease;
use leasehold::lease_store::kubernetes::RouteTarget;
use leasehold::lease_store::{Backend, Location};
use leasehold::{Error, LeaseState, Observer};
use serde::Serialize;

use crate::exit;
use crate::output::{
    Failure, as_text, backend, coloured, complain, complain_of_warnings, date_and_time, mode, now,
    printable, readable_seconds, say, say_json, timestamp,
};
use crate::settings::Leases;

/// Shows who holds each Lease, since when, and when it expires.
///
/// The times in a Lease are those of its holder's clock; what is shown as age and expiry compares
/// them with this machine's, for people. Candidates never do: they wait until they have seen the
/// Lease unchanged for its duration, or for their own if it has none. `leasehold watch` shows
/// expiry as they see it.
///
/// Exits with 0 when somebody holds each Lease; 1 when nobody holds one of them: it is absent,
/// released or expired; 2 for a wrong flag or setting, or a Lease that cannot be read.
///
/// With --json, one object on one line for each Lease, which always has all fields, null if there
/// is nothing to say or it is not known: `lease`, `namespace`, `mode`, `state` (held, released,
/// expired, absent or unknown), `holder`, `acquired_at`, `acquisition` (how the holder came to
/// lead, if it is one of Leasehold's and has recorded it), `term_seconds`, `renewed_at`,
/// `age_seconds`, `expires_in_seconds` (negative since then), `lease_duration_seconds`,
/// `transitions`, `resource_version`, `uid`, `labels`, `route` (`address` or null, `pod`, `holder`,
/// `fencing_token`; null without `--leader-service`, or `LEASEHOLD_LEADER_SERVICE`) and `error`
/// with `kind` and `message`.
#[derive(Args)]
pub(crate) struct Options {
    /// Writes JSON, for programs
    #[arg(long)]
    json: bool,
    /// Shows where this Service points
    #[arg(long, value_name = "NAME")]
    leader_service: Option<String>,
    // Last, since its heading would be that of what follows.
    #[command(flatten)]
    leases: Leases,
}

impl Options {
    fn observe(&self) -> leasehold::Result<Vec<Observer>> {
        let service = ("leader_service", &self.leader_service);
        self.leases.observe_with(&[service])
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    complain_of_warnings()?;
    let observers = options.observe().inspect_err(|error| {
        for name in options.leases.names.iter().filter(|_| options.json) {
            // Somebody who does not read it may still read the error.
            let _ = say_json(&Report::of_failure(name, error));
        }
    })?;
    let mut code = 0;
    for (number, (name, observer)) in options.leases.names.iter().zip(&observers).enumerate() {
        let seen = observer.read();
        let failure = seen.as_ref().err().map(Failure::from);
        if let Err(error) = &seen {
            complain(error);
        }
        let lease = seen.ok().flatten();
        let mut report = Report::new(name, observer, lease.as_ref(), failure);
        match observer.route() {
            Ok(target) => report.route = target.map(Route::from),
            Err(error) => complain(error),
        }
        if options.json {
            say_json(&report)?;
        } else {
            if number > 0 {
                say("")?;
            }
            report.print()?;
        }
        code = code.max(report.exit_code());
    }
    Ok(ExitCode::from(code))
}

#[derive(Serialize)]
struct Report<'a> {
    lease: &'a str,
    namespace: Option<&'a str>,
    mode: Option<&'static str>,
    #[serde(serialize_with = "as_text")]
    state: LeaseState,
    holder: Option<&'a str>,
    acquired_at: Option<Timestamp>,
    acquisition: Option<&'static str>,
    term_seconds: Option<f64>,
    renewed_at: Option<Timestamp>,
    age_seconds: Option<f64>,
    expires_in_seconds: Option<f64>,
    lease_duration_seconds: Option<i32>,
    transitions: Option<i32>,
    resource_version: Option<u64>,
    uid: Option<&'a str>,
    labels: BTreeMap<&'a str, &'a str>,
    route: Option<Route>,
    error: Option<Failure>,
    /// What candidates wait.
    #[serde(skip)]
    duration: Option<Duration>,
    #[serde(skip)]
    location: Option<&'a Location>,
}

/// Where the Service of the leader leads.
#[derive(Serialize)]
struct Route {
    address: Option<String>,
    pod: Option<String>,
    holder: Option<String>,
    fencing_token: Option<u64>,
}

impl From<RouteTarget> for Route {
    fn from(target: RouteTarget) -> Self {
        Self {
            address: target.address,
            pod: target.pod,
            holder: target.holder,
            fencing_token: target.fencing_token,
        }
    }
}

impl<'a> Report<'a> {
    fn new(
        name: &'a str,
        observer: &'a Observer,
        lease: Option<&'a StoredLease>,
        error: Option<Failure>,
    ) -> Self {
        let now = now();
        let record = lease.map(|lease| &lease.record);
        let holder = record.filter(|record| record.is_held());
        let since = |time: Timestamp| now.duration_since(time).as_secs_f64();
        let renewed_at = record.and_then(|record| record.renew_time).map(timestamp);
        let acquired_at = holder.and_then(|record| record.acquire_time).map(timestamp);
        let age = renewed_at.map(since);
        // As a candidate waits, which goes by its own where the Lease has none.
        let duration = holder.map(|record| {
            let own = observer.lease_duration();
            record.lease_duration().unwrap_or(own)
        });
        let expires_in = age
            .zip(duration)
            .map(|(age, duration)| duration.as_secs_f64() - age);
        let state = match (&error, record, expires_in) {
            (Some(_), ..) => LeaseState::Unknown,
            (None, None, _) => LeaseState::Absent,
            (None, Some(record), _) if !record.is_held() => LeaseState::Released,
            (None, Some(_), Some(left)) if left <= 0.0 => LeaseState::Expired,
            (None, Some(_), _) => LeaseState::Held,
        };
        Self {
            lease: name,
            namespace: Some(&observer.location().namespace),
            mode: Some(mode(observer.location())),
            state,
            holder: holder.map(|record| record.holder.as_str()),
            acquired_at,
            acquisition: holder
                .and_then(|record| record.note.as_ref())
                .map(|note| note.acquisition.name()),
            term_seconds: acquired_at.map(since).filter(|_| state == LeaseState::Held),
            renewed_at,
            age_seconds: age,
            expires_in_seconds: expires_in,
            duration,
            lease_duration_seconds: record.and_then(|record| record.lease_duration_seconds),
            transitions: record.map(|record| record.transitions),
            resource_version: lease.map(|lease| lease.version.0),
            uid: lease.map(|lease| lease.uid.as_str()),
            labels: lease.map(StoredLease::labels).unwrap_or_default(),
            route: None,
            error,
            location: Some(observer.location()),
        }
    }

    /// Not even where the Lease is was found out.
    fn of_failure(name: &'a str, error: &Error) -> Self {
        Self {
            lease: name,
            namespace: None,
            mode: None,
            state: LeaseState::Unknown,
            holder: None,
            acquired_at: None,
            acquisition: None,
            term_seconds: None,
            renewed_at: None,
            age_seconds: None,
            expires_in_seconds: None,
            lease_duration_seconds: None,
            transitions: None,
            resource_version: None,
            uid: None,
            labels: BTreeMap::new(),
            route: None,
            error: Some(error.into()),
            duration: None,
            location: None,
        }
    }

    fn exit_code(&self) -> u8 {
        match self.state {
            LeaseState::Held => 0,
            LeaseState::Unknown => exit::FAILURE,
            _ => exit::NO,
        }
    }

    fn print(&self) -> Result<()> {
        let name = format!("{}/{}", self.namespace.unwrap_or_default(), self.lease);
        say(format_args!(
            "{}  {}",
            style(name).bold(),
            coloured(self.state)
        ))?;
        let row = |name: &str, value: Option<String>| match value {
            Some(value) => say(format_args!("  {:<12}{value}", style(name).dim())),
            None => Ok(()),
        };
        row("holder", self.holder.map(printable))?;
        row("term", self.term())?;
        row("acquisition", self.acquisition.map(str::to_owned))?;
        row("age", self.age_seconds.map(|age| self.age(age)))?;
        if let Some((label, expiry)) = self.expires_in_seconds.map(|left| self.expiry(left)) {
            row(label, Some(expiry))?;
        }
        row(
            "version",
            self.resource_version.map(|version| version.to_string()),
        )?;
        let labels = self
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let labels = labels
            .map(|label| printable(&label))
            .collect::<Vec<_>>()
            .join(", ");
        row("labels", Some(labels).filter(|labels| !labels.is_empty()))?;
        row("route", self.route.as_ref().map(|route| self.route(route)))?;
        row("kept in", self.location.map(backend))?;
        row("note", self.note())?;
        Ok(())
    }

    /// The API server's answer is the same for a Lease and for its namespace.
    fn note(&self) -> Option<String> {
        let location = self.location?;
        let absent = self.state == LeaseState::Absent;
        let in_cluster = matches!(location.backend, Backend::Cluster { .. });
        (absent && in_cluster).then(|| {
            let namespace = &location.namespace;
            format!("perhaps there is no namespace {namespace}: leasehold check tells")
        })
    }

    fn term(&self) -> Option<String> {
        let lasts = self.term_seconds.map(readable_seconds);
        let lasts = lasts.map_or(String::new(), |lasts| format!("{lasts}, "));
        let since = date_and_time(self.acquired_at?);
        let transitions = self.transitions.unwrap_or_default();
        Some(format!("{lasts}since {since}, transition {transitions}"))
    }

    fn expiry(&self, left: f64) -> (&'static str, String) {
        let duration = self.duration.unwrap_or_default().as_secs();
        let duration = format!("(lease duration {duration} s)");
        if left > 0.0 {
            let left = readable_seconds(left);
            ("expires in", format!("{left} {duration}"))
        } else {
            let ago = readable_seconds(-left);
            ("expired", format!("{ago} ago {duration}"))
        }
    }

    /// Where the Service leads, and what is odd about it.
    fn route(&self, route: &Route) -> String {
        let Some(address) = &route.address else {
            return "to nobody".to_owned();
        };
        let pod = route.pod.as_ref().map(|pod| format!(" ({pod})"));
        let to = printable(&format!("to {address}{}", pod.unwrap_or_default()));
        match &route.holder {
            Some(holder) if Some(holder.as_str()) != self.holder => {
                format!("{to}, written by {}: not the holder", printable(holder))
            }
            _ => to,
        }
    }

    fn age(&self, seconds: f64) -> String {
        if seconds < 0.0 {
            let ahead = readable_seconds(-seconds);
            return format!("none: its holder's clock is {ahead} ahead of this machine's");
        }
        let done = match self.state {
            LeaseState::Released => "released",
            _ => "renewed",
        };
        format!("{done} {} ago", readable_seconds(seconds))
    }
}
