//! `leasehold status`, `watch` and `check`, as a person or a script runs them, beside elections in a
//! folder and on a real API server.

mod check;
#[path = "../common/mod.rs"]
mod common;
mod interrupted;
mod json;
mod location;
#[path = "../common/plugin.rs"]
mod plugin;
mod signs;
mod status;
mod terminal;
mod unread;
mod watch;
mod watcher;
