//! What every store promises, as tests: each rule runs on each store.

mod fixture;
mod memory;
mod rules;
