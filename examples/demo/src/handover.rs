//! How leadership goes from one to the next, and what was done to bring that about.

use std::time::Duration;

use leasehold_tests::Moment;

use crate::history::{History, Term, between};

/// What is done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Start,
    Terminate,
    Kill,
    Pause,
    Resume,
}

pub(crate) struct Act {
    pub(crate) moment: Moment,
    pub(crate) who: usize,
    pub(crate) deed: Deed,
}

/// From one leader to the next.
pub(crate) struct Handover<'a> {
    pub(crate) old: &'a Term,
    pub(crate) new: &'a Term,
    /// What was done to the old leader; nothing, where it lost the Lease by itself.
    pub(crate) act: Option<&'a Act>,
}

impl Deed {
    /// The signal's name, which is what people look for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Terminate => "SIGTERM",
            Self::Kill => "SIGKILL",
            Self::Pause => "SIGSTOP",
            Self::Resume => "SIGCONT",
        }
    }

    fn ends_a_leadership(self) -> bool {
        matches!(self, Self::Terminate | Self::Kill | Self::Pause)
    }
}

impl<'a> Handover<'a> {
    /// All of them, in turn.
    pub(crate) fn all(history: &'a History) -> impl Iterator<Item = Self> {
        let pairs = history.terms.iter().zip(history.terms.iter().skip(1));
        pairs.map(|(old, new)| {
            let mut acts = history.acts.iter().rev();
            let act = acts.find(|act| {
                let meanwhile = old.from..=new.from;
                act.who == old.who
                    && act.deed.ends_a_leadership()
                    && meanwhile.contains(&act.moment)
            });
            Self { old, new, act }
        })
    }

    /// What caused it.
    pub(crate) fn cause(&self) -> &'a str {
        self.act.map_or(&self.old.end, |act| act.deed.name())
    }

    /// From the cause until somebody leads again.
    pub(crate) fn took(&self) -> Duration {
        let cause = self.act.map(|act| act.moment).or(self.old.until);
        between(cause.unwrap_or(self.new.from), self.new.from)
    }

    /// How long nobody led.
    pub(crate) fn gap(&self) -> Duration {
        between(self.old.until.unwrap_or(self.new.from), self.new.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::history;

    #[test]
    fn a_handover_is_counted_from_what_was_done_to_the_old_leader() {
        let mut history = history("1000 a acquired 1\n5000 a lost 1 stopped\n9000 b acquired 2");
        history.acts.push(Act {
            moment: 3000,
            who: 0,
            deed: Deed::Terminate,
        });
        let handovers: Vec<_> = Handover::all(&history).collect();
        let [handover] = handovers.as_slice() else {
            panic!("one handover");
        };
        assert_eq!(handover.cause(), "SIGTERM");
        assert_eq!(handover.took(), Duration::from_micros(6));
        assert_eq!(handover.gap(), Duration::from_micros(4));
    }

    #[test]
    fn one_who_loses_the_lease_by_itself_is_its_own_cause() {
        let history = history("1 a acquired 1\n5 a lost 1 EXPIRED\n9 b acquired 2");
        let handover = Handover::all(&history).next().unwrap();
        assert_eq!(handover.cause(), "expired");
        assert_eq!(handover.took(), Duration::from_nanos(4));
    }
}
