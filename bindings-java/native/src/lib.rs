//! The native half of Leasehold for Java. It converts, and nothing else.
//!
//! - Each function here is a `native` method of `io.leasehold.Native`. Elections, listeners and work
//!   under way are numbers there, checked at each use (`table`).
//! - What is more than a number crosses as an array of strings (`ffi`); errors are thrown there.
//! - No thread of Rust ever calls Java: threads of Java come here and wait.

mod election;
mod fast_path;
mod ffi;
mod handles;
mod listening;
mod logging;
mod probes;

mod table;
mod text;
mod work;
