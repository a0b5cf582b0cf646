//! Every case, played by the Rust agent; `cargo test -p leasehold-conformance 012` plays one.

use leasehold_conformance::{Agent, Arguments};

fn main() {
    let agent = Agent::new([env!("CARGO_BIN_EXE_conformance-agent-rust")]);
    leasehold_conformance::run(&Arguments::from_args(), &agent).exit();
}
