//! Locks as the package's `Locks` drives them, and those that are held. No method blocks, save
//! `waitForEvent`: what may block is done on a thread of its own, which answers by the number of the
//! call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{AbortHandle, AbortRegistration, Abortable};
use leasehold::bindings::{ForeignHeldLock, ForeignLocks, configured, contain_panics, wait};
use leasehold::{Error, ErrorKind, HeldLock, LockRequest, Locks, Loss, Registration};
use napi_derive::napi;

use crate::error::{NativeError, Result, contained};
use crate::queue::Queue;
use crate::term::NativeTerm;
use crate::threads;
use crate::times::{duration, whole_milliseconds};
use crate::waker::Waker;

#[napi]
pub struct NativeLocks {
    locks: Arc<Locks>,
    queue: Arc<Queue<Answer>>,
    /// What ends the wait of a call.
    waits: RefCell<HashMap<u32, AbortHandle>>,
    /// By the number of the call that acquired it, not by an object: one that JavaScript lost would
    /// be collected, and the lock released over work that has not ended.
    held: RefCell<HashMap<u32, Held>>,
}

struct Held {
    lock: HeldLock,
    /// Dropped to hear of no loss.
    _registration: Option<Registration>,
    loss: Option<Loss>,
}

/// What has come of the call of a number.
enum Answer {
    /// A lock, what ends to tell of its loss, or none.
    Acquired(
        u32,
        leasehold::Result<Option<(HeldLock, Option<Registration>)>>,
    ),
    /// It is lost.
    Lost(u32, Loss),
    /// All else.
    Done(u32, leasehold::Result<bool>),
}

/// An answer as JavaScript takes it. Which fields there are depends on `kind`.
#[derive(Default)]
#[napi(object, object_from_js = false)]
pub struct NativeAnswer {
    /// `acquired`, `lost` or `done`.
    pub kind: &'static str,
    pub call: u32,
    /// Of `acquired`: the term of the lock; absent if it is not free.
    pub term: Option<NativeTerm>,
    /// Of `lost`.
    pub reason: Option<&'static str>,
    /// Of `done`: of a release, whether it is known to be released.
    pub value: Option<bool>,
    /// Of `acquired` and `done`.
    pub error: Option<NativeError>,
}

#[napi]
impl NativeLocks {
    /// Locks of which nobody holds one yet; `settings` by the core's names, as text.
    #[napi(constructor)]
    pub fn new(settings: HashMap<String, String>, waker: &Waker) -> Result<Self> {
        contained(|| {
            let config = configured(settings)?;
            Ok(Self {
                locks: Arc::new(Locks::new(&config)?),
                queue: Arc::new(Queue::new(waker.clone())),
                waits: RefCell::default(),
                held: RefCell::default(),
            })
        })
    }

    #[napi]
    pub fn observe(&self, call: u32, name: String) -> Result<()> {
        let (locks, queue) = (self.locks.clone(), self.queue.clone());
        contained(|| {
            spawn(move || {
                let observed = contain_panics(|| locks.observe(&name));
                // What JavaScript has alone decides how long names are followed.
                drop(locks);
                queue.put(Answer::Done(call, observed.map(|()| true)));
            })
        })
    }

    /// Acquires a lock, and waits for it for so long, or not at all.
    #[napi]
    pub fn acquire(
        &self,
        call: u32,
        name: String,
        timeout_ms: Option<f64>,
        at_most_ms: Option<f64>,
        at_least_ms: f64,
    ) -> Result<()> {
        let mut request = LockRequest::new(name).at_least(duration(at_least_ms));
        if let Some(at_most) = at_most_ms {
            request = request.at_most(duration(at_most));
        }
        let timeout = timeout_ms.map(duration);
        let (locks, queue) = (self.locks.clone(), self.queue.clone());
        let (handle, registration) = AbortHandle::new_pair();
        self.waits.borrow_mut().insert(call, handle);
        contained(|| spawn(move || acquire(locks, request, timeout, registration, call, &queue)))
    }

    /// The wait of the call is over; what it acquires nevertheless must be released.
    #[napi]
    pub fn cancel(&self, call: u32) {
        if let Some(wait) = self.waits.borrow_mut().remove(&call) {
            wait.abort();
        }
    }

    /// Other limits for the work under a lock, from now on.
    #[napi]
    pub fn set_limits(&self, lock: u32, at_most_ms: Option<f64>, at_least_ms: f64) -> Result<()> {
        contained(|| {
            let held = self.held.borrow();
            let held = held.get(&lock).ok_or_else(|| {
                let message = "the lock has been released: stop its work before";
                Error::new(ErrorKind::LeadershipLost, message)
            })?;
            let at_most = at_most_ms.map(duration);
            held.lock.set_limits(at_most, duration(at_least_ms))
        })
    }

    /// How long the work under a lock that is lost may go on, in milliseconds; 0 once it is released.
    #[napi]
    pub fn time_left_ms(&self, lock: u32) -> f64 {
        let held = self.held.borrow();
        let loss = held.get(&lock).and_then(|held| held.loss.as_ref());
        whole_milliseconds(loss.map(Loss::time_left).unwrap_or_default())
    }

