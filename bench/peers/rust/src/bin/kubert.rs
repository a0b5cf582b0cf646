//! kubert: its lease manager, which claims and renews by itself, and vacates when nobody listens.

use anyhow::Result;
use kube1::api::PostParams;
use kube1::{Api, Client, Error};
use kubert::lease::{ClaimParams, LeaseManager};
use peers::{Arguments, Sampler};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let sampler = Sampler::start()?;
    let leases = Api::namespaced(Client::try_default().await?, "default");
    // It creates none.
    let lease = serde_json::from_value(json!({ "metadata": { "name": arguments.lease } }))?;
    match leases.create(&PostParams::default(), &lease).await {
        Err(Error::Api(error)) if error.code == 409 => {}
        outcome => drop(outcome?),
    }
    let manager = LeaseManager::init(leases, &arguments.lease).await?;
    let params = ClaimParams {
        lease_duration: arguments.lease_duration,
        renew_grace_period: arguments.lease_duration - arguments.renew_deadline,
    };
    let (claims, task) = manager.spawn(&arguments.identity, params).await?;
    let is_leader = || claims.borrow().is_current_for(&arguments.identity);
    sampler.sample(is_leader).await;
    drop(claims);
    Ok(task.await??)
}
