//! What an election and its term answer in a forked child.

#![expect(unsafe_code, reason = "forks")]

use std::io::{Read, Write, pipe};

use leasehold::{LeaderElection, Result, Term};
use serde_json::{Value, json};

use crate::candidate::unable;

pub(crate) fn answer_of(election: &LeaderElection, term: &Term) -> Result<Value> {
    let io = |error: std::io::Error| unable(&error.to_string());
    let (mut reading, mut writing) = pipe().map_err(io)?;
    // SAFETY: the child asks, writes and leaves by _exit. Allocating there is fine with glibc and
    // musl, whose allocators survive a fork.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let raised =
            |outcome: Result<()>| json!({ "kind": outcome.err().map(|it| it.kind().name()) });
        let answer = json!({
            "is_leader": election.is_leader(),
            "is_valid": term.is_valid(),
            "check_term": raised(term.check()),
            "stop": raised(election.stop()),
        });
        let written = write!(writing, "{answer}");
        // SAFETY: ends the child.
        unsafe { libc::_exit(i32::from(written.is_err())) };
    }
    drop(writing);
    let mut answer = String::new();
    reading.read_to_string(&mut answer).map_err(io)?;
    // SAFETY: waits for the child just made.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    serde_json::from_str(&answer).map_err(|error| unable(&error.to_string()))
}
