//! The agent of Rust: turns lines of JSON, or five arguments, into calls of `leasehold`, and
//! converts, nothing else. With two it is the job of `leasehold run`.

mod candidate;
mod fork;
mod job;
mod locking;
mod reasons;
mod sampler;
mod settings;
mod take_part;
mod wire;

use std::collections::BTreeMap;
use std::env::args;
use std::io::stdin;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use leasehold::bindings::{LogLevel, set_log_sink, stderr};
use leasehold_tests::conformance::protocol::{Command, Request, VERSION};
use serde_json::{Value, json};

use self::candidate::Candidate;

fn main() -> Result<()> {
    // Which neither blocks nor panics when nobody reads it: this runs on the elections' thread.
    set_log_sink(LogLevel::Info, |record| stderr::line(record.message))?;
    let arguments: Vec<_> = args().skip(1).collect();
    let outcome = match <[String; 5]>::try_from(arguments) {
        Ok(arguments) => take_part::take_part(&arguments),
        Err(arguments) => match &arguments[..] {
            [] => serve(),
            [job, socket] if job == "job" => job::work(socket),
            _ => Err(anyhow!(
                "usage: candidate [LEASE IDENTITY LEASE_S RENEW_S RETRY_S | job SOCKET]"
            )),
        },
    };
    stderr::flush();
    outcome
}

/// Obeys the requests on the standard input.
fn serve() -> Result<()> {
    wire::say(&json!({ "agent": "rust", "protocol": VERSION, "cannot": [] }));
    let mut candidates: BTreeMap<String, Arc<Candidate>> = BTreeMap::new();
    for line in stdin().lines() {
        let Request {
            id,
            candidate: name,
            command,
        } = serde_json::from_str(&line?)?;
        match command {
            Command::New {
                config,
                hold_losses,
            } => {
                let outcome = Candidate::new(&name, &config, hold_losses).map(|candidate| {
                    candidates.insert(name, Arc::new(candidate));
                    Value::Null
                });
                wire::answer(id, outcome);
            }
            Command::Close {} => {
                // It stops as it is dropped.
                drop(candidates.remove(&name));
                wire::answer(id, Ok(Value::Null));
            }
            command => {
                let candidate = candidates.get(&name);
                let candidate = candidate
                    .with_context(|| format!("no candidate {name}"))?
                    .clone();
                // On a thread of its own: it may block, and the next line may be what ends that.
                thread::spawn(move || wire::answer(id, candidate.obey(&command)));
            }
        }
    }
    for candidate in candidates.values() {
        candidate.let_go();
    }
    Ok(())
}
