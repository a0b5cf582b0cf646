//! Waits on Tokio's timers, which do not count suspend on every system, and are still not late after it.
//!
//! One task compares the two clocks once a second for all that wait on its thread: an election that has
//! nothing to do then has no timer of its own to wake for.

use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::select;
use tokio::sync::Notify;
use tokio::time::{self, sleep};

use super::Instant;

/// How late a wait may end at most after a suspend, beside what it was on time before it.
const PERIOD: Duration = Duration::from_secs(1);
/// How far the clocks may come apart before those that wait look at theirs: more than is between two
/// readings.
const TOLERANCE: Duration = Duration::from_millis(50);

thread_local! {
    /// Where those of this thread hear that the clocks came apart. There is a task that tells it for as
    /// long as it is there. All elections are on one thread: on a runtime with several, that task could end
    /// just when somebody begins to wait.
    static WATCHED: RefCell<Weak<Notify>> = RefCell::default();
}

/// Waits until `clock` has reached `deadline`, at most `PERIOD` late after a suspend; or until it has gone
/// back, after which no deadline means anything.
pub(super) async fn sleep_until<C>(deadline: Instant, clock: C)
where
    C: Fn() -> Instant + Clone + Send + 'static,
{
    let mut before = clock();
    loop {
        let now = clock();
        let left = deadline.since(now);
        if left.is_zero() || now < before {
            return;
        }
        before = now;
        if left <= PERIOD {
            sleep(left).await;
            continue;
        }
        // What happens from here on is heard of, and what was before is in what is left.
        let suspended = watched(&clock).notified_owned();
        let now = clock();
        if now < before {
            return;
        }
        select! {
            () = sleep(deadline.since(now)) => {}
            () = suspended => {}
        }
    }
}

/// What tells of a suspend on this thread from now on.
fn watched<C>(clock: &C) -> Arc<Notify>
where
    C: Fn() -> Instant + Clone + Send + 'static,
{
    WATCHED.with_borrow_mut(|watched| {
        watched.upgrade().unwrap_or_else(|| {
            let fresh = Arc::new(Notify::new());
            *watched = Arc::downgrade(&fresh);
            let clocks = Clocks::new(clock.clone());
            tokio::spawn(watch(Arc::clone(&fresh), clocks));
            fresh
        })
    })
}

/// Tells those that wait when the clocks came apart, until nobody waits.
async fn watch<C: Fn() -> Instant>(waiting: Arc<Notify>, mut clocks: Clocks<C>) {
    // Its own, and those of who waits.
    while Arc::strong_count(&waiting) > 1 {
        sleep(PERIOD).await;
        if clocks.came_apart() {
            waiting.notify_waiters();
        }
    }
}

/// The clock that counts suspend, and the one of Tokio's timers, as they were when they agreed.
struct Clocks<C> {
    clock: C,
    then: (Instant, time::Instant),
}

impl<C: Fn() -> Instant> Clocks<C> {
    fn new(clock: C) -> Self {
        let then = (clock(), time::Instant::now());
        Self { clock, then }
    }

    /// Whether one has gone further than the other. After that they agree again.
    fn came_apart(&mut self) -> bool {
        let now = ((self.clock)(), time::Instant::now());
        let (clock, timers) = (now.0.since(self.then.0), now.1 - self.then.1);
        let came_apart = now.0 < self.then.0 || clock.abs_diff(timers) > TOLERANCE;
        if came_apart {
            self.then = now;
        }
        came_apart
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    /// A clock that goes on while the timers stand still, and counts how often somebody looks at it.
    #[derive(Clone)]
    struct Machine {
        origin: time::Instant,
        slept: Arc<AtomicU64>,
        looks: Arc<AtomicU64>,
    }

    impl Machine {
        fn new() -> Self {
            Self {
                origin: time::Instant::now(),
                slept: Arc::default(),
                looks: Arc::default(),
            }
        }

        fn sleeps(&self, time: Duration) {
            let seconds = time.as_secs();
            self.slept.fetch_add(seconds, Ordering::Relaxed);
        }

        fn clock(&self) -> impl Fn() -> Instant + Clone + Send + 'static {
            let machine = self.clone();
            move || {
                machine.looks.fetch_add(1, Ordering::Relaxed);
                let slept = Duration::from_secs(machine.slept.load(Ordering::Relaxed));
                Instant::from_nanos(1) + machine.origin.elapsed() + slept
            }
        }

        fn looks(&self) -> u64 {
            self.looks.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_most_a_second_late_after_a_suspend() {
        let machine = Machine::new();
        let clock = machine.clock();
        let mut waits = Box::pin(sleep_until(clock() + HOUR, clock));
        assert!(waits.as_mut().now_or_never().is_none());
        sleep(HOUR / 4).await;
        machine.sleeps(HOUR / 2);
        sleep(PERIOD * 2).await;
        assert!(waits.as_mut().now_or_never().is_none());
        machine.sleeps(HOUR / 4);
        let resumed = time::Instant::now();
        waits.await;
        assert!(resumed.elapsed() <= PERIOD);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_sleeps_on_when_the_clock_has_gone_back() {
        let machine = Machine::new();
        machine.sleeps(HOUR);
        let clock = machine.clock();
        let mut waits = Box::pin(sleep_until(clock() + HOUR, clock));
        assert!(waits.as_mut().now_or_never().is_none());
        sleep(HOUR / 2).await;
        assert!(waits.as_mut().now_or_never().is_none());
        machine.slept.store(0, Ordering::Relaxed);
        let restored = time::Instant::now();
        waits.await;
        assert!(restored.elapsed() <= PERIOD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_waits_cost_one_comparison_a_second() {
        let machine = Machine::new();
        let waits = (0..100).map(|_| {
            let clock = machine.clock();
            sleep_until(clock() + HOUR, clock)
        });
        join_all(waits).await;
        let seconds = HOUR.as_secs();
        assert!(
            (seconds..seconds + 1_000).contains(&machine.looks()),
            "{}",
            machine.looks()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_woken_when_nobody_waits() {
        let machine = Machine::new();
        let clock = machine.clock();
        let waits = sleep_until(clock() + HOUR, clock);
        assert!(waits.now_or_never().is_none());
        sleep(PERIOD * 2).await;
        let looks = machine.looks();
        sleep(HOUR).await;
        assert_eq!(machine.looks(), looks);

        // And who waits then is told again.
        let clock = machine.clock();
        let mut waits = Box::pin(sleep_until(clock() + HOUR, clock));
        assert!(waits.as_mut().now_or_never().is_none());
        machine.sleeps(HOUR);
        let resumed = time::Instant::now();
        waits.await;
        assert!(resumed.elapsed() <= PERIOD);
    }

    #[tokio::test(start_paused = true)]
    async fn sleeps_too_short_to_tell_add_up() {
        let origin = time::Instant::now();
        let slept = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&slept);
        let mut clocks = Clocks::new(move || {
            let slept = Duration::from_millis(counted.load(Ordering::Relaxed));
            Instant::from_nanos(1) + origin.elapsed() + slept
        });
        let mut came_apart = 0;
        for _ in 0..100 {
            slept.fetch_add(10, Ordering::Relaxed);
            came_apart += u32::from(clocks.came_apart());
        }
        assert_eq!(came_apart, 16);
    }
}
