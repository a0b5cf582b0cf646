//! The native half of Leasehold for Java. It converts, and nothing else.
//!
//! - Each function in a module's `METHODS` is a static `native` method of `io.leasehold.Native`, of the
//!   same name and types, which Java has registered when it has seen that both halves are of one
//!   version (`library`). So one that Java lacks, or has with other types, is an error at once. Two
//!   answers are found by name instead (`fast_path`).
//! - Elections, listeners and work under way are numbers there, checked at each use (`table`).
//! - What is more than a number crosses by name (`fields`). An error or a panic is thrown there, in one
//!   place (`ffi`).
//! - No thread of Rust ever calls Java: threads of Java come here and wait.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the form that `native_method!` asks for"
)]

#[macro_use]
mod ffi;

mod election;
mod fast_path;
mod fields;
mod firings;
mod handles;
mod library;
mod listening;
mod locks;
mod logging;
mod once;
mod probes;
mod table;
mod work;
