//! A candidate leads only under a record that it wrote itself. What somebody else wrote ends its
//! term in the very turn in which it hears of that.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::verdicts::{Violation, assert_holds};
use crate::world::Run;
use crate::world::timeline::{Holder, Name, News, What, Who};

#[derive(Default)]
struct Life {
    leads: bool,
    newest: u64,
    /// When it heard that the Lease is not its own.
    usurped_at: Option<Duration>,
}

pub(crate) fn check(run: &Run) -> Result<(), Violation> {
    let mut holders: BTreeMap<u64, Holder> = BTreeMap::new();
    let mut lives: BTreeMap<Name, Life> = BTreeMap::new();
    for entry in &run.entries {
        // By then the turn is over.
        let usurped = lives.iter().find(|(_, life)| {
            life.leads
                && life
                    .usurped_at
                    .is_some_and(|usurped_at| usurped_at < entry.at)
        });
        if let Some((name, _)) = usurped {
            let what = format!("{name} leads though it has heard that the Lease is not its own");
            return Violation::new(entry.at, what);
        }
        if let What::Stores(stored) = &entry.what {
            holders.insert(stored.version, stored.holder);
        }
        let Who::Candidate(name) = entry.who else {
            continue;
        };
        let life = lives.entry(name).or_default();
        match &entry.what {
            What::Leads { token } => {
                life.leads = true;
                life.usurped_at = None;
                if holders.get(token) != Some(&Holder::Candidate(name)) {
                    let what = format!("{name} leads under token {token}, which is not its own");
                    return Violation::new(entry.at, what);
                }
            }
            What::LeadsNoMore { .. } => life.leads = false,
            What::Hears(
                _,
                News::Lease(version) | News::Deleted(version) | News::Written(version),
            ) if *version > life.newest => {
                life.newest = *version;
                let ours = holders.get(version) == Some(&Holder::Candidate(name));
                life.usurped_at = (!ours).then_some(entry.at);
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn what_somebody_else_wrote_ends_a_term_at_once() {
    assert_holds(check);
}
