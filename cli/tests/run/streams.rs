//! A terminal, a pipe, or nobody at the other end.

use std::fs::{File, OpenOptions};
use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::process::Stdio;

use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::election::{Election, Instance};

const PAGE: usize = 4096;

/// A pipe that is full, for as long as nobody reads.
fn full() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    assert_eq!(fcntl_setpipe_size(&writer, PAGE), Ok(PAGE));
    writer.write_all(&[b'\n'; PAGE]).unwrap();
    (reader, writer)
}

/// A pipe that nobody will ever read from.
fn closed() -> PipeWriter {
    pipe().unwrap().1
}

/// Both ends of a terminal.
fn terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let name = name.to_str().unwrap();
    let theirs = OpenOptions::new().read(true).write(true).open(name);
    (File::from(ours), theirs.unwrap())
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_a_lost_command_alive() {
    let election = Election::new();
    let (_unread, stderr) = full();
    // A shell would itself write to stderr, and wait there.
    let script = "exec 2> /dev/null; trap 'say stopping; exit 0' TERM; started; \
                  while true; do sleep 0.01; done";
    let flags = ["--lease-duration=5", "--renew-deadline=4"];
    let mut first = election.script(&flags, "first", script);
    let first = Instance::start(first.stderr(stderr));
    assert_eq!(election.next_line(), "first started");
    election.damage_the_lease();
    assert_eq!(election.next_line(), "first stopping");
    election.lose_the_lease();
    assert_eq!(election.next_line(), "first started", "under its next term");
    first.signal(Signal::TERM);
    assert_eq!(election.next_line(), "first stopping");
}

#[test]
fn a_command_runs_where_the_log_is_closed() {
    let election = Election::new();
    for mode in ["file", "always"] {
        let mut first = election.script(&[], "first", "started; exit 7");
        let first = first.env("LEASEHOLD_MODE", mode).stderr(closed());
        let mut first = Instance::start(first);
        assert_eq!(election.next_line(), "first started", "{mode}");
        assert_eq!(first.exit_code(), Some(7), "{mode}");
    }
}

#[test]
fn a_command_does_not_read_from_a_terminal() {
    let election = Election::new();
    let (_ours, theirs) = terminal();
    let mut first = election.script(&[], "first", "read -r line || say nothing");
    let _first = Instance::start(first.stdin(theirs));
    assert_eq!(election.next_line(), "first nothing");
}

#[test]
fn a_command_reads_what_is_piped_to_it() {
    let election = Election::new();
    let mut first = election.script(&[], "first", "read -r line; say \"$line\"");
    let mut first = Instance::start(first.stdin(Stdio::piped()));
    writeln!(first.input(), "hello").unwrap();
    assert_eq!(election.next_line(), "first hello");
}
