//! Nothing that an application can see is without a case: what the core lists, some case has.

use std::collections::BTreeSet;
use std::fs;

use leasehold::{Acquisition, Config, ErrorKind, EventKind, LostReason, Mode, Role};
use serde_json::Value;

use super::case;

/// What no case can have, and why.
const UNSEEN: [(&str, &str, &str); 5] = [
    (
        "acquisition",
        "container_restarted",
        "no agent is in a pod: core/src/proof_of_death compares what containers know",
    ),
    (
        "acquisition",
        "container_terminated",
        "no agent is in a pod: core/tests/kubernetes_election/proofs.rs has pods whose containers end",
    ),
    (
        "kind",
        "internal",
        "a defect: each binding's own tests make one",
    ),
    (
        "reason",
        "clock_fault",
        "no clock goes back: core/src/election/tests/clock.rs turns one",
    ),
    (
        "role",
        "stalled",
        "who is stalled answers nobody: the reason of `lost` says it",
    ),
];

/// The cases as they are in their files.
fn cases() -> Vec<Value> {
    let files = fs::read_dir(case::folder()).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    texts
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect()
}

/// The texts that stand under `key`, at any depth.
fn texts_under(key: &str) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    let cases = cases();
    let mut open: Vec<_> = cases.iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                texts.extend(fields.get(key).and_then(Value::as_str).map(str::to_owned));
                open.extend(fields.values());
            }
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
    texts
}

/// Some case has each of `names` under `key`, unless the list above says why not.
fn assert_all_seen<'a>(key: &str, names: impl IntoIterator<Item = &'a str>) {
    let seen = texts_under(key);
    for name in names {
        let is_listed = UNSEEN
            .iter()
            .any(|(of, unseen, _)| (*of, *unseen) == (key, name));
        assert_ne!(
            seen.contains(name),
            is_listed,
            "the {key} {name}: either a case has it, or it is listed with the reason"
        );
    }
}

#[test]
fn each_kind_of_error_is_seen() {
    assert_all_seen("kind", ErrorKind::ALL.iter().map(|kind| kind.name()));
}

#[test]
fn each_reason_of_a_loss_is_seen() {
    assert_all_seen("reason", LostReason::ALL.iter().map(|reason| reason.name()));
}

#[test]
fn each_way_to_come_to_lead_is_seen() {
    let ways = Acquisition::ALL.iter().map(|way| way.name());
    assert_all_seen("acquisition", ways);
}

#[test]
fn each_role_is_seen() {
    assert_all_seen("role", Role::ALL.iter().map(|role| role.name()));
}

#[test]
fn each_mode_is_seen() {
    assert_all_seen("mode", Mode::ALL.iter().map(|mode| mode.name()));
}

#[test]
fn each_event_is_seen() {
    assert_all_seen("is", EventKind::ALL.iter().map(|kind| kind.name()));
}

/// Whether a step is refused with an error about the setting, or about `variable`.
fn refuses(case: &Value, setting: &str, variable: Option<&str>) -> bool {
    let says = |step: &Value| {
        let raises = &step["call"]["raises"];
        let about = raises["says"][0].as_str().unwrap_or_default();
        let begins = |name: &str| {
            let rest = about.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ="))
        };
        raises["kind"] == "config" && (begins(setting) || variable.is_some_and(begins))
    };
    case["steps"].as_array().unwrap().iter().any(says)
}

#[test]
fn each_setting_is_refused_where_the_program_has_it_wrong() {
    let cases = cases();
    for setting in Config::SETTINGS {
        let variable = variable(setting);
        let mut by_program = cases
            .iter()
            .filter(|case| case["environment"][&variable].is_null());
        let is_refused = by_program.any(|case| refuses(case, setting, None));
        assert!(is_refused, "no case has a wrong {setting}: add one");
    }
}

#[test]
fn each_setting_is_refused_where_the_environment_has_it_wrong() {
    let cases = cases();
    for setting in Config::SETTINGS {
        let variable = variable(setting);
        let mut by_environment = cases
            .iter()
            .filter(|case| !case["environment"][&variable].is_null());
        let is_refused = by_environment.any(|case| refuses(case, setting, Some(&variable)));
        assert!(is_refused, "no case has a wrong {variable}: add one");
    }
}

fn variable(setting: &str) -> String {
    format!("LEASEHOLD_{}", setting.to_uppercase())
}
