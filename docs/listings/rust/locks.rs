//! A lock for one job.

use std::time::Duration;

use leasehold::{Config, LockRequest, Locks, Mode};

#[test]
fn one_instance_reports() -> leasehold::Result<()> {
    let settings = Config::from_env().mode(Mode::Always);
    let mut reports = 0;

    let locks = Locks::new(&settings)?;
    locks.observe("nightly-report")?; // at start-up

    // When the job is due:
    let request = LockRequest::new("nightly-report").at_least(Duration::from_secs(60));
    if let Some(lock) = locks.try_lock(request)? {
        reports += 1; // under lock.fencing_token(), and while lock.is_held()
        lock.release();
    }

    assert_eq!(reports, 1);
    Ok(())
}
