//! Each term has a fencing token greater than that of every term that began before it, no matter
//! who led.
//!
//! Not so where an outsider broke in between the two writes that won: the term that he ended may
//! learn of its victory after the next one has begun. A receiver that refuses smaller tokens
//! refuses it.

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Kind, Meddling, What};

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut greatest = 0;
    let mut break_ins = Vec::new();
    for entry in &run.entries {
        match &entry.what {
            What::Stores(stored) => {
                if let Kind::Foreign(meddling) = stored.kind
                    && meddling != Meddling::Label
                {
                    break_ins.push(stored.version);
                }
            }
            What::Leads { token } if *token > greatest => greatest = *token,
            What::Leads { token } => {
                let between = |version: &u64| (*token..greatest).contains(version);
                if *token == greatest || !break_ins.iter().any(between) {
                    let what = format!("token {token} comes after {greatest}");
                    return Violation::new(entry.at, what);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn each_term_has_a_greater_token_than_all_before_it() {
    assert_holds(check);
}
