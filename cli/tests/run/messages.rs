//! What a person reads.

use rustix::process::Signal;

use crate::common::leasehold;
use crate::election::Election;

#[test]
fn a_leader_and_a_standby_say_what_they_are() {
    let election = Election::new();
    let mut first = election.run_with(&["--identity=a"], "first", "exec sleep 1000");
    let part = first.line("taking part in the election");
    assert!(part.contains("identity=\"a\""), "{part}");
    let leading = first.line("leading");
    assert!(leading.contains("fencing_token="), "{leading}");
    let second = election.run_with(&["--identity=b"], "second", "exec sleep 1000");
    let waiting = second.line("the holder has changed");
    assert!(waiting.contains("holder=\"a\""), "{waiting}");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
    let said = first.says();
    for text in ["no longer leading", "asked flock to stop"] {
        assert!(said.contains(text), "no {text:?} in {said}");
    }
    second.line("leading");
}

#[test]
fn a_command_is_said_to_be_asked_and_killed() {
    let election = Election::new();
    let script = "trap '' TERM; started; sleep 1000";
    let mut first = election.run_with(&["--drain-timeout=1s"], "first", script);
    assert_eq!(election.next_line(), "first started");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
    let said = first.says();
    assert!(said.contains("asked flock to stop\n"), "{said}");
    // Half a second before its time is over.
    assert!(
        said.contains("killing flock: it has not ended in 0.5 s"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_run_is_said() {
    let election = Election::new();
    let mut instance = election.start(&["no-such-command"], &[]);
    assert_eq!(instance.exit_code(), Some(127));
    assert!(instance.says().contains("no-such-command: "));
    let mut instance = election.start(&["/"], &[]);
    assert_eq!(instance.exit_code(), Some(126));
}

#[test]
fn a_wrong_setting_is_said_with_its_fix() {
    let mut instance = Election::new().start(&["true"], &["--drain-timeout=soon"]);
    assert_eq!(instance.exit_code(), Some(2));
    let said = instance.says();
    let wanted = "drain_timeout = `soon`: use seconds, or a form such as `15s`";
    assert!(said.contains(wanted), "{said}");
}

#[test]
fn a_command_without_its_dashes_is_said_with_the_fix() {
    let mut run = leasehold();
    let output = run.args(["run", "--election=jobs", "./job.sh"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("put `--` before the command: `-- ./job.sh`"),
        "{said}"
    );
}

#[test]
fn the_help_says_the_defaults_and_what_it_exits_with() {
    let help = leasehold().args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let help: Vec<_> = help.split_whitespace().collect();
    let help = help.join(" ");
    for text in [
        "126 and 127 if the command cannot be",
        "How long others wait after the Lease last changed [default: 15s]",
        "stop when it is asked to [default: 20s]",
        "always or never [default: auto]",
    ] {
        assert!(help.contains(text), "no {text:?} in {help}");
    }
}

#[test]
fn the_help_is_wrapped_for_the_terminal() {
    for command in ["run", "once", "status", "watch", "check"] {
        let mut help = leasehold();
        help.args([command, "--help"]).env("COLUMNS", "80");
        let help = String::from_utf8(help.output().unwrap().stdout).unwrap();
        let (about, _) = help.split_once("\nUsage:").unwrap();
        let lines: Vec<_> = about.lines().collect();
        for pair in lines.windows(2).filter(|pair| !pair[0].is_empty()) {
            let Some(word) = pair[1].split(' ').next().filter(|it| !it.is_empty()) else {
                continue;
            };
            let longer = pair[0].chars().count() + 1 + word.chars().count();
            assert!(longer > 80, "{word:?} fits into {:?}", pair[0]);
        }
    }
}

#[test]
fn the_version_is_that_of_the_program() {
    let version = leasehold().arg("-V").output().unwrap();
    let wanted = concat!("leasehold ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(version.stdout).unwrap(), wanted);
}
