//! What has happened: who led when, what was done to whom, and what was run.

use std::time::Duration;

use anyhow::{Context, Result};
use leasehold_tests::{Moment, now};

use crate::handover::{Act, Deed};
use crate::ledger::{Entry, What};

/// The whole of it. Candidates are numbered in the order in which they joined.
pub(crate) struct History {
    pub(crate) began: Moment,
    /// What came before is told of, but not drawn.
    pub(crate) drawn_from: Moment,
    pub(crate) candidates: Vec<Candidate>,
    /// In the order in which they began.
    pub(crate) terms: Vec<Term>,
    /// In the order in which they are in the ledger.
    pub(crate) runs: Vec<Run>,
    pub(crate) acts: Vec<Act>,
}

pub(crate) struct Candidate {
    pub(crate) name: String,
    /// Its states, and since when.
    pub(crate) phases: Vec<(Moment, State)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Down,
    Starting,
    Standby,
    Leading,
    Paused,
}

/// One leadership, from the first that was told of it to the last.
pub(crate) struct Term {
    pub(crate) who: usize,
    pub(crate) token: u64,
    pub(crate) from: Moment,
    /// When its holder said that it is over; or could no longer say anything, killed or paused.
    pub(crate) until: Option<Moment>,
    /// Why it is over.
    pub(crate) end: String,
}

/// The job, run once.
pub(crate) struct Run {
    pub(crate) who: usize,
    pub(crate) token: u64,
    pub(crate) due: u64,
    pub(crate) moment: Moment,
}

impl History {
    pub(crate) fn new() -> Self {
        let began = now();
        Self {
            began,
            drawn_from: began,
            candidates: Vec::new(),
            terms: Vec::new(),
            runs: Vec::new(),
            acts: Vec::new(),
        }
    }

    // ---- what is told of it --------------------------------------------------------------------

    /// Takes a candidate in, and returns its number.
    pub(crate) fn join(&mut self, name: &str) -> usize {
        self.candidates.push(Candidate {
            name: name.to_owned(),
            phases: vec![(self.began, State::Down)],
        });
        self.candidates.len() - 1
    }

    /// Takes a line of the ledger.
    pub(crate) fn note(&mut self, entry: Entry) -> Result<()> {
        let mut names = self.candidates.iter();
        let who = names.position(|candidate| candidate.name == entry.who);
        let who = who.with_context(|| format!("`{}` is not of this demo", entry.who))?;
        let moment = entry.moment;
        match entry.what {
            What::Ready => {
                // It may lead already.
                if self.state(who) == State::Starting {
                    self.enter(who, moment, State::Standby);
                }
            }
            What::Acquired { token } => {
                self.enter(who, moment, State::Leading);
                let mut terms = self.terms.iter_mut();
                match terms.find(|term| term.who == who && term.token == token) {
                    // Its sidecar had not answered for a while.
                    Some(term) => term.until = None,
                    None => self.terms.push(Term {
                        who,
                        token,
                        from: moment,
                        until: None,
                        end: String::new(),
                    }),
                }
                self.terms.sort_by_key(|term| term.from);
            }
            What::Lost { token, reason } => {
                if self.state(who) == State::Leading {
                    self.enter(who, moment, State::Standby);
                }
                self.end_term(
                    |term| term.who == who && term.token == token,
                    moment,
                    &reason,
                );
            }
            What::Run { token, due } => self.runs.push(Run {
                who,
                token,
                due,
                moment,
            }),
        }
        Ok(())
    }

    /// Takes note of what was just done to a process.
    pub(crate) fn act(&mut self, who: usize, deed: Deed) {
        let moment = now();
        self.acts.push(Act { moment, who, deed });
        match deed {
            Deed::Start => self.enter(who, moment, State::Starting),
            Deed::Kill => self.enter(who, moment, State::Down),
            Deed::Pause => self.enter(who, moment, State::Paused),
            Deed::Resume => self.enter(who, moment, State::Standby),
            Deed::Terminate => {}
        }
        if matches!(deed, Deed::Kill | Deed::Pause) {
            self.end_term(|term| term.who == who, moment, deed.name());
        }
    }

