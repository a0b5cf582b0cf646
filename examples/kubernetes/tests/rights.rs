//! What candidates may do: all that they need, and nothing else.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use leasehold::{Config, Mode};
use leasehold_test_cluster::User;
use serde_json::{Value, json};

use crate::CLUSTER;
use crate::application::{applications, documented_role};
use crate::namespace::Namespace;

const LIMIT: Duration = Duration::from_secs(60);
const NEEDED: [&str; 4] = ["get", "update", "watch", "create"];
const NOT_NEEDED: [&str; 4] = ["list", "patch", "delete", "deletecollection"];

#[test]
fn each_service_account_may_use_the_leases_of_its_application_and_no_other() -> Result<()> {
    for application in applications()? {
        let namespace = Namespace::restricted(&format!("rights-{}", application.name))?;
        for kind in ["ServiceAccount", "Role", "RoleBinding"] {
            application
                .of_kind(kind)
                .try_for_each(|object| namespace.create(object))?;
        }
        let candidate = application.candidate()?;
        let account = candidate.spec()["serviceAccountName"]
            .as_str()
            .context("a service account")?;
        let account = format!("system:serviceaccount:{}:{account}", namespace.name());

        let lease = application.setting("LEASEHOLD_LEASE")?.context("a Lease")?;
        let elections = application.elections()?.into_iter();
        let named = elections.map(|(name, _)| format!("{lease}-{name}"));
        let may = |verb: &str, lease: &str| CLUSTER.may(&account, verb, namespace.name(), lease);
        for lease in named.chain([lease.to_owned()]) {
            for verb in NEEDED {
                // The API server learns of Roles by a watch.
                eventually(&format!("{account} may {verb} {lease}"), || {
                    may(verb, &lease)
                })?;
            }
            for verb in NOT_NEEDED {
                assert!(!may(verb, &lease)?, "{account} may {verb} {lease}");
            }
        }
        for verb in ["get", "update", "watch"] {
            assert!(!may(verb, "another")?, "{account} may {verb} another Lease");
        }
    }
    Ok(())
}

#[test]
fn the_role_that_an_error_prints_has_the_rules_of_the_base() -> Result<()> {
    let election = Config::new("printed")
        .mode(Mode::Kubernetes)
        .namespace("default")
        .kubeconfig(CLUSTER.kubeconfig_for(User::Candidate, None)?)
        .start()?;
    // An API server that is busy may fail otherwise first.
    let said = Cell::new(String::new());
    let manifest = "Apply this Role and RoleBinding:\n";
    eventually("the election says what is missing", || {
        let failing = election.status().failing;
        let message = failing.map_or_else(String::new, |error| error.to_string());
        let is_said = message.contains(manifest);
        said.set(message);
        Ok(is_said)
    })?;
    let message = said.take();
    let (_, printed) = message.split_once(manifest).context("a manifest")?;
    let printed: Vec<Value> = serde_saphyr::from_multiple(printed)?;

    let mut documented = documented_role()?;
    documented["rules"][0]["resourceNames"] = json!(["printed"]);
    assert_eq!(printed[0]["rules"], documented["rules"]);
    assert_eq!(printed[1]["subjects"][0]["name"], "candidate");
    Ok(election.stop()?)
}

fn eventually(what: &str, condition: impl Fn() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while !condition()? {
        anyhow::ensure!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
