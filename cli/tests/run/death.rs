//! Nothing of a command outlives its term, whoever is killed.

use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{LIMIT, POLL_INTERVAL};
use crate::instance::{Instance, Place};
use crate::processes::children;

/// A command that holds the lock, and so does what it has started.
const WITH_A_CHILD: &str = "sleep 1000 & started; wait";
const ALONE: &str = "started; exec sleep 1000";

/// Waits until an instance has one keeper, which is not its `former` one.
fn keeper_other_than(former: Option<Pid>, instance: &Instance) -> Pid {
    let deadline = Instant::now() + LIMIT;
    loop {
        // From its start until it has given itself its name, it is not found.
        let keepers = children(instance.pid(), "lease-keeper");
        if let [keeper] = keepers[..]
            && Some(keeper) != former
        {
            return keeper;
        }
        assert!(Instant::now() < deadline, "its keepers are {keepers:?}");
        thread::sleep(POLL_INTERVAL);
    }
}

#[test]
fn a_command_dies_with_its_leasehold() {
    let place = Place::new();
    let first = place.run("first", ALONE);
    assert_eq!(place.next_line(), "first started");
    let mut second = place.run("second", ALONE);
    first.signal(Signal::KILL);
    assert_eq!(place.next_line(), "second started");
    second.signal(Signal::TERM);
    assert_eq!(second.exit_code(), Some(0));
}

#[test]
fn all_that_a_command_has_started_dies_with_its_leasehold() {
    let place = Place::new();
    let first = place.run("first", WITH_A_CHILD);
    assert_eq!(place.next_line(), "first started");
    let _second = place.run("second", ALONE);
    first.signal(Signal::KILL);
    assert_eq!(place.next_line(), "second started");
}

#[test]
fn a_keeper_that_is_killed_is_replaced() {
    let place = Place::new();
    let first = place.run("first", WITH_A_CHILD);
    assert_eq!(place.next_line(), "first started");
    let keeper = keeper_other_than(None, &first);
    kill_process(keeper, Signal::KILL).unwrap();
    keeper_other_than(Some(keeper), &first);
    let _second = place.run("second", ALONE);
    first.signal(Signal::KILL);
    assert_eq!(place.next_line(), "second started");
}

#[test]
fn what_a_command_leaves_behind_is_killed_when_it_ends() {
    let place = Place::new();
    let mut first = place.run("first", "sleep 1000 & started; exit 3");
    assert_eq!(place.next_line(), "first started");
    assert_eq!(first.exit_code(), Some(3));
    let _second = place.run("second", ALONE);
    assert_eq!(place.next_line(), "second started");
}

#[test]
fn the_keeper_ends_with_the_command() {
    let place = Place::new();
    let first = place.run("first", ALONE);
    assert_eq!(place.next_line(), "first started");
    let keeper = keeper_other_than(None, &first);
    place.lose_the_lease();
    assert_eq!(place.next_line(), "first started", "under its next term");
    keeper_other_than(Some(keeper), &first);
}

#[test]
fn ctrl_z_does_not_stop_the_renewals() {
    let place = Place::new();
    let mut first = place.run("first", ALONE);
    assert_eq!(place.next_line(), "first started");
    first.signal(Signal::TSTP);
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
}
