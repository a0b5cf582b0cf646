//! Who holds a Lease.

use std::fs;
use std::time::Instant;

use serde_json::json;

use crate::common::{LIMIT, leasehold};
use crate::location::Location;

#[test]
fn a_held_lease_is_shown_with_its_holder() {
    let location = Location::folder();
    let _leader = location.leader("jobs", "web-1");
    let said = location.output(&["status", "jobs"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.text.starts_with("default/jobs  held\n"), "{said:?}");
    for row in ["holder      web-1\n", "  term", "  age", "  expires in"] {
        assert!(said.text.contains(row), "no {row:?} in {said:?}");
    }
    assert!(!said.text.contains('\u{1b}'), "colours without a terminal");
}

#[test]
fn an_absent_lease_is_held_by_nobody_and_is_not_made() {
    let Location::Folder(folder) = &Location::folder() else {
        unreachable!()
    };
    let directory = folder.path().join("elections");
    let said = leasehold()
        .args(["status", "jobs", "--mode=file", "--directory"])
        .arg(&directory)
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&said.stdout).contains("jobs  absent\n"));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn of_several_leases_one_that_nobody_holds_makes_the_exit_code_1() {
    let location = Location::folder();
    let leader = location.leader("jobs", "web-1");
    location.leader("mails", "web-1").stop().unwrap();
    let said = location.output(&["status", "jobs", "mails"]);
    assert_eq!(said.code, Some(1));
    assert!(said.text.contains("default/jobs  held"), "{said:?}");
    assert!(said.text.contains("default/mails  released"), "{said:?}");
    leader.stop().unwrap();
}

