//! The election as an application uses it, on the real background thread, over a store in memory.
//!
//! Nothing here measures time: each test waits for an event, within a limit that only a defect
//! reaches.

mod awaited;
#[path = "../common/mod.rs"]
mod common;
mod defects;
mod firings;
#[cfg(unix)]
mod fork;
mod health;
mod listeners;
mod many;
mod once;
mod starting_and_stopping;
mod support;
mod work;
