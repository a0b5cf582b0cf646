//! Tells states apart by what can matter to what follows.
//!
//! An [`Election`](crate::election::Election) holds instants, versions and wall-clock times, which
//! only grow. What it does depends on instants as seen from now, and on the order of the others. So
//! two states are one where their debug texts agree once instants are counted from now, transitions
//! from those of the stored record, versions are replaced by their ranks, and wall-clock times, of which
//! it matters only which are the same, by the order in which they come. A field that is added to the machine takes part by itself, since its debug text has it.

use std::fmt::{self, Debug, Write};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::clock::Instant;

/// Of an instant that is longer ago than any duration in a record, it matters only that it is past.
const LONG_AGO: Duration = Duration::from_secs(12);

/// Reads debug texts, and makes a number of them.
#[derive(Default)]
pub(super) struct Canonical {
    text: DefaultHasher,
    versions: Vec<u64>,
    walls: Vec<u64>,
    now: Instant,
    transitions: i64,
    awaited: Option<Number>,
}

/// What the next number in a text is.
#[derive(Clone, Copy)]
enum Number {
    Instant,
    Version,
    Wall,
    Transitions,
}

impl Canonical {
    pub(super) fn new(transitions: i32) -> Self {
        Self {
            transitions: transitions.into(),
            ..Self::default()
        }
    }

    /// Adds what somebody knows whose clock says `now`.
    pub(super) fn add(&mut self, now: Instant, what: &impl Debug) {
        self.now = now;
        write!(self, "{what:?}").expect("a hasher takes everything");
    }

    pub(super) fn finish(mut self) -> u64 {
        rank(&self.versions, &mut self.text);
        renumber(&self.walls, &mut self.text);
        self.text.finish()
    }

    fn number(&mut self, kind: Number, number: u64) {
        match kind {
            Number::Version => self.versions.push(number),
            Number::Wall => self.walls.push(number),
            Number::Instant => {
                let ago = self.now.since(Instant::from_nanos(number)).min(LONG_AGO);
                let ahead = Instant::from_nanos(number).since(self.now);
                (ago, ahead).hash(&mut self.text);
            }
            Number::Transitions => {
                let number = i64::try_from(number).unwrap_or(i64::MAX);
                (number - self.transitions).hash(&mut self.text);
            }
        }
    }
}

impl Write for Canonical {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        match piece {
            "Instant" => self.awaited = Some(Number::Instant),
            "ResourceVersion" => self.awaited = Some(Number::Version),
            "WallTime" => self.awaited = Some(Number::Wall),
            "transitions" => self.awaited = Some(Number::Transitions),
            "(" | ": " => {}
            _ => {
                if let Some(kind) = self.awaited.take() {
                    let number = piece.parse().map_err(|_| fmt::Error)?;
                    self.number(kind, number);
                    return Ok(());
                }
            }
        }
        self.text.write(piece.as_bytes());
        Ok(())
    }
}

/// Zero, which stands for none, stays what it is.
fn rank(numbers: &[u64], text: &mut DefaultHasher) {
    let mut sorted = numbers.to_vec();
    sorted.push(0);
    sorted.sort_unstable();
    sorted.dedup();
    for number in numbers {
        sorted.binary_search(number).hash(text);
    }
}

fn renumber(numbers: &[u64], text: &mut DefaultHasher) {
    for number in numbers {
        numbers.iter().position(|it| it == number).hash(text);
    }
}
