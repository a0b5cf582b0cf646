//! One life of one candidate: its election's thread, its application's listener, its heart, the thread that
//! does what is to run once, and its scheduler.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures_util::FutureExt;
use leasehold::bindings::ForeignElection;
use leasehold::clock::{Clock, SimulatedMachine};
use leasehold::proof_of_death::{NoProof, Prover};
use leasehold::{
    Event, LeaderElection, LockRequest, RunOnceError, SimulatedLock, Subscription, Term,
};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::World;
use super::chaos::Mishap;
use super::deaths::Messenger;
use super::faulty_store::{Dice, FaultyStore};
use super::gate::Gate;
use super::plan::{JOB, Setup, due};
use super::timeline::{Name, Timeline, Told, What};

/// Signs of life in each stall timeout.
const HEART_RATE: u32 = 6;
/// Of the work that is to run once. As many as the Lease remembers would be too many.
const MOST_KEYS: u32 = 30;
/// The work of one key in so many fails, no matter who does it.
const POISONED: u32 = 5;
const STEPS: u32 = 8;

/// No whole number of days, as later ones are.
const FIRST_UPTIME: Duration = Duration::from_secs(30 * 86_400 + 43_200);

pub(crate) struct Process {
    pub(crate) name: Name,
    pub(crate) election: Arc<LeaderElection>,
    driver: Arc<Gate>,
    listener: Arc<Gate>,
    heart: Arc<Gate>,
    worker: Arc<Gate>,
    scheduler: Arc<Gate>,
    driving: JoinHandle<()>,
    machine: &'static SimulatedMachine,
    stopping: bool,
}

impl Process {
    /// Starts the next life of the candidate in `slot`.
    pub(crate) fn start(world: &Arc<World>, slot: usize) -> Self {
        let name = world.next_name(slot);
        let setup = &world.plan.candidates[slot];
        let mut random = world.plan.random_for(&name.to_string(), 0);
        let store = FaultyStore {
            name,
            server: world.server.clone(),
            link: world.links[slot].clone(),
            timeline: world.timeline.clone(),
            dice: Arc::new(Dice::new(random.fork())),
        };
        let prover: Arc<dyn Prover> = match setup.slowest_proof {
            None => Arc::new(NoProof),
            Some(slowest) => Arc::new(Messenger {
                name,
                deaths: world.deaths.clone(),
                slowest,
                random: Mutex::new(world.plan.random_for(&name.to_string(), 1)),
            }),
        };
        // As long as this program: clocks are copied, and cannot own what they share.
        let machine = Box::leak(Box::new(SimulatedMachine::up_for(FIRST_UPTIME)));
        let clock = Clock::simulated(setup.wall_origin)
            .at_rate(setup.rate)
            .on(machine);
        let config = setup.config(name);
        let (store, seed) = (Arc::new(store), random.u64(..));
        let (election, lock, driver) = if world.plan.locks {
            let simulated = SimulatedLock::new(&config, store, prover, clock, seed);
            let (lock, driver) = simulated.expect("the plan's settings are valid");
            (lock.election(), Some(lock), driver.boxed())
        } else {
            let simulated = LeaderElection::simulated(&config, store, prover, clock, seed);
            let (election, driver) = simulated.expect("the plan's settings are valid");
            (Arc::new(election), None, driver.boxed())
        };
        world.keep(election.clone());
        world.timeline.note_of(name, What::Starts);
        world.witness.watch(name, election.clone(), setup.rate);

        let gates: [Arc<Gate>; 5] = Default::default();
        let [
            driver_gate,
            listener_gate,
            heart_gate,
            worker_gate,
            scheduler_gate,
        ] = gates;
        let witness = world.witness.clone();
        let timeline = world.timeline.clone();
        let driving = async move {
            driver.await;
            timeline.note_of(name, What::Ends);
        };
        let driving = driver_gate
            .clone()
            .guard(driving, move || witness.ask_all());
        let listening = listen(
            election.subscribe().expect("this process was not forked"),
            Application {
                name,
                timeline: world.timeline.clone(),
                slowness: world.plan.slowness,
                drain_timeout: setup.drain_timeout,
                random,
            },
        );
        tokio::spawn(listener_gate.clone().guard(listening, || ()));
        if setup.has_heart {
            let beating = beat(election.clone(), setup.clone());
            tokio::spawn(heart_gate.clone().guard(beating, || ()));
        }
        let work = Work {
            world,
            name,
            election: election.clone(),
            worker: worker_gate.clone(),
            scheduler: scheduler_gate.clone(),
        };
        work.start(lock);
        Self {
            name,
            election,
            driver: driver_gate,
            listener: listener_gate,
            heart: heart_gate,
            worker: worker_gate,
            scheduler: scheduler_gate,
            driving: tokio::spawn(driving),
            machine,
            stopping: false,
        }
    }

    /// Tells it to stop, as `SIGTERM` does, and does not wait for that.
    pub(crate) fn request_stop(&mut self, world: &World) {
        if !std::mem::replace(&mut self.stopping, true) {
            world.timeline.note_of(self.name, What::Stopping);
            self.election
                .request_stop()
                .expect("this process was not forked");
        }
    }

