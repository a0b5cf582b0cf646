//! `leasehold run`, as a person or a pod runs it: real processes and their children.
//!
//! The commands under test hold a lock that the kernel keeps (`flock`): if two ever ran at once, the
//! second would fail, and with it its `leasehold`.

#[path = "../common/mod.rs"]
mod common;
mod death;
mod instance;
mod processes;
mod streams;
mod words;

use rustix::process::Signal;

use self::instance::Place;

#[test]
fn the_command_runs_on_one_instance_and_moves_with_the_leadership() {
    let place = Place::new();
    let mut first = place.run("first", "started; exec sleep 1000");
    assert_eq!(place.next_line(), "first started");
    let mut second = place.run("second", "started; exec sleep 1000");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
    assert_eq!(place.next_line(), "second started");
    second.signal(Signal::INT);
    assert_eq!(second.exit_code(), Some(0));
}

#[test]
fn the_command_is_asked_to_stop_and_has_time_to() {
    let place = Place::new();
    let mut first = place.run(
        "first",
        "trap 'say stopping; read -r gate < go-on; say stopped; exit 0' TERM; started; \
         while true; do sleep 0.01; done",
    );
    assert_eq!(place.next_line(), "first started");
    let second = place.run("second", "started; exec sleep 1000");
    first.signal(Signal::TERM);
    assert_eq!(place.next_line(), "first stopping");
    place.open_gate("go-on");
    assert_eq!(place.next_line(), "first stopped");
    assert_eq!(place.next_line(), "second started");
    assert_eq!(first.exit_code(), Some(0));
    second.signal(Signal::TERM);
}

#[test]
fn a_command_that_does_not_stop_is_killed_with_all_its_children_before_another_starts() {
    let place = Place::new();
    let mut first = place.run_with(
        &["--drain-timeout=1s"],
        "first",
        "trap '' TERM; sleep 1000 & started; wait; wait; sleep 1000",
    );
    assert_eq!(place.next_line(), "first started");
    let second = place.run("second", "started; exec sleep 1000");
    first.signal(Signal::TERM);
    assert_eq!(place.next_line(), "second started");
    assert_eq!(first.exit_code(), Some(0));
    second.signal(Signal::TERM);
}

#[test]
fn the_command_is_killed_when_the_lease_is_lost_and_started_anew_with_the_next_term() {
    let place = Place::new();
    let mut first = place.run("first", "started; exec sleep 1000");
    assert_eq!(place.next_line(), "first started");
    place.lose_the_lease();
    assert_eq!(place.next_line(), "first started", "under its next term");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
}

#[test]
fn each_term_has_a_greater_token() {
    let place = Place::new();
    let show = "say $LEASEHOLD_FENCING_TOKEN";
    let token = |name| {
        let mut instance = place.run(name, show);
        let line = place.next_line();
        assert_eq!(instance.exit_code(), Some(0));
        let token = line.rsplit(' ').next().map(str::parse::<u64>);
        token.expect("a token").expect("a number")
    };
    assert!(token("first") < token("second"));
}

#[test]
fn the_commands_own_exit_code_is_passed_on_and_the_lease_given_back() {
    let place = Place::new();
    assert_eq!(place.run("first", "exit 7").exit_code(), Some(7));
    let mut second = place.run("second", "kill -KILL $$");
    assert_eq!(second.exit_code(), Some(128 + 9));
}

#[test]
fn the_command_is_started_although_the_file_of_leasehold_was_replaced() {
    let place = Place::with_a_copy();
    let mut first = place.run("first", "started; exec sleep 1000");
    assert_eq!(place.next_line(), "first started");
    place.delete_the_copy();
    place.lose_the_lease();
    assert_eq!(place.next_line(), "first started", "under its next term");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
}
