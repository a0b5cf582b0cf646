//! `leasehold once`: one of many runs the command, and the others wait for it.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use crate::common::{LEASEHOLD, program};
use crate::election::{Election, Instance};

#[test]
fn of_three_that_are_started_at_once_one_runs_the_command() {
    let election = Election::new();
    let start = |name| election.once(&[], name, "started; read line < go-on");
    let mut all: Vec<Instance> = ["first", "second", "third"].map(start).into();
    let started = election.next_line();
    let name = started.strip_suffix(" started").expect("one has started");
    let waiting = ["first", "second", "third"].map(|it| it != name);
    for (instance, waits) in all.iter().zip(waiting) {
        if waits {
            let line = instance.line("is running it (attempt 1 of 5)");
            assert!(line.starts_with("waiting: `"), "{line}");
        }
    }
    election.open_gate("go-on");
    for instance in &mut all {
        assert_eq!(instance.exit_code(), Some(0));
    }
    let mut later = election.once(&[], "later", "started");
    assert_eq!(later.exit_code(), Some(0));
    let mut other = election.once(&["--key=2"], "other", "started");
    assert_eq!(other.exit_code(), Some(0));
    assert_eq!(election.next_line(), "other started");
}

#[test]
fn a_command_whose_leasehold_is_killed_is_begun_by_another() {
    let election = Election::new();
    let first = election.once(&[], "first", "started; exec sleep 1000");
    assert_eq!(election.next_line(), "first started");
    let mut second = election.once(&[], "second", "started");
    second.line("is running it");
    first.signal(Signal::KILL);
    assert_eq!(election.next_line(), "second started");
    assert_eq!(second.exit_code(), Some(0));
}

#[test]
fn a_command_that_fails_gives_its_code_and_too_often_a_code_of_its_own() {
    let election = Election::new();
    let attempt = |name| election.once(&["--attempts=2"], name, "exit 3");
    assert_eq!(attempt("first").exit_code(), Some(3));
    assert_eq!(attempt("second").exit_code(), Some(3));
    let mut third = attempt("third");
    assert_eq!(third.exit_code(), Some(125));
    let says = third.says();
    assert!(says.contains("given up after 2 attempts"), "{says}");
    assert!(says.contains("exit status: 3"), "{says}");
}

#[test]
fn who_is_asked_to_stop_has_not_done_it() {
    let election = Election::new();
    let mut first = election.once(&[], "first", "started; exec sleep 1000");
    assert_eq!(election.next_line(), "first started");
    let mut second = election.once(&[], "second", "started; exec sleep 1000");
    second.line("is running it");
    second.signal(Signal::TERM);
    assert_eq!(second.exit_code(), Some(128 + Signal::TERM.as_raw()));
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(128 + Signal::TERM.as_raw()));
    let mut third = election.once(&[], "third", "started");
    assert_eq!(election.next_line(), "third started");
    assert_eq!(third.exit_code(), Some(0));
}

#[test]
fn a_key_that_is_empty_is_refused() {
    let election = Election::new();
    let mut instance = election.once(&["--key="], "first", "started");
    assert_eq!(instance.exit_code(), Some(2));
    let says = instance.says();
    assert!(
        says.contains("is the variable set that it comes from?"),
        "{says}"
    );
}

#[test]
fn what_the_documentation_shows_runs_the_migration_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let migration = folder.path().join("migrate");
    fs::write(&migration, "#!/bin/sh\necho migrated >> done\n").expect("a script");
    fs::set_permissions(&migration, Permissions::from_mode(0o755)).expect("its mode");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let programs = Path::new(LEASEHOLD).parent().expect("a folder");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(
        [programs.to_owned()]
            .into_iter()
            .chain(env::split_paths(&path)),
    );
    let path = path.expect("a path");
    for _ in 0..2 {
        let shown = program("sh".as_ref())
            .arg(root.join("docs/listings/any-program/once.sh"))
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("VERSION", "1.4.2")
            .env("LEASEHOLD_MODE", "file")
            .env("LEASEHOLD_DIRECTORY", folder.path())
            .status();
        assert!(shown.expect("a shell").success());
    }
    let done = fs::read_to_string(folder.path().join("done"));
    assert_eq!(done.expect("it was done"), "migrated\n");
}
