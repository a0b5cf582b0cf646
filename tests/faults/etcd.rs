//! The API server answers, but cannot store anything.

use crate::endurance::{endure, own_arena};

#[test]
fn an_etcd_that_was_killed_and_started_again() {
    let arena = own_arena();
    endure("etcd killed, started again", || {
        let mut trial = arena.trial("killed-etcd")?;
        trial.leader()?;
        arena.cluster().kill_etcd()?;
        trial.everyone_says("cannot acquire or renew")?;
        trial.nobody_leads()?;
        arena.cluster().restart_etcd()?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn an_etcd_that_was_stopped_and_goes_on() {
    let arena = own_arena();
    endure("etcd stopped (SIGSTOP), goes on", || {
        let mut trial = arena.trial("stopped-etcd")?;
        trial.leader()?;
        arena.cluster().pause_etcd()?;
        trial.everyone_says("cannot acquire or renew")?;
        trial.nobody_leads()?;
        arena.cluster().resume_etcd()?;
        trial.recovers()?;
        trial.verdict()
    });
}