#[test]
fn the_json_has_all_fields_for_programs() {
    let location = Location::namespace("status-json");
    location.grant_except("jobs", &[]);
    location.grant_except("none", &[]);
    let leader = location.leader("jobs", "web-1");
    let token = leader.term().unwrap().fencing_token();

    let said = location.output(&["status", "--json", "jobs", "none"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let [held, absent] = &said.objects()[..] else {
        panic!("two Leases: {said:?}")
    };
    assert_eq!(held["lease"], "jobs");
    assert_eq!(held["namespace"], "status-json");
    assert_eq!(held["mode"], "kubernetes");
    assert_eq!(held["state"], "held");
    assert_eq!(held["holder"], "web-1");
    assert_eq!(held["lease_duration_seconds"], 15);
    assert_eq!(held["transitions"], 0);
    assert_eq!(held["error"], json!(null));
    assert!(held["resource_version"].as_u64() >= Some(token), "{held}");
    assert!(held["expires_in_seconds"].as_f64() <= Some(15.0), "{held}");
    assert!(held["acquired_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(absent["state"], "absent");
    let fields = |object: &serde_json::Value| object.as_object().unwrap().len();
    assert_eq!(fields(held), fields(absent));
}

#[test]
fn a_lease_that_was_left_to_expire_is_expired_by_its_holders_clock() {
    let location = Location::folder();
    location.expired_lease("jobs", "web-1");
    let deadline = Instant::now() + LIMIT;
    let (code, lease) = loop {
        let said = location.output(&["status", "--json", "jobs"]);
        let lease = said.objects().remove(0);
        if lease["state"] == "expired" {
            break (said.code, lease);
        }
        assert!(Instant::now() < deadline, "never expires: {lease}");
    };
    assert_eq!(code, Some(1));
    assert_eq!(lease["holder"], "web-1");
    assert!(lease["expires_in_seconds"].as_f64() <= Some(0.0), "{lease}");
}

#[test]
fn a_lease_that_may_not_be_read_is_a_failure_with_the_role_to_grant() {
    let location = Location::namespace("status-refused");
    let said = location.output(&["status", "--json", "jobs"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.errors.contains("The verb get is not granted"),
        "{said:?}"
    );
    let lease = said.objects().remove(0);
    assert_eq!(lease["state"], "unknown");
    assert_eq!(lease["error"]["kind"], "forbidden");
}

#[test]
fn a_wrong_setting_is_a_failure() {
    let location = Location::folder();
    let said = location.output(&["status", "Jobs"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.errors.contains("lease = `Jobs`: use lower-case"),
        "{said:?}"
    );
}

#[test]
fn a_misspelt_variable_is_warned_of() {
    for command in ["status", "check"] {
        let location = Location::folder();
        let mut command = location.command(&[command, "jobs"]);
        let output = command.env("LEASEHOLD_DRAIN_TIME", "3").output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let warning = "leasehold: LEASEHOLD_DRAIN_TIME is ignored";
        assert_eq!(errors.matches(warning).count(), 1, "{errors}");
        assert!(errors.contains("LEASEHOLD_DRAIN_TIMEOUT"), "{errors}");
    }
}

#[test]
fn what_lies_in_the_lease_of_another_client_is_shown_as_far_as_it_goes() {
    let location = Location::namespace("status-bare");
    location.grant_except("jobs", &[]);
    location.create_lease("jobs", &json!({ "holderIdentity": "by-hand" }));
    let said = location.output(&["status", "jobs"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.text.contains("by-hand"), "{said:?}");
}

#[test]
fn a_lease_without_a_duration_expires_after_that_of_a_candidate() {
    let location = Location::namespace("status-endless");
    location.grant_except("jobs", &[]);
    let spec = json!({ "holderIdentity": "gone", "renewTime": "2020-01-01T00:00:00.000000Z" });
    location.create_lease("jobs", &spec);
    let said = location.output(&["status", "jobs"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "jobs  expired\n",
        "  expired     ",
        " days ago (lease duration 300 s)",
    ] {
        assert!(said.text.contains(part), "no {part:?} in {said:?}");
    }
    let report = location.output(&["status", "--json", "jobs"]).objects();
    assert_eq!(report[0]["lease_duration_seconds"], json!(null));
}

#[test]
fn an_absent_lease_may_be_in_a_namespace_that_does_not_exist() {
    let Location::Namespace { kubeconfig, .. } = Location::administered("status-exists") else {
        unreachable!()
    };
    let name = "status-missing".to_owned();
    let location = Location::Namespace { name, kubeconfig };
    let said = location.output(&["status", "jobs"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "jobs  absent\n",
        "perhaps there is no namespace status-missing",
    ] {
        assert!(said.text.contains(part), "no {part:?} in {said:?}");
    }
}

#[test]
fn a_holder_does_not_command_the_terminal() {
    let location = Location::namespace("status-owned");
    location.grant_except("jobs", &[]);
    let holder = "\u{1b}[2J\u{1b}]0;owned\u{7}\nstatus-owned/jobs  held";
    location.create_lease("jobs", &json!({ "holderIdentity": holder }));
    let said = location.output(&["status", "jobs"]);
    let row = "  holder      �[2J�]0;owned��status-owned/jobs  held\n";
    assert!(said.text.contains(row), "{said:?}");
    assert!(!said.text.contains('\u{1b}'), "{said:?}");
    let report = location.output(&["status", "--json", "jobs"]).objects();
    assert_eq!(report[0]["holder"], holder);
}

#[test]
fn a_folder_that_no_election_could_use_can_be_looked_into() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let location = Location::folder();
    let Location::Folder(folder) = &location else {
        unreachable!()
    };
    location.leader("jobs", "web-1").stop().unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let said = location.output(&["status", "jobs"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.text.contains("jobs  released"), "{said:?}");
}

#[test]
fn a_flag_about_a_cluster_is_refused_where_a_folder_would_be_looked_into() {
    let location = Location::folder();
    for command in ["status", "watch", "check"] {
        for flag in ["--context", "--kubeconfig"] {
            let said = location.output(&[command, "jobs", flag, "nope"]);
            assert_eq!(said.code, Some(2), "{said:?}");
            assert!(said.text.is_empty(), "{said:?}");
            let refused = format!("{flag} = nope: is for a cluster");
            assert!(said.errors.contains(&refused), "{said:?}");
            assert!(said.errors.contains("--mode kubernetes"), "{said:?}");
        }
    }
}
