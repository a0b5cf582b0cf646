//! Spring Boot: the example's two applications on a real API server, each with a network of its own.

use std::process::Command;

use anyhow::Result;
use leasehold_test_cluster::{TestCluster, ToxiProxy, User};

use crate::java;
use crate::steps::{Steps, run_with};

/// What the example's `application.yml` calls its Leases.
const LEASES: [&str; 2] = ["monolith-jobs", "monolith-jobs-billing"];
/// What its test calls its applications.
const APPLICATIONS: [&str; 2] = ["first", "second"];

/// To be run when the native half has been built.
pub(crate) fn add_to(steps: &mut Steps) {
    steps.run(
        "Java: two Spring Boot applications on a real API server",
        run_example,
    );
}

pub(crate) fn run_example() -> Result<()> {
    let cluster = TestCluster::start()?;
    for lease in LEASES {
        cluster.grant(lease)?;
    }
    let network = ToxiProxy::start()?;
    let mut maven = Command::new("mvn");
    maven.args(["--quiet", "--file", java::PROJECT, "verify"]);
    maven.args(["--projects", "../examples/spring-scheduled-jobs"]);
    maven.args(["--also-make", "-Dmaven.javadoc.skip"]);
    // The other tests have been run.
    maven.args(["-Dtest=none", "-Dsurefire.failIfNoSpecifiedTests=false"]);
    maven.arg("-Dit.test=OnAClusterIT");
    for name in APPLICATIONS {
        let way = network.create(name, cluster.server_address())?;
        let kubeconfig = cluster.kubeconfig_for(User::Candidate, Some(&way.url()))?;
        let prefix = format!("LEASEHOLD_EXAMPLE_{}", name.to_uppercase());
        maven.env(format!("{prefix}_KUBECONFIG"), kubeconfig);
        maven.env(format!("{prefix}_TOXICS"), way.toxics_url());
    }
    run_with(&mut maven)
}
