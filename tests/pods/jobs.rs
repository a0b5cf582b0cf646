//! What pods that lead have done, by the database that they write to.
//!
//! It is of `sqlite3`, in the folder that all containers share: they are of one kernel, whose locks it needs.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::{Pods, eventually};

/// A look is a process.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// A job that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The second in which it came due.
    pub due: u64,
    /// Under which it was done; 0 if the one who did it knows none.
    pub token: u64,
    /// Who did it.
    pub pod: String,
}

/// All that were done so far, in the order in which they were written.
pub fn done(pods: &Pods<'_>) -> Result<Vec<Job>> {
    let database = pods.ledger().join("jobs.db");
    if !database.exists() {
        return Ok(Vec::new());
    }
    let output = Command::new("sqlite3")
        .args(["-cmd", ".timeout 5000", "-separator", " "])
        .arg(&database)
        .arg("SELECT due, token, pod FROM jobs ORDER BY rowid")
        .output()
        .context("running sqlite3")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.contains("no such table") {
        return Ok(Vec::new());
    }
    ensure!(output.status.success(), "sqlite3: {complaint}");
    let rows = String::from_utf8(output.stdout)?;
    let rows = rows.lines().map(|row| {
        let words: Vec<_> = row.split(' ').collect();
        let [due, token, pod] = words[..] else {
            bail!("not a row of jobs: {row}");
        };
        Ok(Job {
            due: due.parse()?,
            token: token.parse()?,
            pod: pod.to_owned(),
        })
    });
    rows.collect()
}

/// Waits for the next one, and returns it.
pub fn next(pods: &Pods<'_>) -> Result<Job> {
    let before = done(pods)?.len();
    eventually("the next job", || {
        thread::sleep(LOOK_INTERVAL);
        Ok(done(pods)?.get(before).cloned())
    })
}

/// Waits for one that another pod than `pod` does, and returns it.
pub fn next_of_another(pods: &Pods<'_>, pod: &str) -> Result<Job> {
    let before = done(pods)?.len();
    eventually("a job of another pod", || {
        thread::sleep(LOOK_INTERVAL);
        let jobs = done(pods)?;
        Ok(jobs[before..].iter().find(|job| job.pod != pod).cloned())
    })
}

/// Fails if one was done twice, or under a token that is not the greatest so far. Returns how many were
/// done, and how many seconds went by without one.
pub fn ensure_none_was_done_twice(pods: &Pods<'_>) -> Result<(usize, Vec<u64>)> {
    let jobs = done(pods)?;
    let mut seen: BTreeMap<u64, &Job> = BTreeMap::new();
    let mut token = 0;
    for job in &jobs {
        if let Some(first) = seen.insert(job.due, job) {
            bail!("done twice: {first:?} and {job:?}");
        }
        ensure!(job.token >= token, "{job:?} after the token {token}");
        token = job.token;
    }
    let seconds: Vec<_> = seen.into_keys().collect();
    let left_out = seconds.windows(2).map(|pair| pair[1] - pair[0] - 1);
    Ok((jobs.len(), left_out.filter(|it| *it > 0).collect()))
}
