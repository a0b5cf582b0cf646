//! Every case, on each of its stores; `cargo test -p leasehold-tests --test conformance 012` runs one.

use leasehold_tests::command_under_test;
use leasehold_tests::conformance::{Arguments, run};

fn main() {
    let agent = command_under_test(env!("CARGO_BIN_EXE_candidate"));
    run(&Arguments::from_args(), &agent).exit();
}
