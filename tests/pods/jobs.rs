//! What pods that lead have done, by the ledger that they write to.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use leasehold_tests::pods::{Pods, eventually};

/// A job that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// The second in which it came due.
    pub(crate) due: u64,
    pub(crate) token: u64,
    pub(crate) pod: String,
}

/// All that were done so far, in the order in which they were written.
pub(crate) fn done(pods: &Pods<'_>) -> Result<Vec<Job>> {
    let Ok(ledger) = fs::read_to_string(pods.ledger().join("jobs")) else {
        return Ok(Vec::new());
    };
    let complete = ledger
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    complete
        .map(|line| {
            let mut words = line.split_whitespace();
            let job = (|| {
                Some(Job {
                    due: words.next()?.parse().ok()?,
                    token: words.next()?.parse().ok()?,
                    pod: words.next()?.to_owned(),
                })
            })();
            job.with_context(|| format!("not a line of the ledger: {line}"))
        })
        .collect()
}

/// Waits for the next one, and returns it.
pub(crate) fn next(pods: &Pods<'_>) -> Result<Job> {
    let before = done(pods)?.len();
    eventually("the next job", || Ok(done(pods)?.get(before).cloned()))
}

/// Waits for one that another pod than `pod` does, and returns it.
pub(crate) fn next_of_another(pods: &Pods<'_>, pod: &str) -> Result<Job> {
    let before = done(pods)?.len();
    eventually("a job of another pod", || {
        let jobs = done(pods)?;
        Ok(jobs[before..].iter().find(|job| job.pod != pod).cloned())
    })
}

/// Fails if one was done twice, or under a token that is not the greatest so far. Prints how many
/// were done, by how many pods, and which seconds were left out.
pub(crate) fn ensure_none_was_done_twice(pods: &Pods<'_>, what: &str) -> Result<()> {
    let jobs = done(pods)?;
    let mut seen: BTreeMap<u64, &Job> = BTreeMap::new();
    let mut token = 0;
    for job in &jobs {
        if let Some(first) = seen.insert(job.due, job) {
            anyhow::bail!("done twice: {first:?} and {job:?}");
        }
        ensure!(job.token >= token, "{job:?} after the token {token}");
        token = job.token;
    }
    let seconds: Vec<_> = seen.keys().copied().collect();
    let left_out: Vec<_> = seconds
        .windows(2)
        .filter_map(|pair| (pair[1] - pair[0] > 1).then_some(pair[1] - pair[0] - 1))
        .collect();
    let mut by: Vec<_> = jobs.iter().map(|job| job.token).collect();
    by.dedup();
    println!(
        "{what}: {} jobs under {} terms, none twice; seconds without one: {left_out:?}",
        jobs.len(),
        by.len(),
    );
    Ok(())
}
