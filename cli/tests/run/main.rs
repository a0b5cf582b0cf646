//! `leasehold run`, as a person or a pod runs it: real processes and their children.
//!
//! The commands under test hold a lock that the kernel keeps (`flock`): if two ever ran at once, the
//! second would fail, and with it its `leasehold`.

mod auto_mode;
#[path = "../common/mod.rs"]
mod common;
mod death;
mod election;
mod first_process;
mod messages;
mod once;
#[path = "../common/plugin.rs"]
mod plugin;
mod processes;
mod replicas;
mod signals;
mod streams;

use rustix::process::Signal;

use self::election::Election;

#[test]
fn the_command_runs_on_one_instance_and_moves_with_the_leadership() {
    let election = Election::new();
    let mut first = election.run("first", "started; exec sleep 1000");
    assert_eq!(election.next_line(), "first started");
    let mut second = election.run("second", "started; exec sleep 1000");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
    assert_eq!(election.next_line(), "second started");
    second.signal(Signal::INT);
    assert_eq!(second.exit_code(), Some(0));
}

#[test]
fn the_command_is_asked_to_stop_and_has_time_to() {
    let election = Election::new();
    let mut first = election.run(
        "first",
        "trap 'say stopping; read -r gate < go-on; say stopped; exit 0' TERM; started; \
         while true; do sleep 0.01; done",
    );
    assert_eq!(election.next_line(), "first started");
    let second = election.run("second", "started; exec sleep 1000");
    first.signal(Signal::TERM);
    assert_eq!(election.next_line(), "first stopping");
    election.open_gate("go-on");
    assert_eq!(election.next_line(), "first stopped");
    assert_eq!(election.next_line(), "second started");
    assert_eq!(first.exit_code(), Some(0));
    second.signal(Signal::TERM);
}

#[test]
fn a_command_that_does_not_stop_is_killed_with_all_its_children_before_another_starts() {
    let election = Election::new();
    let mut first = election.run_with(
        &["--drain-timeout=1s"],
        "first",
        "trap '' TERM; sleep 1000 & started; wait; wait; sleep 1000",
    );
    assert_eq!(election.next_line(), "first started");
    let second = election.run("second", "started; exec sleep 1000");
    first.signal(Signal::TERM);
    assert_eq!(election.next_line(), "second started");
    assert_eq!(first.exit_code(), Some(0));
    second.signal(Signal::TERM);
}

#[test]
fn the_command_is_killed_when_the_lease_is_lost_and_started_again_with_the_next_term() {
    let election = Election::new();
    let mut first = election.run("first", "started; exec sleep 1000");
    assert_eq!(election.next_line(), "first started");
    election.lose_the_lease();
    assert_eq!(election.next_line(), "first started", "under its next term");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
}

#[test]
fn each_term_has_a_greater_token() {
    let election = Election::new();
    let show = "say $LEASEHOLD_FENCING_TOKEN";
    let token = |name| {
        let mut instance = election.run(name, show);
        let line = election.next_line();
        assert_eq!(instance.exit_code(), Some(0));
        let token = line.rsplit(' ').next().map(str::parse::<u64>);
        token.expect("a token").expect("a number")
    };
    assert!(token("first") < token("second"));
}

#[test]
fn the_commands_own_exit_code_is_passed_on_and_the_lease_given_back() {
    let election = Election::new();
    assert_eq!(election.run("first", "exit 7").exit_code(), Some(7));
    let mut second = election.run("second", "kill -KILL $$");
    assert_eq!(second.exit_code(), Some(128 + 9));
}

#[test]
fn the_command_is_started_although_the_file_of_leasehold_was_replaced() {
    let election = Election::with_a_copy();
    let mut first = election.run("first", "started; exec sleep 1000");
    assert_eq!(election.next_line(), "first started");
    election.delete_the_copy();
    election.lose_the_lease();
    assert_eq!(election.next_line(), "first started", "under its next term");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
}
