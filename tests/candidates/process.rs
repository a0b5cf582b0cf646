//! A program that is judged: started without our own settings, heard line by line, and killed at
//! the end, with all that it has started.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use leasehold_test_cluster::Lifeline;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};
use signal_hook::flag::register_conditional_default;

use super::timeline::{Moment, now};

/// Puts the agent of another language than Rust to the test.
const CANDIDATE: &str = "LEASEHOLD_CANDIDATE";

/// Variables besides `LEASEHOLD_…` that Leasehold reads settings from.
const VARIABLES: [&str; 4] = ["KUBECONFIG", "POD_NAMESPACE", "POD_NAME", "MY_POD_NAME"];

/// How long a process that writes to a Lease goes on before it is paused again.
const WHILE_IT_WRITES: Duration = Duration::from_millis(10);
/// A write takes milliseconds.
const LONGEST_WRITE: Duration = Duration::from_secs(60);

static HEED_SIGNALS: Once = Once::new();

/// A program inherits which signals are ignored, as they are under `nohup` or in the background of a
/// shell, but no handler: one that does what happens by default makes that the default again.
fn heed_signals() {
    for signal in [SIGHUP, SIGINT, SIGQUIT] {
        let always = Arc::new(AtomicBool::new(true));
        register_conditional_default(signal, always).expect("a handler of this signal");
    }
}

/// The agent that is put to the test: the command line in `LEASEHOLD_CANDIDATE`, or the agent of
/// Rust, whose program is `rust`.
pub fn command_under_test(rust: &str) -> Vec<String> {
    match env::var(CANDIDATE) {
        Ok(line) => line.split(' ').map(str::to_owned).collect(),
        Err(_) => vec![rust.to_owned()],
    }
}

/// A program to which none of our own environment's settings pass, and which ignores no signal.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    HEED_SIGNALS.call_once(heed_signals);
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("LEASEHOLD_") || VARIABLES.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    command
}

/// Stops `child` as a debugger does; none of its threads runs any longer when this returns.
///
/// Not while it writes to a Lease in a folder: until it goes on, no other could write.
pub fn pause(child: &Child) -> Result<Moment> {
    let process = Pid::from_child(child);
    let stopped_or_ended = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let deadline = Instant::now() + LONGEST_WRITE;
    loop {
        kill_process(process, Signal::STOP)?;
        waitid(WaitId::Pid(process), stopped_or_ended)?;
        let paused_at = now();
        if !writes_to_a_lease(child.id()) {
            return Ok(paused_at);
        }
        ensure!(Instant::now() < deadline, "it writes for {LONGEST_WRITE:?}");
        kill_process(process, Signal::CONT)?;
        thread::sleep(WHILE_IT_WRITES);
    }
}

/// Whether it has the lock of a Lease's folder. That of another file may be held all the time, as by a JVM.
/// Systems that do not tell which locks a process has are taken to say no.
fn writes_to_a_lease(process: u32) -> bool {
    let files = fs::read_dir(format!("/proc/{process}/fd"));
    let files = files.into_iter().flatten().flatten();
    let mut locks = files.filter(|file| {
        let path = fs::read_link(file.path());
        path.is_ok_and(|path| path.file_name() == Some(OsStr::new("lock")))
    });
    locks.any(|file| {
        let number = file.file_name();
        let info = format!("/proc/{process}/fdinfo/{}", number.display());
        fs::read_to_string(info).is_ok_and(|info| info.contains("FLOCK"))
    })
}

/// What comes from a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line of its standard output.
    Output(String),
    /// A line of its standard error.
    Error(String),
    /// Its standard output has ended.
    Ended,
}

/// A running process, which leads a process group of its own. When it is dropped, or this program ends in any
/// other way, all of that group is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// How it has ended. Until that is known its number is no other's, nor is that of its group.
    status: Option<ExitStatus>,
    _lifeline: Lifeline,
}

impl Process {
    /// Starts `command`. What it writes is given to `on_line`, on threads of their own.
    pub fn start(
        command: &mut Command,
        on_line: impl FnMut(Line) + Clone + Send + 'static,
    ) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let lifeline = lifeline(&mut child, Lifeline::of_group)?;
        read(
            child.stdout.take(),
            on_line.clone(),
            Line::Output,
            Some(Line::Ended),
        );
        read(child.stderr.take(), on_line, Line::Error, None);
        Ok(Self {
            child,
            status: None,
            _lifeline: lifeline,
        })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, if `command` has one; only once.
    pub fn take_input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Sends a signal, and returns when: another may lead before this returns.
    pub fn signal(&self, signal: Signal) -> Result<Moment> {
        let moment = now();
        kill_process(Pid::from_child(&self.child), signal)?;
        Ok(moment)
    }

    /// Stops it as a debugger does; none of its threads runs any longer when this returns.
    pub fn pause(&self) -> Result<Moment> {
        pause(&self.child)
    }

    /// Waits until it has ended, and then ends what it has left behind.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        if self.status.is_none() {
            self.look_for_end(WaitIdOptions::empty())?;
        }
        Ok(self.end_group()?)
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.status.is_some() || !matches!(self.look_for_end(WaitIdOptions::NOHANG), Ok(false))
    }

    /// Whether it has ended; its number stays its own.
    fn look_for_end(&self, how: WaitIdOptions) -> Result<bool> {
        let process = WaitId::Pid(Pid::from_child(&self.child));
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | how;
        Ok(waitid(process, look)?.is_some())
    }

    fn end_group(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        // It may have ended, and others of its group may not.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let status = self.child.wait()?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.end_group();
    }
}

/// That of `child`, which is killed if there is none: nobody else would end it.
fn lifeline<T>(child: &mut Child, start: impl Fn(&Child) -> Result<T>) -> Result<T> {
    start(child).inspect_err(|_| {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        let _ = child.wait();
    })
}