    /// Stops it in order.
    pub(crate) async fn stop(mut self, world: &World) {
        self.request_stop(world);
        self.ended().await;
        self.heart.kill();
        self.worker.kill();
        world.witness.forget(self.name);
    }

    /// Kills it as `SIGKILL` does.
    pub(crate) async fn crash(mut self, world: &World) {
        world.timeline.note_of(self.name, What::Dies);
        world.witness.forget(self.name);
        for thread in self.threads() {
            thread.kill();
        }
        world.deaths.note(self.name);
        self.ended().await;
    }

    /// Nobody can have a lock step down: it is released.
    pub(crate) fn step_down(&self, world: &World) {
        if world.plan.locks {
            return;
        }
        world.timeline.note_of(self.name, What::SteppingDown);
        self.election
            .step_down()
            .expect("this process was not forked");
    }

    /// Returns when its election has ended.
    async fn ended(&mut self) {
        (&mut self.driving)
            .await
            .expect("the driver catches its panics");
    }

    pub(crate) fn hold_up(&self, world: &World, mishap: Mishap) {
        world.timeline.note_of(self.name, What::IsHeldUp(mishap));
        self.threads_held_up_by(mishap)
            .into_iter()
            .for_each(Gate::close);
    }

    pub(crate) fn let_go(&self, world: &World, mishap: Mishap) {
        world.timeline.note_of(self.name, What::IsLetGo(mishap));
        self.threads_held_up_by(mishap)
            .into_iter()
            .for_each(Gate::open);
    }

    /// How long its machine has been up, so far as that is no part of the simulation.
    pub(crate) fn uptime(&self) -> Duration {
        self.machine.uptime()
    }

    /// Goes on where it stood still, on another boot of its machine, which is up for so long.
    pub(crate) fn restore(&self, world: &World, uptime: Duration) {
        self.machine.reboot(uptime);
        self.let_go(world, Mishap::Suspended);
        world.timeline.note_of(self.name, What::IsRestored);
    }

    fn threads_held_up_by(&self, mishap: Mishap) -> Vec<&Gate> {
        match mishap {
            Mishap::Suspended => self.threads().into(),
            Mishap::Starved => vec![&self.driver],
            Mishap::Stalled => vec![&self.heart],
            Mishap::Deaf => vec![&self.listener],
        }
    }

    fn threads(&self) -> [&Gate; 5] {
        [
            &self.driver,
            &self.listener,
            &self.heart,
            &self.worker,
            &self.scheduler,
        ]
    }
}

/// What an application does under its terms.
struct Work<'a> {
    world: &'a World,
    name: Name,
    election: Arc<LeaderElection>,
    worker: Arc<Gate>,
    scheduler: Arc<Gate>,
}

impl Work<'_> {
    /// With a lock only that which is done under a lock.
    fn start(self, lock: Option<SimulatedLock>) {
        let setup = &self.world.plan.candidates[self.name.slot];
        if let Some(lock) = lock {
            let locker = Locker {
                name: self.name,
                lock,
                timeline: self.world.timeline.clone(),
                pause: setup.lease_duration,
                random: self.world.plan.random_for(&self.name.to_string(), 4),
            };
            tokio::spawn(self.worker.guard(locker.work(), || ()));
        } else if self.world.plan.works {
            let worker = Worker {
                name: self.name,
                election: self.election.clone(),
                timeline: self.world.timeline.clone(),
                pause: setup.lease_duration,
                random: self.world.plan.random_for(&self.name.to_string(), 2),
            };
            let until = self.world.timeline.start() + self.world.plan.length;
            let working = async move {
                // What goes on then is dropped.
                let _ = timeout_at(until, worker.work()).await;
            };
            tokio::spawn(self.worker.guard(working, || ()));
        }
        if let Some(each) = self.world.plan.fires_each {
            let scheduler = Scheduler {
                name: self.name,
                election: self.election.clone(),
                timeline: self.world.timeline.clone(),
                each,
                random: self.world.plan.random_for(&self.name.to_string(), 3),
            };
            // What is asked for still has its answer.
            let scheduling = scheduler.fire(self.world.timeline.start() + self.world.plan.length);
            tokio::spawn(self.scheduler.guard(scheduling, || ()));
        }
    }
}

/// An application that takes its time to stop its work.
struct Application {
    name: Name,
    timeline: Arc<Timeline>,
    slowness: f64,
    drain_timeout: Duration,
    random: Rng,
}

impl Application {
    /// Mostly short, at times longer than it may be.
    fn time_to_stop(&mut self) -> Duration {
        if self.random.f64() >= self.slowness {
            return Duration::ZERO;
        }
        let share = 1.5 * self.random.f64() * self.random.f64();
        self.drain_timeout.mul_f64(share)
    }
}

