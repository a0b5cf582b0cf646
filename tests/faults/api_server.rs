//! The API server is gone, or there and silent.

use crate::endurance::{endure, own_arena};

#[test]
fn an_api_server_that_was_killed_and_started_again() {
    let arena = own_arena();
    endure("API server killed, started again", || {
        let mut trial = arena.trial("killed-server")?;
        trial.leader()?;
        arena.cluster().kill_apiserver()?;
        trial.everyone_says("cannot reach the API server at https://127.0.0.1")?;
        trial.nobody_leads()?;
        arena.cluster().restart_apiserver()?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn an_api_server_that_was_stopped_and_goes_on() {
    let arena = own_arena();
    endure("API server stopped (SIGSTOP), goes on", || {
        let mut trial = arena.trial("stopped-server")?;
        trial.leader()?;
        arena.cluster().pause_apiserver()?;
        trial.nobody_leads()?;
        trial.everyone_says("no answer within 500")?;
        arena.cluster().resume_apiserver()?;
        trial.recovers()?;
        trial.verdict()
    });
}
