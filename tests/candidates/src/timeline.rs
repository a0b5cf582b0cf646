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
pub struct Reign {
    /// Who.
    pub identity: String,
    /// Its first true answer.
    pub from: Moment,
    /// Its first answer that was no longer true; or when it could answer no more, because it was
    /// stopped or killed.
    pub until: Moment,
}

/// The reigns of all candidates, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub struct Timeline(Vec<Reign>);

impl Timeline {
    /// Puts the reigns of all candidates in order.
    pub fn new(reigns: impl IntoIterator<Item = Reign>) -> Self {
        let mut reigns: Vec<_> = reigns.into_iter().collect();
        reigns.sort_by_key(|reign| reign.from);
        Self(reigns)
    }

    /// All reigns, in the order in which they began.
    pub fn reigns(&self) -> &[Reign] {
        &self.0
    }

    /// The pairs of reigns that overlap.
    pub fn overlaps(&self) -> impl Iterator<Item = (&Reign, &Reign)> {
        self.successions().filter(|(old, new)| new.from < old.until)
    }

    /// The times between one candidate's last true answer and another's first.
    pub fn margins(&self) -> impl Iterator<Item = Duration> {
        self.successions()
            .filter(|(old, new)| old.identity != new.identity)
            .map(|(old, new)| between(old.until, new.from))
    }

    /// The times between one reign and the next, of whomever.
    pub fn gaps(&self) -> impl Iterator<Item = Duration> {
        self.successions()
            .map(|(old, new)| between(old.until, new.from))
    }

    /// How long after `moment` somebody led, if anybody did.
    pub fn wait_for_leader(&self, moment: Moment) -> Option<Duration> {
        let next = self.0.iter().find(|reign| reign.until > moment)?;
        Some(between(moment, next.from))
    }

    /// The reigns that began before `moment`.
    #[must_use]
    pub fn until(&self, moment: Moment) -> Self {
        let before = self.0.iter().filter(|reign| reign.from < moment);
        Self(before.cloned().collect())
    }

    /// Each reign with the one that began next.
    fn successions(&self) -> impl Iterator<Item = (&Reign, &Reign)> {
        self.0.iter().zip(self.0.iter().skip(1))
    }
}

/// Nothing where `to` is not later.
fn between(from: Moment, to: Moment) -> Duration {
    Duration::from_nanos(to.saturating_sub(from))
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.first().map_or(0, |reign| reign.from);
        let seconds = |moment: Moment| Duration::from_nanos(moment - start).as_secs_f64();
        for reign in &self.0 {
            let (from, until) = (seconds(reign.from), seconds(reign.until));
            writeln!(
                f,
                "{:>12}  {from:>10.4} s … {until:>10.4} s",
                reign.identity
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reign(identity: &str, from: Moment, until: Moment) -> Reign {
        Reign {
            identity: identity.to_owned(),
            from,
            until,
        }
    }

    #[test]
    fn two_leaders_at_one_instant_are_found() {
        let timeline = Timeline::new([reign("b", 9, 20), reign("a", 1, 10)]);
        assert_eq!(timeline.overlaps().count(), 1);
    }

    #[test]
    fn leaders_one_after_another_are_fine() {
        let timeline = Timeline::new([reign("b", 10, 20), reign("a", 1, 10), reign("a", 25, 30)]);
        assert_eq!(timeline.overlaps().count(), 0);
        let margins: Vec<_> = timeline.margins().collect();
        assert_eq!(margins, [Duration::from_nanos(0), Duration::from_nanos(5)]);
    }

    #[test]
    fn the_wait_for_a_leader_ends_with_the_reign_that_is_or_comes() {
        let timeline = Timeline::new([reign("a", 1, 10), reign("b", 15, 20)]);
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
