//! The API server answers, but cannot store anything.

use anyhow::Result;
use leasehold_test_cluster::TestCluster;

use super::faults;
use crate::candidates::Trial;

faults! {
    Servers an_etcd_that_was_killed_and_started_again:
        "etcd killed, started again";
    Servers an_etcd_that_was_stopped_and_goes_on:
        "etcd stopped (SIGSTOP), goes on";
}

fn an_etcd_that_was_killed_and_started_again(trial: &mut Trial<'_>) -> Result<()> {
    fails_for_a_while(trial, TestCluster::kill_etcd, TestCluster::restart_etcd)
}

fn an_etcd_that_was_stopped_and_goes_on(trial: &mut Trial<'_>) -> Result<()> {
    fails_for_a_while(trial, TestCluster::pause_etcd, TestCluster::resume_etcd)
}

fn fails_for_a_while(
    trial: &mut Trial<'_>,
    end: fn(&TestCluster) -> Result<()>,
    begin: fn(&TestCluster) -> Result<()>,
) -> Result<()> {
    trial.begin()?;
    end(trial.cluster())?;
    trial.everyone_says("cannot acquire or renew")?;
    trial.nobody_leads()?;
    trial.let_time_pass();
    begin(trial.cluster())?;
    trial.recovers()?;
    Ok(())
}
