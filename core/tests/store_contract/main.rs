//! What every store promises, as tests: each rule runs on each store.

mod file;
mod fixture;
#[cfg(unix)]
mod kubernetes;
mod memory;
mod rules;
