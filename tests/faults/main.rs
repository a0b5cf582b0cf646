//! What can go wrong around an election, done to three candidates on a real API server. In each
//! test: at no instant two leaders, judged on one clock from what each candidate said itself; what
//! is wrong is said; and there is a leader again at the end.
//!
//! `LEASEHOLD_CANDIDATE=<command line>` puts the agent of another language to the test, and
//! `LEASEHOLD_FAULT_RUNS=<n>` makes each fault happen n times. The figures are put into
//! `target/tmp/faults.md`, of which `docs/src/faults.md` holds a copy.

mod access;
mod api_server;
mod endurance;
mod etcd;
mod identity;
mod lease_by_hand;
mod network;
mod overload;
mod settings;
mod wall_clock;
