//! What every store promises, as tests: each rule runs on each store.

mod file;
mod fixture;
mod memory;
mod rules;
