//! The API server is gone, or there and silent.

use anyhow::Result;

use super::faults;
use crate::candidates::Trial;

faults! {
    Servers an_api_server_that_was_killed_and_started_again:
        "API server killed, started again";
    Servers an_api_server_that_was_stopped_and_goes_on:
        "API server stopped (SIGSTOP), goes on";
}

fn an_api_server_that_was_killed_and_started_again(trial: &mut Trial<'_>) -> Result<()> {
    trial.begin()?;
    trial.cluster().kill_apiserver()?;
    trial.everyone_says("cannot reach the API server at https://127.0.0.1")?;
    trial.nobody_leads()?;
    trial.let_time_pass();
    trial.cluster().restart_apiserver()?;
    trial.recovers()?;
    Ok(())
}

fn an_api_server_that_was_stopped_and_goes_on(trial: &mut Trial<'_>) -> Result<()> {
    trial.begin()?;
    trial.cluster().pause_apiserver()?;
    trial.nobody_leads()?;
    trial.everyone_says("no connection after ")?;
    trial.let_time_pass();
    trial.cluster().resume_apiserver()?;
    trial.recovers()?;
    Ok(())
}
