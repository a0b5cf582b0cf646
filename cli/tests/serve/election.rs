//! Two sidecars of one election in a folder.

use std::path::Path;

use rustix::process::Signal;

use crate::common::leasehold;
use crate::plugin::Plugin;
use crate::sidecar::{Sidecar, wait_until};

/// The leader `a`, and `b`, which knows that.
fn two(folder: &Path, flags: &[&str]) -> (Sidecar, Sidecar) {
    let a = Sidecar::in_folder(folder, "a", flags);
    a.wait_until_it_leads();
    let b = Sidecar::in_folder(folder, "b", flags);
    wait_until("b knows the leader", || b.leader() == "a");
    (a, b)
}

#[test]
fn both_name_the_leader_and_only_one_is_it() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = two(folder.path(), &[]);
    assert_eq!(a.leader(), "a");

    let (status, answer) = a.is_leader();
    assert_eq!(status, 200);
    assert_eq!(answer["isLeader"], true);
    assert_eq!(answer["identity"], "a");
    assert!(answer["fencingToken"].as_u64().unwrap() > 0);

    let (status, answer) = b.is_leader();
    assert_eq!(status, 409);
    assert_eq!(answer["isLeader"], false);
    assert_eq!(answer["identity"], "b");
    assert_eq!(answer["why"], "`a` holds the Lease");
}

#[test]
fn a_leader_that_is_terminated_hands_over_and_exits_well() {
    let folder = tempfile::tempdir().unwrap();
    // So long that only a release can explain a new leader within the limit.
    let (mut a, b) = two(folder.path(), &["--lease-duration=600"]);
    a.line("leading");
    a.terminate();
    assert_eq!(a.exit_code(), Some(0));
    a.line("no longer leading");
    b.wait_until_it_leads();
    assert_eq!(b.leader(), "b");
}

#[test]
fn a_leader_that_is_killed_is_succeeded() {
    let folder = tempfile::tempdir().unwrap();
    // Only Linux proves it dead, and need not wait for its Lease to expire.
    let proven = ["--lease-duration=3600"];
    let flags: &[&str] = if cfg!(target_os = "linux") {
        &proven
    } else {
        &[]
    };
    let (mut a, b) = two(folder.path(), flags);
    a.kill();
    b.wait_until_it_leads();
}

#[test]
fn a_leader_on_its_way_out_says_so_and_keeps_its_lease_for_the_release_delay() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = two(folder.path(), &["--release-delay=600s"]);
    a.terminate();
    wait_until("a no longer leads", || a.is_leader().0 == 409);
    assert_eq!(a.leader(), "");
    assert_eq!(b.is_leader().0, 409);
    assert_eq!(b.leader(), "a");
}

/// The successor in the same pod must not be taken for the leader because of its name.
#[test]
fn the_name_of_a_predecessor_is_not_given_out_as_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        Sidecar::in_folder(
            folder.path(),
            "a",
            &["--lease-duration=600", "--proof-of-death=none"],
        )
    };
    let mut old = start();
    old.wait_until_it_leads();
    old.kill();
    assert_eq!(old.exit_code(), None);
    let new = start();
    wait_until("it has seen the record", || {
        new.is_leader().1["why"] == "`a` holds the Lease"
    });
    assert_eq!(new.leader(), "");
}

#[test]
fn each_signal_that_ends_programs_ends_it_in_order() {
    for signal in [Signal::INT, Signal::HUP, Signal::QUIT] {
        let folder = tempfile::tempdir().unwrap();
        let mut a = Sidecar::in_folder(folder.path(), "a", &["--lease-duration=600"]);
        a.wait_until_it_leads();
        a.signal(signal);
        assert_eq!(a.exit_code(), Some(0), "{signal:?}");
        Sidecar::in_folder(folder.path(), "b", &[]).wait_until_it_leads();
    }
}

#[test]
fn a_second_signal_does_not_wait_for_the_release() {
    let folder = tempfile::tempdir().unwrap();
    let mut a = Sidecar::in_folder(folder.path(), "a", &["--release-delay=600"]);
    a.wait_until_it_leads();
    a.terminate();
    a.line("no longer leading");
    a.terminate();
    assert_eq!(a.exit_code(), Some(0));
}

#[test]
fn it_answers_and_stops_while_a_credential_plugin_hangs() {
    let plugin = Plugin::that_hangs();
    let mut serve = leasehold();
    serve.args([
        "serve",
        "--election=jobs",
        "--mode=kubernetes",
        "--kubeconfig",
    ]);
    let mut sidecar = Sidecar::start(serve.arg(plugin.kubeconfig()));
    plugin.wait_until_it_runs();
    assert_eq!(sidecar.get("/healthz").0, 200);
    assert_eq!(sidecar.is_leader().0, 409);
    sidecar.terminate();
    assert_eq!(sidecar.exit_code(), Some(0));
    plugin.wait_until_it_is_ended();
}
