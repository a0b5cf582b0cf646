//! The application beside a sidecar: what a program does that has no binding.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde::Deserialize;
use ureq::Agent;

use crate::ledger;

/// How often the application asks.
pub(crate) const POLL_PERIOD: Duration = Duration::from_millis(10);
/// How long a sidecar keeps the Lease after its answer has turned: many times as long as the
/// application takes to find out, on a machine that is busy with other things.
pub(crate) const RELEASE_DELAY: &str = "1s";
/// Who does not answer within this is not known to lead.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Runs the job each second while its sidecar says that it leads. Ends when dropped.
pub(crate) struct Application {
    dismissed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Work {
    identity: String,
    ledger: PathBuf,
    agent: Agent,
    url: String,
    leads: Option<Leadership>,
    last_due: u64,
}

/// What the sidecar answers; of one that does not lead, neither.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    fencing_token: Option<u64>,
    remaining_seconds: f64,
}

struct Leadership {
    token: u64,
    since: SystemTime,
}

impl Application {
    /// Starts it, beside the sidecar that listens on `address`.
    pub(crate) fn start(identity: &str, address: &str, ledger: PathBuf) -> Self {
        let timeout = Agent::config_builder().timeout_global(Some(TIMEOUT));
        // Not leading is an answer, not a failure.
        let config = timeout.http_status_as_error(false).build();
        let mut work = Work {
            identity: identity.to_owned(),
            ledger,
            agent: config.into(),
            url: format!("http://{address}/isLeader"),
            leads: None,
            last_due: 0,
        };
        let dismissed = Arc::new(AtomicBool::new(false));
        let is_dismissed = dismissed.clone();
        let thread = thread::spawn(move || {
            while !is_dismissed.load(Ordering::Relaxed) {
                // A ledger that is gone is the end of the demo.
                if work.tick().is_err() {
                    break;
                }
                thread::sleep(POLL_PERIOD);
            }
        });
        Self {
            dismissed,
            thread: Some(thread),
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.dismissed.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has panicked at worst, and said so.
            let _ = thread.join();
        }
    }
}

impl Work {
    fn tick(&mut self) -> Result<()> {
        let answer = self.ask();
        let token = answer.as_ref().ok().copied().flatten();
        if let Some(led) = self.leads.take_if(|leads| Some(leads.token) != token) {
            let reason = answer.map_or("no_answer", |_| "answered_no");
            self.note(&[&"lost", &led.token, &reason])?;
        }
        let Some(token) = token else { return Ok(()) };
        if self.leads.is_none() {
            self.note(&[&"acquired", &token])?;
        }
        let leads = self.leads.get_or_insert_with(|| Leadership {
            token,
            since: SystemTime::now(),
        });
        let due = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        // It belongs to the leader of that time, which may have done it before this one led.
        if due > self.last_due && UNIX_EPOCH + Duration::from_secs(due) > leads.since {
            self.last_due = due;
            self.note(&[&"run", &token, &due])?;
        }
        Ok(())
    }

    /// The fencing token, if the sidecar leads at this very moment.
    fn ask(&self) -> Result<Option<u64>> {
        let asked_at = Instant::now();
        let mut response = self.agent.get(&self.url).call()?;
        let answer: Answer = serde_json::from_str(&response.body_mut().read_to_string()?)?;
        // Counted from before it was asked: the answer may have been long on its way.
        let is_good = asked_at.elapsed().as_secs_f64() < answer.remaining_seconds;
        Ok(answer.fencing_token.filter(|_| is_good))
    }

    fn note(&self, words: &[&dyn Display]) -> Result<()> {
        ledger::note(&self.ledger, &self.identity, words)
    }
}
