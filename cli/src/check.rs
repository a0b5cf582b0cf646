//! `leasehold check`: may an election run here, with these credentials?

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use console::style;
use leasehold::lease_store::NamespaceSource;
use leasehold::lease_store::kubernetes::{AccessReview, Permission, Verb, role_and_binding};
use leasehold::{Error, Observer};
use serde::Serialize;

use crate::exit;
use crate::output::{Failure, backend, complain_of_warnings, mode, printable, say, say_json};
use crate::settings::{Extras, Leases, needs_cluster};

/// Checks whether an election may run here, and prints the rights that are missing.
///
/// Checks whether it reaches the API server, and whether these credentials have each verb that
/// an election needs. If not, prints the Role and `RoleBinding` to paste. If a Lease is missing
/// and may be created, creates it in a dry run.
///
/// Run it where the candidates run, with their credentials; or run it anywhere, and ask about
/// them: `--as system:serviceaccount:NAMESPACE:NAME`, on a laptop with `--mode kubernetes`.
/// Without a cluster (mode file) it checks whether the directory can be used. It writes
/// nothing.
///
/// Exits with 0 when nothing is missing; 1 when a verb is; 2 for a wrong flag or setting, a
/// directory that cannot be used, a namespace that does not exist, or an API server that does not
/// answer.
///
/// With --json, one object: `mode`, `namespace`, `namespace_from`, `kept_in`, `user` (null if it is
/// not known), `ready`, `leases` with each one's `lease` and `verbs` (true or false for get,
/// update, watch, create; null in mode file), `beside` with what the settings need beside the
/// Leases (`resource`, `name` or null, `verb`, `granted`), `manifest`, which is the Role and
/// `RoleBinding`, or null when nothing is missing, and `error` with `kind` and `message` if it
/// exits with 2. For example:
///
/// `leasehold check --json jobs | jq -r .manifest | kubectl apply -f -`
#[derive(Args)]
pub(crate) struct Options {
    /// Asks about another user, which takes the right to impersonate
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,
    /// Writes JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    extras: Extras,
    // Last, since its heading would be that of what follows.
    #[command(flatten)]
    leases: Leases,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    complain_of_warnings()?;
    let report = Report::new(options);
    let report = report.inspect_err(|error| {
        if options.json {
            // Somebody who does not read it may still read the error.
            let _ = say_json(&Report::of_failure(&options.leases, error));
        }
    })?;
    if options.json {
        say_json(&report)?;
    } else {
        report.print()?;
    }
    Ok(if report.ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::NO)
    })
}

#[derive(Default, Serialize)]
struct Report {
    mode: Option<&'static str>,
    namespace: Option<String>,
    namespace_from: Option<&'static str>,
    /// The same for people.
    #[serde(skip)]
    namespace_named_by: &'static str,
    kept_in: Option<String>,
    user: Option<String>,
    ready: bool,
    leases: Vec<Access>,
    /// What the settings need beside the Leases.
    beside: Vec<Beside>,
    /// The Role and `RoleBinding` that grant what is missing.
    manifest: Option<String>,
    error: Option<Failure>,
}

#[derive(Serialize)]
struct Access {
    lease: String,
    verbs: Option<BTreeMap<&'static str, bool>>,
}

#[derive(Serialize)]
struct Beside {
    resource: &'static str,
    name: Option<String>,
    verb: &'static str,
    granted: bool,
    #[serde(skip)]
    purpose: &'static str,
}

impl Report {
    /// Asks about each Lease. All of them are in one namespace, for the same credentials.
    fn new(options: &Options) -> leasehold::Result<Self> {
        let (leases, user) = (&options.leases, options.user.as_deref());
        let observers = leases.observe_with(&options.extras.given())?;
        let location = observers[0].location();
        needs_cluster("--as", user, location)?;
        let reviews = observers.iter().map(|observer| review(observer, user));
        let reviews = reviews.collect::<leasehold::Result<Vec<_>>>()?;
        let user = reviews
            .iter()
            .flatten()
            .find_map(|review| review.user.clone());
        let ready = reviews.iter().flatten().all(AccessReview::is_complete);
        let beside = reviews.iter().flatten().flat_map(|review| &review.beside);
        let beside: BTreeMap<_, _> = beside.cloned().collect();
        let needed: Vec<_> = beside.keys().cloned().collect();
        let names: Vec<_> = leases.names.iter().map(String::as_str).collect();
        let manifest = || role_and_binding(&location.namespace, &names, &needed, user.as_deref());
        Ok(Self {
            mode: Some(mode(location)),
            namespace: Some(location.namespace.clone()),
            namespace_from: Some(location.namespace_from.name()),
            namespace_named_by: named_by(location.namespace_from),
            kept_in: Some(backend(location)),
            ready,
            manifest: (!ready).then(manifest),
            user,
            leases: names.iter().zip(&reviews).map(Access::new).collect(),
            beside: beside.into_iter().map(Beside::new).collect(),
            error: None,
        })
    }

