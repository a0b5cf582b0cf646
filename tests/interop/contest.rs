//! Candidates of both kinds for one Lease, and the history of that Lease.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use leasehold_tests::{Answer, Moment, Testbed, Timing, Trial, command_under_test, go_candidate};

pub(crate) use self::Program::{ClientGo, ClientGoCallbacks, Ours};
use crate::history::History;
use crate::outcome::Outcome;

/// How long a contest waits for something that must happen.
const LIMIT: Duration = Duration::from_secs(60);

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
            Ours => Ok(ours()),
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
    trial: Trial<'static>,
    /// The cluster's resource version when the contest began.
    begun_at: u64,
    entered: usize,
}

/// One API server for all contests; it ends with the test program.
fn testbed() -> &'static Testbed {
    static TESTBED: OnceLock<Testbed> = OnceLock::new();
    TESTBED.get_or_init(|| Testbed::start(&ours()).expect("a test cluster"))
}

fn ours() -> Vec<String> {
    command_under_test(env!("CARGO_BIN_EXE_candidate"))
}

impl Contest {
    /// For a Lease whose name begins with `lease`, which does not yet exist.
    pub(crate) fn open(lease: &str) -> Result<Self> {
        let trial = testbed().empty_trial(lease);
        let cluster = testbed().cluster();
        cluster.grant(trial.lease_name())?;
        Ok(Self {
            trial,
            begun_at: History::now(cluster.api())?,
            entered: 0,
        })
    }

    /// Starts one more candidate, and returns its identity.
    pub(crate) fn enter(&mut self, program: Program) -> Result<String> {
        self.enter_with(program, Timing::SHORT)
    }

    pub(crate) fn enter_with(&mut self, program: Program, timing: Timing) -> Result<String> {
        self.entered += 1;
        let identity = format!("{}-{}", program.name(), self.entered);
        self.trial
            .enter_program(&program.command()?, &identity, timing)?;
        Ok(identity)
    }

    /// Waits until this one leads, and returns since when it does.
    pub(crate) fn await_lead_of(&mut self, name: &str) -> Result<Moment> {
        let candidate = self.trial.candidate(name);
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
            let lease = self.trial.lease_name();
            ensure!(Instant::now() < deadline, "{lease}: not in {LIMIT:?}");
        }
    }

    /// Waits until any of them leads.
    pub(crate) fn await_leader(&mut self) -> Result<String> {
        self.trial.leader()
    }

    pub(crate) fn wait_for(&mut self, name: &str, answer: Answer) -> Result<Moment> {
        self.trial.candidate(name).wait_for(answer, LIMIT)
    }

    /// Lets it stop in order, and waits until it has stopped.
    pub(crate) fn terminate(&mut self, name: &str) -> Result<()> {
        self.trial.candidate(name).terminate()?;
        self.trial.finish(name)
    }

    pub(crate) fn kill(&mut self, name: &str) -> Result<()> {
        self.trial.candidate(name).kill()?;
        self.trial.finish(name)
    }

    pub(crate) fn pause(&mut self, name: &str) -> Result<Moment> {
        self.trial.candidate(name).pause()
    }

    pub(crate) fn resume(&mut self, name: &str) -> Result<Moment> {
        self.trial.candidate(name).resume()
    }

    /// The network between this candidate and the API server goes silent.
    pub(crate) fn cut_off(&mut self, name: &str) -> Result<()> {
        self.trial.proxy(name).go_silent()
    }

    pub(crate) fn heal(&mut self, name: &str) -> Result<()> {
        self.trial.proxy(name).heal()
    }

    /// All records of the Lease so far.
    fn history(&self) -> Result<History> {
        let api = testbed().cluster().api();
        History::read(api, self.trial.lease_name(), self.begun_at)
    }

    /// Ends all candidates one after another, and fails if any acquired what was not yet free.
    pub(crate) fn end(mut self) -> Result<Outcome> {
        for name in self.trial.names() {
            self.terminate(&name)?;
        }
        let history = self.history()?;
        self.trial.end()?;
        let outcome = Outcome::new(self.trial.timeline(), history);
        println!("{outcome}");
        outcome.expect_expired_leases_to_be_taken();
        outcome.expect_each_term_to_be_counted();
        Ok(outcome)
    }
}
