//! On a terminal.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::json;

use crate::common::{LIMIT, exit_code};
use crate::location::Location;

/// A program on a terminal of its own, as wide as most.
struct Screen {
    child: Child,
    output: File,
    seen: String,
}

impl Screen {
    fn start(command: &mut Command) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&ours, size).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let theirs = OpenOptions::new().read(true).write(true).open(path);
        let child = command
            .env("TERM", "xterm-256color")
            .stdout(Stdio::from(theirs.unwrap()))
            .spawn()
            .expect("leasehold starts");
        Self {
            child,
            output: File::from(ours),
            seen: String::new(),
        }
    }

    /// Reads until `text` was shown, or the program has ended.
    fn until(&mut self, text: &str) -> &str {
        let mut buffer = [0; 4096];
        let deadline = Instant::now() + LIMIT;
        while !self.seen.contains(text) {
            assert!(Instant::now() < deadline, "never shows {text:?}");
            // A terminal that nobody writes to any more fails.
            match self.output.read(&mut buffer) {
                Ok(0) | Err(_) => panic!("no {text:?} in {:?}", self.seen),
                Ok(n) => self.seen += &String::from_utf8_lossy(&buffer[..n]),
            }
        }
        &self.seen
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Gone already, where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const GREEN: &str = "\u{1b}[32m";

#[test]
fn a_watch_draws_how_it_stands_and_who_held_the_lease() {
    let location = Location::folder();
    let _leader = location.leader("jobs", "web-1");
    let mut screen = Screen::start(location.command(&["watch", "jobs"]).env_remove("NO_COLOR"));
    screen.until("held by web-1 for ");
    screen.until("unchanged for ");
    screen.until("expires in ");
    screen.until(&format!("{GREEN}AA"));
    kill_process(Pid::from_child(&screen.child), Signal::INT).unwrap();
    assert_eq!(exit_code(&mut screen.child), Some(0));
}

#[test]
fn a_holder_does_not_command_the_terminal_by_the_legend() {
    let location = Location::namespace("drawn-owned");
    location.grant_except("jobs", &[]);
    location.create_lease("jobs", &json!({ "holderIdentity": "\u{1b}]0;owned\u{7}" }));
    let mut screen = Screen::start(&mut location.command(&["watch", "jobs"]));
    screen.until("�]0;owned� · unchanged for ");
    location.edit_lease("jobs", &json!({ "holderIdentity": "second\n" }));
    screen.until(" �]0;owned�  ");
    let seen = screen.until(" second�\r\n");
    assert!(!seen.contains("\u{1b}]0"), "{seen:?}");
}

#[test]
fn a_status_has_colours_unless_they_are_not_wanted() {
    let location = Location::folder();
    let _leader = location.leader("jobs", "web-1");
    let mut status = location.command(&["status", "jobs"]);
    let mut coloured = Screen::start(status.env_remove("NO_COLOR"));
    assert!(coloured.until("kept in").contains(GREEN));
    let mut plain = Screen::start(status.env("NO_COLOR", "1"));
    assert!(!plain.until("kept in").contains('\u{1b}'));
}
