//! The application beside a sidecar: what a program does that has no binding.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use leasehold_tests::{Sidecar, SidecarAnswer};

use crate::ledger;

/// Runs the job each second while its sidecar says that it leads. Ends when dropped.
pub(crate) struct Application {
    dismissed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Work {
    identity: String,
    ledger: PathBuf,
    sidecar: Sidecar,
    leads: Option<Leadership>,
    last_due: u64,
}

struct Leadership {
    token: u64,
    since: SystemTime,
}

impl Application {
    /// Starts it, beside the sidecar that listens on `address`.
    pub(crate) fn start(identity: &str, address: &str, ledger: PathBuf) -> Self {
        let mut work = Work {
            identity: identity.to_owned(),
            ledger,
            sidecar: Sidecar::at(address),
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
                thread::sleep(Sidecar::POLL_PERIOD);
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
        let answer = self.sidecar.ask();
        let token = match answer {
            Ok(SidecarAnswer::Leads(token)) => Some(token),
            _ => None,
        };
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

    fn note(&self, words: &[&dyn Display]) -> Result<()> {
        ledger::note(&self.ledger, &self.identity, words)
    }
}
