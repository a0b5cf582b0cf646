//! The API server answers, but cannot store anything.

use crate::endurance::{endure, own_testbed};

#[test]
fn an_etcd_that_was_killed_and_started_again() {
    let testbed = own_testbed();
    endure("etcd killed, started again", || {
        let mut trial = testbed.trial("killed-etcd")?;
        trial.leader()?;
        testbed.cluster().kill_etcd()?;
        trial.everyone_says("cannot acquire or renew")?;
        trial.nobody_leads()?;
        testbed.cluster().restart_etcd()?;
        trial.recovers()?;
        trial.verdict()
    });
}

#[test]
fn an_etcd_that_was_stopped_and_goes_on() {
    let testbed = own_testbed();
    endure("etcd stopped (SIGSTOP), goes on", || {
        let mut trial = testbed.trial("stopped-etcd")?;
        trial.leader()?;
        testbed.cluster().pause_etcd()?;
        trial.everyone_says("cannot acquire or renew")?;
        trial.nobody_leads()?;
        testbed.cluster().resume_etcd()?;
        trial.recovers()?;
        trial.verdict()
    });
}
