//! When Leases share a connection, and when one is given up.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use leasehold::ErrorKind;
use leasehold::lease_record::ResourceVersion;
use leasehold::lease_store::kubernetes::{ClusterConnections, KubernetesStore};
use leasehold::lease_store::{LeaseStore, WatchEvent};
use tokio::time::timeout;

use crate::cluster::held_by;
use crate::wire::Wire;

/// Leases that need not exist.
fn leases(connections: &ClusterConnections, count: usize) -> Vec<KubernetesStore> {
    let names = (0..count).map(|number| format!("lease-{number}"));
    names
        .map(|name| connections.lease("default", &name).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_twenty_leases_share_three_connections() {
    let wire = Wire::to_the_api_server().await;
    let connections = wire.kubeconfig().connect().await.unwrap();
    let leases = leases(&connections, 120);

    let mut watches: Vec<_> = leases
        .iter()
        .map(|lease| lease.watch(ResourceVersion::default()))
        .collect();
    for opened in join_all(watches.iter_mut().map(StreamExt::next)).await {
        assert!(matches!(opened, Some(Ok(WatchEvent::Opened))), "{opened:?}");
    }
    for read in join_all(leases.iter().map(LeaseStore::read)).await {
        assert!(read.unwrap().is_none());
    }

    assert_eq!(wire.connections(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_requests_of_many_leases_wait_for_one_connection() {
    let wire = Wire::to_the_api_server().await;
    let connections = wire.kubeconfig().connect().await.unwrap();
    let leases = leases(&connections, 50);

    for read in join_all(leases.iter().map(LeaseStore::read)).await {
        assert!(read.unwrap().is_none());
    }

    assert_eq!(wire.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_dropped_lease_is_used_again() {
    let wire = Wire::to_the_api_server().await;
    let connections = wire.kubeconfig().connect().await.unwrap();
    let mut leases = leases(&connections, 50);
    leases[0].read().await.unwrap();

    leases.pop();
    let another = connections.lease("default", "another").unwrap();
    another.read().await.unwrap();

    assert_eq!(wire.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_dropped_request_all_leases_use_a_fresh_connection() {
    let wire = Wire::to_the_api_server().await;
    let connections = wire.kubeconfig().connect().await.unwrap();
    let leases = leases(&connections, 10);
    leases[0].read().await.unwrap();

    wire.silence_open_connections();
    tokio::select! {
        _ = join_all(leases.iter().map(LeaseStore::read)) => panic!("nothing can answer"),
        () = wire.holds_something() => {}
    }
    for lease in &leases {
        lease.read().await.unwrap();
    }

    assert_eq!(wire.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_watch_leaves_the_connection_in_use() {
    let wire = Wire::to_the_api_server().await;
    let connections = wire.kubeconfig().connect().await.unwrap();
    let lease = connections.lease("default", "watched").unwrap();

    let mut watch = lease.watch(ResourceVersion::default());
    assert!(matches!(watch.next().await, Some(Ok(WatchEvent::Opened))));
    drop(watch);
    lease.read().await.unwrap();

    assert_eq!(wire.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_while_a_dropped_request_costs_its_connection() {
    let wire = Wire::to_the_api_server().await;
    let connections = wire.kubeconfig().connect().await.unwrap();
    let lease = connections.lease("default", "watched-on").unwrap();
    let created = lease.create(held_by("a")).await.unwrap();
    let mut watch = lease.watch(created.version);
    assert!(matches!(watch.next().await, Some(Ok(WatchEvent::Opened))));

    wire.silence_open_connections();
    tokio::select! {
        _ = lease.read() => panic!("nothing can answer"),
        () = wire.holds_something() => {}
    }
    wire.resume();
    lease.replace(created, held_by("b")).await.unwrap();

    match watch.next().await {
        Some(Ok(WatchEvent::Changed(changed))) => assert_eq!(changed.record, held_by("b")),
        other => panic!("a change was due, not {other:?}"),
    }
    assert_eq!(wire.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_noticed_while_only_a_watch_uses_it() {
    let wire = Wire::to_the_api_server().await;
    let connections = wire
        .kubeconfig()
        .connect_with_limit(Duration::from_secs(12))
        .await;
    let lease = connections.lease("default", "silent").unwrap();
    let mut watch = lease.watch(ResourceVersion::default());
    assert!(matches!(watch.next().await, Some(Ok(WatchEvent::Opened))));

    wire.silence_open_connections();

    let events: Vec<_> = watch.collect().await;
    let error = events.last().expect("an error").as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    lease.read().await.unwrap();
    assert_eq!(wire.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_trip_longer_than_the_silence_limit_is_not_taken_for_a_dead_connection() {
    let wire = Wire::with_delay(Duration::from_millis(750)).await;
    let connections = wire
        .kubeconfig()
        .connect_with_limit(Duration::from_secs(1))
        .await;
    let lease = connections.lease("default", "far-away").unwrap();

    // The first requests give up while the connection is still being opened.
    let answered = async { while lease.read().await.is_err() {} };

    let answered = timeout(Duration::from_secs(60), answered).await;
    assert!(answered.is_ok(), "each connection was given up");
}
