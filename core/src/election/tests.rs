//! The protocol in virtual time: one file for each group of its rules.

#![expect(
    clippy::float_cmp,
    reason = "seconds are compared as they were written down"
)]

mod client_go_faults;
mod client_go_table;
mod clock;
mod crowds;
mod deletion_and_emptying;
mod demand;
mod expiry;
mod harness;
mod identity;
mod interleavings;
mod model;
mod observers;
mod proofs;
mod recordings;
mod release_and_drain;
mod requests;
mod schedule;
mod stall;
mod status;
mod step_down;
mod terms_and_tokens;
mod watch_and_polling;
mod writes_and_ownership;
mod yielding;
