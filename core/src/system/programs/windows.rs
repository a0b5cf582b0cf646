//! By job objects, and with a thread that waits for each pipe.

use std::io;
use std::pin::Pin;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap, JobObject};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::time::timeout;

/// How long a pipe may be silent before what a program has left in it is read to the end.
const SILENCE: Duration = Duration::from_secs(1);

/// A started program. Dropping it kills it, and all that it has started.
pub(crate) struct Program {
    child: Option<Box<dyn ChildWrapper>>,
}

impl Program {
    /// Starts it in a job of its own, so that it can be killed with all that it has started.
    pub(crate) fn start(command: Command, group: bool) -> io::Result<Self> {
        let mut command = CommandWrap::from(command);
        if group {
            // Suspended at first, so that it starts nothing outside of the job.
            command.wrap(JobObject);
        }
        let child = Some(command.spawn()?);
        Ok(Self { child })
    }

    /// What it prints and what it says, as far as these are piped.
    pub(crate) fn pipes(&mut self) -> io::Result<(Option<Pipe>, Option<Pipe>)> {
        let Some(child) = &mut self.child else {
            return Ok((None, None));
        };
        let stdout = child.stdout().take().map(ChildStdout::from_std);
        let stderr = child.stderr().take().map(ChildStderr::from_std);
        Ok((
            stdout.transpose()?.map(Pipe::new),
            stderr.transpose()?.map(Pipe::new),
        ))
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else {
            return Ok(None);
        };
        let status = child.try_wait()?;
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Fails if it has ended.
            let _ = child.start_kill();
        }
    }
}

/// This process's end of a pipe.
pub(crate) struct Pipe(Pin<Box<dyn AsyncRead + Send>>);

impl Pipe {
    fn new(pipe: impl AsyncRead + Send + 'static) -> Self {
        Self(Box::pin(pipe))
    }

    /// Waits until there is something to read, or nobody left to write.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }

    /// Reads what a program that has ended has left. Others that it has started may keep the pipe open.
    pub(crate) async fn read_rest(&mut self, mut hear: impl FnMut(&[u8])) {
        let mut rest = [0; 8192];
        while let Ok(Ok(length @ 1..)) = timeout(SILENCE, self.read(&mut rest)).await {
            hear(&rest[..length]);
        }
    }
}
