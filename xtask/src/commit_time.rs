//! The time of what is made: of the commit, so that it is the same whenever it is made.

use anyhow::{Context, Result};
use xshell::cmd;

use crate::build::shell;

pub(crate) struct CommitTime {
    epoch: u64,
    rfc3339: String,
}

impl CommitTime {
    pub(crate) fn read() -> Result<Self> {
        let shell = shell()?;
        shell.set_var("TZ", "UTC");
        let format = "--format=%ct %cd";
        let date = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";
        let said = cmd!(shell, "git log --max-count=1 {format} {date}")
            .quiet()
            .read()?;
        let (epoch, rfc3339) = said.split_once(' ').context("a commit has a time")?;
        Ok(Self {
            epoch: epoch.parse()?,
            rfc3339: rfc3339.to_owned(),
        })
    }

    /// For `SOURCE_DATE_EPOCH`.
    pub(crate) fn epoch(&self) -> String {
        self.epoch.to_string()
    }

    pub(crate) fn rfc3339(&self) -> &str {
        &self.rfc3339
    }
}
