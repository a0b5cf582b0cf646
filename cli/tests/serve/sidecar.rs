//! One sidecar's process: started, asked, signalled, listened to.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use crate::common::{self, LIMIT, POLL_INTERVAL, leasehold};

/// A running sidecar. Killed when dropped.
pub(crate) struct Sidecar {
    child: Child,
    lines: Receiver<String>,
    address: String,
}

/// `leader-elector` without flags: the same program under another name.
pub(crate) fn leader_elector() -> Command {
    let mut command = leasehold();
    command.arg0("leader-elector");
    command
}

impl Sidecar {
    /// Starts a candidate of the election among those with the same folder.
    pub(crate) fn in_folder(folder: &Path, identity: &str, flags: &[&str]) -> Self {
        let mut command = leasehold();
        command
            .args(["serve", "--election=jobs", "--mode=file"])
            .args(["--identity", identity])
            .args(flags)
            .arg("--directory")
            .arg(folder);
        Self::start(&mut command)
    }

    /// The same alone, and listening at `address`.
    pub(crate) fn at(address: &str, folder: &Path) -> Self {
        let mut command = leasehold();
        command
            .args(["serve", "--election=jobs", "--mode=file", "--directory"])
            .arg(folder);
        Self::listening(command.args(["--http", address]))
    }

    /// Starts the command on a port of its own, and returns when it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::listening(command.arg("--http=127.0.0.1:0"))
    }

    fn listening(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the sidecar starts");
        let log = BufReader::new(child.stderr.take().expect("it is piped"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                eprintln!("sidecar: {line}");
                // Read on even if nobody listens: a full pipe is not what is tested.
                let _ = sender.send(line);
            }
        });
        let line = await_line(&lines, "listening on ");
        let (_, address) = line.rsplit_once(' ').expect("an address");
        let address = address.to_owned();
        Self {
            child,
            lines,
            address,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        let (_, port) = self.address.rsplit_once(':').expect("a port");
        port.parse().expect("a number")
    }

    /// Waits for a line of the log that contains `text`, and returns it.
    pub(crate) fn line(&self, text: &str) -> String {
        await_line(&self.lines, text)
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Response<ureq::Body> {
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .proxy(None)
            .build()
            .into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .body(())
            .expect("a request");
        agent.run(request).expect("an answer")
    }

    /// The status and the body of an answer to GET.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut response = self.ask("GET", path);
        let body = response.body_mut().read_to_string().expect("a body");
        (response.status().as_u16(), body)
    }

    /// The name that `/` answers.
    pub(crate) fn leader(&self) -> String {
        let (status, body) = self.get("/");
        assert_eq!(status, 200);
        let body: Value = serde_json::from_str(&body).expect("JSON");
        body["name"].as_str().expect("a name").to_owned()
    }

    /// The status and the JSON that `/isLeader` answers.
    pub(crate) fn is_leader(&self) -> (u16, Value) {
        let (status, body) = self.get("/isLeader");
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    pub(crate) fn wait_until_it_leads(&self) {
        wait_until("it leads", || self.is_leader().0 == 200);
    }

    /// A bare connection, on which `request` has been sent.
    pub(crate) fn send(&self, request: &[u8]) -> TcpStream {
        let mut client = TcpStream::connect(&self.address).expect("a connection");
        client.set_read_timeout(Some(LIMIT)).expect("a time limit");
        // The server may refuse a request before it has seen all of it.
        let _ = client.write_all(request);
        client
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
    }

    /// Waits until the process has ended; none where a signal ended it.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        common::exit_code(&mut self.child)
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        // Gone already, where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn await_line(lines: &Receiver<String>, text: &str) -> String {
    let deadline = Instant::now() + LIMIT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = lines.recv_timeout(left);
        let line = line.unwrap_or_else(|_| panic!("no line with `{text}` in the log"));
        if line.contains(text) {
            return line;
        }
    }
}

/// Fails if `condition` does not hold within the limit.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        thread::sleep(POLL_INTERVAL);
    }
}
