//! What every store promises, as tests: each rule runs on each store.

mod file;
mod fixture;
mod kubernetes;
mod memory;
mod rules;
