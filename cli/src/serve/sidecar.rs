//! The election as the application beside it sees it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use leasehold::{Event, LeaderElection, Result, Subscription, Term};

/// How long after its end an own Lease may still stand unrenewed (client-go's usual
/// `HealthzAdaptor`).
const HEALTH_TOLERANCE: Duration = Duration::from_secs(20);

/// Hexadecimal digits in the suffix of an identity that the core has drawn.
const SUFFIX_DIGITS: usize = 10;

/// One candidate, and whether it is on its way out.
pub(crate) struct Sidecar {
    election: LeaderElection,
    leaving: AtomicBool,
}

/// Whether the application may act now.
pub(crate) struct Answer {
    pub(crate) identity: Option<String>,
    pub(crate) leadership: Leadership,
}

/// The present term, or why there is none.
pub(crate) enum Leadership {
    Leading(Term),
    NotLeading { why: String },
}

impl Sidecar {
    pub(crate) fn new(election: LeaderElection) -> Self {
        Self {
            election,
            leaving: AtomicBool::new(false),
        }
    }

    /// Takes part from now on. Blocks while credentials are loaded.
    pub(crate) fn start(&self) -> Result<()> {
        self.election.start()
    }

    /// Whether this instance leads at this very call.
    pub(crate) fn answer(&self) -> Answer {
        let status = self.election.status();
        let leadership = self.term().map_or_else(
            || Leadership::NotLeading {
                why: status
                    .why_not_leading
                    .unwrap_or_else(|| "the term has just ended".to_owned()),
            },
            Leadership::Leading,
        );
        Answer {
            identity: status.identity,
            leadership,
        }
    }

    fn term(&self) -> Option<Term> {
        if self.leaving.load(Ordering::SeqCst) {
            return None;
        }
        self.election.term().filter(Term::is_valid)
    }

    /// The pod that leads, as last observed. Empty if nobody does, and if the Lease names
    /// this pod, which is not entitled to act (any more, or not yet after a restart): applications
    /// compare this name with their own.
    pub(crate) fn leader_name(&self) -> String {
        let status = self.election.status();
        if let (Some(_), Some(identity)) = (self.term(), &status.identity) {
            return pod_of(identity).to_owned();
        }
        let own = status.identity.as_deref().map(pod_of);
        let holder = status.holder.as_deref().map(pod_of);
        holder.filter(|_| holder != own).unwrap_or_default().into()
    }

    pub(crate) fn health(&self) -> Result<()> {
        self.election.check_health(HEALTH_TOLERANCE)
    }

    pub(crate) fn metrics(&self) -> String {
        self.election.metrics()
    }

    /// From now on this instance does not lead; its Lease is released in the background.
    pub(crate) fn leave(&self) -> Result<()> {
        self.leaving.store(true, Ordering::SeqCst);
        self.election.request_stop().map(drop)
    }
}

/// The pod's name in an identity: what comes before the suffix that the core draws. A pod's name
/// itself cannot contain `_`.
fn pod_of(identity: &str) -> &str {
    match identity.rsplit_once('_') {
        Some((pod, suffix))
            if suffix.len() == SUFFIX_DIGITS && suffix.chars().all(|c| c.is_ascii_hexdigit()) =>
        {
            pod
        }
        _ => identity,
    }
}

/// Keeps the Lease from being released for `delay` after a term's end, in which the application
/// finds out and ends its work. Returns when the election has stopped.
pub(crate) async fn hold_lost_terms(mut events: Subscription, delay: Duration) {
    loop {
        match events.recv().await {
            Some(Event::Lost(loss)) => {
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    drop(loss);
                });
            }
            Some(Event::Stopped) | None => return,
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_identity_is_known_by_its_pod() {
        assert_eq!(pod_of("web-7d4b9-x2x_00ff00ff00"), "web-7d4b9-x2x");
    }

    #[test]
    fn a_given_identity_is_known_by_itself() {
        for identity in ["web-1", "10.0.0.7", "team_a", "web_00ff00ff0", ""] {
            assert_eq!(pod_of(identity), identity);
        }
    }
}
