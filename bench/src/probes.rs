//! Programs that measure themselves, each with the tool of its language: mitata, pyperf, Go's `testing`.
//! They print a line of JSON for each measure.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use leasehold_test_cluster::TestCluster;
use serde::Deserialize;

use crate::program;
use crate::results::Measure;

/// One that takes longer has gone wrong.
const LIMIT: Duration = Duration::from_secs(90);

/// A line of such a program.
#[derive(Debug, Deserialize)]
pub(crate) struct Sampled {
    pub(crate) measure: Measure,
    /// In seconds.
    pub(crate) samples: Vec<f64>,
    #[serde(default)]
    pub(crate) note: Option<String>,
}

/// Runs one beside `cluster`, and returns what it has measured.
pub(crate) fn run(command: &[String], cluster: &TestCluster) -> Result<Vec<Sampled>> {
    let [program, arguments @ ..] = command else {
        bail!("no program");
    };
    let mut command = leasehold_tests::command(program);
    command
        .args(arguments)
        .env("KUBECONFIG", cluster.admin_kubeconfig())
        .env("LEASEHOLD_MODE", "kubernetes")
        .stdin(Stdio::null());
    let output = program::lines(&mut command, LIMIT)?;
    // Tools print for people as well.
    let lines = output.iter().filter(|line| line.starts_with('{'));
    let sampled = lines.map(|line| serde_json::from_str(line).with_context(|| line.clone()));
    let sampled: Vec<Sampled> = sampled.collect::<Result<_>>()?;
    if sampled.is_empty() {
        bail!("{program} has measured nothing");
    }
    Ok(sampled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_measure() {
        let line = r#"{"measure": "clock", "samples": [0.001, 0.002]}"#;
        let sampled: Sampled = serde_json::from_str(line).unwrap();
        assert_eq!(sampled.measure, Measure::Clock);
        assert_eq!((sampled.samples.len(), sampled.note), (2, None));
    }
}
