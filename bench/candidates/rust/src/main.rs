//! A candidate.
fn main() {}
