//! Nobody reads what is wrong.

use std::io::pipe;

use serde_json::Value;

use crate::location::Location;

#[test]
fn a_status_is_told_although_nobody_reads_the_errors() {
    let location = Location::namespace("unread");
    let (_, closed) = pipe().unwrap();
    let mut status = location.command(&["status", "--json", "jobs"]);
    let output = status.stderr(closed).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["state"], "unknown", "{told}");
}