    /// Nothing was found out.
    fn of_failure(leases: &Leases, error: &Error) -> Self {
        let unknown = |lease: &String| Access {
            lease: lease.clone(),
            verbs: None,
        };
        Self {
            leases: leases.names.iter().map(unknown).collect(),
            error: Some(error.into()),
            ..Self::default()
        }
    }

    fn print_beside(&self) -> Result<()> {
        let mut heading = None;
        for right in &self.beside {
            let of = (right.resource, &right.name);
            if heading.replace(of) != Some(of) {
                let name = right.name.as_ref().map(|name| format!(" {name}"));
                let name = name.unwrap_or_default();
                say(format_args!(
                    "\n{}",
                    style(format!("{}{name}", right.resource)).bold()
                ))?;
            }
            say_right(right.granted, right.verb, right.purpose)?;
        }
        Ok(())
    }

    fn print(&self) -> Result<()> {
        let row = |name: &str, value: Option<String>| match value {
            Some(value) => say(format_args!("{:<11}{value}", style(name).dim())),
            None => Ok(()),
        };
        row("kept in", self.kept_in.clone())?;
        let named_by = self.namespace_named_by;
        let namespace = self.namespace.as_ref();
        row(
            "namespace",
            namespace.map(|name| format!("{name} ({named_by})")),
        )?;
        row("user", self.user.as_deref().map(printable))?;
        for access in &self.leases {
            access.print()?;
        }
        self.print_beside()?;
        match &self.manifest {
            None => say("\nNothing is missing: an election may run here.")?,
            Some(manifest) => say(format_args!(
                "\nRights are missing. An administrator grants them with this (kubectl apply -f -):\n\n\
                 {manifest}"
            ))?,
        }
        Ok(())
    }
}

impl Beside {
    fn new((permission, granted): (Permission, bool)) -> Self {
        Self {
            resource: permission.resource,
            name: permission.name,
            verb: permission.verb,
            granted,
            purpose: permission.purpose,
        }
    }
}

/// What is granted. Rights alone do not help, so what these credentials may do is tried as well, also
/// where the question is about another user.
fn review(observer: &Observer, user: Option<&str>) -> leasehold::Result<Option<AccessReview>> {
    let own = observer.review_access(None)?;
    let may = |verb| own.as_ref().is_none_or(|own| own.granted.contains(&verb));
    let absent = may(Verb::Get) && observer.read()?.is_none();
    let in_folder = own.is_none();
    if in_folder || absent && may(Verb::Create) {
        observer.rehearse_creation()?;
    }
    match user {
        Some(_) => observer.review_access(user),
        None => Ok(own),
    }
}

impl Access {
    fn new((lease, review): (&&str, &Option<AccessReview>)) -> Self {
        let verbs = |review: &AccessReview| {
            let verbs = Verb::ALL.iter();
            verbs
                .map(|verb| (verb.name(), review.granted.contains(verb)))
                .collect()
        };
        Self {
            lease: (*lease).to_owned(),
            verbs: review.as_ref().map(verbs),
        }
    }

    fn print(&self) -> Result<()> {
        let Some(verbs) = &self.verbs else {
            return Ok(());
        };
        say(format_args!("\n{}", style(&self.lease).bold()))?;
        for verb in Verb::ALL {
            let granted = verbs.get(verb.name()) == Some(&true);
            say_right(granted, verb.name(), purpose(*verb))?;
        }
        Ok(())
    }
}

fn say_right(granted: bool, verb: &str, purpose: &str) -> Result<()> {
    let mark = if granted {
        style("✓ granted").green()
    } else {
        style("✗ missing").red().bold()
    };
    Ok(say(format_args!("  {mark}  {verb:<8}{purpose}"))?)
}

fn named_by(source: NamespaceSource) -> &'static str {
    match source {
        NamespaceSource::Setting => "from --namespace or LEASEHOLD_NAMESPACE",
        NamespaceSource::PodNamespace => "from POD_NAMESPACE",
        NamespaceSource::ServiceAccount => "from the service account",
        NamespaceSource::Kubeconfig => "from the kubeconfig",
        _ => "the default: nothing names one",
    }
}

fn purpose(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "to read the Lease",
        Verb::Update => "to acquire, renew and release it",
        Verb::Watch => "to learn of changes; without it, candidates poll",
        Verb::Create => "to create it if it is missing",
        _ => "",
    }
}
