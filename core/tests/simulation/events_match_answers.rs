//! Each term is told as acquired once and as lost once, in order; and it is one time span during
//! which the answer is true: a leadership that has ended never goes on under the same term.

use std::collections::BTreeMap;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Entry, Name, Told, What, Who};

/// What is known of one life.
#[derive(Default)]
struct Life {
    /// Under these tokens it has led, in order.
    led: Vec<u64>,
    leads: Option<u64>,
    acquired: Vec<u64>,
    lost: Vec<u64>,
    stopped: bool,
}

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut lives: BTreeMap<Name, Life> = BTreeMap::new();
    for entry in &run.entries {
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        if let Err(what) = lives.entry(name).or_default().follow(entry) {
            return Violation::new(entry.at, format!("{name} {what}"));
        }
    }
    Ok(())
}

impl Life {
    fn follow(&mut self, entry: &Entry) -> Result<(), String> {
        match &entry.what {
            What::Leads { token } => {
                if self.led.contains(token) {
                    return Err(format!("leads again under token {token}"));
                }
                self.led.push(*token);
                self.leads = Some(*token);
            }
            What::LeadsNoMore { .. } => self.leads = None,
            What::Told(told) => return self.hear(told),
            _ => {}
        }
        Ok(())
    }

    fn hear(&mut self, told: &Told) -> Result<(), String> {
        if self.stopped {
            return Err(format!("is told {told:?} after its end"));
        }
        match told {
            Told::Acquired { token, .. } => {
                if self.acquired.len() > self.lost.len() {
                    return Err(format!(
                        "is told of token {token} before the last term's end"
                    ));
                }
                self.acquired.push(*token);
            }
            Told::Lost { token, .. } => {
                self.lost.push(*token);
                if self.acquired.get(self.lost.len() - 1) != Some(token) {
                    return Err(format!("is told of the end of another term, {token}"));
                }
                if self.leads == Some(*token) {
                    return Err(format!("leads though token {token} is told to be lost"));
                }
            }
            Told::Stopped => {
                self.stopped = true;
                // A term that begins and ends in one turn may be told though nobody saw it.
                let untold = |token: &&u64| !self.lost.contains(token);
                if let Some(token) = self.led.iter().find(untold) {
                    return Err(format!("has stopped and was not told of token {token}"));
                }
            }
            Told::LeaderChanged(_) | Told::Failing(_) => {}
        }
        Ok(())
    }
}

#[test]
fn each_term_is_told_once_and_is_one_time_span() {
    assert_holds(check);
}
