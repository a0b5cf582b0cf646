//! One server process on a port of the loopback address.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

const READY_LIMIT: Duration = Duration::from_secs(180);
const POLL_INTERVAL: Duration = Duration::from_millis(25);
const PORT_ATTEMPTS: u32 = 5;
const LOG_TAIL_LINES: usize = 20;

/// How to run one kind of server.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    /// Whether the server is the child of what the command starts, which waits for it.
    pub(crate) is_parent: bool,
    /// The command that serves the given port.
    pub(crate) command: Box<dyn Fn(u16) -> Command + Send + Sync>,
    /// Says why what answers at the given port is not ready, if it is not.
    pub(crate) check: Box<dyn Fn(u16) -> Result<()> + Send + Sync>,
}

/// A server that was started and, unless it was detached, ends when dropped.
pub(crate) struct Server {
    recipe: Recipe,
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// Starts the server on a free port and returns when it is ready. Its log
    /// and the file that holds its pid lie in `folder`.
    pub(crate) fn start(folder: &Path, recipe: Recipe) -> Result<Server> {
        let mut server = Server::new(folder, recipe);
        server.launch(free_port)?;
        Ok(server)
    }

    fn new(folder: &Path, recipe: Recipe) -> Server {
        Server {
            recipe,
            folder: folder.to_owned(),
            port: 0,
            child: None,
        }
    }

    /// The same on a port that nothing else uses, or 0 for a server without one.
    pub(crate) fn start_at(folder: &Path, recipe: Recipe, port: u16) -> Result<Server> {
        let mut server = Server::new(folder, recipe);
        server.launch(|| Ok(port))?;
        Ok(server)
    }

    /// Starts the server again, on the port it had, after killing it if it runs.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.end();
        let port = self.port;
        self.launch(|| Ok(port))
    }

    pub(crate) fn kill(&mut self) -> Result<()> {
        self.pid()?;
        self.end();
        Ok(())
    }

    /// Stops the process where it is: it keeps its connections and answers nothing.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    pub(crate) fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> Result<Pid> {
        if self.recipe.is_parent {
            return self.child_pid();
        }
        self.started_pid()
    }

    /// The process that what was started waits for.
    pub(crate) fn child_pid(&self) -> Result<Pid> {
        let parent = self.started_pid()?.as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
        let child = children.split_whitespace().next();
        let child = child.and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        child.with_context(|| format!("{} is not running", self.recipe.name))
    }

    fn started_pid(&self) -> Result<Pid> {
        let child = self.child.as_ref().map(Pid::from_child);
        child.with_context(|| format!("{} is not running", self.recipe.name))
    }

    /// Leaves the process running when this value is dropped.
    pub(crate) fn detach(mut self) {
        self.child = None;
    }

    /// A port may be taken between its choice and its use: then it tries again.
    fn launch(&mut self, choose_port: impl Fn() -> Result<u16>) -> Result<()> {
        let mut attempts_left = PORT_ATTEMPTS;
        loop {
            self.port = choose_port()?;
            self.spawn()?;
            attempts_left -= 1;
            match self.wait_until_ready() {
                Err(_) if attempts_left > 0 && self.found_port_taken() => {
                    self.end();
                    thread::sleep(POLL_INTERVAL);
                }
                result => return result,
            }
        }
    }

    fn spawn(&mut self) -> Result<()> {
        let name = self.recipe.name;
        let log = self.log_path();
        let log = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let child = (self.recipe.command)(self.port)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A terminal's Ctrl-C goes to each process of its group: not to this one.
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let pid = child.id();
        self.child = Some(child);
        fs::write(self.pid_path(), pid.to_string()).context("writing the pid file")
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let ready = (self.recipe.check)(self.port);
            // Looked at last: a port that was taken may answer for another server.
            self.ensure_running()?;
            match ready {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > deadline => {
                    return Err(error.context(format!(
                        "{} is not ready after {} s. Its log ends with:\n{}\nThe last check",
                        self.recipe.name,
                        READY_LIMIT.as_secs(),
                        self.log_tail(),
                    )));
                }
                Err(_) => thread::sleep(POLL_INTERVAL),
            }
        }
    }

    /// An error that shows the end of the log if the process ended by itself.
    pub(crate) fn ensure_running(&mut self) -> Result<()> {
        let name = self.recipe.name;
        let status = match &mut self.child {
            Some(child) => child
                .try_wait()
                .with_context(|| format!("waiting for {name}"))?,
            None => bail!("{name} is not running"),
        };
        if let Some(status) = status {
            self.end(); // its pid may now become another process's
            bail!(
                "{name} ended by itself ({status}). Its log ends with:\n{}",
                self.log_tail()
            );
        }
        Ok(())
    }

    fn found_port_taken(&self) -> bool {
        self.log_tail().contains("address already in use")
    }

    /// SIGKILL, because nothing that a test's server holds is worth saving.
    fn end(&mut self) {
        if self.recipe.is_parent
            && let Ok(server) = self.child_pid()
        {
            // What waits for it ends with it.
            let _ = kill_process(server, Signal::KILL);
        }
        if let Some(mut child) = self.child.take() {
            // If the child was waited for already, these do nothing.
            let _ = child.kill();
            let _ = child.wait();
            let _ = fs::remove_file(self.pid_path());
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid()?, signal)
            .with_context(|| format!("sending a signal to {}", self.recipe.name))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.recipe.name))
    }

    fn pid_path(&self) -> PathBuf {
        self.folder.join(format!("{}.pid", self.recipe.name))
    }

    fn log_tail(&self) -> String {
        let log = fs::read(self.log_path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port that nothing serves now; somebody may take it before we do.
fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use anyhow::ensure;

    use super::*;

    /// A server that runs each script in turn, and is ready with the last.
    fn recipe<const N: usize>(scripts: [&'static str; N]) -> Recipe {
        let starts = Arc::new(AtomicU32::new(0));
        let started = Arc::clone(&starts);
        let command = move |_| {
            let script = scripts[starts.fetch_add(1, Ordering::Relaxed) as usize];
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let check = move |_| {
            ensure!(
                started.load(Ordering::Relaxed) as usize == N,
                "not the last"
            );
            Ok(())
        };
        Recipe {
            name: "script",
            is_parent: false,
            command: Box::new(command),
            check: Box::new(check),
        }
    }

    #[test]
    fn a_taken_port_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let taken = "echo listen: bind: address already in use; exit 1";
        let server = Server::start(folder.path(), recipe([taken, taken, "sleep 60"])).unwrap();
        server.pid().unwrap();
    }

    #[test]
    fn a_server_that_ends_at_once_is_an_error_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let scripts = ["echo unknown flag; exit 3", "never reached"];
        let error = Server::start(folder.path(), recipe(scripts))
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("unknown flag") && error.contains("exit status: 3"),
            "{error}"
        );
    }
}
