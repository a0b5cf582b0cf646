//! Waits for the proof that the holder is dead, as of the version that is known.

use futures_core::future::BoxFuture;

use crate::election::ProvenDeath;
use crate::lease_record::{Proof, ResourceVersion, StoredLease};
use crate::proof_of_death::Prover;

/// What is waited for, if anything is.
#[derive(Default)]
pub(super) struct Proving(Option<Waiting>);

struct Waiting {
    uid: String,
    version: ResourceVersion,
    death: BoxFuture<'static, Proof>,
}

impl Proving {
    /// Waits for the death of the holder in `provable` from now on, and for no other.
    pub(super) fn follow(&mut self, provable: Option<&StoredLease>, prover: &dyn Prover) {
        let Some(lease) = provable else {
            self.0 = None;
            return;
        };
        let is_waited_for =
            |waiting: &Waiting| waiting.version == lease.version && waiting.uid == lease.uid;
        if !self.0.as_ref().is_some_and(is_waited_for) {
            self.0 = Some(Waiting {
                uid: lease.uid.clone(),
                version: lease.version,
                death: prover.death(lease),
            });
        }
    }

    /// The proof; does not end while there is none. May be dropped and called again at any time.
    pub(super) async fn proven(&mut self) -> ProvenDeath {
        let Some(waiting) = &mut self.0 else {
            return std::future::pending().await;
        };
        let proof = (&mut waiting.death).await;
        let proven = ProvenDeath {
            uid: std::mem::take(&mut waiting.uid),
            version: waiting.version,
            proof,
        };
        self.0 = None;
        proven
    }
}
