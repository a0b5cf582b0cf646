//! What happens to Leases, as it happens.

use std::fs;

use leasehold_test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::location::Location;
use crate::watcher::Watcher;

fn is(event: &Value, name: &str, holder: Option<&str>, previous: Option<&str>) {
    let expected = (json!(name), json!(holder), json!(previous));
    let told = (
        event["event"].clone(),
        event["holder"].clone(),
        event["previous_holder"].clone(),
    );
    assert_eq!(told, expected, "{event}");
}

#[test]
fn an_election_on_the_api_server_is_seen_from_its_first_leader_to_the_deletion_of_its_lease() {
    let location = Location::namespace("watched");
    location.grant_except("jobs", &[]);
    let watch = Watcher::start(&location, &["--json", "jobs"]);
    is(&watch.next_event(), "found", None, None);

    let first = location.leader("jobs", "a");
    is(&watch.next_event(), "acquired", Some("a"), None);
    first.stop().unwrap();
    is(&watch.next_event(), "released", None, Some("a"));
    let second = location.leader("jobs", "b");
    let acquired = watch.next_event();
    is(&acquired, "acquired", Some("b"), None);
    let token = second.term().unwrap().fencing_token();
    assert_eq!(acquired["resource_version"], token);

    location.delete_lease("jobs");
    is(&watch.next_event(), "deleted", None, Some("b"));
    assert_eq!(watch.interrupt(), (Some(0), String::new()));
}

#[test]
fn a_lease_that_goes_from_one_holder_to_the_next_has_changed_hands() {
    let location = Location::namespace("hands");
    location.grant_except("jobs", &[]);
    let _leader = location.leader("jobs", "a");
    let watch = Watcher::start(&location, &["--json", "jobs"]);
    is(&watch.next_event(), "found", Some("a"), None);
    location.edit_lease("jobs", &json!({ "holderIdentity": "b" }));
    is(&watch.next_event(), "handed_over", Some("b"), Some("a"));
}

#[test]
fn without_the_verb_watch_it_says_so_once_and_polls() {
    let location = Location::namespace("polled");
    location.grant_except("jobs", &["watch"]);
    let watch = Watcher::start(&location, &["--json", "jobs"]);
    is(&watch.next_event(), "found", None, None);
    let first = location.leader("jobs", "a");
    is(&watch.next_event(), "acquired", Some("a"), None);
    first.stop().unwrap();
    is(&watch.next_event(), "released", None, Some("a"));
    let (code, errors) = watch.interrupt();
    assert_eq!(code, Some(0));
    let polling = "polling, since the right to watch the Lease is missing";
    assert_eq!(errors.matches(polling).count(), 1, "{errors}");
}

#[test]
fn a_lease_that_may_not_be_read_ends_it_with_the_role_to_grant() {
    let location = Location::namespace("unwatched");
    let (code, errors) = Watcher::start(&location, &["jobs"]).finish();
    assert_eq!(code, Some(2));
    assert!(errors.contains("The verb get is not granted"), "{errors}");
}

#[test]
fn an_api_server_that_goes_away_is_told_once_and_waited_for() {
    let cluster = TestCluster::start().unwrap();
    let location = Location::namespace_of(&cluster, "lost");
    cluster.grant_except("lost", "jobs", &[]).unwrap();
    let watch = Watcher::start(&location, &["--json", "jobs"]);
    is(&watch.next_event(), "found", None, None);
    cluster.kill_apiserver().unwrap();
    let failing = watch.next_event();
    is(&failing, "failing", None, None);
    assert_eq!(failing["state"], "absent", "as it was known before");
    assert_eq!(failing["error"]["kind"], "unavailable");
    cluster.restart_apiserver().unwrap();
    // It may be ready before it knows its Roles again.
    let mut events = std::iter::repeat_with(|| watch.next_event());
    let recovered = events.find(|event| event["event"] != "failing");
    is(&recovered.unwrap(), "recovered", None, None);
}

#[test]
fn in_a_folder_each_event_is_a_line_of_text() {
    let location = Location::folder();
    let watch = Watcher::start(&location, &["jobs"]);
    let says = |what: &str| {
        let line = watch.next_line();
        let (_time, told) = line.split_once("  ").expect("a time");
        assert!(told.starts_with(&format!("default/jobs  {what}")), "{line}");
        assert!(!line.contains('\u{1b}'), "colours without a terminal");
    };
    says("there is no such Lease yet");
    let leader = location.leader("jobs", "a");
    says("acquired by a (transition 0, version ");
    leader.stop().unwrap();
    says("released by a");
    let Location::Folder(folder) = &location else {
        unreachable!()
    };
    fs::remove_file(folder.path().join("default/jobs/lease.json")).unwrap();
    says("deleted; it was held by nobody");
}

#[test]
fn a_holder_that_stops_renewing_expires() {
    let location = Location::folder();
    let watch = Watcher::start(&location, &["--json", "jobs"]);
    is(&watch.next_event(), "found", None, None);
    location.expired_lease("jobs", "a");
    is(&watch.next_event(), "acquired", Some("a"), None);
    is(&watch.next_event(), "expired", Some("a"), None);
    let _next = location.leader("jobs", "b");
    is(&watch.next_event(), "handed_over", Some("b"), Some("a"));
}

#[test]
fn several_leases_are_watched_at_once() {
    let location = Location::folder();
    let _jobs = location.leader("jobs", "a");
    let _mails = location.leader("mails", "b");
    let watch = Watcher::start(&location, &["--json", "jobs", "mails"]);
    let mut found: Vec<_> = [watch.next_event(), watch.next_event()]
        .iter()
        .map(|event| (event["lease"].to_string(), event["holder"].to_string()))
        .collect();
    found.sort();
    let expected = [("jobs", "a"), ("mails", "b")];
    let expected =
        expected.map(|(lease, holder)| (json!(lease).to_string(), json!(holder).to_string()));
    assert_eq!(found, expected);
}

#[test]
fn a_takeover_is_told_with_how_long_the_holder_before_was_silent() {
    let location = Location::folder();
    let watch = Watcher::start(&location, &["jobs"]);
    watch.next_line();
    location.expired_lease("jobs", "a");
    let _next = location.leader("jobs", "b");
    let told = std::iter::repeat_with(|| watch.next_line());
    let takeover = told.into_iter().find(|line| line.contains("went from"));
    let takeover = takeover.expect("a line");
    assert!(takeover.contains("went from a to b, after "), "{takeover}");
    assert!(
        takeover.contains(" s without a renewal (transition 1"),
        "{takeover}"
    );
}

#[test]
fn a_holder_does_not_command_the_terminal() {
    let location = Location::namespace("watch-owned");
    location.grant_except("jobs", &[]);
    location.create_lease("jobs", &json!({ "holderIdentity": "\u{1b}[2J\nowned" }));
    let watch = Watcher::start(&location, &["jobs"]);
    let found = watch.next_line();
    assert!(found.contains("held by �[2J�owned ("), "{found:?}");
    location.edit_lease("jobs", &json!({ "holderIdentity": "\u{9b}2J" }));
    let next = watch.next_line();
    assert!(next.contains("went from �[2J�owned to �2J, "), "{next:?}");
}