    /// Takes note that a process is gone.
    pub(crate) fn gone(&mut self, who: usize) {
        if self.state(who) != State::Down {
            self.enter(who, now(), State::Down);
        }
    }

    fn enter(&mut self, who: usize, moment: Moment, state: State) {
        self.candidates[who].phases.push((moment, state));
    }

    /// Ends those terms that are not over yet.
    fn end_term(&mut self, which: impl Fn(&Term) -> bool, moment: Moment, end: &str) {
        let open = self.terms.iter_mut().filter(|term| term.until.is_none());
        for term in open.filter(|term| which(term)) {
            term.until = Some(moment);
            end.clone_into(&mut term.end);
        }
    }

    // ---- what can be asked of it ---------------------------------------------------------------

    pub(crate) fn name(&self, who: usize) -> &str {
        &self.candidates[who].name
    }

    pub(crate) fn state(&self, who: usize) -> State {
        self.state_at(who, Moment::MAX)
    }

    pub(crate) fn state_at(&self, who: usize, moment: Moment) -> State {
        let mut phases = self.candidates[who].phases.iter().rev();
        let phase = phases.find(|(from, _)| *from <= moment);
        phase.map_or(State::Down, |&(_, state)| state)
    }

    /// The term that is not over.
    pub(crate) fn present_term(&self) -> Option<&Term> {
        self.terms.iter().rev().find(|term| term.until.is_none())
    }

    pub(crate) fn has_led(&self, who: usize) -> bool {
        self.terms.iter().any(|term| term.who == who)
    }

    /// How often the job ran in a term.
    pub(crate) fn runs_of(&self, term: &Term) -> usize {
        let of_it = |run: &&Run| run.who == term.who && run.token == term.token;
        self.runs.iter().filter(of_it).count()
    }

    /// A moment as the time since it began.
    pub(crate) fn time(&self, moment: Moment) -> Duration {
        between(self.began, moment)
    }
}

/// Nothing where `to` is not later.
pub(crate) fn between(from: Moment, to: Moment) -> Duration {
    Duration::from_nanos(to.saturating_sub(from))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What the ledger would hold after these lines, written by candidates `a`, `b` and `c`.
    pub(crate) fn history(lines: &str) -> History {
        let mut history = History::new();
        (history.began, history.drawn_from) = (0, 0);
        for name in ["a", "b", "c"] {
            history.join(name);
        }
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            history.note(Entry::parse(line).unwrap()).unwrap();
        }
        history
    }

    #[test]
    fn a_paused_leader_leads_until_it_was_paused_no_matter_what_it_says_when_it_wakes() {
        let mut history = history("1 a acquired 1");
        history.act(0, Deed::Pause);
        let paused = history.terms[0].until;
        assert!(paused.is_some());
        history
            .note(Entry::parse("999999999999999999 a lost 1 expired").unwrap())
            .unwrap();
        assert_eq!(history.terms[0].until, paused);
        assert_eq!(history.state(0), State::Paused);
    }

    #[test]
    fn a_term_whose_holder_was_not_sure_of_it_for_a_while_is_one() {
        let history = history(
            "1 a acquired 1
            5 a lost 1 no_answer
            6 a acquired 1",
        );
        assert_eq!(history.terms.len(), 1);
        assert_eq!(history.terms[0].until, None);
        assert_eq!(history.state(0), State::Leading);
    }

    #[test]
    fn nobody_but_the_candidates_writes_to_the_ledger() {
        let stranger = Entry::parse("1 stranger ready").unwrap();
        let error = history("").note(stranger).unwrap_err();
        assert_eq!(error.to_string(), "`stranger` is not of this demo");
    }
}
