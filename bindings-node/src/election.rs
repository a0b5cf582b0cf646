//! An election as the package's `LeaderElection` drives it. No method blocks, save `waitForEvent`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use leasehold::bindings::{
    ForeignElection, OnceCall, OnceHold, OnceNews, configured, due_at, milliseconds, wait,
};
use leasehold::{Event, LeaderElection};
use napi::Env;
use napi::bindgen_prelude::Function;
use napi_derive::napi;

use crate::error::{NativeError, Result, contained};
use crate::events::NativeEvent;
use crate::fast_path::function_of;
use crate::queue::{Notification, Queue};
use crate::status::NativeStatus;
use crate::term::{NativeTerm, NativeWork};
use crate::threads;
use crate::times::{duration, whole_milliseconds};
use crate::unfinished::{Guard, Unfinished};
use crate::waker::Waker;

#[napi]
pub struct NativeElection {
    election: Arc<LeaderElection>,
    queue: Arc<Queue<Notification>>,
    unfinished: RefCell<Unfinished>,
    calls: RefCell<Calls>,
}

/// Calls that are answered by an event, by number.
#[derive(Default)]
struct Calls {
    /// Those of `runOnce` that go on.
    going_on: HashMap<u32, OnceHold>,
    last: u32,
}

impl Calls {
    fn next(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.last
    }
}

#[napi]
impl NativeElection {
    /// An election that does not take part yet; `settings` by the core's names, as text.
    #[napi(constructor)]
    pub fn new(settings: HashMap<String, String>, waker: &Waker) -> Result<Self> {
        contained(|| {
            let config = configured(settings)?;
            Ok(Self {
                election: Arc::new(LeaderElection::new(&config)?),
                queue: Arc::new(Queue::new(waker.clone())),
                unfinished: RefCell::default(),
                calls: RefCell::default(),
            })
        })
    }

