//! What is wrong, for programs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::location::Location;
use crate::watcher::Watcher;

fn fields(object: &Value) -> BTreeSet<&String> {
    object.as_object().expect("an object").keys().collect()
}

#[test]
fn a_wrong_setting_is_an_object_with_all_fields_too() {
    let location = Location::folder();
    for (command, expected) in [("status", 2), ("check", 1)] {
        let right = location.output(&[command, "--json", "jobs"]).objects();
        let wrong = location.output(&[command, "--json", "jobs", "mails", "--context=nope"]);
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert_eq!(wrong.objects().len(), expected, "{command}");
        for object in wrong.objects() {
            assert_eq!(fields(&object), fields(&right[0]), "{command}");
            assert_eq!(object["error"]["kind"], "config");
            let message = object["error"]["message"].as_str().expect("a text");
            assert!(wrong.errors.contains(message), "{wrong:?}");
        }
    }
    let watch = location.output(&["watch", "--json", "jobs", "mails", "--context=nope"]);
    assert_eq!(watch.code, Some(2), "{watch:?}");
    let leases: Vec<_> = watch
        .objects()
        .iter()
        .map(|it| it["lease"].clone())
        .collect();
    assert_eq!(leases, [json!("jobs"), json!("mails")]);
    assert_eq!(watch.objects()[0]["event"], "failing");
    assert_eq!(watch.objects()[0]["error"]["kind"], "config");
}

#[test]
fn a_right_that_is_missing_is_an_event_before_it_ends_the_watch() {
    let location = Location::namespace("unwatched-json");
    let mut watch = Watcher::start(&location, &["--json", "jobs"]);
    let failing = watch.next_event();
    assert_eq!(failing["event"], "failing");
    assert_eq!(failing["error"]["kind"], "forbidden");
    assert_eq!(watch.finish().0, Some(2));
}
