//! Programs that this process runs: what they print, and their end, with all that they have started.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use self::unix::{Pipe, Program};
#[cfg(windows)]
pub(crate) use self::windows::{Pipe, Program};

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_program_is_killed_with_all_that_it_has_started() {
        let (shell, option, starts) = if cfg!(windows) {
            ("cmd", "/c", "echo started& ping -n 1000 127.0.0.1")
        } else {
            ("sh", "-c", "sleep 1000 & echo started; wait")
        };
        let mut command = Command::new(shell);
        command.args([option, starts]).stdout(Stdio::piped());
        let mut program = Program::start(command, true).expect("a shell");
        let (stdout, _) = program.pipes().expect("a pipe");
        let mut stdout = stdout.expect("it is piped");
        let mut printed = [0; 1024];
        assert_ne!(stdout.read(&mut printed).await.expect("no error"), 0);

        drop(program);
        let end = async { while stdout.read(&mut printed).await.is_ok_and(|it| it > 0) {} };
        let limit = Duration::from_secs(60);
        timeout(limit, end).await.expect("nobody writes any more");
    }
}
