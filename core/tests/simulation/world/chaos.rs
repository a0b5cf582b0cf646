//! Lets things go wrong: at each process, on each link, at the server, and on the Lease.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, sleep_until};

use super::World;
use super::link::Weather;
use super::plan::CANDIDATES;
use super::process::Process;
use super::timeline::{What, Who};

const DAY: Duration = Duration::from_secs(86_400);
/// In two of its boots a machine is not up for just as many days.
const MOST_DAYS_UP: u32 = 60;

/// What can hold up a process, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The whole process stands still, as under `SIGSTOP` or suspend.
    Suspended,
    /// The election's thread gets no processor.
    Starved,
    /// The application hangs: no signs of life.
    Stalled,
    /// The listener hangs.
    Deaf,
}

/// What a process can go through.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fortune {
    IsHeldUp(Mishap),
    StepsDown,
    /// Stops in order, and is started again.
    Stops,
    IsHeldUpWhileItStops(Mishap),
    Dies,
    /// Is restored from a checkpoint, on another boot of its machine.
    IsRestored,
    /// While something holds it up, another thing happens to it.
    Worsens,
}

/// What else may happen to a process that is held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Dies,
    StepsDown,
    Stops,
    IsRestored,
    IsHeldUp(Mishap),
}

impl Mishap {
    pub(crate) const ALL: [Self; 4] = [Self::Suspended, Self::Starved, Self::Stalled, Self::Deaf];

    /// What can happen meanwhile: to one that stands still as a whole, only its death.
    fn next(self) -> Vec<Next> {
        let mut next = vec![Next::Dies];
        if self != Self::Suspended {
            next.extend([Next::StepsDown, Next::Stops, Next::IsRestored]);
            let others = Self::ALL.into_iter().filter(|other| *other != self);
            next.extend(others.map(Next::IsHeldUp));
        }
        next
    }
}

impl Fortune {
    pub(crate) const ALL: [Self; 8] = [
        Self::IsHeldUp(Mishap::Suspended),
        Self::IsHeldUp(Mishap::Starved),
        Self::IsHeldUp(Mishap::Stalled),
        Self::IsHeldUp(Mishap::Deaf),
        Self::StepsDown,
        Self::Stops,
        Self::IsHeldUpWhileItStops(Mishap::Suspended),
        Self::Dies,
    ];
}

/// Goes on for as long as the plan says. Returns the candidates' present lives when nothing is
/// wrong with them any more.
pub(crate) async fn rage(world: &Arc<World>) -> Vec<Process> {
    let until = Instant::now() + world.plan.length;
    let trouble = |purpose: &str, slot: usize| Trouble {
        world: world.clone(),
        slot,
        until,
        random: world.plan.random_for(purpose, slot as u64),
    };
    let at_each = |purpose| (0..CANDIDATES).map(move |slot| (purpose, slot));
    let processes = at_each("process").map(|(purpose, slot)| trouble(purpose, slot).at_process());
    let links = at_each("link").map(|(purpose, slot)| trouble(purpose, slot).on_link());
    let (processes, ..) = tokio::join!(
        biased;
        join_all(processes),
        join_all(links),
        trouble("server", 0).at_server(),
        trouble("outage", 0).outages(),
        trouble("outsider", 0).on_lease(),
    );
    processes
}

/// One source of trouble.
struct Trouble {
    world: Arc<World>,
    slot: usize,
    until: Instant,
    random: Rng,
}

impl Trouble {
    async fn at_process(mut self) -> Process {
        sleep(self.up_to(self.world.plan.longest_lease() / 10)).await;
        let mut process = Process::start(&self.world, self.slot);
        while self.comes().await {
            let Some(fortune) = self.random.choice(self.world.plan.fortunes.clone()) else {
                break;
            };
            match fortune {
                Fortune::IsHeldUp(mishap) => self.hold_up(&process, mishap).await,
                Fortune::StepsDown => process.step_down(&self.world),
                Fortune::Stops => {
                    process.stop(&self.world).await;
                    process = self.restart().await;
                }
                Fortune::IsHeldUpWhileItStops(mishap) => {
                    process.request_stop(&self.world);
                    sleep(self.up_to(self.world.plan.longest_lease())).await;
                    self.hold_up(&process, mishap).await;
                    process.stop(&self.world).await;
                    process = self.restart().await;
                }
                Fortune::Dies => {
                    process.crash(&self.world).await;
                    process = self.restart().await;
                }
                Fortune::IsRestored => self.restore(&process).await,
                Fortune::Worsens => process = self.worsen(process).await,
            }
        }
        process
    }

