//! What the API server does meanwhile, as it tells itself and as the kernel tells of its connections.

use std::collections::HashMap;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use leasehold_test_cluster::TestCluster;

/// In a second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerUse {
    /// How often Leases were read or watched.
    pub(crate) reads: f64,
    /// How often they were written.
    pub(crate) writes: f64,
    /// Both ways on connections that stay open, encrypted. One for each request is closed before anybody can look.
    pub(crate) bytes: f64,
    /// Of a core.
    pub(crate) cpu: f64,
}

impl ServerUse {
    pub(crate) fn within(cluster: &TestCluster, time: Duration) -> Result<Self> {
        let started = Instant::now();
        let before = Counted::now(cluster)?;
        // What it tells has many bytes itself.
        let bytes = Bytes::now(cluster)?;
        let bytes_since = Instant::now();
        thread::sleep(time);
        let bytes = Bytes::now(cluster)?.since(&bytes);
        let bytes_within = bytes_since.elapsed().as_secs_f64();
        let after = Counted::now(cluster)?;
        let seconds = started.elapsed().as_secs_f64();
        Ok(Self {
            reads: (after.reads - before.reads) / seconds,
            writes: (after.writes - before.writes) / seconds,
            bytes: bytes / bytes_within,
            cpu: (after.cpu - before.cpu) / seconds,
        })
    }

    /// What is beyond `idle`, which it asks of itself.
    pub(crate) fn beyond(self, idle: Self) -> Self {
        Self {
            reads: (self.reads - idle.reads).max(0.0),
            writes: (self.writes - idle.writes).max(0.0),
            bytes: (self.bytes - idle.bytes).max(0.0),
            cpu: (self.cpu - idle.cpu).max(0.0),
        }
    }
}

/// Since the server has started.
#[derive(Default)]
struct Counted {
    reads: f64,
    writes: f64,
    cpu: f64,
}

impl Counted {
    fn now(cluster: &TestCluster) -> Result<Self> {
        let metrics = cluster.api().get("/metrics")?;
        Self::of(metrics.as_str().context("metrics as text")?)
    }

    fn of(metrics: &str) -> Result<Self> {
        let mut counted = Self::default();
        for line in metrics.lines() {
            if let Some(seconds) = line.strip_prefix("process_cpu_seconds_total ") {
                counted.cpu = seconds.parse()?;
            }
            let Some(labels) = line.strip_prefix("apiserver_request_total{") else {
                continue;
            };
            let (labels, count) = labels.rsplit_once("} ").context("a number")?;
            if !labels.contains("resource=\"leases\"") {
                continue;
            }
            let count: f64 = count.parse()?;
            let is_read = ["GET", "LIST", "WATCH"]
                .iter()
                .any(|verb| labels.contains(&format!("verb=\"{verb}\"")));
            if is_read {
                counted.reads += count;
            } else {
                counted.writes += count;
            }
        }
        Ok(counted)
    }
}

/// On each connection of the server that is open, by its other end.
struct Bytes(HashMap<String, f64>);

impl Bytes {
    fn now(cluster: &TestCluster) -> Result<Self> {
        let (_, port) = cluster
            .server_address()
            .rsplit_once(':')
            .context("a port")?;
        let ss = Command::new("ss")
            .args(["--tcp", "--info", "--numeric", "--no-header", "--oneline"])
            .args(["state", "established", &format!("sport = :{port}")])
            .output()
            .context("cannot run `ss`, of iproute2")?;
        ensure!(
            ss.status.success(),
            "ss: {}",
            String::from_utf8_lossy(&ss.stderr)
        );
        Ok(Self::of(&String::from_utf8(ss.stdout)?))
    }

    fn of(lines: &str) -> Self {
        let connections = lines.lines().filter_map(|line| {
            let other_end = line.split_whitespace().nth(3)?;
            Some((
                other_end.to_owned(),
                number(line, "bytes_sent:") + number(line, "bytes_received:"),
            ))
        });
        Self(connections.collect())
    }

    fn since(&self, before: &Self) -> f64 {
        let each = self.0.iter().map(|(other_end, bytes)| {
            let before = before.0.get(other_end).copied().unwrap_or_default();
            (bytes - before).max(0.0)
        });
        each.sum()
    }
}

fn number(line: &str, field: &str) -> f64 {
    let word = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix(field));
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_for_leases_are_counted_by_what_they_do() {
        let metrics = "\
            apiserver_request_total{code=\"200\",resource=\"leases\",verb=\"GET\"} 3\n\
            apiserver_request_total{code=\"0\",resource=\"leases\",verb=\"WATCH\"} 1\n\
            apiserver_request_total{code=\"200\",resource=\"leases\",verb=\"PUT\"} 2\n\
            apiserver_request_total{code=\"200\",resource=\"pods\",verb=\"PUT\"} 9\n\
            process_cpu_seconds_total 1.5\n";
        let counted = Counted::of(metrics).unwrap();
        assert_eq!(
            (counted.reads, counted.writes, counted.cpu),
            (4.0, 2.0, 1.5)
        );
    }

    #[test]
    fn bytes_are_those_since_then_and_all_of_a_new_connection() {
        let line = |port: u16, sent: u32| {
            format!(
                "0 0 127.0.0.1:6443 127.0.0.1:{port} cubic cwnd:10 bytes_sent:{sent} bytes_received:5\n"
            )
        };
        let before = Bytes::of(&line(1, 100));
        let after = Bytes::of(&[line(1, 150), line(2, 10)].concat());
        assert!((after.since(&before) - 65.0).abs() < f64::EPSILON);
    }
}
