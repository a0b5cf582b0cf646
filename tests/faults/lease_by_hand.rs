//! Somebody who may write the Lease does so by hand, or is no candidate of ours.

use anyhow::Result;
use leasehold_tests::{Answer, LIMIT, Timing, Trial};
use serde_json::json;

use crate::endurance::{endure, testbed};

#[test]
fn a_lease_that_is_deleted() {
    endure("Lease deleted", || {
        let mut trial = testbed().trial("deleted")?;
        let leader = trial.followed_leader()?;
        trial.delete_lease()?;
        trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
        trial.says(&leader, "reason=deleted")?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn a_holder_that_is_emptied() {
    endure("holder emptied by hand", || {
        let mut trial = testbed().trial("emptied")?;
        let leader = trial.followed_leader()?;
        trial.edit_lease(&json!({ "spec": { "holderIdentity": "" } }))?;
        trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
        trial.says(&leader, "reason=emptied")?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn a_lease_that_another_client_takes() {
    endure("Lease taken by another client", || {
        let mut trial = testbed().trial("taken")?;
        let leader = trial.followed_leader()?;
        let now = "2026-01-01T00:00:00.000000Z";
        trial.edit_lease(&json!({ "spec": {
            "holderIdentity": "kubectl",
            "acquireTime": now,
            "renewTime": now,
        }}))?;
        trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
        trial.says(&leader, "reason=superseded")?;
        trial.everyone_says("`kubectl` holds the Lease")?;
        trial.recovers()?;
        trial.verdict()
    });
}

/// Labels, annotations and fields that Leasehold does not know are others' to write.
#[test]
fn a_lease_that_is_labelled() {
    endure("Lease labelled", || {
        let mut trial = testbed().trial_with("labelled", Timing::STEADY)?;
        let leader = trial.followed_leader()?;
        trial.edit_lease(&json!({ "metadata": { "labels": { "team": "billing" } } }))?;
        assert_eq!(trial.recovers()?, leader);
        assert_eq!(trial.lease()?["metadata"]["labels"]["team"], "billing");
        assert_eq!(trial.candidate(&leader).log().count("no longer leading"), 0);
        trial.verdict()
    });
}

/// The next renewal writes the candidate's own duration again.
#[test]
fn a_duration_that_is_edited_to_a_million_seconds() {
    endure("duration edited to 1,000,000 s", || {
        let mut trial = testbed().trial_with("million", Timing::STEADY)?;
        let leader = trial.followed_leader()?;
        trial.edit_lease(&json!({ "spec": { "leaseDurationSeconds": 1_000_000 } }))?;
        assert_eq!(trial.recovers()?, leader);
        assert_eq!(trial.lease()?["spec"]["leaseDurationSeconds"], 8);
        trial.verdict()
    });
}

/// Nobody's renewal puts it right. What does is what a candidate writes to release the Lease.
#[test]
fn a_stranger_who_holds_the_lease_for_a_million_seconds() {
    endure(
        "held by a stranger for 1,000,000 s, then released by hand",
        || {
            let mut trial = testbed().trial("stranger")?;
            let leader = trial.followed_leader()?;
            trial.edit_lease(&json!({ "spec": {
                "holderIdentity": "kubectl",
                "leaseDurationSeconds": 1_000_000,
                "renewTime": "2026-01-01T00:00:00.000000Z",
            }}))?;
            trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
            trial.everyone_says("if it crashes, others wait 1000000.0 s")?;
            trial.edit_lease(&json!({ "spec": {
                "holderIdentity": "",
                "leaseDurationSeconds": 1,
            }}))?;
            trial.recovers()?;
            trial.verdict()
        },
    );
}

// A leader that is cut off learns of no edit, and goes by the duration that it wrote itself. Nobody
// who has seen that may take the Lease from it sooner, even if the edit says so.

#[test]
fn a_duration_that_is_edited_to_a_second_while_the_leader_cannot_see_it() {
    unseen_by_the_leader(
        "duration edited to 1 s, leader cut off",
        "one-second",
        |trial| trial.edit_lease(&json!({ "spec": { "leaseDurationSeconds": 1 } })),
    );
}

#[test]
fn a_lease_that_is_deleted_while_the_leader_cannot_see_it() {
    unseen_by_the_leader("Lease deleted, leader cut off", "deleted-unseen", |trial| {
        trial.delete_lease()
    });
}

#[test]
fn a_holder_that_is_emptied_while_the_leader_cannot_see_it() {
    unseen_by_the_leader(
        "holder emptied, leader cut off",
        "emptied-unseen",
        |trial| trial.edit_lease(&json!({ "spec": { "holderIdentity": "" } })),
    );
}

fn unseen_by_the_leader(fault: &'static str, name: &str, edit: impl Fn(&Trial<'_>) -> Result<()>) {
    endure(fault, || {
        let mut trial = testbed().trial(name)?;
        let old = trial.followed_leader()?;
        trial.proxy(&old).go_silent()?;
        edit(&trial)?;
        trial.next_leader(&old)?;
        trial.says(&old, "reason=expired")?;
        trial.proxy(&old).heal()?;
        trial.recovers()?;
        trial.verdict()
    });
}
