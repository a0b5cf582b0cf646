//! The file that all processes of the demo write to: who leads, and what was run.
//!
//! Lines such as `8213700155234 node run 4711 1767225600`: moment, who, what, the fencing token,
//! and the second in which the run came due, or why the leadership ended. No lock guards the file,
//! so that what two leaders at one instant did would be in it.

use std::fmt::{Display, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use leasehold_tests::{Moment, now};

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) moment: Moment,
    pub(crate) who: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Takes part in the election.
    Ready,
    Acquired {
        token: u64,
    },
    Lost {
        token: u64,
        reason: String,
    },
    /// The job, which came due in this second.
    Run {
        token: u64,
        due: u64,
    },
}

impl Entry {
    pub(super) fn parse(line: &str) -> Result<Self> {
        let words: Vec<_> = line.split(' ').collect();
        let entry = match *words {
            [moment, who, ref what @ ..] => {
                moment
                    .parse()
                    .ok()
                    .zip(What::parse(what))
                    .map(|(moment, what)| Self {
                        moment,
                        who: who.to_owned(),
                        what,
                    })
            }
            _ => None,
        };
        entry.with_context(|| format!("not a line of the demo's ledger: `{line}`"))
    }
}

impl What {
    fn parse(words: &[&str]) -> Option<Self> {
        Some(match *words {
            ["ready"] => Self::Ready,
            ["acquired", token] => Self::Acquired {
                token: token.parse().ok()?,
            },
            ["lost", token, reason] => Self::Lost {
                token: token.parse().ok()?,
                reason: reason.to_lowercase().replace('_', " "),
            },
            ["run", token, due] => Self::Run {
                token: token.parse().ok()?,
                due: due.parse().ok()?,
            },
            _ => return None,
        })
    }
}

/// Appends a line, as the processes do. `words` say what.
pub(crate) fn note(ledger: &Path, who: &str, words: &[&dyn Display]) -> Result<()> {
    let mut line = format!("{} {who}", now());
    for word in words {
        write!(line, " {word}")?;
    }
    line.push('\n');
    // In one piece, which no other process's line can come between.
    let mut file = OpenOptions::new().append(true).open(ledger)?;
    Ok(file.write_all(line.as_bytes())?)
}

/// The demo's end of it.
pub(crate) struct Ledger {
    path: PathBuf,
    file: File,
    /// Read already, but not a line yet.
    begun: String,
}

impl Ledger {
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let path = folder.join("ledger");
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(&path)
            .with_context(|| format!("cannot make the ledger {}", path.display()))?;
        Ok(Self {
            path,
            file,
            begun: String::new(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was written since it was asked last.
    pub(crate) fn news(&mut self) -> Result<Vec<Entry>> {
        self.file.read_to_string(&mut self.begun)?;
        let complete = self.begun.rfind('\n').map_or(0, |end| end + 1);
        let rest = self.begun.split_off(complete);
        let lines = std::mem::replace(&mut self.begun, rest);
        lines.lines().map(Entry::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create(folder.path()).unwrap();
        note(ledger.path(), "node", &[&"acquired", &7]).unwrap();
        note(ledger.path(), "node", &[&"run", &7, &1_767_225_600]).unwrap();
        let whats = |ledger: &mut Ledger| -> Vec<_> {
            let news = ledger.news().unwrap();
            news.into_iter().map(|entry| entry.what).collect()
        };
        let due = 1_767_225_600;
        assert_eq!(
            whats(&mut ledger),
            [What::Acquired { token: 7 }, What::Run { token: 7, due }]
        );
        note(ledger.path(), "node", &[&"lost", &7, &"STEPPED_DOWN"]).unwrap();
        let reason = "stepped down".to_owned();
        assert_eq!(whats(&mut ledger), [What::Lost { token: 7, reason }]);
        assert_eq!(whats(&mut ledger), []);
    }

    #[test]
    fn half_a_line_waits_for_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create(folder.path()).unwrap();
        let mut file = OpenOptions::new().append(true).open(ledger.path()).unwrap();
        file.write_all(b"12 node re").unwrap();
        assert_eq!(ledger.news().unwrap(), []);
        file.write_all(b"ady\n").unwrap();
        let entry = Entry {
            moment: 12,
            who: "node".to_owned(),
            what: What::Ready,
        };
        assert_eq!(ledger.news().unwrap(), [entry]);
    }

    #[test]
    fn a_line_that_nobody_may_write_is_an_error_that_shows_it() {
        for line in [
            "",
            "12",
            "12 node",
            "12 node run 7",
            "x node ready",
            "12 node ready now",
        ] {
            let error = Entry::parse(line).unwrap_err().to_string();
            assert!(error.ends_with(&format!("`{line}`")), "{error}");
        }
    }
}
