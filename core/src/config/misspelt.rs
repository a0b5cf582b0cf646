//! Variables of the environment that are nearly those of settings, and would be ignored without a word.

use std::collections::BTreeSet;
use std::env;
use std::sync::Mutex;

use tracing::warn;

use super::table::{PREFIX, variable};

/// How alike two names must be, from 0 to 1 (Jaro and Winkler): what Kubernetes tells of a Service called
/// `leasehold`, and what users name for themselves, is further off.
const ALIKE: f64 = 0.885;

/// Variables that this process has been warned of.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Warns once of each variable that is probably meant to be that of a setting which is `left_out`.
pub(super) fn warn(left_out: impl Iterator<Item = &'static str>) {
    let left_out: Vec<_> = left_out.collect();
    for (name, _) in env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        if let Some(setting) = meant_by(name, &left_out)
            && is_new(name)
        {
            let (name, right) = (name.escape_debug(), variable(setting));
            warn!("{name} is ignored: no setting has this variable; did you mean {right}?");
        }
    }
}

/// Which setting of those `left_out` the variable is meant for, if it is that of none.
fn meant_by(name: &str, left_out: &[&'static str]) -> Option<&'static str> {
    let given = plain(name.strip_prefix(PREFIX)?);
    let is_right = super::Config::SETTINGS
        .iter()
        .any(|setting| variable(setting) == name);
    if is_right {
        return None;
    }
    let likeness = |setting: &str| strsim::jaro_winkler(&given, &plain(setting));
    let nearest = super::Config::SETTINGS
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(nearest) > ALIKE && left_out.contains(nearest)).then_some(*nearest)
}

fn plain(name: &str) -> String {
    name.replace('_', "").to_uppercase()
}

/// Whether it has not been said before. Never waits: a forked child may have inherited a lock that nobody
/// releases, and then hears it twice.
fn is_new(name: &str) -> bool {
    let said = SAID.try_lock();
    said.map_or(true, |mut said| said.insert(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    /// Not spelt out here, as all other variables are in sources that users read.
    fn misspelt(name: &str) -> String {
        format!("{PREFIX}{name}")
    }

    fn meant(name: &str) -> Option<&'static str> {
        meant_by(&misspelt(name), Config::SETTINGS)
    }

    #[test]
    fn a_misspelt_variable_is_taken_for_the_nearest() {
        for (name, setting) in [
            ("LEASEDURATION", "lease_duration"),
            ("LEASE_DURATON", "lease_duration"),
            ("LEASE_DURATION_MS", "lease_duration"),
            ("LEASE_DURATION_SECONDS", "lease_duration"),
            ("Renew_Deadline", "renew_deadline"),
            ("RENEWAL_DEADLINE", "renew_deadline"),
            ("LEASE_NAME", "lease"),
            ("NAME_SPACE", "namespace"),
            ("KUBE_CONFIG", "kubeconfig"),
            ("LABEL", "labels"),
        ] {
            assert_eq!(meant(name), Some(setting), "{name}");
        }
    }

    #[test]
    fn right_variables_and_those_of_something_else_are_passed_over() {
        for setting in Config::SETTINGS {
            assert_eq!(meant(&setting.to_uppercase()), None);
        }
        for name in [
            "FENCING_TOKEN",
            "NATIVE_LIBRARY",
            "NATIVE_FOLDER",
            "TEST_KUBECONFIG",
            "TEST_DIRECTORY",
            "CANDIDATE",
            "MODEL_FAULTS",
            "MODEL_TICKS",
            // Kubernetes tells these to each pod if a Service is called `leasehold`.
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTPS",
            "PORT",
            "PORT_443_TCP",
            "PORT_443_TCP_ADDR",
            "PORT_443_TCP_PORT",
            "PORT_443_TCP_PROTO",
            // Spring has these.
            "ELECTIONS_BILLING_LEASE",
            "ENABLED",
        ] {
            assert_eq!(meant(name), None, "{name}");
        }
        assert_eq!(meant_by("LEASEDURATION", Config::SETTINGS), None);
    }

    /// Spring reads some other forms, and hands what they say on.
    #[test]
    fn what_the_program_says_itself_is_not_missed() {
        assert_eq!(meant_by(&misspelt("LEASEDURATION"), &["lease"]), None);
    }

    #[test]
    fn it_is_said_once() {
        assert!(is_new("OF_THIS_TEST"));
        assert!(!is_new("OF_THIS_TEST"));
    }
}
