//! Elections within one process on a real API server, under the Role that we document.

#![cfg(unix)] // the test cluster runs on Unix

#[path = "../common/mod.rs"]
mod common;
mod credentials;
#[path = "../common/program.rs"]
mod program;
mod proofs;
mod signs;
mod support;

use leasehold::{Event, LostReason, Role};

use self::common::{acquired, eventually, loss, next};
use self::support::{Scene, cluster};

#[test]
fn a_standby_sends_no_request_beyond_its_watch() {
    let scene = Scene::granted("quiet-standby");
    let _leader = scene.leader("leader");
    let standby = scene.candidate("standby");
    eventually("the standby watches", || standby.status().watching);
    let before = support::requests(&standby);
    scene.await_renewals(5);
    assert_eq!(support::requests(&standby), before);
    assert_eq!(before, 1, "one read, to know where to watch from");
}

#[test]
fn what_others_write_beside_the_record_survives_a_whole_term() {
    let scene = Scene::granted("kept-fields");
    let leader = scene.leader("leader");
    let mut events = leader.subscribe().unwrap();
    let term = acquired(&mut events);
    scene.patch(r#"{"metadata": {"labels": {"team": "billing"}, "annotations": {"note": "x"}}}"#);
    scene.await_renewals(2);
    assert!(
        term.is_valid(),
        "an edited label is no change of the holder"
    );
    leader.request_stop().unwrap();
    assert_eq!(loss(&mut events).reason, LostReason::Stopped);
    eventually("the Lease is released", || {
        scene.text("/spec/holderIdentity").is_empty()
    });
    assert_eq!(scene.text("/metadata/labels/team"), "billing");
    assert_eq!(scene.text("/metadata/annotations/note"), "x");
}

#[test]
fn a_deleted_lease_ends_the_term_at_once_and_the_next_token_is_larger() {
    let scene = Scene::granted("deleted");
    // Who leads waits for as long as others do.
    let leader = scene.config("leader").start().unwrap();
    let mut events = leader.subscribe().unwrap();
    let first = acquired(&mut events).fencing_token();
    scene.delete();
    assert_eq!(loss(&mut events).reason, LostReason::Deleted);
    assert!(acquired(&mut events).fencing_token() > first);
}

#[test]
fn without_the_role_it_says_which_verb_is_missing_and_goes_on_when_it_is_granted() {
    let scene = Scene::new("not-granted");
    let election = scene.candidate("candidate");
    let mut events = election.subscribe().unwrap();
    let error = loop {
        if let Event::RenewalFailing(error) = next(&mut events) {
            break error;
        }
    };
    assert_eq!(error.kind(), leasehold::ErrorKind::Forbidden);
    for part in ["get", "kind: Role", r#"resourceNames: ["not-granted"]"#] {
        assert!(error.message().contains(part), "no {part:?} in {error}");
    }
    assert_eq!(
        election.status().why_not_leading.as_deref(),
        Some(error.message())
    );
    assert_eq!(election.status().role, Role::Candidate);
    scene.grant();
    acquired(&mut events);
}

#[test]
fn if_watching_is_not_granted_it_polls_and_still_takes_over() {
    let scene = Scene::new("not-watched");
    let granted = cluster().grant_except("default", "not-watched", &["watch"]);
    granted.unwrap();
    let leader = scene.leader("leader");
    let standby = scene.candidate("standby");
    eventually("it knows the leader", || {
        standby.leader().as_deref() == Some("leader")
    });
    assert!(!standby.status().watching);
    leader.stop().unwrap();
    support::await_leadership(&standby);
}

#[test]
fn many_leases_of_one_process_are_led_at_once() {
    let scenes: Vec<_> = (0..60)
        .map(|n| Scene::granted(&format!("one-of-many-{n}")))
        .collect();
    let leaders: Vec<_> = scenes.iter().map(|scene| scene.leader("leader")).collect();
    assert!(leaders.iter().all(leasehold::LeaderElection::is_leader));
}
