//! Somebody who may write the Lease does so by hand, or is no candidate of ours.

use anyhow::{Result, ensure};
use serde_json::json;

use super::faults;
use crate::candidates::{Answer, LIMIT, Timing, Trial};

faults! {
    Candidates a_lease_that_is_deleted:
        "Lease deleted";
    Candidates a_holder_that_is_emptied:
        "holder emptied by hand";
    Candidates a_lease_that_another_client_takes:
        "Lease taken by another client";
    Candidates a_lease_that_is_labelled:
        "Lease labelled";
    Candidates a_duration_that_is_edited_to_a_million_seconds:
        "duration edited to 1,000,000 s";
    Candidates a_stranger_who_holds_the_lease_for_a_million_seconds:
        "held by a stranger for 1,000,000 s, then released by hand";
    Candidates a_duration_that_is_edited_to_a_second_while_the_leader_cannot_see_it:
        "duration edited to 1 s, leader cut off";
    Candidates a_lease_that_is_deleted_while_the_leader_cannot_see_it:
        "Lease deleted, leader cut off";
    Candidates a_holder_that_is_emptied_while_the_leader_cannot_see_it:
        "holder emptied, leader cut off";
}

fn a_lease_that_is_deleted(trial: &mut Trial<'_>) -> Result<()> {
    let leader = trial.begin_followed()?;
    trial.delete_lease()?;
    trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
    trial.says(&leader, "reason=deleted")?;
    trial.recovers()?;
    Ok(())
}

fn a_holder_that_is_emptied(trial: &mut Trial<'_>) -> Result<()> {
    let leader = trial.begin_followed()?;
    trial.edit_lease(&json!({ "spec": { "holderIdentity": "" } }))?;
    trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
    trial.says(&leader, "reason=emptied")?;
    trial.recovers()?;
    Ok(())
}

fn a_lease_that_another_client_takes(trial: &mut Trial<'_>) -> Result<()> {
    let leader = trial.begin_followed()?;
    let now = "2026-01-01T00:00:00.000000Z";
    trial.edit_lease(&json!({ "spec": {
        "holderIdentity": "kubectl",
        "acquireTime": now,
        "renewTime": now,
    }}))?;
    trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
    trial.says(&leader, "reason=superseded")?;
    trial.everyone_explains("`kubectl` holds the Lease")?;
    trial.recovers()?;
    Ok(())
}

/// Labels, annotations and fields that Leasehold does not know are others' to write.
fn a_lease_that_is_labelled(trial: &mut Trial<'_>) -> Result<()> {
    trial.set_timing(Timing::STEADY);
    let leader = trial.begin_followed()?;
    trial.edit_lease(&json!({ "metadata": { "labels": { "team": "billing" } } }))?;
    still_leads(trial, &leader)?;
    let lease = trial.lease()?;
    let label = &lease["metadata"]["labels"]["team"];
    ensure!(label == "billing", "the label is {label}");
    Ok(())
}

/// The next renewal writes the candidate's own duration again.
fn a_duration_that_is_edited_to_a_million_seconds(trial: &mut Trial<'_>) -> Result<()> {
    trial.set_timing(Timing::STEADY);
    let leader = trial.begin_followed()?;
    trial.edit_lease(&json!({ "spec": { "leaseDurationSeconds": 1_000_000 } }))?;
    still_leads(trial, &leader)?;
    let lease = trial.lease()?;
    let duration = &lease["spec"]["leaseDurationSeconds"];
    ensure!(duration == 8, "the duration is {duration}");
    Ok(())
}

/// In the same term.
fn still_leads(trial: &mut Trial<'_>, leader: &str) -> Result<()> {
    let recovered = trial.recovers()?;
    ensure!(recovered == leader, "{recovered} leads, and {leader} did");
    let losses = trial.candidate(leader).log().count("no longer leading");
    ensure!(losses == 0, "{leader} lost its term");
    Ok(())
}

/// Nobody's renewal puts it right. What does is what a candidate writes to release the Lease.
fn a_stranger_who_holds_the_lease_for_a_million_seconds(trial: &mut Trial<'_>) -> Result<()> {
    let leader = trial.begin_followed()?;
    trial.edit_lease(&json!({ "spec": {
        "holderIdentity": "kubectl",
        "leaseDurationSeconds": 1_000_000,
        "renewTime": "2026-01-01T00:00:00.000000Z",
    }}))?;
    trial.candidate(&leader).wait_for(Answer::Follower, LIMIT)?;
    trial.everyone_explains("if it crashes, others wait 1000000.0 s")?;
    trial.edit_lease(&json!({ "spec": {
        "holderIdentity": "",
        "leaseDurationSeconds": 1,
    }}))?;
    trial.recovers()?;
    Ok(())
}

// A leader that is cut off learns of no edit, and goes by the duration that it wrote itself. Nobody
// who has seen that may take the Lease from it sooner, even if the edit says so.

fn a_duration_that_is_edited_to_a_second_while_the_leader_cannot_see_it(
    trial: &mut Trial<'_>,
) -> Result<()> {
    let leader = cut_off(trial)?;
    trial.edit_lease(&json!({ "spec": { "leaseDurationSeconds": 1 } }))?;
    is_succeeded(trial, &leader)
}

fn a_lease_that_is_deleted_while_the_leader_cannot_see_it(trial: &mut Trial<'_>) -> Result<()> {
    let leader = cut_off(trial)?;
    trial.delete_lease()?;
    is_succeeded(trial, &leader)
}

fn a_holder_that_is_emptied_while_the_leader_cannot_see_it(trial: &mut Trial<'_>) -> Result<()> {
    let leader = cut_off(trial)?;
    trial.edit_lease(&json!({ "spec": { "holderIdentity": "" } }))?;
    is_succeeded(trial, &leader)
}

fn cut_off(trial: &mut Trial<'_>) -> Result<String> {
    let leader = trial.begin_followed()?;
    trial.proxy(&leader).go_silent()?;
    Ok(leader)
}

fn is_succeeded(trial: &mut Trial<'_>, leader: &str) -> Result<()> {
    trial.next_leader(leader)?;
    trial.says(leader, "reason=expired")?;
    trial.let_time_pass();
    trial.proxy(leader).heal()?;
    trial.recovers()?;
    Ok(())
}
