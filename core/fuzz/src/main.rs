//! Gives inputs of libFuzzer to the target that `LEASEHOLD_FUZZ_TARGET` names.
#![no_main]

use std::env;
use std::sync::LazyLock;

use leasehold::fuzzing::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("LEASEHOLD_FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("LEASEHOLD_FUZZ_TARGET = {name:?} is no target"))
});

fuzz_target!(|input: &[u8]| (TARGET.run)(input));
