//! As the first process of a container, which adopts all whose parents have ended.

use rustix::process::{Pid, Signal, kill_process};

use crate::common::leasehold;
use crate::election::{Election, Instance, started_by};
use crate::plugin::Plugin;
use crate::processes::{children, wait_for};

/// A PID namespace of its own, which a user may make where users may make namespaces of their own.
const CONTAINER: [&str; 7] = [
    "unshare",
    "--user",
    "--map-root-user",
    "--pid",
    "--fork",
    "--mount-proc",
    "--kill-child",
];

/// `leasehold` in the container, by the number that it has outside.
fn leasehold_in(container: &Instance) -> Pid {
    wait_for(
        "leasehold in a PID namespace, which this user must be allowed to make",
        || {
            children(container.pid(), Some("leasehold"))
                .first()
                .copied()
        },
    )
}

#[test]
fn it_reaps_what_it_adopts_and_stops_as_it_does_elsewhere() {
    let election = Election::new();
    let script = "n=0; while test $n -lt 100; do (sleep 0.1 &); n=$((n + 1)); done; started; \
                  exec sleep 1000";
    let flags = ["--lease-duration=600"];
    let command = election.script(&flags, "first", script);
    let mut container = Instance::start(&mut started_by(&CONTAINER, &command));
    assert_eq!(election.next_line(), "first started");
    let leasehold = leasehold_in(&container);
    wait_for("only the command and its watchdog are left", || {
        // Those that have ended, and that nobody has waited for, are among them.
        (children(leasehold, None).len() == 2).then_some(())
    });
    kill_process(leasehold, Signal::TERM).unwrap();
    assert_eq!(container.exit_code(), Some(0));
    assert_eq!(election.holder(), None);
}

#[test]
fn a_look_that_waits_for_a_credential_plugin_can_be_ended() {
    let plugin = Plugin::that_hangs();
    let mut status = leasehold();
    status.args(["status", "jobs", "--mode=kubernetes", "--kubeconfig"]);
    status.arg(plugin.kubeconfig());
    let mut container = Instance::start(&mut started_by(&CONTAINER, &status));
    plugin.wait_until_it_runs();
    kill_process(leasehold_in(&container), Signal::TERM).unwrap();
    assert_eq!(container.exit_code(), Some(143));
}

#[test]
fn a_standby_reaps_too() {
    let election = Election::new();
    let mut first = election.run("first", "started; exec sleep 1000");
    assert_eq!(election.next_line(), "first started");
    // Its shell has started something before it became `leasehold`.
    let second = election.script(&[], "second", "started");
    let starter = ["sh", "-c", "sleep 0.1 & sleep 0.1 & exec \"$@\"", "sh"];
    let second = Instance::start(&mut started_by(
        &[&CONTAINER[..], &starter].concat(),
        &second,
    ));
    let leasehold = leasehold_in(&second);
    wait_for("no child is left", || {
        children(leasehold, None).is_empty().then_some(())
    });
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
    assert_eq!(election.next_line(), "second started");
}