    /// A function that answers whether this instance leads now.
    #[napi]
    pub fn answer<'env>(&self, env: &'env Env) -> napi::Result<Function<'env, (), bool>> {
        function_of(self.election.clone(), env)
    }

    /// Starts on a thread of its own, since loading credentials may block; `started` or
    /// `startFailed` tells when that is done. The thread passes events on until the election stops.
    #[napi]
    pub fn start(&self) -> Result<()> {
        let (election, queue) = (self.election.clone(), self.queue.clone());
        contained(|| {
            threads::start("leasehold-events", "an election", move || {
                run(election, &queue);
            })
        })
    }

    /// Begins to stop, within `drain_ms` where given; `stopped` tells when that is done. Returns
    /// whether the election was running.
    #[napi]
    pub fn request_stop(&self, drain_ms: Option<f64>) -> Result<bool> {
        contained(|| match drain_ms {
            None => self.election.request_stop(),
            Some(ms) => self.election.request_stop_within(duration(ms)),
        })
    }

    #[napi]
    pub fn step_down(&self) -> Result<()> {
        contained(|| self.election.step_down())
    }

    #[napi]
    pub fn term(&self) -> Result<Option<NativeTerm>> {
        contained(|| Ok(self.election.term().map(NativeTerm)))
    }

    #[napi]
    pub fn leader(&self) -> Result<Option<String>> {
        contained(|| Ok(self.election.leader()))
    }

    #[napi]
    pub fn remaining_ms(&self) -> f64 {
        whole_milliseconds(self.election.remaining())
    }

    #[napi]
    pub fn status(&self) -> Result<NativeStatus> {
        contained(|| Ok(self.election.status().into()))
    }

    #[napi]
    pub fn metrics(&self) -> Result<String> {
        contained(|| Ok(self.election.metrics()))
    }

    /// Throws where the election does not work as it should.
    #[napi]
    pub fn check_health(&self, tolerance_ms: f64) -> Result<()> {
        contained(|| self.election.check_health(duration(tolerance_ms)))
    }

    /// The event loop turns.
    #[napi]
    pub fn sign_of_life(&self) -> Result<()> {
        contained(|| {
            self.election.sign_of_life();
            Ok(())
        })
    }

    /// How often `signOfLife` is due, in milliseconds; null if nobody watches.
    #[napi]
    pub fn sign_of_life_period_ms(&self) -> Option<f64> {
        let period = self.election.sign_of_life_period();
        period.map(|period| period.as_secs_f64() * 1e3)
    }

    /// What has happened since this was last called.
    #[napi]
    pub fn take_events(&self) -> Result<Vec<NativeEvent>> {
        contained(|| {
            let mut unfinished = self.unfinished.borrow_mut();
            let notifications = self.queue.take().into_iter();
            Ok(notifications
                .filter_map(|notification| NativeEvent::new(notification, &mut unfinished))
                .collect())
        })
    }

    /// Blocks until something has happened. For the exit of the process, when no waker is alive.
    #[napi]
    pub fn wait_for_event(&self) -> Result<()> {
        contained(|| {
            self.queue.wait();
            Ok(())
        })
    }

    /// Begins work if this instance leads; it counts as unfinished until `finish`.
    #[napi]
    pub fn begin_work(&self) -> Result<Option<NativeWork>> {
        contained(|| {
            Ok(self.election.begin_work().map(|work| NativeWork {
                term: NativeTerm(work.term.clone()),
                unfinished: self
                    .unfinished
                    .borrow_mut()
                    .hold(Guard::Work { _held: work }),
            }))
        })
    }

    /// Begins a call of `runOnce`, whose news come as events with the number returned; null if the
    /// election does not run, or stops. A thread of its own waits for them.
    #[napi]
    pub fn begin_once(&self, key: String) -> Result<Option<u32>> {
        contained(move || {
            let Some(mut call) = OnceCall::of_running(&self.election, &key)? else {
                return Ok(None);
            };
            let mut calls = self.calls.borrow_mut();
            let number = calls.next();
            let hold = call.hold();
            let queue = self.queue.clone();
            threads::start("leasehold-once", "work that runs once", move || {
                pass_on(call, number, &queue);
            })?;
            calls.going_on.insert(number, hold);
            Ok(Some(number))
        })
    }

    /// The work of this number, which runs once, has ended with this failure or with none.
    #[napi]
    pub fn once_ended(&self, unfinished: u32, failure: Option<String>) {
        self.unfinished.borrow_mut().once_ended(unfinished, failure);
    }

    /// Nobody waits for that call any more. Work that has not ended is left to others.
    #[napi]
    pub fn end_once(&self, call: u32) {
        self.calls.borrow_mut().going_on.remove(&call);
    }

    /// Claims the firing of a job that is due so many milliseconds after the start of 1970, or that was
    /// missed within so long; an event `claimed` with the number returned tells what came of it. A thread
    /// of its own waits for that.
    #[napi]
    pub fn begin_claim(
        &self,
        job: String,
        due_ms: i64,
        missed_within_ms: Option<f64>,
    ) -> Result<u32> {
        contained(move || {
            let due = due_at(due_ms)?;
            let within = missed_within_ms.map(duration);
            let number = self.calls.borrow_mut().next();
            let (election, queue) = (self.election.clone(), self.queue.clone());
            threads::start("leasehold-claim", "a claim", move || {
                let claimed = leasehold::bindings::contain_panics(|| match within {
                    None => election.claim(&job, due),
                    Some(within) => election.claim_missed(&job, due, within),
                });
                // What JavaScript has alone decides how long the election runs.
                drop(election);
                queue.put(Notification::Claimed(number, claimed));
            })?;
            Ok(number)
        })
    }

    /// When the firing of a job was due that was begun last, in milliseconds after the start of 1970;
    /// null if none is known.
    #[napi]
    pub fn last_firing(&self, job: String) -> Result<Option<i64>> {
        contained(move || {
            let last = self.election.last_firing(&job)?;
            Ok(last.map(milliseconds))
        })
    }

    /// The work of this number has ended, or the listeners of this loss are done.
    #[napi]
    pub fn finish(&self, unfinished: u32) {
        self.unfinished.borrow_mut().let_go(unfinished);
    }

    /// How long the work of the term may go on whose loss has this number, in milliseconds; 0 where
    /// it is finished.
    #[napi]
    pub fn time_left_ms(&self, unfinished: u32) -> f64 {
        let left = self.unfinished.borrow().time_left(unfinished);
        whole_milliseconds(left)
    }

    /// Whether all is finished.
    #[napi]
    pub fn is_idle(&self) -> bool {
        self.unfinished.borrow().is_empty()
    }

    /// What a wait fails with that has taken so long.
    #[napi]
    pub fn not_leading_after(&self, waited_ms: f64) -> Result<NativeError> {
        contained(|| {
            let error = self.election.not_leading_after(duration(waited_ms));
            Ok((&error).into())
        })
    }
}

impl Drop for NativeElection {
    /// Collected, when it does not run any more; or the environment ends, as that of a terminated
    /// worker does, and the Lease must be released, though not over unfinished work.
    fn drop(&mut self) {
        // An error has nobody to go to.
        let _ = leasehold::bindings::contain_panics(|| {
            if self.is_idle() {
                self.queue.close();
                self.election.stop()
            } else {
                let stopped = self.election.stop_within(Duration::ZERO);
                self.queue.close();
                stopped
            }
        });
    }
}

/// Starts the election and passes its events on until it stops.
fn run(election: Arc<LeaderElection>, queue: &Queue<Notification>) {
    let started = leasehold::bindings::contain_panics(|| {
        let events = election.subscribe()?;
        election.start()?;
        Ok(events)
    });
    // The object in JavaScript alone decides how long the election runs.
    drop(election);
    let mut events = match started {
        Ok(events) => events,
        Err(error) => return queue.put(Notification::StartFailed(error)),
    };
    queue.put(Notification::Started);
    while let Ok(event) = events.recv_timeout(Duration::MAX) {
        let is_last = matches!(event, Event::Stopped);
        queue.put(Notification::Event(event));
        if is_last {
            break;
        }
    }
}

/// Passes the news of a call on until the last.
fn pass_on(mut call: OnceCall, number: u32, queue: &Queue<Notification>) {
    loop {
        let next = || wait(call.next(), Duration::MAX).unwrap_or(Ok(None));
        let news = match leasehold::bindings::contain_panics(next) {
            Ok(None) => return,
            Ok(Some(news)) => Ok(news),
            Err(error) => Err(error),
        };
        let is_last = !matches!(news, Ok(OnceNews::Begun(_)));
        queue.put(Notification::Once(number, news));
        if is_last {
            return;
        }
    }
}
