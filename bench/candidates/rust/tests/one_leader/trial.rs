//! Three candidates for a Lease of their own, each behind a proxy of its own.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use leasehold_bench::{Answer, Candidate, Timeline, Timing};
use leasehold_test_cluster::{Proxy, TestCluster, ToxiProxy, User};

/// How long a trial waits for something that must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Short, so that a Lease runs out soon.
const TIMING: Timing = Timing(3.0, 2.0, 0.5);

const CANDIDATES: usize = 3;

pub(crate) struct Trial {
    lease: String,
    contenders: Vec<Contender>,
}

struct Contender {
    candidate: Candidate,
    proxy: Proxy,
}

/// One API server for all trials; it ends with the test program.
fn cluster() -> &'static TestCluster {
    static CLUSTER: OnceLock<TestCluster> = OnceLock::new();
    CLUSTER.get_or_init(|| TestCluster::start().expect("a test cluster"))
}

fn proxies() -> &'static ToxiProxy {
    static PROXIES: OnceLock<ToxiProxy> = OnceLock::new();
    PROXIES.get_or_init(|| ToxiProxy::start().expect("toxiproxy"))
}

impl Trial {
    /// Starts three candidates for the Lease named `lease`.
    pub(crate) fn start(lease: &str) -> Result<Self> {
        cluster().grant(lease)?;
        let mut contenders = Vec::new();
        for number in 1..=CANDIDATES {
            let identity = format!("{lease}-{number}");
            let proxy = proxies().create(&identity, cluster().server_address())?;
            let kubeconfig = cluster().kubeconfig_for(User::Candidate, Some(&proxy.url()))?;
            let program = [env!("CARGO_BIN_EXE_candidate").to_owned()];
            let mut candidate = Candidate::start(&program, &kubeconfig, lease, &identity, TIMING)?;
            candidate.wait_for(Answer::Ready, LIMIT)?;
            contenders.push(Contender { candidate, proxy });
        }
        Ok(Self {
            lease: lease.to_owned(),
            contenders,
        })
    }

    /// Waits for a leader, and returns its identity.
    pub(crate) fn leader(&mut self) -> Result<String> {
        self.next_leader("")
    }

    /// Waits for a leader other than `old`.
    pub(crate) fn next_leader(&mut self, old: &str) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            for Contender { candidate, .. } in &mut self.contenders {
                if candidate.identity() != old && candidate.leads() {
                    return Ok(candidate.identity().to_owned());
                }
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("nobody leads {} after {LIMIT:?}", self.lease)
    }

    pub(crate) fn candidate(&mut self, identity: &str) -> &mut Candidate {
        &mut self.contender(identity).candidate
    }

    /// The network between this candidate and the API server goes silent.
    pub(crate) fn cut_off(&mut self, identity: &str) -> Result<()> {
        self.contender(identity).proxy.go_silent()
    }

    pub(crate) fn heal(&mut self, identity: &str) -> Result<()> {
        self.contender(identity).proxy.heal()
    }

    fn contender(&mut self, identity: &str) -> &mut Contender {
        let mut all = self.contenders.iter_mut();
        all.find(|contender| contender.candidate.identity() == identity)
            .expect("one of the candidates of this trial")
    }

    /// Waits until the Lease has changed `count` times.
    pub(crate) fn await_renewals(&self, count: usize) -> Result<()> {
        let path = format!(
            "/apis/coordination.k8s.io/v1/namespaces/default/leases/{}",
            self.lease
        );
        let renewed = || -> Result<String> {
            let lease = cluster().api().get(&path)?;
            let time = lease
                .pointer("/spec/renewTime")
                .and_then(|time| time.as_str());
            Ok(time.context("a Lease that has been renewed")?.to_owned())
        };
        let deadline = Instant::now() + LIMIT;
        let mut last = renewed()?;
        let mut changes = 0;
        while changes < count {
            ensure!(Instant::now() < deadline, "the Lease is not renewed");
            let next = renewed()?;
            changes += usize::from(next != last);
            last = next;
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends all candidates, and fails if two ever led at one instant.
    pub(crate) fn judge(self) -> Result<()> {
        let mut reigns = Vec::new();
        for Contender { mut candidate, .. } in self.contenders {
            // One that has ended already cannot be asked to.
            let _ = candidate.terminate();
            reigns.extend(candidate.finish()?);
        }
        let timeline = Timeline::new(reigns);
        println!("{}\n{timeline}", self.lease);
        if let Some((old, new)) = timeline.overlap() {
            bail!("two leaders at one instant: {old:?} and {new:?}\n{timeline}");
        }
        Ok(())
    }
}
