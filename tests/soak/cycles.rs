//! One process, in which election after election is made, leads, and is closed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use leasehold_test_cluster::{TestCluster, User};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::ENVIRONMENT;
use super::series::{Life, Series};
use crate::conformance::agent::Agent;
use crate::conformance::protocol::{Command, Outcome, Request, Said};
use crate::{Entrant, LIMIT, Line, Usage};

/// One cycle of so many is on the API server, the others in a folder, which is sooner done.
const ON_THE_API_SERVER: usize = 10;

/// How many samples a life has.
const SAMPLES: usize = 1_000;

/// How often it says how far it is.
const PERIOD: Duration = Duration::from_secs(10);

/// Where Leases are.
pub struct Stores {
    folder: TempDir,
    kubeconfig: PathBuf,
    // The servers end with it.
    _cluster: TestCluster,
}

impl Stores {
    /// A folder, and an API server on which candidates may have these Leases.
    pub fn start(leases: impl IntoIterator<Item = String>) -> Result<Self> {
        let cluster = TestCluster::start()?;
        for lease in leases {
            cluster.grant(&lease)?;
        }
        Ok(Self {
            folder: tempfile::tempdir()?,
            kubeconfig: cluster.kubeconfig_for(User::Candidate, None)?,
            _cluster: cluster,
        })
    }

    /// The settings of an election in the cycle of this number.
    fn settings(&self, lease: &str, number: usize) -> Map<String, Value> {
        let path = |path: &Path| path.display().to_string();
        let store = if number.is_multiple_of(ON_THE_API_SERVER) {
            json!({
                "mode": "kubernetes",
                "namespace": "default",
                "kubeconfig": path(&self.kubeconfig),
            })
        } else {
            json!({ "mode": "file", "directory": path(self.folder.path()) })
        };
        let mut settings = Map::from_iter([("lease".to_owned(), lease.into())]);
        settings.extend(store.as_object().cloned().unwrap_or_default());
        settings
    }
}

/// Lets the agent `entrant` go through `count` cycles, unless `ended` is set, each with an election and a lock
/// for the Lease that is called as it.
pub fn cycle(
    entrant: &Entrant,
    count: usize,
    stores: &Stores,
    ended: &AtomicBool,
    tell: impl Fn(&str),
) -> Life {
    let (mut series, mut done) = (Series::default(), 0);
    let failure = go_through(entrant, count, stores, ended, &mut series, &mut done, tell);
    Life {
        name: entrant.name.clone(),
        did: format!("{done} cycles"),
        series,
        failure: failure.err().map(|error| format!("{error:#}")),
    }
}

fn go_through(
    entrant: &Entrant,
    count: usize,
    stores: &Stores,
    ended: &AtomicBool,
    series: &mut Series,
    done: &mut usize,
    tell: impl Fn(&str),
) -> Result<()> {
    let mut candidate = Candidate::start(&entrant.words)?;
    let process = Usage::new(candidate.agent.process.id());
    let mut told = Instant::now();
    while *done < count && !ended.load(Ordering::Relaxed) {
        candidate
            .cycle(stores.settings(&entrant.name, *done))
            .with_context(|| format!("cycle {done}"))?;
        if done.is_multiple_of(count.div_ceil(SAMPLES)) {
            series.look_at(&process)?;
        }
        *done += 1;
        if told.elapsed() > PERIOD {
            told = Instant::now();
            tell(&format!(
                "{}: {done} of {count} cycles, {series}",
                entrant.name
            ));
        }
    }
    candidate.agent.end(LIMIT)
}

struct Candidate {
    agent: Agent,
    lines: Receiver<(String, Line)>,
    requests: u64,
}

impl Candidate {
    fn start(words: &[String]) -> Result<Self> {
        let (sender, lines) = channel();
        let environment = ENVIRONMENT.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Self {
            agent: Agent::start(words, "agent", &environment.into(), &sender)?,
            lines,
            requests: 0,
        })
    }

    fn cycle(&mut self, config: Map<String, Value>) -> Result<()> {
        let timeout = LIMIT.as_secs_f64();
        let steps = [
            Command::New {
                config,
                hold_losses: false,
            },
            Command::Start {},
            Command::WaitForLeadership { timeout },
            Command::RunIfLeader { hold: false },
            Command::Stop {
                drain_timeout: None,
            },
            Command::Lock {
                timeout,
                at_most: None,
                at_least: 0.0,
            },
            Command::Release {},
            Command::CloseLocks {},
            Command::Close {},
        ];
        steps.into_iter().try_for_each(|step| self.obey(step))
    }

    /// Asks it to do this, and waits until it has.
    fn obey(&mut self, command: Command) -> Result<()> {
        let name = command.name();
        self.requests += 1;
        self.agent.ask(&Request {
            id: self.requests,
            candidate: "candidate".to_owned(),
            command,
        })?;
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let (_, line) = line.with_context(|| format!("{name}: no answer"))?;
            let line = match line {
                Line::Output(line) => line,
                Line::Error(_) => continue,
                Line::Ended => bail!("{name}: the process has ended"),
            };
            match serde_json::from_str(&line)? {
                Said::Answer { id, outcome } if id == self.requests => {
                    return match outcome {
                        Outcome::Ok(_) => Ok(()),
                        Outcome::Error(error) => bail!("{name}: {}", error.message),
                    };
                }
                _ => {}
            }
        }
    }
}
