//! kube-lease-manager, fully automated: it watches, and releases when its channel is closed.

use anyhow::Result;
use kube_lease_manager::{LeaseCreateMode, LeaseManagerBuilder};
use kube5::Client;
use peers::{Arguments, Sampler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let sampler = Sampler::start()?;
    let manager = LeaseManagerBuilder::new(Client::try_default().await?, &arguments.lease)
        .with_namespace("default")
        .with_identity(&arguments.identity)
        .with_duration(arguments.lease_duration.as_secs())
        .with_grace((arguments.lease_duration - arguments.renew_deadline).as_secs())
        .with_create_mode(LeaseCreateMode::AutoCreate)
        .build()
        .await?;
    let (channel, task) = manager.watch().await;
    sampler.sample(|| *channel.borrow()).await;
    drop(channel);
    task.await??;
    Ok(())
}
