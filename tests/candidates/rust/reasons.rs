//! Why the candidate does not lead, on its standard error.

use leasehold::LeaderElection;

/// A look takes a lock and memory: not at each answer.
const ANSWERS_PER_LOOK: u32 = 50;

/// The last reason that was written.
#[derive(Default)]
pub(crate) struct Reasons {
    answers: u32,
    written: String,
}

impl Reasons {
    /// Writes a reason that is new. That a countdown goes on is no news.
    pub(crate) fn look_at(&mut self, election: &LeaderElection) {
        self.answers += 1;
        if !self.answers.is_multiple_of(ANSWERS_PER_LOOK) {
            return;
        }
        let reason = election.status().why_not_leading.unwrap_or_default();
        let mut essence = reason.clone();
        essence.retain(|it| !it.is_ascii_digit());
        if essence != self.written && !reason.is_empty() {
            eprintln!("not leading: {reason}");
        }
        self.written = essence;
    }
}