    /// Gives a lock back. It begins at once.
    #[napi]
    pub fn release(&self, call: u32, lock: u32) -> Result<()> {
        let held = self.held.borrow_mut().remove(&lock);
        let queue = self.queue.clone();
        contained(|| {
            let Some(Held { lock, .. }) = held else {
                queue.put(Answer::Done(call, Ok(false)));
                return Ok(());
            };
            let released = lock.release_async();
            spawn(move || {
                let released = wait(released, Duration::MAX);
                queue.put(Answer::Done(call, Ok(released == Some(true))));
            })
        })
    }

    /// Closes. It begins at once.
    #[napi]
    pub fn close(&self, call: u32) -> Result<()> {
        let (closed, queue) = (self.locks.close_async(), self.queue.clone());
        contained(|| {
            spawn(move || {
                let closed = wait(closed, Duration::MAX).transpose();
                queue.put(Answer::Done(call, closed.map(|_| true)));
            })
        })
    }

    /// The event loop turns.
    #[napi]
    pub fn sign_of_life(&self) -> Result<()> {
        contained(|| {
            self.locks.sign_of_life();
            Ok(())
        })
    }

    /// How often `signOfLife` is due, in milliseconds; null if nobody watches.
    #[napi]
    pub fn sign_of_life_period_ms(&self) -> Option<f64> {
        let period = self.locks.sign_of_life_period();
        period.map(|period| period.as_secs_f64() * 1e3)
    }

    /// What has been answered since this was last called.
    #[napi]
    pub fn take_answers(&self) -> Result<Vec<NativeAnswer>> {
        contained(|| {
            let answers = self.queue.take().into_iter();
            Ok(answers.map(|answer| self.take_in(answer)).collect())
        })
    }

    fn take_in(&self, answer: Answer) -> NativeAnswer {
        match answer {
            Answer::Acquired(call, acquired) => {
                self.waits.borrow_mut().remove(&call);
                let (term, error) = match acquired {
                    Ok(None) => (None, None),
                    Ok(Some((lock, registration))) => {
                        let term = lock.term().clone();
                        let held = Held {
                            lock,
                            _registration: registration,
                            loss: None,
                        };
                        self.held.borrow_mut().insert(call, held);
                        (Some(NativeTerm(term)), None)
                    }
                    Err(error) => (None, Some((&error).into())),
                };
                NativeAnswer {
                    term,
                    error,
                    ..NativeAnswer::of_kind("acquired", call)
                }
            }
            Answer::Lost(call, loss) => {
                let reason = Some(loss.reason.name());
                if let Some(held) = self.held.borrow_mut().get_mut(&call) {
                    held.loss = Some(loss);
                }
                NativeAnswer {
                    reason,
                    ..NativeAnswer::of_kind("lost", call)
                }
            }
            Answer::Done(call, done) => {
                let (value, error) = match done {
                    Ok(value) => (Some(value), None),
                    Err(error) => (None, Some((&error).into())),
                };
                NativeAnswer {
                    value,
                    error,
                    ..NativeAnswer::of_kind("done", call)
                }
            }
        }
    }

    /// Blocks until something is answered. For the exit of the process, when no waker is alive.
    #[napi]
    pub fn wait_for_answer(&self) -> Result<()> {
        contained(|| {
            self.queue.wait();
            Ok(())
        })
    }
}

impl NativeAnswer {
    fn of_kind(kind: &'static str, call: u32) -> Self {
        Self {
            kind,
            call,
            ..Self::default()
        }
    }
}

impl Drop for NativeLocks {
    /// Collected, when nobody has used them, or they are closed; or the environment ends, as that of a
    /// terminated worker does: what is held then is left to expire, since its work may go on.
    fn drop(&mut self) {
        // An error has nobody to go to.
        let _ = contain_panics(|| {
            if self.held.borrow().is_empty() {
                self.queue.close();
                self.locks.close()
            } else {
                let closed = self.locks.close_within(Duration::ZERO);
                self.queue.close();
                closed
            }
        });
    }
}

/// On a thread of its own.
fn acquire(
    locks: Arc<Locks>,
    request: LockRequest,
    timeout: Option<Duration>,
    registration: AbortRegistration,
    call: u32,
    queue: &Queue<Answer>,
) {
    // Blocks when a name is used for the first time.
    let acquired = contain_panics(|| ForeignLocks::acquire(&*locks, request, timeout));
    // As above.
    drop(locks);
    let acquired =
        acquired.map(|acquired| wait(Abortable::new(acquired, registration), Duration::MAX));
    let mut lock = match acquired {
        Ok(Some(Ok(Ok(Some(lock))))) => lock,
        Ok(Some(Ok(Err(error)))) | Err(error) => {
            return queue.put(Answer::Acquired(call, Err(error)));
        }
        // Not free, or cancelled.
        Ok(_) => return queue.put(Answer::Acquired(call, Ok(None))),
    };
    let term = lock.term().clone();
    let (events, registration) = lock.take_events().unzip();
    queue.put(Answer::Acquired(call, Ok(Some((lock, registration)))));
    let Some(mut events) = events else {
        return;
    };
    while let Ok(event) = events.recv_timeout(Duration::MAX) {
        if let Some(loss) = HeldLock::loss(event, &term) {
            return queue.put(Answer::Lost(call, loss));
        }
    }
}

fn spawn(body: impl FnOnce() + Send + 'static) -> leasehold::Result<()> {
    threads::start("leasehold-lock", "a lock", body)
}
