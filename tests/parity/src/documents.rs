//! What documents say of settings.

use anyhow::Result;
use leasehold::vocabulary::{Default, SETTINGS, Setting};
use regex::Regex;

use crate::sources::Sources;

/// Where users read of variables of the environment.
const READ_BY_USERS: [(&str, &str); 7] = [
    ("", ".md"),
    ("", ".yaml"),
    ("core/src/", ".rs"),
    ("cli/src/", ".rs"),
    ("bindings-java/", ".java"),
    ("bindings-node/lib/", ".ts"),
    ("bindings-python/python/", ".py"),
];

/// Variables that are no settings, and what each is.
const OTHERS: [(&str, &str); 16] = [
    ("FENCING_TOKEN", "`leasehold run` tells it to the command"),
    (
        "NATIVE_LIBRARY",
        "where Node finds the library when it is elsewhere",
    ),
    (
        "NATIVE_FOLDER",
        "where Java writes the library out of its jar",
    ),
    (
        "WAIT_AT_STARTUP",
        "a property of Spring's starter alone, `leasehold.wait-at-startup`",
    ),
    (
        "SERVICE_HOST",
        "Kubernetes tells it to each pod if a Service is called `leasehold`",
    ),
    ("TEST_KUBECONFIG", "a cluster for our own tests"),
    (
        "TEST_SECONDS_SINCE_BOOT",
        "what a test of the clock asks itself in another process",
    ),
    ("SIM_SEED", "of the simulation"),
    ("COURSES_FROM", "of the simulation of the protocol"),
    ("COURSES_REPORT", "of the simulation of the protocol"),
    ("COURSES", "of random courses of events, without a driver"),
    ("MODEL_FAULTS", "of the exhaustive check"),
    ("MODEL_TICKS", "of the exhaustive check"),
    ("FAULT_RUNS", "of the tests of faults"),
    ("ROUNDS", "of crashes in pods"),
    ("CANDIDATE", "the program that tests put to the test"),
];

/// Defaults in tables that begin with `| setting | default |` and are not the core's. A row may leave
/// the default out.
pub(crate) fn wrong_defaults(sources: &Sources) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in sources.below("", ".md") {
        for (line, setting, told) in rows(&sources.text(file)?) {
            let expected = default(setting);
            if !told.is_empty() && told != expected {
                findings.push(format!(
                    "`{}` ({file}:{line}) says that the default is {told:?}, the core {expected:?}",
                    setting.name
                ));
            }
        }
    }
    Ok(findings)
}

/// The line, the setting and the default of each row.
fn rows(text: &str) -> Vec<(usize, &'static Setting, String)> {
    let mut rows = Vec::new();
    let mut is_inside = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("| setting | default |") {
            is_inside = true;
        } else if !line.starts_with('|') {
            is_inside = false;
        }
        let mut cells = line.split('|').skip(1).map(|cell| plain(cell.trim()));
        if is_inside
            && let Some((name, told)) = cells.next().zip(cells.next())
            && let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name)
        {
            rows.push((index + 1, setting, told));
        }
    }
    rows
}

fn default(setting: &Setting) -> String {
    match setting.default {
        Default::Required => String::new(),
        Default::Value(text) | Default::Otherwise(text) => plain(text),
    }
}

/// Without quotes, and seconds without the space before their unit.
fn plain(text: &str) -> String {
    let text = text.replace('`', "");
    match text.strip_suffix(" s") {
        Some(seconds) => format!("{seconds}s"),
        None => text,
    }
}

/// Variables that begin with `LEASEHOLD_` and are neither settings nor listed.
pub(crate) fn unknown_variables(sources: &Sources) -> Result<Vec<String>> {
    let variable = Regex::new(r"\bLEASEHOLD(_[A-Z]+)+\b")?;
    let settings: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
    let mut findings = Vec::new();
    let mut used = [false; OTHERS.len()];
    for (folder, ending) in READ_BY_USERS {
        for file in sources.below(folder, ending) {
            for (index, line) in sources.text(file)?.lines().enumerate() {
                for name in variable.find_iter(line).map(|found| found.as_str()) {
                    let other = OTHERS
                        .iter()
                        .position(|(other, _)| name.strip_prefix("LEASEHOLD_") == Some(other));
                    if let Some(other) = other {
                        used[other] = true;
                    } else if !settings.iter().any(|setting| setting == name) {
                        findings.push(format!(
                            "`{name}` ({file}:{}) is not a setting: correct it, or say in {} what it is",
                            index + 1,
                            file!()
                        ));
                    }
                }
            }
        }
    }
    let unused = OTHERS.iter().zip(used).filter(|(_, used)| !used);
    findings.extend(unused.map(|((name, _), _)| {
        format!(
            "{}: nobody speaks of LEASEHOLD_{name} any more: remove it",
            file!()
        )
    }));
    Ok(findings)
}
