//! A sidecar on a real API server, with the documented Role.

use leasehold_test_cluster::{Result, TestCluster, User};

use crate::common::leasehold;
use crate::sidecar::Sidecar;

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/jobs";

#[test]
fn a_sidecar_elects_by_a_lease_and_releases_it() -> Result<()> {
    let cluster = TestCluster::start()?;
    cluster.grant("jobs")?;
    let mut sidecar = Sidecar::start(
        leasehold()
            .args(["serve", "--election=jobs", "--mode=kubernetes"])
            .args(["--namespace=default", "--identity=web-1"])
            .arg("--kubeconfig")
            .arg(cluster.kubeconfig_for(User::Candidate, None)?),
    );
    sidecar.wait_until_it_leads();
    assert_eq!(sidecar.leader(), "web-1");
    let lease = cluster.api().get(LEASE)?;
    assert_eq!(lease["spec"]["holderIdentity"], "web-1");
    assert_eq!(lease["spec"]["leaseDurationSeconds"], 15);

    sidecar.terminate();
    assert_eq!(sidecar.exit_code(), Some(0));
    let lease = cluster.api().get(LEASE)?;
    assert_eq!(
        lease["spec"]["holderIdentity"].as_str().unwrap_or_default(),
        ""
    );
    Ok(())
}
