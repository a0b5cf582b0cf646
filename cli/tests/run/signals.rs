//! What each signal to `leasehold run` does, to the command and to the Lease.

use std::thread;
use std::time::Instant;

use rustix::process::Signal;

use crate::common::{LIMIT, POLL_INTERVAL, leasehold};
use crate::election::{Election, Instance, started_by};
use crate::plugin::Plugin;

/// So long that only a release, or a third signal, can explain what follows within the limit.
const LONG: [&str; 2] = ["--lease-duration=600", "--drain-timeout=600"];
const ENDLESS: &str = "while true; do sleep 0.01; done";

#[test]
fn signals_that_do_not_stop_it_are_passed_on() {
    let election = Election::new();
    let signals = [
        (Signal::HUP, "HUP"),
        (Signal::QUIT, "QUIT"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
        (Signal::ALARM, "ALRM"),
        (Signal::WINCH, "WINCH"),
        (Signal::CONT, "CONT"),
    ];
    let traps = signals.map(|(_, name)| format!("trap 'say {name}' {name};"));
    let mut first = election.run("first", &format!("{} started; {ENDLESS}", traps.concat()));
    assert_eq!(election.next_line(), "first started");
    for (signal, name) in signals {
        first.signal(signal);
        assert_eq!(election.next_line(), format!("first {name}"));
    }
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
}

#[test]
fn a_command_that_such_a_signal_ends_gives_the_lease_back() {
    for (signal, code) in [(Signal::HUP, 129), (Signal::QUIT, 131), (Signal::USR1, 138)] {
        let election = Election::new();
        let mut first = election.run_with(&LONG, "first", "started; exec sleep 1000");
        assert_eq!(election.next_line(), "first started");
        first.signal(signal);
        assert_eq!(first.exit_code(), Some(code));
        assert_eq!(election.holder(), None);
    }
}

#[test]
fn a_standby_is_ended_by_what_ends_programs_and_by_nothing_else() {
    for signal in [Signal::HUP, Signal::QUIT, Signal::TERM, Signal::INT] {
        let election = Election::new();
        let _first = election.run("first", "started; exec sleep 1000");
        assert_eq!(election.next_line(), "first started");
        let mut second = election.run("second", "started");
        second.line("the holder has changed");
        for other in [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::WINCH] {
            second.signal(other);
        }
        second.signal(signal);
        assert_eq!(second.exit_code(), Some(0), "{signal:?}");
    }
}

#[test]
fn a_standby_under_nohup_outlives_its_terminal() {
    let election = Election::new();
    let first = election.run("first", "started; exec sleep 1000");
    assert_eq!(election.next_line(), "first started");
    let second = election.script(&[], "second", "started; exec sleep 1000");
    let second = Instance::start(&mut started_by(&["nohup"], &second));
    second.line("the holder has changed");
    second.signal(Signal::HUP);
    first.signal(Signal::TERM);
    assert_eq!(election.next_line(), "second started");
}

#[test]
fn the_signal_that_asks_to_stop_can_be_chosen() {
    let election = Election::new();
    let script = format!("trap 'say interrupted; exit 0' INT; trap '' TERM; started; {ENDLESS}");
    let mut first = election.run_with(&["--stop-signal=SIGINT"], "first", &script);
    assert_eq!(election.next_line(), "first started");
    first.signal(Signal::TERM);
    assert_eq!(election.next_line(), "first interrupted");
    assert_eq!(first.exit_code(), Some(0));
}

#[test]
fn a_second_request_to_stop_kills_the_command() {
    for (once, again) in [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::TERM)] {
        let election = Election::new();
        let script = format!("trap 'say asked' TERM; started; {ENDLESS}");
        let mut first = election.run_with(&LONG, "first", &script);
        assert_eq!(election.next_line(), "first started");
        first.signal(once);
        assert_eq!(election.next_line(), "first asked");
        first.signal(again);
        assert_eq!(first.exit_code(), Some(0));
        assert_eq!(election.holder(), None);
    }
}

#[test]
fn another_request_to_stop_does_not_wait_for_the_release() {
    let election = Election::new();
    let flags = [&LONG[..], &["--renew-deadline=300"]].concat();
    let script = format!("trap 'say asked; exit 0' TERM; started; {ENDLESS}");
    let mut first = election.run_with(&flags, "first", &script);
    assert_eq!(election.next_line(), "first started");
    election.damage_the_lease();
    first.signal(Signal::TERM);
    assert_eq!(election.next_line(), "first asked");
    // Each comes alone, but the second may still find the command.
    let deadline = Instant::now() + LIMIT;
    while first.is_running() {
        assert!(Instant::now() < deadline, "it waits for the release");
        first.signal(Signal::TERM);
        thread::sleep(POLL_INTERVAL);
    }
    assert_eq!(first.exit_code(), Some(0));
}

#[test]
fn it_stops_while_a_credential_plugin_hangs() {
    for signal in [Signal::TERM, Signal::INT] {
        let plugin = Plugin::that_hangs();
        let mut run = leasehold();
        run.args([
            "run",
            "--election=jobs",
            "--mode=kubernetes",
            "--kubeconfig",
        ]);
        let mut run = Instance::start(run.arg(plugin.kubeconfig()).args(["--", "true"]));
        plugin.wait_until_it_runs();
        run.signal(signal);
        assert_eq!(run.exit_code(), Some(0));
        plugin.wait_until_it_is_ended();
    }
}
