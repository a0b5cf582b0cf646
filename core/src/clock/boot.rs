//! Which boot of the machine the clock belongs to. It changes under a running process that is restored
//! from a checkpoint, and with it the clock's zero.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Clock, Instant, Source};
use crate::system::clock;

/// How long a look is good for, which all elections of a thread share: each looks in each of its turns.
/// A clock that is another one ends it at once. If the clock goes on in the next boot where it was, a turn
/// within this time may still go by the boot before, as one that began just before the checkpoint would.
const GOOD_FOR: Duration = Duration::from_millis(250);

thread_local! {
    static LOOKS: RefCell<Looks> = const { RefCell::new(Looks(None)) };
}

/// The boot that an election knows.
#[derive(Debug)]
pub(crate) struct Boot {
    /// `None` as long as nobody could look.
    id: Option<Arc<str>>,
}

impl Boot {
    pub(crate) fn of(clock: &Clock) -> Self {
        Self { id: look(clock) }
    }

    /// Whether this is another boot than at the last look. If nobody can look, that is no sign of one.
    pub(crate) fn has_changed(&mut self, clock: &Clock) -> bool {
        self.see(look(clock))
    }

    fn see(&mut self, id: Option<Arc<str>>) -> bool {
        let Some(id) = id else { return false };
        let before = self.id.replace(id);
        before.is_some() && before != self.id
    }
}

/// Which boot of its machine `clock` counts from; see [`clock::boot_id`].
fn look(clock: &Clock) -> Option<Arc<str>> {
    match clock.0 {
        Source::SuspendAware => {
            LOOKS.with_borrow_mut(|looks| looks.at(clock.now(), clock::boot_id))
        }
        Source::Simulated { machine, .. } => {
            let boot = machine.map_or(0, |it| it.boot.load(Ordering::Relaxed));
            Some(boot.to_string().into())
        }
    }
}

/// The last look, when it was, and what was seen.
#[derive(Debug)]
struct Looks(Option<(Instant, Option<Arc<str>>)>);

impl Looks {
    /// Returns what was seen last if that is still good `now`, else what `read` returns.
    fn at(&mut self, now: Instant, read: impl FnOnce() -> Option<String>) -> Option<Arc<str>> {
        // A clock that went back is another one.
        let good = |(then, _): &&(Instant, _)| *then <= now && now.since(*then) < GOOD_FOR;
        if let Some((_, seen)) = self.0.as_ref().filter(good) {
            return seen.clone();
        }
        let seen = read().map(Arc::from);
        self.0 = Some((now, seen.clone()));
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_that_nobody_can_look_at_has_not_changed() {
        let seen = |id: &str| Some(Arc::from(id));
        let mut boot = Boot { id: seen("first") };
        assert!(!boot.see(None));
        assert!(!boot.see(seen("first")));
        assert!(boot.see(seen("second")));
        assert!(!boot.see(seen("second")));
        let mut hidden_at_first = Boot { id: None };
        assert!(!hidden_at_first.see(seen("first")));
        assert!(hidden_at_first.see(seen("second")));
    }

    #[test]
    fn a_thousand_elections_share_a_look() {
        let mut looks = Looks(None);
        let mut reads = 0;
        let now = Instant::from_nanos(1);
        for election in 0..1_000 {
            let seen = looks.at(now + Duration::from_micros(election), || {
                reads += 1;
                Some("first".to_owned())
            });
            assert_eq!(seen.as_deref(), Some("first"));
        }
        assert_eq!(reads, 1);
    }

    #[test]
    fn a_look_is_not_good_for_long_nor_by_another_clock() {
        let day = Duration::from_secs(86_400);
        let then = Instant::ZERO + day;
        for (now, is_fresh) in [
            (then, false),
            (then + GOOD_FOR / 2, false),
            (then + GOOD_FOR, true),
            (then + day, true),
            // The next boot has begun later.
            (Instant::from_nanos(then.as_nanos() - 1), true),
            (Instant::ZERO, true),
        ] {
            let mut looks = Looks(None);
            looks.at(then, || Some("first".to_owned()));
            let seen = looks.at(now, || Some("second".to_owned()));
            let expected = if is_fresh { "second" } else { "first" };
            assert_eq!(seen.as_deref(), Some(expected), "{now:?}");
        }
    }
}
