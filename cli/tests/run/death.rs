//! Nothing of a command outlives its term, no matter who is killed.

use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{LIMIT, POLL_INTERVAL};
use crate::election::{Election, Instance};
use crate::processes::children;

/// A command that holds the lock, and so does what it has started.
const WITH_A_CHILD: &str = "sleep 1000 & started; wait";
const ALONE: &str = "started; exec sleep 1000";

/// Waits until an instance has one watchdog, which is not its `former` one.
fn watchdog_other_than(former: Option<Pid>, instance: &Instance) -> Pid {
    let deadline = Instant::now() + LIMIT;
    loop {
        // From its start until it has given itself its name, it is not found.
        let watchdogs = children(instance.pid(), Some("lease-watchdog"));
        if let [watchdog] = watchdogs[..]
            && Some(watchdog) != former
        {
            return watchdog;
        }
        assert!(Instant::now() < deadline, "its watchdogs are {watchdogs:?}");
        thread::sleep(POLL_INTERVAL);
    }
}

#[test]
fn a_command_dies_with_its_leasehold() {
    let election = Election::new();
    let first = election.run("first", ALONE);
    assert_eq!(election.next_line(), "first started");
    let mut second = election.run("second", ALONE);
    first.signal(Signal::KILL);
    assert_eq!(election.next_line(), "second started");
    second.signal(Signal::TERM);
    assert_eq!(second.exit_code(), Some(0));
}

#[test]
fn all_that_a_command_has_started_dies_with_its_leasehold() {
    let election = Election::new();
    let first = election.run("first", WITH_A_CHILD);
    assert_eq!(election.next_line(), "first started");
    let _second = election.run("second", ALONE);
    first.signal(Signal::KILL);
    assert_eq!(election.next_line(), "second started");
}

#[test]
fn a_watchdog_that_is_killed_is_replaced() {
    let election = Election::new();
    let first = election.run("first", WITH_A_CHILD);
    assert_eq!(election.next_line(), "first started");
    let watchdog = watchdog_other_than(None, &first);
    kill_process(watchdog, Signal::KILL).unwrap();
    watchdog_other_than(Some(watchdog), &first);
    let _second = election.run("second", ALONE);
    first.signal(Signal::KILL);
    assert_eq!(election.next_line(), "second started");
}

#[test]
fn what_a_command_leaves_behind_is_killed_when_it_ends() {
    let election = Election::new();
    let mut first = election.run("first", "sleep 1000 & started; exit 3");
    assert_eq!(election.next_line(), "first started");
    assert_eq!(first.exit_code(), Some(3));
    let _second = election.run("second", ALONE);
    assert_eq!(election.next_line(), "second started");
}

#[test]
fn what_has_left_the_process_group_is_killed_when_the_term_ends() {
    let election = Election::new();
    let escaped = "setsid sh -c 'echo first escaped > said; exec sleep 1000' & wait";
    let first = election.run("first", escaped);
    assert_eq!(election.next_line(), "first escaped");
    let _second = election.run("second", ALONE);
    first.signal(Signal::TERM);
    assert_eq!(election.next_line(), "second started");
}

/// At each limit: the work ends with the last of its processes, and not when the limit is over. On a
/// machine that stands still between the two, nothing may be released: then it is tried again.
#[test]
fn the_lease_is_released_although_a_command_had_to_be_killed() {
    for drain_timeout in ["1", "2.5"] {
        assert!(
            (0..10).any(|_| is_released_after_a_kill(drain_timeout)),
            "a drain timeout of {drain_timeout} s"
        );
    }
}

fn is_released_after_a_kill(drain_timeout: &str) -> bool {
    let election = Election::new();
    let flags = ["--lease-duration=600", "--drain-timeout", drain_timeout];
    let script = "trap '' TERM; sleep 1000 & started; sleep 1000; sleep 1000";
    let mut first = election.run_with(&flags, "first", script);
    assert_eq!(election.next_line(), "first started");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
    election.holder().is_none()
}

#[test]
fn the_watchdog_ends_with_the_command() {
    let election = Election::new();
    let first = election.run("first", ALONE);
    assert_eq!(election.next_line(), "first started");
    let watchdog = watchdog_other_than(None, &first);
    election.lose_the_lease();
    assert_eq!(election.next_line(), "first started", "under its next term");
    watchdog_other_than(Some(watchdog), &first);
}

#[test]
fn ctrl_z_does_not_stop_the_renewals() {
    let election = Election::new();
    let mut first = election.run("first", ALONE);
    assert_eq!(election.next_line(), "first started");
    first.signal(Signal::TSTP);
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
}
