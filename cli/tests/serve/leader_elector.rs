//! `leasehold serve` under the name and the flags of the old sidecar.

use crate::sidecar::{Sidecar, leader_elector};

/// What a sidecar that refuses to start says.
fn refusal(flags: &[&str]) -> String {
    let output = leader_elector().args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{flags:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_wrong_flag_is_named_with_its_value_and_the_fix() {
    for (flags, parts) in [
        (
            &["--election=Jobs"][..],
            ["--election = `Jobs`", "lower-case"],
        ),
        (
            &["--election=a", "--ttl=ten"],
            ["'ten' for '--ttl", "`15s`"],
        ),
        (
            &["--election=a", "--ttl=500ms"],
            ["--ttl = 0.5 s", "whole seconds"],
        ),
        (
            &["--election=a", "--renew-deadline=10s"],
            ["--renew-deadline = 10 s", "shorter than --ttl (10 s)"],
        ),
        (
            &["--election=a", "--mode=magic"],
            ["--mode = `magic`", "`kubernetes`"],
        ),
        (
            &["--election=a", "--http=4040"],
            ["'4040' for '--http", "`:4040`"],
        ),
        (
            &["--election=a", "--use-cluster-credentials=maybe"],
            [
                "'maybe' for '--use-cluster-credentials",
                "`true` or `false`",
            ],
        ),
        (&["--election=a", "--id"], ["a value is required", "--id"]),
        (&["--election=a", "--id="], ["--id = ``", "printable"]),
        (
            &["--election=a", "--server=x"],
            ["'--server'", "--kubeconfig FILE"],
        ),
        (&["jobs"], ["'jobs'", "--election=NAME"]),
        (&[], ["--election = (none)", "LEASEHOLD_LEASE"]),
    ] {
        let refusal = refusal(flags);
        for part in parts {
            assert!(refusal.contains(part), "{flags:?}: {refusal}");
        }
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refusal = refusal(&["--election=a", "--http", &address]);
    assert!(refusal.contains(&address), "{refusal}");
}

#[test]
fn old_flags_work_in_the_style_of_go() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Sidecar::start(
        leader_elector()
            .args(["-election=jobs", "-id", "a", "--ttl", "10s", "-logtostderr"])
            .args(["--use-cluster-credentials=false", "-v=4", "-mode", "file"])
            .env("LEASEHOLD_DIRECTORY", folder.path()),
    );
    sidecar.wait_until_it_leads();
    assert_eq!(sidecar.leader(), "a");
}

#[test]
fn flags_that_mean_nothing_are_named_once() {
    let flags = ["-logtostderr", "-logtostderr", "-v=4"];
    let refusal = refusal(&[&flags[..], &["--election=a", "--mode=magic"]].concat());
    let ignored = "ignored, since they mean nothing here: --logtostderr, --v\n";
    assert_eq!(refusal.matches(ignored).count(), 1, "{refusal}");
}

#[test]
fn the_lease_may_be_named_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Sidecar::start(
        leader_elector()
            .args(["--mode=file", "--id=a"])
            .env("LEASEHOLD_LEASE", "jobs")
            .env("LEASEHOLD_DIRECTORY", folder.path()),
    );
    sidecar.wait_until_it_leads();
}

/// As applications of the old sidecar compare the name with their host name.
#[test]
fn without_an_id_the_leader_is_known_by_its_pod() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Sidecar::start(
        leader_elector()
            .args(["--election=jobs", "--mode=file"])
            .env("POD_NAME", "web-1")
            .env("LEASEHOLD_DIRECTORY", folder.path()),
    );
    sidecar.wait_until_it_leads();
    assert_eq!(sidecar.leader(), "web-1");
    let identity = sidecar.is_leader().1["identity"].to_string();
    assert!(identity.starts_with("\"web-1_"), "{identity}");
}

#[test]
fn help_that_nobody_reads_is_no_failure() {
    for flag in ["--help", "--version"] {
        let (_, closed) = std::io::pipe().unwrap();
        let status = leader_elector().arg(flag).stdout(closed).status();
        assert!(status.unwrap().success(), "{flag}");
    }
}

#[test]
fn help_lists_the_flags() {
    let output = leader_elector().arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("--election <NAME>"), "{help}");
}
