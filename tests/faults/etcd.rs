//! The API server answers, but cannot store anything.

use anyhow::Result;

use super::faults;
use crate::candidates::Trial;

faults! {
    Servers an_etcd_that_was_killed_and_started_again:
        "etcd killed, started again";
    Servers an_etcd_that_was_stopped_and_goes_on:
        "etcd stopped (SIGSTOP), goes on";
}

fn an_etcd_that_was_killed_and_started_again(trial: &mut Trial<'_>) -> Result<()> {
    trial.begin()?;
    trial.cluster().kill_etcd()?;
    trial.everyone_says("cannot acquire or renew")?;
    trial.nobody_leads()?;
    trial.let_time_pass();
    trial.cluster().restart_etcd()?;
    trial.recovers()?;
    Ok(())
}

fn an_etcd_that_was_stopped_and_goes_on(trial: &mut Trial<'_>) -> Result<()> {
    trial.begin()?;
    trial.cluster().pause_etcd()?;
    trial.everyone_says("cannot acquire or renew")?;
    trial.nobody_leads()?;
    trial.let_time_pass();
    trial.cluster().resume_etcd()?;
    trial.recovers()?;
    Ok(())
}
