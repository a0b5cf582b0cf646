//! What the elections and locks of a process share: signs of life, the log, and the end of the process.

#![expect(
    unsafe_code,
    reason = "finds the process's log behind a pointer that a fork replaces"
)]

use std::collections::VecDeque;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leasehold::bindings::{ForeignElection, ForeignLocks, LogLevel, LogRecord, set_log_sink};
use leasehold::{LeaderElection, Locks};
use pyo3::prelude::*;

use crate::mutex::lock;
use crate::waiting;

/// How many lines of the log wait for Python at most.
const LOG_CAPACITY: usize = 1_000;

/// Where the core's log goes: to the `Background` of this process. A child gets its own, since the
/// lock of the inherited one may never be released.
static CURRENT: AtomicPtr<Shared> = AtomicPtr::new(ptr::null_mut());

/// The elections and locks of this process that run, and the lines of the log that Python has not seen.
/// One for each process, for its life.
#[pyclass(frozen, module = "leasehold._leasehold")]
pub(crate) struct Background(&'static Shared);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Signs of life are due before their time: there is one more election, or it is the end.
    due: Condvar,
    /// There are lines of the log, or it is the end.
    logged: Condvar,
    /// Whether Python's log wants each request as well: far more than all the rest.
    wants_debug: AtomicBool,
}

#[derive(Default)]
struct State {
    running: Vec<Arc<LeaderElection>>,
    locks: Vec<Arc<Locks>>,
    lines: VecDeque<Line>,
    /// How many lines found no room.
    lost_lines: usize,
    closed: bool,
}

/// Level, logger and message, as Python's `logging` has them.
type Line = (u8, String, String);

impl Background {
    /// Gives signs of life for `election` from now on, until it has stopped.
    pub(crate) fn add(&self, election: Arc<LeaderElection>) {
        election.sign_of_life();
        let mut state = self.0.state();
        if !state.running.iter().any(|it| Arc::ptr_eq(it, &election)) {
            state.running.push(election);
        }
        self.0.due.notify_all();
    }

    /// Gives signs of life for `locks` from now on, until they are closed or nobody else has them.
    pub(crate) fn add_locks(&self, locks: &Arc<Locks>) {
        locks.sign_of_life();
        let mut state = self.0.state();
        if !state.locks.iter().any(|it| Arc::ptr_eq(it, locks)) {
            state.locks.push(locks.clone());
            self.0.due.notify_all();
        }
    }
}

#[pymethods]
impl Background {
    #[new]
    fn new() -> Self {
        let shared: &'static Shared = Box::leak(Box::default());
        CURRENT.store(ptr::from_ref(shared).cast_mut(), Ordering::Release);
        // A forked child inherits the sink.
        let _ = set_log_sink(LogLevel::Debug, log);
        Self(shared)
    }

    /// Gives a sign of life for each election, then waits until the next one is due. False once
    /// closed. For a thread of its own.
    fn beat(&self, py: Python<'_>, wants_debug: bool) -> bool {
        self.0.wants_debug.store(wants_debug, Ordering::Relaxed);
        let stopped = self.0.sign_of_life();
        py.detach(|| {
            // The core's drop finds nothing to wait for.
            drop(stopped);
            self.0.rest()
        })
    }

    /// Waits for lines of the log. None once closed, when all have been returned. For a thread of its
    /// own.
    fn next_lines(&self, py: Python<'_>) -> Option<Vec<Line>> {
        py.detach(|| self.0.next_lines())
    }

    /// Stops all elections and closes all locks, then waits for each, as at the end of a process.
    fn stop_all(&self, py: Python<'_>) -> PyResult<()> {
        let (running, locks) = {
            let state = self.0.state();
            (state.running.clone(), state.locks.clone())
        };
        for locks in &locks {
            // As below.
            let _ = locks.request_close();
        }
        for election in &running {
            // In a forked child there is nothing to stop.
            let _ = election.request_stop();
        }
        running
            .iter()
            .try_for_each(|election| waiting::stop(py, election, None))?;
        locks.iter().try_for_each(|locks| waiting::close(py, locks))
    }

    /// Ends both threads.
    fn close(&self) {
        self.0.state().closed = true;
        self.0.due.notify_all();
        self.0.logged.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// For all that run; returns those that no longer do, to be dropped elsewhere.
    fn sign_of_life(&self) -> (Vec<Arc<LeaderElection>>, Vec<Arc<Locks>>) {
        let mut state = self.state();
        let (running, stopped) = mem::take(&mut state.running)
            .into_iter()
            .partition(|election| election.is_running());
        state.running = running;
        state.running.iter().for_each(|it| it.sign_of_life());
        let abandoned = state.locks.iter().filter(|it| Arc::strong_count(it) == 1);
        for locks in abandoned {
            // What was let go is still being given back.
            let _ = locks.request_close();
        }
        let (locks, closed) = mem::take(&mut state.locks)
            .into_iter()
            .partition(|locks| locks.is_running());
        state.locks = locks;
        state.locks.iter().for_each(|it| it.sign_of_life());
        (stopped, closed)
    }

    /// Waits until signs of life are due again, or there are other elections to give them for.
    fn rest(&self) -> bool {
        let state = self.state();
        if !state.closed {
            let running = state.running.iter().map(|it| it.sign_of_life_period());
            let locks = state.locks.iter().map(|it| it.sign_of_life_period());
            let period = running.chain(locks).flatten().min();
            let rested = self
                .due
                .wait_timeout(state, period.unwrap_or(Duration::MAX));
            return !rested.unwrap_or_else(PoisonError::into_inner).0.closed;
        }
        false
    }

    fn next_lines(&self) -> Option<Vec<Line>> {
        let idle = |state: &mut State| state.lines.is_empty() && !state.closed;
        let waited = self.logged.wait_while(self.state(), idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.lines.is_empty() {
            return None;
        }
        let lost = mem::take(&mut state.lost_lines);
        let mut lines: Vec<_> = mem::take(&mut state.lines).into();
        if lost > 0 {
            let message = format!("{lost} lines of the log were lost: `logging` was too slow");
            lines.push((number(LogLevel::Warn), "leasehold".to_owned(), message));
        }
        Some(lines)
    }
}

/// Hands a line over. Called on the core's background thread, which must not wait for Python.
fn log(record: LogRecord) {
    // SAFETY: null, or leaked.
    let Some(shared) = (unsafe { CURRENT.load(Ordering::Acquire).as_ref() }) else {
        return;
    };
    if record.level == LogLevel::Debug && !shared.wants_debug.load(Ordering::Relaxed) {
        return;
    }
    let mut state = shared.state();
    if state.lines.len() < LOG_CAPACITY {
        let logger = record.target.replace("::", ".");
        state
            .lines
            .push_back((number(record.level), logger, record.message));
        shared.logged.notify_all();
    } else {
        state.lost_lines += 1;
    }
}

/// Python's number of a level.
fn number(level: LogLevel) -> u8 {
    match level {
        LogLevel::Debug => 10,
        LogLevel::Info => 20,
        LogLevel::Warn => 30,
        _ => 40,
    }
}
