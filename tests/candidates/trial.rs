//! Candidates for one Lease, each behind a proxy of its own, and what is done to them.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use leasehold_test_cluster::{Proxy, TestCluster, User};
use serde_json::Value;

use super::candidate::{CandidateProcess, Timing};
use super::form::Form;
use super::log::Log;
use super::testbed::Testbed;
use super::timeline::{Answer, Moment, TermInterval, Timeline, now};
use super::verdict::Verdict;

/// How long a trial waits for something that must happen.
pub const LIMIT: Duration = Duration::from_secs(60);

/// How long a program may take to start: three JVMs at once do, on a machine with a hundred other things to do.
const LONGEST_START: Duration = Duration::from_secs(180);

const CANDIDATES: usize = 3;

/// So many renewals show that the one who leads can go on.
const RENEWALS_OF_A_SOUND_LEADER: usize = 2;

/// How long a random time is at most: two retry periods, so that a fault meets each phase of a renewal.
const LONGEST_PHASE: Duration = Duration::from_secs(1);

/// In which candidates that do not say so learn who leads.
const TIME_TO_LEARN: Duration = Duration::from_secs(1);

const POLL_INTERVAL: Duration = Duration::from_millis(1);
const LEASE_POLL_INTERVAL: Duration = Duration::from_millis(10);

/// One Lease and its candidates. They are called by names, which are their identities as well
/// unless a trial wants it otherwise.
pub struct Trial<'a> {
    testbed: &'a Testbed,
    lease: String,
    timing: Timing,
    /// Who enters, one after another and from the first again.
    lineup: Vec<Entrant>,
    /// What each program is run by.
    run_by: Vec<String>,
    /// Of times that pass.
    random: Option<Rng>,
    contenders: Vec<Contender>,
    entered: usize,
    /// Of candidates that have ended.
    intervals: Vec<TermInterval>,
    fault_over: Option<Moment>,
    /// When the candidates were asked to end.
    closed_at: Option<Moment>,
    /// Of all candidates, by their names.
    logs: Vec<(String, Log)>,
}

/// A program that enters, and what is expected of it.
#[derive(Clone, Debug)]
pub struct Entrant {
    /// What candidates that run it are called, with a number; if empty, by their Lease.
    pub name: String,
    /// The program and its first arguments.
    pub words: Vec<String>,
    /// Whether it says what is wrong, in Leasehold's words.
    pub speaks: bool,
    /// Whether it also says in these words why it does not lead, which is in the status of an election.
    pub explains: bool,
}

impl Entrant {
    /// One of Leasehold's own programs, of which `leasehold run` alone has no status to show.
    pub fn new(name: &str, words: &[String]) -> Self {
        Self {
            name: name.to_owned(),
            words: words.to_owned(),
            speaks: true,
            explains: Form::of(words) != Form::Run,
        }
    }

    /// Whether it is `leasehold run`.
    pub fn is_run(&self) -> bool {
        Form::of(&self.words) == Form::Run
    }

    /// Whether it is a language's agent.
    pub fn is_agent(&self) -> bool {
        Form::of(&self.words) == Form::Agent
    }

    /// Another client's program, which says what is wrong in its own words.
    pub fn peer(name: &str, words: &[String]) -> Self {
        Self {
            speaks: false,
            explains: false,
            ..Self::new(name, words)
        }
    }
}

struct Contender {
    entrant: Entrant,
    candidate: CandidateProcess,
    proxy: Proxy,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(testbed: &'a Testbed, lease: String) -> Self {
        Self {
            testbed,
            lease,
            timing: Timing::SHORT,
            lineup: vec![testbed.entrant()],
            run_by: Vec::new(),
            random: None,
            contenders: Vec::new(),
            entered: 0,
            intervals: Vec::new(),
            fault_over: None,
            closed_at: None,
            logs: Vec::new(),
        }
    }

    /// Lets these enter in place of the testbed's program, and what happens happen after random times.
    #[must_use]
    pub fn with(mut self, lineup: &[Entrant], random: Rng) -> Self {
        lineup.clone_into(&mut self.lineup);
        self.random = Some(random);
        self
    }