fn read(
    stream: Option<impl Read + Send + 'static>,
    mut on_line: impl FnMut(Line) + Send + 'static,
    wrap: fn(String) -> Line,
    at_end: Option<Line>,
) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.map(wrap).chain(at_end).for_each(&mut on_line);
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn no_setting_of_our_own_environment_passes() {
        let names = |command: &Command| -> Vec<_> {
            let removed = command.get_envs().filter(|(_, value)| value.is_none());
            removed.map(|(name, _)| name.to_owned()).collect()
        };
        let ours = env::vars_os().map(|(name, _)| name).filter(|name| {
            let name = name.to_string_lossy();
            name.starts_with("LEASEHOLD_") || name == "KUBECONFIG"
        });
        let removed = names(&command("true"));
        assert!(ours.into_iter().all(|name| removed.contains(&name)));
    }

    #[test]
    fn all_that_a_process_writes_is_heard_then_its_end() {
        let (sender, lines) = channel();
        let mut shell = command("sh");
        shell.args(["-c", "echo one; echo two"]);
        let _process = Process::start(&mut shell, move |line| sender.send(line).unwrap()).unwrap();
        let heard: Vec<_> = lines.iter().take(3).collect();
        let output = |text: &str| Line::Output(text.to_owned());
        assert_eq!(heard, [output("one"), output("two"), Line::Ended]);
    }

    /// Its output ends when nobody is left who has it.
    #[test]
    fn what_a_process_has_started_ends_with_it() {
        let start = || {
            let (sender, lines) = channel();
            let mut shell = command("sh");
            shell.args(["-c", "trap '' TERM; sleep 1000 & echo started; wait"]);
            let hear = move |line| sender.send(line).unwrap_or_default();
            let process = Process::start(&mut shell, hear).unwrap();
            assert_eq!(lines.recv(), Ok(Line::Output("started".to_owned())));
            (process, lines)
        };
        let (process, lines) = start();
        drop(process);
        assert_eq!(lines.recv_timeout(LONGEST_WRITE), Ok(Line::Ended));

        let (mut process, lines) = start();
        process.signal(Signal::KILL).unwrap();
        assert!(!process.wait().unwrap().success());
        assert_eq!(lines.recv_timeout(LONGEST_WRITE), Ok(Line::Ended));
        assert!(process.has_ended() && !process.wait().unwrap().success());
    }

    #[test]
    fn a_process_that_cannot_have_a_lifeline_is_killed() {
        let mut sleep = command("sleep");
        let mut child = sleep.arg("1000").process_group(0).spawn().unwrap();
        let without: Result<()> = lifeline(&mut child, |_| anyhow::bail!("no `sh`"));
        let status = child.try_wait().unwrap();
        assert!(without.is_err() && status.is_some_and(|it| !it.success()));
    }

    /// This test is that program as well, in a process of its own. What it starts has one end of a
    /// pipe, which is closed when nobody is left who has it.
    #[test]
    fn a_process_ends_with_the_program_that_has_started_it_however_that_ends() {
        const IS_THAT_PROGRAM: &str = "TEST_STARTS_A_PROCESS";
        const STARTED: &str = "started";
        if env::var_os(IS_THAT_PROGRAM).is_some() {
            let mut shell = command("sh");
            shell.args(["-c", "trap '' TERM; sleep 1000 & wait"]);
            let _process = Process::start(&mut shell, |_| {}).unwrap();
            println!("{STARTED}");
            loop {
                thread::park();
            }
        }
        let (_, module) = module_path!().split_once("::").unwrap();
        let name = format!(
            "{module}::a_process_ends_with_the_program_that_has_started_it_however_that_ends"
        );
        let (mut reading, writing) = io::pipe().unwrap();
        let mut program = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--nocapture", &name])
            .env(IS_THAT_PROGRAM, "1")
            .stdin(writing)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        assert!(lines.any(|line| line.contains(STARTED)));
        program.kill().unwrap();
        program.wait().unwrap();
        let (sender, end) = channel();
        thread::spawn(move || sender.send(reading.read(&mut [0]).unwrap()));
        assert_eq!(end.recv_timeout(LONGEST_WRITE), Ok(0), "somebody is left");
    }

    /// A process that has this file locked while `script` runs, which says so.
    #[cfg(target_os = "linux")]
    fn with_locked(file: &std::path::Path, script: &str) -> Process {
        let (sender, lines) = channel();
        let mut flock = command("flock");
        flock.arg(file).args(["sh", "-c", script]);
        let hear = move |line| sender.send(line).unwrap_or_default();
        let process = Process::start(flock.stdin(Stdio::piped()), hear).unwrap();
        assert_eq!(lines.recv(), Ok(Line::Output("locked".to_owned())));
        process
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_not_paused_while_it_has_the_lock_of_a_lease() {
        use std::io::Write;

        let folder = tempfile::tempdir().unwrap();
        let lock = fs::File::create(folder.path().join("lock")).unwrap();
        let script = "echo locked; read line";
        let mut writer = with_locked(&folder.path().join("lock"), script);

        let mut input = writer.take_input().unwrap();
        let lets_go = thread::spawn(move || {
            thread::sleep(10 * WHILE_IT_WRITES);
            input.write_all(b"\n").unwrap();
        });
        writer.pause().unwrap();
        lock.try_lock().unwrap();
        lets_go.join().unwrap();
    }

    /// As a JVM has one for as long as it lives.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_with_another_file_locked_is_paused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let holder = with_locked(file.path(), "echo locked; exec sleep 1000");
        holder.pause().unwrap();
        assert!(file.as_file().try_lock().is_err());
    }
}
