//! The numbered cases that Leasehold passes in every language, and the driver that runs them.
//!
//! The driver is everybody else: a faulty API server, other clients, the person with `kubectl`.
//! What it judges is an *agent*, a small program in each language that turns lines of JSON into
//! calls of the public API. `conformance/README.md` says how both work.

pub(crate) mod agent;
mod case;
#[cfg(test)]
mod coverage;
mod driver;
mod expectation;
mod fixture;
#[cfg(test)]
mod form;
pub mod protocol;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use anyhow::{Context, Result};
use leasehold_test_cluster::TestCluster;
pub use libtest_mimic::{Arguments, Conclusion};
use libtest_mimic::{Failed, Trial};

use self::case::{Case, Store};

/// Cases mostly wait for a Lease to expire, so that more of them than there are cores go well.
const AT_ONCE: usize = 8;

/// Runs the cases, as a test program does that was called with these arguments, with the agent whose
/// program and arguments `agent` are.
pub fn run(arguments: &Arguments, agent: &[String]) -> Conclusion {
    let mut arguments = arguments.clone();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, trials(agent))
}

fn trials(agent: &[String]) -> Vec<Trial> {
    match Case::load_all() {
        Ok(mut cases) => {
            // Those that want the cluster to themselves hold up nobody at the end.
            cases.sort_by_key(Case::is_exclusive);
            cases
                .iter()
                .flat_map(|case| on_each_store(case, agent))
                .collect()
        }
        Err(error) => vec![Trial::test("the cases", move || Err(failed(&error)))],
    }
}

fn on_each_store(case: &Case, agent: &[String]) -> Vec<Trial> {
    let trial = |store: &Store| {
        let (case, agent, store) = (case.clone(), agent.to_vec(), *store);
        let name = format!("{} {}", case.number, case.title);
        Trial::test(name, move || {
            run_case(&case, store, &agent).map_err(|error| failed(&error))
        })
        .with_kind(store.name())
    };
    case.stores.iter().map(trial).collect()
}

fn run_case(case: &Case, store: Store, agent: &[String]) -> Result<()> {
    if store != Store::Kubernetes {
        return driver::run(case, store, agent, None);
    }
    let cluster = cluster()?;
    if case.is_exclusive() {
        let alone = cluster.write().unwrap_or_else(PoisonError::into_inner);
        driver::run(case, store, agent, Some(&*alone))
    } else {
        let shared = cluster.read().unwrap_or_else(PoisonError::into_inner);
        driver::run(case, store, agent, Some(&*shared))
    }
}

/// One cluster for all cases; it ends with the program.
fn cluster() -> Result<&'static RwLock<TestCluster>> {
    static CLUSTER: OnceLock<Result<RwLock<TestCluster>, Arc<str>>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| {
        let cluster = TestCluster::start().map_err(|error| format!("{error:#}"))?;
        Ok(RwLock::new(cluster))
    });
    cluster
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("a test cluster")
}

fn failed(error: &anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}
