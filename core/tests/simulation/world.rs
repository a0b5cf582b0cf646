//! Three candidates, the network, the API server, and a clock that only this world turns.
//!
//! Everything in a run follows from its plan: one thread, Tokio's paused clock, seeded random
//! numbers, and no map whose order changes from run to run.

pub(crate) mod api_server;
pub(crate) mod chaos;
mod deaths;
mod faulty_store;
mod gate;
pub(crate) mod link;
pub(crate) mod plan;
pub(crate) mod process;
pub(crate) mod timeline;
mod witness;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use leasehold::LeaderElection;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};

use self::api_server::ApiServer;
use self::deaths::Deaths;
use self::link::Link;
use self::plan::{CANDIDATES, Plan};
use self::process::Process;
use self::timeline::{Entry, Name, Phase, Timeline, What, Who};
use self::witness::Witness;

/// How late a write may take effect, in lease durations.
const LATEST_WRITE: u32 = 3;
/// How often all are asked, beside each turn of a driver.
const TICK: Duration = Duration::from_millis(500);

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) timeline: Arc<Timeline>,
    pub(crate) server: Arc<ApiServer>,
    pub(crate) links: Vec<Arc<Link>>,
    pub(crate) witness: Arc<Witness>,
    deaths: Arc<Deaths>,
    lives: Mutex<[u32; CANDIDATES]>,
    elections: Mutex<Vec<Arc<LeaderElection>>>,
}

/// A run that is over.
pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) entries: Vec<Entry>,
}

/// A run in which everything that the seed stands for goes wrong, and then nothing any more.
pub(crate) fn simulate(seed: u64) -> Run {
    in_virtual_time(Plan::drawn(seed), async |world| {
        let processes = chaos::rage(world).await;
        sleep(world.latest_write()).await;
        world.enter(Phase::FaultsEnd);
        world.live_on_and_leave(processes).await;
        world.enter(Phase::End);
    })
}

/// Runs `script` in a world of its own.
pub(crate) fn in_virtual_time(plan: Plan, script: impl AsyncFnOnce(&Arc<World>)) -> Run {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing from the system");
    let world = runtime.block_on(async {
        let world = Arc::new(World::new(plan));
        let (witness, watchful) = (world.witness.clone(), async || {
            loop {
                sleep(TICK).await;
                world.witness.ask_all();
                world.witness.ask_why();
            }
        });
        tokio::select! {
            biased;
            () = script(&world) => {}
            () = watchful() => {}
        }
        witness.ask_all();
        world
    });
    // An election that is dropped waits for its driver, which must therefore go first.
    drop(runtime);
    Run {
        plan: world.plan.clone(),
        entries: world.timeline.take(),
    }
}

impl World {
    fn new(plan: Plan) -> Self {
        let timeline = Arc::new(Timeline::new());
        let longest_lease = plan.longest_lease();
        Self {
            server: Arc::new(ApiServer::new(timeline.clone(), longest_lease)),
            links: (0..CANDIDATES)
                .map(|_| Arc::new(Link::new(longest_lease * LATEST_WRITE)))
                .collect(),
            witness: Arc::new(Witness::new(timeline.clone())),
            timeline,
            plan,
            deaths: Arc::default(),
            lives: Mutex::default(),
            elections: Mutex::default(),
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.timeline.note(Who::World, What::Phase(phase));
    }

    /// Starts all candidates: the one that leads after a while, and the others.
    pub(crate) async fn elect(self: &Arc<Self>) -> (Process, Vec<Process>) {
        let start = |slot| Process::start(self, slot);
        let mut processes: Vec<_> = (0..CANDIDATES).map(start).collect();
        sleep(self.plan.longest_lease() * 2).await;
        let leader = self.leader_of(&processes).await.expect("one of them leads");
        (processes.remove(leader), processes)
    }

    /// How long after `since` somebody leads.
    pub(crate) async fn next_leader_after(&self, since: Instant) -> Duration {
        while self.witness.leader().is_none() {
            sleep(Duration::from_millis(1)).await;
            assert!(since.elapsed() < self.plan.patience(), "nobody leads");
        }
        since.elapsed()
    }

    /// Waits for a leader, and notes when there is none though there should be.
    async fn leader(&self) -> Option<Name> {
        let give_up_at = Instant::now() + self.plan.patience();
        while Instant::now() < give_up_at {
            if let Some(leader) = self.witness.leader() {
                return Some(leader);
            }
            sleep(TICK / 10).await;
        }
        let patience = self.plan.patience();
        self.timeline.note(Who::World, What::NobodyLeads(patience));
        None
    }

    /// Somebody leads and goes on leading; and so does the next when the leader leaves, so that
    /// each of them is seen to be alive.
    async fn live_on_and_leave(&self, mut processes: Vec<Process>) {
        if self.leader().await.is_none() {
            return;
        }
        if self.plan.locks {
            // It changes hands all the time.
            while let Some(process) = processes.pop() {
                process.stop(self).await;
            }
            return;
        }
        self.enter(Phase::Calm);
        sleep(self.plan.longest_lease() * 3).await;
        self.enter(Phase::Farewell);
        while let Some(leader) = self.leader_of(&processes).await {
            processes.remove(leader).stop(self).await;
            if processes.is_empty() {
                return;
            }
        }
    }

    /// The leader's place among `processes`.
    async fn leader_of(&self, processes: &[Process]) -> Option<usize> {
        let leader = self.leader().await?;
        processes.iter().position(|process| process.name == leader)
    }

    fn latest_write(&self) -> Duration {
        self.plan.longest_lease() * LATEST_WRITE
    }

    fn next_name(&self, slot: usize) -> Name {
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives[slot] += 1;
        Name {
            slot,
            life: lives[slot],
        }
    }

    fn present_name(&self, slot: usize) -> Name {
        let lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        Name {
            slot,
            life: lives[slot],
        }
    }

    /// Keeps an election until the runtime is gone.
    fn keep(&self, election: Arc<LeaderElection>) {
        let mut elections = self
            .elections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        elections.push(election);
    }
}
