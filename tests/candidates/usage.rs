//! What a process has and has used, as Linux tells it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

/// How `/proc/net/tcp` writes the state of a connection that is open.
const ESTABLISHED: &str = "01";

/// A process that goes on meanwhile.
#[derive(Debug)]
pub struct Usage(PathBuf);

impl Usage {
    /// Of the process with this number.
    pub fn new(id: u32) -> Self {
        Self(Path::new("/proc").join(id.to_string()))
    }

    /// The processor time of its threads that go on.
    pub fn cpu(&self) -> Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(self.0.join("task"))? {
            // It may end meanwhile.
            let Ok(used) = fs::read_to_string(thread?.path().join("schedstat")) else {
                continue;
            };
            let used = used.split(' ').next().context("a time")?;
            nanos += used.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// What is in memory of it, in bytes.
    pub fn memory(&self) -> Result<u64> {
        Ok(1024 * self.status("VmRSS:")?)
    }

    /// How many threads it has.
    pub fn threads(&self) -> Result<u64> {
        self.status("Threads:")
    }

    /// How many files, sockets and the like it has open.
    pub fn descriptors(&self) -> Result<u64> {
        let open = fs::read_dir(self.0.join("fd"))?.count();
        Ok(u64::try_from(open)?)
    }

    /// Its open connections by TCP.
    pub fn connections(&self) -> Result<usize> {
        let open: HashSet<_> = ["net/tcp", "net/tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(self.0.join(table)).ok())
            .flat_map(|table| table.lines().filter_map(open_socket).collect::<Vec<_>>())
            .collect();
        let files = fs::read_dir(self.0.join("fd"))?.flatten();
        let links = files.filter_map(|file| fs::read_link(file.path()).ok());
        Ok(links
            .filter(|link| open.contains(&*link.to_string_lossy()))
            .count())
    }

    fn status(&self, field: &str) -> Result<u64> {
        let status = fs::read_to_string(self.0.join("status"))?;
        let value = status.lines().find_map(|line| line.strip_prefix(field));
        let value = value.with_context(|| format!("no {field}"))?;
        let number = value.split_whitespace().next().context("a number")?;
        Ok(number.parse()?)
    }
}

/// The socket of a line of `/proc/net/tcp`, as a file descriptor shows it, if it is connected.
fn open_socket(line: &str) -> Option<String> {
    let mut fields = line.split_whitespace().skip(3);
    let state = fields.next()?;
    let inode = fields.nth(5)?;
    (state == ESTABLISHED).then(|| format!("socket:[{inode}]"))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_of_this_process_is_counted_at_both_ends() {
        let process = Usage::new(std::process::id());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let before = process.connections().unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap();
        assert_eq!(process.connections().unwrap(), before + 2);
        drop((client, server));
    }

    #[test]
    fn what_this_process_has_used_is_told() {
        let process = Usage::new(std::process::id());
        assert!(process.memory().unwrap() > 1 << 20);
        assert!(process.threads().unwrap() >= 1);
        let _open = File::open("/proc/self/status").unwrap();
        assert!(process.descriptors().unwrap() >= 1);
        assert!(process.cpu().unwrap() > Duration::ZERO);
    }
}
