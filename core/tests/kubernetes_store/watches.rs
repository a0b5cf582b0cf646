//! What watches do beyond the contract of all stores.

use futures_util::StreamExt;
use leasehold::lease_store::{LeaseStore, StoreError};
use leasehold_test_cluster::TestCluster;
use tokio::task::spawn_blocking;

use crate::cluster::held_by;
use crate::kubeconfig::connect;

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_from_before_what_the_server_remembers_is_gone() {
    let cluster = spawn_blocking(TestCluster::start).await.unwrap().unwrap();
    let connections = connect(&cluster.admin_kubeconfig(), None).await.unwrap();
    let lease = connections.lease("default", "old").unwrap();
    let mut seen = lease.create(held_by("a")).await.unwrap();
    let old = seen.version;
    for holder in ["b", "c", "d"] {
        seen = lease.replace(seen, held_by(holder)).await.unwrap();
    }

    // After a start, an API server knows the present state only.
    let restarted = spawn_blocking(move || cluster.restart_apiserver().map(|()| cluster));
    let _cluster = restarted.await.unwrap().unwrap();
    let events: Vec<_> = lease.watch(old).collect().await;

    let last = events.last().expect("an error").as_ref().unwrap_err();
    assert!(matches!(last, StoreError::TooOld(_)), "{last}");
}
