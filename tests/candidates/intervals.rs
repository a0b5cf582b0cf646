//! When one candidate led, by what it has said and by what was done to it.

use super::timeline::{Answer, Moment, TermInterval};

/// The term intervals of one candidate so far.
#[derive(Debug)]
pub(crate) struct Intervals {
    identity: String,
    /// Or somebody else does, whom nobody stops or kills.
    speaks_itself: bool,
    leads_since: Option<Moment>,
    /// Since when it cannot answer, because it was stopped or killed.
    mute_since: Option<Moment>,
    ended: Vec<TermInterval>,
}

impl Intervals {
    pub(crate) fn new(identity: &str) -> Self {
        Self {
            identity: identity.to_owned(),
            speaks_itself: true,
            leads_since: None,
            mute_since: None,
            ended: Vec::new(),
        }
    }

    /// Of one for whom somebody else speaks.
    pub(crate) fn told_by_another(identity: &str) -> Self {
        Self {
            speaks_itself: false,
            ..Self::new(identity)
        }
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    pub(crate) fn has_led(&self) -> bool {
        self.leads_since.is_some() || !self.ended.is_empty()
    }

    pub(crate) fn leads_since(&self) -> Option<Moment> {
        self.leads_since
    }

    pub(crate) fn is_mute(&self) -> bool {
        self.mute_since.is_some()
    }

    /// It has said so.
    pub(crate) fn note(&mut self, answer: Answer, moment: Moment) {
        match answer {
            Answer::Ready => {}
            Answer::Leader => self.leads_since = Some(moment),
            Answer::Follower => self.end_term(moment),
        }
    }

    /// It was stopped or killed.
    pub(crate) fn silenced(&mut self, moment: Moment) {
        self.mute_since.get_or_insert(moment);
    }

    /// It goes on. One that led says when it notices that it no longer does; until then it counts
    /// as one that cannot answer.
    pub(crate) fn resumed(&mut self) {
        if self.leads_since.is_none() || !self.speaks_itself {
            self.mute_since = None;
        }
    }

    /// All intervals; a term that goes on ends now.
    pub(crate) fn finish(mut self, now: Moment) -> Vec<TermInterval> {
        self.end_term(now);
        self.ended
    }

    fn end_term(&mut self, moment: Moment) {
        let Some(from) = self.leads_since.take() else {
            return;
        };
        let silenced = self
            .mute_since
            .take_if(|mute_since| self.speaks_itself && *mute_since < moment);
        self.ended.push(TermInterval {
            identity: self.identity.clone(),
            from,
            until: silenced.unwrap_or(moment),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one candidate did, as pairs of moments.
    fn led(events: impl Fn(&mut Intervals)) -> Vec<(Moment, Moment)> {
        let mut intervals = Intervals::new("a");
        events(&mut intervals);
        let all = intervals.finish(100);
        all.iter().map(|it| (it.from, it.until)).collect()
    }

    #[test]
    fn a_term_lasts_from_leader_to_follower() {
        let terms = led(|it| {
            it.note(Answer::Ready, 1);
            it.note(Answer::Leader, 2);
            it.note(Answer::Follower, 5);
            it.note(Answer::Leader, 7);
        });
        assert_eq!(terms, [(2, 5), (7, 100)]);
    }

    #[test]
    fn who_is_silenced_while_it_leads_led_until_then() {
        let killed = led(|it| {
            it.note(Answer::Leader, 2);
            it.silenced(5);
        });
        assert_eq!(killed, [(2, 5)]);
        let paused = led(|it| {
            it.note(Answer::Leader, 2);
            it.silenced(5);
            it.resumed();
            it.note(Answer::Follower, 9);
            it.note(Answer::Leader, 11);
            it.note(Answer::Follower, 12);
        });
        assert_eq!(paused, [(2, 5), (11, 12)]);
    }

    #[test]
    fn whose_work_goes_on_when_it_was_silenced_led_until_that_ended() {
        let mut intervals = Intervals::told_by_another("a");
        intervals.note(Answer::Leader, 2);
        intervals.silenced(5);
        assert!(intervals.is_mute());
        intervals.note(Answer::Follower, 7);
        intervals.resumed();
        assert!(!intervals.is_mute());
        assert_eq!(intervals.finish(100)[0].until, 7);
    }

    /// Its line was on its way meanwhile.
    #[test]
    fn who_had_stopped_leading_before_it_was_silenced_led_no_longer_than_it_said() {
        let terms = led(|it| {
            it.note(Answer::Leader, 2);
            it.silenced(5);
            it.note(Answer::Follower, 4);
        });
        assert_eq!(terms, [(2, 4)]);
    }
}