    /// Where it takes place.
    pub fn cluster(&self) -> &'a TestCluster {
        self.testbed.cluster()
    }

    /// The Lease's name.
    pub fn lease_name(&self) -> &str {
        &self.lease
    }

    /// For all who enter from now on.
    pub(crate) fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// The same: their programs are arguments of this one.
    pub(crate) fn run_by(&mut self, words: Vec<String>) {
        self.run_by = words;
    }

    // ---- who takes part ------------------------------------------------------------------------

    /// The rights that the documentation gives.
    pub fn grant(&self) -> Result<()> {
        self.cluster().grant(&self.lease)
    }

    /// Three candidates with rights and an access that works. Waits for a leader, then for some moment.
    pub(crate) fn begin(&mut self) -> Result<String> {
        self.grant()?;
        self.enter_three()?;
        self.leader_at_some_moment()
    }

    /// The same with a leader of whom the others have learned.
    pub(crate) fn begin_followed(&mut self) -> Result<String> {
        self.begin()?;
        self.followed_leader()
    }

    /// Three candidates with an access that works, those included who take part already.
    pub fn enter_three(&mut self) -> Result<()> {
        for _ in self.contenders.len()..CANDIDATES {
            self.enter()?;
        }
        Ok(())
    }

    /// One more candidate with an access that works. Returns its name.
    pub fn enter(&mut self) -> Result<String> {
        self.enter_as(None, working_access)
    }

    /// One more candidate, under an identity that is not its name if one is given, with the
    /// kubeconfig that `access` makes for the URL of its proxy. Returns its name.
    pub fn enter_as(
        &mut self,
        identity: Option<&str>,
        access: impl FnOnce(&Testbed, &str) -> Result<PathBuf>,
    ) -> Result<String> {
        let entrant = self.lineup[self.entered % self.lineup.len()].clone();
        let name = match &entrant.name[..] {
            "" => &self.lease,
            name => name,
        };
        let name = format!("{name}-{}", self.entered + 1);
        let identity = identity.unwrap_or(&name);
        self.add(entrant, &name, identity, self.timing, access)?;
        Ok(name)
    }

    /// One more candidate with an access that works, which runs the program of `command`. Its name
    /// is its identity.
    pub fn enter_program(&mut self, command: &[String], name: &str, timing: Timing) -> Result<()> {
        self.add(
            Entrant::new("", command),
            name,
            name,
            timing,
            working_access,
        )
    }

    fn add(
        &mut self,
        entrant: Entrant,
        name: &str,
        identity: &str,
        timing: Timing,
        access: impl FnOnce(&Testbed, &str) -> Result<PathBuf>,
    ) -> Result<()> {
        self.entered += 1;
        let proxy = self
            .testbed
            .proxy(&format!("{}-{}", self.lease, self.entered))?;
        let kubeconfig = access(self.testbed, &proxy.url())?;
        let words = [&self.run_by[..], &entrant.words].concat();
        let candidate =
            CandidateProcess::start(&words, &kubeconfig, &self.lease, identity, timing)?;
        let mut candidate = candidate.called(name);
        self.logs.push((name.to_owned(), candidate.log()));
        candidate.wait_for(Answer::Ready, LONGEST_START)?;
        self.contenders.push(Contender {
            entrant,
            candidate,
            proxy,
        });
        Ok(())
    }

    /// Waits until a candidate has ended, which then no longer takes part.
    pub fn finish(&mut self, name: &str) -> Result<()> {
        let is_it = |it: &Contender| it.candidate.name() == name;
        let index = self.contenders.iter().position(is_it);
        let index = index.with_context(|| format!("{name} does not take part"))?;
        let mut candidate = self.contenders.remove(index).candidate;
        let ended = candidate.await_end();
        self.intervals.extend(candidate.into_intervals());
        ended
    }

    /// The names of all candidates.
    pub fn names(&self) -> Vec<String> {
        let all = self.contenders.iter();
        all.map(|it| it.candidate.name().to_owned()).collect()
    }

    /// The candidate of this name.
    pub fn candidate(&mut self, name: &str) -> &mut CandidateProcess {
        &mut self.contender(name).candidate
    }

    /// The way of this candidate to the API server.
    pub fn proxy(&mut self, name: &str) -> &Proxy {
        &self.contender(name).proxy
    }

    /// The ways of all candidates to the API server.
    pub fn proxies(&self) -> impl Iterator<Item = &Proxy> {
        self.contenders.iter().map(|contender| &contender.proxy)
    }

    fn contender(&mut self, name: &str) -> &mut Contender {
        let mut all = self.contenders.iter_mut();
        all.find(|contender| contender.candidate.name() == name)
            .expect("one of the candidates of this trial")
    }

    // ---- who leads -----------------------------------------------------------------------------

    /// Waits for a leader, and returns its name.
    pub fn leader(&mut self) -> Result<String> {
        self.next_leader("")
    }

    /// Waits for a leader of whom the others have learned, and returns its name.
    pub fn followed_leader(&mut self) -> Result<String> {
        let leader = self.leader()?;
        if self.contenders.iter().any(|it| !it.entrant.speaks) {
            thread::sleep(TIME_TO_LEARN);
        }
        self.everyone_says(&format!("holder=\"{leader}\""))?;
        Ok(leader)
    }

    /// Waits for a leader other than `old`.
    pub fn next_leader(&mut self, old: &str) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            for Contender { candidate, .. } in &mut self.contenders {
                if candidate.name() != old && candidate.leads() {
                    return Ok(candidate.name().to_owned());
                }
            }
            thread::sleep(POLL_INTERVAL);
        }
        bail!(
            "nobody leads {} after {LIMIT:?}\n{}",
            self.lease,
            self.logs()
        )
    }

    /// Waits for a leader, then for some moment.
    pub(crate) fn leader_at_some_moment(&mut self) -> Result<String> {
        self.leader()?;
        self.let_time_pass();
        self.leader()
    }

    /// Waits for a random time, if the trial is a random one.
    pub(crate) fn let_time_pass(&mut self) {
        if let Some(random) = &mut self.random {
            thread::sleep(LONGEST_PHASE.mul_f64(random.f64()));
        }
    }

    /// Waits until nobody leads.
    pub fn nobody_leads(&mut self) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        while self.contenders.iter_mut().any(|it| it.candidate.leads()) {
            ensure!(
                Instant::now() < deadline,
                "somebody leads {} after {LIMIT:?}",
                self.lease
            );
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// The fault is over, and all that follows from it must now come to an end by itself: waits
    /// until somebody leads and renews.
    pub fn recovers(&mut self) -> Result<String> {
        self.fault_over = Some(now());
        self.leader()?;
        self.await_renewals(RENEWALS_OF_A_SOUND_LEADER)?;
        self.leader()
    }

    // ---- what they say -------------------------------------------------------------------------

    /// Waits until this candidate says `words` on its standard error.
    pub fn says(&mut self, name: &str, words: &str) -> Result<()> {
        if !self.contender(name).entrant.speaks {
            return Ok(());
        }
        let log = self.candidate(name).log();
        log.wait_for(words, LIMIT).with_context(|| name.to_owned())
    }

    /// Waits until each candidate that can still speak says `words`.
    pub fn everyone_says(&self, words: &str) -> Result<()> {
        self.logs_where(|it| it.speaks)
            .try_for_each(|log| log.wait_for(words, LIMIT))
    }

    /// Waits until each candidate that says why it does not lead says `words`.
    pub fn everyone_explains(&self, words: &str) -> Result<()> {
        self.logs_where(|it| it.explains)
            .try_for_each(|log| log.wait_for(words, LIMIT))
    }

    /// Waits until each candidate that can still speak says `words`, which it may say only once.
    pub fn everyone_said_once(&self, words: &str) -> Result<()> {
        for log in self.logs_where(|it| it.speaks) {
            log.wait_for(words, LIMIT)?;
            let count = log.count(words);
            ensure!(count == 1, "said {count} times: {words}\nsaid was:\n{log}");
        }
        Ok(())
    }

    /// Of those who can still say something.
    fn logs_where(&self, is_wanted: impl Fn(&Entrant) -> bool) -> impl Iterator<Item = Log> {
        let all = self.contenders.iter();
        let wanted = all.filter(move |it| is_wanted(&it.entrant) && !it.candidate.is_mute());
        wanted.map(|it| it.candidate.log())
    }

    /// What all of them have said, also those that have ended.
    pub fn logs(&self) -> String {
        let all = self.logs.iter();
        let logs: Vec<_> = all.map(|(name, log)| format!("{name}:\n{log}")).collect();
        logs.concat()
    }

    // ---- the Lease -----------------------------------------------------------------------------

    /// The Lease as it is stored.
    pub fn lease(&self) -> Result<Value> {
        Ok(self.testbed.cluster().api().get(&self.lease_path())?)
    }

    /// Changes the fields of the Lease that `patch` has, as an administrator by hand.
    pub fn edit_lease(&self, patch: &Value) -> Result<()> {
        let api = self.testbed.cluster().api();
        api.patch(&self.lease_path(), patch)?;
        Ok(())
    }

    /// Deletes the Lease, as an administrator by hand.
    pub fn delete_lease(&self) -> Result<()> {
        self.testbed.cluster().api().delete(&self.lease_path())?;
        Ok(())
    }

    /// The Lease's path at the API server.
    pub fn lease_path(&self) -> String {
        let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
        format!("{leases}/{}", self.lease)
    }

    /// Waits until the Lease has been renewed `count` times.
    pub fn await_renewals(&self, count: usize) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        let mut last = None;
        let mut changes = 0;
        while changes <= count {
            ensure!(
                Instant::now() < deadline,
                "the Lease is not renewed\n{}",
                self.logs()
            );
            // A server that was faulty may need a moment.
            let renewed = self.lease().ok().and_then(|lease| renew_time(&lease));
            if renewed.is_some() && renewed != last {
                changes += 1;
                last = renewed;
            }
            thread::sleep(LEASE_POLL_INTERVAL);
        }
        Ok(())
    }

    // ---- the end -------------------------------------------------------------------------------

    /// Ends all candidates.
    pub fn end(&mut self) -> Result<()> {
        self.closed_at.get_or_insert_with(now);
        for Contender { candidate, .. } in &mut self.contenders {
            // One that has ended already cannot be asked to.
            let _ = candidate.terminate();
        }
        // Each of them, also if one fails, whose terms count nevertheless.
        let ends: Vec<_> = self.names().iter().map(|name| self.finish(name)).collect();
        ends.into_iter().collect()
    }

    /// When each led of those who have ended.
    pub fn timeline(&self) -> Timeline {
        Timeline::new(self.intervals.iter().cloned())
    }

    /// Ends all candidates, and says what they did.
    pub fn verdict(&mut self) -> Result<Verdict> {
        self.end()?;
        let timeline = self.timeline();
        ensure!(!timeline.intervals().is_empty(), "nobody ever led");
        let closed_at = self.closed_at.unwrap_or_else(now);
        Ok(Verdict::new(&timeline, self.fault_over, closed_at))
    }

    /// Ends all candidates, and fails if two ever led at one instant.
    pub fn judge(mut self) -> Result<()> {
        let verdict = self.verdict()?;
        verdict
            .ensure_one_leader()
            .with_context(|| self.timeline().to_string())
    }
}

fn working_access(testbed: &Testbed, server: &str) -> Result<PathBuf> {
    testbed
        .cluster()
        .kubeconfig_for(User::Candidate, Some(server))
}

fn renew_time(lease: &Value) -> Option<String> {
    Some(lease.pointer("/spec/renewTime")?.as_str()?.to_owned())
}
