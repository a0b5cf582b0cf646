//! The lock that is called as the candidate's Lease.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leasehold::{Event, HeldLock, LockRequest, Locks, Result};
use leasehold_tests::conformance::protocol::Command;
use serde_json::{Map, Value};

use crate::candidate::unable;
use crate::{settings, wire};

pub(crate) struct Locking {
    candidate: String,
    config: Map<String, Value>,
    /// Made when they are first used.
    locks: Mutex<Option<Arc<Locks>>>,
    /// The one that was acquired last.
    held: Mutex<Option<HeldLock>>,
}

impl Locking {
    pub(crate) fn new(candidate: &str, config: &Map<String, Value>) -> Self {
        Self {
            candidate: candidate.to_owned(),
            config: config.clone(),
            locks: Mutex::default(),
            held: Mutex::default(),
        }
    }

    pub(crate) fn obey(&self, command: &Command) -> Result<Value> {
        let locks = self.locks()?;
        match command {
            Command::Observe {} => locks.observe(&self.name()?).map(Value::from),
            Command::TryLock { at_most, at_least } => {
                let lock = locks.try_lock(self.request(*at_most, *at_least)?)?;
                lock.map_or(Ok(Value::Null), |lock| self.keep(lock))
            }
            Command::Lock {
                timeout,
                at_most,
                at_least,
            } => {
                let request = self.request(*at_most, *at_least)?;
                self.keep(locks.lock(request, Duration::from_secs_f64(*timeout))?)
            }
            Command::IsHeld {} => Ok(lock(&self.held)
                .as_ref()
                .is_some_and(HeldLock::is_held)
                .into()),
            Command::Release {} => {
                let held = lock(&self.held).take();
                Ok(held.is_some_and(HeldLock::release).into())
            }
            Command::CloseLocks {} => locks.close().map(Value::from),
            _ => Err(unable("not about a lock")),
        }
    }

    fn locks(&self) -> Result<Arc<Locks>> {
        let mut locks = lock(&self.locks);
        if let Some(locks) = &*locks {
            return Ok(locks.clone());
        }
        let made = Arc::new(Locks::new(&settings::config(&self.config)?)?);
        Ok(locks.insert(made).clone())
    }

    fn name(&self) -> Result<String> {
        let lease = self.config.get("lease").and_then(Value::as_str);
        lease
            .map(str::to_owned)
            .ok_or_else(|| unable("the candidate has no Lease"))
    }

    fn request(&self, at_most: Option<f64>, at_least: f64) -> Result<LockRequest> {
        let request = LockRequest::new(self.name()?).at_least(Duration::from_secs_f64(at_least));
        Ok(match at_most {
            Some(at_most) => request.at_most(Duration::from_secs_f64(at_most)),
            None => request,
        })
    }

    fn keep(&self, mut held: HeldLock) -> Result<Value> {
        let candidate = self.candidate.clone();
        held.on_loss(move |loss| wire::notify(&candidate, &Event::Lost(loss.clone())))?;
        let term = wire::of_term(held.term());
        *lock(&self.held) = Some(held);
        Ok(term)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
