//! What the programs that run for hours, the trial and the soak, are started with, and how they are ended.

use std::io::{IsTerminal, copy, sink, stdin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};

use crate::Entrant;

/// Reads a language and its candidate's command line, such as `java=java -jar candidate.jar`.
pub fn entrant(text: &str) -> Result<Entrant> {
    let (name, words) = named(text)?;
    Ok(Entrant::new(name, &words))
}

/// Reads the same of another client.
pub fn peer(text: &str) -> Result<Entrant> {
    let (name, words) = named(text)?;
    Ok(Entrant::peer(name, &words))
}

fn named(text: &str) -> Result<(&str, Vec<String>)> {
    let (name, line) = text.split_once('=').context("use NAME=COMMAND LINE")?;
    Ok((name, line.split(' ').map(str::to_owned).collect()))
}

/// Whether the program that started this one wants it to end, which it says by the end of our input.
pub fn end_of_input() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    if !stdin().is_terminal() {
        let is_ended = ended.clone();
        thread::spawn(move || {
            // Nothing is written there.
            let _ = copy(&mut stdin(), &mut sink());
            is_ended.store(true, Ordering::Relaxed);
        });
    }
    ended
}
