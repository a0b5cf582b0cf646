//! Leasehold for Node: converts between the core and JavaScript, and does nothing else.
//!
//! The package's own code (`lib/`, TypeScript) makes of this what an application sees. What it gets
//! from here neither blocks nor calls back: methods that return at once, a queue of what has
//! happened, and a waker that says when there is something in it.

#![cfg_attr(
    test,
    allow(
        dead_code,
        reason = "a test build does not register what JavaScript calls"
    )
)]

mod election;
mod error;
mod events;
mod fast_path;
mod locks;
mod log;
mod queue;
mod status;
mod term;
mod threads;
mod times;
mod unfinished;
mod waker;
