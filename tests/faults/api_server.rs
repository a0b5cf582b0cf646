//! The API server is gone, or there and silent.

use crate::endurance::{endure, own_testbed};

#[test]
fn an_api_server_that_was_killed_and_started_again() {
    let testbed = own_testbed();
    endure("API server killed, started again", || {
        let mut trial = testbed.trial("killed-server")?;
        trial.leader()?;
        testbed.cluster().kill_apiserver()?;
        trial.everyone_says("cannot reach the API server at https://127.0.0.1")?;
        trial.nobody_leads()?;
        testbed.cluster().restart_apiserver()?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn an_api_server_that_was_stopped_and_goes_on() {
    let testbed = own_testbed();
    endure("API server stopped (SIGSTOP), goes on", || {
        let mut trial = testbed.trial("stopped-server")?;
        trial.leader()?;
        testbed.cluster().pause_apiserver()?;
        trial.nobody_leads()?;
        trial.everyone_says("no connection after ")?;
        testbed.cluster().resume_apiserver()?;
        trial.recovers()?;
        trial.verdict()
    });
}
