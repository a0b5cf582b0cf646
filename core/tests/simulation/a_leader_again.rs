//! An election never dies silently: once nothing is in the way any more somebody leads and goes on
//! leading, and when the leader leaves, the next of the others does, until all have led.

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Phase, What};

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut phase = None;
    for entry in &run.entries {
        match &entry.what {
            What::Phase(entered) => phase = Some(*entered),
            What::NobodyLeads(time) => {
                return Violation::new(entry.at, format!("nobody leads after {time:?}"));
            }
            What::Leads { .. } | What::LeadsNoMore { .. } if phase == Some(Phase::Calm) => {
                return Violation::new(entry.at, "the leader changes for no reason");
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn somebody_leads_once_nothing_is_in_the_way_and_so_does_each_of_the_others_in_turn() {
    assert_holds(check);
}
