//! Who said when that it leads.

use std::fmt;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// An instant of `CLOCK_MONOTONIC`, in nanoseconds: the same for all processes of a machine.
pub type Moment = u64;

/// The moment now.
pub fn now() -> Moment {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// A change of a candidate's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It takes part.
    Ready,
    /// It leads.
    Leader,
    /// It no longer leads.
    Follower,
}

impl Answer {
    /// Reads a line such as `LEADER 123456789`.
    pub fn parse(line: &str) -> Option<(Self, Moment)> {
        let (answer, moment) = line.trim_end().split_once(' ')?;
        let answer = match answer {
            "READY" => Self::Ready,
            "LEADER" => Self::Leader,
            "FOLLOWER" => Self::Follower,
            _ => return None,
        };
        Some((answer, moment.parse().ok()?))
    }
}

/// A time during which one candidate answered that it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermInterval {
    /// Who.
    pub identity: String,
    /// Its first true answer.
    pub from: Moment,
    /// Its first answer that was no longer true; or when it could no longer answer, because it was
    /// stopped or killed.
    pub until: Moment,
}

/// The term intervals of all candidates, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub struct Timeline(Vec<TermInterval>);

impl Timeline {
    /// Puts the term intervals of all candidates in order.
    pub fn new(intervals: impl IntoIterator<Item = TermInterval>) -> Self {
        let mut intervals: Vec<_> = intervals.into_iter().collect();
        intervals.sort_by_key(|it| it.from);
        Self(intervals)
    }

    /// All of them, in the order in which they began.
    pub fn intervals(&self) -> &[TermInterval] {
        &self.0
    }

    /// The pairs that overlap.
    pub fn overlaps(&self) -> impl Iterator<Item = (&TermInterval, &TermInterval)> {
        self.successions().filter(|(old, new)| new.from < old.until)
    }

    /// The longest time for which two led, if any did.
    pub fn longest_overlap(&self) -> Option<Duration> {
        let overlaps = self.overlaps();
        let lengths = overlaps.map(|(old, new)| between(new.from, old.until.min(new.until)));
        lengths.max()
    }

    /// The times between one candidate's last true answer and another's first.
    pub fn margins(&self) -> impl Iterator<Item = Duration> {
        self.successions()
            .filter(|(old, new)| old.identity != new.identity)
            .map(|(old, new)| between(old.until, new.from))
    }

    /// The times between one and the next, of any candidate.
    pub fn gaps(&self) -> impl Iterator<Item = Duration> {
        self.successions()
            .map(|(old, new)| between(old.until, new.from))
    }

    /// How long after `moment` somebody led, if anybody did.
    pub fn wait_for_leader(&self, moment: Moment) -> Option<Duration> {
        let next = self.0.iter().find(|it| it.until > moment)?;
        Some(between(moment, next.from))
    }

    /// Those that began before `moment`.
    #[must_use]
    pub fn until(&self, moment: Moment) -> Self {
        let before = self.0.iter().filter(|it| it.from < moment);
        Self(before.cloned().collect())
    }

    /// Each with the one that began next.
    fn successions(&self) -> impl Iterator<Item = (&TermInterval, &TermInterval)> {
        self.0.iter().zip(self.0.iter().skip(1))
    }
}

/// Zero if `to` is not later.
fn between(from: Moment, to: Moment) -> Duration {
    Duration::from_nanos(to.saturating_sub(from))
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.first().map_or(0, |it| it.from);
        let seconds = |moment: Moment| Duration::from_nanos(moment - start).as_secs_f64();
        for (index, it) in self.0.iter().enumerate() {
            let (from, until) = (seconds(it.from), seconds(it.until));
            write!(f, "{:>12}  {from:>10.4} s … {until:>10.4} s", it.identity)?;
            let before = self.0[..index].iter();
            for other in before.filter(|other| it.from < other.until) {
                let beside = between(it.from, other.until.min(it.until)).as_secs_f64();
                write!(f, "  beside {} for {beside:.4} s", other.identity)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(identity: &str, from: Moment, until: Moment) -> TermInterval {
        TermInterval {
            identity: identity.to_owned(),
            from,
            until,
        }
    }

    #[test]
    fn two_leaders_at_one_instant_are_found() {
        let timeline = Timeline::new([interval("b", 9, 20), interval("a", 1, 10)]);
        assert_eq!(timeline.overlaps().count(), 1);
        assert_eq!(timeline.longest_overlap(), Some(Duration::from_nanos(1)));
        assert!(timeline.to_string().contains("beside a for 0.0000 s"));
    }

    #[test]
    fn leaders_one_after_another_are_fine() {
        let timeline = Timeline::new([
            interval("b", 10, 20),
            interval("a", 1, 10),
            interval("a", 25, 30),
        ]);
        assert_eq!(timeline.overlaps().count(), 0);
        assert_eq!(timeline.longest_overlap(), None);
        assert!(!timeline.to_string().contains("beside"));
        let margins: Vec<_> = timeline.margins().collect();
        assert_eq!(margins, [Duration::from_nanos(0), Duration::from_nanos(5)]);
    }

    #[test]
    fn the_wait_for_a_leader_ends_with_the_term_that_is_or_comes() {
        let timeline = Timeline::new([interval("a", 1, 10), interval("b", 15, 20)]);
        let wait = |moment| timeline.wait_for_leader(moment);
        assert_eq!(wait(5), Some(Duration::ZERO));
        assert_eq!(wait(12), Some(Duration::from_nanos(3)));
        assert_eq!(wait(20), None);
        assert_eq!(timeline.until(15).gaps().count(), 0);
    }

    #[test]
    fn only_lines_of_the_contract_are_answers() {
        assert_eq!(Answer::parse("LEADER 12\n"), Some((Answer::Leader, 12)));
        assert_eq!(Answer::parse("LEADER"), None);
        assert_eq!(Answer::parse("leader 12"), None);
    }
}
