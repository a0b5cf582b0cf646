//! Wakes JavaScript: one weak, coalescing thread-safe function for each environment.

use std::sync::Arc;

use napi::Status;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

/// Weak: it does not keep the process from exiting. With room for one call: while one is under way,
/// more would tell JavaScript nothing new.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true, 1>;

/// Calls a JavaScript function in its thread after something has been put into a queue. JavaScript
/// makes one for its environment, and empties all queues when it wakes.
#[napi]
#[derive(Clone)]
pub struct Waker(Arc<Wake>);

#[napi]
impl Waker {
    #[napi(constructor)]
    pub fn new(wake: Wake) -> Self {
        Self(Arc::new(wake))
    }
}

impl Waker {
    /// Wakes JavaScript. Never blocks; does nothing once the environment is gone.
    pub(crate) fn wake(&self) {
        // Refused where a call is under way, which then sees what this one is for.
        let _ = self.0.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// Whether its environment is still there.
    pub(crate) fn is_alive(&self) -> bool {
        !self.0.aborted()
    }
}
