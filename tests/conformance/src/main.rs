//! `conformance [FILTER] -- AGENT [ARGUMENT]…`: plays the cases with the agent of any language.

use leasehold_conformance::{Agent, Arguments};

fn main() {
    let mut words = std::env::args();
    // The names of the program and of the filter come before the dashes, the agent after.
    let ours: Vec<_> = words.by_ref().take_while(|word| word != "--").collect();
    let agent = Agent::new(words);
    leasehold_conformance::run(&Arguments::from_iter(ours), &agent).exit();
}
