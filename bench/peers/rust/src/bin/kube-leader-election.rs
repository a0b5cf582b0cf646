//! kube-leader-election: one attempt each retry period, as its example has it, and a step down at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use kube_leader_election::{LeaseLock, LeaseLockParams, LeaseLockResult};
use kube4::Client;
use peers::{Arguments, Sampler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let sampler = Sampler::start()?;
    let params = LeaseLockParams {
        lease_name: arguments.lease,
        holder_id: arguments.identity,
        lease_ttl: arguments.lease_duration,
    };
    let lock = Arc::new(LeaseLock::new(Client::try_default().await?, "default", params));
    let leads = Arc::new(AtomicBool::new(false));
    let task = tokio::spawn({
        let (lock, leads) = (lock.clone(), leads.clone());
        async move {
            loop {
                match lock.try_acquire_or_renew().await {
                    Ok(outcome) => {
                        let acquired = matches!(outcome, LeaseLockResult::Acquired(_));
                        leads.store(acquired, Ordering::Relaxed);
                    }
                    // Its example goes on as it is.
                    Err(error) => eprintln!("{error}"),
                }
                tokio::time::sleep(arguments.retry_period).await;
            }
        }
    });
    sampler.sample(|| leads.load(Ordering::Relaxed)).await;
    task.abort();
    if leads.load(Ordering::Relaxed) {
        lock.step_down().await?;
    }
    Ok(())
}
