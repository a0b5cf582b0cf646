//! Which lives are over, and who gets to know: true proofs, to each candidate in its own time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use futures_core::future::BoxFuture;
use leasehold::lease_record::{HolderProcess, Proof, StoredLease};
use leasehold::proof_of_death::Prover;
use tokio::sync::watch;
use tokio::time::sleep;

use super::timeline::Name;

const PROOFS: [Proof; 3] = [
    Proof::ContainerRestarted,
    Proof::ContainerTerminated,
    Proof::LockReleased,
];

/// All that have been killed.
#[derive(Default)]
pub(crate) struct Deaths(watch::Sender<BTreeSet<String>>);

impl Deaths {
    pub(crate) fn note(&self, name: Name) {
        self.0.send_modify(|dead| {
            dead.insert(name.to_string());
        });
    }
}

/// What one candidate gets to know.
pub(crate) struct Messenger {
    pub(crate) name: Name,
    pub(crate) deaths: Arc<Deaths>,
    /// How long a proof may take.
    pub(crate) slowest: Duration,
    pub(crate) random: Mutex<Rng>,
}

impl Prover for Messenger {
    fn process(&self) -> Option<HolderProcess> {
        Some(HolderProcess {
            boot: self.name.to_string(),
            ..HolderProcess::default()
        })
    }

    fn death(&self, lease: &StoredLease) -> BoxFuture<'static, Proof> {
        let holder = lease
            .record
            .note
            .as_ref()
            .map(|note| note.process.boot.clone());
        let holder = holder.expect("only a holder that has noted its process can be proven dead");
        // By its name, which costs no random number.
        let proof = PROOFS[holder.bytes().map(usize::from).sum::<usize>() % PROOFS.len()];
        let mut dead = self.deaths.0.subscribe();
        let random = &mut self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = self.slowest.mul_f64(random.f64() * random.f64());
        Box::pin(async move {
            // The world is still there.
            let _ = dead.wait_for(|dead| dead.contains(&holder)).await;
            sleep(delay).await;
            proof
        })
    }
}
