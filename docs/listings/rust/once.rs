//! Work that runs once.

use std::io;

use leasehold::{Config, Mode, RunOnceError};

#[test]
fn a_migration_runs_once_for_each_version() -> Result<(), RunOnceError<io::Error>> {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Config::new("shop-migration")
        .mode(Mode::File)
        .directory(folder.path());
    let election = leasehold::LeaderElection::new(&settings)?;
    let version = "1.4.2";
    let mut migrations = 0;
    let mut migrate = |_fence: u64| {
        migrations += 1;
        Ok(migrations)
    };

    let here = election.run_once(version, |term| migrate(term.fencing_token()))?;

    assert_eq!(here, Some(1));
    let again = election.run_once(version, |term| migrate(term.fencing_token()))?;
    assert_eq!(again, None);
    Ok(())
}
