//! A controller written with kube-rs, of which one replica reconciles at a time.
//!
//! It greets each `ConfigMap` that has the label `greeting=wanted`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, ResourceExt};
use leasehold::{Config, LeaderElection, Term};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let client = Client::try_default().await?;
    // Loads credentials, which may block.
    let election = tokio::task::spawn_blocking(|| Config::new("greeter").start()).await??;
    tokio::select! {
        ended = lead(&election, &client) => ended?,
        _ = terminate.recv() => {}
    }
    // Nothing is reconciled any more: the Lease is released.
    Ok(election.stop_async().await?)
}

async fn lead(election: &LeaderElection, client: &Client) -> leasehold::Result<()> {
    loop {
        election.wait_for_leadership_async().await?;
        // The controller is dropped as soon as the term is over, before another replica leads.
        election
            .run_while_leader(|term| reconcile_all(client.clone(), term))
            .await;
    }
}

/// Goes on for as long as it is awaited: what is under way when it is dropped is dropped with it.
async fn reconcile_all(client: Client, term: Term) {
    let wanted = watcher::Config::default().labels("greeting=wanted");
    let context = Arc::new((client.clone(), term));
    Controller::new(Api::<ConfigMap>::default_namespaced(client), wanted)
        .run(greet, try_again, context)
        .for_each(|_| async {})
        .await;
}

async fn greet(
    object: Arc<ConfigMap>,
    context: Arc<(Client, Term)>,
) -> Result<Action, kube::Error> {
    let (client, term) = &*context;
    let objects = Api::<ConfigMap>::default_namespaced(client.clone());
    // The token says under which term it was done: a smaller one comes from a former leader.
    let greeting = json!({ "data": {
        "greeting": "hello",
        "token": term.fencing_token().to_string(),
    } });
    if object
        .data
        .as_ref()
        .is_none_or(|data| !data.contains_key("greeting"))
    {
        let name = object.name_any();
        let patch = Patch::Merge(&greeting);
        objects
            .patch(&name, &PatchParams::default(), &patch)
            .await?;
    }
    Ok(Action::await_change())
}

fn try_again(_: Arc<ConfigMap>, _: &kube::Error, _: Arc<(Client, Term)>) -> Action {
    Action::requeue(Duration::from_secs(1))
}
