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

    /// Two reigns that overlap, if any do.
    pub fn overlap(&self) -> Option<(&Reign, &Reign)> {
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        pairs.clone().find(|(old, new)| new.from < old.until)
    }

    /// The times between one candidate's last true answer and another's first.
    pub fn margins(&self) -> impl Iterator<Item = Duration> {
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        pairs
            .filter(|(old, new)| old.identity != new.identity)
            .map(|(old, new)| Duration::from_nanos(new.from.saturating_sub(old.until)))
    }
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
        assert!(timeline.overlap().is_some());
    }

    #[test]
    fn leaders_one_after_another_are_fine() {
        let timeline = Timeline::new([reign("b", 10, 20), reign("a", 1, 10), reign("a", 25, 30)]);
        assert_eq!(timeline.overlap(), None);
        let margins: Vec<_> = timeline.margins().collect();
        assert_eq!(margins, [Duration::from_nanos(0), Duration::from_nanos(5)]);
    }

    #[test]
    fn only_lines_of_the_contract_are_answers() {
        assert_eq!(Answer::parse("LEADER 12\n"), Some((Answer::Leader, 12)));
        assert_eq!(Answer::parse("LEADER"), None);
        assert_eq!(Answer::parse("leader 12"), None);
    }
}
