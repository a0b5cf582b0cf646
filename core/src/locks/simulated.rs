//! A lock in virtual time.

use std::sync::Arc;
use std::time::Duration;

use super::name::LockName;
use super::{HeldLock, LockRequest, of_a_lock};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Result;
use crate::leader_election::LeaderElection;
use crate::lease_store::LeaseStore;
use crate::proof_of_death::Prover;
use crate::runtime;

/// The lock of one name whose election runs in the future that comes with it: for simulations.
#[doc(hidden)]
#[derive(Clone)]
pub struct SimulatedLock {
    name: Arc<LockName>,
    clock: Clock,
}

impl SimulatedLock {
    /// As [`LeaderElection::simulated`].
    pub fn new(
        config: &Config,
        store: Arc<dyn LeaseStore>,
        prover: Arc<dyn Prover>,
        clock: Clock,
        seed: u64,
    ) -> Result<(Self, impl Future<Output = ()> + use<>)> {
        let election = LeaderElection::on_demand(of_a_lock(config.check()?), None, clock)?;
        let driver = election.simulate(store, prover, seed)?;
        let name = Arc::new(LockName::new(election));
        Ok((Self { name, clock }, driver))
    }

    /// What decides who has the lock.
    pub fn election(&self) -> Arc<LeaderElection> {
        self.name.election.clone()
    }

    /// As [`Locks::lock_async`](super::Locks::lock_async), but `None` once it is closed.
    pub async fn acquire(
        &self,
        request: LockRequest,
        timeout: Duration,
    ) -> Result<Option<HeldLock>> {
        let acquired = self
            .name
            .clone()
            .acquire(request, Some(timeout), self.clock);
        runtime::for_application(acquired).await
    }
}
