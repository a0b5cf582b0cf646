//! A firing of a scheduled job that runs once.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use leasehold::{Config, LeaderElection, Mode, Result};

fn election(folder: &tempfile::TempDir) -> Result<LeaderElection> {
    let settings = Config::new("billing")
        .mode(Mode::File)
        .directory(folder.path());
    let election = settings.start()?;
    election.wait_for_leadership(Duration::from_secs(60))?;
    Ok(election)
}

#[test]
fn a_firing_runs_once() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let election = election(&folder)?;
    let due = SystemTime::now();
    let sent = Cell::new(0);
    let send_invoices = || sent.set(sent.get() + 1);
    for _ in 0..2 {
        election.run_if_leader(|_| match election.claim("billing.invoices", due) {
            Ok(true) => send_invoices(),
            Ok(false) => {} // It was begun already.
            Err(error) => eprintln!("not run: {error}"),
        });
    }
    assert_eq!(sent.get(), 1);
    Ok(())
}

#[test]
fn a_missed_firing_runs_once() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let election = election(&folder)?;
    let latest_due = SystemTime::now();
    assert!(election.claim("billing.invoices", latest_due - Duration::from_secs(60))?);
    let sent = Cell::new(0);
    let send_invoices = || sent.set(sent.get() + 1);
    for _ in 0..2 {
        if election.claim_missed("billing.invoices", latest_due, Duration::from_secs(3600))? {
            send_invoices();
        }
    }
    assert_eq!(sent.get(), 1);
    Ok(())
}
