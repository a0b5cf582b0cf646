//! The one clock of every answer: time since boot, suspend included.
//!
//! A clock that stops while a machine is suspended would leave a laptop that wakes after an hour
//! believing in its leadership. `system::clock` knows the clock that does not, on each system.

mod boot;
mod suspend;

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use self::boot::Boot;
use crate::system::clock;

/// How often a sleeping task looks at a simulated clock, whose machine may have booted again.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// A local instant, in nanoseconds on the suspend-aware clock. Never compared across machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// Before every instant that a clock returns.
    pub const ZERO: Self = Self(0);

    /// The instant `nanos` nanoseconds after the clock's zero.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's zero.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to here; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A wall-clock time in microseconds since the Unix epoch, the precision of a Lease's `MicroTime`.
/// Written into records for people to read; never used to judge expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// The wall-clock time `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl From<SystemTime> for WallTime {
    fn from(time: SystemTime) -> Self {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(micros(after)),
            Err(before) => Self(-micros(before.duration())),
        }
    }
}

impl From<WallTime> for SystemTime {
    fn from(time: WallTime) -> Self {
        let distance = Duration::from_micros(time.0.unsigned_abs());
        if time.0 >= 0 {
            UNIX_EPOCH + distance
        } else {
            UNIX_EPOCH - distance
        }
    }
}

/// Where an election takes its time from.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Source);

#[derive(Clone, Copy, Debug)]
enum Source {
    SuspendAware,
    /// Tokio's clock, which a test may pause and advance.
    Simulated {
        origin: tokio::time::Instant,
        wall_origin: WallTime,
        rate: f64,
        machine: Option<&'static SimulatedMachine>,
    },
}

/// What a simulated clock counts from: the boot of a machine, which changes under a process that is
/// restored from a checkpoint.
#[derive(Debug)]
pub struct SimulatedMachine {
    boot: AtomicU64,
    /// How long it had been up when the simulation began, in nanoseconds.
    uptime: AtomicU64,
}

impl SimulatedMachine {
    /// One that has been up for so long.
    pub fn up_for(uptime: Duration) -> Self {
        Self {
            boot: AtomicU64::new(1),
            uptime: AtomicU64::new(nanos(uptime)),
        }
    }

    /// How long it had been up when the simulation began, by the present boot's clock.
    pub fn uptime(&self) -> Duration {
        Duration::from_nanos(self.uptime.load(Ordering::Relaxed))
    }

    /// Another boot, whose clock began so long before the simulation.
    pub fn reboot(&self, uptime: Duration) {
        self.boot.fetch_add(1, Ordering::Relaxed);
        self.uptime.store(nanos(uptime), Ordering::Relaxed);
    }
}

impl Clock {
    /// The machine's suspend-aware clock.
    pub const fn suspend_aware() -> Self {
        Self(Source::SuspendAware)
    }

    /// Tokio's clock, for tests under `tokio::time::pause`. Its wall clock starts at `wall_origin`.
    pub fn simulated(wall_origin: WallTime) -> Self {
        Self(Source::Simulated {
            origin: tokio::time::Instant::now(),
            wall_origin,
            rate: 1.0,
            machine: None,
        })
    }

    /// The same simulated clock, on a machine that may boot again.
    #[must_use]
    pub fn on(mut self, of: &'static SimulatedMachine) -> Self {
        if let Source::Simulated { machine, .. } = &mut self.0 {
            *machine = Some(of);
        }
        self
    }

    /// The same simulated clock, running at `rate` times Tokio's speed, as the clocks of two
    /// machines drift apart. The machine's own clock runs as it does.
    #[must_use]
    pub fn at_rate(mut self, wanted: f64) -> Self {
        if let Source::Simulated { rate, .. } = &mut self.0 {
            *rate = wanted;
        }
        self
    }

    /// The instant now. Lock-free and allocation-free; safe in a forked child.
    #[inline(always)]
    pub fn now(&self) -> Instant {
        match self.0 {
            Source::SuspendAware => Instant(clock::nanos()),
            Source::Simulated {
                origin,
                rate,
                machine,
                ..
            } => {
                // Zero is kept for "never": a simulation starts one second after it.
                let uptime = machine.map_or(0, |it| it.uptime.load(Ordering::Relaxed));
                Instant(1_000_000_000 + uptime) + origin.elapsed().mul_f64(rate)
            }
        }
    }

    /// The wall-clock time now, for records and displays.
    pub fn wall(&self) -> WallTime {
        match self.0 {
            Source::SuspendAware => SystemTime::now().into(),
            Source::Simulated {
                origin,
                wall_origin,
                rate,
                ..
            } => {
                let elapsed = origin.elapsed().mul_f64(rate).as_micros();
                let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
                WallTime(wall_origin.0.saturating_add(elapsed))
            }
        }
    }

    /// Waits until the clock has reached `deadline`, at most a second late after a suspend; or until it
    /// has gone back, after which no deadline means anything.
    pub async fn sleep_until(&self, deadline: Instant) {
        if matches!(self.0, Source::SuspendAware) {
            return suspend::sleep_until(deadline, || Self::suspend_aware().now()).await;
        }
        let mut before = self.now();
        loop {
            let now = self.now();
            let left = deadline.since(now);
            if left.is_zero() || now < before {
                return;
            }
            before = now;
            tokio::time::sleep(left.min(LONGEST_NAP)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_survives_the_round_trip_on_both_sides_of_the_epoch() {
        for micros in [-1_500_001, 0, 1_790_000_000_123_456] {
            let time = WallTime::from_micros(micros);
            assert_eq!(WallTime::from(SystemTime::from(time)), time);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_sleeps_on_when_the_clock_has_gone_back() {
        let day = Duration::from_secs(86_400);
        let machine = Box::leak(Box::new(SimulatedMachine::up_for(day)));
        let clock = Clock::simulated(WallTime::default()).on(machine);
        let asleep = tokio::spawn(async move {
            clock.sleep_until(clock.now() + day).await;
        });
        tokio::time::sleep(day / 2).await;
        assert!(!asleep.is_finished());
        machine.reboot(Duration::ZERO);
        tokio::time::sleep(LONGEST_NAP * 2).await;
        assert!(asleep.is_finished());
    }

    #[test]
    fn a_time_span_never_turns_negative() {
        assert_eq!(
            Instant::from_nanos(1).since(Instant::from_nanos(2)),
            Duration::ZERO
        );
    }
}
