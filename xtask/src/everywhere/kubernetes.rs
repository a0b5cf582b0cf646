//! Other versions of Kubernetes: the API server of each, built from source, with the core's tests that
//! speak to one and the conformance cases. Bindings know nothing of the version.

use anyhow::Result;
use xshell::cmd;

use crate::build::{self, shell};
use crate::steps::{Ran, Step, Steps};

/// The last one of each minor version that the proxy of Go's modules has, but for the one that all
/// other tests run on.
const VERSIONS: [&str; 8] = [
    "v1.29.6", "v1.30.14", "v1.31.14", "v1.32.13", "v1.33.13", "v1.34.4", "v1.35.4", "v1.37.2",
];
const TESTS: [&str; 3] = ["kubernetes_store", "interop", "conformance"];

/// Runs the versions that have this in the name of their step.
pub(super) fn add_to(steps: &Steps, wanted: &str) {
    for version in VERSIONS {
        let name = format!("everywhere: Kubernetes {version}");
        if name.contains(wanted) {
            steps.run_if_possible(&name, |step| run(step, version));
        }
    }
}

fn run(step: &Step, version: &str) -> Result<Ran> {
    let shell = shell()?;
    if cmd!(shell, "go version")
        .quiet()
        .ignore_stdout()
        .run()
        .is_err()
    {
        return Ok(Ran::No("install Go".to_owned()));
    }
    step.tell("its API server (built once, then cached)");
    let program = build::program("test-cluster")?;
    let servers = cmd!(shell, "{program} servers {version}").quiet().read()?;
    for test in TESTS {
        step.tell(test);
        build::test(step, test, &[("KUBEBUILDER_ASSETS", &servers)])?;
    }
    Ok(Ran::Yes)
}
