//! A candidate that does not lead says why, and nothing in it panics.

use leasehold::ErrorKind;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Told, What};

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    for entry in &run.entries {
        let who = entry.who;
        match &entry.what {
            What::GivesNoReason => {
                return Violation::new(entry.at, format!("{who} gives no reason"));
            }
            What::Told(Told::Failing(ErrorKind::Internal)) => {
                return Violation::new(entry.at, format!("{who} has met a defect"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn who_does_not_lead_says_why() {
    assert_holds(check);
}