async fn listen(mut events: Subscription, mut application: Application) {
    while let Some(event) = events.recv().await {
        let told = |told| {
            application
                .timeline
                .note_of(application.name, What::Told(told));
        };
        match event {
            Event::Acquired(term) => told(Told::Acquired {
                token: term.fencing_token(),
                acquisition: term.acquisition(),
            }),
            Event::Lost(loss) => {
                let token = loss.term.fencing_token();
                let reason = loss.reason;
                told(Told::Lost { token, reason });
                sleep(application.time_to_stop()).await;
                let ends = What::WorkEnds { token };
                application.timeline.note_of(application.name, ends);
            }
            Event::LeaderChanged(holder) => told(Told::LeaderChanged(holder)),
            Event::RenewalFailing(error) => told(Told::Failing(error.kind())),
            Event::Stopped => return told(Told::Stopped),
            _ => {}
        }
    }
}

/// An application with work that is to run once, one key after another, as all others have it.
struct Worker {
    name: Name,
    election: Arc<LeaderElection>,
    timeline: Arc<Timeline>,
    pause: Duration,
    random: Rng,
}

impl Worker {
    async fn work(mut self) {
        let (name, timeline) = (self.name, self.timeline.clone());
        let note = &|what| timeline.note_of(name, what);
        for key in 0..MOST_KEYS {
            sleep(self.up_to(self.pause)).await;
            let Self {
                election,
                random,
                pause,
                ..
            } = &mut self;
            // Longer than a term that nobody renews, at times.
            let longest = pause.mul_f64(random.f64()) / STEPS;
            loop {
                let does = |term: Term| {
                    let fails = key % POISONED == 0 || random.u8(..5) == 0;
                    let step = longest.mul_f64(random.f64());
                    async move {
                        for _ in 0..STEPS {
                            let token = term.fencing_token();
                            note(What::Works { key, token });
                            sleep(step).await;
                        }
                        if fails {
                            note(What::WorkFails { key });
                            return Err("no");
                        }
                        Ok(())
                    }
                };
                match election.run_once_async(&key.to_string(), does).await {
                    Ok(_) => note(What::SaysDone { key }),
                    Err(RunOnceError::Work(_)) => continue,
                    Err(RunOnceError::Election(error)) => {
                        let why = error.kind();
                        note(What::GivesUp { key, why });
                    }
                }
                break;
            }
        }
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.random.f64())
    }
}

/// An application that does one piece of work after another under a lock.
struct Locker {
    name: Name,
    lock: SimulatedLock,
    timeline: Arc<Timeline>,
    pause: Duration,
    random: Rng,
}

impl Locker {
    async fn work(mut self) {
        while self.lock.election().is_running() {
            sleep(self.up_to(self.pause)).await;
            let mut request = LockRequest::new("lock");
            if self.random.bool() {
                request = request.at_most(self.up_to(self.pause * 2));
            }
            let timeout = self.up_to(self.pause * 3);
            self.timeline.note_of(self.name, What::Wants);
            match self.lock.acquire(request, timeout).await {
                Ok(Some(mut lock)) => {
                    let takes = self.up_to(self.pause * 2);
                    // What it then does is over as soon as it hears of it.
                    let _ = timeout_at(Instant::now() + takes, lock.lost()).await;
                    lock.release_async().await;
                }
                Ok(None) => return,
                Err(error) => {
                    self.timeline
                        .note_of(self.name, What::Forgoes(error.kind()));
                }
            }
        }
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.random.f64())
    }
}

/// An application with a job on a schedule, as all others have it, by a clock that is a little off.
struct Scheduler {
    name: Name,
    election: Arc<LeaderElection>,
    timeline: Arc<Timeline>,
    each: Duration,
    random: Rng,
}

impl Scheduler {
    async fn fire(mut self, until: Instant) {
        let off = self.each.mul_f64(self.random.f64());
        while Instant::now() < until && self.election.is_running() {
            let before = self.random.u64(..2);
            if self.election.is_leader() {
                // Two threads, which know nothing of each other.
                tokio::join!(self.claim(0, off), self.claim(before, off));
            }
            sleep(self.each.mul_f64(0.1 + self.random.f64())).await;
        }
    }

    /// Begins the present firing, or one that is over.
    async fn claim(&self, before: u64, off: Duration) {
        let elapsed = self.timeline.now() + off;
        let number = elapsed.as_nanos() / self.each.as_nanos();
        let number = u64::try_from(number).expect("few firings");
        let Some(firing) = number.checked_sub(before) else {
            return;
        };
        let claimed = if before == 0 {
            self.election.claim_async(JOB, due(firing)).await
        } else {
            let within = Duration::MAX;
            self.election
                .claim_missed_async(JOB, due(firing), within)
                .await
        };
        let what = match claimed {
            Ok(false) => return,
            Ok(true) => {
                let token = self.election.term().map_or(0, |term| term.fencing_token());
                What::Fires { firing, token }
            }
            Err(error) => What::MayNotFire {
                firing,
                why: error.kind(),
            },
        };
        self.timeline.note_of(self.name, what);
    }
}

async fn beat(election: Arc<LeaderElection>, setup: Setup) {
    loop {
        election.sign_of_life();
        sleep(setup.stall_timeout / HEART_RATE).await;
    }
}