    async fn worsen(&mut self, mut process: Process) -> Process {
        let mishap = self.pick(Mishap::ALL);
        let next = self.pick(mishap.next());
        process.hold_up(&self.world, mishap);
        sleep(self.duration()).await;
        match next {
            Next::Dies => {
                process.crash(&self.world).await;
                return self.restart().await;
            }
            Next::StepsDown => process.step_down(&self.world),
            Next::IsRestored => self.restore(&process).await,
            Next::Stops => process.request_stop(&self.world),
            Next::IsHeldUp(other) => self.hold_up(&process, other).await,
        }
        sleep(self.duration()).await;
        process.let_go(&self.world, mishap);
        if next == Next::Stops {
            process.stop(&self.world).await;
            return self.restart().await;
        }
        process
    }

    async fn restart(&mut self) -> Process {
        sleep(self.duration()).await;
        Process::start(&self.world, self.slot)
    }

    async fn hold_up(&mut self, process: &Process, mishap: Mishap) {
        process.hold_up(&self.world, mishap);
        sleep(self.duration()).await;
        process.let_go(&self.world, mishap);
    }

    /// From a checkpoint, on a machine that has booted since: sooner or longer ago than the one before, or
    /// with a clock that goes on where it was.
    async fn restore(&mut self, process: &Process) {
        process.hold_up(&self.world, Mishap::Suspended);
        sleep(self.duration()).await;
        let uptime = match self.random.u8(..3) {
            0 => process.uptime(),
            _ => DAY * self.random.u32(..MOST_DAYS_UP),
        };
        process.restore(&self.world, uptime);
    }

    async fn on_link(mut self) {
        let usual = Weather::Flaky(self.world.plan.flakiness);
        self.set_weather(usual);
        while self.comes().await {
            let Some(weather) = self.random.choice(self.world.plan.weathers.clone()) else {
                break;
            };
            self.set_weather(weather);
            sleep(self.duration()).await;
            self.set_weather(usual);
        }
        sleep_until(self.until).await;
        self.set_weather(Weather::Fair);
    }

    fn set_weather(&self, weather: Weather) {
        let who = Who::Candidate(self.world.present_name(self.slot));
        self.world.timeline.note(who, What::Weather(weather));
        self.world.links[self.slot].set(weather);
    }

    /// What every API server does from time to time.
    async fn at_server(mut self) {
        let store = self.world.server.store.clone();
        while self.comes().await {
            match self.random.u8(..3) {
                0 => store.end_watches(),
                1 => store.compact(),
                _ => drop(store.bookmark()),
            }
        }
    }

    async fn outages(mut self) {
        while self.world.plan.outages && self.comes().await {
            self.set_down(true);
            sleep(self.duration()).await;
            self.set_down(false);
        }
    }

    fn set_down(&self, down: bool) {
        let what = if down {
            What::ServerFails
        } else {
            What::ServerRecovers
        };
        self.world.timeline.note(Who::World, what);
        self.world.server.set_down(down);
    }

    async fn on_lease(mut self) {
        while self.comes().await {
            let Some(meddling) = self.random.choice(self.world.plan.meddlings.clone()) else {
                return;
            };
            self.world.server.meddle(meddling, self.random.u64(..1_000));
        }
    }

    /// Waits for the next fault; false when there will be none.
    async fn comes(&mut self) -> bool {
        let gap = self.up_to(self.world.plan.gap * 2);
        sleep_until(self.until.min(Instant::now() + gap)).await;
        Instant::now() < self.until
    }

    /// How long a fault lasts: mostly short, at times several lease durations, never too long.
    fn duration(&mut self) -> Duration {
        let longest = self.world.plan.longest_lease() * 3;
        let drawn = longest.mul_f64(self.random.f64() * self.random.f64());
        drawn.min(self.until.saturating_duration_since(Instant::now()))
    }

    fn pick<T>(&mut self, from: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) -> T {
        let picked = self.random.choice(from);
        picked.expect("there is something to pick from")
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.random.f64())
    }
}
