//! One candidate: its election, the term that it has acquired, and what is held back for a case.

use std::process::exit;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use leasehold::bindings::ForeignElection;
use leasehold::clock::WallTime;
use leasehold::{
    Error, ErrorKind, Event, LeaderElection, Registration, Result, RunOnceError, Term,
};
use leasehold_tests::conformance::protocol::Command;
use serde_json::{Map, Value, json};

use crate::locking::Locking;
use crate::sampler::{PERIOD, Sampler};
use crate::{fork, settings, wire};

pub(crate) struct Candidate {
    name: String,
    election: LeaderElection,
    locking: Locking,
    listeners: Mutex<Vec<Registration>>,
    /// The last that the first listener was notified of.
    acquired: Arc<Mutex<Option<Term>>>,
    losses: Arc<Turnstile>,
    work: Turnstile,
}

/// Lets through one waiting thread for each `admit`.
#[derive(Default)]
struct Turnstile {
    admitted: Mutex<u32>,
    changed: Condvar,
}

impl Candidate {
    pub(crate) fn new(name: &str, config: &Map<String, Value>, hold_losses: bool) -> Result<Self> {
        let election = LeaderElection::new(&settings::config(config)?)?;
        let candidate = Self {
            name: name.to_owned(),
            election,
            locking: Locking::new(name, config),
            listeners: Mutex::default(),
            acquired: Arc::default(),
            losses: Arc::default(),
            work: Turnstile::default(),
        };
        candidate.listen(name, hold_losses)?;
        Ok(candidate)
    }

    fn listen(&self, name: &str, hold_losses: bool) -> Result<()> {
        let (name, acquired) = (name.to_owned(), self.acquired.clone());
        let losses = self.losses.clone();
        let listener = move |event: &Event| {
            if let Event::Acquired(term) = event {
                *lock(&acquired) = Some(term.clone());
            }
            wire::notify(&name, event);
            if hold_losses && matches!(event, Event::Lost(_)) {
                losses.wait();
            }
        };
        lock(&self.listeners).push(self.election.add_listener(listener)?);
        Ok(())
    }

    pub(crate) fn obey(self: &Arc<Self>, command: &Command) -> Result<Value> {
        let election = &self.election;
        match command {
            Command::Start {} => election.start().map(Value::from),
            Command::Stop { drain_timeout } => match drain_timeout {
                Some(limit) => election.stop_within(Duration::from_secs_f64(*limit)),
                None => election.stop(),
            }
            .map(Value::from),
            Command::RequestStop {} => election.request_stop().map(Value::from),
            Command::StepDown {} => election.step_down().map(Value::from),
            Command::IsLeader {} => Ok(election.is_leader().into()),
            Command::Remaining {} => Ok(election.remaining().as_secs_f64().into()),
            Command::CheckHealth { tolerance } => election
                .check_health(Duration::from_secs_f64(*tolerance))
                .map(Value::from),
            Command::Metrics {} => Ok(election.metrics().into()),
            Command::Leader {} => Ok(election.leader().into()),
            Command::Term {} => Ok(election.term().as_ref().map(wire::of_term).into()),
            Command::Status {} => Ok(wire::of_status(&election.status())),
            Command::WaitForLeadership { timeout } => election
                .wait_for_leadership(Duration::from_secs_f64(*timeout))
                .map(|term| wire::of_term(&term)),
            Command::RunIfLeader { hold } => {
                let ran = election.run_if_leader(|term| self.work(term, *hold));
                Ok(ran.is_some().into())
            }
            Command::RunOnce { key, hold, fails } => {
                let ran = election.run_once(key, |term| {
                    self.work(term, *hold);
                    fails.clone().map_or(Ok(()), Err)
                });
                match ran {
                    Ok(ran) => Ok(ran.is_some().into()),
                    Err(RunOnceError::Work(_)) => Ok("failed".into()),
                    Err(RunOnceError::Election(error)) => Err(error),
                }
            }
            Command::Claim { job, due, within } => {
                let due = WallTime::from_micros(due * 1000).into();
                match within {
                    None => election.claim(job, due),
                    Some(limit) => election.claim_missed(job, due, Duration::from_secs_f64(*limit)),
                }
                .map(Value::from)
            }
            Command::LastFiring { job } => {
                let last = election.last_firing(job)?;
                Ok(last
                    .map(|last| WallTime::from(last).as_micros() / 1000)
                    .into())
            }
            Command::CheckTerm {} => self.acquired_term()?.check().map(Value::from),
            Command::Fork {} => fork::answer_of(election, &self.acquired_term()?),
            Command::Sample { renew_deadline } => {
                self.sample(Duration::from_secs_f64(*renew_deadline));
                Ok(Value::Null)
            }
            Command::AddListener { named } => self.listen(named, false).map(Value::from),
            Command::Acknowledge {} => {
                self.losses.admit();
                Ok(Value::Null)
            }
            Command::Finish {} => {
                self.work.admit();
                Ok(Value::Null)
            }
            Command::Stall { seconds } => {
                election.sign_of_life();
                thread::sleep(Duration::from_secs_f64(*seconds));
                self.live_on();
                Ok(Value::Null)
            }
            Command::Observe {}
            | Command::TryLock { .. }
            | Command::Lock { .. }
            | Command::IsHeld {}
            | Command::Release {}
            | Command::CloseLocks {} => self.locking.obey(command),
            Command::New { .. } | Command::Close {} => Err(unable("not for one candidate")),
        }
    }

    fn acquired_term(&self) -> Result<Term> {
        let acquired = lock(&self.acquired).clone();
        acquired.ok_or_else(|| unable("no term was acquired"))
    }

    /// Until the candidate is dropped.
    fn sample(self: &Arc<Self>, renew_deadline: Duration) {
        let candidate = Arc::downgrade(self);
        let mut sampler = Sampler::new(renew_deadline);
        thread::spawn(move || {
            while let Some(candidate) = candidate.upgrade() {
                match sampler.sample(&candidate.election) {
                    Ok(None) => {}
                    Ok(Some((is_leader, at))) => {
                        let name = &candidate.name;
                        wire::say(&json!({ "candidate": name, "is_leader": is_leader, "at": at }));
                    }
                    Err(error) => {
                        eprintln!("{error}");
                        exit(1);
                    }
                }
                drop(candidate);
                thread::sleep(*PERIOD);
            }
        });
    }

    /// Shows signs of life until the candidate is dropped.
    fn live_on(self: &Arc<Self>) {
        self.election.sign_of_life();
        let period = self.election.sign_of_life_period();
        let candidate = Arc::downgrade(self);
        thread::spawn(move || {
            while let Some(candidate) = candidate.upgrade() {
                candidate.election.sign_of_life();
                drop(candidate);
                thread::sleep(period.unwrap_or(*PERIOD));
            }
        });
    }

    fn work(&self, term: &Term, hold: bool) {
        let term = wire::of_term(term);
        wire::say(&json!({ "candidate": self.name, "event": "working", "term": term }));
        if hold {
            self.work.wait();
        }
    }

    /// Lets everything through that a case has left waiting.
    pub(crate) fn let_go(&self) {
        self.losses.admit();
        self.work.admit();
    }
}

impl Turnstile {
    fn admit(&self) {
        *lock(&self.admitted) += 1;
        self.changed.notify_one();
    }

    fn wait(&self) {
        let admitted = lock(&self.admitted);
        let admitted = self.changed.wait_while(admitted, |admitted| *admitted == 0);
        *admitted.unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}

pub(crate) fn unable(why: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("the agent: {why}"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
