//! Asks every candidate whether it leads, as its application would, and notes what changes.
//!
//! Between two turns of any driver an answer can only turn false, and does so at an instant known
//! before. Asking all after each turn of each driver therefore misses no instant at which two
//! candidates lead, however short. Candidates that are held up are asked as well.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use leasehold::LeaderElection;

use super::timeline::{Name, Timeline, What};

pub(crate) struct Witness {
    timeline: Arc<Timeline>,
    asked: Mutex<Vec<Asked>>,
}

struct Asked {
    name: Name,
    election: Arc<LeaderElection>,
    rate: f64,
    leading: Option<Reign>,
}

/// A leadership as last answered.
#[derive(Clone, Copy)]
struct Reign {
    token: u64,
    /// By the true clock.
    until: Duration,
}

impl Witness {
    pub(crate) fn new(timeline: Arc<Timeline>) -> Self {
        Self {
            timeline,
            asked: Mutex::default(),
        }
    }

    pub(crate) fn watch(&self, name: Name, election: Arc<LeaderElection>, rate: f64) {
        self.with_asked(|asked| {
            asked.push(Asked {
                name,
                election,
                rate,
                leading: None,
            });
        });
    }

    /// The process is dead: nobody can ask it any more.
    pub(crate) fn forget(&self, name: Name) {
        let now = self.timeline.now();
        self.with_asked(|asked| {
            for dead in asked.extract_if(.., |it| it.name == name) {
                self.note_end(&dead, now);
            }
        });
    }

    /// Notes who no longer leads, and then who leads.
    pub(crate) fn ask_all(&self) {
        let now = self.timeline.now();
        self.with_asked(|asked| {
            let answers: Vec<_> = asked.iter().map(|it| it.answer(now)).collect();
            for (candidate, answer) in asked.iter_mut().zip(&answers) {
                if !candidate.continues(answer.as_ref(), now) {
                    self.note_end(candidate, now);
                    candidate.leading = None;
                }
            }
            for (candidate, answer) in asked.iter_mut().zip(answers) {
                if let (None, Some(Reign { token, .. })) = (candidate.leading, answer) {
                    self.timeline.note_of(candidate.name, What::Leads { token });
                }
                candidate.leading = answer;
            }
        });
    }

    /// Asks those that do not lead for the reason.
    pub(crate) fn ask_why(&self) {
        self.with_asked(|asked| {
            for candidate in asked {
                let status = candidate.election.status();
                if status.remaining.is_zero() && status.why_not_leading.is_none() {
                    self.timeline.note_of(candidate.name, What::GivesNoReason);
                }
            }
        });
    }

    pub(crate) fn leader(&self) -> Option<Name> {
        self.with_asked(|asked| {
            let leader = asked.iter().find(|it| it.election.is_leader());
            leader.map(|it| it.name)
        })
    }

    fn note_end(&self, candidate: &Asked, now: Duration) {
        if let Some(Reign { token, until }) = candidate.leading {
            let since = until.min(now);
            let end = What::LeadsNoMore { token, since };
            self.timeline.note_of(candidate.name, end);
        }
    }

    fn with_asked<T>(&self, work: impl FnOnce(&mut Vec<Asked>) -> T) -> T {
        work(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Asked {
    fn answer(&self, now: Duration) -> Option<Reign> {
        self.election.is_leader().then(|| Reign {
            token: self.election.term().map_or(0, |term| term.fencing_token()),
            until: now + self.election.remaining().div_f64(self.rate),
        })
    }

    /// Whether `answer` goes on with the leadership answered before. It does not when the deadline
    /// had passed: anybody could have seen that, though it was extended since.
    fn continues(&self, answer: Option<&Reign>, now: Duration) -> bool {
        match (&self.leading, answer) {
            (Some(before), Some(after)) => before.token == after.token && now < before.until,
            (None, _) => true,
            (Some(_), None) => false,
        }
    }
}
