//! The Rust agent: turns lines of JSON into calls of `leasehold`, and converts, nothing else.

mod candidate;
mod fork;
mod settings;
mod wire;

use std::collections::BTreeMap;
use std::io::stdin;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use leasehold_conformance::protocol::{Command, Request, VERSION};
use serde_json::{Value, json};

use self::candidate::Candidate;

fn main() -> Result<()> {
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
