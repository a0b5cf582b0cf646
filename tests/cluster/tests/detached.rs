//! A cluster that outlives its starter.

mod common;

use common::{LEASES, LIMIT, expect_ended, lease, pids};
use leasehold_test_cluster::{Api, Result, TestCluster, detached};

#[test]
fn a_detached_cluster_runs_once_and_until_it_is_stopped() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    assert!(detached::running(folder)?.is_none());
    assert!(!detached::stop(folder)?);

    let cluster = detached::start(folder)?;
    Api::from_kubeconfig(&cluster.kubeconfig)?.post(LEASES, &lease("kept"))?;
    let again = detached::start(folder)?;
    Api::from_kubeconfig(&again.kubeconfig)?.get(&format!("{LEASES}/kept"))?;
    assert!(detached::running(folder)?.is_some());

    TestCluster::connect(&cluster.kubeconfig)?.grant("kept")?;
    Api::from_kubeconfig(&cluster.candidate_kubeconfig)?.get(&format!("{LEASES}/kept"))?;

    let pids = pids(cluster.kubeconfig.parent().expect("a file has a folder"));
    assert!(detached::stop(folder)?);
    expect_ended(&pids, LIMIT);
    assert!(!cluster.kubeconfig.exists());
    assert!(detached::running(folder)?.is_none());
    Ok(())
}
