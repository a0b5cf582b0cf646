//! Candidates for one Lease, each behind a proxy of its own, and what is done to them.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use leasehold_test_cluster::{Proxy, User};
use serde_json::Value;

use super::candidate::{CandidateProcess, Timing};
use super::log::Log;
use super::testbed::Testbed;
use super::timeline::{Answer, Moment, TermInterval, Timeline, now};
use super::verdict::Verdict;

/// How long a trial waits for something that must happen.
pub const LIMIT: Duration = Duration::from_secs(60);

const CANDIDATES: usize = 3;

/// So many renewals show that the one who leads can go on.
const RENEWALS_OF_A_SOUND_LEADER: usize = 2;

const POLL_INTERVAL: Duration = Duration::from_millis(1);
const LEASE_POLL_INTERVAL: Duration = Duration::from_millis(10);

/// One Lease and its candidates. They are called by names, which are their identities as well
/// unless a trial wants it otherwise.
pub struct Trial<'a> {
    testbed: &'a Testbed,
    lease: String,
    timing: Timing,
    contenders: Vec<Contender>,
    entered: usize,
    /// Of candidates that have ended.
    intervals: Vec<TermInterval>,
    fault_over: Option<Moment>,
}

struct Contender {
    candidate: CandidateProcess,
    proxy: Proxy,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(testbed: &'a Testbed, lease: String) -> Self {
        Self {
            testbed,
            lease,
            timing: Timing::SHORT,
            contenders: Vec::new(),
            entered: 0,
            intervals: Vec::new(),
            fault_over: None,
        }
    }

    /// The Lease's name.
    pub fn lease_name(&self) -> &str {
        &self.lease
    }

    pub(crate) fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    // ---- who takes part ------------------------------------------------------------------------

    /// Three candidates with an access that works.
    pub fn enter_three(&mut self) -> Result<()> {
        for _ in 0..CANDIDATES {
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
        let name = format!("{}-{}", self.lease, self.entered + 1);
        let identity = identity.unwrap_or(&name);
        self.add(&name, identity, self.testbed.command(), self.timing, access)?;
        Ok(name)
    }

    /// One more candidate with an access that works, which runs the program of `command`. Its name
    /// is its identity.
    pub fn enter_program(&mut self, command: &[String], name: &str, timing: Timing) -> Result<()> {
        self.add(name, name, command, timing, working_access)
    }

    fn add(
        &mut self,
        name: &str,
        identity: &str,
        command: &[String],
        timing: Timing,
        access: impl FnOnce(&Testbed, &str) -> Result<PathBuf>,
    ) -> Result<()> {
        self.entered += 1;
        let proxy = self
            .testbed
            .proxy(&format!("{}-{}", self.lease, self.entered))?;
        let kubeconfig = access(self.testbed, &proxy.url())?;
        let candidate =
            CandidateProcess::start(command, &kubeconfig, &self.lease, identity, timing)?;
        let mut candidate = candidate.called(name);
        candidate.wait_for(Answer::Ready, LIMIT)?;
        self.contenders.push(Contender { candidate, proxy });
        Ok(())
    }

    /// Waits until a candidate has ended, which then no longer takes part.
    pub fn finish(&mut self, name: &str) -> Result<()> {
        let is_it = |it: &Contender| it.candidate.name() == name;
        let index = self.contenders.iter().position(is_it);
        let index = index.with_context(|| format!("{name} does not take part"))?;
        let ended = self.contenders.remove(index).candidate.finish()?;
        self.intervals.extend(ended);
        Ok(())
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
        let log = self.candidate(name).log();
        log.wait_for(words, LIMIT).with_context(|| name.to_owned())
    }

    /// Waits until each candidate that can still speak says `words`.
    pub fn everyone_says(&self, words: &str) -> Result<()> {
        self.logs_of_the_living()
            .try_for_each(|log| log.wait_for(words, LIMIT))
    }

    /// Waits until each candidate that can still speak says `words`, which it may say only once.
    pub fn everyone_said_once(&self, words: &str) -> Result<()> {
        for log in self.logs_of_the_living() {
            log.wait_for(words, LIMIT)?;
            let count = log.count(words);
            ensure!(count == 1, "said {count} times: {words}\nsaid was:\n{log}");
        }
        Ok(())
    }

    fn logs_of_the_living(&self) -> impl Iterator<Item = Log> {
        let all = self.contenders.iter().map(|it| &it.candidate);
        all.filter(|it| !it.is_mute()).map(CandidateProcess::log)
    }

    fn logs(&self) -> String {
        let all = self.contenders.iter().map(|it| &it.candidate);
        let logs: Vec<_> = all
            .map(|it| format!("{}:\n{}", it.name(), it.log()))
            .collect();
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

    /// Ends all candidates, and says when each led.
    pub fn end(mut self) -> Result<Timeline> {
        for Contender { candidate, .. } in &mut self.contenders {
            // One that has ended already cannot be asked to.
            let _ = candidate.terminate();
        }
        for name in self.names() {
            self.finish(&name)?;
        }
        let timeline = Timeline::new(self.intervals);
        println!("{}\n{timeline}", self.lease);
        Ok(timeline)
    }

    /// Ends all candidates, and says what they did.
    pub fn verdict(self) -> Result<Verdict> {
        let closed_at = now();
        let fault_over = self.fault_over;
        let timeline = self.end()?;
        ensure!(!timeline.intervals().is_empty(), "nobody ever led");
        Ok(Verdict::new(&timeline, fault_over, closed_at))
    }

    /// Ends all candidates, and fails if two ever led at one instant.
    pub fn judge(self) -> Result<()> {
        self.verdict()?.ensure_one_leader()
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
