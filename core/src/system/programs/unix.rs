//! By process groups, and without a handler of signals, which are the application's.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

/// A started program. Dropping it kills it, and all that it has started.
pub(crate) struct Program {
    child: Option<Child>,
    group: bool,
}

impl Program {
    /// Starts it in a group of its own; or in this process's, where a terminal's input is.
    pub(crate) fn start(mut command: Command, group: bool) -> io::Result<Self> {
        if group {
            command.process_group(0);
        }
        let child = Some(command.spawn()?);
        Ok(Self { child, group })
    }

    /// What it prints and what it says, as far as these are piped. Needs a Tokio runtime with I/O
    /// enabled.
    pub(crate) fn pipes(&mut self) -> io::Result<(Option<Pipe>, Option<Pipe>)> {
        let child = self.child.as_mut();
        let (stdout, stderr) = child.map_or((None, None), |child| {
            (
                child.stdout.take().map(OwnedFd::from),
                child.stderr.take().map(OwnedFd::from),
            )
        });
        Ok((
            stdout.map(Pipe::new).transpose()?,
            stderr.map(Pipe::new).transpose()?,
        ))
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else {
            return Ok(None);
        };
        let status = match child.try_wait() {
            // The application waits for every child, or ignores the signal of their end. What it has
            // printed tells whether it went well.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::CHILD) => {
                Some(ExitStatus::default())
            }
            status => status?,
        };
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Once somebody has waited for it, its number may be another's.
        if let Ok(Some(_)) = self.ended() {
            return;
        }
        let Some(mut child) = self.child.take() else {
            return;
        };
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = if self.group {
                kill_process_group(pid, Signal::KILL)
            } else {
                kill_process(pid, Signal::KILL)
            };
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || child.wait());
        }
    }
}

/// This process's end of a pipe.
pub(crate) struct Pipe(Receiver);

impl Pipe {
    fn new(pipe: OwnedFd) -> io::Result<Self> {
        Receiver::from_owned_fd(pipe).map(Self)
    }

    /// Waits until there is something to read, or nobody left to write.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }

    /// Reads what a program that has ended has left. Others that it has started may keep the pipe open.
    /// Asks the system, since Tokio may not know yet that there is something.
    #[expect(clippy::unused_async, reason = "other systems wait")]
    pub(crate) async fn read_rest(&mut self, mut hear: impl FnMut(&[u8])) {
        let mut rest = [0; 8192];
        while let Ok(length @ 1..) = rustix::io::read(&self.0, &mut rest) {
            hear(&rest[..length]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use futures_executor::block_on;
    use rustix::process::{WaitOptions, waitpid};

    use super::*;

    #[test]
    fn what_a_program_has_left_in_a_pipe_is_read_though_tokio_was_not_told_of_it() {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().expect("a runtime");
        // The runtime does not run meanwhile, and so hears of nothing.
        let _entered = runtime.enter();
        let mut command = Command::new("echo");
        command.arg("a token").stdout(Stdio::piped());
        let mut program = Program::start(command, false).expect("a program");
        let (stdout, _) = program.pipes().expect("a pipe");
        while program.ended().expect("no error").is_none() {}
        let mut printed: Vec<u8> = Vec::new();
        let mut stdout = stdout.expect("it is piped");
        block_on(stdout.read_rest(|rest| printed.extend(rest)));
        assert_eq!(printed, b"a token\n");
    }

    #[test]
    fn a_program_that_somebody_else_has_waited_for_has_ended() {
        let child = Command::new("true").spawn().expect("a program");
        waitpid(Some(Pid::from_child(&child)), WaitOptions::empty()).expect("its end");
        let mut program = Program {
            child: Some(child),
            group: false,
        };
        let status = program.ended().expect("no error");
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
    }
}
