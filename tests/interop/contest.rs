//! Candidates of both kinds for one Lease, each a process behind a proxy of its own.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use leasehold_test_cluster::{Proxy, TestCluster, ToxiProxy, User};
use leasehold_tests::{Answer, Candidate, Moment, Reign, Timeline, Timing, go_candidate};

pub(crate) use self::Program::{ClientGo, ClientGoCallbacks, Ours};
use crate::history::History;
use crate::outcome::Outcome;

/// How long a contest waits for something that must happen.
const LIMIT: Duration = Duration::from_secs(60);

/// Short, so that a Lease runs out soon.
pub(crate) const TIMING: Timing = Timing(3.0, 2.0, 0.5);

/// Whose elector takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    Ours,
    /// Leads while `IsLeader()` says so.
    ClientGo,
    /// Leads from `OnStartedLeading` to `OnStoppedLeading`.
    ClientGoCallbacks,
}

impl Program {
    fn command(self) -> Result<Vec<String>> {
        match self {
            Ours => Ok(vec![env!("CARGO_BIN_EXE_candidate").to_owned()]),
            ClientGo => go_candidate(),
            ClientGoCallbacks => {
                let mut command = go_candidate()?;
                command.push("-callbacks".to_owned());
                Ok(command)
            }
        }
    }

    /// What the identities of such candidates begin with.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Ours => "ours",
            ClientGo | ClientGoCallbacks => "client-go",
        }
    }
}

pub(crate) struct Contest {
    lease: String,
    /// The cluster's resource version when the contest began.
    begun_at: u64,
    contenders: BTreeMap<usize, Contender>,
    entered: usize,
    /// Of candidates that were killed.
    reigns: Vec<Reign>,
}

struct Contender {
    candidate: Candidate,
    proxy: Proxy,
}

/// One API server for all contests; it ends with the test program.
fn cluster() -> &'static TestCluster {
    static CLUSTER: OnceLock<TestCluster> = OnceLock::new();
    CLUSTER.get_or_init(|| TestCluster::start().expect("a test cluster"))
}

fn proxies() -> &'static ToxiProxy {
    static PROXIES: OnceLock<ToxiProxy> = OnceLock::new();
    PROXIES.get_or_init(|| ToxiProxy::start().expect("toxiproxy"))
}

impl Contest {
    /// For the Lease named `lease`, which does not yet exist.
    pub(crate) fn open(lease: &str) -> Result<Self> {
        cluster().grant(lease)?;
        Ok(Self {
            lease: lease.to_owned(),
            begun_at: History::now(cluster().api())?,
            contenders: BTreeMap::new(),
            entered: 0,
            reigns: Vec::new(),
        })
    }

    /// Starts one more candidate, and returns the number by which the contest knows it.
    pub(crate) fn enter(&mut self, program: Program) -> Result<usize> {
        self.enter_with(program, TIMING)
    }

    pub(crate) fn enter_with(&mut self, program: Program, timing: Timing) -> Result<usize> {
        self.entered += 1;
        let identity = format!("{}-{}", program.name(), self.entered);
        let name = format!("{}-{identity}", self.lease);
        let proxy = proxies().create(&name, cluster().server_address())?;
        let kubeconfig = cluster().kubeconfig_for(User::Candidate, Some(&proxy.url()))?;
        let command = program.command()?;
        let mut candidate =
            Candidate::start(&command, &kubeconfig, &self.lease, &identity, timing)?;
        candidate.wait_for(Answer::Ready, LIMIT)?;
        let contender = Contender { candidate, proxy };
        self.contenders.insert(self.entered, contender);
        Ok(self.entered)
    }

    /// Waits until this one leads, and returns since when it does.
    pub(crate) fn await_lead_of(&mut self, number: usize) -> Result<Moment> {
        let candidate = self.candidate(number)?;
        match candidate.leads().then(|| candidate.leads_since()).flatten() {
            Some(since) => Ok(since),
            None => candidate.wait_for(Answer::Leader, LIMIT),
        }
    }

    /// Waits until the Lease's history is as `wanted`, and returns it.
    pub(crate) fn await_history(&self, wanted: impl Fn(&History) -> bool) -> Result<History> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let history = self.history()?;
            if wanted(&history) {
                return Ok(history);
            }
            ensure!(
                Instant::now() < deadline,
                "{}: not in {LIMIT:?}",
                self.lease
            );
        }
    }

    /// Waits until any of them leads.
    pub(crate) fn await_leader(&mut self) -> Result<usize> {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            for (number, Contender { candidate, .. }) in &mut self.contenders {
                if candidate.leads() {
                    return Ok(*number);
                }
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("nobody leads {} after {LIMIT:?}", self.lease)
    }

    pub(crate) fn wait_for(&mut self, number: usize, answer: Answer) -> Result<Moment> {
        self.candidate(number)?.wait_for(answer, LIMIT)
    }

    /// Lets it stop in order, and waits until it has stopped.
    pub(crate) fn terminate(&mut self, number: usize) -> Result<()> {
        self.candidate(number)?.terminate()?;
        self.finish(number)
    }

    pub(crate) fn kill(&mut self, number: usize) -> Result<()> {
        self.candidate(number)?.kill()?;
        self.finish(number)
    }

    pub(crate) fn pause(&mut self, number: usize) -> Result<Moment> {
        self.candidate(number)?.pause()
    }

    pub(crate) fn resume(&mut self, number: usize) -> Result<Moment> {
        self.candidate(number)?.resume()
    }

    /// The network between this candidate and the API server goes silent.
    pub(crate) fn cut_off(&mut self, number: usize) -> Result<()> {
        self.contender(number)?.proxy.go_silent()
    }

    pub(crate) fn heal(&mut self, number: usize) -> Result<()> {
        self.contender(number)?.proxy.heal()
    }

    /// All records of the Lease so far.
    fn history(&self) -> Result<History> {
        History::read(cluster().api(), &self.lease, self.begun_at)
    }

    /// Ends all candidates, and fails if any acquired what was not yet free.
    pub(crate) fn end(mut self) -> Result<Outcome> {
        while let Some(number) = self.contenders.keys().next().copied() {
            self.terminate(number)?;
        }
        let history = self.history()?;
        let outcome = Outcome::new(Timeline::new(self.reigns), history);
        println!("{}\n{outcome}", self.lease);
        outcome.expect_the_lease_to_have_run_out();
        outcome.expect_each_term_to_be_counted();
        Ok(outcome)
    }

    fn finish(&mut self, number: usize) -> Result<()> {
        if let Some(Contender { candidate, .. }) = self.contenders.remove(&number) {
            self.reigns.extend(candidate.finish()?);
        }
        Ok(())
    }

    fn candidate(&mut self, number: usize) -> Result<&mut Candidate> {
        Ok(&mut self.contender(number)?.candidate)
    }

    fn contender(&mut self, number: usize) -> Result<&mut Contender> {
        let contender = self.contenders.get_mut(&number);
        contender.with_context(|| format!("no candidate {number} takes part"))
    }
}
